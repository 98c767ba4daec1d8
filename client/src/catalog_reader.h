/*
 * Reading a catalog: pure functions over its bytes, for any operating system.
 *
 * The bytes are taken as hostile: each control word is read once, checked, and the checked copy used. No
 * content makes a reader leave `size` bytes, loop without bound, or crash. LAYOUT.md specifies the bytes.
 */
#ifndef SHMB_CATALOG_READER_H
#define SHMB_CATALOG_READER_H

#include "shmb_layout.h"

#include <stdbool.h>

/* What a reader can see of a catalog: `base` is readable for `size` bytes. */
typedef struct catalog_view {
    const uint8_t *base;
    uint64_t size;
} catalog_view;

typedef enum catalog_result {
    CATALOG_OK,
    CATALOG_NOT_FOUND,
    CATALOG_BEYOND_VIEW, /* the catalog has grown past `size`: map committed_bytes and ask again */
    CATALOG_NOT_READY,   /* no magic yet: the broker is making it */
    CATALOG_INCOMPATIBLE,
    CATALOG_CORRUPT
} catalog_result;

/* The header, copied and checked. */
typedef struct catalog_info {
    uint32_t layout_version;
    uint64_t reserved_bytes;
    uint64_t committed_bytes;
    uint64_t generation;
    uint64_t heartbeat;
    uint32_t heartbeat_period;
    uint32_t broker_state;
    uint32_t broker_pid;
    uint32_t entry_count;
    uint64_t broker_started;
    uint64_t epoch;
    uint32_t reloads; /* of this broker */
    char broker_version[33];
    char instance[65];
} catalog_info;

/* How the last reload ended; `ended` is 0 when there was none. */
typedef struct catalog_reload {
    uint64_t ended;
    uint32_t code;
    bool begun;
    uint32_t counts[SHMB_RELOAD_COUNTS];
    char text[SHMB_RELOAD_TEXT_BYTES + 1];
} catalog_reload;

/* One region, copied whole: never half of an update. Texts are NUL-terminated. */
typedef struct catalog_region {
    uint64_t entry_offset; /* for catalog_next */
    uint32_t version;
    uint32_t state;
    uint32_t kind;
    uint32_t flags;
    uint32_t restored; /* seconds since 1970-01-01 UTC, or 0 */
    uint64_t size;
    uint64_t max_size; /* 0: it does not grow */
    uint64_t generation;
    uint64_t changed;
    uint32_t messages;  /* sane for the kind when the region is ready and its kind known: geometry.h */
    uint64_t item_size; /* a raw region's is its size */
    uint64_t until;     /* retiring: when it is let go at the latest */
    char name[SHMB_KEY_MAX_BYTES + 1]; /* as declared, or "NAME\SESSION": see session.h */
    char object_name[SHMB_TEXT_MAX_BYTES + 1];
    char reason[SHMB_TEXT_MAX_BYTES + 1];
    char description[SHMB_TEXT_MAX_BYTES + 1];
    char note[SHMB_TEXT_MAX_BYTES + 1];
    char boundary[SHMB_TEXT_MAX_BYTES + 1]; /* not empty in a ready region with SHMB_FLAG_PRIVATE */
    char holders[SHMB_TEXT_MAX_BYTES + 1];
} catalog_region;

/* What of a region may change while programs have it open. */
typedef struct catalog_life {
    uint32_t state;
    uint64_t size;
    uint64_t generation;
    uint32_t broker_state;
} catalog_life;

catalog_result catalog_read_info(const catalog_view *view, catalog_info *info);

catalog_result catalog_read_reload(const catalog_view *view, catalog_reload *reload);

/* Finds `name` (`length` bytes) in constant time. */
catalog_result catalog_find(const catalog_view *view, const char *name, size_t length,
                            catalog_region *region);

/*
 * Looks once more at the region that was found at `entry_offset`, whose name has the hash `hash`, without its texts: a
 * few loads. CATALOG_NOT_FOUND: the catalog has been made anew since, and another one's entry is there.
 */
catalog_result catalog_look(const catalog_view *view, uint64_t entry_offset, uint64_t hash,
                            catalog_life *life);

/* Walks all entries in the order they were appended: start with *cursor = 0; CATALOG_NOT_FOUND ends the walk.
   The caller bounds the walk by info.entry_count. */
catalog_result catalog_next(const catalog_view *view, uint64_t *cursor, catalog_region *region);

#endif
