/* An index from texts to numbers. See text_index.h. */
#include "text_index.h"

#include <stdint.h>
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

#define SPREAD 0x9E3779B97F4A7C15u /* 2^64 over the golden ratio */

/* A step takes eight bytes, since names of many regions differ in their last ones, and are long. */
static uint64_t add_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * SPREAD;
    return hash ^ hash >> 32;
}

static uint64_t hash_exactly(const char *key)
{
    uint64_t hash = 0, word;
    size_t left = strlen(key);
    for (; left >= sizeof word; left -= sizeof word, key += sizeof word) {
        memcpy(&word, key, sizeof word);
        hash = add_word(hash, word);
    }
    word = left;
    memcpy((char *)&word + 1, key, left);
    return add_word(hash, word);
}

static uint64_t hash_folded(const char *key)
{
    uint64_t hash = 0;
    for (; *key; key++)
        hash = add_word(hash, fold(*key));
    return hash;
}

/* Where it is, or the free place where it would go. There always is one, for a quarter of them is free. */
static size_t find(const text_index *index, const char *key)
{
    size_t at = (size_t)(index->folds ? hash_folded(key) : hash_exactly(key)) & (index->capacity - 1);
    while (index->slots[at].key && !is_equal(index, index->slots[at].key, key))
        at = (at + 1) & (index->capacity - 1);
    return at;
}

bool text_index_reserve(text_index *index, size_t count)
{
    text_index wider = {.folds = index->folds,
                        .capacity = index->capacity ? index->capacity : LEAST_CAPACITY};
    while (wider.capacity - wider.capacity / 4 < count)
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
    index->slots = wider.slots;
    index->capacity = wider.capacity;
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
