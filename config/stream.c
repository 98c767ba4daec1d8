/*
 * Reads streams in steps that double, so that neither a small file costs much nor a large one many copies.
 */
#include "stream.h"

#include "document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_READ ((size_t)64 << 10)

char *config_stream_read(FILE *stream, size_t *length, config_diagnostics *diagnostics)
{
    const size_t most = (size_t)CONFIG_MAX_FILE_BYTES + 1;
    size_t room = 0;
    char *text = NULL;
    *length = 0;
    do {
        room = room == 0 ? FIRST_READ : room < most / 2 ? 2 * room : most;
        char *grown = realloc(text, room);
        if (grown == NULL) {
            config_out_of_memory(diagnostics);
            free(text);
            return NULL;
        }
        text = grown;
        *length += fread(text + *length, 1, room - *length, stream);
    } while (*length == room && room < most);
    if (ferror(stream)) {
        config_position whole = {0, 0};
        config_diagnostics_add(
            diagnostics, whole, NULL,
            "the file could not be read to its end: %s; check the drive and the file's rights",
            strerror(errno));
        free(text);
        return NULL;
    }
    char *fitting = realloc(text, *length > 0 ? *length : 1); /* many files may be held at once */
    return fitting != NULL ? fitting : text;
}

bool config_stream_fits(size_t length, config_diagnostics *diagnostics)
{
    config_position whole = {0, 0};
    if (length > CONFIG_MAX_FILE_BYTES) {
        config_diagnostics_add(
            diagnostics, whole, NULL,
            "the file has more than %u MiB, which is the most; declare fewer regions in one file",
            CONFIG_MAX_FILE_BYTES >> 20);
    }
    return length <= CONFIG_MAX_FILE_BYTES;
}
