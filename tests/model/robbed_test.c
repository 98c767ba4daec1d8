/*
 * Writers of a state and producers of a stream take turns by a lock that each of them may write over: before each access in turn,
 * of each operation, the lock's word gets another value. Whoever is robbed of his turn, or given it, hears one of
 * the statuses that his operation has, and is unharmed: later he has turns again.
 */
#include "kinds/state_use.h"
#include "kinds/stream_use.h"

#include "hook/hooked_atomics.h"
#include "wait_alone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define DEAD  UINT64_C(0x3000)
#define SIZE  16u
#define NEVER UINT64_MAX

static shmb_lock_words words;
static uint64_t accesses_left = NEVER; /* until the lock is written over */
static uint64_t written;

uint64_t hook_perform(const hook_access *access)
{
    if (accesses_left == 0)
        words.word = written;
    if (accesses_left != NEVER)
        accesses_left--;
    return hook_execute(access);
}

/* ---- A state and a stream -------------------------------------------------------------------------------------------- */

typedef struct room {
    sync_lock turn;
    state_use state;
    stream_use stream;
    volatile uint32_t waiting, epoch;
    uint8_t *state_bytes, *stream_bytes;
} room;

static uint8_t *region_of(const shmb_geometry *geometry)
{
    size_t bytes = (size_t)shmb_geometry_bytes(geometry);
    uint8_t *region = calloc(1, bytes);
    assert_non_null(region);
    if (region == NULL)
        abort();
    shmb_geometry_format(region, geometry);
    return region;
}

static void begin(room *made)
{
    const shmb_geometry state = {SHMB_KIND_STATE, 0, SIZE}, stream = {SHMB_KIND_STREAM, 4, SIZE};
    memset(made, 0, sizeof *made);
    memset(&words, 0, sizeof words);
    wait_alone_reset();
    made->state_bytes = region_of(&state);
    made->stream_bytes = region_of(&stream);
    sync_lock_init(&made->turn, &words, wait_alone_place(), wait_alone_lives());
    state_init(&made->state.region, made->state_bytes, &state);
    broadcast_init(&made->state.news, &made->waiting, &made->epoch, NULL);
    stream_init(&made->stream.region, made->stream_bytes, &stream);
    broadcast_init(&made->stream.news, &made->waiting, &made->epoch, NULL);
    made->stream.claimed = STREAM_NO_CLAIM;
    made->state.turn = made->stream.turn = &made->turn;
}

static void end(room *made)
{
    free(made->state_bytes);
    free(made->stream_bytes);
}

static const uint8_t bytes[SIZE];

static shmb_status write_state(room *with)
{
    uint64_t version;
    return state_use_write(&with->state, bytes, SIZE, &version);
}

static shmb_status write_stream(room *with)
{
    return stream_use_write(&with->stream, bytes, SIZE);
}

static shmb_status claim_and_commit(room *with)
{
    void *at;
    shmb_status status = stream_use_claim(&with->stream, SIZE, &at);
    return status == SHMB_OK ? stream_use_commit(&with->stream, SIZE) : status;
}

static shmb_status resign(room *with)
{
    return stream_use_resign(&with->stream);
}

/* The lock's word is `first` at the beginning, and `then` before access `before`. Whether the operation came so far. */
static bool rob(shmb_status (*operation)(room *), uint32_t statuses, uint64_t first, uint64_t then,
                uint64_t before)
{
    room with;
    begin(&with);
    words.word = first;
    written = then;
    accesses_left = before;
    shmb_status status = operation(&with);
    bool came_so_far = accesses_left == NEVER;
    accesses_left = NEVER;
    if ((statuses & 1u << (unsigned)status) == 0)
        print_error("from %llu to %llu before access %llu: status %d\n", (unsigned long long)first,
                    (unsigned long long)then, (unsigned long long)before, (int)status);
    assert_true((statuses & 1u << (unsigned)status) != 0);
    words.word = SYNC_NOBODY;
    assert_int_equal(write_state(&with), SHMB_OK);
    assert_int_equal(write_stream(&with), SHMB_OK);
    assert_int_equal(claim_and_commit(&with), SHMB_OK);
    end(&with);
    return came_so_far;
}

static void rob_at_each_access(shmb_status (*operation)(room *), uint32_t statuses)
{
    static const uint64_t values[] = {SYNC_NOBODY, WAIT_ALONE_MINE,       WAIT_ALONE_OTHER,
                                      DEAD,        SHMB_LOCK_HANDED_OVER, NEVER};
    const size_t count = sizeof values / sizeof *values;
    for (size_t i = 0; i < count * count; i++) {
        uint64_t n = 0;
        while (rob(operation, statuses, values[i / count], values[i % count], n))
            n++;
        assert_true(n > 0);
    }
}

#define BIT(status) (1u << (unsigned)(status))

static void a_writer_of_a_state_who_is_robbed_writes_or_times_out(void **state)
{
    (void)state;
    rob_at_each_access(write_state, BIT(SHMB_OK) | BIT(SHMB_TIMED_OUT));
}

static void a_producer_who_is_robbed_writes_or_is_busy(void **state)
{
    (void)state;
    rob_at_each_access(write_stream, BIT(SHMB_OK) | BIT(SHMB_BUSY));
}

static void a_producer_who_is_robbed_of_what_he_claimed_is_told(void **state)
{
    (void)state;
    rob_at_each_access(claim_and_commit, BIT(SHMB_OK) | BIT(SHMB_BUSY) | BIT(SHMB_NOT_OWNER));
    rob_at_each_access(resign, BIT(SHMB_OK) | BIT(SHMB_NOT_OWNER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_writer_of_a_state_who_is_robbed_writes_or_times_out),
        cmocka_unit_test(a_producer_who_is_robbed_writes_or_is_busy),
        cmocka_unit_test(a_producer_who_is_robbed_of_what_he_claimed_is_told),
    };
    return cmocka_run_group_tests_name("turns that are taken away", tests, NULL, NULL);
}
