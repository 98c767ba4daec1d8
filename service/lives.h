/*
 * Lives: what a region begins with, by how its last life ended and what its declaration says of that.
 *
 * A life is as long as the region's memory: when a broker takes over a section that programs or a keeper have held, the
 * life goes on, whatever became of the broker before, and nothing is written into it.
 */
#ifndef SHMBROKER_LIVES_H
#define SHMBROKER_LIVES_H

#include "book.h"
#include "log.h"
#include "plan.h"
#include "snapshot.h"

/* What became of a region in this run: it counts before what the book of the last one says. */
typedef struct lives_turn {
    char *name; /* owned */
    bool over;  /* a life ended in this run, `clean` or not */
    bool clean;
    bool aside;    /* its file was set aside for the life to come */
    bool held;     /* it is not served, for its on_dirty is hold */
    bool released; /* a person has said that it is to be served all the same */
} lives_turn;

typedef struct lives {
    bool usable; /* there is a data folder; otherwise nothing is known and nothing is written */
    broker_log *log;
    platform_progress progress;
    char data[PLATFORM_PATH];
    char path[PLATFORM_PATH];      /* of the book */
    char snapshots[PLATFORM_PATH]; /* their folder */
    snapshot_store store;
    uint64_t in_use; /* a digest of the names that the book says are in use; 0: it says something else */
    book_state state;
    book before; /* what the last broker wrote */
    book_entry
        *held; /* not served in this run: what was known of them stays so. Names owned; some may be twice */
    size_t held_count;
    size_t held_capacity;
    lives_turn *turns; /* of the regions that are not served now, in order of their names */
    size_t turn_count;
    size_t turn_capacity;
} lives;

/* What a region is to begin with, beside `request`. */
typedef enum lives_choice {
    LIVES_AS_FOUND, /* what the section or the file has; of a new one what it is declared with */
    LIVES_ANEW,     /* what it is declared with: a file is set aside first */
    LIVES_RESTORED, /* the newest good snapshot, if there is one */
    LIVES_HELD      /* it is not served */
} lives_choice;

/* The decision, pure. */
lives_choice lives_choose(book_life last, config_on_dirty on_dirty, config_persist_mode mode);

/* How the last life ended, and what follows. */
typedef struct lives_beginning {
    book_life last;
    lives_choice choice;
} lives_beginning;

/* What came of it, for the catalog. */
typedef struct lives_outcome {
    uint32_t flags;    /* SHMB_FLAG_LAST_… */
    uint32_t restored; /* when the snapshot was taken: seconds since 1970-01-01 UTC; 0: from none */
    uint64_t size;     /* bytes that it was grown to at least, for a snapshot had so many; or 0 */
} lives_outcome;

/* Reads the book, and tells when it is damaged. */
void lives_open(lives *l, const char *data_folder, bool usable, broker_log *log, platform_progress progress);

/* Writes that all of `declared` are in use; until lives_end, whatever happens was no end in order. */
void lives_begin(lives *l, const declared_regions *declared);

/* Before the section is made. False: the region is not to be served, `failure` says why. */
bool lives_prepare(lives *l, const declared_region *declared, const platform_section_request *request,
                   lives_beginning *with, platform_failure *failure);

/* When the section is there: restores its bytes, if that was the choice. False: the region cannot be served. */
bool lives_fill(lives *l, const declared_region *declared, platform_section *section, bool adopted,
                const lives_beginning *with, uint64_t generation, lives_outcome *outcome,
                platform_failure *failure);

/* A region that is not served in this run: what was known of its last life stays known. */
void lives_keep(lives *l, const declared_region *declared);

/* A served region is let go while the broker runs on: should it be declared again, this is how its last life ended. */
void lives_over(lives *l, const char *region, bool clean);

/* Lets a region that is held be served from now on with what it has, or holds it again. False: it is not held. */
bool lives_release(lives *l, const char *region, bool released);

/* Writes how the lives ended: `regions` are those that were served. */
void lives_end(lives *l, const book_entry *regions, size_t count);

void lives_free(lives *l);

/* A section's bytes, as snapshots take them. `section` lives as long as what is done with it. */
snapshot_region lives_region(const char *name, uint64_t size, uint64_t generation, platform_section *section);

#endif
