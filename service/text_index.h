/*
 * An index from texts to numbers: a table with open addressing, for finding one of many in a few steps.
 */
#ifndef SHMBROKER_TEXT_INDEX_H
#define SHMBROKER_TEXT_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#define TEXT_INDEX_NONE ((size_t)-1)

typedef struct text_index_slot {
    const char *key; /* NULL: free */
    size_t value;
} text_index_slot;

/* One that is all zero is empty. */
typedef struct text_index {
    bool folds; /* ASCII letters are the same in either case: set it while it is empty */
    text_index_slot *slots;
    size_t capacity; /* a power of two, or 0; a quarter of it is free */
    size_t count;
} text_index;

/* Whether two texts are the same to an index that folds. */
bool text_index_folded_equal(const char *left, const char *right);

/* Makes room for `count` texts in all. False: out of memory, and it is as it was. */
bool text_index_reserve(text_index *index, size_t count);

/* The number of a text, to be read or set, until the next call: TEXT_INDEX_NONE when it was not there; then it is from now
   on, and must live as long as the index. NULL: out of memory. */
size_t *text_index_at(text_index *index, const char *key);

/* TEXT_INDEX_NONE: it is not there. */
size_t text_index_get(const text_index *index, const char *key);

/* Empty again, and without memory. */
void text_index_free(text_index *index);

#endif
