/*
 * atomics.h: the few atomic operations that shared bytes need, for gcc, clang and MSVC, 32 and 64 bit.
 *
 * <stdatomic.h> is not used: MSVC's C mode lacks it, and it gives no promise about memory that another
 * process maps.
 *
 * Loads never write. A reader's mapping is read-only, so a 64-bit load in a 32-bit process must not become a
 * cmpxchg8b, which needs a writable page even when it changes nothing. gcc and clang inline an 8-byte load as
 * one x87 or SSE move; so does MSVC's __iso_volatile_load64. A unit test loads from a read-only page to hold
 * them to it.
 *
 * Every address must be naturally aligned.
 */
#ifndef SHMB_ATOMICS_H
#define SHMB_ATOMICS_H

#include <stddef.h>
#include <stdint.h>

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

#if SHMB_ATOMICS_MSVC

typedef uint32_t shmb_word;

#if defined(_M_ARM64)
#define SHMB_BARRIER() __dmb(_ARM64_BARRIER_ISH)
#else
#define SHMB_BARRIER() _ReadWriteBarrier() /* x86 and x64 keep loads and stores in order by themselves */
#endif

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

static inline uint32_t shmb_load_word(const volatile shmb_word *from)
{
    return __atomic_load_n(from, __ATOMIC_RELAXED);
}

static inline void shmb_store_word(volatile shmb_word *to, uint32_t value)
{
    __atomic_store_n(to, value, __ATOMIC_RELAXED);
}

#endif

/* Copies `bytes` (a multiple of 4; both ends 4-byte aligned) word by word, each word whole, the words in no
   order: for a slot that the other side may be rewriting meanwhile. Either end may be the shared one. */
static inline void shmb_copy_words_relaxed(volatile void *to, const volatile void *from, size_t bytes)
{
    volatile shmb_word *target = (volatile shmb_word *)to;
    const volatile shmb_word *source = (const volatile shmb_word *)from;
    for (size_t i = 0; i < bytes / sizeof(uint32_t); i++)
        shmb_store_word(&target[i], shmb_load_word(&source[i]));
}

#endif
