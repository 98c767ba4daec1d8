/* The catalog reader against hostile bytes: damaged entries and indexes, and any value at any word. */
#include "reader_testing.h"

#include "geometry.h"

#include <stdlib.h>
#include <string.h>

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

static void state_six(catalog_builder *builder, shmb_catalog_entry *entry)
{
    (void)builder;
    entry->slots[1].state = 6;
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

static void long_note(catalog_builder *builder, shmb_catalog_entry *entry)
{
    char text[SHMB_TEXT_MAX_BYTES + 2];
    memset(text, 'x', sizeof text);
    text[SHMB_TEXT_MAX_BYTES + 1] = '\0';
    entry->slots[1].note = builder_text(builder, text);
}

static void note_without_nul(catalog_builder *builder, shmb_catalog_entry *entry)
{
    entry->slots[1].note = builder_text(builder, "no large pages");
    builder->bytes[entry->slots[1].note.offset + entry->slots[1].note.length] = 'x';
}

static void private_without_boundary(catalog_builder *builder, shmb_catalog_entry *entry)
{
    (void)builder;
    entry->slots[1].flags |= SHMB_FLAG_PRIVATE;
}

static void boundary_without_private(catalog_builder *builder, shmb_catalog_entry *entry)
{
    entry->slots[1].boundary = builder_text(builder, "S-1-5-32-544");
}

static void boundary_past_the_end(catalog_builder *builder, shmb_catalog_entry *entry)
{
    entry->slots[1].flags |= SHMB_FLAG_PRIVATE;
    entry->slots[1].boundary.offset = (uint32_t)builder_header(builder)->committed_bytes - 1;
    entry->slots[1].boundary.length = 12;
}

/* 16 messages of 100 bytes, in slots of 128. */
static void become_queue(shmb_catalog_entry *entry)
{
    const shmb_geometry geometry = {SHMB_KIND_QUEUE, 16, 100};
    entry->slots[1].kind = geometry.kind;
    entry->slots[1].messages = geometry.messages;
    entry->slots[1].item_size = geometry.item_size;
    entry->slots[1].size = shmb_geometry_bytes(&geometry);
}

static void queue_of_no_messages(catalog_builder *builder, shmb_catalog_entry *entry)
{
    (void)builder;
    become_queue(entry);
    entry->slots[1].messages = 0;
}

static void queue_of_fifteen_messages(catalog_builder *builder, shmb_catalog_entry *entry)
{
    (void)builder;
    become_queue(entry);
    entry->slots[1].messages = 15;
}

static void queue_larger_than_its_bytes(catalog_builder *builder, shmb_catalog_entry *entry)
{
    (void)builder;
    become_queue(entry);
    entry->slots[1].messages = 32;
}

static void queue_of_huge_messages(catalog_builder *builder, shmb_catalog_entry *entry)
{
    (void)builder;
    become_queue(entry);
    entry->slots[1].item_size = UINT64_MAX - 15;
}

static void damaged_entries_are_corrupt(void **state)
{
    static damage *const all[] = {drop_nul,
                                  early_nul,
                                  long_text,
                                  text_in_header,
                                  length_without_text,
                                  text_past_the_end,
                                  no_version,
                                  state_zero,
                                  state_six,
                                  no_size,
                                  huge_size,
                                  no_generation,
                                  no_object_name,
                                  long_note,
                                  note_without_nul,
                                  private_without_boundary,
                                  boundary_without_private,
                                  boundary_past_the_end,
                                  queue_of_no_messages,
                                  queue_of_fifteen_messages,
                                  queue_larger_than_its_bytes,
                                  queue_of_huge_messages};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        assert_damage_is_seen(all[i]);
}

static void a_kind_tells_its_geometry(void **state)
{
    catalog_builder builder;
    (void)state;
    catalog_view view = small_catalog(&builder);
    become_queue(builder_entry(&builder, builder_header(&builder)->first_entry));
    assert_int_equal(find(&view, "Telemetry"), CATALOG_OK);
    assert_int_equal(region.kind, SHMB_KIND_QUEUE);
    assert_int_equal(region.messages, 16);
    assert_int_equal(region.item_size, 100);
    assert_int_equal(find(&view, "$rFactor2SMMP_Scoring$"), CATALOG_OK);
    assert_int_equal(region.kind, SHMB_KIND_RAW);
    assert_int_equal(region.messages, 0);
    assert_int_equal(region.item_size, region.size);
    builder_free(&builder);
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
                                    whole.size - 192,
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_entries_are_corrupt),
        cmocka_unit_test(a_kind_tells_its_geometry),
        cmocka_unit_test(a_cycle_of_entries_ends_the_walk),
        cmocka_unit_test(an_index_without_an_empty_bucket_ends_the_search),
        cmocka_unit_test(a_bucket_count_that_is_no_power_of_two_is_corrupt),
        cmocka_unit_test(a_name_that_its_hash_does_not_fit_is_corrupt_in_a_walk),
        cmocka_unit_test(an_entry_without_a_name_is_corrupt_in_a_walk),
        cmocka_unit_test(any_word_may_be_hostile),
    };
    return cmocka_run_group_tests_name("client.reader_hostile", tests, NULL, NULL);
}
