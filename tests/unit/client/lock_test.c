/* The robust lock among threads that stand for programs: each promise of lock.h, with holders and waiters killed at every
   call, and with hostile words. */
#include "sync/lock.h"
#include "atomics.h"
#include "sync/park.h"
#include "wait_threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct room {
    shmb_lock_words words;
    sync_place *place;
    sync_lives *lives;
    sync_lock lock;
    uint64_t count; /* what the lock protects: plain, so that ThreadSanitizer sees who comes in without it */
    volatile uint32_t sign;
} room;

/* What a thread does, one word each: `t` take, `r` release, `d` die, `w` wait for the sign, `s` give it. */
typedef struct actor {
    room *room;
    const char *acts;
    uint32_t timeout;
    uint32_t kill_at;
    shmb_status taken[4]; /* what each take said */
    uint32_t takes;
} actor;

static int begin(void **state)
{
    room *all = calloc(1, sizeof *all);
    if (all == NULL)
        return -1;
    all->place = threads_place_new();
    all->lives = threads_lives_new();
    sync_lock_init(&all->lock, &all->words, all->place, all->lives);
    *state = all;
    return 0;
}

static int end(void **state)
{
    room *all = *state;
    threads_place_free(all->place);
    threads_lives_free(all->lives);
    free(all);
    return 0;
}

static void act(actor *me, char what)
{
    switch (what) {
    case 't':
        me->taken[me->takes++] = sync_lock_take(&me->room->lock, me->timeout);
        break;
    case 'r':
        (void)sync_lock_release(&me->room->lock);
        break;
    case 'd':
        threads_die();
        break;
    case 's':
        shmb_store_release_u32(&me->room->sign, 1);
        break;
    default:
        while (shmb_load_acquire_u32(&me->room->sign) == 0)
            shmb_pause();
    }
}

static void *play(void *context)
{
    actor *me = context;
    threads_kill_me_at(me->kill_at);
    for (const char *what = me->acts; *what != '\0'; what++)
        act(me, *what);
    return NULL;
}

static pthread_t start(actor *who)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, play, who), 0);
    return thread;
}

static void await_end(pthread_t thread)
{
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* Its taking was the last thing that the dead one did. */
static void leave_locked_by_dead(room *all)
{
    all->words.damaged = 0;
    actor dead = {.room = all, .acts = "td", .timeout = SHMB_INFINITE};
    await_end(start(&dead));
    assert_int_equal(dead.taken[0], SHMB_OK);
}

/* And so it was of one that got it from that one in its sleep. */
static void leave_locked_by_heir(room *all)
{
    actor heir = {.room = all, .acts = "td", .timeout = SHMB_INFINITE};
    await_end(start(&heir));
    assert_int_equal(heir.taken[0], SHMB_OWNER_DIED);
}

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
    pthread_t thread = start(&other);
    while (shmb_load_acquire_u64(&all->words.word) == SHMB_LOCK_FREE)
        ;
    assert_int_equal(sync_lock_release(&all->lock), SHMB_NOT_OWNER);
    assert_int_equal(sync_lock_consistent(&all->lock), SHMB_NOT_OWNER);
    assert_false(sync_lock_is_mine(&all->lock));
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_TIMED_OUT);
    shmb_store_release_u32(&all->sign, 1);
    await_end(thread);
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
    await_end(start(&other));
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
    await_end(start(&other));
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
    pthread_t thread = start(&other);
    while ((shmb_load_acquire_u32(&all->words.mark) & SHMB_LOCK_WAITED_FOR) == 0)
        ;
    uint64_t wakes = threads_count().wakes;
    assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
    await_end(thread);
    assert_int_equal(other.taken[0], SHMB_OK);
    assert_true(threads_count().sleeps - sleeps <= 2); /* for the time of grace, and till it is woken */
    assert_true(threads_count().wakes == wakes + 1);
    assert_true(all->words.word == SHMB_LOCK_FREE);
}

#define CROWD  4
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
    pthread_t thread = start(&other);
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
    await_end(thread);
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
    await_end(start(&now));
    await_end(start(&soon));
    assert_int_equal(now.taken[0], SHMB_TIMED_OUT);
    assert_int_equal(soon.taken[0], SHMB_TIMED_OUT);
    sync_gate_leave(all->place);
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OK);
}

/* ---- A front that stands still --------------------------------------------------------------------- */

#define PATIENCE_MS 10000u

/* This thread is the front, and does nothing: as one that is suspended. What it holds up passes by it in a while. */
static void wait_behind(room *all, shmb_status expected)
{
    actor other = {.room = all, .acts = "tr", .timeout = PATIENCE_MS};
    assert_int_equal(sync_gate_enter(all->place, SYNC_AT_ONCE), SYNC_OK);
    sync_deadline before = sync_now();
    await_end(start(&other));
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
        await_end(start(&now));
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
    pthread_t holding = start(&holder);
    while (shmb_load_acquire_u64(&all->words.word) == SHMB_LOCK_FREE)
        ;
    assert_int_equal(sync_gate_enter(all->place, SYNC_AT_ONCE), SYNC_OK);
    all->words.mark = SHMB_LOCK_MARK_COUNT | SHMB_LOCK_WAITED_FOR | SHMB_LOCK_HAND_OVER;
    actor others[3];
    pthread_t threads[3];
    for (uint32_t i = 0; i < 3; i++) {
        others[i] = (actor){.room = all, .acts = "tr", .timeout = PATIENCE_MS};
        threads[i] = start(&others[i]);
    }
    assert_true(threads_await_waiting(all->place, 4));
    shmb_store_release_u32(&all->sign, 1);
    await_end(holding);
    for (uint32_t i = 0; i < 3; i++) {
        await_end(threads[i]);
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
    pthread_t dying = start(&holder);
    while (shmb_load_acquire_u64(&all->words.word) == SHMB_LOCK_FREE)
        ;
    actor waiter = {.room = all, .acts = "tr", .timeout = SHMB_INFINITE};
    threads_counts before = threads_count();
    pthread_t waiting = start(&waiter);
    while ((shmb_load_acquire_u32(&all->words.mark) & SHMB_LOCK_WAITED_FOR) == 0)
        ;
    shmb_store_release_u32(&all->sign, 1);
    await_end(dying);
    await_end(waiting);
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
    pthread_t dying = start(&holder);
    while (shmb_load_acquire_u64(&all->words.word) == SHMB_LOCK_FREE)
        ;
    shmb_store_release_u32(&all->sign, 1);
    (void)sync_life_mine(all->lives);
    uint64_t before = threads_count().calls;
    await_end(dying);
    assert_int_equal(sync_lock_take(&all->lock, SHMB_INFINITE), SHMB_OWNER_DIED);
    assert_int_equal(threads_count().calls - before, 2); /* into the gate, and the wait */
    assert_int_equal(threads_waiting(all->place), 1);
    actor next = {.room = all, .acts = "tr", .timeout = SHMB_INFINITE};
    pthread_t waiting = start(&next);
    assert_true(threads_await_waiting(all->place, 2));
    assert_int_equal(sync_lock_consistent(&all->lock), SHMB_OK);
    assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
    await_end(waiting);
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
        pthread_t threads[3] = {start(&holder), start(&victim), start(&next)};
        for (size_t i = 0; i < 3; i++)
            await_end(threads[i]);
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

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

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
            await_end(threads[i]);
            assert_false(those[i].failed);
            counted += those[i].counted;
        }
    }
    assert_true(all->count == counted);
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
    await_end(scribbler);
    assert_true(longest < 2000000000u);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(nobody_elses_lock_takes_no_system_call),
        TEST(taking_what_one_has_is_a_deadlock_however_long_one_would_wait),
        TEST(only_the_holder_gives_it_back_or_declares_it_whole),
        TEST(a_thread_that_gets_no_life_gets_no_lock),
        TEST(a_time_limit_is_kept),
        TEST(who_does_not_wait_does_not_sleep),
        TEST(a_waiter_gets_it_when_it_is_given_back_and_sleeps_till_then),
        TEST(one_at_a_time_is_inside),
        TEST(one_at_a_time_is_inside_where_spinning_is_of_no_use),
        TEST(a_waiter_is_passed_over_a_few_times_at_most),
        TEST(what_was_handed_to_a_front_that_left_can_be_taken),
        TEST(what_was_handed_to_a_front_is_taken_by_no_other),
        TEST(a_dead_holders_lock_is_taken_past_a_front_that_stands_still),
        TEST(what_was_handed_to_a_front_that_stands_still_is_taken_past_it),
        TEST(what_was_handed_to_a_front_that_stands_still_is_taken_by_one_who_never_waits),
        TEST(who_waits_behind_a_front_that_stands_still_has_the_lock_soon_after_it_is_free),
        TEST(the_next_after_a_dead_holder_is_told_and_so_are_all_until_one_repairs),
        TEST(who_waits_for_a_holder_that_dies_sleeps_till_then),
        TEST(ending_the_attachment_with_the_lock_is_a_death),
        TEST(an_heir_is_asked_for_nothing_before_it_has_the_lock),
        TEST(an_heir_that_dies_leaves_gate_and_lock_to_the_next),
        TEST(an_heir_that_is_robbed_leaves_the_gate_all_the_same),
        TEST(a_program_killed_at_any_call_holds_nobody_up),
        TEST(a_program_killed_at_any_call_holds_nobody_up_where_it_does_not_spin),
        TEST(generations_of_dying_holders_and_waiters_never_stop_the_others),
        TEST(a_word_that_names_nobody_is_a_dead_holders),
        TEST(who_is_robbed_of_the_lock_is_told_as_he_gives_it_back),
        TEST(a_scribbler_keeps_nobody_beyond_his_time),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
