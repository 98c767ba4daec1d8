#include "stop_at.h"

#include "hooked_atomics.h"

#include <setjmp.h>
#include <stddef.h>

static jmp_buf death;
static bool mortal;
static uint64_t steps_left;

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

void stop_point(void)
{
    if (!mortal)
        return;
    if (steps_left == 0)
        longjmp(death, 1);
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
