/*
 * What the grammar bounds: accepted at the bound, refused one beyond it.
 */
#include "config_testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "version: 1\ndefaults: { access: { read: [Users] } }\nregions:\n"

/* A document that grows. */
typedef struct growing {
    char *text;
    size_t length;
    size_t room;
} growing;

static void start(growing *document, size_t room, const char *text)
{
    document->text = malloc(room);
    document->room = room;
    document->length = strlen(text);
    assert_non_null(document->text);
    memcpy(document->text, text, document->length + 1);
}

static void add(growing *document, const char *text)
{
    size_t length = strlen(text);
    assert_true(document->length + length < document->room);
    memcpy(document->text + document->length, text, length + 1);
    document->length += length;
}

static void add_times(growing *document, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        add(document, text);
    }
}

static void finish(growing *document, loaded *result)
{
    load_bytes(result, document->text, document->length);
    free(document->text);
}

/* A file with `count` regions, each like a real one. */
static void load_regions(loaded *result, unsigned long count)
{
    growing document;
    start(&document, (size_t)count * 200 + 1000, HEAD);
    for (unsigned long i = 0; i < count; i++) {
        char region[200];
        snprintf(region, sizeof region,
                 "  Region%lu:\n    description: one of many\n    size: 64 KiB\n"
                 "    access: { read: [Users], write: ['NT SERVICE\\Sensor'] }\n"
                 "    backing: { file: r%lu.shm }\n",
                 i, i);
        add(&document, region);
    }
    finish(&document, result);
}

static void a_hundred_thousand_regions_are_accepted(void **state)
{
    loaded result;
    (void)state;
    load_regions(&result, CONFIG_MAX_REGIONS);
    assert_accepted(&result);
    assert_int_equal(result.model->region_count, CONFIG_MAX_REGIONS);
    assert_string_equal(result.model->regions[CONFIG_MAX_REGIONS - 1].name, "Region99999");
    assert_string_equal(result.model->regions[12345].backing_file, "r12345.shm");
    assert_int_equal(result.machine.services, 1);
    unload(&result);
}

static void one_region_more_is_refused(void **state)
{
    loaded result;
    (void)state;
    load_regions(&result, CONFIG_MAX_REGIONS + 1);
    assert_refused(&result,
                   "test.yaml:500004:3: error: regions: there are more than 100000 regions; declare the "
                   "others to a second broker");
    unload(&result);
}

static void a_hundred_thousand_equal_names_take_no_longer(void **state)
{
    growing document;
    loaded result;
    (void)state;
    start(&document, (size_t)4 << 20, HEAD);
    add_times(&document, "  R: { size: 1 }\n", CONFIG_MAX_REGIONS);
    finish(&document, &result);
    assert_null(result.model);
    assert_int_equal(result.diagnostics.count, CONFIG_MAX_DIAGNOSTICS);
    assert_int_equal(result.diagnostics.dropped, CONFIG_MAX_REGIONS - 1 - CONFIG_MAX_DIAGNOSTICS);
    assert_int_equal(result.diagnostics.items[0].span.from.line, 5);
    assert_int_equal(result.diagnostics.items[99].span.from.line, 104);
    unload(&result);
}

static void sixteen_levels_are_read_and_seventeen_refused(void **state)
{
    growing document;
    loaded result;
    (void)state;
    start(&document, 1000, "version: 1\nregions: {}\nx: ");
    add_times(&document, "[", CONFIG_MAX_NESTING - 1);
    add_times(&document, "]", CONFIG_MAX_NESTING - 1);
    finish(&document, &result);
    assert_refused(&result, "test.yaml:3:1: error: x: this key is unknown; the keys allowed here are "
                            "version, include, commit_budget, "
                            "roles, defaults, regions");
    unload(&result);

    start(&document, 1000, "version: 1\nregions: {}\nx: ");
    add_times(&document, "[", CONFIG_MAX_NESTING);
    add_times(&document, "]", CONFIG_MAX_NESTING);
    finish(&document, &result);
    assert_int_equal(result.diagnostics.count, 2);
    assert_int_equal(result.diagnostics.items[1].span.from.column, 4 + CONFIG_MAX_NESTING - 1);
    unload(&result);
}

static void what_takes_libyaml_long_is_refused_quickly(void **state)
{
    static const char *const openings[] = {"[", "{", "- ", "? ", "{a: ", "[[],", "!", "%TAG ! x\n"};
    (void)state;
    for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++) {
        growing document;
        loaded result;
        start(&document, (size_t)2 << 20, "");
        add_times(&document, openings[i], 200000);
        finish(&document, &result);
        assert_null(result.model);
        assert_in_range(result.diagnostics.count, 1, 3);
        unload(&result);
    }
}

static void names_may_have_two_hundred_characters(void **state)
{
    growing document;
    loaded result;
    (void)state;
    start(&document, 2000, HEAD "  \"");
    add_times(&document, "\xF0\x9F\x98\x80", CONFIG_MAX_NAME_CHARS);
    add(&document, "\": { size: 1 }\n");
    finish(&document, &result);
    assert_accepted(&result);
    assert_int_equal(strlen(result.model->regions[0].name), 4 * CONFIG_MAX_NAME_CHARS);
    unload(&result);
}

static void texts_are_accepted_at_their_bounds(void **state)
{
    growing document;
    loaded result;
    (void)state;
    start(&document, 20000, HEAD "  R: { size: 1, description: ");
    add_times(&document, "d", CONFIG_MAX_DESCRIPTION);
    add(&document, ", backing: { file: ");
    add_times(&document, "f/", (CONFIG_MAX_PATH_BYTES - 2) / 2);
    add(&document, "ff }, sddl: 'D:P(");
    add_times(&document, "x", CONFIG_MAX_SDDL - 5);
    add(&document, ")' }\n");
    finish(&document, &result);
    assert_accepted(&result);
    assert_int_equal(strlen(result.model->regions[0].description), CONFIG_MAX_DESCRIPTION);
    assert_int_equal(strlen(result.model->regions[0].backing_file), CONFIG_MAX_PATH_BYTES);
    assert_int_equal(strlen(result.model->regions[0].sddl), CONFIG_MAX_SDDL);
    unload(&result);
}

/* Loads a region whose contents are `unit` so many times, as the value of `key`. */
static void load_contents(loaded *result, const char *key, const char *unit, size_t times)
{
    growing document;
    start(&document, (size_t)1 << 20, HEAD "  R: { size: 1 MiB, initial: { ");
    add(&document, key);
    add(&document, ": '");
    add_times(&document, unit, times);
    add(&document, "' } }\n");
    finish(&document, result);
}

static void contents_may_have_sixty_four_kibibytes(void **state)
{
    loaded result;
    (void)state;
    load_contents(&result, "text", "t", CONFIG_MAX_INITIAL);
    assert_accepted(&result);
    assert_int_equal(result.model->regions[0].initial.length, CONFIG_MAX_INITIAL);
    unload(&result);
    load_contents(&result, "text", "t", CONFIG_MAX_INITIAL + 1);
    assert_refused(&result,
                   "test.yaml:4:38: error: regions.R.initial.text: the text is too long: it has 65537 bytes, "
                   "and 65536 is the most");
    unload(&result);
    load_contents(&result, "hex", "aB ", CONFIG_MAX_INITIAL);
    assert_accepted(&result);
    assert_int_equal(result.model->regions[0].initial.length, CONFIG_MAX_INITIAL);
    assert_int_equal(result.model->regions[0].initial.bytes[CONFIG_MAX_INITIAL - 1], 0xAB);
    unload(&result);
    load_contents(&result, "hex", "aB ", CONFIG_MAX_INITIAL + 1);
    assert_null(result.model);
    assert_int_equal(result.diagnostics.count, 1);
    unload(&result);
}

static void numbers_are_accepted_at_their_bounds(void **state)
{
    loaded result;
    (void)state;
    load(&result,
         "version: 1\ncommit_budget: 1048576 TiB\ndefaults: { access: { read: [Users] } }\nregions:\n"
         "  A: { size: 128 TiB, numa_node: 63, initial: { fill: 255 } }\n"
         "  B: { size: 1, numa_node: 0, initial: { fill: 0x00 } }\n"
         "  C: { size: 1, initial: { hex: FF } }\n  D: { size: 1, initial: { text: d } }\n");
    assert_accepted(&result);
    assert_true(result.model->commit_budget == CONFIG_MAX_BUDGET);
    assert_int_equal(result.model->regions[0].numa_node, 63);
    assert_int_equal(result.model->regions[0].initial.fill, 255);
    assert_int_equal(result.model->regions[1].initial.fill, 0);
    assert_int_equal(result.model->regions[2].initial.length, 1);
    unload(&result);
}

static void roles_reach_their_bounds(void **state)
{
    growing document;
    (void)state;
    for (unsigned more = 0; more < 2; more++) {
        loaded result;
        start(&document, 200000, "version: 1\nregions: {}\nroles:\n");
        for (unsigned i = 0; i < CONFIG_MAX_ROLES + more; i++) {
            char role[96];
            snprintf(role, sizeof role, "  r%063u: [Users]\n", i);
            add(&document, role);
        }
        finish(&document, &result);
        if (more == 0) {
            assert_accepted(&result);
            assert_int_equal(result.model->role_count, CONFIG_MAX_ROLES);
        } else {
            assert_refused(
                &result,
                "test.yaml:1028:3: error: roles: there are more than 1024 roles; put the accounts into "
                "groups instead");
        }
        unload(&result);
    }
}

static void an_access_list_may_have_sixty_four_entries(void **state)
{
    growing document;
    loaded result;
    (void)state;
    start(&document, 20000, "version: 1\nregions: { R: { size: 1, access: { read: [");
    for (unsigned i = 0; i < CONFIG_MAX_PRINCIPALS; i++) {
        char sid[32];
        snprintf(sid, sizeof sid, "S-1-5-21-%u, ", i);
        add(&document, sid);
    }
    add(&document, "] } } }\n");
    finish(&document, &result);
    assert_accepted(&result);
    assert_int_equal(result.model->regions[0].access.read.count, CONFIG_MAX_PRINCIPALS);
    unload(&result);
}

static void long_lines_and_scalars_are_refused_by_their_bounds_alone(void **state)
{
    growing document;
    loaded result;
    (void)state;
    start(&document, (size_t)3 << 20, HEAD "  R: { size: 1 } #");
    add_times(&document, " long", 100000);
    add(&document, "\n  S: { size: 1, description: '");
    add_times(&document, "d", (size_t)1 << 20);
    add(&document, "' }\n");
    finish(&document, &result);
    assert_refused(&result,
                   "test.yaml:5:30: error: regions.S.description: the text is too long: it has 1048576 "
                   "bytes, and 1024 is the most");
    unload(&result);
}

/* A valid document padded with a comment to `size` bytes. */
static char *padded(size_t size)
{
    static const char head[] = "version: 1\nregions: {}\n#";
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, '\n', size);
    memcpy(text, head, sizeof head - 1);
    return text;
}

static void a_file_may_have_its_full_size(void **state)
{
    loaded result;
    char *text = padded(CONFIG_MAX_FILE_BYTES + 1);
    (void)state;
    load_bytes(&result, text, CONFIG_MAX_FILE_BYTES);
    assert_accepted(&result);
    unload(&result);
    load_bytes(&result, text, (size_t)CONFIG_MAX_FILE_BYTES + 1);
    assert_refused(
        &result,
        "test.yaml: error: the file has more than 64 MiB, which is the most; declare fewer regions in "
        "one file");
    unload(&result);
    free(text);
}

static void a_stream_is_read_no_further_than_a_file_may_be_long(void **state)
{
    static const char path[] = "config-bounds-test.tmp";
    char *text = padded(CONFIG_MAX_FILE_BYTES);
    (void)state;
    for (size_t more = 0; more < 3; more++) {
        loaded result;
        config_resolver resolver = fake_resolver(&result.machine);
        FILE *stream = fopen(path, "w+b");
        assert_non_null(stream);
        assert_int_equal(fwrite(text, 1, CONFIG_MAX_FILE_BYTES, stream), CONFIG_MAX_FILE_BYTES);
        assert_int_equal(fwrite("\n\n", 1, more, stream), more);
        rewind(stream);
        config_diagnostics_init(&result.diagnostics, "test.yaml");
        result.model = config_load("test.yaml", stream, NULL, &resolver, &result.diagnostics);
        assert_int_equal(result.model != NULL, more == 0);
        unload(&result);
        fclose(stream);
        remove(path);
    }
    free(text);
}

static void values_without_number_are_refused(void **state)
{
    growing document;
    loaded result;
    (void)state;
    start(&document, (size_t)9 << 20, "version: 1\nregions: {}\nx: [");
    add_times(&document, "a,\n", 2000001);
    finish(&document, &result);
    assert_refused(&result,
                   "test.yaml:1999999:1: error: there are more than 2000000 values in all; declare fewer "
                   "regions");
    unload(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_thousand_regions_are_accepted),
        cmocka_unit_test(one_region_more_is_refused),
        cmocka_unit_test(a_hundred_thousand_equal_names_take_no_longer),
        cmocka_unit_test(sixteen_levels_are_read_and_seventeen_refused),
        cmocka_unit_test(what_takes_libyaml_long_is_refused_quickly),
        cmocka_unit_test(names_may_have_two_hundred_characters),
        cmocka_unit_test(texts_are_accepted_at_their_bounds),
        cmocka_unit_test(contents_may_have_sixty_four_kibibytes),
        cmocka_unit_test(numbers_are_accepted_at_their_bounds),
        cmocka_unit_test(roles_reach_their_bounds),
        cmocka_unit_test(an_access_list_may_have_sixty_four_entries),
        cmocka_unit_test(long_lines_and_scalars_are_refused_by_their_bounds_alone),
        cmocka_unit_test(a_file_may_have_its_full_size),
        cmocka_unit_test(a_stream_is_read_no_further_than_a_file_may_be_long),
        cmocka_unit_test(values_without_number_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
