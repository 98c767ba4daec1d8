/*
 * copy.h: copying a message's bytes fast, whatever C library the program came with: memcpy of some costs twice what it
 * must, for a few bytes by the call, for many by moves that are not the processor's widest.
 */
#ifndef SHMB_KINDS_COPY_H
#define SHMB_KINDS_COPY_H

#include "../atomics.h"

#include <string.h>

/* The sanitizers watch memcpy, and not what goes around it. */
#if defined(__SANITIZE_ADDRESS__) || SHMB_ATOMICS_TSAN || defined(SHMB_ATOMICS_HOOK)
#define SHMB_COPY_WIDE 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SHMB_COPY_WIDE 0
#endif
#endif
#if !defined(SHMB_COPY_WIDE)
#if defined(__x86_64__) || defined(_M_X64)
#define SHMB_COPY_WIDE 1
#else
#define SHMB_COPY_WIDE 0
#endif
#endif

#if SHMB_COPY_WIDE
#include <emmintrin.h>
#if SHMB_ATOMICS_MSVC
#include <intrin.h>
#endif

#define COPY_FEW  256u  /* up to so many bytes, moves of 16 */
#define COPY_MANY 2048u /* from so many on, the processor's own loop */

static inline __m128i copy_load(const uint8_t *from)
{
    return _mm_loadu_si128((const __m128i *)(const void *)from);
}

static inline void copy_store(uint8_t *to, __m128i bytes)
{
    _mm_storeu_si128((__m128i *)(void *)to, bytes);
}

/* 16 at least. The rest comes with bytes that were moved already. */
static inline void copy_few(uint8_t *to, const uint8_t *from, size_t bytes)
{
    size_t i = 0;
    for (; i + 64 <= bytes; i += 64) {
        __m128i a = copy_load(from + i), b = copy_load(from + i + 16);
        __m128i c = copy_load(from + i + 32), d = copy_load(from + i + 48);
        copy_store(to + i, a);
        copy_store(to + i + 16, b);
        copy_store(to + i + 32, c);
        copy_store(to + i + 48, d);
    }
    for (; i + 16 <= bytes; i += 16)
        copy_store(to + i, copy_load(from + i));
    if (i < bytes)
        copy_store(to + bytes - 16, copy_load(from + bytes - 16));
}

static inline void copy_many(uint8_t *to, const uint8_t *from, size_t bytes)
{
#if SHMB_ATOMICS_MSVC
    __movsb(to, from, bytes);
#else
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
#endif
}

static inline void shmb_copy(void *target, const void *source, size_t bytes)
{
    uint8_t *to = (uint8_t *)target;
    const uint8_t *from = (const uint8_t *)source;
    if (bytes >= COPY_MANY) {
        copy_many(to, from, bytes);
    } else if (bytes < 16 || bytes > COPY_FEW) {
        if (bytes > 0)
            memcpy(to, from, bytes);
    } else {
        copy_few(to, from, bytes);
    }
}

#elif defined(SHMB_ATOMICS_HOOK)

#define shmb_copy(target, source, bytes) shmb_copy_racing(target, source, bytes)

#else

static inline void shmb_copy(void *target, const void *source, size_t bytes)
{
    if (bytes > 0)
        memcpy(target, source, bytes);
}

#endif

/* The same while another may be writing what is read: what arrives may be torn, so the caller checks afterwards, after a
   fence, whether it was. */
#if SHMB_ATOMICS_TSAN
#define shmb_copy_contended(target, source, bytes) shmb_copy_racing(target, source, bytes)
#else
#define shmb_copy_contended(target, source, bytes) shmb_copy(target, source, bytes)
#endif

#endif
