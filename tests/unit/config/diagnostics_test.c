/*
 * Keeping, sorting and printing diagnostics.
 */
#include "config_testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static config_position at(uint32_t line, uint32_t column)
{
    config_position where = {line, column};
    return where;
}

/* Fails unless diagnostic `index` reads so. */
static void assert_line(const config_diagnostics *diagnostics, size_t index, const char *line)
{
    char text[256];
    assert_int_equal(config_diagnostics_format(diagnostics, index, text, sizeof text), strlen(line));
    assert_string_equal(text, line);
}

static void lines_name_file_place_path_and_message(void **state)
{
    config_diagnostics diagnostics;
    char cut[8];
    (void)state;
    config_diagnostics_init(&diagnostics, "a.yaml");
    config_diagnostics_add(&diagnostics, at(3, 5), "regions.R", "is %s by %d", "off", 7);
    config_diagnostics_add(&diagnostics, at(4, 1), NULL, "100%% wrong");
    config_diagnostics_add(&diagnostics, at(0, 0), "", "too long");
    assert_line(&diagnostics, 0, "a.yaml:3:5: error: regions.R: is off by 7");
    assert_line(&diagnostics, 1, "a.yaml:4:1: error: 100% wrong");
    assert_line(&diagnostics, 2, "a.yaml: error: too long");
    assert_int_equal(config_diagnostics_format(&diagnostics, 2, cut, sizeof cut), 23);
    assert_string_equal(cut, "a.yaml:");
    config_diagnostics_free(&diagnostics);
    config_diagnostics_free(&diagnostics);
}

static void sorting_goes_by_place_and_keeps_order_at_one_place(void **state)
{
    config_diagnostics diagnostics;
    (void)state;
    config_diagnostics_init(&diagnostics, "a");
    config_diagnostics_add(&diagnostics, at(2, 9), NULL, "fourth");
    config_diagnostics_add(&diagnostics, at(2, 3), NULL, "second");
    config_diagnostics_add(&diagnostics, at(2, 3), NULL, "third");
    config_diagnostics_add(&diagnostics, at(1, 50), NULL, "first");
    config_diagnostics_sort(&diagnostics);
    assert_string_equal(diagnostics.items[0].message, "first");
    assert_string_equal(diagnostics.items[1].message, "second");
    assert_string_equal(diagnostics.items[2].message, "third");
    assert_string_equal(diagnostics.items[3].message, "fourth");
    config_diagnostics_free(&diagnostics);
}

static void the_first_hundred_by_place_are_kept(void **state)
{
    config_diagnostics diagnostics;
    (void)state;
    config_diagnostics_init(&diagnostics, "a");
    for (uint32_t line = 250; line > 0; line--) {
        config_diagnostics_add(&diagnostics, at(line, 1), NULL, "line %lu", (unsigned long)line);
    }
    for (uint32_t line = 1; line <= 250; line++) {
        config_diagnostics_add(&diagnostics, at(line, 2), NULL, "line %lu again", (unsigned long)line);
    }
    config_diagnostics_sort(&diagnostics);
    assert_int_equal(diagnostics.count, CONFIG_MAX_DIAGNOSTICS);
    assert_int_equal(diagnostics.dropped, 400);
    for (uint32_t i = 0; i < CONFIG_MAX_DIAGNOSTICS; i++) {
        assert_int_equal(diagnostics.items[i].span.from.line, i / 2 + 1);
        assert_int_equal(diagnostics.items[i].span.from.column, i % 2 + 1);
    }
    config_diagnostics_free(&diagnostics);
}

/* What is printed, which the caller frees. */
static char *printed(const config_diagnostics *diagnostics, bool colour)
{
    static const char path[] = "config-diagnostics-test.tmp";
    size_t length;
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    config_diagnostics_print(diagnostics, stream, colour);
    fclose(stream);
    char *text = read_whole_file(path, &length);
    remove(path);
    return text;
}

static void assert_printed(const config_diagnostics *diagnostics, bool colour, const char *expected)
{
    char *text = printed(diagnostics, colour);
    assert_string_equal(text, expected);
    free(text);
}

static void printing_ends_with_the_number_of_those_left_out(void **state)
{
    config_diagnostics diagnostics;
    (void)state;
    config_diagnostics_init(&diagnostics, "a");
    for (uint32_t line = 1; line <= CONFIG_MAX_DIAGNOSTICS + 1; line++) {
        config_diagnostics_add(&diagnostics, at(line, 1), "p", "wrong");
    }
    char *text = printed(&diagnostics, false);
    assert_ptr_equal(strstr(text, "a:1:1: error: p: wrong\na:2:1: error: p: wrong\n"), text);
    assert_non_null(strstr(text, "a:100:1: error: p: wrong\n"
                                 "a: 1 more error is not shown; correct those above first\n"));
    free(text);
    config_diagnostics_add(&diagnostics, at(900, 1), "p", "wrong");
    text = printed(&diagnostics, false);
    assert_non_null(strstr(text, "a: 2 more errors are not shown; correct those above first\n"));
    free(text);
    config_diagnostics_free(&diagnostics);
}

static void errors_are_kept_before_warnings(void **state)
{
    config_diagnostics diagnostics;
    (void)state;
    config_diagnostics_init(&diagnostics, "a");
    for (uint32_t line = 1; line <= CONFIG_MAX_DIAGNOSTICS; line++) {
        assert_non_null(config_diagnostics_warn(&diagnostics, at(line, 1), NULL, "hm"));
    }
    assert_non_null(config_diagnostics_add(&diagnostics, at(500, 1), NULL, "wrong"));
    assert_null(config_diagnostics_warn(&diagnostics, at(600, 1), NULL, "hm again"));
    config_diagnostics_sort(&diagnostics);
    assert_int_equal(diagnostics.errors, 1);
    assert_int_equal(diagnostics.dropped, 0);
    assert_int_equal(diagnostics.dropped_warnings, 2);
    assert_line(&diagnostics, 0, "a:1:1: warning: hm");
    assert_line(&diagnostics, 99, "a:500:1: error: wrong");
    config_diagnostics_free(&diagnostics);
}

static void files_come_one_after_the_other_the_main_file_first(void **state)
{
    config_diagnostics diagnostics;
    (void)state;
    config_diagnostics_init(&diagnostics, "main.yaml");
    unsigned second = config_diagnostics_enter(&diagnostics, "conf.d/a.yaml");
    assert_int_equal(second, 1);
    config_diagnostics_add(&diagnostics, at(1, 1), NULL, "third");
    config_diagnostics_select(&diagnostics, 0);
    config_diagnostics_add(&diagnostics, at(9, 9), NULL, "second");
    config_diagnostics_add(&diagnostics, at(2, 2), NULL, "first");
    config_diagnostics_sort(&diagnostics);
    assert_line(&diagnostics, 0, "main.yaml:2:2: error: first");
    assert_line(&diagnostics, 1, "main.yaml:9:9: error: second");
    assert_line(&diagnostics, 2, "conf.d/a.yaml:1:1: error: third");
    config_diagnostics_free(&diagnostics);
}

static void the_second_place_may_be_in_another_file(void **state)
{
    static const char one[] = "regions:\n  A: {}\n";
    static const char other[] = "x:\n A: 1\n";
    config_diagnostics diagnostics;
    config_span first = {{2, 3}, {2, 4}};
    (void)state;
    config_diagnostics_init(&diagnostics, "main.yaml");
    config_diagnostics_enter(&diagnostics, "a.yaml");
    config_diagnostic *item = config_diagnostics_add(&diagnostics, at(2, 2), "regions.A", "is there twice");
    config_diagnostic_note(item, 0, first, "first %s", "here");
    config_diagnostics_quote(&diagnostics, 0, one, strlen(one));
    config_diagnostics_quote(&diagnostics, 1, other, strlen(other));
    assert_printed(&diagnostics, false,
                   "a.yaml:2:2: error: regions.A: is there twice\n"
                   "    2 |  A: 1\n"
                   "      |  ^\n"
                   "main.yaml:2:3: note: first here\n"
                   "    2 |   A: {}\n"
                   "      |   ^\n");
    config_diagnostics_free(&diagnostics);
}

static void colour_is_there_when_asked_for_and_only_then(void **state)
{
    config_diagnostics diagnostics;
    (void)state;
    config_diagnostics_init(&diagnostics, "a");
    config_diagnostic *item = config_diagnostics_add(&diagnostics, at(1, 2), "p", "wrong");
    config_diagnostic_until(item, at(1, 4));
    config_diagnostics_quote(&diagnostics, 0, "abcd", 4);
    assert_printed(&diagnostics, false, "a:1:2: error: p: wrong\n    1 | abcd\n      |  ^~\n");
    assert_printed(&diagnostics, true,
                   "\x1B[1ma:1:2:\x1B[0m \x1B[1;31merror:\x1B[0m \x1B[1mp: \x1B[0mwrong\n"
                   "    1 | abcd\n      |  \x1B[1;32m^~\x1B[0m\n");
    config_diagnostics_free(&diagnostics);
}

/* Fails unless the excerpt of `text` at the span is that line with that mark. */
static void assert_excerpt(const char *text, size_t length, config_position from, config_position to,
                           const char *line, unsigned indent, unsigned width)
{
    config_excerpt excerpt = {NULL, 0, 0};
    config_excerpt_wish wish = {{from, to}, &excerpt, 0};
    config_excerpts_take(text, length, &wish, 1);
    assert_non_null(excerpt.line);
    assert_string_equal(excerpt.line, line);
    assert_int_equal(excerpt.indent, indent);
    assert_int_equal(excerpt.width, width);
    free(excerpt.line);
}

static void marks_stand_under_what_a_terminal_shows(void **state)
{
    static const char tab[] = "\ta:\tb c\n";
    static const char wide[] = "\xE5\xAD\x97\xF0\x9F\x98\x80 e\xCC\x81: x"; /* two wide, one combined */
    static const char bad[] = "a\x1B[2J\x7F\xE2\x80\xAE \xFF: x";
    (void)state;
    assert_excerpt(tab, strlen(tab), at(1, 5), at(1, 8), "    a:  b c", 8, 3);
    assert_excerpt(wide, strlen(wide), at(1, 8), at(1, 9), "\xE5\xAD\x97\xF0\x9F\x98\x80 e\xCC\x81: x", 8, 1);
    assert_excerpt(wide, strlen(wide), at(1, 1), at(1, 3), "\xE5\xAD\x97\xF0\x9F\x98\x80 e\xCC\x81: x", 0, 4);
    assert_excerpt(bad, strlen(bad), at(1, 11), at(1, 12),
                   "a\xEF\xBF\xBD[2J\xEF\xBF\xBD\xEF\xBF\xBD \xEF\xBF\xBD: x", 10, 1);
}

static void every_kind_of_line_end_and_encoding_is_read(void **state)
{
    static const char ends[] = "1\r2\r\n3\xC2\x85"
                               "4\xE2\x80\xA8"
                               "5\n6";
    static const char utf8[] = "\xEF\xBB\xBFone: x\r\ntwo: y\r\n";
    static const char utf16[] = "\xFF\xFE"
                                "a\0\n\0b\0:\0 \0\x3D\xD8\x00\xDE";
    (void)state;
    for (uint32_t line = 1; line <= 6; line++) {
        char number[2] = {(char)('0' + line), '\0'};
        assert_excerpt(ends, strlen(ends), at(line, 1), at(line, 2), number, 0, 1);
    }
    assert_excerpt(utf8, strlen(utf8), at(1, 1), at(1, 4), "one: x", 0, 3);
    assert_excerpt(utf8, strlen(utf8), at(2, 6), at(2, 7), "two: y", 5, 1);
    assert_excerpt(utf8, strlen(utf8), at(3, 1), at(0, 0), "", 0, 1);
    assert_excerpt(utf16, sizeof utf16 - 1, at(2, 4), at(2, 5), "b: \xF0\x9F\x98\x80", 3, 2);
}

static void a_mark_ends_with_its_line(void **state)
{
    static const char text[] = "a: 'one\n  two'\n";
    (void)state;
    assert_excerpt(text, strlen(text), at(1, 4), at(2, 7), "a: 'one", 3, 4);
    assert_excerpt(text, strlen(text), at(1, 4), at(0, 0), "a: 'one", 3, 1);
    assert_excerpt(text, strlen(text), at(1, 8), at(2, 1), "a: 'one", 7, 1);
}

static void a_very_long_line_is_cut_around_the_place(void **state)
{
    static char text[300001];
    char line[CONFIG_EXCERPT_TEXT];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[200000] = 'y';
    memset(line, 'x', sizeof line);
    memcpy(line, "\xE2\x80\xA6", 3);
    line[3 + 40] = 'y';
    memcpy(line + 3 + CONFIG_EXCERPT_CHARS, "\xE2\x80\xA6", 4);
    assert_excerpt(text, strlen(text), at(1, 200001), at(1, 200002), line, 41, 1);
    assert_excerpt(text, strlen(text), at(1, 200001), at(1, 300001), line, 41, 61);
    memset(line, 'x', sizeof line);
    memcpy(line + CONFIG_EXCERPT_CHARS, "\xE2\x80\xA6", 4);
    assert_excerpt(text, strlen(text), at(1, 80), at(1, 81), line, 79, 1);
}

static void a_place_that_the_text_does_not_have_gives_no_excerpt(void **state)
{
    config_excerpt excerpts[2] = {{NULL, 0, 0}, {NULL, 0, 0}};
    config_excerpt_wish wishes[2] = {{{at(3, 1), at(3, 2)}, &excerpts[0], 0},
                                     {{at(1, 400), at(1, 401)}, &excerpts[1], 0}};
    (void)state;
    config_excerpts_take("one\ntwo", 7, wishes, 2);
    assert_null(excerpts[0].line);
    assert_null(excerpts[1].line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_name_file_place_path_and_message),
        cmocka_unit_test(sorting_goes_by_place_and_keeps_order_at_one_place),
        cmocka_unit_test(the_first_hundred_by_place_are_kept),
        cmocka_unit_test(printing_ends_with_the_number_of_those_left_out),
        cmocka_unit_test(errors_are_kept_before_warnings),
        cmocka_unit_test(files_come_one_after_the_other_the_main_file_first),
        cmocka_unit_test(the_second_place_may_be_in_another_file),
        cmocka_unit_test(colour_is_there_when_asked_for_and_only_then),
        cmocka_unit_test(marks_stand_under_what_a_terminal_shows),
        cmocka_unit_test(every_kind_of_line_end_and_encoding_is_read),
        cmocka_unit_test(a_mark_ends_with_its_line),
        cmocka_unit_test(a_very_long_line_is_cut_around_the_place),
        cmocka_unit_test(a_place_that_the_text_does_not_have_gives_no_excerpt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
