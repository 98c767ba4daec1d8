/* Waiting in turn; park.h is the contract. */
#include "park.h"

#define LOOKS_BETWEEN_CLOCKS 16u

/* Looks until it is done or has to sleep. A word that others keep changing may not keep it from its deadline. */
static sync_result look_about(park_look *look, void *context, park_view *view, sync_deadline deadline)
{
    for (uint32_t i = 1;; i++) {
        park_answer answer = look(context, view);
        if (answer == PARK_DONE)
            return SYNC_OK;
        if (answer == PARK_SLEEP)
            return SYNC_WOKEN;
        view->over = SYNC_NOBODY;
        if (i % LOOKS_BETWEEN_CLOCKS == 0 && sync_deadline_passed(deadline))
            return SYNC_TIMED_OUT;
    }
}

static sync_result front(sync_place *place, sync_lives *lives, park_look *look, void *context,
                         sync_deadline deadline)
{
    park_view view = {0, SYNC_NOBODY, SYNC_NOBODY, SYNC_NEVER};
    bool last = false;
    for (;;) {
        view.watch = SYNC_NOBODY;
        view.until = SYNC_NEVER;
        sync_result result = look_about(look, context, &view, deadline);
        if (result != SYNC_WOKEN)
            return result;
        if (last)
            return SYNC_TIMED_OUT;
        sync_deadline until = view.until < deadline ? view.until : deadline;
        result = sync_place_wait(place, lives, view.watch, until);
        if (result == SYNC_FAILED)
            return result;
        /* What came with the last moment is not thrown away: one more look. */
        last = (result == SYNC_TIMED_OUT && until == deadline) || sync_deadline_passed(deadline);
        view.over = result == SYNC_OVER ? view.watch : SYNC_NOBODY;
        view.sleeps++;
    }
}

sync_result park(sync_place *place, sync_lives *lives, park_look *look, void *context, sync_deadline deadline)
{
    sync_result result = sync_gate_enter(place, deadline);
    if (result != SYNC_OK)
        return result;
    result = front(place, lives, look, context, deadline);
    sync_gate_leave(place);
    return result;
}
