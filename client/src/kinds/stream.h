/*
 * stream.h: messages of one producer, in a region of kind stream, for any number of readers that cannot write and each
 * have a place of their own; the newest message is written over the oldest. Plain C11 over the region's bytes;
 * client/LAYOUT.md says what they are and why this is right.
 *
 * A message has a position: 0 for the first, 2 more for each that follows. The word of its slot is position + 1 while it
 * is written and position + 2 when it is there, so that a reader knows of any word whether it is his message, one that
 * came before, or one that came too late for him; and since positions are counted, how many he has missed.
 *
 * The bytes are taken as hostile: what is acted on is a copy that was checked, and no content leads outside of the region
 * or into a loop without end.
 */
#ifndef SHMB_STREAM_CORE_H
#define SHMB_STREAM_CORE_H

#include "corruption.h"
#include "geometry.h"
#include "shmb.h"

/* A region of kind stream, as one process sees it. */
typedef struct stream_region {
    shmb_stream_words *words; /* a reader's are read-only */
    uint8_t *slots;
    uint64_t largest; /* bytes of the largest message */
    uint64_t stride;
    uint64_t first;    /* offset of the first slot in the region */
    uint64_t mask;     /* slots - 1 */
    uint32_t attempts; /* that a read makes at most */
} stream_region;

/* `bytes` are all of the region's; the geometry is the catalog's, and sane. */
void stream_init(stream_region *region, uint8_t *bytes, const shmb_geometry *geometry);

/* ---- The producer: one thread of all processes at a time ------------------------------------------- */

/* Where the next message goes, for who becomes the producer: behind the last one that was finished. */
uint64_t stream_take_over(stream_region *region);

/* Begins the message at `position`: returns where its bytes go, `largest` of them. The message that had the slot is gone
   from now on. Beginning it once more is fine. */
void *stream_begin(stream_region *region, uint64_t position);

/* Publishes the message at `position` with the first `size` bytes that were put there, at most `largest`, and returns the
   position of the next. A full fence. */
uint64_t stream_finish(stream_region *region, uint64_t position, uint64_t size);

/* ---- Readers -------------------------------------------------------------------------------------------- */

/* The position of the next message to be published, or of the oldest that is safe from being written over by it. */
uint64_t stream_newest(const stream_region *region);
uint64_t stream_oldest(const stream_region *region);

/*
 * Copies the message at *position, or the oldest one still there, to `buffer`, and moves *position behind it.
 *
 * SHMB_OK: it has *size bytes. SHMB_TIMED_OUT: it was not published yet, or the producer was quicker than this copied,
 * every time. SHMB_TOO_SMALL: it has *size bytes, more than `capacity`; *position is at it. SHMB_CORRUPT: *what says what was
 * found. *missed is how many messages *position went past without copying them, whatever is returned. `buffer` may hold
 * anything unless it is SHMB_OK.
 */
shmb_status stream_read(const stream_region *region, uint64_t *position, void *buffer, uint64_t capacity,
                        uint64_t *size, uint64_t *missed, corruption *what);

/*
 * For who is about to wait for the message at `position`. SHMB_OK: it is there, or was. SHMB_TIMED_OUT: not yet, and waiting
 * for *word to be another than *seen is right. SHMB_CORRUPT: no producer writes what is there, or no reader of this stream
 * got to that position.
 */
shmb_status stream_expect(const stream_region *region, uint64_t position, const uint64_t **word,
                          uint64_t *seen, corruption *what);

#endif
