/*
 * region.h: what a shmb_region is, for the functions that work on one.
 *
 * A region of a kind, or one with a lock or a signal, has parts beside it (kinds/parts.h): those that the attachment's
 * access allows are open here. What a function goes by is `geometry`, which the catalog gave and nobody changes.
 */
#ifndef SHMB_REGION_H
#define SHMB_REGION_H

#include "geometry.h"
#include "parts.h"
#include "shmb.h"

/* One part as this attachment has it. */
typedef struct shmb_open_part {
    void *
        handle; /* a HANDLE; NULL: the region has no such part, or this account, or attachment, may not use it */
    uint8_t *word; /* of a section: its SHMB_PART_BYTES, mapped; otherwise NULL */
} shmb_open_part;

/* What a module keeps for a region for as long as it is attached. Ended in the reverse of this order. */
typedef enum shmb_use {
    SHMB_USE_LIVES, /* the lives that this attachment uses and watches */
    SHMB_USE_LOCK,
    SHMB_USE_SIGNAL,
    SHMB_USE_KIND, /* of a state, queue or stream */
    SHMB_USE_COUNT
} shmb_use;

typedef struct shmb_kept_use {
    void *volatile state;
    void (*end)(void *state);
} shmb_kept_use;

/* What was found that cannot be: corruption.h, in words that threads may write and read at once. */
typedef struct shmb_found_corruption {
    const char *volatile what; /* NULL: nothing */
    const char *volatile relation;
    uint64_t offset;
    uint64_t found;
    uint64_t bound;
} shmb_found_corruption;

struct shmb_region {
    void *section; /* HANDLE */
    void *mapping; /* what MapViewOfFile gave: less than a granule, or a large page, before the view */
    uint8_t *data; /* of a state, queue or stream: the whole region, from its first byte on */
    uint64_t size;
    uint64_t region_size;   /* atomic: what was seen last; shmb_region_size looks */
    uint64_t offset;        /* of the view's first byte */
    bool to_the_end;        /* the view has whatever the region has behind that byte */
    struct shmb_hold *hold; /* the catalog that it was found in; NULL: it was attached through a handle */
    uint64_t entry_offset;  /* its place there */
    uint64_t generation;    /* of the object */
    uint64_t max_size;      /* 0: it does not grow */
    char *name;             /* as the catalog has it; NULL through a handle */
    uint32_t flags;
    bool writes; /* attached for writing */
    uint64_t restored;
    char *note; /* NULL when there is none */
    shmb_geometry geometry;
    shmb_open_part parts[SHMB_PART_COUNT];
    shmb_kept_use uses[SHMB_USE_COUNT];
    shmb_found_corruption found;
};

/* What the module of `use` keeps for the region: made by `make` at its first call, given to `end` when the region is
   detached, before its parts and its view go. Of two threads that come first at once, both make one, and one of the two is
   ended at once. NULL: out of memory, `make` gave none. Any thread. */
void *shmb_region_use(shmb_region *region, shmb_use use, void *(*make)(shmb_region *region),
                      void (*end)(void *state));

#endif
