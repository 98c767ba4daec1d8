/* Messages of one producer, one thread at a time: each reader gets each message or is told that he missed it, and nothing
   that can stand in the region's words leads a reader or a producer astray. */
#include "stream.h"

#include "atomics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define LARGEST 100u

static stream_region region;
static uint8_t *bytes;
static uint64_t producer; /* position of the next message */

/* Exactly the region's bytes, so that AddressSanitizer sees who leaves them. */
static void begin(uint32_t messages)
{
    const shmb_geometry geometry = {SHMB_KIND_STREAM, messages, LARGEST};
    free(bytes);
    bytes = calloc(1, (size_t)shmb_geometry_bytes(&geometry));
    assert_non_null(bytes);
    if (bytes == NULL)
        abort();
    shmb_geometry_format(bytes, &geometry);
    stream_init(&region, bytes, &geometry);
    producer = stream_take_over(&region);
}

static int end(void **state)
{
    (void)state;
    free(bytes);
    bytes = NULL;
    return 0;
}

/* Each message has its number, and as many bytes as that says. */
static uint64_t size_of(uint64_t number)
{
    return 8 + number % (LARGEST - 8 + 1);
}

static void publish(uint64_t number)
{
    uint8_t *to = stream_begin(&region, producer);
    memset(to, (int)(number & 0xFF), (size_t)size_of(number));
    memcpy(to, &number, sizeof number);
    producer = stream_finish(&region, producer, size_of(number));
}

static void publish_range(uint64_t first, uint64_t end_of_range)
{
    for (uint64_t number = first; number < end_of_range; number++)
        publish(number);
}

static shmb_status read_next(uint64_t *cursor, uint64_t *number, uint64_t *missed)
{
    uint8_t buffer[LARGEST];
    uint64_t size;
    corruption what = {0};
    *number = UINT64_MAX;
    shmb_status status = stream_read(&region, cursor, buffer, sizeof buffer, &size, missed, &what);
    if (status == SHMB_OK) {
        memcpy(number, buffer, sizeof *number);
        assert_int_equal(size, size_of(*number));
        for (uint64_t i = 8; i < size; i++)
            assert_int_equal(buffer[i], *number & 0xFF);
    }
    return status;
}

static void assert_reads(uint64_t *cursor, uint64_t wanted, uint64_t wanted_missed)
{
    uint64_t number, missed;
    assert_int_equal(read_next(cursor, &number, &missed), SHMB_OK);
    assert_int_equal(number, wanted);
    assert_int_equal(missed, wanted_missed);
}

static void assert_nothing_there(uint64_t *cursor)
{
    uint64_t number, missed;
    assert_int_equal(read_next(cursor, &number, &missed), SHMB_TIMED_OUT);
    assert_int_equal(missed, 0);
}

static void each_message_is_read_once_and_in_order(void **state)
{
    (void)state;
    begin(8);
    uint64_t cursor = stream_newest(&region);
    assert_nothing_there(&cursor);
    for (uint64_t number = 0; number < 100; number++) {
        publish(number);
        assert_reads(&cursor, number, 0);
        assert_nothing_there(&cursor);
    }
}

static void two_readers_do_not_disturb_each_other(void **state)
{
    (void)state;
    begin(8);
    uint64_t one = stream_newest(&region), other = one;
    publish_range(0, 5);
    for (uint64_t number = 0; number < 5; number++)
        assert_reads(&one, number, 0);
    assert_reads(&other, 0, 0);
    publish(5);
    assert_reads(&one, 5, 0);
    assert_reads(&other, 1, 0);
}

static void a_reader_that_fell_behind_is_told_how_many_it_missed(void **state)
{
    (void)state;
    for (uint32_t messages = 2; messages <= 64; messages *= 2) {
        for (uint64_t behind = 0; behind < 3ull * messages; behind++) {
            begin(messages);
            uint64_t cursor = stream_newest(&region), seen = 0, missed_of_all = 0, number, missed;
            publish_range(0, behind);
            while (read_next(&cursor, &number, &missed) == SHMB_OK) {
                missed_of_all += missed;
                assert_int_equal(number, seen + missed_of_all);
                seen++;
            }
            assert_int_equal(seen + missed_of_all, behind);
            assert_true(behind > messages || missed_of_all == 0);
            assert_true(behind <= messages || seen == messages - 1);
        }
    }
}

static void joining_late_begins_with_the_oldest_or_with_what_comes(void **state)
{
    (void)state;
    begin(8);
    uint64_t cursor = stream_oldest(&region);
    assert_int_equal(cursor, 0);
    publish_range(0, 3);
    cursor = stream_oldest(&region);
    assert_reads(&cursor, 0, 0);
    publish_range(3, 100);
    cursor = stream_oldest(&region);
    assert_reads(&cursor, 93, 0); /* message 100 may be written where 92 is */
    cursor = stream_newest(&region);
    assert_nothing_there(&cursor);
    publish(100);
    assert_reads(&cursor, 100, 0);
}

static void a_buffer_that_is_too_small_loses_nothing(void **state)
{
    (void)state;
    begin(4);
    uint64_t cursor = stream_newest(&region), size, missed;
    uint8_t buffer[LARGEST];
    corruption what;
    publish_range(0, 10);
    assert_int_equal(stream_read(&region, &cursor, buffer, 10, &size, &missed, &what), SHMB_TOO_SMALL);
    assert_int_equal(size, size_of(7));
    assert_int_equal(missed, 7);
    assert_reads(&cursor, 7, 0);
}

/* Whatever bytes the producer that was killed left in the slot, and however often that happens. */
static void a_message_that_was_begun_and_not_finished_is_not_seen(void **state)
{
    (void)state;
    begin(4);
    uint64_t cursor = stream_newest(&region);
    publish_range(0, 6);
    memset(stream_begin(&region, producer), 0xEE, LARGEST);
    assert_int_equal(stream_take_over(&region), producer);
    memset(stream_begin(&region, producer), 0xDD, LARGEST);
    producer = stream_take_over(&region);
    assert_reads(&cursor, 3, 3);
    assert_reads(&cursor, 4, 0);
    assert_reads(&cursor, 5, 0);
    assert_nothing_there(&cursor);
    publish(6);
    assert_reads(&cursor, 6, 0);
}

/* Finished, and not yet counted: somebody may have read it. */
static void a_message_that_was_finished_is_not_replaced_by_the_next_producer(void **state)
{
    (void)state;
    begin(4);
    uint64_t cursor = stream_newest(&region);
    publish_range(0, 6);
    shmb_store_relaxed_u64(&region.words->next, producer - 2);
    uint64_t late = stream_newest(&region);
    producer = stream_take_over(&region);
    publish(6);
    assert_reads(&cursor, 4, 4);
    assert_reads(&cursor, 5, 0);
    assert_reads(&cursor, 6, 0);
    assert_reads(&late, 6, 0);
}

static void positions_go_round(void **state)
{
    (void)state;
    begin(8);
    /* As a stream is whose first messages were long ago. */
    producer = (uint64_t)0 - 20;
    shmb_store_relaxed_u64(&region.words->next, producer);
    for (uint64_t i = 0; i < 8; i++) {
        shmb_stream_slot *slot = (shmb_stream_slot *)(void *)(region.slots + i * region.stride);
        uint64_t position = producer - 16 + 2 * ((i - (producer - 16) / 2) & 7);
        shmb_store_relaxed_u64(&slot->word, position + 2);
    }
    uint64_t cursor = stream_newest(&region);
    for (uint64_t number = 0; number < 30; number++) {
        const uint64_t *word;
        uint64_t seen;
        corruption what;
        assert_int_equal(stream_expect(&region, cursor, &word, &seen, &what), SHMB_TIMED_OUT);
        publish(number);
        assert_int_equal(stream_expect(&region, cursor, &word, &seen, &what), SHMB_OK);
        assert_reads(&cursor, number, 0);
    }
    cursor = (uint64_t)0 - 8;
    assert_reads(&cursor, 23, 17);
}

static void a_length_that_cannot_be_is_corruption(void **state)
{
    (void)state;
    begin(4);
    uint64_t cursor = stream_newest(&region), size, missed;
    uint8_t buffer[2 * LARGEST];
    char text[CORRUPTION_TEXT_BYTES];
    corruption what = {0};
    publish(0);
    ((shmb_stream_slot *)(void *)region.slots)->length = LARGEST + 1;
    assert_int_equal(stream_read(&region, &cursor, buffer, sizeof buffer, &size, &missed, &what),
                     SHMB_CORRUPT);
    assert_int_equal(size, 0);
    assert_string_equal(corruption_text(&what, text),
                        "the length of a message, at offset 4104, is 101; at most 100 can be");
}

static void a_word_that_is_ahead_of_the_stream_is_corruption(void **state)
{
    (void)state;
    begin(4);
    uint64_t cursor = stream_newest(&region), number, missed;
    publish_range(0, 2);
    shmb_store_relaxed_u64((uint64_t *)(void *)region.slots, 11);
    assert_int_equal(read_next(&cursor, &number, &missed), SHMB_CORRUPT);
}

static void waiting_for_what_must_have_been_there_is_corruption(void **state)
{
    (void)state;
    begin(4);
    uint64_t cursor = stream_newest(&region), seen;
    const uint64_t *word;
    corruption what;
    assert_int_equal(stream_expect(&region, cursor, &word, &seen, &what), SHMB_TIMED_OUT);
    stream_begin(&region, producer);
    assert_int_equal(stream_expect(&region, cursor, &word, &seen, &what), SHMB_TIMED_OUT);
    assert_int_equal(seen, 1);
    publish(0);
    assert_int_equal(stream_expect(&region, cursor, &word, &seen, &what), SHMB_OK);
    shmb_store_relaxed_u64((uint64_t *)(void *)region.slots, 0);
    assert_int_equal(stream_expect(&region, cursor, &word, &seen, &what), SHMB_CORRUPT);
    assert_int_equal(stream_expect(&region, 800, &word, &seen, &what), SHMB_CORRUPT);
}

/* The message is finished and its producer gone: who has read it waits for the next in peace. */
static void a_reader_may_be_ahead_of_the_count_by_one(void **state)
{
    (void)state;
    begin(4);
    uint64_t cursor = stream_newest(&region), seen;
    const uint64_t *word;
    corruption what;
    publish(0);
    assert_reads(&cursor, 0, 0);
    shmb_store_relaxed_u64(&region.words->next, 0);
    assert_int_equal(stream_expect(&region, cursor, &word, &seen, &what), SHMB_TIMED_OUT);
}

/* Every word of header and first slots with values from everywhere, and cursors from everywhere. */
static void no_words_lead_outside_of_the_region(void **state)
{
    (void)state;
    static const uint64_t values[] = {0,
                                      1,
                                      2,
                                      3,
                                      4,
                                      7,
                                      99,
                                      100,
                                      101,
                                      0x7FFFFFFF,
                                      0xFFFFFFFF,
                                      0x100000000,
                                      INT64_MAX - 3,
                                      INT64_MAX,
                                      1ull << 63,
                                      UINT64_MAX - 3,
                                      UINT64_MAX - 1,
                                      UINT64_MAX};
    enum { VALUES = sizeof values / sizeof values[0] };
    static const size_t places[] = {64, 128, 4096, 4104, 4096 + 128, 4104 + 128};
    begin(4);
    for (size_t p = 0; p < sizeof places / sizeof places[0]; p++) {
        for (size_t v = 0; v < (size_t)VALUES * VALUES; v++) {
            uint8_t buffer[LARGEST];
            uint64_t cursor = values[v / VALUES] & ~(uint64_t)1, size, missed, seen;
            const uint64_t *word;
            corruption what;
            memcpy(bytes + places[p], &values[v % VALUES], 8);
            for (int i = 0; i < 3; i++) {
                stream_read(&region, &cursor, buffer, sizeof buffer, &size, &missed, &what);
                assert_true(size <= LARGEST);
                stream_expect(&region, cursor, &word, &seen, &what);
            }
            cursor = stream_oldest(&region);
            producer = stream_take_over(&region);
            publish(v);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_is_read_once_and_in_order),
        cmocka_unit_test(two_readers_do_not_disturb_each_other),
        cmocka_unit_test(a_reader_that_fell_behind_is_told_how_many_it_missed),
        cmocka_unit_test(joining_late_begins_with_the_oldest_or_with_what_comes),
        cmocka_unit_test(a_buffer_that_is_too_small_loses_nothing),
        cmocka_unit_test(a_message_that_was_begun_and_not_finished_is_not_seen),
        cmocka_unit_test(a_message_that_was_finished_is_not_replaced_by_the_next_producer),
        cmocka_unit_test(positions_go_round),
        cmocka_unit_test(a_length_that_cannot_be_is_corruption),
        cmocka_unit_test(a_word_that_is_ahead_of_the_stream_is_corruption),
        cmocka_unit_test(waiting_for_what_must_have_been_there_is_corruption),
        cmocka_unit_test(a_reader_may_be_ahead_of_the_count_by_one),
        cmocka_unit_test(no_words_lead_outside_of_the_region),
    };
    return cmocka_run_group_tests_name("stream", tests, NULL, end);
}
