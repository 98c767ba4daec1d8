/* The parts of an attached region as sync/ wants them; see region_sync_win32.h. */
#include "region_sync_win32.h"

#include <windows.h>

#include <stdlib.h>

/* Begins with what shmb_region_lock gives. */
typedef struct lock_use {
    sync_lock lock;
    sync_place place;
} lock_use;

static void end_lives(void *state)
{
    sync_lives_free(state);
}

/* Who may enter one of an attachment's gates may enter them all. */
static void *make_lives(shmb_region *region)
{
    void *gate = region->parts[SHMB_PART_LOCK_GATE].handle;
    if (gate == NULL)
        gate = region->parts[SHMB_PART_READY_GATE].handle;
    return gate != NULL ? sync_lives_new(gate) : NULL;
}

sync_lives *shmb_region_lives(shmb_region *region)
{
    return shmb_region_use(region, SHMB_USE_LIVES, make_lives, end_lives);
}

bool shmb_region_place(const shmb_region *region, shmb_part gate, shmb_part wake, sync_place *place)
{
    *place = (sync_place){region->parts[gate].handle, region->parts[wake].handle};
    return place->gate != NULL && place->wake != NULL;
}

bool shmb_region_bell(const shmb_region *region, sync_bell *bell)
{
    *bell =
        (sync_bell){{region->parts[SHMB_PART_WAKE_EVEN].handle, region->parts[SHMB_PART_WAKE_ODD].handle}};
    return bell->wake[0] != NULL && bell->wake[1] != NULL;
}

static void end_lock(void *state)
{
    lock_use *use = state;
    sync_life holder = sync_lock_holder(&use->lock);
    if (holder != SYNC_NOBODY && sync_lives_made(use->lock.lives, holder))
        sync_lock_abandon(&use->lock, holder);
    free(use);
}

static void *make_lock(shmb_region *region)
{
    sync_lives *lives = shmb_region_lives(region);
    uint8_t *words = region->parts[SHMB_PART_LOCK].word;
    lock_use *use = lives != NULL && words != NULL ? malloc(sizeof *use) : NULL;
    if (use == NULL)
        return NULL;
    if (!shmb_region_place(region, SHMB_PART_LOCK_GATE, SHMB_PART_LOCK_WAKE, &use->place)) {
        free(use);
        return NULL;
    }
    sync_lock_init(&use->lock, (shmb_lock_words *)(void *)words, &use->place, lives);
    return use;
}

sync_lock *shmb_region_lock(shmb_region *region)
{
    return shmb_region_use(region, SHMB_USE_LOCK, make_lock, end_lock);
}
