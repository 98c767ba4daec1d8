/* A state of an attached region; shmb_state.h is the contract, kinds/state.c and state_use.c do it. */
#include "corruption_report.h"
#include "region_sync_win32.h"
#include "state_use.h"
#include "text_win32.h"

#include <windows.h>

#include <stdlib.h>

typedef struct attached_state {
    state_use use;
    sync_bell bell;
} attached_state;

static void *make(shmb_region *region)
{
    attached_state *made = calloc(1, sizeof *made);
    uint8_t *waiters = region->parts[SHMB_PART_WAITERS].word;
    if (made == NULL || waiters == NULL || !shmb_region_bell(region, &made->bell)) {
        free(made);
        return NULL;
    }
    state_init(&made->use.region, region->data, &region->geometry);
    broadcast_init(&made->use.news, (volatile uint32_t *)(void *)waiters,
                   (volatile uint32_t *)(void *)(region->data + SHMB_EPOCH_OFFSET), &made->bell);
    return made;
}

static shmb_status make_ready(shmb_region *region, attached_state **state)
{
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    *state = shmb_region_use(region, SHMB_USE_KIND, make, free);
    return *state != NULL ? SHMB_OK : shmb_status_of_error(GetLastError());
}

/* NULL, and why. Fast when it is not the first time. */
static shmb_status find(shmb_region *region, attached_state **state)
{
    *state = NULL;
    if (region == NULL)
        return SHMB_INVALID_ARGUMENT;
    if (region->geometry.kind != SHMB_KIND_STATE)
        return SHMB_WRONG_KIND;
    *state = region->uses[SHMB_USE_KIND].state;
    shmb_fence_acquire();
    return *state != NULL ? SHMB_OK : make_ready(region, state);
}

/* What writing needs besides. Two threads that come first at once find the same. */
static shmb_status find_turn(shmb_region *region, state_use *use)
{
    if (!region->writes)
        return SHMB_ACCESS_DENIED;
    if (use->turn != NULL)
        return SHMB_OK;
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    use->turn = shmb_region_lock(region);
    return use->turn != NULL ? SHMB_OK : shmb_status_of_error(GetLastError());
}

static shmb_status told(shmb_status status)
{
    return status == SHMB_SYSTEM_ERROR ? shmb_status_of_error(GetLastError()) : status;
}

shmb_status shmb_state_write(shmb_region *region, const void *value, uint64_t size)
{
    attached_state *state;
    uint64_t version;
    shmb_status status = value == NULL && size > 0 ? SHMB_INVALID_ARGUMENT : find(region, &state);
    if (status == SHMB_OK)
        status = find_turn(region, &state->use);
    return status == SHMB_OK ? told(state_use_write(&state->use, value, size, &version)) : status;
}

shmb_status shmb_state_read(shmb_region *region, void *buffer, uint64_t capacity, uint64_t *size,
                            uint64_t *version)
{
    attached_state *state;
    uint64_t read_size = 0, read_version = 0;
    corruption what;
    shmb_status status = buffer == NULL && capacity > 0 ? SHMB_INVALID_ARGUMENT : find(region, &state);
    if (status == SHMB_OK) {
        status = state_read(&state->use.region, buffer, capacity, &read_size, &read_version, &what);
        if (status == SHMB_CORRUPT)
            shmb_keep_corruption(region, &what);
    }
    if (size != NULL)
        *size = read_size;
    if (version != NULL)
        *version = read_version;
    return status;
}

shmb_status shmb_state_wait(shmb_region *region, uint64_t version, uint32_t timeout_ms)
{
    attached_state *state;
    shmb_status status = find(region, &state);
    return status == SHMB_OK ? told(state_use_wait(&state->use, version, timeout_ms)) : status;
}
