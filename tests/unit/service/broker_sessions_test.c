/* broker.c: regions that each session has for itself, as sessions come and go while it runs. */
#include "broker_testing.h"

#define OWN_OF(session) "Global\\ShmBroker.Session." #session ".Own"

static catalog_region region; /* large */
static session_queue events;
static test_host host;

static int new_machine(void **state)
{
    (void)state;
    fake_reset();
    memset(&events, 0, sizeof events);
    host = (test_host){.stop_after = 8, .sessions = &events};
    fake.own_session = 1;
    fake.sessions[0] = 1;
    fake.config = "version: 1\n"
                  "defaults: { access: { read: [Users] } }\n"
                  "regions:\n"
                  "  Shared: { size: 64 KiB }\n"
                  "  Own: { size: 4 KiB, namespace: session, description: 'one each' }\n";
    return 0;
}

static int closed_machine(void **state)
{
    (void)state;
    assert_int_equal(fake_open_things(), 0);
    assert_null(fake.violation);
    fake_reset();
    return 0;
}

static shmb_region_state state_of(const char *name)
{
    catalog_view view = fake_view();
    if (catalog_find(&view, name, strlen(name), &region) != CATALOG_OK)
        return 0;
    return (shmb_region_state)region.state;
}

static void tell(uint32_t type, uint32_t session)
{
    const session_event event = session_event_of(type, session);
    session_queue_put(&events, &event);
}

#define LOGON  5u
#define LOGOFF 6u

static void look_at_session_1(void)
{
    assert_int_equal(state_of("Own\\1"), SHMB_REGION_READY);
    assert_string_equal(region.object_name, OWN_OF(1));
    assert_string_equal(region.description, "one each");
    assert_true((region.flags & SHMB_FLAG_SESSION) != 0);
    assert_int_equal(state_of("Shared"), SHMB_REGION_READY);
    assert_int_equal(region.flags & SHMB_FLAG_SESSION, 0);
    assert_int_equal(state_of("Own"), 0); /* the declaration is no region */
}

static void each_session_has_its_instance_when_the_broker_is_ready(void **state)
{
    (void)state;
    host.on_ready = look_at_session_1;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_int_equal(host.summary.regions, 2);
    assert_false(fake_section_is_open(OWN_OF(1)));
}

static void a_broker_in_a_console_serves_its_own_session(void **state)
{
    (void)state;
    host.sessions = NULL;
    host.on_ready = look_at_session_1;
    fake.sessions[0] = 7;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_false(fake_has(&fake.trace, OWN_OF(7)));
}

static void look_for_no_instance(void)
{
    assert_int_equal(host.summary.regions, 1);
}

static void session_0_has_no_instance(void **state)
{
    (void)state;
    host.sessions = NULL;
    host.on_ready = look_for_no_instance;
    fake.own_session = 0;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
}

static void come_and_go(unsigned wait)
{
    switch (wait) {
    case 0:
        tell(LOGON, 2);
        break;
    case 1:
        assert_int_equal(state_of("Own\\2"), SHMB_REGION_READY);
        assert_int_equal(region.generation, 1);
        tell(2, 2); /* disconnected */
        tell(7, 2); /* locked */
        tell(1, 1); /* the other one is at the console */
        break;
    case 2:
        assert_int_equal(state_of("Own\\2"), SHMB_REGION_READY);
        assert_int_equal(region.generation, 1);
        tell(LOGOFF, 2);
        tell(LOGOFF, 2);
        tell(LOGOFF, 77);
        break;
    case 3:
        assert_int_equal(state_of("Own\\2"), SHMB_REGION_RETIRED);
        assert_false(fake_section_is_open(OWN_OF(2)));
        assert_int_equal(state_of("Own\\77"), 0);
        break;
    default:
        break;
    }
    assert_int_equal(state_of("Own\\1"), SHMB_REGION_READY);
    assert_int_equal(state_of("Shared"), SHMB_REGION_READY);
    assert_int_equal(region.generation, 1);
}

static void instances_come_and_go_with_their_sessions(void **state)
{
    (void)state;
    host.on_wait = come_and_go;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_true(fake_has(&fake.events, "30 info sessions now: 2; regions made: 1, let go: 0, failed: 0"));
    assert_true(fake_has(&fake.events, "30 info sessions now: 1; regions made: 0, let go: 1, failed: 0"));
}

static void ask_between(unsigned wait)
{
    if (wait == 1)
        tell(LOGON, 2);
    if (wait == 0 || wait == 2)
        assert_true(control_request_make(&fake.asked, CONTROL_HELLO, 0, NULL));
    if (wait == 3)
        tell(LOGOFF, 1);
    if (wait == 4)
        assert_true(control_request_make(&fake.asked, CONTROL_HELLO, 0, NULL));
}

/* Plans are made of them by another process. */
static void hello_tells_the_sessions_that_there_are(void **state)
{
    (void)state;
    host.on_wait = ask_between;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_true(fake_has(&fake.answered, "session 1\ndone 0 \n"));
    assert_true(fake_has(&fake.answered, "session 1\nsession 2 fresh\ndone 0 \n"));
    assert_true(fake_has(&fake.answered, "shmbroker.yaml\nsession 2 fresh\ndone 0 \n"));
}

/* The next plan may be of a configuration that has some. */
static void hello_tells_them_also_without_such_regions(void **state)
{
    (void)state;
    fake.config = "version: 1\nregions:\n  Shared: { size: 4 KiB, access: { read: [Users] } }\n";
    host.on_wait = ask_between;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_true(fake_has(&fake.answered, "session 1\ndone 0 \n"));
    assert_true(fake_has(&fake.answered, "session 1\nsession 2 fresh\ndone 0 \n"));
    assert_false(fake_has(&fake.events, "sessions now"));
}

/* Windows uses a session's number again; the bytes of the one before are not the next one's. */
static void use_number_again(unsigned wait)
{
    if (wait == 0)
        tell(LOGON, 2);
    if (wait == 1) {
        tell(LOGOFF, 2); /* both before the broker looks */
        tell(LOGON, 2);
    }
    if (wait == 2) {
        assert_int_equal(state_of("Own\\2"), SHMB_REGION_READY);
        assert_int_equal(region.generation, 2);
    }
}

static void a_number_that_is_used_again_gets_another_object(void **state)
{
    (void)state;
    host.on_wait = use_number_again;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
}

static void hold_while_number_is_used_again(unsigned wait)
{
    fake.clients_hold_sections = wait < 4;
    if (wait < 2)
        use_number_again(wait);
    if (wait == 2 || wait == 3) {
        assert_int_equal(state_of("Own\\2"), SHMB_REGION_PENDING);
        assert_non_null(strstr(region.reason, "programs have the earlier"));
    }
    if (wait == 4)
        fake_let_sections_go();
    if (wait == 5)
        assert_int_equal(state_of("Own\\2"), SHMB_REGION_READY);
}

static void an_object_of_the_session_before_is_not_handed_on(void **state)
{
    (void)state;
    host.on_wait = hold_while_number_is_used_again;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
}

static void the_next_broker_goes_on_with_the_instances(void **state)
{
    (void)state;
    fake.clients_hold_sections = true;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    host.on_ready = look_at_session_1;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_true(fake_has(&fake.events, "2 info 2 regions are served, 2 of them taken over"));
    fake.clients_hold_sections = false;
}

static void add_while_starting(void)
{
    fake.sessions[1] = 3; /* nobody tells the broker before it is ready */
}

static void look_for_session_3(unsigned wait)
{
    if (wait == 0)
        assert_int_equal(state_of("Own\\3"), SHMB_REGION_READY);
}

static void what_came_while_the_broker_started_is_not_missed(void **state)
{
    (void)state;
    host.on_ready = add_while_starting;
    host.on_wait = look_for_session_3;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
}

static void lose_events(unsigned wait)
{
    if (wait == 0) {
        for (uint32_t i = 0; i < SESSION_QUEUE; i++)
            tell(LOGON, 100 + i);
        tell(LOGON, 5);
        fake.sessions[0] = 5; /* what there is in the end */
    }
    if (wait == 1) {
        assert_int_equal(state_of("Own\\5"), SHMB_REGION_READY);
        assert_int_equal(state_of("Own\\1"), SHMB_REGION_RETIRED);
        assert_int_equal(state_of("Own\\100"), 0);
    }
}

static void after_lost_events_the_sessions_are_listed_anew(void **state)
{
    (void)state;
    host.on_wait = lose_events;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
}

static void a_machine_that_lists_no_sessions_still_tells_of_new_ones(void **state)
{
    (void)state;
    fake.fail_always = "sessions-list";
    host.on_wait = use_number_again;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_true(fake_has(&fake.events, "100 warning sessions are not served as they should be: "));
}

static void without_such_regions_sessions_are_of_no_interest(void **state)
{
    (void)state;
    fake.config = "version: 1\nregions: { Shared: { size: 1, access: { read: [Users] } } }\n";
    fake.fail_always = "sessions-list";
    host.on_wait = use_number_again;
    host.stop_after = 1;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_false(fake_has(&fake.events, "sessions"));
}

/* ---- Beside what a person asks for */

static void retire_between(unsigned wait)
{
    if (wait == 0)
        assert_true(control_request_make(&fake.asked, CONTROL_RETIRE, 0, "Shared"));
    if (wait == 1) {
        assert_int_equal(state_of("Shared"), SHMB_REGION_RETIRED);
        assert_true(control_request_make(&fake.asked, CONTROL_RETIRE, 0, "Own\\1"));
        tell(LOGON, 2);
    }
    if (wait == 2) {
        assert_int_equal(state_of("Own\\2"), SHMB_REGION_READY);
        assert_int_equal(state_of("Shared"), SHMB_REGION_RETIRED);
        tell(LOGOFF, 2);
    }
    if (wait == 3) {
        assert_int_equal(state_of("Shared"), SHMB_REGION_RETIRED);
        assert_int_equal(state_of("Own\\1"), SHMB_REGION_RETIRED);
        tell(LOGOFF, 1);
        tell(LOGON, 1); /* another session */
    }
    if (wait == 4) {
        assert_int_equal(state_of("Own\\1"), SHMB_REGION_READY);
        assert_int_equal(state_of("Shared"), SHMB_REGION_RETIRED);
        host.reloads = true;
    }
    if (wait == 6)
        assert_int_equal(state_of("Shared"), SHMB_REGION_READY);
}

static void what_a_manager_has_retired_stays_so_when_sessions_come_and_go(void **state)
{
    (void)state;
    host.on_wait = retire_between;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
}

static void retire_what_is_in_use(unsigned wait)
{
    if (wait == 0) {
        fake.programs = 1;
        assert_true(control_request_make(&fake.asked, CONTROL_RETIRE, 0, "Shared"));
    }
    if (wait == 1)
        tell(LOGON, 2);
    if (wait == 1 || wait == 2)
        assert_int_equal(state_of("Shared"), SHMB_REGION_RETIRING);
    if (wait == 2) {
        fake.programs = 0;
        fake_let_sections_go();
    }
    if (wait == 3)
        tell(LOGOFF, 2);
    if (wait >= 3)
        assert_int_equal(state_of("Shared"), SHMB_REGION_RETIRED);
}

static void what_is_on_its_way_out_goes_on_when_a_session_comes(void **state)
{
    (void)state;
    fake.config = "version: 1\n"
                  "defaults: { access: { read: [Users] }, drain: 60 s }\n"
                  "regions:\n"
                  "  Shared: { size: 64 KiB }\n"
                  "  Own: { size: 4 KiB, namespace: session }\n";
    host.on_wait = retire_what_is_in_use;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
}

static void reload_with_another(unsigned wait)
{
    if (wait == 0) {
        tell(LOGON, 2);
        fake.config = "version: 1\n"
                      "defaults: { access: { read: [Users] } }\n"
                      "regions:\n"
                      "  Own: { size: 4 KiB, namespace: session, description: 'one each' }\n"
                      "  More: { size: 1, namespace: session }\n";
        host.reloads = true;
    }
    if (wait == 2) {
        assert_int_equal(state_of("Own\\2"), SHMB_REGION_READY);
        assert_int_equal(region.generation, 1);
        assert_int_equal(state_of("More\\1"), SHMB_REGION_READY);
        assert_int_equal(state_of("More\\2"), SHMB_REGION_READY);
        assert_int_equal(state_of("Shared"), SHMB_REGION_RETIRED);
        tell(LOGOFF, 2);
    }
    if (wait == 3) {
        assert_int_equal(state_of("Own\\2"), SHMB_REGION_RETIRED);
        assert_int_equal(state_of("More\\2"), SHMB_REGION_RETIRED);
        assert_int_equal(state_of("More\\1"), SHMB_REGION_READY);
    }
}

static void another_configuration_has_the_same_sessions(void **state)
{
    (void)state;
    host.on_wait = reload_with_another;
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, new_machine, closed_machine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_session_has_its_instance_when_the_broker_is_ready),
        TEST(a_broker_in_a_console_serves_its_own_session),
        TEST(session_0_has_no_instance),
        TEST(instances_come_and_go_with_their_sessions),
        TEST(a_number_that_is_used_again_gets_another_object),
        TEST(an_object_of_the_session_before_is_not_handed_on),
        TEST(the_next_broker_goes_on_with_the_instances),
        TEST(what_came_while_the_broker_started_is_not_missed),
        TEST(after_lost_events_the_sessions_are_listed_anew),
        TEST(a_machine_that_lists_no_sessions_still_tells_of_new_ones),
        TEST(another_configuration_has_the_same_sessions),
        TEST(what_a_manager_has_retired_stays_so_when_sessions_come_and_go),
        TEST(what_is_on_its_way_out_goes_on_when_a_session_comes),
        TEST(hello_tells_the_sessions_that_there_are),
        TEST(hello_tells_them_also_without_such_regions),
        TEST(without_such_regions_sessions_are_of_no_interest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
