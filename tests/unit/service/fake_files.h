/*
 * A disk in memory: service/files.h fulfilled without one.
 *
 * Every operation is recorded, so that the power can be cut after any of them: fake_disk_cut makes of the first `count`
 * operations a disk as it may be found after that. Calls that may fail are numbered with those of fake_platform.h, and
 * fail by the same rule. There is one disk; fake_disk_reset makes it new, and so does fake_reset.
 */
#ifndef SHMBROKER_FAKE_FILES_H
#define SHMBROKER_FAKE_FILES_H

#include "files.h"

void fake_disk_reset(void);

/* How many operations were recorded. */
size_t fake_disk_operations(void);

/* Files that are open. */
unsigned fake_disk_open_files(void);

typedef enum fake_cut {
    FAKE_CUT_LOST,    /* nothing that was not flushed is there */
    FAKE_CUT_WRITTEN, /* all of it is */
    FAKE_CUT_MIXED,   /* some of it is, in any order, a write perhaps in part: as `seed` has it */
    FAKE_CUT_TORN,    /* the same, or as garbage */
    FAKE_CUT_LYING    /* the same, on a disk that says that it flushed a file and did not */
} fake_cut;

/* The disk becomes what a power cut after the first `count` operations may leave. What was recorded stays, so that it
   can be cut again. */
void fake_disk_cut(size_t count, fake_cut kind, uint32_t seed);

/* Goes back to the disk as it is without a cut. */
void fake_disk_restore(void);

/* The file behind a section of `length` bytes: fills `bytes` from it. One that is not there is made whole, as the platform
   does it: aside, flushed, then named. False: it is shorter. */
bool fake_disk_back(const char *path, uint8_t *bytes, size_t length);

/* The system writes some of a section's bytes to its file, which nobody may have asked for; and has the file on the disk. */
void fake_disk_write_back(const char *path, size_t offset, const uint8_t *bytes, size_t length);
void fake_disk_flush_back(const char *path);

/* What a file has; NULL when there is none of that path. Its bytes may be changed. */
uint8_t *fake_disk_file(const char *path, size_t *length);

/* Makes a file, or gives one other bytes: not recorded. */
void fake_disk_put(const char *path, const void *bytes, size_t length);

/* The paths of all files, sorted, each followed by a line end. The caller frees it. */
char *fake_disk_listing(void);

#endif
