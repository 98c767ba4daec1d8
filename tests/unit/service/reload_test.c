/*
 * reload.c and desk.c: a running broker that is asked to go by another configuration, on the machine in memory.
 *
 * Whatever fails, each region that was served is afterwards as before or as declared; the catalog never has a region ready that
 * is not held; and the next reload finishes. Of regions that become other objects replacing_test.c has more.
 */
#include "broker_testing.h"

#define MOST_CALLS 400u

#define BEFORE                                                                                               \
    "version: 1\n"                                                                                           \
    "defaults: { access: { read: [Users] } }\n"                                                              \
    "regions:\n"                                                                                             \
    "  Gone: { size: 4 KiB }\n"                                                                              \
    "  Same: { size: 4 KiB }\n"                                                                              \
    "  Access: { size: 4 KiB }\n"                                                                            \
    "  Larger: { size: 4 KiB }\n"                                                                            \
    "  Words: { size: 4 KiB, description: before }\n"

#define AFTER                                                                                                \
    "version: 1\n"                                                                                           \
    "defaults: { access: { read: [Users] } }\n"                                                              \
    "regions:\n"                                                                                             \
    "  New: { size: 4 KiB }\n"                                                                               \
    "  Same: { size: 4 KiB }\n"                                                                              \
    "  Access: { size: 4 KiB, access: { write: [Users] } }\n"                                                \
    "  Larger: { size: 8 KiB }\n"                                                                            \
    "  Words: { size: 4 KiB, description: after }\n"

static test_host host;
static catalog_region region; /* large */
static bool lied;

static shmb_region_state state_of(const char *name)
{
    catalog_view view = fake_view();
    if (catalog_find(&view, name, strlen(name), &region) != CATALOG_OK)
        return (shmb_region_state)0;
    return (shmb_region_state)region.state;
}

static const catalog_reload *reload_now(void)
{
    static catalog_reload reload;
    catalog_view view = fake_view();
    assert_int_equal(catalog_read_reload(&view, &reload), CATALOG_OK);
    return &reload;
}

static void ask_for(control_command command, uint64_t argument)
{
    assert_true(control_request_make(&fake.asked, command, argument, NULL));
}

static void look(const char *call)
{
    (void)call;
    lied = lied || fake_catalog_lies();
}

static void begin(const char *config, void (*on_wait)(unsigned wait), unsigned waits)
{
    fake_reset();
    fake.config = config;
    lied = false;
    host = (test_host){.on_wait = on_wait, .stop_after = waits};
}

static void end(int code)
{
    assert_int_equal(run_broker(&host, NULL, ""), code);
    assert_int_equal(fake_open_things(), 0);
    assert_null(fake.violation);
    assert_false(lied);
}

static void assert_as_declared_after(void)
{
    assert_int_equal(state_of("Gone"), SHMB_REGION_RETIRED);
    assert_int_equal(state_of("New"), SHMB_REGION_READY);
    assert_int_equal(state_of("Same"), SHMB_REGION_READY);
    assert_int_equal(region.generation, 1);
    assert_int_equal(state_of("Access"), SHMB_REGION_READY);
    assert_int_equal(region.generation, 1);
    assert_non_null(strstr(fake_section_sddl("Global\\Access"), "0x20007"));
    assert_int_equal(state_of("Larger"), SHMB_REGION_READY);
    assert_in_range(region.generation, 2, 3); /* 3, when it had to be had again before */
    assert_int_equal(region.size, 8192);
    assert_int_equal(state_of("Words"), SHMB_REGION_READY);
    assert_string_equal(region.description, "after");
    assert_int_equal(fake.open_sections, 5);
}

/* ---- What is asked for */

static void reload_once(unsigned wait)
{
    if (wait == 0) {
        fake.config = AFTER;
        ask_for(CONTROL_RELOAD, 0);
    } else if (wait == 1) {
        assert_as_declared_after();
        assert_true(reload_now()->ended > 0 && reload_now()->begun);
        assert_int_equal(reload_now()->code, 0);
        assert_int_equal(reload_now()->counts[SHMB_RELOAD_REPLACED], 1);
        assert_int_equal(reload_now()->counts[SHMB_RELOAD_KEPT], 1);
    }
}

static void a_reload_makes_what_exists_what_is_declared(void **state)
{
    (void)state;
    begin(BEFORE, reload_once, 2);
    end(EXIT_OK);
    assert_true(fake_has(&fake.answered,
                         "done 0 2 created, 1 secured, 1 updated, 1 replaced, 1 retired, 1 unchanged\n"));
    assert_false(fake_has(&fake.answered, "Same"));
    assert_true(fake_has(&fake.events, "5 info 2 created"));
}

static void by_the_service_manager(unsigned wait)
{
    if (wait == 0) {
        fake.config = AFTER;
        host.reloads = true;
    } else if (wait == 1) {
        assert_as_declared_after();
    }
}

static void the_service_manager_may_ask_for_it_too(void **state)
{
    (void)state;
    begin(BEFORE, by_the_service_manager, 2);
    end(EXIT_OK);
    assert_true(fake_has(&fake.events, "5 info 2 created"));
}

static void reload_the_same(unsigned wait)
{
    static unsigned calls;
    if (wait == 0)
        ask_for(CONTROL_RELOAD, 0);
    if (wait == 1) {
        calls = fake.sections_made;
        ask_for(CONTROL_RELOAD, 0);
    }
    if (wait == 2)
        assert_int_equal(fake.sections_made, calls);
}

static void a_reload_of_the_same_does_nothing(void **state)
{
    (void)state;
    begin(BEFORE, reload_the_same, 3);
    end(EXIT_OK);
    assert_string_equal(fake.answered.bytes, "done 0 5 unchanged\ndone 0 5 unchanged\n");
}

static void reload_a_bad_one(unsigned wait)
{
    if (wait == 0) {
        fake.config = "version: 1\nregions: { A: { size: nothing } }\n";
        ask_for(CONTROL_RELOAD, 0);
    } else if (wait == 1) {
        assert_int_equal(fake.open_sections, 5);
        assert_int_equal(state_of("Gone"), SHMB_REGION_READY);
        assert_int_equal(reload_now()->code, EXIT_BAD_USAGE);
        assert_false(reload_now()->begun);
        assert_non_null(strstr(reload_now()->text, "nothing is changed: "));
    }
}

static void a_bad_configuration_changes_nothing_and_is_told(void **state)
{
    (void)state;
    begin(BEFORE, reload_a_bad_one, 2);
    end(EXIT_OK);
    assert_true(fake_has(&fake.answered, "error: regions.A.size"));
    assert_true(fake_has(&fake.answered, "done 2 nothing is changed: "));
    assert_true(fake_has(&fake.events, "200 error "));
    assert_true(fake_has(&fake.events, "202 error nothing is changed: "));
}

static void reload_another_plan(unsigned wait)
{
    if (wait == 0) {
        fake.config = AFTER;
        ask_for(CONTROL_RELOAD, 12345);
    } else if (wait == 1) {
        assert_int_equal(state_of("Gone"), SHMB_REGION_READY);
    }
}

static void what_nobody_has_seen_is_not_done(void **state)
{
    (void)state;
    begin(BEFORE, reload_another_plan, 2);
    end(EXIT_OK);
    assert_true(fake_has(&fake.answered,
                         "done 1 nothing is changed: the configuration, or what is served, has "
                         "changed since the plan was shown"));
}

static void reload_without_memory(unsigned wait)
{
    if (wait == 0) {
        fake.config = AFTER;
        fake.commit_available = 4096;
        ask_for(CONTROL_RELOAD, 0);
    } else if (wait == 1) {
        assert_int_equal(state_of("Larger"), SHMB_REGION_READY);
        assert_int_equal(region.size, 4096);
    }
}

static void too_little_memory_changes_nothing(void **state)
{
    (void)state;
    begin(BEFORE, reload_without_memory, 2);
    end(EXIT_OK);
    assert_true(fake_has(&fake.answered, "done 1 nothing is changed: the regions need"));
}

/* ---- Names that programs hold */

static void reload_what_clients_hold(unsigned wait)
{
    if (wait == 0) {
        fake.config = AFTER;
        fake.clients_hold_sections = true;
        ask_for(CONTROL_RELOAD, 0);
    } else if (wait == 3) {
        assert_int_equal(state_of("Larger"), SHMB_REGION_PENDING);
        assert_string_equal(region.reason, "programs have the earlier Global\\Larger open");
        fake_let_sections_go();
    } else if (wait == 5) {
        fake.clients_hold_sections = false;
        assert_as_declared_after();
    }
}

static void what_programs_hold_is_replaced_when_they_let_go(void **state)
{
    (void)state;
    begin(BEFORE, reload_what_clients_hold, 6);
    end(EXIT_OK);
    assert_true(fake_has(&fake.answered, "1 unchanged, 1 awaited\n"));
    assert_true(fake_has(&fake.events, "2 info 1 awaited region is served now"));
}

/* ---- Files that are too short for what is declared now */

#define IN_A_FILE(size)                                                                                      \
    "version: 1\n"                                                                                           \
    "regions: { A: { size: " size ", backing: { file: a }, access: { read: [Users] } } }\n"

static void reload_to_more_than_the_file(unsigned wait)
{
    if (wait == 0) {
        fake.config = IN_A_FILE("8 KiB");
        fake.backing_bytes = 4096;
        ask_for(CONTROL_RELOAD, 0);
    } else if (wait == 1) {
        assert_int_equal(state_of("A"), SHMB_REGION_READY);
        assert_int_equal(region.size, 4096);
        assert_int_equal(region.generation, 1);
        assert_non_null(strstr(reload_now()->text, "1 refused\nA: its backing file"));
        fake.backing_bytes = 8192;
        ask_for(CONTROL_RELOAD, 0);
    } else if (wait == 2) {
        assert_int_equal(state_of("A"), SHMB_REGION_READY);
        assert_int_equal(region.size, 8192);
    }
}

static void a_region_is_served_as_before_until_its_file_is_large_enough(void **state)
{
    (void)state;
    begin(IN_A_FILE("4 KiB"), reload_to_more_than_the_file, 3);
    end(EXIT_OK);
    assert_true(fake_has(&fake.answered, "done 1 1 refused: not every region is as declared"));
}

/* ---- The desk */

static void hello_by_a_stranger(unsigned wait)
{
    fake.asked_by_stranger = true;
    if (wait < 3)
        ask_for((control_command)(CONTROL_HELLO + wait), 0);
}

static void a_stranger_gets_nothing_done(void **state)
{
    (void)state;
    begin(BEFORE, hello_by_a_stranger, 4);
    end(EXIT_OK);
    const char *denied =
        "done 3 this is for administrators: use an elevated console (Run as administrator)\n";
    char all[400];
    snprintf(all, sizeof all, "%s%s%s", denied, denied, denied);
    assert_string_equal(fake.answered.bytes, all);
}

static void ask_what_there_is(unsigned wait)
{
    if (wait < 2)
        ask_for((control_command)(CONTROL_HELLO + wait), 0);
}

static void the_desk_says_what_there_is(void **state)
{
    (void)state;
    begin(BEFORE, ask_what_there_is, 3);
    end(EXIT_OK);
    assert_true(fake_has(&fake.answered, "0 " FAKE_OWNER ": X:\\ShmBroker\\shmbroker.yaml\ndone 0 \n"));
    assert_true(fake_has(&fake.answered, "0 Same: Global\\Same\n"));
}

static void refuse_the_pipe_at_first(unsigned wait)
{
    if (wait == 3)
        fake.fail_always = NULL;
    if (wait == 12) /* at half a second each */
        ask_for(CONTROL_HELLO, 0);
}

static void a_pipe_that_could_not_be_opened_is_tried_again(void **state)
{
    (void)state;
    begin(BEFORE, refuse_the_pipe_at_first, 14);
    fake.fail_always = "control-open";
    end(EXIT_OK);
    assert_true(fake_has(&fake.events, "302 warning "));
    assert_true(fake_has(&fake.events, "the control pipe is open"));
    assert_true(fake_has(&fake.answered, "0 " FAKE_OWNER ": X:\\ShmBroker\\shmbroker.yaml\ndone 0 \n"));
}

/* ---- Faults */

static unsigned fault; /* this call behind the first reload's begin fails */
static unsigned faults;

/* Each region that was there is as before or as declared; and what is ready is held (look). */
static void check_between(void)
{
    static const char *const names[] = {"Gone", "New", "Same", "Access", "Larger", "Words"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (state_of(names[i]) == SHMB_REGION_READY)
            assert_true(fake_section_is_open(region.object_name));
    assert_int_equal(state_of("Same"), SHMB_REGION_READY);
    assert_int_equal(region.generation, 1);
    assert_int_equal(state_of("Access"), SHMB_REGION_READY);
    if (faults > 1 &&
        state_of("Larger") == SHMB_REGION_BROKEN) /* neither the one nor the other could be made */
        assert_non_null(strstr(region.reason, "cannot be had again"));
    else
        assert_int_equal(state_of("Larger"), SHMB_REGION_READY);
}

static void reload_with_a_fault(unsigned wait)
{
    if (wait == 0) {
        fake.config = AFTER;
        fake.on_call = look;
        fake.failed_call = NULL;
        fake.fail_at = fake.calls + fault;
        fake.fail_calls = faults;
        ask_for(CONTROL_RELOAD, 0);
    } else if (wait == 1) {
        fake.fail_at = 0;
        check_between();
        ask_for(CONTROL_RELOAD, 0);
    } else if (wait == 2) {
        assert_as_declared_after();
        fake.on_call = NULL;
    }
}

static unsigned fail_each(unsigned many)
{
    for (fault = 1; fault < MOST_CALLS; fault++) {
        faults = many;
        begin(BEFORE, reload_with_a_fault, 3);
        end(EXIT_OK);
        if (!fake.failed_call)
            return fault - 1;
    }
    fail_msg("no end of calls");
    return 0;
}

static void each_call_of_a_reload_fails_and_the_next_reload_finishes(void **state)
{
    (void)state;
    assert_true(fail_each(1) > 6);
}

static void each_call_fails_with_the_next_ones(void **state)
{
    (void)state;
    assert_true(fail_each(2) > 6);
    assert_true(fail_each(MOST_CALLS) > 6);
}

static int last(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

#define RELOAD_TEST(function) cmocka_unit_test_teardown(function, last)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RELOAD_TEST(a_reload_makes_what_exists_what_is_declared),
        RELOAD_TEST(the_service_manager_may_ask_for_it_too),
        RELOAD_TEST(a_reload_of_the_same_does_nothing),
        RELOAD_TEST(a_bad_configuration_changes_nothing_and_is_told),
        RELOAD_TEST(what_nobody_has_seen_is_not_done),
        RELOAD_TEST(too_little_memory_changes_nothing),
        RELOAD_TEST(what_programs_hold_is_replaced_when_they_let_go),
        RELOAD_TEST(a_region_is_served_as_before_until_its_file_is_large_enough),
        RELOAD_TEST(a_stranger_gets_nothing_done),
        RELOAD_TEST(the_desk_says_what_there_is),
        RELOAD_TEST(a_pipe_that_could_not_be_opened_is_tried_again),
        RELOAD_TEST(each_call_of_a_reload_fails_and_the_next_reload_finishes),
        RELOAD_TEST(each_call_fails_with_the_next_ones),
    };
    return cmocka_run_group_tests_name("reload", tests, NULL, NULL);
}
