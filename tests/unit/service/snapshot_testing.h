/*
 * A region in memory, and what the tests of snapshots do with it.
 */
#ifndef SHMBROKER_SNAPSHOT_TESTING_H
#define SHMBROKER_SNAPSHOT_TESTING_H

#include "fake_files.h"
#include "snapshot.h"

#define TEST_FOLDER "X:\\data\\snapshots"

/* The region: filled with what a number gives, and compared with it. */
typedef struct test_region {
    snapshot_region region; /* its context is this */
    uint8_t *bytes;
    unsigned open; /* windows */
    void (*on_open)(
        unsigned n); /* before each window that is opened for reading, counted from 1; NULL: nothing */
    unsigned opened;
    bool sure; /* the last snapshot did not fail */
} test_region;

/* What was refused, a line each: "NAME: why". */
extern char test_refusals[8192];
extern unsigned test_progress;

extern const snapshot_store test_store;

void test_region_make(test_region *r, const char *name, uint64_t size);
void test_region_free(test_region *r);

/* Bytes that no other number gives. 0: zeros. */
void test_region_fill(test_region *r, unsigned number);
bool test_region_is(const test_region *r, unsigned number);

/* Takes a snapshot to its end. */
snapshot_result test_snapshot(test_region *r, unsigned keep, platform_failure *failure);

#endif
