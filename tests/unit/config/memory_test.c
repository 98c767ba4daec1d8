/*
 * Memory that runs out, at each allocation in turn: the load fails with a diagnostic, or succeeds; nothing
 * leaks and nothing crashes. The linker puts the functions below before malloc, calloc and realloc (--wrap).
 */
#include "config_testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker makes these names. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static bool failing;       /* whether allocations are counted at all */
static bool failing_on;    /* whether all after the one that fails do so too */
static unsigned long left; /* allocations that still succeed */

static bool fails_now(void)
{
    if (!failing) {
        return false;
    }
    if (left > 0) {
        left--;
        return false;
    }
    failing = failing_on;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails_now() ? NULL : __real_realloc(memory, size);
}

/* Loads with the allocation after `allowed` others failing. Returns whether none failed. */
static bool load_with(memory_folder *folder, unsigned long allowed, bool on)
{
    loaded result;
    failing = true;
    failing_on = on;
    left = allowed;
    load_files(&result, folder);
    bool none_failed = failing && left > 0;
    failing = false;
    if (result.model == NULL) {
        char line[512];
        assert_in_range(result.diagnostics.count, 1, CONFIG_MAX_DIAGNOSTICS);
        assert_in_range(config_diagnostics_format(&result.diagnostics, 0, line, sizeof line), 10, 2000);
    }
    unload(&result);
    return none_failed;
}

static void check_files(memory_folder *folder)
{
    for (int on = 0; on < 2; on++) {
        unsigned long allowed = 0;
        while (!load_with(folder, allowed, on)) {
            allowed++;
            assert_in_range(allowed, 1, 100000);
        }
        assert_in_range(allowed, 50, 100000);
    }
}

static void check_all(const char *text)
{
    const memory_file file = {"test.yaml", text, 0};
    memory_folder folder = {.files = &file, .count = 1};
    check_files(&folder);
}

static void a_good_document_survives_lack_of_memory(void **state)
{
    (void)state;
    check_all(
        "version: 1\ndefaults: { access: { read: [Users], write: ['PLC\\Operators'] } }\nregions:\n"
        "  A: { size: 1, backing: { file: a } }\n  B: { size: 1, sddl: 'D:P(A)' }\n"
        "  C: { size: 2, description: text, backing: { file: b } }\n  D: { size: 4 }\n  E: { size: 4 }\n"
        "  F: { size: 2, access: { read: ['NT SERVICE\\a', .\\anna] } }\n  G: { size: 4 }\n  H: { size: 4 }\n"
        "  I: { size: 4 }\n  J: { size: 4 }\n");
}

static void a_bad_document_survives_lack_of_memory(void **state)
{
    (void)state;
    check_all("version: 2\nregions:\n  A: { size: x, backing: { file: a } }\n  B: { size: 1, sddl: 'D:' }\n"
              "  A: &a { size: !!str 2, description: [], backing: { file: ../b } }\n  C: *a\n"
              "  ? [key]\n  : { size: 1 }\n  D: { size: 1, access: { read: [Nobody, Users, Users] } }\n"
              "  E: { size: 1, backing: { file: A } }\n  F: 1\n  G: 1\n  H: 1\n  I: 1\n  I: 1\n  x: @\n");
}

static void a_configuration_of_several_files_survives_lack_of_memory(void **state)
{
    static const memory_file files[] = {
        {"main.yaml",
         "version: 1\ninclude: [conf.d/*.yaml, b.yaml]\nroles: { ops: [Users, .\\anna] }\ncommit_budget: 1 "
         "MiB\n"
         "defaults: { access: { read: [ops] }, initial: { hex: '00' }, appcontainer: [S-1-15-2-1-2] }\n"
         "regions: { M: { size: 1 } }\n",
         0},
        {"conf.d/a.yaml",
         "version: 1\nroles: { mine: [SYSTEM] }\ndefaults: { namespace: { private: { boundary: [mine] } } }\n"
         "regions: { A: { size: 1, backing: { file: a } }, B: { size: 8, initial: { text: b } } }\n",
         0},
        {"conf.d/b.yaml",
         "version: 1\nregions: { C: { size: 1, access: { write: [ops], deny: [Guests] } } }\n", 0},
        {"b.yaml", "version: 1\nregions: { D: { size: 1, backing: { file: d } } }\n", 0},
    };
    memory_folder folder = {.files = files, .count = 4};
    (void)state;
    check_files(&folder);
}

static void several_bad_files_survive_lack_of_memory(void **state)
{
    static const memory_file files[] = {
        {"main.yaml",
         "version: 1\ninclude: [conf.d/*.yaml, absent.yaml, ../x, '*/y']\nroles: { ops: [Nobody], Users: [] "
         "}\n"
         "commit_budget: 1\nregions: { M: { size: 1, access: { read: [ops] }, backing: { file: A } } }\n",
         0},
        {"conf.d/a.yaml",
         "version: 1\ncommit_budget: 1\nroles: { OPS: [] }\n"
         "regions: { M: { size: 1, access: { read: [opz] } }, B: { size: 1, backing: { file: a }, sddl: "
         "'D:P(A)' } }\n",
         0},
        {"conf.d/b.yaml", "version: 1\nregions: [\n", 0},
    };
    memory_folder folder = {.files = files, .count = 3};
    (void)state;
    check_files(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_document_survives_lack_of_memory),
        cmocka_unit_test(a_bad_document_survives_lack_of_memory),
        cmocka_unit_test(a_configuration_of_several_files_survives_lack_of_memory),
        cmocka_unit_test(several_bad_files_survive_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
