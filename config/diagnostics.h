/*
 * Diagnostics: what is wrong with a configuration, each with its place.
 *
 * A line reads `file:line:column: error: path: what, and what is allowed`. The path names the value
 * (`regions.Telemetry.size`, `regions.Telemetry.access.write[1]`); it is left out where a file has none, as
 * for YAML syntax. At most CONFIG_MAX_DIAGNOSTICS are kept; what comes after is counted. For people the line
 * of the file follows, with the place marked, and the other place where there are two:
 *
 *     shmbroker.yaml:7:11: error: regions.Telemetry.size: "64 KiBs" is not a size; …
 *         7 |     size: 64 KiBs
 *           |           ^~~~~~~
 *
 * A configuration may be several files: an error belongs to the file that is current when it is added.
 */
#ifndef SHMBROKER_CONFIG_DIAGNOSTICS_H
#define SHMBROKER_CONFIG_DIAGNOSTICS_H

#include "excerpt.h"
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

typedef enum config_severity {
    CONFIG_ERROR,  /* the configuration is refused */
    CONFIG_WARNING /* it is taken, and may not do what is meant */
} config_severity;

/* The second place of a diagnostic, such as that of the first of two equal keys. */
typedef struct config_note {
    char *message; /* NULL: there is none */
    unsigned file;
    config_span span;
    config_excerpt excerpt;
} config_note;

typedef struct config_diagnostic {
    config_severity severity;
    unsigned file;    /* which of `files` */
    config_span span; /* where; line 0: the file as a whole */
    char *path;       /* "" where there is none */
    char *message;    /* what, and what is allowed */
    char *suggestion; /* what to write in place of the span; NULL where there is no good guess */
    config_excerpt excerpt;
    config_note note;
} config_diagnostic;

typedef struct config_diagnostics {
    char *files[CONFIG_MAX_FILES]; /* the names of all files, the main one first */
    unsigned file_count;
    unsigned current; /* the file that is being read */
    config_diagnostic items[CONFIG_MAX_DIAGNOSTICS];
    size_t count;   /* items kept */
    size_t errors;  /* all that were added, and not warnings */
    size_t dropped; /* errors beyond those kept */
    size_t dropped_warnings;
} config_diagnostics;

/* Makes it empty; `file` is the main file, and current. */
void config_diagnostics_init(config_diagnostics *diagnostics, const char *file);
void config_diagnostics_free(config_diagnostics *diagnostics);

/* Adds a file, makes it current, and returns its number (the main file is 0). At most CONFIG_MAX_FILES; what
   comes after has the last one's number. */
unsigned config_diagnostics_enter(config_diagnostics *diagnostics, const char *file);

/* Makes the file with this number current again, for what is found when several files have been read. */
void config_diagnostics_select(config_diagnostics *diagnostics, unsigned file);

/*
 * Adds one error in the current file. `path` may be NULL. The message is formatted as by printf. Returns it,
 * or NULL when it is not kept; the pointer is good until the next one is added, for the three functions
 * below.
 */
CONFIG_PRINTF(4, 5)
config_diagnostic *config_diagnostics_add(config_diagnostics *diagnostics, config_position where,
                                          const char *path, const char *format, ...);

/* The same for a warning. */
CONFIG_PRINTF(4, 5)
config_diagnostic *config_diagnostics_warn(config_diagnostics *diagnostics, config_position where,
                                           const char *path, const char *format, ...);

/* Says where what is wrong ends: the place behind its last character. All three take NULL and do nothing. */
void config_diagnostic_until(config_diagnostic *diagnostic, config_position end);

/* Says what was probably meant, to be written in place of what is wrong. */
void config_diagnostic_suggest(config_diagnostic *diagnostic, const char *text);

/* Adds the second place, in the file with number `file`; a diagnostic has one at most. */
CONFIG_PRINTF(4, 5)
void config_diagnostic_note(config_diagnostic *diagnostic, unsigned file, config_span span,
                            const char *format, ...);

/*
 * Takes the excerpts of what is known of the file with number `file`, whose text this is; a place behind its
 * end becomes its end (libyaml takes the end for a new line). The loader has done so when it returns.
 */
void config_diagnostics_quote(config_diagnostics *diagnostics, unsigned file, const char *text,
                              size_t length);

/* Sorts by file and place, as a reader goes through them. The loader has done so when it returns. */
void config_diagnostics_sort(config_diagnostics *diagnostics);

/* Formats diagnostic `index` as its one line, without a line end; returns the length that it has or would
   have. */
size_t config_diagnostics_format(const config_diagnostics *diagnostics, size_t index, char *buffer,
                                 size_t size);

/* Prints each with its excerpt and its second place, then how many more there are; `colour` for a terminal
   that understands ECMA-48's sequences. */
void config_diagnostics_print(const config_diagnostics *diagnostics, FILE *stream, bool colour);

#endif
