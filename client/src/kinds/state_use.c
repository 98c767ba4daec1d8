/* Writers of a state in turn, and readers who wait. See state_use.h. */
#include "state_use.h"

#include "atomics.h"

/* What a writer left that died in its turn is a slot that nobody reads: there is nothing to repair. Who finds that the turn is
   its own already was thrown out of an earlier write, by a value that could not be read, and caught that. Who finds that it is
   not, though it has just been given it, was robbed by a program that writes over the lock, and has no way to be sure of it. */
static shmb_status take_turn(state_use *use)
{
    shmb_status status = sync_lock_take(use->turn, STATE_PATIENCE_MS);
    if (status == SHMB_OWNER_DIED)
        (void)sync_lock_consistent(use->turn);
    return status == SHMB_DEADLOCK || status == SHMB_OWNER_DIED ? SHMB_OK : status;
}

shmb_status state_use_write(state_use *use, const void *value, uint64_t size, uint64_t *version)
{
    *version = 0;
    if (size > use->region.largest)
        return SHMB_TOO_LARGE;
    shmb_status status = take_turn(use);
    if (status != SHMB_OK)
        return status;
    *version = state_publish(&use->region, value, size);
    sync_lock_release(use->turn);
    broadcast_ring(&use->news);
    return SHMB_OK;
}

shmb_status state_use_wait(state_use *use, uint64_t version, uint32_t timeout_ms)
{
    const uint64_t *word = &use->region.words->version;
    if (shmb_load_acquire_u64(word) != version)
        return SHMB_OK;
    switch (broadcast_wait(&use->news, word, version, sync_deadline_in(timeout_ms))) {
    case SYNC_OK:
        return SHMB_OK;
    case SYNC_FAILED:
        return SHMB_SYSTEM_ERROR;
    default:
        return SHMB_TIMED_OUT;
    }
}
