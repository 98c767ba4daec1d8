/* 32-bit programs beside the 64-bit broker, each sharing regions with 64-bit ones. */
#include "checks.h"

#include "play.h"
#include "players.h"
#include "queue_peer.h"
#include "region.h"

#include <string.h>

#define COUNTED      20000u /* turns with the lock, of each program */
#define PASSED       2000u  /* messages, values: so many tell that both sides go on */
#define LOCK_CONFIG  BROKER_HEAD "  %s: { size: 64 KiB, lock: true }\n"
#define STATE_CONFIG BROKER_HEAD "  %s: { kind: state, size: 1024 }\n"
#define STREAM_CONFIG                                                                                        \
    BROKER_HEAD "  %s: { kind: stream, messages: 64, message_size: 1024 }\n" /* PLAY_BYTES at least */
#define QUEUE_CONFIG BROKER_HEAD "  %s: { kind: queue, messages: 8, message_size: 64 }\n  %s: { size: %u }\n"

/* The program of the 32-bit build beside this one; NULL without such a build. */
static const char *narrow(const char *program)
{
    const char *path = support_program(support_text("..\\..\\mingw32\\bin\\%s", program));
    return support_file_exists(path) ? path : NULL;
}

/* A Wine without its 32-bit part refuses 32-bit programs, or takes them, runs nothing, and reports success. So that part
   must be there, and a program must print what it is known to print. */
static bool runs_32_bit(void)
{
    wchar_t folder[MAX_PATH];
    UINT length = GetSystemWow64DirectoryW(folder, MAX_PATH);
    if (length == 0 || length >= MAX_PATH ||
        !support_file_exists(support_text("%s\\ntdll.dll", support_utf8(folder))))
        return false;
    return strstr(process_errors(process_run(narrow("example-reader.exe"), "%s", "")), "usage:") != NULL;
}

static void need_32_bit(void)
{
    if (!narrow("example-reader.exe"))
        SKIP("there is no 32-bit build beside this one");
    if (!runs_32_bit())
        SKIP("this system runs no 32-bit programs");
}

static process *narrow_player(const test_broker *b, const char *region, const char *role)
{
    process *player = process_start(narrow("shmbroker-player.exe"), "%s %s %s", b->instance, region, role);
    process_wait_line(player, "ready");
    return player;
}

static void a_32_bit_program_reads_a_region(void **state)
{
    (void)state;
    need_32_bit();
    const char *name = support_unique("Narrow");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 64 KiB }\n", name);
    SetEnvironmentVariableA("SHMBROKER_INSTANCE", b->instance);
    process *writer = process_run("example-writer.exe", "%s 3 1", name);
    process *reader = process_run(narrow("example-reader.exe"), "%s 1", name);
    SetEnvironmentVariableA("SHMBROKER_INSTANCE", NULL);
    assert_int_equal(process_wait(writer), 0);
    if (process_wait(reader) != 0)
        support_fail("%s", process_errors(reader));
    assert_contains(process_output(reader), "read 3: ");
    broker_stop(b);
}

static void they_take_turns_with_a_lock_and_their_death_is_told(void **state)
{
    (void)state;
    need_32_bit();
    const char *name = support_unique("Narrow");
    test_broker *b = broker_run_with(LOCK_CONFIG, name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    process *small =
        process_start(narrow("shmbroker-locker.exe"), "%s %s write count %u", b->instance, name, COUNTED);
    process *large =
        process_start("shmbroker-locker.exe", "%s %s write count %u", b->instance, name, COUNTED);
    assert_int_equal(process_wait(small), 0);
    assert_int_equal(process_wait(large), 0);
    assert_true(*(volatile uint64_t *)shmb_data(region) == UINT64_C(2) * COUNTED);
    small = process_start(narrow("shmbroker-locker.exe"), "%s %s write lock 0 hold", b->instance, name);
    process_wait_line(small, "holding");
    process_kill(small);
    assert_int_equal(shmb_lock(region, SUPPORT_WAIT_MS), SHMB_OWNER_DIED);
    shmb_detach(region);
    broker_stop(b);
}

/* Until the state's version is `more` higher. */
static void await_versions(shmb_region *region, uint64_t more)
{
    uint8_t bytes[PLAY_BYTES];
    uint64_t size, version, first = 0;
    do {
        assert_int_equal(shmb_state_read(region, bytes, sizeof bytes, &size, &version), SHMB_OK);
        assert_true(play_is_whole(bytes, size));
        first = first ? first : version;
        assert_int_equal(shmb_state_wait(region, version, SUPPORT_WAIT_MS), SHMB_OK);
    } while (version < first + more);
}

static void they_write_and_read_a_state(void **state)
{
    (void)state;
    need_32_bit();
    const char *name = support_unique("Narrow");
    test_broker *b = broker_run_with(STATE_CONFIG, name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    process *small = narrow_player(b, name, "state-write"), *large = player_start(b, name, "state-write");
    process *readers[] = {narrow_player(b, name, "state-read"), narrow_player(b, name, "state-wait"),
                          player_start(b, name, "state-read")};
    await_versions(region, PASSED);
    process_kill(small);
    await_versions(region, PASSED);
    player_finish(large);
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        player_finish(readers[i]);
    shmb_detach(region);
    broker_stop(b);
}

/* `writes` and `reads`: the programs. What is missed is told, so both ends agree on where the stream is. */
static void stream_between(process *(*writes)(const test_broker *, const char *, const char *),
                           process *(*reads)(const test_broker *, const char *, const char *))
{
    const char *name = support_unique("Narrow");
    test_broker *b = broker_run_with(STREAM_CONFIG, name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    process *reader = reads(b, name, "stream-read"), *writer = writes(b, name, "stream-write");
    uint64_t cursor, size, missed, got = 0;
    uint8_t bytes[PLAY_BYTES];
    assert_int_equal(shmb_stream_join(region, SHMB_NEWEST, &cursor), SHMB_OK);
    while (got < PASSED) {
        assert_int_equal(
            shmb_stream_read(region, &cursor, bytes, sizeof bytes, &size, &missed, SUPPORT_WAIT_MS), SHMB_OK);
        assert_true(play_is_whole(bytes, size));
        got += 1 + missed;
    }
    const unsigned long long written = player_finish(writer).turns;
    const player_score score = player_finish(reader);
    assert_true(score.turns + score.missed == written);
    shmb_detach(region);
    broker_stop(b);
}

static void they_produce_and_read_a_stream(void **state)
{
    (void)state;
    need_32_bit();
    stream_between(narrow_player, player_start);
    stream_between(player_start, narrow_player);
}

static process *queue_peer(const char *program, const test_broker *b, const char *names, unsigned number,
                           const char *what)
{
    process *peer = process_start(program, "%s %s %u %s", b->instance, names, number, what);
    process_wait_line(peer, "ready");
    return peer;
}

static void they_send_and_receive_through_a_queue(void **state)
{
    static const char *const ways[][2] = {
        {"send", "receive"}, {"claim", "take"}, {"send-many", "receive-many"}};
    (void)state;
    need_32_bit();
    const char *jobs = support_unique("Jobs"), *notes = support_unique("Notes");
    test_broker *b = broker_run_with(QUEUE_CONFIG, jobs, notes, (unsigned)(PEERS_MOST * sizeof(peer_note)));
    shmb_region *region = region_attach(b, notes, SHMB_ACCESS_WRITE);
    const volatile peer_note *note = shmb_data(region);
    const char *names = support_text("%s %s", jobs, notes), *large = "shmbroker-queue-peer.exe";
    const char *small = narrow(large);
    for (unsigned i = 0; i < 6; i++) {
        const unsigned sends = 1 + 2 * i, receives = 2 + 2 * i;
        process *sender = queue_peer(i % 2 ? large : small, b, names, sends, ways[i / 2][0]);
        process *receiver = queue_peer(i % 2 ? small : large, b, names, receives, ways[i / 2][1]);
        const ULONGLONG start = GetTickCount64();
        while (note[receives].received < PASSED && GetTickCount64() - start < SUPPORT_WAIT_MS)
            Sleep(1);
        process_kill(sender);
        process_kill(receiver);
        assert_true(note[receives].received >= PASSED);
        assert_int_equal(note[receives].wrong, 0);
    }
    shmb_detach(region);
    broker_stop(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(a_32_bit_program_reads_a_region),
        SYSTEM_TEST(they_take_turns_with_a_lock_and_their_death_is_told),
        SYSTEM_TEST(they_write_and_read_a_state),
        SYSTEM_TEST(they_produce_and_read_a_stream),
        SYSTEM_TEST(they_send_and_receive_through_a_queue),
    };
    return cmocka_run_group_tests_name("narrow", tests, NULL, NULL);
}
