/*
 * wait_threads.h: client/src/sync/wait.h fulfilled with the threads of one process, for native tests, where the
 * sanitizers watch. A thread stands for a program: it can be killed at any call of wait.h, and what it held is then left
 * as a killed program leaves it.
 */
#ifndef WAIT_THREADS_H
#define WAIT_THREADS_H

#include "sync/wait.h"

sync_place *threads_place_new(void);
void threads_place_free(sync_place *place);

/* What shmb_detach does: the lives that it made are over. */
sync_lives *threads_lives_new(void);
void threads_lives_free(sync_lives *lives);

sync_bell *threads_bell_new(void);
void threads_bell_free(sync_bell *bell);

/* As a hostile publisher may: both ring until somebody rings as it should be. */
void threads_bell_ring_both(sync_bell *bell);

/* The calling thread ends in its `calls`-th call of wait.h from now on, from 1, before that call does anything. 0:
   never, as before. A call within the time functions does not count. */
void threads_kill_me_at(uint32_t calls);

/* Ends the calling thread now, as killed: its lives are over, and the gate it is in is free. Does not return. For a
   thread that another will join. (A thread that returns leaves the same behind.) */
void threads_die(void);

/* What wait.h was asked for, by all threads since the program began: to compare before and after. */
typedef struct threads_counts {
    uint64_t calls; /* of functions that cost a system call: all but the time and an own life known already */
    uint64_t sleeps; /* place and bell waits that had to sleep */
    uint64_t queued; /* gates that were not free */
    uint64_t wakes;  /* of places */
    uint64_t rests;
} threads_counts;

threads_counts threads_count(void);

/* Threads that wait in the gate or in front of it. */
uint32_t threads_waiting(sync_place *place);

/* Returns when so many wait; false after 10 seconds. */
bool threads_await_waiting(sync_place *place, uint32_t threads);

/* What sync_processors says: 2 from the start. */
void threads_set_processors(uint32_t number);

/* The next `calls` calls that may fail do: gate, wait, bell, life. */
void threads_fail(uint32_t calls);

#endif
