/* The robust lock among threads that stand for programs: each promise of lock.h of the living, and with hostile words. What
   deaths do is in lock_death_test.c. */
#include "lock_actors.h"

/* ---- Alone --------------------------------------------------------------------------------------- */

static void nobody_elses_lock_takes_no_system_call(void **state)
{
    room *all = *state;
    assert_int_equal(sync_lock_take(&all->lock, SHMB_INFINITE), SHMB_OK);
    assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
    uint64_t calls = threads_count().calls;
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(sync_lock_take(&all->lock, i % 2 == 0 ? SHMB_INFINITE : SHMB_NO_WAIT), SHMB_OK);
        assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
    }
    assert_true(threads_count().calls == calls);
    assert_true(all->words.word == SHMB_LOCK_FREE);
}

static void taking_what_one_has_is_a_deadlock_however_long_one_would_wait(void **state)
{
    room *all = *state;
    static const uint32_t timeouts[] = {SHMB_NO_WAIT, 10, SHMB_INFINITE};
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(sync_lock_take(&all->lock, timeouts[i]), SHMB_DEADLOCK);
    all->words.mark |= SHMB_LOCK_WAITED_FOR;
    assert_int_equal(sync_lock_take(&all->lock, SHMB_INFINITE), SHMB_DEADLOCK);
    assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OK);
}

static void only_the_holder_gives_it_back_or_declares_it_whole(void **state)
{
    room *all = *state;
    assert_int_equal(sync_lock_release(&all->lock), SHMB_NOT_OWNER);
    assert_int_equal(sync_lock_consistent(&all->lock), SHMB_NOT_OWNER);
    actor other = {.room = all, .acts = "twr", .timeout = SHMB_INFINITE};
    pthread_t thread = actor_start(&other);
    while (shmb_load_acquire_u64(&all->words.word) == SHMB_LOCK_FREE)
        ;
    assert_int_equal(sync_lock_release(&all->lock), SHMB_NOT_OWNER);
    assert_int_equal(sync_lock_consistent(&all->lock), SHMB_NOT_OWNER);
    assert_false(sync_lock_is_mine(&all->lock));
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_TIMED_OUT);
    shmb_store_release_u32(&all->sign, 1);
    actor_await_end(thread);
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OK);
    assert_true(sync_lock_is_mine(&all->lock));
    assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
    assert_int_equal(sync_lock_release(&all->lock), SHMB_NOT_OWNER);
}

static void a_thread_that_gets_no_life_gets_no_lock(void **state)
{
    room *all = *state;
    threads_fail(1);
    assert_int_equal(sync_lock_take(&all->lock, SHMB_INFINITE), SHMB_SYSTEM_ERROR);
    assert_int_equal(sync_lock_take(&all->lock, SHMB_INFINITE), SHMB_OK);
}

/* ---- Waiting ------------------------------------------------------------------------------------- */

static void a_time_limit_is_kept(void **state)
{
    room *all = *state;
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OK);
    actor other = {.room = all, .acts = "t", .timeout = 20};
    sync_deadline started = sync_now();
    actor_await_end(actor_start(&other));
    assert_int_equal(other.taken[0], SHMB_TIMED_OUT);
    assert_true(sync_now() - started >= 20000000u);
    assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OK);
}

static void who_does_not_wait_does_not_sleep(void **state)
{
    room *all = *state;
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OK);
    threads_counts before = threads_count();
    actor other = {.room = all, .acts = "t", .timeout = SHMB_NO_WAIT};
    actor_await_end(actor_start(&other));
    assert_int_equal(other.taken[0], SHMB_TIMED_OUT);
    threads_counts after = threads_count();
    assert_true(after.sleeps == before.sleeps);
    assert_true(after.queued == before.queued);
    assert_true(after.calls - before.calls <= 2); /* its life, and whether the holder's is over */
}

static void a_waiter_gets_it_when_it_is_given_back_and_sleeps_till_then(void **state)
{
    room *all = *state;
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OK);
    actor other = {.room = all, .acts = "tr", .timeout = SHMB_INFINITE};
    uint64_t sleeps = threads_count().sleeps;
    pthread_t thread = actor_start(&other);
    while ((shmb_load_acquire_u32(&all->words.mark) & SHMB_LOCK_WAITED_FOR) == 0)
        ;
    uint64_t wakes = threads_count().wakes;
    assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
    actor_await_end(thread);
    assert_int_equal(other.taken[0], SHMB_OK);
    assert_true(threads_count().sleeps - sleeps <= 2); /* for the time of grace, and till it is woken */
    assert_true(threads_count().wakes == wakes + 1);
    assert_true(all->words.word == SHMB_LOCK_FREE);
}

#define ROUNDS 3000

static void *count_up(void *context)
{
    room *all = context;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        if (sync_lock_take(&all->lock, SHMB_INFINITE) != SHMB_OK)
            return all;
        all->count++;
        if (sync_lock_release(&all->lock) != SHMB_OK)
            return all;
    }
    return NULL;
}

static void one_at_a_time_is_inside(void **state)
{
    room *all = *state;
    pthread_t threads[CROWD];
    void *failed;
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, all), 0);
    for (size_t i = 0; i < CROWD; i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_true(all->count == (uint64_t)CROWD * ROUNDS);
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OK);
}

static void one_at_a_time_is_inside_where_spinning_is_of_no_use(void **state)
{
    room *all = *state;
    spin_init(&all->lock.spin, 1);
    one_at_a_time_is_inside(state);
}

/* ---- Fairness ------------------------------------------------------------------------------------ */

/* This thread gives the lock back and takes it again, so that the front finds it taken each time: until the lock is handed
   over, which is after a few times. */
static void a_waiter_is_passed_over_a_few_times_at_most(void **state)
{
    room *all = *state;
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OK);
    actor other = {.room = all, .acts = "twr", .timeout = SHMB_INFINITE};
    pthread_t thread = actor_start(&other);
    uint32_t passed = 0;
    for (;;) {
        while ((shmb_load_acquire_u32(&all->words.mark) & SHMB_LOCK_WAITED_FOR) == 0)
            ;
        assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
        if (sync_lock_take(&all->lock, SHMB_NO_WAIT) != SHMB_OK)
            break;
        passed++;
    }
    shmb_store_release_u32(&all->sign, 1);
    actor_await_end(thread);
    assert_int_equal(other.taken[0], SHMB_OK);
    assert_true(passed <= 4);
}

static void what_was_handed_to_a_front_that_left_can_be_taken(void **state)
{
    static const uint32_t timeouts[] = {SHMB_NO_WAIT, SHMB_INFINITE};
    room *all = *state;
    for (size_t i = 0; i < 2; i++) {
        all->words.word = SHMB_LOCK_HANDED_OVER;
        assert_int_equal(sync_lock_take(&all->lock, timeouts[i]), SHMB_OK);
        assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
        assert_true(all->words.word == SHMB_LOCK_FREE);
    }
}

static void what_was_handed_to_a_front_is_taken_by_no_other(void **state)
{
    room *all = *state;
    assert_int_equal(sync_gate_enter(all->place, SYNC_AT_ONCE), SYNC_OK); /* this thread is the front */
    all->words.word = SHMB_LOCK_HANDED_OVER;
    actor now = {.room = all, .acts = "t", .timeout = SHMB_NO_WAIT};
    actor soon = {.room = all, .acts = "t", .timeout = 5};
    actor_await_end(actor_start(&now));
    actor_await_end(actor_start(&soon));
    assert_int_equal(now.taken[0], SHMB_TIMED_OUT);
    assert_int_equal(soon.taken[0], SHMB_TIMED_OUT);
    sync_gate_leave(all->place);
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OK);
}

/* ---- Hostile words --------------------------------------------------------------------------------- */

static void a_word_that_names_nobody_is_a_dead_holders(void **state)
{
    static const uint64_t words[] = {4, 0x1234567890ABCDE8u, UINT64_MAX, 1ull << 63, 0xFFFFFFFFu};
    room *all = *state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (uint32_t timeout = 0; timeout < 2; timeout++) {
            all->words.word = words[i];
            assert_int_equal(sync_lock_take(&all->lock, timeout * 1000), SHMB_OWNER_DIED);
            assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
        }
    }
    all->words.damaged = 0;
    all->words.word = 1; /* nobody, in a way that nobody writes */
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OK);
}

static void who_is_robbed_of_the_lock_is_told_as_he_gives_it_back(void **state)
{
    room *all = *state;
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OK);
    all->words.word = 0x1234567890ABCDE8u;
    assert_int_equal(sync_lock_release(&all->lock), SHMB_NOT_OWNER);
    assert_true(all->words.word == 0x1234567890ABCDE8u);
}

static void *scribble(void *context)
{
    room *all = context;
    uint32_t seed = 7;
    while (shmb_load_acquire_u32(&all->sign) == 0) {
        uint64_t value = (uint64_t)next_random(&seed) << 32 | next_random(&seed);
        uint32_t what = next_random(&seed) % 4;
        shmb_store_relaxed_u64(&all->words.word, what == 0   ? value
                                                 : what == 1 ? value & 3
                                                             : shmb_load_relaxed_u32(&all->lock.spin.limit));
        shmb_store_relaxed_u32(&all->words.damaged, (uint32_t)value);
        shmb_store_relaxed_u32(&all->words.mark, (uint32_t)(value >> 32));
        sync_place_wake(all->place);
    }
    return NULL;
}

/* All answers are possible but one that lasts beyond its time. */
static void a_scribbler_keeps_nobody_beyond_his_time(void **state)
{
    room *all = *state;
    pthread_t scribbler;
    assert_int_equal(pthread_create(&scribbler, NULL, scribble, all), 0);
    sync_deadline longest = 0;
    for (uint32_t i = 0; i < 300; i++) {
        sync_deadline before = sync_now();
        (void)sync_lock_take(&all->lock, i % 3);
        (void)sync_lock_consistent(&all->lock);
        (void)sync_lock_release(&all->lock);
        sync_deadline took = sync_now() - before;
        longest = took > longest ? took : longest;
    }
    shmb_store_release_u32(&all->sign, 1);
    actor_await_end(scribbler);
    assert_true(longest < 2000000000u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCK_TEST(nobody_elses_lock_takes_no_system_call),
        LOCK_TEST(taking_what_one_has_is_a_deadlock_however_long_one_would_wait),
        LOCK_TEST(only_the_holder_gives_it_back_or_declares_it_whole),
        LOCK_TEST(a_thread_that_gets_no_life_gets_no_lock),
        LOCK_TEST(a_time_limit_is_kept),
        LOCK_TEST(who_does_not_wait_does_not_sleep),
        LOCK_TEST(a_waiter_gets_it_when_it_is_given_back_and_sleeps_till_then),
        LOCK_TEST(one_at_a_time_is_inside),
        LOCK_TEST(one_at_a_time_is_inside_where_spinning_is_of_no_use),
        LOCK_TEST(a_waiter_is_passed_over_a_few_times_at_most),
        LOCK_TEST(what_was_handed_to_a_front_that_left_can_be_taken),
        LOCK_TEST(what_was_handed_to_a_front_is_taken_by_no_other),
        LOCK_TEST(a_word_that_names_nobody_is_a_dead_holders),
        LOCK_TEST(who_is_robbed_of_the_lock_is_told_as_he_gives_it_back),
        LOCK_TEST(a_scribbler_keeps_nobody_beyond_his_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
