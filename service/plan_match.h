/*
 * Which of the regions that exist is meant by each declaration, found by going through both side by side.
 *
 * A reload mostly finds what the last one left, in its order, but for a few: then no index of all names is needed, which
 * would cost more than all that is planned with it.
 */
#ifndef SHMBROKER_PLAN_MATCH_H
#define SHMBROKER_PLAN_MATCH_H

#include "plan.h"

/* When every declared region exists, each as another one: true, `whose[d]` has the index of the existing region of the
   same name, and `claims[e]` that of the declared one, or PLAN_NOTHING. False when that is not so, or not found out by so
   little, or for want of memory: then nothing is known. Existing names are unique. */
bool plan_match(const declared_regions *declared, const existing_regions *existing, size_t *whose,
                size_t *claims);

#endif
