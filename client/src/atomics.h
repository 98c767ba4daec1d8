/*
 * atomics.h: the atomic operations that shared bytes need, for gcc, clang and MSVC, 32 and 64 bit. What several
 * processes share is read and written through these and nothing else.
 *
 * <stdatomic.h> is not used: MSVC's C mode lacks it, and it gives no promise about memory that another
 * process maps.
 *
 * Loads never write. A reader's mapping is read-only, so a 64-bit load in a 32-bit process must not become a
 * cmpxchg8b, which needs a writable page even when it changes nothing. gcc and clang inline an 8-byte load as
 * one x87 or SSE move; so does MSVC's __iso_volatile_load64. A unit test loads from a read-only page to hold
 * them to it.
 *
 * Operations that read and write (exchange, cas, fetch_…) are whole, and full fences; so is shmb_fence_full. A
 * plain store and a later load of another word may swap places: between them a waiter who says that it waits and
 * then looks again needs one of the former.
 *
 * Every address must be naturally aligned.
 *
 * SHMB_ATOMICS_HOOK, when defined, names a header that stands in for the compiler's operations: the model checker
 * (tests/model) and the tests that end a program at its n-th access come to know of every access that way.
 */
#ifndef SHMB_ATOMICS_H
#define SHMB_ATOMICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#define SHMB_ATOMICS_MSVC 1
#else
#define SHMB_ATOMICS_MSVC 0
#endif

/* ThreadSanitizer knows no fences (gcc even refuses them). Everything that our fences order is itself atomic,
   so there the compiler's order is enough to keep: TSan runs on machines that keep it. */
#if defined(__SANITIZE_THREAD__)
#define SHMB_ATOMICS_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SHMB_ATOMICS_TSAN 1
#endif
#endif
#ifndef SHMB_ATOMICS_TSAN
#define SHMB_ATOMICS_TSAN 0
#endif

#if defined(SHMB_ATOMICS_HOOK)

#include SHMB_ATOMICS_HOOK

#elif SHMB_ATOMICS_MSVC

typedef uint32_t shmb_word;

#if defined(_M_ARM64)
#define SHMB_BARRIER() __dmb(_ARM64_BARRIER_ISH)
#else
#define SHMB_BARRIER() _ReadWriteBarrier() /* x86 and x64 keep loads and stores in order by themselves */
#endif

/* To a processor that turns in a loop: it waits for somebody. */
static inline void shmb_pause(void)
{
#if defined(_M_ARM64)
    __yield();
#else
    _mm_pause();
#endif
}

static inline void shmb_fence_full(void)
{
#if defined(_M_ARM64)
    __dmb(_ARM64_BARRIER_ISH);
#else
    _mm_mfence();
#endif
}

static inline void shmb_fence_acquire(void)
{
    SHMB_BARRIER();
}

static inline void shmb_fence_release(void)
{
    SHMB_BARRIER();
}

static inline uint32_t shmb_load_relaxed_u32(const volatile uint32_t *from)
{
    return (uint32_t)__iso_volatile_load32((const volatile __int32 *)from);
}

static inline uint64_t shmb_load_relaxed_u64(const volatile uint64_t *from)
{
    return (uint64_t)__iso_volatile_load64((const volatile __int64 *)from);
}

static inline uint32_t shmb_load_acquire_u32(const volatile uint32_t *from)
{
    uint32_t value = shmb_load_relaxed_u32(from);
    SHMB_BARRIER();
    return value;
}

static inline uint64_t shmb_load_acquire_u64(const volatile uint64_t *from)
{
    uint64_t value = shmb_load_relaxed_u64(from);
    SHMB_BARRIER();
    return value;
}

static inline void shmb_store_relaxed_u32(volatile uint32_t *to, uint32_t value)
{
    __iso_volatile_store32((volatile __int32 *)to, (__int32)value);
}

static inline void shmb_store_relaxed_u64(volatile uint64_t *to, uint64_t value)
{
    __iso_volatile_store64((volatile __int64 *)to, (__int64)value);
}

static inline void shmb_store_release_u32(volatile uint32_t *to, uint32_t value)
{
    SHMB_BARRIER();
    shmb_store_relaxed_u32(to, value);
}

static inline void shmb_store_release_u64(volatile uint64_t *to, uint64_t value)
{
    SHMB_BARRIER();
    shmb_store_relaxed_u64(to, value);
}

/* If *at is *expected it becomes `wanted`, and true; otherwise *expected becomes what was found. */
static inline bool shmb_cas_u32(volatile uint32_t *at, uint32_t *expected, uint32_t wanted)
{
    uint32_t before = *expected;
    *expected = (uint32_t)_InterlockedCompareExchange((volatile long *)at, (long)wanted, (long)before);
    return *expected == before;
}

static inline bool shmb_cas_u64(volatile uint64_t *at, uint64_t *expected, uint64_t wanted)
{
    uint64_t before = *expected;
    *expected =
        (uint64_t)_InterlockedCompareExchange64((volatile __int64 *)at, (__int64)wanted, (__int64)before);
    return *expected == before;
}

/* The following return what was there before. */

static inline uint32_t shmb_exchange_u32(volatile uint32_t *at, uint32_t value)
{
    return (uint32_t)_InterlockedExchange((volatile long *)at, (long)value);
}

static inline uint32_t shmb_fetch_add_u32(volatile uint32_t *at, uint32_t value)
{
    return (uint32_t)_InterlockedExchangeAdd((volatile long *)at, (long)value);
}

static inline uint32_t shmb_fetch_or_u32(volatile uint32_t *at, uint32_t bits)
{
    return (uint32_t)_InterlockedOr((volatile long *)at, (long)bits);
}

static inline uint32_t shmb_fetch_and_u32(volatile uint32_t *at, uint32_t bits)
{
    return (uint32_t)_InterlockedAnd((volatile long *)at, (long)bits);
}

/* In 32-bit programs MSVC has but the 64-bit compare and exchange; each turn of these means that another moved on. */

static inline uint64_t shmb_exchange_u64(volatile uint64_t *at, uint64_t value)
{
    uint64_t before = shmb_load_relaxed_u64(at);
    while (!shmb_cas_u64(at, &before, value))
        continue;
    return before;
}

static inline uint64_t shmb_fetch_add_u64(volatile uint64_t *at, uint64_t value)
{
    uint64_t before = shmb_load_relaxed_u64(at);
    while (!shmb_cas_u64(at, &before, before + value))
        continue;
    return before;
}

static inline uint64_t shmb_fetch_or_u64(volatile uint64_t *at, uint64_t bits)
{
    uint64_t before = shmb_load_relaxed_u64(at);
    while (!shmb_cas_u64(at, &before, before | bits))
        continue;
    return before;
}

static inline uint64_t shmb_fetch_and_u64(volatile uint64_t *at, uint64_t bits)
{
    uint64_t before = shmb_load_relaxed_u64(at);
    while (!shmb_cas_u64(at, &before, before & bits))
        continue;
    return before;
}

static inline uint32_t shmb_load_word(const volatile shmb_word *from)
{
    return shmb_load_relaxed_u32(from);
}

static inline void shmb_store_word(volatile shmb_word *to, uint32_t value)
{
    shmb_store_relaxed_u32(to, value);
}

#else /* gcc and clang */

/* A word of a structure whose members have other types. */
typedef uint32_t __attribute__((may_alias)) shmb_word;

/* To a processor that turns in a loop: it waits for somebody. */
static inline void shmb_pause(void)
{
#if defined(__i386__) || defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static inline void shmb_fence_full(void)
{
#if SHMB_ATOMICS_TSAN
    uint32_t word = 0;
    __atomic_exchange_n(&word, 1, __ATOMIC_SEQ_CST);
#else
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

static inline void shmb_fence_acquire(void)
{
#if SHMB_ATOMICS_TSAN
    __atomic_signal_fence(__ATOMIC_ACQUIRE);
#else
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
#endif
}

static inline void shmb_fence_release(void)
{
#if SHMB_ATOMICS_TSAN
    __atomic_signal_fence(__ATOMIC_RELEASE);
#else
    __atomic_thread_fence(__ATOMIC_RELEASE);
#endif
}

static inline uint32_t shmb_load_relaxed_u32(const volatile uint32_t *from)
{
    return __atomic_load_n(from, __ATOMIC_RELAXED);
}

static inline uint64_t shmb_load_relaxed_u64(const volatile uint64_t *from)
{
    return __atomic_load_n(from, __ATOMIC_RELAXED);
}

static inline uint32_t shmb_load_acquire_u32(const volatile uint32_t *from)
{
    return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

static inline uint64_t shmb_load_acquire_u64(const volatile uint64_t *from)
{
    return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

static inline void shmb_store_relaxed_u32(volatile uint32_t *to, uint32_t value)
{
    __atomic_store_n(to, value, __ATOMIC_RELAXED);
}

static inline void shmb_store_relaxed_u64(volatile uint64_t *to, uint64_t value)
{
    __atomic_store_n(to, value, __ATOMIC_RELAXED);
}

static inline void shmb_store_release_u32(volatile uint32_t *to, uint32_t value)
{
    __atomic_store_n(to, value, __ATOMIC_RELEASE);
}

static inline void shmb_store_release_u64(volatile uint64_t *to, uint64_t value)
{
    __atomic_store_n(to, value, __ATOMIC_RELEASE);
}

/* If *at is *expected it becomes `wanted`, and true; otherwise *expected becomes what was found. */
static inline bool shmb_cas_u32(volatile uint32_t *at, uint32_t *expected, uint32_t wanted)
{
    return __atomic_compare_exchange_n(at, expected, wanted, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline bool shmb_cas_u64(volatile uint64_t *at, uint64_t *expected, uint64_t wanted)
{
    return __atomic_compare_exchange_n(at, expected, wanted, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* The following return what was there before. */

static inline uint32_t shmb_exchange_u32(volatile uint32_t *at, uint32_t value)
{
    return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);
}

static inline uint64_t shmb_exchange_u64(volatile uint64_t *at, uint64_t value)
{
    return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);
}

static inline uint32_t shmb_fetch_add_u32(volatile uint32_t *at, uint32_t value)
{
    return __atomic_fetch_add(at, value, __ATOMIC_SEQ_CST);
}

static inline uint64_t shmb_fetch_add_u64(volatile uint64_t *at, uint64_t value)
{
    return __atomic_fetch_add(at, value, __ATOMIC_SEQ_CST);
}

static inline uint32_t shmb_fetch_or_u32(volatile uint32_t *at, uint32_t bits)
{
    return __atomic_fetch_or(at, bits, __ATOMIC_SEQ_CST);
}

static inline uint64_t shmb_fetch_or_u64(volatile uint64_t *at, uint64_t bits)
{
    return __atomic_fetch_or(at, bits, __ATOMIC_SEQ_CST);
}

static inline uint32_t shmb_fetch_and_u32(volatile uint32_t *at, uint32_t bits)
{
    return __atomic_fetch_and(at, bits, __ATOMIC_SEQ_CST);
}

static inline uint64_t shmb_fetch_and_u64(volatile uint64_t *at, uint64_t bits)
{
    return __atomic_fetch_and(at, bits, __ATOMIC_SEQ_CST);
}

static inline uint32_t shmb_load_word(const volatile shmb_word *from)
{
    return __atomic_load_n(from, __ATOMIC_RELAXED);
}

static inline void shmb_store_word(volatile shmb_word *to, uint32_t value)
{
    __atomic_store_n(to, value, __ATOMIC_RELAXED);
}

#endif

#if !defined(SHMB_ATOMICS_HOOK)

/* Copies `bytes` (a multiple of 4; both ends 4-byte aligned) word by word, each word whole, the words in no
   order: for a slot that the other side may be rewriting meanwhile. Either end may be the shared one. */
static inline void shmb_copy_words_relaxed(volatile void *to, const volatile void *from, size_t bytes)
{
    volatile shmb_word *target = (volatile shmb_word *)to;
    const volatile shmb_word *source = (const volatile shmb_word *)from;
    for (size_t i = 0; i < bytes / sizeof(uint32_t); i++)
        shmb_store_word(&target[i], shmb_load_word(&source[i]));
}

/* Copies any bytes that another may be writing meanwhile, at the speed of memcpy: what arrives may be torn, so that
   the caller checks afterwards, after a fence, whether it was. Either end may be the shared one. */
static inline void shmb_copy_racing(void *to, const volatile void *from, size_t bytes)
{
#if SHMB_ATOMICS_TSAN
    const volatile uint8_t *source = (const volatile uint8_t *)from;
    uint8_t *target = (uint8_t *)to;
    for (size_t i = 0; i < bytes; i++)
        __atomic_store_n(&target[i], __atomic_load_n(&source[i], __ATOMIC_RELAXED), __ATOMIC_RELAXED);
#else
    memcpy(to, (const void *)(uintptr_t)from, bytes);
#endif
}

#endif

#endif
