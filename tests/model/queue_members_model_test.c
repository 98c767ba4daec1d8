/*
 * The queue's table of members when it is full (client/src/kinds/queue_members.c), in every order within bounds: somebody
 * dies with a claimed or a taken slot, and two newcomers want his number. One gets it, after what the dead one held was
 * released; nobody is told that the table is full while a number of a dead one is in it, but for the moment in which somebody
 * who slept is told of that death; and what a newcomer holds under his new number nobody takes for the dead one's, however
 * late he looks.
 */
#include "atomics.h"
#include "kinds/queue_inner.h"
#include "scheduler.h"
#include "wait_model.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#define MESSAGES     2u
#define MESSAGE_SIZE 8u
#define STRIDE       ((size_t)64)
#define LONG         UINT64_C(5000000000)
#define A_MOMENT     UINT64_C(2000000)
#define WANTED       1u /* the number that there is to be had */
#define OUTSIDER     ((int)MODEL_THREADS)

enum { OLD, NEW, NEWER, RECEIVER, THREADS, MOST_SENT = 2 * THREADS + 1 };

/* What the old one does before he may die. */
typedef enum doing { SENDS, RECEIVES, HAS_CLAIMED, HAS_TAKEN } doing;

static union {
    uint64_t alignment;
    uint8_t bytes[sizeof(queue_header) + MESSAGES * STRIDE];
} region, fresh_region;

static queue_header *const header = (queue_header *)(void *)region.bytes;
static queue_view views[MODEL_THREADS + 1], fresh_views[MODEL_THREADS + 1];
static doing old_does;
/* The last one, who receives, may be left out: then each newcomer sends as many as there is room for. */
static int thread_count;

static struct {
    int left;
    uint32_t sent, received; /* a bit for each number of a message */
    bool through[THREADS];
} seen;

/* ---- programs ------------------------------------------------------------------------------------------------------- */

static void send_one(int self, unsigned number)
{
    uint64_t bytes = 1 + (uint64_t)self + (uint64_t)number * THREADS;
    queue_message place;
    bool was_there = model_is_dead(OLD) && header->members[WANTED] == wait_model_life(OLD);
    shmb_status status = shmb_q_claim(&views[self], sizeof bytes, LONG, &place);
    MODEL_CHECK(status != SHMB_BUSY || !was_there || wait_model_was_told(OLD) ||
                    header->members[WANTED] != wait_model_life(OLD),
                "is told that the table is full, and a number of a dead one is in it");
    MODEL_CHECK(status == SHMB_OK || status == SHMB_TIMED_OUT || status == SHMB_BUSY, "claim returns %d",
                (int)status);
    if (status != SHMB_OK)
        return;
    MODEL_CHECK(header->members[queue_word_member(place.token)] == wait_model_life(self),
                "claims under a number that is another's");
    shmb_copy_racing(place.bytes, &bytes, sizeof bytes);
    status = shmb_q_commit(&views[self], &place);
    MODEL_CHECK(status == SHMB_OK, "commit returns %d: the slot was taken away from the living", (int)status);
    seen.sent |= 1u << bytes;
}

static bool receive_one(int self, sync_deadline deadline)
{
    uint64_t bytes = 0;
    uint32_t length = 0;
    shmb_status status = shmb_q_receive(&views[self], &bytes, sizeof bytes, &length, deadline);
    MODEL_CHECK(status == SHMB_OK || status == SHMB_TIMED_OUT || status == SHMB_BUSY, "receive returns %d",
                (int)status);
    if (status != SHMB_OK)
        return false;
    MODEL_CHECK(length == sizeof bytes && bytes >= 1 && bytes <= MOST_SENT &&
                    (seen.received >> bytes & 1) == 0,
                "receives %llu, %u bytes", (unsigned long long)bytes, length);
    seen.received |= 1u << bytes;
    return true;
}

static bool all_are_through(const void *context)
{
    int dead = 0;
    (void)context;
    for (int i = 0; i < thread_count; i++)
        dead += model_is_dead(i) ? 1 : 0;
    return seen.left + dead >= thread_count;
}

/* Lives on until all others are through: that a life ended must not be what frees a number. */
static void leave(void)
{
    seen.through[model_self()] = true;
    seen.left++;
    model_call("is through", NULL);
    model_wait("the others", all_are_through, NULL, MODEL_NEVER);
}

static void be_old(void *context)
{
    (void)context;
    if (old_does == SENDS)
        send_one(OLD, 0);
    else if (old_does == RECEIVES)
        receive_one(OLD, SYNC_AT_ONCE);
    leave();
}

static void be_new(void *context)
{
    (void)context;
    for (unsigned i = 0; i < (thread_count > RECEIVER ? 1u : 2u); i++)
        send_one(model_self(), i);
    leave();
}

static void receive(void *context)
{
    (void)context;
    receive_one(RECEIVER, LONG);
    leave();
}

/* ---- a run ------------------------------------------------------------------------------------------------------------ */

static unsigned slots_in(queue_state state)
{
    unsigned count = 0;
    for (uint64_t i = 0; i < MESSAGES; i++) {
        const queue_slot *slot =
            (const queue_slot *)(const void *)(region.bytes + sizeof *header + i * STRIDE);
        count += queue_word_state(slot->word) == (uint32_t)state ? 1 : 0;
    }
    return count;
}

/* Nobody may wait for what is there, nor for what a dead one has. */
static const char *stuck(void)
{
    if (thread_count > RECEIVER && model_is_waiting(RECEIVER) && !seen.through[RECEIVER] &&
        slots_in(QUEUE_FULL) > 0)
        return "a receiver waits, and a message is there";
    for (int i = NEW; i <= NEWER; i++) {
        if (model_is_waiting(i) && !seen.through[i] && slots_in(QUEUE_FULL) < MESSAGES && model_is_dead(OLD))
            return "a sender waits, and there is room";
    }
    return NULL;
}

static void enter_as(int thread, uint32_t number)
{
    header->members[number] = wait_model_life(thread);
    views[thread].members[number] = wait_model_life(thread);
}

/* What is there at first. */
static void prepare(void)
{
    uint64_t bytes = MOST_SENT;
    queue_message held;
    if (old_does == RECEIVES || old_does == HAS_TAKEN)
        shmb_q_send(&views[OUTSIDER], &bytes, sizeof bytes, SYNC_AT_ONCE);
    wait_model_act_as(OLD);
    if (old_does == HAS_CLAIMED)
        shmb_q_claim(&views[OLD], sizeof bytes, SYNC_AT_ONCE, &held);
    else if (old_does == HAS_TAKEN)
        shmb_q_take(&views[OLD], SYNC_AT_ONCE, &held);
    wait_model_act_as(-1);
}

/* All numbers are taken by one who lives but two: that of the one who may die, and the receiver's. */
static void fill_table(void)
{
    wait_model_reset(1);
    queue_parts parts = {
        region.bytes,      MESSAGES, MESSAGE_SIZE, wait_model_place("room"), wait_model_place("ready"),
        wait_model_lives()};
    memset(&region, 0, sizeof region);
    for (int i = 0; i <= OUTSIDER; i++)
        shmb_q_begin(&views[i], &parts);
    for (uint32_t i = 0; i < QUEUE_MEMBERS; i++)
        enter_as(OUTSIDER, i);
    enter_as(OLD, WANTED);
    enter_as(RECEIVER, WANTED + 1);
    views[OUTSIDER].members[WANTED] = views[OUTSIDER].members[WANTED + 1] = SYNC_NOBODY;
    prepare();
    fresh_region = region;
    memcpy(fresh_views, views, sizeof views);
}

static void begin(void)
{
    static const char *const names[THREADS] = {"old", "new", "newer", "receiver"};
    static void (*const work[THREADS])(void *) = {be_old, be_new, be_new, receive};
    wait_model_reset(1);
    wait_model_place("room");
    wait_model_place("ready");
    region = fresh_region;
    memcpy(views, fresh_views, sizeof views);
    memset(&seen, 0, sizeof seen);
    for (int i = 0; i < thread_count; i++)
        model_thread(names[i], i == OLD, work[i], NULL);
    model_share(&header->tail, 8, "tail");
    model_share(&header->head, 8, "head");
    model_share(&header->ready, 8, "ready mark");
    model_share(&header->room, 8, "room mark");
    model_share(&header->members[WANTED], 8, "the wanted number");
    model_share(region.bytes + sizeof *header, STRIDE, "slot 0");
    model_share(region.bytes + sizeof *header + STRIDE, STRIDE, "slot 1");
    model_watch(&seen, sizeof seen);
}

/* What nobody holds can be had, and as many go in and come out as there is room for. */
static void end(void)
{
    uint64_t bytes = 100;
    uint32_t length;
    for (int tries = 0; tries < 8; tries++) {
        receive_one(OUTSIDER, SYNC_AT_ONCE);
        model_pass(A_MOMENT);
    }
    MODEL_CHECK((seen.sent & ~seen.received) == 0 || model_is_dead(OLD), "sent %x, received %x", seen.sent,
                seen.received);
    for (uint64_t i = 0; i < MESSAGES; i++) {
        shmb_status status = SHMB_TIMED_OUT;
        for (int tries = 0; tries < 3 && status == SHMB_TIMED_OUT; tries++) {
            status = shmb_q_send(&views[OUTSIDER], &bytes, sizeof bytes, SYNC_AT_ONCE);
            model_pass(A_MOMENT);
        }
        MODEL_CHECK(status == SHMB_OK, "in the end there is no room for message %u: %d", (unsigned)i,
                    (int)status);
    }
    for (uint64_t i = 0; i < MESSAGES; i++) {
        shmb_status status = shmb_q_receive(&views[OUTSIDER], &bytes, sizeof bytes, &length, SYNC_AT_ONCE);
        MODEL_CHECK(status == SHMB_OK, "in the end message %u does not come back", (unsigned)i);
    }
}

static void hold(const char *name, doing does, int threads, unsigned preemptions)
{
    const model members = {name, begin, end, {.preemptions = preemptions, .kills = 1}, stuck};
    old_does = does;
    thread_count = threads;
    fill_table();
    model_must_hold(&members);
}

static void one_gets_the_number_of_a_dead_one(void **state)
{
    (void)state;
    hold("one dies as he sends, two want his number", SENDS, THREADS, 1);
    hold("one dies as he receives, two want his number", RECEIVES, THREADS, 1);
}

static void who_has_the_number_of_a_dead_one_is_not_taken_for_him(void **state)
{
    (void)state;
    hold("one dies with a claimed slot, two want his number", HAS_CLAIMED, RECEIVER, 2);
    hold("one dies with a taken slot, two want his number", HAS_TAKEN, RECEIVER, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_gets_the_number_of_a_dead_one),
        cmocka_unit_test(who_has_the_number_of_a_dead_one_is_not_taken_for_him),
    };
    return cmocka_run_group_tests_name("a full table of members, in every order", tests, NULL, NULL);
}
