/*
 * park.h: waiting, without losing a wake-up and in turn, for something that another thread of any process will do. Locks
 * and queues wait with this; what they wait for is their own function.
 *
 * A thread enters the place's gate, first come, first served. The one inside, the front, looks: its function either
 * gets what it wants, or marks in the shared word that somebody waits, in the same atomic operation that finds the thing
 * missing. Then it sleeps until it is woken, or whom it waits for is over, and looks anew. Who makes the thing available
 * changes the same word, sees the mark, and wakes the place.
 *
 * A front that is killed leaves the gate to the next, who looks before it sleeps; so a wake-up that died with somebody is
 * not missed. Wake-ups that nobody needed cost one look.
 *
 * A front that stands still, suspended or stopped in a debugger, keeps the gate. So who has queued for it in vain for
 * PARK_SLICE_LEAST_MS looks from outside, and queues again: for twice as long, and so on up to PARK_SLICE_MOST_MS. That is the
 * most that a front which stands still costs the others each time, and as long as the gate takes less to come to a waiter, they
 * go in first come, first served.
 */
#ifndef SHMB_SYNC_PARK_H
#define SHMB_SYNC_PARK_H

#include "wait.h"

#define PARK_SLICE_LEAST_MS 250u
#define PARK_SLICE_MOST_MS  2000u

typedef enum park_answer {
    PARK_DONE,  /* the caller has what it came for, or has found that it cannot: its own business */
    PARK_STAY,  /* likewise, and from now on it is the caller that leaves the gate, and buries view->over */
    PARK_SLEEP, /* the mark is set: sleep, watching `watch` */
    PARK_LOOK   /* the word changed meanwhile: look again at once, unless time is up */
} park_answer;

typedef struct park_view {
    bool
        outside; /* of the gate: the caller will not sleep at the place, so it leaves no mark, and does not stay */
    uint32_t sleeps;     /* how often the front has slept */
    uint32_t vain;       /* how often it has looked in vain, and slept or not: how often it was passed over */
    sync_life over;      /* the life that the last sleep found over, or SYNC_NOBODY */
    sync_life watch;     /* out: whose end the next sleep watches for, or SYNC_NOBODY */
    sync_deadline until; /* out: when to look again even if nobody wakes; SYNC_NEVER: not before */
} park_view;

typedef park_answer park_look(void *context, park_view *view);

/*
 * SYNC_OK when `look` answered PARK_DONE or PARK_STAY; SYNC_TIMED_OUT or SYNC_FAILED. At least one look, with the mark set
 * at the last one, unless the gate was not entered in time. Ends no later than the system wakes up a sleeper whose
 * deadline passed, whatever others write or how often they wake it. With SYNC_AT_ONCE it looks only if the gate is free.
 */
sync_result park(sync_place *place, sync_lives *lives, park_look *look, void *context,
                 sync_deadline deadline);

#endif
