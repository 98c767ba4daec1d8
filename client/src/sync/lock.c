/* The robust lock; lock.h is the contract, LAYOUT.md the protocol. */
#include "lock.h"

#include "../atomics.h"
#include "park.h"

#define PATIENCE    4u  /* sleeps of a front that others pass over before the lock is handed to it */
#define BITS_CHANGE 64u /* times that bits of the holder's word may change as it gives the lock back */

typedef struct attempt {
    sync_lock *lock;
    sync_life mine;
    shmb_status status;
} attempt;

void sync_lock_init(sync_lock *lock, shmb_lock_words *words, sync_place *place, sync_lives *lives)
{
    lock->word = &words->word;
    lock->damaged = &words->damaged;
    lock->place = place;
    lock->lives = lives;
    spin_init(&lock->spin, sync_processors());
}

static sync_life holder_of(uint64_t word)
{
    return word & ~(uint64_t)SYNC_LIFE_BITS;
}

/* What a new holder is told: also each one after the death, until one declares the data whole. */
static shmb_status taken(sync_lock *lock)
{
    return shmb_load_relaxed_u32(lock->damaged) == 0 ? SHMB_OK : SHMB_OWNER_DIED;
}

/* From `seen` to the caller. Whoever `seen` names is over; it is never a number of somebody else, so nobody can have taken and
   lost the lock meanwhile. Killed before the mark is made: then this life is over, and the next one makes it. */
static bool take_from(sync_lock *lock, uint64_t seen, uint64_t wanted)
{
    if (!shmb_cas_u64(lock->word, &seen, wanted))
        return false;
    if (holder_of(seen) != SYNC_NOBODY)
        shmb_store_release_u32(lock->damaged, 1);
    return true;
}

/* ---- Waiting for it ---------------------------------------------------------------------------- */

/* The front's look: takes the lock, or leaves word in it that somebody waits. */
static park_answer look(void *context, park_view *view)
{
    attempt *me = context;
    uint64_t seen = shmb_load_relaxed_u64(me->lock->word);
    sync_life holder = holder_of(seen);
    if (holder == me->mine) {
        me->status = SHMB_DEADLOCK;
        return PARK_DONE;
    }
    if (holder == SYNC_NOBODY || holder == view->over) {
        if (!take_from(me->lock, seen, me->mine))
            return PARK_LOOK;
        me->status = taken(me->lock);
        return PARK_DONE;
    }
    uint64_t wanted = seen | SHMB_LOCK_WAITED_FOR | (view->sleeps >= PATIENCE ? SHMB_LOCK_HAND_OVER : 0);
    if (wanted != seen && !shmb_cas_u64(me->lock->word, &seen, wanted))
        return PARK_LOOK;
    view->watch = holder;
    return PARK_SLEEP;
}

static shmb_status wait_for(attempt *me, sync_deadline deadline)
{
    switch (park(me->lock->place, me->lock->lives, look, me, deadline)) {
    case SYNC_OK:
        return me->status;
    case SYNC_FAILED:
        return SHMB_SYSTEM_ERROR;
    default:
        return SHMB_TIMED_OUT;
    }
}

/* Without waiting: from a dead holder, or when it was handed to a front that is not there any more. A front that is there
   keeps its mark. */
static shmb_status take_now(attempt *me)
{
    uint64_t seen = shmb_load_relaxed_u64(me->lock->word);
    sync_life holder = holder_of(seen);
    if (holder == SYNC_NOBODY)
        return wait_for(me, SYNC_AT_ONCE);
    bool over = sync_life_is_over(me->lock->lives, holder);
    if (over && take_from(me->lock, seen, me->mine | (seen & SYNC_LIFE_BITS)))
        return taken(me->lock);
    return SHMB_TIMED_OUT;
}

static bool spin_for(const attempt *me)
{
    sync_lock *lock = me->lock;
    sync_spin *spin = &lock->spin;
    spin_turn turn = spin_begin(spin);
    bool found;
    do {
        uint64_t seen = shmb_load_relaxed_u64(lock->word);
        found = seen == SHMB_LOCK_FREE && shmb_cas_u64(lock->word, &seen, me->mine);
    } while (!found && spin_again(&turn));
    spin_end(spin, &turn, found);
    return found;
}

static shmb_status take_slowly(sync_lock *lock, sync_life mine, uint64_t seen, uint32_t timeout_ms)
{
    attempt me = {lock, mine, SHMB_SYSTEM_ERROR};
    if (holder_of(seen) == mine)
        return SHMB_DEADLOCK;
    if (timeout_ms == SHMB_NO_WAIT)
        return take_now(&me);
    sync_deadline deadline = sync_deadline_in(timeout_ms);
    if (spin_for(&me))
        return taken(lock);
    return wait_for(&me, deadline);
}

/* ---- Taking and giving back ---------------------------------------------------------------------- */

shmb_status sync_lock_take(sync_lock *lock, uint32_t timeout_ms)
{
    sync_life mine = sync_life_mine(lock->lives);
    uint64_t seen = SHMB_LOCK_FREE;
    if (mine == SYNC_NOBODY)
        return SHMB_SYSTEM_ERROR;
    if (shmb_cas_u64(lock->word, &seen, mine))
        return taken(lock);
    return take_slowly(lock, mine, seen, timeout_ms);
}

/* Somebody waits, or has. Only bits can change under a holder, and only the front's: a few times at most. */
static shmb_status release_and_wake(sync_lock *lock, uint64_t seen)
{
    bool released = false;
    for (uint32_t i = 0; i < BITS_CHANGE && !released; i++) {
        uint64_t free = (seen & SHMB_LOCK_HAND_OVER) != 0 ? SHMB_LOCK_HANDED_OVER : SHMB_LOCK_FREE;
        released = shmb_cas_u64(lock->word, &seen, free);
    }
    if (!released)
        (void)shmb_exchange_u64(lock->word, SHMB_LOCK_FREE);
    sync_place_wake(lock->place);
    return SHMB_OK;
}

static shmb_status release_from(sync_lock *lock, sync_life life)
{
    uint64_t seen = life;
    if (shmb_cas_u64(lock->word, &seen, SHMB_LOCK_FREE))
        return SHMB_OK;
    return holder_of(seen) == life ? release_and_wake(lock, seen) : SHMB_NOT_OWNER;
}

shmb_status sync_lock_release(sync_lock *lock)
{
    sync_life mine = sync_life_mine(lock->lives);
    return mine != SYNC_NOBODY ? release_from(lock, mine) : SHMB_NOT_OWNER;
}

void sync_lock_abandon(sync_lock *lock, sync_life life)
{
    shmb_store_release_u32(lock->damaged, 1);
    (void)release_from(lock, life);
}

sync_life sync_lock_holder(const sync_lock *lock)
{
    return holder_of(shmb_load_relaxed_u64(lock->word));
}

bool sync_lock_is_mine(sync_lock *lock)
{
    sync_life mine = sync_life_mine(lock->lives);
    return mine != SYNC_NOBODY && sync_lock_holder(lock) == mine;
}

shmb_status sync_lock_consistent(sync_lock *lock)
{
    if (!sync_lock_is_mine(lock))
        return SHMB_NOT_OWNER;
    shmb_store_relaxed_u32(lock->damaged, 0);
    return SHMB_OK;
}
