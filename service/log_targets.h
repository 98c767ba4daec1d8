/*
 * Where the log's lines end up: a rotating file and the Event Log. Fulfilled by log_file_win32.c and
 * log_events_win32.c; in memory by tests.
 */
#ifndef SHMBROKER_LOG_TARGETS_H
#define SHMBROKER_LOG_TARGETS_H

#include "log.h"
#include "platform.h"

typedef struct log_file log_file;
typedef struct log_event_source log_event_source;

/* Opens `path` for appending, creating it and its folder when absent. NULL with `failure` set. */
log_file *log_file_open(const char *path, platform_failure *failure);

/* Appends `line` (with its line end) whole, rotating first when the file would grow past LOG_FILE_MAX:
   shmbroker.log becomes shmbroker.1.log, and so on up to LOG_FILES_KEPT. */
bool log_file_append(log_file *file, const char *line, platform_failure *failure);
void log_file_close(log_file *file);

/* NULL when the Event Log cannot be reached; the other two take NULL. */
log_event_source *log_event_source_open(const char *name);
void log_event_source_write(log_event_source *source, log_event event, log_severity severity,
                            const char *message);
void log_event_source_close(log_event_source *source);

#define LOG_TIME_TEXT 32

/* Now, as 2026-01-31T23:59:59.123Z. */
void log_time_text(char buffer[LOG_TIME_TEXT]);

#endif
