/* How long to spin; spin.h is the contract. */
#include "spin.h"

#include "../atomics.h"

#define FULL_EVERY   32u
#define LONGEST_REST 4u /* processor pauses between two looks */

void spin_init(sync_spin *spin, uint32_t processors)
{
    spin->limit = processors > 1 ? SPIN_MOST / 4 : 0;
    spin->turns = 0;
}

spin_turn spin_begin(sync_spin *spin)
{
    uint32_t limit = shmb_load_relaxed_u32(&spin->limit);
    if (limit == 0)
        return (spin_turn){0, 0};
    uint32_t turns = shmb_load_relaxed_u32(&spin->turns) + 1;
    shmb_store_relaxed_u32(&spin->turns, turns);
    return (spin_turn){turns % FULL_EVERY == 0 ? SPIN_MOST : limit, 0};
}

/* Rests get longer at first: who looks less often hinders less whom he waits for. */
bool spin_again(spin_turn *turn)
{
    if (turn->used >= turn->limit)
        return false;
    turn->used++;
    for (uint32_t i = 0; i < turn->used && i < LONGEST_REST; i++)
        shmb_pause();
    return true;
}

static uint32_t between(uint32_t least, uint32_t value, uint32_t most)
{
    return value < least ? least : value > most ? most : value;
}

void spin_end(sync_spin *spin, const spin_turn *turn, bool found)
{
    if (turn->limit == 0 || (found && turn->used == 0))
        return;
    uint32_t limit = shmb_load_relaxed_u32(&spin->limit);
    uint32_t wanted = found ? 2 * turn->used + SPIN_LEAST : limit / 2;
    /* Up at once, so that the rare full turn is enough to learn from; down slowly. */
    uint32_t moved = wanted > limit ? wanted : limit - (limit - wanted) / 8;
    shmb_store_relaxed_u32(&spin->limit, between(SPIN_LEAST, moved, SPIN_MOST));
}
