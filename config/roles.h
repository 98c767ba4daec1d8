/*
 * Roles: named sets of accounts and groups, and who may name them where.
 *
 * A role's name wins over an account's, ASCII letters compared without case. Those of the main file are known
 * everywhere, those of a fragment only in it.
 */
#ifndef SHMBROKER_CONFIG_ROLES_H
#define SHMBROKER_CONFIG_ROLES_H

#include "order.h"
#include "values.h"

/* The roles of one file. */
typedef struct config_roles {
    const struct config_roles *outer; /* those of the main file, when this file is a fragment; else NULL */
    config_role *items;
    size_t count;
    config_order_item *by_name; /* in the order of their hashes; `owner` is the config_role */
} config_roles;

/*
 * Reads the mapping `node` into `roles`, whose `outer` is set. What is wrong is added to the diagnostics.
 * `total` counts the roles of the configuration. Afterwards reading->roles is as it was.
 */
void config_roles_read(config_reading *reading, const config_node *node, config_roles *roles, size_t *total);

/* The role of this name, or NULL. `roles` may be NULL, which has none. */
const config_role *config_roles_find(const config_roles *roles, const char *name, size_t length);

/* A role that the name may be a slip of, or NULL. */
const config_role *config_roles_similar(const config_roles *roles, const char *name, size_t length);

#endif
