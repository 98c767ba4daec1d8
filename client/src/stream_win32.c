/* A stream of an attached region; shmb_stream.h is the contract, kinds/stream.c and stream_use.c do it. */
#include "corruption_report.h"
#include "region_sync_win32.h"
#include "stream_use.h"
#include "text_win32.h"

#include <windows.h>

#include <stdlib.h>

typedef struct attached_stream {
    stream_use use;
    sync_bell bell;
} attached_stream;

static void *make(shmb_region *region)
{
    attached_stream *made = calloc(1, sizeof *made);
    uint8_t *waiters = region->parts[SHMB_PART_WAITERS].word;
    if (made == NULL || waiters == NULL || !shmb_region_bell(region, &made->bell)) {
        free(made);
        return NULL;
    }
    stream_init(&made->use.region, region->data, &region->geometry);
    broadcast_init(&made->use.news, (volatile uint32_t *)(void *)waiters,
                   (volatile uint32_t *)(void *)(region->data + SHMB_EPOCH_OFFSET), &made->bell);
    made->use.claimed = STREAM_NO_CLAIM;
    return made;
}

static shmb_status make_ready(shmb_region *region, attached_stream **stream)
{
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    *stream = shmb_region_use(region, SHMB_USE_KIND, make, free);
    return *stream != NULL ? SHMB_OK : shmb_status_of_error(GetLastError());
}

/* NULL, and why. Fast when it is not the first time. */
static shmb_status find(shmb_region *region, attached_stream **stream)
{
    *stream = NULL;
    if (region == NULL)
        return SHMB_INVALID_ARGUMENT;
    if (region->geometry.kind != SHMB_KIND_STREAM)
        return SHMB_WRONG_KIND;
    *stream = region->uses[SHMB_USE_KIND].state;
    shmb_fence_acquire();
    return *stream != NULL ? SHMB_OK : make_ready(region, stream);
}

/* For the producer. Two threads that come first at once find the same lock. */
static shmb_status find_turn(shmb_region *region, stream_use **use)
{
    attached_stream *stream;
    shmb_status status = find(region, &stream);
    *use = NULL;
    if (status != SHMB_OK)
        return status;
    if (!region->writes)
        return SHMB_ACCESS_DENIED;
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    if (stream->use.turn == NULL)
        stream->use.turn = shmb_region_lock(region);
    *use = &stream->use;
    return stream->use.turn != NULL ? SHMB_OK : shmb_status_of_error(GetLastError());
}

static shmb_status told(shmb_status status)
{
    return status == SHMB_SYSTEM_ERROR ? shmb_status_of_error(GetLastError()) : status;
}

/* ---- The producer -------------------------------------------------------------------------------- */

shmb_status shmb_stream_write(shmb_region *region, const void *bytes, uint64_t size)
{
    stream_use *use;
    shmb_status status = bytes == NULL && size > 0 ? SHMB_INVALID_ARGUMENT : find_turn(region, &use);
    return status == SHMB_OK ? told(stream_use_write(use, bytes, size)) : status;
}

shmb_status shmb_stream_claim(shmb_region *region, uint64_t size, void **place)
{
    stream_use *use;
    if (place == NULL)
        return SHMB_INVALID_ARGUMENT;
    *place = NULL;
    shmb_status status = find_turn(region, &use);
    return status == SHMB_OK ? told(stream_use_claim(use, size, place)) : status;
}

shmb_status shmb_stream_commit(shmb_region *region, uint64_t size)
{
    stream_use *use;
    shmb_status status = find_turn(region, &use);
    return status == SHMB_OK ? told(stream_use_commit(use, size)) : status;
}

shmb_status shmb_stream_resign(shmb_region *region)
{
    stream_use *use;
    shmb_status status = find_turn(region, &use);
    return status == SHMB_OK ? told(stream_use_resign(use)) : status;
}

/* ---- Readers ------------------------------------------------------------------------------------- */

shmb_status shmb_stream_join(shmb_region *region, uint32_t where, uint64_t *cursor)
{
    attached_stream *stream;
    if (cursor == NULL || where > SHMB_OLDEST)
        return SHMB_INVALID_ARGUMENT;
    *cursor = 0;
    shmb_status status = find(region, &stream);
    if (status == SHMB_OK)
        *cursor =
            where == SHMB_OLDEST ? stream_oldest(&stream->use.region) : stream_newest(&stream->use.region);
    return status;
}

/* Positions are even: stream.h. */
static bool is_sound(const uint64_t *cursor, const void *buffer, uint64_t capacity)
{
    return cursor != NULL && *cursor % 2 == 0 && (buffer != NULL || capacity == 0);
}

shmb_status shmb_stream_read(shmb_region *region, uint64_t *cursor, void *buffer, uint64_t capacity,
                             uint64_t *size, uint64_t *missed, uint32_t timeout_ms)
{
    attached_stream *stream;
    uint64_t read_size = 0, read_missed = 0;
    corruption what;
    shmb_status status = is_sound(cursor, buffer, capacity) ? find(region, &stream) : SHMB_INVALID_ARGUMENT;
    if (status == SHMB_OK) {
        status = told(stream_use_read(&stream->use, cursor, buffer, capacity, &read_size, &read_missed,
                                      timeout_ms, &what));
        if (status == SHMB_CORRUPT)
            shmb_keep_corruption(region, &what);
    }
    if (size != NULL)
        *size = read_size;
    if (missed != NULL)
        *missed = read_missed;
    return status;
}
