/* lives_win32.h: watching other threads' lives, for wait_win32.c. */
#ifndef SHMB_SYNC_LIVES_WIN32_H
#define SHMB_SYNC_LIVES_WIN32_H

#include "wait_win32.h"

typedef enum life_state {
    LIFE_WATCHED, /* the watch has its mutex */
    LIFE_IS_OVER,
    LIFE_UNKNOWN /* the caller's own, or it cannot be opened: no right, no memory */
} life_state;

typedef struct life_watch {
    void *mutex; /* HANDLE to wait on */
    sync_life life;
    uint32_t place; /* among those kept open; more than there are: not kept */
} life_watch;

/* Ready to be waited on, until life_watch_end, unless it is over or unknown. What was opened stays open for the next time. */
life_state life_watch_begin(sync_lives *lives, sync_life life, life_watch *watch);

void life_watch_end(sync_lives *lives, const life_watch *watch);

#endif
