/*
 * Waiting and waking with kernel objects; wait_win32.h says with which.
 *
 * Time, gates and bells are in this file, lives in lives_win32.c.
 */
#include "wait_win32.h"

#include "lives_win32.h"

#include <windows.h>

#define NANOSECONDS    1000000000u
#define LONGEST_WAIT   0x7FFFFFFFu /* milliseconds in one call; then we look again */
#define BLIND_WAIT     100u        /* milliseconds between two looks at a life that cannot be watched */
#define SIGNALED(n, i) ((n) == WAIT_OBJECT_0 + (i) || (n) == WAIT_ABANDONED_0 + (i))

/* ---- Time and processors ------------------------------------------------------------------------- */

sync_deadline sync_now(void)
{
    LARGE_INTEGER count, frequency;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&count);
    uint64_t ticks = (uint64_t)count.QuadPart, per_second = (uint64_t)frequency.QuadPart;
    return ticks / per_second * NANOSECONDS + ticks % per_second * NANOSECONDS / per_second;
}

sync_deadline sync_deadline_in(uint32_t milliseconds)
{
    if (milliseconds == 0)
        return SYNC_AT_ONCE;
    return milliseconds == UINT32_MAX ? SYNC_NEVER : sync_now() + milliseconds * UINT64_C(1000000);
}

bool sync_deadline_passed(sync_deadline deadline)
{
    if (deadline == SYNC_AT_ONCE || deadline == SYNC_NEVER)
        return deadline == SYNC_AT_ONCE;
    return sync_now() >= deadline;
}

uint32_t sync_processors(void)
{
    return GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
}

/* For a wait function, rounded up. */
static DWORD milliseconds_until(sync_deadline deadline)
{
    if (deadline == SYNC_NEVER)
        return INFINITE;
    uint64_t now = deadline == SYNC_AT_ONCE ? 0 : sync_now();
    uint64_t left = deadline > now ? (deadline - now + 999999) / 1000000 : 0;
    return left < LONGEST_WAIT ? (DWORD)left : LONGEST_WAIT;
}

void sync_rest(sync_deadline until)
{
    Sleep(milliseconds_until(until));
}

/* What a wait that its time ended means. Clocks differ a little, so it may be too early. */
static sync_result ended_by_time(sync_deadline deadline)
{
    return sync_deadline_passed(deadline) ? SYNC_TIMED_OUT : SYNC_WOKEN;
}

/* ---- Places -------------------------------------------------------------------------------------- */

sync_result sync_gate_enter(sync_place *place, sync_deadline deadline)
{
    for (;;) {
        DWORD ended = WaitForSingleObject(place->gate, milliseconds_until(deadline));
        if (SIGNALED(ended, 0))
            return SYNC_OK; /* WAIT_ABANDONED: who was inside has died, and left nothing half done here */
        if (ended != WAIT_TIMEOUT)
            return SYNC_FAILED;
        if (sync_deadline_passed(deadline))
            return SYNC_TIMED_OUT;
    }
}

void sync_gate_leave(sync_place *place)
{
    ReleaseMutex(place->gate);
}

void sync_place_wake(sync_place *place)
{
    SetEvent(place->wake);
}

/* With the life first: when both are signalled, its end is what is told. */
static sync_result wait_for_both(const sync_place *place, const life_watch *watch, sync_deadline deadline)
{
    HANDLE both[2] = {watch->mutex, place->wake};
    DWORD ended = WaitForMultipleObjects(2, both, FALSE, milliseconds_until(deadline));
    if (SIGNALED(ended, 0))
        return SYNC_OVER;
    if (ended == WAIT_OBJECT_0 + 1)
        return SYNC_WOKEN;
    return ended == WAIT_TIMEOUT ? ended_by_time(deadline) : SYNC_FAILED;
}

static sync_result wait_for_wake(const sync_place *place, DWORD longest, sync_deadline deadline)
{
    DWORD left = milliseconds_until(deadline);
    DWORD ended = WaitForSingleObject(place->wake, left < longest ? left : longest);
    if (ended == WAIT_OBJECT_0)
        return SYNC_WOKEN;
    return ended == WAIT_TIMEOUT ? ended_by_time(deadline) : SYNC_FAILED;
}

sync_result sync_place_wait(sync_place *place, sync_lives *lives, sync_life watched, sync_deadline deadline)
{
    life_watch watch;
    if (watched == SYNC_NOBODY)
        return wait_for_wake(place, INFINITE, deadline);
    switch (life_watch_begin(lives, watched, &watch)) {
    case LIFE_IS_OVER:
        return SYNC_OVER;
    case LIFE_UNKNOWN:
        return wait_for_wake(place, BLIND_WAIT, deadline);
    default: {
        sync_result result = wait_for_both(place, &watch, deadline);
        DWORD error = GetLastError();
        life_watch_end(lives, &watch);
        SetLastError(error);
        return result;
    }
    }
}

/* ---- Bells --------------------------------------------------------------------------------------- */

void sync_bell_ring(sync_bell *bell, uint32_t epoch)
{
    ResetEvent(bell->wake[(epoch + 1) % 2]);
    SetEvent(bell->wake[epoch % 2]);
}

sync_result sync_bell_wait(sync_bell *bell, uint32_t epoch, sync_deadline deadline)
{
    DWORD ended = WaitForSingleObject(bell->wake[epoch % 2], milliseconds_until(deadline));
    if (ended == WAIT_OBJECT_0)
        return SYNC_WOKEN;
    return ended == WAIT_TIMEOUT ? ended_by_time(deadline) : SYNC_FAILED;
}
