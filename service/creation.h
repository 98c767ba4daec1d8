/*
 * Creation: how one region is made, or taken over from an earlier broker, held, and published.
 */
#ifndef SHMBROKER_CREATION_H
#define SHMBROKER_CREATION_H

#include "apply.h"

/* What came of creating one region. */
typedef enum creation {
    CREATED,
    FAILED,
    AWAITED, /* an object that programs have not let go of has its name */
    STAYED   /* it failed, and the region goes on as it was before */
} creation;

/* What is published of `declared` in that state: what was granted and the words are the caller's to add. */
catalog_publication creation_published(const declared_region *declared, shmb_region_state state,
                                       uint64_t generation);

/* Creates or takes over one region, holds it and publishes it; on failure has the one again that it was to replace, or
   publishes the reason instead. `left`: an earlier broker's is there, by the plan. */
creation creation_of(const apply_context *context, const declared_region *declared, bool left,
                     apply_outcome *outcome, platform_failure *failure);

/* As many failures, and as many notes, are logged, each by itself; the others are counted in the line that ends the start. */
#define CREATION_LOGGED 100u

/* Has a region persisted as declared. One that cannot be for want of memory is served all the same. */
void creation_persist(const apply_context *context, const declared_region *declared,
                      platform_section *section, uint64_t size, uint64_t generation);

#endif
