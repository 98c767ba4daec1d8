/* A stream between programs: readers of another account that may only read, producers that are killed and replaced, and a
   broker that is. */
#include "checks.h"

#include "account.h"
#include "play.h"
#include "players.h"
#include "region.h"

#include <stdio.h>

#define STREAM_CONFIG BROKER_HEAD "  %s: { kind: stream, messages: 64, message_size: 1024 }\n"

static void write_one(shmb_region *region, uint64_t number)
{
    uint8_t bytes[PLAY_BYTES];
    uint64_t size = play_fill(bytes, number);
    shmb_status status = shmb_stream_write(region, bytes, size);
    if (status != SHMB_OK)
        support_fail("not written: %s", shmb_status_text(status));
}

static uint64_t newest(shmb_region *region)
{
    uint64_t cursor;
    assert_int_equal(shmb_stream_join(region, SHMB_NEWEST, &cursor), SHMB_OK);
    return cursor;
}

/* Reads until *cursor is at `end`, or has gone `more` messages on. Each is whole; returns how many were read or missed. */
static uint64_t read_on(shmb_region *region, uint64_t *cursor, uint64_t more)
{
    uint8_t bytes[PLAY_BYTES];
    uint64_t size, missed, count = 0;
    while (count < more) {
        shmb_status status =
            shmb_stream_read(region, cursor, bytes, sizeof bytes, &size, &missed, SUPPORT_WAIT_MS);
        if (status != SHMB_OK || !play_is_whole(bytes, size))
            support_fail("no whole message: %s, %llu bytes", shmb_status_text(status),
                         (unsigned long long)size);
        count += missed + 1;
    }
    return count;
}

static void readers_that_may_only_read_get_or_count_every_message(void **state)
{
    (void)state;
    const char *name = support_unique("Ticks");
    test_broker *b = broker_run_with(STREAM_CONFIG, name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    HANDLE ordinary = account_ordinary();
    process *readers[2] = {player_start_as(ordinary, b, name, "stream-read"),
                           player_start_as(ordinary, b, name, "stream-read")};
    uint64_t cursor = newest(region);
    process *producer = player_start(b, name, "stream-write");
    read_on(region, &cursor, 2000);
    player_score written = player_finish(producer);
    assert_int_equal(newest(region), 2 * written.turns);
    shmb_region *writer = region_attach(b, name, SHMB_ACCESS_WRITE);
    write_one(writer, 1); /* so that a reader that waits has nothing left to wait for */
    for (int i = 0; i < 2; i++) {
        player_score read = player_finish(readers[i]);
        assert_int_equal(read.last, 2 * (read.turns + read.missed));
        assert_true(read.turns + read.missed <= written.turns + 1);
    }
    process *refused =
        process_start_as(ordinary, "shmbroker-player.exe", "%s %s stream-write", b->instance, name);
    assert_int_equal(process_wait(refused), 1);
    assert_contains(process_output(refused), "refused 5");
    shmb_detach(writer);
    shmb_detach(region);
    broker_stop(b);
}

static void there_is_one_producer_until_it_dies(void **state)
{
    (void)state;
    const char *name = support_unique("Ticks");
    test_broker *b = broker_run_with(STREAM_CONFIG, name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    process *producer = player_start(b, name, "stream-write");
    assert_int_equal(shmb_stream_write(region, "x", 1), SHMB_BUSY);
    process_kill(producer);
    write_one(region, 1);
    assert_int_equal(shmb_stream_resign(region), SHMB_OK);
    producer = player_start(b, name, "stream-write");
    assert_int_equal(shmb_stream_write(region, "x", 1), SHMB_BUSY);
    player_finish(producer);
    write_one(region, 2);
    shmb_detach(region);
    broker_stop(b);
}

/* A producer is killed after a number of messages that a seed draws; another, which waited for that, is the next. */
static void a_killed_producer_loses_no_message_but_its_own_and_is_replaced(void **state)
{
    (void)state;
    const char *name = support_unique("Ticks");
    test_broker *b = broker_run_with(STREAM_CONFIG, name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    process *reader = player_start_as(account_ordinary(), b, name, "stream-read");
    uint64_t cursor = newest(region), seen = 0;
    unsigned rounds = player_rounds(6);
    uint32_t seed = player_seed(20261122);
    for (unsigned round = 0; round < rounds; round++) {
        process *producer = player_start(b, name, "stream-write");
        seed = seed * 1664525 + 1013904223;
        seen += read_on(region, &cursor, 1 + (seed >> 16) % 200);
        process_discard(producer);
        assert_true(newest(region) >= cursor);
        assert_int_equal(cursor, 2 * seen);
    }
    shmb_region *writer = region_attach(b, name, SHMB_ACCESS_WRITE);
    write_one(writer, 1);
    read_on(region, &cursor, newest(region) / 2 - seen);
    assert_int_equal(cursor, newest(region));
    player_score score = player_finish(reader);
    printf("%u producers killed, %llu messages read whole and %llu missed\n", rounds, score.turns,
           score.missed);
    shmb_detach(writer);
    shmb_detach(region);
    broker_stop(b);
}

static void it_goes_on_while_the_broker_is_killed_and_started_again(void **state)
{
    (void)state;
    const char *name = support_unique("Ticks");
    test_broker *b = broker_run_with(STREAM_CONFIG, name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    process *producer = player_start(b, name, "stream-write");
    uint64_t cursor = newest(region);
    broker_kill(b);
    read_on(region, &cursor, 500);
    broker_start(b);
    read_on(region, &cursor, 500);
    player_score written = player_finish(producer);
    shmb_region *later = region_attach(b, name, SHMB_ACCESS_WRITE);
    assert_int_equal(newest(later), 2 * written.turns);
    write_one(later, 1);
    shmb_detach(later);
    shmb_detach(region);
    broker_stop(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(readers_that_may_only_read_get_or_count_every_message),
        SYSTEM_TEST(there_is_one_producer_until_it_dies),
        SYSTEM_TEST(a_killed_producer_loses_no_message_but_its_own_and_is_replaced),
        SYSTEM_TEST(it_goes_on_while_the_broker_is_killed_and_started_again),
    };
    return cmocka_run_group_tests_name("streams", tests, NULL, NULL);
}
