/*
 * The wait and wake contract by threads; wait_threads.h says how tests use it.
 *
 * One mutex, the world, guards all; one condition tells everybody of every change. Slow, simple, and in nobody's way:
 * what is tested are the algorithms above.
 */
#define _POSIX_C_SOURCE                                                                                      \
    200809L /* pthread_condattr_setclock. NOLINT(bugprone-reserved-identifier,cert-*): its own name */
#include "wait_threads.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct being being; /* a thread that has called */

struct being {
    uint32_t kill_at;
};

typedef struct life_record {
    struct life_record *next;
    sync_life life;
    being *thread;
    const sync_lives *lives;
} life_record;

typedef struct waiter {
    struct waiter *next;
} waiter;

struct sync_place {
    sync_place *next;
    waiter *queue;
    being *inside;
    uint32_t waiting;
    bool woken;
};

struct sync_lives {
    uint64_t serial;
};

struct sync_bell {
    bool rung[2];
};

static pthread_mutex_t world = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t change;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t ending;

/* Guarded by the world. */
static life_record *lives_known;
static sync_place *places;
static uint64_t last_number;
static threads_counts counts;
static uint32_t processors = 2;
static uint32_t failures;

/* The last life that this thread asked for. */
static _Thread_local struct {
    being *self;
    uint64_t serial;
    sync_life life;
} mine;

/* ---- The world ------------------------------------------------------------------------------- */

static void end_thread(void *thread)
{
    being *who = thread;
    pthread_mutex_lock(&world);
    for (life_record **at = &lives_known; *at != NULL;) {
        life_record *record = *at;
        if (record->thread == who) {
            *at = record->next;
            free(record);
        } else {
            at = &record->next;
        }
    }
    for (sync_place *place = places; place != NULL; place = place->next) {
        if (place->inside == who) {
            place->inside = NULL;
            place->waiting--;
        }
    }
    pthread_cond_broadcast(&change);
    pthread_mutex_unlock(&world);
    free(who);
    mine.self = NULL;
    mine.serial = 0;
}

static void begin_world(void)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&change, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_key_create(&ending, end_thread);
}

static being *self(void)
{
    pthread_once(&once, begin_world);
    if (mine.self == NULL) {
        mine.self = calloc(1, sizeof *mine.self);
        if (mine.self == NULL)
            abort();
        pthread_setspecific(ending, mine.self);
    }
    return mine.self;
}

/* Every call of wait.h that counts begins here; for some threads it ends here. */
static being *enter_world(void)
{
    being *me = self();
    if (me->kill_at != 0 && --me->kill_at == 0)
        threads_die();
    pthread_mutex_lock(&world);
    counts.calls++;
    return me;
}

static void leave_world(void)
{
    pthread_mutex_unlock(&world);
}

static bool made_to_fail(void)
{
    if (failures == 0)
        return false;
    failures--;
    return true;
}

/* Sleeps until anything changes. False when the deadline has passed. */
static bool await_change(sync_deadline deadline)
{
    if (deadline == SYNC_NEVER) {
        pthread_cond_wait(&change, &world);
        return true;
    }
    if (sync_deadline_passed(deadline))
        return false;
    struct timespec until = {(time_t)(deadline / 1000000000u), (long)(deadline % 1000000000u)};
    return pthread_cond_timedwait(&change, &world, &until) != ETIMEDOUT;
}

/* ---- Time and processors ------------------------------------------------------------------------- */

sync_deadline sync_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
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

void sync_rest(sync_deadline until)
{
    self();
    pthread_mutex_lock(&world);
    counts.rests++;
    while (await_change(until)) {
    }
    pthread_mutex_unlock(&world);
}

uint32_t sync_processors(void)
{
    pthread_mutex_lock(&world);
    uint32_t count = processors;
    pthread_mutex_unlock(&world);
    return count;
}

/* ---- Lives --------------------------------------------------------------------------------------- */

static bool is_over(sync_life life)
{
    for (const life_record *record = lives_known; record != NULL; record = record->next) {
        if (record->life == life)
            return false;
    }
    return true;
}

static sync_life make_life(const sync_lives *lives, being *me)
{
    for (const life_record *record = lives_known; record != NULL; record = record->next) {
        if (record->thread == me && record->lives == lives)
            return record->life;
    }
    life_record *record = malloc(sizeof *record);
    if (record == NULL || made_to_fail()) {
        free(record);
        return SYNC_NOBODY;
    }
    *record = (life_record){lives_known, (++last_number << 32) + 4, me, lives};
    lives_known = record;
    return record->life;
}

sync_life sync_life_mine(sync_lives *lives)
{
    if (mine.self != NULL && mine.serial == lives->serial)
        return mine.life;
    being *me = enter_world();
    sync_life life = make_life(lives, me);
    leave_world();
    if (life != SYNC_NOBODY) {
        mine.serial = lives->serial;
        mine.life = life;
    }
    return life;
}

bool sync_life_is_over(sync_lives *lives, sync_life life)
{
    (void)lives;
    enter_world();
    bool over = is_over(life);
    leave_world();
    return over;
}

/* Here all who watch are told at the same time. */
void sync_life_bury(sync_lives *lives, sync_life life)
{
    (void)lives;
    (void)life;
    enter_world();
    leave_world();
}

sync_lives *threads_lives_new(void)
{
    sync_lives *lives = malloc(sizeof *lives);
    if (lives == NULL)
        abort();
    pthread_mutex_lock(&world);
    lives->serial = ++last_number;
    pthread_mutex_unlock(&world);
    return lives;
}

void threads_lives_free(sync_lives *lives)
{
    self();
    pthread_mutex_lock(&world);
    for (life_record **at = &lives_known; *at != NULL;) {
        life_record *record = *at;
        if (record->lives == lives) {
            *at = record->next;
            free(record);
        } else {
            at = &record->next;
        }
    }
    pthread_cond_broadcast(&change);
    pthread_mutex_unlock(&world);
    free(lives);
}

/* ---- Places -------------------------------------------------------------------------------------- */

static void unqueue(sync_place *place, const waiter *who)
{
    for (waiter **at = &place->queue; *at != NULL; at = &(*at)->next) {
        if (*at == who) {
            *at = who->next;
            return;
        }
    }
}

static void queue_up(sync_place *place, waiter *who)
{
    waiter **end = &place->queue;
    while (*end != NULL)
        end = &(*end)->next;
    *end = who;
}

static sync_result enter_gate(sync_place *place, being *me, sync_deadline deadline)
{
    if (made_to_fail())
        return SYNC_FAILED;
    if (place->inside == me) {
        fprintf(stderr, "a thread enters the gate that it is in\n");
        abort();
    }
    waiter who = {NULL};
    queue_up(place, &who);
    place->waiting++;
    pthread_cond_broadcast(&change);
    bool in_time = true;
    bool queued = place->inside != NULL || place->queue != &who;
    while (in_time && (place->inside != NULL || place->queue != &who))
        in_time = await_change(deadline);
    counts.queued += queued;
    unqueue(place, &who);
    if (in_time)
        place->inside = me;
    else
        place->waiting--;
    pthread_cond_broadcast(&change);
    return in_time ? SYNC_OK : SYNC_TIMED_OUT;
}

sync_result sync_gate_enter(sync_place *place, sync_deadline deadline)
{
    being *me = enter_world();
    sync_result result = enter_gate(place, me, deadline);
    leave_world();
    return result;
}

void sync_gate_leave(sync_place *place)
{
    being *me = enter_world();
    if (place->inside != me) {
        fprintf(stderr, "a thread leaves a gate that it is not in\n");
        abort();
    }
    place->inside = NULL;
    place->waiting--;
    pthread_cond_broadcast(&change);
    leave_world();
}

void sync_place_wake(sync_place *place)
{
    enter_world();
    counts.wakes++;
    place->woken = true;
    pthread_cond_broadcast(&change);
    leave_world();
}

static sync_result wait_inside(sync_place *place, const being *me, sync_life watched, sync_deadline deadline)
{
    if (place->inside != me) {
        fprintf(stderr, "a thread waits at a place whose gate it is not in\n");
        abort();
    }
    if (made_to_fail())
        return SYNC_FAILED;
    bool in_time = true;
    bool slept = false;
    while (in_time && !place->woken && !(watched != SYNC_NOBODY && is_over(watched))) {
        slept = true;
        in_time = await_change(deadline);
    }
    counts.sleeps += slept;
    if (watched != SYNC_NOBODY && is_over(watched))
        return SYNC_OVER;
    if (!place->woken)
        return SYNC_TIMED_OUT;
    place->woken = false;
    return SYNC_WOKEN;
}

sync_result sync_place_wait(sync_place *place, sync_lives *lives, sync_life watched, sync_deadline deadline)
{
    (void)lives;
    const being *me = enter_world();
    sync_result result = wait_inside(place, me, watched, deadline);
    leave_world();
    return result;
}

sync_place *threads_place_new(void)
{
    sync_place *place = calloc(1, sizeof *place);
    if (place == NULL)
        abort();
    self();
    pthread_mutex_lock(&world);
    place->next = places;
    places = place;
    pthread_mutex_unlock(&world);
    return place;
}

void threads_place_free(sync_place *place)
{
    pthread_mutex_lock(&world);
    sync_place **at = &places;
    while (*at != place)
        at = &(*at)->next;
    *at = place->next;
    pthread_mutex_unlock(&world);
    free(place);
}

/* ---- Bells --------------------------------------------------------------------------------------- */

void sync_bell_ring(sync_bell *bell, uint32_t epoch)
{
    enter_world();
    bell->rung[(epoch + 1) % 2] = false;
    bell->rung[epoch % 2] = true;
    pthread_cond_broadcast(&change);
    leave_world();
}

sync_result sync_bell_wait(sync_bell *bell, uint32_t epoch, sync_deadline deadline)
{
    enter_world();
    bool failed = made_to_fail();
    bool in_time = true;
    counts.sleeps += !failed && !bell->rung[epoch % 2];
    while (!failed && in_time && !bell->rung[epoch % 2])
        in_time = await_change(deadline);
    leave_world();
    if (failed)
        return SYNC_FAILED;
    return in_time ? SYNC_WOKEN : SYNC_TIMED_OUT;
}

void threads_bell_ring_both(sync_bell *bell)
{
    self();
    pthread_mutex_lock(&world);
    bell->rung[0] = bell->rung[1] = true;
    pthread_cond_broadcast(&change);
    pthread_mutex_unlock(&world);
}

sync_bell *threads_bell_new(void)
{
    sync_bell *bell = calloc(1, sizeof *bell);
    if (bell == NULL)
        abort();
    return bell;
}

void threads_bell_free(sync_bell *bell)
{
    free(bell);
}

/* ---- For tests ------------------------------------------------------------------------------------- */

void threads_kill_me_at(uint32_t calls)
{
    self()->kill_at = calls;
}

void threads_die(void)
{
    self()->kill_at = 0;
    pthread_exit(NULL);
}

threads_counts threads_count(void)
{
    pthread_mutex_lock(&world);
    threads_counts now = counts;
    pthread_mutex_unlock(&world);
    return now;
}

uint32_t threads_waiting(sync_place *place)
{
    pthread_mutex_lock(&world);
    uint32_t waiting = place->waiting;
    pthread_mutex_unlock(&world);
    return waiting;
}

bool threads_await_waiting(sync_place *place, uint32_t threads)
{
    self();
    sync_deadline deadline = sync_deadline_in(10000);
    bool in_time = true;
    pthread_mutex_lock(&world);
    while (in_time && place->waiting != threads)
        in_time = await_change(deadline);
    bool so_many = place->waiting == threads;
    pthread_mutex_unlock(&world);
    return so_many;
}

void threads_set_processors(uint32_t number)
{
    pthread_mutex_lock(&world);
    processors = number;
    pthread_mutex_unlock(&world);
}

void threads_fail(uint32_t calls)
{
    pthread_mutex_lock(&world);
    failures = calls;
    pthread_mutex_unlock(&world);
}
