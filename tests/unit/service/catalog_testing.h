/* A catalog for tests: memory in which the writer publishes and readers look. */
#ifndef SHMBROKER_CATALOG_TESTING_H
#define SHMBROKER_CATALOG_TESTING_H

#include "testing.h"

#include "catalog.h"
#include "catalog_reader.h"

/* Memory of a catalog, counted and limited. */
typedef struct test_memory {
    uint8_t *base;
    uint64_t reserved;
    uint64_t committed;
    unsigned commits; /* calls so far */
    unsigned fail_at; /* this one fails, counted from 1; 0: none */
} test_memory;

/* Zeroed memory of `reserved` bytes; the caller frees its base. */
test_memory test_memory_make(uint64_t reserved);

/* catalog_memory's commit, for a context of test_memory. */
bool test_commit(void *context, uint64_t bytes, platform_failure *failure);

/* Starts a broker's catalog in `memory`. */
bool test_start(catalog *c, test_memory *memory, bool adopted, uint32_t pid);

/* All that is committed. */
catalog_view test_view(const test_memory *memory);

/* Places and publishes `name`, with texts that tell state and size, so that a reader can see whether they belong
   together. Each time the region's generation rises by one. */
bool test_publish(catalog *c, const char *name, shmb_region_state state, uint64_t size);

catalog_result test_find(const test_memory *memory, const char *name, catalog_region *region);

/* The header; the test fails when there is no sound one. */
catalog_info test_info(const test_memory *memory);

/* How many entries a walk sees; the test fails when the walk does not end as it should. */
uint32_t test_walk(const test_memory *memory);

#endif
