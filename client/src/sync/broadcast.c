/* Waking everybody who waits for a word to change. See broadcast.h. */
#include "broadcast.h"

#include "atomics.h"

/* Rings that one publisher makes for others who overtake it: more are not needed, whoever overtakes rings as well. */
#define MOST_RINGS 4u

/* Wake-ups for nothing in a row that cost no rest, and the rests after more of them: 1, 2, 4, 8, 16, 32, 32, … ms. */
#define WAKES_BORNE   4u
#define LEAST_REST_NS UINT64_C(1000000)
#define MOST_DOUBLED  5u

void broadcast_init(broadcast *news, volatile uint32_t *waiting, volatile uint32_t *epoch, sync_bell *bell)
{
    news->waiting = waiting;
    news->epoch = epoch;
    news->bell = bell;
    spin_init(&news->spin, sync_processors());
}

/* Two publishers may ring at once, for one epoch and the next, and the bells end up as the slower one left them. So who
   finds that the epoch went on while it rang rings again, for the last one: the last ring is always right. */
void broadcast_ring(broadcast *news)
{
    if (shmb_load_relaxed_u32(news->waiting) == 0 || shmb_exchange_u32(news->waiting, 0) == 0)
        return;
    uint32_t rung = shmb_fetch_add_u32(news->epoch, 1);
    for (uint32_t i = 0; i < MOST_RINGS; i++) {
        sync_bell_ring(news->bell, rung);
        uint32_t epoch = shmb_load_acquire_u32(news->epoch);
        if (epoch - 1 == rung)
            return;
        rung = epoch - 1;
    }
}

static bool spin_for(broadcast *news, const volatile uint64_t *word, uint64_t seen)
{
    spin_turn turn = spin_begin(&news->spin);
    bool changed;
    do {
        changed = shmb_load_acquire_u64(word) != seen;
    } while (!changed && spin_again(&turn));
    spin_end(&news->spin, &turn, changed);
    return changed;
}

static sync_deadline not_after(sync_deadline deadline, uint64_t nanoseconds)
{
    sync_deadline end = sync_now() + nanoseconds;
    return deadline < end ? deadline : end;
}

/* Woken again and again for nothing: one who may ring does that, or leaves both bells ringing. The rests grow. */
static void rest(uint32_t for_nothing, sync_deadline deadline)
{
    uint32_t doubled = for_nothing - WAKES_BORNE;
    sync_rest(not_after(deadline,
                        doubled < MOST_DOUBLED ? LEAST_REST_NS << doubled : LEAST_REST_NS << MOST_DOUBLED));
}

/* The epoch is read before the flag is raised: who takes the flag down rings this epoch, or a later one. Read afterwards it
   could be the one after the ring that took the flag down, made for an earlier change, and nobody would ring that.

   A publisher that was ended while it rang leaves a bell ringing that should be still, until the next one rings. Who is
   woken by it for nothing listens to the other bell for a slice, rather than to be woken all the time. */
sync_result broadcast_wait(broadcast *news, const volatile uint64_t *word, uint64_t seen,
                           sync_deadline deadline)
{
    if (spin_for(news, word, seen))
        return SYNC_OK;
    uint32_t other = 0, for_nothing = 0;
    for (;;) {
        uint32_t epoch = shmb_load_acquire_u32(news->epoch);
        shmb_exchange_u32(news->waiting, 1);
        if (shmb_load_acquire_u64(word) != seen)
            return SYNC_OK;
        if (sync_deadline_passed(deadline))
            return SYNC_TIMED_OUT;
        sync_result result =
            sync_bell_wait(news->bell, epoch + other, not_after(deadline, BROADCAST_SLICE_NS));
        if (result == SYNC_FAILED)
            return result;
        bool in_vain = result == SYNC_WOKEN && shmb_load_acquire_u64(word) == seen;
        other = in_vain && shmb_load_acquire_u32(news->epoch) == epoch ? 1 - other : 0;
        for_nothing = in_vain ? for_nothing + 1 : 0;
        if (for_nothing >= WAKES_BORNE)
            rest(for_nothing, deadline);
    }
}
