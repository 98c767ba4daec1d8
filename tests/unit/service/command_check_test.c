/* command_check.c: exit codes, and what goes to which stream. */
#include "command_testing.h"

#include <cjson/cJSON.h>

#define GOOD "version: 1\nregions:\n  A: { size: 64 KiB, access: { read: [Users] } }\n"
#define BAD  "version: 1\nregions:\n  A: { size: 0, access: { read: [Users] } }\n"

static int check_with(const char *config, command_options options)
{
    return command_captured_with(config, command_check, &options);
}

static int check(const char *config, bool json)
{
    return check_with(config, (command_options){.argument = "a.yaml", .instance = "", .json = json});
}

static int check_as_service(const char *config)
{
    return check_with(config, (command_options){.argument = "a.yaml", .instance = "", .as_service = true});
}

static void a_good_file_is_shown_as_the_service_would_create_it(void **state)
{
    (void)state;
    assert_int_equal(check(GOOD, false), EXIT_OK);
    assert_non_null(strstr(printed, "  object   Global\\A\n"));
    assert_non_null(strstr(printed, "  sddl     O:" FAKE_BROKER "G:" FAKE_BROKER
                                    "D:P(A;;0xf001f;;;" FAKE_BROKER ")(A;;0x20005;;;S-1-5-32-545)\n"));
    assert_string_equal(complained, "");
}

static void nothing_is_created_or_claimed(void **state)
{
    (void)state;
    assert_int_equal(check(GOOD, false), EXIT_OK);
    assert_string_equal(
        fake.trace.bytes,
        "service-sid ShmBroker\nservice-sid ShmBroker\nfile-open a.yaml\nservice-sid ShmBroker\n");
}

static void too_little_memory_is_a_warning(void **state)
{
    (void)state;
    fake.commit_available = 4096;
    assert_int_equal(check(GOOD, false), EXIT_OK);
    assert_int_equal(strncmp(complained, "warning: a service could not start here, ", 41), 0);
    assert_non_null(strstr(complained, "already: the regions need 64 KiB more memory"));
    assert_non_null(strstr(printed, "  object   Global\\A\n"));
    assert_int_equal(check(GOOD, true), EXIT_OK);
    cJSON *root = cJSON_Parse(printed);
    const cJSON *warning = cJSON_GetObjectItemCaseSensitive(root, "warning");
    assert_true(cJSON_IsString(warning));
    assert_non_null(strstr(warning->valuestring, "the largest are A (64 KiB);"));
    cJSON_Delete(root);
    fake.commit_available = 65536;
    assert_int_equal(check(GOOD, true), EXIT_OK);
    assert_null(strstr(printed, "warning"));
    assert_string_equal(complained, "");
}

static void errors_go_to_standard_error(void **state)
{
    (void)state;
    assert_int_equal(check(BAD, false), EXIT_BAD_USAGE);
    assert_string_equal(printed, "");
    assert_int_equal(strncmp(complained, "a.yaml:3:14: error: regions.A.size: ", 36), 0);
}

static void the_line_is_shown_with_the_place_marked(void **state)
{
    (void)state;
    assert_int_equal(check(BAD, false), EXIT_BAD_USAGE);
    assert_non_null(strstr(complained, "    3 |   A: { size: 0, access: { read: [Users] } }\n"
                                       "      |              ^\n"));
}

static void colour_is_for_terminals_alone(void **state)
{
    (void)state;
    assert_int_equal(check(BAD, false), EXIT_BAD_USAGE);
    assert_null(strchr(complained, '\x1B'));
    fake.terminal = true;
    assert_int_equal(check(BAD, false), EXIT_BAD_USAGE);
    assert_non_null(strstr(complained, "\x1B[1;31merror:\x1B[0m "));
}

static void json_is_alone_on_standard_output(void **state)
{
    (void)state;
    const char *const configs[] = {GOOD, BAD};
    for (size_t i = 0; i < COUNT_OF(configs); i++) {
        assert_int_equal(check(configs[i], true), i ? EXIT_BAD_USAGE : EXIT_OK);
        cJSON *root = cJSON_ParseWithOpts(printed, NULL, false);
        assert_non_null(root);
        assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "ok")), i == 0);
        assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(root, "errors")), i);
        assert_int_equal(*complained != '\0', i);
        cJSON_Delete(root);
    }
}

static void a_file_that_others_can_change_is_shown_with_a_warning(void **state)
{
    (void)state;
    fake.untrusted = "S-1-1-0";
    assert_int_equal(check(GOOD, false), EXIT_OK);
    assert_non_null(strstr(printed, "  object   Global\\A\n"));
    assert_int_equal(strncmp(complained, "warning: the file a.yaml has an entry that lets S-1-1-0 ", 56), 0);
}

static void a_backing_file_that_is_the_configuration_is_a_bad_config(void **state)
{
    (void)state;
    assert_int_equal(
        check("version: 1\nregions:\n  A: { size: 4 KiB, access: { read: [Users] }, backing: { file: "
              "'X:\\here\\a.yaml' } }\n",
              false),
        EXIT_BAD_USAGE);
    assert_int_equal(strncmp(complained, "error: a.yaml:3:", 16), 0);
    assert_string_equal(printed, "");
}

static void as_the_service_it_is_an_error(void **state)
{
    (void)state;
    static const char *const sids[] = {"S-1-1-0", FAKE_USER};
    for (size_t i = 0; i < COUNT_OF(sids); i++) {
        fake.untrusted = sids[i];
        assert_int_equal(check_as_service(GOOD), EXIT_BAD_USAGE);
        assert_string_equal(printed, "");
        assert_non_null(strstr(complained, "error: will not use a configuration that others than "
                                           "administrators can change: the file a.yaml has an entry"));
    }
    fake.untrusted = NULL;
    assert_int_equal(check_as_service(GOOD), EXIT_OK);
    assert_string_equal(complained, "");
}

#define WITH_FRAGMENTS                                                                                       \
    "version: 1\ninclude: [conf.d/*.yaml]\nregions: {}\ndefaults: { access: { read: [Users] } }\n"

static const fake_file fragments[] = {{"conf.d\\b.yaml", "version: 1\nregions: { B: { size: 4 KiB } }\n"},
                                      {"conf.d\\a.yaml", "version: 1\nregions: { A: { size: 4 KiB } }\n"},
                                      {NULL, NULL}};

static void regions_of_included_files_are_shown_with_those_of_the_main_file(void **state)
{
    (void)state;
    fake.files = fragments;
    assert_int_equal(check(WITH_FRAGMENTS, false), EXIT_OK);
    const char *a = strstr(printed, "  object   Global\\A\n"), *b = strstr(printed, "  object   Global\\B\n");
    assert_true(a && b && a < b);
    assert_string_equal(complained, "");
    assert_true(fake_has(&fake.trace, "trust-examine conf.d\nfolder-list conf.d\nfile-open conf.d/a.yaml\n"));
}

static void an_included_file_that_others_can_change_is_warned_of(void **state)
{
    (void)state;
    fake.files = fragments;
    fake.untrusted = "S-1-1-0";
    fake.untrusted_file = "a.yaml";
    assert_int_equal(check(WITH_FRAGMENTS, false), EXIT_OK);
    assert_non_null(strstr(complained, "warning: "));
    assert_non_null(strstr(complained, "a.yaml"));
}

static void as_the_service_an_included_file_is_an_error_too(void **state)
{
    (void)state;
    fake.files = fragments;
    fake.untrusted = "S-1-1-0";
    fake.untrusted_file = "a.yaml";
    assert_int_equal(check_as_service(WITH_FRAGMENTS), EXIT_BAD_USAGE);
    assert_non_null(strstr(complained, "error: "));
}

static void an_included_file_that_fails_is_an_error_at_its_entry(void **state)
{
    (void)state;
    fake.files = fragments;
    assert_int_equal(check("version: 1\ninclude: [conf.d/c.yaml]\nregions: {}\n", false), EXIT_BAD_USAGE);
    assert_non_null(strstr(complained,
                           "a.yaml:2:11: error: include[0]: conf.d/c.yaml cannot be read: cannot open "
                           "conf.d/c.yaml: there is no such file\n"));
    assert_string_equal(printed, "");
}

static void a_folder_that_cannot_be_listed_is_an_error(void **state)
{
    (void)state;
    unsigned seen = 0;
    for (unsigned at = 1;; at++) {
        fake_reset();
        fake.files = fragments;
        fake.fail_at = at;
        int code = check(WITH_FRAGMENTS, false);
        if (!fake.failed_call)
            break;
        if (strcmp(fake.failed_call, "folder-list") != 0)
            continue;
        seen++;
        assert_int_equal(code, EXIT_BAD_USAGE);
        assert_non_null(strstr(complained, "include[0]: the files that match cannot be found: cannot do "));
        assert_string_equal(printed, "");
    }
    assert_int_equal(seen, 1);
}

static void a_file_that_is_not_there_is_a_bad_config(void **state)
{
    (void)state;
    assert_int_equal(check(NULL, false), EXIT_BAD_USAGE);
    assert_string_equal(complained, "error: cannot open a.yaml: there is no such file\n");
}

static void a_machine_that_fails_is_told_and_leaves_nothing(void **state)
{
    (void)state;
    unsigned failed = 0;
    for (unsigned at = 1;; at++) {
        fake_reset();
        fake.fail_at = at;
        int code = check(GOOD, false);
        if (!fake.failed_call)
            break;
        if (strcmp(fake.failed_call, "memory-read") == 0) { /* a machine that does not tell has enough */
            assert_int_equal(code, EXIT_OK);
            continue;
        }
        assert_int_equal(code, strcmp(fake.failed_call, "file-open") == 0 ? EXIT_BAD_USAGE : EXIT_FAILED);
        assert_string_equal(printed, "");
        assert_int_equal(strncmp(complained, "error: cannot do ", 17), 0);
        failed++;
    }
    assert_true(failed >= 3);
}

#define CHECK_TEST(function) cmocka_unit_test_setup_teardown(function, new_machine, closed_machine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECK_TEST(a_good_file_is_shown_as_the_service_would_create_it),
        CHECK_TEST(nothing_is_created_or_claimed),
        CHECK_TEST(too_little_memory_is_a_warning),
        CHECK_TEST(errors_go_to_standard_error),
        CHECK_TEST(the_line_is_shown_with_the_place_marked),
        CHECK_TEST(colour_is_for_terminals_alone),
        CHECK_TEST(json_is_alone_on_standard_output),
        CHECK_TEST(a_file_that_others_can_change_is_shown_with_a_warning),
        CHECK_TEST(as_the_service_it_is_an_error),
        CHECK_TEST(a_backing_file_that_is_the_configuration_is_a_bad_config),
        CHECK_TEST(regions_of_included_files_are_shown_with_those_of_the_main_file),
        CHECK_TEST(an_included_file_that_others_can_change_is_warned_of),
        CHECK_TEST(as_the_service_an_included_file_is_an_error_too),
        CHECK_TEST(an_included_file_that_fails_is_an_error_at_its_entry),
        CHECK_TEST(a_folder_that_cannot_be_listed_is_an_error),
        CHECK_TEST(a_file_that_is_not_there_is_a_bad_config),
        CHECK_TEST(a_machine_that_fails_is_told_and_leaves_nothing),
    };
    return cmocka_run_group_tests_name("command_check", tests, NULL, NULL);
}
