/*
 * Holdings: the regions that this broker holds, with their sections, the objects beside these, and what the keeper has of
 * each.
 */
#ifndef SHMBROKER_HOLDINGS_H
#define SHMBROKER_HOLDINGS_H

#include "keeper.h"
#include "name_list.h"
#include "plan.h"
#include "platform.h"
#include "region_parts.h"
#include "replaced.h"

typedef struct holdings {
    existing_region *regions;    /* texts owned: those of one region in one block, which `name` begins */
    platform_section **sections; /* at the same indexes, as are `runs`, of their objects */
    object_run *runs;
    object_pool objects;
    size_t count;
    size_t capacity;
    size_t retiring;        /* of them: on their way out, drain.h */
    replaced_list replaced; /* let go, and not replaced yet: each can be had again */
    name_list unserved; /* regions that were declared and are not held, for when they are declared no more */
    name_list put_away; /* declared, and retired by whoever manages them: not served until the next reload */
} holdings;

/* Makes room for `capacity` regions. What is there stays in any case. */
bool holdings_reserve(holdings *h, size_t capacity);

/* Takes a region's objects in, whose section has `size` bytes, at index count. False: out of memory, and they are not
   held. */
bool holdings_add(holdings *h, const declared_region *declared, const region_objects *objects, uint64_t size);

/* Takes a region in again that was held before, likewise; its texts are the holdings' then. */
bool holdings_add_again(holdings *h, const existing_region *region, const region_objects *objects);

/* What the keeper has of the section at `index`. */
platform_kept holdings_kept(const holdings *h, size_t index);

/* Frees the texts of the region at `index`: from here on there is a gap. */
void holdings_forget(holdings *h, size_t index);

/* Closes the gaps. */
void holdings_compact(holdings *h);

/* The index of the region `name`, or `count`. */
size_t holdings_find(const holdings *h, const char *name);

/* What is held, as plan_make takes it. */
existing_regions holdings_regions(const holdings *h);

/* What is held, as the keeper takes it. */
keeper_load holdings_load(holdings *h);

/* Lets go of all that is held, without a word to anybody: the last thing that a broker does. */
void holdings_release(holdings *h);

#endif
