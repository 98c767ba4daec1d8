/* The catalog reader at the end of its view: catalogs cut short, and what lies just before the end. */
#include "reader_testing.h"

#include <stdlib.h>
#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_past_the_view_asks_for_a_larger_one),
        cmocka_unit_test(a_catalog_cut_at_any_byte_is_survived),
        cmocka_unit_test(a_text_may_end_where_the_catalog_ends),
    };
    return cmocka_run_group_tests_name("client.reader_truncation", tests, NULL, NULL);
}
