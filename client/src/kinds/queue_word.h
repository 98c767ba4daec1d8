/*
 * queue_word.h: what the word of a queue's slot says, and positions.
 *
 * Messages are counted from 0: message p is at *position* p and lives in slot p mod n. Positions are counted modulo 2^48,
 * which n divides, so that nothing special happens when they come round. A word has
 *
 *     bits 0-2     state
 *     bits 3-15    member: who holds the slot, claimed or taken; otherwise 0
 *     bits 16-63   base: the position that the slot stands for, its lowest log2(n) bits 0 (the slot's number is known)
 *
 * so that a new region, all zeros, is an empty queue: every slot is free for its first message.
 *
 *     free(p) --claim--> claimed(p, who) --commit--> full(p) --take--> taken(p, who) --release--> free(p + n)
 *                                                    full(p) --receive, when it is copied already--> free(p + n)
 *                          \--cancel, or who is over--> skipped(p) --by whom it is in the way of--> free(p + n)
 *                                                       (taken(p, who is over) --by whom it is in the way of--> free(p + n))
 *
 * Every arrow is one atomic operation, and every word names its position: a late one finds another word and fails.
 */
#ifndef SHMB_QUEUE_WORD_H
#define SHMB_QUEUE_WORD_H

#include <stdbool.h>
#include <stdint.h>

typedef enum queue_state {
    QUEUE_FREE = 0,
    QUEUE_CLAIMED = 1,
    QUEUE_FULL = 2,
    QUEUE_TAKEN = 3,
    QUEUE_SKIPPED = 4
} queue_state;

#define QUEUE_POSITION_BITS 48u
#define QUEUE_POSITIONS     (UINT64_C(1) << QUEUE_POSITION_BITS)

/* The word of position p; with all of its bits instead of the base this is also what names a message that is held. */
static inline uint64_t queue_word(uint64_t position, queue_state state, uint32_t member)
{
    return position << 16 | (uint64_t)member << 3 | (uint64_t)state;
}

static inline uint32_t queue_word_state(uint64_t word)
{
    return (uint32_t)word & 7u;
}

static inline uint32_t queue_word_member(uint64_t word)
{
    return (uint32_t)word >> 3 & 0x1FFFu;
}

static inline uint64_t queue_word_position(uint64_t word)
{
    return word >> 16;
}

/* How far position a is ahead of b; negative: behind. */
static inline int64_t queue_ahead(uint64_t a, uint64_t b)
{
    uint64_t difference = (a - b) << 16;
    return (difference >> 63) != 0 ? -(int64_t)((~difference + 1) >> 16) : (int64_t)(difference >> 16);
}

static inline uint64_t queue_position_after(uint64_t position, uint64_t by)
{
    return (position + by) & (QUEUE_POSITIONS - 1);
}

#endif
