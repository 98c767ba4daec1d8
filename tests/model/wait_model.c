#include "wait_model.h"

#include "scheduler.h"

#include <stdlib.h>
#include <string.h>

#define MOST_PLACES 4
#define NOBODY      (-1)
#define THE_END     ((int)MODEL_THREADS) /* who calls from end() */

struct sync_place {
    const char *name;
    int owner; /* of the gate */
    int queue[MODEL_THREADS + 1];
    int queued;
    int sleeper;
    bool woken;     /* the sleeper was */
    bool signalled; /* the next one will be */
};

struct sync_bell {
    bool rings[2];
};

struct sync_lives {
    int unused;
};

static struct {
    sync_place places[MOST_PLACES];
    sync_bell bells[MOST_PLACES];
    int place_count, bell_count;
    unsigned calls;
    struct {
        unsigned sleeps[MODEL_THREADS + 1];
        int told[MODEL_THREADS + 1]; /* of each life's end, and has not buried it: who, from 1 */
        bool was_told[MODEL_THREADS + 1];
    } notes;
} kernel;

static sync_lives lives_of_all;
static uint32_t processors;
static int acting = NOBODY;

void wait_model_reset(uint32_t processor_count)
{
    memset(&kernel, 0, sizeof kernel);
    processors = processor_count;
    acting = NOBODY;
    model_watch(kernel.places, sizeof kernel.places);
    model_watch(kernel.bells, sizeof kernel.bells);
    model_watch(&kernel.notes, sizeof kernel.notes);
}

sync_place *wait_model_place(const char *name)
{
    if (kernel.place_count == MOST_PLACES)
        abort();
    sync_place *place = &kernel.places[kernel.place_count++];
    place->name = name;
    place->owner = place->sleeper = NOBODY;
    model_name(place, sizeof *place, name);
    return place;
}

sync_bell *wait_model_bell(const char *name)
{
    if (kernel.bell_count == MOST_PLACES)
        abort();
    sync_bell *bell = &kernel.bells[kernel.bell_count++];
    model_name(bell, sizeof *bell, name);
    return bell;
}

sync_lives *wait_model_lives(void)
{
    return &lives_of_all;
}

unsigned wait_model_calls(void)
{
    return kernel.calls;
}

unsigned wait_model_sleeps(int thread)
{
    return kernel.notes.sleeps[thread];
}

void wait_model_act_as(int thread)
{
    acting = thread;
}

static int self(void)
{
    int outside = acting == NOBODY ? THE_END : acting;
    return model_self() == NOBODY ? outside : model_self();
}

static void call(const char *what, const void *object)
{
    model_call(what, object);
    kernel.calls++;
}

/* ---- time, lives, processors --------------------------------------------------------------------------------------- */

sync_deadline sync_now(void)
{
    return model_clock();
}

sync_deadline sync_deadline_in(uint32_t milliseconds)
{
    if (milliseconds == 0)
        return SYNC_AT_ONCE;
    return milliseconds == UINT32_MAX ? SYNC_NEVER : model_clock() + milliseconds * UINT64_C(1000000);
}

bool sync_deadline_passed(sync_deadline deadline)
{
    return deadline == SYNC_AT_ONCE || (deadline != SYNC_NEVER && model_clock() >= deadline);
}

sync_life wait_model_life(int thread)
{
    return 0xA000 + 0x100 * (uint64_t)thread;
}

sync_life sync_life_mine(sync_lives *lives)
{
    (void)lives;
    return wait_model_life(self());
}

/* For all others it is not, while one who was told of it lives and has not buried it. */
static bool is_over_for(sync_life life, int who)
{
    for (int i = 0; i <= THE_END; i++) {
        if (life != wait_model_life(i))
            continue;
        int told = kernel.notes.told[i] - 1;
        return model_is_over(i) && (told == NOBODY || told == who || model_is_over(told));
    }
    return true;
}

static bool is_over(sync_life life)
{
    return is_over_for(life, self());
}

/* Tells the caller so. */
static sync_result tell_over(sync_life life)
{
    for (int i = 0; i <= THE_END; i++) {
        if (life == wait_model_life(i)) {
            kernel.notes.told[i] = self() + 1;
            kernel.notes.was_told[i] = true;
        }
    }
    return SYNC_OVER;
}

bool wait_model_was_told(int thread)
{
    return kernel.notes.was_told[thread];
}

void sync_life_bury(sync_lives *lives, sync_life life)
{
    (void)lives;
    call("buries one", NULL);
    for (int i = 0; i <= THE_END; i++) {
        if (life == wait_model_life(i) && kernel.notes.told[i] == self() + 1)
            kernel.notes.told[i] = 0;
    }
}

bool sync_life_is_over(sync_lives *lives, sync_life life)
{
    (void)lives;
    if (life == wait_model_life(THE_END))
        return false; /* whenever it is asked: nobody need run before */
    call("asks whether one is over", NULL);
    model_say(is_over(life) ? "%#llx is over" : "%#llx lives", (unsigned long long)life);
    return model_saw(is_over(life));
}

static bool never(const void *context)
{
    (void)context;
    return false;
}

void sync_rest(sync_deadline until)
{
    call("rests", NULL);
    (void)model_wait("its rest to be over", never, NULL, until);
}

uint32_t sync_processors(void)
{
    return processors;
}

/* ---- places ---------------------------------------------------------------------------------------------------------- */

/* The longest waiter that still waits. */
static int first_in_queue(const sync_place *place)
{
    for (int i = 0; i < place->queued; i++) {
        if (!model_is_over(place->queue[i]))
            return place->queue[i];
    }
    return NOBODY;
}

static bool gate_is_free(const sync_place *place)
{
    return place->owner == NOBODY || model_is_over(place->owner);
}

typedef struct turn {
    const sync_place *place;
    int who;
} turn;

static bool gate_is_mine(const void *context)
{
    const turn *asked = context;
    return gate_is_free(asked->place) && first_in_queue(asked->place) == asked->who;
}

static void leave_queue(sync_place *place, int who)
{
    int kept = 0;
    for (int i = 0; i < place->queued; i++) {
        if (place->queue[i] != who && !model_is_over(place->queue[i]))
            place->queue[kept++] = place->queue[i];
    }
    for (int i = kept; i < place->queued; i++)
        place->queue[i] = 0;
    place->queued = kept;
}

sync_result sync_gate_enter(sync_place *place, sync_deadline deadline)
{
    turn asked = {place, self()};
    call("enters the gate of", place);
    MODEL_CHECK(place->owner != asked.who, "enters a gate that it is in");
    leave_queue(place, asked.who);
    place->queue[place->queued++] = asked.who;
    bool mine = gate_is_mine(&asked);
    if (!mine && deadline != SYNC_AT_ONCE)
        mine = model_wait("its turn at a gate", gate_is_mine, &asked, deadline);
    leave_queue(place, asked.who);
    if (model_saw(mine))
        place->owner = asked.who;
    return mine ? SYNC_OK : SYNC_TIMED_OUT;
}

void sync_gate_leave(sync_place *place)
{
    call("leaves the gate of", place);
    MODEL_CHECK(place->owner == self(), "leaves a gate that it is not in");
    place->owner = NOBODY;
}

void sync_place_wake(sync_place *place)
{
    call("wakes", place);
    if (place->sleeper != NOBODY && model_is_waiting(place->sleeper) && !place->woken)
        place->woken = true;
    else
        place->signalled = true;
}

typedef struct sleep {
    const sync_place *place;
    sync_life watched;
    int who;
} sleep;

static bool sleep_is_over(const void *context)
{
    const sleep *asked = context;
    return asked->place->woken || (asked->watched != SYNC_NOBODY && is_over_for(asked->watched, asked->who));
}

static sync_result sleep_at(sync_place *place, sync_life watched, sync_deadline deadline)
{
    sleep asked = {place, watched, self()};
    place->sleeper = self();
    kernel.notes.sleeps[place->sleeper]++;
    place->woken = false;
    model_wait(watched == SYNC_NOBODY ? "being woken" : "being woken, or the end of a life", sleep_is_over,
               &asked, deadline);
    bool woken = place->woken;
    place->sleeper = NOBODY;
    place->woken = false;
    if (woken)
        return SYNC_WOKEN;
    return watched != SYNC_NOBODY && is_over(watched) ? tell_over(watched) : SYNC_TIMED_OUT;
}

sync_result sync_place_wait(sync_place *place, sync_lives *lives, sync_life watched, sync_deadline deadline)
{
    sync_result result = SYNC_TIMED_OUT;
    (void)lives;
    call("goes to sleep at", place);
    MODEL_CHECK(place->owner == self(), "sleeps outside of the gate");
    if (place->signalled) {
        place->signalled = false;
        result = SYNC_WOKEN;
    } else if (watched != SYNC_NOBODY && is_over(watched)) {
        result = tell_over(watched);
    } else if (deadline != SYNC_AT_ONCE) {
        result = sleep_at(place, watched, deadline);
    }
    model_saw(result);
    return result;
}

/* ---- bells ----------------------------------------------------------------------------------------------------------- */

void sync_bell_ring(sync_bell *bell, uint32_t epoch)
{
    call("silences the next signal of", bell);
    bell->rings[(epoch + 1) % 2] = false;
    call("rings", bell);
    bell->rings[epoch % 2] = true;
}

static bool rings(const void *context)
{
    return *(const bool *)context;
}

sync_result sync_bell_wait(sync_bell *bell, uint32_t epoch, sync_deadline deadline)
{
    call("listens to", bell);
    bool woken = bell->rings[epoch % 2];
    if (!woken && deadline != SYNC_AT_ONCE)
        woken = model_wait("a ring", rings, &bell->rings[epoch % 2], deadline);
    return model_saw(woken) ? SYNC_WOKEN : SYNC_TIMED_OUT;
}
