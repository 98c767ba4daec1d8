/*
 * The log: what the broker did, and what it could not do.
 *
 * Each line goes to a rotating file in the data folder, to the Event Log under an id of its own kind, and,
 * when the broker runs in a console, to standard error. The kinds are those of installer/messages.mc: the
 * same numbers, the same severities; a test compares them.
 */
#ifndef SHMBROKER_LOG_H
#define SHMBROKER_LOG_H

#include "text_builder.h"

#include <stdbool.h>
#include <stdint.h>

#define LOG_LINE_MAX   2048       /* bytes; a longer message is cut, and says so */
#define LOG_FILE_MAX   (1u << 20) /* bytes before the file is rotated */
#define LOG_FILES_KEPT 4          /* shmbroker.1.log (newest) to shmbroker.4.log */

/* One per kind of event. The number is the Event Log id. */
typedef enum log_event {
    LOG_STARTING = 1,
    LOG_READY = 2,
    LOG_STOPPING = 3,
    LOG_STOPPED = 4,
    LOG_RELOADED = 5,
    LOG_CATALOG_ADOPTED = 10,
    LOG_RESTORED = 11,
    LOG_PERSISTED = 12,
    LOG_PERSIST_AGAIN = 13,
    LOG_SNAPSHOTS_LEFT = 14,
    LOG_KEEPER_STARTED = 20,
    LOG_SESSIONS = 30,
    LOG_GROWN = 31,
    LOG_RETIRED = 32,
    LOG_REGION_FAILED = 100,
    LOG_REGION_NOTE = 101,
    LOG_SNAPSHOT_REFUSED = 110,
    LOG_PERSIST_FAILED = 111,
    LOG_LIVES_LOST = 112,
    LOG_CONFIG_REFUSED = 200,
    LOG_START_FAILED = 201,
    LOG_RELOAD_FAILED = 202,
    LOG_FILE_LOST = 301,
    LOG_CONTROL_LOST = 302,
    LOG_KEEPER_LOST = 320,
    LOG_KEEPER_FAILED = 321
} log_event;

typedef enum log_severity { LOG_INFO, LOG_WARNING, LOG_ERROR } log_severity;

typedef struct broker_log broker_log;

/* Where lines go. */
typedef struct log_targets {
    bool console;             /* standard error */
    const char *event_source; /* NULL, or the Event Log source: the service's name */
} log_targets;

/* NULL: out of memory. Lines written before log_to_file reach the other targets alone. */
broker_log *log_open(const log_targets *targets);

/* Adds the file at `path`, created when absent. A file that cannot be written is itself logged, once. */
void log_to_file(broker_log *log, const char *path);

/* Writes one event. Never fails towards the caller; a lost line is counted in the next one written. NULL is
   fine. */
TEXT_PRINTF(3, 4)
void log_write(broker_log *log, log_event event, const char *format, ...);

void log_close(broker_log *log);

/* The severity and the word for an event: "region-failed". */
log_severity log_severity_of(log_event event);
const char *log_name_of(log_event event);

#endif
