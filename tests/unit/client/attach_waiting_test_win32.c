/* shmb_attach with a timeout: what it waits for, for how long, and what it does not wait for. */
#include "attach_testing_win32.h"

#include <process.h>

static unsigned __stdcall publish_later(void *argument)
{
    (void)argument;
    Sleep(150);
    fake_broker_create(&broker, "Data", 4096, NULL);
    return 0;
}

static void a_waiting_client_gets_the_region_when_it_appears(void **state)
{
    (void)state;
    HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, publish_later, NULL, 0, NULL);
    assert_non_null(thread);
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    options.timeout_ms = 20000;
    ULONGLONG begin = GetTickCount64();
    shmb_detach(attach_with("Data", &options, SHMB_OK));
    assert_in_range(GetTickCount64() - begin, 100, 10000);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

static unsigned __stdcall start_later(void *argument)
{
    (void)argument;
    Sleep(150);
    fake_broker_start(&broker, instance, SHMB_BROKER_STARTING);
    Sleep(100);
    fake_broker_create(&broker, "Data", 4096, NULL);
    catalog_set_state(&broker.writer, SHMB_BROKER_RUNNING);
    return 0;
}

static void a_waiting_client_gets_the_region_when_the_broker_starts(void **state)
{
    (void)state;
    fake_broker_kill(&broker);
    HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, start_later, NULL, 0, NULL);
    assert_non_null(thread);
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    options.timeout_ms = SHMB_INFINITE;
    shmb_detach(attach_with("Data", &options, SHMB_OK));
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

static void waiting_ends_and_says_what_was_waited_for(void **state)
{
    (void)state;
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    options.timeout_ms = 200;
    ULONGLONG begin = GetTickCount64();
    attach_with("Data", &options, SHMB_TIMED_OUT);
    assert_in_range(GetTickCount64() - begin, 190, 5000);
    assert_message_has("declares no such region");
    assert_message_has("(waited 200 ms)");
    catalog_set_state(&broker.writer, SHMB_BROKER_STOPPED);
    fake_broker_kill(&broker);
    attach_with("Data", &options, SHMB_TIMED_OUT);
    assert_message_has("no broker of the instance");
}

static void what_waiting_cannot_help_is_reported_at_once(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, READ_ONLY_SDDL);
    shmb_attach_options options = plain_options(SHMB_ACCESS_WRITE);
    options.timeout_ms = SHMB_INFINITE;
    attach_with("Data", &options, SHMB_ACCESS_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_waiting_client_gets_the_region_when_it_appears),
        TEST(a_waiting_client_gets_the_region_when_the_broker_starts),
        TEST(waiting_ends_and_says_what_was_waited_for),
        TEST(what_waiting_cannot_help_is_reported_at_once),
    };
    return cmocka_run_group_tests_name("client.attach_waiting", tests, NULL, NULL);
}
