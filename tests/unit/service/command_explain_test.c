/* command_explain.c with explain.c, remedy.c, token.c and the report: verdicts, places, advice, exit codes. */
#include "command_testing.h"

#include "json_testing.h"

/* On this machine .\anna is S-1-5-21-9-9-9-1001, of Users; and every service has the SID S-1-5-80-7-7-7-7-7. */
#define CONFIG                                                                                               \
    "version: 1\n"                                                                                           \
    "roles: { operators: [Administrators, Guests] }\n"                                                       \
    "regions:\n"                                                                                             \
    "  Telemetry:\n"                                                                                         \
    "    size: 64 KiB\n"                                                                                     \
    "    access: { read: [Users], write: ['NT SERVICE\\Sensor'], deny: [operators] }\n"                      \
    "  High: { size: 1, access: { read: [Users], write: [Users] }, integrity: high }\n"                      \
    "  Own: { size: 1, sddl: 'D:P(A;;0x20005;;;S-1-5-32-545)' }\n"                                           \
    "  Kept: { size: 1, access: { write: [Administrators] }, backing: { file: kept.shm } }\n"                \
    "  Near: { size: 1, access: { read: [Users] }, namespace: local }\n"                                     \
    "  Packaged: { size: 1, access: { read: [Users] }, appcontainer: all }\n"                                \
    "  Secret: { size: 1, access: { read: [Users] }, namespace: { private: { boundary: [SERVICE] } } }\n"

static int machine_with_config(void **state)
{
    int status = new_machine(state);
    fake.config = CONFIG;
    return status;
}

static int explain_options(const command_options *options)
{
    return command_captured(command_explain, options);
}

static int explain(const char *region, const char *user, const char *access)
{
    const command_options options = {
        .argument = region, .instance = "", .config = "a.yaml", .user = user, .access = access};
    return explain_options(&options);
}

static void assert_printed(const char *wanted)
{
    if (!strstr(printed, wanted))
        fail_msg("\"%s\" is not in:\n%s%s", wanted, printed, complained);
}

static void the_verdict_comes_first_and_tells_the_entry(void **state)
{
    (void)state;
    assert_int_equal(explain("Telemetry", ".\\anna", NULL), EXIT_OK);
    const char *verdict = "granted: MACHINE\\S-1-5-21-9-9-9-1001 may read Telemetry: entry 5 lets "
                          "MACHINE\\S-1-5-32-545 in\n";
    assert_int_equal(strncmp(printed, verdict, strlen(verdict)), 0);
    assert_printed("  >      5  allow MACHINE\\S-1-5-32-545: read, see rights = 0x20005 (in the token)\n"
                   "             read: Users, a.yaml:6:22\n");
    assert_printed("  object   Global\\Telemetry\n");
    assert_printed("  declared a.yaml:4:3\n");
    assert_null(strstr(printed, "To allow it"));
    assert_string_equal(complained, "");
}

static void a_role_is_told_with_both_its_places(void **state)
{
    (void)state;
    assert_int_equal(explain("Telemetry", "Guests", NULL), EXIT_ACCESS_DENIED);
    assert_printed("denied: MACHINE\\S-1-5-32-546 may not read Telemetry: entry 3 denies "
                   "MACHINE\\S-1-5-32-546 read, see "
                   "rights = 0x20005, before any later entry counts\n");
    assert_printed("             deny: operators, a.yaml:6:67, a role with Guests, a.yaml:2:38\n");
    assert_printed("(not in the token; not looked at)");
    assert_printed("           take Guests out of the role operators (a.yaml:6:67)\n");
    assert_printed("      deny: [Administrators]\n");
}

static void the_advice_names_the_account_and_keeps_the_rest(void **state)
{
    (void)state;
    assert_int_equal(explain("Telemetry", ".\\anna", "write"), EXIT_ACCESS_DENIED);
    assert_printed("no entry gives write = 0x2 to this account or to a group that it is in\n");
    assert_printed("To allow it, in a.yaml (the region is declared in line 4):\n");
    assert_printed("regions:\n  Telemetry:\n    access:\n      read: [Users]\n"
                   "      write: ['NT SERVICE\\Sensor', '.\\anna']\n      deny: [operators]\n");
}

static void an_administrators_two_tokens_are_told_apart(void **state)
{
    (void)state;
    command_options options = {.argument = "Kept",
                               .instance = "",
                               .config = "a.yaml",
                               .user = ".\\anna",
                               .groups = "Administrators,Users",
                               .access = "write"};
    assert_int_equal(explain_options(&options), EXIT_OK);
    assert_printed("\ndenied in a program that was not started as administrator: entry 2 is for "
                   "MACHINE\\S-1-5-32-544, which this token has for denials only");
    assert_printed("  file     X:\\ShmBroker\\data\\kept.shm, opened by itself: granted: entry 2 lets");
    assert_printed("  assumed  its groups are those of --groups, and what follows\n");
}

static void a_label_is_told_and_lowered(void **state)
{
    (void)state;
    assert_int_equal(explain("High", ".\\anna", "write"), EXIT_ACCESS_DENIED);
    assert_printed("its label is high, and the program's integrity is medium: it may not write up");
    assert_printed("    integrity: medium\n");
    assert_int_equal(explain("High", ".\\anna", "read"), EXIT_OK);
    assert_int_equal(explain("High", "SYSTEM", "write"), EXIT_ACCESS_DENIED);
    assert_printed("no entry gives");
}

static void a_descriptor_of_its_own_is_told_by_entry_and_place(void **state)
{
    (void)state;
    assert_int_equal(explain("Own", ".\\anna", "write"), EXIT_ACCESS_DENIED);
    assert_printed("             entry 1 of `sddl`, a.yaml:8:");
    assert_printed("    sddl: 'D:P(A;;0x20007;;;S-1-5-21-9-9-9-1001)(A;;0x20005;;;S-1-5-32-545)'\n");
}

static void a_program_is_looked_at(void **state)
{
    (void)state;
    command_options options = {
        .argument = "Telemetry", .instance = "", .config = "a.yaml", .process = "4712"};
    assert_int_equal(explain_options(&options),
                     EXIT_ACCESS_DENIED); /* its Administrators count for denials */
    assert_printed("entry 2 denies MACHINE\\S-1-5-32-544");
    assert_printed("integrity low\n           in session 2\n");
    assert_null(strstr(printed, "assumed"));
    options.process = "4713";
    assert_int_equal(explain_options(&options), EXIT_FAILED);
    assert_string_equal(complained, "error: cannot open the token of process 4713\n");
}

static void unknown_groups_are_said_to_be_unknown(void **state)
{
    (void)state;
    assert_int_equal(explain("Telemetry", "NT SERVICE\\Sensor", "write"), EXIT_OK);
    assert_printed("assumed  no groups but what follows, for they are not known: this machine does not tell");
    assert_printed("a service: Everyone, Authenticated Users, SERVICE");
    assert_printed("integrity system");
}

static void the_running_object_is_compared(void **state)
{
    (void)state;
    platform_section *section;
    platform_failure failure = {0};
    platform_section_granted granted;
    assert_int_equal(explain("Own", ".\\anna", NULL), EXIT_OK);
    assert_printed("  now      no such object exists now");
    platform_section_request request = {.object_name = "Global\\Own",
                                        .sddl =
                                            "O:XD:P(A;;0xf001f;;;" FAKE_BROKER ")(A;;0x20005;;;S-1-5-32-545)",
                                        .size = 1};
    assert_true(platform_section_create(&request, &section, &granted, &failure));
    assert_int_equal(explain("Own", ".\\anna", NULL), EXIT_OK);
    assert_printed("  now      the object exists, with exactly these entries and this label\n");
    platform_section_close(section);
    request.sddl = "O:XD:P(A;;0xf001f;;;" FAKE_BROKER ")(A;;0x20005;;;S-1-5-32-545)S:(ML;;NW;;;LW)";
    assert_true(platform_section_create(&request, &section, &granted, &failure));
    assert_int_equal(explain("Own", ".\\anna", NULL), EXIT_OK);
    assert_printed("  now      the object exists with other entries than these");
    platform_section_close(section);
}

static void a_local_name_is_noted(void **state)
{
    (void)state;
    assert_int_equal(explain("Near", ".\\anna", NULL), EXIT_OK);
    assert_printed("  note     the name is local: only programs in the broker's own session find it");
}

static void a_region_that_is_not_declared_is_its_own_exit_code(void **state)
{
    (void)state;
    assert_int_equal(explain("Nope", ".\\anna", NULL), EXIT_NO_REGION);
    assert_string_equal(complained,
                        "error: a.yaml declares no region \"Nope\"; `shmbroker check` lists those it does\n");
}

static void bad_usage_is_told(void **state)
{
    (void)state;
    static const struct {
        command_options options;
        const char *why;
    } rows[] = {
        {{.user = NULL}, "needs one of --user NAME and --process PID"},
        {{.user = "Users", .process = "1"}, "needs one of --user NAME and --process PID"},
        {{.process = "1", .groups = "Users"}, "--groups goes with --user"},
        {{.user = "Users", .access = "both"}, "--access is read or write, not both"},
        {{.process = "0"}, "--process takes a process's number, not 0"},
        {{.process = "-1"}, "--process takes a process's number, not -1"},
        {{.process = "99999999999"}, "--process takes a process's number, not 99999999999"},
        {{.process = "12x"}, "--process takes a process's number, not 12x"},
        {{.user = "bob"}, "there is no account or group \"bob\": this machine has no account bob"},
        {{.user = "Users", .groups = "Guests,bob"}, "there is no account or group \"bob\""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        command_options options = rows[i].options;
        options.argument = "Telemetry";
        options.instance = "";
        options.config = "a.yaml";
        assert_int_equal(explain_options(&options), EXIT_BAD_USAGE);
        assert_non_null(strstr(complained, rows[i].why));
        assert_string_equal(printed, "");
    }
    fake.config = "version: 2\n";
    assert_int_equal(explain("Telemetry", "Users", NULL), EXIT_BAD_USAGE);
}

static void a_region_that_is_not_declared_is_told_with_the_one_that_was_meant(void **state)
{
    (void)state;
    assert_int_equal(explain("telemetri", "Users", NULL), EXIT_NO_REGION);
    assert_non_null(strstr(complained, "declares no region \"telemetri\" (did you mean Telemetry?); "));
    assert_int_equal(explain("Nothing", "Users", NULL), EXIT_NO_REGION);
    assert_null(strstr(complained, "did you mean"));
}

static void packages_are_advised_as_the_file_has_them(void **state)
{
    (void)state;
    assert_int_equal(explain("Packaged", ".\\anna", "write"), EXIT_ACCESS_DENIED);
    assert_printed("      write: ['.\\anna']\n    appcontainer: all\n");
}

static void who_is_outside_of_a_boundary_is_told_how_to_get_in(void **state)
{
    (void)state;
    assert_int_equal(explain("Secret", ".\\anna", NULL), EXIT_ACCESS_DENIED);
    assert_printed("the token is not of SERVICE, which its boundary names (a.yaml:12:");
    assert_printed(
        "\nTo allow it:\n           make MACHINE\\S-1-5-21-9-9-9-1001 a member of SERVICE, or name in "
        "`boundary` (a.yaml:12:");
    assert_null(strstr(printed, "No change"));
    assert_null(strstr(printed, "\nregions:\n"));
    assert_int_equal(explain("Secret", ".\\anna", "write"), EXIT_ACCESS_DENIED);
    assert_printed("To allow it, besides, in a.yaml (the region is declared in line 12):\n");
}

static void json_tells_the_same(void **state)
{
    (void)state;
    const command_options options = {
        .argument = "Telemetry", .instance = "", .config = "a.yaml", .user = "Guests", .json = true};
    assert_int_equal(explain_options(&options), EXIT_ACCESS_DENIED);
    cJSON *root = cJSON_ParseWithOpts(printed, NULL, false);
    assert_non_null(root);
    assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(root, "allowed")));
    assert_string_equal(string_of(root, "reason"), "denied-by-entry");
    assert_string_equal(string_of(root, "live"), "absent");
    assert_int_equal(cJSON_GetObjectItemCaseSensitive(root, "entry")->valueint, 3);
    const cJSON *entries = cJSON_GetObjectItemCaseSensitive(root, "entries");
    const cJSON *third = cJSON_GetArrayItem(entries, 2);
    assert_string_equal(string_of(third, "kind"), "deny");
    const cJSON *origin = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(third, "origins"), 0);
    assert_string_equal(string_of(origin, "role"), "operators");
    assert_int_equal(cJSON_GetObjectItemCaseSensitive(origin, "line")->valueint, 6);
    assert_non_null(strstr(string_of(root, "remedy"), "deny: [Administrators]"));
    assert_string_equal(string_of(cJSON_GetObjectItemCaseSensitive(root, "token"), "sid"), "S-1-5-32-546");
    cJSON_Delete(root);
}

static void a_machine_that_fails_is_told_and_leaves_nothing(void **state)
{
    (void)state;
    unsigned failed = 0;
    for (unsigned at = 1;; at++) {
        fake_reset();
        fake.config = CONFIG;
        fake.fail_at = at;
        int code = explain("Own", ".\\anna", "write");
        if (!fake.failed_call)
            break;
        bool soft = strcmp(fake.failed_call, "groups-of-user") == 0;
        assert_true(code == EXIT_FAILED || code == EXIT_BAD_USAGE || (soft && code == EXIT_ACCESS_DENIED));
        assert_true(soft || *complained);
        failed++;
    }
    assert_true(failed >= 5);
}

/* What is advised is tried: written into the file, it does allow it. */
static void what_is_advised_helps(void **state)
{
    (void)state;
    static const struct {
        const char *region, *user;
    } rows[] = {{"Telemetry", ".\\anna"},  {"Telemetry", "Guests"},    {"Telemetry", "Administrators"},
                {"High", ".\\anna"},       {"High", "Guests"},         {"Own", "SYSTEM"},
                {"Near", "NT SERVICE\\x"}, {"Near", "ANONYMOUS LOGON"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(explain(rows[i].region, rows[i].user, "write"), EXIT_ACCESS_DENIED);
        const char *advice = strstr(printed, "\nregions:\n");
        if (strcmp(rows[i].user, "ANONYMOUS LOGON") == 0) {
            assert_null(advice); /* an untrusted program writes nowhere */
            continue;
        }
        assert_non_null(advice);
        const char *keys = strchr(advice + strlen("\nregions:\n"), '\n') + 1;
        char config[2048];
        snprintf(
            config, sizeof config,
            "version: 1\nroles: { operators: [Administrators, Guests] }\nregions:\n  %s:\n    size: 1\n%s",
            rows[i].region, keys);
        fake.config = config;
        if (explain(rows[i].region, rows[i].user, "write") != EXIT_OK)
            fail_msg("this does not let %s in:\n%s\n%s\n%s", rows[i].user, config, printed, complained);
        fake.config = CONFIG;
    }
}

#define EXPLAIN_TEST(function) cmocka_unit_test_setup_teardown(function, machine_with_config, closed_machine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EXPLAIN_TEST(the_verdict_comes_first_and_tells_the_entry),
        EXPLAIN_TEST(a_role_is_told_with_both_its_places),
        EXPLAIN_TEST(the_advice_names_the_account_and_keeps_the_rest),
        EXPLAIN_TEST(an_administrators_two_tokens_are_told_apart),
        EXPLAIN_TEST(a_label_is_told_and_lowered),
        EXPLAIN_TEST(a_descriptor_of_its_own_is_told_by_entry_and_place),
        EXPLAIN_TEST(a_program_is_looked_at),
        EXPLAIN_TEST(unknown_groups_are_said_to_be_unknown),
        EXPLAIN_TEST(the_running_object_is_compared),
        EXPLAIN_TEST(a_local_name_is_noted),
        EXPLAIN_TEST(a_region_that_is_not_declared_is_its_own_exit_code),
        EXPLAIN_TEST(bad_usage_is_told),
        EXPLAIN_TEST(a_region_that_is_not_declared_is_told_with_the_one_that_was_meant),
        EXPLAIN_TEST(packages_are_advised_as_the_file_has_them),
        EXPLAIN_TEST(who_is_outside_of_a_boundary_is_told_how_to_get_in),
        EXPLAIN_TEST(json_tells_the_same),
        EXPLAIN_TEST(a_machine_that_fails_is_told_and_leaves_nothing),
        EXPLAIN_TEST(what_is_advised_helps),
    };
    return cmocka_run_group_tests_name("command_explain", tests, NULL, NULL);
}
