/*
 * Waking everybody who waits for a word to change (client/src/sync/broadcast.c) in every order within bounds: who waits is woken
 * by the ring, not by looking again now and then, but for what broadcast.h says: a publisher killed on the way, and two
 * rings while a waiter is on the way. Then the end of a slice wakes him.
 */
#include "atomics.h"
#include "scheduler.h"
#include "sync/broadcast.h"
#include "wait_model.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

static struct {
    uint64_t word;
    uint32_t epoch, waiting;
} shared;

static broadcast news[MODEL_THREADS];
static int waiters, publishers, times;
static uint32_t patience; /* milliseconds */

/* What is known of the run from outside: the word that each waiter waits to see changed, and those who are through. */
static struct {
    uint64_t waits_for[MODEL_THREADS];
    bool through[MODEL_THREADS];
} seen;

static void wait_for_changes(void *context)
{
    int self = model_self();
    uint64_t last = 0;
    (void)context;
    while (last < (uint64_t)publishers * (uint64_t)times) {
        seen.waits_for[self] = last;
        sync_result result = broadcast_wait(&news[self], &shared.word, last, sync_deadline_in(patience));
        if (result == SYNC_TIMED_OUT && patience != UINT32_MAX) {
            MODEL_CHECK(shared.word == last, "waits in vain though the word has changed");
            break;
        }
        MODEL_CHECK(result == SYNC_OK, "wait returns %d", (int)result);
        uint64_t now = shmb_load_acquire_u64(&shared.word);
        MODEL_CHECK(now > last, "is woken, and nothing has changed");
        last = now;
    }
    seen.through[self] = true;
}

static void publish(void *context)
{
    int self = model_self();
    (void)context;
    for (int i = 0; i < times; i++) {
        shmb_fetch_add_u64(&shared.word, 1);
        broadcast_ring(&news[self]);
    }
    seen.through[self] = true;
}

static bool anybody_was_killed(void)
{
    for (int i = 0; i < waiters + publishers; i++) {
        if (model_is_dead(i))
            return true;
    }
    return false;
}

static const char *stuck(void)
{
    for (int i = 0; i < waiters; i++) {
        if (!seen.through[i] && shared.word != seen.waits_for[i] && shared.epoch < 2 && !anybody_was_killed())
            return "the word has changed, and a waiter was not woken";
    }
    return NULL;
}

static void begin(void)
{
    static const char *const names[] = {"waiter 1", "waiter 2", "publisher 1", "publisher 2"};
    memset(&shared, 0, sizeof shared);
    memset(&seen, 0, sizeof seen);
    wait_model_reset(1);
    sync_bell *bell = wait_model_bell("the bell");
    for (int i = 0; i < waiters + publishers; i++) {
        broadcast_init(&news[i], &shared.waiting, &shared.epoch, bell);
        if (i < waiters)
            model_thread(names[i], false, wait_for_changes, NULL);
        else
            model_thread(names[2 + i - waiters], true, publish, NULL);
    }
    model_share(&shared, sizeof shared, "signal");
    model_name(&shared.word, 8, "the word");
    model_name(&shared.epoch, 4, "epoch");
    model_name(&shared.waiting, 4, "waiting flag");
    model_watch(&seen, sizeof seen);
}

static void end(void)
{
    for (int i = 0; i < waiters; i++)
        MODEL_CHECK(seen.through[i] || anybody_was_killed(), "waiter %d has not come to its end", i + 1);
}

static void hold(const char *name, int some_waiters, int some_publishers, int some_times, model_bounds bounds)
{
    const model signal = {name, begin, end, bounds, stuck};
    waiters = some_waiters;
    publishers = some_publishers;
    times = some_times;
    patience = bounds.kills > 0 ? 120 : UINT32_MAX;
    model_must_hold(&signal);
}

static void who_waits_is_woken(void **state)
{
    (void)state;
    hold("one waiter, one publication", 1, 1, 1, (model_bounds){.preemptions = 4});
    hold("the same with store buffers", 1, 1, 1, (model_bounds){.preemptions = 4, .store_buffers = true});
    hold("one waiter, three publications", 1, 1, 3, (model_bounds){.preemptions = 3});
    hold("one waiter, two publishers", 1, 2, 1, (model_bounds){.preemptions = 3});
    hold("two waiters, one publication", 2, 1, 1, (model_bounds){.preemptions = 3});
    hold("two waiters, two publishers", 2, 2, 1, (model_bounds){.preemptions = 3});
}

/* Late by a slice at most, and nobody else is held up. */
static void a_publisher_that_dies_leaves_nobody_asleep(void **state)
{
    (void)state;
    hold("one waiter, two publishers, a death", 1, 2, 1, (model_bounds){.preemptions = 2, .kills = 1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_waits_is_woken),
        cmocka_unit_test(a_publisher_that_dies_leaves_nobody_asleep),
    };
    return cmocka_run_group_tests_name("waking everybody, in every order", tests, NULL, NULL);
}
