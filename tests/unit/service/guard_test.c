/* guard.c: keepers, refusal and warnings. */
#include "testing.h"

#include "fake_platform.h"
#include "guard.h"
#include "streams.h"

#define ANNA "S-1-5-21-9-9-9-1001"

static guard g;
static platform_failure failure;

static int new_machine(void **state)
{
    (void)state;
    fake_reset();
    fake.config = "version: 1\n";
    memset(&failure, 0, sizeof failure);
    return 0;
}

static int closed_machine(void **state)
{
    (void)state;
    guard_end(&g);
    assert_int_equal(fake_open_things(), 0);
    fake_reset();
    return 0;
}

static bool refuses(void)
{
    assert_true(guard_begin(&g, "", &failure));
    FILE *stream = guard_open(&g, "C:\\a.yaml", &failure);
    assert_non_null(stream);
    fclose(stream);
    return guard_refuses(&g, &failure);
}

static void a_file_of_administrators_is_taken(void **state)
{
    (void)state;
    assert_false(refuses());
}

static void the_broker_and_whoever_runs_this_may_change_it(void **state)
{
    (void)state;
    const char *const sids[] = {FAKE_BROKER, FAKE_USER};
    for (size_t i = 0; i < COUNT_OF(sids); i++) {
        fake.untrusted = sids[i];
        assert_false(refuses());
        guard_end(&g);
    }
}

static bool service_refuses(void)
{
    guard_end(&g);
    assert_true(guard_begin(&g, "", &failure));
    guard_as_service(&g);
    FILE *stream = guard_open(&g, "C:\\a.yaml", &failure);
    assert_non_null(stream);
    fclose(stream);
    return guard_refuses(&g, &failure);
}

static void a_service_takes_no_file_that_whoever_runs_this_may_change(void **state)
{
    (void)state;
    fake.untrusted = FAKE_USER;
    assert_true(service_refuses());
    fake.no_service_accounts = true;
    assert_false(service_refuses());
    fake.no_service_accounts = false;
    fake.untrusted = FAKE_BROKER;
    assert_false(service_refuses());
}

static void a_file_of_others_is_refused_with_the_entry_and_the_remedy(void **state)
{
    (void)state;
    fake.untrusted = ANNA;
    assert_true(refuses());
    assert_non_null(strstr(failure.text, "the file C:\\a.yaml has an entry that lets " ANNA " write"));
    assert_non_null(strstr(failure.text, "icacls \"C:\\a.yaml\" /remove:g *" ANNA));
    assert_null(strstr(failure.text, "audit"));
    assert_true(guard_look_at_folder(&g, "C:\\conf.d", &failure));
    assert_true(guard_refuses(&g, &failure));
    assert_non_null(strstr(failure.text, "audit"));
}

static void warnings_are_a_line_each(void **state)
{
    (void)state;
    streams_capture capture;
    fake.untrusted = ANNA;
    refuses();
    guard_look_at_folder(&g, "C:\\conf.d", &failure);
    streams_capture_begin(&capture, stderr);
    guard_print(&g, stderr);
    char *printed = streams_capture_end(&capture);
    assert_int_equal(strncmp(printed, "warning: the file C:\\a.yaml ", 28), 0);
    assert_non_null(strstr(printed, "\nwarning: the folder C:\\conf.d "));
    assert_non_null(strstr(printed, "; the service will not start with such a configuration; "));
    free(printed);
}

static void a_report_that_is_not_whole_refuses(void **state)
{
    (void)state;
    assert_true(guard_begin(&g, "", &failure));
    g.report.failed = true;
    assert_true(guard_refuses(&g, &failure));
    assert_non_null(strstr(failure.text, "out of memory"));
}

static void a_machine_that_fails_is_told(void **state)
{
    (void)state;
    for (unsigned at = 1; at <= 4; at++) {
        fake_reset();
        fake.config = "version: 1\n";
        fake.fail_at = at;
        bool ok = guard_begin(&g, "", &failure);
        FILE *stream = ok ? guard_open(&g, "C:\\a.yaml", &failure) : NULL;
        assert_null(stream);
        assert_non_null(strstr(failure.text, "the test says no"));
        guard_end(&g);
    }
}

#define GUARD_TEST(function) cmocka_unit_test_setup_teardown(function, new_machine, closed_machine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GUARD_TEST(a_file_of_administrators_is_taken),
        GUARD_TEST(the_broker_and_whoever_runs_this_may_change_it),
        GUARD_TEST(a_service_takes_no_file_that_whoever_runs_this_may_change),
        GUARD_TEST(a_file_of_others_is_refused_with_the_entry_and_the_remedy),
        GUARD_TEST(warnings_are_a_line_each),
        GUARD_TEST(a_report_that_is_not_whole_refuses),
        GUARD_TEST(a_machine_that_fails_is_told),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
