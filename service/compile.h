/*
 * The descriptors of one configuration, each compiled once: of a hundred thousand regions most have one of a few access
 * lists, whether they share them or write them out, so they share the texts, too.
 */
#ifndef SHMBROKER_COMPILE_H
#define SHMBROKER_COMPILE_H

#include "access.h"
#include "arena.h"
#include "platform.h"

/* What was compiled of a region's access for one kind of object. */
typedef struct compiled {
    const config_region *region; /* the first that has this access; NULL: a free place */
    uint64_t hash;               /* of the access and the kind of object */
    access_object object;
    const char *sddl; /* complete */
} compiled;

typedef struct compile_table {
    const access_identity *identity;
    config_arena *arena; /* has the texts */
    compiled *places;    /* owned; a table with open addressing, at least half of it free */
    size_t capacity;     /* a power of two, or 0 */
    size_t count;
    compiled
        last[ACCESS_OBJECT_COUNT]; /* of each kind of object, for regions in a row that share their lists */
} compile_table;

/* Empty; `arena` and `identity` are the caller's, and are kept as long as it. */
compile_table compile_begin(const access_identity *identity, config_arena *arena);

/*
 * The complete descriptor of `object` for `region`, of its lists or of its own `sddl`. It lives as long as the arena; the
 * region must live as long as the table. NULL with `failure` set.
 */
const char *compile_descriptor(compile_table *table, const config_region *region, access_object object,
                               platform_failure *failure);

/* Frees the table, not the texts. */
void compile_end(compile_table *table);

#endif
