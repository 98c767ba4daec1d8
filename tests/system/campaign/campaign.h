/*
 * The fault campaign: rounds, each a broker of its own with a writer, a reader and an observer, in which a seed
 * chooses what goes wrong and when; and after each fault, what is still true.
 *
 *   main.c    rounds, counts, the last line
 *   round.c   what a seed chooses, and what may be lost by it
 *   fault.c   the call that goes wrong (faults.h)
 *   world.c   the processes: broker, keepers, writer, reader, observer
 *   oracle.c  what must be true afterwards
 *
 * Everything is called from one thread. What cannot even be tried ends the campaign by support_fail.
 */
#ifndef CAMPAIGN_H
#define CAMPAIGN_H

#include "broker.h"
#include "faults.h"
#include "witness.h"

/* Counts over the whole campaign. Those from `lost` on are to be 0. */
typedef struct tally {
    unsigned rounds;
    unsigned injected; /* faults: kills at a call, and calls that failed */
    unsigned missed;   /* the call that was to go wrong was not made */
    unsigned long long looks;
    unsigned lost;     /* regions that lacked what they were to keep */
    unsigned weakened; /* looks at an object that gave more than declared */
    unsigned leaked;   /* handles, threads, bytes, processes, names or files that were left */
    unsigned slow;     /* answers that took longer than they may */
} tally;

extern tally counted;

/* Prints what was found, with what repeats it, and counts it in `count`, a member of `counted`. */
SUPPORT_PRINTF(2, 3)
void campaign_found(unsigned *count, const char *format, ...);

/* ---- Chance ------------------------------------------------------------------------------------ */

typedef struct chance {
    uint64_t state;
} chance;

/* 0 to `below` - 1; `below` is not 0. */
unsigned chance_of(chance *c, unsigned below);

/* ---- The world --------------------------------------------------------------------------------- */

typedef enum region_kind {
    IN_MEMORY, /* the keeper alone preserves it */
    SNAPPED,   /* persist: snapshot */
    FILED,     /* persist: file */
    GROWING    /* in memory, with max_size */
} region_kind;

#define MOST_GROWN 16u /* times that it grows in a round */

#define MOST_KEEPERS 2u  /* that a record has places for */
#define MOST_SEEN    64u /* keepers in a round */

typedef struct world {
    test_broker *broker;
    const char *names[WITNESS_REGIONS]; /* by region_kind */
    size_t sizes[WITNESS_REGIONS];
    const char *comes, *turns, *closes; /* regions that a reload makes, replaces and secures */
    const char *closes_security[2];     /* of the one configuration and the other; NULL: not seen yet */
    size_t grown[MOST_GROWN];           /* the sizes that GROWING has had, the last one now */
    unsigned grown_count;
    bool changed;                        /* the configuration is the other one */
    unsigned declared;                   /* regions in the one with which the broker was started */
    process *writer, *reader, *observer; /* NULL: there is none now */
    process *command, *last_command;     /* `plan`, `reload` or what grows, under way and over; NULL: none */
    const char *witness_name;
    witness *seen;
    faults *faults;
    unsigned broker_handles, broker_threads; /* of a broker at rest; 0: not known yet */
    unsigned keeper_handles;
    DWORD met[MOST_SEEN]; /* every keeper that was ever in the record */
    HANDLE met_processes[MOST_SEEN];
    unsigned met_count;
} world;

world *world_make(void);

/* Starts the broker, without waiting; it may go another way than being ready. */
void world_launch(world *w);

/* Writes the first configuration, or the other one, which `comes`, `turns` and `closes` are declared otherwise in. */
void world_declare(world *w, bool changed);

/* Begins to have GROWING grow to `size`: a program does, or an operator. */
process *world_grow(const world *w, bool by_program, size_t size);

/* Runs `shmbroker WHAT` of the instance to its end; its exit code is process_wait's. */
process *world_command(const world *w, const char *what);

/* Waits until the observer has looked at everything once more. */
void world_be_seen(const world *w);

/* Waits until it is ready, or has ended (false). Long waits are counted as slow. */
bool world_wait_ready(world *w, unsigned patience_ms);
bool world_broker_runs(const world *w);

/* All is served and kept, and the broker is as large as it was at first: what differs is counted as leaked. */
void world_settle(world *w, const char *after);

/* The end of its log. */
const char *world_log(const world *w);

void world_attach(world *w); /* starts a writer and a reader where there is none */
void world_detach(world *w); /* has them end in order */
void world_observe(world *w);

/* The keepers in the record that live; `ids` has room for MOST_KEEPERS. */
unsigned world_keepers(world *w, DWORD *ids);

/* How many live that were in the record once, and are not now. */
unsigned world_lost_keepers(world *w);

/* Ends a process at once, and waits until it is gone. */
void world_end_process(DWORD id);

/* ---- Faults ------------------------------------------------------------------------------------ */

void fault_prepare(world *w);
void fault_arm(world *w, faults_action action, unsigned at, DWORD error);
void fault_disarm(world *w); /* also releases a broker that was halted */

/* Waits until the call was reached, at most `ms`, or the broker has ended, or (`or_ready`) is ready. */
bool fault_wait(world *w, bool or_ready, unsigned ms);

/* ---- What must be true ------------------------------------------------------------------------- */

/* What has to be found in each region. A number below 0: nothing is promised. */
typedef struct promise {
    LONG64 least[WITNESS_REGIONS];
} promise;

/* What the writer has written, and what of it stands in the newest snapshot (0: nothing). */
LONG64 oracle_written(const world *w, region_kind kind);
LONG64 oracle_in_snapshots(const world *w);

/* Whether the broker, which is ready, said that it serves all regions, and each can be opened. */
bool oracle_all_served(const world *w);

/* Whether all is as it is declared now, and nothing of the other configuration is left: else that is counted. */
void oracle_check_reloaded(world *w, const char *after);

/* Between a reload that was interrupted and the next: whether each region is as it was before or as it is declared, and
   nobody is told otherwise: else that is counted. `serves`: the broker runs. */
void oracle_check_between(world *w, bool serves, const char *after);

/* What a program sees of the size of the region `name` now; 0: it cannot attach. */
size_t oracle_size(const world *w, const char *name);

/* GROWING has now, or was to have now, `size` bytes: all of them are memory, and zero where nobody wrote; else that is
   counted. What the campaign writes behind the old ones is looked for from now on. */
void oracle_check_grown(world *w, size_t size, const char *after);

/* It begins anew. */
void oracle_forget_grown(world *w);

/* Looks into each region, and counts what is not as promised. `after` says what had gone wrong. */
void oracle_check(world *w, const promise *p, const char *after);

/* A program attaches through the library: within the bound. */
void oracle_ask(world *w, const char *after);

/* The descriptors are the declared ones. */
void oracle_check_descriptors(const world *w);

/* After the stop: no name, no keeper, no half-written file is left. */
void oracle_check_nothing_left(world *w);

/* ---- A round ----------------------------------------------------------------------------------- */

/* How many calls each phase of a broker's life has: measured once. */
void round_measure(void);

/* Round `number` (from 1) of `seed`. The phases take turns, and so do the calls of each, so that many rounds of one seed, be they of
   one campaign or several, reach them all. */
void round_run(uint64_t seed, unsigned number);

/* Prints how many of each phase's calls something went wrong at. */
void round_print_reached(void);

#endif
