/* Geometry and parts: how large a region of a kind is, how it begins, and what stands beside it. */
#include "geometry.h"
#include "parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static uint64_t bytes_of(uint32_t kind, uint32_t messages, uint64_t item_size)
{
    const shmb_geometry geometry = {kind, messages, item_size};
    return shmb_geometry_bytes(&geometry);
}

static void a_raw_region_has_its_bytes(void **state)
{
    (void)state;
    assert_int_equal(bytes_of(SHMB_KIND_RAW, 0, 1), 1);
    assert_int_equal(bytes_of(SHMB_KIND_RAW, 0, 1ull << 47), 1ull << 47);
}

static void slots_begin_at_cache_lines(void **state)
{
    (void)state;
    for (uint64_t size = 1; size < 300; size++) {
        const shmb_geometry all[] = {
            {SHMB_KIND_STATE, 0, size}, {SHMB_KIND_QUEUE, 8, size}, {SHMB_KIND_STREAM, 8, size}};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
            shmb_slots slots = shmb_geometry_slots(&all[i]);
            assert_int_equal(slots.first % 64, 0);
            assert_int_equal(slots.stride % 64, 0);
            assert_true(slots.stride >= size && slots.count > 0);
            assert_int_equal(shmb_geometry_bytes(&all[i]), slots.first + slots.count * slots.stride);
        }
    }
}

static void the_largest_ones_fit_an_address_space(void **state)
{
    (void)state;
    assert_in_range(bytes_of(SHMB_KIND_STATE, 0, SHMB_VALUE_MOST), SHMB_VALUE_MOST, 1ull << 47);
    assert_in_range(bytes_of(SHMB_KIND_QUEUE, SHMB_MESSAGES_MOST, SHMB_MESSAGE_MOST), 1ull << 46, 1ull << 47);
    assert_in_range(bytes_of(SHMB_KIND_STREAM, SHMB_MESSAGES_MOST, SHMB_MESSAGE_MOST), 1ull << 46,
                    1ull << 47);
}

static void what_cannot_be_has_no_bytes(void **state)
{
    static const shmb_geometry none[] = {
        {0, 0, 1},
        {5, 0, 1},
        {UINT32_MAX, 2, 1},
        {SHMB_KIND_RAW, 0, 0},
        {SHMB_KIND_RAW, 2, 64},
        {SHMB_KIND_RAW, 0, (1ull << 47) + 1},
        {SHMB_KIND_STATE, 0, 0},
        {SHMB_KIND_STATE, 2, 64},
        {SHMB_KIND_STATE, 0, SHMB_VALUE_MOST + 1},
        {SHMB_KIND_QUEUE, 0, 64},
        {SHMB_KIND_QUEUE, 1, 64},
        {SHMB_KIND_QUEUE, 3, 64},
        {SHMB_KIND_QUEUE, 2 * SHMB_MESSAGES_MOST, 64},
        {SHMB_KIND_QUEUE, 1u << 31, 64},
        {SHMB_KIND_QUEUE, 2, 0},
        {SHMB_KIND_QUEUE, 2, SHMB_MESSAGE_MOST + 1},
        {SHMB_KIND_STREAM, 2, UINT64_MAX},
        {SHMB_KIND_STREAM, UINT32_MAX, UINT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(shmb_geometry_bytes(&none[i]), 0);
}

static void messages_are_rounded_up_to_a_power_of_two(void **state)
{
    (void)state;
    assert_int_equal(shmb_round_messages(0), 2);
    assert_int_equal(shmb_round_messages(2), 2);
    assert_int_equal(shmb_round_messages(3), 4);
    assert_int_equal(shmb_round_messages(1000), 1024);
    assert_int_equal(shmb_round_messages(SHMB_MESSAGES_MOST), SHMB_MESSAGES_MOST);
    assert_int_equal(shmb_round_messages(UINT32_MAX), SHMB_MESSAGES_MOST);
}

static void a_region_begins_as_its_kind(void **state)
{
    static const shmb_geometry queue = {SHMB_KIND_QUEUE, 64, 256}, more = {SHMB_KIND_QUEUE, 128, 256},
                               stream = {SHMB_KIND_STREAM, 64, 256}, value = {SHMB_KIND_STATE, 0, 256},
                               raw = {SHMB_KIND_RAW, 0, 4096};
    uint8_t bytes[SHMB_KIND_HEADER_BYTES] = {0};
    char why[SHMB_GEOMETRY_WHY];
    (void)state;
    shmb_geometry_format(bytes, &raw);
    for (size_t i = 0; i < sizeof bytes; i++)
        assert_int_equal(bytes[i], 0);
    assert_true(shmb_geometry_matches(bytes, &raw, why));
    assert_false(shmb_geometry_matches(bytes, &queue, why));
    assert_string_equal(why, "it has no state, queue or stream in it");
    shmb_geometry_format(bytes, &queue);
    assert_memory_equal(bytes, "SHMBKND1", 8);
    assert_true(shmb_geometry_matches(bytes, &queue, why));
    assert_string_equal(why, "");
    assert_false(shmb_geometry_matches(bytes, &more, why));
    assert_false(shmb_geometry_matches(bytes, &stream, why));
    assert_string_equal(why, "it has a queue of 64 messages of up to 256 bytes in it");
    shmb_geometry_format(bytes, &value);
    assert_false(shmb_geometry_matches(bytes, &queue, why));
    assert_string_equal(why, "it has a state of up to 256 bytes in it");
    bytes[8] = SHMB_KIND_VERSION + 1;
    assert_false(shmb_geometry_matches(bytes, &value, why));
    assert_string_equal(why, "it has a state in it of another version (2) of the layout");
}

#define BIT(part) (1u << (part))

static void parts_go_with_the_kind(void **state)
{
    const shmb_part_set lock = BIT(SHMB_PART_LOCK) | BIT(SHMB_PART_LOCK_GATE) | BIT(SHMB_PART_LOCK_WAKE);
    const shmb_part_set bells = BIT(SHMB_PART_WAITERS) | BIT(SHMB_PART_WAKE_EVEN) | BIT(SHMB_PART_WAKE_ODD);
    (void)state;
    assert_int_equal(shmb_parts_of(SHMB_KIND_RAW, 0), 0);
    assert_int_equal(shmb_parts_of(SHMB_KIND_RAW, SHMB_FLAG_LOCK), lock);
    assert_int_equal(shmb_parts_of(SHMB_KIND_RAW, SHMB_FLAG_NOTIFY), bells | BIT(SHMB_PART_SIGNAL));
    assert_int_equal(shmb_parts_of(SHMB_KIND_RAW, SHMB_FLAG_LOCK | SHMB_FLAG_NOTIFY),
                     lock | bells | BIT(SHMB_PART_SIGNAL));
    assert_int_equal(shmb_parts_of(SHMB_KIND_STATE, 0), lock | bells);
    assert_int_equal(shmb_parts_of(SHMB_KIND_STREAM, SHMB_FLAG_PRIVATE), lock | bells);
    assert_int_equal(shmb_parts_of(SHMB_KIND_QUEUE, SHMB_FLAG_LOCK),
                     BIT(SHMB_PART_ROOM_GATE) | BIT(SHMB_PART_ROOM_WAKE) | BIT(SHMB_PART_READY_GATE) |
                         BIT(SHMB_PART_READY_WAKE));
    assert_int_equal(shmb_parts_of(9, UINT32_MAX), 0);
}

static void parts_are_named_beside_the_region(void **state)
{
    char name[SHMB_PART_NAME_BYTES], longest[SHMB_TEXT_MAX_BYTES + 100];
    (void)state;
    assert_true(shmb_part_name("Global\\Telemetry", SHMB_PART_LOCK_GATE, name));
    assert_string_equal(name, "Global\\ShmBroker.Region.Telemetry.lock-gate");
    assert_true(shmb_part_name("ShmBroker.Private.0123\\a.b", SHMB_PART_WAKE_ODD, name));
    assert_string_equal(name, "ShmBroker.Private.0123\\ShmBroker.Region.a.b.wake-odd");
    assert_false(shmb_part_name("Telemetry", SHMB_PART_LOCK, name));
    assert_string_equal(name, "");
    memset(longest, 'x', sizeof longest);
    longest[1] = '\\';
    longest[sizeof longest - 1] = '\0';
    assert_false(shmb_part_name(longest, SHMB_PART_LOCK, name));
    longest[SHMB_TEXT_MAX_BYTES] = '\0';
    assert_true(shmb_part_name(longest, SHMB_PART_READY_GATE, name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_raw_region_has_its_bytes),
        cmocka_unit_test(slots_begin_at_cache_lines),
        cmocka_unit_test(the_largest_ones_fit_an_address_space),
        cmocka_unit_test(what_cannot_be_has_no_bytes),
        cmocka_unit_test(messages_are_rounded_up_to_a_power_of_two),
        cmocka_unit_test(a_region_begins_as_its_kind),
        cmocka_unit_test(parts_go_with_the_kind),
        cmocka_unit_test(parts_are_named_beside_the_region),
    };
    return cmocka_run_group_tests_name("client.geometry", tests, NULL, NULL);
}
