/*
 * What programs do with a queue: messages in place, copied, and many at a time; queue.h is the contract.
 */
#include "copy.h"
#include "queue_inner.h"

#include "shmb_layout.h"

#include <string.h>

_Static_assert(offsetof(queue_header, ready) == 384, "as in LAYOUT.md");
_Static_assert(offsetof(queue_header, members) == 4096, "as in LAYOUT.md");
_Static_assert(sizeof(queue_header) == SHMB_QUEUE_HEADER_BYTES, "as in LAYOUT.md");
_Static_assert(sizeof(queue_slot) == SHMB_QUEUE_SLOT_HEADER_BYTES, "as in LAYOUT.md");

#define LAG_MOST 16u /* positions */

static void begin_side(queue_side *side, const volatile uint64_t *hint)
{
    side->next = shmb_load_acquire_u64(hint) & (QUEUE_POSITIONS - 1);
    side->seen = side->next;
    spin_init(&side->spin, sync_processors());
}

void shmb_q_begin(queue_view *queue, const queue_parts *parts)
{
    memset(queue, 0, sizeof *queue);
    queue->header = parts->bytes;
    queue->slots = (uint8_t *)parts->bytes + sizeof(queue_header);
    queue->stride = ((uint64_t)sizeof(queue_slot) + parts->message_size + 63) / 64 * 64;
    queue->messages = parts->messages;
    queue->message_size = parts->message_size;
    queue->lag = parts->messages / 4 < LAG_MOST ? parts->messages / 4 : LAG_MOST;
    queue->room = parts->room;
    queue->ready = parts->ready;
    queue->lives = parts->lives;
    begin_side(&queue->send, &queue->header->tail);
    begin_side(&queue->receive, &queue->header->head);
}

uint32_t shmb_q_length(const queue_view *queue)
{
    uint64_t head = shmb_load_acquire_u64(&queue->header->head);
    uint64_t tail = shmb_load_acquire_u64(&queue->header->tail);
    int64_t length = queue_ahead(tail, head);
    if (length < 0)
        return 0;
    return (uint32_t)((uint64_t)length < queue->messages ? (uint64_t)length : queue->messages);
}

/* ---- In place -------------------------------------------------------------------------------------- */

static shmb_status begin_turn(queue_view *queue, bool receives, queue_turn *turn)
{
    turn->queue = queue;
    turn->receives = receives;
    turn->buffer = NULL;
    turn->capacity = UINT32_MAX;
    if (!receives) /* probably the sender's place, which comes while the rest is looked up */
        queue_fetch_slot(queue, queue_slot_at(queue, shmb_load_relaxed_u64(&queue->send.next)));
    return shmb_q_member(queue, &turn->member);
}

static uint8_t *bytes_of(const queue_turn *turn)
{
    return queue_slot_bytes(queue_slot_at(turn->queue, turn->position));
}

static shmb_status get(queue_view *queue, bool receives, uint32_t room, sync_deadline deadline,
                       queue_message *message)
{
    queue_turn turn;
    *message = (queue_message){NULL, 0, 0};
    shmb_status status = begin_turn(queue, receives, &turn);
    if (status == SHMB_OK)
        status = shmb_q_get(&turn, deadline);
    if (status != SHMB_OK)
        return status;
    message->bytes = bytes_of(&turn);
    message->length = receives ? turn.length : room;
    message->token = queue_word(turn.position, receives ? QUEUE_TAKEN : QUEUE_CLAIMED, turn.member);
    return SHMB_OK;
}

shmb_status shmb_q_claim(queue_view *queue, uint32_t length, sync_deadline deadline, queue_message *message)
{
    *message = (queue_message){NULL, 0, 0};
    return length > queue->message_size ? SHMB_TOO_LARGE : get(queue, false, length, deadline, message);
}

shmb_status shmb_q_take(queue_view *queue, sync_deadline deadline, queue_message *message)
{
    return get(queue, true, 0, deadline, message);
}

/* What the token names. False: no such message is held. */
static bool held_by(queue_view *queue, const queue_message *message, bool receives, queue_turn *turn)
{
    memset(turn, 0, sizeof *turn);
    turn->queue = queue;
    turn->receives = receives;
    turn->position = queue_word_position(message->token);
    turn->member = queue_word_member(message->token);
    turn->length = message->length;
    return queue_word_state(message->token) == (receives ? QUEUE_TAKEN : QUEUE_CLAIMED);
}

static shmb_status finish(queue_view *queue, queue_message *message, bool receives)
{
    queue_turn turn;
    if (!held_by(queue, message, receives, &turn))
        return SHMB_INVALID_ARGUMENT;
    /* Whose claim was given to others, since his thread had ended, writes nothing to what is theirs now. */
    uint64_t base = queue_base(queue, turn.position);
    uint64_t held = queue_word(base, receives ? QUEUE_TAKEN : QUEUE_CLAIMED, turn.member);
    shmb_status status = SHMB_NOT_OWNER;
    if (shmb_load_relaxed_u64(&queue_slot_at(queue, turn.position)->word) == held)
        status = shmb_q_hand_on(queue, &turn, true);
    *message = (queue_message){NULL, 0, 0};
    return status;
}

shmb_status shmb_q_commit(queue_view *queue, queue_message *message)
{
    return message->length > queue->message_size ? SHMB_TOO_LARGE : finish(queue, message, false);
}

shmb_status shmb_q_release(queue_view *queue, queue_message *message)
{
    return finish(queue, message, true);
}

shmb_status shmb_q_cancel(queue_view *queue, queue_message *message)
{
    queue_turn turn;
    if (!held_by(queue, message, false, &turn))
        return SHMB_INVALID_ARGUMENT;
    *message = (queue_message){NULL, 0, 0};
    return shmb_q_skip(queue, &turn);
}

/* ---- Copied ---------------------------------------------------------------------------------------- */

/* The calling thread lives: nobody could take its slot away but by damaging it. */
static shmb_status hand_on(queue_turn *turn, bool last)
{
    shmb_status status = shmb_q_hand_on(turn->queue, turn, last);
    if (status != SHMB_NOT_OWNER)
        return status;
    queue_slot *slot = queue_slot_at(turn->queue, turn->position);
    return queue_word_is_damaged(turn->queue, slot, shmb_load_relaxed_u64(&slot->word), turn->position);
}

static shmb_status send_one(queue_turn *turn, const void *bytes, uint32_t length, sync_deadline deadline,
                            bool last)
{
    shmb_status status = shmb_q_get(turn, deadline);
    if (status != SHMB_OK)
        return status;
    shmb_copy_contended(bytes_of(turn), bytes, length);
    turn->length = length;
    return hand_on(turn, last);
}

static shmb_status receive_one(queue_turn *turn, void *buffer, sync_deadline deadline, bool last)
{
    turn->buffer = buffer;
    shmb_status status = shmb_q_get(turn, deadline);
    if (status != SHMB_OK || turn->copied)
        return status;
    shmb_copy(buffer, bytes_of(turn), turn->length);
    return hand_on(turn, last);
}

shmb_status shmb_q_send(queue_view *queue, const void *bytes, uint32_t length, sync_deadline deadline)
{
    queue_turn turn;
    if (length > queue->message_size)
        return SHMB_TOO_LARGE;
    shmb_status status = begin_turn(queue, false, &turn);
    return status == SHMB_OK ? send_one(&turn, bytes, length, deadline, true) : status;
}

shmb_status shmb_q_receive(queue_view *queue, void *buffer, uint32_t capacity, uint32_t *length,
                           sync_deadline deadline)
{
    queue_turn turn;
    *length = 0;
    shmb_status status = begin_turn(queue, true, &turn);
    if (status != SHMB_OK)
        return status;
    turn.capacity = capacity;
    status = receive_one(&turn, buffer, deadline, true);
    if (status == SHMB_OK || status == SHMB_TOO_SMALL)
        *length = turn.length;
    return status;
}

/* ---- Many ------------------------------------------------------------------------------------------ */

/* Who sleeps for one of many that were handed on learns of it by the next attempt, which is a fence and looks after
   him; after the last one, by this. */
static void end_many(queue_view *queue, bool received)
{
    shmb_fence_full();
    shmb_q_look_after(queue, !received);
}

shmb_status shmb_q_send_many(queue_view *queue, const void *bytes, const uint32_t *lengths, uint32_t count,
                             sync_deadline deadline, uint32_t *sent)
{
    queue_turn turn;
    const uint8_t *from = bytes;
    *sent = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (lengths[i] > queue->message_size)
            return SHMB_TOO_LARGE;
    }
    shmb_status status = begin_turn(queue, false, &turn);
    while (status == SHMB_OK && *sent < count) {
        uint32_t length = lengths[*sent];
        status = send_one(&turn, from, length, SYNC_AT_ONCE, false);
        if (status == SHMB_TIMED_OUT && deadline != SYNC_AT_ONCE) {
            end_many(queue, false);
            status = send_one(&turn, from, length, deadline, false);
        }
        if (status == SHMB_OK) {
            from += length;
            ++*sent;
        }
    }
    if (*sent > 0)
        end_many(queue, false);
    return status;
}

shmb_status shmb_q_receive_many(queue_view *queue, void *buffer, uint64_t capacity, uint32_t *lengths,
                                uint32_t count, sync_deadline deadline, uint32_t *received)
{
    queue_turn turn;
    uint8_t *to = buffer;
    *received = 0;
    shmb_status status = begin_turn(queue, true, &turn);
    while (status == SHMB_OK && *received < count) {
        turn.capacity = capacity < UINT32_MAX ? (uint32_t)capacity : UINT32_MAX;
        status = receive_one(&turn, to, *received == 0 ? deadline : SYNC_AT_ONCE, false);
        if (status == SHMB_OK || (status == SHMB_TOO_SMALL && *received == 0))
            lengths[*received] = turn.length;
        if (status == SHMB_OK) {
            to += turn.length;
            capacity -= turn.length;
            ++*received;
        }
    }
    if (*received == 0)
        return status;
    end_many(queue, true);
    return SHMB_OK;
}
