/*
 * Reload: the running broker goes by its configuration as it is now.
 *
 * What is wrong with the configuration, or would not fit into memory, is found before anything is changed: then nothing
 * is. Afterwards each region is as before or as declared, wherever it is interrupted, and the next reload, or the next
 * start, does the rest: all of them make the same plan of what is declared and what there is.
 */
#ifndef SHMBROKER_RELOAD_H
#define SHMBROKER_RELOAD_H

#include "broker_state.h"

/* Reloads. `expected`: the digest of the plan that a person has seen, so that nothing else is done; 0: whatever it is.
   Each action but KEEP, and each error of the configuration, is a reply in `answer`, which is ended, too; it may be NULL.
   Returns an exit code. */
int reload_run(broker *b, uint64_t expected, control_answer *answer);

#endif
