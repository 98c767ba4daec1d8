/*
 * shmb_stream.h: regions of kind stream: messages of one program that all others may see. shmb.h includes this.
 *
 * 1. What this is
 *
 *   One program, the producer, writes messages one after the other: ticks of a market, samples, log lines. Any number of
 *   programs read along, each at its own pace and place. There is room for so many messages as was declared; then the newest
 *   is written over the oldest:
 *
 *       regions:
 *         ticks: {kind: stream, messages: 4096, message_size: 256 B, access: {write: [feed], read: [everyone]}}
 *
 *   The producer:
 *
 *       shmb_stream_write(region, &tick, sizeof tick);
 *
 *   A reader has a cursor, a number that says where it is:
 *
 *       uint64_t cursor, size, missed;
 *       shmb_stream_join(region, SHMB_NEWEST, &cursor);
 *       while (shmb_stream_read(region, &cursor, &tick, sizeof tick, &size, &missed, SHMB_INFINITE) == SHMB_OK) {
 *           if (missed != 0)
 *               printf("%llu messages came too fast\n", (unsigned long long)missed);
 *           handle(&tick);
 *       }
 *
 * 2. What it promises
 *
 *   - A message is read whole, or not at all. Messages are read in the order in which they were written, each once.
 *   - A reader that is too slow loses messages, and is told exactly how many: what it read and what it missed add up to
 *     what was written since it joined.
 *   - A stream that is restored, from a snapshot or its file, has its newest messages of then; those among them that could not be
 *     saved are counted as missed.
 *   - Readers need the right to read, and no other. They hold nothing: no reader, slow, stopped or hostile, keeps the
 *     producer waiting.
 *   - There is one producer at a time: the thread that wrote first, until it resigns, ends, or detaches; another one is told
 *     SHMB_BUSY. A producer that is killed, at whatever instruction, loses at most the message that it was writing, and the
 *     next thread that writes is the producer.
 *   - Reading and writing make no system call, unless a reader waits: then writing rings a bell, which takes two.
 *   - Messages of up to 48 bytes take one cache line.
 *
 * 3. What others can do
 *
 *   Who may write may write anything, any time: nonsense that looks like a message is a message. Nothing makes a reader or
 *   the producer crash, touch memory outside of the region, or wait beyond its time; what cannot be is SHMB_CORRUPT. Join
 *   again then: newer messages are sound when their producer is.
 *
 *   Who may read shares with all others a flag that says that somebody waits. A hostile reader can set it all the time: then
 *   each write makes its two system calls. He can clear it all the time: then others that wait learn of a message up to
 *   50 milliseconds late. That is all.
 */
#ifndef SHMB_STREAM_H
#define SHMB_STREAM_H

#include "shmb.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The producer ------------------------------------------------------------------------------------ */

/*
 * Publishes a message of the `size` bytes at `bytes`, and wakes who waits for one. 0 bytes are a message, too. The first
 * call makes the calling thread the producer.
 *
 * SHMB_OK. SHMB_BUSY: another living thread is the producer. SHMB_TOO_LARGE: more than shmb_region_item_size. Then nothing
 * was written. What was claimed before and not committed is given up.
 *
 * Errors besides: SHMB_INVALID_ARGUMENT (NULL), SHMB_WRONG_KIND (the region is no stream, or was attached with
 * shmb_attach_handle), SHMB_ACCESS_DENIED (attached for reading; or in an app container, which shmb_lock.h explains),
 * SHMB_NO_MEMORY, SHMB_SYSTEM_ERROR (GetLastError says why). Any thread. Since 0.1.
 */
SHMB_API shmb_status shmb_stream_write(shmb_region *region, const void *bytes, uint64_t size);

/*
 * The same without a copy: *place is where a message of up to `size` bytes is to be put, in the region itself, at a multiple
 * of 16. Its bytes are those of an old message. Nobody sees it before shmb_stream_commit; who never commits it only keeps
 * readers from the old message that had the place. A second claim, or a write, gives up the first.
 *
 * Statuses as shmb_stream_write; *place is NULL unless it is SHMB_OK. Since 0.1.
 */
SHMB_API shmb_status shmb_stream_claim(shmb_region *region, uint64_t size, void **place);

/* Publishes what was claimed, its first `size` bytes. SHMB_OK. SHMB_NOT_OWNER: this thread has claimed nothing, or no longer.
   SHMB_TOO_LARGE: more than was claimed; the claim stands. Otherwise as shmb_stream_write. Since 0.1. */
SHMB_API shmb_status shmb_stream_commit(shmb_region *region, uint64_t size);

/* Lets another thread, of this or another program, be the producer. SHMB_OK. SHMB_NOT_OWNER: this thread is not it.
   Otherwise as shmb_stream_write. Since 0.1. */
SHMB_API shmb_status shmb_stream_resign(shmb_region *region);

/* ---- Readers ------------------------------------------------------------------------------------------- */

/* Where to join: what is published from now on, or the oldest message that is still there. Since 0.1. */
#define SHMB_NEWEST 0u
#define SHMB_OLDEST 1u

/* Sets a cursor. It is a number of the caller's own: copy it, keep it, have as many as you like. SHMB_OK; errors:
   SHMB_INVALID_ARGUMENT, SHMB_WRONG_KIND, SHMB_NO_MEMORY, SHMB_SYSTEM_ERROR. Any thread. Since 0.1. */
SHMB_API shmb_status shmb_stream_join(shmb_region *region, uint32_t where, uint64_t *cursor);

/*
 * Copies the next message to `buffer`, which has room for `capacity` bytes, and moves *cursor behind it; waits for it when
 * it is not there yet. When it was written over already, goes on with the oldest that is there.
 *
 * SHMB_OK: it has *size bytes. SHMB_TIMED_OUT: `timeout_ms` have passed without one; SHMB_NO_WAIT only looks, SHMB_INFINITE does
 * not give up. (Or the producer overtook this copy again and again, and time was up.) SHMB_TOO_SMALL: the message has *size
 * bytes, more than `capacity`; come again. SHMB_CORRUPT: shmb_corruption says what was found, or the cursor is none of this
 * stream: join again. `buffer` may hold anything then, in its `capacity` bytes.
 *
 * *missed: how many messages the cursor has gone past unread in this call, whatever its status. `size` and `missed` may be
 * NULL. A wait ends within 50 milliseconds of the message also when its producer was killed right after, or a hostile reader
 * is about.
 *
 * Errors besides: SHMB_INVALID_ARGUMENT (also a cursor that no join gave), SHMB_WRONG_KIND, SHMB_NO_MEMORY,
 * SHMB_SYSTEM_ERROR. Any thread; one cursor by one at a time. Since 0.1.
 *
 * Windows behaviour relied on: as shmb_state_wait.
 */
SHMB_API shmb_status shmb_stream_read(shmb_region *region, uint64_t *cursor, void *buffer, uint64_t capacity,
                                      uint64_t *size, uint64_t *missed, uint32_t timeout_ms);

#ifdef __cplusplus
}
#endif

#endif
