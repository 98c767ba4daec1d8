/*
 * Regions that were let go to be replaced: what it takes to have each again, should the one that is to take its place not
 * come to be. It is kept until that one is made, also while that has to wait for programs that have the old one open.
 */
#ifndef SHMBROKER_REPLACED_H
#define SHMBROKER_REPLACED_H

#include "catalog.h"
#include "persist.h"
#include "plan.h"
#include "region_parts.h"

typedef struct replaced {
    existing_region region;                      /* as it was held; texts owned, `name` begins them */
    platform_spare *spares[SHMB_PART_COUNT + 1]; /* of its section, then of its parts */
    size_t count;
    persist_entry persisted; /* without a name: it was not */
    shmb_catalog_slot published;
} replaced;

/* All zero: none. */
typedef struct replaced_list {
    replaced *items;
    size_t count;
    size_t capacity;
} replaced_list;

/* Makes room for one more. */
bool replaced_reserve(replaced_list *list);

/* The one of that name, or NULL. */
replaced *replaced_find(const replaced_list *list, const char *name);

/* Frees one of the list, which is no more in it. */
void replaced_forget(replaced_list *list, replaced *one);

/* Frees all of them and the list. */
void replaced_free(replaced_list *list);

#endif
