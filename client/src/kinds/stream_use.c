/* One producer of a stream, and readers who wait. See stream_use.h. */
#include "stream_use.h"

#include "copy.h"

/* ---- The producer -------------------------------------------------------------------------------- */

/* What one that died left is at most a message that was begun, and the next one begins there again. A program that writes over
   the lock may give it to this thread, or to another, at any instant. */
static shmb_status become_producer(stream_use *use)
{
    if (sync_lock_is_mine(use->turn))
        return SHMB_OK;
    shmb_status status = sync_lock_take(use->turn, SHMB_NO_WAIT);
    if (status == SHMB_OWNER_DIED)
        status = sync_lock_consistent(use->turn);
    if (status == SHMB_OK || status == SHMB_DEADLOCK) {
        use->next = stream_take_over(&use->region);
        use->claimed = STREAM_NO_CLAIM;
        return SHMB_OK;
    }
    return status == SHMB_TIMED_OUT || status == SHMB_NOT_OWNER ? SHMB_BUSY : status;
}

static void publish(stream_use *use, uint64_t size)
{
    use->next = stream_finish(&use->region, use->next, size);
    use->claimed = STREAM_NO_CLAIM;
    broadcast_ring(&use->news);
}

shmb_status stream_use_claim(stream_use *use, uint64_t size, void **place)
{
    *place = NULL;
    if (size > use->region.largest)
        return SHMB_TOO_LARGE;
    shmb_status status = become_producer(use);
    if (status != SHMB_OK)
        return status;
    *place = stream_begin(&use->region, use->next);
    use->claimed = size;
    return SHMB_OK;
}

shmb_status stream_use_commit(stream_use *use, uint64_t size)
{
    if (!sync_lock_is_mine(use->turn) || use->claimed == STREAM_NO_CLAIM)
        return SHMB_NOT_OWNER;
    if (size > use->claimed)
        return SHMB_TOO_LARGE;
    publish(use, size);
    return SHMB_OK;
}

shmb_status stream_use_write(stream_use *use, const void *bytes, uint64_t size)
{
    void *place;
    shmb_status status = stream_use_claim(use, size, &place);
    if (status != SHMB_OK)
        return status;
    shmb_copy_contended(place, bytes, (size_t)size);
    publish(use, size);
    return SHMB_OK;
}

shmb_status stream_use_resign(stream_use *use)
{
    if (!sync_lock_is_mine(use->turn))
        return SHMB_NOT_OWNER;
    use->claimed = STREAM_NO_CLAIM;
    return sync_lock_release(use->turn);
}

/* ---- Readers ------------------------------------------------------------------------------------- */

/* SHMB_OK: it may be there now. */
static shmb_status await(stream_use *use, uint64_t position, sync_deadline deadline, corruption *what)
{
    const uint64_t *word;
    uint64_t seen;
    shmb_status status = stream_expect(&use->region, position, &word, &seen, what);
    if (status == SHMB_OK && sync_deadline_passed(deadline))
        return SHMB_TIMED_OUT;
    if (status != SHMB_TIMED_OUT)
        return status;
    switch (broadcast_wait(&use->news, word, seen, deadline)) {
    case SYNC_OK:
        return SHMB_OK;
    case SYNC_FAILED:
        return SHMB_SYSTEM_ERROR;
    default:
        return SHMB_TIMED_OUT;
    }
}

shmb_status stream_use_read(stream_use *use, uint64_t *position, void *buffer, uint64_t capacity,
                            uint64_t *size, uint64_t *missed, uint32_t timeout_ms, corruption *what)
{
    uint64_t more;
    shmb_status status = stream_read(&use->region, position, buffer, capacity, size, missed, what);
    if (status != SHMB_TIMED_OUT || timeout_ms == SHMB_NO_WAIT)
        return status;
    sync_deadline deadline = sync_deadline_in(timeout_ms);
    do {
        status = await(use, *position, deadline, what);
        if (status != SHMB_OK)
            return status;
        status = stream_read(&use->region, position, buffer, capacity, size, &more, what);
        *missed += more;
    } while (status == SHMB_TIMED_OUT);
    return status;
}
