/*
 * The loader's parts by themselves: sizes, principals, paths, texts, the grammar's table, finding duplicates.
 */
#include "config_testing.h"

#include "allowed.h"
#include "arena.h"
#include "grammar.h"
#include "order.h"
#include "paths.h"
#include "principals.h"
#include "text.h"
#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void sizes_are_read_exactly(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = {
        {"0", 0},
        {"1", 1},
        {"4096", 4096},
        {"0 B", 0},
        {"1 B", 1},
        {"64KiB", 65536},
        {"64 KiB", 65536},
        {"64   KiB", 65536},
        {"1 MiB", 1048576},
        {"3 GiB", 3221225472u},
        {"128 TiB", 140737488355328u},
        {"18446744073709551615", UINT64_MAX},
        {"18014398509481983 KiB", UINT64_MAX - 1023},
        {"16777215 TiB", 18446742974197923840u},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        uint64_t bytes = 1;
        assert_int_equal(config_size_parse(sizes[i].text, strlen(sizes[i].text), &bytes), CONFIG_SIZE_OK);
        assert_true(bytes == sizes[i].bytes);
    }
}

static void what_is_no_size_is_refused(void **state)
{
    static const char *const malformed[] = {
        "",     " ",      "B",       "KiB",   "-1",    "+1",    "1.5", "1e3",    "0x10",
        "010",  "00",     "1 kib",   "1 KB",  "1 K",   " 1",    "1 ",  "1 KiB ", "1 KiBB",
        "1 Ki", "1\tKiB", "1 KiB 2", "1_000", "1,000", "1 PiB", "one", "1 B B",  "\xC2\xB9"};
    static const char *const too_large[] = {"18446744073709551616", "16777216 TiB", "18014398509481984 KiB",
                                            "99999999999999999999999999"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(malformed); i++) {
        uint64_t bytes = 1;
        assert_int_equal(config_size_parse(malformed[i], strlen(malformed[i]), &bytes),
                         CONFIG_SIZE_MALFORMED);
        assert_true(bytes == 0);
    }
    for (size_t i = 0; i < COUNT_OF(too_large); i++) {
        uint64_t bytes = 1;
        assert_int_equal(config_size_parse(too_large[i], strlen(too_large[i]), &bytes),
                         CONFIG_SIZE_TOO_LARGE);
        assert_true(bytes == 0);
    }
}

static void sizes_are_written_as_they_are_read(void **state)
{
    static const char *const sizes[] = {"0",     "1",     "1023",    "1 KiB",    "1025",
                                        "1 MiB", "1 GiB", "128 TiB", "2048 TiB", "18446744073709551615"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        uint64_t bytes;
        char text[CONFIG_SIZE_TEXT];
        assert_int_equal(config_size_parse(sizes[i], strlen(sizes[i]), &bytes), CONFIG_SIZE_OK);
        assert_string_equal(config_size_format(bytes, text), sizes[i]);
    }
}

static void near_sizes_are_guessed(void **state)
{
    static const char *const guesses[][2] = {
        {"64 KiBs", "64 KiB"},
        {"64 kilobytes", "64 KiB"},
        {"1 Mebibyte", "1 MiB"},
        {"7 bytes", "7 B"},
        {"7 bananas", NULL},
        {"1 TiBB", "1 TiB"},
        {"64 KB", "64 KiB"},
        {"64k", "64 KiB"},
        {"1 mib", "1 MiB"},
        {"2 GB", "2 GiB"},
        {"1T", "1 TiB"},
        {"7 b", "7 B"},
        {"010 KB", NULL},
        {"KB", NULL},
        {"4 PB", NULL},

        {"-4 KB", NULL},
        {"1.5 MiB", NULL},
        {"4", NULL},
        {"", NULL},
        {"1234567890123456789 KB", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(guesses); i++) {
        char buffer[CONFIG_SIZE_TEXT];
        const char *guess = config_size_suggest(guesses[i][0], strlen(guesses[i][0]), buffer);
        if (guesses[i][1] == NULL) {
            assert_null(guess);
        } else {
            assert_string_equal(guess, guesses[i][1]);
        }
    }
}

static void times_are_read_in_every_unit(void **state)
{
    static const struct {
        const char *text;
        uint64_t milliseconds;
    } times[] = {
        {"0", 0},        {"250", 250},     {"250 ms", 250},     {"5s", 5000},
        {"5   s", 5000}, {"1 min", 60000}, {"24 h", 86400000u}, {"18446744073709551615", UINT64_MAX}};
    static const char *const malformed[] = {"",     "s",    "5 S",  "5 sec", "1.5 s",
                                            "-1 s", "05 s", "5 s ", "1 m",   "1 d"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        uint64_t milliseconds = 1;
        assert_int_equal(config_duration_parse(times[i].text, strlen(times[i].text), &milliseconds),
                         CONFIG_SIZE_OK);
        assert_true(milliseconds == times[i].milliseconds);
    }
    for (size_t i = 0; i < COUNT_OF(malformed); i++) {
        uint64_t milliseconds = 1;
        assert_int_equal(config_duration_parse(malformed[i], strlen(malformed[i]), &milliseconds),
                         CONFIG_SIZE_MALFORMED);
        assert_true(milliseconds == 0);
    }
    uint64_t milliseconds;
    assert_int_equal(config_duration_parse("5124095576031 h", 15, &milliseconds), CONFIG_SIZE_TOO_LARGE);
}

static void times_are_written_as_they_are_read(void **state)
{
    static const char *const times[] = {"0 ms",  "999 ms", "1 s",  "1001 ms", "90 s",
                                        "1 min", "1 h",    "24 h", "61 min"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        uint64_t milliseconds;
        char text[CONFIG_DURATION_TEXT];
        assert_int_equal(config_duration_parse(times[i], strlen(times[i]), &milliseconds), CONFIG_SIZE_OK);
        assert_string_equal(config_duration_format(milliseconds, text), times[i]);
    }
}

static void near_times_are_guessed(void **state)
{
    static const char *const guesses[][2] = {{"5 sec", "5 s"},   {"5 S", "5 s"},   {"1 m", "1 min"},
                                             {"2 hours", "2 h"}, {"9 MS", "9 ms"}, {"1 day", NULL},
                                             {"sec", NULL},      {"", NULL},       {"05 s", NULL},
                                             {"1.5 sec", NULL},  {"5", NULL}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(guesses); i++) {
        char buffer[CONFIG_DURATION_TEXT];
        const char *guess = config_duration_suggest(guesses[i][0], strlen(guesses[i][0]), buffer);
        if (guesses[i][1] == NULL) {
            assert_null(guess);
        } else {
            assert_string_equal(guess, guesses[i][1]);
        }
    }
}

/* Fails unless `text` resolves to `sid`. */
static void assert_sid(const char *text, const char *sid)
{
    char found[CONFIG_SID_TEXT];
    char why[CONFIG_PRINCIPAL_WHY];
    fake_machine machine;
    config_resolver resolver = fake_resolver(&machine);
    if (!config_principal_resolve(text, &resolver, found, why)) {
        fail_msg("%s: %s", text, why);
    }
    assert_string_equal(found, sid);
}

static void well_known_principals_have_their_names_everywhere(void **state)
{
    (void)state;
    assert_sid("Users", "S-1-5-32-545");
    assert_sid("users", "S-1-5-32-545");
    assert_sid("BUILTIN\\Users", "S-1-5-32-545");
    assert_sid("builtin\\ADMINISTRATORS", "S-1-5-32-544");
    assert_sid("Everyone", "S-1-1-0");
    assert_sid("SYSTEM", "S-1-5-18");
    assert_sid("LocalSystem", "S-1-5-18");
    assert_sid("NT AUTHORITY\\SYSTEM", "S-1-5-18");
    assert_sid("NT AUTHORITY\\NetworkService", "S-1-5-20");
    assert_sid("Local Service", "S-1-5-19");
    assert_sid("Authenticated Users", "S-1-5-11");
    assert_sid("INTERACTIVE", "S-1-5-4");
    assert_sid("ALL APPLICATION PACKAGES", "S-1-15-2-1");
    assert_sid("NT SERVICE\\ALL SERVICES", "S-1-5-80-0");
    assert_sid("nt service\\all services", "S-1-5-80-0");
}

static void each_well_known_principal_is_found_both_ways(void **state)
{
    (void)state;
    for (const config_well_known *each = config_well_known_principals; each->name != NULL; each++) {
        char sid[CONFIG_SID_TEXT];
        char qualified[128];
        assert_ptr_equal(config_well_known_find(each->name), each);
        snprintf(qualified, sizeof qualified, "%s\\%s", each->authority, each->name);
        if (each->authority[0] != '\0') {
            assert_ptr_equal(config_well_known_find(qualified), each);
        }
        assert_true(config_sid_canonical(each->sid, sid));
        assert_string_equal(sid, each->sid);
        assert_string_equal(config_well_known_find(config_well_known_name(sid))->sid, sid);
    }
    assert_null(config_well_known_name("S-1-5-21-1-2-3-500"));
    assert_null(config_well_known_find("\\Everyone\\"));
    assert_null(config_well_known_find("BUILTIN\\SYSTEM"));
}

static void services_and_accounts_are_asked_for(void **state)
{
    (void)state;
    assert_sid("NT SERVICE\\Sensor", "S-1-5-80-1-2-3-4-6");
    assert_sid("nt service\\Two Words", "S-1-5-80-1-2-3-4-9");
    assert_sid("PLC\\Operators", "S-1-5-21-1-2-3-1000");
    assert_sid(".\\anna", "S-1-5-21-1-2-3-1001");
}

static void sids_take_their_usual_form(void **state)
{
    (void)state;
    assert_sid("S-1-5-32-545", "S-1-5-32-545");
    assert_sid("s-1-05-032-0545", "S-1-5-32-545");
    assert_sid("S-1-0x5-32-545", "S-1-5-32-545");
    assert_sid("S-1-4294967295-1", "S-1-4294967295-1");
    assert_sid("S-1-4294967296-1", "S-1-0x000100000000-1");
    assert_sid("S-1-0xFFFFFFFFFFFF-4294967295", "S-1-0xffffffffffff-4294967295");
    assert_sid("S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15", "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15");
}

static void what_is_no_sid_is_refused(void **state)
{
    static const char *const sids[] = {"",
                                       "S",
                                       "S-1",
                                       "S-1-",
                                       "S-1-5",
                                       "S-1-5-",
                                       "S-2-5-32",
                                       "S-1-5-32-",
                                       "S-1-5--32",
                                       "S-1--5",
                                       "S-1-5-32 ",
                                       "S-1-5-4294967296",
                                       "S-1-5-0x1",
                                       "S-1-0x-1",
                                       "S-1-281474976710656-1",
                                       "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sids); i++) {
        char sid[CONFIG_SID_TEXT];
        assert_false(config_sid_canonical(sids[i], sid));
        assert_string_equal(sid, "");
    }
}

static void the_longest_sid_fits(void **state)
{
    char text[256] = "S-1-0xffffffffffff";
    char sid[CONFIG_SID_TEXT];
    size_t used = strlen(text);
    (void)state;
    for (int i = 0; i < 15; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "-4294967295");
    }
    assert_true(config_sid_canonical(text, sid));
    assert_string_equal(sid, text);
}

static void paths_of_plain_files_are_allowed(void **state)
{
    static const char *const paths[] = {
        "a.shm",    "dir/a.shm", "dir\\a.shm",   "C:\\shm\\a",  "z:/a",   ".hidden",  "a..b",
        "logs.shm", "states\\a", "dir\\logs\\a", "C:\\logs\\a", "con1",   "COM10",    "communal.shm",
        "nul1.txt", " a",        "\xC3\xA9.shm", "a b.shm",     "%TEMP%", "a;b,c=d'e"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        const char *problem = config_path_problem(paths[i], strlen(paths[i]));
        if (problem != NULL) {
            fail_msg("%s: %s", paths[i], problem);
        }
    }
}

static void paths_take_one_form(void **state)
{
    char path[] = "c:/Shm/a\\B";
    char relative[] = "Dir/a";
    (void)state;
    config_path_normalise(path);
    assert_string_equal(path, "C:\\Shm\\a\\B");
    config_path_normalise(relative);
    assert_string_equal(relative, "Dir\\a");
}

static void texts_are_quoted_for_messages(void **state)
{
    char buffer[CONFIG_QUOTED];
    char controls[200];
    char wide[400];
    (void)state;
    assert_string_equal(config_text_quote("plain", 5, buffer), "plain");
    assert_string_equal(config_text_quote("a\x1B[31m\x7F\xC2\x85z", 10, buffer),
                        "a\\u001B[31m\\u007F\\u0085z");
    memset(controls, 1, sizeof controls);
    config_text_quote(controls, sizeof controls, buffer);
    assert_string_equal(buffer + strlen(buffer) - 9, "\\u0001\xE2\x80\xA6");
    for (size_t i = 0; i < sizeof wide; i++) {
        wide[i] = "\xF0\x9F\x98\x80"[i % 4];
    }
    config_text_quote(wide, sizeof wide, buffer);
    assert_int_equal(strlen(buffer), 80 * 4 + 3);
}

static void near_words_are_similar(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        bool similar;
    } pairs[] = {
        {"sise", "size", true},      {"Size", "size", true},
        {"sizes", "size", true},     {"siez", "size", true},
        {"sddl", "size", false},     {"nmaespace", "namespace", true},
        {"acess", "access", true},   {"acces", "access", true},
        {"axcxess", "access", true}, {"read", "write", false},
        {"", "size", false},         {"s", "size", false},
        {"reed", "read", true},      {"raed", "read", true},
        {"ddda", "read", false},     {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "size", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        if (config_text_similar(pairs[i].a, strlen(pairs[i].a), pairs[i].b, strlen(pairs[i].b)) !=
            pairs[i].similar) {
            fail_msg("%s and %s", pairs[i].a, pairs[i].b);
        }
    }
}

static void the_grammar_table_is_complete(void **state)
{
    (void)state;
    for (unsigned id = 0; id < CONFIG_KEY_COUNT; id++) {
        const config_key *key = &config_keys[id];
        char allowed[512];
        assert_non_null(key->name);
        assert_non_null(key->help);
        assert_int_equal(key->help[strlen(key->help) - 1], '.');
        assert_int_not_equal(key->sections, 0);
        assert_int_equal(key->required & ~key->sections, 0);
        assert_true(key->least <= key->most || key->most == 0);
        bool chooses = key->type == CONFIG_TYPE_CHOICE || key->type == CONFIG_TYPE_VARIANT ||
                       key->type == CONFIG_TYPE_PACKAGES;
        bool has_keys = key->type == CONFIG_TYPE_SECTION || key->type == CONFIG_TYPE_REGIONS ||
                        key->type == CONFIG_TYPE_VARIANT;
        assert_int_equal(chooses, key->choices != NULL);
        assert_int_equal(has_keys, key->inner != 0);
        assert_non_null(key->example);
        assert_null(strpbrk(key->example, "\n\t"));
        /* Either it must stand there, or the table says what holds without it, where that is a value. */
        assert_true(key->fallback == NULL || key->required == 0);
        assert_true(strlen(config_key_allowed((config_key_id)id, allowed, sizeof allowed)) > 5);
        for (unsigned section = 1; section <= CONFIG_IN_FRAGMENT; section *= 2) {
            if ((key->sections & section) != 0) {
                assert_int_equal(config_key_find((config_section)section, key->name, strlen(key->name)), id);
            }
        }
    }
    assert_int_equal(config_key_find(CONFIG_IN_FILE, "size", 4), CONFIG_KEY_COUNT);
    assert_int_equal(config_key_find(CONFIG_IN_REGION, "siz", 3), CONFIG_KEY_COUNT);
    assert_int_equal(config_key_find(CONFIG_IN_REGION, "", 0), CONFIG_KEY_COUNT);
}

static void equal_texts_come_together_in_their_order(void **state)
{
    static const char *const words[] = {"b", "a", "b", "c", "a", "b", "", "a"};
    config_order_item items[COUNT_OF(words)];
    config_order_item spare[COUNT_OF(words)];
    (void)state;
    for (size_t count = 0; count <= COUNT_OF(words); count++) {
        size_t changes = 0;
        size_t expected = 0;
        for (size_t i = 0; i < count; i++) {
            items[i] = config_order_make(words[i], strlen(words[i]), &words[i]);
            size_t before = 0;
            while (before < i && strcmp(words[before], words[i]) != 0) {
                before++;
            }
            expected += before == i;
        }
        config_order_group(items, spare, count);
        for (size_t i = 0; i < count; i++) {
            if (i > 0 && config_order_equal(&items[i - 1], &items[i])) {
                assert_true(items[i - 1].owner < items[i].owner);
            } else {
                changes++;
            }
        }
        assert_int_equal(changes, expected);
    }
}

static void an_arena_gives_aligned_zeroed_memory(void **state)
{
    config_arena *arena = config_arena_new();
    (void)state;
    assert_non_null(arena);
    for (size_t size = 0; size < 3000; size += 7) {
        unsigned char *memory = config_arena_alloc(arena, size);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % (2 * sizeof(void *)), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(memory[i], 0);
        }
        memset(memory, 0xAA, size);
        assert_string_equal(config_arena_text(arena, "odd", 3), "odd");
    }
    assert_null(config_arena_alloc(arena, SIZE_MAX));
    assert_null(config_arena_alloc(arena, SIZE_MAX - 16));
    config_arena_free(arena);
    config_arena_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_read_exactly),
        cmocka_unit_test(what_is_no_size_is_refused),
        cmocka_unit_test(sizes_are_written_as_they_are_read),
        cmocka_unit_test(near_sizes_are_guessed),
        cmocka_unit_test(times_are_read_in_every_unit),
        cmocka_unit_test(times_are_written_as_they_are_read),
        cmocka_unit_test(near_times_are_guessed),
        cmocka_unit_test(well_known_principals_have_their_names_everywhere),
        cmocka_unit_test(each_well_known_principal_is_found_both_ways),
        cmocka_unit_test(services_and_accounts_are_asked_for),
        cmocka_unit_test(sids_take_their_usual_form),
        cmocka_unit_test(what_is_no_sid_is_refused),
        cmocka_unit_test(the_longest_sid_fits),
        cmocka_unit_test(paths_of_plain_files_are_allowed),
        cmocka_unit_test(paths_take_one_form),
        cmocka_unit_test(texts_are_quoted_for_messages),
        cmocka_unit_test(near_words_are_similar),
        cmocka_unit_test(the_grammar_table_is_complete),
        cmocka_unit_test(equal_texts_come_together_in_their_order),
        cmocka_unit_test(an_arena_gives_aligned_zeroed_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
