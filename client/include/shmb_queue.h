/*
 * shmb_queue.h: messages from any number of senders to any number of receivers, each received once. shmb.h includes this.
 *
 * 1. What this is
 *
 *   A region declared with `kind: queue`, such as
 *
 *       regions:
 *         Jobs: {kind: queue, messages: 1024, message_size: 64 KiB, access: {write: [Users]}}
 *
 *   holds up to `messages` messages of up to `message_size` bytes. A program sends,
 *
 *       shmb_attach_options options = {0};
 *       options.struct_size = sizeof options;
 *       options.access = SHMB_ACCESS_WRITE;
 *       shmb_region *jobs;
 *       if (shmb_attach("Jobs", &options, &jobs) == SHMB_OK)
 *           shmb_queue_send(jobs, "hello", 5, 1000);       // waits up to a second for room
 *
 *   and another, attached in the same way, receives:
 *
 *       char text[65536];
 *       uint32_t size;
 *       if (shmb_queue_receive(jobs, text, sizeof text, &size, SHMB_INFINITE) == SHMB_OK)
 *           printf("%.*s\n", (int)size, text);
 *
 *   Whoever sends or receives needs `write` access: to receive is to take away.
 *
 * 2. What it promises
 *
 *   - Nothing is lost and nothing comes twice. A full queue makes senders wait, or tells them.
 *   - First in, first out, in the order in which the places were claimed; shmb_queue_send claims one when it begins. A sender
 *     who keeps what he has claimed keeps the receivers from what was sent after it.
 *   - A program that is killed, at whatever instruction, costs the others at most the messages that it was just sending or
 *     had taken. Whoever waits for it goes on at once; only a sender who waits for room, and whose receiver was killed at
 *     the instant between taking a message and waking him, goes on a tenth of a second later. A message that was taken is
 *     gone with its receiver.
 *   - A queue that is restored, from a snapshot or its file, has the messages that were waiting then, in their order, and nobody
 *     holds anything of it: what was received since comes again. The configuration's guide says more.
 *   - While messages flow, nothing is asked of the system: no call of the kernel, no lock. Who finds nothing spins for
 *     some microseconds (not on a single processor) and then sleeps.
 *   - Who waits ends at his time limit, whatever others write into the region. What cannot be there is SHMB_CORRUPT, never a
 *     crash; shmb_corruption tells what was found.
 *
 * 3. Without copying
 *
 *       shmb_queue_message message = {0};
 *       message.struct_size = sizeof message;
 *       if (shmb_queue_claim(jobs, 4096, 1000, &message) == SHMB_OK) {
 *           message.size = fill_in(message.bytes, message.size);
 *           shmb_queue_commit(jobs, &message);
 *       }
 *
 *   and on the other side shmb_queue_take and shmb_queue_release. `bytes` is in the region itself: others who may write to the
 *   region can change it, also while it is yours. A receiver who does not trust them copies what he checks.
 *
 *   What is claimed or taken is the calling thread's: when that thread ends before it is committed, cancelled or released,
 *   the others get past it. Any thread may commit, cancel and release.
 *
 * 4. Threads and numbers
 *
 *   Every function may be called by any thread at any time; one attachment serves a whole program. A thread's first use of
 *   a queue makes a small kernel object, which tells others of its end, and takes one of 1024 numbers; numbers of threads
 *   that have ended are given again. `timeout_ms` is in milliseconds: SHMB_NO_WAIT tries, SHMB_INFINITE does not give up.
 */
#ifndef SHMB_QUEUE_H
#define SHMB_QUEUE_H

#include "shmb.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The statuses of all functions here, besides SHMB_OK:
 *
 *   SHMB_TIMED_OUT         there was no message, or no room, in time; with SHMB_NO_WAIT: there is none now, or the next
 *                          message's sender is not done yet
 *   SHMB_TOO_LARGE         the message is larger than `message_size`
 *   SHMB_TOO_SMALL         the buffer is smaller than the next message, which stays; its size was told
 *   SHMB_NOT_OWNER         what is to be committed, cancelled or released is no longer this program's: the thread that claimed
 *                          or took it has ended, or it was done already
 *   SHMB_BUSY              1024 living threads use the queue already
 *   SHMB_WRONG_KIND        the region is no queue, or was attached with shmb_attach_handle
 *   SHMB_ACCESS_DENIED     it was attached for reading: attach with SHMB_ACCESS_WRITE, which `write` of its `access` gives
 *   SHMB_CORRUPT           a program that may write to the region has written what no sender or receiver writes
 *   SHMB_INVALID_ARGUMENT  a NULL where none may be, a structure of unknown size, a message that is none
 *   SHMB_NO_MEMORY, SHMB_SYSTEM_ERROR  the system refuses; GetLastError says why
 *
 * All since 0.1. Any thread.
 */

/* Sends a copy of `size` bytes; 0 is fine. Waits for room. */
SHMB_API shmb_status shmb_queue_send(shmb_region *region, const void *bytes, uint32_t size,
                                     uint32_t timeout_ms);

/* Receives the next message into `buffer`; *size is its bytes, also with SHMB_TOO_SMALL, otherwise 0 on failure. Buffers of
   shmb_region_item_size bytes are always large enough. Waits for a message. */
SHMB_API shmb_status shmb_queue_receive(shmb_region *region, void *buffer, uint32_t capacity, uint32_t *size,
                                        uint32_t timeout_ms);

/* A message in its place in the region. Clear it and set struct_size. */
typedef struct shmb_queue_message {
    uint32_t struct_size; /* sizeof(shmb_queue_message) */
    uint32_t size;        /* bytes; of a claimed one the caller may change it, up to the queue's largest */
    void *bytes;          /* aligned to 16; NULL: no message */
    uint64_t token;       /* the library's; 0: no message */
} shmb_queue_message;

/* Claims a place for a message of up to `size` bytes. Waits for room. Receivers get it in the order of the claims, once
   it is committed. */
SHMB_API shmb_status shmb_queue_claim(shmb_region *region, uint32_t size, uint32_t timeout_ms,
                                      shmb_queue_message *message);

/* Sends what was claimed: message->size bytes of it. The message is none afterwards, unless it is SHMB_TOO_LARGE. */
SHMB_API shmb_status shmb_queue_commit(shmb_region *region, shmb_queue_message *message);

/* Gives a claimed place up: nothing is sent. The message is none afterwards. */
SHMB_API shmb_status shmb_queue_cancel(shmb_region *region, shmb_queue_message *message);

/* Takes the next message, to be read in its place: nobody else gets it. Waits for one. */
SHMB_API shmb_status shmb_queue_take(shmb_region *region, uint32_t timeout_ms, shmb_queue_message *message);

/* Gives a taken message's place free. The message is none afterwards. */
SHMB_API shmb_status shmb_queue_release(shmb_region *region, shmb_queue_message *message);

/*
 * Sends `count` messages of sizes[0], sizes[1], … bytes, which lie in `bytes` one right behind the other. They keep their
 * order; others' messages may come between. Costs less than sending them one by one. *sent is how many were sent, also on
 * failure: with SHMB_TIMED_OUT the rest can be sent later. SHMB_TOO_LARGE: one is too large, and none was sent. Each wait
 * for room counts against the one time limit.
 */
SHMB_API shmb_status shmb_queue_send_many(shmb_region *region, const void *bytes, const uint32_t *sizes,
                                          uint32_t count, uint32_t timeout_ms, uint32_t *sent);

/*
 * Waits for one message, and takes with it those that are there already: up to `count`, as many as fit whole into the
 * `capacity` bytes of `buffer`, one right behind the other. sizes[i] is the i-th one's bytes, *received how many there are;
 * 0 on failure, and with SHMB_TOO_SMALL sizes[0] is the next message's size.
 */
SHMB_API shmb_status shmb_queue_receive_many(shmb_region *region, void *buffer, uint64_t capacity,
                                             uint32_t *sizes, uint32_t count, uint32_t timeout_ms,
                                             uint32_t *received);

/* What a queue is and what this attachment has had to do. Clear it and set struct_size. */
typedef struct shmb_queue_counts {
    uint32_t struct_size; /* sizeof(shmb_queue_counts) */
    uint32_t messages;    /* room for so many */
    uint32_t waiting;     /* messages to be received, about: others go on meanwhile */
    uint32_t zero;
    uint64_t message_size; /* bytes of the largest */
    /* Of this attachment, since it was made: */
    uint64_t system_calls; /* that it made to wait, to wake and to look whether somebody has ended */
    uint64_t sleeps;       /* waits that slept */
    uint64_t wakes;        /* of others who slept */
    uint64_t skipped;      /* places cancelled, or left behind by threads that had ended, that it got past */
} shmb_queue_counts;

SHMB_API shmb_status shmb_queue_statistics(shmb_region *region, shmb_queue_counts *statistics);

#ifdef __cplusplus
}
#endif

#endif
