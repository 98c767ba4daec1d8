/*
 * Replacing: a region becomes another object, under the name that it has.
 *
 * The name is the old object's while anybody has that open, so that it has to go first. So that the region is never neither
 * the old one nor the new: the new one is tried without a name before anything is touched, and what it takes to have the old
 * one again (replaced.h) is kept until the new one is there. When the new one cannot be made, the old one stays, or comes
 * back, with its bytes, published as ready with the reason why it is not as declared; the next reload tries again.
 */
#ifndef SHMBROKER_REPLACING_H
#define SHMBROKER_REPLACING_H

#include "apply.h"

/* Lets the region at `index` go, to be created as `declared`, and has it published as pending. False: it stays as it is, and
   `failure` says why. */
bool replacing_begin(const apply_context *context, size_t index, const declared_region *declared,
                     platform_failure *failure);

/* It is there: nothing need be had again. A region that was not replaced is fine. */
void replacing_done(const apply_context *context, const declared_region *declared);

/* What was to take its place could not be made, as `failure` says: has the old one again, published with that reason. `anew`:
   another object has had its name meanwhile. False, when it was not replaced, or cannot be had: then `failure` says that,
   too. */
bool replacing_go_back(const apply_context *context, const declared_region *declared, bool anew,
                       platform_failure *failure);

#endif
