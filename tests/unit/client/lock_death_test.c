/* The robust lock among threads that stand for programs, of which holders and waiters stand still, or are killed at every
   call: the promises of lock.h to the others. */
#include "lock_actors.h"

/* ---- A front that stands still --------------------------------------------------------------------- */

#define PATIENCE_MS 10000u

/* This thread is the front, and does nothing: as one that is suspended. What it holds up passes by it in a while. */
static void wait_behind(room *all, shmb_status expected)
{
    actor other = {.room = all, .acts = "tr", .timeout = PATIENCE_MS};
    assert_int_equal(sync_gate_enter(all->place, SYNC_AT_ONCE), SYNC_OK);
    sync_deadline before = sync_now();
    actor_await_end(actor_start(&other));
    uint64_t took = sync_now() - before;
    sync_gate_leave(all->place);
    assert_int_equal(other.taken[0], expected);
    assert_in_range(took / 1000000, PARK_SLICE_LEAST_MS, PATIENCE_MS / 2);
}

static void a_dead_holders_lock_is_taken_past_a_front_that_stands_still(void **state)
{
    leave_locked_by_dead(*state);
    wait_behind(*state, SHMB_OWNER_DIED);
}

static void what_was_handed_to_a_front_that_stands_still_is_taken_past_it(void **state)
{
    room *all = *state;
    all->words.word = SHMB_LOCK_HANDED_OVER;
    wait_behind(all, SHMB_OK);
}

static void what_was_handed_to_a_front_that_stands_still_is_taken_by_one_who_never_waits(void **state)
{
    room *all = *state;
    assert_int_equal(sync_gate_enter(all->place, SYNC_AT_ONCE), SYNC_OK);
    all->words.word = SHMB_LOCK_HANDED_OVER;
    actor now = {.room = all, .acts = "tr", .timeout = SHMB_NO_WAIT};
    sync_deadline before = sync_now();
    do {
        now.takes = 0;
        actor_await_end(actor_start(&now));
    } while (now.taken[0] == SHMB_TIMED_OUT && sync_now() - before < PATIENCE_MS * UINT64_C(1000000));
    assert_int_equal(now.taken[0], SHMB_OK);
    assert_true(sync_now() - before >= 100000000u);
    sync_gate_leave(all->place);
}

/* The front waits as it should, and is suspended then: its mark stands, and nobody takes what it is woken for. */
static void who_waits_behind_a_front_that_stands_still_has_the_lock_soon_after_it_is_free(void **state)
{
    room *all = *state;
    actor holder = {.room = all, .acts = "twr", .timeout = SHMB_INFINITE};
    pthread_t holding = actor_start(&holder);
    while (shmb_load_acquire_u64(&all->words.word) == SHMB_LOCK_FREE)
        ;
    assert_int_equal(sync_gate_enter(all->place, SYNC_AT_ONCE), SYNC_OK);
    all->words.mark = SHMB_LOCK_MARK_COUNT | SHMB_LOCK_WAITED_FOR | SHMB_LOCK_HAND_OVER;
    actor others[3];
    pthread_t threads[3];
    for (uint32_t i = 0; i < 3; i++) {
        others[i] = (actor){.room = all, .acts = "tr", .timeout = PATIENCE_MS};
        threads[i] = actor_start(&others[i]);
    }
    assert_true(threads_await_waiting(all->place, 4));
    shmb_store_release_u32(&all->sign, 1);
    actor_await_end(holding);
    for (uint32_t i = 0; i < 3; i++) {
        actor_await_end(threads[i]);
        assert_int_equal(others[i].taken[0], SHMB_OK);
    }
    sync_gate_leave(all->place);
}

/* ---- Death --------------------------------------------------------------------------------------- */

static void the_next_after_a_dead_holder_is_told_and_so_are_all_until_one_repairs(void **state)
{
    static const uint32_t timeouts[] = {SHMB_NO_WAIT, 1000, SHMB_INFINITE};
    room *all = *state;
    for (size_t i = 0; i < 3; i++) {
        leave_locked_by_dead(all);
        assert_int_equal(sync_lock_take(&all->lock, timeouts[i]), SHMB_OWNER_DIED);
        assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
        assert_int_equal(sync_lock_take(&all->lock, timeouts[i]), SHMB_OWNER_DIED);
        assert_int_equal(sync_lock_consistent(&all->lock), SHMB_OK);
        assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
        assert_int_equal(sync_lock_take(&all->lock, timeouts[i]), SHMB_OK);
        assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
    }
}

static void who_waits_for_a_holder_that_dies_sleeps_till_then(void **state)
{
    room *all = *state;
    actor holder = {.room = all, .acts = "twd", .timeout = SHMB_INFINITE};
    pthread_t dying = actor_start(&holder);
    while (shmb_load_acquire_u64(&all->words.word) == SHMB_LOCK_FREE)
        ;
    actor waiter = {.room = all, .acts = "tr", .timeout = SHMB_INFINITE};
    threads_counts before = threads_count();
    pthread_t waiting = actor_start(&waiter);
    while ((shmb_load_acquire_u32(&all->words.mark) & SHMB_LOCK_WAITED_FOR) == 0)
        ;
    shmb_store_release_u32(&all->sign, 1);
    actor_await_end(dying);
    actor_await_end(waiting);
    assert_int_equal(waiter.taken[0], SHMB_OWNER_DIED);
    threads_counts after = threads_count();
    assert_true(after.sleeps - before.sleeps <= 2); /* the first one for the time of grace */
    assert_true(after.calls - before.calls <= 6);   /* its life, gate, two waits, gate, burial: no polling */
}

static void ending_the_attachment_with_the_lock_is_a_death(void **state)
{
    room *all = *state;
    sync_lives *other_lives = threads_lives_new();
    sync_lock other;
    sync_lock_init(&other, &all->words, all->place, other_lives);
    assert_int_equal(sync_lock_take(&other, SHMB_NO_WAIT), SHMB_OK);
    threads_lives_free(other_lives);
    assert_int_equal(sync_lock_take(&all->lock, SHMB_INFINITE), SHMB_OWNER_DIED);
}

/* The gate and the dead one's life are given back with the lock: what the system is asked for does not delay the heir. */
static void an_heir_is_asked_for_nothing_before_it_has_the_lock(void **state)
{
    room *all = *state;
    actor holder = {.room = all, .acts = "twd", .timeout = SHMB_INFINITE};
    pthread_t dying = actor_start(&holder);
    while (shmb_load_acquire_u64(&all->words.word) == SHMB_LOCK_FREE)
        ;
    shmb_store_release_u32(&all->sign, 1);
    (void)sync_life_mine(all->lives);
    uint64_t before = threads_count().calls;
    actor_await_end(dying);
    assert_int_equal(sync_lock_take(&all->lock, SHMB_INFINITE), SHMB_OWNER_DIED);
    assert_int_equal(threads_count().calls - before, 2); /* into the gate, and the wait */
    assert_int_equal(threads_waiting(all->place), 1);
    actor next = {.room = all, .acts = "tr", .timeout = SHMB_INFINITE};
    pthread_t waiting = actor_start(&next);
    assert_true(threads_await_waiting(all->place, 2));
    assert_int_equal(sync_lock_consistent(&all->lock), SHMB_OK);
    assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
    actor_await_end(waiting);
    assert_int_equal(next.taken[0], SHMB_OK);
    assert_int_equal(threads_waiting(all->place), 0);
}

static void an_heir_that_dies_leaves_gate_and_lock_to_the_next(void **state)
{
    room *all = *state;
    leave_locked_by_dead(all);
    leave_locked_by_heir(all);
    assert_int_equal(sync_lock_take(&all->lock, SHMB_INFINITE), SHMB_OWNER_DIED);
    assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
    assert_int_equal(threads_waiting(all->place), 0);
    leave_locked_by_dead(all);
    leave_locked_by_heir(all);
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OWNER_DIED);
    assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OWNER_DIED);
}

static void an_heir_that_is_robbed_leaves_the_gate_all_the_same(void **state)
{
    room *all = *state;
    for (uint32_t i = 0; i < 2; i++) {
        leave_locked_by_dead(all);
        assert_int_equal(sync_lock_take(&all->lock, SHMB_INFINITE), SHMB_OWNER_DIED);
        assert_int_equal(threads_waiting(all->place), 1);
        all->words.word = 0x1234567890ABCDE8u;
        if (i == 0)
            assert_int_equal(sync_lock_release(&all->lock), SHMB_NOT_OWNER);
        assert_int_equal(sync_lock_take(&all->lock, SHMB_INFINITE), SHMB_OWNER_DIED);
        assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
        assert_int_equal(threads_waiting(all->place), 0);
    }
}

/* A holder, a waiter and one more. The one under test dies at its n-th call, for every n until it survives. */
static void kill_at_every_call(room *all, const char *acts)
{
    bool survived = false;
    for (uint32_t n = 1; !survived; n++) {
        all->words = (shmb_lock_words){0};
        all->sign = 0;
        actor holder = {.room = all, .acts = "tswr", .timeout = SHMB_INFINITE};
        actor victim = {.room = all, .acts = acts, .timeout = SHMB_INFINITE, .kill_at = n};
        actor next = {.room = all, .acts = "tr", .timeout = SHMB_INFINITE};
        pthread_t threads[3] = {actor_start(&holder), actor_start(&victim), actor_start(&next)};
        for (size_t i = 0; i < 3; i++)
            actor_await_end(threads[i]);
        assert_int_equal(holder.takes, 1);
        assert_int_equal(next.takes, 1);
        assert_true(next.taken[0] == SHMB_OK || next.taken[0] == SHMB_OWNER_DIED);
        assert_int_equal(threads_waiting(all->place), 0);
        shmb_status after = sync_lock_take(&all->lock, SHMB_NO_WAIT);
        assert_true(after == SHMB_OK || after == SHMB_OWNER_DIED);
        assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
        survived = n > 64;
    }
}

static void a_program_killed_at_any_call_holds_nobody_up(void **state)
{
    kill_at_every_call(*state, "trtrtrtr");
}

static void a_program_killed_at_any_call_holds_nobody_up_where_it_does_not_spin(void **state)
{
    room *all = *state;
    spin_init(&all->lock.spin, 1);
    kill_at_every_call(all, "trtrtrtr");
}

/* Threads that take, count in two steps, and die inside or outside, over and over. Who is told of a death repairs. What is
   counted twice or not at all would show in the end. */
typedef struct mortal {
    room *room;
    uint32_t seed;
    uint64_t counted; /* by this one */
    bool failed;
} mortal;

static void *live_and_die(void *context)
{
    mortal *me = context;
    threads_kill_me_at(1 + next_random(&me->seed) % 40);
    for (uint32_t i = 0; i < 50; i++) {
        shmb_status status = sync_lock_take(&me->room->lock, SHMB_INFINITE);
        me->failed |= status != SHMB_OK && status != SHMB_OWNER_DIED;
        me->room->count++;
        me->counted++;
        if (next_random(&me->seed) % 64 == 0)
            threads_die();
        me->failed |= status == SHMB_OWNER_DIED && sync_lock_consistent(&me->room->lock) != SHMB_OK;
        me->failed |= sync_lock_release(&me->room->lock) != SHMB_OK;
    }
    return NULL;
}

static void generations_of_dying_holders_and_waiters_never_stop_the_others(void **state)
{
    room *all = *state;
    uint64_t counted = 0;
    for (uint32_t round = 0; round < 150; round++) {
        mortal those[CROWD];
        pthread_t threads[CROWD];
        for (uint32_t i = 0; i < CROWD; i++) {
            those[i] = (mortal){all, round * CROWD + i, 0, false};
            assert_int_equal(pthread_create(&threads[i], NULL, live_and_die, &those[i]), 0);
        }
        for (uint32_t i = 0; i < CROWD; i++) {
            actor_await_end(threads[i]);
            assert_false(those[i].failed);
            counted += those[i].counted;
        }
    }
    assert_true(all->count == counted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCK_TEST(a_dead_holders_lock_is_taken_past_a_front_that_stands_still),
        LOCK_TEST(what_was_handed_to_a_front_that_stands_still_is_taken_past_it),
        LOCK_TEST(what_was_handed_to_a_front_that_stands_still_is_taken_by_one_who_never_waits),
        LOCK_TEST(who_waits_behind_a_front_that_stands_still_has_the_lock_soon_after_it_is_free),
        LOCK_TEST(the_next_after_a_dead_holder_is_told_and_so_are_all_until_one_repairs),
        LOCK_TEST(who_waits_for_a_holder_that_dies_sleeps_till_then),
        LOCK_TEST(ending_the_attachment_with_the_lock_is_a_death),
        LOCK_TEST(an_heir_is_asked_for_nothing_before_it_has_the_lock),
        LOCK_TEST(an_heir_that_dies_leaves_gate_and_lock_to_the_next),
        LOCK_TEST(an_heir_that_is_robbed_leaves_the_gate_all_the_same),
        LOCK_TEST(a_program_killed_at_any_call_holds_nobody_up),
        LOCK_TEST(a_program_killed_at_any_call_holds_nobody_up_where_it_does_not_spin),
        LOCK_TEST(generations_of_dying_holders_and_waiters_never_stop_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
