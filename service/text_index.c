/* An index from texts to numbers. See text_index.h. */
#include "text_index.h"

#include "shmb_layout.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_CAPACITY 16u

static unsigned char fold(char letter)
{
    const unsigned char byte = (unsigned char)letter;
    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte - 'A' + 'a') : byte;
}

bool text_index_folded_equal(const char *left, const char *right)
{
    while (*left && fold(*left) == fold(*right)) {
        left++;
        right++;
    }
    return fold(*left) == fold(*right);
}

static bool is_equal(const text_index *index, const char *left, const char *right)
{
    return index->folds ? text_index_folded_equal(left, right) : strcmp(left, right) == 0;
}

/* FNV-1a, as shmb_name_hash, of the text as it is compared. */
static uint64_t hash_of(const text_index *index, const char *key)
{
    uint64_t hash = SHMB_FNV_OFFSET;
    if (!index->folds)
        return shmb_name_hash(key, strlen(key));
    for (; *key; key++)
        hash = (hash ^ fold(*key)) * SHMB_FNV_PRIME;
    return hash;
}

/* Where it is, or the free place where it would go. There always is one, for half of them are free. */
static size_t find(const text_index *index, const char *key)
{
    size_t at = (size_t)hash_of(index, key) & (index->capacity - 1);
    while (index->slots[at].key && !is_equal(index, index->slots[at].key, key))
        at = (at + 1) & (index->capacity - 1);
    return at;
}

bool text_index_reserve(text_index *index, size_t count)
{
    text_index wider = {.folds = index->folds,
                        .capacity = index->capacity ? index->capacity : LEAST_CAPACITY,
                        .count = index->count};
    while (wider.capacity < 2 * count)
        wider.capacity *= 2;
    if (wider.capacity == index->capacity)
        return true;
    wider.slots = calloc(wider.capacity, sizeof *wider.slots);
    if (!wider.slots)
        return false;
    for (size_t i = 0; i < index->capacity; i++)
        if (index->slots[i].key)
            wider.slots[find(&wider, index->slots[i].key)] = index->slots[i];
    free(index->slots);
    *index = wider;
    return true;
}

size_t *text_index_at(text_index *index, const char *key)
{
    if (!text_index_reserve(index, index->count + 1))
        return NULL;
    text_index_slot *slot = &index->slots[find(index, key)];
    if (!slot->key) {
        *slot = (text_index_slot){key, TEXT_INDEX_NONE};
        index->count++;
    }
    return &slot->value;
}

size_t text_index_get(const text_index *index, const char *key)
{
    if (index->count == 0)
        return TEXT_INDEX_NONE;
    const text_index_slot *slot = &index->slots[find(index, key)];
    return slot->key ? slot->value : TEXT_INDEX_NONE;
}

void text_index_free(text_index *index)
{
    free(index->slots);
    *index = (text_index){.folds = index->folds};
}
