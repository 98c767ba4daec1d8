/*
 * Configurations of several files: what belongs to them and in which order, what each knows of the others, what
 * must not stand in two of them, and what goes wrong with one.
 */
#include "config_testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAIN(include) "version: 1\ninclude: " include "\n" USERS "regions: { M: { size: 1 } }\n"
#define ONE(name)     "version: 1\nregions: { " name ": { size: 1 } }\n"

/* Loads the array of files; `folder` becomes what was seen of them. */
#define LOAD(result, of_these, folder)                                                                       \
    memory_folder folder = {.files = (of_these), .count = COUNT_OF(of_these)};                               \
    load_files((result), &(folder))

/* Fails unless the model's regions have these names, separated by spaces. */
static void assert_regions(const loaded *result, const char *names)
{
    char found[1024] = "";
    size_t used = 0;
    assert_accepted(result);
    for (size_t i = 0; i < result->model->region_count; i++) {
        used += (size_t)snprintf(found + used, sizeof found - used, "%s%s", i > 0 ? " " : "",
                                 result->model->regions[i].name);
    }
    assert_string_equal(found, names);
}

static void regions_come_in_the_order_of_their_files(void **state)
{
    static const memory_file files[] = {
        {"main.yaml", MAIN("[z.yaml, 'conf.d/*.yaml', a.yaml]"), 0},
        {"conf.d/b.yaml", ONE("B"), 0},
        {"conf.d/a.yaml", ONE("A"), 0},
        {"conf.d/B.yaml.bak", ONE("X"), 0},
        {"conf.d/.hidden.yaml", ONE("X"), 0},
        {"conf.d/C.YAML", ONE("C"), 0},
        {"conf.d/\xC3\xA9.yaml", ONE("E"), 0},
        {"z.yaml", ONE("Z"), 0},
        {"a.yaml", ONE("a"), 0},
        {"b.yaml", ONE("X"), 0},
    };
    loaded result;
    (void)state;
    LOAD(&result, files, folder);
    assert_regions(&result, "M Z C A B E a");
    assert_int_equal(folder.opened, 6);
    assert_int_equal(result.model->file_count, 7);
    assert_string_equal(result.model->file, "cfg/main.yaml");
    assert_string_equal(result.model->files[0], "cfg/main.yaml");
    assert_string_equal(result.model->files[2], "cfg/conf.d/C.YAML");
    assert_string_equal(result.model->regions[0].file, "cfg/main.yaml");
    assert_string_equal(result.model->regions[3].file, "cfg/conf.d/a.yaml");
    assert_int_equal(result.model->regions[3].where.line, 2);
    assert_int_equal(result.model->regions[3].where.column, 12);
    unload(&result);
}

static void a_file_that_is_named_twice_is_read_once(void **state)
{
    static const memory_file files[] = {
        {"main.yaml",
         MAIN("['*.yaml', a.yaml, MAIN.yaml, 'conf.d\\b.yaml', 'conf.d/*.y?ml', 'CONF.D/B.yaml']"), 0},
        {"a.yaml", ONE("A"), 0},
        {"conf.d/b.yaml", ONE("X"), 0},
        {"conf.d\\b.yaml", ONE("B"), 0},
    };
    loaded result;
    (void)state;
    LOAD(&result, files, folder);
    assert_regions(&result, "M A B");
    assert_int_equal(folder.opened, 2);
    unload(&result);
}

static void a_pattern_without_matches_is_fine_and_an_absent_file_is_not(void **state)
{
    static const memory_file good[] = {{"main.yaml", MAIN("[absent.d/*.yaml, 'x*']"), 0}};
    static const memory_file bad[] = {{"main.yaml", MAIN("[absent.yaml, conf.d/absent.yaml]"), 0}};
    loaded result;
    (void)state;
    LOAD(&result, good, folder);
    assert_regions(&result, "M");
    assert_int_equal(folder.listed, 2);
    unload(&result);
    LOAD(&result, bad, other);
    assert_refused_with(
        &result,
        "cfg/main.yaml:2:11: error: include[0]: cfg/absent.yaml cannot be read: there is no such file\n"
        "cfg/main.yaml:2:24: error: include[1]: cfg/conf.d/absent.yaml cannot be read: there is no such "
        "file\n");
    unload(&result);
}

static void what_cannot_be_opened_or_listed_is_reported_at_its_entry(void **state)
{
    static const memory_file files[] = {{"main.yaml", MAIN("[conf.d/*.yaml, x.d/*]"), 0},
                                        {"conf.d/a.yaml", ONE("A"), 0},
                                        {"conf.d/b.yaml", "version: 1\n", 0}};
    loaded result;
    memory_folder folder = {
        .files = files, .count = COUNT_OF(files), .unreadable = "conf.d/a.yaml", .unlistable = "x.d"};
    (void)state;
    load_files(&result, &folder);
    assert_refused_with(
        &result,
        "cfg/main.yaml:2:11: error: include[0]: cfg/conf.d/a.yaml cannot be read: it is locked\n"
        "cfg/main.yaml:2:26: error: include[1]: the files that match cannot be found: the folder is locked\n"
        "cfg/conf.d/b.yaml:1:1: error: the key regions is missing; add it with a mapping from names to "
        "regions, or {} "
        "for none\n");
    unload(&result);
}

static void an_entry_is_a_relative_path_below_the_main_files_folder(void **state)
{
    static const memory_file files[] = {
        {"main.yaml",
         "version: 1\ninclude:\n  - ../a.yaml\n  - 'C:\\a.yaml'\n  - /a.yaml\n  - '\\\\host\\share\\a.yaml'\n"
         "  - conf.*/a.yaml\n  - a/./b.yaml\n  - ''\n  -\n  - [a]\n  - conf.d/\n  - 'nul'\n  - 'a:b'\n  - "
         "'*.yaml'\n"
         "regions: {}\n",
         0}};
    loaded result;
    char line[512];
    (void)state;
    LOAD(&result, files, folder);
    assert_null(result.model);
    assert_int_equal(result.diagnostics.count, 12);
    config_diagnostics_format(&result.diagnostics, 1, line, sizeof line);
    assert_string_equal(
        line, "cfg/main.yaml:4:5: error: include[1]: \"C:\\a.yaml\" cannot be included: it must be relative "
              "to this file's folder; write a path such as conf.d/name.yaml or conf.d/*.yaml");
    assert_int_equal(folder.opened, 0);
    assert_int_equal(folder.listed, 1);
    unload(&result);
}

static void include_is_a_list_of_at_most_sixty_four_entries(void **state)
{
    loaded result;
    char text[2048] = "version: 1\nregions: {}\ninclude: [";
    (void)state;
    load(&result, "version: 1\nregions: {}\ninclude: conf.d/*.yaml\n");
    assert_refused(
        &result,
        "test.yaml:3:10: error: include: \"conf.d/*.yaml\" is not a list; write a list of at most 64 "
        "paths below this file's folder, such as [conf.d/*.yaml]");
    unload(&result);
    for (int i = 0; i < 65; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text), "'*%d', ", i);
    }
    snprintf(text + strlen(text), sizeof text - strlen(text), "]\n");
    load(&result, text);
    assert_int_equal(result.diagnostics.errors, 1);
    unload(&result);
    load(&result, "version: 1\nregions: {}\ninclude: []\n");
    assert_accepted(&result);
    unload(&result);
}

static void a_text_without_a_folder_includes_nothing(void **state)
{
    static const char text[] = "version: 1\nregions: {}\ninclude: [a.yaml]\n";
    loaded result;
    config_resolver resolver = fake_resolver(&result.machine);
    (void)state;
    config_diagnostics_init(&result.diagnostics, "test.yaml");
    result.model = config_load_text("test.yaml", text, strlen(text), NULL, &resolver, &result.diagnostics);
    assert_refused(
        &result,
        "test.yaml:3:10: error: include: nothing can be included here: this text stands in no folder");
    unload(&result);
}

static void a_fragment_falls_back_on_its_own_defaults_then_on_the_main_files(void **state)
{
    static const memory_file files[] = {
        {"main.yaml",
         "version: 1\ninclude: [a.yaml, b.yaml]\nregions: { M: { size: 9 } }\n"
         "defaults: { access: { read: [Users] }, numa_node: 1, prefetch: true, initial: { text: main } }\n",
         0},
        {"a.yaml",
         "version: 1\ndefaults: { access: { write: [SYSTEM] }, numa_node: 2, initial: { file: a.bin } }\n"
         "regions: { A: { size: 9 }, B: { size: 9, numa_node: 3 } }\n",
         0},
        {"b.yaml", "version: 1\nregions: { C: { size: 9 } }\n", 0},
    };
    loaded result;
    (void)state;
    LOAD(&result, files, folder);
    assert_regions(&result, "M A B C");
    const config_region *region = result.model->regions;
    assert_int_equal(region[0].numa_node, 1);
    assert_int_equal(region[1].numa_node, 2);
    assert_int_equal(region[2].numa_node, 3);
    assert_int_equal(region[3].numa_node, 1);
    assert_true(region[1].prefetch);
    assert_int_equal(region[1].access.read.count, 0);
    assert_string_equal(region[1].access.write.items[0].file, "cfg/a.yaml");
    assert_string_equal(region[3].access.read.items[0].file, "cfg/main.yaml");
    assert_string_equal(region[3].file, "cfg/b.yaml");
    assert_int_equal(region[1].initial.kind, CONFIG_INITIAL_FILE);
    assert_string_equal(region[1].initial.file, "cfg/a.yaml");
    assert_int_equal(region[3].initial.kind, CONFIG_INITIAL_BYTES);
    assert_string_equal(region[3].initial.file, "cfg/main.yaml");
    unload(&result);
}

static void a_fragment_knows_the_main_files_roles_and_nobody_its_own(void **state)
{
    static const memory_file good[] = {
        {"main.yaml", "version: 1\nroles: { ops: [SYSTEM] }\ninclude: ['?.yaml']\nregions: {}\n", 0},
        {"a.yaml",
         "version: 1\nroles: { mine: [Guests] }\nregions: { A: { size: 1, access: { read: [ops, mine] } } "
         "}\n",
         0},
        {"b.yaml",
         "version: 1\nroles: { mine: [Users] }\nregions: { B: { size: 1, access: { read: [mine] } } }\n", 0},
    };
    static const memory_file bad[] = {
        {"main.yaml", "version: 1\nroles: { ops: [SYSTEM] }\ninclude: ['?.yaml']\nregions: {}\n", 0},
        {"a.yaml", "version: 1\nroles: { mine: [Guests], Ops: [Users] }\nregions: {}\n", 0},
        {"b.yaml",
         "version: 1\nroles: { both: [ops] }\nregions: { B: { size: 1, access: { read: [mine, opz] } } }\n",
         0},
    };
    loaded result;
    (void)state;
    LOAD(&result, good, folder);
    assert_regions(&result, "A B");
    assert_int_equal(result.model->role_count, 3);
    assert_string_equal(result.model->roles[1].file, "cfg/a.yaml");
    const config_principal *ops = &result.model->regions[0].access.read.items[0];
    assert_string_equal(ops->file, "cfg/a.yaml");
    assert_string_equal(ops->member->file, "cfg/main.yaml");
    assert_string_equal(result.model->regions[1].access.read.items[0].sid, "S-1-5-32-545");
    unload(&result);

    LOAD(&result, bad, other);
    assert_refused_with(
        &result,
        "cfg/a.yaml:2:26: error: roles.Ops: the main file has a role of this name (case does not count): "
        "cfg/main.yaml:2:10; choose another name, or use that role\n"
        "cfg/b.yaml:2:17: error: roles.both[0]: a role holds no other roles; list that role's members here, "
        "or both "
        "roles where they are used\n"
        "cfg/b.yaml:3:43: error: regions.B.access.read[0]: \"mine\" names no account or group: this machine "
        "has no "
        "such account; write a well-known name such as Users, DOMAIN\\name, NT SERVICE\\name or a SID "
        "(S-1-\xE2\x80\xA6)\n"
        "cfg/b.yaml:3:49: error: regions.B.access.read[1]: \"opz\" names no account or group: this machine "
        "has no such "
        "account; write a well-known name such as Users, DOMAIN\\name, NT SERVICE\\name or a SID "
        "(S-1-\xE2\x80\xA6) (did "
        "you mean the role ops?)\n");
    unload(&result);
}

static void a_region_stands_in_one_file_only(void **state)
{
    static const memory_file files[] = {
        {"main.yaml", MAIN("[a.yaml, b.yaml]"), 0},
        {"a.yaml", "version: 1\nregions: { m: { size: 1 }, A: { size: 1 } }\n", 0},
        {"b.yaml", "version: 1\nregions:\n  A: { size: 1 }\n  M: { size: 1, namespace: local }\n", 0},
    };
    loaded result;
    (void)state;
    LOAD(&result, files, folder);
    assert_refused_with(
        &result, "cfg/b.yaml:3:3: error: regions.A: a region of this name is declared at cfg/a.yaml:2:28 "
                 "already; give one of the two another name, or take it out\n"
                 "cfg/b.yaml:4:3: error: regions.M: a region of this name is declared at cfg/main.yaml:4:12 "
                 "already; give one of the two another name, or take it out\n");
    const config_diagnostic *item = &result.diagnostics.items[0];
    assert_string_equal(result.diagnostics.files[item->note.file], "cfg/a.yaml");
    assert_string_equal(item->note.excerpt.line, "regions: { m: { size: 1 }, A: { size: 1 } }");
    assert_string_equal(item->excerpt.line, "  A: { size: 1 }");
    unload(&result);
}

static void a_backing_file_belongs_to_one_region_of_all_files(void **state)
{
    static const memory_file files[] = {
        {"main.yaml",
         "version: 1\ninclude: [a.yaml]\n" USERS "regions: { M: { size: 1, backing: { file: x/y.shm } } }\n",
         0},
        {"a.yaml", "version: 1\nregions: { A: { size: 1, backing: { file: 'X\\Y.shm' } } }\n", 0},
    };
    loaded result;
    (void)state;
    LOAD(&result, files, folder);
    assert_refused_with(
        &result,
        "cfg/a.yaml:2:43: error: regions.A.backing.file: another region keeps its bytes in this file, at "
        "cfg/main.yaml:4:43; give each a file of its own\n");
    unload(&result);
}

static void a_fragment_says_only_what_it_may(void **state)
{
    static const memory_file files[] = {
        {"main.yaml", MAIN("[a.yaml]"), 0},
        {"a.yaml", "version: 1\ninclude: [b.yaml]\ncommit_budget: 1 GiB\nrole: {}\nregions: {}\n", 0},
    };
    loaded result;
    (void)state;
    LOAD(&result, files, folder);
    assert_refused_with(&result, "cfg/a.yaml:2:1: error: include: only the main file may say this, and it "
                                 "includes this file; write it there\n"
                                 "cfg/a.yaml:3:1: error: commit_budget: only the main file may say this, and "
                                 "it includes this file; write it "
                                 "there\n"
                                 "cfg/a.yaml:4:1: error: role: this key is unknown (did you mean roles?); "
                                 "the keys allowed here are version, "
                                 "roles, defaults, regions\n");
    unload(&result);
}

static void errors_in_all_files_are_found_in_one_run(void **state)
{
    static const memory_file files[] = {
        {"main.yaml", "version: 1\ninclude: [a.yaml, b.yaml, c.yaml]\nregions: { M: { size: x } }\n", 0},
        {"a.yaml", "version: 1\nregions: [\n", 0},
        {"b.yaml", "x", 0},
        {"c.yaml", "version: 2\nregions: { C: { size: 1 } }\n", 0},
    };
    loaded result;
    (void)state;
    LOAD(&result, files, folder);
    assert_null(result.model);
    assert_int_equal(result.diagnostics.count, 6);
    assert_int_equal(result.diagnostics.items[0].file, 0);
    assert_int_equal(result.diagnostics.items[1].file, 0);
    assert_int_equal(result.diagnostics.items[2].file, 1);
    assert_int_equal(result.diagnostics.items[3].file, 2);
    assert_int_equal(result.diagnostics.items[5].file, 3);
    unload(&result);
}

static void the_budget_counts_the_regions_of_all_files(void **state)
{
    static const memory_file files[] = {
        {"main.yaml",
         "version: 1\ncommit_budget: 8 KiB\ninclude: [a.yaml]\n" USERS "regions: { M: { size: 1 } }\n", 0},
        {"a.yaml", "version: 1\nregions: { Large: { size: 5000 } }\n", 0},
    };
    loaded result;
    (void)state;
    LOAD(&result, files, folder);
    assert_refused_with(
        &result,
        "cfg/main.yaml:2:16: error: commit_budget: the regions in memory take 12 KiB, which is 4 KiB more "
        "than "
        "this budget of 8 KiB; the largest are Large (8 KiB), M (4 KiB); make regions smaller, keep some in "
        "files, or raise the budget\n");
    unload(&result);
}

static void each_file_has_an_encoding_of_its_own(void **state)
{
    static const char wide[] =
        "\xFF\xFEv\0e\0r\0s\0i\0o\0n\0:\0 \0001\0\n\0r\0e\0g\0i\0o\0n\0s\0:\0 \0{\0}\0\n";
    const memory_file files[] = {
        {"main.yaml", "\xEF\xBB\xBF" MAIN("[a.yaml, b.yaml]"), 0},
        {"a.yaml", wide, sizeof wide},
        {"b.yaml", "version: 1\r\nregions:\r\n  B: { size: 1 }\r\n", 0},
    };
    loaded result;
    (void)state;
    LOAD(&result, files, folder);
    assert_regions(&result, "M B");
    unload(&result);
}

static void names_that_are_no_files_are_refused(void **state)
{
    static const memory_file files[] = {{"main.yaml", MAIN("['*.yaml']"), 0}, {"con.yaml", ONE("A"), 0}};
    loaded result;
    (void)state;
    LOAD(&result, files, folder);
    assert_refused_with(&result,
                        "cfg/main.yaml:2:11: error: include[0]: the file \"con.yaml\" matches, and its name "
                        "cannot be used: a name such as CON, NUL or COM1 means a device; rename it\n");
    unload(&result);
}

/* Files that are made for a test. */
typedef struct many_files {
    memory_file *files;
    char (*paths)[48];
    char **texts;
    size_t count; /* of the fragments; the main file comes before them */
} many_files;

static void make_files(many_files *many, size_t count, size_t regions_each)
{
    many->count = count;
    many->files = calloc(count + 1, sizeof *many->files);
    many->paths = calloc(count, sizeof *many->paths);
    many->texts = calloc(count, sizeof *many->texts);
    assert_non_null(many->files);
    many->files[0].path = "main.yaml";
    many->files[0].text = MAIN("[conf.d/*]");
    for (size_t i = 0; i < count; i++) {
        size_t room = 100 + regions_each * 60;
        char *text = malloc(room);
        assert_non_null(text);
        size_t used = (size_t)snprintf(text, room, "version: 1\nregions:\n");
        for (size_t k = 0; k < regions_each; k++) {
            used += (size_t)snprintf(text + used, room - used, "  Region%lu.%lu: { size: 4 KiB }\n",
                                     (unsigned long)i, (unsigned long)k);
        }
        snprintf(many->paths[i], sizeof many->paths[i], "conf.d/%05lu.yaml", (unsigned long)i);
        many->texts[i] = text;
        many->files[i + 1].path = many->paths[i];
        many->files[i + 1].text = text;
    }
}

static void free_files(many_files *many)
{
    for (size_t i = 0; i < many->count; i++) {
        free(many->texts[i]);
    }
    free(many->texts);
    free(many->paths);
    free(many->files);
}

static void load_many(loaded *result, size_t count, size_t regions_each)
{
    many_files many;
    make_files(&many, count, regions_each);
    memory_folder folder = {.files = many.files, .count = count + 1};
    load_files(result, &folder);
    free_files(&many);
}

static void a_configuration_has_at_most_1024_files(void **state)
{
    loaded result;
    (void)state;
    load_many(&result, CONFIG_MAX_FILES - 1, 1);
    assert_accepted(&result);
    assert_int_equal(result.model->file_count, CONFIG_MAX_FILES);
    assert_string_equal(result.model->regions[CONFIG_MAX_FILES - 1].name, "Region1022.0");
    unload(&result);
    load_many(&result, CONFIG_MAX_FILES, 1);
    assert_refused_with(&result,
                        "cfg/main.yaml:2:11: error: include[0]: with the files of this entry there are more "
                        "than 1024; join some of them\n");
    unload(&result);
}

/* The test's time limit is the bound: nothing here takes time that grows with the square of anything large. */
static void a_hundred_thousand_regions_may_stand_in_a_thousand_files(void **state)
{
    loaded result;
    (void)state;
    load_many(&result, 1000, 100);
    assert_null(result.model); /* with that of the main file there is one too many */
    assert_int_equal(result.diagnostics.count, 1);
    assert_string_equal(result.diagnostics.items[0].message,
                        "there are more than 100000 regions; declare the others to a second broker");
    unload(&result);
    load_many(&result, 999, 100);
    assert_accepted(&result);
    assert_int_equal(result.model->region_count, 99901);
    assert_string_equal(result.model->regions[99900].name, "Region998.99");
    unload(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_come_in_the_order_of_their_files),
        cmocka_unit_test(a_file_that_is_named_twice_is_read_once),
        cmocka_unit_test(a_pattern_without_matches_is_fine_and_an_absent_file_is_not),
        cmocka_unit_test(what_cannot_be_opened_or_listed_is_reported_at_its_entry),
        cmocka_unit_test(an_entry_is_a_relative_path_below_the_main_files_folder),
        cmocka_unit_test(include_is_a_list_of_at_most_sixty_four_entries),
        cmocka_unit_test(a_text_without_a_folder_includes_nothing),
        cmocka_unit_test(a_fragment_falls_back_on_its_own_defaults_then_on_the_main_files),
        cmocka_unit_test(a_fragment_knows_the_main_files_roles_and_nobody_its_own),
        cmocka_unit_test(a_region_stands_in_one_file_only),
        cmocka_unit_test(a_backing_file_belongs_to_one_region_of_all_files),
        cmocka_unit_test(a_fragment_says_only_what_it_may),
        cmocka_unit_test(errors_in_all_files_are_found_in_one_run),
        cmocka_unit_test(the_budget_counts_the_regions_of_all_files),
        cmocka_unit_test(each_file_has_an_encoding_of_its_own),
        cmocka_unit_test(names_that_are_no_files_are_refused),
        cmocka_unit_test(a_configuration_has_at_most_1024_files),
        cmocka_unit_test(a_hundred_thousand_regions_may_stand_in_a_thousand_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
