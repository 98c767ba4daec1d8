/* text_builder.c: text that grows, and sizes as people write them. */
#include "testing.h"

#include "text_builder.h"

static void appended_pieces_come_out_as_one(void **state)
{
    (void)state;
    text t = {0};
    text_append(&t, "%s", "region ");
    text_append(&t, "%s has %d", "A", 7);
    text_append(&t, "%s", "");
    char *whole = text_take(&t);
    assert_string_equal(whole, "region A has 7");
    free(whole);
}

static void nothing_appended_is_an_empty_text(void **state)
{
    (void)state;
    text t = {0};
    char *whole = text_take(&t);
    assert_string_equal(whole, "");
    free(whole);
}

static void a_taken_text_can_be_filled_again(void **state)
{
    (void)state;
    text t = {0};
    text_append(&t, "one");
    free(text_take(&t));
    assert_null(t.bytes);
    assert_int_equal(t.length, 0);
    text_append(&t, "two");
    char *whole = text_take(&t);
    assert_string_equal(whole, "two");
    free(whole);
}

static void it_grows_at_every_length(void **state)
{
    (void)state;
    text t = {0};
    for (size_t i = 0; i < 5000; i++) {
        text_append(&t, "%c", (char)('a' + i % 26));
        assert_int_equal(t.length, i + 1);
        assert_true(t.capacity > t.length);
    }
    char *whole = text_take(&t);
    assert_int_equal(strlen(whole), 5000);
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(whole[i], 'a' + (int)(i % 26));
    free(whole);
}

static void a_failure_is_remembered_until_the_text_is_taken(void **state)
{
    (void)state;
    text t = {0};
    text_append(&t, "begun");
    t.failed = true; /* as after an allocation that failed */
    text_append(&t, " and gone on");
    assert_null(text_take(&t));
    assert_false(t.failed);
    assert_null(t.bytes);
}

static void text_make_formats_at_once(void **state)
{
    (void)state;
    char *made = text_make("%s\\%s", "Global", "A");
    assert_string_equal(made, "Global\\A");
    free(made);
}

static void sizes_have_the_largest_unit_that_is_exact(void **state)
{
    (void)state;
    static const struct {
        unsigned long long number;
        const char *text;
    } rows[] = {
        {0, "0 B"},
        {1, "1 B"},
        {1023, "1023 B"},
        {1024, "1 KiB"},
        {1025, "1025 B"},
        {1536, "1536 B"},
        {65536, "64 KiB"},
        {1ull << 20, "1 MiB"},
        {(1ull << 20) + 1024, "1025 KiB"},
        {3ull << 30, "3 GiB"},
        {1ull << 47, "128 TiB"},
        {1ull << 50, "1024 TiB"},
        {~0ull, "18446744073709551615 B"},
    };
    char buffer[32];
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        text_size(rows[i].number, buffer, sizeof buffer);
        assert_string_equal(buffer, rows[i].text);
    }
}

static void a_size_never_leaves_its_buffer(void **state)
{
    (void)state;
    char buffer[4] = "xyz";
    text_size(65536, buffer, 3);
    assert_string_equal(buffer, "64");
    assert_int_equal(buffer[3], 0);
}

static void sizes_are_told_about_with_one_decimal(void **state)
{
    static const struct {
        unsigned long long number;
        const char *text;
    } cases[] = {{0, "0 B"},
                 {1023, "1023 B"},
                 {1024, "1 KiB"},
                 {1536, "1.5 KiB"},
                 {65537, "64.0 KiB"},
                 {(1ull << 30) - 1, "1023.9 MiB"},
                 {100ull << 40, "100 TiB"},
                 {~0ull, "16777215.9 TiB"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char buffer[TEXT_SIZE];
        text_size_about(cases[i].number, buffer);
        assert_string_equal(buffer, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appended_pieces_come_out_as_one),
        cmocka_unit_test(nothing_appended_is_an_empty_text),
        cmocka_unit_test(a_taken_text_can_be_filled_again),
        cmocka_unit_test(it_grows_at_every_length),
        cmocka_unit_test(a_failure_is_remembered_until_the_text_is_taken),
        cmocka_unit_test(text_make_formats_at_once),
        cmocka_unit_test(sizes_have_the_largest_unit_that_is_exact),
        cmocka_unit_test(a_size_never_leaves_its_buffer),
        cmocka_unit_test(sizes_are_told_about_with_one_decimal),
    };
    return cmocka_run_group_tests_name("text_builder", tests, NULL, NULL);
}
