/* A stream's producer killed before each of its accesses: it takes at most its own message with it, readers see whole
   messages all the while and count what they missed right, and the next producer goes on. And readers that the producer
   overtakes in the middle of a copy. */
#include "kinds/stream.h"

#include "atomics.h"
#include "hook/stop_at.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define LARGEST  200u
#define MESSAGES 4ull

static stream_region region;
static uint64_t finished; /* messages before the one that is not */

static void bytes_of(uint64_t number, uint8_t bytes[LARGEST])
{
    for (uint64_t i = 0; i < LARGEST; i++)
        bytes[i] = (uint8_t)(number * 31 + i);
}

/* Each message of these producers has the number of messages before it. */
static void produce(uint64_t number)
{
    uint8_t bytes[LARGEST];
    uint64_t position = stream_take_over(&region);
    bytes_of(number, bytes);
    shmb_copy_racing(stream_begin(&region, position), bytes, LARGEST);
    stream_finish(&region, position, LARGEST);
}

static void produce_next(void *context)
{
    (void)context;
    produce(finished);
}

/* Reads to the end. Every message is whole, and is the one that its place says; returns how many came by. */
static uint64_t read_to_the_end(uint64_t cursor)
{
    uint8_t found[LARGEST], wanted[LARGEST];
    uint64_t size, missed, number = cursor / 2;
    corruption what;
    shmb_status status;
    while ((status = stream_read(&region, &cursor, found, sizeof found, &size, &missed, &what)) == SHMB_OK) {
        number += missed;
        bytes_of(number, wanted);
        assert_memory_equal(found, wanted, LARGEST);
        number++;
        assert_int_equal(number, cursor / 2);
    }
    assert_int_equal(status, SHMB_TIMED_OUT);
    const uint64_t *word;
    uint64_t seen;
    assert_int_equal(stream_expect(&region, cursor, &word, &seen, &what), SHMB_TIMED_OUT);
    return number;
}

static void look(void *context)
{
    (void)context;
    for (uint64_t cursor = 0; cursor <= 2 * finished; cursor += 2) {
        uint64_t number = read_to_the_end(cursor);
        assert_in_range(number, finished, finished + 1);
    }
    assert_in_range(stream_newest(&region), 2 * finished, 2 * finished + 2);
    read_to_the_end(stream_oldest(&region));
}

static uint8_t *start(uint64_t messages)
{
    const shmb_geometry geometry = {SHMB_KIND_STREAM, MESSAGES, LARGEST};
    uint8_t *bytes = calloc(1, (size_t)shmb_geometry_bytes(&geometry));
    assert_non_null(bytes);
    if (bytes == NULL)
        abort();
    stream_init(&region, bytes, &geometry);
    for (finished = 0; finished < messages; finished++)
        produce_next(NULL);
    return bytes;
}

static void a_killed_producer_loses_at_most_the_message_it_was_at(void **state)
{
    (void)state;
    uint64_t lost = 0, kept = 0;
    for (uint64_t messages = 0; messages <= 2 * MESSAGES + 1; messages++) {
        uint64_t n = 0;
        bool killed;
        do {
            uint8_t *bytes = start(messages);
            stop_watch(look, NULL);
            killed = stop_at(n++, produce_next, NULL);
            stop_watch(NULL, NULL);
            look(NULL);
            uint64_t there = read_to_the_end(2 * messages);
            lost += there == messages;
            kept += there > messages;
            produce(there); /* the next producer */
            assert_int_equal(read_to_the_end(2 * messages), there + 1);
            assert_int_equal(read_to_the_end(0), there + 1);
            free(bytes);
        } while (killed);
    }
    assert_true(lost > 0);
    assert_true(kept > 2 * MESSAGES +
                           2); /* more than those who were not killed: some were after they had finished */
}

/* What happens in the middle of a reader's copy: so many messages are written, and one more up to the producer's end. */
static uint64_t to_write, to_die_at;

static void overtake(void *context)
{
    (void)context;
    for (; to_write > 0; to_write--, finished++)
        produce_next(NULL);
    stop_at(to_die_at, produce_next, NULL);
    to_die_at = 0;
}

static void a_reader_that_is_overtaken_reads_whole_messages_and_counts_the_others(void **state)
{
    (void)state;
    for (uint64_t writes = 0; writes <= 3 * MESSAGES; writes++) {
        for (uint64_t n = 0; n < 8; n++) {
            for (uint64_t behind = 1; behind <= 2 * MESSAGES; behind++) {
                uint8_t *bytes = start(2 * MESSAGES);
                to_write = writes;
                to_die_at = n;
                stop_watch(overtake, NULL);
                uint64_t number = read_to_the_end(2 * (2 * MESSAGES - behind));
                stop_watch(NULL, NULL);
                assert_int_equal(to_write, 0);
                assert_in_range(number, finished, finished + 1);
                free(bytes);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_producer_loses_at_most_the_message_it_was_at),
        cmocka_unit_test(a_reader_that_is_overtaken_reads_whole_messages_and_counts_the_others),
    };
    return cmocka_run_group_tests_name("a stream's producer killed at every access", tests, NULL, NULL);
}
