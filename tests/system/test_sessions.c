/* Regions that each session has for itself, as sessions come and go: what a test says of them, and this one's own. */
#include "checks.h"

#include "account.h"
#include "region.h"
#include "service.h"
#include "session_feed.h"

#include <tlhelp32.h>

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
    memcpy(shmb_data(anna), "anna's", sizeof "anna's");
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
    memcpy(shmb_data(held), "a secret", sizeof "a secret");
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
    memcpy(shmb_data(before), "still here", sizeof "still here");
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

/* A plan is made by another process than the broker, and done only if both have the same sessions in mind. */
static void a_reload_makes_instances_for_the_sessions_that_there_are(void **state)
{
    (void)state;
    followed f = follow();
    const char *more = support_unique("More");
    start(&f);
    tell(&f, WTS_SESSION_LOGON, ANNA);
    settle(&f, BEN);
    const char *text = support_text("version: 1\ndefaults: { access: { read: [Users] } }\nregions:\n"
                                    "  %s: { size: 4 KiB, namespace: session }\n",
                                    more);
    support_write_file(f.broker->config, text, strlen(text));
    process *plan = process_run("shmbroker.exe", "plan --instance %s", f.broker->instance);
    assert_int_equal(process_wait(plan), 0);
    assert_contains(process_output(plan), support_text("+ create   %s (session %u)", more, ANNA));
    assert_contains(process_output(plan), support_text("- retire   %s (session %u)", f.name, BEN));
    process *reload = process_run("shmbroker.exe", "reload --yes --instance %s", f.broker->instance);
    if (process_wait(reload) != 0)
        support_fail("%s%s", process_output(reload), process_errors(reload));
    f.name = more;
    shmb_detach(instance_of(&f, ANNA, SHMB_ACCESS_READ));
    tell(&f, WTS_SESSION_LOGOFF, ANNA);
    settle(&f, 900003);
    assert_int_equal(try_instance(&f, ANNA), SHMB_NOT_DECLARED);
    stop(&f);
}

/* ---- The service: no seam, and what Windows says --------------------------------------------------------------- */

typedef struct session_list {
    uint32_t ids[256];
    size_t count;
} session_list;

/* The sessions in which programs run, but that of services. */
static session_list sessions_there_are(void)
{
    session_list list = {.count = 0};
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    HANDLE processes = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    assert_true(processes != INVALID_HANDLE_VALUE);
    for (BOOL more = Process32FirstW(processes, &entry); more; more = Process32NextW(processes, &entry)) {
        DWORD session = 0;
        bool known = !ProcessIdToSessionId(entry.th32ProcessID, &session) || session == 0;
        for (size_t i = 0; i < list.count; i++)
            known = known || list.ids[i] == session;
        if (!known && list.count < 256)
            list.ids[list.count++] = session;
    }
    CloseHandle(processes);
    return list;
}

static void the_service_serves_the_sessions_that_there_are(void **state)
{
    (void)state;
    if (!account_is_administrator())
        SKIP("installing a service needs an administrator");
    followed f = {.name = support_unique("Own")};
    f.broker = broker_prepare(BROKER_HEAD "  %s: { size: 4 KiB, namespace: session }\n", f.name);
    service_remove_on_cleanup(support_text("ShmBroker$%s", f.broker->instance));
    broker_command(f.broker, support_text("install --config \"%s\"", f.broker->config));
    broker_command(f.broker, "start");
    const session_list there = sessions_there_are();
    process *status = broker_status(f.broker, f.name);
    process_wait(status);
    for (size_t i = 0; i < there.count; i++) {
        assert_contains(process_output(status),
                        support_text("%s (session %u)", f.name, (unsigned)there.ids[i]));
        shmb_detach(instance_of(&f, there.ids[i], SHMB_ACCESS_READ));
    }
    if (own_session() != 0) {
        assert_true(there.count > 0);
        shmb_detach(region_attach(f.broker, f.name, SHMB_ACCESS_READ));
    }
    broker_command(f.broker, "stop");
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
        SYSTEM_TEST(a_reload_makes_instances_for_the_sessions_that_there_are),
        SYSTEM_TEST(the_service_serves_the_sessions_that_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
