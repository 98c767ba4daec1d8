/*
 * Recorded histories of several programs, some of which are killed on the way, are linearizable: of a queue, and of a
 * state, which is a register.
 */
#include "../../client/src/atomics.h"
#include "board.h"
#include "checks.h"
#include "region.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS     40u
#define KILL_EVERY 4u /* rounds */

static const char *names[3]; /* board, queue, state */
static test_broker *broker;
static process *recorders[BOARD_SEATS];
static board *shared;

static void start_recorder(uint32_t seat)
{
    recorders[seat] = process_start("shmbroker-recorder.exe", "%s %s %s %s %u", broker->instance, names[0],
                                    names[1], names[2], (unsigned)seat);
    process_wait_line(recorders[seat], "ready");
}

static void wait_for_seat(uint32_t seat, uint32_t round, uint32_t count)
{
    const ULONGLONG start = GetTickCount64();
    while (shmb_load_acquire_u32(&shared->seats[seat].done) != round &&
           shmb_load_acquire_u32(&shared->seats[seat].count) < count) {
        if (!process_is_running(recorders[seat]))
            support_fail("recorder %u ended: %s", (unsigned)seat, process_output(recorders[seat]));
        if (GetTickCount64() - start > SUPPORT_WAIT_MS)
            support_fail("recorder %u does not come through round %u", (unsigned)seat, (unsigned)round);
        Sleep(count == UINT32_MAX ? 1 : 0);
    }
}

/* One round; the killed one, if any, is replaced by another. Returns the length of its history. */
static size_t run_round(uint32_t round, board_subject subject, linear_operation *history)
{
    uint32_t victim = round % KILL_EVERY == 0 ? round / KILL_EVERY % BOARD_SEATS : BOARD_SEATS;
    size_t count = 0;
    for (uint32_t i = 0; i < BOARD_SEATS; i++)
        shmb_store_release_u32(&shared->seats[i].count, 0);
    shared->subject = (uint32_t)subject;
    shmb_store_release_u32(&shared->round, round);
    if (victim < BOARD_SEATS) {
        wait_for_seat(victim, round, 1 + round % BOARD_OPERATIONS);
        process_kill(recorders[victim]);
    }
    for (uint32_t i = 0; i < BOARD_SEATS; i++) {
        if (i != victim)
            wait_for_seat(i, round, UINT32_MAX);
        memcpy(history + count, shared->seats[i].history, shared->seats[i].count * sizeof *history);
        count += shared->seats[i].count;
    }
    if (victim < BOARD_SEATS)
        start_recorder(victim);
    return count;
}

static void assert_linear(linear_verdict verdict, const linear_operation *history, size_t count,
                          uint32_t round)
{
    static char text[8192];
    if (verdict != LINEAR_YES)
        support_fail("round %u is %s:\n%s", (unsigned)round,
                     verdict == LINEAR_NO ? "not linearizable" : "too large to judge",
                     linear_tell(history, count, text, sizeof text));
}

static uint64_t tick(void)
{
    return shmb_fetch_add_u64(&shared->clock, 1);
}

/* What is left in the queue afterwards belongs to the history. */
static size_t drain(shmb_region *queue, linear_operation *history, size_t count)
{
    for (;;) {
        uint32_t value = 0, size = 0;
        uint64_t began = tick();
        shmb_status status = shmb_queue_receive(queue, &value, sizeof value, &size, 20);
        linear_kind kind = status == SHMB_OK ? LINEAR_RECEIVE : LINEAR_EMPTY;
        assert_true(count < LINEAR_MOST && (status == SHMB_OK || status == SHMB_TIMED_OUT));
        history[count++] = (linear_operation){kind, value, began, tick()};
        if (kind == LINEAR_EMPTY)
            return count;
    }
}

static void judge_queue(shmb_region *queue, uint32_t round)
{
    linear_operation history[LINEAR_MOST];
    size_t count = drain(queue, history, run_round(round, BOARD_QUEUE, history));
    assert_linear(linear_queue(history, count), history, count, round);
}

static uint32_t value_now(shmb_region *state)
{
    uint32_t words[16] = {0};
    uint64_t size, version;
    shmb_status status = shmb_state_read(state, words, sizeof words, &size, &version);
    assert_true(status == SHMB_OK || version == 0);
    return words[0];
}

static void judge_state(shmb_region *state, uint32_t round)
{
    linear_operation history[LINEAR_MOST];
    uint32_t first = value_now(state);
    size_t count = run_round(round, BOARD_STATE, history);
    history[count] = (linear_operation){LINEAR_READ, 0, tick(), 0};
    history[count].value = value_now(state);
    history[count++].end = tick();
    assert_linear(linear_register(history, count, first), history, count, round);
}

static void histories_of_programs_are_linearizable_whoever_is_killed(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        names[i] = support_unique(i == 0 ? "Board" : i == 1 ? "Queue" : "State");
    broker = broker_run_with(
        BROKER_HEAD
        "  %s: { size: 64 KiB }\n"
        "  %s: { kind: queue, messages: 4, message_size: 4 B, access: { write: [Administrators] } }\n"
        "  %s: { kind: state, size: 64 B }\n",
        names[0], names[1], names[2]);
    shmb_region *raw = region_attach(broker, names[0], SHMB_ACCESS_WRITE);
    shmb_region *queue = region_attach(broker, names[1], SHMB_ACCESS_WRITE);
    shmb_region *value = region_attach(broker, names[2], SHMB_ACCESS_READ);
    shared = shmb_data(raw);
    for (uint32_t i = 0; i < BOARD_SEATS; i++)
        start_recorder(i);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        if (round / 2 % 2 == 0)
            judge_queue(queue, round);
        else
            judge_state(value, round);
    }
    shared->subject = BOARD_END;
    shmb_store_release_u32(&shared->round, ROUNDS + 1);
    for (uint32_t i = 0; i < BOARD_SEATS; i++)
        assert_int_equal(process_wait(recorders[i]), 0);
    shmb_detach(value);
    shmb_detach(queue);
    shmb_detach(raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(histories_of_programs_are_linearizable_whoever_is_killed),
    };
    return cmocka_run_group_tests_name("recorded histories", tests, NULL, NULL);
}
