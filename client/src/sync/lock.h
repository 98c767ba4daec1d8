/*
 * lock.h: a lock between threads of any processes, that outlives whoever holds it.
 *
 * Nobody else's: one compare and exchange to take, one to give back, no system call. Somebody's: spin for a while, then park
 * (park.h), watching the holder's life, so that its end is told at once by the system, not by looking now and then.
 *
 * Its words are in shared memory, where who may lock may also write anything at any time. Then nobody is kept from his
 * time limit, and nothing outside the words is read or written; whether the lock still excludes anybody is not
 * promised. A word that names a life that never was is a dead holder's.
 *
 * LAYOUT.md has the words and the protocol.
 */
#ifndef SHMB_SYNC_LOCK_H
#define SHMB_SYNC_LOCK_H

#include "shmb.h"
#include "shmb_layout.h"
#include "spin.h"
#include "wait.h"

/* One attachment's use of a lock. All of it but the words is this process's own. */
typedef struct sync_lock {
    volatile uint64_t *word;
    volatile uint32_t *damaged;
    sync_place *place;
    sync_lives *lives;
    sync_spin spin;
} sync_lock;

/* The words lie in the part `lock`, zero at first. What is passed is the caller's, and must live as long. */
void sync_lock_init(sync_lock *lock, shmb_lock_words *words, sync_place *place, sync_lives *lives);

/*
 * SHMB_OK, SHMB_OWNER_DIED: the caller's thread holds it. SHMB_TIMED_OUT, SHMB_DEADLOCK (it holds it already),
 * SHMB_SYSTEM_ERROR (the system refused; GetLastError says why): it does not. `timeout_ms` as SHMB_NO_WAIT and
 * SHMB_INFINITE say; a few microseconds of spinning are not counted.
 *
 * Who waits is passed over a few times at most, then the lock is handed to him.
 */
shmb_status sync_lock_take(sync_lock *lock, uint32_t timeout_ms);

/* SHMB_OK, or SHMB_NOT_OWNER. One system call when somebody waits. */
shmb_status sync_lock_release(sync_lock *lock);

/* The holder declares the data whole: the next take is SHMB_OK again. SHMB_OK, or SHMB_NOT_OWNER. */
shmb_status sync_lock_consistent(sync_lock *lock);

/* Whether the calling thread holds it. */
bool sync_lock_is_mine(sync_lock *lock);

/* Who does, or SYNC_NOBODY. */
sync_life sync_lock_holder(const sync_lock *lock);

/* Gives it back as if `life`, which holds it, had died: of a thread of this process whose attachment ends. */
void sync_lock_abandon(sync_lock *lock, sync_life life);

#endif
