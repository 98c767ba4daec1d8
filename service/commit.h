/*
 * Commit: whether the machine has the memory that the regions are going to take, before any of them is made.
 *
 * A region in memory is charged to the machine's commit limit in full when it is created, whoever uses it when. One that
 * a file backs is not, and one that an earlier broker left alive has been charged already.
 */
#ifndef SHMBROKER_COMMIT_H
#define SHMBROKER_COMMIT_H

#include "plan.h"
#include "platform.h"

/* False when the machine has too little, with what is needed, what there is, and the largest regions in `failure`. */
bool commit_suffices(const declared_regions *declared, const platform_memory *machine,
                     platform_failure *failure);

#endif
