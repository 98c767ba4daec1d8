/* Reading a snapshot file. See snapshot_reader.h. */
#include "snapshot_reader.h"

#include "crc32c.h"

#include <stdio.h>
#include <string.h>

static snapshot_verdict refuse(platform_failure *why, const char *what)
{
    why->code = 0;
    snprintf(why->text, sizeof why->text, "%s", what);
    return SNAPSHOT_REFUSED;
}

/* Whether the file is of this region, as it is declared, and has the bytes that it says. */
static snapshot_verdict check_header(const snapshot_reader *reader, const char *region, uint64_t least,
                                     uint64_t most, uint64_t file_size, platform_failure *why)
{
    const uint64_t around = SNAPSHOT_HEADER_BYTES + SNAPSHOT_TRAILER_BYTES, size = reader->header.size;
    why->code = 0;
    if (strcmp(reader->header.region, region) != 0)
        snprintf(why->text, sizeof why->text, "it is of another region, %s", reader->header.region);
    else if (size < least || size > most)
        snprintf(why->text, sizeof why->text, "it has %llu bytes, and the region is declared with %s%llu",
                 (unsigned long long)size, least < most ? "at most " : "", (unsigned long long)most);
    else if (file_size < around || file_size - around != size)
        snprintf(why->text, sizeof why->text, "it is torn: the file has %llu bytes, a whole one %llu",
                 (unsigned long long)file_size, (unsigned long long)size + around);
    else
        return SNAPSHOT_GOOD;
    return SNAPSHOT_REFUSED;
}

snapshot_verdict snapshot_reader_open(snapshot_reader *reader, const char *path, const char *region,
                                      uint64_t size, uint64_t max_size, platform_failure *why)
{
    uint8_t bytes[SNAPSHOT_HEADER_BYTES];
    uint64_t file_size;
    memset(reader, 0, sizeof *reader);
    if (!files_open(path, &reader->file, &file_size, why))
        return SNAPSHOT_UNREADABLE;
    snapshot_verdict verdict = SNAPSHOT_GOOD;
    const char *wrong = NULL;
    if (file_size < SNAPSHOT_HEADER_BYTES)
        wrong = "it is torn: it ends within its header";
    else if (!files_read(reader->file, bytes, sizeof bytes, why))
        verdict = SNAPSHOT_UNREADABLE;
    else
        wrong = snapshot_decode_header(bytes, &reader->header, &reader->header_crc);
    if (wrong)
        verdict = refuse(why, wrong);
    else if (verdict == SNAPSHOT_GOOD)
        verdict =
            check_header(reader, region, max_size ? 1 : size, max_size ? max_size : size, file_size, why);
    reader->left = reader->header.size;
    if (verdict != SNAPSHOT_GOOD)
        snapshot_reader_close(reader);
    return verdict;
}

static snapshot_verdict check_end(snapshot_reader *reader, platform_failure *why)
{
    uint8_t bytes[SNAPSHOT_TRAILER_BYTES];
    if (!files_read(reader->file, bytes, sizeof bytes, why))
        return SNAPSHOT_UNREADABLE;
    const char *wrong = snapshot_check_trailer(bytes, &reader->header, reader->header_crc, reader->data_crc);
    return wrong ? refuse(why, wrong) : SNAPSHOT_GOOD;
}

snapshot_verdict snapshot_reader_next(snapshot_reader *reader, uint8_t *buffer, size_t room, size_t *length,
                                      platform_failure *why)
{
    size_t step = reader->left < room ? (size_t)reader->left : room;
    *length = 0;
    if (step == 0)
        return check_end(reader, why);
    if (!files_read(reader->file, buffer, step, why))
        return SNAPSHOT_UNREADABLE;
    reader->data_crc = crc32c(reader->data_crc, buffer, step);
    reader->left -= step;
    *length = step;
    return SNAPSHOT_GOOD;
}

void snapshot_reader_close(snapshot_reader *reader)
{
    files_close(reader->file);
    memset(reader, 0, sizeof *reader);
}
