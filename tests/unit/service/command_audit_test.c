/* command_audit.c: exit codes, and what is looked at. */
#include "command_testing.h"

#include "fake_files.h"
#include "snapshot_format.h"

#include <cjson/cJSON.h>

#define SOUND                                                                                                \
    "version: 1\nregions:\n  A: { size: 64 KiB, access: { read: [Users], write: [Administrators] } }\n"
#define BAD "version: 1\nregions:\n  A: { size: 0, access: { read: [Users] } }\n"

static int audit(const char *config, const char *file, bool json)
{
    const command_options options = {.argument = file, .instance = "", .json = json};
    return command_captured_with(config, command_audit, &options);
}

static void a_sound_file_has_no_finding(void **state)
{
    (void)state;
    assert_int_equal(audit(SOUND, "a.yaml", false), EXIT_OK);
    assert_string_equal(printed, "a.yaml: 0 findings: 0 high, 0 medium, 0 low, 0 info\n");
    assert_string_equal(complained, "");
}

static void the_worst_finding_is_the_exit_code(void **state)
{
    (void)state;
    const struct {
        const char *config;
        int code;
    } files[] = {
        {"version: 1\nregions:\n  A: { size: 1, sddl: 'D:P(A;;0x20005;;;S-1-5-32-545)' }\n", EXIT_OK},
        {"version: 1\nregions:\n  A: { size: 1, namespace: local, access: { read: [Users] } }\n",
         EXIT_FOUND_LOW},
        {"version: 1\nregions:\n  A: { size: 1, namespace: local, access: { write: [Users] } }\n",
         EXIT_FOUND_MEDIUM},
        {"version: 1\nregions:\n  A: { size: 1, namespace: local, access: { write: [Everyone, Users] } }\n",
         EXIT_FOUND_HIGH},
    };
    for (size_t i = 0; i < COUNT_OF(files); i++)
        assert_int_equal(audit(files[i].config, "a.yaml", false), files[i].code);
    assert_non_null(strstr(printed, "MACHINE\\S-1-1-0 may write [everyone-may-write]"));
    assert_int_equal(strncmp(printed, "high    a.yaml:3:", 17), 0);
}

static void config_data_folder_and_program_are_looked_at(void **state)
{
    (void)state;
    fake.untrusted = "S-1-1-0";
    assert_int_equal(audit(SOUND, NULL, false), EXIT_FOUND_HIGH);
    assert_non_null(strstr(printed, "high    X:\\ShmBroker\\shmbroker.yaml: the file"));
    assert_non_null(strstr(printed, "high    X:\\ShmBroker\\data: the folder"));
    assert_non_null(strstr(printed, "high    X:\\Programs\\shmbroker.exe: the file"));
}

static void a_file_of_ones_own_is_a_small_finding(void **state)
{
    (void)state;
    fake.untrusted = FAKE_USER;
    assert_int_equal(audit(SOUND, "a.yaml", false), EXIT_FOUND_LOW);
    assert_non_null(strstr(printed, "that is you"));
}

static void a_backing_file_is_looked_at(void **state)
{
    (void)state;
    const char *const file =
        "version: 1\nregions:\n  A: { size: 1, backing: { file: b.shm }, access: { read: [Everyone] } }\n";
    fake.untrusted = "S-1-1-0"; /* who may read the region, and write everything here */
    assert_int_equal(audit(file, "a.yaml", false), EXIT_FOUND_HIGH);
    assert_true(fake_has(&fake.trace, "trust-examine X:\\ShmBroker\\data\\b.shm\n"));
    assert_non_null(strstr(printed, "[backing-wider-to-write]"));
    assert_null(strstr(printed, "[backing-wider-to-read]"));
}

/* What a region had that is declared no more. */
static void snapshots_that_no_region_has_are_worth_knowing(void **state)
{
    char name[SNAPSHOT_NAME], path[PLATFORM_PATH];
    uint8_t bytes[SNAPSHOT_HEADER_BYTES];
    const snapshot_header header = {.size = 1, .sequence = 1, .region = "Gone"};
    (void)state;
    snapshot_encode_header(&header, bytes);
    snapshot_file_name("Gone", 1, name);
    snprintf(path, sizeof path, "X:\\ShmBroker\\data\\snapshots\\%s", name);
    fake_disk_put(path, bytes, sizeof bytes);
    assert_int_equal(audit(SOUND, NULL, false), EXIT_OK);
    assert_non_null(strstr(printed, "1 snapshots, 1 KiB in all, are of the region Gone"));
    assert_non_null(strstr(printed, "[snapshots-left]"));
}

static void an_account_is_asked_for_once(void **state)
{
    (void)state;
    const char *const file = "version: 1\n"
                             "defaults: { access: { read: [S-1-5-21-1-2-3-1000] } }\n"
                             "regions:\n  A: { size: 1 }\n  B: { size: 1 }\n";
    fake.gone = "S-1-5-21-1-2-3-1000";
    assert_int_equal(audit(file, "a.yaml", false), EXIT_FOUND_LOW);
    const char *first = strstr(fake.trace.bytes, "account-is-gone S-1-5-21-1-2-3-1000\n");
    assert_non_null(first);
    assert_null(strstr(first + 1, "account-is-gone S-1-5-21-1-2-3-1000\n"));
    assert_non_null(strstr(printed, "2 low"));
}

static void a_bad_file_is_no_audit(void **state)
{
    (void)state;
    assert_int_equal(audit(BAD, "a.yaml", false), EXIT_BAD_USAGE);
    assert_string_equal(printed, "");
    assert_non_null(strstr(complained, "regions.A.size"));
    assert_int_equal(audit(NULL, "a.yaml", false), EXIT_BAD_USAGE);
    assert_non_null(strstr(complained, "there is no such file"));
}

static void json_is_alone_on_standard_output(void **state)
{
    (void)state;
    const char *const configs[] = {SOUND, BAD};
    for (size_t i = 0; i < COUNT_OF(configs); i++) {
        assert_int_equal(audit(configs[i], "a.yaml", true), i ? EXIT_BAD_USAGE : EXIT_OK);
        cJSON *root = cJSON_ParseWithOpts(printed, NULL, false);
        assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "ok")), i == 0);
        cJSON_Delete(root);
    }
}

static void a_machine_that_fails_is_told_and_leaves_nothing(void **state)
{
    (void)state;
    unsigned at = 1;
    for (;; at++) {
        fake_reset();
        fake.fail_at = at;
        audit(SOUND, "a.yaml", false);
        if (!fake.failed_call)
            break;
        assert_non_null(strstr(complained, "the test says no"));
    }
    assert_true(at >= 8);
}

#define COMMAND_TEST(function) cmocka_unit_test_setup_teardown(function, new_machine, closed_machine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(a_sound_file_has_no_finding),
        COMMAND_TEST(the_worst_finding_is_the_exit_code),
        COMMAND_TEST(config_data_folder_and_program_are_looked_at),
        COMMAND_TEST(a_file_of_ones_own_is_a_small_finding),
        COMMAND_TEST(a_backing_file_is_looked_at),
        COMMAND_TEST(snapshots_that_no_region_has_are_worth_knowing),
        COMMAND_TEST(an_account_is_asked_for_once),
        COMMAND_TEST(a_bad_file_is_no_audit),
        COMMAND_TEST(json_is_alone_on_standard_output),
        COMMAND_TEST(a_machine_that_fails_is_told_and_leaves_nothing),
    };
    return cmocka_run_group_tests_name("command_audit", tests, NULL, NULL);
}
