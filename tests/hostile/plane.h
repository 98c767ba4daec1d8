/*
 * plane.h: one of each that the data plane has (a lock, a small and a large state, a queue, a stream, a signal), in memory
 * that a hostile program may write to; operations on them; and what a hostile program writes.
 *
 * Each operation is asked what anybody may ask of it whatever the bytes say: that it returns one of its statuses, that what
 * it hands out lies in the region and is no larger than declared, and that it fills no more of a buffer than it says.
 * AddressSanitizer watches the rest: each part is an allocation of exactly its size. What is not so ends the program.
 */
#ifndef SHMBROKER_PLANE_H
#define SHMBROKER_PLANE_H

#include "kinds/queue.h"
#include "kinds/state.h"
#include "kinds/stream.h"
#include "scribble.h"
#include "sync/broadcast.h"
#include "sync/lock.h"

typedef enum plane_part {
    PLANE_LOCK,
    PLANE_SMALL,
    PLANE_STATE,
    PLANE_QUEUE,
    PLANE_STREAM,
    PLANE_SIGNAL,
    PLANE_PARTS
} plane_part;

typedef enum plane_operation {
    PLANE_LOCK_USE,
    PLANE_LOCK_REPAIR, /* and declare the data whole */
    PLANE_LOCK_STEAL,  /* give back what one may not have */
    PLANE_SMALL_WRITE,
    PLANE_SMALL_READ,
    PLANE_STATE_WRITE,
    PLANE_STATE_READ,
    PLANE_QUEUE_SEND,
    PLANE_QUEUE_RECEIVE,
    PLANE_QUEUE_CLAIM,
    PLANE_QUEUE_TAKE,
    PLANE_QUEUE_SEND_MANY,
    PLANE_QUEUE_RECEIVE_MANY,
    PLANE_STREAM_WRITE,
    PLANE_STREAM_READ,
    PLANE_STREAM_WAIT,
    PLANE_SIGNAL_NOTIFY,
    PLANE_SIGNAL_WAIT,
    PLANE_OPERATIONS
} plane_operation;

typedef struct plane {
    struct {
        uint8_t *bytes;
        size_t size;
    } parts[PLANE_PARTS];
    sync_place *lock_place, *room, *ready;
    sync_bell *bell;
} plane;

/* The places and the bell are set by the caller, and his. */
void plane_make(plane *made);
void plane_free(plane *made);

/* As the broker makes it. */
void plane_format(plane *made, plane_part part);

/* One program's attachments, used by one thread. */
typedef struct plane_user {
    plane *of;
    sync_lock lock;
    state_region small, state;
    queue_view queue;
    stream_region stream;
    uint64_t stream_position;
    broadcast news;
    uint8_t *buffer; /* an allocation of its own, of the size that an operation asks for */
    uint64_t operations[PLANE_OPERATIONS];
    uint64_t statuses[32];
} plane_user;

/* `lives` are the caller's. Counts are kept over attachments; zero the user first. */
void plane_attach(plane_user *user, plane *of, sync_lives *lives);
void plane_detach(plane_user *user);

plane_part plane_part_of(plane_operation operation);

/* `argument` chooses sizes and ways; waits take at most `timeout_ms`. */
shmb_status plane_operate(plane_user *user, plane_operation operation, uint32_t argument,
                          uint32_t timeout_ms);

/* The part, to be scribbled at. */
scribble_target plane_target(const plane *of, plane_part part);

#endif
