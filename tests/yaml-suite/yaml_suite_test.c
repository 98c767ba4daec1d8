/*
 * Every document of the public YAML test suite, which `dev` fetches: none crashes the loader, keeps it
 * busy, or is taken for a configuration; each is refused with a place in it.
 *
 * The suite's documents come whole, and as the value of a key of a configuration.
 */
#include "config_testing.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_DOCUMENTS 2000u
#define MOST_SECONDS   1.0

typedef struct suite_counts {
    unsigned documents;
    unsigned accepted;
    unsigned refused;
    unsigned diagnostics;
    unsigned invalid; /* those that the suite itself calls no YAML */
    double slowest;   /* seconds of the processor */
} suite_counts;

/* Each diagnostic has its place in the document, and shows the line there. */
static void check_diagnostics(const char *name, const config_diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        const config_diagnostic *each = &diagnostics->items[i];
        if (each->span.from.line == 0 || each->span.from.column == 0 || each->excerpt.line == NULL ||
            each->message[0] == '\0') {
            fail_msg("%s: a diagnostic without a place: %s", name, each->message);
        }
    }
}

static void judge(const char *name, const char *text, size_t length, suite_counts *counts)
{
    loaded result;
    clock_t start = clock();
    load_bytes(&result, text, length);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    counts->slowest = seconds > counts->slowest ? seconds : counts->slowest;
    counts->documents++;
    counts->accepted += result.model != NULL;
    counts->refused += result.model == NULL;
    counts->diagnostics += (unsigned)result.diagnostics.count;
    if (result.model != NULL) {
        fail_msg("%s is taken for a configuration", name);
    }
    assert_int_not_equal(result.diagnostics.errors, 0);
    check_diagnostics(name, &result.diagnostics);
    if (seconds > MOST_SECONDS) {
        fail_msg("%s takes %.1f s", name, seconds);
    }
    unload(&result);
}

/* The document below `regions:`, each of its lines indented. */
static char *as_value(const char *text, size_t length, size_t *wrapped)
{
    static const char head[] = "version: 1\nregions:\n  ";
    char *result = malloc(sizeof head + 3 * length);
    assert_non_null(result);
    memcpy(result, head, sizeof head - 1);
    *wrapped = sizeof head - 1;
    for (size_t i = 0; i < length; i++) {
        result[(*wrapped)++] = text[i];
        if (text[i] == '\n') {
            memcpy(result + *wrapped, "  ", 2);
            *wrapped += 2;
        }
    }
    return result;
}

static void judge_file(const char *name, suite_counts *whole, suite_counts *inside)
{
    char path[1024];
    size_t length;
    size_t wrapped;
    snprintf(path, sizeof path, "%s/%s", YAML_SUITE, name);
    char *text = read_whole_file(path, &length);
    char *value = as_value(text, length, &wrapped);
    judge(name, text, length, whole);
    judge(name, value, wrapped, inside);
    whole->invalid += strstr(name, ".invalid.") != NULL;
    free(value);
    free(text);
}

static void print_counts(const char *what, const suite_counts *counts)
{
    printf("%s: %u documents, %u accepted, %u refused with %u diagnostics; the slowest took %.1f ms\n", what,
           counts->documents, counts->accepted, counts->refused, counts->diagnostics, counts->slowest * 1000);
}

static void every_document_of_the_suite_is_refused_with_a_place(void **state)
{
    suite_counts whole = {0};
    suite_counts inside = {0};
    (void)state;
    DIR *folder = opendir(YAML_SUITE);
    if (folder == NULL) {
        puts("skip: the YAML test suite was not fetched; ./dev setup tries again");
        skip();
        return;
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL && whole.documents < MOST_DOCUMENTS;
         entry = readdir(folder)) {
        size_t length = strlen(entry->d_name);
        if (length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0) {
            judge_file(entry->d_name, &whole, &inside);
        }
    }
    closedir(folder);
    print_counts("whole", &whole);
    print_counts("as regions", &inside);
    printf("%u of them are no YAML, says the suite\n", whole.invalid);
    assert_in_range(whole.documents, 300, MOST_DOCUMENTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_document_of_the_suite_is_refused_with_a_place),
    };
    return cmocka_run_group_tests_name("YAML test suite", tests, NULL, NULL);
}
