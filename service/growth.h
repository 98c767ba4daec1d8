/*
 * Growth: regions that get larger where they are, while programs use them.
 *
 * A region with `max_size` is a section that is reserved for so many bytes and committed as it grows. The memory comes
 * first, then the size that is published: whoever sees the size may touch the bytes. A broker that dies in between has
 * committed memory that nobody is told of, until somebody asks for it again.
 */
#ifndef SHMBROKER_GROWTH_H
#define SHMBROKER_GROWTH_H

#include "apply.h"

/* The size that was published of a region last, when it was one that can grow as far as `declared`; otherwise the
   declared one. */
uint64_t growth_published(const catalog *c, catalog_place place, const declared_region *declared);

/* Grows the region at `index` to `size`, which it can, and publishes it. On failure nothing has changed. */
bool growth_apply(const apply_context *context, size_t index, uint64_t size, platform_failure *failure);

/* Whether the region at `index` may have `size` bytes: that it can grow so far, and that all regions in memory stay
   within `commit_budget` (0: there is none). CONTROL_GREW, or why not. */
control_growth growth_check(const holdings *h, size_t index, uint64_t size, uint64_t commit_budget,
                            platform_failure *failure);

/* Does what is asked for by the caller of `ticket`, if he may, and answers him. */
void growth_serve(const apply_context *context, platform_control *control, platform_control_ticket ticket,
                  const control_request *request, uint64_t commit_budget, control_answer *answer);

#endif
