/*
 * drain.c and holders.c: regions that are declared no more and that programs still have open, on the machine in memory.
 */
#include "broker_testing.h"

#define WRITE_DAC 0x40000u

#define HEAD "version: 1\ndefaults: { access: { read: [Users] }, drain: 2 s }\nregions:\n"
#define BOTH HEAD "  Stays: { size: 4 KiB }\n  Goes: { size: 4 KiB }\n"
#define ONE  HEAD "  Stays: { size: 4 KiB }\n"

static test_host host;
static catalog_region region; /* large */

static shmb_region_state state_of(const char *name)
{
    catalog_view view = fake_view();
    if (catalog_find(&view, name, strlen(name), &region) != CATALOG_OK)
        return (shmb_region_state)0;
    return (shmb_region_state)region.state;
}

static void ask_for(control_command command, const char *name)
{
    assert_true(control_request_make(&fake.asked, command, 0, name));
}

static void reload_to(const char *config)
{
    fake.config = config;
    ask_for(CONTROL_RELOAD, NULL);
}

static void run(const char *config, void (*on_wait)(unsigned wait), unsigned waits)
{
    fake_reset();
    fake.config = config;
    host = (test_host){.on_wait = on_wait, .stop_after = waits};
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_int_equal(fake_open_things(), 0);
    assert_null(fake.violation);
}

/* ---- Until the last program lets go */

static void let_go_later(unsigned wait)
{
    if (wait == 0) {
        fake.programs = 1;
        fake.holders = "4712 peer.exe";
        reload_to(ONE);
    } else if (wait == 2) {
        assert_int_equal(state_of("Goes"), SHMB_REGION_RETIRING);
        assert_true(region.until > region.changed);
        assert_string_equal(region.holders, "4712 peer.exe");
        assert_true(fake_section_is_open("Global\\Goes"));
        fake.programs = 0;
    } else if (wait == 3) {
        assert_int_equal(state_of("Goes"), SHMB_REGION_RETIRED);
        assert_string_equal(region.reason, "");
        assert_int_equal(region.until, 0);
        assert_false(fake_section_is_open("Global\\Goes"));
        assert_int_equal(state_of("Stays"), SHMB_REGION_READY);
    }
}

static void a_region_goes_when_the_last_program_has_let_go_of_it(void **state)
{
    (void)state;
    run(BOTH, let_go_later, 4);
    assert_true(fake_has(&fake.answered, "done 0 1 retiring, 1 unchanged"));
}

static void nobody_has_it(unsigned wait)
{
    if (wait == 0)
        reload_to(ONE);
    else
        assert_int_equal(state_of("Goes"), SHMB_REGION_RETIRED);
}

static void what_nobody_has_open_goes_at_once(void **state)
{
    (void)state;
    run(BOTH, nobody_has_it, 2);
    assert_true(fake_has(&fake.answered, "done 0 1 retired, 1 unchanged"));
}

static void hold_on(unsigned wait)
{
    if (wait == 0) {
        fake.programs = 2;
        fake.holders = "4712 peer.exe\n4713 other.exe";
        reload_to(ONE);
    } else if (wait == 2) {
        assert_int_equal(state_of("Goes"), SHMB_REGION_RETIRING);
    } else if (wait == 8) { /* more than two seconds on */
        assert_int_equal(state_of("Goes"), SHMB_REGION_RETIRED);
        assert_non_null(strstr(region.reason, "4712 peer.exe,4713 other.exe"));
        assert_false(fake_section_is_open("Global\\Goes"));
        fake.programs = 0;
        fake_let_sections_go();
    }
}

static void after_its_time_the_broker_lets_go_and_says_who_has_it_still(void **state)
{
    (void)state;
    run(BOTH, hold_on, 9);
    assert_true(fake_has(&fake.events, "101 warning region Goes is let go: its time to drain was up"));
}

static void declare_it_again(unsigned wait)
{
    if (wait == 0) {
        fake.programs = 1;
        reload_to(ONE);
    } else if (wait == 1) {
        assert_int_equal(state_of("Goes"), SHMB_REGION_RETIRING);
        reload_to(ONE); /* it is left to go */
    } else if (wait == 2) {
        assert_int_equal(state_of("Goes"), SHMB_REGION_RETIRING);
        reload_to(BOTH);
    } else {
        assert_int_equal(state_of("Goes"), SHMB_REGION_READY);
        assert_int_equal(region.generation, 1);
        assert_int_equal(region.until, 0);
        if (wait == 9)
            fake.programs = 0;
    }
}

static void declared_again_in_time_it_is_served_again_with_its_bytes(void **state)
{
    (void)state;
    run(BOTH, declare_it_again, 10);
}

static void without_patience(unsigned wait)
{
    if (wait == 0) {
        fake.programs = 1;
        reload_to(ONE);
    } else {
        assert_int_equal(state_of("Goes"), SHMB_REGION_RETIRED);
        fake.programs = 0;
        fake_let_sections_go();
    }
}

static void without_patience_it_goes_at_once(void **state)
{
    (void)state;
    run(HEAD "  Stays: { size: 4 KiB }\n  Goes: { size: 4 KiB, drain: 0 }\n", without_patience, 2);
}

static void give_its_file_away(unsigned wait)
{
    if (wait == 0) {
        fake.programs = 1;
        reload_to(HEAD "  New: { size: 4 KiB, backing: { file: a.shm } }\n");
    } else {
        assert_int_equal(state_of("Goes"), SHMB_REGION_RETIRED);
        assert_int_equal(state_of("New"), SHMB_REGION_READY);
        fake.programs = 0;
        fake_let_sections_go();
    }
}

static void it_does_not_stay_when_another_gets_its_file(void **state)
{
    (void)state;
    run(HEAD "  Goes: { size: 4 KiB, backing: { file: a.shm } }\n", give_its_file_away, 2);
}

static void stop_meanwhile(unsigned wait)
{
    if (wait == 0) {
        fake.programs = 1;
        reload_to(ONE);
    } else {
        assert_int_equal(state_of("Goes"), SHMB_REGION_RETIRING);
        fake.clients_hold_catalog = true;
    }
}

static void a_stop_waits_for_nobody(void **state)
{
    (void)state;
    run(BOTH, stop_meanwhile, 1);
    assert_int_equal(state_of("Goes"), SHMB_REGION_RETIRED);
}

/* ---- By those who may */

static void retire_by_a_manager(unsigned wait)
{
    fake.asked_by_stranger = true;
    if (wait == 0) {
        ask_for(CONTROL_RETIRE, "Goes");
    } else if (wait == 1) {
        assert_int_equal(state_of("Goes"), SHMB_REGION_READY); /* he may not */
        fake.stranger_may = WRITE_DAC;
        ask_for(CONTROL_RETIRE, "Goes");
    } else if (wait == 2) {
        assert_int_equal(state_of("Goes"), SHMB_REGION_RETIRED);
        assert_non_null(strstr(region.reason, "MACHINE\\anna had it retired"));
        fake.asked_by_stranger = false;
        reload_to(BOTH);
    } else if (wait == 3) {
        assert_int_equal(state_of("Goes"), SHMB_REGION_READY);
        assert_int_equal(region.generation, 2);
        ask_for(CONTROL_RETIRE, "Nobody");
    }
}

static void who_may_manage_it_may_have_it_retired_until_the_next_reload(void **state)
{
    (void)state;
    run(BOTH, retire_by_a_manager, 4);
    const char *all = fake.answered.bytes;
    assert_non_null(strstr(all, "done 3 this account may not retire region Goes"));
    assert_non_null(strstr(all, "done 0 region Goes is retired\n"));
    assert_non_null(strstr(all, "done 5 the broker does not serve a region Nobody"));
}

/* ---- Who has what is awaited */

static void replace_what_is_held(unsigned wait)
{
    if (wait == 0) {
        fake.programs = 1;
        fake.holders = "4712 peer.exe";
        reload_to(HEAD "  Stays: { size: 4 KiB }\n  Goes: { size: 8 KiB }\n");
    } else if (wait == 1) { /* the reload itself looked */
        assert_int_equal(state_of("Goes"), SHMB_REGION_PENDING);
        assert_string_equal(region.holders, "4712 peer.exe");
        fake.programs = 0;
        fake_let_sections_go();
    } else if (wait == 4) {
        assert_int_equal(state_of("Goes"), SHMB_REGION_READY);
        assert_int_equal(region.generation, 2);
        assert_string_equal(region.holders, "");
    }
}

static void who_keeps_a_replacement_waiting_is_told(void **state)
{
    (void)state;
    run(BOTH, replace_what_is_held, 5);
}

/* Each heartbeat has time for one of them: the reload itself has looked at all. */
static void replace_all_that_are_held(unsigned wait)
{
    if (wait == 0) {
        fake.programs = 1;
        fake.holders = "4712 peer.exe";
        reload_to(HEAD "  Stays: { size: 8 KiB }\n  Goes: { size: 8 KiB }\n");
    } else if (wait == 1) {
        assert_int_equal(state_of("Goes"), SHMB_REGION_PENDING);
        assert_string_equal(region.holders, "4712 peer.exe");
        assert_int_equal(state_of("Stays"), SHMB_REGION_PENDING);
        assert_string_equal(region.holders, "4712 peer.exe");
        fake.programs = 0;
        fake_let_sections_go();
    }
}

static void a_reload_has_seen_who_has_what_it_makes_wait(void **state)
{
    (void)state;
    run(BOTH, replace_all_that_are_held, 3);
}

static int last(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

#define DRAIN_TEST(function) cmocka_unit_test_teardown(function, last)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DRAIN_TEST(a_region_goes_when_the_last_program_has_let_go_of_it),
        DRAIN_TEST(what_nobody_has_open_goes_at_once),
        DRAIN_TEST(after_its_time_the_broker_lets_go_and_says_who_has_it_still),
        DRAIN_TEST(declared_again_in_time_it_is_served_again_with_its_bytes),
        DRAIN_TEST(without_patience_it_goes_at_once),
        DRAIN_TEST(it_does_not_stay_when_another_gets_its_file),
        DRAIN_TEST(a_stop_waits_for_nobody),
        DRAIN_TEST(who_may_manage_it_may_have_it_retired_until_the_next_reload),
        DRAIN_TEST(who_keeps_a_replacement_waiting_is_told),
        DRAIN_TEST(a_reload_has_seen_who_has_what_it_makes_wait),
    };
    return cmocka_run_group_tests_name("drain", tests, NULL, NULL);
}
