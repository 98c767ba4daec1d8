/* Locks between processes, each behind the same calls: the product's, and what programs use today. */
#ifndef BENCH_LOCK_KINDS_H
#define BENCH_LOCK_KINDS_H

#include <stdbool.h>

typedef struct lock_kind {
    const char *name;
    /* A lock of that name, made if there is none yet. Ends the measurement when it cannot. */
    void *(*open)(const char *name);
    void (*lock)(void *);
    void (*unlock)(void *);
    void (*close)(void *);
    bool tells; /* whether `lock` returns when a holder was killed */
} lock_kind;

extern const lock_kind lock_ours; /* the region of that name, which the broker of SHMBROKER_INSTANCE has */
extern const lock_kind lock_spin; /* a word, exchanged until it was 0: the ceiling when two want it at once */
extern const lock_kind lock_mutex; /* a named mutex of Windows */
extern const lock_kind lock_boost; /* Boost's interprocess_mutex; only where Boost is */

#endif
