/*
 * hooked_atomics.h: what client/src/atomics.h consists of where SHMB_ATOMICS_HOOK names this file. Every access to
 * shared bytes becomes one call of hook_perform, which a program that links such code defines: scheduler.c lets
 * another thread run in between, stop_at.c ends the program at the n-th access.
 *
 * Copies are performed in two parts, so that a torn one can be seen; each part is one access.
 */
#ifndef SHMBROKER_HOOKED_ATOMICS_H
#define SHMBROKER_HOOKED_ATOMICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t __attribute__((may_alias)) shmb_word;

typedef enum hook_kind {
    HOOK_LOAD,
    HOOK_STORE,
    HOOK_CAS,
    HOOK_EXCHANGE,
    HOOK_ADD,
    HOOK_OR,
    HOOK_AND,
    HOOK_FENCE, /* a full one; fences that order no store with a later load change nothing here */
    HOOK_PAUSE,
    HOOK_COPY
} hook_kind;

typedef struct hook_access {
    hook_kind kind;
    volatile void *at; /* of a copy: its target */
    const volatile void *from;
    size_t bytes;      /* of a word: 4 or 8 */
    uint64_t operand;  /* stored, exchanged, added, … */
    uint64_t expected; /* by HOOK_CAS */
    const char *place; /* the function it is in */
} hook_access;

/* Performs the access, whenever that may be, and returns what was in the word before (HOOK_LOAD: what is in it). */
uint64_t hook_perform(const hook_access *access);

/* Performs it now. For whoever defines hook_perform: one thread at a time. */
uint64_t hook_execute(const hook_access *access);

static inline uint64_t hook_word(hook_kind kind, const volatile void *at, size_t bytes, uint64_t operand,
                                 uint64_t expected, const char *place)
{
    hook_access access = {kind, (volatile void *)(uintptr_t)at, NULL, bytes, operand, expected, place};
    return hook_perform(&access);
}

static inline uint32_t hook_word_32(hook_kind kind, const volatile void *at, uint32_t operand,
                                    uint32_t expected, const char *place)
{
    return (uint32_t)hook_word(kind, at, 4, operand, expected, place);
}

static inline void hook_copy(volatile void *to, const volatile void *from, size_t bytes, const char *place)
{
    size_t first = bytes / 8 * 4;
    volatile uint8_t *target = (volatile uint8_t *)to;
    const volatile uint8_t *source = (const volatile uint8_t *)from;
    hook_access parts[2] = {{HOOK_COPY, target, source, first, 0, 0, place},
                            {HOOK_COPY, target + first, source + first, bytes - first, 0, 0, place}};
    for (int i = first > 0 ? 0 : 1; i < 2 && bytes > 0; i++)
        hook_perform(&parts[i]);
}

/* Macros, so that a trace names the function that made the access. */
#define HOOK_32(kind, at, operand, expected)                                                                 \
    hook_word_32(kind, 1 ? (at) : (const volatile uint32_t *)0, operand, expected, __func__)
#define HOOK_64(kind, at, operand, expected)                                                                 \
    hook_word(kind, 1 ? (at) : (const volatile uint64_t *)0, 8, operand, expected, __func__)

#define shmb_pause()         ((void)hook_word(HOOK_PAUSE, NULL, 0, 0, 0, __func__))
#define shmb_fence_full()    ((void)hook_word(HOOK_FENCE, NULL, 0, 0, 0, __func__))
#define shmb_fence_acquire() ((void)0)
#define shmb_fence_release() ((void)0)

#define shmb_load_relaxed_u32(from) HOOK_32(HOOK_LOAD, from, 0, 0)
#define shmb_load_relaxed_u64(from) HOOK_64(HOOK_LOAD, from, 0, 0)
#define shmb_load_acquire_u32(from) HOOK_32(HOOK_LOAD, from, 0, 0)
#define shmb_load_acquire_u64(from) HOOK_64(HOOK_LOAD, from, 0, 0)

#define shmb_store_relaxed_u32(to, value) ((void)HOOK_32(HOOK_STORE, to, value, 0))
#define shmb_store_relaxed_u64(to, value) ((void)HOOK_64(HOOK_STORE, to, value, 0))
#define shmb_store_release_u32(to, value) ((void)HOOK_32(HOOK_STORE, to, value, 0))
#define shmb_store_release_u64(to, value) ((void)HOOK_64(HOOK_STORE, to, value, 0))

#define shmb_exchange_u32(at, value)  HOOK_32(HOOK_EXCHANGE, at, value, 0)
#define shmb_exchange_u64(at, value)  HOOK_64(HOOK_EXCHANGE, at, value, 0)
#define shmb_fetch_add_u32(at, value) HOOK_32(HOOK_ADD, at, value, 0)
#define shmb_fetch_add_u64(at, value) HOOK_64(HOOK_ADD, at, value, 0)
#define shmb_fetch_or_u32(at, bits)   HOOK_32(HOOK_OR, at, bits, 0)
#define shmb_fetch_or_u64(at, bits)   HOOK_64(HOOK_OR, at, bits, 0)
#define shmb_fetch_and_u32(at, bits)  HOOK_32(HOOK_AND, at, bits, 0)
#define shmb_fetch_and_u64(at, bits)  HOOK_64(HOOK_AND, at, bits, 0)

static inline bool hook_cas_u32(volatile uint32_t *at, uint32_t *expected, uint32_t wanted, const char *place)
{
    uint32_t before = *expected;
    *expected = hook_word_32(HOOK_CAS, at, wanted, before, place);
    return *expected == before;
}

static inline bool hook_cas_u64(volatile uint64_t *at, uint64_t *expected, uint64_t wanted, const char *place)
{
    uint64_t before = *expected;
    *expected = hook_word(HOOK_CAS, at, 8, wanted, before, place);
    return *expected == before;
}

#define shmb_cas_u32(at, expected, wanted) hook_cas_u32(at, expected, wanted, __func__)
#define shmb_cas_u64(at, expected, wanted) hook_cas_u64(at, expected, wanted, __func__)

#define shmb_copy_words_relaxed(to, from, bytes) hook_copy(to, from, bytes, __func__)
#define shmb_copy_racing(to, from, bytes)        hook_copy(to, from, bytes, __func__)

#endif
