/*
 * wait.h: what the primitives of the data plane ask of an operating system: to wait, to wake, and to know whether a
 * thread of any process still lives. The algorithms above are plain C11 and know no more than this.
 *
 * Fulfilled at link time: by wait_win32.c with kernel objects, by tests/unit/client/wait_threads.c with threads of one
 * process, by tests/model with a scheduler that tries every order.
 *
 * All functions may be called from any thread. Each may be the last that a thread ever called: whoever is ended in or
 * between calls holds nobody up. Nothing here reads or writes shared memory.
 */
#ifndef SHMB_SYNC_WAIT_H
#define SHMB_SYNC_WAIT_H

#include <stdbool.h>
#include <stdint.h>

typedef enum sync_result {
    SYNC_OK,
    SYNC_WOKEN,     /* somebody woke the place or rang the bell, or nobody did: look again */
    SYNC_OVER,      /* the life that was watched has ended */
    SYNC_TIMED_OUT, /* the deadline has passed */
    SYNC_FAILED /* the system refuses, and will again: no memory, no rights. On Windows GetLastError says why */
} sync_result;

/* ---- Time ---------------------------------------------------------------------------------------- */

/* Nanoseconds on a clock that only goes forward. */
typedef uint64_t sync_deadline;

#define SYNC_AT_ONCE 0u
#define SYNC_NEVER   UINT64_MAX

sync_deadline sync_now(void);

/* From a caller's timeout: 0 is SYNC_AT_ONCE, UINT32_MAX is SYNC_NEVER; neither looks at the clock. */
sync_deadline sync_deadline_in(uint32_t milliseconds);

/* Looks at the clock unless it need not. */
bool sync_deadline_passed(sync_deadline deadline);

/* Sleeps until then; nobody wakes the caller. Not for SYNC_NEVER. */
void sync_rest(sync_deadline until);

/* ---- Lives --------------------------------------------------------------------------------------- */

/*
 * A living thread's number, by which it may be watched from other processes: what a lock's word or a queue's slot holds
 * to say whose it is. Not 0, a multiple of 4, never used again, and not to be guessed. It is over when its thread or its
 * process ends, in whatever way, when the attachment that it was made for ends, and when it never was.
 */
typedef uint64_t sync_life;

#define SYNC_NOBODY    0u
#define SYNC_LIFE_BITS 3u /* those of a word that a life leaves free */

/* The lives that one attachment makes and watches. Who may watch them was decided when it was made. */
typedef struct sync_lives sync_lives;

/* The calling thread's life in this attachment. Made at its first call, which takes system calls; then about as fast as
   a function's call. SYNC_NOBODY: the system refuses. */
sync_life sync_life_mine(sync_lives *lives);

/* At once. What cannot be known (no right to watch it, no memory) is not over. One system call, more for a life that
   was not asked about before. */
bool sync_life_is_over(sync_lives *lives, sync_life life);

/* By whom sync_place_wait has told that it is over, and no later than his thread waits for something else: till then
   others may not be told. For any other life it does nothing. */
void sync_life_bury(sync_lives *lives, sync_life life);

/* ---- Places: where threads of any process wait in turn ----------------------------------------------- */

/*
 * A gate that one thread is in at a time, the others queueing for it first come, first served; and a wake-up for the one
 * inside. The wake-up is remembered until it is used, once, however often it was given.
 */
typedef struct sync_place sync_place;

/* SYNC_OK: the caller is inside, until he leaves or his thread ends. Otherwise SYNC_TIMED_OUT or SYNC_FAILED. Not for a
   thread that is inside already. */
sync_result sync_gate_enter(sync_place *place, sync_deadline deadline);
void sync_gate_leave(sync_place *place);

/* One system call. By anybody. */
void sync_place_wake(sync_place *place);

/*
 * By who is inside. Ends with SYNC_WOKEN, SYNC_OVER when `watched` (SYNC_NOBODY: none) is over (then to be buried),
 * SYNC_TIMED_OUT or SYNC_FAILED. When several are true at once it may be any of them, but a life that is over is told no later than the
 * second call in a row that watches it. A life that cannot be watched (no right, no memory) is looked at every 100 ms, and
 * the wait ends as if woken.
 */
sync_result sync_place_wait(sync_place *place, sync_lives *lives, sync_life watched, sync_deadline deadline);

/* ---- Bells: for who may only listen ------------------------------------------------------------------- */

/*
 * Two signals, one for even and one for odd epochs. Ringing epoch e wakes all who wait for e and all who will, until
 * e + 1 rings. Who slept through a whole epoch finds the signal of the next but one with its own parity: a spurious or late
 * wake-up, never more, if it waits in slices and looks between them.
 */
typedef struct sync_bell sync_bell;

void sync_bell_ring(sync_bell *bell, uint32_t epoch);

/* SYNC_WOKEN, SYNC_TIMED_OUT or SYNC_FAILED. */
sync_result sync_bell_wait(sync_bell *bell, uint32_t epoch, sync_deadline deadline);

/* ---- Processors ----------------------------------------------------------------------------------------- */

/* Processors that programs of this machine may run on, at least 1: whether spinning can help. Not only this process's:
   whom it waits for may run where it may not. Cheap. */
uint32_t sync_processors(void);

#endif
