/* The views that shmb_attach and shmb_attach_handle give: their memory, range, access and handles. */
#include "attach_testing_win32.h"
#include "own_handles_win32.h"

#include <string.h>

static DWORD protection_of(const shmb_region *region)
{
    MEMORY_BASIC_INFORMATION memory;
    assert_int_equal(VirtualQuery(shmb_data(region), &memory, sizeof memory), sizeof memory);
    return memory.Protect;
}

static void what_a_writer_writes_is_what_a_reader_reads(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 100000, NULL);
    shmb_region *writer = attach("Data", SHMB_ACCESS_WRITE, SHMB_OK);
    shmb_region *reader = attach("Data", SHMB_ACCESS_READ, SHMB_OK);
    assert_int_equal(shmb_size(reader), 100000);
    assert_int_equal(shmb_region_size(reader), 100000);
    memset(shmb_data(writer), 0x5A, 100000);
    assert_int_equal(((uint8_t *)shmb_data(reader))[0], 0x5A);
    assert_int_equal(((uint8_t *)shmb_data(reader))[99999], 0x5A);
    assert_int_equal(protection_of(reader), PAGE_READONLY);
    assert_int_equal(protection_of(writer), PAGE_READWRITE);
    shmb_detach(reader);
    shmb_detach(writer);
}

static void a_reader_s_handle_cannot_be_mapped_for_writing(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    const DWORD denied = ERROR_ACCESS_DENIED;
    shmb_region *reader = attach("Data", SHMB_ACCESS_READ, SHMB_OK);
    assert_null(MapViewOfFile(shmb_handle(reader), FILE_MAP_WRITE, 0, 0, 0));
    assert_int_equal(GetLastError(), denied);
    shmb_detach(reader);
}

static void a_view_begins_at_any_byte(void **state)
{
    static const uint64_t offsets[] = {0, 1, 4095, 4096, 65535, 65536, 65537, 200000, 299999};
    (void)state;
    fake_broker_create(&broker, "Data", 300000, NULL);
    shmb_region *whole = attach("Data", SHMB_ACCESS_WRITE, SHMB_OK);
    uint8_t *bytes = shmb_data(whole);
    for (uint32_t i = 0; i < 300000; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
        options.offset = offsets[i];
        shmb_region *view = attach_with("Data", &options, SHMB_OK);
        assert_int_equal(shmb_size(view), 300000 - offsets[i]);
        assert_int_equal(shmb_region_size(view), 300000);
        assert_memory_equal(shmb_data(view), bytes + offsets[i], (size_t)(300000 - offsets[i]));
        shmb_detach(view);
    }
    shmb_detach(whole);
}

static void a_view_has_the_length_asked_for(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 300000, NULL);
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    options.offset = 70000;
    options.length = 10;
    shmb_region *view = attach_with("Data", &options, SHMB_OK);
    assert_int_equal(shmb_size(view), 10);
    shmb_detach(view);
}

static void a_range_outside_the_region_is_refused(void **state)
{
    static const struct {
        uint64_t offset, length;
    } ranges[] = {{4096, 0}, {4097, 0},       {UINT64_MAX, 0}, {0, 4097},
                  {4095, 2}, {1, UINT64_MAX}, {UINT64_MAX, 2}};
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
        options.offset = ranges[i].offset;
        options.length = ranges[i].length;
        attach_with("Data", &options, SHMB_BAD_RANGE);
        assert_message_has("which has 4096 bytes");
    }
}

static void several_views_live_side_by_side(void **state)
{
    (void)state;
    shmb_region *views[8];
    fake_broker_create(&broker, "Data", 4096, NULL);
    for (int i = 0; i < 8; i++)
        views[i] = attach("Data", SHMB_ACCESS_WRITE, SHMB_OK);
    *(volatile uint32_t *)shmb_data(views[0]) = 42;
    for (int i = 7; i > 0; i--) {
        assert_int_equal(*(volatile uint32_t *)shmb_data(views[i]), 42);
        shmb_detach(views[i]);
    }
    assert_int_equal(*(volatile uint32_t *)shmb_data(views[0]), 42);
    shmb_detach(views[0]);
}

static void a_handle_more_is_counted(void **state)
{
    (void)state;
    unsigned before = own_handles();
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL);
    assert_non_null(event);
    assert_int_equal(own_handles(), before + 1);
    CloseHandle(event);
    assert_int_equal(own_handles(), before);
}

static void nothing_is_leaked(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    shmb_detach(attach("Data", SHMB_ACCESS_READ, SHMB_OK));
    attach("Other", SHMB_ACCESS_READ, SHMB_NOT_DECLARED);
    unsigned before = own_handles();
    for (int i = 0; i < 100; i++) {
        shmb_detach(attach("Data", SHMB_ACCESS_WRITE, SHMB_OK));
        attach("Other", SHMB_ACCESS_READ, SHMB_NOT_DECLARED);
        shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
        options.offset = 5000;
        attach_with("Data", &options, SHMB_BAD_RANGE);
    }
    assert_int_equal(own_handles(), before);
}

static void a_handle_is_enough_for_a_view(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 100000, NULL);
    shmb_region *named = attach("Data", SHMB_ACCESS_WRITE, SHMB_OK);
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    options.offset = 70001;
    shmb_region *region = NULL;
    assert_int_equal(shmb_attach_handle(shmb_handle(named), 100000, &options, &region), SHMB_OK);
    ((uint8_t *)shmb_data(named))[70001] = 9;
    shmb_detach(named); /* the region has a handle and a view of its own */
    assert_int_equal(*(uint8_t *)shmb_data(region), 9);
    assert_int_equal(shmb_size(region), 29999);
    assert_int_equal(protection_of(region), PAGE_READONLY);
    shmb_detach(region);
}

static void a_handle_gives_no_more_than_it_has(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, READ_ONLY_SDDL);
    shmb_region *reader = attach("Data", SHMB_ACCESS_READ, SHMB_OK), *writer = NULL;
    shmb_attach_options options = plain_options(SHMB_ACCESS_WRITE);
    assert_int_equal(shmb_attach_handle(shmb_handle(reader), 4096, &options, &writer), SHMB_ACCESS_DENIED);
    assert_null(writer);
    assert_message_has("cannot be duplicated for writing");
    shmb_detach(reader);
}

static void what_is_no_section_s_handle_is_refused(void **state)
{
    (void)state;
    shmb_region *region = NULL;
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    assert_int_equal(shmb_attach_handle(NULL, 4096, &options, &region), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_attach_handle(INVALID_HANDLE_VALUE, 4096, &options, &region),
                     SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_attach_handle((HANDLE)(uintptr_t)0xABCDE0, 4096, &options, &region),
                     SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_attach_handle(event, 0, &options, &region), SHMB_INVALID_ARGUMENT);
    assert_true(shmb_attach_handle(event, 4096, &options, &region) != SHMB_OK);
    assert_null(region);
    assert_true(message[0] != '\0');
    CloseHandle(event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_writer_writes_is_what_a_reader_reads),
        TEST(a_reader_s_handle_cannot_be_mapped_for_writing),
        TEST(a_view_begins_at_any_byte),
        TEST(a_view_has_the_length_asked_for),
        TEST(a_range_outside_the_region_is_refused),
        TEST(several_views_live_side_by_side),
        TEST(a_handle_more_is_counted),
        TEST(nothing_is_leaked),
        TEST(a_handle_is_enough_for_a_view),
        TEST(a_handle_gives_no_more_than_it_has),
        TEST(what_is_no_section_s_handle_is_refused),
    };
    return cmocka_run_group_tests_name("client.attach_view", tests, NULL, NULL);
}
