/*
 * Persisting: what of the regions' bytes gets to the disk, and when.
 *
 * Regions with persist: {mode: snapshot} are copied to snapshots (a state, queue or stream as kind_image.h has it), those
 * with {mode: file} have their file flushed, each at its interval, when it is let go, and at the stop. It is done in steps of
 * at most SNAPSHOT_STEP bytes, one region after another, on the engine's own thread between two beats of its heart: the disk
 * is asked for no more than a step's bytes at once, so that a region of any size delays the heart by no more than a slow
 * disk's answer to that. A region that takes longer than its interval begins again as soon as it is done.
 *
 * What fails is told once, tried again at the next interval, and told once more when it works again.
 */
#ifndef SHMBROKER_PERSIST_H
#define SHMBROKER_PERSIST_H

#include "kind_image.h"
#include "lives.h"
#include "pointer_index.h"

/* One region that is persisted. */
typedef struct persist_entry {
    char *name;
    char *backing_path; /* NULL for snapshots */
    platform_section *section;
    uint64_t size;
    shmb_geometry geometry; /* kind 0: raw */
    uint64_t generation;
    config_persist how;
    uint64_t due;    /* platform_heartbeat */
    bool sure;       /* the last try did not fail */
    bool told;       /* that it fails */
    bool unfinished; /* at the stop: its last bytes are not on the disk */
} persist_entry;

typedef struct persist {
    const snapshot_store *store; /* NULL: nothing is persisted */
    bool told;                   /* that it is so */
    broker_log *log;
    persist_entry *entries; /* a heap: the first is due first, and none before the one at half its index */
    size_t count;
    size_t capacity;
    pointer_index by_section; /* where each section's entry is */
    uint64_t spent;           /* since persist_work: on last bytes, in units of platform_heartbeat */
    /* What is being done. */
    const platform_section *busy; /* with this one; NULL: with nothing */
    snapshot_writer writer;       /* of a snapshot */
    kind_image image;             /* that it is taken of, unless the region is raw */
    uint64_t offset;              /* of a flush */
} persist;

/* `store` is NULL when there is no data folder: then nothing is persisted, for what could not be restored must not be
   written over. */
void persist_open(persist *p, const snapshot_store *store, broker_log *log);

/* Has the region, of `size` bytes, persisted from now on, if it is declared so. False: out of memory. */
bool persist_add(persist *p, const declared_region *declared, platform_section *section, uint64_t size,
                 uint64_t generation);

/* It has `size` bytes from now on, more than before; a snapshot that is under way is still one of the old size. */
void persist_resize(persist *p, const platform_section *section, uint64_t size);

/* No more: call it before the section is closed. One that is not persisted is fine. */
void persist_remove(persist *p, const platform_section *section);

/* Takes out what is known of a region, so that it can be put back for its next section; false: it is not persisted. What was
   taken is put back (false: out of memory, and it is freed) or freed. */
bool persist_take(persist *p, const platform_section *section, persist_entry *taken);
bool persist_put_back(persist *p, persist_entry *taken, platform_section *section, uint64_t generation);
void persist_free_taken(persist_entry *taken);

/* How long, at most `most` milliseconds, there is nothing to do. */
uint32_t persist_wait(const persist *p, uint32_t most);

/* Does what is due for about `milliseconds`, or until nothing is. */
void persist_work(persist *p, uint32_t milliseconds);

/*
 * The stop: everything once more, whatever is due, with a sign of life after each step; at most `milliseconds`. Returns
 * how many regions' last bytes are not on the disk; they are told, and marked.
 */
size_t persist_finish(persist *p, uint32_t milliseconds, platform_progress progress);

#define PERSIST_LAST_MS 10000u

/* The same for one region that is let go while the broker runs on: at most PERSIST_LAST_MS for all of them between two
   calls of persist_work. False: its last bytes are not on the disk, as far as that was asked for; it is told, and marked. */
bool persist_finish_one(persist *p, const platform_section *section, platform_progress progress);

/* Whether the region's last bytes are on the disk, as far as that was asked for. */
bool persist_finished(const persist *p, const platform_section *section);

/* Lets go of all of it. One that is all zero is fine. */
void persist_close(persist *p);

#endif
