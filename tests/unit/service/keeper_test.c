/*
 * keeper.c, through the whole broker on the machine in memory: it is killed at each of its calls in turn, its keeper
 * at each wait, and what programs wrote is still there, while no keeper is ever left over.
 */
#include "broker_testing.h"

#include "keeper.h"

#include <setjmp.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#define LEAKS_EXPECTED(expected) ((expected) ? __lsan_disable() : __lsan_enable())
#else
#define LEAKS_EXPECTED(expected) ((void)(expected))
#endif

#define OTHER_REGIONS                                                                                        \
    "version: 1\n"                                                                                           \
    "defaults: { access: { read: [Users] } }\n"                                                              \
    "regions:\n"                                                                                             \
    "  A: { size: 64 KiB, description: first }\n"                                                            \
    "  C: { size: 2, namespace: local, sddl: 'D:P(A;;0x20007;;;WD)' }\n"
#define PRIVATE_REGION                                                                                       \
    "version: 1\n"                                                                                           \
    "regions:\n"                                                                                             \
    "  P: { size: 1, namespace: { private: { boundary: [Users] } }, access: { read: [Users] } }\n"
#define MOST_CALLS 200u

/* A killed broker frees nothing: it is left by a jump from within the call at which it dies. */
static jmp_buf death;
static unsigned dies_at; /* counted from 1 */
static unsigned calls;

static void maybe_die(const char *call)
{
    (void)call;
    if (++calls == dies_at)
        longjmp(death, 1);
}

static void die(void)
{
    longjmp(death, 1);
}

/* Runs a broker that is killed at its call number `at`, or when it is ready: `on_ready`. False: it was not. */
static bool run_killed_by(const char *config, unsigned at, void (*on_ready)(void))
{
    static test_host host;
    static volatile bool killed;
    host = (test_host){.stop_after = 1, .keeps = true, .on_ready = on_ready};
    fake.config = config;
    fake.on_call = maybe_die;
    calls = 0;
    dies_at = at;
    killed = true;
    LEAKS_EXPECTED(true);
    if (setjmp(death) == 0) {
        run_broker(&host, NULL, "");
        killed = false;
    }
    LEAKS_EXPECTED(false);
    fake.on_call = NULL;
    if (killed)
        fake_kill_broker();
    return killed;
}

static bool run_killed(const char *config, unsigned at)
{
    return run_killed_by(config, at, NULL);
}

/* A broker with `config` that is killed while it serves. */
static void serve_and_die(const char *config)
{
    assert_true(run_killed_by(config, 0, die));
}

static unsigned serial_of(const char *name)
{
    const fake_section *section = fake_find_section(name);
    return section ? section->serial : 0;
}

static void assert_serves_and_goes(const char *config)
{
    test_host host = {.stop_after = 1};
    const unsigned open =
        fake_open_things(); /* files that the dead had open: the disk does not know that they died */
    fake.config = config;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_int_equal(host.summary.failed, 0);
    assert_int_equal(fake_living_keepers(), 0);
    assert_int_equal(fake_kept_sections(), 0);
    assert_null(fake.sections);
    assert_null(fake.catalog);
    assert_true(fake_open_things() <= open);
    assert_null(fake.violation);
}

static int new_machine(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

/* ---- The broker dies */

static void what_was_served_outlives_a_broker_killed_at_any_call_of_the_next_start(void **state)
{
    (void)state;
    unsigned at = 1;
    for (; at < MOST_CALLS; at++) {
        fake_reset();
        serve_and_die(THREE_REGIONS);
        unsigned a = serial_of("Global\\A"), c = serial_of("Local\\C");
        assert_int_not_equal(a, 0);
        assert_int_not_equal(c, 0);
        bool killed = run_killed(THREE_REGIONS, at);
        assert_int_equal(serial_of("Global\\A"), a);
        assert_int_equal(serial_of("Local\\C"), c);
        assert_null(fake.violation);
        if (!killed)
            break;
    }
    assert_true(at > 20 && at < MOST_CALLS);
    fake_reset();
}

static void a_start_plans_to_take_over_what_a_killed_broker_left(void **state)
{
    (void)state;
    test_host host = {.stop_after = 1};
    serve_and_die(THREE_REGIONS);
    fake.config = THREE_REGIONS;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_int_equal(fake.taken_over, 3);
    assert_int_equal(fake.taken_over_unplanned, 0);
    assert_non_null(strstr(fake.lines.bytes, "3 regions are served, 3 of them taken over"));
    fake_reset();
}

/* The keeper is gone, programs have the sections; one of them attached through the catalog, or none of them did. */
static void what_programs_alone_hold_is_planned_for_where_they_have_the_catalog_and_found_where_not(
    void **state)
{
    (void)state;
    for (unsigned with_catalog = 0; with_catalog < 2; with_catalog++) {
        test_host host = {.stop_after = 1};
        fake_reset();
        fake.clients_hold_sections = true;
        fake.clients_hold_catalog = with_catalog;
        serve_and_die(THREE_REGIONS);
        for (unsigned place = 0; place < PLATFORM_KEEPERS; place++)
            fake_end_keeper(place);
        fake.config = THREE_REGIONS;
        assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
        assert_int_equal(fake.taken_over, 3);
        assert_int_equal(fake.taken_over_unplanned, with_catalog ? 0 : 3);
    }
    fake_reset();
}

/* Its name stands in a namespace that ends with the last process that has it open. */
static void a_private_region_is_reached_again_after_a_broker_killed_at_any_call_of_the_next_start(
    void **state)
{
    (void)state;
    unsigned at = 1;
    for (; at < MOST_CALLS; at++) {
        fake_reset();
        serve_and_die(PRIVATE_REGION);
        char name[PLATFORM_NAME];
        assert_non_null(fake.sections);
        snprintf(name, sizeof name, "%s", fake.sections->name);
        unsigned serial = serial_of(name);
        assert_int_equal(strncmp(name, "ShmBroker.Private.", 18), 0);
        bool killed = run_killed(PRIVATE_REGION, at);
        assert_int_equal(serial_of(name), serial);
        assert_null(fake.violation);
        if (!killed)
            break;
        assert_serves_and_goes(PRIVATE_REGION);
        assert_int_equal(fake.sections_made, 1);
    }
    assert_true(at > 10 && at < MOST_CALLS);
    fake_reset();
}

/* Two deaths in a row, at every pair of calls, then a broker that lives. */
static void two_brokers_killed_at_any_calls_lose_nothing_and_leave_nothing(void **state)
{
    (void)state;
    for (unsigned first = 1; first < MOST_CALLS; first++) {
        bool killed = true;
        for (unsigned second = 1; killed && second < MOST_CALLS; second += 3) {
            fake_reset();
            serve_and_die(THREE_REGIONS);
            unsigned a = serial_of("Global\\A");
            if (!run_killed(THREE_REGIONS, first))
                return;
            killed = run_killed(THREE_REGIONS, second);
            assert_int_equal(serial_of("Global\\A"), a);
            assert_true(fake_living_keepers() >= 1);
            assert_serves_and_goes(THREE_REGIONS);
        }
    }
}

static void what_is_declared_otherwise_gives_way_and_the_rest_stays(void **state)
{
    (void)state;
    for (unsigned at = 1; at < MOST_CALLS; at++) {
        fake_reset();
        serve_and_die(THREE_REGIONS);
        unsigned a = serial_of("Global\\A"), c = serial_of("Local\\C");
        bool killed = run_killed(OTHER_REGIONS, at);
        assert_int_equal(serial_of("Global\\A"), a);
        if (!killed) {
            assert_int_not_equal(serial_of("Local\\C"), c);
            assert_int_equal(serial_of("Global\\B"), 0);
            assert_int_equal(fake_living_keepers(), 1);
            assert_int_equal(fake_kept_sections(), 2);
            assert_serves_and_goes(OTHER_REGIONS);
            return;
        }
        assert_serves_and_goes(OTHER_REGIONS);
    }
    fail_msg("the broker never ended");
}

static void stopping_with_keep_leaves_all_in_one_keeper(void **state)
{
    test_host host = {.stop_after = 1, .keeps = true};
    (void)state;
    fake.config = THREE_REGIONS;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    unsigned a = serial_of("Global\\A");
    assert_int_equal(fake_living_keepers(), 1);
    assert_int_equal(fake_kept_sections(), 3);
    assert_int_equal(fake_open_things(), 0);
    host = (test_host){.stop_after = 1, .keeps = true};
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_int_equal(serial_of("Global\\A"), a);
    assert_int_equal(fake_living_keepers(), 1);
    assert_int_equal(fake_kept_sections(), 3);
    assert_serves_and_goes(THREE_REGIONS);
}

static void a_start_that_fails_leaves_the_earlier_keeper(void **state)
{
    test_host host = {0};
    (void)state;
    serve_and_die(THREE_REGIONS);
    unsigned a = serial_of("Global\\A");
    fake.config = "version: 1\nregions: 7\n";
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_BAD_USAGE);
    assert_int_equal(serial_of("Global\\A"), a);
    assert_int_equal(fake_living_keepers(), 1);
    assert_serves_and_goes(THREE_REGIONS);
}

/* Call after call of the next start fails: whether it serves or not, nothing is lost. The start that serves is killed,
   for a stop would let go. */
static void a_start_in_which_any_call_fails_loses_nothing(void **state)
{
    (void)state;
    for (unsigned n = 1; n < MOST_CALLS; n++) {
        fake_reset();
        serve_and_die(THREE_REGIONS);
        const unsigned a = serial_of("Global\\A"), c = serial_of("Local\\C");
        fake.failed_call = NULL;
        fake.fail_at = fake.calls + n;
        run_killed_by(THREE_REGIONS, 0, die);
        fake.fail_at = 0;
        if (!fake.failed_call)
            return;
        if (serial_of("Global\\A") != a || serial_of("Local\\C") != c)
            fail_msg("what was kept is lost when %s, call %u, fails", fake.failed_call, n);
        assert_serves_and_goes(THREE_REGIONS);
    }
    fail_msg("%s", "there is no end to what may fail");
}

/* Fails `many` calls from each in turn of a start that follows a killed broker. Returns whether any was left to fail. */
static bool start_with_failures(unsigned n, unsigned many)
{
    test_host host = {.stop_after = 10, .keeps = true};
    fake_reset();
    serve_and_die(THREE_REGIONS);
    fake.failed_call = NULL;
    fake.fail_at = fake.calls + n;
    fake.fail_calls = many;
    const int code = run_broker(&host, NULL, "");
    fake.fail_at = 0;
    if (code == EXIT_OK && host.summary.failed == 0 &&
        (fake_living_keepers() != 1 || fake_kept_sections() != 3 || !fake_catalog_is_kept() ||
         fake.keepers_started < 2))
        fail_msg("%u keepers live, with %u sections, after %s, call %u of %u, failed", fake_living_keepers(),
                 fake_kept_sections(), fake.failed_call, n, many);
    const bool failed = fake.failed_call != NULL;
    assert_serves_and_goes(THREE_REGIONS);
    return failed;
}

static void a_start_that_serves_all_in_the_end_leaves_one_keeper_whatever_calls_failed(void **state)
{
    (void)state;
    for (unsigned many = 1; many <= 3; many++) {
        unsigned n = 1;
        while (n < MOST_CALLS && start_with_failures(n, many))
            n++;
        assert_true(n > 20 && n < MOST_CALLS);
    }
}

/* Once the earlier keeper is seen, the catalog gets no more memory. */
static void refuse_commits(const char *call)
{
    if (strcmp(call, "keepers-open") == 0)
        fake.fail_always = "catalog-commit";
}

static void a_start_that_fails_starts_no_keeper_and_leaves_the_earlier(void **state)
{
    static char many[65536]; /* regions, more than the catalog's first memory has room for */
    test_host host = {0};
    (void)state;
    serve_and_die(THREE_REGIONS);
    const unsigned a = serial_of("Global\\A");
    size_t used = (size_t)snprintf(many, sizeof many, "%s", THREE_REGIONS);
    for (unsigned i = 0; i < 400; i++)
        used += (size_t)snprintf(many + used, sizeof many - used,
                                 "  Another%u: { size: 1, description: %0100u }\n", i, i);
    fake.config = many;
    fake.on_call = refuse_commits;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_FAILED);
    assert_string_equal(fake.fail_always, "catalog-commit");
    fake.on_call = NULL;
    fake.fail_always = NULL;
    assert_int_equal(fake.keepers_started, 1);
    assert_int_equal(fake_living_keepers(), 1);
    assert_int_equal(serial_of("Global\\A"), a);
    assert_serves_and_goes(THREE_REGIONS);
}

/* ---- The keeper dies */

static void end_each_keeper(void)
{
    for (unsigned place = 0; place < PLATFORM_KEEPERS; place++)
        if (fake.keepers[place].lives)
            fake_end_keeper(place);
}

static void a_keeper_that_was_ended_is_started_again_with_all_that_it_had(void **state)
{
    test_host host = {.stop_after = 2, .on_ready = end_each_keeper, .keeps = true};
    (void)state;
    fake.config = THREE_REGIONS;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_int_equal(fake.keepers_started, 2);
    assert_int_equal(fake_living_keepers(), 1);
    assert_int_equal(fake_kept_sections(), 3);
    assert_true(fake_catalog_is_kept());
    assert_true(fake_has(&fake.events, "320 warning"));
    assert_serves_and_goes(THREE_REGIONS);
}

static const platform_catalog nothing_mapped = {.base = (uint8_t *)&fake};

/* A keeper on its own, that keeps nothing but the catalog. */
static void open_alone(keeper *k, broker_log *log)
{
    static const access_identity identity = {FAKE_OWNER, FAKE_BROKER};
    platform_kept nothing[1] = {0};
    const keeper_load none = {NULL, nothing, 0};
    keeper_open(k, "", &identity, &nothing_mapped, log);
    keeper_begin(k, &none);
}

static void a_keeper_that_dies_at_once_each_time_is_started_after_longer_and_longer_pauses(void **state)
{
    keeper k;
    const keeper_load none = {NULL, NULL, 0};
    platform_kept nothing[1] = {0};
    const keeper_load load = {none.sections, nothing, 0};
    (void)state;
    open_alone(&k, NULL);
    for (unsigned i = 0; i < 10000; i++) { /* 5000 s of heartbeats */
        end_each_keeper();
        fake.clock += 5000000;
        keeper_watch(&k, &load);
    }
    assert_true(fake.keepers_started > 50 && fake.keepers_started < 150);
    keeper_close(&k, KEEPER_ENDS);
    assert_int_equal(fake_open_things(), 0);
}

static void a_keeper_that_lived_long_is_started_again_at_once(void **state)
{
    keeper k;
    platform_kept nothing[1] = {0};
    const keeper_load load = {NULL, nothing, 0};
    (void)state;
    open_alone(&k, NULL);
    for (unsigned i = 1; i <= 20; i++) {
        fake.clock += 3000000000u; /* five minutes */
        end_each_keeper();
        keeper_watch(&k, &load);
        assert_int_equal(fake.keepers_started, 1 + i);
        assert_int_equal(fake_living_keepers(), 1);
    }
    keeper_close(&k, KEEPER_ENDS);
}

/* The section itself is safe meanwhile. */
static void a_namespace_that_could_not_be_kept_is_given_later(void **state)
{
    keeper k;
    platform_failure failure;
    platform_section_granted granted;
    platform_section *section;
    const platform_section_request request = {.object_name = "ALIAS\\P",
                                              .boundary = "S-1-5-32-545",
                                              .sddl = "D:P",
                                              .size = 1,
                                              .numa_node = CONFIG_NUMA_ANY};
    (void)state;
    open_alone(&k, NULL);
    assert_true(platform_section_create(&request, &section, &granted, &failure));
    fake.fail_always = "keeper-hold-namespaces";
    platform_kept kept = keeper_hold(&k, section);
    const keeper_load load = {&section, &kept, 1};
    assert_int_equal(fake_kept_sections(), 1);
    assert_false(keeper_has_all(&k));
    fake.fail_always = NULL;
    fake.clock += 10000000;
    keeper_watch(&k, &load);
    assert_true(keeper_has_all(&k));
    assert_true(fake.keepers[0].has_namespace[0]);
    assert_int_equal(fake_kept_sections(), 1);
    platform_section_close(section);
    keeper_close(&k, KEEPER_ENDS);
    assert_null(fake.violation);
}

static void a_broker_that_does_not_get_to_serve_ends_its_own_keeper_and_leaves_the_earlier(void **state)
{
    keeper earlier, own;
    (void)state;
    open_alone(&earlier, NULL);
    keeper_close(&earlier, KEEPER_STAYS);
    open_alone(&own, NULL);
    assert_int_equal(fake_living_keepers(), 2);
    keeper_close(&own, KEEPER_FAILED);
    assert_int_equal(fake_living_keepers(), 1);
    assert_true(fake.keepers[0].lives);
    fake_end_keeper(0);
    assert_int_equal(fake_open_things(), 0);
}

/* ---- Nothing is left */

static void created_and_retired_regions_leave_nothing_in_the_keeper(void **state)
{
    keeper k;
    platform_failure failure;
    platform_section_granted granted;
    platform_section *section;
    const platform_section_request request = {
        .object_name = "Global\\Cycle", .sddl = "D:P", .size = 1, .numa_node = CONFIG_NUMA_ANY};
    (void)state;
    open_alone(&k, NULL);
    for (unsigned i = 0; i < 200; i++) {
        assert_true(platform_section_create(&request, &section, &granted, &failure));
        platform_kept kept = keeper_hold(&k, section);
        assert_int_equal(fake_kept_sections(), 1);
        platform_section_close(section);
        assert_non_null(fake_find_section("Global\\Cycle"));
        keeper_release(&k, kept);
        assert_null(fake_find_section("Global\\Cycle"));
    }
    assert_int_equal(fake_kept_sections(), 0);
    assert_int_equal(fake.keepers_started, 1);
    keeper_close(&k, KEEPER_ENDS);
    assert_int_equal(fake_living_keepers(), 0);
    assert_null(fake.violation);
}

#define KEEPER_TEST(name) cmocka_unit_test_setup_teardown(name, new_machine, new_machine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KEEPER_TEST(what_was_served_outlives_a_broker_killed_at_any_call_of_the_next_start),
        KEEPER_TEST(a_start_plans_to_take_over_what_a_killed_broker_left),
        KEEPER_TEST(what_programs_alone_hold_is_planned_for_where_they_have_the_catalog_and_found_where_not),
        KEEPER_TEST(a_private_region_is_reached_again_after_a_broker_killed_at_any_call_of_the_next_start),
        KEEPER_TEST(two_brokers_killed_at_any_calls_lose_nothing_and_leave_nothing),
        KEEPER_TEST(what_is_declared_otherwise_gives_way_and_the_rest_stays),
        KEEPER_TEST(stopping_with_keep_leaves_all_in_one_keeper),
        KEEPER_TEST(a_start_that_fails_leaves_the_earlier_keeper),
        KEEPER_TEST(a_start_in_which_any_call_fails_loses_nothing),
        KEEPER_TEST(a_start_that_serves_all_in_the_end_leaves_one_keeper_whatever_calls_failed),
        KEEPER_TEST(a_start_that_fails_starts_no_keeper_and_leaves_the_earlier),
        KEEPER_TEST(a_keeper_that_was_ended_is_started_again_with_all_that_it_had),
        KEEPER_TEST(a_keeper_that_dies_at_once_each_time_is_started_after_longer_and_longer_pauses),
        KEEPER_TEST(a_keeper_that_lived_long_is_started_again_at_once),
        KEEPER_TEST(a_namespace_that_could_not_be_kept_is_given_later),
        KEEPER_TEST(a_broker_that_does_not_get_to_serve_ends_its_own_keeper_and_leaves_the_earlier),
        KEEPER_TEST(created_and_retired_regions_leave_nothing_in_the_keeper),
    };
    return cmocka_run_group_tests_name("keeper", tests, NULL, NULL);
}
