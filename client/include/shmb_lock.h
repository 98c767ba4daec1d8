/*
 * shmb_lock.h: the lock beside a raw region, for programs that change its bytes in more than one step. shmb.h includes
 * this.
 *
 * 1. What this is
 *
 *   A region declared with `lock: true` has a lock. One thread of all programs holds it at a time; the others wait:
 *
 *       shmb_status status = shmb_lock(region, 1000);
 *       if (status == SHMB_OWNER_DIED) {
 *           repair(shmb_data(region));            // whoever held it before died meanwhile
 *           shmb_lock_consistent(region);
 *           status = SHMB_OK;
 *       }
 *       if (status == SHMB_OK) {
 *           account->from -= 100;
 *           account->to += 100;
 *           shmb_unlock(region);
 *       }
 *
 *   Who may lock is declared: `lock: true` are all that may write the region, `lock: [accounts]` these as well, which
 *   attach for reading. The lock is an agreement: it stops nobody from writing who does not ask it.
 *
 * 2. What it promises
 *
 *   - A lock that nobody holds is taken and given back without a system call, in some nanoseconds.
 *   - Who waits sleeps, after having spun for some microseconds. When the holder gives the lock back, one waiter is woken.
 *     Waiters come in the order in which they began to sleep; threads that happen to come by may pass the first
 *     of them a few times, then the lock is handed to him. So nobody waits for ever, unless somebody holds for ever.
 *   - A waiter that stands still, suspended or stopped in a debugger, does not hold up the others: who sleeps behind the first
 *     one looks for himself after 250 ms, 500 ms, 1 s, and then every 2 s. (So where the lock is held so long that waiters wait
 *     for seconds, they do not all come in their order.)
 *   - When the holder's thread ends while it holds the lock, by its return, its process' end, a crash or being
 *     killed, the next one gets the lock at once, with SHMB_OWNER_DIED. A waiter is woken by the system for that, it need not
 *     look now and then; it works across accounts and sessions, and with the broker stopped or killed.
 *   - What is told until it is repaired: SHMB_OWNER_DIED goes to each next holder, until one calls
 *     shmb_lock_consistent.
 *   - A wait ends at its time limit, whatever other programs do or write. Who may use the lock may also hold it, or make it
 *     useless to all: give that right to programs that you trust with the region.
 *
 * 3. Threads
 *
 *   A lock is held by a thread, and given back by the same. With fibers it is the thread, too: do not move a fiber to
 *   another one while it holds a lock. It is not recursive: taking it twice is SHMB_DEADLOCK. Two attachments of one region
 *   are two programs in this respect: a thread that takes the lock by one of them and asks for it by the other waits for
 *   itself.
 *
 *   shmb_detach with the lock held counts as the death of the holder.
 *
 *   The first lock of a thread in an attachment makes a small kernel object, a mutex, that lives until the thread or the
 *   attachment ends: some microseconds, once.
 *
 * 4. App containers
 *
 *   A program in an app container may not create the object that others watch to learn of its end, so shmb_lock is
 *   SHMB_ACCESS_DENIED there. It can read and write the region, and wait for notifications.
 */
#ifndef SHMB_LOCK_H
#define SHMB_LOCK_H

#include "shmb.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Takes the lock for the calling thread. `timeout_ms` is how long to wait, in milliseconds: SHMB_NO_WAIT takes it only if
 * nobody living holds it, SHMB_INFINITE does not give up.
 *
 * SHMB_OK: the thread holds it, until shmb_unlock. What other holders wrote before they gave it back is visible.
 * SHMB_OWNER_DIED: the thread holds it as well, but a holder died since the data was last known to be whole. Repair what
 * may be half written, then call shmb_lock_consistent; without that the next holder is told the same.
 * SHMB_TIMED_OUT: another holds it still. SHMB_DEADLOCK: this thread holds it already; it still does, once.
 *
 * Errors besides: SHMB_INVALID_ARGUMENT (NULL), SHMB_WRONG_KIND (the region has no lock: not declared with one, not raw, or
 * attached with shmb_attach_handle), SHMB_ACCESS_DENIED (this account may not lock it, or the program runs in an app
 * container), SHMB_NO_MEMORY, SHMB_SYSTEM_ERROR (GetLastError says why). Any thread. Since 0.1.
 *
 * Windows behaviour relied on, with the documentation page that promises it:
 *   - "Mutex Objects", "WaitForMultipleObjects": a mutex whose owning thread ends without releasing it is abandoned, and a
 *     thread that waits for it gets it, with WAIT_ABANDONED.
 *   - "OpenMutexW": SYNCHRONIZE alone is enough to wait for a mutex, and to release it.
 *   - "Kernel object namespaces": creating a mutex under Global\ needs no privilege.
 *   - "CreateMutexW": of a name that exists already it gives that object, and ERROR_ALREADY_EXISTS. Its number is
 *     random, so that nobody can have taken the name in advance.
 *   - "SetEvent": an auto-reset event stays signalled until one wait has used it.
 *   - "FlsAlloc": the callback is called when a thread ends, and not any more after FlsFree.
 */
SHMB_API shmb_status shmb_lock(shmb_region *region, uint32_t timeout_ms);

/*
 * Gives the lock back, and wakes a waiter if there is one, which is the only case with a system call.
 *
 * SHMB_OK. SHMB_NOT_OWNER: the calling thread does not hold it; nothing was done. When it surely took the lock before,
 * a program that may use it has written over the lock's words: the data may have had two holders. Otherwise as
 * shmb_lock. Any thread. Since 0.1.
 */
SHMB_API shmb_status shmb_unlock(shmb_region *region);

/*
 * Declares the data whole again, by the thread that holds the lock: the next holder is told SHMB_OK. Without a death
 * before it changes nothing.
 *
 * SHMB_OK. SHMB_NOT_OWNER: the calling thread does not hold the lock. Otherwise as shmb_lock. Any thread. Since 0.1.
 */
SHMB_API shmb_status shmb_lock_consistent(shmb_region *region);

#ifdef __cplusplus
}
#endif

#endif
