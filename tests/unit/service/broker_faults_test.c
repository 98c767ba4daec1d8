/*
 * broker.c: the engine when the machine fails it. Every call of platform.h that may fail fails in turn, alone and
 * with all that follow; each time everything that was opened is closed, the exit code is right, and the
 * catalog never has a region ready that the broker does not hold.
 */
#include "broker_testing.h"

#define MOST_CALLS 2000u

static bool lied;

static void look(const char *call)
{
    (void)call;
    lied = lied || fake_catalog_lies();
}

/* Calls without which the broker goes on: the log's, its folders', the machine's figures, the keeper's, and a region's own. */
static bool is_survived(const char *call)
{
    return strncmp(call, "log-", 4) == 0 || strcmp(call, "event-source-open") == 0 ||
           strcmp(call, "folders-create") == 0 || strcmp(call, "memory-read") == 0 ||
           strncmp(call, "keeper", 6) == 0 || strncmp(call, "files-", 6) == 0 ||
           strncmp(call, "section-", 8) == 0 || strncmp(call, "part-", 5) == 0 ||
           strcmp(call, "backing-flush") == 0 || strcmp(call, "control-open") == 0;
}

/* And those that make the configuration a bad one. */
static bool is_of_config(const char *call)
{
    return strcmp(call, "file-open") == 0 || strncmp(call, "resolve-", 8) == 0;
}

static int expected_code(const char *failed_call)
{
    if (!failed_call || is_survived(failed_call))
        return EXIT_OK;
    return is_of_config(failed_call) ? EXIT_BAD_USAGE : EXIT_FAILED;
}

static void check_end(const test_host *host, int code, int expected)
{
    if (code != expected)
        print_error("%s failed\n", fake.failed_call ? fake.failed_call : "nothing");
    assert_int_equal(code, expected);
    assert_int_equal(host->ready, code == EXIT_OK);
    assert_int_equal(fake_open_things(), 0);
    assert_null(fake.violation);
    assert_false(lied);
    assert_false(fake_catalog_lies());
}

/* Fails call after call, `many` at once, on a machine made by `prepare`, until none is left to fail. */
static unsigned fail_each(unsigned many, const char *config, void (*prepare)(void))
{
    unsigned n = 0;
    do {
        test_host host = {.stop_after = 1};
        fake_reset();
        fake.config = config;
        if (prepare)
            prepare();
        lied = false;
        fake.on_call = strlen(config) < 1000 ? look : NULL; /* looking at many regions takes long */
        fake.failed_call = NULL;
        fake.fail_at = fake.calls + ++n;
        fake.fail_calls = many;
        int code = run_broker(&host, NULL, "");
        const char *failed = fake.failed_call;
        if (many == 1)
            check_end(&host, code, expected_code(failed));
        else
            check_end(&host, code, code); /* the first failure that is not survived decides */
        if (many == 1 && code != EXIT_OK)
            assert_true(fake_has(&fake.events, "201 error the broker cannot start: "));
        if (!failed)
            break;
    } while (n < MOST_CALLS);
    assert_true(n < MOST_CALLS);
    fake_reset();
    return n - 1;
}

static void each_call_fails_alone(void **state)
{
    (void)state;
    assert_true(fail_each(1, THREE_REGIONS, NULL) >= 20);
}

static void each_call_fails_with_all_that_follow(void **state)
{
    (void)state;
    assert_true(fail_each(MOST_CALLS, THREE_REGIONS, NULL) >= 8);
}

static void each_call_fails_together_with_the_next(void **state)
{
    (void)state;
    assert_true(fail_each(2, THREE_REGIONS, NULL) >= 20);
}

static void a_lookup_that_fails_is_a_bad_config(void **state)
{
    (void)state;
    fail_each(
        1,
        "version: 1\nregions:\n  A: { size: 1, access: { read: ['.\\anna'], write: ['NT SERVICE\\x'] } }\n",
        NULL);
}

/* Regions that ask for all that there is. */
#define DEMANDING                                                                                            \
    "version: 1\n"                                                                                           \
    "defaults: { access: { read: [Users] } }\n"                                                              \
    "regions:\n"                                                                                             \
    "  A: { size: 64 KiB, large_pages: prefer, numa_node: 0, prefetch: true, initial: { fill: 1 } }\n"       \
    "  B: { size: 4 KiB, namespace: { private: { boundary: [Users] } }, initial: { file: x.bin } }\n"        \
    "  C: { size: 4 KiB, large_pages: require }\n"

static void leave_no_large_pages(void)
{
    fake.no_large_pages = true;
}

static void each_call_fails_for_regions_that_ask_for_much(void **state)
{
    (void)state;
    assert_true(fail_each(1, DEMANDING, NULL) >= 20);
    assert_true(fail_each(2, DEMANDING, leave_no_large_pages) >= 20);
    assert_true(fail_each(MOST_CALLS, DEMANDING, leave_no_large_pages) >= 8);
}

/* Regions with objects beside them. */
#define OF_KINDS                                                                                             \
    "version: 1\n"                                                                                           \
    "defaults: { access: { read: [Users] } }\n"                                                              \
    "regions:\n"                                                                                             \
    "  A: { size: 4 KiB, lock: true, notify: true }\n"                                                       \
    "  B: { kind: queue, messages: 4, message_size: 8, backing: { file: b.shm } }\n"                         \
    "  C: { kind: state, size: 16, persist: { mode: snapshot } }\n"

static void each_call_fails_for_regions_with_parts(void **state)
{
    (void)state;
    assert_true(fail_each(1, OF_KINDS, NULL) >= 40);
    assert_true(fail_each(2, OF_KINDS, NULL) >= 40);
    assert_true(fail_each(MOST_CALLS, OF_KINDS, NULL) >= 8);
}

/* So many regions that the catalog grows while it announces them. */
static char *many_regions(unsigned count)
{
    text config = {0};
    text_append(&config, "version: 1\ndefaults: { access: { read: [Users] } }\nregions:\n");
    for (unsigned i = 0; i < count; i++)
        text_append(&config, "  region %u: { size: 1 KiB }\n", i);
    return text_take(&config);
}

static void each_commit_and_each_section_of_many_fails(void **state)
{
    (void)state;
    char *config = many_regions(150);
    assert_true(fail_each(1, config, NULL) > 150);
    free(config);
}

/* An earlier broker's catalog, which clients hold. */
static void leave_a_catalog(void)
{
    test_host host = {0};
    fake.clients_hold_catalog = true;
    run_broker(&host, NULL, "");
}

static void each_call_fails_for_a_broker_that_goes_on(void **state)
{
    (void)state;
    assert_true(fail_each(1, THREE_REGIONS, leave_a_catalog) >= 20);
    assert_true(fail_each(2, THREE_REGIONS, leave_a_catalog) >= 20);
}

static void sections_failing_in_a_row_are_told_one_by_one(void **state)
{
    (void)state;
    test_host host;
    unsigned calls = 0;
    for (unsigned at = 1; calls == 0; at++) { /* the first section's number */
        fake_reset();
        fake.config = THREE_REGIONS;
        fake.clients_hold_catalog = true;
        fake.fail_at = at;
        host = (test_host){0};
        run_broker(&host, NULL, "");
        if (strcmp(fake.failed_call, "section-create") == 0)
            calls = at;
    }
    for (unsigned failing = 1; failing <= 3; failing++) {
        fake_reset();
        fake.config = THREE_REGIONS;
        fake.fail_at = calls;
        fake.fail_calls = failing;
        fake.on_call = look;
        host = (test_host){0};
        assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
        assert_int_equal(host.summary.regions + host.summary.failed, 3);
        assert_true(host.summary.failed >= 1); /* the log's calls for it are among those that fail */
        assert_int_equal(fake_open_things(), 0);
        assert_false(lied);
    }
    fake_reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_fails_alone),
        cmocka_unit_test(each_call_fails_with_all_that_follow),
        cmocka_unit_test(each_call_fails_together_with_the_next),
        cmocka_unit_test(a_lookup_that_fails_is_a_bad_config),
        cmocka_unit_test(each_call_fails_for_regions_that_ask_for_much),
        cmocka_unit_test(each_call_fails_for_regions_with_parts),
        cmocka_unit_test(each_commit_and_each_section_of_many_fails),
        cmocka_unit_test(each_call_fails_for_a_broker_that_goes_on),
        cmocka_unit_test(sections_failing_in_a_row_are_told_one_by_one),
    };
    return cmocka_run_group_tests_name("broker_faults", tests, NULL, NULL);
}
