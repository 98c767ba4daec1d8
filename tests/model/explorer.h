/*
 * explorer.h: depth first through all choices. A run makes its choices one after another; the next run makes the same
 * ones up to the last that has an alternative left, and takes that.
 */
#ifndef SHMBROKER_EXPLORER_H
#define SHMBROKER_EXPLORER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void explorer_begin(void); /* an exploration: nothing chosen, no state met */
void explorer_end(void);   /* gives the memory back */

/* One of `count` options. False: the state, asked for where a choice is new, was met before, so that the run may end.
   `again`: states are not asked for. */
bool explorer_choose(size_t count, bool again, uint64_t (*state)(void), size_t *chosen);

/* The next run; false: all have been. */
bool explorer_next(void);

/* The last run once more. */
void explorer_replay(void);

#endif
