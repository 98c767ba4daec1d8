/*
 * shmb_state.h: regions of kind state: the latest value of something. shmb.h includes this.
 *
 * 1. What this is
 *
 *   Some things are only of interest as they are now: where a machine stands, a set of parameters, who is logged on. An
 *   administrator declares
 *
 *       regions:
 *         pose: {kind: state, size: 1 KiB, access: {write: [controller], read: [everyone]}}
 *
 *   and programs write values of up to that size, and read the latest:
 *
 *       pose now = measure();
 *       shmb_state_write(region, &now, sizeof now);
 *
 *       pose latest;
 *       uint64_t size, version;
 *       if (shmb_state_read(region, &latest, sizeof latest, &size, &version) == SHMB_OK && size == sizeof latest)
 *           show(&latest);
 *
 *   A reader that wants each change waits for it. What comes between two of its looks it does not see, and cannot be held up
 *   by:
 *
 *       uint64_t version = 0;
 *       while (shmb_state_wait(region, version, SHMB_INFINITE) == SHMB_OK &&
 *              shmb_state_read(region, &latest, sizeof latest, &size, &version) == SHMB_OK)
 *           show(&latest);
 *
 * 2. What it promises
 *
 *   - A value is read whole, or not at all: never the half of one and the half of another.
 *   - Readers need the right to read, and no other. They hold no lock: no reader, slow, stopped or hostile, keeps a writer
 *     waiting.
 *   - There may be several writers; they take turns, each for the time of one copy. A writer that is killed, at whatever
 *     instruction, leaves the last complete value readable and the next writer unharmed.
 *   - Values have versions that count up, so a reader knows whether it has seen one. What a reader reads was the latest value
 *     at some instant during the call; a reader never sees an older version after a newer one.
 *   - Reading and writing make no system call, unless somebody waits for the next value: then writing rings a bell,
 *     which takes two.
 *   - Values of up to 24 bytes live in one cache line together with their version: the quickest there is.
 *
 *   The library keeps the values of four versions. A reader starts its copy over when all of them were written while it
 *   copied; after many times in vain, 16 to 4096 as the size is, it gives up with SHMB_TIMED_OUT.
 *
 * 3. What others can do
 *
 *   Who may write may write anything, any time: nonsense that looks like a value is a value. Nothing makes a reader or
 *   writer crash, touch memory outside of the region, or wait beyond its time; what cannot be is SHMB_CORRUPT, and the
 *   next value that is written is sound again.
 *
 *   Who may read shares with all others a flag that says that somebody waits. A hostile reader can set it all the time: then
 *   each write makes its two system calls. He can clear it all the time: then others that wait learn of a value up to 50
 *   milliseconds late. That is all.
 */
#ifndef SHMB_STATE_H
#define SHMB_STATE_H

#include "shmb.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Makes the `size` bytes at `value` the latest value, and wakes who waits for one. 0 bytes are a value, too.
 *
 * SHMB_OK. SHMB_TOO_LARGE: more than shmb_region_item_size; nothing was written. SHMB_TIMED_OUT: another writer has been in
 * the middle of its copy for a second, since it is stopped in a debugger, say; nothing was written. A dead one is no
 * obstacle.
 *
 * Errors besides: SHMB_INVALID_ARGUMENT (NULL), SHMB_WRONG_KIND (the region is no state, or was attached with
 * shmb_attach_handle), SHMB_ACCESS_DENIED (attached for reading; or in an app container, which shmb_lock.h explains),
 * SHMB_NO_MEMORY, SHMB_SYSTEM_ERROR (GetLastError says why). Any thread. Since 0.1.
 */
SHMB_API shmb_status shmb_state_write(shmb_region *region, const void *value, uint64_t size);

/*
 * Copies the latest value to `buffer`, which has room for `capacity` bytes.
 *
 * SHMB_OK: *size is how many bytes it has, *version its version, from 1. SHMB_TIMED_OUT: no value was written yet, then
 * *version is 0, or writers were quicker than this copied, again and again. SHMB_TOO_SMALL: the value has *size bytes,
 * more than `capacity`. SHMB_CORRUPT: shmb_corruption says what was found. `buffer` may hold anything then, in its
 * `capacity` bytes.
 *
 * `size` and `version` may be NULL. Errors besides: SHMB_INVALID_ARGUMENT, SHMB_WRONG_KIND, SHMB_NO_MEMORY, SHMB_SYSTEM_ERROR.
 * Any thread. Since 0.1.
 */
SHMB_API shmb_status shmb_state_read(shmb_region *region, void *buffer, uint64_t capacity, uint64_t *size,
                                     uint64_t *version);

/*
 * Waits until the latest value is another than that of `version`: the one that shmb_state_read told, or 0 for the first
 * value that ever was. It spins for some microseconds when that has paid of late, then sleeps.
 *
 * SHMB_OK: read it. SHMB_TIMED_OUT: `timeout_ms` have passed; SHMB_NO_WAIT only looks, SHMB_INFINITE does not give up.
 * Also when the value was written by a program that was killed right after, or a hostile reader is about, the wait ends
 * within 50 milliseconds of it.
 *
 * Errors besides: SHMB_INVALID_ARGUMENT, SHMB_WRONG_KIND, SHMB_NO_MEMORY, SHMB_SYSTEM_ERROR. Any thread. Since 0.1.
 *
 * Windows behaviour relied on, with the documentation page that promises it:
 *   - "CreateEventW", "SetEvent": a manual-reset event stays signalled until it is reset, and lets all go on that wait.
 *   - "Synchronization Object Security and Access Rights": SYNCHRONIZE alone lets wait and not set.
 */
SHMB_API shmb_status shmb_state_wait(shmb_region *region, uint64_t version, uint32_t timeout_ms);

#ifdef __cplusplus
}
#endif

#endif
