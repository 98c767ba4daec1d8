/* What a caller may ask for, and the texts that explain it: the part of the client that needs no Windows. */
#include "message.h"
#include "request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <string.h>

static char text[256];

static shmb_attach_options plain_options(void)
{
    shmb_attach_options options = {
        .struct_size = sizeof options, .message = text, .message_size = sizeof text};
    memset(text, 'x', sizeof text);
    return options;
}

static shmb_status read_options(const shmb_attach_options *options, shmb_request *request)
{
    shmb_message message;
    return shmb_request_read(options, request, &message);
}

static void no_options_mean_reading_all_of_it_at_once(void **state)
{
    shmb_request request;
    (void)state;
    assert_int_equal(read_options(NULL, &request), SHMB_OK);
    assert_false(request.write);
    assert_int_equal(request.timeout_ms, SHMB_NO_WAIT);
    assert_int_equal(request.offset, 0);
    assert_int_equal(request.length, 0);
    assert_null(request.instance);
}

static void options_are_taken_over(void **state)
{
    shmb_request request;
    shmb_attach_options options = plain_options();
    (void)state;
    options.access = SHMB_ACCESS_WRITE;
    options.timeout_ms = 5;
    options.offset = 6;
    options.length = 7;
    options.instance = "test";
    assert_int_equal(read_options(&options, &request), SHMB_OK);
    assert_true(request.write);
    assert_int_equal(request.timeout_ms, 5);
    assert_int_equal(request.offset, 6);
    assert_int_equal(request.length, 7);
    assert_string_equal(request.instance, "test");
    assert_string_equal(text, "");
    options.access = SHMB_ACCESS_READ | SHMB_ACCESS_WRITE;
    assert_int_equal(read_options(&options, &request), SHMB_OK);
    assert_true(request.write);
}

static void a_structure_of_unknown_size_is_refused_and_not_believed(void **state)
{
    static const uint32_t sizes[] = {0, 1, sizeof(shmb_attach_options) - 1, 1025, UINT32_MAX};
    shmb_request request;
    shmb_attach_options options = plain_options();
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        options.struct_size = sizes[i];
        assert_int_equal(read_options(&options, &request), SHMB_INVALID_ARGUMENT);
        assert_int_equal(text[0], 'x');
    }
}

static void a_later_structure_is_accepted_while_its_new_members_are_zero(void **state)
{
    struct {
        shmb_attach_options known;
        uint64_t later;
    } options = {plain_options(), 0};
    shmb_request request;
    (void)state;
    options.known.struct_size = sizeof options;
    assert_int_equal(read_options(&options.known, &request), SHMB_OK);
    options.later = 1;
    assert_int_equal(read_options(&options.known, &request), SHMB_INVALID_ARGUMENT);
}

static void unknown_access_is_refused(void **state)
{
    shmb_request request;
    shmb_attach_options options = plain_options();
    (void)state;
    options.access = 4;
    assert_int_equal(read_options(&options, &request), SHMB_INVALID_ARGUMENT);
    assert_non_null(strstr(text, "options.access is 4"));
    options = plain_options();
    options.flags = 7;
    assert_int_equal(read_options(&options, &request), SHMB_INVALID_ARGUMENT);
    assert_non_null(strstr(text, "options.flags is 7"));
    options = plain_options();
    options.kind = 7;
    assert_int_equal(read_options(&options, &request), SHMB_INVALID_ARGUMENT);
    assert_non_null(strstr(text, "options.kind is 7"));
}

static void names_are_checked(void **state)
{
    shmb_message message = {text, sizeof text, 0};
    char name[802];
    (void)state;
    memset(name, 'n', sizeof name);
    name[801] = '\0';
    assert_int_equal(shmb_check_name(name, &message), SHMB_INVALID_ARGUMENT);
    name[800] = '\0';
    assert_int_equal(shmb_check_name(name, &message), SHMB_OK);
    assert_int_equal(shmb_check_name("$rFactor2SMMP_Telemetry$", &message), SHMB_OK);
    assert_int_equal(shmb_check_name(NULL, &message), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_check_name("", &message), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_check_name("Global\\Telemetry", &message), SHMB_INVALID_ARGUMENT);
    assert_non_null(strstr(text, "without Global\\"));
}

static void instance_names_are_checked(void **state)
{
    static const char *const wrong[] = {"a b", "a.b", "a\\b", "\xC3\xA4", "a$"};
    shmb_message message = {text, sizeof text, 0};
    char name[42];
    (void)state;
    memset(name, 'i', sizeof name);
    name[41] = '\0';
    assert_int_equal(shmb_check_instance(name, &message), SHMB_INVALID_ARGUMENT);
    name[40] = '\0';
    assert_int_equal(shmb_check_instance(name, &message), SHMB_OK);
    assert_int_equal(shmb_check_instance("", &message), SHMB_OK);
    assert_int_equal(shmb_check_instance("aZ09_-", &message), SHMB_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(shmb_check_instance(wrong[i], &message), SHMB_INVALID_ARGUMENT);
}

/* ---- Ranges
   ---------------------------------------------------------------------------------------------------- */

static shmb_status range_of(uint64_t region_size, uint64_t offset, uint64_t length, shmb_range *range)
{
    shmb_message message = {text, sizeof text, 0};
    shmb_request request = {.offset = offset, .length = length};
    return shmb_request_range(&request, region_size, range, &message);
}

static void a_mapping_begins_at_the_granularity_below(void **state)
{
    shmb_range range;
    (void)state;
    assert_int_equal(range_of(200000, 0, 0, &range), SHMB_OK);
    assert_int_equal(range.map_offset, 0);
    assert_int_equal(range.map_bytes, 200000);
    assert_int_equal(range.skip, 0);
    assert_int_equal(range_of(200000, 131073, 5, &range), SHMB_OK);
    assert_int_equal(range.map_offset, 131072);
    assert_int_equal(range.map_bytes, 6);
    assert_int_equal(range.skip, 1);
    assert_int_equal(range.length, 5);
    assert_int_equal(range_of(200000, 65535, 0, &range), SHMB_OK);
    assert_int_equal(range.map_offset, 0);
    assert_int_equal(range.skip, 65535);
    assert_int_equal(range.length, 200000 - 65535);
    assert_int_equal(range_of(200000, 199999, 1, &range), SHMB_OK);
}

static void ranges_outside_are_refused(void **state)
{
    static const uint64_t wrong[][2] = {{10, 0}, {10, 1},         {11, 0},         {0, 11},
                                        {9, 2},  {1, UINT64_MAX}, {UINT64_MAX, 1}, {UINT64_MAX, UINT64_MAX}};
    shmb_range range;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(range_of(10, wrong[i][0], wrong[i][1], &range), SHMB_BAD_RANGE);
        assert_int_equal(range.map_bytes, 0);
    }
    assert_int_equal(range_of(200000, 131072, UINT64_MAX - 131071, &range),
                     SHMB_BAD_RANGE); /* their sum is 0 */
}

static void a_view_larger_than_the_address_space_is_refused(void **state)
{
    shmb_range range;
    (void)state;
    if (sizeof(void *) == 4) {
        assert_int_equal(range_of(UINT64_C(1) << 33, 0, 0, &range), SHMB_BAD_RANGE);
        assert_int_equal(range_of(UINT64_C(1) << 33, 65535, UINT32_MAX, &range), SHMB_BAD_RANGE);
        assert_non_null(strstr(text, "32-bit process"));
    }
    assert_int_equal(range_of(UINT64_C(1) << 33, UINT64_C(1) << 32, 4096, &range), SHMB_OK);
    assert_int_equal(range.map_offset, UINT64_C(1) << 32);
}

/* ---- Messages and statuses
   -------------------------------------------------------------------------------------- */

static void a_message_keeps_its_prefix(void **state)
{
    shmb_message message = {text, sizeof text, 0};
    (void)state;
    shmb_message_prefix(&message, "cannot attach to \"%s\": ", "A");
    shmb_message_set(&message, "first");
    shmb_message_set(&message, "%s", "second");
    shmb_message_add(&message, " (waited %d ms)", 5);
    assert_string_equal(text, "cannot attach to \"A\": second (waited 5 ms)");
    shmb_message_clear(&message);
    assert_string_equal(text, "");
}

static void a_message_is_cut_between_characters(void **state)
{
    (void)state;
    for (size_t size = 1; size < 20; size++) {
        char small[24];
        memset(small, 'x', sizeof small);
        shmb_message message = {small, size, 0};
        shmb_message_prefix(&message, "%s", "a\xC3\xA4");
        shmb_message_set(&message, "%s", "\xE2\x82\xAC\xF0\x9F\x98\x80z");
        size_t length = strlen(small);
        assert_true(length < size);
        assert_true(length == 0 || length == 1 || length == 3 || length == 6 || length >= 10);
        assert_int_equal(small[size], 'x');
    }
}

static void a_message_without_a_place_goes_nowhere(void **state)
{
    shmb_message none = {NULL, 100, 0}, empty = {text, 0, 0};
    (void)state;
    text[0] = 'x';
    shmb_message_prefix(&none, "a");
    shmb_message_set(&none, "b");
    shmb_message_add(&none, "c");
    shmb_message_clear(&none);
    shmb_message_prefix(&empty, "a");
    shmb_message_set(&empty, "b");
    shmb_message_add(&empty, "c");
    shmb_message_clear(&empty);
    assert_int_equal(text[0], 'x');
}

static void each_status_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (int a = SHMB_OK; a <= SHMB_STALE; a++) {
        assert_string_not_equal(shmb_status_text((shmb_status)a), "unknown status");
        for (int b = SHMB_OK; b < a; b++)
            assert_string_not_equal(shmb_status_text((shmb_status)a), shmb_status_text((shmb_status)b));
    }
    assert_string_equal(shmb_status_text((shmb_status)(SHMB_STALE + 1)), "unknown status");
    assert_string_equal(shmb_status_text((shmb_status)-1), "unknown status");
}

static void the_version_is_the_build_s(void **state)
{
    (void)state;
    assert_string_equal(shmb_version(), SHMBROKER_VERSION);
}

static void a_view_is_widened_to_whole_pages(void **state)
{
    const uint64_t page = 2u << 20;
    static const struct {
        shmb_range narrow;
        shmb_range wide;
    } cases[] = {
        {{0, 1, 0, 1}, {0, 2u << 20, 0, 1}},
        {{0, 2u << 20, 0, 2u << 20}, {0, 2u << 20, 0, 2u << 20}},
        {{65536, 100, 7, 93}, {0, 2u << 20, 65543, 93}},
        {{(2u << 20) - 65536, 65537, 0, 65537}, {0, 4u << 20, (2u << 20) - 65536, 65537}},
        {{6u << 20, (2u << 20) + 1, 3, (2u << 20) - 2}, {6u << 20, 4u << 20, 3, (2u << 20) - 2}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        shmb_range wide;
        assert_true(shmb_range_widen(&cases[i].narrow, page, &wide));
        assert_int_equal(wide.map_offset, cases[i].wide.map_offset);
        assert_int_equal(wide.map_bytes, cases[i].wide.map_bytes);
        assert_int_equal(wide.skip, cases[i].wide.skip);
        assert_int_equal(wide.length, cases[i].wide.length);
    }
}

static void what_cannot_be_widened_is_not(void **state)
{
    const shmb_range narrow = {0, 1, 0, 1}, most = {0, SIZE_MAX - 100, 0, SIZE_MAX - 100};
    shmb_range wide;
    (void)state;
    assert_false(shmb_range_widen(&narrow, 0, &wide)); /* a machine without large pages */
    assert_false(shmb_range_widen(&narrow, 4096, &wide));
    assert_false(shmb_range_widen(&narrow, 3u << 20, &wide));
    assert_false(shmb_range_widen(&most, 2u << 20, &wide));
    assert_false(shmb_range_widen(&narrow, 1ull << 63, &wide));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_options_mean_reading_all_of_it_at_once),
        cmocka_unit_test(options_are_taken_over),
        cmocka_unit_test(a_structure_of_unknown_size_is_refused_and_not_believed),
        cmocka_unit_test(a_later_structure_is_accepted_while_its_new_members_are_zero),
        cmocka_unit_test(unknown_access_is_refused),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(instance_names_are_checked),
        cmocka_unit_test(a_mapping_begins_at_the_granularity_below),
        cmocka_unit_test(ranges_outside_are_refused),
        cmocka_unit_test(a_view_larger_than_the_address_space_is_refused),
        cmocka_unit_test(a_message_keeps_its_prefix),
        cmocka_unit_test(a_message_is_cut_between_characters),
        cmocka_unit_test(a_message_without_a_place_goes_nowhere),
        cmocka_unit_test(each_status_has_a_text_of_its_own),
        cmocka_unit_test(the_version_is_the_build_s),
        cmocka_unit_test(a_view_is_widened_to_whole_pages),
        cmocka_unit_test(what_cannot_be_widened_is_not),
    };
    return cmocka_run_group_tests_name("client.request", tests, NULL, NULL);
}
