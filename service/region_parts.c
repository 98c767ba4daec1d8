/* The objects beside a region. See region_parts.h. */
#include "region_parts.h"

#include <stdlib.h>
#include <string.h>

access_object region_part_access(shmb_part part)
{
    switch (part) {
    case SHMB_PART_LOCK:
        return ACCESS_LOCK;
    case SHMB_PART_LOCK_GATE:
    case SHMB_PART_ROOM_GATE:
    case SHMB_PART_READY_GATE:
        return ACCESS_MUTEX;
    case SHMB_PART_LOCK_WAKE:
    case SHMB_PART_ROOM_WAKE:
    case SHMB_PART_READY_WAKE:
        return ACCESS_WAKE;
    case SHMB_PART_WAITERS:
        return ACCESS_WAITERS;
    case SHMB_PART_WAKE_EVEN:
    case SHMB_PART_WAKE_ODD:
        return ACCESS_EVENT;
    default:
        return ACCESS_SECTION; /* the signal: as the region's own */
    }
}

shmb_part_set region_parts(const declared_region *declared)
{
    return shmb_parts_of(declared->geometry.kind, declared->part_flags);
}

/* What the platform is asked for. False: there is no such name. */
static bool request_for(const declared_region *declared, shmb_part part, char name[SHMB_PART_NAME_BYTES],
                        platform_part_request *request, platform_failure *failure)
{
    access_object access = region_part_access(part);
    *request = (platform_part_request){.object_name = name,
                                       .boundary = declared->boundary,
                                       .sddl = access == ACCESS_SECTION ? declared->section_sddl
                                                                        : declared->part_sddl[access],
                                       .object = shmb_part_object_of(part)};
    if (shmb_part_name(declared->object_name, part, name))
        return true;
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text,
             "the name %.800s is too long for the objects beside the region; give it a shorter one",
             declared->object_name);
    return false;
}

bool region_parts_create(const declared_region *declared, bool goes_on, region_objects *objects,
                         bool *superseded, platform_failure *failure)
{
    const size_t before = objects->count;
    shmb_part_set set = region_parts(declared);
    *superseded = false;
    for (unsigned part = 0; set >> part != 0; part++) {
        char name[SHMB_PART_NAME_BYTES];
        platform_part_request request;
        if ((set >> part & 1) == 0)
            continue;
        bool ok = request_for(declared, (shmb_part)part, name, &request, failure);
        request.goes_on = goes_on;
        if (!ok || !platform_part_create(&request, &objects->items[objects->count], superseded, failure)) {
            while (objects->count > before)
                platform_section_close(objects->items[--objects->count]);
            return false;
        }
        objects->count++;
    }
    return true;
}

bool region_parts_secure(const declared_region *declared, platform_failure *failure)
{
    shmb_part_set set = region_parts(declared);
    for (unsigned part = 0; set >> part != 0; part++) {
        char name[SHMB_PART_NAME_BYTES];
        platform_part_request request;
        if ((set >> part & 1) != 0 && (!request_for(declared, (shmb_part)part, name, &request, failure) ||
                                       !platform_part_secure(&request, failure)))
            return false;
    }
    return true;
}

/* ---- All of them ------------------------------------------------------------------------------- */

bool object_pool_reserve(object_pool *pool, size_t capacity)
{
    if (capacity <= pool->capacity)
        return true;
    platform_section **items = realloc(pool->items, capacity * sizeof *items);
    if (items)
        pool->items = items;
    platform_kept *kept = realloc(pool->kept, capacity * sizeof *kept);
    if (kept)
        pool->kept = kept;
    if (!items || !kept)
        return false;
    pool->capacity = capacity;
    return true;
}

bool object_pool_add(object_pool *pool, const region_objects *objects, object_run *run)
{
    size_t needed = pool->count + objects->count;
    *run = (object_run){pool->count, objects->count};
    if (needed > pool->capacity && !object_pool_reserve(pool, needed + pool->capacity / 2))
        return false;
    for (size_t i = 0; i < objects->count; i++) {
        pool->items[pool->count] = objects->items[i];
        pool->kept[pool->count++] = 0;
    }
    return true;
}

void object_pool_close(object_pool *pool, const object_run *run)
{
    for (size_t i = run->count; i > 0; i--) {
        platform_section_close(pool->items[run->first + i - 1]);
        pool->items[run->first + i - 1] = NULL;
    }
}

void object_pool_compact(object_pool *pool, object_run *runs, size_t count)
{
    size_t to = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t object = 0; object < runs[i].count; object++) {
            pool->items[to + object] = pool->items[runs[i].first + object];
            pool->kept[to + object] = pool->kept[runs[i].first + object];
        }
        runs[i].first = to;
        to += runs[i].count;
    }
    pool->count = to;
}

void object_pool_free(object_pool *pool)
{
    free(pool->items);
    free(pool->kept);
    memset(pool, 0, sizeof *pool);
}
