/*
 * stream_use.h: a stream as an attachment uses it: one producer, readers who wait for what is new. Plain C11 over stream.h
 * and sync/.
 *
 * The producer is a thread, from its first message until it resigns, ends, or detaches. All that time it holds the lock
 * beside the region, so that a second one is told, and one that died is replaced.
 */
#ifndef SHMB_STREAM_USE_H
#define SHMB_STREAM_USE_H

#include "stream.h"

#include "sync/broadcast.h"
#include "sync/lock.h"

typedef struct stream_use {
    stream_region region;
    sync_lock *turn; /* the producer's; who only reads has none */
    broadcast news;
    uint64_t next;    /* the producer's next position */
    uint64_t claimed; /* bytes that it claimed, or STREAM_NO_CLAIM */
} stream_use;

#define STREAM_NO_CLAIM UINT64_MAX

/* ---- The producer. SHMB_BUSY: it is another living thread. SHMB_SYSTEM_ERROR. SHMB_TOO_LARGE ---------------- */

shmb_status stream_use_write(stream_use *use, const void *bytes, uint64_t size);

/* *place: where to put `size` bytes. A claim that was made before is given up. */
shmb_status stream_use_claim(stream_use *use, uint64_t size, void **place);

/* Publishes the first `size` bytes of what was claimed. SHMB_NOT_OWNER: this thread has claimed nothing. */
shmb_status stream_use_commit(stream_use *use, uint64_t size);

/* SHMB_OK, or SHMB_NOT_OWNER: this thread is not the producer. */
shmb_status stream_use_resign(stream_use *use);

/* ---- Readers ------------------------------------------------------------------------------------------ */

/* As stream_read, and waits for a message that is not there yet. */
shmb_status stream_use_read(stream_use *use, uint64_t *position, void *buffer, uint64_t capacity,
                            uint64_t *size, uint64_t *missed, uint32_t timeout_ms, corruption *what);

#endif
