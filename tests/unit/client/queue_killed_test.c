/*
 * A program is killed at each of its accesses to a queue in turn: what the others find then, and that whoever slept has
 * been woken or watches the dead one.
 */
#include "hook/stop_at.h"
#include "queue_played.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef void killed_work(void *context);

static bool kill_at(uint64_t step, killed_work *work, uint32_t *context)
{
    bool killed = stop_at(step, work, context);
    if (killed)
        played.known[VICTIM].over = true;
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
            played_begin(firsts[i]);
            assert_int_equal(played_send(OTHER, 1, SYNC_NEVER), SHMB_OK);
            killed = kill_at(step, work, &own);
            while (played_send(OTHER, 2, SYNC_NEVER) != SHMB_OK)
                assert_int_equal(played_receive(THIRD, &numbers[0], SYNC_NEVER), SHMB_OK);
            uint32_t taken = numbers[0] != 0;
            uint32_t count = taken + played_receive_all(THIRD, &numbers[taken]);
            assert_in_range(count, killed ? 2 : 2 + most, 2 + most);
            assert_int_equal(numbers[0], 1);
            for (uint32_t j = 1; j + 1 < count; j++)
                assert_int_equal(numbers[j], 50 + j - 1);
            assert_int_equal(numbers[count - 1], 2);
            played_must_work(OTHER);
        }
    }
}

static void a_sender_killed_anywhere_costs_at_most_his_message(void **state)
{
    (void)state;
    kill_a_sender(played_sends_one, 1);
    kill_a_sender(played_sends_in_place, 1);
    kill_a_sender(played_cancels_one, 0);
}

static void a_sender_of_many_killed_anywhere_has_sent_the_first_ones(void **state)
{
    (void)state;
    bool killed = true;
    for (uint64_t step = 0; killed; step++) {
        uint32_t numbers[2 * MESSAGES] = {0}, own = 50;
        played_begin(0);
        killed = kill_at(step, played_sends_three, &own);
        uint32_t count = played_receive_all(THIRD, numbers);
        assert_in_range(count, killed ? 0 : 3, 3);
        for (uint32_t j = 0; j < count; j++)
            assert_int_equal(numbers[j], 50 + j);
        played_must_work(OTHER);
    }
}

static void kill_a_receiver(killed_work *work, uint32_t most)
{
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        bool killed = true;
        for (uint64_t step = 0; killed; step++) {
            uint32_t numbers[2 * MESSAGES] = {0}, own = 0;
            played_begin(firsts[i]);
            for (uint32_t j = 0; j < MESSAGES; j++)
                assert_int_equal(played_send(OTHER, 1 + j, SYNC_NEVER), SHMB_OK);
            killed = kill_at(step, work, &own);
            uint32_t count = played_receive_all(THIRD, numbers);
            assert_in_range(count, MESSAGES - most, killed ? MESSAGES : MESSAGES - most);
            for (uint32_t j = 0; j < count; j++)
                assert_int_equal(numbers[j], MESSAGES - count + 1 + j);
            played_must_work(OTHER);
        }
    }
}

static void a_receiver_killed_anywhere_costs_at_most_what_he_took(void **state)
{
    (void)state;
    kill_a_receiver(played_receives_one, 1);
    kill_a_receiver(played_receives_in_place, 1);
    kill_a_receiver(played_receives_three, 3);
}

/* A whole queue that the living one has to get past. */
static void one_after_the_other_may_be_killed(void **state)
{
    (void)state;
    for (uint64_t step = 0; step < 40; step++) {
        played_begin(0);
        for (uint32_t i = 0; i < 3 * MESSAGES; i++) {
            uint32_t own = 50, number;
            kill_at(step, i % 2 == 0 ? played_sends_one : played_receives_one, &own);
            played.known[VICTIM] = (struct sync_lives){4000 + 4 * (step * 100 + i), false};
            const queue_parts parts = {played.shared.bytes, MESSAGES,      32,
                                       &played.room,        &played.ready, &played.known[VICTIM]};
            shmb_q_begin(&played.programs[VICTIM], &parts);
            assert_int_equal(played_send(OTHER, 1, SYNC_NEVER), SHMB_OK);
            do
                assert_int_equal(played_receive(OTHER, &number, SYNC_NEVER), SHMB_OK);
            while (number != 1);
        }
        played_must_work(OTHER);
    }
}

/* ---- Sleepers -------------------------------------------------------------------------------------- */

static void a_sender_who_sleeps_looks_again_by_himself(void **state)
{
    uint32_t number;
    (void)state;
    played_begin(0);
    for (uint32_t i = 0; i < MESSAGES; i++)
        assert_int_equal(played_send(OTHER, i, SYNC_NEVER), SHMB_OK);
    assert_int_equal(played_send(OTHER, 9, SYNC_NEVER), SHMB_SYSTEM_ERROR);
    assert_true(played.looks_again);
    for (uint32_t i = 0; i < MESSAGES; i++)
        assert_int_equal(played_receive(OTHER, &number, SYNC_NEVER), SHMB_OK);
    assert_int_equal(played_receive(OTHER, &number, SYNC_NEVER), SHMB_SYSTEM_ERROR);
    assert_false(played.looks_again);
}

/* A receiver sleeps, for nobody in particular. When the killed one's message can be received he has been woken; else it
   would lie there until somebody else sends. */
static void sleep_while_a_sender_is_killed(killed_work *work)
{
    bool killed = true;
    for (uint64_t step = 0; killed; step++) {
        uint32_t number, own = 50;
        played_begin(0);
        played.shared.header.ready = QUEUE_MARK_COUNT | QUEUE_MARK_SLEEPS;
        killed = kill_at(step, work, &own);
        bool woken = played.ready.woken;
        bool there = played_receive(THIRD, &number, SYNC_NEVER) == SHMB_OK;
        assert_true(woken || !there);
        /* Nor is the next one's message slept through. */
        played_begin(0);
        played.shared.header.ready = QUEUE_MARK_COUNT | QUEUE_MARK_SLEEPS;
        played.known[VICTIM].over = false;
        kill_at(step, work, &own);
        woken = played.ready.woken;
        played.ready.woken = false;
        assert_int_equal(played_send(OTHER, 2, SYNC_NEVER), SHMB_OK);
        assert_true(woken || played.ready.woken);
    }
}

static void a_sleeping_receiver_is_woken_wherever_the_sender_is_killed(void **state)
{
    (void)state;
    sleep_while_a_sender_is_killed(played_sends_one);
    sleep_while_a_sender_is_killed(played_sends_in_place);
    sleep_while_a_sender_is_killed(played_sends_three);
}

static void sleep_while_a_receiver_is_killed(killed_work *work)
{
    bool killed = true;
    for (uint64_t step = 0; killed; step++) {
        uint32_t own = 0;
        played_begin(0);
        for (uint32_t j = 0; j < MESSAGES; j++)
            assert_int_equal(played_send(OTHER, 1 + j, SYNC_NEVER), SHMB_OK);
        played.shared.header.room = QUEUE_MARK_COUNT | QUEUE_MARK_SLEEPS;
        killed = kill_at(step, work, &own);
        bool woken = played.room.woken;
        uint32_t found = queue_word_state(played_slot(0)->word);
        if (!woken && found != QUEUE_FULL) {
            /* Between what makes room, now or soon, and the wake-up alone: he finds out by himself, and the next one who
               receives wakes him. */
            assert_int_equal(played_receive(THIRD, &own, SYNC_NEVER), SHMB_OK);
            assert_true(played.room.woken);
        }
    }
}

static void a_sleeping_sender_is_woken_wherever_the_receiver_is_killed(void **state)
{
    (void)state;
    sleep_while_a_receiver_is_killed(played_receives_one);
    sleep_while_a_receiver_is_killed(played_receives_in_place);
    sleep_while_a_receiver_is_killed(played_receives_three);
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
