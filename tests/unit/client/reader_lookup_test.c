/* The catalog reader in sound catalogs: regions found by name, met on a walk, never taken for others. */
#include "reader_testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void a_region_is_found_with_all_its_facts(void **state)
{
    catalog_builder builder;
    (void)state;
    catalog_view view = small_catalog(&builder);
    assert_int_equal(find(&view, "Telemetry"), CATALOG_OK);
    assert_int_equal(region.entry_offset, builder_header(&builder)->first_entry);
    assert_int_equal(region.version, 1);
    assert_int_equal(region.state, SHMB_REGION_READY);
    assert_int_equal(region.kind, SHMB_KIND_RAW);
    assert_int_equal(region.flags, SHMB_FLAG_NUMA);
    assert_int_equal(region.size, 65536);
    assert_int_equal(region.generation, 1);
    assert_int_equal(region.changed, 99);
    assert_string_equal(region.name, "Telemetry");
    assert_string_equal(region.object_name, "Global\\Telemetry");
    assert_string_equal(region.reason, "");
    assert_string_equal(region.description, "a region made by hand");
    assert_string_equal(region.note, "without large pages");
    assert_string_equal(region.boundary, "");
    assert_int_equal(find(&view, "\303\234bersicht"), CATALOG_OK);
    assert_int_equal(region.size, 1);
    builder_free(&builder);
}

static void other_names_are_not_found(void **state)
{
    static const char *const names[] = {"telemetry", "Telemetr", "Telemetry2", "T", ""};
    catalog_builder builder;
    char longer[SHMB_KEY_MAX_BYTES + 2];
    (void)state;
    catalog_view view = small_catalog(&builder);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(find(&view, names[i]), CATALOG_NOT_FOUND);
    memset(longer, 'x', sizeof longer);
    assert_int_equal(catalog_find(&view, longer, sizeof longer, &region), CATALOG_NOT_FOUND);
    assert_int_equal(catalog_find(&view, "Telemetry\0", 10, &region), CATALOG_NOT_FOUND);
    assert_int_equal(region.size, 0);
    assert_string_equal(region.name, "");
    builder_free(&builder);
}

static void a_catalog_without_regions_has_none(void **state)
{
    catalog_builder builder;
    uint64_t cursor = 0;
    (void)state;
    builder_start(&builder, 16384, 8);
    catalog_view view = builder_finish(&builder);
    assert_int_equal(find(&view, "Telemetry"), CATALOG_NOT_FOUND);
    assert_int_equal(catalog_next(&view, &cursor, &region), CATALOG_NOT_FOUND);
    builder_header(&builder)->index_offset = 0;
    assert_int_equal(find(&view, "Telemetry"), CATALOG_NOT_FOUND);
    builder_free(&builder);
}

static void a_walk_meets_all_regions_in_order_and_goes_on_when_more_come(void **state)
{
    static const char *const names[] = {"Telemetry", "$rFactor2SMMP_Scoring$", "\303\234bersicht", "New"};
    catalog_builder builder;
    uint64_t cursor = 0;
    (void)state;
    catalog_view view = small_catalog(&builder);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(catalog_next(&view, &cursor, &region), CATALOG_OK);
        assert_string_equal(region.name, names[i]);
        assert_int_equal(region.entry_offset, cursor);
    }
    assert_int_equal(catalog_next(&view, &cursor, &region), CATALOG_NOT_FOUND);
    builder_add(&builder, "New", 5);
    view = builder_finish(&builder);
    assert_int_equal(catalog_next(&view, &cursor, &region), CATALOG_OK);
    assert_string_equal(region.name, names[3]);
    builder_free(&builder);
}

static void the_published_slot_is_read(void **state)
{
    catalog_builder builder;
    (void)state;
    catalog_view view = small_catalog(&builder);
    shmb_catalog_entry *entry = builder_entry(&builder, builder_header(&builder)->first_entry);
    entry->slots[0] = entry->slots[1];
    entry->slots[0].size = 4242;
    assert_int_equal(find(&view, "Telemetry"), CATALOG_OK);
    assert_int_equal(region.size, 65536);
    entry->version = 2;
    assert_int_equal(find(&view, "Telemetry"), CATALOG_OK);
    assert_int_equal(region.size, 4242);
    assert_int_equal(region.version, 2);
    builder_free(&builder);
}

static void each_of_10000_regions_is_found(void **state)
{
    enum { count = 10000 };
    catalog_builder builder;
    char name[32];
    (void)state;
    builder_start(&builder, 8u << 20, 32768);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "Region %u", i);
        builder_add(&builder, name, i + 1);
    }
    catalog_view made = builder_finish(&builder), view = exact_copy(&made, made.size);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "Region %u", i);
        assert_int_equal(find(&view, name), CATALOG_OK);
        assert_int_equal(region.size, i + 1);
        assert_string_equal(region.name, name);
        snprintf(name, sizeof name, "Absent %u", i);
        assert_int_equal(find(&view, name), CATALOG_NOT_FOUND);
    }
    uint64_t cursor = 0;
    uint32_t walked = 0;
    while (walked <= count && catalog_next(&view, &cursor, &region) == CATALOG_OK)
        walked++;
    assert_int_equal(walked, count);
    free((void *)(uintptr_t)view.base);
    builder_free(&builder);
}

static void a_crowded_run_of_buckets_is_followed_to_its_end(void **state)
{
    catalog_builder builder;
    (void)state;
    builder_start(&builder, 32768, 16);
    uint64_t *buckets = (uint64_t *)(void *)(builder.bytes + 4096 + 8);
    uint64_t last = builder_add(&builder, "Last", 5), other = builder_add(&builder, "Other", 6);
    catalog_view view = builder_finish(&builder);
    uint64_t home = shmb_name_hash("Last", 4) % 16;
    memset(buckets, 0, 16 * sizeof *buckets);
    for (uint64_t i = 0; i < 7; i++)
        buckets[(home + i) % 16] = other;
    buckets[(home + 7) % 16] = last;
    assert_int_equal(find(&view, "Last"), CATALOG_OK);
    assert_int_equal(region.size, 5);
    builder_free(&builder);
}

/* Two names of one hash are rare, not impossible. */
static void a_name_of_the_same_hash_is_another_name(void **state)
{
    static const char *const others[] = {"Telemetrx", "Telemetry2", "Telemetr"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        catalog_builder builder;
        builder_start(&builder, 16384, 8);
        uint64_t other = builder_add(&builder, others[i], 1);
        catalog_view view = builder_finish(&builder);
        uint64_t *buckets = (uint64_t *)(void *)(builder.bytes + 4096 + 8);
        builder_entry(&builder, other)->hash = shmb_name_hash("Telemetry", 9);
        memset(buckets, 0, 8 * sizeof *buckets);
        buckets[shmb_name_hash("Telemetry", 9) % 8] = other;
        assert_int_equal(find(&view, "Telemetry"), CATALOG_NOT_FOUND);
        builder_free(&builder);
    }
}

/* A broker killed at any word of a publication leaves the last one: the slot that it fills is not the one
   read. */
static void a_broker_killed_in_mid_update_leaves_the_last_publication(void **state)
{
    catalog_builder builder;
    (void)state;
    catalog_view view = small_catalog(&builder);
    shmb_catalog_entry *entry = builder_entry(&builder, builder_header(&builder)->first_entry);
    shmb_catalog_slot fresh = entry->slots[1];
    fresh.state = SHMB_REGION_BROKEN;
    fresh.size = 1;
    fresh.generation = UINT64_MAX;
    fresh.object_name = (shmb_text){UINT32_MAX, UINT32_MAX};
    for (size_t word = 0; word < sizeof fresh; word += 4) {
        memcpy((uint8_t *)&entry->slots[0] + word, (uint8_t *)&fresh + word, 4);
        assert_int_equal(find(&view, "Telemetry"), CATALOG_OK);
        assert_int_equal(region.size, 65536);
        assert_int_equal(region.generation, 1);
        assert_string_equal(region.object_name, "Global\\Telemetry");
    }
    builder_free(&builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_region_is_found_with_all_its_facts),
        cmocka_unit_test(other_names_are_not_found),
        cmocka_unit_test(a_catalog_without_regions_has_none),
        cmocka_unit_test(a_walk_meets_all_regions_in_order_and_goes_on_when_more_come),
        cmocka_unit_test(the_published_slot_is_read),
        cmocka_unit_test(each_of_10000_regions_is_found),
        cmocka_unit_test(a_crowded_run_of_buckets_is_followed_to_its_end),
        cmocka_unit_test(a_name_of_the_same_hash_is_another_name),
        cmocka_unit_test(a_broker_killed_in_mid_update_leaves_the_last_publication),
    };
    return cmocka_run_group_tests_name("client.reader_lookup", tests, NULL, NULL);
}
