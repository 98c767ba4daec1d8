/* lock_room_win32.h: an attachment to a lock whose objects are the test's own, where a broker would have made them: found by
   a prefix, made by who comes first. */
#ifndef LOCK_ROOM_WIN32_H
#define LOCK_ROOM_WIN32_H

#include "sync/lock.h"
#include "sync/wait_win32.h"

#include <windows.h>

typedef struct lock_room {
    wchar_t prefix[64];
    HANDLE section;
    shmb_lock_words *words; /* at the beginning of a page that is all shared */
    sync_place place;
    sync_lives *lives;
    sync_lock lock;
} lock_room;

/* Never NULL: what cannot be had ends the program. */
lock_room *lock_room_enter(const wchar_t *prefix);
void lock_room_leave(lock_room *room);

/* Another object of the prefix: "lock" is a section, "gate" a mutex, all else an auto-reset event. The caller closes it. */
HANDLE lock_room_object(const lock_room *room, const wchar_t *what);

/* Starts this program again, in a process of its own, with `word`, the room's prefix and a number. */
HANDLE lock_room_start(const lock_room *room, const wchar_t *word, unsigned number);

#endif
