/*
 * store_buffer.h: what a processor has stored and others do not see yet, the oldest first.
 */
#ifndef SHMBROKER_STORE_BUFFER_H
#define SHMBROKER_STORE_BUFFER_H

#include "hooked_atomics.h"

#define STORE_BUFFER_WORDS 4u

typedef struct store_buffer {
    unsigned count;
    hook_access stores[STORE_BUFFER_WORDS];
} store_buffer;

/* There must be room. */
void store_buffer_put(store_buffer *buffer, const hook_access *store);

/* Takes the oldest out. */
void store_buffer_take(store_buffer *buffer, hook_access *store);

/* What the thread itself loads: the newest store to exactly that word. */
bool store_buffer_find(const store_buffer *buffer, const hook_access *load, uint64_t *value);

/* Whether a store touches any byte of the access. */
bool store_buffer_overlaps(const store_buffer *buffer, const hook_access *access);

#endif
