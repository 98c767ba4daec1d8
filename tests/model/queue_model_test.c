/*
 * The queue (client/src/kinds/queue*.c) in every order within bounds, senders and receivers killed anywhere: messages are
 * taken in the order in which their places were claimed, whole, each once; who was not killed comes to his end; a death
 * costs at most the one message that the dead one had; and afterwards the queue is as good as new.
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
#define MOST_SENT    12u /* messages of a run */
#define A_MOMENT     UINT64_C(2000000)
#define NOWHERE      UINT64_MAX

typedef enum role { SENDER, RECEIVER } role;

typedef struct program {
    role role;
    unsigned times;
    sync_deadline patience;
    bool in_place; /* claims and commits, takes and releases */
    bool cancels;  /* its first message */
} program;

static union {
    uint64_t alignment;
    uint8_t bytes[sizeof(queue_header) + MESSAGES * STRIDE];
} region;

static queue_view views[MODEL_THREADS + 1];
static program programs[MODEL_THREADS];
static int program_count;
static const program *cast; /* whom begin() makes threads of */
static int cast_count;

/* What is known of the run from outside. Values are 1 to MOST_SENT, by sender and number; sets of them have a bit for
   each. */
static struct {
    uint32_t sent;                  /* the send has returned */
    uint32_t taken;                 /* the receive has returned */
    uint16_t before[MOST_SENT + 1]; /* those that were sent when the sending of this one began */
    bool through[MODEL_THREADS];
    int left;
} seen;

static uint64_t value_of(int sender, unsigned number)
{
    return 1 + (uint64_t)sender * 4 + number;
}

/* A message whose two halves do not belong together is seen. */
static uint64_t message_of(uint64_t value)
{
    return value | value << 32;
}

/* `earlier`: what had been received when this receive began. */
static void note_taken(uint64_t message, uint32_t earlier)
{
    uint64_t value = message & 0xFFFFFFFF;
    MODEL_CHECK(value >= 1 && value <= MOST_SENT && message == message_of(value),
                "receives 0x%llx, which nobody sent", (unsigned long long)message);
    MODEL_CHECK((seen.taken >> value & 1) == 0, "message %u is received twice", (unsigned)value);
    for (unsigned other = 1; other <= MOST_SENT; other++)
        MODEL_CHECK((earlier >> other & 1) == 0 || (seen.before[other] >> value & 1) == 0,
                    "message %u, sent before %u, is received after it", (unsigned)value, other);
    seen.taken |= 1u << value;
}

/* ---- programs ------------------------------------------------------------------------------------------------------- */

static bool send_one(int self, const program *made, unsigned number)
{
    uint64_t value = value_of(self, number), bytes = message_of(value);
    queue_message place;
    shmb_status status;
    seen.before[value] = (uint16_t)seen.sent;
    if (!made->in_place) {
        status = shmb_q_send(&views[self], &bytes, sizeof bytes, sync_deadline_in(1000));
    } else {
        status = shmb_q_claim(&views[self], sizeof bytes, sync_deadline_in(1000), &place);
        if (status == SHMB_OK) {
            shmb_copy_racing(place.bytes, &bytes, sizeof bytes);
            bool cancels = made->cancels && number == 0;
            status = cancels ? shmb_q_cancel(&views[self], &place) : shmb_q_commit(&views[self], &place);
            MODEL_CHECK(status == SHMB_OK, "%s returns %d", cancels ? "cancel" : "commit", (int)status);
            if (cancels)
                return true;
        }
    }
    MODEL_CHECK(status == SHMB_OK || status == SHMB_TIMED_OUT, "send returns %d", (int)status);
    seen.sent |= (status == SHMB_OK ? 1u : 0u) << value;
    return status == SHMB_OK;
}

static bool receive_one(int self, const program *made)
{
    uint64_t bytes = 0;
    uint32_t length = 0, earlier = seen.taken;
    queue_message place;
    shmb_status status;
    if (!made->in_place) {
        status = shmb_q_receive(&views[self], &bytes, sizeof bytes, &length, made->patience);
    } else {
        status = shmb_q_take(&views[self], made->patience, &place);
        if (status == SHMB_OK) {
            length = place.length;
            shmb_copy_racing(&bytes, place.bytes, sizeof bytes);
            status = shmb_q_release(&views[self], &place);
        }
    }
    MODEL_CHECK(status == SHMB_OK || status == SHMB_TIMED_OUT, "receive returns %d", (int)status);
    if (status != SHMB_OK)
        return false;
    MODEL_CHECK(length == sizeof bytes, "receives %u bytes", length);
    note_taken(bytes, earlier);
    return true;
}

static bool all_have_left(const void *context)
{
    int dead = 0;
    (void)context;
    for (int i = 0; i < program_count; i++)
        dead += model_is_dead(i) ? 1 : 0;
    return seen.left + dead >= program_count;
}

/* Lives on until all others are through: that a life ended must not be what wakes them. */
static void leave(void)
{
    seen.through[model_self()] = true;
    seen.left++;
    model_call("is through", NULL);
    model_wait("the others", all_have_left, NULL, MODEL_NEVER);
}

static void run_program(void *context)
{
    const program *made = context;
    int self = model_self();
    for (unsigned i = 0; i < made->times; i++) {
        if (made->role == SENDER ? !send_one(self, made, i) : !receive_one(self, made))
            break;
    }
    leave();
}

/* ---- a run ------------------------------------------------------------------------------------------------------------ */

static unsigned slots_in(queue_state state)
{
    unsigned count = 0;
    for (uint64_t i = 0; i < MESSAGES; i++) {
        const queue_slot *slot =
            (const queue_slot *)(const void *)(region.bytes + sizeof(queue_header) + i * STRIDE);
        count += queue_word_state(slot->word) == (uint32_t)state ? 1 : 0;
    }
    return count;
}

static unsigned killed(role of)
{
    unsigned count = 0;
    for (int i = 0; i < program_count; i++)
        count += programs[i].role == of && model_is_dead(i) ? 1 : 0;
    return count;
}

/* Nobody may wait for what is there; but a receiver who was killed just after he took a message has told nobody that
   there is room, and a sender finds that out when he looks again after 100 ms. */
static const char *stuck(void)
{
    for (int i = 0; i < program_count; i++) {
        if (!model_is_waiting(i) || seen.through[i])
            continue;
        if (programs[i].role == RECEIVER && slots_in(QUEUE_FULL) > 0)
            return "a receiver waits, and a message is there";
        if (programs[i].role == SENDER && slots_in(QUEUE_FULL) < MESSAGES && killed(RECEIVER) == 0)
            return "a sender waits, and there is room";
    }
    return NULL;
}

/* Attaching looks through a thousand members: once is enough, and each run begins with a copy of what came of it. */
static struct {
    uint8_t bytes[sizeof region.bytes];
    queue_view views[MODEL_THREADS + 1];
} fresh;

/* `entered`: the threads have been members before. */
static void attach(bool entered)
{
    wait_model_reset(1);
    queue_parts parts = {
        region.bytes,      MESSAGES, MESSAGE_SIZE, wait_model_place("room"), wait_model_place("ready"),
        wait_model_lives()};
    memset(&region, 0, sizeof region);
    for (int i = 0; i <= (int)MODEL_THREADS; i++) {
        uint32_t number;
        shmb_q_begin(&views[i], &parts);
        wait_model_act_as(i);
        if (entered || i == (int)MODEL_THREADS)
            shmb_q_member(&views[i], &number);
    }
    wait_model_act_as(-1);
    memcpy(fresh.bytes, region.bytes, sizeof fresh.bytes);
    memcpy(fresh.views, views, sizeof fresh.views);
}

static void name_threads(void)
{
    static const char *const names[] = {"sender 1", "sender 2", "receiver 1", "receiver 2"};
    int senders = 0, receivers = 0;
    program_count = cast_count;
    for (int i = 0; i < cast_count; i++) {
        programs[i] = cast[i];
        int name = cast[i].role == SENDER ? senders++ % 2 : 2 + receivers++ % 2;
        model_thread(names[name], true, run_program, &programs[i]);
    }
}

static void begin(void)
{
    wait_model_reset(1);
    wait_model_place("room");
    wait_model_place("ready");
    memcpy(region.bytes, fresh.bytes, sizeof region.bytes);
    memcpy(views, fresh.views, sizeof views);
    memset(&seen, 0, sizeof seen);
    name_threads();
    queue_header *header = (queue_header *)(void *)region.bytes;
    model_share(&region, sizeof region, "queue");
    model_name(&header->tail, 8, "tail");
    model_name(&header->head, 8, "head");
    model_name(&header->ready, 8, "ready mark");
    model_name(&header->room, 8, "room mark");
    model_name(header->members, sizeof header->members, "members");
    model_name(region.bytes + sizeof *header, STRIDE, "slot 0");
    model_name(region.bytes + sizeof *header + STRIDE, STRIDE, "slot 1");
    model_watch(&seen, sizeof seen);
}

/* Takes what is still there. Attempts that may not wait ask about somebody in their way when a moment has passed. */
static void drain(void)
{
    for (int tries = 0; tries < 8; tries++) {
        uint64_t bytes = 0;
        uint32_t length = 0;
        shmb_status status =
            shmb_q_receive(&views[MODEL_THREADS], &bytes, sizeof bytes, &length, SYNC_AT_ONCE);
        MODEL_CHECK(status == SHMB_OK || status == SHMB_TIMED_OUT, "in the end receive returns %d",
                    (int)status);
        if (status == SHMB_OK)
            note_taken(bytes, seen.taken);
        model_pass(A_MOMENT);
    }
}

/* As many as there is room for go in and come out again. */
static void is_as_new(void)
{
    uint64_t bytes = 0;
    uint32_t length;
    for (uint64_t i = 0; i < MESSAGES; i++) {
        shmb_status status = SHMB_TIMED_OUT;
        bytes = 100 + i;
        for (int tries = 0; tries < 3 && status == SHMB_TIMED_OUT; tries++) {
            status = shmb_q_send(&views[MODEL_THREADS], &bytes, sizeof bytes, SYNC_AT_ONCE);
            model_pass(A_MOMENT);
        }
        MODEL_CHECK(status == SHMB_OK, "in the end there is no room for message %u: %d", (unsigned)i,
                    (int)status);
    }
    for (uint64_t i = 0; i < MESSAGES; i++) {
        shmb_status status =
            shmb_q_receive(&views[MODEL_THREADS], &bytes, sizeof bytes, &length, SYNC_AT_ONCE);
        MODEL_CHECK(status == SHMB_OK && bytes == 100 + i, "in the end message %u does not come back",
                    (unsigned)i);
    }
}

static void end(void)
{
    unsigned lost = 0;
    drain();
    for (unsigned value = 1; value <= MOST_SENT; value++)
        lost += ((seen.sent & ~seen.taken) >> value & 1);
    MODEL_CHECK(lost <= killed(RECEIVER), "%u messages are lost, and %u receivers were killed", lost,
                killed(RECEIVER));
    is_as_new();
}

static bool entered; /* the threads were members before the run */

static void hold(const char *name, const program *whom, int count, model_bounds bounds)
{
    const model queue = {name, begin, end, bounds, stuck};
    cast = whom;
    cast_count = count;
    attach(entered);
    model_must_hold(&queue);
}

#define HOLD(name, whom, ...)                                                                                \
    hold(name, whom, (int)(sizeof(whom) / sizeof *(whom)), (model_bounds){__VA_ARGS__})
#define LONG UINT64_C(5000000000)

static const program one_to_one[] = {{.role = SENDER, .times = 3},
                                     {.role = RECEIVER, .times = 3, .patience = LONG}};
static const program in_place[] = {{.role = SENDER, .times = 3, .in_place = true, .cancels = true},
                                   {.role = RECEIVER, .times = 2, .patience = LONG, .in_place = true}};
static const program two_to_one[] = {{.role = SENDER, .times = 1},
                                     {.role = SENDER, .times = 2},
                                     {.role = RECEIVER, .times = 3, .patience = LONG}};
static const program one_to_two[] = {{.role = SENDER, .times = 3},
                                     {.role = RECEIVER, .times = 1, .patience = LONG},
                                     {.role = RECEIVER, .times = 2, .patience = LONG}};
static const program two_to_two[] = {{.role = SENDER, .times = 1},
                                     {.role = SENDER, .times = 1},
                                     {.role = RECEIVER, .times = 1, .patience = LONG},
                                     {.role = RECEIVER, .times = 1, .patience = LONG}};

static int members(void **state)
{
    (void)state;
    entered = true;
    return 0;
}

static void messages_are_handed_over(void **state)
{
    (void)state;
    HOLD("one sender of three, one receiver", one_to_one, .preemptions = 2);
    HOLD("the same with store buffers", one_to_one, .preemptions = 2, .store_buffers = true);
    HOLD("claimed, one cancelled, and taken", in_place, .preemptions = 2);
    HOLD("two senders, one receiver", two_to_one, .preemptions = 2);
    HOLD("one sender, two receivers", one_to_two, .preemptions = 2);
}

static void a_death_costs_one_message_at_most(void **state)
{
    (void)state;
    HOLD("one sender, one receiver, a death", one_to_one, .preemptions = 1, .kills = 1);
    HOLD("claimed, cancelled, taken, a death", in_place, .preemptions = 1, .kills = 1);
    HOLD("two senders, one receiver, a death", two_to_one, .preemptions = 1, .kills = 1);
    HOLD("one sender, two receivers, a death", one_to_two, .preemptions = 0, .kills = 1);
    HOLD("two senders, two receivers, a death", two_to_two, .preemptions = 0, .kills = 1);
    HOLD("one sender, one receiver, two deaths", one_to_one, .preemptions = 0, .kills = 2);
}

static void who_gives_up_waiting_takes_nothing_with_him(void **state)
{
    (void)state;
    HOLD("one sender, two receivers, a deadline", one_to_two, .preemptions = 1, .timeouts = 1);
}

/* Threads enter the table of members while others do, and may be killed as they do. */
static void members_enter(void **state)
{
    (void)state;
    entered = false;
    HOLD("two senders, one receiver enter", two_to_one, .preemptions = 1);
    HOLD("two senders, two receivers enter, one dies", two_to_two, .preemptions = 0, .kills = 1);
}

#define QUEUE_TEST(function) cmocka_unit_test_setup(function, members)

int main(void)
{
    const struct CMUnitTest tests[] = {
        QUEUE_TEST(messages_are_handed_over),
        QUEUE_TEST(a_death_costs_one_message_at_most),
        QUEUE_TEST(who_gives_up_waiting_takes_nothing_with_him),
        QUEUE_TEST(members_enter),
    };
    return cmocka_run_group_tests_name("the queue, in every order", tests, NULL, NULL);
}
