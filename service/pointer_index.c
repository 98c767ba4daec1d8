/* An index from addresses to numbers. See pointer_index.h. */
#include "pointer_index.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_CAPACITY 16u

/* Where the search for an address begins: its bits multiplied by 2^64 over the golden ratio, so that neighbours part. */
static size_t home_of(const pointer_index *index, const void *key)
{
    const uint64_t spread = (uint64_t)(uintptr_t)key * 0x9E3779B97F4A7C15u;
    return (size_t)(spread >> 32) & (index->capacity - 1);
}

/* Where it is, or the free place where it would go. There always is one, for half of them are free. */
static size_t find(const pointer_index *index, const void *key)
{
    size_t at = home_of(index, key);
    while (index->slots[at].key && index->slots[at].key != key)
        at = (at + 1) & (index->capacity - 1);
    return at;
}

bool pointer_index_reserve(pointer_index *index, size_t count)
{
    pointer_index wider = {.capacity = index->capacity ? index->capacity : LEAST_CAPACITY};
    while (wider.capacity < 2 * count)
        wider.capacity *= 2;
    if (wider.capacity == index->capacity)
        return true;
    wider.slots = calloc(wider.capacity, sizeof *wider.slots);
    if (!wider.slots)
        return false;
    for (size_t i = 0; i < index->capacity; i++)
        if (index->slots[i].key)
            pointer_index_put(&wider, index->slots[i].key, index->slots[i].value);
    free(index->slots);
    *index = wider;
    return true;
}

void pointer_index_put(pointer_index *index, const void *key, size_t value)
{
    const size_t at = find(index, key);
    index->count += index->slots[at].key == NULL;
    index->slots[at] = (pointer_index_slot){key, value};
}

size_t pointer_index_get(const pointer_index *index, const void *key)
{
    if (index->count == 0)
        return POINTER_INDEX_NONE;
    const size_t at = find(index, key);
    return index->slots[at].key ? index->slots[at].value : POINTER_INDEX_NONE;
}

/* Those behind the gap come nearer to where their search begins, so that none ends at the gap before it is there. */
void pointer_index_remove(pointer_index *index, const void *key)
{
    const size_t mask = index->capacity - 1;
    if (pointer_index_get(index, key) == POINTER_INDEX_NONE)
        return;
    size_t gap = find(index, key);
    for (size_t at = (gap + 1) & mask; index->slots[at].key; at = (at + 1) & mask) {
        const size_t home = home_of(index, index->slots[at].key);
        if (((at - home) & mask) < ((at - gap) & mask))
            continue; /* its search begins behind the gap */
        index->slots[gap] = index->slots[at];
        gap = at;
    }
    index->slots[gap] = (pointer_index_slot){NULL, 0};
    index->count--;
}

void pointer_index_free(pointer_index *index)
{
    free(index->slots);
    memset(index, 0, sizeof *index);
}
