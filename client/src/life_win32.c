/*
 * What becomes of an attached region: it grows, it is replaced, it is retired. shmb.h is the contract.
 *
 * All of it is read from the catalog, in the mapping that the region was found in: a few loads and no kernel call. Only
 * shmb_grow asks the broker.
 */
#include "atomics.h"
#include "broker_win32.h"
#include "control_win32.h"
#include "region.h"

#include <windows.h>

#include <inttypes.h>
#include <string.h>

#define LONGEST_PAUSE 50u /* milliseconds between two looks: shmb.h promises it */

/* ---- Its size ---------------------------------------------------------------------------------- */

static catalog_result look(const shmb_region *region, catalog_life *life)
{
    return catalog_look(&region->hold->view, region->entry_offset,
                        shmb_name_hash(region->name, strlen(region->name)), life);
}

/* What the broker publishes has been memory before. A region that was replaced stays as large as it was seen last, and
   none shrinks, whichever thread sees it first. */
uint64_t shmb_region_size(const shmb_region *region)
{
    catalog_life life;
    if (region == NULL)
        return 0;
    uint64_t seen = shmb_load_relaxed_u64(&region->region_size);
    if (region->hold == NULL || region->max_size == 0 || look(region, &life) != CATALOG_OK ||
        life.generation != region->generation || life.size <= seen || life.size > region->max_size)
        return seen;
    shmb_store_relaxed_u64(&((shmb_region *)(uintptr_t)region)->region_size, life.size);
    return life.size;
}

uint64_t shmb_region_max_size(const shmb_region *region)
{
    if (region == NULL)
        return 0;
    return region->max_size != 0 ? region->max_size : region->region_size;
}

uint64_t shmb_size(const shmb_region *region)
{
    if (region == NULL)
        return 0;
    return region->max_size != 0 && region->to_the_end ? shmb_region_size(region) - region->offset
                                                       : region->size;
}

/* ---- Whether it is the one that is served ------------------------------------------------------ */

int shmb_current(const shmb_region *region)
{
    catalog_life life;
    if (region == NULL)
        return 0;
    if (region->hold == NULL)
        return 1;
    catalog_result result = look(region, &life);
    if (result == CATALOG_NOT_READY) /* it is just being written */
        return 1;
    if (result != CATALOG_OK || life.generation != region->generation)
        return 0;
    /* A broker that starts takes over what there is, one after another: it has not decided yet. */
    bool undecided = life.broker_state == SHMB_BROKER_STARTING &&
                     (life.state == SHMB_REGION_RETIRED || life.state == SHMB_REGION_PENDING);
    return life.state == SHMB_REGION_READY || undecided;
}

shmb_status shmb_wait_replaced(const shmb_region *region, uint32_t timeout_ms)
{
    const ULONGLONG start = GetTickCount64();
    DWORD pause = 1;
    if (region == NULL || region->hold == NULL)
        return SHMB_INVALID_ARGUMENT;
    while (shmb_current(region)) {
        ULONGLONG waited = GetTickCount64() - start;
        if (timeout_ms != SHMB_INFINITE && waited >= timeout_ms)
            return SHMB_TIMED_OUT;
        if (timeout_ms != SHMB_INFINITE && pause > timeout_ms - waited)
            pause = (DWORD)(timeout_ms - waited);
        Sleep(pause);
        pause = pause * 2 < LONGEST_PAUSE ? pause * 2 : LONGEST_PAUSE;
    }
    return SHMB_OK;
}

/* ---- Growing ----------------------------------------------------------------------------------- */

static shmb_status check(const shmb_region *region, uint64_t size, shmb_message *message)
{
    if (region->hold == NULL) {
        shmb_message_set(
            message, "it was attached through a handle, and only its broker can let it grow: attach by name");
        return SHMB_CANNOT_GROW;
    }
    if (region->max_size == 0) {
        shmb_message_set(message, "it is declared without max_size; add that");
        return SHMB_CANNOT_GROW;
    }
    if (size > region->max_size) {
        shmb_message_set(message,
                         "%" PRIu64 " bytes are asked for, and its max_size is %" PRIu64
                         ": ask for less, or declare more",
                         size, region->max_size);
        return SHMB_CANNOT_GROW;
    }
    if (!shmb_current(region)) {
        shmb_message_set(message, "the broker does not serve this view any more: detach, and attach again");
        return SHMB_STALE;
    }
    return SHMB_OK;
}

shmb_status shmb_grow(shmb_region *region, uint64_t size, uint32_t timeout_ms, char *message,
                      uint64_t message_size)
{
    shmb_message words = {message, message_size > SIZE_MAX ? SIZE_MAX : (size_t)message_size, 0};
    shmb_message_clear(&words);
    if (region == NULL || size == 0) {
        shmb_message_set(&words, "a region and a size in bytes are needed: one of them is missing");
        return SHMB_INVALID_ARGUMENT;
    }
    shmb_message_prefix(&words, "cannot grow \"%s\": ", region->name != NULL ? region->name : "");
    if (size <= shmb_region_size(region)) {
        shmb_message_clear(&words);
        return SHMB_OK;
    }
    shmb_status status = check(region, size, &words);
    if (status == SHMB_OK)
        status = shmb_control_grow(region->hold, region->name, size, timeout_ms, &words);
    if (shmb_region_size(region) >= size) /* though the answer may have been lost */
        status = SHMB_OK;
    if (status == SHMB_OK && shmb_region_size(region) < size) {
        shmb_message_set(&words, "it was replaced meanwhile: detach, and attach again");
        return SHMB_STALE;
    }
    if (status == SHMB_OK)
        shmb_message_clear(&words);
    return status;
}
