#define _POSIX_C_SOURCE 200809L /* pthread_barrier_t */
/*
 * Recorded histories of real threads, some of them killed on the way, are linearizable: of the queue, and of the latest value,
 * which is a register. ThreadSanitizer watches in native-tsan.
 *
 * Each round is a new region and a few operations of each thread, so that the judge (linear.h) can try them all. Times
 * are drawn from one counter. That a receive finds nothing is no operation of the history: a message that another thread has
 * claimed and not committed yet is in the way of those behind it, so that "nothing yet" may be said where a strict queue
 * would have one.
 */
#include "atomics.h"
#include "kinds/queue.h"
#include "kinds/state.h"
#include "linear.h"
#include "queue_testing.h"
#include "sync/lock.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS     4u
#define OPERATIONS  8u /* of a thread in a round */
#define ROUNDS      400u
#define PATIENCE_MS 20000u

static uint64_t clock_ticks;

typedef struct worker {
    pthread_t thread;
    uint32_t id, seed, count;
    bool mortal;
    queue_program *program;
    sync_lives *lives;
    linear_operation history[OPERATIONS];
} worker;

static worker workers[THREADS];
static pthread_barrier_t line;

/* For threads, which cannot fail a test of cmocka's. */
static void must(bool fact)
{
    if (!fact)
        abort();
}

static uint64_t tick(void)
{
    return shmb_fetch_add_u64(&clock_ticks, 1);
}

static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* The operation is in the history from its call on, as one that never ends. */
static linear_operation *begin_operation(worker *me, linear_kind kind, uint32_t value)
{
    linear_operation *made = &me->history[me->count++];
    *made = (linear_operation){kind, value, tick(), LINEAR_NEVER};
    return made;
}

static void forget_operation(worker *me)
{
    me->count--;
}

static void start_line(worker *me)
{
    pthread_barrier_wait(&line);
    if (me->mortal)
        threads_kill_me_at(draw(&me->seed) % 24 + 1);
}

/* Runs a round; returns the whole history and the number of threads that were killed in an operation. */
static size_t run_round(uint32_t round, void *(*run)(void *), linear_operation *history, uint32_t *killed)
{
    size_t count = 0;
    pthread_barrier_init(&line, NULL, THREADS);
    for (uint32_t i = 0; i < THREADS; i++) {
        workers[i] =
            (worker){.id = i, .seed = round * 7919 + i * 104729 + 1, .mortal = i == round % (2 * THREADS)};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, run, &workers[i]), 0);
    }
    for (uint32_t i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    pthread_barrier_destroy(&line);
    for (uint32_t i = 0; i < THREADS; i++) {
        if (workers[i].program != NULL)
            program_kill(workers[i].program);
        if (workers[i].lives != NULL)
            threads_lives_free(workers[i].lives);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        for (uint32_t j = 0; j < workers[i].count; j++) {
            history[count++] = workers[i].history[j];
            *killed += workers[i].history[j].end == LINEAR_NEVER ? 1 : 0;
        }
    }
    return count;
}

static void assert_linear(linear_verdict verdict, const linear_operation *history, size_t count,
                          uint32_t round)
{
    static char text[8192];
    if (verdict != LINEAR_YES)
        fail_msg("round %u is %s:\n%s", round,
                 verdict == LINEAR_NO ? "not linearizable" : "too large to judge",
                 linear_tell(history, count, text, sizeof text));
}

/* ---- the queue ---------------------------------------------------------------------------------------------------- */

static queue_region region;

static void send_one(worker *me, queue_program *program, uint32_t number)
{
    uint32_t value = 1 + me->id * OPERATIONS + number;
    linear_operation *made = begin_operation(me, LINEAR_SEND, value);
    shmb_status status = shmb_q_send(&program->queue, &value, sizeof value, sync_deadline_in(2));
    made->end = tick();
    if (status != SHMB_OK)
        forget_operation(me);
}

static void receive_one(worker *me, queue_program *program)
{
    uint32_t value = 0, length = 0;
    linear_operation *made = begin_operation(me, LINEAR_RECEIVE, LINEAR_UNKNOWN);
    shmb_status status = shmb_q_receive(&program->queue, &value, sizeof value, &length, sync_deadline_in(1));
    made->value = value;
    made->end = tick();
    if (status != SHMB_OK)
        forget_operation(me);
}

static void *use_queue(void *context)
{
    worker *me = context;
    me->program = program_attach(&region);
    start_line(me);
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        if (draw(&me->seed) % 2 == 0)
            send_one(me, me->program, i);
        else
            receive_one(me, me->program);
    }
    threads_kill_me_at(0);
    return NULL;
}

/* What is still there afterwards belongs to the history: that nothing was lost is judged, too. */
static size_t drain(linear_operation *history, size_t count)
{
    queue_program *last = program_attach(&region);
    for (uint32_t tries = 0; tries < 8 && count < LINEAR_MOST; tries++) {
        uint32_t value = 0, length = 0;
        uint64_t began = tick();
        if (shmb_q_receive(&last->queue, &value, sizeof value, &length, sync_deadline_in(5)) == SHMB_OK)
            history[count++] = (linear_operation){LINEAR_RECEIVE, value, began, tick()};
        else
            break;
    }
    uint64_t began = tick();
    if (count < LINEAR_MOST)
        history[count++] = (linear_operation){LINEAR_EMPTY, 0, began, tick()};
    program_kill(last);
    return count;
}

static void the_queues_histories_are_linearizable(void **state)
{
    (void)state;
    uint32_t killed = 0;
    size_t operations = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        linear_operation history[LINEAR_MOST];
        region_make(&region, 4, sizeof(uint32_t), 0);
        size_t count = drain(history, run_round(round, use_queue, history, &killed));
        assert_linear(linear_queue(history, count), history, count, round);
        operations += count;
        region_free(&region);
    }
    printf("%u histories, %u operations, %u threads killed in one\n", ROUNDS, (unsigned)operations, killed);
    assert_true(killed > ROUNDS / 32 && operations > (size_t)ROUNDS * THREADS);
}

/* ---- the latest value --------------------------------------------------------------------------------------------- */

static const shmb_geometry geometry = {SHMB_KIND_STATE, 0, 64};
static uint8_t *bytes;
static shmb_lock_words words;
static sync_place *place;

static void die_perhaps(worker *me)
{
    if (me->mortal && draw(&me->seed) % 8 == 0)
        threads_die();
}

static void write_one(worker *me, sync_lock *lock, state_region *view, uint32_t number)
{
    uint32_t value[16];
    for (uint32_t i = 0; i < 16; i++)
        value[i] = 1 + me->id * OPERATIONS + number;
    linear_operation *made = begin_operation(me, LINEAR_WRITE, value[0]);
    shmb_status status = sync_lock_take(lock, PATIENCE_MS);
    must(status == SHMB_OK || status == SHMB_OWNER_DIED);
    die_perhaps(me);
    state_publish(view, value, sizeof value);
    die_perhaps(me);
    must(sync_lock_release(lock) == SHMB_OK);
    made->end = tick();
}

static void read_one(worker *me, const state_region *view)
{
    uint32_t value[16] = {0};
    uint64_t size, version;
    corruption what;
    linear_operation *made = begin_operation(me, LINEAR_READ, LINEAR_UNKNOWN);
    shmb_status status = state_read(view, value, sizeof value, &size, &version, &what);
    must(status == SHMB_OK || status == SHMB_TIMED_OUT);
    for (uint32_t i = 1; i < 16; i++)
        must(value[i] == value[0]);
    made->value = value[0];
    made->end = tick();
    if (status == SHMB_TIMED_OUT && version != 0)
        forget_operation(me); /* writers were quicker every time */
}

static void *use_state(void *context)
{
    worker *me = context;
    sync_lock lock;
    state_region view;
    me->lives = threads_lives_new();
    sync_lock_init(&lock, &words, place, me->lives);
    state_init(&view, bytes, &geometry);
    start_line(me);
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        if (draw(&me->seed) % 2 == 0)
            write_one(me, &lock, &view, i);
        else
            read_one(me, &view);
    }
    threads_kill_me_at(0);
    return NULL;
}

static void the_latest_values_histories_are_linearizable(void **state)
{
    (void)state;
    uint32_t killed = 0;
    size_t room = (size_t)shmb_geometry_bytes(&geometry), operations = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        linear_operation history[LINEAR_MOST];
        bytes = aligned_alloc(64, room);
        if (bytes == NULL)
            abort();
        memset(bytes, 0, room);
        memset(&words, 0, sizeof words);
        shmb_geometry_format(bytes, &geometry);
        place = threads_place_new();
        size_t count = run_round(round, use_state, history, &killed);
        assert_linear(linear_register(history, count, 0), history, count, round);
        operations += count;
        threads_place_free(place);
        free(bytes);
    }
    printf("%u histories, %u operations, %u threads killed in one\n", ROUNDS, (unsigned)operations, killed);
    assert_true(killed > ROUNDS / 32 && operations > (size_t)ROUNDS * THREADS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_queues_histories_are_linearizable),
        cmocka_unit_test(the_latest_values_histories_are_linearizable),
    };
    return cmocka_run_group_tests_name("recorded histories", tests, NULL, NULL);
}
