/*
 * scribble.h: what a hostile program writes over the bytes of the data plane.
 */
#ifndef SHMBROKER_SCRIBBLE_H
#define SHMBROKER_SCRIBBLE_H

#include <stddef.h>
#include <stdint.h>

typedef enum scribble_kind {
    SCRIBBLE_LOCK,
    SCRIBBLE_STATE,
    SCRIBBLE_QUEUE,
    SCRIBBLE_STREAM,
    SCRIBBLE_SIGNAL, /* a flag in a page of its own, then a sequence and an epoch */
    SCRIBBLE_NOTICE, /* the section of a raw region's signal: a sequence and an epoch */
    SCRIBBLE_FLAG,   /* the section of waiters */
    SCRIBBLE_RAW     /* no control words */
} scribble_kind;

typedef struct scribble_target {
    scribble_kind kind;
    uint8_t *bytes;
    size_t size;
    uint32_t messages; /* of a queue or stream */
} scribble_target;

#define SCRIBBLE_PAGE_BYTES 4096u

/* The words that all hangs on. Returns the offset of the one numbered `which`, modulo how many there are. */
size_t scribble_control_word(const scribble_target *target, uint32_t which);

/* Writes anything anywhere, or, more often, at a control word a value that looks nearly right. */
void scribble(const scribble_target *target, uint32_t *seed);

#endif
