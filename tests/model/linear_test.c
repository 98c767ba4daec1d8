/*
 * linear.c: histories that a queue or a register can have are taken, all others are refused; small ones are judged as
 * trying every order judges them.
 */
#include "linear.h"

#include <stdarg.h>
#include <stdbool.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void assert_queue(const linear_operation *history, size_t count, linear_verdict verdict)
{
    char text[4096];
    if (linear_queue(history, count) != verdict)
        fail_msg("%s is wrong of:\n%s", verdict == LINEAR_YES ? "no" : "yes",
                 linear_tell(history, count, text, sizeof text));
}

#define TAKES(...)                                                                                           \
    do {                                                                                                     \
        const linear_operation history[] = {__VA_ARGS__};                                                    \
        assert_queue(history, COUNT(history), LINEAR_YES);                                                   \
    } while (0)
#define REFUSES(...)                                                                                         \
    do {                                                                                                     \
        const linear_operation history[] = {__VA_ARGS__};                                                    \
        assert_queue(history, COUNT(history), LINEAR_NO);                                                    \
    } while (0)
#define SEND(value, begin, end)                                                                              \
    {                                                                                                        \
        LINEAR_SEND, value, begin, end                                                                       \
    }
#define RECEIVE(value, begin, end)                                                                           \
    {                                                                                                        \
        LINEAR_RECEIVE, value, begin, end                                                                    \
    }
#define EMPTY(begin, end)                                                                                    \
    {                                                                                                        \
        LINEAR_EMPTY, 0, begin, end                                                                          \
    }
#define WRITE(value, begin, end)                                                                             \
    {                                                                                                        \
        LINEAR_WRITE, value, begin, end                                                                      \
    }
#define READ(value, begin, end)                                                                              \
    {                                                                                                        \
        LINEAR_READ, value, begin, end                                                                       \
    }

static void messages_come_in_the_order_of_sending(void **state)
{
    (void)state;
    TAKES(SEND(1, 0, 1), SEND(2, 2, 3), RECEIVE(1, 4, 5), RECEIVE(2, 6, 7));
    REFUSES(SEND(1, 0, 1), SEND(2, 2, 3), RECEIVE(2, 4, 5), RECEIVE(1, 6, 7));
    /* Sent at the same time: in either order, but in one. */
    TAKES(SEND(1, 0, 3), SEND(2, 1, 2), RECEIVE(2, 4, 5), RECEIVE(1, 6, 7));
    TAKES(SEND(1, 0, 3), SEND(2, 1, 2), RECEIVE(1, 4, 5), RECEIVE(2, 6, 7));
    /* Received at the same time: who came first may have returned last. */
    TAKES(SEND(1, 0, 1), SEND(2, 2, 3), RECEIVE(2, 4, 6), RECEIVE(1, 5, 7));
}

static void none_is_lost_doubled_or_invented(void **state)
{
    (void)state;
    REFUSES(SEND(1, 0, 1), SEND(2, 2, 3), RECEIVE(2, 4, 5));
    REFUSES(SEND(1, 0, 1), RECEIVE(1, 2, 3), RECEIVE(1, 4, 5));
    REFUSES(SEND(1, 0, 1), RECEIVE(7, 2, 3));
    REFUSES(RECEIVE(1, 0, 1), SEND(1, 2, 3));
    TAKES(RECEIVE(1, 0, 3), SEND(1, 2, 4));
}

static void nothing_is_found_where_nothing_is(void **state)
{
    (void)state;
    TAKES(EMPTY(0, 1), SEND(1, 2, 3), RECEIVE(1, 4, 5), EMPTY(6, 7));
    REFUSES(SEND(1, 0, 1), EMPTY(2, 3), RECEIVE(1, 4, 5));
    TAKES(SEND(1, 0, 3), EMPTY(2, 4), RECEIVE(1, 5, 6));
}

static void who_was_killed_has_done_it_or_not(void **state)
{
    (void)state;
    TAKES(SEND(1, 0, LINEAR_NEVER), SEND(2, 1, 2), RECEIVE(2, 3, 4), EMPTY(5, 6));
    TAKES(SEND(1, 0, LINEAR_NEVER), SEND(2, 1, 2), RECEIVE(1, 3, 4), RECEIVE(2, 5, 6));
    REFUSES(SEND(1, 0, LINEAR_NEVER), RECEIVE(1, 3, 4), RECEIVE(1, 5, 6));
    REFUSES(SEND(1, 2, LINEAR_NEVER), RECEIVE(1, 0, 1));
    /* A killed receiver takes one message at most with it. */
    TAKES(SEND(1, 0, 1), SEND(2, 2, 3), RECEIVE(LINEAR_UNKNOWN, 4, LINEAR_NEVER), RECEIVE(2, 5, 6),
          EMPTY(7, 8));
    TAKES(SEND(1, 0, 1), RECEIVE(LINEAR_UNKNOWN, 4, LINEAR_NEVER), RECEIVE(1, 5, 6));
    REFUSES(SEND(1, 0, 1), SEND(2, 2, 3), RECEIVE(LINEAR_UNKNOWN, 4, LINEAR_NEVER), EMPTY(7, 8));
    REFUSES(SEND(1, 0, 1), SEND(2, 2, 3), RECEIVE(2, 5, 6), RECEIVE(LINEAR_UNKNOWN, 7, LINEAR_NEVER));
}

static void assert_register(const linear_operation *history, size_t count, linear_verdict verdict)
{
    char text[4096];
    if (linear_register(history, count, 9) != verdict)
        fail_msg("%s is wrong of:\n%s", verdict == LINEAR_YES ? "no" : "yes",
                 linear_tell(history, count, text, sizeof text));
}

static void a_reader_reads_what_was_written_last(void **state)
{
    (void)state;
    const linear_operation fresh[] = {READ(9, 0, 1), WRITE(1, 2, 3), READ(1, 4, 5)};
    const linear_operation stale[] = {WRITE(1, 0, 1), WRITE(2, 2, 3), READ(1, 4, 5)};
    const linear_operation back[] = {WRITE(1, 0, 9), READ(1, 1, 2), READ(9, 3, 4)};
    const linear_operation both[] = {WRITE(1, 0, 9), READ(9, 1, 2), READ(1, 3, 4), READ(1, 10, 11)};
    const linear_operation killed[] = {WRITE(1, 0, LINEAR_NEVER), READ(9, 1, 2), READ(1, 3, 4),
                                       READ(1, 5, 6)};
    const linear_operation undone[] = {WRITE(1, 0, LINEAR_NEVER), READ(1, 3, 4), READ(9, 5, 6)};
    assert_register(fresh, COUNT(fresh), LINEAR_YES);
    assert_register(stale, COUNT(stale), LINEAR_NO);
    assert_register(back, COUNT(back), LINEAR_NO);
    assert_register(both, COUNT(both), LINEAR_YES);
    assert_register(killed, COUNT(killed), LINEAR_YES);
    assert_register(undone, COUNT(undone), LINEAR_NO);
}

/* ---- against trying every order ---------------------------------------------------------------------------------------- */

#define SMALL 6u

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Operations at random times, with outcomes that may or may not be: messages 1 to 3. */
static size_t draw(linear_operation *history, uint32_t *seed)
{
    size_t count = 2 + next_random(seed) % (SMALL - 1);
    uint32_t sent = 0;
    for (size_t i = 0; i < count; i++) {
        history[i].begin = next_random(seed) % 12;
        history[i].end = next_random(seed) % 8 == 0 ? LINEAR_NEVER : history[i].begin + next_random(seed) % 6;
        if (next_random(seed) % 2 == 0) {
            history[i].kind = LINEAR_SEND;
            history[i].value = ++sent;
        } else {
            history[i].kind = LINEAR_RECEIVE;
            history[i].value = history[i].end == LINEAR_NEVER ? LINEAR_UNKNOWN : 1 + next_random(seed) % 3;
        }
    }
    return count;
}

/* Whether the operations `order[0]`, …, one after another, are what happened. */
static bool is_possible(const linear_operation *history, const size_t *order, size_t count)
{
    uint32_t queue[SMALL];
    size_t begin = 0, end = 0;
    for (size_t i = 0; i < count; i++) {
        const linear_operation *each = &history[order[i]];
        for (size_t j = i + 1; j < count; j++) {
            if (history[order[j]].end < each->begin)
                return false;
        }
        if (each->kind == LINEAR_SEND)
            queue[end++] = each->value;
        else if (begin == end || (queue[begin++] != each->value && each->end != LINEAR_NEVER))
            return false;
    }
    return true;
}

// NOLINTNEXTLINE(misc-no-recursion): at most SMALL deep
static bool try_orders(const linear_operation *history, size_t count, size_t *order, size_t placed,
                       unsigned used)
{
    bool complete = true;
    for (size_t i = 0; i < count; i++)
        complete = complete && ((used >> i & 1) != 0 || history[i].end == LINEAR_NEVER);
    if (complete && is_possible(history, order, placed))
        return true;
    for (size_t i = 0; i < count; i++) {
        if ((used >> i & 1) != 0)
            continue;
        order[placed] = i;
        if (try_orders(history, count, order, placed + 1, used | 1u << i))
            return true;
    }
    return false;
}

static void small_histories_are_judged_as_by_trying_every_order(void **state)
{
    (void)state;
    uint32_t seed = 20261122, taken = 0, refused = 0;
    for (int i = 0; i < 20000; i++) {
        linear_operation history[SMALL];
        size_t order[SMALL], count = draw(history, &seed);
        bool possible = try_orders(history, count, order, 0, 0);
        assert_queue(history, count, possible ? LINEAR_YES : LINEAR_NO);
        taken += possible ? 1 : 0;
        refused += possible ? 0 : 1;
    }
    assert_true(taken > 500 && refused > 500);
}

/* As many as fit, of which many overlap: what was tried must be remembered, or this has no end. */
/* Which of several operations is listed first is chance: threads record their own. */
static void the_order_of_the_list_does_not_matter(void **state)
{
    linear_operation history[] = {
        {LINEAR_SEND, 25, 498, LINEAR_NEVER}, {LINEAR_SEND, 3, 507, 508},    {LINEAR_RECEIVE, 3, 509, 510},
        {LINEAR_SEND, 5, 511, 512},           {LINEAR_RECEIVE, 5, 513, 514}, {LINEAR_SEND, 7, 515, 516},
        {LINEAR_RECEIVE, 7, 517, 518},        {LINEAR_SEND, 18, 524, 525},   {LINEAR_RECEIVE, 18, 526, 527},
        {LINEAR_RECEIVE, 15, 534, 542},       {LINEAR_SEND, 14, 536, 537},   {LINEAR_SEND, 15, 538, 539},
        {LINEAR_RECEIVE, 14, 540, 541},       {LINEAR_SEND, 23, 543, 544},   {LINEAR_RECEIVE, 23, 545, 546},
        {LINEAR_EMPTY, 0, 548, 549}};
    uint32_t seed = 1;
    (void)state;
    for (int turn = 0; turn < 5000; turn++) {
        for (uint32_t i = (uint32_t)COUNT(history) - 1; i > 0; i--) {
            const uint32_t other = next_random(&seed) % (i + 1);
            const linear_operation moved = history[i];
            history[i] = history[other];
            history[other] = moved;
        }
        assert_queue(history, COUNT(history), LINEAR_YES);
    }
}

static void a_long_history_is_judged_in_time(void **state)
{
    (void)state;
    linear_operation history[LINEAR_MOST];
    for (uint32_t i = 0; i < LINEAR_MOST / 2; i++) {
        history[i] = (linear_operation)SEND(i + 1, 10 * (uint64_t)i, 10 * (uint64_t)i + 32);
        history[LINEAR_MOST / 2 + i] =
            (linear_operation)RECEIVE(i + 1, 10 * (uint64_t)i + 5, 10 * (uint64_t)i + 40);
    }
    assert_queue(history, LINEAR_MOST, LINEAR_YES);
    history[LINEAR_MOST - 1].value = 1;
    assert_queue(history, LINEAR_MOST, LINEAR_NO);
    assert_int_equal(linear_queue(history, LINEAR_MOST + 1), LINEAR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_in_the_order_of_sending),
        cmocka_unit_test(none_is_lost_doubled_or_invented),
        cmocka_unit_test(nothing_is_found_where_nothing_is),
        cmocka_unit_test(who_was_killed_has_done_it_or_not),
        cmocka_unit_test(a_reader_reads_what_was_written_last),
        cmocka_unit_test(small_histories_are_judged_as_by_trying_every_order),
        cmocka_unit_test(the_order_of_the_list_does_not_matter),
        cmocka_unit_test(a_long_history_is_judged_in_time),
    };
    return cmocka_run_group_tests_name("linearizability", tests, NULL, NULL);
}
