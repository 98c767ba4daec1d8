/*
 * stop_at.h: a program that is killed at its n-th access to shared bytes, for every n.
 *
 * Code compiled with SHMB_ATOMICS_HOOK (hooked_test of tests/model/CMakeLists.txt) counts its accesses. What it had
 * done before it was killed stays done, as in memory that the kernel keeps; its stack is gone.
 *
 *     uint64_t n = 0;
 *     do {
 *         make_it_new();
 *         killed = stop_at(n++, work, context);    // killed before access n
 *         look_what_the_next_one_finds();
 *     } while (killed);
 *
 * Use it from one thread. Nothing that work() does outside of shared bytes is undone: give it nothing to free.
 */
#ifndef SHMBROKER_STOP_AT_H
#define SHMBROKER_STOP_AT_H

#include <stdbool.h>
#include <stdint.h>

/* Runs work(context) until it is about to make access number `before` (from 0). True: killed there; false: it came to
   its end before. */
bool stop_at(uint64_t before, void (*work)(void *context), void *context);

/* Runs all of work(context); before its access number `before` it stands still once, and meanwhile(other) runs, which may itself
   run hooked code. True: it came so far. */
bool pause_at(uint64_t before, void (*work)(void *context), void *context, void (*meanwhile)(void *other),
              void *other);

/* Ends the work here, too, or has it stand still: for what a test puts in the place of a kernel call. Outside of the two it does nothing. */
void stop_point(void);

/* After each access, what a killed program would leave is looked at by `look` (NULL: no longer), which may itself run
   hooked code. */
void stop_watch(void (*look)(void *context), void *context);

#endif
