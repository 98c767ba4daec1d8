/*
 * The bytes of a snapshot file. service/SNAPSHOT.md specifies the same in prose.
 *
 * A header, the region's bytes, a trailer; everything little-endian and fixed-width. What is known before the copying
 * stands in the header, what only the copying tells, the sum of the bytes as they were copied, in the trailer: a file is
 * written from its start to its end and never gone back into. Pure functions.
 */
#ifndef SHMBROKER_SNAPSHOT_FORMAT_H
#define SHMBROKER_SNAPSHOT_FORMAT_H

#include "shmb_layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNAPSHOT_VERSION       1u
#define SNAPSHOT_HEADER_BYTES  1024u
#define SNAPSHOT_TRAILER_BYTES 32u
#define SNAPSHOT_NAME          96u /* bytes of a file's name, with its NUL */

typedef struct snapshot_header {
    uint64_t size;       /* of the region, and of the bytes between header and trailer */
    uint64_t generation; /* of the object that was copied */
    uint64_t sequence;   /* counts the region's snapshots, from 1 */
    uint64_t time;       /* when the copying began, 100 ns units since 1601-01-01 UTC */
    char region[SHMB_NAME_MAX_BYTES + 1];
} snapshot_header;

typedef struct snapshot_trailer {
    uint64_t sequence; /* the header's */
    uint32_t data_crc; /* CRC-32C of the bytes between header and trailer */
    uint32_t header_crc;
} snapshot_trailer;

/* Writes the header; returns its own sum, which the trailer repeats. A region's name that is too long is cut. */
uint32_t snapshot_encode_header(const snapshot_header *header, uint8_t bytes[SNAPSHOT_HEADER_BYTES]);
void snapshot_encode_trailer(const snapshot_trailer *trailer, uint8_t bytes[SNAPSHOT_TRAILER_BYTES]);

/* Reads the header. Returns NULL, or what is wrong with it: "its header is damaged"; then it is all zero. */
const char *snapshot_decode_header(const uint8_t bytes[SNAPSHOT_HEADER_BYTES], snapshot_header *header,
                                   uint32_t *crc);

/* Whether the trailer is the one of `header`, whose sum is `header_crc`, and of bytes with the sum `data_crc`. Returns
   NULL, or what is wrong. */
const char *snapshot_check_trailer(const uint8_t bytes[SNAPSHOT_TRAILER_BYTES], const snapshot_header *header,
                                   uint32_t header_crc, uint32_t data_crc);

/* What the names of the region's files begin with: its hash and what of its name a file may bear,
   "0123456789abcdef-Telemetry-". A region may have any name, a file may not; the region's full name stands in the header.
   The words keep apart regions whose names have the same hash, which is rare enough by itself. */
void snapshot_prefix(const char *region, char prefix[SNAPSHOT_NAME]);

/* The same in small letters: when they are equal for two regions, a disk that does not tell them from capitals has one and
   the same files for both. */
void snapshot_folded_prefix(const char *region, char prefix[SNAPSHOT_NAME]);

/* The file of the region's snapshot `sequence`: prefix, what of the name a file may bear, 20 digits, ".snapshot". */
void snapshot_file_name(const char *region, uint64_t sequence, char name[SNAPSHOT_NAME]);

/* The sequence number in a file's name; 0 when it is no snapshot's name. */
uint64_t snapshot_sequence_of(const char *name);

#endif
