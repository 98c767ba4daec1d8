/* Waiting in turn; park.h is the contract. */
#include "park.h"

#define LOOKS_BETWEEN_CLOCKS 16u
#define LOOKS_FROM_OUTSIDE   16u
#define A_MILLISECOND        UINT64_C(1000000)

/* Looks until it is done or has to sleep. A word that others keep changing may not keep it from its deadline. */
static park_answer look_about(park_look *look, void *context, park_view *view, sync_deadline deadline)
{
    for (uint32_t i = 1;; i++) {
        park_answer answer = look(context, view);
        if (answer != PARK_LOOK)
            return answer;
        view->over = SYNC_NOBODY;
        view->vain++;
        if (i % LOOKS_BETWEEN_CLOCKS == 0 && sync_deadline_passed(deadline))
            return PARK_LOOK;
    }
}

/* PARK_LOOK: time is up. */
static park_answer look_inside(sync_lives *lives, park_look *look, void *context, park_view *view,
                               sync_deadline deadline)
{
    sync_life told = view->over;
    view->watch = SYNC_NOBODY;
    view->until = SYNC_NEVER;
    park_answer answer = look_about(look, context, view, deadline);
    if (told != SYNC_NOBODY && answer != PARK_STAY)
        sync_life_bury(lives, told);
    return answer;
}

/* Whether the caller stays inside is in *answer. */
static sync_result front(sync_place *place, sync_lives *lives, park_look *look, void *context,
                         sync_deadline deadline, park_answer *answer)
{
    park_view view = {.over = SYNC_NOBODY};
    bool last = false;
    for (;;) {
        *answer = look_inside(lives, look, context, &view, deadline);
        if (*answer == PARK_DONE || *answer == PARK_STAY)
            return SYNC_OK;
        if (last || *answer == PARK_LOOK)
            return SYNC_TIMED_OUT;
        sync_deadline until = view.until < deadline ? view.until : deadline;
        sync_result result = sync_place_wait(place, lives, view.watch, until);
        if (result == SYNC_FAILED)
            return result;
        /* What came with the last moment is not thrown away: one more look. */
        last = (result == SYNC_TIMED_OUT && until == deadline) || sync_deadline_passed(deadline);
        view.over = result == SYNC_OVER ? view.watch : SYNC_NOBODY;
        view.sleeps++;
        view.vain++;
    }
}

/* A look past a front that may stand still. What it would wait for may be over, which the front would have been told. */
static bool look_from_outside(sync_lives *lives, park_look *look, void *context)
{
    park_view view = {.outside = true, .over = SYNC_NOBODY};
    for (uint32_t i = 0; i < LOOKS_FROM_OUTSIDE; i++) {
        view.watch = SYNC_NOBODY;
        park_answer answer = look(context, &view);
        if (answer == PARK_DONE)
            return true;
        if (answer == PARK_SLEEP &&
            (view.watch == SYNC_NOBODY || view.watch == view.over || !sync_life_is_over(lives, view.watch)))
            return false;
        view.over = answer == PARK_SLEEP ? view.watch : SYNC_NOBODY;
    }
    return false;
}

static sync_deadline end_of_slice(uint32_t milliseconds, sync_deadline deadline)
{
    if (deadline == SYNC_AT_ONCE)
        return deadline;
    sync_deadline end = sync_now() + milliseconds * A_MILLISECOND;
    return end < deadline ? end : deadline;
}

sync_result park(sync_place *place, sync_lives *lives, park_look *look, void *context, sync_deadline deadline)
{
    park_answer answer = PARK_SLEEP;
    sync_result result;
    for (uint32_t slice = PARK_SLICE_LEAST_MS;;) {
        sync_deadline until = end_of_slice(slice, deadline);
        result = sync_gate_enter(place, until);
        if (result == SYNC_OK)
            break;
        if (result != SYNC_TIMED_OUT || until == deadline)
            return result;
        if (look_from_outside(lives, look, context))
            return SYNC_OK;
        slice = slice < PARK_SLICE_MOST_MS ? 2 * slice : slice;
    }
    result = front(place, lives, look, context, deadline, &answer);
    if (answer != PARK_STAY)
        sync_gate_leave(place);
    return result;
}
