#include "stop_at.h"

#include "hooked_atomics.h"

#include <setjmp.h>
#include <stddef.h>

static jmp_buf death;
static bool mortal;
static uint64_t steps_left;

static void (*pastime)(void *other);
static void *pastime_of;

static void (*watcher)(void *context);
static void *watched;

bool stop_at(uint64_t before, void (*work)(void *context), void *context)
{
    bool killed = true;
    if (setjmp(death) == 0) {
        steps_left = before;
        mortal = true;
        work(context);
        killed = false;
    }
    mortal = false;
    return killed;
}

bool pause_at(uint64_t before, void (*work)(void *context), void *context, void (*meanwhile)(void *other),
              void *other)
{
    pastime = meanwhile;
    pastime_of = other;
    stop_at(before, work, context);
    bool paused = pastime == NULL;
    pastime = NULL;
    return paused;
}

/* At its end. What goes on after a pause is not stopped again. */
static void stop(void)
{
    void (*meanwhile)(void *) = pastime;
    if (meanwhile == NULL)
        longjmp(death, 1);
    pastime = NULL;
    mortal = false;
    meanwhile(pastime_of);
}

void stop_point(void)
{
    if (!mortal)
        return;
    if (steps_left == 0)
        stop();
    else
        steps_left--;
}

void stop_watch(void (*look)(void *context), void *context)
{
    watcher = look;
    watched = context;
}

uint64_t hook_perform(const hook_access *access)
{
    stop_point();
    uint64_t before = hook_execute(access);
    if (watcher != NULL && access->kind != HOOK_LOAD && access->kind != HOOK_PAUSE) {
        void (*look)(void *) = watcher;
        bool was_mortal = mortal;
        watcher = NULL; /* what it runs is not watched, and not killed */
        mortal = false;
        look(watched);
        mortal = was_mortal;
        watcher = look;
    }
    return before;
}
