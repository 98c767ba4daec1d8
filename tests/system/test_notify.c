/* Notifications of a raw region between programs: readers of another account wait for them. */
#include "checks.h"

#include "account.h"
#include "players.h"
#include "region.h"

#define NOTIFY_CONFIG BROKER_HEAD "  %s: { size: 4 KiB, notify: true }\n"

static shmb_status may_notify(const test_broker *b, const char *name)
{
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    shmb_status status = shmb_notify(region);
    shmb_detach(region);
    return status;
}

static void readers_that_may_only_read_are_woken(void **state)
{
    (void)state;
    const char *name = support_unique("Table");
    test_broker *b = broker_run_with(NOTIFY_CONFIG, name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    process *readers[2];
    for (int i = 0; i < 2; i++)
        readers[i] = player_start_as(account_ordinary(), b, name, "notify-wait");
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(shmb_notify(region), SHMB_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(player_finish(readers[i]).last, 1000);
    assert_int_equal(may_notify(b, name), SHMB_ACCESS_DENIED);
    shmb_detach(region);
    broker_stop(b);
}

static void it_goes_on_while_the_broker_is_killed_and_started_again(void **state)
{
    (void)state;
    const char *name = support_unique("Table");
    test_broker *b = broker_run_with(NOTIFY_CONFIG, name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    process *reader = player_start_as(account_ordinary(), b, name, "notify-wait");
    broker_kill(b);
    assert_int_equal(shmb_notify(region), SHMB_OK);
    broker_start(b);
    shmb_region *later = region_attach(b, name, SHMB_ACCESS_WRITE);
    assert_int_equal(shmb_notified(later), 1);
    assert_int_equal(shmb_notify(later), SHMB_OK);
    assert_int_equal(shmb_wait(region, 1, SHMB_NO_WAIT), SHMB_OK);
    assert_int_equal(player_finish(reader).last, 2);
    shmb_detach(later);
    shmb_detach(region);
    broker_stop(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(readers_that_may_only_read_are_woken),
        SYSTEM_TEST(it_goes_on_while_the_broker_is_killed_and_started_again),
    };
    return cmocka_run_group_tests_name("notifications", tests, NULL, NULL);
}
