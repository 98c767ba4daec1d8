/* The bytes of a snapshot file. See snapshot_format.h. */
#include "snapshot_format.h"

#include "crc32c.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Where things stand in the header. */
enum {
    AT_MAGIC = 0,
    AT_VERSION = 8,
    AT_HEADER_BYTES = 12,
    AT_SIZE = 16,
    AT_GENERATION = 24,
    AT_SEQUENCE = 32,
    AT_TIME = 40,
    AT_NAME_HASH = 48,
    AT_NAME_LENGTH = 56, /* four bytes, and four zeros */
    AT_NAME = 64,
    AT_HEADER_CRC = SNAPSHOT_HEADER_BYTES - 4 /* zeros before it */
};

/* And in the trailer. */
enum { AT_END_MAGIC = 0, AT_END_SEQUENCE = 8, AT_DATA_CRC = 16, AT_HEADER_CRC_AGAIN = 20, AT_END_CRC = 28 };

static const char magic[8] = {'S', 'H', 'M', 'B', 'S', 'N', 'A', 'P'};
static const char end_magic[8] = {'S', 'H', 'M', 'B', 'S', 'E', 'N', 'D'};

static void put32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void put64(uint8_t *at, uint64_t value)
{
    put32(at, (uint32_t)value);
    put32(at + 4, (uint32_t)(value >> 32));
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t get64(const uint8_t *at)
{
    return get32(at) | (uint64_t)get32(at + 4) << 32;
}

uint32_t snapshot_encode_header(const snapshot_header *header, uint8_t bytes[SNAPSHOT_HEADER_BYTES])
{
    size_t length = strlen(header->region);
    length = length < SHMB_NAME_MAX_BYTES ? length : SHMB_NAME_MAX_BYTES;
    memset(bytes, 0, SNAPSHOT_HEADER_BYTES);
    memcpy(bytes + AT_MAGIC, magic, sizeof magic);
    put32(bytes + AT_VERSION, SNAPSHOT_VERSION);
    put32(bytes + AT_HEADER_BYTES, SNAPSHOT_HEADER_BYTES);
    put64(bytes + AT_SIZE, header->size);
    put64(bytes + AT_GENERATION, header->generation);
    put64(bytes + AT_SEQUENCE, header->sequence);
    put64(bytes + AT_TIME, header->time);
    put64(bytes + AT_NAME_HASH, shmb_name_hash(header->region, length));
    put32(bytes + AT_NAME_LENGTH, (uint32_t)length);
    memcpy(bytes + AT_NAME, header->region, length);
    uint32_t crc = crc32c(0, bytes, AT_HEADER_CRC);
    put32(bytes + AT_HEADER_CRC, crc);
    return crc;
}

/* The texts that follow name what is wrong of a file, behind its name. The version is looked at before the sum: another
   version may have its sum elsewhere. */
const char *snapshot_decode_header(const uint8_t bytes[SNAPSHOT_HEADER_BYTES], snapshot_header *header,
                                   uint32_t *crc)
{
    memset(header, 0, sizeof *header);
    *crc = crc32c(0, bytes, AT_HEADER_CRC);
    if (memcmp(bytes + AT_MAGIC, magic, sizeof magic) != 0)
        return "it is no snapshot, or its first bytes are damaged";
    if (get32(bytes + AT_VERSION) != SNAPSHOT_VERSION ||
        get32(bytes + AT_HEADER_BYTES) != SNAPSHOT_HEADER_BYTES)
        return "it is of another format than this version of shmbroker reads";
    uint32_t length = get32(bytes + AT_NAME_LENGTH);
    if (get32(bytes + AT_HEADER_CRC) != *crc || length > SHMB_NAME_MAX_BYTES)
        return "its header is damaged";
    memcpy(header->region, bytes + AT_NAME, length);
    if (strlen(header->region) != length ||
        get64(bytes + AT_NAME_HASH) != shmb_name_hash(header->region, length)) {
        header->region[0] = 0;
        return "its header is damaged";
    }
    header->size = get64(bytes + AT_SIZE);
    header->generation = get64(bytes + AT_GENERATION);
    header->sequence = get64(bytes + AT_SEQUENCE);
    header->time = get64(bytes + AT_TIME);
    return NULL;
}

void snapshot_encode_trailer(const snapshot_trailer *trailer, uint8_t bytes[SNAPSHOT_TRAILER_BYTES])
{
    memset(bytes, 0, SNAPSHOT_TRAILER_BYTES);
    memcpy(bytes + AT_END_MAGIC, end_magic, sizeof end_magic);
    put64(bytes + AT_END_SEQUENCE, trailer->sequence);
    put32(bytes + AT_DATA_CRC, trailer->data_crc);
    put32(bytes + AT_HEADER_CRC_AGAIN, trailer->header_crc);
    put32(bytes + AT_END_CRC, crc32c(0, bytes, AT_END_CRC));
}

const char *snapshot_check_trailer(const uint8_t bytes[SNAPSHOT_TRAILER_BYTES], const snapshot_header *header,
                                   uint32_t header_crc, uint32_t data_crc)
{
    if (memcmp(bytes + AT_END_MAGIC, end_magic, sizeof end_magic) != 0 ||
        get32(bytes + AT_END_CRC) != crc32c(0, bytes, AT_END_CRC))
        return "its end is damaged, or was never written";
    if (get64(bytes + AT_END_SEQUENCE) != header->sequence ||
        get32(bytes + AT_HEADER_CRC_AGAIN) != header_crc)
        return "its beginning and its end are of different snapshots";
    if (get32(bytes + AT_DATA_CRC) != data_crc)
        return "the sum of its bytes is wrong";
    return NULL;
}

/* Files are named for people too: letters and digits of the region's name, the rest as '_'. */
static void readable_part(const char *region, char part[33])
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t length = 0;
    for (; length < 32 && region[length]; length++)
        part[length] = strchr(plain, region[length]) ? region[length] : '_';
    part[length] = 0;
}

void snapshot_prefix(const char *region, char prefix[SNAPSHOT_NAME])
{
    char part[33];
    readable_part(region, part);
    snprintf(prefix, SNAPSHOT_NAME, "%016" PRIx64 "-%s-", shmb_name_hash(region, strlen(region)), part);
}

void snapshot_folded_prefix(const char *region, char prefix[SNAPSHOT_NAME])
{
    snapshot_prefix(region, prefix);
    for (char *at = prefix; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
}

#define SUFFIX ".snapshot"

void snapshot_file_name(const char *region, uint64_t sequence, char name[SNAPSHOT_NAME])
{
    char part[33];
    readable_part(region, part);
    snprintf(name, SNAPSHOT_NAME, "%016" PRIx64 "-%s-%020" PRIu64 SUFFIX,
             shmb_name_hash(region, strlen(region)), part, sequence);
}

uint64_t snapshot_sequence_of(const char *name)
{
    enum { DIGITS = 20 };
    size_t length = strlen(name), tail = DIGITS + strlen(SUFFIX);
    uint64_t sequence = 0;
    if (length <= tail || name[length - tail - 1] != '-' ||
        strcmp(name + length - strlen(SUFFIX), SUFFIX) != 0)
        return 0;
    for (const char *digit = name + length - tail; digit < name + length - strlen(SUFFIX); digit++) {
        unsigned value = (unsigned)(*digit - '0');
        if (*digit < '0' || *digit > '9' || sequence > (UINT64_MAX - value) / 10)
            return 0;
        sequence = sequence * 10 + value;
    }
    return sequence;
}
