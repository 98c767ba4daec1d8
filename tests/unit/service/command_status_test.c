/* command_status.c: exit codes of `status`, over a catalog in memory. */
#include "catalog_testing.h"

#include "commands.h"
#include "fake_status.h"
#include "streams.h"

static test_memory memory;
static char *printed, *complained;

static int new_catalog(void **state)
{
    (void)state;
    catalog c;
    memory = test_memory_make(1u << 20);
    bool ok = test_start(&c, &memory, false, 1) && test_publish(&c, "A", SHMB_REGION_READY, 1);
    fake_status_view = test_view(&memory);
    return ok ? 0 : -1;
}

static int free_catalog(void **state)
{
    (void)state;
    assert_int_equal(fake_status_opened, 0);
    free(printed);
    free(complained);
    printed = complained = NULL;
    free(memory.base);
    return 0;
}

static int status(const char *region, bool json)
{
    const command_options options = {.argument = region, .instance = "", .json = json};
    streams_capture out, err;
    free(printed);
    free(complained);
    streams_capture_begin(&out, stdout);
    streams_capture_begin(&err, stderr);
    int code = command_status(&options);
    complained = streams_capture_end(&err);
    printed = streams_capture_end(&out);
    return code;
}

static void a_broker_and_its_regions_are_shown(void **state)
{
    (void)state;
    assert_int_equal(status(NULL, false), EXIT_OK);
    assert_non_null(strstr(printed, "service   running\n"));
    assert_non_null(strstr(printed, "ready           1 B  A"));
    assert_string_equal(complained, "");
    assert_int_equal(status("A", true), EXIT_OK);
    assert_non_null(strstr(printed, "\"A\""));
}

static void no_broker_is_code_four(void **state)
{
    (void)state;
    fake_status_view.base = NULL;
    assert_int_equal(status(NULL, false), EXIT_NO_BROKER);
    assert_non_null(strstr(printed, "not running: there is no catalog; start the broker\n"));
    assert_int_equal(status("A", true), EXIT_NO_BROKER);
    assert_non_null(strstr(printed, "\"why_not\""));
}

static void no_such_region_is_code_five(void **state)
{
    (void)state;
    assert_int_equal(status("B", false), EXIT_NO_REGION);
    assert_string_equal(complained,
                        "error: the broker has no region \"B\"; `shmbroker status` lists those it has\n");
    assert_int_equal(status("B", true), EXIT_NO_REGION);
}

#define STATUS_TEST(function) cmocka_unit_test_setup_teardown(function, new_catalog, free_catalog)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATUS_TEST(a_broker_and_its_regions_are_shown),
        STATUS_TEST(no_broker_is_code_four),
        STATUS_TEST(no_such_region_is_code_five),
    };
    return cmocka_run_group_tests_name("command_status", tests, NULL, NULL);
}
