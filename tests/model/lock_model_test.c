/*
 * The robust lock (client/src/sync/lock.c) in every order within bounds, its users killed anywhere: one at a time is in
 * the section; who comes after one that died in it is told, and so is everybody until one says that the data is whole; who was
 * not killed comes to his end; and what is left can be locked.
 */
#include "atomics.h"
#include "scheduler.h"
#include "sync/lock.h"
#include "wait_model.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#define NOBODY (-1)

/* Then it has asked for the lock to be handed over, which who was just giving it back may have overlooked. */
#define MOST_SLEEPS (SYNC_LOCK_PATIENCE + 2)

static shmb_lock_words words;
static uint32_t data; /* what the lock guards */
static sync_lock locks[MODEL_THREADS + 1];
static sync_place *place;

/* What is known of the run from outside. */
static struct {
    int inside;   /* who has been told that it has the lock, and has not begun to give it back */
    bool damaged; /* somebody was told that a holder died, and nobody has said since that the data is whole */
    int came, left; /* threads; those that were killed do not leave */
} seen;

static unsigned rounds;
static uint32_t processors;
static uint32_t timeouts[MODEL_THREADS]; /* of each thread's takes */

static bool anybody_died(void)
{
    for (int i = 0; i < (int)MODEL_THREADS; i++) {
        if (locks[i].word != NULL && model_is_over(i) && model_is_dead(i))
            return true;
    }
    return false;
}

static void enter(int self, shmb_status status)
{
    bool died_inside = seen.inside != NOBODY && model_is_dead(seen.inside);
    MODEL_CHECK(seen.inside == NOBODY || died_inside, "two are in the section");
    MODEL_CHECK(status == SHMB_OWNER_DIED || !died_inside, "not told that the holder died in the section");
    MODEL_CHECK(status == SHMB_OWNER_DIED || !seen.damaged, "not told that the data may still be damaged");
    MODEL_CHECK(status == SHMB_OK || anybody_died(), "told of a death that was not");
    seen.inside = self;
    seen.damaged = status == SHMB_OWNER_DIED;
}

/* Two steps that belong together: the data is even outside. */
static void work(shmb_status status)
{
    uint32_t found = shmb_load_relaxed_u32(&data);
    MODEL_CHECK(status == SHMB_OWNER_DIED || found % 2 == 0, "sees data that somebody is at");
    shmb_store_relaxed_u32(&data, found | 1);
    shmb_store_relaxed_u32(&data, (found | 1) + 1);
}

static void visit(int self)
{
    unsigned sleeps = wait_model_sleeps(self);
    shmb_status status = sync_lock_take(&locks[self], timeouts[self]);
    if (status == SHMB_TIMED_OUT && timeouts[self] != SHMB_INFINITE)
        return;
    MODEL_CHECK(status == SHMB_OK || status == SHMB_OWNER_DIED, "take returns %d", (int)status);
    enter(self, status);
    MODEL_CHECK(wait_model_sleeps(self) - sleeps <= MOST_SLEEPS, "was passed over too often");
    work(status);
    if (status == SHMB_OWNER_DIED && self % 2 == 0) {
        seen.damaged = false;
        status = sync_lock_consistent(&locks[self]);
        MODEL_CHECK(status == SHMB_OK, "consistent returns %d", (int)status);
    }
    seen.inside = NOBODY;
    status = sync_lock_release(&locks[self]);
    MODEL_CHECK(status == SHMB_OK, "release returns %d", (int)status);
}

static bool all_have_left(const void *context)
{
    int killed = 0;
    (void)context;
    for (int i = 0; i < seen.came; i++)
        killed += model_is_dead(i) ? 1 : 0;
    return seen.left + killed >= seen.came;
}

/* Lives on until all others are through: that a life ended must not be what wakes them. */
static void leave(void)
{
    seen.left++;
    model_call("is through", NULL);
    model_wait("the others", all_have_left, NULL, MODEL_NEVER);
}

static void use(void *context)
{
    int self = (int)((sync_lock *)context - locks);
    for (unsigned i = 0; i < rounds; i++)
        visit(self);
    leave();
}

static void begin(int threads)
{
    static const char *const names[] = {"first", "second", "third"};
    memset(&words, 0, sizeof words);
    memset(locks, 0, sizeof locks);
    memset(&seen, 0, sizeof seen);
    seen.inside = NOBODY;
    seen.came = threads;
    data = 0;
    wait_model_reset(processors);
    place = wait_model_place("the lock's place");
    for (int i = 0; i <= (int)MODEL_THREADS; i++) {
        if (i < threads || i == (int)MODEL_THREADS)
            sync_lock_init(&locks[i], &words, place, wait_model_lives());
        if (processors > 1)
            locks[i].spin.limit = SPIN_LEAST / 8; /* as if experience had taught it */
        if (i < threads)
            model_thread(names[i], true, use, &locks[i]);
    }
    model_share(&words, sizeof words, "lock");
    model_share(&data, sizeof data, "data");
    model_name(&words.word, sizeof words.word, "lock word");
    model_name(&words.damaged, sizeof words.damaged, "damaged");
    model_name(&words.mark, sizeof words.mark, "mark");
    model_watch(&seen, sizeof seen);
}

/* One that is suspended as the front, with marks or without, until the others are through. */
static uint32_t mark_of_still;

static void stand_still(void *context)
{
    (void)context;
    MODEL_CHECK(sync_gate_enter(place, SYNC_NEVER) == SYNC_OK, "the gate cannot be entered");
    if (mark_of_still != 0)
        (void)shmb_exchange_u32(&words.mark, mark_of_still);
    model_call("stands still", NULL);
    model_wait("the others", all_have_left, NULL, MODEL_NEVER);
    sync_gate_leave(place);
}

static void still_begin(void)
{
    begin(2);
    model_thread("still", false, stand_still, NULL);
}

static void two_begin(void)
{
    begin(2);
}

static void three_begin(void)
{
    begin(3);
}

/* Nobody is left: the lock can be had, and what it says of the dead is true. */
static void end(void)
{
    MODEL_CHECK(all_have_left(NULL), "somebody waits for ever");
    shmb_status status = sync_lock_take(&locks[MODEL_THREADS], SHMB_NO_WAIT);
    MODEL_CHECK(status == SHMB_OK || status == SHMB_OWNER_DIED, "in the end a take returns %d", (int)status);
    enter((int)MODEL_THREADS, status);
    MODEL_CHECK(sync_lock_release(&locks[MODEL_THREADS]) == SHMB_OK, "in the end it cannot be given back");
}

/* With store buffers who gives the lock back may overlook a mark that is just made. Then the time of grace passes, once. */
static const char *only_grace(void)
{
    bool free = words.word == SHMB_LOCK_FREE || words.word == SHMB_LOCK_HANDED_OVER;
    return free && words.mark != 0 && model_clock() < MODEL_THREADS * (uint64_t)SYNC_LOCK_GRACE_NS
               ? NULL
               : "who waits is not woken, and it is not that a mark was overlooked";
}

/* Behind a front that stands still they look when their slices are over. */
static const char *slices(void)
{
    return model_clock() < 20000000000u ? NULL : "who waits behind a front that stands still never looks";
}

static void hold(const char *name, void (*begins)(void), unsigned times, model_bounds bounds)
{
    model lock = {name, begins, end, bounds, NULL};
    if (begins == still_begin)
        lock.stuck = slices;
    else if (bounds.store_buffers)
        lock.stuck = only_grace;
    rounds = times;
    model_must_hold(&lock);
}

static int usual(void **state)
{
    (void)state;
    processors = 1;
    for (unsigned i = 0; i < MODEL_THREADS; i++)
        timeouts[i] = SHMB_INFINITE;
    return 0;
}

static void two_exclude_each_other(void **state)
{
    (void)state;
    hold("two threads, twice each", two_begin, 2, (model_bounds){.preemptions = 4});
    hold("two threads, with store buffers", two_begin, 2,
         (model_bounds){.preemptions = 3, .store_buffers = true});
}

static void three_exclude_each_other(void **state)
{
    (void)state;
    hold("three threads, once each", three_begin, 1, (model_bounds){.preemptions = 3});
}

static void a_death_is_told_and_holds_nobody_up(void **state)
{
    (void)state;
    hold("two threads, one killed", two_begin, 2, (model_bounds){.preemptions = 3, .kills = 1});
    hold("three threads, two killed", three_begin, 1, (model_bounds){.preemptions = 1, .kills = 2});
    hold("one killed, with store buffers", two_begin, 1,
         (model_bounds){.preemptions = 2, .kills = 1, .store_buffers = true});
}

static void who_gives_up_waiting_leaves_the_others_theirs(void **state)
{
    (void)state;
    timeouts[0] = 50;
    hold("three threads, one with a time limit", three_begin, 1,
         (model_bounds){.preemptions = 2, .timeouts = 1});
    hold("and a death", three_begin, 1, (model_bounds){.preemptions = 1, .kills = 1, .timeouts = 1});
    timeouts[0] = SHMB_NO_WAIT;
    hold("three threads, one does not wait", three_begin, 1, (model_bounds){.preemptions = 2, .kills = 1});
}

static void a_front_that_stands_still_holds_nobody_up_for_ever(void **state)
{
    (void)state;
    mark_of_still = 0;
    hold("two threads and one that stands still", still_begin, 2, (model_bounds){.preemptions = 2});
    mark_of_still = SHMB_LOCK_MARK_COUNT | SHMB_LOCK_WAITED_FOR | SHMB_LOCK_HAND_OVER;
    hold("that is handed the lock", still_begin, 2, (model_bounds){.preemptions = 2});
    hold("and a death", still_begin, 1, (model_bounds){.preemptions = 1, .kills = 1});
}

/* One who comes for the lock again and again, at the worst times, and one who comes once. */
static void greedy(void *context)
{
    int self = (int)((sync_lock *)context - locks);
    for (unsigned i = 0; i < (self == 0 ? rounds : 1); i++)
        visit(self);
    leave();
}

static void greedy_begin(void)
{
    begin(0);
    seen.came = 2;
    sync_lock_init(&locks[0], &words, place, wait_model_lives());
    sync_lock_init(&locks[1], &words, place, wait_model_lives());
    model_thread("greedy", false, greedy, &locks[0]);
    model_thread("patient", false, greedy, &locks[1]);
}

static void who_waits_is_passed_over_a_few_times_at_most(void **state)
{
    (void)state;
    hold("one comes again and again", greedy_begin, MOST_SLEEPS + 2,
         (model_bounds){.preemptions = MOST_SLEEPS + 1});
}

/* Turns of spinning change who comes when, and nothing else. */
static void spinning_changes_nothing(void **state)
{
    (void)state;
    processors = 2;
    hold("two threads that spin", two_begin, 1, (model_bounds){.preemptions = 1, .kills = 1});
}

#define LOCK_TEST(function) cmocka_unit_test_setup(function, usual)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCK_TEST(two_exclude_each_other),
        LOCK_TEST(three_exclude_each_other),
        LOCK_TEST(a_death_is_told_and_holds_nobody_up),
        LOCK_TEST(who_gives_up_waiting_leaves_the_others_theirs),
        LOCK_TEST(a_front_that_stands_still_holds_nobody_up_for_ever),
        LOCK_TEST(who_waits_is_passed_over_a_few_times_at_most),
        LOCK_TEST(spinning_changes_nothing),
    };
    return cmocka_run_group_tests_name("the robust lock, in every order", tests, NULL, NULL);
}
