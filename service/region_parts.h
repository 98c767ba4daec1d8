/*
 * The objects beside a region (client/src/kinds/parts.h): which it has, with what rights, made, secured and let go of
 * together with its section.
 *
 * To the platform a part is one more object that a handle holds, so that a part is closed and kept as a section is.
 */
#ifndef SHMBROKER_REGION_PARTS_H
#define SHMBROKER_REGION_PARTS_H

#include "parts.h"
#include "plan.h"
#include "platform.h"

/* The row of the table of rights (access.c) that rules a part. */
access_object region_part_access(shmb_part part);

/* Which parts the region has. */
shmb_part_set region_parts(const declared_region *declared);

/* The objects of one region: its section, and then its parts. */
typedef struct region_objects {
    platform_section *items[SHMB_PART_COUNT + 1];
    size_t count;
} region_objects;

/*
 * Makes the parts of `declared`, whose section was made just now, and adds them to `objects`; when that was taken over from an earlier broker
 * (`goes_on`), so are those of them that are still there, and get the rights that are declared now. On failure nothing
 * is left behind; `superseded`: a part of an earlier declaration, which programs have not let go of, has its name.
 */
bool region_parts_create(const declared_region *declared, bool goes_on, region_objects *objects,
                         bool *superseded, platform_failure *failure);

/* Gives them the descriptors of `declared`. On failure some of it may be done: do it again. */
bool region_parts_secure(const declared_region *declared, platform_failure *failure);

/* The objects of all regions that are held, those of one region in a row, and what the keeper has of each. */
typedef struct object_pool {
    platform_section **items; /* NULL: was let go of, until object_pool_compact */
    platform_kept *kept;
    size_t count;
    size_t capacity;
} object_pool;

/* Where those of one region stand: its section is the first. */
typedef struct object_run {
    size_t first;
    size_t count;
} object_run;

/* Makes room for `capacity` objects. What is there stays in any case. */
bool object_pool_reserve(object_pool *pool, size_t capacity);

/* Takes them over. False: out of memory, and they stay the caller's. */
bool object_pool_add(object_pool *pool, const region_objects *objects, object_run *run);

/* Closes those of a run, the section last: who finds the region's name free finds those of its parts free, too. */
void object_pool_close(object_pool *pool, const object_run *run);

/* Closes the gaps that regions left that are gone: `runs` are those of the others, in the order in which they were added. */
void object_pool_compact(object_pool *pool, object_run *runs, size_t count);

/* Frees the pool, of which all that is there was closed. */
void object_pool_free(object_pool *pool);

#endif
