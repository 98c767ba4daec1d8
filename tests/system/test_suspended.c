/*
 * Programs that use a queue are suspended for a while, at any instant of their work, as by a debugger: the others go on, or hear
 * in time that they cannot, and whoever was suspended goes on unharmed.
 *
 * SHMBROKER_KILL_ROUNDS says how often (12), SHMBROKER_KILL_SEED draws other instants.
 */
#include "checks.h"
#include "kill.h"
#include "players.h"
#include "queue_peer.h"
#include "region.h"

#include <stdio.h>

#define MESSAGES  8u
#define AT_ONCE   5000u /* milliseconds: what happens at once takes no longer on a busy machine */
#define LIMIT_MS  100u
#define WHILE_MS  200u /* that a program is suspended */
#define NOTE_SIZE (PEERS_MOST * sizeof(peer_note))
#define PEERS     4u
#define MUCH      64u /* messages, several times round: then they flow */

typedef struct stage {
    test_broker *broker;
    const char *queue_name, *notes_name;
    shmb_region *queue, *notes_region;
    peer_note *notes;
    process *peers[PEERS];
    uint32_t sent, received; /* by this program */
} stage;

/* In the order of their numbers. A message of a peer's size is copied before it is taken, so who receives by a copy holds nobody
   up, wherever he is suspended; the others may have a place just then. */
static const char *const works[PEERS] = {"send", "receive", "claim", "take"};
#define RECEIVES_BY_COPY 1u

static void set_stage(stage *on)
{
    on->queue_name = support_unique("Jobs");
    on->notes_name = support_unique("Notes");
    on->broker = broker_run_with(
        BROKER_HEAD "  %s: { kind: queue, messages: %u, message_size: 64 }\n  %s: { size: %u }\n",
        on->queue_name, MESSAGES, on->notes_name, (unsigned)NOTE_SIZE);
    on->queue = region_attach(on->broker, on->queue_name, SHMB_ACCESS_WRITE);
    on->notes_region = region_attach(on->broker, on->notes_name, SHMB_ACCESS_WRITE);
    on->notes = shmb_data(on->notes_region);
    for (uint32_t i = 0; i < PEERS; i++) {
        on->peers[i] = process_start("shmbroker-queue-peer.exe", "%s %s %s %u %s", on->broker->instance,
                                     on->queue_name, on->notes_name, (unsigned)i + 1, works[i]);
        process_wait_line(on->peers[i], "ready");
    }
}

static uint32_t done_by(const stage *on, uint32_t peer)
{
    return on->notes[peer + 1].sent + on->notes[peer + 1].received;
}

static shmb_status send_one(stage *on)
{
    peer_message message = {0, on->sent, peer_check(0, on->sent)};
    shmb_status status = shmb_queue_send(on->queue, &message, sizeof message, LIMIT_MS);
    on->sent += status == SHMB_OK;
    return status;
}

static shmb_status receive_one(stage *on, uint32_t limit)
{
    peer_message got = {0, 0, 0};
    uint32_t size;
    shmb_status status = shmb_queue_receive(on->queue, &got, sizeof got, &size, limit);
    on->received += status == SHMB_OK;
    if (status == SHMB_OK)
        assert_true(size == sizeof got && got.check == peer_check(got.sender, got.number));
    return status;
}

/* Sends and receives for so long; each call ends in its time. How many messages were received meanwhile, by all but one. */
static uint32_t go_on(stage *on, uint32_t without, DWORD milliseconds)
{
    uint32_t before = on->received;
    for (uint32_t i = 0; i < PEERS; i++)
        before += i != without ? on->notes[i + 1].received : 0;
    const ULONGLONG start = GetTickCount64();
    while (GetTickCount64() - start < milliseconds) {
        const ULONGLONG called = GetTickCount64();
        shmb_status sent = send_one(on), received = receive_one(on, LIMIT_MS);
        assert_true(sent == SHMB_OK || sent == SHMB_TIMED_OUT);
        assert_true(received == SHMB_OK || received == SHMB_TIMED_OUT);
        assert_true(GetTickCount64() - called < AT_ONCE);
    }
    uint32_t now = on->received;
    for (uint32_t i = 0; i < PEERS; i++)
        now += i != without ? on->notes[i + 1].received : 0;
    return now - before;
}

/* Until the peer has come on by so much. */
static void await_work(stage *on, uint32_t peer, uint32_t much)
{
    const uint32_t before = done_by(on, peer);
    const ULONGLONG start = GetTickCount64();
    while (done_by(on, peer) - before < much) {
        go_on(on, PEERS, 1);
        if (GetTickCount64() - start > SUPPORT_WAIT_MS)
            support_fail("the one that does \"%s\" does not go on: its status is %u", works[peer],
                         (unsigned)on->notes[peer + 1].status);
    }
}

/* Whether the others went on meanwhile. */
static bool suspend_one(stage *on, uint32_t victim, uint32_t random)
{
    const DWORD id = process_id(on->peers[victim]);
    await_work(on, victim, 1);
    for (uint32_t i = 0; i < random % 4096; i++)
        YieldProcessor();
    assert_true(stop_process(id) > 0);
    uint32_t before = done_by(on, victim);
    bool went_on = go_on(on, victim, WHILE_MS) >= MUCH;
    if (!went_on && victim == RECEIVES_BY_COPY)
        went_on = go_on(on, victim, AT_ONCE) >= MUCH;
    assert_int_equal(done_by(on, victim), before);
    resume_process(id);
    await_work(on, victim, MUCH);
    return went_on;
}

static void stop_all(stage *on)
{
    process_kill(on->peers[0]);
    process_kill(on->peers[2]);
    while (receive_one(on, 500) == SHMB_OK)
        ;
    process_kill(on->peers[1]);
    process_kill(on->peers[3]);
}

static void whoever_is_suspended_holds_others_up_by_what_he_has_alone_and_is_unharmed(void **state)
{
    (void)state;
    stage on = {0};
    unsigned rounds = player_rounds(12), held[PEERS] = {0};
    uint32_t seed = player_seed(20261122), wrong = 0;
    set_stage(&on);
    for (unsigned round = 0; round < rounds; round++) {
        seed = seed * 1664525 + 1013904223;
        held[round % PEERS] += suspend_one(&on, round % PEERS, seed >> 8) ? 0 : 1;
    }
    stop_all(&on);
    uint32_t sent = on.sent, received = on.received;
    for (uint32_t i = 0; i < PEERS; i++) {
        sent += on.notes[i + 1].sent;
        received += on.notes[i + 1].received;
        wrong += on.notes[i + 1].wrong;
        assert_int_equal(on.notes[i + 1].status, 0);
    }
    printf(
        "%u times suspended for %u ms; meanwhile the others had to wait %u times for a send, %u for a claim, "
        "%u for a take, %u for a receive; %u messages sent, %u received, %u wrong\n",
        rounds, WHILE_MS, held[0], held[2], held[3], held[1], (unsigned)sent, (unsigned)received,
        (unsigned)wrong);
    assert_int_equal(wrong, 0);
    assert_int_equal(held[RECEIVES_BY_COPY], 0);
    assert_in_range(received, sent, sent + 2); /* what the killed senders did not live to note */
    shmb_detach(on.queue);
    shmb_detach(on.notes_region);
    broker_stop(on.broker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(whoever_is_suspended_holds_others_up_by_what_he_has_alone_and_is_unharmed),
    };
    return cmocka_run_group_tests_name("suspended", tests, NULL, NULL);
}
