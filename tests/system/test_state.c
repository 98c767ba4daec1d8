/* A state between programs: readers of another account that may only read, writers that are killed, and a broker that is. */
#include "checks.h"

#include "account.h"
#include "play.h"
#include "players.h"
#include "region.h"

#include <stdio.h>

#define STATE_CONFIG BROKER_HEAD "  %s: { kind: state, size: 1024 }\n"

/* Reads; fails unless there is a whole value. Returns its version. */
static uint64_t whole_version(shmb_region *region)
{
    uint8_t bytes[PLAY_BYTES];
    uint64_t size, version;
    shmb_status status = shmb_state_read(region, bytes, sizeof bytes, &size, &version);
    if (status != SHMB_OK || !play_is_whole(bytes, size))
        support_fail("no whole value: %s, %llu bytes", shmb_status_text(status), (unsigned long long)size);
    return version;
}

static void write_one(shmb_region *region, uint64_t number)
{
    uint8_t bytes[PLAY_BYTES];
    uint64_t size = play_fill(bytes, number);
    shmb_status status = shmb_state_write(region, bytes, size);
    if (status != SHMB_OK)
        support_fail("not written: %s", shmb_status_text(status));
}

/* Until the version is `more` higher. */
static void await_versions(shmb_region *region, uint64_t more)
{
    uint64_t wanted = whole_version(region) + more, version;
    ULONGLONG start = GetTickCount64();
    while ((version = whole_version(region)) < wanted) {
        if (GetTickCount64() - start > SUPPORT_WAIT_MS)
            support_fail("nobody writes any more");
        assert_int_equal(shmb_state_wait(region, version, SUPPORT_WAIT_MS), SHMB_OK);
    }
}

static void readers_that_may_only_read_see_whole_values_of_several_writers(void **state)
{
    (void)state;
    const char *name = support_unique("Pose");
    test_broker *b = broker_run_with(STATE_CONFIG, name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    write_one(region, 1);
    process *writers[2], *readers[2];
    HANDLE ordinary = account_ordinary();
    readers[0] = player_start_as(ordinary, b, name, "state-read");
    readers[1] = player_start_as(ordinary, b, name, "state-wait");
    for (int i = 0; i < 2; i++)
        writers[i] = player_start(b, name, "state-write");
    await_versions(region, 2000);
    unsigned long long written = 1;
    for (int i = 0; i < 2; i++)
        written += player_finish(writers[i]).turns;
    assert_int_equal(whole_version(region), written);
    for (int i = 0; i < 2; i++)
        player_finish(readers[i]);

    process *refused =
        process_start_as(ordinary, "shmbroker-player.exe", "%s %s state-write", b->instance, name);
    assert_int_equal(process_wait(refused), 1);
    assert_contains(process_output(refused), "refused 5");
    shmb_detach(region);
    broker_stop(b);
}

/* Two writers write all the time; one of them is killed, in turn, after a number of values that a seed draws. */
static void a_killed_writer_leaves_a_whole_value_and_the_others_unharmed(void **state)
{
    (void)state;
    const char *name = support_unique("Pose");
    test_broker *b = broker_run_with(STATE_CONFIG, name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    write_one(region, 1);
    process *reader = player_start_as(account_ordinary(), b, name, "state-read");
    process *writers[2] = {player_start(b, name, "state-write"), player_start(b, name, "state-write")};
    unsigned rounds = player_rounds(6);
    uint32_t seed = player_seed(20261122);
    for (unsigned round = 0; round < rounds; round++) {
        seed = seed * 1664525 + 1013904223;
        await_versions(region, 1 + (seed >> 16) % 200);
        process_discard(writers[round % 2]);
        uint64_t version = whole_version(region);
        write_one(region, round);
        assert_true(whole_version(region) > version);
        await_versions(region, 1);
        writers[round % 2] = player_start(b, name, "state-write");
    }
    process_kill(writers[0]);
    process_kill(writers[1]);
    write_one(region, 7);
    player_score score = player_finish(reader);
    printf("%u writers killed, none left a torn value in %llu reads\n", rounds + 2, score.turns);
    shmb_detach(region);
    broker_stop(b);
}

static void who_waits_is_woken_by_another_program_and_only_then(void **state)
{
    (void)state;
    const char *name = support_unique("Pose");
    test_broker *b = broker_run_with(STATE_CONFIG, name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    assert_int_equal(shmb_state_wait(region, 0, 100), SHMB_TIMED_OUT);
    process *writer = player_start(b, name, "state-write");
    assert_int_equal(shmb_state_wait(region, 0, SUPPORT_WAIT_MS), SHMB_OK);
    player_score score = player_finish(writer);
    uint64_t version = whole_version(region);
    assert_int_equal(version, score.turns);
    assert_int_equal(shmb_state_wait(region, version, 100), SHMB_TIMED_OUT);
    shmb_detach(region);
    broker_stop(b);
}

static void it_goes_on_while_the_broker_is_killed_and_started_again(void **state)
{
    (void)state;
    const char *name = support_unique("Pose");
    test_broker *b = broker_run_with(STATE_CONFIG, name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    write_one(region, 1);
    process *writer = player_start(b, name, "state-write");
    process *reader = player_start_as(account_ordinary(), b, name, "state-wait");
    broker_kill(b);
    await_versions(region, 500);
    process_kill(writer);
    write_one(region, 2);
    uint64_t version = whole_version(region);
    broker_start(b);
    shmb_region *later = region_attach(b, name, SHMB_ACCESS_READ);
    assert_int_equal(whole_version(later), version);
    write_one(region, 3);
    assert_int_equal(shmb_state_wait(later, version, SUPPORT_WAIT_MS), SHMB_OK);
    player_finish(reader);
    shmb_detach(later);
    shmb_detach(region);
    broker_stop(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(readers_that_may_only_read_see_whole_values_of_several_writers),
        SYSTEM_TEST(a_killed_writer_leaves_a_whole_value_and_the_others_unharmed),
        SYSTEM_TEST(who_waits_is_woken_by_another_program_and_only_then),
        SYSTEM_TEST(it_goes_on_while_the_broker_is_killed_and_started_again),
    };
    return cmocka_run_group_tests_name("states", tests, NULL, NULL);
}
