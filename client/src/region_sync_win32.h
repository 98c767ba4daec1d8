/* region_sync_win32.h: what the functions of an attached region wait and wake by: its parts, as sync/ wants them. */
#ifndef SHMB_REGION_SYNC_WIN32_H
#define SHMB_REGION_SYNC_WIN32_H

#include "atomics.h"
#include "region.h"
#include "sync/lock.h"
#include "sync/wait_win32.h"

/* The lives of the attachment, made at the first call and ended with it. NULL: the attachment has no gate that somebody
   waits at, or the system refuses (GetLastError). Any thread. */
sync_lives *shmb_region_lives(shmb_region *region);

/* Where `gate` and `wake` of the region's parts are open. */
bool shmb_region_place(const shmb_region *region, shmb_part gate, shmb_part wake, sync_place *place);

/* The bells of a region with a signal. */
bool shmb_region_bell(const shmb_region *region, sync_bell *bell);

/* The lock beside the region, of a raw one or of the writers of another kind, made ready at the first call and ended with the
   attachment: what any of its threads holds then is a dead holder's. NULL: the attachment cannot use it, or the system
   refuses. Any thread. */
sync_lock *shmb_region_lock(shmb_region *region);

/* The same when it was made ready already, otherwise NULL. A load. */
static inline sync_lock *shmb_region_lock_ready(const shmb_region *region)
{
    sync_lock *lock = region->uses[SHMB_USE_LOCK].state;
    shmb_fence_acquire();
    return lock;
}

#endif
