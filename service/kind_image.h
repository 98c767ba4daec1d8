/*
 * A state, queue or stream as a snapshot has it: whole, although programs go on writing.
 *
 * Bytes that are copied one after the other while they change would be torn. So a snapshot of such a region is not a copy of
 * its bytes but made of what a reader gets, which is whole:
 *
 *     state    the latest value, copied when the image begins
 *     queue    the messages that were sent when the image began and not received when it came to them
 *     stream   the messages that were there when the image began; those that were written over before it came to them are
 *              marked lost, so that readers are told that they missed them
 *
 * What belongs to the programs of the day, such as who waits and who holds a slot, is not in it. Nothing is believed of the
 * region's bytes: each word is read once and judged, and every loop is bounded.
 */
#ifndef SHMBROKER_KIND_IMAGE_H
#define SHMBROKER_KIND_IMAGE_H

#include "geometry.h"
#include "platform.h"

/* All zero: none is being made. */
typedef struct kind_image {
    shmb_geometry geometry; /* not raw */
    platform_section *section;
    uint64_t size; /* of the region */
    bool begun;
    uint8_t *window; /* what was asked for last */
    uint8_t *item;   /* a state: its value; otherwise a slot as the image has it */
    uint64_t item_bytes;
    uint64_t number; /* state: the value's version, 0: there is none. Otherwise the slot in `item`, or none */
    uint64_t whole;  /* messages in the window that was asked for last */
    uint64_t cut;    /* queue, stream: the position that was the next one when the image began */
} kind_image;

/* Prepares one of the region; nothing is looked at yet. The section lives until kind_image_end. */
void kind_image_begin(kind_image *image, const shmb_geometry *geometry, uint64_t size,
                      platform_section *section);

/* A window of the image, as snapshot_region.open has it; `image` is a kind_image. It is there until the next one, or the end.
   False: out of memory, the section cannot be reached, or no whole value could be had: `failure` says which. */
bool kind_image_open(void *image, uint64_t offset, size_t length, bool to_write, uint8_t **bytes,
                     platform_failure *failure);
void kind_image_close(void *image, uint8_t *bytes);

/* Lets go of it. One that is all zero is fine. */
void kind_image_end(kind_image *image);

#endif
