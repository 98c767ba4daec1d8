/*
 * A bump allocator: many small things that are released together.
 *
 * Not thread-safe; each arena belongs to one thread at a time.
 */
#ifndef SHMBROKER_CONFIG_ARENA_H
#define SHMBROKER_CONFIG_ARENA_H

#include <stddef.h>

typedef struct config_arena config_arena;

/* Returns a new, empty arena, or NULL when there is no memory. */
config_arena *config_arena_new(void);

/* Returns `size` zeroed bytes, aligned for any type, or NULL when there is no memory. They live as long as
   it. */
void *config_arena_alloc(config_arena *arena, size_t size);

/* Returns a NUL-terminated copy of `length` bytes, or NULL when there is no memory. */
char *config_arena_text(config_arena *arena, const char *text, size_t length);

/* Releases the arena and all that it gave out. NULL is fine. */
void config_arena_free(config_arena *arena);

#endif
