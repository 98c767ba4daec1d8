/* Regions that each session has for itself, as sessions come and go: what a test says of them, and this one's own. */
#include "checks.h"

#include "region.h"
#include "session_feed.h"

#include <stdio.h>
#include <string.h>

/* Sessions that no machine has. */
#define ANNA 900001u
#define BEN  900002u

typedef struct followed {
    test_broker *broker;
    session_feed *feed;
    HANDLE wake;
    const char *name; /* of its region */
} followed;

static uint32_t own_session(void)
{
    DWORD session = 0;
    assert_true(ProcessIdToSessionId(GetCurrentProcessId(), &session));
    return session;
}

static void stop_feed(void *memory)
{
    session_feed *feed = memory;
    feed->stop = 1;
}

/* A broker whose only region each session has for itself. */
static followed follow(void)
{
    followed f = {.name = support_unique("Own")};
    wchar_t name[100];
    f.broker = broker_prepare("version: 1\nregions:\n  %s:\n    size: 4 KiB\n    namespace: session\n"
                              "    access: { read: [Users], write: [Administrators] }\n",
                              f.name);
    swprintf(name, 100, FEED_MEMORY, f.broker->instance);
    HANDLE memory = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, sizeof *f.feed, name);
    assert_non_null(memory);
    f.feed = MapViewOfFile(memory, FILE_MAP_ALL_ACCESS, 0, 0, sizeof *f.feed);
    assert_non_null(f.feed);
    swprintf(name, 100, FEED_WAKE, f.broker->instance);
    f.wake = CreateEventW(NULL, FALSE, FALSE, name);
    assert_non_null(f.wake);
    support_on_cleanup(stop_feed, f.feed);
    return f;
}

static void start(followed *f)
{
    f->broker->process =
        process_start("shmbroker-session-broker.exe", "%s \"%s\"", f->broker->instance, f->broker->config);
    process_wait_line(f->broker->process, "ready");
}

static void stop(followed *f)
{
    f->feed->stop = 1;
    SetEvent(f->wake);
    assert_int_equal(process_wait(f->broker->process), 0);
}

static void tell(followed *f, DWORD type, DWORD session)
{
    LONG at = f->feed->told;
    assert_true(at < FEED_ITEMS);
    f->feed->items[at].type = type;
    f->feed->items[at].session = session;
    InterlockedIncrement(&f->feed->told);
    SetEvent(f->wake);
}

/* Attaches to a session's instance, which may still be about to be made. */
static shmb_region *instance_of(followed *f, uint32_t session, uint32_t access)
{
    shmb_region *region = NULL;
    shmb_attach_options options = region_options(f->broker, access);
    options.session = session;
    options.timeout_ms = SUPPORT_WAIT_MS;
    shmb_status status = shmb_attach(f->name, &options, &region);
    if (status != SHMB_OK)
        fail_msg("session %u: %s", (unsigned)session, options.message);
    assert_int_equal(shmb_region_flags(region) & SHMB_FLAG_SESSION, SHMB_FLAG_SESSION);
    return region;
}

static shmb_status try_instance(followed *f, uint32_t session)
{
    shmb_attach_options options = region_options(f->broker, SHMB_ACCESS_READ);
    shmb_region *region = NULL;
    options.session = session;
    shmb_status status = shmb_attach(f->name, &options, &region);
    shmb_detach(region);
    return status;
}

/* Events are taken in order: when a session told later has its instance, what was told before has been done. */
static void settle(followed *f, uint32_t marker)
{
    tell(f, WTS_SESSION_LOGON, marker);
    shmb_detach(instance_of(f, marker, SHMB_ACCESS_READ));
}

static void each_session_has_its_own_bytes_until_it_ends(void **state)
{
    (void)state;
    followed f = follow();
    start(&f);
    assert_int_equal(try_instance(&f, ANNA), SHMB_NOT_DECLARED);
    tell(&f, WTS_SESSION_LOGON, ANNA);
    tell(&f, WTS_SESSION_LOGON, BEN);
    shmb_region *anna = instance_of(&f, ANNA, SHMB_ACCESS_WRITE),
                *ben = instance_of(&f, BEN, SHMB_ACCESS_WRITE);
    strcpy(shmb_data(anna), "anna's");
    assert_string_equal(shmb_data(ben), "");
    tell(&f, WTS_REMOTE_DISCONNECT, ANNA);
    tell(&f, WTS_SESSION_LOCK, ANNA);
    tell(&f, WTS_CONSOLE_CONNECT, BEN); /* fast user switching */
    settle(&f, 900003);
    shmb_region *again = instance_of(&f, ANNA, SHMB_ACCESS_READ);
    assert_string_equal(shmb_data(again), "anna's");
    tell(&f, WTS_SESSION_LOGOFF, ANNA);
    settle(&f, 900004);
    assert_int_equal(try_instance(&f, ANNA), SHMB_NOT_DECLARED);
    assert_int_equal(try_instance(&f, BEN), SHMB_OK);
    shmb_detach(again);
    shmb_detach(ben);
    shmb_detach(anna);
    stop(&f);
}

/* A number is used again while a program of another session still has the old object open. */
static void what_a_session_leaves_is_not_the_next_ones(void **state)
{
    (void)state;
    followed f = follow();
    start(&f);
    tell(&f, WTS_SESSION_LOGON, ANNA);
    shmb_region *held = instance_of(&f, ANNA, SHMB_ACCESS_WRITE);
    strcpy(shmb_data(held), "a secret");
    tell(&f, WTS_SESSION_LOGOFF, ANNA);
    tell(&f, WTS_SESSION_LOGON, ANNA);
    settle(&f, 900003);
    assert_int_equal(try_instance(&f, ANNA), SHMB_TIMED_OUT); /* pending: the name is not to be had */
    shmb_detach(held);
    shmb_region *fresh = instance_of(&f, ANNA, SHMB_ACCESS_READ);
    assert_string_equal(shmb_data(fresh), "");
    shmb_detach(fresh);
    stop(&f);
}

static void status_lists_each_instance_with_its_session(void **state)
{
    (void)state;
    followed f = follow();
    start(&f);
    tell(&f, WTS_SESSION_LOGON, ANNA);
    settle(&f, BEN);
    process *status = broker_status(f.broker, f.name);
    assert_int_equal(process_wait(status), 0);
    assert_contains(process_output(status), support_text("%s (session %u)", f.name, ANNA));
    assert_contains(process_output(status), support_text("%s (session %u)", f.name, BEN));
    status = broker_status(f.broker, "--json");
    process_wait(status);
    assert_contains(process_output(status), support_text("Global\\\\ShmBroker.Session.%u.%s", ANNA, f.name));
    stop(&f);
}

static void bare_programs_find_the_instance_by_its_name(void **state)
{
    (void)state;
    followed f = follow();
    start(&f);
    settle(&f, ANNA);
    HANDLE section = region_open_bare(support_text("ShmBroker.Session.%u.%s", ANNA, f.name), FILE_MAP_READ);
    assert_non_null(section);
    CloseHandle(section);
    stop(&f);
}

static void a_killed_broker_is_followed_by_one_that_goes_on(void **state)
{
    (void)state;
    followed f = follow();
    start(&f);
    uint32_t own = own_session();
    if (own == 0)
        SKIP("this test runs in session 0, which has no instance");
    shmb_region *before = instance_of(&f, own, SHMB_ACCESS_WRITE);
    strcpy(shmb_data(before), "still here");
    broker_kill(f.broker);
    start(&f);
    shmb_region *after = instance_of(&f, own, SHMB_ACCESS_READ);
    assert_string_equal(shmb_data(after), "still here");
    shmb_detach(after);
    shmb_detach(before);
    stop(&f);
}

/* No seam here: the program that is shipped, and what the system says of sessions. */
static void a_broker_in_a_console_serves_its_own_session(void **state)
{
    (void)state;
    if (own_session() == 0)
        SKIP("this test runs in session 0, which has no instance");
    const char *name = support_unique("Own");
    test_broker *b = broker_run_with("version: 1\nregions:\n  %s:\n    size: 4 KiB\n    namespace: session\n"
                                     "    access: { read: [Users], write: [Administrators] }\n",
                                     name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    assert_int_equal(shmb_region_flags(region) & SHMB_FLAG_SESSION, SHMB_FLAG_SESSION);
    process *status = broker_status(b, name);
    process_wait(status);
    assert_contains(process_output(status), support_text("%s (session %u)", name, (unsigned)own_session()));
    shmb_detach(region);
    broker_stop(b);
}

static void check_says_that_there_is_one_for_each_session(void **state)
{
    (void)state;
    followed f = follow();
    process *check = process_run("shmbroker.exe", "check \"%s\"", f.broker->config);
    assert_int_equal(process_wait(check), 0);
    assert_contains(
        process_output(check),
        support_text("  object   Global\\ShmBroker.Session.N.%s, one for each session N", f.name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(each_session_has_its_own_bytes_until_it_ends),
        SYSTEM_TEST(what_a_session_leaves_is_not_the_next_ones),
        SYSTEM_TEST(status_lists_each_instance_with_its_session),
        SYSTEM_TEST(bare_programs_find_the_instance_by_its_name),
        SYSTEM_TEST(a_killed_broker_is_followed_by_one_that_goes_on),
        SYSTEM_TEST(a_broker_in_a_console_serves_its_own_session),
        SYSTEM_TEST(check_says_that_there_is_one_for_each_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
