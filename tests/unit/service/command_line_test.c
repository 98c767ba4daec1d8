/* command_line.c: which command runs, with which options, and what is told when it cannot be known. */
#include "testing.h"

#include "commands.h"
#include "streams.h"

/* What was called last. */
static const char *called;
static command_options seen;
static char *printed, *complained;

static int note(const char *name, const command_options *options)
{
    called = name;
    seen = *options;
    return 42;
}

#define FAKE_COMMAND(name)                                                                                   \
    int command_##name(const command_options *options)                                                       \
    {                                                                                                        \
        return note(#name, options);                                                                         \
    }

FAKE_COMMAND(check)
FAKE_COMMAND(run)
FAKE_COMMAND(service)
FAKE_COMMAND(install)
FAKE_COMMAND(uninstall)
FAKE_COMMAND(start)
FAKE_COMMAND(stop)
FAKE_COMMAND(status)
FAKE_COMMAND(plan)
FAKE_COMMAND(reload)
FAKE_COMMAND(grow)
FAKE_COMMAND(retire)
FAKE_COMMAND(release)

#define MOST_WORDS 10

static void forget(void)
{
    free(printed);
    free(complained);
    printed = complained = NULL;
}

/* Runs `shmbroker` with the words of `line`, which single spaces part. */
static int run(const char *line)
{
    static char words[512];
    char program[] = "shmbroker", *argv[MOST_WORDS + 1] = {program};
    int argc = 1;
    streams_capture out, err;
    forget();
    called = NULL;
    memset(&seen, 0, sizeof seen);
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word && argc < MOST_WORDS; word = strtok(NULL, " "))
        argv[argc++] = word;
    streams_capture_begin(&out, stdout);
    streams_capture_begin(&err, stderr);
    int code = command_line_run(argc, argv);
    complained = streams_capture_end(&err);
    printed = streams_capture_end(&out);
    return code;
}

static int end(void **state)
{
    (void)state;
    forget();
    return 0;
}

static void assert_runs(const char *line, const char *command)
{
    assert_int_equal(run(line), 42); /* the command's own code is handed on */
    assert_non_null(called);
    assert_string_equal(called, command);
    assert_string_equal(printed, "");
    assert_string_equal(complained, "");
}

static void assert_refused(const char *line, const char *why)
{
    assert_int_equal(run(line), EXIT_BAD_USAGE);
    assert_null(called);
    assert_string_equal(printed, "");
    if (!strstr(complained, why))
        fail_msg("%s: \"%s\" is not in: %s", line, why, complained);
}

static void each_command_runs_by_its_name(void **state)
{
    (void)state;
    static const char *const names[] = {"run",  "service", "install", "uninstall", "start",
                                        "stop", "status",  "plan",    "reload"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_runs(names[i], names[i]);
        assert_null(seen.argument);
        assert_null(seen.config);
        assert_string_equal(seen.instance, "");
        assert_false(seen.json);
    }
    assert_runs("check a.yaml", "check");
    assert_string_equal(seen.argument, "a.yaml");
    assert_runs("release A --yes", "release");
    assert_string_equal(seen.argument, "A");
    assert_true(seen.yes);
}

static void options_stand_before_and_behind_the_free_word(void **state)
{
    (void)state;
    static const char *const lines[] = {"check a.yaml --json --instance p2",
                                        "check --json a.yaml --instance p2",
                                        "check --instance p2 --json a.yaml"};
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        assert_runs(lines[i], "check");
        assert_string_equal(seen.argument, "a.yaml");
        assert_string_equal(seen.instance, "p2");
        assert_true(seen.json);
    }
    assert_runs("check a.yaml --quiet", "check");
    assert_true(seen.quiet && !seen.json && !seen.as_service);
    assert_runs("check --as-service a.yaml", "check");
    assert_true(seen.as_service && !seen.quiet);
    assert_runs("run --config b.yaml", "run");
    assert_string_equal(seen.config, "b.yaml");
    assert_runs("status Telemetry", "status");
    assert_string_equal(seen.argument, "Telemetry");
}

static void uninstall_alone_removes_data_and_only_when_told(void **state)
{
    (void)state;
    assert_runs("uninstall", "uninstall");
    assert_false(seen.remove_data);
    assert_runs("uninstall --instance p2 --remove-data", "uninstall");
    assert_true(seen.remove_data);
    assert_false(seen.keep);
    assert_runs("stop --keep --instance p2", "stop");
    assert_true(seen.keep && !seen.kept);
    assert_runs("start --kept", "start");
    assert_true(seen.kept);
    assert_refused("stop --kept", "does not know the option --kept");
    assert_refused("start --keep", "does not know the option --keep");
    assert_refused("install --remove-data", "does not know the option --remove-data");
}

static void growing_needs_a_region_and_a_size(void **state)
{
    (void)state;
    assert_runs("grow Telemetry 64MiB --instance p2", "grow");
    assert_string_equal(seen.argument, "Telemetry");
    assert_string_equal(seen.topic, "64MiB");
    assert_refused("grow Telemetry", "needs a SIZE");
    assert_refused("grow", "needs a REGION");
    assert_refused("grow A 1 2", "does not know what to do with 2");
    assert_runs("retire Telemetry", "retire");
    assert_refused("retire", "needs a REGION");
    assert_refused("retire A 1", "does not know what to do with 1");
}

static void a_value_may_look_like_an_option(void **state)
{
    (void)state;
    assert_runs("run --config --json", "run");
    assert_string_equal(seen.config, "--json");
}

static void what_is_not_known_is_refused_with_the_usage(void **state)
{
    (void)state;
    assert_refused("frobnicate", "there is no command \"frobnicate\"; `shmbroker help` lists them");
    assert_refused("run --jsn", "error: shmbroker run: does not know the option --jsn\n"
                                "usage: shmbroker run [--config FILE] [--instance NAME]\n");
    assert_refused("run a.yaml", "does not know what to do with a.yaml");
    assert_refused("check a.yaml b.yaml", "does not know what to do with b.yaml");
    assert_refused("check",
                   "error: shmbroker check: needs a FILE\n"
                   "usage: shmbroker check FILE [--instance NAME] [--json] [--quiet] [--as-service]\n");
    assert_refused("run --config", "needs a value behind --config");
    assert_refused("status --instance", "usage: shmbroker status [REGION] [--instance NAME] [--json]");
}

static void options_of_other_commands_are_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {"run --json",           "install --json",       "check a --config b",
                                        "status --config a",    "start --config a",     "stop --json",
                                        "uninstall --config a", "version --instance a", "help --json"};
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        assert_refused(lines[i], "does not know the option --");
}

static void an_instance_must_be_a_name(void **state)
{
    (void)state;
    assert_refused("run --instance a.b", "an instance is 1 to 40 letters, digits, _ or -, not a.b");
    assert_refused("run --instance a\\b", "an instance is");
    assert_refused("run --instance aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "an instance is");
    char program[] = "shmbroker", command[] = "run", option[] = "--instance", empty[] = "";
    char *argv[] = {program, command, option, empty, NULL};
    streams_capture err;
    streams_capture_begin(&err, stderr);
    int code = command_line_run(4, argv);
    free(streams_capture_end(&err));
    assert_int_equal(code, EXIT_BAD_USAGE);
}

static void no_command_at_all_shows_the_overview_as_an_error(void **state)
{
    (void)state;
    assert_int_equal(run(""), EXIT_BAD_USAGE);
    assert_string_equal(printed, "");
    assert_non_null(strstr(complained, "shmbroker check"));
}

static void help_lists_every_command_but_the_hidden_one(void **state)
{
    (void)state;
    static const char *const lines[] = {"help", "--help", "-h", "/?"};
    static const char *const names[] = {"check", "run",  "install", "uninstall", "start",
                                        "stop",  "help", "version", "status"};
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        assert_int_equal(run(lines[i]), EXIT_OK);
        assert_string_equal(complained, "");
        for (size_t k = 0; k < COUNT_OF(names); k++) {
            char expected[64];
            snprintf(expected, sizeof expected, "  shmbroker %-10s ", names[k]);
            assert_non_null(strstr(printed, expected));
        }
        assert_null(strstr(printed, "shmbroker service"));
        assert_non_null(strstr(printed, "Exit codes: 0 ok, 1 failed, 2 bad usage or bad config"));
    }
}

static void help_of_one_command_shows_its_usage(void **state)
{
    (void)state;
    static const char *const lines[] = {"help check", "check --help", "check a.yaml -h", "check /?"};
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        assert_int_equal(run(lines[i]), EXIT_OK);
        assert_null(called);
        static const char usage[] =
            "shmbroker check FILE [--instance NAME] [--json] [--quiet] [--as-service]\n";
        assert_int_equal(strncmp(printed, usage, sizeof usage - 1), 0);
    }
    assert_refused("help frobnicate", "there is no command \"frobnicate\"");
}

static void help_of_the_configuration_explains_its_keys(void **state)
{
    (void)state;
    assert_int_equal(run("help config"), EXIT_OK);
    assert_string_equal(complained, "");
    assert_non_null(strstr(printed, "How many bytes the region has; of a state"));
    assert_non_null(strstr(printed, "SECTION_MAP_READ"));
    assert_int_equal(run("help config size"), EXIT_OK);
    assert_int_equal(strncmp(printed, "  size\n", 7), 0);
    assert_null(strstr(printed, "version"));
    assert_refused("help config sise", "a configuration has no key \"sise\" (did you mean size?)");
    assert_refused("help config zzz", "no key \"zzz\"; `shmbroker help config` lists them");
    assert_refused("help config size file", "does not know what to do with file");
    assert_refused("help status size", "usage: shmbroker help [COMMAND] | config [KEY]\n");
}

static void version_is_told(void **state)
{
    (void)state;
    static const char *const lines[] = {"version", "--version"};
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        assert_int_equal(run(lines[i]), EXIT_OK);
        assert_string_equal(printed, "shmbroker " SHMBROKER_VERSION "\n");
    }
}

static void exit_codes_never_change(void **state)
{
    (void)state;
    assert_int_equal(EXIT_OK, 0);
    assert_int_equal(EXIT_FAILED, 1);
    assert_int_equal(EXIT_BAD_USAGE, 2);
    assert_int_equal(EXIT_ACCESS_DENIED, 3);
    assert_int_equal(EXIT_NO_BROKER, 4);
    assert_int_equal(EXIT_NO_REGION, 5);
}

#define LINE_TEST(function) cmocka_unit_test_teardown(function, end)

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    assert_runs("status --json -- --json", "status");
    assert_true(seen.json);
    assert_string_equal(seen.argument, "--json");
    assert_refused("status -- one two", "does not know what to do with two");
    assert_refused("run -- --json", "does not know what to do with --json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINE_TEST(each_command_runs_by_its_name),
        LINE_TEST(two_dashes_end_the_options),
        LINE_TEST(options_stand_before_and_behind_the_free_word),
        LINE_TEST(uninstall_alone_removes_data_and_only_when_told),
        LINE_TEST(growing_needs_a_region_and_a_size),
        LINE_TEST(a_value_may_look_like_an_option),
        LINE_TEST(what_is_not_known_is_refused_with_the_usage),
        LINE_TEST(options_of_other_commands_are_refused),
        LINE_TEST(an_instance_must_be_a_name),
        LINE_TEST(no_command_at_all_shows_the_overview_as_an_error),
        LINE_TEST(help_lists_every_command_but_the_hidden_one),
        LINE_TEST(help_of_one_command_shows_its_usage),
        LINE_TEST(help_of_the_configuration_explains_its_keys),
        LINE_TEST(version_is_told),
        LINE_TEST(exit_codes_never_change),
    };
    return cmocka_run_group_tests_name("command_line", tests, NULL, NULL);
}
