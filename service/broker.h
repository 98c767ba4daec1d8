/*
 * The broker: claims its instance, reads the configuration, makes the regions, publishes them, and keeps them
 * until it is told to stop. The same engine runs in a console and under the service manager.
 */
#ifndef SHMBROKER_BROKER_H
#define SHMBROKER_BROKER_H

#include "log.h"
#include "platform.h"
#include "sessions.h"

#define BROKER_HEARTBEAT_MS 500u
#define BROKER_WAKES        2u

/* How commands and the broker end; `shmbroker help` lists them. Under the service manager they are the
   service-specific exit codes. */
enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_BAD_USAGE = 2, /* or a bad configuration */
    EXIT_ACCESS_DENIED = 3,
    EXIT_NO_BROKER = 4,
    EXIT_NO_REGION = 5,
    EXIT_FOUND_LOW = 6, /* of `audit`: its worst finding */
    EXIT_FOUND_MEDIUM = 7,
    EXIT_FOUND_HIGH = 8
};

typedef struct broker_options {
    const char *config;   /* NULL: the instance's own */
    const char *instance; /* "" for the default one */
} broker_options;

/* What stands once the regions exist. */
typedef struct broker_summary {
    const char *config;
    size_t regions; /* served */
    size_t failed;
    bool persists; /* the stop has something to write to the disk */
} broker_summary;

/* Who the broker runs under. */
typedef struct broker_host {
    void *context;
    void (*progress)(void *context); /* after each step of starting and stopping */
    void (*ready)(void *context, const broker_summary *summary); /* once, when the regions exist */
    /* Returns false as soon as it is to stop; earlier than after `milliseconds` when one of `wakes` (what
       platform_keeper_wake and platform_control_wake gave; at most BROKER_WAKES) calls for it, or `reloads` has news. */
    bool (*wait)(void *context, uint32_t milliseconds, void *const *wakes, size_t count);
    bool (*reloads)(void *context); /* whether a reload was asked for since it was called last; may be NULL */
    bool (*keeps)(void *context);   /* when it is to stop: whether the keeper stays, for the next broker */
    uint32_t (*grace)(void *context); /* at the stop: how many milliseconds writing to the disk may take */
    const char *purpose;              /* for the log: "in a console", "as a service" */
    /* The oldest session event that was not taken yet; false: there is none. NULL: the host hears of no sessions, and the
       broker serves its own alone. */
    bool (*session_event)(void *context, session_event *event);
} broker_host;

/* "0.1.0" */
const char *broker_version(void);

/* Runs until the host says stop. Returns an exit code; what went wrong is in `log`. */
int broker_run(const broker_options *options, const broker_host *host, broker_log *log);

#endif
