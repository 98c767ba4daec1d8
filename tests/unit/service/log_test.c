/* log.c: what a line of the log looks like, and where it goes. */
#include "testing.h"

#include "fake_platform.h"
#include "streams.h"

#define TIME "2026-01-31T23:59:59.123Z"

static const log_targets service_targets = {.event_source = "ShmBroker"};
static const log_targets console_targets = {.console = true};

static int new_machine(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

static int closed_machine(void **state)
{
    (void)state;
    assert_null(fake.violation);
    assert_int_equal(fake_open_things(), 0);
    fake_reset();
    return 0;
}

static void a_line_has_time_severity_name_and_message(void **state)
{
    (void)state;
    broker_log *log = log_open(&service_targets);
    log_to_file(log, "X:\\log");
    log_write(log, LOG_READY, "ready: %d regions", 3);
    log_write(log, LOG_REGION_FAILED, "region %s is not served", "A");
    log_write(log, LOG_START_FAILED, "no");
    log_close(log);
    assert_string_equal(fake.lines.bytes, TIME " info    ready: ready: 3 regions\n" TIME
                                               " warning region-failed: region A is not served\n" TIME
                                               " error   start-failed: no\n");
    assert_string_equal(fake.events.bytes,
                        "2 info ready: 3 regions\n100 warning region A is not served\n201 error no\n");
}

static void every_kind_has_its_severity_and_name(void **state)
{
    (void)state;
    static const struct {
        log_event event;
        int number;
        log_severity severity;
        const char *name;
    } rows[] = {
        {LOG_STARTING, 1, LOG_INFO, "starting"},
        {LOG_READY, 2, LOG_INFO, "ready"},
        {LOG_STOPPING, 3, LOG_INFO, "stopping"},
        {LOG_STOPPED, 4, LOG_INFO, "stopped"},
        {LOG_RELOADED, 5, LOG_INFO, "reloaded"},
        {LOG_RELOAD_FAILED, 202, LOG_ERROR, "reload-failed"},
        {LOG_CONTROL_LOST, 302, LOG_WARNING, "control-lost"},
        {LOG_CATALOG_ADOPTED, 10, LOG_INFO, "catalog-adopted"},
        {LOG_RESTORED, 11, LOG_INFO, "restored"},
        {LOG_PERSISTED, 12, LOG_INFO, "persisted"},
        {LOG_PERSIST_AGAIN, 13, LOG_INFO, "persist-again"},
        {LOG_SNAPSHOTS_LEFT, 14, LOG_INFO, "snapshots-left"},
        {LOG_REGION_FAILED, 100, LOG_WARNING, "region-failed"},
        {LOG_REGION_NOTE, 101, LOG_WARNING, "region-note"},
        {LOG_SNAPSHOT_REFUSED, 110, LOG_WARNING, "snapshot-refused"},
        {LOG_PERSIST_FAILED, 111, LOG_WARNING, "persist-failed"},
        {LOG_LIVES_LOST, 112, LOG_WARNING, "lives-lost"},
        {LOG_CONFIG_REFUSED, 200, LOG_ERROR, "config-refused"},
        {LOG_START_FAILED, 201, LOG_ERROR, "start-failed"},
        {LOG_FILE_LOST, 301, LOG_WARNING, "log-file-lost"},
        {LOG_KEEPER_STARTED, 20, LOG_INFO, "keeper-started"},
        {LOG_SESSIONS, 30, LOG_INFO, "sessions-changed"},
        {LOG_GROWN, 31, LOG_INFO, "grown"},
        {LOG_RETIRED, 32, LOG_INFO, "retired"},
        {LOG_KEEPER_LOST, 320, LOG_WARNING, "keeper-lost"},
        {LOG_KEEPER_FAILED, 321, LOG_WARNING, "keeper-failed"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(rows[i].event, rows[i].number); /* the Event Log's ids never change */
        assert_int_equal(log_severity_of(rows[i].event), rows[i].severity);
        assert_string_equal(log_name_of(rows[i].event), rows[i].name);
    }
    assert_int_equal(log_severity_of((log_event)999), LOG_ERROR);
    assert_string_equal(log_name_of((log_event)999), "unknown");
}

static void lines_before_the_file_reach_the_event_log_alone(void **state)
{
    (void)state;
    broker_log *log = log_open(&service_targets);
    log_write(log, LOG_STARTING, "early");
    log_to_file(log, "X:\\log");
    log_write(log, LOG_READY, "late");
    log_close(log);
    assert_true(fake_has(&fake.events, "1 info early\n"));
    assert_false(fake_has(&fake.lines, "early"));
    assert_true(fake_has(&fake.lines, "late"));
}

static void one_event_is_one_line(void **state)
{
    (void)state;
    broker_log *log = log_open(&service_targets);
    log_to_file(log, "X:\\log");
    log_write(log, LOG_READY, "a\nb\r\tc\x1b[2Jd\x7f %s", "r\xC3\xA4w");
    log_close(log);
    assert_string_equal(fake.lines.bytes, TIME " info    ready: a b  c [2Jd  r\xC3\xA4w\n");
    assert_string_equal(fake.events.bytes, "2 info a b  c [2Jd  r\xC3\xA4w\n");
}

/* Whether `bytes` is UTF-8 whose sequences are all whole; enough for what these tests write. */
static bool is_whole_utf8(const char *bytes)
{
    for (const unsigned char *at = (const unsigned char *)bytes; *at;) {
        size_t more = *at < 0x80 ? 0 : *at >= 0xF0 ? 3 : *at >= 0xE0 ? 2 : *at >= 0xC0 ? 1 : 9;
        for (at++; more > 0; more--, at++)
            if ((*at & 0xC0) != 0x80)
                return false;
    }
    return true;
}

static void a_message_too_long_is_cut_between_characters_and_says_so(void **state)
{
    (void)state;
    for (size_t before = 0; before < 4; before++) {
        char message[3 * LOG_LINE_MAX];
        testing_fill(message, sizeof message, before);
        fake_reset();
        broker_log *log = log_open(&service_targets);
        log_to_file(log, "X:\\log");
        log_write(log, LOG_READY, "%s", message);
        log_close(log);
        assert_true(fake_has(&fake.lines, "\xE2\x82\xAC \xE2\x80\xA6 (cut)\n"));
        assert_true(is_whole_utf8(fake.lines.bytes));
        assert_true(is_whole_utf8(fake.events.bytes));
        assert_true(fake.events.length > LOG_LINE_MAX - 16 && fake.events.length < LOG_LINE_MAX + 16);
    }
}

static void a_message_that_just_fits_is_whole(void **state)
{
    (void)state;
    char message[LOG_LINE_MAX];
    memset(message, 'x', sizeof message - 1);
    message[sizeof message - 1] = '\0';
    broker_log *log = log_open(&service_targets);
    log_to_file(log, "X:\\log");
    log_write(log, LOG_REGION_FAILED, "%s", message);
    log_close(log);
    assert_true(fake_has(&fake.lines, message));
    assert_false(fake_has(&fake.lines, "(cut)"));
}

static void a_file_that_does_not_open_is_itself_logged(void **state)
{
    (void)state;
    broker_log *log = log_open(&service_targets);
    fake.fail_at = fake.calls + 1;
    log_to_file(log, "X:\\log");
    log_write(log, LOG_READY, "ready");
    log_close(log);
    assert_string_equal(fake.events.bytes,
                        "301 warning cannot do log-file-open: the test says no\n2 info ready\n");
}

static void lost_lines_are_told_once_and_counted_in_the_next(void **state)
{
    (void)state;
    broker_log *log = log_open(&service_targets);
    log_to_file(log, "X:\\log");
    fake.fail_at = fake.calls + 1;
    fake.fail_calls = 3;
    for (int i = 0; i < 5; i++)
        log_write(log, LOG_READY, "line %d", i);
    log_close(log);
    assert_string_equal(fake.lines.bytes,
                        TIME " info    ready: line 3 (3 lines before this one were lost)\n" TIME
                             " info    ready: line 4\n");
    assert_string_equal(fake.events.bytes,
                        "2 info line 0\n301 warning cannot do log-file-append: the test says no\n"
                        "2 info line 1\n2 info line 2\n2 info line 3\n2 info line 4\n");
}

static void no_event_log_is_no_failure(void **state)
{
    (void)state;
    fake.fail_at = 1;
    broker_log *log = log_open(&service_targets);
    log_to_file(log, "X:\\log");
    log_write(log, LOG_READY, "ready");
    log_close(log);
    assert_true(fake_has(&fake.lines, "ready: ready"));
    assert_null(fake.events.bytes);
}

static void a_console_shows_warnings_and_errors_but_no_chatter(void **state)
{
    (void)state;
    streams_capture capture;
    broker_log *log = log_open(&console_targets);
    streams_capture_begin(&capture, stderr);
    log_write(log, LOG_READY, "ready");
    log_write(log, LOG_REGION_FAILED, "region A");
    log_write(log, LOG_START_FAILED, "cannot");
    log_write(log, LOG_CONFIG_REFUSED, "a.yaml:1:1: error: no");
    char *printed = streams_capture_end(&capture);
    log_close(log);
    assert_string_equal(printed, "warning: region A\nerror: cannot\na.yaml:1:1: error: no\n");
    assert_null(fake.events.bytes);
    free(printed);
}

static void a_console_is_told_when_the_file_is_lost(void **state)
{
    (void)state;
    streams_capture capture;
    broker_log *log = log_open(&console_targets);
    log_to_file(log, "X:\\log");
    fake.fail_at = fake.calls + 1;
    streams_capture_begin(&capture, stderr);
    log_write(log, LOG_READY, "ready");
    char *printed = streams_capture_end(&capture);
    log_close(log);
    assert_string_equal(printed, "warning: log-file-lost: cannot do log-file-append: the test says no\n");
    free(printed);
}

static void no_log_at_all_takes_everything(void **state)
{
    (void)state;
    log_write(NULL, LOG_READY, "ready");
    log_close(NULL);
}

#define LOG_TEST(function) cmocka_unit_test_setup_teardown(function, new_machine, closed_machine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(a_line_has_time_severity_name_and_message),
        LOG_TEST(every_kind_has_its_severity_and_name),
        LOG_TEST(lines_before_the_file_reach_the_event_log_alone),
        LOG_TEST(one_event_is_one_line),
        LOG_TEST(a_message_too_long_is_cut_between_characters_and_says_so),
        LOG_TEST(a_message_that_just_fits_is_whole),
        LOG_TEST(a_file_that_does_not_open_is_itself_logged),
        LOG_TEST(lost_lines_are_told_once_and_counted_in_the_next),
        LOG_TEST(no_event_log_is_no_failure),
        LOG_TEST(a_console_shows_warnings_and_errors_but_no_chatter),
        LOG_TEST(a_console_is_told_when_the_file_is_lost),
        LOG_TEST(no_log_at_all_takes_everything),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
