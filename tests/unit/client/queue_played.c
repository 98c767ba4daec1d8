/* Programs of a queue, played by one thread. See queue_played.h. */
#include "queue_played.h"

#include "hook/stop_at.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

queue_players played;
static uint64_t clock_ns;

/* ---- What wait.h asks for -------------------------------------------------------------------------- */

sync_deadline sync_now(void)
{
    return clock_ns += 2000000;
}

sync_deadline sync_deadline_in(uint32_t milliseconds)
{
    return milliseconds == 0 ? SYNC_AT_ONCE : SYNC_NEVER;
}

bool sync_deadline_passed(sync_deadline deadline)
{
    return deadline == SYNC_AT_ONCE;
}

uint32_t sync_processors(void)
{
    return 1;
}

sync_life sync_life_mine(sync_lives *lives)
{
    stop_point();
    return lives->life;
}

bool sync_life_is_over(sync_lives *lives, sync_life life)
{
    (void)lives;
    stop_point();
    for (uint32_t i = 0; i < PROGRAMS; i++) {
        if (played.known[i].life == life)
            return played.known[i].over;
    }
    return true;
}

void sync_life_bury(sync_lives *lives, sync_life life)
{
    (void)lives;
    (void)life;
    stop_point();
}

sync_result sync_gate_enter(sync_place *place, sync_deadline deadline)
{
    (void)place;
    (void)deadline;
    stop_point();
    return SYNC_OK;
}

void sync_gate_leave(sync_place *place)
{
    (void)place;
    stop_point();
}

void sync_place_wake(sync_place *place)
{
    stop_point();
    place->woken = true;
}

sync_result sync_place_wait(sync_place *place, sync_lives *lives, sync_life watched, sync_deadline deadline)
{
    stop_point();
    if (watched != SYNC_NOBODY && sync_life_is_over(lives, watched))
        return SYNC_OVER;
    played.looks_again = deadline != SYNC_NEVER;
    if (!place->woken)
        return SYNC_FAILED;
    place->woken = false;
    return SYNC_WOKEN;
}

/* ---- The stage ------------------------------------------------------------------------------------- */

queue_slot *played_slot(uint32_t number)
{
    return (queue_slot *)(void *)(played.shared.bytes + sizeof(queue_header) + number * STRIDE);
}

void played_begin(uint64_t first)
{
    memset(&played.shared, 0, sizeof played.shared);
    played.shared.header.head = played.shared.header.tail = first;
    for (uint32_t i = 0; i < MESSAGES; i++)
        played_slot(i)->word = queue_word(first, QUEUE_FREE, 0);
    played.room.woken = played.ready.woken = false;
    for (uint32_t i = 0; i < PROGRAMS; i++) {
        const queue_parts parts = {played.shared.bytes, MESSAGES,      32,
                                   &played.room,        &played.ready, &played.known[i]};
        played.known[i] = (struct sync_lives){4 * ((sync_life)i + 1), false};
        shmb_q_begin(&played.programs[i], &parts);
    }
}

shmb_status played_send(uint32_t program, uint32_t number, sync_deadline deadline)
{
    return shmb_q_send(&played.programs[program], &number, sizeof number, deadline);
}

shmb_status played_receive(uint32_t program, uint32_t *number, sync_deadline deadline)
{
    uint32_t length = 0;
    *number = 0;
    shmb_status status = shmb_q_receive(&played.programs[program], number, sizeof *number, &length, deadline);
    if (status == SHMB_OK)
        assert_int_equal(length, sizeof *number);
    return status;
}

/* All that is there, in order; how many. */
uint32_t played_receive_all(uint32_t program, uint32_t numbers[2 * MESSAGES])
{
    uint32_t count = 0;
    while (count < 2 * MESSAGES && played_receive(program, &numbers[count], SYNC_NEVER) == SHMB_OK)
        count++;
    return count;
}

/* Nothing that the dead one left takes room: as many messages as ever go through, twice. */
void played_must_work(uint32_t program)
{
    uint32_t number;
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < MESSAGES; i++)
            assert_int_equal(played_send(program, 100 + i, SYNC_NEVER), SHMB_OK);
        assert_int_equal(played_send(program, 1, SYNC_AT_ONCE), SHMB_TIMED_OUT);
        for (uint32_t i = 0; i < MESSAGES; i++) {
            assert_int_equal(played_receive(program, &number, SYNC_NEVER), SHMB_OK);
            assert_int_equal(number, 100 + i);
        }
        assert_int_equal(played_receive(program, &number, SYNC_AT_ONCE), SHMB_TIMED_OUT);
    }
}

/* ---- What one of them does --------------------------------------------------------------------------- */

void played_sends_one(void *context)
{
    played.last_status = played_send(VICTIM, *(uint32_t *)context, SYNC_NEVER);
}

void played_sends_in_place(void *context)
{
    queue_message message;
    played.last_status = shmb_q_claim(&played.programs[VICTIM], 4, SYNC_NEVER, &message);
    if (played.last_status != SHMB_OK)
        return;
    shmb_copy_racing(message.bytes, context, 4);
    played.last_status = shmb_q_commit(&played.programs[VICTIM], &message);
}

void played_cancels_one(void *context)
{
    queue_message message;
    (void)context;
    played.last_status = shmb_q_claim(&played.programs[VICTIM], 4, SYNC_NEVER, &message);
    if (played.last_status == SHMB_OK)
        shmb_q_cancel(&played.programs[VICTIM], &message);
}

void played_sends_three(void *context)
{
    const uint32_t first = *(uint32_t *)context;
    const uint32_t numbers[3] = {first, first + 1, first + 2}, lengths[3] = {4, 4, 4};
    uint32_t sent;
    played.last_status = shmb_q_send_many(&played.programs[VICTIM], numbers, lengths, 3, SYNC_NEVER, &sent);
}

void played_receives_one(void *context)
{
    played.last_status = played_receive(VICTIM, context, SYNC_NEVER);
}

void played_receives_in_place(void *context)
{
    queue_message message;
    played.last_status = shmb_q_take(&played.programs[VICTIM], SYNC_NEVER, &message);
    if (played.last_status != SHMB_OK)
        return;
    shmb_copy_racing(context, message.bytes, 4);
    played.last_status = shmb_q_release(&played.programs[VICTIM], &message);
}

void played_receives_three(void *context)
{
    uint32_t numbers[3], lengths[3], received;
    (void)context;
    played.last_status = shmb_q_receive_many(&played.programs[VICTIM], numbers, sizeof numbers, lengths, 3,
                                             SYNC_NEVER, &received);
}
