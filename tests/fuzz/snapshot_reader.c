/*
 * Fuzzing the snapshot reader: the input is a file; what comes back must be in bounds, and good only when it is the file
 * that the writer's functions would have made.
 *
 * A random input never has right sums. So the input's first byte says whether they are put right before reading.
 */
#include "crc32c.h"
#include "snapshot_reader.h"

#include <stdlib.h>
#include <string.h>

#define STEP 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The disk: one file. */
struct files_handle {
    const uint8_t *bytes;
    size_t length;
    size_t at;
};
static struct files_handle disk;

bool files_open(const char *path, files_handle **file, uint64_t *size, platform_failure *failure)
{
    (void)path;
    (void)failure;
    disk.at = 0;
    *file = &disk;
    *size = disk.length;
    return true;
}

bool files_read(files_handle *file, void *bytes, size_t length, platform_failure *failure)
{
    (void)failure;
    if (file->length - file->at < length)
        return false;
    memcpy(bytes, file->bytes + file->at, length);
    file->at += length;
    return true;
}

void files_close(files_handle *file)
{
    (void)file;
}

static void must(bool fact)
{
    if (!fact)
        abort();
}

static void put32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* Gives the file the sums of what it says, so that what lies behind the sums is reached. */
static void put_sums_right(uint8_t *file, size_t size)
{
    const size_t around = SNAPSHOT_HEADER_BYTES + SNAPSHOT_TRAILER_BYTES;
    if (size < around)
        return;
    uint8_t *trailer = file + size - SNAPSHOT_TRAILER_BYTES;
    uint32_t header_crc = crc32c(0, file, SNAPSHOT_HEADER_BYTES - 4);
    put32(file + SNAPSHOT_HEADER_BYTES - 4, header_crc);
    put32(trailer + 16, crc32c(0, file + SNAPSHOT_HEADER_BYTES, size - around));
    put32(trailer + 20, header_crc);
    put32(trailer + 28, crc32c(0, trailer, 28));
}

/* Whether the bytes around the region's are those that the header read from them gives again. */
static void must_be_made_again(const snapshot_reader *reader, const uint8_t *file, size_t size)
{
    uint8_t header[SNAPSHOT_HEADER_BYTES], trailer[SNAPSHOT_TRAILER_BYTES];
    snapshot_header again = reader->header;
    const snapshot_trailer end = {again.sequence, reader->data_crc, snapshot_encode_header(&again, header)};
    snapshot_encode_trailer(&end, trailer);
    must(end.header_crc == reader->header_crc || memcmp(header, file, sizeof header) != 0);
    must(size >= sizeof header + sizeof trailer);
    must(size - sizeof header - sizeof trailer == again.size);
}

static void read_as(const char *region, uint64_t region_size, const uint8_t *file, size_t size)
{
    snapshot_reader reader;
    platform_failure why = {0};
    uint8_t buffer[STEP];
    uint64_t told = 0;
    size_t length = 1;
    snapshot_verdict verdict = snapshot_reader_open(&reader, "file", region, region_size, 0, &why);
    while (verdict == SNAPSHOT_GOOD && length > 0) {
        verdict = snapshot_reader_next(&reader, buffer, sizeof buffer, &length, &why);
        must(length <= sizeof buffer);
        told += length;
        must(told <= region_size);
    }
    must(verdict != SNAPSHOT_UNREADABLE); /* the disk never fails here */
    must(verdict == SNAPSHOT_GOOD || why.text[0] != '\0');
    if (verdict == SNAPSHOT_GOOD) {
        must(told == region_size);
        must_be_made_again(&reader, file, size);
    }
    snapshot_reader_close(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    snapshot_header header;
    uint32_t crc;
    if (size == 0)
        return 0;
    uint8_t *file = malloc(size); /* exactly the file's, so that AddressSanitizer sees a byte too far */
    if (file == NULL)
        return 0;
    memcpy(file, data + 1, size - 1);
    if (data[0] & 1)
        put_sums_right(file, size - 1);
    disk = (struct files_handle){file, size - 1, 0};
    read_as("Telemetry", 100, file, size - 1);
    if (size - 1 >= SNAPSHOT_HEADER_BYTES && !snapshot_decode_header(file, &header, &crc)) {
        must(strlen(header.region) <= SHMB_NAME_MAX_BYTES);
        read_as(header.region, header.size, file, size - 1);
    }
    free(file);
    return 0;
}
