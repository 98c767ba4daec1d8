/*
 * A program that may write to regions writes over every byte of them and of what stands beside them, at random and at each control
 * word, while others use them through the library: nothing crashes, nobody waits beyond his time limit, and what is
 * damaged is told.
 */
#include "checks.h"
#include "region.h"

#include <stdio.h>
#include <string.h>

#define OPERATIONS 20000u
#define LIMIT_MS   2u
#define ITEM_BYTES 100u

typedef struct used {
    shmb_region *locked, *state, *queue, *stream;
    uint64_t cursor;
    uint32_t seed;
    unsigned statuses[32];
} used;

static uint32_t draw(used *with)
{
    with->seed = with->seed * 1664525u + 1013904223u;
    return with->seed >> 8;
}

static shmb_status use_lock(used *with, uint32_t limit)
{
    if (draw(with) % 3 == 0)
        return shmb_notify(with->locked);
    if (draw(with) % 3 == 0)
        return shmb_wait(with->locked, shmb_notified(with->locked), limit);
    shmb_status status = shmb_lock(with->locked, limit);
    if (status == SHMB_OWNER_DIED)
        shmb_lock_consistent(with->locked);
    if (status == SHMB_OK || status == SHMB_OWNER_DIED)
        shmb_unlock(with->locked);
    return status;
}

static shmb_status use_state(used *with, uint32_t limit)
{
    uint8_t value[ITEM_BYTES] = {0};
    uint64_t size, version;
    if (draw(with) % 3 == 0)
        return shmb_state_write(with->state, value, draw(with) % (ITEM_BYTES + 1));
    shmb_status status = shmb_state_read(with->state, value, sizeof value, &size, &version);
    assert_true(size <= sizeof value);
    return status == SHMB_OK && limit > 0 ? shmb_state_wait(with->state, version, limit) : status;
}

static shmb_status use_queue(used *with, uint32_t limit)
{
    uint8_t bytes[ITEM_BYTES] = {0};
    uint32_t size = draw(with) % (ITEM_BYTES + 1);
    shmb_queue_message message = {.struct_size = sizeof message};
    if (draw(with) % 4 == 0)
        return shmb_queue_send(with->queue, bytes, size, limit);
    if (draw(with) % 3 == 0) {
        shmb_status status = shmb_queue_receive(with->queue, bytes, sizeof bytes, &size, limit);
        assert_true(size <= sizeof bytes);
        return status;
    }
    shmb_status status = shmb_queue_take(with->queue, limit, &message);
    if (status != SHMB_OK)
        return status;
    assert_true(message.size <= ITEM_BYTES);
    memcpy(bytes, message.bytes, message.size);
    return shmb_queue_release(with->queue, &message);
}

static shmb_status use_stream(used *with, uint32_t limit)
{
    uint8_t bytes[ITEM_BYTES] = {0};
    uint64_t size = 0, missed;
    if (draw(with) % 2 == 0)
        return shmb_stream_write(with->stream, bytes, draw(with) % (ITEM_BYTES + 1));
    shmb_status status =
        shmb_stream_read(with->stream, &with->cursor, bytes, sizeof bytes, &size, &missed, limit);
    assert_true(size <= sizeof bytes);
    if (status == SHMB_CORRUPT)
        shmb_stream_join(with->stream, SHMB_NEWEST, &with->cursor);
    return status;
}

static void operate(used *with)
{
    static shmb_status (*const uses[])(used *, uint32_t) = {use_lock, use_state, use_queue, use_stream};
    uint32_t limit = draw(with) % 64 == 0 ? LIMIT_MS : SHMB_NO_WAIT;
    uint32_t which = draw(with) % 4;
    const ULONGLONG start = GetTickCount64();
    shmb_status status = uses[which](with, limit);
    if (GetTickCount64() - start > SUPPORT_WAIT_MS)
        support_fail("use %u took longer than %u ms", (unsigned)which, SUPPORT_WAIT_MS);
    if (status != SHMB_OK && status != SHMB_TIMED_OUT && status != SHMB_CORRUPT &&
        status != SHMB_OWNER_DIED && status != SHMB_DEADLOCK && status != SHMB_TOO_SMALL &&
        status != SHMB_NOT_OWNER && status != SHMB_BUSY)
        support_fail("use %u returns %d, %s", (unsigned)which, (int)status, shmb_status_text(status));
    with->statuses[status % 32]++;
}

static test_broker *make_regions(char *names[4])
{
    static const char *const stems[] = {"Locked", "State", "Queue", "Stream"};
    for (int i = 0; i < 4; i++)
        names[i] = support_unique(stems[i]);
    return broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB, lock: true, notify: true }\n"
                                       "  %s: { kind: state, size: 100 B }\n"
                                       "  %s: { kind: queue, messages: 8, message_size: 100 B }\n"
                                       "  %s: { kind: stream, messages: 8, message_size: 100 B }\n",
                           names[0], names[1], names[2], names[3]);
}

static process *start_hostile(char *const names[4], unsigned seed)
{
    process *hostile = process_start(
        "shmbroker-hostile.exe",
        "%u Global\\%s raw 0 Global\\%s state 0 Global\\%s queue 8 Global\\%s stream 8 "
        "Global\\ShmBroker.Region.%s.lock lock 0 Global\\ShmBroker.Region.%s.waiters raw 0 "
        "Global\\ShmBroker.Region.%s.signal raw 0 Global\\ShmBroker.Region.%s.lock lock 0 "
        "Global\\ShmBroker.Region.%s.lock lock 0",
        seed, names[0], names[1], names[2], names[3], names[0], names[0], names[0], names[1], names[3]);
    process_wait_line(hostile, "scribbling");
    return hostile;
}

static void nothing_that_a_hostile_program_writes_harms_who_uses_a_region(void **state)
{
    (void)state;
    char *names[4];
    test_broker *b = make_regions(names);
    used with = {.seed = 20261122};
    with.locked = region_attach(b, names[0], SHMB_ACCESS_WRITE);
    with.state = region_attach(b, names[1], SHMB_ACCESS_WRITE);
    with.queue = region_attach(b, names[2], SHMB_ACCESS_WRITE);
    with.stream = region_attach(b, names[3], SHMB_ACCESS_WRITE);
    process *hostile = start_hostile(names, 7);
    for (unsigned i = 0; i < OPERATIONS; i++)
        operate(&with);
    assert_true(process_is_running(hostile));
    process_kill(hostile);
    printf("%u operations: %u went well, %u were told of damage\n", OPERATIONS, with.statuses[SHMB_OK],
           with.statuses[SHMB_CORRUPT]);
    assert_true(with.statuses[SHMB_OK] > 0 && with.statuses[SHMB_CORRUPT] > 0);
    for (unsigned i = 0; i < 200; i++)
        operate(&with); /* what it left behind */
    shmb_detach(with.stream);
    shmb_detach(with.queue);
    shmb_detach(with.state);
    shmb_detach(with.locked);
    broker_stop(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(nothing_that_a_hostile_program_writes_harms_who_uses_a_region),
    };
    return cmocka_run_group_tests_name("a hostile program", tests, NULL, NULL);
}
