/* What is left when a process dies without a word: the broker, a writer, a reader. */
#include "checks.h"

#include "region.h"

#include <string.h>

/* How long clients may take a dead broker for a live one (shmb.h), and some for a busy machine. */
#define NOTICED_WITHIN_MS 15000u

static void data_stays_readable_and_writable_when_the_broker_is_killed(void **state)
{
    (void)state;
    const char *name = support_unique("Orphan");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    shmb_region *here = region_attach(b, name, SHMB_ACCESS_WRITE);
    process *there =
        process_start("shmbroker-peer.exe", "attach %s %s write 0 put 0 before hold get 100 put 200 after",
                      b->instance, name);
    process_wait_line(there, "holding");
    broker_kill(b);
    assert_string_equal(shmb_data(here), "before");
    memcpy((char *)shmb_data(here) + 100, "meanwhile", 10);
    process_close_input(there);
    assert_int_equal(process_wait(there), 0);
    assert_contains(process_output(there), "got meanwhile");
    assert_string_equal((char *)shmb_data(here) + 200, "after");
    shmb_detach(here);
}

static void a_killed_broker_is_told_from_a_living_one_in_time(void **state)
{
    (void)state;
    const char *name = support_unique("Noticed"), *other = support_unique("Living");
    test_broker *living = broker_run_with(BROKER_HEAD "  %s: { size: 1 }\n", other);
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    shmb_region *held = region_attach(b, name, SHMB_ACCESS_READ); /* keeps region and catalog alive */
    broker_kill(b);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    const ULONGLONG start = GetTickCount64();
    shmb_status status;
    do
        status = region_try(name, &options);
    while (status == SHMB_OK && GetTickCount64() - start < NOTICED_WITHIN_MS);
    assert_int_equal(status, SHMB_NO_BROKER);
    shmb_detach(held);
    options.instance = living->instance; /* as old as the other, and still beating */
    assert_int_equal(region_try(other, &options), SHMB_OK);
}

static void status_says_that_a_killed_broker_is_not_running(void **state)
{
    (void)state;
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 1 }\n", support_unique("Quiet"));
    process *status = broker_status(b, "");
    assert_int_equal(process_wait(status), 0);
    broker_kill(b);
    status = broker_status(b, "");
    assert_int_equal(process_wait(status), 4);
    assert_contains(process_output(status), "not running");
}

static void the_next_broker_serves_clients_that_lived_through_the_crash(void **state)
{
    (void)state;
    const char *name = support_unique("Resumed");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    /* It has read the catalog, and keeps it open. */
    process *client = process_start("shmbroker-peer.exe", "attach %s %s read 0 hold", b->instance, name);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    options.timeout_ms = SUPPORT_WAIT_MS;
    process_wait_line(client, "holding");
    assert_int_equal(region_try(name, &options), SHMB_OK);
    process_close_input(client);
    assert_int_equal(process_wait(client), 0);
    broker_kill(b);
    broker_start(b);
    /* This process has had the old catalog open all the time. */
    assert_int_equal(region_try(name, &options), SHMB_OK);
    const char *log = support_read_file(support_text("%s\\data\\logs\\shmbroker.log", b->home), NULL);
    assert_contains(log, "catalog-adopted");
    process *status = broker_status(b, "--json");
    assert_contains(process_output(status), "\"epoch\":\t2");
    broker_stop(b);
}

static void a_region_still_held_by_clients_is_served_again_with_its_data(void **state)
{
    (void)state;
    const char *name = support_unique("Held");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    shmb_region *held = region_attach(b, name, SHMB_ACCESS_WRITE);
    memcpy(shmb_data(held), "still here", 11);
    broker_kill(b);
    broker_start(b);
    shmb_region *again = region_attach(b, name, SHMB_ACCESS_READ);
    assert_string_equal(shmb_data(again), "still here");
    memcpy(shmb_data(held), "shared", 7);
    assert_string_equal(shmb_data(again), "shared");
    shmb_detach(again);
    shmb_detach(held);
    broker_stop(b);
}

static void a_region_still_held_is_served_again_after_a_restart_in_order(void **state)
{
    (void)state;
    const char *name = support_unique("HeldOver");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 100001 }\n", name);
    shmb_region *held = region_attach(b, name, SHMB_ACCESS_WRITE);
    memcpy(shmb_data(held), "still here", 11);
    broker_stop(b);
    broker_start(b);
    shmb_region *again = region_attach(b, name, SHMB_ACCESS_READ);
    assert_string_equal(shmb_data(again), "still here");
    shmb_detach(again);
    shmb_detach(held);
    broker_stop(b);
}

static void a_file_backed_region_still_held_is_served_again(void **state)
{
    (void)state;
    const char *name = support_unique("HeldFile");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 5000, backing: { file: held.shm } }\n", name);
    shmb_region *held = region_attach(b, name, SHMB_ACCESS_WRITE);
    broker_kill(b);
    broker_start(b);
    shmb_region *again = region_attach(b, name, SHMB_ACCESS_READ);
    memcpy(shmb_data(held), "shared", 7);
    assert_string_equal(shmb_data(again), "shared");
    shmb_detach(again);
    shmb_detach(held);
    broker_stop(b);
}

/* Restarts a broker with another declaration of a region that is held: it comes when that is let go, and not before. */
static void assert_changed_while_held_is_awaited(const char *before, const char *after)
{
    const char *name = support_unique("Changed");
    test_broker *b = broker_run_with("version: 1\nregions:\n  %s: { %s }\n", name, before);
    shmb_region *held = region_attach(b, name, SHMB_ACCESS_WRITE);
    broker_stop(b);
    const char *config = support_text("version: 1\nregions:\n  %s: { %s }\n", name, after);
    support_write_file(b->config, config, strlen(config));
    broker_start(b);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try(name, &options), SHMB_TIMED_OUT);
    assert_contains(process_output(broker_status(b, "")), "programs still have the earlier");
    shmb_detach(held);
    options.timeout_ms = SUPPORT_WAIT_MS;
    assert_int_equal(region_try(name, &options), SHMB_OK);
    broker_stop(b);
}

static void a_region_held_with_another_size_is_awaited(void **state)
{
    (void)state;
    assert_changed_while_held_is_awaited("size: 4 KiB, access: { write: [Administrators] }",
                                         "size: 8 KiB, access: { write: [Administrators] }");
}

static void a_region_held_with_other_rights_is_awaited(void **state)
{
    (void)state;
    assert_changed_while_held_is_awaited("size: 4 KiB, access: { read: [Users], write: [Administrators] }",
                                         "size: 4 KiB, access: { write: [Administrators] }");
}

static void a_writers_data_stays_when_the_writer_is_killed(void **state)
{
    (void)state;
    const char *name = support_unique("LastWords");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    process *writer =
        process_start("shmbroker-peer.exe", "attach %s %s write 0 put 7 lasting hold", b->instance, name);
    process_wait_line(writer, "holding");
    process_kill(writer);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    assert_string_equal((char *)shmb_data(region) + 7, "lasting");
    shmb_detach(region);
    process *next = process_start("shmbroker-peer.exe", "attach %s %s write 0 get 7", b->instance, name);
    assert_int_equal(process_wait(next), 0);
    assert_contains(process_output(next), "got lasting");
}

static void clients_killed_while_attached_leave_the_broker_no_handles(void **state)
{
    (void)state;
    const char *name = support_unique("Visitors");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    unsigned before = process_count_handles(process_id(b->process));
    for (unsigned i = 0; i < 5; i++) {
        process *visitor =
            process_start("shmbroker-peer.exe", "attach %s %s write 0 hold", b->instance, name);
        process_wait_line(visitor, "holding");
        process_kill(visitor);
    }
    assert_true(process_count_handles(process_id(b->process)) < before + 5); /* one for each */
    broker_stop(b);
}

static void what_clients_scribble_over_a_region_does_not_reach_the_broker(void **state)
{
    (void)state;
    const char *name = support_unique("Scribbled"), *other = support_unique("Intact");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 64 KiB }\n  %s: { size: 1 }\n", name, other);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    memset(shmb_data(region), 0xFF, 65536);
    shmb_detach(region);
    shmb_detach(region_attach(b, other, SHMB_ACCESS_READ));
    broker_stop(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(data_stays_readable_and_writable_when_the_broker_is_killed),
        SYSTEM_TEST(a_killed_broker_is_told_from_a_living_one_in_time),
        SYSTEM_TEST(status_says_that_a_killed_broker_is_not_running),
        SYSTEM_TEST(the_next_broker_serves_clients_that_lived_through_the_crash),
        SYSTEM_TEST(a_region_still_held_by_clients_is_served_again_with_its_data),
        SYSTEM_TEST(a_region_still_held_is_served_again_after_a_restart_in_order),
        SYSTEM_TEST(a_file_backed_region_still_held_is_served_again),
        SYSTEM_TEST(a_region_held_with_another_size_is_awaited),
        SYSTEM_TEST(a_region_held_with_other_rights_is_awaited),
        SYSTEM_TEST(a_writers_data_stays_when_the_writer_is_killed),
        SYSTEM_TEST(clients_killed_while_attached_leave_the_broker_no_handles),
        SYSTEM_TEST(what_clients_scribble_over_a_region_does_not_reach_the_broker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
