/* The latest value of something, one thread at a time: what is written is read, and nothing that can stand in the region's
   words leads a reader or writer astray. */
#include "state.h"

#include "atomics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* Small ones share a line, others do not. */
static const uint64_t largest_values[] = {1, 4, 23, 24, 25, 64, 1000, 1024, 65536};
#define SIZES (sizeof largest_values / sizeof largest_values[0])

/* Exactly the region's bytes, so that AddressSanitizer sees who leaves them. */
static uint8_t *new_region(state_region *region, uint64_t largest)
{
    const shmb_geometry geometry = {SHMB_KIND_STATE, 0, largest};
    uint8_t *bytes = calloc(1, (size_t)shmb_geometry_bytes(&geometry));
    assert_non_null(bytes);
    if (bytes == NULL)
        abort();
    shmb_geometry_format(bytes, &geometry);
    state_init(region, bytes, &geometry);
    return bytes;
}

static void fill(uint8_t *value, uint64_t size, uint64_t seed)
{
    for (uint64_t i = 0; i < size; i++)
        value[i] = (uint8_t)(seed * 131 + i * 7 + 1);
}

static void assert_reads(const state_region *region, uint64_t size, uint64_t seed, uint64_t version)
{
    static uint8_t wanted[65536], found[65536];
    uint64_t found_size, found_version;
    corruption what;
    fill(wanted, size, seed);
    assert_int_equal(state_read(region, found, sizeof found, &found_size, &found_version, &what), SHMB_OK);
    assert_int_equal(found_size, size);
    assert_int_equal(found_version, version);
    assert_memory_equal(found, wanted, (size_t)size);
}

static void each_value_is_read_with_its_size_and_version(void **unused)
{
    (void)unused;
    static uint8_t value[65536];
    for (size_t s = 0; s < SIZES; s++) {
        state_region region;
        uint8_t *bytes = new_region(&region, largest_values[s]);
        for (uint64_t version = 1; version <= 20; version++) {
            uint64_t size = version % 3 == 0 ? largest_values[s] / 2 : largest_values[s];
            fill(value, size, version);
            assert_int_equal(state_publish(&region, value, size), version);
            assert_reads(&region, size, version, version);
            assert_reads(&region, size, version, version);
        }
        free(bytes);
    }
}

static void before_the_first_value_there_is_none(void **unused)
{
    (void)unused;
    state_region region;
    uint8_t *bytes = new_region(&region, 100), buffer[100];
    uint64_t size = 7, version = 7;
    corruption what;
    assert_int_equal(state_read(&region, buffer, sizeof buffer, &size, &version, &what), SHMB_TIMED_OUT);
    assert_int_equal(size, 0);
    assert_int_equal(version, 0);
    free(bytes);
}

static void a_value_may_be_empty(void **unused)
{
    (void)unused;
    state_region region;
    uint8_t *bytes = new_region(&region, 100);
    state_publish(&region, "x", 1);
    state_publish(&region, "", 0);
    assert_reads(&region, 0, 0, 2);
    free(bytes);
}

static void a_buffer_that_is_too_small_is_told_the_size_and_left_alone(void **unused)
{
    (void)unused;
    state_region region;
    uint8_t *bytes = new_region(&region, 100), buffer[4] = {9, 9, 9, 9};
    uint64_t size, version;
    corruption what;
    state_publish(&region, "hello", 5);
    assert_int_equal(state_read(&region, buffer, 4, &size, &version, &what), SHMB_TOO_SMALL);
    assert_int_equal(size, 5);
    assert_int_equal(version, 1);
    assert_memory_equal(buffer, "\x9\x9\x9\x9", 4);
    free(bytes);
}

/* Small values take one line beside the words of the header, which they leave alone. */
static void small_values_stay_within_their_line(void **unused)
{
    (void)unused;
    state_region region;
    uint8_t *bytes = new_region(&region, SHMB_STATE_SMALL_BYTES), value[SHMB_STATE_SMALL_BYTES];
    memset(value, 0xFF, sizeof value);
    for (int i = 0; i < 9; i++)
        state_publish(&region, value, sizeof value);
    assert_int_equal(bytes[SHMB_STATE_WORDS_OFFSET], 9);
    for (size_t i = SHMB_STATE_WORDS_OFFSET + 64; i < SHMB_STATE_HEADER_BYTES; i++)
        assert_int_equal(bytes[i], 0);
    for (size_t i = SHMB_KIND_HEADER_BYTES; i < SHMB_STATE_WORDS_OFFSET; i++)
        assert_int_equal(bytes[i], 0);
    free(bytes);
}

static void versions_go_round_without_a_gap_in_what_is_read(void **unused)
{
    (void)unused;
    static uint8_t value[1024];
    for (size_t s = 0; s < SIZES - 1; s++) {
        state_region region;
        uint8_t *bytes = new_region(&region, largest_values[s]);
        shmb_store_relaxed_u64(&region.words->version, UINT64_MAX - 5);
        uint64_t before = UINT64_MAX - 5;
        for (uint64_t i = 0; i < 20; i++) {
            fill(value, largest_values[s], i);
            uint64_t version = state_publish(&region, value, largest_values[s]);
            assert_int_not_equal(version, 0);
            assert_int_not_equal(version & region.mask, before & region.mask);
            assert_reads(&region, largest_values[s], i, version);
            before = version;
        }
        free(bytes);
    }
}

/* A writer that was stopped before it published leaves the slot of the next value in any shape. */
static void a_value_half_written_is_not_seen(void **unused)
{
    (void)unused;
    for (size_t s = 0; s < SIZES; s++) {
        state_region region;
        static uint8_t value[65536];
        uint8_t *bytes = new_region(&region, largest_values[s]);
        fill(value, largest_values[s], 3);
        state_publish(&region, value, largest_values[s]);
        memset(region.slots + (2 & region.mask) * region.stride, 0xEE, (size_t)largest_values[s] / 2);
        shmb_store_relaxed_u32(&region.words->lengths[2 & region.mask], 0xFFFFFFFF);
        assert_reads(&region, largest_values[s], 3, 1);
        fill(value, largest_values[s], 4);
        assert_int_equal(state_publish(&region, value, largest_values[s]), 2);
        assert_reads(&region, largest_values[s], 4, 2);
        free(bytes);
    }
}

static void a_length_that_cannot_be_is_corruption_until_the_next_value(void **unused)
{
    (void)unused;
    state_region region;
    uint8_t *bytes = new_region(&region, 100), buffer[200];
    uint64_t size, version;
    corruption what = {0};
    char text[CORRUPTION_TEXT_BYTES];
    state_publish(&region, "x", 1);
    shmb_store_relaxed_u32(&region.words->lengths[1], 101);
    assert_int_equal(state_read(&region, buffer, sizeof buffer, &size, &version, &what), SHMB_CORRUPT);
    assert_int_equal(size, 0);
    assert_string_equal(corruption_text(&what, text),
                        "the length of the latest value, at offset 140, is 101; at most 100 can be");
    state_publish(&region, "y", 1);
    assert_int_equal(state_read(&region, buffer, sizeof buffer, &size, &version, &what), SHMB_OK);
    free(bytes);
}

/* Every word of the header with values from everywhere, and every byte flipped: a status, and nothing outside. */
static void no_words_lead_outside_of_the_region(void **unused)
{
    (void)unused;
    static const uint64_t values[] = {0,          1,           2,         3,          4,
                                      99,         100,         101,       0x7FFFFFFF, 0x80000000,
                                      0xFFFFFFFF, 0x100000000, INT64_MAX, 1ull << 63, UINT64_MAX - 1,
                                      UINT64_MAX};
    static uint8_t value[65536], buffer[65536];
    for (size_t s = 0; s < SIZES - 1; s++) {
        state_region region;
        uint8_t *bytes = new_region(&region, largest_values[s]);
        for (size_t at = 0; at + 8 <= 256; at += 4) {
            for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
                uint64_t size, version;
                corruption what;
                state_publish(&region, value, largest_values[s]);
                memcpy(bytes + at, &values[v], at % 8 == 0 ? 8 : 4);
                shmb_status status = state_read(&region, buffer, sizeof buffer, &size, &version, &what);
                assert_true(status == SHMB_OK || status == SHMB_TIMED_OUT || status == SHMB_CORRUPT);
                assert_true(size <= largest_values[s]);
                state_publish(&region, value, largest_values[s]);
            }
        }
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value_is_read_with_its_size_and_version),
        cmocka_unit_test(before_the_first_value_there_is_none),
        cmocka_unit_test(a_value_may_be_empty),
        cmocka_unit_test(a_buffer_that_is_too_small_is_told_the_size_and_left_alone),
        cmocka_unit_test(small_values_stay_within_their_line),
        cmocka_unit_test(versions_go_round_without_a_gap_in_what_is_read),
        cmocka_unit_test(a_value_half_written_is_not_seen),
        cmocka_unit_test(a_length_that_cannot_be_is_corruption_until_the_next_value),
        cmocka_unit_test(no_words_lead_outside_of_the_region),
    };
    return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
