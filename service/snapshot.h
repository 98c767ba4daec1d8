/*
 * Snapshots: a region's bytes on disk, several in a row, each whole or not there at all.
 *
 * Writing one: it is written aside under the region's draft name, flushed, read again and its sum checked, and only
 * then given its name. What is older than the ones to keep goes when the new one's name is on the disk. A power cut, a
 * crash or a full disk at any byte leaves the earlier snapshots as they were. Bytes that are the same as those of the
 * newest snapshot are not written again.
 *
 * Restoring: the newest file whose every byte is accounted for. A file that is torn, damaged, of another format or of
 * another size, or cannot be read, is told, set aside under its name with ".refused" behind it, and the one before it
 * is tried.
 *
 * What is promised of a raw region's bytes (of the other kinds kind_image.h says it): programs write while the copying goes
 * on, for a region of raw bytes has no lock that all of them take. Each byte in a snapshot is one that stood there at some moment between the beginning and
 * the end of the copying, not all at one instant; a value that spans several bytes may be half old and half new, as it
 * may be for any reader of the region. A snapshot that is taken when nobody writes, the one at the broker's stop above
 * all, is exact.
 *
 * Work is done in steps of at most SNAPSHOT_STEP bytes, so that the caller can do other things between them; memory
 * does not depend on the region's size. The bytes of the files: service/SNAPSHOT.md.
 */
#ifndef SHMBROKER_SNAPSHOT_H
#define SHMBROKER_SNAPSHOT_H

#include "files.h"
#include "snapshot_reader.h"

#define SNAPSHOT_STEP      (1u << 20) /* bytes; a multiple of every system's mapping granularity */
#define SNAPSHOT_KEEP_MOST 100u       /* snapshots of one region */
#define SNAPSHOT_LISTED    (SNAPSHOT_KEEP_MOST + 28u)

/* Where snapshots are kept, and who hears of it. */
typedef struct snapshot_store {
    const char *folder;
    void *context;
    /* Of a file that is not used: its path, and why. */
    void (*refused)(void *context, const char *path, const char *why);
    /* After each step of restoring. NULL: nobody wants to know. */
    void (*progress)(void *context);
} snapshot_store;

/* A region's bytes. One window is open at a time: it begins at a multiple of SNAPSHOT_STEP and ends SNAPSHOT_STEP bytes
   later, or with the region. */
typedef struct snapshot_region {
    const char *name;
    uint64_t size;
    uint64_t max_size; /* of one that can grow: a snapshot of up to so many bytes is restored; otherwise 0 */
    uint64_t generation;
    void *context;
    bool (*grow)(void *context, uint64_t size, platform_failure *failure); /* with max_size */
    bool (*open)(void *context, uint64_t offset, size_t length, bool to_write, uint8_t **bytes,
                 platform_failure *failure);
    void (*close)(void *context, uint8_t *bytes);
} snapshot_region;

/* What was restored: all zero when there was no good snapshot. */
typedef struct snapshot_restored {
    uint64_t sequence;
    uint64_t generation;
    uint64_t size;
    uint64_t time;    /* when the copying began, 100 ns units since 1601-01-01 UTC */
    unsigned refused; /* files that were newer, or the only ones, and are not used */
} snapshot_restored;

/*
 * Copies the newest good snapshot into the region; without one its bytes stay as they are. False: the region's bytes
 * cannot be reached, the folder not be read, or the files be told apart from another region's; they may be partly written
 * then.
 */
bool snapshot_restore(const snapshot_store *store, const snapshot_region *region, snapshot_restored *restored,
                      platform_failure *failure);

/* Whether there is any snapshot of the region, good or not. */
bool snapshot_exists(const snapshot_store *store, const char *region, bool *exists,
                     platform_failure *failure);

typedef enum snapshot_result {
    SNAPSHOT_WORKING,   /* call again */
    SNAPSHOT_WRITTEN,   /* it is on the disk */
    SNAPSHOT_UNCHANGED, /* the newest one has these bytes already */
    SNAPSHOT_FAILED     /* it is not; the earlier ones are as they were */
} snapshot_result;

/* One snapshot on its way. All zero: none is. */
typedef struct snapshot_writer {
    const snapshot_store *store;
    snapshot_region region;
    unsigned keep;
    bool sure;
    uint64_t now;
    snapshot_result (*step)(struct snapshot_writer *writer, platform_failure *failure);
    uint8_t *buffer;    /* of a step */
    files_handle *file; /* the draft, while it is written */
    bool has_draft;
    snapshot_reader reader; /* of the newest one, or of the draft */
    uint64_t offset;
    uint64_t sequence; /* of the snapshot to be */
    uint32_t header_crc;
    uint32_t data_crc;
    uint64_t listed[SNAPSHOT_LISTED]; /* the region's snapshots, newest first */
    size_t listed_count;
} snapshot_writer;

/* Prepares a snapshot of `region`, of which `keep` (1 to SNAPSHOT_KEEP_MOST) stay; `store` and the region's name must
   live until it ends. `sure`: this process's last snapshot of the region did not fail, so that the names of the
   earlier ones are known to be on the disk. Nothing is touched yet. */
void snapshot_begin(snapshot_writer *writer, const snapshot_store *store, const snapshot_region *region,
                    unsigned keep, bool sure, uint64_t now);

/* Does the next step. With anything but SNAPSHOT_WORKING the writer is all zero again. */
snapshot_result snapshot_step(snapshot_writer *writer, platform_failure *failure);

/* Gives up; the draft is removed. One that is all zero is fine. */
void snapshot_abandon(snapshot_writer *writer);

#endif
