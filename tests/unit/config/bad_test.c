/*
 * Each document in bad/ is refused with exactly the diagnostics that stand beside it (NAME.expected), one test per
 * document. Where NAME.shown stands there, too, what is printed for people is exactly that.
 */
#include "config_testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const documents[] = {
#include "bad_documents.inc"
};

#define DOCUMENT_COUNT (sizeof documents / sizeof documents[0])
#define LINES_SIZE     ((size_t)256 << 10)

/* All diagnostics as they are printed. The caller frees them. */
static char *format_all(const config_diagnostics *diagnostics)
{
    char *lines = malloc(LINES_SIZE);
    size_t used = 0;
    assert_non_null(lines);
    for (size_t i = 0; i < diagnostics->count; i++) {
        used += config_diagnostics_format(diagnostics, i, lines + used, LINES_SIZE - used);
        assert_in_range(used, 1, LINES_SIZE - 2);
        lines[used++] = '\n';
    }
    if (diagnostics->dropped > 0) {
        used += (size_t)snprintf(lines + used, LINES_SIZE - used,
                                 "%s: %lu more errors are not shown; correct those "
                                 "above first\n",
                                 diagnostics->files[0], (unsigned long)diagnostics->dropped);
    }
    lines[used] = '\0';
    return lines;
}

/* Compares with NAME.shown, if there is one. */
static void assert_shown(const char *name, const config_diagnostics *diagnostics)
{
    static const char scratch[] = "bad-test.tmp";
    char path[512];
    size_t length;
    snprintf(path, sizeof path, "%s/%s.shown", CONFIG_BAD_DOCUMENTS, name);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        return;
    }
    fclose(stream);
    char *expected = read_whole_file(path, &length);
    stream = fopen(scratch, "wb");
    assert_non_null(stream);
    config_diagnostics_print(diagnostics, stream, false);
    fclose(stream);
    char *shown = read_whole_file(scratch, &length);
    remove(scratch);
    assert_string_equal(shown, expected);
    free(shown);
    free(expected);
}

static void is_refused_as_expected(void **state)
{
    const char *name = *state;
    char path[512];
    char file[128];
    size_t length;
    size_t expected_length;
    fake_machine machine;
    config_resolver resolver = fake_resolver(&machine);
    config_diagnostics diagnostics;

    snprintf(path, sizeof path, "%s/%s.yaml", CONFIG_BAD_DOCUMENTS, name);
    char *text = read_whole_file(path, &length);
    snprintf(path, sizeof path, "%s/%s.expected", CONFIG_BAD_DOCUMENTS, name);
    char *expected = read_whole_file(path, &expected_length);
    snprintf(file, sizeof file, "%s.yaml", name);
    config_diagnostics_init(&diagnostics, file);
    assert_null(config_load_text(file, text, length, NULL, &resolver, &diagnostics));
    char *lines = format_all(&diagnostics);
    assert_string_equal(lines, expected);
    free(lines);
    assert_shown(name, &diagnostics);
    config_diagnostics_free(&diagnostics);
    free(expected);
    free(text);
}

int main(void)
{
    static char names[DOCUMENT_COUNT][64];
    static struct CMUnitTest tests[DOCUMENT_COUNT];
    for (size_t i = 0; i < DOCUMENT_COUNT; i++) {
        snprintf(names[i], sizeof names[i], "%s", documents[i]);
        tests[i].name = documents[i];
        tests[i].test_func = is_refused_as_expected;
        tests[i].initial_state = names[i];
    }
    return cmocka_run_group_tests_name("bad documents", tests, NULL, NULL);
}
