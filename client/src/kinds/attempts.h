/*
 * attempts.h: how often a reader copies in vain, because it is written over each time, before it gives up: as many bytes as
 * take some milliseconds to copy, within bounds.
 */
#ifndef SHMB_KINDS_ATTEMPTS_H
#define SHMB_KINDS_ATTEMPTS_H

#include <stdint.h>

#define SHMB_BYTES_IN_VAIN    (64ull << 20)
#define SHMB_ATTEMPTS_AT_MOST 4096u

/* For values or messages of up to `largest` bytes, not 0. */
static inline uint32_t shmb_attempts(uint64_t largest, uint32_t at_least)
{
    uint64_t attempts = SHMB_BYTES_IN_VAIN / largest;
    if (attempts < at_least)
        return at_least;
    return attempts > SHMB_ATTEMPTS_AT_MOST ? SHMB_ATTEMPTS_AT_MOST : (uint32_t)attempts;
}

#endif
