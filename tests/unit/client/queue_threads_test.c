/*
 * A queue under several senders and receivers at once: nothing lost, nothing twice, every sender's messages in his order,
 * also when some of them are killed. ThreadSanitizer watches in native-tsan.
 */
#include "atomics.h"
#include "queue_testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#define SENDERS_MOST 4u
#define PATIENCE_MS  30000u

typedef struct record {
    uint32_t sender;
    uint32_t number; /* from 0, each sender's own */
    uint32_t check;
} record;

typedef struct worker {
    pthread_t thread;
    queue_program *program;
    uint32_t id;
    uint32_t count;  /* sender: messages to send */
    uint32_t seed;   /* of its random numbers; 0: it is not killed */
    uint32_t got;    /* receiver: records in `records` */
    record *records; /* room for all */
    shmb_status status;
} worker;

static queue_region region;
static uint32_t all; /* messages of all senders */

static uint32_t check_of(const record *message)
{
    return (message->sender + 1) * 2654435761u ^ (message->number * 40503u);
}

static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static sync_deadline patience(void)
{
    return sync_deadline_in(PATIENCE_MS);
}

/* One message, in one of the ways that there are; up to three with send_many. Returns how many. */
static uint32_t send_some(worker *me, uint32_t number, uint32_t way)
{
    record messages[3];
    const uint32_t lengths[3] = {sizeof(record), sizeof(record), sizeof(record)};
    uint32_t sent = 1;
    for (uint32_t i = 0; i < 3; i++) {
        messages[i] = (record){me->id, number + i, 0};
        messages[i].check = check_of(&messages[i]);
    }
    queue_view *queue = &me->program->queue;
    if (way % 3 == 0) {
        me->status = shmb_q_send(queue, messages, sizeof(record), patience());
    } else if (way % 3 == 1) {
        uint32_t left = me->count - number;
        me->status = shmb_q_send_many(queue, messages, lengths, left < 3 ? left : 3, patience(), &sent);
    } else {
        queue_message message;
        me->status = shmb_q_claim(queue, sizeof(record), patience(), &message);
        if (me->status != SHMB_OK)
            return 0;
        if (me->seed != 0 && draw(&me->seed) % 64 == 0)
            threads_die();
        shmb_copy_racing(message.bytes, messages, sizeof(record));
        if (way % 2 == 0) {
            me->status = shmb_q_commit(queue, &message);
        } else {
            me->status = shmb_q_cancel(queue, &message);
            sent = 0;
        }
    }
    return sent;
}

static void *send_all(void *context)
{
    worker *me = context;
    uint32_t way = me->id;
    if (me->seed != 0)
        threads_kill_me_at(draw(&me->seed) % 500 + 1);
    for (uint32_t number = 0; number < me->count && me->status == SHMB_OK; way++)
        number += send_some(me, number, way);
    threads_kill_me_at(0);
    return NULL;
}

static void receive_some(worker *me, uint32_t way)
{
    queue_view *queue = &me->program->queue;
    record *to = &me->records[me->got];
    uint32_t lengths[3], length = 0, count = 1;
    if (way % 3 == 0) {
        me->status = shmb_q_receive(queue, to, sizeof *to, &length, patience());
    } else if (way % 3 == 1) {
        me->status = shmb_q_receive_many(queue, to, 3 * sizeof *to, lengths, 3, patience(), &count);
    } else {
        queue_message message;
        me->status = shmb_q_take(queue, patience(), &message);
        if (me->status != SHMB_OK)
            return;
        if (me->seed != 0 && draw(&me->seed) % 64 == 0)
            threads_die();
        memcpy(to, message.bytes, sizeof *to);
        me->status = shmb_q_release(queue, &message);
    }
    if (me->status == SHMB_OK)
        me->got += count;
}

/* Until the message that ends it, of which each receiver gets one. */
static void *receive_all(void *context)
{
    worker *me = context;
    if (me->seed != 0)
        threads_kill_me_at(draw(&me->seed) % 500 + 1);
    for (uint32_t way = me->id; me->status == SHMB_OK; way++) {
        receive_some(me, way);
        if (me->got > 0 && me->records[me->got - 1].sender == UINT32_MAX)
            break;
    }
    threads_kill_me_at(0);
    return NULL;
}

static void start(worker *who, void *(*run)(void *))
{
    assert_int_equal(pthread_create(&who->thread, NULL, run, who), 0);
}

/* Enough for each receiver, and for those who took one with others behind it. */
static void send_ends(uint32_t receivers)
{
    queue_program *last = program_attach(&region);
    record end = {UINT32_MAX, 0, 0};
    for (uint32_t i = 0; i < receivers; i++)
        assert_int_equal(shmb_q_send(&last->queue, &end, sizeof end, patience()), SHMB_OK);
    program_detach(last);
}

static uint32_t *seen[SENDERS_MOST]; /* how often each message was received */

static void look_at_records(const worker *receiver, const worker *senders, uint32_t sender_count)
{
    uint32_t next[SENDERS_MOST] = {0};
    for (uint32_t i = 0; i < receiver->got; i++) {
        const record *got = &receiver->records[i];
        if (got->sender == UINT32_MAX)
            continue;
        assert_true(got->sender < sender_count && got->number < senders[got->sender].count);
        assert_int_equal(got->check, check_of(got));
        assert_true(got->number >= next[got->sender]); /* in the sender's order */
        next[got->sender] = got->number + 1;
        seen[got->sender][got->number]++;
    }
}

/* Where a batch ends a receiver early, others may get two ends, and the last ones none: so they end one by one. */
static void run(uint32_t messages, uint32_t senders, uint32_t receivers, uint32_t each, bool one_program)
{
    worker workers[2][SENDERS_MOST];
    memset(workers, 0, sizeof workers);
    all = senders * each;
    region_make(&region, messages, sizeof(record), 0);
    queue_program *shared = one_program ? program_attach(&region) : NULL;
    for (uint32_t side = 0; side < 2; side++) {
        for (uint32_t i = 0; i < (side == 0 ? senders : receivers); i++) {
            worker *who = &workers[side][i];
            who->id = i;
            who->program = one_program ? shared : program_attach(&region);
            who->count = each;
            who->records = side == 1 ? calloc(all + 16, sizeof(record)) : NULL;
            seen[i] = side == 0 ? calloc(each, sizeof(uint32_t)) : seen[i];
            start(who, side == 0 ? send_all : receive_all);
        }
    }
    for (uint32_t i = 0; i < senders; i++) {
        pthread_join(workers[0][i].thread, NULL);
        assert_int_equal(workers[0][i].status, SHMB_OK);
    }
    for (uint32_t i = 0; i < receivers; i++)
        send_ends(4);
    for (uint32_t i = 0; i < receivers; i++) {
        pthread_join(workers[1][i].thread, NULL);
        assert_int_equal(workers[1][i].status, SHMB_OK);
        look_at_records(&workers[1][i], workers[0], senders);
    }
    for (uint32_t i = 0; i < senders; i++) {
        for (uint32_t j = 0; j < each; j++)
            assert_int_equal(seen[i][j], 1);
        free(seen[i]);
    }
    for (uint32_t side = 0; side < 2; side++) {
        for (uint32_t i = 0; i < (side == 0 ? senders : receivers); i++) {
            free(workers[side][i].records);
            if (!one_program)
                program_detach(workers[side][i].program);
        }
    }
    if (one_program)
        program_detach(shared);
    region_free(&region);
}

static void nothing_is_lost_and_nothing_comes_twice(void **state)
{
    (void)state;
    for (uint32_t processors = 1; processors <= 2; processors++) {
        threads_set_processors(processors); /* with one, everybody sleeps at once */
        run(16, 1, 1, 6000, false);
        run(16, 3, 3, 2000, false);
        run(32, 4, 1, 2000, false);
        run(16, 1, 4, 4000, false);
        run(64, 4, 4, 2000, true);
    }
    threads_set_processors(2);
}

/* ---- Killed -------------------------------------------------------------------------------------- */

typedef struct outcome {
    uint32_t sent, received, twice;
} outcome;

static void await_end(worker *who, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        pthread_join(who[i].thread, NULL);
}

/* Two of each, one of each mortal. Whoever is left must get everything through. */
static void run_with_kills(uint32_t seed)
{
    worker senders[2], receivers[2];
    const uint32_t each = 300;
    memset(senders, 0, sizeof senders);
    memset(receivers, 0, sizeof receivers);
    all = 2 * each;
    region_make(&region, 16, sizeof(record), 0);
    for (uint32_t i = 0; i < 2; i++) {
        senders[i] = (worker){.id = i, .program = program_attach(&region), .count = each};
        receivers[i] = (worker){.id = i, .program = program_attach(&region)};
        receivers[i].records = calloc(all + 16, sizeof(record));
        seen[i] = calloc(each, sizeof(uint32_t));
    }
    senders[0].seed = seed;
    receivers[0].seed = seed + 1;
    for (uint32_t i = 0; i < 2; i++) {
        start(&senders[i], send_all);
        start(&receivers[i], receive_all);
    }
    await_end(senders, 2);
    assert_int_equal(senders[1].status, SHMB_OK);
    send_ends(8);
    await_end(receivers, 2);
    assert_int_equal(receivers[1].status, SHMB_OK);
    uint32_t lost = 0;
    for (uint32_t i = 0; i < 2; i++)
        look_at_records(&receivers[i], senders, 2);
    for (uint32_t j = 0; j < each; j++) {
        assert_true(seen[0][j] <= 1 && seen[1][j] <= 1);
        lost += seen[1][j] == 0;
    }
    /* The killed receiver had at most one message, or one batch, in hand. */
    assert_in_range(lost, 0, 3);
    for (uint32_t i = 0; i < 2; i++) {
        free(receivers[i].records);
        free(seen[i]);
        program_detach(senders[i].program);
        program_detach(receivers[i].program);
    }
    region_free(&region);
}

static void the_living_go_on_when_others_are_killed(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 120; seed++) {
        threads_set_processors(1 + seed % 2);
        run_with_kills(seed);
    }
    threads_set_processors(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_and_nothing_comes_twice),
        cmocka_unit_test(the_living_go_on_when_others_are_killed),
    };
    return cmocka_run_group_tests_name("client.queue_threads", tests, NULL, NULL);
}
