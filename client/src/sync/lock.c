/* The robust lock; lock.h is the contract, LAYOUT.md the protocol. */
#include "lock.h"

#include "../atomics.h"
#include "park.h"

#define LONGEST_REST 8u /* of a spinning turn's steps, between two looks */
#define STANDS_STILL                                                                                         \
    UINT64_C(100000000) /* ns: what was handed over and not taken for so long, anybody may take */

typedef struct attempt {
    sync_lock *lock;
    sync_life mine;
    shmb_status status;
    uint32_t mark;              /* this front's, or 0 */
    sync_deadline marked_since; /* a mark has stood without a gap since then */
} attempt;

void sync_lock_init(sync_lock *lock, shmb_lock_words *words, sync_place *place, sync_lives *lives)
{
    *lock = (sync_lock){.word = &words->word, .damaged = &words->damaged, .mark = &words->mark};
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
static bool take_from(sync_lock *lock, uint64_t seen, sync_life mine)
{
    if (!shmb_cas_u64(lock->word, &seen, mine))
        return false;
    if (holder_of(seen) != SYNC_NOBODY)
        shmb_store_release_u32(lock->damaged, 1);
    return true;
}

/* ---- The mark ----------------------------------------------------------------------------------- */

/* By the front. The count makes it another mark than any before, which somebody may be about to take back. */
static void set_mark(attempt *me, bool hand_over)
{
    volatile uint32_t *at = me->lock->mark;
    uint32_t next = (shmb_load_relaxed_u32(at) | (SHMB_LOCK_MARK_COUNT - 1)) + 1;
    uint32_t mark = next | SHMB_LOCK_WAITED_FOR | (hand_over ? SHMB_LOCK_HAND_OVER : 0);
    uint32_t former = shmb_exchange_u32(at, mark);
    if (me->mark == 0 || former != me->mark)
        me->marked_since = sync_now();
    me->mark = mark;
}

/* By the front, whose it is, or left by one before it. */
static void drop_mark(sync_lock *lock)
{
    uint32_t seen = shmb_load_relaxed_u32(lock->mark);
    if ((seen & (SHMB_LOCK_MARK_COUNT - 1)) != 0)
        shmb_cas_u32(lock->mark, &seen, seen & ~(SHMB_LOCK_MARK_COUNT - 1));
}

/* ---- Waiting for it ---------------------------------------------------------------------------- */

/* The heir leaves the gate, and lets others learn of the death. */
static void settle(sync_lock *lock)
{
    sync_life dead = shmb_load_relaxed_u64(&lock->dead);
    shmb_store_relaxed_u64(&lock->heir, SYNC_NOBODY);
    sync_gate_leave(lock->place);
    sync_life_bury(lock->lives, dead);
}

/* Whether the lock was handed to a front that does not come for it. */
static bool stands_still(sync_lock *lock, uint64_t seen)
{
    sync_deadline since = shmb_load_relaxed_u64(&lock->handed_since);
    if (seen != SHMB_LOCK_HANDED_OVER) {
        if (since != 0)
            shmb_store_relaxed_u64(&lock->handed_since, 0);
        return false;
    }
    sync_deadline now = sync_now();
    if (since == 0)
        shmb_store_relaxed_u64(&lock->handed_since, now);
    return since != 0 && now - since >= STANDS_STILL;
}

/* The front's, of what nobody has or who is over. */
static park_answer inherit(attempt *me, const park_view *view, uint64_t seen)
{
    sync_lock *lock = me->lock;
    if (!take_from(lock, seen, me->mine))
        return PARK_LOOK;
    drop_mark(lock);
    me->status = taken(lock);
    if (view->over == SYNC_NOBODY)
        return PARK_DONE;
    shmb_store_relaxed_u64(&lock->dead, view->over);
    shmb_store_relaxed_u64(&lock->heir, me->mine);
    return PARK_STAY;
}

/* Takes the lock if the front does not come for it, or can be spared. */
static park_answer look_past_front(attempt *me, park_view *view, uint64_t seen)
{
    sync_life holder = holder_of(seen);
    view->watch = holder;
    bool still = stands_still(me->lock, seen);
    if (holder == SYNC_NOBODY ? seen == SHMB_LOCK_HANDED_OVER && !still : holder != view->over)
        return PARK_SLEEP;
    if (!take_from(me->lock, seen, me->mine))
        return PARK_LOOK;
    me->status = taken(me->lock);
    return PARK_DONE;
}

/* Takes the lock, or leaves word that somebody waits. */
static park_answer look(void *context, park_view *view)
{
    attempt *me = context;
    volatile uint64_t *word = me->lock->word;
    uint64_t seen = shmb_load_relaxed_u64(word);
    sync_life holder = holder_of(seen);
    if (holder == me->mine) {
        me->status = SHMB_DEADLOCK;
        return PARK_DONE;
    }
    if (view->outside)
        return look_past_front(me, view, seen);
    if (holder == SYNC_NOBODY || holder == view->over)
        return inherit(me, view, seen);
    set_mark(me, view->vain >= SYNC_LOCK_PATIENCE);
    if (shmb_load_relaxed_u64(word) != seen)
        return PARK_LOOK;
    sync_deadline grace = me->marked_since + SYNC_LOCK_GRACE_NS;
    view->until = sync_deadline_passed(grace) ? SYNC_NEVER : grace;
    view->watch = holder;
    return PARK_SLEEP;
}

static shmb_status wait_for(attempt *me, sync_deadline deadline)
{
    if (shmb_load_relaxed_u64(&me->lock->heir) == me->mine) /* who was robbed of what it inherited */
        settle(me->lock);
    sync_result result = park(me->lock->place, me->lock->lives, look, me, deadline);
    if (result == SYNC_OK)
        return me->status;
    uint32_t mark = me->mark;
    if (mark != 0)
        shmb_cas_u32(me->lock->mark, &mark, mark & ~(SHMB_LOCK_MARK_COUNT - 1));
    return result == SYNC_TIMED_OUT ? SHMB_TIMED_OUT : SHMB_SYSTEM_ERROR;
}

/* Without waiting: from a dead holder, or when it was handed to a front that is not there any more, or stands still. */
static shmb_status take_now(attempt *me)
{
    sync_lock *lock = me->lock;
    uint64_t seen = shmb_load_relaxed_u64(lock->word);
    sync_life holder = holder_of(seen);
    bool still = stands_still(lock, seen);
    if (holder == SYNC_NOBODY && !still)
        return wait_for(me, SYNC_AT_ONCE);
    bool over = still || sync_life_is_over(lock->lives, holder);
    if (over && take_from(lock, seen, me->mine))
        return taken(lock);
    return SHMB_TIMED_OUT;
}

/* Each look takes the line away from the holder, so looks get rarer: where locks are held for an instant only, both sides get it
   more often that way. */
static bool spin_for(const attempt *me)
{
    sync_lock *lock = me->lock;
    spin_turn turn = spin_begin(&lock->spin);
    bool found, more = true;
    for (uint32_t rest = 1;; rest = rest < LONGEST_REST ? 2 * rest : rest) {
        uint64_t seen = shmb_load_relaxed_u64(lock->word);
        found = seen == SHMB_LOCK_FREE && shmb_cas_u64(lock->word, &seen, me->mine);
        if (found || !more)
            break;
        for (uint32_t i = 0; i < rest && more; i++)
            more = spin_again(&turn);
    }
    spin_end(&lock->spin, &turn, found);
    return found;
}

static shmb_status take_slowly(sync_lock *lock, sync_life mine, uint64_t seen, uint32_t timeout_ms)
{
    attempt me = {.lock = lock, .mine = mine, .status = SHMB_SYSTEM_ERROR};
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

/* First the wake-up, then the mark: whoever is killed between leaves it to the next. Unless it is another by now. What asks
   for the lock to be handed over stays until the front has it. */
static shmb_status wake(sync_lock *lock, uint32_t mark)
{
    sync_place_wake(lock->place);
    if ((mark & SHMB_LOCK_HAND_OVER) == 0)
        shmb_cas_u32(lock->mark, &mark, mark & ~SHMB_LOCK_WAITED_FOR);
    return SHMB_OK;
}

static shmb_status release_from(sync_lock *lock, sync_life life)
{
    bool held = holder_of(shmb_load_relaxed_u64(lock->word)) == life;
    uint32_t mark = shmb_load_relaxed_u32(lock->mark);
    if (held)
        shmb_store_release_u64(lock->word,
                               (mark & SHMB_LOCK_HAND_OVER) != 0 ? SHMB_LOCK_HANDED_OVER : SHMB_LOCK_FREE);
    if (shmb_load_relaxed_u64(&lock->heir) == life)
        settle(lock);
    if (!held)
        return SHMB_NOT_OWNER;
    mark = shmb_load_relaxed_u32(lock->mark);
    return (mark & SHMB_LOCK_WAITED_FOR) == 0 ? SHMB_OK : wake(lock, mark);
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
