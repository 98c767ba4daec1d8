/*
 * linear.h: whether a recorded history of a queue or a register could have come from one that does each operation at
 * one instant between its call and its return (linearizability; the search is Wing and Gong's, with what was tried
 * remembered).
 *
 * Histories are bounded: record many short ones, each from a known state.
 */
#ifndef SHMBROKER_LINEAR_H
#define SHMBROKER_LINEAR_H

#include <stddef.h>
#include <stdint.h>

#define LINEAR_MOST 64u /* operations of a history */
#define LINEAR_NEVER                                                                                         \
    UINT64_MAX            /* the end of an operation whose thread was killed: it happened, or not, or will */
#define LINEAR_UNKNOWN 0u /* the value that a killed one received or read; no message and no value is 0 */

typedef enum linear_kind {
    LINEAR_SEND,
    LINEAR_RECEIVE,
    LINEAR_EMPTY, /* a receive that found no message at all */
    LINEAR_WRITE,
    LINEAR_READ
} linear_kind;

typedef struct linear_operation {
    linear_kind kind;
    uint32_t value;
    uint64_t begin,
        end; /* on one clock for all threads; an operation that ends when another begins may be before or after it */
} linear_operation;

typedef enum linear_verdict {
    LINEAR_YES,
    LINEAR_NO,
    LINEAR_TOO_LARGE /* the search gave up: too many operations at a time */
} linear_verdict;

/* A queue that is empty before the first operation. */
linear_verdict linear_queue(const linear_operation *history, size_t count);

/* A register that has the value `first` before the first operation. */
linear_verdict linear_register(const linear_operation *history, size_t count, uint32_t first);

/* The history as lines for a person, in the order of beginnings. Returns `text`. */
char *linear_tell(const linear_operation *history, size_t count, char *text, size_t room);

#endif
