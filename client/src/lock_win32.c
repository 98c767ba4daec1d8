/* The lock of a raw region; shmb_lock.h is the contract, sync/lock.c does it. */
#include "region_sync_win32.h"
#include "shmb.h"
#include "text_win32.h"

#include <windows.h>

static shmb_status make_ready(shmb_region *region, sync_lock **lock)
{
    if ((region->flags & SHMB_FLAG_LOCK) == 0)
        return SHMB_WRONG_KIND;
    if (region->parts[SHMB_PART_LOCK].word == NULL)
        return SHMB_ACCESS_DENIED;
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    *lock = shmb_region_lock(region);
    return *lock != NULL ? SHMB_OK : shmb_status_of_error(GetLastError());
}

/* NULL, and why. Fast when it is not the first time. */
static shmb_status find_lock(shmb_region *region, sync_lock **lock)
{
    *lock = NULL;
    if (region == NULL)
        return SHMB_INVALID_ARGUMENT;
    if (region->geometry.kind != SHMB_KIND_RAW)
        return SHMB_WRONG_KIND;
    *lock = shmb_region_lock_ready(region);
    return *lock != NULL ? SHMB_OK : make_ready(region, lock);
}

shmb_status shmb_lock(shmb_region *region, uint32_t timeout_ms)
{
    sync_lock *lock;
    shmb_status status = find_lock(region, &lock);
    if (status == SHMB_OK)
        status = sync_lock_take(lock, timeout_ms);
    return status == SHMB_SYSTEM_ERROR ? shmb_status_of_error(GetLastError()) : status;
}

shmb_status shmb_unlock(shmb_region *region)
{
    sync_lock *lock;
    shmb_status status = find_lock(region, &lock);
    return status == SHMB_OK ? sync_lock_release(lock) : status;
}

shmb_status shmb_lock_consistent(shmb_region *region)
{
    sync_lock *lock;
    shmb_status status = find_lock(region, &lock);
    return status == SHMB_OK ? sync_lock_consistent(lock) : status;
}
