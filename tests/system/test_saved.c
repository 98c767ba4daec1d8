/* States, queues and streams that are persisted: what comes back is whole, whatever programs did while it was saved. */
#include "checks.h"

#include "play.h"
#include "players.h"
#include "region.h"

#include <string.h>

#define SNAPSHOTS "persist: { mode: snapshot, every: 100 ms, keep: 3 }"

/* The number of the region's newest snapshot, which is in its file's name; 0: there is none. */
static unsigned long newest_snapshot(const test_broker *b)
{
    WIN32_FIND_DATAW found;
    unsigned long newest = 0;
    HANDLE search =
        FindFirstFileW(support_wide(support_text("%s\\data\\snapshots\\*.snapshot", b->home)), &found);
    if (search == INVALID_HANDLE_VALUE)
        return 0;
    do {
        const char *digits = strrchr(support_utf8(found.cFileName), '-');
        unsigned long number = digits ? strtoul(digits + 1, NULL, 10) : 0;
        newest = number > newest ? number : newest;
    } while (FindNextFileW(search, &found));
    FindClose(search);
    return newest;
}

static void await_snapshots(const test_broker *b, unsigned long more)
{
    const unsigned long wanted = newest_snapshot(b) + more;
    const ULONGLONG start = GetTickCount64();
    while (newest_snapshot(b) < wanted) {
        if (GetTickCount64() - start > SUPPORT_WAIT_MS)
            support_fail("no snapshot %lu comes", wanted);
        Sleep(20); /* between two looks, bounded above */
    }
}

/* Whether a snapshot at `path` has `number` anywhere. */
static bool has_number(const char *path, uint32_t number)
{
    static uint8_t bytes[65536];
    DWORD got = 0;
    HANDLE file = CreateFileW(support_wide(path), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return false; /* it was removed meanwhile */
    ReadFile(file, bytes, sizeof bytes, &got, NULL);
    CloseHandle(file);
    for (DWORD at = 0; at + sizeof number <= got; at += sizeof number)
        if (memcmp(bytes + at, &number, sizeof number) == 0)
            return true;
    return false;
}

static void await_snapshot_with(const test_broker *b, uint32_t number)
{
    const ULONGLONG start = GetTickCount64();
    const char *folder = support_text("%s\\data\\snapshots", b->home);
    for (bool found = false; !found;) {
        WIN32_FIND_DATAW file;
        HANDLE search = FindFirstFileW(support_wide(support_text("%s\\*.snapshot", folder)), &file);
        if (GetTickCount64() - start > SUPPORT_WAIT_MS)
            support_fail("no snapshot has %u", (unsigned)number);
        if (search == INVALID_HANDLE_VALUE)
            continue;
        do
            found = has_number(support_text("%s\\%s", folder, support_utf8(file.cFileName)), number);
        while (!found && FindNextFileW(search, &file));
        FindClose(search);
        Sleep(20); /* between two looks, bounded above */
    }
}

/* A hostile program, too: it writes over what says which kind it is, and over who waits. */
static void scribble_over_the_header(const test_broker *b, const char *name)
{
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    memset(shmb_data(region), 0xA5, 128);
    shmb_detach(region);
}

static void a_state_is_restored_whole_that_is_written_all_the_time(void **state)
{
    (void)state;
    const char *name = support_unique("Pose");
    uint64_t last = 0;
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { kind: state, size: 1024, " SNAPSHOTS " }\n", name);
    for (unsigned round = 0; round < 4; round++) {
        process *writers[2] = {player_start(b, name, "state-write"), player_start(b, name, "state-write")};
        scribble_over_the_header(b, name);
        await_snapshots(b, 2); /* the second was begun while they wrote */
        process_kill(writers[0]);
        process_kill(writers[1]);
        broker_kill_with_keeper(b);
        broker_start(b);
        shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
        uint8_t value[PLAY_BYTES];
        uint64_t size, version;
        assert_int_equal(shmb_state_read(region, value, sizeof value, &size, &version), SHMB_OK);
        assert_true(play_is_whole(value, size));
        assert_true(version > last);
        last = version;
        assert_true((shmb_region_flags(region) & SHMB_FLAG_RESTORED) != 0);
        assert_int_equal(shmb_state_wait(region, version, SHMB_NO_WAIT), SHMB_TIMED_OUT);
        shmb_detach(region);
    }
    broker_stop(b);
}

static void send(shmb_region *region, uint32_t number)
{
    assert_int_equal(shmb_queue_send(region, &number, sizeof number, SHMB_NO_WAIT), SHMB_OK);
}

static void assert_received(shmb_region *region, uint32_t number)
{
    uint32_t got = 0, size = 0;
    assert_int_equal(shmb_queue_receive(region, &got, sizeof got, &size, 1000), SHMB_OK);
    assert_int_equal(got, number);
}

static void assert_empty(shmb_region *region)
{
    uint32_t got, size;
    assert_int_equal(shmb_queue_receive(region, &got, sizeof got, &size, SHMB_NO_WAIT), SHMB_TIMED_OUT);
}

/* Messages 3 to 9 wait, and `last`; 2 was taken and 10 is being filled in by who is gone when the region comes back. */
static void use_queue(const test_broker *b, const char *name, uint32_t last)
{
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    shmb_queue_message taken = {.struct_size = sizeof taken}, claimed = {.struct_size = sizeof claimed};
    uint32_t got, size;
    for (uint32_t number = 1; number < 10; number++)
        send(region, number);
    assert_int_equal(shmb_queue_receive(region, &got, sizeof got, &size, SHMB_NO_WAIT), SHMB_OK);
    assert_int_equal(shmb_queue_take(region, SHMB_NO_WAIT, &taken), SHMB_OK);
    assert_int_equal(shmb_queue_claim(region, 4, SHMB_NO_WAIT, &claimed), SHMB_OK);
    send(region, last);
    shmb_detach(region);
    scribble_over_the_header(b, name);
}

static void assert_queue_is_back(const test_broker *b, const char *name, uint32_t last)
{
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    for (uint32_t number = 3; number < 10; number++)
        assert_received(region, number);
    if (last)
        assert_received(region, last);
    assert_empty(region);
    for (uint32_t number = 0; number < 16; number++)
        send(region, number);
    for (uint32_t number = 0; number < 16; number++)
        assert_received(region, number);
    assert_empty(region);
    shmb_detach(region);
}

static void a_queue_has_the_messages_again_that_waited(void **state)
{
    (void)state;
    const char *name = support_unique("Jobs");
    test_broker *b = broker_run_with(
        BROKER_HEAD "  %s: { kind: queue, messages: 16, message_size: 4, " SNAPSHOTS " }\n", name);
    use_queue(b, name, 0x5A7EDu);
    broker_stop(b);
    broker_start(b);
    assert_queue_is_back(b, name, 0x5A7EDu);
    use_queue(b, name, 0xA6A14u);
    await_snapshot_with(b, 0xA6A14u);
    broker_kill_with_keeper(b);
    broker_start(b);
    assert_queue_is_back(b, name, 0xA6A14u);
    broker_stop(b);
}

static void a_stream_has_its_newest_messages_again(void **state)
{
    (void)state;
    const char *name = support_unique("Ticks");
    test_broker *b = broker_run_with(
        BROKER_HEAD "  %s: { kind: stream, messages: 8, message_size: 8, " SNAPSHOTS " }\n", name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    for (uint64_t number = 1; number <= 20; number++)
        assert_int_equal(shmb_stream_write(region, &number, sizeof number), SHMB_OK);
    shmb_detach(region);
    scribble_over_the_header(b, name);
    broker_stop(b);
    broker_start(b);
    region = region_attach(b, name, SHMB_ACCESS_WRITE);
    uint64_t cursor, got, size, missed;
    assert_int_equal(shmb_stream_join(region, SHMB_OLDEST, &cursor), SHMB_OK);
    for (uint64_t number = 14; number <= 21; number++) {
        shmb_status status =
            shmb_stream_read(region, &cursor, &got, sizeof got, &size, &missed, SHMB_NO_WAIT);
        assert_int_equal(missed, 0);
        assert_int_equal(status, number <= 20 ? SHMB_OK : SHMB_TIMED_OUT);
        assert_true(status != SHMB_OK || got == number);
    }
    got = 21;
    assert_int_equal(shmb_stream_write(region, &got, sizeof got), SHMB_OK);
    assert_int_equal(shmb_stream_read(region, &cursor, &got, sizeof got, &size, &missed, SHMB_NO_WAIT),
                     SHMB_OK);
    shmb_detach(region);
    broker_stop(b);
}

static void a_file_s_queue_is_nobody_s_after_all_was_killed(void **state)
{
    (void)state;
    const char *name = support_unique("Filed");
    test_broker *b = broker_run_with(
        BROKER_HEAD "  %s: { kind: queue, messages: 16, message_size: 4, backing: { file: jobs.shm } }\n",
        name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    shmb_queue_message taken = {.struct_size = sizeof taken};
    for (uint32_t number = 2; number < 10; number++)
        send(region, number);
    assert_int_equal(shmb_queue_take(region, SHMB_NO_WAIT, &taken), SHMB_OK);
    uint8_t *bytes = shmb_data(region);
    memset(bytes + 384, 0xFF, 8); /* who sleeps */
    broker_kill_with_keeper(b);
    shmb_detach(region);
    broker_start(b);
    region = region_attach(b, name, SHMB_ACCESS_WRITE);
    bytes = shmb_data(region);
    for (unsigned at = 384; at < 128 + 384; at++)
        assert_int_equal(bytes[at], 0);
    shmb_detach(region);
    assert_queue_is_back(b, name, 0);
    broker_stop(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(a_state_is_restored_whole_that_is_written_all_the_time),
        SYSTEM_TEST(a_queue_has_the_messages_again_that_waited),
        SYSTEM_TEST(a_stream_has_its_newest_messages_again),
        SYSTEM_TEST(a_file_s_queue_is_nobody_s_after_all_was_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
