/* What the tests of the catalog reader share: a small catalog, and the region last read. */
#ifndef READER_TESTING_H
#define READER_TESTING_H

#include "catalog_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdbool.h>

/* What the last find() gave. Tests walk with it, too. */
extern catalog_region region;

/* catalog_find of a terminated name into `region`. */
catalog_result find(const catalog_view *view, const char *name);

/* A catalog of three regions, in 8 buckets. The caller calls builder_free. */
catalog_view small_catalog(catalog_builder *builder);

/* Asks everything of a catalog; true when all of it was as in the small catalog. The test fails when an
   answer is out of bounds or a walk does not end. */
bool exercise(const catalog_view *view);

#endif
