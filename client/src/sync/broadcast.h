/*
 * broadcast.h: waking everybody who waits for a word to change, among them those who may only read it.
 *
 * Four things take part, and who may touch them is decided by the broker:
 *
 *   the word     a counter in memory that readers only read: the version of a state, the sequence of a signal
 *   the epoch    beside it: counts how often a bell was rung
 *   the flag     in a page that readers may write, and nothing else is in that page: somebody waits
 *   the bell     two events, one for even and one for odd epochs, that readers may wait for and not set
 *
 * A waiter reads the epoch, raises the flag, looks at the word once more, and waits for the bell of that epoch. A
 * publisher changes the word, and if the flag is up takes it down, counts the epoch on, and rings. While nobody waits,
 * publishing makes no system call.
 *
 * What goes wrong, and how far:
 *
 *   - A wake-up is missed when a waiter is stopped between its look and its wait for as long as two rings take, when the
 *     publisher is ended between changing the word and ringing, and when somebody takes the flag down who may write it.
 *     A waiter looks again after BROADCAST_SLICE_NS at the latest, so that long is the most that any of these can cost.
 *   - A hostile reader can raise the flag all the time: then every publication rings, two system calls more for the
 *     publisher and a look more for who waits. He can take it down all the time: then waiters learn of a change up to a
 *     slice late. He can do no more: neither the word nor the epoch nor the bells are his.
 *   - A hostile publisher can wake waiters whenever he likes; so can an honest one. Who is woken a few times for nothing
 *     rests before he listens again, up to 32 ms, and learns of a change that much later: so nobody can keep a
 *     waiter's processor busy by ringing, or by bells that are never silent.
 */
#ifndef SHMB_SYNC_BROADCAST_H
#define SHMB_SYNC_BROADCAST_H

#include "spin.h"
#include "wait.h"

#define BROADCAST_SLICE_NS 50000000u /* 50 ms */

/* One attachment's. What it points to outlives it. */
typedef struct broadcast {
    volatile uint32_t *waiting; /* the flag */
    volatile uint32_t *epoch;   /* who only waits, only reads it */
    sync_bell *bell;
    sync_spin spin;
} broadcast;

void broadcast_init(broadcast *news, volatile uint32_t *waiting, volatile uint32_t *epoch, sync_bell *bell);

/* By who has just changed the word, with an operation that is a full fence. Any number of threads at once. */
void broadcast_ring(broadcast *news);

/* Returns SYNC_OK as soon as *word is another than `seen`, else SYNC_TIMED_OUT or SYNC_FAILED. Spins first, as long as
   that has paid of late. */
sync_result broadcast_wait(broadcast *news, const volatile uint64_t *word, uint64_t seen,
                           sync_deadline deadline);

#endif
