/* A queue, one step at a time: what is sent is received, in order and whole, copied and in place, one and many. */
#include "atomics.h"
#include "queue_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_new_region_is_an_empty_queue(void **state)
{
    (void)state;
    begin(4, 8, 0);
    must_be_empty();
    assert_int_equal(shmb_q_length(&receiver->queue), 0);
    end();
}

static void messages_come_in_the_order_they_were_sent(void **state)
{
    (void)state;
    for (uint32_t messages = 2; messages <= 128; messages *= 2) {
        begin(messages, 8, 0);
        for (uint64_t round = 0; round < 5; round++) {
            for (uint64_t i = 0; i < messages; i++)
                must_send(1 + i);
            assert_int_equal(send_number(sender, 99), SHMB_TIMED_OUT);
            for (uint64_t i = 0; i < messages; i++)
                must_receive(1 + i);
            must_be_empty();
        }
        end();
    }
}

static void messages_have_their_own_lengths(void **state)
{
    uint8_t out[300], in[300];
    uint32_t length;
    (void)state;
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (uint8_t)(i * 7);
    begin(8, 300, 0);
    for (uint32_t size = 0; size <= 300; size++) {
        assert_int_equal(shmb_q_send(&sender->queue, out, size, SYNC_AT_ONCE), SHMB_OK);
        memset(in, 0xEE, sizeof in);
        assert_int_equal(shmb_q_receive(&receiver->queue, in, sizeof in, &length, SYNC_AT_ONCE), SHMB_OK);
        assert_int_equal(length, size);
        assert_memory_equal(in, out, size);
        for (size_t i = size; i < sizeof in; i++)
            assert_int_equal(in[i], 0xEE);
    }
    assert_int_equal(shmb_q_send(&sender->queue, out, 301, SYNC_AT_ONCE), SHMB_TOO_LARGE);
    end();
}

static void a_message_too_large_for_the_buffer_stays(void **state)
{
    uint8_t in[8];
    uint32_t length;
    (void)state;
    begin(4, 100, 0);
    assert_int_equal(shmb_q_send(&sender->queue, "0123456789", 10, SYNC_AT_ONCE), SHMB_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(shmb_q_receive(&receiver->queue, in, sizeof in, &length, SYNC_AT_ONCE),
                         SHMB_TOO_SMALL);
        assert_int_equal(length, 10);
    }
    uint8_t large[10];
    assert_int_equal(shmb_q_receive(&receiver->queue, large, sizeof large, &length, SYNC_AT_ONCE), SHMB_OK);
    assert_memory_equal(large, "0123456789", 10);
    end();
}

static void positions_come_round(void **state)
{
    (void)state;
    for (uint32_t messages = 2; messages <= 8; messages *= 2) {
        begin(messages, 8, QUEUE_POSITIONS - 2 * (uint64_t)messages);
        for (uint64_t i = 0; i < 10 * (uint64_t)messages; i++) {
            must_send(2 * i);
            must_send(2 * i + 1);
            assert_int_equal(shmb_q_length(&sender->queue) <= messages, 1);
            must_receive(2 * i);
            must_receive(2 * i + 1);
            must_be_empty();
        }
        /* Who comes later starts behind. */
        queue_program *late = program_attach(&region);
        assert_int_equal(send_number(late, 7), SHMB_OK);
        must_receive(7);
        program_detach(late);
        end();
    }
}

static void distances_are_right_where_positions_come_round(void **state)
{
    (void)state;
    assert_int_equal(queue_ahead(5, 3), 2);
    assert_int_equal(queue_ahead(3, 5), -2);
    assert_int_equal(queue_ahead(1, QUEUE_POSITIONS - 1), 2);
    assert_int_equal(queue_ahead(QUEUE_POSITIONS - 1, 1), -2);
    assert_int_equal(queue_ahead(7, 7), 0);
    assert_true(queue_ahead(QUEUE_POSITIONS / 2, 0) < 0);
}

static void messages_are_made_and_read_in_place(void **state)
{
    queue_message message, taken;
    (void)state;
    begin(4, 100, 0);
    assert_int_equal(shmb_q_claim(&sender->queue, 100, SYNC_AT_ONCE, &message), SHMB_OK);
    assert_int_equal(message.length, 100);
    assert_int_equal((uintptr_t)message.bytes % 16, 0);
    assert_int_equal(shmb_q_take(&receiver->queue, SYNC_AT_ONCE, &taken), SHMB_TIMED_OUT);
    assert_int_equal(taken.token, 0);
    memcpy(message.bytes, "in place", 8);
    message.length = 8;
    queue_message again = message;
    assert_int_equal(shmb_q_commit(&sender->queue, &message), SHMB_OK);
    assert_null(message.bytes);
    assert_int_equal(shmb_q_commit(&sender->queue, &message), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_q_commit(&sender->queue, &again), SHMB_NOT_OWNER);
    assert_int_equal(shmb_q_take(&receiver->queue, SYNC_AT_ONCE, &taken), SHMB_OK);
    assert_int_equal(taken.length, 8);
    assert_memory_equal(taken.bytes, "in place", 8);
    again = taken;
    assert_int_equal(shmb_q_commit(&receiver->queue, &taken), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_q_release(&receiver->queue, &taken), SHMB_OK);
    assert_int_equal(shmb_q_release(&receiver->queue, &again), SHMB_NOT_OWNER);
    must_be_empty();
    end();
}

static void a_claim_cannot_be_too_large_nor_grow(void **state)
{
    queue_message message;
    (void)state;
    begin(4, 100, 0);
    assert_int_equal(shmb_q_claim(&sender->queue, 101, SYNC_AT_ONCE, &message), SHMB_TOO_LARGE);
    assert_int_equal(shmb_q_claim(&sender->queue, 1, SYNC_AT_ONCE, &message), SHMB_OK);
    message.length = 101;
    assert_int_equal(shmb_q_commit(&sender->queue, &message), SHMB_TOO_LARGE);
    message.length = 100;
    assert_int_equal(shmb_q_commit(&sender->queue, &message), SHMB_OK);
    end();
}

static void what_is_cancelled_is_passed_over(void **state)
{
    queue_message message;
    (void)state;
    begin(4, 8, 0);
    must_send(1);
    assert_int_equal(shmb_q_claim(&sender->queue, 8, SYNC_AT_ONCE, &message), SHMB_OK);
    must_send(2);
    must_receive(1);
    must_be_empty(); /* 2 waits for its turn */
    assert_int_equal(shmb_q_cancel(&sender->queue, &message), SHMB_OK);
    assert_int_equal(shmb_q_cancel(&sender->queue, &message), SHMB_INVALID_ARGUMENT);
    must_receive(2);
    must_be_empty();
    end();
}

/* Nobody receives, and the queue never gets full of what was given up. */
static void a_queue_of_cancelled_messages_is_empty(void **state)
{
    queue_message message;
    (void)state;
    for (uint32_t messages = 2; messages <= 64; messages *= 2) {
        begin(messages, 8, 0);
        for (uint32_t i = 0; i < 20 * messages; i++) {
            assert_int_equal(shmb_q_claim(&sender->queue, 8, SYNC_AT_ONCE, &message), SHMB_OK);
            assert_int_equal(shmb_q_cancel(&sender->queue, &message), SHMB_OK);
        }
        for (uint64_t i = 0; i < messages; i++)
            must_send(i);
        assert_int_equal(send_number(sender, 0), SHMB_TIMED_OUT);
        for (uint64_t i = 0; i < messages; i++)
            must_receive(i);
        must_be_empty();
        end();
    }
}

static void a_taken_message_keeps_its_place_until_released(void **state)
{
    queue_message taken[2];
    (void)state;
    begin(2, 8, 0);
    must_send(1);
    must_send(2);
    assert_int_equal(shmb_q_take(&receiver->queue, SYNC_AT_ONCE, &taken[0]), SHMB_OK);
    assert_int_equal(shmb_q_take(&receiver->queue, SYNC_AT_ONCE, &taken[1]), SHMB_OK);
    must_be_empty();
    assert_int_equal(send_number(sender, 3), SHMB_TIMED_OUT);
    assert_int_equal(shmb_q_release(&receiver->queue, &taken[1]), SHMB_OK);
    assert_int_equal(send_number(sender, 3), SHMB_TIMED_OUT); /* its slot comes first */
    assert_int_equal(shmb_q_release(&receiver->queue, &taken[0]), SHMB_OK);
    must_send(3);
    must_send(4);
    must_receive(3);
    must_receive(4);
    end();
}

static void many_are_sent_and_received_at_once(void **state)
{
    const uint32_t lengths[5] = {1, 0, 3, 8, 2};
    uint8_t in[64];
    uint32_t got[8], count;
    (void)state;
    begin(4, 8, 0);
    assert_int_equal(shmb_q_send_many(&sender->queue, "abcdefghijklmn", lengths, 5, SYNC_AT_ONCE, &count),
                     SHMB_TIMED_OUT);
    assert_int_equal(count, 4);
    assert_int_equal(shmb_q_receive_many(&receiver->queue, in, sizeof in, got, 8, SYNC_AT_ONCE, &count),
                     SHMB_OK);
    assert_int_equal(count, 4);
    assert_memory_equal(got, lengths, 4 * sizeof got[0]);
    assert_memory_equal(in, "abcdefghijkl", 12);
    assert_int_equal(shmb_q_receive_many(&receiver->queue, in, sizeof in, got, 8, SYNC_AT_ONCE, &count),
                     SHMB_TIMED_OUT);
    assert_int_equal(count, 0);
    end();
}

static void many_are_received_as_far_as_the_buffer_holds_them(void **state)
{
    const uint32_t lengths[4] = {4, 4, 8, 1};
    uint8_t in[16];
    uint32_t got[4], count;
    (void)state;
    begin(8, 8, 0);
    assert_int_equal(shmb_q_send_many(&sender->queue, "aaaabbbbccccccccd", lengths, 4, SYNC_AT_ONCE, &count),
                     SHMB_OK);
    assert_int_equal(count, 4);
    assert_int_equal(shmb_q_receive_many(&receiver->queue, in, 3, got, 4, SYNC_AT_ONCE, &count),
                     SHMB_TOO_SMALL);
    assert_int_equal(got[0], 4);
    assert_int_equal(count, 0);
    assert_int_equal(shmb_q_receive_many(&receiver->queue, in, 15, got, 4, SYNC_AT_ONCE, &count), SHMB_OK);
    assert_int_equal(count, 2);
    assert_int_equal(shmb_q_receive_many(&receiver->queue, in, 16, got, 1, SYNC_AT_ONCE, &count), SHMB_OK);
    assert_int_equal(count, 1);
    assert_memory_equal(in, "cccccccc", 8);
    assert_int_equal(shmb_q_receive_many(&receiver->queue, in, 16, got, 4, SYNC_AT_ONCE, &count), SHMB_OK);
    assert_int_equal(in[0], 'd');
    end();
}

static void none_of_many_is_sent_when_one_is_too_large(void **state)
{
    const uint32_t lengths[2] = {1, 9};
    uint32_t count;
    (void)state;
    begin(8, 8, 0);
    assert_int_equal(shmb_q_send_many(&sender->queue, "0123456789", lengths, 2, SYNC_AT_ONCE, &count),
                     SHMB_TOO_LARGE);
    assert_int_equal(count, 0);
    must_be_empty();
    assert_int_equal(shmb_q_send_many(&sender->queue, "", lengths, 0, SYNC_AT_ONCE, &count), SHMB_OK);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_region_is_an_empty_queue),
        cmocka_unit_test(messages_come_in_the_order_they_were_sent),
        cmocka_unit_test(messages_have_their_own_lengths),
        cmocka_unit_test(a_message_too_large_for_the_buffer_stays),
        cmocka_unit_test(positions_come_round),
        cmocka_unit_test(distances_are_right_where_positions_come_round),
        cmocka_unit_test(messages_are_made_and_read_in_place),
        cmocka_unit_test(a_claim_cannot_be_too_large_nor_grow),
        cmocka_unit_test(what_is_cancelled_is_passed_over),
        cmocka_unit_test(a_queue_of_cancelled_messages_is_empty),
        cmocka_unit_test(a_taken_message_keeps_its_place_until_released),
        cmocka_unit_test(many_are_sent_and_received_at_once),
        cmocka_unit_test(many_are_received_as_far_as_the_buffer_holds_them),
        cmocka_unit_test(none_of_many_is_sent_when_one_is_too_large),
    };
    return cmocka_run_group_tests_name("client.queue", tests, NULL, NULL);
}
