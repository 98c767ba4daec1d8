/* report_check.c: what `check` prints, as text and as JSON read back. */
#include "testing.h"

#include "json_testing.h"
#include "report.h"
#include "streams.h"

#define OWN "O:XG:XD:P(A;;0x20005;;;A)(D;;0x2;;;B)S:(ML;;NW;;;LW)"

static const config_principal read_list[] = {{.text = "Users", .sid = "S-1-5-32-545"},
                                             {.text = "S-1-5-11", .sid = "S-1-5-11"}};
static const config_principal write_list[] = {{.text = "NT SERVICE\\Sensor", .sid = "S-1-5-80-7"}};

static const config_region regions[] = {
    {.name = "Telemetry",
     .description = "wheel \"data\"\t60 Hz",
     .size = 65536,
     .access = {.read = {read_list, 2}, .write = {write_list, 1}},
     .file = "a.yaml",
     .where = {3, 5}},
    {.name = "R\xC3\xA4w",
     .description = "",
     .size = 1ull << 47,
     .sddl = "D:P(1)",
     .file = "a.yaml",
     .where = {9, 3}},
    {.name = "Recipes",
     .description = "",
     .size = 9007199254740993, /* 2^53 + 1 */
     .backing_file = "r",
     .access = {.read = {read_list, 1}},
     .persist = {CONFIG_PERSIST_FILE, 250, 0},
     .on_dirty = CONFIG_DIRTY_HOLD,
     .file = "a.yaml",
     .where = {12, 3}},
};
static const config_model model = {.file = "a.yaml", .regions = regions, .region_count = 3};

static const declared_region declared_items[] = {
    {.name = "Telemetry",
     .object_name = "Global\\Telemetry",
     .section_sddl = "O:XG:XD:P(A;;0x1;;;X)",
     .size = 65536,
     .numa_node = CONFIG_NUMA_ANY},
    {.name = "R\xC3\xA4w",
     .object_name = "Local\\R\xC3\xA4w",
     .section_sddl = OWN,
     .file_sddl = "f",
     .numa_node = CONFIG_NUMA_ANY},
    {.name = "Recipes",
     .object_name = "Global\\Recipes",
     .section_sddl = "O:XG:XD:P",
     .backing_path = "X:\\data\\r",
     .file_sddl = "O:XG:XD:PF",
     .numa_node = CONFIG_NUMA_ANY},
};
static const platform_memory machine = {1, 1, 2u << 20, 0};
static const declaration declared = {.regions = {declared_items, 3}};

static void text_shows_each_region_as_it_will_be(void **state)
{
    (void)state;
    FILE *stream = streams_open();
    assert_true(report_check_text(stream, &model, &declared, &machine));
    char *printed = streams_close(stream);
    assert_string_equal(printed, "a.yaml: 3 regions, 9147936743161857 B in all; a service would create:\n"
                                 "\nTelemetry: wheel \"data\"\t60 Hz\n"
                                 "  object   Global\\Telemetry\n"
                                 "  size     64 KiB (65536 bytes)\n"
                                 "  backing  paging file\n"
                                 "  declared a.yaml:3:5\n"
                                 "  read     Users (S-1-5-32-545), S-1-5-11\n"
                                 "  write    NT SERVICE\\Sensor (S-1-5-80-7)\n"
                                 "  sddl     O:XG:XD:P(A;;0x1;;;X)\n"
                                 "\nR\xC3\xA4w\n"
                                 "  object   Local\\R\xC3\xA4w\n"
                                 "  size     128 TiB (140737488355328 bytes)\n"
                                 "  backing  paging file\n"
                                 "  declared a.yaml:9:3\n"
                                 "  rights   allow read, see rights = 0x20005 to MACHINE\\A\n"
                                 "           deny write = 0x2 to MACHINE\\B\n"
                                 "           label low: programs of lower integrity may not write\n"
                                 "  sddl     " OWN "\n"
                                 "\nRecipes\n"
                                 "  object   Global\\Recipes\n"
                                 "  size     9007199254740993 B\n"
                                 "  backing  file X:\\data\\r\n"
                                 "  declared a.yaml:12:3\n"
                                 "  persist  file: written to the disk every 250 ms, and at the stop\n"
                                 "  on_dirty hold: it is not served until `shmbroker release`\n"
                                 "  read     Users (S-1-5-32-545)\n"
                                 "  write    nobody\n"
                                 "  sddl     O:XG:XD:P\n"
                                 "  on file  O:XG:XD:PF\n");
    free(printed);
}

static void assert_rights(const char *sddl, const char *shown)
{
    declared_region item = declared_items[1];
    item.section_sddl = sddl;
    const declaration one = {.regions = {&item, 1}};
    const config_model raw = {.file = "a.yaml", .regions = &regions[1], .region_count = 1};
    FILE *stream = streams_open();
    assert_true(report_check_text(stream, &raw, &one, &machine));
    char *printed = streams_close(stream);
    assert_non_null(strstr(printed, shown));
    free(printed);
}

static void text_tells_of_descriptors_that_are_empty_or_cannot_be_read(void **state)
{
    (void)state;
    assert_rights("O:XG:XD:P", "  rights   nobody has any\n  sddl     O:XG:XD:P\n");
    assert_rights("O:XG:XD:P(?)", "  rights   as the descriptor says\n  sddl     O:XG:XD:P(?)\n");
}

static void text_counts_one_region_as_one(void **state)
{
    (void)state;
    config_model one = model;
    one.region_count = 1;
    FILE *stream = streams_open();
    assert_true(report_check_text(stream, &one, &declared, &machine));
    char *printed = streams_close(stream);
    assert_non_null(strstr(printed, "a.yaml: 1 region, 64 KiB in all;"));
    free(printed);
}

static void what_outlives_a_crash_is_shown(void **state)
{
    (void)state;
    config_region region = regions[0];
    region.persist = (config_persist){CONFIG_PERSIST_SNAPSHOT, 5000, 3};
    const config_model one = {.file = "a.yaml", .regions = &region, .region_count = 1};
    FILE *stream = streams_open();
    assert_true(report_check_text(stream, &one, &declared, &machine));
    char *printed = streams_close(stream);
    assert_non_null(strstr(printed, "  persist  snapshot every 5 s, and at the stop; the newest 3 are kept\n"
                                    "  on_dirty keep: it has what there is\n"));
    free(printed);
}

static void what_may_change_while_programs_use_it_is_shown(void **state)
{
    (void)state;
    config_region region = regions[0];
    region.max_size = 1 << 20;
    region.revoke = true;
    const config_model one = {.file = "a.yaml", .regions = &region, .region_count = 1};
    FILE *stream = streams_open();
    assert_true(report_check_text(stream, &one, &declared, &machine));
    char *printed = streams_close(stream);
    assert_non_null(strstr(printed, "  size     64 KiB (65536 bytes)\n  max_size 1 MiB: it can grow"));
    assert_non_null(strstr(printed, "  revoke   "));
    free(printed);
}

static void every_list_and_label_is_shown(void **state)
{
    (void)state;
    config_region region = regions[0];
    const config_principal_list users = {read_list, 1}, sensor = {write_list, 1};
    region.access.manage = sensor;
    region.access.deny = users;
    region.access.packages = sensor;
    region.access.integrity = CONFIG_INTEGRITY_LOW;
    const config_model one = {.file = "a.yaml", .regions = &region, .region_count = 1};
    FILE *stream = streams_open();
    assert_true(report_check_text(stream, &one, &declared, &machine));
    char *printed = streams_close(stream);
    assert_non_null(strstr(printed, "  manage   NT SERVICE\\Sensor (S-1-5-80-7)\n"
                                    "  deny     Users (S-1-5-32-545)\n"
                                    "  packages NT SERVICE\\Sensor (S-1-5-80-7)\n"
                                    "  label    low: programs of lower integrity may not write\n"));
    free(printed);
    stream = streams_open();
    assert_true(report_check_json(stream, &one, &declared, &machine, NULL));
    printed = streams_close(stream);
    cJSON *root = cJSON_Parse(printed);
    const cJSON *item = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(root, "regions"), 0);
    assert_string_equal(string_of(item, "integrity"), "low");
    for (size_t i = 0; i < 3; i++) {
        const char *const lists[] = {"manage", "deny", "appcontainer"};
        assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(item, lists[i])), 1);
    }
    cJSON_Delete(root);
    free(printed);
}

/* What `check` says of the first region when it asks for this. */
static void assert_memory(const declared_region *asking, const char *text, const char *json)
{
    const declaration one = {.regions = {asking, 1}};
    const config_model first = {.file = "a.yaml", .regions = regions, .region_count = 1};
    FILE *stream = streams_open();
    assert_true(report_check_text(stream, &first, &one, &machine));
    char *printed = streams_close(stream);
    assert_non_null(strstr(printed, text));
    free(printed);
    stream = streams_open();
    assert_true(report_check_json(stream, &first, &one, &machine, NULL));
    printed = streams_close(stream);
    cJSON *root = cJSON_Parse(printed);
    free(printed);
    printed =
        cJSON_PrintUnformatted(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(root, "regions"), 0));
    if (!strstr(printed, json))
        print_error("%s\n", printed);
    assert_non_null(strstr(printed, json));
    cJSON_free(printed);
    cJSON_Delete(root);
}

static void what_is_asked_of_the_memory_is_shown(void **state)
{
    (void)state;
    declared_region asking = declared_items[0];
    assert_memory(&asking, "  declared a.yaml:3:5\n  read ",
                  "\"initial\":{\"kind\":\"zero\"},\"large_pages\":\"no\",\"prefetch\":false,\"read\"");
    asking.initial = (config_initial){.kind = CONFIG_INITIAL_FILL, .fill = 0x0F};
    asking.large_pages = CONFIG_LARGE_PAGES_REQUIRE;
    asking.numa_node = 0;
    asking.prefetch = true;
    assert_memory(
        &asking,
        "  initial  every byte 0x0F\n"
        "  memory   large pages required, NUMA node 0 preferred, pages present from the start\n  read ",
        "\"initial\":{\"kind\":\"fill\",\"fill\":15},\"large_pages\":\"require\",\"prefetch\":true,"
        "\"numa_node\":0,\"read\"");
    asking.initial = (config_initial){.kind = CONFIG_INITIAL_BYTES, .length = 12};
    asking.large_pages = CONFIG_LARGE_PAGES_PREFER;
    asking.numa_node = CONFIG_NUMA_ANY;
    asking.prefetch = false;
    assert_memory(
        &asking,
        "  initial  12 bytes from the configuration, then zeros\n  memory   large pages preferred\n  read ",
        "\"initial\":{\"kind\":\"bytes\",\"length\":12},\"large_pages\":\"prefer\"");
    asking.numa_node = 1;
    assert_memory(&asking,
                  "  memory   large pages preferred, NUMA node 1 preferred\n"
                  "           this machine has no NUMA node 1 (its last is 0)\n  read ",
                  "\"numa_node\":1,\"not_on_this_machine\":\"no NUMA node 1 (its last is 0)\",\"read\"");
    asking.numa_node = CONFIG_NUMA_ANY;
    asking.initial = (config_initial){.kind = CONFIG_INITIAL_FILE, .path = "C:\\conf\\x.bin"};
    asking.large_pages = CONFIG_LARGE_PAGES_NO;
    asking.boundary = "S-1-5-32-544 S-1-5-32-545";
    assert_memory(
        &asking,
        "  initial  the bytes of C:\\conf\\x.bin, then zeros\n"
        "  boundary members of MACHINE\\S-1-5-32-544 and of MACHINE\\S-1-5-32-545\n"
        "           a service is not of MACHINE\\S-1-5-32-544 unless it was made a member; as none it "
        "cannot make the region\n  read ",
        "\"initial\":{\"kind\":\"file\",\"file\":\"C:\\\\conf\\\\x.bin\"},\"large_pages\":\"no\","
        "\"prefetch\":false,\"boundary\":\"S-1-5-32-544 S-1-5-32-545\"");
}

static void json_tells_the_same(void **state)
{
    (void)state;
    FILE *stream = streams_open();
    assert_true(report_check_json(stream, &model, &declared, &machine, NULL));
    char *printed = streams_close(stream);
    assert_non_null(strstr(printed, "9007199254740993")); /* all digits */
    assert_int_equal(printed[strlen(printed) - 1], '\n');
    cJSON *root = cJSON_Parse(printed);
    assert_non_null(root);
    assert_true(number_of(root, "schema_version") == 1);
    assert_string_equal(string_of(root, "file"), "a.yaml");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "ok")));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(root, "errors")), 0);
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(root, "regions");
    assert_int_equal(cJSON_GetArraySize(array), 3);

    const cJSON *telemetry = cJSON_GetArrayItem(array, 0);
    assert_string_equal(string_of(telemetry, "name"), "Telemetry");
    assert_string_equal(string_of(telemetry, "description"), "wheel \"data\"\t60 Hz");
    assert_string_equal(string_of(telemetry, "object_name"), "Global\\Telemetry");
    assert_string_equal(string_of(telemetry, "backing"), "pagefile");
    assert_string_equal(string_of(telemetry, "sddl"), "O:XG:XD:P(A;;0x1;;;X)");
    assert_true(number_of(telemetry, "size") == 65536);
    assert_true(number_of(telemetry, "line") == 3);
    assert_true(number_of(telemetry, "column") == 5);
    assert_false(cJSON_HasObjectItem(telemetry, "file"));
    const cJSON *readers = cJSON_GetObjectItemCaseSensitive(telemetry, "read");
    assert_int_equal(cJSON_GetArraySize(readers), 2);
    assert_string_equal(string_of(cJSON_GetArrayItem(readers, 0), "name"), "Users");
    assert_string_equal(string_of(cJSON_GetArrayItem(readers, 0), "sid"), "S-1-5-32-545");

    const cJSON *raw = cJSON_GetArrayItem(array, 1);
    assert_string_equal(string_of(raw, "name"), "R\xC3\xA4w");
    assert_false(cJSON_HasObjectItem(raw, "read")); /* its own descriptor rules */
    const cJSON *rights = cJSON_GetObjectItemCaseSensitive(raw, "rights");
    assert_int_equal(cJSON_GetArraySize(rights), 3);
    assert_string_equal(cJSON_GetArrayItem(rights, 1)->valuestring, "deny write = 0x2 to MACHINE\\B");
    const cJSON *recipes = cJSON_GetArrayItem(array, 2);
    const cJSON *persist = cJSON_GetObjectItemCaseSensitive(recipes, "persist");
    assert_string_equal(string_of(persist, "mode"), "file");
    assert_true(number_of(persist, "interval_ms") == 250);
    assert_false(cJSON_HasObjectItem(persist, "keep")); /* of snapshots alone */
    assert_string_equal(string_of(recipes, "on_dirty"), "hold");
    persist = cJSON_GetObjectItemCaseSensitive(telemetry, "persist");
    assert_string_equal(string_of(persist, "mode"), "none");
    assert_string_equal(string_of(recipes, "backing"), "file");
    assert_string_equal(string_of(recipes, "file"), "X:\\data\\r");
    assert_string_equal(string_of(recipes, "file_sddl"), "O:XG:XD:PF");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(recipes, "write")), 0);
    cJSON_Delete(root);
    free(printed);
}

/* Prints as JSON, parses it again, and empties `diagnostics`. */
static cJSON *errors_as_json(config_diagnostics *diagnostics)
{
    FILE *stream = streams_open();
    assert_true(report_errors_json(stream, diagnostics));
    config_diagnostics_free(diagnostics);
    char *printed = streams_close(stream);
    cJSON *root = cJSON_Parse(printed);
    free(printed);
    assert_non_null(root);
    return root;
}

static void json_errors_have_place_path_and_message(void **state)
{
    (void)state;
    static config_diagnostics diagnostics;
    config_diagnostics_init(&diagnostics, "b.yaml");
    config_diagnostics_add(&diagnostics, (config_position){4, 9}, "regions.A.size", "\"%s\" is no size", "x");
    config_diagnostics_add(&diagnostics, (config_position){5, 1}, NULL, "a tab");
    config_diagnostics_warn(&diagnostics, (config_position){0, 0}, NULL, "hm");
    diagnostics.dropped = 7;
    cJSON *root = errors_as_json(&diagnostics);
    assert_true(number_of(root, "schema_version") == 1);
    assert_string_equal(string_of(root, "file"), "b.yaml");
    assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(root, "ok")));
    assert_true(number_of(root, "errors_not_shown") == 7);
    const cJSON *errors = cJSON_GetObjectItemCaseSensitive(root, "errors");
    assert_int_equal(cJSON_GetArraySize(errors), 3);
    const cJSON *first = cJSON_GetArrayItem(errors, 0);
    assert_true(number_of(first, "line") == 4 && number_of(first, "end_line") == 4);
    assert_true(number_of(first, "column") == 9 && number_of(first, "end_column") == 10);
    assert_string_equal(string_of(first, "severity"), "error");
    assert_string_equal(string_of(first, "path"), "regions.A.size");
    assert_string_equal(string_of(first, "message"), "\"x\" is no size");
    assert_string_equal(string_of(cJSON_GetArrayItem(errors, 1), "path"), "");
    const cJSON *warning = cJSON_GetArrayItem(errors, 2);
    assert_string_equal(string_of(warning, "severity"), "warning");
    assert_true(number_of(warning, "line") == 0 && number_of(warning, "end_column") == 0);
    cJSON_Delete(root);
}

static void json_errors_have_what_an_editor_needs_to_show_and_correct_them(void **state)
{
    (void)state;
    static config_diagnostics diagnostics;
    static const char text[] = "a: 64 KB\nb: 'x\n y'\n";
    config_span note = {{1, 1}, {1, 2}};
    config_diagnostics_init(&diagnostics, "b.yaml");
    config_diagnostics_enter(&diagnostics, "conf.d/c.yaml");
    config_diagnostic *item = config_diagnostics_add(&diagnostics, (config_position){1, 4}, "a", "wrong");
    config_diagnostic_until(item, (config_position){1, 9});
    config_diagnostic_suggest(item, "64 KiB");
    config_diagnostic_note(item, 0, note, "also here");
    item = config_diagnostics_add(&diagnostics, (config_position){2, 4}, "b", "long");
    config_diagnostic_until(item, (config_position){3, 4});
    config_diagnostics_quote(&diagnostics, 1, text, strlen(text));
    cJSON *root = errors_as_json(&diagnostics);
    const cJSON *errors = cJSON_GetObjectItemCaseSensitive(root, "errors");
    const cJSON *first = cJSON_GetArrayItem(errors, 0);
    assert_string_equal(string_of(first, "file"), "conf.d/c.yaml");
    assert_true(number_of(first, "end_column") == 9);
    assert_string_equal(string_of(first, "excerpt"), "a: 64 KB");
    assert_string_equal(string_of(first, "suggestion"), "64 KiB");
    const cJSON *other = cJSON_GetObjectItemCaseSensitive(first, "note");
    assert_string_equal(string_of(other, "file"), "b.yaml");
    assert_true(number_of(other, "line") == 1 && number_of(other, "end_column") == 2);
    assert_string_equal(string_of(other, "message"), "also here");
    const cJSON *second = cJSON_GetArrayItem(errors, 1);
    assert_true(number_of(second, "end_line") == 3 && number_of(second, "end_column") == 4);
    assert_null(cJSON_GetObjectItemCaseSensitive(second, "suggestion"));
    assert_null(cJSON_GetObjectItemCaseSensitive(second, "note"));
    cJSON_Delete(root);
}

static unsigned allocations_left;

static void *limited_malloc(size_t size)
{
    if (allocations_left == 0)
        return NULL;
    allocations_left--;
    return malloc(size);
}

static void json_without_memory_fails_at_every_allocation_and_prints_nothing(void **state)
{
    (void)state;
    cJSON_Hooks hooks = {limited_malloc, free};
    bool ok = false;
    cJSON_InitHooks(&hooks);
    for (unsigned most = 0; !ok && most < 1000; most++) {
        FILE *stream = streams_open();
        allocations_left = most;
        ok = report_check_json(stream, &model, &declared, &machine, NULL);
        char *printed = streams_close(stream);
        assert_int_equal(*printed != '\0', ok);
        free(printed);
    }
    cJSON_InitHooks(NULL);
    assert_true(ok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_shows_each_region_as_it_will_be),
        cmocka_unit_test(text_tells_of_descriptors_that_are_empty_or_cannot_be_read),
        cmocka_unit_test(every_list_and_label_is_shown),
        cmocka_unit_test(what_is_asked_of_the_memory_is_shown),
        cmocka_unit_test(text_counts_one_region_as_one),
        cmocka_unit_test(what_outlives_a_crash_is_shown),
        cmocka_unit_test(what_may_change_while_programs_use_it_is_shown),
        cmocka_unit_test(json_tells_the_same),
        cmocka_unit_test(json_errors_have_place_path_and_message),
        cmocka_unit_test(json_errors_have_what_an_editor_needs_to_show_and_correct_them),
        cmocka_unit_test(json_without_memory_fails_at_every_allocation_and_prints_nothing),
    };
    return cmocka_run_group_tests_name("report_check", tests, NULL, NULL);
}
