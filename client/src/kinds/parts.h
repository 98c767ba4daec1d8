/*
 * parts.h: the kernel objects beside a region, which locks, signals and queues wait by.
 *
 * The broker makes them together with the region, with rights of their own (LAYOUT.md); a client opens those of them that
 * its access allows. Pure functions, for any operating system: both sides go by this one list.
 */
#ifndef SHMB_PARTS_H
#define SHMB_PARTS_H

#include "shmb_layout.h"

#include <stdbool.h>

typedef enum shmb_part {
    SHMB_PART_LOCK,       /* section: the lock's words */
    SHMB_PART_LOCK_GATE,  /* mutex: who waits for the lock, in turn */
    SHMB_PART_LOCK_WAKE,  /* event: the lock may be free */
    SHMB_PART_WAITERS,    /* section: whether a reader waits */
    SHMB_PART_WAKE_EVEN,  /* event: what has an even epoch was published */
    SHMB_PART_WAKE_ODD,   /* event: an odd one */
    SHMB_PART_SIGNAL,     /* section: the sequence and the epoch */
    SHMB_PART_ROOM_GATE,  /* mutex: senders that wait for room, in turn */
    SHMB_PART_ROOM_WAKE,  /* event: there may be room */
    SHMB_PART_READY_GATE, /* mutex: receivers that wait for a message, in turn */
    SHMB_PART_READY_WAKE, /* event: there may be a message */
    SHMB_PART_COUNT
} shmb_part;

typedef enum shmb_part_object {
    SHMB_PART_SECTION, /* SHMB_PART_BYTES, zero at first */
    SHMB_PART_MUTEX,
    SHMB_PART_EVENT, /* auto-reset: setting it wakes one */
    SHMB_PART_BELL   /* an event, manual-reset: setting it wakes all */
} shmb_part_object;

#define SHMB_PART_BYTES      4096u                       /* of a part that is a section */
#define SHMB_PART_NAME_BYTES (SHMB_TEXT_MAX_BYTES + 40u) /* of a part's name, with its NUL */

/* A set of parts: bit 1 << part. */
typedef uint32_t shmb_part_set;

/* The parts of a region of this kind with these SHMB_FLAG_…. */
shmb_part_set shmb_parts_of(uint32_t kind, uint32_t flags);

/* What a part is called behind the region's name, such as "lock-gate", and what object it is. */
const char *shmb_part_word(shmb_part part);
shmb_part_object shmb_part_object_of(shmb_part part);

/* The name of a part's object: of region `Global\Telemetry` `Global\ShmBroker.Region.Telemetry.lock`. False, and `name`
   empty, when `object_name` has no backslash or is too long. */
bool shmb_part_name(const char *object_name, shmb_part part, char name[SHMB_PART_NAME_BYTES]);

#endif
