/* The log file: what is written, and that it does not grow without bound. */
#include "checks.h"

#include "region.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_FILE_MAX (1u << 20) /* service/log.h */

static const char *log_path(const test_broker *b, const char *name)
{
    return support_text("%s\\data\\logs\\%s", b->home, name);
}

/* Runs the broker once, so that its folders are there. */
static void run_once(test_broker *b)
{
    broker_start(b);
    broker_stop(b);
}

/* Fills the log with lines until the next one does not fit. */
static void fill_log(const test_broker *b)
{
    char *lines = malloc(LOG_FILE_MAX);
    assert_non_null(lines);
    memset(lines, '-', LOG_FILE_MAX);
    lines[LOG_FILE_MAX - 1] = '\n';
    support_write_file(log_path(b, "shmbroker.log"), lines, LOG_FILE_MAX);
    free(lines);
}

static void a_run_is_logged_from_its_start_to_its_end(void **state)
{
    (void)state;
    const char *taken = support_unique("Taken");
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 1 }\n", taken);
    HANDLE squatter = CreateEventW(NULL, TRUE, FALSE, support_wide(support_text("Global\\%s", taken)));
    run_once(b);
    CloseHandle(squatter);
    const char *log = support_read_file(log_path(b, "shmbroker.log"), NULL);
    const char *const in_order[] = {
        " info    starting: ", b->config,  " warning region-failed: ", taken,
        " info    ready: ",    "1 failed", " info    stopping: ",      " info    stopped: "};
    for (size_t i = 0; i < sizeof in_order / sizeof in_order[0]; i++) {
        assert_contains(log, in_order[i]);
        log = strstr(log, in_order[i]);
    }
    assert_int_equal(log[strlen(log) - 1], '\n');
}

static void each_line_begins_with_the_time_in_utc(void **state)
{
    (void)state;
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 1 }\n", support_unique("Timed"));
    run_once(b);
    const char *log = support_read_file(log_path(b, "shmbroker.log"), NULL);
    const char form[] = "2ddd-dd-ddTdd:dd:dd.dddZ ";
    for (const char *line = log; *line; line = strchr(line, '\n') + 1)
        for (size_t i = 0; form[i]; i++)
            if (form[i] == 'd' ? line[i] < '0' || line[i] > '9' : line[i] != form[i])
                support_fail("no time in front of: %s", line);
}

static void errors_of_the_configuration_are_in_the_log(void **state)
{
    (void)state;
    test_broker *b = broker_prepare("version: 1\nregions:\n  A: { size: nothing }\n");
    process *broker =
        process_run("shmbroker.exe", "run --config \"%s\" --instance %s", b->config, b->instance);
    assert_int_equal(process_wait(broker), 2);
    const char *log = support_read_file(log_path(b, "shmbroker.log"), NULL);
    assert_contains(log, " error   config-refused: ");
    assert_contains(log, "regions.A.size");
    assert_contains(log, " error   start-failed: ");
}

static void a_full_log_is_rotated_and_four_old_ones_are_kept(void **state)
{
    (void)state;
    size_t length;
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 1 }\n", support_unique("Rotated"));
    run_once(b);
    for (unsigned i = 0; i < 6; i++) {
        fill_log(b);
        run_once(b);
    }
    support_read_file(log_path(b, "shmbroker.log"), &length);
    assert_in_range(length, 100, 10000);
    for (unsigned i = 1; i <= 4; i++) {
        support_read_file(log_path(b, support_text("shmbroker.%u.log", i)), &length);
        assert_int_equal(length, LOG_FILE_MAX);
    }
    assert_false(support_file_exists(log_path(b, "shmbroker.5.log")));
}

static void a_log_that_cannot_be_written_does_not_keep_the_broker_from_serving(void **state)
{
    (void)state;
    const char *name = support_unique("Served");
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 1 }\n", name);
    run_once(b);
    DeleteFileW(support_wide(log_path(b, "shmbroker.log")));
    assert_true(CreateDirectoryW(support_wide(log_path(b, "shmbroker.log")), NULL));
    broker_start(b);
    shmb_detach(region_attach(b, name, SHMB_ACCESS_READ));
    broker_stop(b);
    assert_contains(process_errors(b->process), "cannot write the log file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(a_run_is_logged_from_its_start_to_its_end),
        SYSTEM_TEST(each_line_begins_with_the_time_in_utc),
        SYSTEM_TEST(errors_of_the_configuration_are_in_the_log),
        SYSTEM_TEST(a_full_log_is_rotated_and_four_old_ones_are_kept),
        SYSTEM_TEST(a_log_that_cannot_be_written_does_not_keep_the_broker_from_serving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
