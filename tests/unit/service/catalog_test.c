/* catalog.c: what the broker publishes is what client/src/catalog_reader.c reads. */
#include "catalog_testing.h"

static catalog_region region; /* large */

static int new_memory(void **state)
{
    static test_memory memory;
    memory = test_memory_make(4u << 20);
    *state = &memory;
    return memory.base ? 0 : -1;
}

static int free_memory(void **state)
{
    test_memory *memory = *state;
    free(memory->base);
    return 0;
}

static void a_new_catalog_tells_who_publishes(void **state)
{
    test_memory *memory = *state;
    catalog c;
    assert_true(test_start(&c, memory, false, 7));
    catalog_info info = test_info(memory);
    assert_int_equal(info.layout_version, SHMB_CATALOG_VERSION);
    assert_int_equal(info.reserved_bytes, memory->reserved);
    assert_int_equal(info.committed_bytes, memory->committed);
    assert_int_equal(info.broker_state, SHMB_BROKER_STARTING);
    assert_int_equal(info.broker_pid, 7);
    assert_int_equal(info.broker_started, 1007);
    assert_int_equal(info.heartbeat_period, 500);
    assert_int_equal(info.epoch, 1);
    assert_int_equal(info.entry_count, 0);
    assert_string_equal(info.broker_version, "0.1.0");
    assert_string_equal(info.instance, "test");
    assert_int_equal(test_walk(memory), 0);
    assert_int_equal(test_find(memory, "A", &region), CATALOG_NOT_FOUND);
}

static void state_and_heartbeat_are_seen(void **state)
{
    test_memory *memory = *state;
    catalog c;
    assert_true(test_start(&c, memory, false, 1));
    uint64_t generation = test_info(memory).generation;
    catalog_set_state(&c, SHMB_BROKER_RUNNING);
    catalog_beat(&c, 123456789);
    catalog_info info = test_info(memory);
    assert_int_equal(info.broker_state, SHMB_BROKER_RUNNING);
    assert_true(info.generation > generation); /* a change */
    assert_int_equal(info.heartbeat, 123456789);
    catalog_beat(&c, 123456790);
    assert_int_equal(test_info(memory).generation, info.generation); /* no change: the heart beats */
}

static void all_of_a_publication_is_read_back(void **state)
{
    test_memory *memory = *state;
    catalog c;
    catalog_place place;
    uint64_t generation;
    platform_failure failure;
    assert_true(test_start(&c, memory, false, 1));
    assert_true(catalog_place_of(&c, "A", &place, &generation, &failure));
    assert_int_equal(generation, 0);
    const catalog_publication publication = {.state = SHMB_REGION_READY,
                                             .size = 1ull << 47,
                                             .generation = 5,
                                             .now = 77,
                                             .flags = SHMB_FLAG_FILE_BACKED,
                                             .object_name = "Global\\A",
                                             .reason = "none",
                                             .description = "r\xC3\xA4w"};
    assert_true(catalog_publish(&c, place, &publication, &failure));
    assert_int_equal(test_find(memory, "A", &region), CATALOG_OK);
    assert_string_equal(region.name, "A");
    assert_string_equal(region.object_name, "Global\\A");
    assert_string_equal(region.reason, "none");
    assert_string_equal(region.description, "r\xC3\xA4w");
    assert_true(region.size == 1ull << 47);
    assert_int_equal(region.state, SHMB_REGION_READY);
    assert_int_equal(region.kind, SHMB_KIND_RAW);
    assert_int_equal(region.flags, SHMB_FLAG_FILE_BACKED);
    assert_int_equal(region.generation, 5);
    assert_int_equal(region.changed, 77);
    assert_int_equal(region.entry_offset, place);
    assert_true(catalog_place_of(&c, "A", &place, &generation, &failure));
    assert_int_equal(generation, 5);
    assert_int_equal(place, region.entry_offset);
}

static void a_place_without_publication_is_pending(void **state)
{
    test_memory *memory = *state;
    catalog c;
    catalog_place place;
    uint64_t generation;
    platform_failure failure;
    assert_true(test_start(&c, memory, false, 1));
    assert_true(catalog_place_of(&c, "A", &place, &generation, &failure));
    assert_int_equal(test_find(memory, "A", &region), CATALOG_OK);
    assert_int_equal(region.state, SHMB_REGION_PENDING);
    assert_string_equal(region.object_name, "");
}

static void every_publication_is_a_change_and_a_version(void **state)
{
    test_memory *memory = *state;
    catalog c;
    assert_true(test_start(&c, memory, false, 1));
    assert_true(test_publish(&c, "A", SHMB_REGION_PENDING, 1));
    for (uint32_t i = 0; i < 9; i++) {
        uint64_t generation = test_info(memory).generation;
        assert_int_equal(test_find(memory, "A", &region), CATALOG_OK);
        uint32_t version = region.version;
        assert_true(test_publish(&c, "A", SHMB_REGION_READY, 100 + i));
        assert_int_equal(test_find(memory, "A", &region), CATALOG_OK);
        assert_int_equal(region.version, version + 1);
        assert_int_equal(region.size, 100 + i);
        assert_int_equal(test_info(memory).generation, generation + 1);
    }
    assert_int_equal(test_info(memory).entry_count, 1);
}

static void names_are_compared_byte_by_byte(void **state)
{
    test_memory *memory = *state;
    static const char *const names[] = {"a", "A", "aa", "a ", "\xC3\xA4", "$rFactor2SMMP_Telemetry$"};
    catalog c;
    assert_true(test_start(&c, memory, false, 1));
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_true(test_publish(&c, names[i], SHMB_REGION_READY, i + 1));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_int_equal(test_find(memory, names[i], &region), CATALOG_OK);
        assert_int_equal(region.size, i + 1);
    }
    assert_int_equal(test_find(memory, "AA", &region), CATALOG_NOT_FOUND);
}

static void the_longest_name_is_found(void **state)
{
    test_memory *memory = *state;
    char name[SHMB_KEY_MAX_BYTES + 1] = "";
    catalog c;
    memset(name, 'n', SHMB_KEY_MAX_BYTES);
    assert_true(test_start(&c, memory, false, 1));
    assert_true(test_publish(&c, name, SHMB_REGION_READY, 3));
    assert_int_equal(test_find(memory, name, &region), CATALOG_OK);
    assert_string_equal(region.name, name);
}

static void a_text_too_long_is_cut_between_characters(void **state)
{
    test_memory *memory = *state;
    catalog c;
    catalog_place place;
    uint64_t generation;
    platform_failure failure;
    assert_true(test_start(&c, memory, false, 1));
    assert_true(catalog_place_of(&c, "A", &place, &generation, &failure));
    for (size_t before = 0; before < 4; before++) {
        char reason[SHMB_TEXT_MAX_BYTES + 64];
        testing_fill(reason, sizeof reason, before);
        const catalog_publication broken = {.state = SHMB_REGION_BROKEN, .size = 1, .reason = reason};
        assert_true(catalog_publish(&c, place, &broken, &failure));
        assert_int_equal(test_find(memory, "A", &region), CATALOG_OK);
        assert_int_equal(strlen(region.reason), before + (SHMB_TEXT_MAX_BYTES - before) / 3 * 3);
        assert_memory_equal(region.reason, reason, strlen(region.reason));
    }
}

static void publishing_the_same_again_takes_no_space(void **state)
{
    test_memory *memory = *state;
    catalog c;
    assert_true(test_start(&c, memory, false, 1));
    assert_true(test_publish(&c, "A", SHMB_REGION_READY, 1));
    uint64_t used = c.used;
    for (int i = 0; i < 100; i++)
        assert_true(test_publish(&c, "A", SHMB_REGION_READY, 1));
    assert_int_equal(c.used, used);
}

static void a_full_catalog_says_so_and_keeps_what_it_has(void **state)
{
    test_memory *memory = *state;
    catalog c;
    char name[32];
    catalog_place place;
    uint64_t generation;
    platform_failure failure = {0};
    uint32_t count = 0;
    memory->reserved = 256u << 10;
    assert_true(test_start(&c, memory, false, 1));
    do
        snprintf(name, sizeof name, "region %u", count++);
    while (count < 100000 && test_publish(&c, name, SHMB_REGION_READY, count));
    assert_true(count > 500 && count < 100000);
    while (catalog_place_of(&c, name, &place, &generation, &failure))
        snprintf(name, sizeof name, "more %u", count++);
    assert_non_null(strstr(failure.text, "the catalog is full"));
    assert_true(memory->committed <= memory->reserved);
    assert_int_equal(test_walk(memory), test_info(memory).entry_count);
    assert_int_equal(test_find(memory, "region 0", &region), CATALOG_OK);
    assert_true(test_publish(&c, "region 0", SHMB_REGION_READY, 1)); /* nothing new in it */
}

static void memory_refused_leaves_the_last_publication(void **state)
{
    test_memory *memory = *state;
    catalog c;
    char name[32];
    assert_true(test_start(&c, memory, false, 1));
    assert_true(test_publish(&c, "first", SHMB_REGION_READY, 42));
    for (unsigned i = 0; i < 2000; i++) {
        memory->fail_at = memory->commits + 1 + i % 2; /* every commit fails until it is asked again */
        snprintf(name, sizeof name, "region %u", i);
        if (test_publish(&c, name, SHMB_REGION_READY, i + 1))
            continue;
        assert_int_equal(test_find(memory, "first", &region), CATALOG_OK);
        assert_int_equal(region.size, 42);
        assert_int_equal(test_walk(memory), test_info(memory).entry_count);
        memory->fail_at = 0;
        assert_true(test_publish(&c, name, SHMB_REGION_READY, i + 1));
    }
    assert_int_equal(test_walk(memory), 2001);
}

static void place_and_find(uint32_t count)
{
    test_memory memory = test_memory_make(SHMB_CATALOG_RESERVED);
    catalog c;
    char name[32];
    assert_true(test_start(&c, &memory, false, 1));
    for (uint32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "region %u", i);
        assert_true(test_publish(&c, name, SHMB_REGION_READY, i + 1));
    }
    assert_int_equal(test_info(&memory).entry_count, count);
    assert_int_equal(test_walk(&memory), count);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "region %u", i);
        assert_int_equal(test_find(&memory, name, &region), CATALOG_OK);
        assert_int_equal(region.size, i + 1);
    }
    assert_int_equal(test_find(&memory, "region", &region), CATALOG_NOT_FOUND);
    free(memory.base);
}

static void ten_thousand_regions_are_placed_and_found(void **state)
{
    (void)state;
    place_and_find(10000);
}

static void a_hundred_thousand_regions_are_placed_and_found(void **state)
{
    (void)state;
    place_and_find(100000);
}

/* A reader's walk stands at an entry; the index grows several times; the walk goes on. */
static void a_walk_goes_on_while_the_index_grows(void **state)
{
    test_memory *memory = *state;
    catalog c;
    char name[32];
    uint64_t cursor = 0;
    uint32_t seen = 0;
    assert_true(test_start(&c, memory, false, 1));
    for (uint32_t i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "region %u", i);
        assert_true(test_publish(&c, name, SHMB_REGION_READY, i + 1));
        if (i % 3)
            continue;
        catalog_view view = test_view(memory);
        assert_int_equal(catalog_next(&view, &cursor, &region), CATALOG_OK);
        assert_int_equal(region.size, ++seen);
    }
    catalog_view view = test_view(memory);
    while (catalog_next(&view, &cursor, &region) == CATALOG_OK)
        assert_int_equal(region.size, ++seen);
    assert_int_equal(seen, 3000);
}

static void a_start_without_memory_fails_and_is_tried_again(void **state)
{
    test_memory *memory = *state;
    catalog c;
    memory->fail_at = 1;
    assert_false(test_start(&c, memory, false, 1));
    assert_int_equal(c.used, 0);
    memory->fail_at = 0;
    assert_true(test_start(&c, memory, false, 1));
    assert_int_equal(test_info(memory).epoch, 1);
}

#define CATALOG_TEST(function) cmocka_unit_test_setup_teardown(function, new_memory, free_memory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CATALOG_TEST(a_new_catalog_tells_who_publishes),
        CATALOG_TEST(state_and_heartbeat_are_seen),
        CATALOG_TEST(all_of_a_publication_is_read_back),
        CATALOG_TEST(a_place_without_publication_is_pending),
        CATALOG_TEST(every_publication_is_a_change_and_a_version),
        CATALOG_TEST(names_are_compared_byte_by_byte),
        CATALOG_TEST(the_longest_name_is_found),
        CATALOG_TEST(a_text_too_long_is_cut_between_characters),
        CATALOG_TEST(publishing_the_same_again_takes_no_space),
        CATALOG_TEST(a_full_catalog_says_so_and_keeps_what_it_has),
        CATALOG_TEST(memory_refused_leaves_the_last_publication),
        cmocka_unit_test(ten_thousand_regions_are_placed_and_found),
        cmocka_unit_test(a_hundred_thousand_regions_are_placed_and_found),
        CATALOG_TEST(a_walk_goes_on_while_the_index_grows),
        CATALOG_TEST(a_start_without_memory_fails_and_is_tried_again),
    };
    return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
