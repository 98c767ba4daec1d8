/* The status and message of shmb_attach for every state of a region and of its broker. */
#include "attach_testing_win32.h"

static void a_reader_who_asks_to_write_is_denied(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, READ_ONLY_SDDL);
    shmb_detach(attach("Data", SHMB_ACCESS_READ, SHMB_OK));
    attach("Data", SHMB_ACCESS_WRITE, SHMB_ACCESS_DENIED);
    assert_message_has("may not write");
    assert_message_has("error 5: Access");
}

static void an_unknown_region_is_not_declared(void **state)
{
    (void)state;
    attach("Data", SHMB_ACCESS_READ, SHMB_NOT_DECLARED);
    assert_message_has("declares no such region");
    fake_broker_publish(&broker, "Data", SHMB_REGION_RETIRED, 0, NULL);
    attach("Data", SHMB_ACCESS_READ, SHMB_NOT_DECLARED);
    assert_message_has("no longer declares");
}

static void a_broken_region_tells_the_broker_s_reason(void **state)
{
    (void)state;
    fake_broker_publish(&broker, "Data", SHMB_REGION_BROKEN, 4096,
                        "the name is taken by an event of S-1-5-18");
    attach("Data", SHMB_ACCESS_READ, SHMB_REGION_FAILED);
    assert_message_has("the name is taken by an event of S-1-5-18");
}

static void a_pending_region_is_not_ready_in_time(void **state)
{
    (void)state;
    fake_broker_publish(&broker, "Data", SHMB_REGION_PENDING, 4096, NULL);
    attach("Data", SHMB_ACCESS_READ, SHMB_TIMED_OUT);
    assert_message_has("has not created the region yet");
}

static void a_starting_broker_is_not_ready_in_time(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    catalog_set_state(&broker.writer, SHMB_BROKER_STARTING);
    attach("Data", SHMB_ACCESS_READ, SHMB_TIMED_OUT);
    assert_message_has("starting");
    fake_broker_header(&broker)->magic = 0;
    attach("Data", SHMB_ACCESS_READ, SHMB_TIMED_OUT);
    assert_message_has("starting");
}

static void a_stopped_broker_is_no_broker_until_it_is_back(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    shmb_detach(attach("Data", SHMB_ACCESS_READ, SHMB_OK));
    catalog_set_state(&broker.writer, SHMB_BROKER_STOPPING);
    attach("Data", SHMB_ACCESS_READ, SHMB_NO_BROKER);
    assert_message_has("is stopping");
    catalog_set_state(&broker.writer, SHMB_BROKER_STOPPED);
    attach("Data", SHMB_ACCESS_READ, SHMB_NO_BROKER);
    assert_message_has("has stopped");
    fake_broker_kill(&broker);
    attach("Data", SHMB_ACCESS_READ, SHMB_NO_BROKER);
    assert_message_has("no broker of the instance attach-");

    fake_broker_start(&broker, instance, SHMB_BROKER_RUNNING);
    fake_broker_create(&broker, "Data", 8192, NULL);
    shmb_region *region = attach("Data", SHMB_ACCESS_READ, SHMB_OK);
    assert_int_equal(shmb_size(region), 8192);
    shmb_detach(region);
}

static void a_killed_broker_s_data_stays_and_its_successor_is_found(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    shmb_region *old = attach("Data", SHMB_ACCESS_WRITE, SHMB_OK);
    *(volatile uint32_t *)shmb_data(old) = 42;
    fake_broker_kill(&broker);
    assert_int_equal(*(volatile uint32_t *)shmb_data(old), 42);

    fake_broker_start(&broker, instance, SHMB_BROKER_RUNNING);
    assert_true(fake_broker_header(&broker)->epoch >= 2); /* we kept the catalog alive: it was taken over */
    attach("Data", SHMB_ACCESS_READ, SHMB_NOT_DECLARED);
    fake_broker_create(&broker, "Data", 4096, NULL);
    shmb_region *fresh = attach("Data", SHMB_ACCESS_READ, SHMB_OK);
    assert_int_equal(*(volatile uint32_t *)shmb_data(fresh), 42);
    shmb_detach(fresh);
    shmb_detach(old);
}

static void a_broker_whose_heart_has_stopped_is_no_broker(void **state)
{
    static const double beats[] = {6, 3600, -6, -1e6};
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    for (size_t i = 0; i < sizeof beats / sizeof beats[0]; i++) {
        fake_broker_beat(&broker, beats[i]);
        attach("Data", SHMB_ACCESS_READ, SHMB_NO_BROKER);
        assert_message_has("no sign of life");
    }
    fake_broker_beat(&broker, 4);
    shmb_detach(attach("Data", SHMB_ACCESS_READ, SHMB_OK));
    fake_broker_header(&broker)->heartbeat_period = 1000; /* patience of ten periods */
    fake_broker_beat(&broker, 8);
    shmb_detach(attach("Data", SHMB_ACCESS_READ, SHMB_OK));
}

static void a_program_may_go_on_without_a_broker(void **state)
{
    static const shmb_broker_state gone[] = {SHMB_BROKER_STOPPED, SHMB_BROKER_STOPPING};
    (void)state;
    shmb_attach_options options = plain_options(SHMB_ACCESS_WRITE);
    options.flags = SHMB_ATTACH_WITHOUT_BROKER;
    fake_broker_create(&broker, "Data", 4096, NULL);
    fake_broker_publish(&broker, "Retired", SHMB_REGION_RETIRED, 4096, NULL);
    shmb_detach(attach_with("Data", &options, SHMB_OK)); /* with one, too */
    attach_with("Retired", &options, SHMB_NOT_DECLARED);
    fake_broker_beat(&broker, 3600);
    attach("Data", SHMB_ACCESS_WRITE, SHMB_NO_BROKER);
    shmb_detach(attach_with("Data", &options, SHMB_OK));
    fake_broker_beat(&broker, 0);
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
        catalog_set_state(&broker.writer, gone[i]);
        shmb_detach(attach_with("Data", &options, SHMB_OK));
        attach_with("Retired", &options, SHMB_NO_BROKER);
        attach_with("Unknown", &options, SHMB_NO_BROKER);
    }
    catalog_set_state(&broker.writer, SHMB_BROKER_STARTING); /* it will be here in a moment */
    attach_with("Data", &options, SHMB_TIMED_OUT);
}

static void without_broker_and_catalog_there_is_nothing_to_go_on_with(void **state)
{
    (void)state;
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    options.flags = SHMB_ATTACH_WITHOUT_BROKER;
    fake_broker_create(&broker, "Data", 4096, NULL);
    fake_broker_kill(&broker);
    attach_with("Data", &options, SHMB_NO_BROKER);
}

static void a_published_region_without_a_section_is_explained(void **state)
{
    (void)state;
    fake_broker_publish(&broker, "Data", SHMB_REGION_READY, 4096, NULL);
    attach("Data", SHMB_ACCESS_READ, SHMB_SYSTEM_ERROR);
    assert_message_has("although the broker has published it");
    fake_broker_header(&broker)->broker_pid = 0xFFFFFFFC;
    attach("Data", SHMB_ACCESS_READ, SHMB_NO_BROKER);
    assert_message_has("process is gone");
}

static void a_section_smaller_than_published_is_refused(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    fake_broker_publish(&broker, "Data", SHMB_REGION_READY, 1 << 20, NULL);
    attach("Data", SHMB_ACCESS_READ, SHMB_SYSTEM_ERROR);
    assert_message_has("smaller");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reader_who_asks_to_write_is_denied),
        TEST(an_unknown_region_is_not_declared),
        TEST(a_broken_region_tells_the_broker_s_reason),
        TEST(a_pending_region_is_not_ready_in_time),
        TEST(a_starting_broker_is_not_ready_in_time),
        TEST(a_stopped_broker_is_no_broker_until_it_is_back),
        TEST(a_killed_broker_s_data_stays_and_its_successor_is_found),
        TEST(a_broker_whose_heart_has_stopped_is_no_broker),
        TEST(a_program_may_go_on_without_a_broker),
        TEST(without_broker_and_catalog_there_is_nothing_to_go_on_with),
        TEST(a_published_region_without_a_section_is_explained),
        TEST(a_section_smaller_than_published_is_refused),
    };
    return cmocka_run_group_tests_name("client.attach_status", tests, NULL, NULL);
}
