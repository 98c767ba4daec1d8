/*
 * lock.h: a lock between threads of any processes, that outlives whoever holds it.
 *
 * Nobody else's: one compare and exchange to take, a plain store to give back, no system call. Somebody's: spin for a while,
 * then park (park.h), watching the holder's life, so that its end is told at once by the system, not by looking now and then.
 *
 * The store that frees the lock and the look whether somebody waits may swap places in the processor, for there is no fence
 * between them: that would be half of what the lock costs. So one who has just made his mark, and finds the lock held, sleeps at
 * first for SYNC_LOCK_GRACE_NS only, long after which any store has arrived; then he looks again, and sleeps till he is woken.
 *
 * Who got the lock from a dead holder in his sleep returns with it at once: what the system gave him for that, the gate and
 * the dead one's life, he gives back with the lock.
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

#define SYNC_LOCK_GRACE_NS 1000000u /* 1 ms */

/* Looks of a front in vain, after each of which it marks anew; after so many the lock is handed to it. (The model has less:
   it tries every order.) */
#if !defined(SYNC_LOCK_PATIENCE)
#define SYNC_LOCK_PATIENCE 4u
#endif

/* One attachment's use of a lock. All of it but the words is this process's own. */
typedef struct sync_lock {
    volatile uint64_t *word;
    volatile uint32_t *damaged;
    volatile uint32_t *mark;
    sync_place *place;
    sync_lives *lives;
    volatile uint64_t
        heir; /* the life of a holder that is in the gate since it took the lock from a dead one; or nobody */
    volatile uint64_t dead; /* the dead one, which the heir buries */
    volatile uint64_t
        handed_since; /* when the lock was first seen handed over, and not taken since; 0: it was not */
    char apart[64];   /* what who waits writes is in another line than what a holder reads */
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

/* Gives it back as if `life`, which holds it, had died: of a thread of this process whose attachment ends. If that is another
   thread, and it was an heir, the gate stays with it until it ends, and who waits meanwhile looks in slices (park.h). */
void sync_lock_abandon(sync_lock *lock, sync_life life);

#endif
