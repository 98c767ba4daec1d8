/*
 * Letting go: how one region that is held goes, and what is said of those that were never there.
 */
#ifndef SHMBROKER_LETTING_GO_H
#define SHMBROKER_LETTING_GO_H

#include "apply.h"

/* Clients hear that the region at `index` is to be waited for before its object goes. */
void letting_go_await_another(const apply_context *context, size_t index);

/* Closes the objects of the region at `index`, here and in the keeper, and forgets it. */
void letting_go_objects(const apply_context *context, size_t index);

/* What could not be served before, and is not declared any more, is not a failure any more. */
void letting_go_unserved(const apply_context *context, const declared_regions *declared);

#endif
