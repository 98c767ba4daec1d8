/*
 * Streams: a file's bytes in memory, bounded.
 */
#ifndef SHMBROKER_CONFIG_STREAM_H
#define SHMBROKER_CONFIG_STREAM_H

#include "diagnostics.h"

/*
 * Reads the stream to its end, or to one byte beyond what a file may have. The caller frees it. NULL, with a
 * diagnostic, when it cannot be read to its end or there is no memory.
 */
char *config_stream_read(FILE *stream, size_t *length, config_diagnostics *diagnostics);

/* Whether a file may have so many bytes; adds a diagnostic when it may not. */
bool config_stream_fits(size_t length, config_diagnostics *diagnostics);

#endif
