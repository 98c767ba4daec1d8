/* The signal of a raw region; shmb_notify.h is the contract, sync/broadcast.c does it. */
#include "region_sync_win32.h"
#include "sync/broadcast.h"
#include "text_win32.h"

#include <windows.h>

#include <stdlib.h>

typedef struct attached_signal {
    broadcast news;
    sync_bell bell;
    shmb_signal_words *words; /* read-only for who attached for reading */
} attached_signal;

static void *make(shmb_region *region)
{
    attached_signal *made = calloc(1, sizeof *made);
    uint8_t *waiters = region->parts[SHMB_PART_WAITERS].word;
    if (made == NULL || waiters == NULL || !shmb_region_bell(region, &made->bell)) {
        free(made);
        return NULL;
    }
    made->words = (shmb_signal_words *)(void *)region->parts[SHMB_PART_SIGNAL].word;
    broadcast_init(&made->news, (volatile uint32_t *)(void *)waiters, &made->words->epoch, &made->bell);
    return made;
}

/* NULL, and why. Fast when it is not the first time. */
static shmb_status find(shmb_region *region, attached_signal **signal)
{
    *signal = NULL;
    if (region == NULL)
        return SHMB_INVALID_ARGUMENT;
    if (region->parts[SHMB_PART_SIGNAL].word == NULL)
        return SHMB_WRONG_KIND;
    *signal = region->uses[SHMB_USE_SIGNAL].state;
    shmb_fence_acquire();
    if (*signal != NULL)
        return SHMB_OK;
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    *signal = shmb_region_use(region, SHMB_USE_SIGNAL, make, free);
    return *signal != NULL ? SHMB_OK : shmb_status_of_error(GetLastError());
}

shmb_status shmb_notify(shmb_region *region)
{
    attached_signal *signal;
    shmb_status status = find(region, &signal);
    if (status != SHMB_OK)
        return status;
    if (!region->writes)
        return SHMB_ACCESS_DENIED;
    shmb_fetch_add_u64(&signal->words->sequence, 1);
    broadcast_ring(&signal->news);
    return SHMB_OK;
}

uint64_t shmb_notified(const shmb_region *region)
{
    if (region == NULL || region->parts[SHMB_PART_SIGNAL].word == NULL)
        return 0;
    const shmb_signal_words *words = (const void *)region->parts[SHMB_PART_SIGNAL].word;
    return shmb_load_acquire_u64(&words->sequence);
}

shmb_status shmb_wait(shmb_region *region, uint64_t seen, uint32_t timeout_ms)
{
    attached_signal *signal;
    shmb_status status = find(region, &signal);
    if (status != SHMB_OK)
        return status;
    if (shmb_load_acquire_u64(&signal->words->sequence) != seen)
        return SHMB_OK;
    switch (broadcast_wait(&signal->news, &signal->words->sequence, seen, sync_deadline_in(timeout_ms))) {
    case SYNC_OK:
        return SHMB_OK;
    case SYNC_FAILED:
        return shmb_status_of_error(GetLastError());
    default:
        return SHMB_TIMED_OUT;
    }
}
