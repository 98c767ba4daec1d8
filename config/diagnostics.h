/*
 * Diagnostics: what is wrong with a configuration, each with its place.
 *
 * A line reads `file:line:column: error: path: what, and what is allowed`. The path names the value
 * (`regions.Telemetry.size`, `regions.Telemetry.access.write[1]`); it is left out where a file has none, as
 * for YAML syntax. At most CONFIG_MAX_DIAGNOSTICS are kept; what comes after is counted.
 */
#ifndef SHMBROKER_CONFIG_DIAGNOSTICS_H
#define SHMBROKER_CONFIG_DIAGNOSTICS_H

#include "model.h"

#include <stdio.h>

#define CONFIG_MAX_DIAGNOSTICS 100u

/* The compiler checks calls as it does printf's: which argument is the format, and the first formatted (0: a
   va_list). */
#if defined(__MINGW32__) && !defined(__clang__)
#define CONFIG_PRINTF(format_index, first) __attribute__((format(gnu_printf, format_index, first)))
#elif defined(__GNUC__)
#define CONFIG_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#else
#define CONFIG_PRINTF(format_index, first)
#endif

typedef struct config_diagnostic {
    config_position where; /* line 0: the file as a whole */
    char *path;            /* "" where there is none */
    char *message;         /* what, and what is allowed */
} config_diagnostic;

typedef struct config_diagnostics {
    char *file;
    config_diagnostic items[CONFIG_MAX_DIAGNOSTICS];
    size_t count;   /* items kept */
    size_t dropped; /* errors beyond those */
} config_diagnostics;

void config_diagnostics_init(config_diagnostics *diagnostics, const char *file);
void config_diagnostics_free(config_diagnostics *diagnostics);

/* Adds one error. `path` may be NULL. The message is formatted as by printf. */
CONFIG_PRINTF(4, 5)
void config_diagnostics_add(config_diagnostics *diagnostics, config_position where, const char *path,
                            const char *format, ...);

/* Sorts by place, as a reader goes through the file. The loader has done so when it returns. */
void config_diagnostics_sort(config_diagnostics *diagnostics);

/* Formats diagnostic `index` as its one line, without a line end; returns the length that it has or would
   have. */
size_t config_diagnostics_format(const config_diagnostics *diagnostics, size_t index, char *buffer,
                                 size_t size);

/* Prints one line each, then how many more there are. */
void config_diagnostics_print(const config_diagnostics *diagnostics, FILE *stream);

#endif
