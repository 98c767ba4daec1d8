/*
 * Lists of accounts, groups, roles and packages: from their nodes to principals that know where they stand.
 */
#ifndef SHMBROKER_CONFIG_LISTS_H
#define SHMBROKER_CONFIG_LISTS_H

#include "values.h"

/*
 * Reads a list of accounts, groups and roles. A role stands for its members, each of which keeps the role's
 * place in this list; what is listed twice by way of a role is listed once, the first time. The list is empty
 * when it cannot be read.
 */
void config_list_principals(config_reading *reading, config_key_id id, const config_node *node,
                            config_principal_list *list);

/* Reads `all`, as the one SID of all packages, or a list of packages' SIDs. */
void config_list_packages(config_reading *reading, config_key_id id, const config_node *node,
                          config_principal_list *list);

/* Checks a list of paths to include, and reports each entry that is none. */
void config_list_patterns(config_reading *reading, config_key_id id, const config_node *node);

#endif
