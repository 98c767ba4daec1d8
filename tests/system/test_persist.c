/* Regions that are persisted: what they have after a stop, a crash, and when a snapshot on the disk was damaged. */
#include "checks.h"

#include "account.h"
#include "region.h"
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define SNAPSHOT_HEAD 1024u /* bytes before the region's own: service/SNAPSHOT.md */

/* The paths of the instance's snapshots, oldest first; returns how many. */
static size_t list_snapshots(const test_broker *b, const char *ending, char *paths[], size_t room)
{
    WIN32_FIND_DATAW found;
    size_t count = 0;
    const char *folder = support_text("%s\\data\\snapshots", b->home);
    HANDLE search = FindFirstFileW(support_wide(support_text("%s\\*%s", folder, ending)), &found);
    while (search != INVALID_HANDLE_VALUE) {
        size_t at = count < room ? count++ : room - 1;
        char *path = support_text("%s\\%s", folder, support_utf8(found.cFileName));
        for (; at > 0 && strcmp(paths[at - 1], path) > 0; at--)
            paths[at] = paths[at - 1];
        paths[at] = path;
        if (!FindNextFileW(search, &found))
            break;
    }
    if (search != INVALID_HANDLE_VALUE)
        FindClose(search);
    return count;
}

/* Waits until a snapshot of the instance has `text` at the region's start. */
static void wait_snapshot(const test_broker *b, const char *text)
{
    const ULONGLONG start = GetTickCount64();
    for (;;) {
        char *paths[16];
        size_t count = list_snapshots(b, ".snapshot", paths, 16);
        for (size_t i = 0; i < count; i++) {
            /* An older one may be removed meanwhile. */
            HANDLE file = CreateFileW(support_wide(paths[i]), GENERIC_READ,
                                      FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
            char bytes[SNAPSHOT_HEAD + 64] = "";
            DWORD got = 0;
            if (file == INVALID_HANDLE_VALUE)
                continue;
            ReadFile(file, bytes, sizeof bytes, &got, NULL);
            CloseHandle(file);
            if (got == sizeof bytes && strncmp(bytes + SNAPSHOT_HEAD, text, strlen(text) + 1) == 0)
                return;
        }
        if (GetTickCount64() - start > SUPPORT_WAIT_MS)
            support_fail("there is no snapshot with \"%s\"", text);
        Sleep(20); /* between two looks, bounded above */
    }
}

static void write_text(const test_broker *b, const char *name, const char *bytes)
{
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    memcpy(shmb_data(region), bytes, strlen(bytes) + 1);
    shmb_detach(region);
}

static void assert_text(const test_broker *b, const char *name, const char *bytes, uint32_t flags)
{
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    assert_string_equal(shmb_data(region), bytes);
    assert_int_equal(shmb_region_flags(region) &
                         (SHMB_FLAG_LAST_CLEAN | SHMB_FLAG_LAST_DIRTY | SHMB_FLAG_RESTORED),
                     flags);
    assert_int_equal(shmb_region_restored(region) != 0, (flags & SHMB_FLAG_RESTORED) != 0);
    shmb_detach(region);
}

static const char *log_of(const test_broker *b)
{
    return support_read_file(support_text("%s\\data\\logs\\shmbroker.log", b->home), NULL);
}

static void a_region_in_memory_is_back_after_a_stop(void **state)
{
    (void)state;
    const char *name = support_unique("Snap");
    test_broker *b = broker_run_with(
        BROKER_HEAD "  %s: { size: 100000, persist: { mode: snapshot, every: 1 h } }\n", name);
    write_text(b, name, "written last");
    broker_stop(b);
    broker_start(b);
    assert_text(b, name, "written last", SHMB_FLAG_LAST_CLEAN | SHMB_FLAG_RESTORED);
    assert_contains(log_of(b), "restored: region ");
    broker_stop(b);
}

static void a_region_in_memory_is_back_after_broker_and_keeper_were_killed(void **state)
{
    (void)state;
    const char *name = support_unique("Killed");
    test_broker *b = broker_run_with(
        BROKER_HEAD "  %s: { size: 70000, persist: { mode: snapshot, every: 100 ms, keep: 2 } }\n", name);
    write_text(b, name, "one interval ago");
    wait_snapshot(b, "one interval ago");
    broker_kill_with_keeper(b);
    broker_start(b);
    assert_text(b, name, "one interval ago", SHMB_FLAG_LAST_DIRTY | SHMB_FLAG_RESTORED);
    broker_stop(b);
}

static void a_damaged_snapshot_is_told_and_the_one_before_it_is_used(void **state)
{
    (void)state;
    char *paths[16];
    size_t length;
    const char *name = support_unique("Damaged");
    test_broker *b = broker_run_with(
        BROKER_HEAD "  %s: { size: 4 KiB, persist: { mode: snapshot, every: 100 ms, keep: 5 } }\n", name);
    write_text(b, name, "the one before");
    wait_snapshot(b, "the one before");
    write_text(b, name, "the newest");
    wait_snapshot(b, "the newest");
    broker_stop(b);
    size_t count = list_snapshots(b, ".snapshot", paths, 16);
    assert_true(count >= 2);
    char *bytes = support_read_file(paths[count - 1], &length);
    bytes[SNAPSHOT_HEAD + 4000] ^= 1;
    support_write_file(paths[count - 1], bytes, length);
    broker_start(b);
    assert_text(b, name, "the one before", SHMB_FLAG_LAST_CLEAN | SHMB_FLAG_RESTORED);
    assert_contains(log_of(b), "the sum of its bytes is wrong");
    assert_contains(log_of(b), strrchr(paths[count - 1], '\\') + 1);
    assert_int_equal(list_snapshots(b, ".refused", paths, 16), 1);
    broker_stop(b);
}

static void no_more_snapshots_stay_than_are_to_be_kept(void **state)
{
    (void)state;
    char *paths[16];
    const char *name = support_unique("Kept");
    test_broker *b = broker_run_with(
        BROKER_HEAD "  %s: { size: 4 KiB, persist: { mode: snapshot, every: 100 ms, keep: 2 } }\n", name);
    for (unsigned i = 0; i < 4; i++) {
        const char *written = support_text("content %u", i);
        write_text(b, name, written);
        wait_snapshot(b, written);
    }
    broker_stop(b);
    assert_int_equal(list_snapshots(b, ".snapshot", paths, 16), 2);
    assert_int_equal(list_snapshots(b, ".new", paths, 16), 0);
}

static void a_file_is_flushed_and_back_after_a_kill(void **state)
{
    (void)state;
    const char *name = support_unique("Flushed");
    test_broker *b = broker_run_with(
        BROKER_HEAD
        "  %s: { size: 3 MiB, backing: { file: f.shm }, persist: { mode: file, flush: 100 ms } }\n",
        name);
    write_text(b, name, "in the file");
    broker_kill_with_keeper(b);
    broker_start(b);
    assert_text(b, name, "in the file", SHMB_FLAG_LAST_DIRTY);
    broker_stop(b);
    assert_contains(log_of(b), "of 1 regions that are persisted, the last bytes of 1 are on the disk");
}

#define HELD_CONFIG BROKER_HEAD "  %s: { size: 4 KiB, backing: { file: h.shm }, on_dirty: %s }\n"

/* Runs a command of shmbroker.exe for the instance; it must succeed. */
static void command(const test_broker *b, const char *what)
{
    process *p = process_run("shmbroker.exe", "%s --instance %s", what, b->instance);
    if (process_wait(p) != 0)
        support_fail("`shmbroker %s` ended with exit code %d:\n%s", what, process_wait(p), process_errors(p));
}

static void a_held_region_is_not_served_until_a_person_decides(void **state)
{
    (void)state;
    const char *name = support_unique("Held");
    test_broker *b = broker_run_with(HELD_CONFIG, name, "hold");
    write_text(b, name, "half done");
    broker_kill_with_keeper(b);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    for (unsigned again = 0; again < 2; again++) {
        broker_start(b);
        assert_int_equal(region_try(name, &options), SHMB_REGION_FAILED);
        assert_contains(options.message, "on_dirty is hold");
        broker_stop(b);
    }
    const char *decided = support_text(HELD_CONFIG, name, "keep");
    support_write_file(b->config, decided, strlen(decided));
    broker_start(b);
    assert_text(b, name, "half done", SHMB_FLAG_LAST_DIRTY);
    broker_stop(b);
}

static void a_held_region_is_served_as_it_is_by_release(void **state)
{
    (void)state;
    const char *name = support_unique("Released");
    test_broker *b = broker_run_with(HELD_CONFIG, name, "hold");
    process *p = process_run("shmbroker.exe", "release %s --yes --instance %s", name, b->instance);
    assert_int_equal(process_wait(p), 0); /* nothing to do */
    write_text(b, name, "half done");
    broker_kill_with_keeper(b);
    broker_start(b);
    p = process_run("shmbroker.exe", "release Other --yes --instance %s", b->instance);
    assert_int_equal(process_wait(p), 5);
    command(b, support_text("release %s --yes", name));
    assert_text(b, name, "half done", SHMB_FLAG_LAST_DIRTY);
    broker_stop(b);
}

static void the_service_accepts_a_preshutdown_when_it_has_something_to_write(void **state)
{
    (void)state;
    if (!account_is_administrator())
        SKIP("installing a service needs an administrator");
    static const char *const extras[] = {"", ", persist: { mode: snapshot, every: 1 h }"};
    for (unsigned i = 0; i < 2; i++) {
        SERVICE_STATUS status = {0};
        const char *name = support_unique("Service");
        test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 4 KiB%s }\n", name, extras[i]);
        const char *service = support_text("ShmBroker$%s", b->instance);
        service_remove_on_cleanup(service);
        command(b, support_text("install --config \"%s\"", b->config));
        command(b, "start");
        write_text(b, name, "service");
        SC_HANDLE opened = service_open(service);
        assert_non_null(opened);
        assert_true(QueryServiceStatus(opened, &status));
        CloseServiceHandle(opened);
        assert_int_equal((status.dwControlsAccepted & SERVICE_ACCEPT_PRESHUTDOWN) != 0, i);
        command(b, "stop");
        command(b, "start");
        assert_text(b, name, i ? "service" : "", SHMB_FLAG_LAST_CLEAN | (i ? SHMB_FLAG_RESTORED : 0u));
        command(b, "stop");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(a_region_in_memory_is_back_after_a_stop),
        SYSTEM_TEST(a_region_in_memory_is_back_after_broker_and_keeper_were_killed),
        SYSTEM_TEST(a_damaged_snapshot_is_told_and_the_one_before_it_is_used),
        SYSTEM_TEST(no_more_snapshots_stay_than_are_to_be_kept),
        SYSTEM_TEST(a_file_is_flushed_and_back_after_a_kill),
        SYSTEM_TEST(a_held_region_is_not_served_until_a_person_decides),
        SYSTEM_TEST(a_held_region_is_served_as_it_is_by_release),
        SYSTEM_TEST(the_service_accepts_a_preshutdown_when_it_has_something_to_write),
    };
    return cmocka_run_group_tests_name("persist", tests, NULL, NULL);
}
