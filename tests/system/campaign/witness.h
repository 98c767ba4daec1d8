/*
 * What the campaign's programs tell its driver, in a section that no broker knows: it outlives whatever the
 * campaign kills.
 */
#ifndef CAMPAIGN_WITNESS_H
#define CAMPAIGN_WITNESS_H

#include <windows.h>

#define WITNESS_REGIONS 4u
#define WITNESS_CELLS   8u /* numbers of 8 bytes, spread over each region */
#define WITNESS_TEXT    640u

/* The region that grows: its cells stand in what it has from the beginning. */
#define WITNESS_GROWS_FROM 4096u
#define WITNESS_GROWS_TO   (1u << 20)

typedef struct witness {
    volatile LONG64 written[WITNESS_REGIONS]; /* the last number that is in all cells of the region */
    volatile LONG64 looks;                    /* at all objects, by the observer */
    volatile LONG64 weak;                     /* times that an object gave what it must not */
    volatile LONG64 backwards;                /* times that a reader saw a number shrink */
    char what[WITNESS_TEXT];                  /* the first thing that was wrong */
} witness;

/* Where cell `index` of a region of `size` bytes begins: the first in its first bytes, the last in its last. */
static inline size_t witness_cell(size_t size, unsigned index)
{
    return (size - sizeof(LONG64)) / (WITNESS_CELLS - 1) * index / sizeof(LONG64) * sizeof(LONG64);
}

#endif
