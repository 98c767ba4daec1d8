/*
 * queue.h: a bounded queue of messages in shared memory, for any number of senders and receivers in any processes.
 *
 * The bytes are specified in LAYOUT.md, "A queue". Messages keep the order in which their places were claimed; none is lost
 * and none received twice. Who is ended at any instruction costs the others at most the one message that he had claimed
 * or taken; those who sleep are woken at once, because whoever sleeps watches the life of whom it waits for.
 *
 * Why nobody sleeps through anything. A receiver who finds nothing sets the mark `ready` (in his turn, in the gate), looks
 * again, and sleeps. Who claims a place looks at the mark right after, and wakes before he goes on: the receiver finds
 * the claim and sleeps on, watching the claimer's life. The commit looks at the mark again. So whoever is ended on the way,
 * the sleeper has either been woken, or watches him. (Woken only after the commit, a receiver would not learn of a
 * message whose sender was ended between the two.) It costs no second wake-up either: waking up takes longer than
 * filling in a message. Senders who wait for room do the same with `room`, takes and releases; but a receiver who is ended
 * between his take and the wake-up has made room that nobody was told of, so senders look again every 100 ms. The waker
 * clears the mark only after he has woken, so that one who is ended in between leaves the mark to the next; the mark
 * counts, so that he clears no later one.
 *
 * In a flow no lock is taken, nothing is asked of the system, and a message costs two atomic operations of the sender and one
 * or two of the receiver (a short one is copied before it is taken), all on its own cache lines: where to go on is remembered by each attachment, and what is shared about it may lag behind a
 * little (`lag`).
 *
 * Nothing is believed of the shared bytes: each word is read once and judged; geometry comes from outside; every loop is
 * bounded, by a number or by the deadline. What cannot be is SHMB_CORRUPT.
 *
 * OS-neutral: waiting is sync/wait.h.
 */
#ifndef SHMB_KINDS_QUEUE_H
#define SHMB_KINDS_QUEUE_H

#include "../sync/park.h"
#include "../sync/spin.h"
#include "../sync/wait.h"
#include "corruption.h"
#include "queue_word.h"
#include "shmb.h"

#include <stddef.h>

#define QUEUE_ENTRIES 1024u /* of the table of members */
#if !defined(QUEUE_MEMBERS)
#define QUEUE_MEMBERS QUEUE_ENTRIES /* those in use: a model that looks at every step makes do with fewer */
#endif

/* The bytes before the first slot. Words that different programs write are 128 bytes apart, since processors fetch
   cache lines in pairs. */
typedef struct queue_header {
    uint8_t kind[64]; /* shmb_kind_header */
    uint8_t gap0[64];
    uint64_t tail; /* 128 atomic: the first position not claimed, or at most `lag` + 1 before it */
    uint8_t gap1[120];
    uint64_t head; /* 256 atomic: the same of the first not taken */
    uint8_t gap2[120];
    uint64_t ready; /* 384 atomic: whether a receiver sleeps, QUEUE_MARK_… */
    uint8_t gap3[120];
    uint64_t room; /* 512 atomic: whether a sender sleeps */
    uint8_t gap4[3576];
    uint64_t members[QUEUE_ENTRIES]; /* 4096 atomic: the lives of those who claim and take; 0: nobody */
} queue_header;

#define QUEUE_MARK_SLEEPS 1u /* wake him, then clear this bit */
#define QUEUE_MARK_HUNGRY 2u /* others were faster too often: newcomers queue up behind him */
#define QUEUE_MARK_COUNT  4u /* counts the sleeps */

typedef struct queue_slot {
    uint64_t word;   /* atomic: queue_word.h */
    uint32_t length; /* atomic: bytes of the message, once it is full */
    uint32_t zero;
    /* the message's bytes follow */
} queue_slot;

/* What an attachment has done that cost system calls, and what it met. */
typedef struct queue_counts {
    volatile uint64_t system_calls;
    volatile uint64_t sleeps;
    volatile uint64_t wakes;
    volatile uint64_t skipped; /* places of senders and receivers who were over */
} queue_counts;

/* The senders' or the receivers' half of an attachment. */
typedef struct queue_side {
    volatile uint64_t next;        /* where this attachment goes on */
    volatile uint64_t seen;        /* the shared tail, or head, was at least this */
    volatile uint32_t crowd;       /* counts down from when somebody else was seen at work on this side */
    volatile uint32_t run;         /* messages, or places, got since it last had to wait */
    volatile uint32_t rest;        /* processor pauses before the next wait's looks */
    volatile uint32_t unrested;    /* waits since resting last brought nothing */
    volatile uint64_t stuck_word;  /* what an attempt that may not wait found in its way, */
    volatile uint64_t stuck_since; /* and when */
    sync_spin spin;
    queue_counts counts;
    uint8_t gap[128];
} queue_side;

/* One attachment's view of a queue. Its own process's; several threads may use it. */
typedef struct queue_view {
    queue_header *header;
    uint8_t *slots;
    uint64_t stride;
    uint64_t messages;
    uint32_t message_size;
    uint32_t lag; /* how far `tail` and `head` may lag behind */
    sync_place *room;
    sync_place *ready;
    sync_lives *lives;
    volatile uint32_t corrupt; /* something was found that cannot be: the first such thing follows */
    corruption found;
    uint8_t gap[128];
    queue_side send;
    queue_side receive;
    volatile uint32_t recent[256]; /* by hash of a life: the number that it probably has */
    volatile uint64_t
        members[QUEUE_MEMBERS]; /* by number: the life that this attachment entered under it, or 0 */
} queue_view;

/* What a queue is made of. `bytes` are those of the region; there are SHMB_QUEUE_HEADER_BYTES + messages * stride. */
typedef struct queue_parts {
    void *bytes;
    uint32_t messages;     /* a power of two */
    uint32_t message_size; /* bytes */
    sync_place *room;
    sync_place *ready;
    sync_lives *lives;
} queue_parts;

/* Attaches. The parts stay the caller's, and must outlive the queue. */
void shmb_q_begin(queue_view *queue, const queue_parts *parts);

/* Gives up what the attachment's threads entered. What they still hold the others find when the lives end, which the
   caller sees to. */
void shmb_q_end(queue_view *queue);

/* A message in its slot: claimed, to be filled in, or taken, to be read. */
typedef struct queue_message {
    uint8_t *bytes;
    uint32_t length; /* claimed: what there is room for */
    uint64_t token;  /* names it: queue_word of its position; 0: none */
} queue_message;

/*
 * The operations return SHMB_OK, SHMB_TIMED_OUT (with SYNC_AT_ONCE: now), SHMB_CORRUPT, SHMB_BUSY (all QUEUE_MEMBERS numbers
 * belong to living threads), SHMB_SYSTEM_ERROR (the system refuses to wait, or a life).
 */

/* A place for a message of up to `length` bytes; SHMB_TOO_LARGE when none is that large. */
shmb_status shmb_q_claim(queue_view *queue, uint32_t length, sync_deadline deadline, queue_message *message);

/* Sends what was claimed, `message->length` bytes of it (no more than there is room for). SHMB_NOT_OWNER: it is no longer
   the caller's, since the thread that claimed it ended. */
shmb_status shmb_q_commit(queue_view *queue, queue_message *message);

/* Gives the place up. Receivers pass over it. */
shmb_status shmb_q_cancel(queue_view *queue, queue_message *message);

/* The next message. It is gone for others; what its bytes say may be read until queue_free_taken, as long as nobody
   hostile writes there: copy what must not change. */
shmb_status shmb_q_take(queue_view *queue, sync_deadline deadline, queue_message *message);
shmb_status shmb_q_release(queue_view *queue, queue_message *message);

shmb_status shmb_q_send(queue_view *queue, const void *bytes, uint32_t length, sync_deadline deadline);

/* SHMB_TOO_SMALL: the next message has *length bytes, more than `capacity`; it stays. */
shmb_status shmb_q_receive(queue_view *queue, void *buffer, uint32_t capacity, uint32_t *length,
                           sync_deadline deadline);

/* Sends `count` messages, which lie in `bytes` one behind the other, in this order; others' may come between. *sent were
   sent when it ends, all of them only with SHMB_OK. */
shmb_status shmb_q_send_many(queue_view *queue, const void *bytes, const uint32_t *lengths, uint32_t count,
                             sync_deadline deadline, uint32_t *sent);

/* Waits for one message, and takes those after it that are there, at most `count` and what the buffer holds, one behind
   the other. *received is at least 1 with SHMB_OK, 0 otherwise. */
shmb_status shmb_q_receive_many(queue_view *queue, void *buffer, uint64_t capacity, uint32_t *lengths,
                                uint32_t count, sync_deadline deadline, uint32_t *received);

/* Messages that wait to be received, about: others go on meanwhile. */
uint32_t shmb_q_length(const queue_view *queue);

/* What was found that cannot be, the first time; false when nothing was. */
bool shmb_q_corruption(const queue_view *queue, corruption *found);

#endif
