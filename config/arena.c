/*
 * A bump allocator over a chain of blocks that double in size, so that a small file costs little and a large
 * one few calls.
 */
#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK   ((size_t)4 << 10)
#define LARGEST_BLOCK ((size_t)1 << 20)
#define LARGEST       ((size_t)1 << 30) /* at once: more than any file needs */
#define ALIGNMENT     ((size_t)16)
#define HEADER        ((sizeof(block) + ALIGNMENT - 1) & ~(ALIGNMENT - 1))

typedef struct block {
    struct block *older;
} block;

struct config_arena {
    block *newest;
    unsigned char *next; /* the first free byte of the newest block */
    size_t left;         /* free bytes of the newest block */
    size_t block_size;   /* of the next block */
};

config_arena *config_arena_new(void)
{
    config_arena *arena = calloc(1, sizeof *arena);
    if (arena != NULL) {
        arena->block_size = FIRST_BLOCK;
    }
    return arena;
}

/* Puts a block with room for `size` bytes in front. What the old one had left is given up: at most half of
   it. */
static int add_block(config_arena *arena, size_t size)
{
    size_t wanted = size > arena->block_size / 2 ? size : arena->block_size;
    if (wanted > LARGEST) {
        return 0;
    }
    block *added = malloc(HEADER + wanted);
    if (added == NULL) {
        return 0;
    }
    added->older = arena->newest;
    arena->newest = added;
    arena->next = (unsigned char *)added + HEADER;
    arena->left = wanted;
    if (arena->block_size < LARGEST_BLOCK) {
        arena->block_size *= 2;
    }
    return 1;
}

/* The next `size` bytes at any address, not zeroed. */
static void *take(config_arena *arena, size_t size)
{
    if (size > arena->left && !add_block(arena, size)) {
        return NULL;
    }
    void *taken = arena->next;
    arena->next += size;
    arena->left -= size;
    return taken;
}

void *config_arena_alloc(config_arena *arena, size_t size)
{
    /* Room to align in an old block as well as in a new one, whose start is aligned already. */
    size_t skip = (ALIGNMENT - ((uintptr_t)arena->next & (ALIGNMENT - 1))) & (ALIGNMENT - 1);
    if (arena->next != NULL && skip <= arena->left && size <= arena->left - skip) {
        arena->next += skip;
        arena->left -= skip;
    } else if (!add_block(arena, size)) {
        return NULL;
    }
    void *taken = take(arena, size);
    if (taken != NULL) {
        memset(taken, 0, size);
    }
    return taken;
}

char *config_arena_text(config_arena *arena, const char *text, size_t length)
{
    if (length == SIZE_MAX) {
        return NULL;
    }
    char *copy = take(arena, length + 1);
    if (copy != NULL) {
        if (length > 0) {
            memcpy(copy, text, length);
        }
        copy[length] = '\0';
    }
    return copy;
}

void config_arena_free(config_arena *arena)
{
    if (arena == NULL) {
        return;
    }
    for (block *each = arena->newest; each != NULL;) {
        block *older = each->older;
        free(each);
        each = older;
    }
    free(arena);
}
