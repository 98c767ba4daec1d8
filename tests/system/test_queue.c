/* Queues between real programs: waiting, waking, rights, and programs killed at any instant. */
#include "checks.h"

#include "account.h"
#include "kill.h"
#include "queue_peer.h"
#include "region.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES 8u
#define AT_ONCE                                                                                              \
    5000u /* what happens at once takes no longer than this on a busy machine; nobody looks by himself */
#define READY_AT  384u
#define ROOM_AT   512u
#define SLEEPS    1u
#define NOTE_SIZE (PEERS_MOST * sizeof(peer_note))

typedef struct stage {
    test_broker *broker;
    const char *queue_name;
    const char *notes_name;
    shmb_region *queue;
    peer_note *notes;
    shmb_region *notes_region;
} stage;

static stage set_stage(uint32_t messages)
{
    stage made = {.queue_name = support_unique("Jobs"), .notes_name = support_unique("Notes")};
    made.broker = broker_run_with(
        BROKER_HEAD "  %s: { kind: queue, messages: %u, message_size: 64 }\n  %s: { size: %u }\n",
        made.queue_name, messages, made.notes_name, (unsigned)NOTE_SIZE);
    made.queue = region_attach(made.broker, made.queue_name, SHMB_ACCESS_WRITE);
    made.notes_region = region_attach(made.broker, made.notes_name, SHMB_ACCESS_WRITE);
    made.notes = shmb_data(made.notes_region);
    return made;
}

static void leave_stage(stage *left)
{
    shmb_detach(left->queue);
    shmb_detach(left->notes_region);
}

static process *start_peer(const stage *on, uint32_t number, const char *what)
{
    process *peer = process_start("shmbroker-queue-peer.exe", "%s %s %s %u %s", on->broker->instance,
                                  on->queue_name, on->notes_name, number, what);
    process_wait_line(peer, "ready");
    return peer;
}

static shmb_status send_number(const stage *on, uint32_t number, uint32_t timeout_ms)
{
    peer_message message = {0, number, peer_check(0, number)};
    return shmb_queue_send(on->queue, &message, sizeof message, timeout_ms);
}

static shmb_status receive_number(const stage *on, uint32_t *number, uint32_t timeout_ms)
{
    peer_message message = {0, 0, 0};
    uint32_t size;
    shmb_status status = shmb_queue_receive(on->queue, &message, sizeof message, &size, timeout_ms);
    *number = message.number;
    if (status == SHMB_OK)
        assert_true(size == sizeof message && message.check == peer_check(message.sender, message.number));
    return status;
}

/* Until a receiver (READY_AT) or a sender (ROOM_AT) of another program sleeps. */
static void await_sleeper(const stage *on, uint32_t mark_at)
{
    const volatile uint32_t *mark =
        (const volatile uint32_t *)((const uint8_t *)shmb_data(on->queue) + mark_at);
    const ULONGLONG start = GetTickCount64();
    while ((*mark & SLEEPS) == 0 && GetTickCount64() - start < SUPPORT_WAIT_MS)
        Sleep(1);
    assert_int_equal(*mark & SLEEPS, SLEEPS);
}

static ULONGLONG since(ULONGLONG start)
{
    return GetTickCount64() - start;
}

/* ---- Passing messages ------------------------------------------------------------------------------ */

static void messages_pass_between_programs(void **state)
{
    static const char *ways[][2] = {{"send", "receive"}, {"claim", "take"}, {"send-many", "receive-many"}};
    (void)state;
    stage on = set_stage(MESSAGES);
    for (uint32_t i = 0; i < 3; i++) {
        process *sender = start_peer(&on, 1 + 2 * i, ways[i][0]);
        process *receiver = start_peer(&on, 2 + 2 * i, ways[i][1]);
        peer_note *sent = &on.notes[1 + 2 * i], *received = &on.notes[2 + 2 * i];
        const ULONGLONG start = GetTickCount64();
        while (received->received < 2000 && since(start) < SUPPORT_WAIT_MS)
            Sleep(1);
        process_kill(sender);
        process_kill(receiver);
        assert_true(received->received >= 2000);
        assert_true(received->received <= sent->sent + 5);
        assert_int_equal(received->wrong, 0);
        uint32_t number;
        shmb_status status;
        do
            status = receive_number(&on, &number, 200);
        while (status == SHMB_OK);
    }
    leave_stage(&on);
}

static void a_receiver_asleep_is_woken(void **state)
{
    (void)state;
    stage on = set_stage(MESSAGES);
    for (uint32_t i = 0; i < 5; i++) {
        process *peer = start_peer(&on, 1 + i, "receive-one");
        await_sleeper(&on, READY_AT);
        const ULONGLONG start = GetTickCount64();
        assert_int_equal(send_number(&on, i, SHMB_NO_WAIT), SHMB_OK);
        assert_int_equal(process_wait(peer), 0);
        assert_true(since(start) < AT_ONCE);
        assert_int_equal(on.notes[1 + i].received, 1);
        assert_int_equal(on.notes[1 + i].wrong, 0);
    }
    leave_stage(&on);
}

static void a_sender_asleep_is_woken(void **state)
{
    uint32_t number;
    (void)state;
    stage on = set_stage(MESSAGES);
    for (uint32_t i = 0; i < MESSAGES; i++)
        assert_int_equal(send_number(&on, i, SHMB_NO_WAIT), SHMB_OK);
    process *peer = start_peer(&on, 1, "send-one");
    await_sleeper(&on, ROOM_AT);
    const ULONGLONG start = GetTickCount64();
    assert_int_equal(receive_number(&on, &number, SHMB_NO_WAIT), SHMB_OK);
    assert_int_equal(number, 0);
    assert_int_equal(process_wait(peer), 0);
    assert_true(since(start) < AT_ONCE);
    leave_stage(&on);
}

static void waiting_ends_at_the_time_limit(void **state)
{
    uint32_t number;
    (void)state;
    stage on = set_stage(MESSAGES);
    ULONGLONG start = GetTickCount64();
    assert_int_equal(receive_number(&on, &number, SHMB_NO_WAIT), SHMB_TIMED_OUT);
    assert_int_equal(receive_number(&on, &number, 200), SHMB_TIMED_OUT);
    assert_in_range(since(start), 180, AT_ONCE);
    for (uint32_t i = 0; i < MESSAGES; i++)
        assert_int_equal(send_number(&on, i, SHMB_NO_WAIT), SHMB_OK);
    start = GetTickCount64();
    assert_int_equal(send_number(&on, 0, SHMB_NO_WAIT), SHMB_TIMED_OUT);
    assert_int_equal(send_number(&on, 0, 200), SHMB_TIMED_OUT);
    assert_in_range(since(start), 180, AT_ONCE);
    leave_stage(&on);
}

static void a_flow_makes_no_system_calls(void **state)
{
    shmb_queue_counts counts = {.struct_size = sizeof counts};
    uint32_t number;
    (void)state;
    stage on = set_stage(MESSAGES);
    for (uint32_t i = 0; i < 100000; i++) {
        assert_int_equal(send_number(&on, i, SHMB_INFINITE), SHMB_OK);
        assert_int_equal(receive_number(&on, &number, SHMB_INFINITE), SHMB_OK);
        assert_int_equal(number, i);
    }
    assert_int_equal(shmb_queue_statistics(on.queue, &counts), SHMB_OK);
    assert_int_equal(counts.system_calls, 0);
    assert_int_equal(counts.messages, MESSAGES);
    assert_int_equal(counts.message_size, 64);
    assert_int_equal(counts.waiting, 0);
    leave_stage(&on);
}

/* ---- Rights and arguments -------------------------------------------------------------------------- */

static void a_reader_may_neither_send_nor_receive(void **state)
{
    uint32_t number, size;
    (void)state;
    stage on = set_stage(MESSAGES);
    shmb_region *reader = region_attach(on.broker, on.queue_name, SHMB_ACCESS_READ);
    assert_int_equal(shmb_queue_send(reader, "x", 1, SHMB_NO_WAIT), SHMB_ACCESS_DENIED);
    assert_int_equal(shmb_queue_receive(reader, &number, sizeof number, &size, SHMB_NO_WAIT),
                     SHMB_ACCESS_DENIED);
    shmb_detach(reader);
    /* Who may only read cannot attach for more, and is told what to do. */
    shmb_attach_options options = region_options(on.broker, SHMB_ACCESS_WRITE);
    account_become(account_ordinary());
    assert_int_equal(region_try(on.queue_name, &options), SHMB_ACCESS_DENIED);
    account_return();
    assert_contains(options.message, "this account may not write it");
    leave_stage(&on);
}

static void a_region_of_another_kind_is_refused(void **state)
{
    uint32_t size;
    (void)state;
    stage on = set_stage(MESSAGES);
    assert_int_equal(shmb_queue_send(on.notes_region, "x", 1, SHMB_NO_WAIT), SHMB_WRONG_KIND);
    assert_int_equal(shmb_queue_send(NULL, "x", 1, SHMB_NO_WAIT), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_queue_send(on.queue, NULL, 1, SHMB_NO_WAIT), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_queue_send(on.queue, NULL, 0, SHMB_NO_WAIT), SHMB_OK);
    assert_int_equal(shmb_queue_receive(on.queue, NULL, 0, NULL, SHMB_NO_WAIT), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_queue_receive(on.queue, NULL, 0, &size, SHMB_NO_WAIT), SHMB_OK);
    shmb_queue_message none = {0};
    assert_int_equal(shmb_queue_claim(on.queue, 1, SHMB_NO_WAIT, &none), SHMB_INVALID_ARGUMENT);
    none.struct_size = sizeof none;
    assert_int_equal(shmb_queue_commit(on.queue, &none), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_queue_claim(on.queue, 65, SHMB_NO_WAIT, &none), SHMB_TOO_LARGE);
    leave_stage(&on);
}

static void damage_is_told(void **state)
{
    char text[256];
    (void)state;
    stage on = set_stage(MESSAGES);
    memset((uint8_t *)shmb_data(on.queue) + 12288, 0x77, 64);
    assert_int_equal(send_number(&on, 0, 100), SHMB_CORRUPT);
    shmb_corruption(on.queue, text, sizeof text);
    assert_contains(text, "the word of a slot, at offset 12288, is 8608480567731124087; ");
    leave_stage(&on);
}

/* ---- Killed ---------------------------------------------------------------------------------------- */

static void a_receiver_gets_past_a_killed_sender_at_once(void **state)
{
    (void)state;
    stage on = set_stage(MESSAGES);
    process *dead = start_peer(&on, 1, "hold-claim");
    process_wait_line(dead, "holding");
    assert_int_equal(send_number(&on, 7, SHMB_NO_WAIT), SHMB_OK);
    process *receiver = start_peer(&on, 2, "receive-one");
    await_sleeper(&on, READY_AT);
    const ULONGLONG start = GetTickCount64();
    process_kill(dead);
    assert_int_equal(process_wait(receiver), 0);
    assert_true(since(start) < AT_ONCE);
    assert_int_equal(on.notes[2].received, 1);
    leave_stage(&on);
}

static void a_sender_gets_past_a_killed_receiver_at_once(void **state)
{
    (void)state;
    stage on = set_stage(MESSAGES);
    for (uint32_t i = 0; i < MESSAGES; i++)
        assert_int_equal(send_number(&on, i, SHMB_NO_WAIT), SHMB_OK);
    process *dead = start_peer(&on, 1, "hold-take");
    process_wait_line(dead, "holding");
    process *sender = start_peer(&on, 2, "send-one");
    await_sleeper(&on, ROOM_AT);
    const ULONGLONG start = GetTickCount64();
    process_kill(dead);
    assert_int_equal(process_wait(sender), 0);
    assert_true(since(start) < AT_ONCE);
    leave_stage(&on);
}

static void messages_flow_on_when_the_broker_is_killed(void **state)
{
    uint32_t number;
    (void)state;
    stage on = set_stage(MESSAGES);
    process *peer = start_peer(&on, 1, "receive-one");
    await_sleeper(&on, READY_AT);
    broker_kill(on.broker);
    assert_int_equal(send_number(&on, 1, SHMB_NO_WAIT), SHMB_OK);
    assert_int_equal(process_wait(peer), 0);
    /* And deaths are told without it. */
    process *dead = start_peer(&on, 2, "hold-claim");
    process_wait_line(dead, "holding");
    assert_int_equal(send_number(&on, 2, SHMB_NO_WAIT), SHMB_OK);
    process_kill(dead);
    assert_int_equal(receive_number(&on, &number, AT_ONCE), SHMB_OK);
    assert_int_equal(number, 2);
    leave_stage(&on);
}

/* ---- Killed at random ------------------------------------------------------------------------------ */

typedef struct survivor {
    const stage *on;
    HANDLE thread;
    volatile LONG ends;
    volatile uint32_t count; /* messages sent, or received */
    uint32_t wrong;
    ULONGLONG slowest; /* milliseconds that one operation took */
    shmb_status status;
} survivor;

static DWORD WINAPI send_steadily(void *context)
{
    survivor *me = context;
    while (me->status == SHMB_OK && me->ends == 0) {
        const ULONGLONG start = GetTickCount64();
        me->status = send_number(me->on, me->count, SUPPORT_WAIT_MS);
        const ULONGLONG took = since(start);
        me->slowest = took > me->slowest ? took : me->slowest;
        me->count += me->status == SHMB_OK;
        if (me->count % 64 == 0)
            Sleep(1);
    }
    return 0;
}

static DWORD WINAPI receive_steadily(void *context)
{
    survivor *me = context;
    static uint32_t next_of[PEERS_MOST];
    memset(next_of, 0, sizeof next_of);
    while (me->status == SHMB_OK) {
        peer_message got = {0, 0, 0};
        uint32_t size;
        const ULONGLONG start = GetTickCount64();
        me->status =
            shmb_queue_receive(me->on->queue, &got, sizeof got, &size, me->ends != 0 ? 500 : SUPPORT_WAIT_MS);
        if (me->status != SHMB_OK)
            break;
        const ULONGLONG took = since(start);
        me->slowest = took > me->slowest ? took : me->slowest;
        me->count++;
        if (size != sizeof got || got.check != peer_check(got.sender, got.number) ||
            got.sender >= PEERS_MOST || got.number < next_of[got.sender])
            me->wrong++;
        else
            next_of[got.sender] = got.number + 1;
    }
    if (me->status == SHMB_TIMED_OUT && me->ends != 0)
        me->status = SHMB_OK;
    return 0;
}

static HANDLE start_victim(const stage *on, uint32_t number, const char *what)
{
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION started;
    wchar_t *line = support_copy_wide(
        support_wide(support_text("\"%s\" %s %s %s %u %s", support_program("shmbroker-queue-peer.exe"),
                                  on->broker->instance, on->queue_name, on->notes_name, number, what)));
    if (!CreateProcessW(NULL, line, NULL, NULL, FALSE, DETACHED_PROCESS, NULL, NULL, &startup, &started))
        support_fail("cannot start a victim: %s", support_error(GetLastError()));
    free(line);
    CloseHandle(started.hThread);
    return started.hProcess;
}

static uint32_t rounds(void)
{
    const char *given = getenv("SHMBROKER_KILL_ROUNDS");
    uint32_t wanted = given != NULL ? (uint32_t)strtoul(given, NULL, 10) : 12;
    return wanted < PEERS_MOST - 1 ? wanted : PEERS_MOST - 1;
}

/* Of the instants at which they are killed. */
static uint32_t seed(void)
{
    const char *given = getenv("SHMBROKER_KILL_SEED");
    return given != NULL ? (uint32_t)strtoul(given, NULL, 10) : 12345;
}

/* Ends a victim some instants after it has begun to work. */
static void kill_soon(HANDLE victim, const peer_note *note, uint32_t random)
{
    const ULONGLONG start = GetTickCount64();
    while (note->ready == 0 && WaitForSingleObject(victim, 0) == WAIT_TIMEOUT &&
           since(start) < SUPPORT_WAIT_MS)
        Sleep(1);
    const DWORD pause = random % 8;
    if (pause > 0)
        Sleep(pause);
    for (uint32_t i = 0; i < random / 8 % 4096; i++)
        YieldProcessor();
    assert_true(kill_process(victim, GetProcessId(victim), 99));
    assert_int_equal(note->status, 0);
    CloseHandle(victim);
}

typedef struct totals {
    uint64_t sent, received;
    uint32_t wrong, killed_senders, killed_receivers;
} totals;

static totals kill_all(const stage *on, uint32_t count, const survivor *receiver)
{
    static const char *whats[] = {"send", "receive", "claim", "take"};
    uint32_t random = seed();
    totals sum = {0};
    HANDLE next = start_victim(on, 1, whats[0]);
    for (uint32_t i = 1; i <= count; i++) {
        HANDLE victim = next;
        if (i < count)
            next = start_victim(on, i + 1, whats[i % 4]); /* starts while this one works */
        random = random * 1664525u + 1013904223u;
        uint32_t before = receiver->count;
        kill_soon(victim, &on->notes[i], random >> 8);
        sum.killed_senders += (i - 1) % 2 == 0;
        sum.killed_receivers += (i - 1) % 2 == 1;
        const ULONGLONG start = GetTickCount64();
        while (receiver->count == before && since(start) < SUPPORT_WAIT_MS)
            Sleep(1);
        assert_true(receiver->count != before); /* the living go on */
    }
    for (uint32_t i = 1; i <= count; i++) {
        sum.sent += on->notes[i].sent;
        sum.received += on->notes[i].received;
        sum.wrong += on->notes[i].wrong;
    }
    return sum;
}

/* Each killed receiver may have had one message, and each killed sender may have got one through that it did not note. */
static void programs_killed_at_any_instant_cost_their_own_message_at_most(void **state)
{
    (void)state;
    stage on = set_stage(16);
    uint32_t count = rounds();
    survivor sender = {.on = &on}, receiver = {.on = &on};
    receiver.thread = CreateThread(NULL, 0, receive_steadily, &receiver, 0, NULL);
    sender.thread = CreateThread(NULL, 0, send_steadily, &sender, 0, NULL);
    const ULONGLONG start = GetTickCount64();
    totals sum = kill_all(&on, count, &receiver);
    InterlockedExchange(&sender.ends, 1);
    WaitForSingleObject(sender.thread, INFINITE);
    InterlockedExchange(&receiver.ends, 1);
    WaitForSingleObject(receiver.thread, INFINITE);
    CloseHandle(sender.thread);
    CloseHandle(receiver.thread);
    int64_t missing = (int64_t)(sum.sent + sender.count) - (int64_t)(sum.received + receiver.count);
    printf("seed %u: %u programs killed in %u s, %llu messages, %u in a wrong order, at least %llu lost with "
           "%u killed "
           "receivers, at least %llu more than %u killed senders had noted; the slowest wait of the living "
           "took %llu "
           "ms\n",
           seed(), count, (unsigned)(since(start) / 1000), (unsigned long long)(sum.sent + sender.count),
           sum.wrong + receiver.wrong, (unsigned long long)(missing > 0 ? missing : 0), sum.killed_receivers,
           (unsigned long long)(missing < 0 ? -missing : 0), sum.killed_senders,
           (unsigned long long)(sender.slowest > receiver.slowest ? sender.slowest : receiver.slowest));
    assert_int_equal(sender.status, SHMB_OK);
    assert_int_equal(receiver.status, SHMB_OK);
    assert_int_equal(sum.wrong + receiver.wrong, 0);
    assert_true(missing <= (int64_t)sum.killed_receivers);
    assert_true(missing >= -(int64_t)sum.killed_senders);
    assert_true(receiver.slowest < AT_ONCE && sender.slowest < AT_ONCE);
    leave_stage(&on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(messages_pass_between_programs),
        SYSTEM_TEST(a_receiver_asleep_is_woken),
        SYSTEM_TEST(a_sender_asleep_is_woken),
        SYSTEM_TEST(waiting_ends_at_the_time_limit),
        SYSTEM_TEST(a_flow_makes_no_system_calls),
        SYSTEM_TEST(a_reader_may_neither_send_nor_receive),
        SYSTEM_TEST(a_region_of_another_kind_is_refused),
        SYSTEM_TEST(damage_is_told),
        SYSTEM_TEST(a_receiver_gets_past_a_killed_sender_at_once),
        SYSTEM_TEST(a_sender_gets_past_a_killed_receiver_at_once),
        SYSTEM_TEST(messages_flow_on_when_the_broker_is_killed),
        SYSTEM_TEST(programs_killed_at_any_instant_cost_their_own_message_at_most),
    };
    return cmocka_run_group_tests_name("system.queue", tests, NULL, NULL);
}
