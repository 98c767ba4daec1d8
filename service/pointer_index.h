/*
 * An index from addresses to numbers: a table with open addressing, for finding one of many in a few steps.
 */
#ifndef SHMBROKER_POINTER_INDEX_H
#define SHMBROKER_POINTER_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#define POINTER_INDEX_NONE ((size_t)-1)

typedef struct pointer_index_slot {
    const void *key; /* NULL: free */
    size_t value;
} pointer_index_slot;

/* One that is all zero is empty. */
typedef struct pointer_index {
    pointer_index_slot *slots;
    size_t capacity; /* a power of two, or 0; at least twice `count` */
    size_t count;
} pointer_index;

/* Makes room for `count` addresses in all. False: out of memory, and it is as it was. */
bool pointer_index_reserve(pointer_index *index, size_t count);

/* Sets the number of an address, which is not NULL. A new one needs room. */
void pointer_index_put(pointer_index *index, const void *key, size_t value);

/* POINTER_INDEX_NONE: it is not there. */
size_t pointer_index_get(const pointer_index *index, const void *key);

/* One that is not there is fine. */
void pointer_index_remove(pointer_index *index, const void *key);

/* Empty again, and without memory. */
void pointer_index_free(pointer_index *index);

#endif
