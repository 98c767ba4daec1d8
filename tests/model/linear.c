#include "linear.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_REMEMBERED ((size_t)1 << 22)

/* What the object holds after the operations of `done`: a register one value, a queue its messages. */
typedef struct content {
    uint32_t count;
    uint32_t values[LINEAR_MOST];
} content;

typedef struct search {
    const linear_operation *history;
    size_t count;
    uint64_t completed; /* the operations that did end: all of them must have their instant */
    uint64_t *dead_ends;
    size_t room, remembered;
    bool too_large;
} search;

/* As good as one of its kind is (the steps are those of the generator splitmix64): every bit of both decides about every
   bit of the result. Two situations with one hash would make the verdict wrong. */
static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash += value + UINT64_C(0x9E3779B97F4A7C15);
    hash = (hash ^ (hash >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94D049BB133111EB);
    return hash ^ (hash >> 31);
}

/* What is left to try depends on the operations done and on the content, however they came about. */
static uint64_t situation(uint64_t done, const content *held)
{
    uint64_t hash = mix(done, held->count);
    for (uint32_t i = 0; i < held->count; i++)
        hash = mix(hash, held->values[i]);
    return hash == 0 ? 1 : hash;
}

static bool put(uint64_t *table, size_t room, uint64_t hash)
{
    size_t at = (size_t)(hash >> 7) & (room - 1);
    while (table[at] != 0 && table[at] != hash)
        at = (at + 1) & (room - 1);
    bool is_new = table[at] == 0;
    table[at] = hash;
    return is_new;
}

static void grow(search *made)
{
    size_t room = made->room == 0 ? 1024 : made->room * 2;
    uint64_t *larger = calloc(room, sizeof *larger);
    if (larger == NULL)
        abort();
    for (size_t i = 0; i < made->room; i++) {
        if (made->dead_ends[i] != 0)
            put(larger, room, made->dead_ends[i]);
    }
    free(made->dead_ends);
    made->dead_ends = larger;
    made->room = room;
}

/* False: it was tried before. */
static bool remember(search *made, uint64_t hash)
{
    if (made->remembered == MOST_REMEMBERED) {
        made->too_large = true;
        return false;
    }
    if (made->remembered * 2 >= made->room)
        grow(made);
    bool is_new = put(made->dead_ends, made->room, hash);
    made->remembered += is_new ? 1 : 0;
    return is_new;
}

/* Does the operation at this instant; false: its outcome cannot be. */
static bool step(const linear_operation *operation, content *held)
{
    bool unknown = operation->end == LINEAR_NEVER && operation->value == LINEAR_UNKNOWN;
    switch (operation->kind) {
    case LINEAR_SEND:
        held->values[held->count++] = operation->value;
        return true;
    case LINEAR_RECEIVE:
        if (held->count == 0 || (!unknown && held->values[0] != operation->value))
            return false;
        held->count--;
        memmove(held->values, held->values + 1, held->count * sizeof *held->values);
        return true;
    case LINEAR_EMPTY:
        return held->count == 0;
    case LINEAR_WRITE:
        held->values[0] = operation->value;
        return true;
    case LINEAR_READ:
        return unknown || held->values[0] == operation->value;
    }
    return false;
}

/* The earliest end among the operations that must still have their instant: none that begins later can be next. */
static uint64_t earliest_end(const search *made, uint64_t done)
{
    uint64_t earliest = LINEAR_NEVER;
    for (size_t i = 0; i < made->count; i++) {
        if ((done >> i & 1) == 0 && made->history[i].end < earliest)
            earliest = made->history[i].end;
    }
    return earliest;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the history has operations
static bool extend(search *made, uint64_t done, const content *held)
{
    if ((done & made->completed) == made->completed)
        return true;
    if (!remember(made, situation(done, held)))
        return false;
    uint64_t earliest = earliest_end(made, done);
    for (size_t i = 0; i < made->count; i++) {
        content after = *held;
        if ((done >> i & 1) == 0 && made->history[i].begin <= earliest && step(&made->history[i], &after) &&
            extend(made, done | UINT64_C(1) << i, &after))
            return true;
    }
    return false;
}

static linear_verdict judge(const linear_operation *history, size_t count, const content *first)
{
    search made = {.history = history, .count = count};
    if (count > LINEAR_MOST)
        return LINEAR_TOO_LARGE;
    for (size_t i = 0; i < count; i++) {
        if (history[i].end != LINEAR_NEVER)
            made.completed |= UINT64_C(1) << i;
    }
    bool found = extend(&made, 0, first);
    free(made.dead_ends);
    if (found)
        return LINEAR_YES;
    return made.too_large ? LINEAR_TOO_LARGE : LINEAR_NO;
}

linear_verdict linear_queue(const linear_operation *history, size_t count)
{
    content empty = {0};
    return judge(history, count, &empty);
}

linear_verdict linear_register(const linear_operation *history, size_t count, uint32_t first)
{
    content value = {1, {first}};
    return judge(history, count, &value);
}

static int by_beginning(const void *left, const void *right)
{
    const linear_operation *a = left, *b = right;
    return a->begin < b->begin ? -1 : a->begin > b->begin;
}

char *linear_tell(const linear_operation *history, size_t count, char *text, size_t room)
{
    static const char *const names[] = {"send", "receive", "finds nothing", "write", "read"};
    linear_operation sorted[LINEAR_MOST];
    size_t length = 0;
    const size_t shown = count < LINEAR_MOST ? count : LINEAR_MOST;
    memcpy(sorted, history, shown * sizeof *sorted);
    qsort(sorted, shown, sizeof *sorted, by_beginning);
    text[0] = '\0';
    // cppcheck-suppress knownConditionTrueFalse ; one caller has an empty history
    for (size_t i = 0; i < shown && length + 100 < room; i++) {
        int added = snprintf(text + length, room - length, "  %-13s %u from %llu to ", names[sorted[i].kind],
                             sorted[i].value, (unsigned long long)sorted[i].begin);
        length += (size_t)added;
        if (sorted[i].end == LINEAR_NEVER)
            added = snprintf(text + length, room - length, "never\n");
        else
            added = snprintf(text + length, room - length, "%llu\n", (unsigned long long)sorted[i].end);
        length += (size_t)added;
    }
    return text;
}
