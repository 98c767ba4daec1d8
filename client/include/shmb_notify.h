/*
 * shmb_notify.h: telling others that a raw region's bytes have changed. shmb.h includes this.
 *
 * 1. What this is
 *
 *   A raw region declared with `notify: true` has a signal beside it, a number that counts notifications. Who has changed
 *   the bytes says so; who may only read them can wait for that:
 *
 *       table->rows = n;                          // however these programs keep their bytes whole
 *       shmb_notify(region);
 *
 *       uint64_t seen = shmb_notified(region);
 *       for (;;) {
 *           show(table);
 *           if (shmb_wait(region, seen, SHMB_INFINITE) != SHMB_OK)
 *               break;
 *           seen = shmb_notified(region);
 *       }
 *
 *   Ask for the number first, then look at the bytes, then wait for another number: so a change between the look and the
 *   wait is not slept through.
 *
 * 2. What it promises
 *
 *   - Everybody who waits is woken by one notification. Notifications do not queue up: who looks late sees the latest number.
 *   - What was written before shmb_notify is there for who has seen its number.
 *   - Notifying makes no system call unless somebody waits: then two.
 *   - Waiting needs the right to read. No reader keeps a writer waiting.
 *   - A program killed between its change of the number and the bell delays who waits by at most 50 milliseconds. A hostile
 *     reader can do the same, by clearing the flag that says that somebody waits, or can set it all the time, so that each
 *     notification makes its system calls. He can do no more.
 */
#ifndef SHMB_NOTIFY_H
#define SHMB_NOTIFY_H

#include "shmb.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Counts a notification, and wakes all who wait.
 *
 * SHMB_OK. SHMB_ACCESS_DENIED: attached for reading. SHMB_WRONG_KIND: the region has no signal: not declared with one, not raw,
 * or attached with shmb_attach_handle. SHMB_INVALID_ARGUMENT (NULL), SHMB_NO_MEMORY, SHMB_SYSTEM_ERROR. Any thread. Since 0.1.
 */
SHMB_API shmb_status shmb_notify(shmb_region *region);

/* The number of notifications so far. 0 for a region without a signal, and for NULL. Any thread. Since 0.1. */
SHMB_API uint64_t shmb_notified(const shmb_region *region);

/*
 * Waits until the number is another than `seen`. It spins for some microseconds when that has paid of late, then sleeps.
 *
 * SHMB_OK. SHMB_TIMED_OUT: `timeout_ms` have passed; SHMB_NO_WAIT only looks, SHMB_INFINITE does not give up. Otherwise as
 * shmb_notify, of which a reader may do this. Any thread. Since 0.1.
 *
 * Windows behaviour relied on: as shmb_state_wait.
 */
SHMB_API shmb_status shmb_wait(shmb_region *region, uint64_t seen, uint32_t timeout_ms);

#ifdef __cplusplus
}
#endif

#endif
