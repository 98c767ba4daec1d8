/*
 * The coats in which a document may come: UTF-8 and UTF-16, marks, line ends, comments.
 */
#include "config_testing.h"

#include <stdio.h>
#include <string.h>

static const char odd_text[] =
    "version: 1\n" USERS "regions:\n  \"G\xC3\xA9 \xF0\x9F\x98\x80\": { size: 7 }\n";

/* Loads `odd_text` in another coat, and looks for its region. */
static void check_odd_text(const char *text, size_t length)
{
    loaded result;
    load_bytes(&result, text, length);
    assert_accepted(&result);
    assert_int_equal(result.model->region_count, 1);
    assert_string_equal(result.model->regions[0].name, "G\xC3\xA9 \xF0\x9F\x98\x80");
    assert_int_equal(result.model->regions[0].where.line, 4);
    assert_int_equal(result.model->regions[0].where.column, 3);
    unload(&result);
}

static void utf8_may_have_a_byte_order_mark(void **state)
{
    char text[256];
    (void)state;
    snprintf(text, sizeof text, "\xEF\xBB\xBF%s", odd_text);
    check_odd_text(odd_text, strlen(odd_text));
    check_odd_text(text, strlen(text));
}

/* Puts one UTF-16 unit at the end of `text`. */
static void add_unit(char *text, size_t *length, unsigned unit, bool big)
{
    text[(*length)++] = (char)(big ? unit >> 8 : unit & 0xFFu);
    text[(*length)++] = (char)(big ? unit & 0xFFu : unit >> 8);
}

static void utf16_is_read_in_both_orders(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        char text[512];
        size_t length = 0;
        add_unit(text, &length, 0xFEFFu, big);
        for (const char *c = odd_text; *c != '\0'; c++) {
            if (strncmp(c, "\xC3\xA9", 2) == 0) {
                add_unit(text, &length, 0xE9u, big);
                c += 1;
            } else if (strncmp(c, "\xF0\x9F\x98\x80", 4) == 0) {
                add_unit(text, &length, 0xD83Du, big);
                add_unit(text, &length, 0xDE00u, big);
                c += 3;
            } else {
                add_unit(text, &length, (unsigned char)*c, big);
            }
        }
        check_odd_text(text, length);
    }
}

static void lines_may_end_with_carriage_returns(void **state)
{
    char text[256];
    size_t length = 0;
    (void)state;
    for (const char *c = odd_text; *c != '\0'; c++) {
        if (*c == '\n') {
            text[length++] = '\r';
        }
        text[length++] = *c;
    }
    check_odd_text(text, length);
}

static void document_markers_and_comments_are_harmless(void **state)
{
    loaded result;
    (void)state;
    load(&result, "%YAML 1.2\n---\n# first\nversion: 1 # one\nregions: {}\n...\n# last\n");
    assert_accepted(&result);
    unload(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_may_have_a_byte_order_mark),
        cmocka_unit_test(utf16_is_read_in_both_orders),
        cmocka_unit_test(lines_may_end_with_carriage_returns),
        cmocka_unit_test(document_markers_and_comments_are_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
