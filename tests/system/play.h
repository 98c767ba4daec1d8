/* play.h: what shmbroker-player and its tests put into values and messages, so that a torn one shows: the size depends on
   the number, and every byte on both. */
#ifndef PLAY_H
#define PLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PLAY_BYTES 1024u /* the largest value or message */

static inline uint64_t play_size(uint64_t number)
{
    return 16 + number % (PLAY_BYTES - 16 + 1);
}

/* Returns the size. */
static inline uint64_t play_fill(uint8_t bytes[PLAY_BYTES], uint64_t number)
{
    uint64_t size = play_size(number);
    memset(bytes, (int)(number * 37 & 0xFF), (size_t)size);
    memcpy(bytes, &number, sizeof number);
    memcpy(bytes + size - sizeof number, &number, sizeof number);
    return size;
}

static inline bool play_is_whole(const uint8_t *bytes, uint64_t size)
{
    uint64_t number, behind;
    if (size < 16 || size > PLAY_BYTES)
        return false;
    memcpy(&number, bytes, sizeof number);
    memcpy(&behind, bytes + size - sizeof behind, sizeof behind);
    if (size != play_size(number) || behind != number)
        return false;
    for (uint64_t i = sizeof number; i < size - sizeof behind; i++)
        if (bytes[i] != (number * 37 & 0xFF))
            return false;
    return true;
}

#endif
