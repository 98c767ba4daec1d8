#include "wait_alone.h"

#include <stdlib.h>

#define WAKES_FOR_NOTHING 3u
#define A_LOOK_NS         UINT64_C(1000)

struct sync_place {
    int unused;
};

struct sync_bell {
    int unused;
};

struct sync_lives {
    int unused;
};

static sync_place only_place;
static sync_bell only_bell;
static sync_lives only_lives;
static uint64_t now;
static unsigned wakes;

void wait_alone_reset(void)
{
    now = 1000000;
    wakes = 0;
}

sync_place *wait_alone_place(void)
{
    return &only_place;
}

sync_bell *wait_alone_bell(void)
{
    return &only_bell;
}

sync_lives *wait_alone_lives(void)
{
    return &only_lives;
}

sync_deadline sync_now(void)
{
    return now += A_LOOK_NS;
}

sync_deadline sync_deadline_in(uint32_t milliseconds)
{
    return milliseconds == 0 ? SYNC_AT_ONCE : sync_now() + milliseconds * UINT64_C(1000000);
}

bool sync_deadline_passed(sync_deadline deadline)
{
    return deadline == SYNC_AT_ONCE || sync_now() >= deadline;
}

sync_life sync_life_mine(sync_lives *lives)
{
    (void)lives;
    return WAIT_ALONE_MINE;
}

bool sync_life_is_over(sync_lives *lives, sync_life life)
{
    (void)lives;
    return life != WAIT_ALONE_MINE && life != WAIT_ALONE_OTHER;
}

void sync_life_bury(sync_lives *lives, sync_life life)
{
    (void)lives;
    (void)life;
}

void sync_rest(sync_deadline until)
{
    now = until > now ? until : now;
}

static sync_result wait_until(sync_deadline deadline)
{
    if (deadline == SYNC_NEVER)
        abort(); /* nobody would ever wake */
    if (++wakes % (WAKES_FOR_NOTHING + 1) != 0)
        return SYNC_WOKEN;
    now = deadline > now ? deadline : now;
    return SYNC_TIMED_OUT;
}

sync_result sync_gate_enter(sync_place *place, sync_deadline deadline)
{
    (void)place;
    (void)deadline;
    return SYNC_OK;
}

void sync_gate_leave(sync_place *place)
{
    (void)place;
}

void sync_place_wake(sync_place *place)
{
    (void)place;
}

sync_result sync_place_wait(sync_place *place, sync_lives *lives, sync_life watched, sync_deadline deadline)
{
    (void)place;
    if (watched != SYNC_NOBODY && sync_life_is_over(lives, watched))
        return SYNC_OVER;
    return wait_until(deadline);
}

void sync_bell_ring(sync_bell *bell, uint32_t epoch)
{
    (void)bell;
    (void)epoch;
}

sync_result sync_bell_wait(sync_bell *bell, uint32_t epoch, sync_deadline deadline)
{
    (void)bell;
    (void)epoch;
    return wait_until(deadline);
}

uint32_t sync_processors(void)
{
    return 1;
}
