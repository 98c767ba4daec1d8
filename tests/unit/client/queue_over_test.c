/* A queue, one step at a time: what becomes of messages whose holder is over, and of the numbers of members. */
#include "atomics.h"
#include "queue_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_dead_senders_claim_is_passed_over(void **state)
{
    queue_message message;
    uint64_t number;
    uint32_t length;
    (void)state;
    begin(4, 8, 0);
    queue_program *dead = program_attach(&region);
    assert_int_equal(shmb_q_claim(&dead->queue, 8, SYNC_AT_ONCE, &message), SHMB_OK);
    must_send(2);
    program_kill(dead);
    /* Who waits finds out at once, */
    assert_int_equal(shmb_q_receive(&receiver->queue, &number, 8, &length, sync_deadline_in(10000)), SHMB_OK);
    assert_int_equal(number, 2);
    assert_int_equal(receiver->queue.receive.counts.skipped, 1);
    end();
}

static void await_ms(uint32_t milliseconds)
{
    sync_deadline deadline = sync_deadline_in(milliseconds);
    while (!sync_deadline_passed(deadline))
        shmb_pause();
}

static void who_only_tries_gets_past_a_dead_sender_too(void **state)
{
    queue_message message;
    uint64_t number;
    (void)state;
    begin(4, 8, 0);
    queue_program *dead = program_attach(&region);
    assert_int_equal(shmb_q_claim(&dead->queue, 8, SYNC_AT_ONCE, &message), SHMB_OK);
    must_send(2);
    must_be_empty();
    uint64_t calls = threads_count().calls;
    for (int i = 0; i < 10; i++)
        must_be_empty();
    assert_in_range(threads_count().calls - calls, 0, 1); /* not asked each time */
    program_kill(dead);
    await_ms(2);
    assert_int_equal(receive_number(receiver, &number), SHMB_OK);
    assert_int_equal(number, 2);
    end();
}

static void a_dead_receivers_message_is_lost_and_its_place_free(void **state)
{
    queue_message taken;
    (void)state;
    begin(2, 8, 0);
    must_send(1);
    must_send(2);
    queue_program *dead = program_attach(&region);
    assert_int_equal(shmb_q_take(&dead->queue, SYNC_AT_ONCE, &taken), SHMB_OK);
    must_receive(2);
    assert_int_equal(send_number(sender, 3), SHMB_TIMED_OUT);
    program_kill(dead);
    const uint64_t three = 3;
    assert_int_equal(shmb_q_send(&sender->queue, &three, 8, sync_deadline_in(10000)), SHMB_OK);
    must_receive(3);
    must_be_empty();
    end();
}

/* Without any receiver. */
static void senders_get_past_dead_senders_in_a_full_queue(void **state)
{
    queue_message message;
    (void)state;
    begin(4, 8, 0);
    for (uint64_t i = 0; i < 40; i++) {
        queue_program *dead = program_attach(&region);
        assert_int_equal(shmb_q_claim(&dead->queue, 8, sync_deadline_in(10000), &message), SHMB_OK);
        program_kill(dead);
    }
    for (uint64_t i = 0; i < 4; i++)
        assert_int_equal(shmb_q_send(&sender->queue, &i, 8, sync_deadline_in(10000)), SHMB_OK);
    for (uint64_t i = 0; i < 4; i++)
        must_receive(i);
    must_be_empty();
    end();
}

static void numbers_of_the_dead_are_given_again(void **state)
{
    queue_message held;
    (void)state;
    begin(8, 8, 0);
    queue_program *first = program_attach(&region);
    must_send(1);
    must_receive(1);
    assert_int_equal(shmb_q_claim(&first->queue, 8, SYNC_AT_ONCE, &held), SHMB_OK);
    must_send(2);
    program_kill(first);
    for (uint32_t i = 0; i < 2 * QUEUE_MEMBERS; i++) {
        queue_program *other = program_attach(&region);
        uint64_t number = 10 + i, got = 0;
        uint32_t length;
        assert_int_equal(shmb_q_send(&other->queue, &number, 8, SYNC_AT_ONCE), SHMB_OK);
        do
            assert_int_equal(shmb_q_receive(&other->queue, &got, 8, &length, sync_deadline_in(10000)),
                             SHMB_OK);
        while (got == 2);
        assert_int_equal(got, number);
        program_kill(other);
    }
    must_be_empty();
    end();
}

/* Whoever meets the number in a slot's word afterwards would take the living for its owner. */
static void what_the_dead_held_is_released_before_their_number_is_given_again(void **state)
{
    queue_message message;
    uint64_t number;
    (void)state;
    begin(8, 8, 0);
    queue_program *dead = program_attach(&region);
    queue_program **others = calloc(QUEUE_MEMBERS, sizeof(queue_program *));
    if (others == NULL)
        abort();
    assert_int_equal(shmb_q_claim(&dead->queue, 8, SYNC_AT_ONCE, &message), SHMB_OK);
    must_send(2);
    program_kill(dead);
    for (uint32_t i = 0; i < QUEUE_MEMBERS - 2; i++) {
        others[i] = program_attach(&region);
        assert_int_equal(receive_number(others[i], &number), SHMB_TIMED_OUT);
    }
    must_receive(2); /* with the number of the dead one, the last there was */
    for (uint32_t i = 0; i < QUEUE_MEMBERS - 2; i++)
        program_detach(others[i]);
    free(others);
    end();
}

static void when_all_numbers_belong_to_the_living_that_is_said(void **state)
{
    (void)state;
    begin(8, 8, 0);
    queue_program **others = calloc(QUEUE_MEMBERS, sizeof(queue_program *));
    if (others == NULL)
        abort();
    for (uint32_t i = 0; i < QUEUE_MEMBERS; i++) {
        others[i] = program_attach(&region);
        assert_int_equal(send_number(others[i], i), SHMB_OK);
        uint64_t number;
        assert_int_equal(receive_number(others[i], &number), SHMB_OK);
    }
    assert_int_equal(send_number(sender, 1), SHMB_BUSY);
    program_detach(others[0]);
    must_send(1);
    for (uint32_t i = 1; i < QUEUE_MEMBERS; i++)
        program_detach(others[i]);
    free(others);
    must_receive(1);
    end();
}

static void who_detaches_leaves_no_member(void **state)
{
    (void)state;
    begin(8, 8, 0);
    must_send(1);
    must_receive(1);
    program_detach(sender);
    program_detach(receiver);
    for (uint32_t i = 0; i < QUEUE_MEMBERS; i++)
        assert_int_equal(header_of(&region)->members[i], 0);
    region_free(&region);
}

static void what_a_detached_program_still_holds_goes_on(void **state)
{
    queue_message message;
    uint64_t number;
    uint32_t length;
    (void)state;
    begin(8, 8, 0);
    queue_program *other = program_attach(&region);
    assert_int_equal(shmb_q_claim(&other->queue, 8, SYNC_AT_ONCE, &message), SHMB_OK);
    must_send(2);
    program_detach(other);
    assert_int_equal(shmb_q_receive(&receiver->queue, &number, 8, &length, sync_deadline_in(10000)), SHMB_OK);
    assert_int_equal(number, 2);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dead_senders_claim_is_passed_over),
        cmocka_unit_test(who_only_tries_gets_past_a_dead_sender_too),
        cmocka_unit_test(a_dead_receivers_message_is_lost_and_its_place_free),
        cmocka_unit_test(senders_get_past_dead_senders_in_a_full_queue),
        cmocka_unit_test(numbers_of_the_dead_are_given_again),
        cmocka_unit_test(what_the_dead_held_is_released_before_their_number_is_given_again),
        cmocka_unit_test(when_all_numbers_belong_to_the_living_that_is_said),
        cmocka_unit_test(who_detaches_leaves_no_member),
        cmocka_unit_test(what_a_detached_program_still_holds_goes_on),
    };
    return cmocka_run_group_tests_name("client.queue_over", tests, NULL, NULL);
}
