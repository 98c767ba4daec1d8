/*
 * The catalog: what the broker publishes about its regions. This is the writing side; client/LAYOUT.md
 * specifies the bytes and client/src/catalog_reader.h reads them.
 *
 * One thread writes. Readers see each region's last publication whole, whatever instruction the broker dies
 * at. Appended records never move, so what a reader has found stays where it is.
 */
#ifndef SHMBROKER_CATALOG_H
#define SHMBROKER_CATALOG_H

#include "geometry.h"
#include "platform.h"

/* The memory that the catalog stands in; `commit` makes its first `bytes` usable. */
typedef struct catalog_memory {
    uint8_t *base;
    uint64_t reserved;
    bool (*commit)(void *context, uint64_t bytes, platform_failure *failure);
    void *context;
} catalog_memory;

typedef struct catalog {
    catalog_memory memory;
    uint64_t used;       /* bytes of records, from the start */
    uint64_t committed;  /* bytes that are memory */
    uint64_t last_entry; /* offset of the entry appended last, 0 before the first */
} catalog;

/* Who publishes. */
typedef struct catalog_publisher {
    const char *version;  /* of the broker, shown to people */
    const char *instance; /* "" for the default one */
    uint32_t pid;
    uint64_t started;          /* platform_now */
    uint64_t heartbeat;        /* platform_heartbeat: the first sign of life */
    uint32_t heartbeat_period; /* milliseconds */
} catalog_publisher;

/* What is published of one region. Texts are copied; NULL is the same as "". */
typedef struct catalog_publication {
    shmb_region_state state;
    uint64_t size;
    uint64_t max_size; /* 0: it does not grow */
    uint64_t generation;
    uint64_t now;   /* platform_now */
    uint64_t until; /* retiring: when it is let go at the latest, of the same clock */
    uint32_t flags;
    shmb_geometry geometry; /* kind 0: raw */
    uint32_t form;          /* what the object was made as, region_kind_form; 0: the one before */
    uint32_t restored;      /* with SHMB_FLAG_RESTORED: seconds since 1970-01-01 UTC */
    const char *object_name;
    const char *reason;
    const char *description;
    const char *note;
    const char *boundary; /* with SHMB_FLAG_PRIVATE */
    const char *holders;  /* "4712 peer.exe", a line end between two */
} catalog_publication;

/* An entry's place in the catalog. */
typedef uint64_t catalog_place;

/*
 * Starts publishing: state STARTING, heart beating. With `adopted` the memory holds an earlier broker's
 * catalog: its entries stay where clients found them, all retired until they are declared again. If what
 * stands there is no sound catalog, it is made anew.
 */
bool catalog_start(catalog *c, const catalog_memory *memory, bool adopted, const catalog_publisher *publisher,
                   platform_failure *failure);

/* The place of the region `name`: its entry of old, or one appended. `generation` is its last one, 0 for a
   new entry. */
bool catalog_place_of(catalog *c, const char *name, catalog_place *place, uint64_t *generation,
                      platform_failure *failure);

/* Publishes the region at `place`. On failure readers keep seeing the last publication. */
bool catalog_publish(catalog *c, catalog_place place, const catalog_publication *publication,
                     platform_failure *failure);

/* Publishes the region at `place` in another state. Needs no space, and cannot fail. */
void catalog_mark(catalog *c, catalog_place place, shmb_region_state state, uint64_t now);

/* Publishes the region at `place` as it is, but broken for this reason; without it, when there is no space for that. */
void catalog_break(catalog *c, catalog_place place, const char *reason, uint64_t now);

/* Publishes the region at `place` as it is, with another description and without a reason. */
bool catalog_describe(catalog *c, catalog_place place, const char *description, uint64_t now,
                      platform_failure *failure);

/* Publishes the region at `place` as it is, with another size, which its memory has by now. Cannot fail. */
void catalog_resize(catalog *c, catalog_place place, uint64_t size, uint64_t now);

/* Publishes the region at `place` as it is, with who holds the object that is to go. True when that is another text than
   before. */
bool catalog_tell_holders(catalog *c, catalog_place place, const char *holders, uint64_t now,
                          platform_failure *failure);

/* The size and the max_size that were published of the region at `place` last, by whichever broker; 0: never any. */
void catalog_last_size(const catalog *c, catalog_place place, uint64_t *size, uint64_t *max_size);

/* What the object of the region at `place` was made as (region_kind_form), by whichever broker; 0: it is not known. Noted
   as soon as another object has the name, so that it is never that of the one before. Neither can fail. */
uint32_t catalog_form(const catalog *c, catalog_place place);
uint32_t catalog_form_of(const catalog *c, const char *name);
void catalog_note_form(catalog *c, catalog_place place, uint32_t form);

/* What is published of the region at `place`; its texts stay where they are. And that again, of this generation and with
   this reason, or without one when there is no space for it. Neither can fail. */
shmb_catalog_slot catalog_copy(const catalog *c, catalog_place place);
void catalog_put_back(catalog *c, catalog_place place, const shmb_catalog_slot *copy, uint64_t generation,
                      const char *reason, uint64_t now);

/* Publishes how a reload has ended. */
void catalog_set_reload(catalog *c, const shmb_catalog_reload *reload);

void catalog_set_state(catalog *c, shmb_broker_state state);
void catalog_beat(catalog *c, uint64_t heartbeat);

#endif
