/*
 * Reading one snapshot file, step by step, with every byte accounted for: that it is used is known only at its end.
 */
#ifndef SHMBROKER_SNAPSHOT_READER_H
#define SHMBROKER_SNAPSHOT_READER_H

#include "files.h"
#include "snapshot_format.h"

typedef enum snapshot_verdict {
    SNAPSHOT_GOOD,      /* so far */
    SNAPSHOT_REFUSED,   /* torn, damaged, of another format, or not of this region as it is declared */
    SNAPSHOT_UNREADABLE /* the system did not give its bytes; they may be good */
} snapshot_verdict;

typedef struct snapshot_reader {
    files_handle *file;
    snapshot_header header;
    uint32_t header_crc;
    uint32_t data_crc; /* of what was read so far */
    uint64_t left;     /* bytes of the region that were not read yet */
} snapshot_reader;

/* Opens the file and checks its header and length: it must be of `region` with `size` bytes, or when `max_size` is not 0,
   with 1 to max_size. Unless it is good, `why` says what is wrong, and nothing is open. */
snapshot_verdict snapshot_reader_open(snapshot_reader *reader, const char *path, const char *region,
                                      uint64_t size, uint64_t max_size, platform_failure *why);

/* Reads the next bytes, at most `room`. At the end `*length` is 0, and the trailer has been checked. */
snapshot_verdict snapshot_reader_next(snapshot_reader *reader, uint8_t *buffer, size_t room, size_t *length,
                                      platform_failure *why);

/* One that is all zero is fine. */
void snapshot_reader_close(snapshot_reader *reader);

#endif
