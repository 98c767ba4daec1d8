/*
 * state.h: the latest value of something, in a region of kind state: whole values, never torn, for readers that cannot
 * write. Plain C11 over the region's bytes; client/LAYOUT.md says what they are and why this is right.
 *
 * The value of version v is in slot v modulo the number of slots. A writer fills the next slot and then counts the
 * version on, in one store: a writer that is ended before it has published nothing, and the next one fills the same slot
 * again. A reader copies the slot of the version that it found, and looks how far the version has gone meanwhile: not as
 * far that the slot's turn has come again, and the copy is whole.
 *
 * The bytes are taken as hostile: what is acted on is a copy that was checked, and no content leads outside of the region
 * or into a loop without end.
 */
#ifndef SHMB_STATE_CORE_H
#define SHMB_STATE_CORE_H

#include "corruption.h"
#include "geometry.h"
#include "shmb.h"

/* A region of kind state, as one process sees it. */
typedef struct state_region {
    shmb_state_words *words; /* a reader's are read-only */
    uint8_t *slots;
    uint64_t largest; /* bytes of the largest value */
    uint64_t stride;
    uint32_t mask;     /* slots - 1 */
    uint32_t attempts; /* that a read makes at most */
} state_region;

/* `bytes` are all of the region's; the geometry is the catalog's, and sane. */
void state_init(state_region *region, uint8_t *bytes, const shmb_geometry *geometry);

/* Publishes a value of `size` bytes, not more than the largest, and returns its version. By one thread of all processes
   at a time; whoever was ended in here does not matter. A full fence. */
uint64_t state_publish(state_region *region, const void *value, uint64_t size);

/*
 * Copies the latest value to `buffer`: SHMB_OK, its bytes in *size and its version in *version. SHMB_TIMED_OUT: none was
 * written yet (*version is 0), or writers were quicker than this copied, every time. SHMB_TOO_SMALL: it has *size bytes,
 * more than `capacity`. SHMB_CORRUPT: *what says what was found. `buffer` may hold anything unless it is SHMB_OK.
 */
shmb_status state_read(const state_region *region, void *buffer, uint64_t capacity, uint64_t *size,
                       uint64_t *version, corruption *what);

#endif
