/* The catalog reader and the header: what it tells, and when it makes a catalog unreadable. */
#include "reader_testing.h"

#include <string.h>

static void the_header_is_read(void **state)
{
    catalog_builder builder;
    catalog_info info;
    (void)state;
    catalog_view view = small_catalog(&builder);
    assert_int_equal(catalog_read_info(&view, &info), CATALOG_OK);
    assert_int_equal(info.layout_version, SHMB_CATALOG_VERSION);
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
    static const uint32_t versions[] = {0, SHMB_CATALOG_VERSION - 1, SHMB_CATALOG_VERSION + 1, UINT32_MAX};
    catalog_builder builder;
    (void)state;
    catalog_view view = small_catalog(&builder);
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_is_read),
        cmocka_unit_test(header_texts_that_fill_their_place_are_terminated),
        cmocka_unit_test(a_catalog_without_magic_is_not_ready),
        cmocka_unit_test(another_layout_version_is_incompatible),
        cmocka_unit_test(a_header_that_contradicts_itself_is_corrupt),
    };
    return cmocka_run_group_tests_name("client.reader_header", tests, NULL, NULL);
}
