/* Waking all who wait for a word: nobody sleeps through a change for longer than a slice, whoever is killed and whatever
   hostile readers do to the flag, and nothing is asked of the system while nobody waits. */
#include "atomics.h"
#include "sync/broadcast.h"
#include "wait_threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#define SECOND 1000000000ull

/* What processes would share, and the two ends. */
typedef struct scene {
    volatile uint64_t word;
    volatile uint32_t waiting;
    volatile uint32_t epoch;
    sync_bell *bell;
    broadcast news;
} scene;

typedef struct waiter {
    scene *scene;
    pthread_t thread;
    uint64_t seen;
    uint64_t until; /* goes on waiting until the word is this */
    uint64_t patience_ms;
    uint64_t most_ns; /* that one wait took */
    sync_result result;
} waiter;

static int begin(void **state)
{
    scene *all = calloc(1, sizeof *all);
    if (all == NULL)
        return -1;
    threads_set_processors(1); /* to bed at once */
    all->bell = threads_bell_new();
    broadcast_init(&all->news, &all->waiting, &all->epoch, all->bell);
    *state = all;
    return 0;
}

static int end(void **state)
{
    scene *all = *state;
    threads_set_processors(2);
    threads_bell_free(all->bell);
    free(all);
    return 0;
}

static void publish(scene *all)
{
    shmb_fetch_add_u64(&all->word, 1);
    broadcast_ring(&all->news);
}

static void *wait_until(void *context)
{
    waiter *who = context;
    do {
        sync_deadline began = sync_now();
        who->result = broadcast_wait(&who->scene->news, &who->scene->word, who->seen,
                                     began + who->patience_ms * 1000000);
        uint64_t took = sync_now() - began;
        who->most_ns = took > who->most_ns ? took : who->most_ns;
        who->seen = shmb_load_acquire_u64(&who->scene->word);
    } while (who->result == SYNC_OK && who->seen < who->until);
    return NULL;
}

static waiter waiter_of(scene *all, uint64_t until)
{
    return (waiter){
        .scene = all, .seen = shmb_load_acquire_u64(&all->word), .until = until, .patience_ms = 10000};
}

static void start(waiter *who)
{
    assert_int_equal(pthread_create(&who->thread, NULL, wait_until, who), 0);
}

static void finish(waiter *who)
{
    assert_int_equal(pthread_join(who->thread, NULL), 0);
}

/* One that waits has raised the flag; whether it sleeps already does not matter. */
static void await_flag(scene *all)
{
    sync_deadline give_up = sync_now() + 10 * SECOND;
    while (shmb_load_acquire_u32(&all->waiting) == 0)
        assert_false(sync_deadline_passed(give_up));
}

static void while_nobody_waits_nothing_is_asked_of_the_system(void **state)
{
    scene *all = *state;
    uint64_t before = threads_count().calls;
    for (int i = 0; i < 100000; i++)
        publish(all);
    assert_int_equal(threads_count().calls, before);
    assert_int_equal(all->epoch, 0);
    uint64_t seen = all->word - 1;
    assert_int_equal(broadcast_wait(&all->news, &all->word, seen, SYNC_NEVER), SYNC_OK);
    assert_int_equal(threads_count().calls, before);
}

static void a_wait_ends_at_its_time(void **state)
{
    scene *all = *state;
    assert_int_equal(broadcast_wait(&all->news, &all->word, 0, SYNC_AT_ONCE), SYNC_TIMED_OUT);
    sync_deadline deadline = sync_deadline_in(120);
    assert_int_equal(broadcast_wait(&all->news, &all->word, 0, deadline), SYNC_TIMED_OUT);
    assert_true(sync_deadline_passed(deadline));
}

static void all_who_wait_are_woken(void **state)
{
    scene *all = *state;
    waiter waiters[5];
    for (size_t i = 0; i < 5; i++) {
        waiters[i] = waiter_of(all, 1);
        start(&waiters[i]);
    }
    await_flag(all);
    publish(all);
    for (size_t i = 0; i < 5; i++) {
        finish(&waiters[i]);
        assert_int_equal(waiters[i].result, SYNC_OK);
    }
}

typedef struct publisher {
    scene *scene;
    uint32_t times;
    uint32_t kill_at;
} publisher;

static void *publish_times(void *context)
{
    const publisher *who = context;
    threads_kill_me_at(who->kill_at);
    for (uint32_t i = 0; i < who->times; i++)
        publish(who->scene);
    return NULL;
}

/* Several publishers overtake each other, and the epoch goes round. */
static void nobody_misses_the_last_change(void **state)
{
    scene *all = *state;
    enum { PUBLISHERS = 3, TIMES = 300 };
    shmb_store_relaxed_u32(&all->epoch, UINT32_MAX - 50);
    waiter waiters[3];
    pthread_t publishers[PUBLISHERS];
    publisher each = {all, TIMES, 0};
    for (size_t i = 0; i < 3; i++) {
        waiters[i] = waiter_of(all, (uint64_t)PUBLISHERS * TIMES);
        start(&waiters[i]);
    }
    for (size_t i = 0; i < PUBLISHERS; i++)
        assert_int_equal(pthread_create(&publishers[i], NULL, publish_times, &each), 0);
    for (size_t i = 0; i < PUBLISHERS; i++)
        assert_int_equal(pthread_join(publishers[i], NULL), 0);
    for (size_t i = 0; i < 3; i++) {
        finish(&waiters[i]);
        assert_int_equal(waiters[i].result, SYNC_OK);
        assert_int_equal(waiters[i].seen, PUBLISHERS * TIMES);
    }
    assert_true(all->epoch != UINT32_MAX - 50);
}

/* Changed, and killed before it rang. */
static void a_publisher_that_is_killed_costs_at_most_a_slice(void **state)
{
    scene *all = *state;
    waiter who = waiter_of(all, 1);
    start(&who);
    await_flag(all);
    publisher killed = {all, 1, 1};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, publish_times, &killed), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    finish(&who);
    assert_int_equal(who.result, SYNC_OK);
    assert_int_equal(all->epoch, 1); /* it was killed in the ring */
}

/* What such a publisher leaves: a bell that rings for the epoch that now is. Nobody turns in a loop for it. */
static void a_bell_that_was_left_ringing_does_not_keep_waiters_awake(void **state)
{
    scene *all = *state;
    sync_bell_ring(all->bell, all->epoch);
    uint64_t before = threads_count().calls;
    assert_int_equal(broadcast_wait(&all->news, &all->word, 0, sync_deadline_in(300)), SYNC_TIMED_OUT);
    assert_in_range(threads_count().calls - before, 1, 20);
}

/* As a hostile publisher may. Without rests a waiter would ask the system all the time. */
static void bells_that_are_never_silent_do_not_keep_waiters_awake(void **state)
{
    scene *all = *state;
    threads_bell_ring_both(all->bell);
    threads_counts before = threads_count();
    assert_int_equal(broadcast_wait(&all->news, &all->word, 0, sync_deadline_in(300)), SYNC_TIMED_OUT);
    threads_counts after = threads_count();
    assert_in_range(after.calls - before.calls, 1, 25);
    assert_true(after.rests > before.rests);
    waiter who = waiter_of(all, all->word + 1);
    start(&who);
    while (threads_count().rests == after.rests)
        ;
    publish(all);
    finish(&who);
    assert_int_equal(who.result, SYNC_OK);
}

static volatile uint32_t hostile_publisher_ends;

static void *ring_without_end(void *context)
{
    scene *all = context;
    while (shmb_load_acquire_u32(&hostile_publisher_ends) == 0)
        sync_bell_ring(all->bell, shmb_fetch_add_u32(&all->epoch, 1));
    return NULL;
}

static void who_is_rung_for_without_end_rests_and_learns_of_a_change(void **state)
{
    scene *all = *state;
    pthread_t hostile;
    hostile_publisher_ends = 0;
    uint64_t rests = threads_count().rests;
    assert_int_equal(pthread_create(&hostile, NULL, ring_without_end, all), 0);
    assert_int_equal(broadcast_wait(&all->news, &all->word, 0, sync_deadline_in(300)), SYNC_TIMED_OUT);
    assert_true(threads_count().rests > rests);
    waiter who = waiter_of(all, all->word + 1);
    start(&who);
    publish(all);
    finish(&who);
    assert_int_equal(who.result, SYNC_OK);
    assert_true(who.most_ns < BROADCAST_SLICE_NS + 2 * SECOND);
    shmb_store_release_u32(&hostile_publisher_ends, 1);
    assert_int_equal(pthread_join(hostile, NULL), 0);
}

static volatile uint32_t hostile_reader_ends;

static void *take_the_flag_down(void *context)
{
    scene *all = context;
    while (shmb_load_acquire_u32(&hostile_reader_ends) == 0)
        shmb_store_release_u32(&all->waiting, 0);
    return NULL;
}

static void a_hostile_reader_delays_others_by_a_slice_at_most(void **state)
{
    scene *all = *state;
    pthread_t hostile;
    hostile_reader_ends = 0;
    assert_int_equal(pthread_create(&hostile, NULL, take_the_flag_down, all), 0);
    for (uint64_t i = 0; i < 5; i++) {
        waiter who = waiter_of(all, all->word + 1);
        start(&who);
        publish(all);
        finish(&who);
        assert_int_equal(who.result, SYNC_OK);
        assert_true(who.most_ns < BROADCAST_SLICE_NS + 2 * SECOND); /* on a machine that may be very busy */
    }
    shmb_store_release_u32(&hostile_reader_ends, 1);
    assert_int_equal(pthread_join(hostile, NULL), 0);
}

static void what_the_system_refuses_is_told(void **state)
{
    scene *all = *state;
    threads_fail(1);
    assert_int_equal(broadcast_wait(&all->news, &all->word, 0, SYNC_NEVER), SYNC_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(while_nobody_waits_nothing_is_asked_of_the_system, begin, end),
        cmocka_unit_test_setup_teardown(a_wait_ends_at_its_time, begin, end),
        cmocka_unit_test_setup_teardown(all_who_wait_are_woken, begin, end),
        cmocka_unit_test_setup_teardown(nobody_misses_the_last_change, begin, end),
        cmocka_unit_test_setup_teardown(a_publisher_that_is_killed_costs_at_most_a_slice, begin, end),
        cmocka_unit_test_setup_teardown(a_bell_that_was_left_ringing_does_not_keep_waiters_awake, begin, end),
        cmocka_unit_test_setup_teardown(bells_that_are_never_silent_do_not_keep_waiters_awake, begin, end),
        cmocka_unit_test_setup_teardown(who_is_rung_for_without_end_rests_and_learns_of_a_change, begin, end),
        cmocka_unit_test_setup_teardown(a_hostile_reader_delays_others_by_a_slice_at_most, begin, end),
        cmocka_unit_test_setup_teardown(what_the_system_refuses_is_told, begin, end),
    };
    return cmocka_run_group_tests_name("broadcast", tests, NULL, NULL);
}
