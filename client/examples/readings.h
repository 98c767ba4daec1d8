/*
 * readings.h: what the example writer and readers agree to keep in a region.
 *
 * A raw region is bytes; its programs decide what they mean and how to keep them whole. Here one writer
 * counts `sequence` up before and after it changes the rest, so it is odd while a change is under way. A
 * reader copies the rest between two looks at `sequence`, and has a whole copy when both looks show the same
 * even number. The writer never waits, and readers need no right to write.
 */
#ifndef READINGS_H
#define READINGS_H

#include <windows.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct readings {
    uint64_t count; /* how often the writer has written */
    double values[3];
} readings;

typedef struct shared_readings {
    volatile uint32_t sequence;
    uint32_t zero; /* the same layout in 32- and 64-bit programs */
    readings data;
} shared_readings;

static inline void publish_readings(shared_readings *shared, const readings *fresh)
{
    uint32_t odd = shared->sequence | 1; /* odd already when an earlier writer was killed in the middle */
    shared->sequence = odd;
    MemoryBarrier();
    shared->data = *fresh;
    MemoryBarrier();
    shared->sequence = odd + 1;
}

/* False when no whole copy could be had: the writer was killed in the middle of a change, or is very busy. */
static inline bool copy_readings(const shared_readings *shared, readings *copy)
{
    for (int attempt = 0; attempt < 1000; attempt++) {
        uint32_t before = shared->sequence;
        MemoryBarrier();
        memcpy(copy, &shared->data, sizeof *copy);
        MemoryBarrier();
        if (before % 2 == 0 && shared->sequence == before)
            return true;
    }
    return false;
}

#endif
