/* The catalog reader against catalogs that are right, truncated, damaged and hostile. */
#include "catalog_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static catalog_region region;

static catalog_result find(const catalog_view *view, const char *name)
{
    return catalog_find(view, name, strlen(name), &region);
}

/* A catalog of three regions, in 8 buckets. */
static catalog_view small_catalog(catalog_builder *builder)
{
    builder_start(builder, 16384, 8);
    builder_add(builder, "Telemetry", 65536);
    builder_add(builder, "$rFactor2SMMP_Scoring$", 75000);
    builder_add(builder, "\303\234bersicht", 1);
    return builder_finish(builder);
}

/* ---- Catalogs that are right
 * ----------------------------------------------------------------------------------- */

static void the_header_is_read(void **state)
{
    catalog_builder builder;
    catalog_info info;
    (void)state;
    catalog_view view = small_catalog(&builder);
    assert_int_equal(catalog_read_info(&view, &info), CATALOG_OK);
    assert_int_equal(info.layout_version, 1);
    assert_int_equal(info.reserved_bytes, 256u << 20);
    assert_int_equal(info.committed_bytes, view.size);
    assert_int_equal(info.generation, 7);
    assert_int_equal(info.heartbeat, 123456789);
    assert_int_equal(info.heartbeat_period, 500);
    assert_int_equal(info.broker_state, SHMB_BROKER_RUNNING);
    assert_int_equal(info.broker_pid, 4711);
    assert_int_equal(info.entry_count, 3);
    assert_int_equal(info.broker_started, 133000000000000000u);
    assert_int_equal(info.epoch, 3);
    assert_string_equal(info.broker_version, "0.1.0");
    assert_string_equal(info.instance, "test");
    builder_free(&builder);
}

static void header_texts_that_fill_their_place_are_terminated(void **state)
{
    catalog_builder builder;
    catalog_info info;
    (void)state;
    catalog_view view = small_catalog(&builder);
    memset(builder_header(&builder)->broker_version, 'v', 32);
    memset(builder_header(&builder)->instance, 'i', 64);
    assert_int_equal(catalog_read_info(&view, &info), CATALOG_OK);
    assert_int_equal(strlen(info.broker_version), 32);
    assert_int_equal(strlen(info.instance), 64);
    builder_free(&builder);
}

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
    assert_int_equal(region.flags, 0);
    assert_int_equal(region.size, 65536);
    assert_int_equal(region.generation, 1);
    assert_int_equal(region.changed, 99);
    assert_string_equal(region.name, "Telemetry");
    assert_string_equal(region.object_name, "Global\\Telemetry");
    assert_string_equal(region.reason, "");
    assert_string_equal(region.description, "a region made by hand");
    assert_int_equal(find(&view, "\303\234bersicht"), CATALOG_OK);
    assert_int_equal(region.size, 1);
    builder_free(&builder);
}

static void other_names_are_not_found(void **state)
{
    static const char *const names[] = {"telemetry", "Telemetr", "Telemetry2", "T", ""};
    catalog_builder builder;
    char longer[SHMB_NAME_MAX_BYTES + 2];
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

/* ---- Catalogs that cannot be read
 * ------------------------------------------------------------------------------- */

static void assert_all_fail(const catalog_view *view, catalog_result expected)
{
    catalog_info info;
    uint64_t cursor = 0;
    assert_int_equal(catalog_read_info(view, &info), expected);
    assert_int_equal(find(view, "Telemetry"), expected);
    assert_int_equal(catalog_next(view, &cursor, &region), expected);
    assert_int_equal(cursor, 0);
}

static void a_catalog_without_magic_is_not_ready(void **state)
{
    catalog_builder builder;
    (void)state;
    catalog_view view = small_catalog(&builder);
    builder_header(&builder)->magic = 0;
    assert_all_fail(&view, CATALOG_NOT_READY);
    builder_header(&builder)->magic = SHMB_CATALOG_MAGIC + 1;
    assert_all_fail(&view, CATALOG_CORRUPT);
    builder_free(&builder);
}

static void another_layout_version_is_incompatible(void **state)
{
    static const uint32_t versions[] = {0, 2, UINT32_MAX};
    catalog_builder builder;
    (void)state;
    catalog_view view = small_catalog(&builder);
    for (size_t i = 0; i < 3; i++) {
        builder_header(&builder)->layout_version = versions[i];
        assert_all_fail(&view, CATALOG_INCOMPATIBLE);
    }
    builder_free(&builder);
}

static void assert_damaged_header_is_corrupt(size_t offset, uint64_t value, size_t width)
{
    catalog_builder builder;
    catalog_info info;
    catalog_view view = small_catalog(&builder);
    memcpy(builder.bytes + offset, &value, width);
    assert_int_equal(catalog_read_info(&view, &info), CATALOG_CORRUPT);
    builder_free(&builder);
}

static void a_header_that_contradicts_itself_is_corrupt(void **state)
{
    (void)state;
    assert_damaged_header_is_corrupt(offsetof(shmb_catalog_header, header_bytes), 192, 4);
    assert_damaged_header_is_corrupt(offsetof(shmb_catalog_header, committed_bytes), 0, 8);
    assert_damaged_header_is_corrupt(offsetof(shmb_catalog_header, committed_bytes), 4097, 8);
    assert_damaged_header_is_corrupt(offsetof(shmb_catalog_header, reserved_bytes), 4096, 8);
    assert_damaged_header_is_corrupt(offsetof(shmb_catalog_header, broker_state), 0, 4);
    assert_damaged_header_is_corrupt(offsetof(shmb_catalog_header, broker_state), 5, 4);
    assert_damaged_header_is_corrupt(offsetof(shmb_catalog_header, epoch), 0, 8);
}

static void what_lies_past_the_view_asks_for_a_larger_one(void **state)
{
    catalog_builder builder;
    catalog_info info;
    uint64_t cursor = 0;
    (void)state;
    catalog_view view = small_catalog(&builder);
    view.size = 4096;
    assert_int_equal(catalog_read_info(&view, &info), CATALOG_OK);
    assert_int_equal(info.committed_bytes, 8192);
    assert_int_equal(find(&view, "Telemetry"), CATALOG_BEYOND_VIEW);
    assert_int_equal(catalog_next(&view, &cursor, &region), CATALOG_BEYOND_VIEW);
    builder_free(&builder);
}

/* Nothing that a reader returns may be out of bounds, whatever it was given. */
static void assert_region_is_sound(void)
{
    assert_true(strlen(region.name) <= SHMB_NAME_MAX_BYTES);
    assert_true(strlen(region.object_name) <= SHMB_TEXT_MAX_BYTES);
    assert_true(strlen(region.reason) <= SHMB_TEXT_MAX_BYTES);
    assert_true(strlen(region.description) <= SHMB_TEXT_MAX_BYTES);
}

/* Asks everything of a catalog; true when all of it was as in the small catalog. */
static bool exercise(const catalog_view *view)
{
    static const char *const names[] = {"Telemetry", "$rFactor2SMMP_Scoring$", "\303\234bersicht", "Absent"};
    catalog_info info;
    bool right = catalog_read_info(view, &info) == CATALOG_OK;
    for (int i = 0; i < 4; i++) {
        right &= find(view, names[i]) == (i < 3 ? CATALOG_OK : CATALOG_NOT_FOUND);
        assert_region_is_sound();
    }
    uint64_t cursor = 0, before = 0;
    uint32_t walked = 0;
    while (catalog_next(view, &cursor, &region) == CATALOG_OK) {
        assert_true(cursor > before); /* so the walk ends */
        assert_region_is_sound();
        before = cursor;
        walked++;
    }
    return right && walked == 3;
}

static void a_catalog_cut_at_any_byte_is_survived(void **state)
{
    catalog_builder builder;
    (void)state;
    catalog_view whole = small_catalog(&builder);
    assert_true(exercise(&whole));
    for (uint64_t size = 0; size < whole.size; size++) {
        catalog_view cut = exact_copy(&whole, size);
        assert_true(exercise(&cut) == (size >= builder.used));
        free((void *)(uintptr_t)cut.base);
    }
    builder_free(&builder);
}

/* Puts every hostile value at every word of the catalog, 4 and 8 bytes wide. */
static void any_word_may_be_hostile(void **state)
{
    catalog_builder builder;
    (void)state;
    catalog_view whole = small_catalog(&builder);
    catalog_view copy = exact_copy(&whole, whole.size);
    uint8_t *bytes = (uint8_t *)(uintptr_t)copy.base;
    for (uint64_t at = 0; at < builder.used; at += at == sizeof(shmb_catalog_header) - 4 ? 4096 - at : 4) {
        uint64_t good;
        memcpy(&good, whole.base + at, sizeof good);
        const uint64_t hostile[] = {0,
                                    1,
                                    2,
                                    3,
                                    7,
                                    8,
                                    4095,
                                    4096,
                                    4097,
                                    good - 1,
                                    good + 1,
                                    good - 8,
                                    good + 8,
                                    good << 1,
                                    good >> 1,
                                    ~good,
                                    good ^ 0x80000000,
                                    builder.used - 8,
                                    builder.used,
                                    whole.size - 160,
                                    whole.size - 8,
                                    whole.size - 1,
                                    whole.size,
                                    whole.size + 8,
                                    INT32_MAX,
                                    UINT32_MAX - 7,
                                    UINT32_MAX,
                                    INT64_MAX,
                                    UINT64_MAX - 7,
                                    UINT64_MAX - 4095,
                                    UINT64_MAX};
        for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
            for (size_t width = 4; width <= 8 && at + width <= whole.size; width += 4) {
                memcpy(bytes + at, &hostile[i], width);
                exercise(&copy);
                memcpy(bytes + at, whole.base + at, 8);
            }
        }
    }
    assert_true(exercise(&copy));
    free(bytes);
    builder_free(&builder);
}

/* ---- Entries that are wrong
 * ------------------------------------------------------------------------------------- */

typedef void damage(catalog_builder *builder, shmb_catalog_entry *entry);

static void assert_damage_is_seen(damage *harm)
{
    catalog_builder builder;
    uint64_t cursor = 0;
    catalog_view view = small_catalog(&builder);
    harm(&builder, builder_entry(&builder, builder_header(&builder)->first_entry));
    assert_int_equal(find(&view, "Telemetry"), CATALOG_CORRUPT);
    assert_string_equal(region.name, "");
    assert_int_equal(catalog_next(&view, &cursor, &region), CATALOG_CORRUPT);
    assert_int_equal(find(&view, "$rFactor2SMMP_Scoring$"), CATALOG_OK);
    builder_free(&builder);
}

static void drop_nul(catalog_builder *builder, shmb_catalog_entry *entry)
{
    builder->bytes[entry->slots[1].object_name.offset + entry->slots[1].object_name.length] = 'x';
}

static void early_nul(catalog_builder *builder, shmb_catalog_entry *entry)
{
    builder->bytes[entry->slots[1].object_name.offset + 3] = 0;
}

static void long_text(catalog_builder *builder, shmb_catalog_entry *entry)
{
    char text[SHMB_TEXT_MAX_BYTES + 2];
    memset(text, 'x', sizeof text);
    text[SHMB_TEXT_MAX_BYTES + 1] = '\0';
    entry->slots[1].reason = builder_text(builder, text);
}

static void text_in_header(catalog_builder *builder, shmb_catalog_entry *entry)
{
    (void)builder;
    entry->slots[1].description = (shmb_text){96, 5}; /* the broker's version */
}

static void length_without_text(catalog_builder *builder, shmb_catalog_entry *entry)
{
    (void)builder;
    entry->slots[1].reason = (shmb_text){0, 5};
}

static void text_past_the_end(catalog_builder *builder, shmb_catalog_entry *entry)
{
    entry->slots[1].reason.offset = (uint32_t)builder_header(builder)->committed_bytes - 1;
    entry->slots[1].reason.length = 1;
}

static void no_version(catalog_builder *builder, shmb_catalog_entry *entry)
{
    (void)builder;
    entry->slots[0] = entry->slots[1];
    entry->version = 0;
}

static void state_zero(catalog_builder *builder, shmb_catalog_entry *entry)
{
    (void)builder;
    entry->slots[1].state = 0;
}

static void state_five(catalog_builder *builder, shmb_catalog_entry *entry)
{
    (void)builder;
    entry->slots[1].state = 5;
}

static void no_size(catalog_builder *builder, shmb_catalog_entry *entry)
{
    (void)builder;
    entry->slots[1].size = 0;
}

static void huge_size(catalog_builder *builder, shmb_catalog_entry *entry)
{
    (void)builder;
    entry->slots[1].size = (1ull << 47) + 1;
}

static void no_generation(catalog_builder *builder, shmb_catalog_entry *entry)
{
    (void)builder;
    entry->slots[1].generation = 0;
}

static void no_object_name(catalog_builder *builder, shmb_catalog_entry *entry)
{
    (void)builder;
    entry->slots[1].object_name = (shmb_text){0, 0};
}

static void damaged_entries_are_corrupt(void **state)
{
    static damage *const all[] = {
        drop_nul,   early_nul,  long_text, text_in_header, length_without_text, text_past_the_end, no_version,
        state_zero, state_five, no_size,   huge_size,      no_generation,       no_object_name};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        assert_damage_is_seen(all[i]);
}

static void a_cycle_of_entries_ends_the_walk(void **state)
{
    catalog_builder builder;
    uint64_t cursor = 0;
    (void)state;
    catalog_view view = small_catalog(&builder);
    builder_entry(&builder, builder.last_entry)->next_entry = builder_header(&builder)->first_entry;
    for (int i = 0; i < 3; i++)
        assert_int_equal(catalog_next(&view, &cursor, &region), CATALOG_OK);
    assert_int_equal(catalog_next(&view, &cursor, &region), CATALOG_CORRUPT);
    builder_entry(&builder, builder.last_entry)->next_entry = builder.last_entry;
    assert_int_equal(catalog_next(&view, &cursor, &region), CATALOG_CORRUPT);
    builder_free(&builder);
}

static void an_index_without_an_empty_bucket_ends_the_search(void **state)
{
    catalog_builder builder;
    (void)state;
    catalog_view view = small_catalog(&builder);
    uint64_t *buckets = (uint64_t *)(void *)(builder.bytes + 4096 + 8);
    for (int i = 0; i < 8; i++)
        buckets[i] = builder.last_entry;
    assert_int_equal(find(&view, "Absent"), CATALOG_CORRUPT);
    builder_free(&builder);
}

static void a_bucket_count_that_is_no_power_of_two_is_corrupt(void **state)
{
    static const uint32_t counts[] = {0, 3, 7, 9, 0x80000000u, UINT32_MAX};
    catalog_builder builder;
    (void)state;
    catalog_view view = small_catalog(&builder);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        memcpy(builder.bytes + 4096, &counts[i], 4);
        assert_int_equal(find(&view, "Telemetry"), CATALOG_CORRUPT);
    }
    builder_free(&builder);
}

static void a_name_that_its_hash_does_not_fit_is_corrupt_in_a_walk(void **state)
{
    catalog_builder builder;
    uint64_t cursor = 0;
    (void)state;
    catalog_view view = small_catalog(&builder);
    builder_entry(&builder, builder_header(&builder)->first_entry)->hash++;
    assert_int_equal(catalog_next(&view, &cursor, &region), CATALOG_CORRUPT);
    builder_free(&builder);
}

static void an_entry_without_a_name_is_corrupt_in_a_walk(void **state)
{
    catalog_builder builder;
    uint64_t cursor = 0;
    (void)state;
    catalog_view view = small_catalog(&builder);
    shmb_catalog_entry *entry = builder_entry(&builder, builder_header(&builder)->first_entry);
    entry->name = (shmb_text){0, 0};
    entry->hash = shmb_name_hash("", 0);
    assert_int_equal(catalog_next(&view, &cursor, &region), CATALOG_CORRUPT);
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

static void a_text_may_end_where_the_catalog_ends(void **state)
{
    catalog_builder builder;
    (void)state;
    catalog_view whole = small_catalog(&builder);
    shmb_catalog_entry *entry = builder_entry(&builder, builder_header(&builder)->first_entry);
    entry->slots[1].reason = (shmb_text){(uint32_t)whole.size - 4, 3};
    memcpy(builder.bytes + whole.size - 4, "end", 4);
    catalog_view view = exact_copy(&whole, whole.size);
    assert_int_equal(find(&view, "Telemetry"), CATALOG_OK);
    assert_string_equal(region.reason, "end");
    free((void *)(uintptr_t)view.base);
    builder_free(&builder);
}

/* A broker killed at any word of a publication leaves the last one: the slot that it fills is not the one
 * read. */
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
        cmocka_unit_test(the_header_is_read),
        cmocka_unit_test(header_texts_that_fill_their_place_are_terminated),
        cmocka_unit_test(a_region_is_found_with_all_its_facts),
        cmocka_unit_test(other_names_are_not_found),
        cmocka_unit_test(a_catalog_without_regions_has_none),
        cmocka_unit_test(a_walk_meets_all_regions_in_order_and_goes_on_when_more_come),
        cmocka_unit_test(the_published_slot_is_read),
        cmocka_unit_test(each_of_10000_regions_is_found),
        cmocka_unit_test(a_crowded_run_of_buckets_is_followed_to_its_end),
        cmocka_unit_test(a_catalog_without_magic_is_not_ready),
        cmocka_unit_test(another_layout_version_is_incompatible),
        cmocka_unit_test(a_header_that_contradicts_itself_is_corrupt),
        cmocka_unit_test(what_lies_past_the_view_asks_for_a_larger_one),
        cmocka_unit_test(a_catalog_cut_at_any_byte_is_survived),
        cmocka_unit_test(any_word_may_be_hostile),
        cmocka_unit_test(damaged_entries_are_corrupt),
        cmocka_unit_test(a_cycle_of_entries_ends_the_walk),
        cmocka_unit_test(an_index_without_an_empty_bucket_ends_the_search),
        cmocka_unit_test(a_bucket_count_that_is_no_power_of_two_is_corrupt),
        cmocka_unit_test(a_name_that_its_hash_does_not_fit_is_corrupt_in_a_walk),
        cmocka_unit_test(an_entry_without_a_name_is_corrupt_in_a_walk),
        cmocka_unit_test(a_name_of_the_same_hash_is_another_name),
        cmocka_unit_test(a_text_may_end_where_the_catalog_ends),
        cmocka_unit_test(a_broker_killed_in_mid_update_leaves_the_last_publication),
    };
    return cmocka_run_group_tests_name("client.reader", tests, NULL, NULL);
}
