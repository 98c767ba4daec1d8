/*
 * The scheduler finds what it is for: small algorithms that are known to be wrong are refused, each with the schedule
 * that shows it, and their right forms hold.
 */
#define _POSIX_C_SOURCE 200809L /* strdup */
#include "atomics.h"
#include "scheduler.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static uint32_t words[8];
static int inside, entries;
static uint32_t outcomes; /* one bit for each that was seen at an end */

static void clear(void)
{
    memset(words, 0, sizeof words);
    inside = entries = 0;
    model_watch(&inside, sizeof inside);
    model_watch(&entries, sizeof entries);
}

static void two_threads(void (*run)(void *context), bool mortal)
{
    static int numbers[2] = {0, 1};
    clear();
    model_thread("first", mortal, run, &numbers[0]);
    model_thread("second", mortal, run, &numbers[1]);
}

static model_report found(const model *wrong)
{
    model_report report;
    assert_false(model_check(wrong, &report));
    return report;
}

static void holds(const model *right)
{
    model_report report;
    if (!model_check(right, &report))
        fail_msg("%s was refused:\n%s", right->name, report.trace);
    assert_true(report.runs > 1);
}

/* ---- a lock -------------------------------------------------------------------------------------------------------- */

static void be_inside(void)
{
    MODEL_CHECK(++inside == 1, "two are in the section");
    entries++;
    shmb_load_relaxed_u32(&words[7]); /* others may run here */
    inside--;
}

static void lock_by_looking(void *context)
{
    (void)context;
    while (shmb_load_acquire_u32(&words[0]) != 0)
        shmb_pause();
    shmb_store_release_u32(&words[0], 1);
    be_inside();
    shmb_store_release_u32(&words[0], 0);
}

static void lock_by_cas(void *context)
{
    (void)context;
    uint32_t free_word = 0;
    while (!shmb_cas_u32(&words[0], &free_word, 1)) {
        free_word = 0;
        shmb_pause();
    }
    be_inside();
    shmb_store_release_u32(&words[0], 0);
}

static void looking_begins(void)
{
    two_threads(lock_by_looking, false);
    model_name(words, 4, "the lock");
}

static void cas_begins(void)
{
    two_threads(lock_by_cas, false);
}

static void mortal_begins(void)
{
    two_threads(lock_by_cas, true);
}

static void both_were_inside(void)
{
    MODEL_CHECK(entries == 2, "%d were in the section, not 2", entries);
}

static void two_in_the_section_are_found(void **state)
{
    (void)state;
    const model wrong = {"a lock by looking", looking_begins, NULL, {.preemptions = 2}, NULL};
    model_report report = found(&wrong);
    assert_int_equal(report.preemptions, 2);
    assert_non_null(strstr(report.trace, "two are in the section"));
    assert_non_null(strstr(report.trace, "lock_by_looking loads the lock: 0x0"));
    const model right = {"a lock by cas", cas_begins, both_were_inside, {.preemptions = 3}, NULL};
    holds(&right);
}

static void the_schedule_is_told_the_same_each_time(void **state)
{
    (void)state;
    const model wrong = {"a lock by looking", looking_begins, NULL, {.preemptions = 2}, NULL};
    char *first = strdup(found(&wrong).trace);
    if (first == NULL)
        abort();
    assert_string_equal(found(&wrong).trace, first);
    free(first);
}

/* Who is killed in the section leaves the others turning for ever. */
static void a_lock_that_a_dead_one_holds_is_found(void **state)
{
    (void)state;
    const model wrong = {"a lock by cas", mortal_begins, NULL, {.kills = 1}, NULL};
    assert_non_null(strstr(found(&wrong).trace, "no end after"));
    const model unkilled = {"a lock by cas", mortal_begins, NULL, {.preemptions = 2}, NULL};
    holds(&unkilled);
}

/* ---- waiting --------------------------------------------------------------------------------------------------------- */

static bool is_set(const void *event)
{
    return *(const bool *)event;
}

static bool event;

/* Looks, and then says that it waits: what happens in between is missed. */
static void wait_wrongly(void *context)
{
    (void)context;
    if (shmb_load_acquire_u32(&words[0]) != 0)
        return;
    shmb_exchange_u32(&words[1], 1);
    model_call("waits", NULL);
    model_wait("the event", is_set, &event, 2000000);
}

static void wait_rightly(void *context)
{
    (void)context;
    shmb_exchange_u32(&words[1], 1);
    if (shmb_load_acquire_u32(&words[0]) != 0)
        return;
    model_call("waits", NULL);
    model_wait("the event", is_set, &event, 2000000);
}

/* A plain store instead of the exchange: the processor may look before others see that it waits. */
static void wait_unfenced(void *context)
{
    (void)context;
    shmb_store_release_u32(&words[1], 1);
    if (shmb_load_acquire_u32(&words[0]) != 0)
        return;
    model_call("waits", NULL);
    model_wait("the event", is_set, &event, 2000000);
}

static void publish(void *context)
{
    (void)context;
    shmb_exchange_u32(&words[0], 1);
    if (shmb_load_acquire_u32(&words[1]) == 0)
        return;
    model_call("sets the event", NULL);
    event = true;
}

static void (*waits)(void *context);

static void waiting_begins(void)
{
    clear();
    event = false;
    model_watch(&event, sizeof event);
    model_thread("waiter", false, waits, NULL);
    model_thread("publisher", true, publish, NULL);
}

static void a_missed_wake_up_is_found(void **state)
{
    (void)state;
    const model waiting = {"a waiter", waiting_begins, NULL, {.preemptions = 2}, NULL};
    waits = wait_wrongly;
    model_report report = found(&waiting);
    assert_non_null(strstr(report.trace, "nobody can go on"));
    assert_non_null(strstr(report.trace, "waiter waits for the event"));
    waits = wait_rightly;
    holds(&waiting);
}

static void a_missing_fence_is_found_with_store_buffers(void **state)
{
    (void)state;
    const model strict = {"a waiter without a fence", waiting_begins, NULL, {.preemptions = 3}, NULL};
    const model as_on_x86 = {
        "a waiter without a fence", waiting_begins, NULL, {.preemptions = 3, .store_buffers = true}, NULL};
    waits = wait_unfenced;
    holds(&strict);
    assert_non_null(strstr(found(&as_on_x86).trace, "left with 1 stores that nobody else sees yet"));
    waits = wait_rightly;
    holds(&as_on_x86);
}

static void a_publisher_that_dies_before_it_wakes_is_found(void **state)
{
    (void)state;
    const model waiting = {"a waiter", waiting_begins, NULL, {.preemptions = 2, .kills = 1}, NULL};
    waits = wait_rightly;
    assert_non_null(strstr(found(&waiting).trace, "publisher  is killed"));
    const model patient = {"a waiter with a deadline", waiting_begins, NULL, {2, 1, 1, false, false}, NULL};
    holds(&patient);
}

/* ---- ABA ------------------------------------------------------------------------------------------------------------- */

/* A stack of nodes 1 to 3: words[0] is the top, with a count in its upper half when `counted`; words[n] the node below n. */
static bool counted;

static uint32_t pop(void)
{
    uint32_t top = shmb_load_acquire_u32(&words[0]), next;
    do {
        if ((top & 0xFFFF) == 0)
            return 0;
        next = shmb_load_relaxed_u32(&words[top & 0xFFFF]);
        if (counted)
            next |= (top & 0xFFFF0000) + 0x10000;
    } while (!shmb_cas_u32(&words[0], &top, next));
    return top & 0xFFFF;
}

static void push(uint32_t node)
{
    uint32_t top = shmb_load_acquire_u32(&words[0]), next;
    do {
        shmb_store_relaxed_u32(&words[node], top & 0xFFFF);
        next = node | (counted ? (top & 0xFFFF0000) + 0x10000 : 0);
    } while (!shmb_cas_u32(&words[0], &top, next));
}

static uint32_t popped[2][4];

static void pop_once(void *context)
{
    (void)context;
    popped[0][0] = pop();
}

static void pop_two_and_push_the_first(void *context)
{
    (void)context;
    uint32_t node = pop();
    popped[1][0] = pop();
    if (node != 0)
        push(node);
}

static void stack_begins(void)
{
    clear();
    memset(popped, 0, sizeof popped);
    words[0] = 1;
    words[1] = 2;
    words[2] = 3;
    model_thread("first", false, pop_once, NULL);
    model_thread("second", false, pop_two_and_push_the_first, NULL);
}

static void stack_ends(void)
{
    uint32_t seen = 0, node = popped[0][0];
    MODEL_CHECK(node == 0 || node != popped[1][0], "both have node %u", node);
    for (node = words[0] & 0xFFFF; node != 0; node = words[node]) {
        MODEL_CHECK((seen & 1u << node) == 0 && node != popped[0][0] && node != popped[1][0],
                    "node %u is in the stack and taken", node);
        seen |= 1u << node;
    }
}

static void aba_is_found(void **state)
{
    (void)state;
    const model stack = {"a stack", stack_begins, stack_ends, {.preemptions = 2}, NULL};
    counted = false;
    assert_non_null(strstr(found(&stack).trace, "is in the stack and taken"));
    counted = true;
    holds(&stack);
}

/* ---- nothing is left out ----------------------------------------------------------------------------------------------- */

/* Each thread takes four steps, two of which others see. */
static void take_steps(void *context)
{
    uint32_t self = (uint32_t) * (const int *)context;
    uint32_t seen = shmb_load_acquire_u32(&words[0]);
    shmb_store_release_u32(&words[0], 3 * seen + self + 1);
    shmb_store_release_u32(&words[1 + self], shmb_load_acquire_u32(&words[0]));
}

static void steps_begin(void)
{
    two_threads(take_steps, true);
}

static void steps_end(void)
{
    outcomes |= 1u << (words[0] * 7 + words[1] * 3 + words[2]) % 32;
}

/* Merging states changes how many runs there are, not what can come out; more preemptions let more come out. */
static void merging_loses_no_outcome(void **state)
{
    (void)state;
    uint32_t merged, all, few;
    model_report quick, slow;
    model steps = {
        "steps", steps_begin, steps_end, {.preemptions = 4, .kills = 1, .store_buffers = true}, NULL};
    outcomes = 0;
    assert_true(model_check(&steps, &quick));
    merged = outcomes;
    outcomes = 0;
    steps.bounds.no_merging = true;
    assert_true(model_check(&steps, &slow));
    all = outcomes;
    outcomes = 0;
    steps.bounds = (model_bounds){0};
    assert_true(model_check(&steps, &slow));
    few = outcomes;
    assert_int_equal(merged, all);
    assert_int_not_equal(few, all);
    assert_true(quick.merged > 0);
}

/* Two threads of n steps each have (2n)!/(n!n!) orders: with n = 3 (two accesses and an end), 20. */
static void load_twice(void *context)
{
    (void)context;
    shmb_load_relaxed_u32(&words[0]);
    shmb_load_relaxed_u32(&words[0]);
}

static void loads_begin(void)
{
    two_threads(load_twice, false);
}

static void every_order_is_run_once(void **state)
{
    (void)state;
    model_report report, one_less;
    model loads = {"loads", loads_begin, NULL, {.preemptions = 5, .no_merging = true}, NULL};
    assert_true(model_check(&loads, &report));
    loads.bounds.preemptions = 4;
    assert_true(model_check(&loads, &one_less));
    assert_int_equal(report.runs - one_less.runs, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_in_the_section_are_found),
        cmocka_unit_test(the_schedule_is_told_the_same_each_time),
        cmocka_unit_test(a_lock_that_a_dead_one_holds_is_found),
        cmocka_unit_test(a_missed_wake_up_is_found),
        cmocka_unit_test(a_missing_fence_is_found_with_store_buffers),
        cmocka_unit_test(a_publisher_that_dies_before_it_wakes_is_found),
        cmocka_unit_test(aba_is_found),
        cmocka_unit_test(merging_loses_no_outcome),
        cmocka_unit_test(every_order_is_run_once),
    };
    return cmocka_run_group_tests_name("the scheduler", tests, NULL, NULL);
}
