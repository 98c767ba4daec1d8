/* Programs that write a state or produce a stream are killed at random instants, over and over, by the system: the last
   complete value stays readable, no message but the one in work is lost, and the next program goes on.
   SHMBROKER_KILL_ROUNDS says how often (50); tests/README.md has the result of 10,000. */
#include "atomics.h"
#include "state.h"
#include "stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define LARGEST 1024u

static state_region region;
static stream_region feed;
static uint32_t seed;

static uint32_t rounds(void)
{
    const char *wanted = getenv("SHMBROKER_KILL_ROUNDS");
    return wanted != NULL ? (uint32_t)strtoul(wanted, NULL, 10) : 50;
}

static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static uint8_t *shared(const shmb_geometry *geometry)
{
    uint8_t *bytes = mmap(NULL, (size_t)shmb_geometry_bytes(geometry), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(bytes != MAP_FAILED);
    return bytes;
}

static uint64_t size_of(uint64_t number)
{
    return 8 + number * 13 % (LARGEST - 8 + 1);
}

static void fill(uint8_t bytes[LARGEST], uint64_t number)
{
    memset(bytes, (int)(number & 0xFF), (size_t)size_of(number));
    memcpy(bytes, &number, sizeof number);
}

static void assert_whole(const uint8_t *bytes, uint64_t size, uint64_t number)
{
    uint64_t found;
    memcpy(&found, bytes, sizeof found);
    assert_int_equal(found, number);
    assert_int_equal(size, size_of(number));
    for (uint64_t i = sizeof number; i < size; i++)
        assert_int_equal(bytes[i], number & 0xFF);
}

/* Runs `work` for ever in a program of its own, which is killed when *word has changed so often and a moment more. */
static void run_and_kill(void (*work)(void), const volatile uint64_t *word)
{
    uint64_t last = shmb_load_acquire_u64(word) + draw(8);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        for (;;)
            work();
    }
    while (shmb_load_acquire_u64(word) <= last)
        shmb_pause();
    for (uint32_t i = draw(600); i > 0; i--)
        shmb_pause();
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* ---- State --------------------------------------------------------------------------------------- */

/* A value is that of its version. */
static void write_next(void)
{
    uint8_t value[LARGEST];
    uint64_t number = shmb_load_relaxed_u64(&region.words->version) + 1;
    fill(value, number);
    state_publish(&region, value, size_of(number));
}

static uint64_t whole_version(void)
{
    uint8_t value[LARGEST];
    uint64_t size, version;
    corruption what;
    assert_int_equal(state_read(&region, value, sizeof value, &size, &version, &what), SHMB_OK);
    assert_whole(value, size, version);
    return version;
}

static void a_killed_writer_leaves_the_last_complete_value(void **state)
{
    (void)state;
    const shmb_geometry geometry = {SHMB_KIND_STATE, 0, LARGEST};
    uint8_t *bytes = shared(&geometry);
    uint32_t half_done = 0;
    seed = 20261122;
    state_init(&region, bytes, &geometry);
    for (uint32_t round = 0; round < rounds(); round++) {
        run_and_kill(write_next, &region.words->version);
        uint64_t version = whole_version();
        uint64_t next = version + 1, begun;
        memcpy(&begun, region.slots + (next & region.mask) * region.stride, sizeof begun);
        half_done += begun == next;
        write_next();
        assert_int_equal(whole_version(), next);
    }
    printf("%u writers killed, %u of them within a value\n", rounds(), half_done);
    munmap(bytes, (size_t)shmb_geometry_bytes(&geometry));
}

/* ---- Stream -------------------------------------------------------------------------------------- */

/* A message has the number of those before it. */
static void produce_next(void)
{
    static uint64_t position;
    static bool mine;
    uint8_t message[LARGEST];
    if (!mine)
        position = stream_take_over(&feed);
    mine = true;
    fill(message, position / 2);
    shmb_copy_racing(stream_begin(&feed, position), message, (size_t)size_of(position / 2));
    position = stream_finish(&feed, position, size_of(position / 2));
}

/* Reads to the end: what was read and what was missed is all there ever was. */
static void read_all(uint64_t *cursor, uint64_t *missed)
{
    uint8_t message[LARGEST];
    uint64_t size, more;
    corruption what;
    shmb_status status;
    do {
        uint64_t before = *cursor;
        status = stream_read(&feed, cursor, message, sizeof message, &size, &more, &what);
        *missed += more;
        if (status == SHMB_OK) {
            assert_int_equal(*cursor, before + 2 * more + 2);
            assert_whole(message, size, *cursor / 2 - 1);
        }
    } while (status == SHMB_OK);
    assert_int_equal(status, SHMB_TIMED_OUT);
    assert_int_equal(*cursor, stream_newest(&feed));
}

static void a_killed_producer_loses_the_message_it_was_at_and_no_other(void **state)
{
    (void)state;
    const shmb_geometry geometry = {SHMB_KIND_STREAM, 8, LARGEST};
    uint8_t *bytes = shared(&geometry);
    uint64_t cursor, missed = 0;
    uint32_t half_done = 0;
    seed = 20261122;
    stream_init(&feed, bytes, &geometry);
    cursor = stream_newest(&feed);
    for (uint32_t round = 0; round < rounds(); round++) {
        run_and_kill(produce_next, &feed.words->next);
        read_all(&cursor, &missed);
        const shmb_stream_slot *slot = (const void *)(feed.slots + (cursor / 2 & feed.mask) * feed.stride);
        half_done += slot->word == cursor + 1;
    }
    printf("%u producers killed, %u of them within a message\n", rounds(), half_done);
    munmap(bytes, (size_t)shmb_geometry_bytes(&geometry));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_writer_leaves_the_last_complete_value),
        cmocka_unit_test(a_killed_producer_loses_the_message_it_was_at_and_no_other),
    };
    return cmocka_run_group_tests_name("killed by the system at random instants", tests, NULL, NULL);
}
