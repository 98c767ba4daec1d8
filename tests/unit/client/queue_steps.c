/* See queue_steps.h. */
#include "queue_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

queue_region region;
queue_program *sender, *receiver;

void begin(uint32_t messages, uint32_t message_size, uint64_t first)
{
    region_make(&region, messages, message_size, first);
    sender = program_attach(&region);
    receiver = program_attach(&region);
}

void end(void)
{
    program_detach(sender);
    program_detach(receiver);
    region_free(&region);
}

shmb_status send_number(queue_program *program, uint64_t number)
{
    return shmb_q_send(&program->queue, &number, sizeof number, SYNC_AT_ONCE);
}

void must_send(uint64_t number)
{
    assert_int_equal(send_number(sender, number), SHMB_OK);
}

shmb_status receive_number(queue_program *program, uint64_t *number)
{
    uint32_t length = 0;
    *number = 0;
    return shmb_q_receive(&program->queue, number, sizeof *number, &length, SYNC_AT_ONCE);
}

void must_receive(uint64_t expected)
{
    uint64_t number;
    assert_int_equal(receive_number(receiver, &number), SHMB_OK);
    assert_int_equal(number, expected);
}

void must_be_empty(void)
{
    uint64_t number;
    assert_int_equal(receive_number(receiver, &number), SHMB_TIMED_OUT);
}
