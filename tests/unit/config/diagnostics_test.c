/*
 * Keeping, sorting and printing diagnostics.
 */
#include "config_testing.h"

#include <stdio.h>
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
        assert_int_equal(diagnostics.items[i].where.line, i / 2 + 1);
        assert_int_equal(diagnostics.items[i].where.column, i % 2 + 1);
    }
    config_diagnostics_free(&diagnostics);
}

static void printing_ends_with_the_number_of_those_left_out(void **state)
{
    static const char path[] = "config-diagnostics-test.tmp";
    config_diagnostics diagnostics;
    char text[16384];
    (void)state;
    config_diagnostics_init(&diagnostics, "a");
    for (uint32_t line = 1; line <= CONFIG_MAX_DIAGNOSTICS + 1; line++) {
        config_diagnostics_add(&diagnostics, at(line, 1), "p", "wrong");
    }
    FILE *stream = fopen(path, "w+b");
    assert_non_null(stream);
    config_diagnostics_print(&diagnostics, stream);
    config_diagnostics_add(&diagnostics, at(900, 1), "p", "wrong");
    config_diagnostics_print(&diagnostics, stream);
    rewind(stream);
    text[fread(text, 1, sizeof text - 1, stream)] = '\0';
    fclose(stream);
    remove(path);
    assert_ptr_equal(strstr(text, "a:1:1: error: p: wrong\na:2:1: error: p: wrong\n"), text);
    assert_non_null(strstr(text, "a:100:1: error: p: wrong\n"
                                 "a: 1 more error is not shown; correct those above first\na:1:1"));
    assert_non_null(strstr(text, "a: 2 more errors are not shown; correct those above first\n"));
    config_diagnostics_free(&diagnostics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_name_file_place_path_and_message),
        cmocka_unit_test(sorting_goes_by_place_and_keeps_order_at_one_place),
        cmocka_unit_test(the_first_hundred_by_place_are_kept),
        cmocka_unit_test(printing_ends_with_the_number_of_those_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
