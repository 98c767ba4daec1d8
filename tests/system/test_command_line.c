/* shmbroker.exe as people and scripts use it: what it prints where, and the exit codes. */
#include "checks.h"

#include "account.h"
#include "region.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <string.h>

static const char *const commands[] = {"check", "run",    "install", "uninstall", "start",
                                       "stop",  "status", "help",    "version"};

static void undo_json(void *root)
{
    cJSON_Delete(root);
}

/* The program's output as JSON, with the version of its schema; lives until support_cleanup. */
static cJSON *json_of(process *p)
{
    cJSON *root = cJSON_Parse(process_output(p));
    if (!root)
        support_fail("not JSON:\n%s", process_output(p));
    support_on_cleanup(undo_json, root);
    assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(root, "schema_version")), 1);
    return root;
}

static const cJSON *member(const cJSON *object, const char *name)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!found)
        support_fail("the JSON has no \"%s\"", name);
    return found;
}

/* ---- check ----------------------------------------------------------------------------------------------------- */

static const char good_config[] =
    "version: 1\n"
    "regions:\n"
    "  Telemetry:\n"
    "    description: wheel data\n"
    "    size: 64 KiB\n"
    "    access: { read: [Users], write: ['NT SERVICE\\Sensor', Administrators] }\n"
    "  Near: { namespace: local, size: 1, sddl: 'D:P(A;;0x20007;;;WD)' }\n"
    "  Kept: { size: 10, backing: { file: k.shm }, access: { read: [Users] } }\n";

static const char bad_config[] = "version: 1\n"
                                 "regions:\n"
                                 "  A: { size: 0, access: { read: [Users] } }\n"
                                 "  B: { sise: 1, size: 1, access: { read: [Users] } }\n";

static void check_prints_the_regions_as_they_will_be_created(void **state)
{
    (void)state;
    test_broker *b = broker_prepare("%s", good_config);
    process *check = process_run("shmbroker.exe", "check \"%s\" --instance %s", b->config, b->instance);
    assert_int_equal(process_wait(check), 0);
    const char *text = process_output(check);
    assert_string_equal(process_errors(check), "");
    assert_contains(text, "Telemetry: wheel data");
    assert_contains(text, "Global\\Telemetry");
    assert_contains(text, "64 KiB (65536 bytes)");
    assert_contains(text, "paging file");
    assert_contains(text, "Users (S-1-5-32-545)");
    assert_contains(text, support_text("NT SERVICE\\Sensor (%s)", account_service_sid("Sensor")));
    assert_contains(text, "(A;;0x20005;;;S-1-5-32-545)");
    assert_contains(text, support_text("(A;;0x20007;;;%s)", account_service_sid("Sensor")));
    assert_contains(text, "Local\\Near");
    assert_contains(text, support_text("%s\\data\\k.shm", b->home));
    assert_false(support_file_exists(b->home)); /* and changes nothing */
}

static void check_prints_the_same_as_json(void **state)
{
    (void)state;
    test_broker *b = broker_prepare("%s", good_config);
    process *check = process_run("shmbroker.exe", "check \"%s\" --json", b->config);
    assert_int_equal(process_wait(check), 0);
    assert_string_equal(process_errors(check), "");
    const cJSON *root = json_of(check), *regions = member(root, "regions"),
                *first = cJSON_GetArrayItem(regions, 0);
    assert_true(cJSON_IsTrue(member(root, "ok")));
    assert_int_equal(cJSON_GetArraySize(regions), 3);
    assert_string_equal(cJSON_GetStringValue(member(first, "name")), "Telemetry");
    assert_string_equal(cJSON_GetStringValue(member(first, "object_name")), "Global\\Telemetry");
    assert_string_equal(cJSON_GetStringValue(member(first, "backing")), "pagefile");
    assert_int_equal(cJSON_GetNumberValue(member(first, "size")), 65536);
    assert_int_equal(cJSON_GetNumberValue(member(first, "line")), 3);
    assert_int_equal(cJSON_GetArraySize(member(first, "write")), 2);
    assert_contains(cJSON_GetStringValue(member(first, "sddl")), "(A;;0x20005;;;S-1-5-32-545)");
    assert_string_equal(cJSON_GetStringValue(member(cJSON_GetArrayItem(regions, 2), "backing")), "file");
}

static void check_prints_errors_with_their_places_and_exits_with_2(void **state)
{
    (void)state;
    test_broker *b = broker_prepare("%s", bad_config);
    process *check = process_run("shmbroker.exe", "check \"%s\"", b->config);
    assert_int_equal(process_wait(check), 2);
    assert_string_equal(process_output(check), "");
    const char *errors = process_errors(check);
    assert_contains(errors, support_text("%s:3:14: error: regions.A.size: ", b->config));
    assert_contains(errors, support_text("%s:4:8: error: regions.B.sise: ", b->config));
}

static void check_prints_errors_as_json_too(void **state)
{
    (void)state;
    test_broker *b = broker_prepare("%s", bad_config);
    process *check = process_run("shmbroker.exe", "check --json \"%s\"", b->config);
    assert_int_equal(process_wait(check), 2);
    const cJSON *root = json_of(check), *errors = member(root, "errors"),
                *first = cJSON_GetArrayItem(errors, 0);
    assert_true(cJSON_IsFalse(member(root, "ok")));
    assert_int_equal(cJSON_GetArraySize(errors), 2);
    assert_int_equal(cJSON_GetNumberValue(member(first, "line")), 3);
    assert_int_equal(cJSON_GetNumberValue(member(first, "column")), 14);
    assert_string_equal(cJSON_GetStringValue(member(first, "path")), "regions.A.size");
}

static void check_of_a_file_that_is_not_there_exits_with_2(void **state)
{
    (void)state;
    process *check = process_run("shmbroker.exe", "check C:\\no\\such\\file.yaml");
    assert_int_equal(process_wait(check), 2);
    assert_contains(process_errors(check), "C:\\no\\such\\file.yaml");
}

static void an_account_that_does_not_exist_is_an_error_with_its_place(void **state)
{
    (void)state;
    test_broker *b = broker_prepare("version: 1\n"
                                    "regions:\n"
                                    "  A: { size: 1, access: { read: [NoSuchAccountAnywhere] } }\n");
    process *check = process_run("shmbroker.exe", "check \"%s\"", b->config);
    assert_int_equal(process_wait(check), 2);
    assert_contains(process_errors(check), ":3:34: error: regions.A.access.read[0]: ");
    assert_contains(process_errors(check), "NoSuchAccountAnywhere");
}

static void the_example_configurations_are_right(void **state)
{
    (void)state;
    WIN32_FIND_DATAW found;
    unsigned count = 0;
    HANDLE search = FindFirstFileW(support_wide(CONFIG_EXAMPLES "/*.yaml"), &found);
    if (search == INVALID_HANDLE_VALUE)
        SKIP("the sources are not on this machine: no %s", CONFIG_EXAMPLES);
    do {
        const char *path = support_text("%s/%s", CONFIG_EXAMPLES, support_utf8(found.cFileName));
        process *check = process_run("shmbroker.exe", "check \"%s\"", path);
        if (process_wait(check) != 0)
            support_fail("%s", process_errors(check));
        count++;
    } while (FindNextFileW(search, &found));
    FindClose(search);
    assert_true(count >= 3);
}

/* ---- run ------------------------------------------------------------------------------------------------------- */

static void run_with_a_bad_configuration_exits_with_2_and_says_why(void **state)
{
    (void)state;
    test_broker *b = broker_prepare("%s", bad_config);
    process *broker =
        process_run("shmbroker.exe", "run --config \"%s\" --instance %s", b->config, b->instance);
    assert_int_equal(process_wait(broker), 2);
    assert_string_equal(process_output(broker), "");
    assert_contains(process_errors(broker), ":3:14: error: regions.A.size: ");
}

static void run_prints_one_line_when_ready_and_ends_with_0_on_ctrl_c(void **state)
{
    (void)state;
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 1 }\n", support_unique("R"));
    broker_stop(b); /* fails unless the exit code is 0 */
    const char *output = process_output(b->process);
    assert_int_equal(strncmp(output, "ready", 5), 0);
    assert_ptr_equal(strchr(output, '\n'), output + strlen(output) - 1);
    assert_string_equal(process_errors(b->process), "");
}

static void run_uses_the_instances_own_configuration_when_none_is_named(void **state)
{
    (void)state;
    const char *name = support_unique("Default");
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 1 }\n", name);
    process *none = process_run("shmbroker.exe", "run --instance %s", b->instance);
    assert_int_equal(process_wait(none), 2);
    assert_contains(process_errors(none), support_text("%s\\shmbroker.yaml", b->home));

    const char *config = support_read_file(b->config, NULL);
    support_write_file(support_text("%s\\shmbroker.yaml", b->home), config, strlen(config));
    process *broker = process_start("shmbroker.exe", "run --instance %s", b->instance);
    process_wait_line(broker, "ready");
    shmb_detach(region_attach(b, name, SHMB_ACCESS_READ));
}

/* ---- status ---------------------------------------------------------------------------------------------------- */

static void status_shows_the_regions_and_exits_with_0(void **state)
{
    (void)state;
    const char *name = support_unique("Shown");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { description: seen by all, size: 2 MiB }\n", name);
    process *status = broker_status(b, "");
    assert_int_equal(process_wait(status), 0);
    assert_string_equal(process_errors(status), "");
    assert_contains(process_output(status), b->instance);
    assert_contains(process_output(status), "running");
    assert_contains(process_output(status), "ready");
    assert_contains(process_output(status), "2 MiB");
    assert_contains(process_output(status), support_text("%s  - seen by all", name));
}

static void status_as_json_says_the_same(void **state)
{
    (void)state;
    const char *name = support_unique("Json");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 2 MiB }\n", name);
    process *status = broker_status(b, "--json");
    assert_int_equal(process_wait(status), 0);
    assert_string_equal(process_errors(status), "");
    const cJSON *root = json_of(status), *broker = member(root, "broker");
    const cJSON *region = cJSON_GetArrayItem(member(root, "regions"), 0);
    assert_true(cJSON_IsTrue(member(root, "running")));
    assert_string_equal(cJSON_GetStringValue(member(root, "instance")), b->instance);
    assert_int_equal(cJSON_GetNumberValue(member(broker, "pid")), process_id(b->process));
    assert_string_equal(cJSON_GetStringValue(member(region, "name")), name);
    assert_string_equal(cJSON_GetStringValue(member(region, "state")), "ready");
    assert_int_equal(cJSON_GetNumberValue(member(region, "size")), 2 << 20);
}

static void status_of_one_region_shows_that_one(void **state)
{
    (void)state;
    const char *one = support_unique("One"), *other = support_unique("Other");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 1 }\n  %s: { size: 1 }\n", one, other);
    process *status = broker_status(b, one);
    assert_int_equal(process_wait(status), 0);
    assert_contains(process_output(status), one);
    assert_lacks(process_output(status), other);
}

static void status_without_a_broker_exits_with_4_and_of_an_unknown_region_with_5(void **state)
{
    (void)state;
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 1 }\n", support_unique("X"));
    process *status = broker_status(b, "");
    assert_int_equal(process_wait(status), 4);
    assert_contains(process_output(status), "not running");
    status = broker_status(b, "--json");
    assert_int_equal(process_wait(status), 4);
    assert_true(cJSON_IsFalse(member(json_of(status), "running")));

    broker_start(b);
    status = broker_status(b, "Unknown");
    assert_int_equal(process_wait(status), 5);
    assert_contains(process_errors(status), "\"Unknown\"");
    broker_stop(b);
    status = broker_status(b, "");
    assert_int_equal(process_wait(status), 4);
}

/* ---- Help and usage -------------------------------------------------------------------------------------------- */

static void help_mentions_every_command_and_exits_with_0(void **state)
{
    (void)state;
    const char *const ways[] = {"help", "--help", "-h"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        process *help = process_run("shmbroker.exe", "%s", ways[i]);
        assert_int_equal(process_wait(help), 0);
        for (size_t c = 0; c < sizeof commands / sizeof commands[0]; c++)
            assert_contains(process_output(help), support_text("shmbroker %s ", commands[c]));
        assert_contains(process_output(help), "Exit codes");
    }
}

static void help_of_each_command_shows_its_usage(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof commands / sizeof commands[0]; c++) {
        process *help = process_run("shmbroker.exe", "help %s", commands[c]);
        assert_int_equal(process_wait(help), 0);
        assert_contains(process_output(help), support_text("shmbroker %s", commands[c]));
        process *same = process_run("shmbroker.exe", "%s --help", commands[c]);
        assert_int_equal(process_wait(same), 0);
        assert_string_equal(process_output(same), process_output(help));
    }
}

static void bad_usage_exits_with_2_and_says_what_is_possible(void **state)
{
    (void)state;
    const char *const lines[][2] = {
        {"", "shmbroker status"},
        {"nonsense", "nonsense"},
        {"check", "FILE"},
        {"check a b", "b"},
        {"check a --config c", "--config"},
        {"run --config", "--config"},
        {"status --nonsense", "--nonsense"},
        {"run --instance 'a b'", "instance"},
        {"status --instance", "--instance"},
        {"help nonsense", "nonsense"},
        {"start now", "now"},
        {"run --instance 12345678901234567890123456789012345678901", "instance"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        process *p = process_run("shmbroker.exe", "%s", lines[i][0]);
        if (process_wait(p) != 2)
            support_fail("`shmbroker %s` ended with exit code %d", lines[i][0], process_wait(p));
        assert_string_equal(process_output(p), "");
        assert_contains(process_errors(p), lines[i][1]);
    }
}

static void version_prints_the_version(void **state)
{
    (void)state;
    process *p = process_run("shmbroker.exe", "version");
    assert_int_equal(process_wait(p), 0);
    assert_string_equal(process_output(p), "shmbroker " SHMBROKER_VERSION "\n");
}

static void the_command_of_the_service_manager_refuses_consoles(void **state)
{
    (void)state;
    process *p = process_run("shmbroker.exe", "service");
    assert_int_equal(process_wait(p), 2);
    assert_contains(process_errors(p), "shmbroker run");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(check_prints_the_regions_as_they_will_be_created),
        SYSTEM_TEST(check_prints_the_same_as_json),
        SYSTEM_TEST(check_prints_errors_with_their_places_and_exits_with_2),
        SYSTEM_TEST(check_prints_errors_as_json_too),
        SYSTEM_TEST(check_of_a_file_that_is_not_there_exits_with_2),
        SYSTEM_TEST(an_account_that_does_not_exist_is_an_error_with_its_place),
        SYSTEM_TEST(the_example_configurations_are_right),
        SYSTEM_TEST(run_with_a_bad_configuration_exits_with_2_and_says_why),
        SYSTEM_TEST(run_prints_one_line_when_ready_and_ends_with_0_on_ctrl_c),
        SYSTEM_TEST(run_uses_the_instances_own_configuration_when_none_is_named),
        SYSTEM_TEST(status_shows_the_regions_and_exits_with_0),
        SYSTEM_TEST(status_as_json_says_the_same),
        SYSTEM_TEST(status_of_one_region_shows_that_one),
        SYSTEM_TEST(status_without_a_broker_exits_with_4_and_of_an_unknown_region_with_5),
        SYSTEM_TEST(help_mentions_every_command_and_exits_with_0),
        SYSTEM_TEST(help_of_each_command_shows_its_usage),
        SYSTEM_TEST(bad_usage_exits_with_2_and_says_what_is_possible),
        SYSTEM_TEST(version_prints_the_version),
        SYSTEM_TEST(the_command_of_the_service_manager_refuses_consoles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
