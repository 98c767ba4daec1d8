/* What the tests of plans share: what is held of a region, and a plan that was made. */
#ifndef PLAN_TESTING_H
#define PLAN_TESTING_H

#include "testing.h"

#include "plan.h"

#include <stdlib.h>
#include <string.h>

/* What is held of a region once it exists as declared. */
static inline existing_region as_held(const declared_region *declared)
{
    return (existing_region){.name = declared->name,
                             .object_name = declared->object_name,
                             .backing_path = declared->backing_path,
                             .access = plan_access_of(declared),
                             .details = plan_details_of(declared),
                             .size = declared->size,
                             .geometry = declared->geometry,
                             .part_flags = declared->part_flags,
                             .large_pages = declared->large_pages,
                             .numa_node = declared->numa_node};
}

/* Files are called by their size. */
static inline uint64_t file_size(const char *path)
{
    return strtoull(path + strlen("X:\\"), NULL, 10);
}

static inline plan make(const declared_region *declared, size_t declared_count,
                        const existing_region *existing, size_t existing_count)
{
    declared_regions d = {declared, declared_count};
    existing_regions e = {existing, existing_count, file_size};
    plan p;
    assert_true(plan_make(&d, &e, &p));
    return p;
}

#endif
