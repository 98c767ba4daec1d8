/*
 * spin.h: how long to look again and again before going to sleep.
 *
 *     spin_turn turn = spin_begin(spin);
 *     bool found;
 *     while (!(found = try_it()) && spin_again(&turn))
 *         continue;
 *     spin_end(spin, &turn, found);
 *
 * The limit learns from what turns brought: it rises to twice what a success needed, and sinks
 * step by step when turns fail or need less, since then whoever is waited for takes longer than spinning is worth; every 32nd turn goes to the full again,
 * to notice that times have changed. At most about the time that one sleep and wake-up takes. With one processor
 * nobody else can do anything meanwhile, and no turn spins.
 *
 * A sync_spin is one process's own, never shared memory. Several threads may use one: what they learn then is a mixture.
 */
#ifndef SHMB_SYNC_SPIN_H
#define SHMB_SYNC_SPIN_H

#include <stdbool.h>
#include <stdint.h>

#define SPIN_MOST  512u /* looks in a turn */
#define SPIN_LEAST 32u

typedef struct sync_spin {
    volatile uint32_t limit; /* looks; 0: never spin */
    volatile uint32_t turns;
} sync_spin;

typedef struct spin_turn {
    uint32_t limit;
    uint32_t used;
} spin_turn;

/* With `processors` as sync_processors() tells. */
void spin_init(sync_spin *spin, uint32_t processors);

spin_turn spin_begin(sync_spin *spin);

/* Pauses, and true; false when it has been enough. */
bool spin_again(spin_turn *turn);

void spin_end(sync_spin *spin, const spin_turn *turn, bool found);

#endif
