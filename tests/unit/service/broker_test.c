/* broker.c: the engine from claim to release, on a machine in memory. */
#include "broker_testing.h"

static catalog_region region; /* large */

static int new_machine(void **state)
{
    static test_host host;
    fake_reset();
    host = (test_host){.stop_after = 3};
    fake.config = THREE_REGIONS;
    *state = &host;
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

static void assert_region(const char *name, shmb_region_state wanted)
{
    catalog_view view = fake_view();
    assert_int_equal(catalog_find(&view, name, strlen(name), &region), CATALOG_OK);
    assert_int_equal(region.state, wanted);
}

static catalog_info info_now(void)
{
    catalog_view view = fake_view();
    catalog_info info;
    assert_int_equal(catalog_read_info(&view, &info), CATALOG_OK);
    return info;
}

static void starting_and_stopping_go_in_their_order(void **state)
{
    assert_int_equal(run_broker(*state, NULL, ""), EXIT_OK);
    assert_string_equal(fake.trace.bytes, "event-source-open test\n"
                                          "service-sid ShmBroker\n"
                                          "claim-take ShmBroker.Broker\n"
                                          "folders-create X:\\ShmBroker\\data\n"
                                          "log-file-open X:\\ShmBroker\\data\\logs\\shmbroker.log\n"
                                          "service-sid ShmBroker\n"
                                          "service-sid ShmBroker\n"
                                          "file-open X:\\ShmBroker\\shmbroker.yaml\n"
                                          "catalog-open Global\\ShmBroker.Catalog\n"
                                          "keepers-open Global\\ShmBroker.Keeper\n"
                                          "section-create Global\\A\n"
                                          "section-create Global\\B on X:\\ShmBroker\\data\\b.shm\n"
                                          "section-create Local\\C\n"
                                          "keeper-start 0\n"
                                          "control-open ShmBroker.Control\n"
                                          "control-close\n"
                                          "section-close Global\\A\n"
                                          "section-close Global\\B\n"
                                          "section-close Local\\C\n"
                                          "keeper-end 0\n"
                                          "catalog-close\n"
                                          "claim-release\n");
}

static void look_when_ready(void)
{
    assert_region("A", SHMB_REGION_READY);
    assert_string_equal(region.object_name, "Global\\A");
    assert_string_equal(region.description, "first");
    assert_int_equal(region.size, 65536);
    assert_region("B", SHMB_REGION_READY);
    assert_true((region.flags & SHMB_FLAG_FILE_BACKED) != 0);
    assert_region("C", SHMB_REGION_READY);
    catalog_info info = info_now();
    assert_int_equal(info.broker_state, SHMB_BROKER_RUNNING);
    assert_int_equal(info.broker_pid, 4711);
    assert_int_equal(info.heartbeat_period, BROKER_HEARTBEAT_MS);
    assert_string_equal(info.broker_version, SHMBROKER_VERSION);
    assert_true(info.heartbeat > 1000);
}

static void running_means_that_the_regions_exist(void **state)
{
    test_host *host = *state;
    host->on_ready = look_when_ready;
    assert_int_equal(run_broker(host, NULL, ""), EXIT_OK);
    assert_int_equal(host->ready, 1);
    assert_int_equal(host->summary.regions, 3);
    assert_int_equal(host->summary.failed, 0);
    assert_string_equal(host->summary.config, "X:\\ShmBroker\\shmbroker.yaml");
}

static unsigned created_while_running;

static void look_at_section(const char *call)
{
    if (strcmp(call, "section-create") != 0)
        return;
    catalog_info info = info_now();
    if (info.broker_state != SHMB_BROKER_STARTING || info.entry_count != 3 || fake_catalog_lies())
        created_while_running++;
}

static unsigned seen_ready, ready_unkept;

static void look_at_ready(const char *call)
{
    catalog_view view = fake_view();
    uint64_t cursor = 0;
    (void)call;
    while (view.base && view.size >= SHMB_CATALOG_HEADER_BYTES &&
           catalog_next(&view, &cursor, &region) == CATALOG_OK) {
        const fake_section *section = fake_find_section(region.object_name);
        seen_ready += region.state == SHMB_REGION_READY;
        ready_unkept += region.state == SHMB_REGION_READY && (!section || section->kept == 0);
    }
}

static void no_region_is_ready_before_it_is_kept(void **state)
{
    test_host *host = *state;
    host->reloads = true;
    seen_ready = ready_unkept = 0;
    fake.on_call = look_at_ready;
    assert_int_equal(run_broker(host, NULL, ""), EXIT_OK);
    fake.on_call = NULL;
    assert_true(seen_ready > 0);
    assert_int_equal(ready_unkept, 0);
}

static void regions_are_announced_and_the_broker_is_starting_until_all_exist(void **state)
{
    created_while_running = 0;
    fake.on_call = look_at_section;
    assert_int_equal(run_broker(*state, NULL, ""), EXIT_OK);
    assert_int_equal(created_while_running, 0);
}

static void a_stopped_broker_leaves_retired_regions_behind(void **state)
{
    fake.clients_hold_catalog = true;
    assert_int_equal(run_broker(*state, NULL, ""), EXIT_OK);
    assert_int_equal(info_now().broker_state, SHMB_BROKER_STOPPED);
    assert_region("A", SHMB_REGION_RETIRED);
    assert_region("B", SHMB_REGION_RETIRED);
    assert_region("C", SHMB_REGION_RETIRED);
}

static void too_little_memory_refuses_the_start_before_anything_is_created(void **state)
{
    test_host *host = *state;
    fake.commit_available = 65536; /* A and C take two pages and 64 KiB */
    assert_int_equal(run_broker(host, NULL, ""), EXIT_FAILED);
    assert_int_equal(host->ready, 0);
    assert_true(
        fake_has(&fake.events, "201 error the broker cannot start: the regions need 68 KiB more memory"));
    assert_true(fake_has(&fake.events, "the largest are A (64 KiB), C (4 KiB); "));
    assert_false(fake_has(&fake.trace, "section-create"));
    assert_false(fake_has(&fake.trace, "catalog-open"));
}

static void memory_that_clients_kept_is_enough_for_a_restart(void **state)
{
    test_host *host = *state;
    fake.clients_hold_sections = fake.clients_hold_catalog = true;
    assert_int_equal(run_broker(host, NULL, ""), EXIT_OK);
    fake.commit_available = 0;
    assert_int_equal(run_broker(host, NULL, ""), EXIT_OK);
    assert_int_equal(host->summary.regions, 3);
}

static void progress_is_told_for_each_region_on_both_ways(void **state)
{
    test_host *host = *state;
    assert_int_equal(run_broker(host, NULL, ""), EXIT_OK);
    assert_int_equal(host->progress, 6);
    assert_int_equal(host->waits, 4);
}

static void the_heart_beats_with_each_wait(void **state)
{
    test_host *host = *state;
    uint64_t beats[2];
    for (unsigned i = 0; i < 2; i++) {
        fake_reset();
        fake.config = THREE_REGIONS;
        fake.clients_hold_catalog = true;
        *host = (test_host){.stop_after = 10 * i};
        assert_int_equal(run_broker(host, NULL, ""), EXIT_OK);
        beats[i] = info_now().heartbeat;
    }
    assert_int_equal(beats[1], beats[0] + 10ull * (1 + BROKER_HEARTBEAT_MS *
                                                           10000ull)); /* a look at the clock is a unit */
}

static void a_region_that_fails_is_told_and_the_others_are_served(void **state)
{
    test_host *host = *state;
    fake.clients_hold_catalog = true;
    fake.taken = "Global\\B";
    assert_int_equal(run_broker(host, NULL, ""), EXIT_OK);
    assert_int_equal(host->summary.regions, 2);
    assert_int_equal(host->summary.failed, 1);
    assert_region("B", SHMB_REGION_BROKEN);
    assert_string_equal(region.reason, "Global\\B is taken by a section of MACHINE\\other");
    assert_true(fake_has(&fake.events, "100 warning region B is not served: Global\\B is taken by"));
    assert_true(fake_has(&fake.lines, "warning region-failed: region B is not served: "));
}

static void a_config_with_errors_keeps_the_broker_from_starting(void **state)
{
    test_host *host = *state;
    fake.config = "version: 1\nregions:\n  A: { size: 0 }\n  B: { sze: 4 KiB }\n";
    assert_int_equal(run_broker(host, NULL, ""), EXIT_BAD_USAGE);
    assert_int_equal(host->ready, 0);
    assert_true(fake_has(&fake.lines, "error   config-refused: X:\\ShmBroker\\shmbroker.yaml:3:14: error: "
                                      "regions.A.size: "));
    assert_true(fake_has(&fake.lines, "shmbroker.yaml:4:8: error: regions.B"));
    assert_true(
        fake_has(&fake.events, "201 error the broker cannot start: X:\\ShmBroker\\shmbroker.yaml has "));
    assert_false(fake_has(&fake.trace, "catalog-open"));
}

static void a_config_that_is_not_there_is_a_bad_config(void **state)
{
    fake.config = NULL;
    assert_int_equal(run_broker(*state, "missing.yaml", ""), EXIT_BAD_USAGE);
    assert_true(
        fake_has(&fake.events, "201 error the broker cannot start: cannot open X:\\here\\missing.yaml"));
}

static void a_config_with_a_file_that_others_can_change_is_refused(void **state)
{
    static const fake_file files[] = {{"conf.d\\a.yaml", "version: 1\nregions: { A: { size: 1 } }\n"},
                                      {NULL, NULL}};
    fake.config =
        "version: 1\ninclude: [conf.d/*.yaml]\nregions: {}\ndefaults: { access: { read: [Users] } }\n";
    fake.files = files;
    assert_int_equal(run_broker(*state, NULL, ""), EXIT_OK);
    assert_true(fake_has(&fake.trace, "section-create Global\\A\n"));

    fake.untrusted = "S-1-5-32-545";
    fake.untrusted_file = "conf.d\\a.yaml";
    assert_int_equal(run_broker(*state, NULL, ""), EXIT_BAD_USAGE);
    assert_true(fake_has(&fake.lines,
                         "shmbroker.yaml:2:11: error: include[0]: X:\\ShmBroker\\conf.d\\a.yaml cannot be "
                         "read: will not use a configuration that others than administrators can change"));
}

static void a_config_that_others_can_change_is_refused(void **state)
{
    fake.untrusted = "S-1-5-32-545";
    assert_int_equal(run_broker(*state, NULL, ""), EXIT_BAD_USAGE);
    assert_true(fake_has(&fake.events,
                         "201 error the broker cannot start: will not use a configuration that others"));
    assert_true(fake_has(&fake.events, "an entry that lets S-1-5-32-545 write"));
    assert_false(fake_has(&fake.trace, "catalog-open"));
}

static void a_config_may_declare_no_region(void **state)
{
    test_host *host = *state;
    fake.config = "version: 1\nregions: {}\n";
    assert_int_equal(run_broker(host, NULL, ""), EXIT_OK);
    assert_int_equal(host->ready, 1);
    assert_true(fake_has(&fake.trace, "catalog-open Local\\ShmBroker.Catalog\n"));
}

static void local_regions_alone_need_no_global_catalog(void **state)
{
    fake.config = "version: 1\nregions:\n  A: { size: 1, namespace: local, access: { read: [Users] } }\n";
    assert_int_equal(run_broker(*state, NULL, ""), EXIT_OK);
    assert_true(fake_has(&fake.trace, "catalog-open Local\\ShmBroker.Catalog\n"));
}

static void a_second_broker_is_refused_and_touches_nothing(void **state)
{
    test_host *host = *state;
    fake.claim_taken = true;
    assert_int_equal(run_broker(host, NULL, ""), EXIT_FAILED);
    assert_int_equal(host->ready + host->progress, 0);
    assert_string_equal(fake.trace.bytes, "event-source-open test\nservice-sid ShmBroker\n");
    assert_string_equal(fake.events.bytes,
                        "201 error the broker cannot start: another broker runs already; stop it first\n");
}

static void an_instance_has_names_and_folders_of_its_own(void **state)
{
    assert_int_equal(run_broker(*state, "d:\\a.yaml", "plant2"), EXIT_OK);
    assert_true(fake_has(&fake.trace, "service-sid ShmBroker$plant2\n"));
    assert_true(fake_has(&fake.trace, "claim-take ShmBroker.Broker.plant2\n"));
    assert_true(fake_has(&fake.trace, "catalog-open Global\\ShmBroker.Catalog.plant2\n"));
    assert_true(fake_has(&fake.trace, "file-open d:\\a.yaml\n"));
    assert_true(fake_has(&fake.trace, "Global\\B on X:\\ShmBroker\\instances\\plant2\\data\\b.shm\n"));
}

static void a_second_broker_goes_on_where_clients_still_look(void **state)
{
    test_host *host = *state;
    fake.clients_hold_catalog = true;
    assert_int_equal(run_broker(host, NULL, ""), EXIT_OK);
    assert_region("A", SHMB_REGION_RETIRED);
    uint64_t place = region.entry_offset;
    *host = (test_host){.on_ready = look_when_ready};
    assert_int_equal(run_broker(host, NULL, ""), EXIT_OK);
    assert_int_equal(info_now().epoch, 2);
    assert_region("A", SHMB_REGION_RETIRED);
    assert_int_equal(region.entry_offset, place);
    assert_int_equal(region.generation, 2); /* another object */
    assert_true(fake_has(&fake.events, "10 info the catalog of an earlier broker"));
}

static void objects_that_clients_kept_alive_are_the_same_objects(void **state)
{
    test_host *host = *state;
    fake.clients_hold_catalog = fake.clients_hold_sections = true;
    assert_int_equal(run_broker(host, NULL, ""), EXIT_OK);
    *host = (test_host){.on_ready = look_when_ready};
    assert_int_equal(run_broker(host, NULL, ""), EXIT_OK);
    assert_region("A", SHMB_REGION_RETIRED);
    assert_int_equal(region.generation, 1);
}

static void the_log_tells_the_whole_story(void **state)
{
    assert_int_equal(run_broker(*state, NULL, ""), EXIT_OK);
    assert_true(fake_has(&fake.lines,
                         "info    starting: shmbroker " SHMBROKER_VERSION
                         " starts in a test, process 4711, with X:\\ShmBroker\\shmbroker.yaml\n"));
    assert_true(fake_has(&fake.events, "2 info 3 regions are served, "));
    const char *stopping = strstr(fake.events.bytes, "\n3 info 3 regions ");
    assert_non_null(stopping);
    assert_non_null(strstr(stopping, "\n4 info "));
}

#define BROKER_TEST(function) cmocka_unit_test_setup_teardown(function, new_machine, closed_machine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BROKER_TEST(starting_and_stopping_go_in_their_order),
        BROKER_TEST(running_means_that_the_regions_exist),
        BROKER_TEST(no_region_is_ready_before_it_is_kept),
        BROKER_TEST(regions_are_announced_and_the_broker_is_starting_until_all_exist),
        BROKER_TEST(a_stopped_broker_leaves_retired_regions_behind),
        BROKER_TEST(too_little_memory_refuses_the_start_before_anything_is_created),
        BROKER_TEST(memory_that_clients_kept_is_enough_for_a_restart),
        BROKER_TEST(progress_is_told_for_each_region_on_both_ways),
        BROKER_TEST(the_heart_beats_with_each_wait),
        BROKER_TEST(a_region_that_fails_is_told_and_the_others_are_served),
        BROKER_TEST(a_config_with_errors_keeps_the_broker_from_starting),
        BROKER_TEST(a_config_that_is_not_there_is_a_bad_config),
        BROKER_TEST(a_config_with_a_file_that_others_can_change_is_refused),
        BROKER_TEST(a_config_that_others_can_change_is_refused),
        BROKER_TEST(a_config_may_declare_no_region),
        BROKER_TEST(local_regions_alone_need_no_global_catalog),
        BROKER_TEST(a_second_broker_is_refused_and_touches_nothing),
        BROKER_TEST(an_instance_has_names_and_folders_of_its_own),
        BROKER_TEST(a_second_broker_goes_on_where_clients_still_look),
        BROKER_TEST(objects_that_clients_kept_alive_are_the_same_objects),
        BROKER_TEST(the_log_tells_the_whole_story),
    };
    return cmocka_run_group_tests_name("broker", tests, NULL, NULL);
}
