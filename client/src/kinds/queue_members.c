/*
 * Who claims and takes: the table of members; queue.h explains the whole.
 *
 * A thread enters its life once and has a number from then on, which fits a slot's word. A number whose life is over is
 * given to another only after every slot that it still held has been released, so that a word never speaks of two.
 */
#include "queue_inner.h"

static uint32_t hash_of(sync_life life)
{
    return (uint32_t)((life * UINT64_C(0x9E3779B97F4A7C15)) >> 40);
}

static void remember(queue_view *queue, uint32_t number, sync_life life)
{
    shmb_store_relaxed_u64(&queue->members[number], life);
    shmb_store_relaxed_u32(&queue->recent[hash_of(life) % 256], number);
}

/* Enters the life where there is room. */
static bool enter_new(queue_view *queue, sync_life life, uint32_t *number)
{
    for (uint32_t i = 0; i < QUEUE_MEMBERS; i++) {
        uint32_t candidate = (hash_of(life) + i) % QUEUE_MEMBERS;
        volatile uint64_t *entry = &queue->header->members[candidate];
        uint64_t nobody = SYNC_NOBODY;
        if (shmb_load_acquire_u64(entry) == SYNC_NOBODY && shmb_cas_u64(entry, &nobody, life)) {
            *number = candidate;
            return true;
        }
    }
    return false;
}

/* Takes from `former`, who is over and was the member `number`, what he holds, until the number is given to another. What has
   the number once the number is another's is not his: the word first, then whose the number is, and then the word is
   changed, which no word of the same position ever becomes again. Places behind the head are left for receivers to pass
   over. False: it is another's. */
static bool release_all_of(queue_view *queue, uint32_t number, sync_life former)
{
    for (uint64_t i = 0; i < queue->messages; i++) {
        queue_slot *slot = queue_slot_at(queue, i);
        uint64_t word = shmb_load_acquire_u64(&slot->word);
        uint32_t state = queue_word_state(word);
        uint64_t position = queue_word_position(word);
        if (queue_word_member(word) != number || (state != QUEUE_CLAIMED && state != QUEUE_TAKEN))
            continue;
        if (shmb_load_acquire_u64(&queue->header->members[number]) != former)
            return false;
        shmb_cas_u64(&slot->word, &word,
                     state == QUEUE_CLAIMED
                         ? queue_word(position, QUEUE_SKIPPED, 0)
                         : queue_word(queue_position_after(position, queue->messages), QUEUE_FREE, 0));
    }
    shmb_q_look_after(queue, true);
    shmb_q_look_after(queue, false);
    return true;
}

/* Enters the life in the place of one that is over. */
static bool enter_after(queue_view *queue, sync_life life, uint32_t *number)
{
    for (uint32_t i = 0; i < QUEUE_MEMBERS; i++) {
        uint32_t candidate = (hash_of(life) + i) % QUEUE_MEMBERS;
        volatile uint64_t *entry = &queue->header->members[candidate];
        uint64_t former = shmb_load_acquire_u64(entry);
        queue_count(&queue->send.counts.system_calls);
        if (!sync_life_is_over(queue->lives, former))
            continue;
        if (release_all_of(queue, candidate, former) && shmb_cas_u64(entry, &former, life)) {
            *number = candidate;
            return true;
        }
    }
    return false;
}

shmb_status shmb_q_member(queue_view *queue, uint32_t *number)
{
    sync_life life = sync_life_mine(queue->lives);
    if (life == SYNC_NOBODY)
        return SHMB_SYSTEM_ERROR;
    *number = shmb_load_relaxed_u32(&queue->recent[hash_of(life) % 256]);
    if (shmb_load_relaxed_u64(&queue->members[*number]) == life)
        return SHMB_OK;
    for (uint32_t i = 0; i < QUEUE_MEMBERS; i++) {
        if (shmb_load_relaxed_u64(&queue->members[i]) == life) {
            *number = i;
            remember(queue, i, life);
            return SHMB_OK;
        }
    }
    if (!enter_new(queue, life, number) && !enter_after(queue, life, number))
        return SHMB_BUSY;
    remember(queue, *number, life);
    return SHMB_OK;
}

/* Whether a member holds no slot. */
static bool holds_nothing(const queue_view *queue, uint32_t number)
{
    for (uint64_t i = 0; i < queue->messages; i++) {
        uint64_t word = shmb_load_acquire_u64(&queue_slot_at(queue, i)->word);
        uint32_t state = queue_word_state(word);
        if ((state == QUEUE_CLAIMED || state == QUEUE_TAKEN) && queue_word_member(word) == number)
            return false;
    }
    return true;
}

/* Looking through a large queue costs more than an entry is worth: there, who comes when the table is full looks. */
#define MESSAGES_WORTH_A_LOOK 4096u

void shmb_q_end(queue_view *queue)
{
    for (uint32_t i = 0; i < QUEUE_MEMBERS && queue->messages <= MESSAGES_WORTH_A_LOOK; i++) {
        uint64_t life = shmb_load_relaxed_u64(&queue->members[i]);
        if (life != SYNC_NOBODY && holds_nothing(queue, i))
            shmb_cas_u64(&queue->header->members[i], &life, SYNC_NOBODY);
    }
}
