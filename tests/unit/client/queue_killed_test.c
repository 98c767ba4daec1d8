/*
 * A program is killed at each of its accesses to a queue in turn: what the others find then, and that whoever slept has
 * been woken or watches the dead one.
 *
 * One thread plays all programs; which of them it is just now is `self`. Nobody else does anything meanwhile, so a
 * sleep ends with the watched life's end or a wake-up that was given before, or it would have no end: SYNC_FAILED.
 */
#include "hook/stop_at.h"
#include "kinds/queue_inner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MESSAGES 4u
#define STRIDE   ((size_t)64)
#define PROGRAMS 4u

enum { VICTIM, OTHER, THIRD };

struct sync_place {
    bool woken;
};

struct sync_lives {
    sync_life life;
    bool over;
};

static union {
    uint8_t bytes[sizeof(queue_header) + MESSAGES * STRIDE];
    queue_header header;
} shared;

static struct sync_place room, ready;
static struct sync_lives known[PROGRAMS];
static queue_view programs[PROGRAMS];
static uint64_t clock_ns;
static bool looks_again; /* whoever slept last would have looked again by himself */

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
        if (known[i].life == life)
            return known[i].over;
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
    looks_again = deadline != SYNC_NEVER;
    if (!place->woken)
        return SYNC_FAILED;
    place->woken = false;
    return SYNC_WOKEN;
}

/* ---- The stage ------------------------------------------------------------------------------------- */

static queue_slot *slot_of(uint32_t number)
{
    return (queue_slot *)(void *)(shared.bytes + sizeof(queue_header) + number * STRIDE);
}

static void set_stage(uint64_t first)
{
    memset(&shared, 0, sizeof shared);
    shared.header.head = shared.header.tail = first;
    for (uint32_t i = 0; i < MESSAGES; i++)
        slot_of(i)->word = queue_word(first, QUEUE_FREE, 0);
    room.woken = ready.woken = false;
    for (uint32_t i = 0; i < PROGRAMS; i++) {
        const queue_parts parts = {shared.bytes, MESSAGES, 32, &room, &ready, &known[i]};
        known[i] = (struct sync_lives){4 * ((sync_life)i + 1), false};
        shmb_q_begin(&programs[i], &parts);
    }
}

static shmb_status send(uint32_t program, uint32_t number, sync_deadline deadline)
{
    return shmb_q_send(&programs[program], &number, sizeof number, deadline);
}

static shmb_status receive(uint32_t program, uint32_t *number, sync_deadline deadline)
{
    uint32_t length = 0;
    *number = 0;
    shmb_status status = shmb_q_receive(&programs[program], number, sizeof *number, &length, deadline);
    if (status == SHMB_OK)
        assert_int_equal(length, sizeof *number);
    return status;
}

/* All that is there, in order; how many. */
static uint32_t receive_all(uint32_t program, uint32_t numbers[2 * MESSAGES])
{
    uint32_t count = 0;
    while (count < 2 * MESSAGES && receive(program, &numbers[count], SYNC_NEVER) == SHMB_OK)
        count++;
    return count;
}

/* Nothing that the dead one left takes room: as many messages as ever go through, twice. */
static void must_work_as_ever(uint32_t program)
{
    uint32_t number;
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < MESSAGES; i++)
            assert_int_equal(send(program, 100 + i, SYNC_NEVER), SHMB_OK);
        assert_int_equal(send(program, 1, SYNC_AT_ONCE), SHMB_TIMED_OUT);
        for (uint32_t i = 0; i < MESSAGES; i++) {
            assert_int_equal(receive(program, &number, SYNC_NEVER), SHMB_OK);
            assert_int_equal(number, 100 + i);
        }
        assert_int_equal(receive(program, &number, SYNC_AT_ONCE), SHMB_TIMED_OUT);
    }
}

/* ---- What is killed -------------------------------------------------------------------------------- */

static shmb_status last_status;

static void sends_one(void *context)
{
    last_status = send(VICTIM, *(uint32_t *)context, SYNC_NEVER);
}

static void sends_in_place(void *context)
{
    queue_message message;
    last_status = shmb_q_claim(&programs[VICTIM], 4, SYNC_NEVER, &message);
    if (last_status != SHMB_OK)
        return;
    shmb_copy_racing(message.bytes, context, 4);
    last_status = shmb_q_commit(&programs[VICTIM], &message);
}

static void cancels_one(void *context)
{
    queue_message message;
    (void)context;
    last_status = shmb_q_claim(&programs[VICTIM], 4, SYNC_NEVER, &message);
    if (last_status == SHMB_OK)
        shmb_q_cancel(&programs[VICTIM], &message);
}

static void sends_three(void *context)
{
    const uint32_t first = *(uint32_t *)context;
    const uint32_t numbers[3] = {first, first + 1, first + 2}, lengths[3] = {4, 4, 4};
    uint32_t sent;
    last_status = shmb_q_send_many(&programs[VICTIM], numbers, lengths, 3, SYNC_NEVER, &sent);
}

static void receives_one(void *context)
{
    last_status = receive(VICTIM, context, SYNC_NEVER);
}

static void receives_in_place(void *context)
{
    queue_message message;
    last_status = shmb_q_take(&programs[VICTIM], SYNC_NEVER, &message);
    if (last_status != SHMB_OK)
        return;
    shmb_copy_racing(context, message.bytes, 4);
    last_status = shmb_q_release(&programs[VICTIM], &message);
}

static void receives_three(void *context)
{
    uint32_t numbers[3], lengths[3], received;
    (void)context;
    last_status =
        shmb_q_receive_many(&programs[VICTIM], numbers, sizeof numbers, lengths, 3, SYNC_NEVER, &received);
}

typedef void killed_work(void *context);

static bool kill_at(uint64_t step, killed_work *work, uint32_t *context)
{
    bool killed = stop_at(step, work, context);
    if (killed)
        known[VICTIM].over = true;
    return killed;
}

static const uint64_t firsts[] = {0, 64, QUEUE_POSITIONS - 2 * (uint64_t)MESSAGES};

/* Others sent before and after: they lose nothing. `most`: messages that the dead one may have got through. */
static void kill_a_sender(killed_work *work, uint32_t most)
{
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        bool killed = true;
        for (uint64_t step = 0; killed; step++) {
            uint32_t numbers[2 * MESSAGES] = {0}, own = 50;
            set_stage(firsts[i]);
            assert_int_equal(send(OTHER, 1, SYNC_NEVER), SHMB_OK);
            killed = kill_at(step, work, &own);
            while (send(OTHER, 2, SYNC_NEVER) != SHMB_OK)
                assert_int_equal(receive(THIRD, &numbers[0], SYNC_NEVER), SHMB_OK);
            uint32_t taken = numbers[0] != 0;
            uint32_t count = taken + receive_all(THIRD, &numbers[taken]);
            assert_in_range(count, killed ? 2 : 2 + most, 2 + most);
            assert_int_equal(numbers[0], 1);
            for (uint32_t j = 1; j + 1 < count; j++)
                assert_int_equal(numbers[j], 50 + j - 1);
            assert_int_equal(numbers[count - 1], 2);
            must_work_as_ever(OTHER);
        }
    }
}

static void a_sender_killed_anywhere_costs_at_most_his_message(void **state)
{
    (void)state;
    kill_a_sender(sends_one, 1);
    kill_a_sender(sends_in_place, 1);
    kill_a_sender(cancels_one, 0);
}

static void a_sender_of_many_killed_anywhere_has_sent_the_first_ones(void **state)
{
    (void)state;
    bool killed = true;
    for (uint64_t step = 0; killed; step++) {
        uint32_t numbers[2 * MESSAGES] = {0}, own = 50;
        set_stage(0);
        killed = kill_at(step, sends_three, &own);
        uint32_t count = receive_all(THIRD, numbers);
        assert_in_range(count, killed ? 0 : 3, 3);
        for (uint32_t j = 0; j < count; j++)
            assert_int_equal(numbers[j], 50 + j);
        must_work_as_ever(OTHER);
    }
}

static void kill_a_receiver(killed_work *work, uint32_t most)
{
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        bool killed = true;
        for (uint64_t step = 0; killed; step++) {
            uint32_t numbers[2 * MESSAGES] = {0}, own = 0;
            set_stage(firsts[i]);
            for (uint32_t j = 0; j < MESSAGES; j++)
                assert_int_equal(send(OTHER, 1 + j, SYNC_NEVER), SHMB_OK);
            killed = kill_at(step, work, &own);
            uint32_t count = receive_all(THIRD, numbers);
            assert_in_range(count, MESSAGES - most, killed ? MESSAGES : MESSAGES - most);
            for (uint32_t j = 0; j < count; j++)
                assert_int_equal(numbers[j], MESSAGES - count + 1 + j);
            must_work_as_ever(OTHER);
        }
    }
}

static void a_receiver_killed_anywhere_costs_at_most_what_he_took(void **state)
{
    (void)state;
    kill_a_receiver(receives_one, 1);
    kill_a_receiver(receives_in_place, 1);
    kill_a_receiver(receives_three, 3);
}

/* A whole queue that the living one has to get past. */
static void one_after_the_other_may_be_killed(void **state)
{
    (void)state;
    for (uint64_t step = 0; step < 40; step++) {
        set_stage(0);
        for (uint32_t i = 0; i < 3 * MESSAGES; i++) {
            uint32_t own = 50, number;
            kill_at(step, i % 2 == 0 ? sends_one : receives_one, &own);
            known[VICTIM] = (struct sync_lives){4000 + 4 * (step * 100 + i), false};
            const queue_parts parts = {shared.bytes, MESSAGES, 32, &room, &ready, &known[VICTIM]};
            shmb_q_begin(&programs[VICTIM], &parts);
            assert_int_equal(send(OTHER, 1, SYNC_NEVER), SHMB_OK);
            do
                assert_int_equal(receive(OTHER, &number, SYNC_NEVER), SHMB_OK);
            while (number != 1);
        }
        must_work_as_ever(OTHER);
    }
}

/* ---- Sleepers -------------------------------------------------------------------------------------- */

static void a_sender_who_sleeps_looks_again_by_himself(void **state)
{
    uint32_t number;
    (void)state;
    set_stage(0);
    for (uint32_t i = 0; i < MESSAGES; i++)
        assert_int_equal(send(OTHER, i, SYNC_NEVER), SHMB_OK);
    assert_int_equal(send(OTHER, 9, SYNC_NEVER), SHMB_SYSTEM_ERROR);
    assert_true(looks_again);
    for (uint32_t i = 0; i < MESSAGES; i++)
        assert_int_equal(receive(OTHER, &number, SYNC_NEVER), SHMB_OK);
    assert_int_equal(receive(OTHER, &number, SYNC_NEVER), SHMB_SYSTEM_ERROR);
    assert_false(looks_again);
}

/* A receiver sleeps, for nobody in particular. When the killed one's message can be received he has been woken; else it
   would lie there until somebody else sends. */
static void sleep_while_a_sender_is_killed(killed_work *work)
{
    bool killed = true;
    for (uint64_t step = 0; killed; step++) {
        uint32_t number, own = 50;
        set_stage(0);
        shared.header.ready = QUEUE_MARK_COUNT | QUEUE_MARK_SLEEPS;
        killed = kill_at(step, work, &own);
        bool woken = ready.woken;
        bool there = receive(THIRD, &number, SYNC_NEVER) == SHMB_OK;
        assert_true(woken || !there);
        /* Nor is the next one's message slept through. */
        set_stage(0);
        shared.header.ready = QUEUE_MARK_COUNT | QUEUE_MARK_SLEEPS;
        known[VICTIM].over = false;
        kill_at(step, work, &own);
        woken = ready.woken;
        ready.woken = false;
        assert_int_equal(send(OTHER, 2, SYNC_NEVER), SHMB_OK);
        assert_true(woken || ready.woken);
    }
}

static void a_sleeping_receiver_is_woken_wherever_the_sender_is_killed(void **state)
{
    (void)state;
    sleep_while_a_sender_is_killed(sends_one);
    sleep_while_a_sender_is_killed(sends_in_place);
    sleep_while_a_sender_is_killed(sends_three);
}

static void sleep_while_a_receiver_is_killed(killed_work *work)
{
    bool killed = true;
    for (uint64_t step = 0; killed; step++) {
        uint32_t own = 0;
        set_stage(0);
        for (uint32_t j = 0; j < MESSAGES; j++)
            assert_int_equal(send(OTHER, 1 + j, SYNC_NEVER), SHMB_OK);
        shared.header.room = QUEUE_MARK_COUNT | QUEUE_MARK_SLEEPS;
        killed = kill_at(step, work, &own);
        bool woken = room.woken;
        uint32_t found = queue_word_state(slot_of(0)->word);
        if (!woken && found != QUEUE_FULL) {
            /* Between what makes room, now or soon, and the wake-up alone: he finds out by himself, and the next one who
               receives wakes him. */
            assert_int_equal(receive(THIRD, &own, SYNC_NEVER), SHMB_OK);
            assert_true(room.woken);
        }
    }
}

static void a_sleeping_sender_is_woken_wherever_the_receiver_is_killed(void **state)
{
    (void)state;
    sleep_while_a_receiver_is_killed(receives_one);
    sleep_while_a_receiver_is_killed(receives_in_place);
    sleep_while_a_receiver_is_killed(receives_three);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sender_killed_anywhere_costs_at_most_his_message),
        cmocka_unit_test(a_sender_of_many_killed_anywhere_has_sent_the_first_ones),
        cmocka_unit_test(a_receiver_killed_anywhere_costs_at_most_what_he_took),
        cmocka_unit_test(one_after_the_other_may_be_killed),
        cmocka_unit_test(a_sender_who_sleeps_looks_again_by_himself),
        cmocka_unit_test(a_sleeping_receiver_is_woken_wherever_the_sender_is_killed),
        cmocka_unit_test(a_sleeping_sender_is_woken_wherever_the_receiver_is_killed),
    };
    return cmocka_run_group_tests_name("client.queue_killed", tests, NULL, NULL);
}
