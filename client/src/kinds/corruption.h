/*
 * corruption.h: what was found in shared bytes that no program which goes by LAYOUT.md writes there.
 */
#ifndef SHMB_CORRUPTION_H
#define SHMB_CORRUPTION_H

#include <stdint.h>

typedef struct corruption {
    const char *what; /* "the length of the value"; NULL: nothing was found */
    uint64_t offset;  /* of the word, from the region's first byte */
    uint64_t found;
    const char *relation; /* "at most" */
    uint64_t bound;       /* "at most" what */
} corruption;

/* "the length of the value, at offset 136, is 4711; at most 1024 can be". Cut when it does not fit; "" for none. Returns
   `text`. */
#define CORRUPTION_TEXT_BYTES 192u
const char *corruption_text(const corruption *what, char text[CORRUPTION_TEXT_BYTES]);

#endif
