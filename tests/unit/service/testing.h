/* What every test file of the service begins with: cmocka, and the headers it wants before it. */
#ifndef SHMBROKER_SERVICE_TESTING_H
#define SHMBROKER_SERVICE_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Numbers that differ from each other and not from run to run. */
static inline uint32_t testing_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* Fills `text` with `before` letters and then characters of three bytes each, as many as it has room for. */
static inline void testing_fill(char *text, size_t size, size_t before)
{
    size_t length = before + (size - 1 - before) / 3 * 3;
    for (size_t i = 0; i < length; i++)
        text[i] = i < before ? 'x' : "\xE2\x82\xAC"[(i - before) % 3];
    text[length] = '\0';
}

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

#endif
