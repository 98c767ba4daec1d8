/* A queue, one step at a time: deadlines, and what is asked of the system. */
#include "atomics.h"
#include "queue_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void waiting_ends_at_the_deadline(void **state)
{
    uint64_t number = 0;
    uint32_t length;
    (void)state;
    begin(2, 8, 0);
    sync_deadline before = sync_now();
    assert_int_equal(shmb_q_receive(&receiver->queue, &number, 8, &length, sync_deadline_in(30)),
                     SHMB_TIMED_OUT);
    assert_in_range(sync_now() - before, 30000000, 5000000000);
    must_send(1);
    must_send(2);
    before = sync_now();
    assert_int_equal(shmb_q_send(&sender->queue, &number, 8, sync_deadline_in(30)), SHMB_TIMED_OUT);
    assert_in_range(sync_now() - before, 30000000, 5000000000);
    /* Nobody sleeps any more: nobody is woken. */
    uint64_t wakes = threads_count().wakes;
    must_receive(1);
    must_send(3);
    assert_int_equal(threads_count().wakes, wakes);
    end();
}

static void a_flow_without_waiting_asks_the_system_nothing(void **state)
{
    (void)state;
    begin(16, 8, 0);
    uint64_t number;
    must_send(0);
    assert_int_equal(receive_number(sender, &number), SHMB_OK);
    uint64_t calls = threads_count().calls;
    for (uint64_t i = 0; i < 1000; i++) {
        for (uint64_t j = 0; j < 16; j++)
            must_send(i);
        for (uint64_t j = 0; j < 16; j++)
            assert_int_equal(receive_number(sender, &number), SHMB_OK);
    }
    assert_int_equal(threads_count().calls, calls);
    assert_int_equal(sender->queue.send.counts.system_calls, 0);
    end();
}

static void what_the_system_refuses_is_said(void **state)
{
    uint64_t number = 0;
    uint32_t length;
    (void)state;
    begin(2, 8, 0);
    threads_fail(1);
    assert_int_equal(send_number(sender, 1), SHMB_SYSTEM_ERROR);
    must_send(1);
    must_receive(1);
    threads_fail(1);
    assert_int_equal(shmb_q_receive(&receiver->queue, &number, 8, &length, sync_deadline_in(1000)),
                     SHMB_SYSTEM_ERROR);
    threads_fail(0);
    must_send(2);
    must_receive(2);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting_ends_at_the_deadline),
        cmocka_unit_test(a_flow_without_waiting_asks_the_system_nothing),
        cmocka_unit_test(what_the_system_refuses_is_said),
    };
    return cmocka_run_group_tests_name("client.queue_wait", tests, NULL, NULL);
}
