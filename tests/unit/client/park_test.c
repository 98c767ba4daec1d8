/* Parking: nobody is woken too late, nor waits for ever, whoever is killed, and all get their turn. The thing waited for is
   a number of tokens in a word, whose top bit says that somebody waits. */
#include "atomics.h"
#include "sync/park.h"
#include "wait_threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#define WAITS 0x80000000u

typedef struct tokens {
    volatile uint32_t word;
    sync_place *place;
    sync_lives *lives;
    volatile uint64_t giver; /* the life that is to give, or nobody */
    volatile uint32_t taken;
    volatile uint32_t order[8]; /* which thread took the n-th */
} tokens;

typedef struct taker {
    tokens *from;
    uint32_t number;
    uint32_t kill_at;
    uint32_t timeout;
    uint32_t looks;
    bool told_over;
    sync_result result;
    volatile uint32_t ended;
} taker;

static park_answer take(void *context, park_view *view)
{
    taker *who = context;
    tokens *from = who->from;
    who->looks++;
    view->watch = shmb_load_relaxed_u64(&from->giver);
    if (view->over != SYNC_NOBODY && view->over == view->watch) {
        who->told_over = true;
        return PARK_DONE;
    }
    uint32_t seen = shmb_load_acquire_u32(&from->word);
    if ((seen & ~WAITS) == 0)
        return seen == WAITS || view->outside || shmb_cas_u32(&from->word, &seen, WAITS) ? PARK_SLEEP
                                                                                         : PARK_LOOK;
    if (!shmb_cas_u32(&from->word, &seen, seen - 1))
        return PARK_LOOK;
    from->order[shmb_fetch_add_u32(&from->taken, 1) % 8] = who->number;
    return PARK_DONE;
}

static void give(tokens *to, uint32_t count)
{
    uint32_t seen = shmb_load_relaxed_u32(&to->word);
    while (!shmb_cas_u32(&to->word, &seen, (seen & ~WAITS) + count))
        ;
    if ((seen & WAITS) != 0)
        sync_place_wake(to->place);
}

static void *take_one(void *context)
{
    taker *who = context;
    threads_kill_me_at(who->kill_at);
    who->result = park(who->from->place, who->from->lives, take, who, sync_deadline_in(who->timeout));
    shmb_store_release_u32(&who->ended, 1);
    return NULL;
}

static int begin(void **state)
{
    tokens *all = calloc(1, sizeof *all);
    if (all == NULL)
        return -1;
    all->place = threads_place_new();
    all->lives = threads_lives_new();
    *state = all;
    return 0;
}

static int end(void **state)
{
    tokens *all = *state;
    threads_place_free(all->place);
    threads_lives_free(all->lives);
    free(all);
    return 0;
}

static pthread_t start(taker *who)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, take_one, who), 0);
    return thread;
}

static void what_is_there_is_taken_without_sleeping(void **state)
{
    tokens *all = *state;
    taker me = {.from = all, .timeout = UINT32_MAX};
    give(all, 1);
    uint64_t sleeps = threads_count().sleeps;
    take_one(&me);
    assert_int_equal(me.result, SYNC_OK);
    assert_int_equal(threads_count().sleeps, sleeps);
}

static void nothing_there_ends_at_the_deadline(void **state)
{
    tokens *all = *state;
    taker at_once = {.from = all, .timeout = 0};
    taker later = {.from = all, .timeout = 20};
    take_one(&at_once);
    assert_int_equal(at_once.result, SYNC_TIMED_OUT);
    sync_deadline start_time = sync_now();
    take_one(&later);
    assert_int_equal(later.result, SYNC_TIMED_OUT);
    assert_true(sync_now() - start_time >= 20000000u);
}

static void wake_ups_without_reason_do_not_move_the_deadline(void **state)
{
    tokens *all = *state;
    taker me = {.from = all, .timeout = 30};
    pthread_t thread = start(&me);
    sync_deadline patience = sync_deadline_in(2000);
    while (shmb_load_acquire_u32(&me.ended) == 0 && !sync_deadline_passed(patience))
        sync_place_wake(all->place);
    assert_false(sync_deadline_passed(patience));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(me.result, SYNC_TIMED_OUT);
    assert_true(me.looks > 1);
}

static void waiters_are_served_in_the_order_in_which_they_came(void **state)
{
    tokens *all = *state;
    taker who[4];
    pthread_t threads[4];
    sync_deadline slice = sync_deadline_in(PARK_SLICE_LEAST_MS);
    for (uint32_t i = 0; i < 4; i++) {
        who[i] = (taker){.from = all, .number = i + 1, .timeout = UINT32_MAX};
        threads[i] = start(&who[i]);
        assert_true(threads_await_waiting(all->place, i + 1));
    }
    for (uint32_t i = 0; i < 4; i++) {
        give(all, 1);
        assert_true(threads_await_waiting(all->place, 3 - i));
    }
    bool in_time = !sync_deadline_passed(slice); /* a machine that is very busy has them queue anew */
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(who[i].result, SYNC_OK);
        assert_true(all->order[i] == i + 1 || !in_time);
    }
}

/* The first of two waiters dies in its `call`-th call: entering the gate, going to sleep, or leaving with the token. */
static void kill_first(tokens *all, uint32_t call)
{
    bool gets_it = call == 3;
    taker first = {.from = all, .number = 1, .kill_at = call, .timeout = UINT32_MAX, .result = SYNC_FAILED};
    taker second = {.from = all, .number = 2, .timeout = UINT32_MAX};
    pthread_t threads[2] = {start(&first), 0};
    if (gets_it)
        assert_true(threads_await_waiting(all->place, 1));
    else
        assert_int_equal(pthread_join(threads[0], NULL), 0);
    threads[1] = start(&second);
    assert_true(threads_await_waiting(all->place, gets_it ? 2 : 1));
    while (gets_it && shmb_load_acquire_u32(&all->word) != WAITS)
        ;
    give(all, 1);
    if (gets_it) {
        assert_int_equal(pthread_join(threads[0], NULL), 0);
        give(all, 1);
    }
    assert_int_equal(pthread_join(threads[1], NULL), 0);
    assert_int_equal(first.result, SYNC_FAILED);
    assert_int_equal(second.result, SYNC_OK);
}

static void a_waiter_killed_as_it_enters_costs_the_next_nothing(void **state)
{
    kill_first(*state, 1);
}

static void a_waiter_killed_before_it_sleeps_costs_the_next_nothing(void **state)
{
    kill_first(*state, 2);
}

static void a_waiter_killed_with_what_it_took_leaves_the_place_to_the_next(void **state)
{
    kill_first(*state, 3);
}

static void *give_nothing(void *context)
{
    tokens *all = context;
    shmb_store_release_u64(&all->giver, sync_life_mine(all->lives));
    (void)threads_await_waiting(all->place, 1);
    return NULL;
}

static void the_end_of_whom_one_waits_for_is_told(void **state)
{
    tokens *all = *state;
    pthread_t giver;
    assert_int_equal(pthread_create(&giver, NULL, give_nothing, all), 0);
    while (shmb_load_acquire_u64(&all->giver) == SYNC_NOBODY)
        ;
    taker me = {.from = all, .timeout = UINT32_MAX};
    take_one(&me);
    assert_int_equal(pthread_join(giver, NULL), 0);
    assert_int_equal(me.result, SYNC_OK);
    assert_true(me.told_over);
}

static void a_system_that_refuses_is_reported(void **state)
{
    tokens *all = *state;
    taker me = {.from = all, .timeout = UINT32_MAX};
    threads_fail(1);
    take_one(&me);
    assert_int_equal(me.result, SYNC_FAILED);
    assert_int_equal(threads_waiting(all->place), 0);
}

/* This thread is the front, and stands still. */
static void who_queues_behind_a_front_that_stands_still_looks_by_itself(void **state)
{
    tokens *all = *state;
    taker who[2] = {{.from = all, .timeout = UINT32_MAX}, {.from = all, .timeout = UINT32_MAX}};
    pthread_t threads[2];
    assert_int_equal(sync_gate_enter(all->place, SYNC_AT_ONCE), SYNC_OK);
    for (uint32_t i = 0; i < 2; i++)
        threads[i] = start(&who[i]);
    assert_true(threads_await_waiting(all->place, 3));
    give(all, 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(who[i].result, SYNC_OK);
        assert_in_range(who[i].looks, 1, 8);
    }
    sync_gate_leave(all->place);
}

/* Whom the front watches is over, and it is not there to be told. */
static void who_queues_behind_a_front_that_stands_still_is_told_of_an_end(void **state)
{
    tokens *all = *state;
    pthread_t giver;
    taker who = {.from = all, .timeout = UINT32_MAX};
    assert_int_equal(sync_gate_enter(all->place, SYNC_AT_ONCE), SYNC_OK);
    assert_int_equal(pthread_create(&giver, NULL, give_nothing, all), 0);
    assert_int_equal(pthread_join(giver, NULL), 0);
    assert_int_equal(pthread_join(start(&who), NULL), 0);
    assert_int_equal(who.result, SYNC_OK);
    assert_true(who.told_over);
    sync_gate_leave(all->place);
}

static void who_queues_behind_a_front_that_stands_still_keeps_his_time_limit(void **state)
{
    tokens *all = *state;
    taker who = {.from = all, .timeout = 130};
    assert_int_equal(sync_gate_enter(all->place, SYNC_AT_ONCE), SYNC_OK);
    sync_deadline before = sync_now();
    assert_int_equal(pthread_join(start(&who), NULL), 0);
    assert_int_equal(who.result, SYNC_TIMED_OUT);
    assert_true(sync_now() - before >= 130000000u);
    sync_gate_leave(all->place);
}

#define TAKERS 4
#define EACH   400

static void *take_many(void *context)
{
    for (uint32_t i = 0; i < EACH; i++)
        take_one(context);
    return NULL;
}

/* With a lost wake-up this would not end. */
static void no_wake_up_is_lost_when_many_take_and_give(void **state)
{
    tokens *all = *state;
    taker who[TAKERS];
    pthread_t threads[TAKERS];
    for (uint32_t i = 0; i < TAKERS; i++) {
        who[i] = (taker){.from = all, .number = i, .timeout = UINT32_MAX};
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, &who[i]), 0);
    }
    for (uint32_t i = 0; i < TAKERS * EACH; i++)
        give(all, 1);
    for (uint32_t i = 0; i < TAKERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(all->taken, TAKERS * EACH);
    assert_int_equal(all->word & ~WAITS, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_there_is_taken_without_sleeping, begin, end),
        cmocka_unit_test_setup_teardown(nothing_there_ends_at_the_deadline, begin, end),
        cmocka_unit_test_setup_teardown(wake_ups_without_reason_do_not_move_the_deadline, begin, end),
        cmocka_unit_test_setup_teardown(waiters_are_served_in_the_order_in_which_they_came, begin, end),
        cmocka_unit_test_setup_teardown(a_waiter_killed_as_it_enters_costs_the_next_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_waiter_killed_before_it_sleeps_costs_the_next_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_waiter_killed_with_what_it_took_leaves_the_place_to_the_next, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_end_of_whom_one_waits_for_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_system_that_refuses_is_reported, begin, end),
        cmocka_unit_test_setup_teardown(who_queues_behind_a_front_that_stands_still_looks_by_itself, begin,
                                        end),
        cmocka_unit_test_setup_teardown(who_queues_behind_a_front_that_stands_still_is_told_of_an_end, begin,
                                        end),
        cmocka_unit_test_setup_teardown(who_queues_behind_a_front_that_stands_still_keeps_his_time_limit,
                                        begin, end),
        cmocka_unit_test_setup_teardown(no_wake_up_is_lost_when_many_take_and_give, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
