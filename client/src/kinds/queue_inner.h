/*
 * queue_inner.h: what the files of the queue share among themselves; queue.h is for everybody else.
 */
#ifndef SHMB_KINDS_QUEUE_INNER_H
#define SHMB_KINDS_QUEUE_INNER_H

#include "../atomics.h"
#include "queue.h"

#define QUEUE_LINE 64u /* bytes of a cache line */

static inline queue_slot *queue_slot_at(const queue_view *queue, uint64_t position)
{
    return (queue_slot *)(void *)(queue->slots +
                                  (size_t)((position & (queue->messages - 1)) * queue->stride));
}

static inline uint8_t *queue_slot_bytes(queue_slot *slot)
{
    return (uint8_t *)(slot + 1);
}

/* The position that the slot's word has instead of `position`. */
static inline uint64_t queue_base(const queue_view *queue, uint64_t position)
{
    return position & ~(queue->messages - 1);
}

/* Asks for a cache line, to be written: without it the line comes twice, to be read and then to be changed. */
static inline void queue_fetch(const volatile void *line)
{
#if defined(SHMB_ATOMICS_HOOK)
    (void)line;
#elif defined(__x86_64__) && defined(__GNUC__)
    __asm__ volatile("prefetchw %0" ::"m"(*(const volatile char *)line));
#elif defined(_M_X64)
    _m_prefetchw((const void *)line);
#else
    (void)line;
#endif
}

/* The same of what a short message in this slot lies in. */
static inline void queue_fetch_slot(const queue_view *queue, const queue_slot *slot)
{
    queue_fetch(slot);
    if (queue->stride > QUEUE_LINE)
        queue_fetch((const uint8_t *)slot + QUEUE_LINE);
}

static inline void queue_count(volatile uint64_t *counter)
{
    shmb_store_relaxed_u64(counter, shmb_load_relaxed_u64(counter) + 1);
}

/* Notes the first thing that cannot be, for shmb_q_corruption: `text`, found at `at`; `relation` `bound` could be.
   SHMB_CORRUPT. */
shmb_status shmb_q_is_damaged(queue_view *queue, const volatile void *at, uint64_t found, const char *text,
                              const char *relation, uint64_t bound);

/* The same of a slot's word. */
static inline shmb_status queue_word_is_damaged(queue_view *queue, const queue_slot *slot, uint64_t word,
                                                uint64_t position)
{
    return shmb_q_is_damaged(queue, &slot->word, word, "the word of a slot", "only one of position",
                             position);
}

/* ---- Members: queue_members.c -------------------------------------------------------------------- */

/* The number under which the calling thread claims and takes; entered at its first call. SHMB_OK, SHMB_BUSY or
   SHMB_SYSTEM_ERROR. */
shmb_status shmb_q_member(queue_view *queue, uint32_t *number);

/* Whose the slot with this word is: SYNC_NOBODY when he has left. */
static inline sync_life queue_holder(const queue_view *queue, uint64_t word)
{
    return shmb_load_acquire_u64(&queue->header->members[queue_word_member(word)]);
}

/* ---- One operation: queue.c ---------------------------------------------------------------------- */

/* A claim or a take under way. */
typedef struct queue_turn {
    queue_view *queue;
    bool receives;
    uint32_t member;
    void *buffer;      /* a receiver's, for a copy; NULL: the message is wanted in place */
    uint32_t capacity; /* of the buffer: a larger message is left where it is */
    sync_life over;    /* a life that is known to be over */

    uint64_t position; /* out: of the slot that was got */
    uint32_t length;   /* out: a receiver's message's, also when it is larger than the capacity */
    bool copied;       /* out: the message is in the buffer, and its slot is free again */

    const volatile uint64_t *looked_at; /* the word that the last look ended at, and what it was */
    uint64_t looked_word;
    sync_life obstacle; /* who is in the way, SYNC_NOBODY when it is none alone */
    shmb_status status;
    uint64_t mark; /* what a front wrote into the mark */
} queue_turn;

/* SHMB_OK: `position` is claimed, or taken, or its message was `copied`. */
shmb_status shmb_q_get(queue_turn *turn, sync_deadline deadline);

/* Hands a slot on: a claimed one becomes full, a taken one free. `last`: wakes who waits for it. Without it, somebody must
   be looked after soon, by queue_get or queue_look_after. */
shmb_status shmb_q_hand_on(queue_view *queue, const queue_turn *turn, bool last);

/* Gives a claimed slot up. */
shmb_status shmb_q_skip(queue_view *queue, const queue_turn *turn);

/* Wakes the receiver, or sender, who sleeps for what was handed on. */
void shmb_q_look_after(queue_view *queue, bool receiver);

#endif
