/* Brokers in a console, each its own instance, with a configuration that the test writes. */
#ifndef TEST_BROKER_H
#define TEST_BROKER_H

#include "process.h"

/* The head of a configuration whose regions Users read and Administrators write. */
#define BROKER_HEAD                                                                                          \
    "version: 1\n"                                                                                           \
    "defaults: { access: { read: [Users], write: [Administrators] } }\n"                                     \
    "regions:\n"

typedef struct test_broker {
    const char *instance; /* unique */
    const char *config;   /* the path of its file */
    const char *home;     /* its folder in %ProgramData%; removed by support_cleanup */
    process *process;     /* the running broker, or the last one */
} test_broker;

/* An instance that nothing runs for yet, with the formatted configuration. Lives until support_cleanup. */
SUPPORT_PRINTF(1, 2)
test_broker *broker_prepare(const char *config, ...);

/* Starts `shmbroker run` and waits until its regions exist. */
void broker_start(test_broker *b);

/* broker_prepare and broker_start. */
SUPPORT_PRINTF(1, 2)
test_broker *broker_run_with(const char *config, ...);

/* Stops it in order, by Ctrl+C, and fails unless it ends with exit code 0. */
void broker_stop(test_broker *b);

/* Ends it at once, as a crash would. */
void broker_kill(test_broker *b);

/* The same of its keeper, too: then nothing keeps what it served. */
void broker_kill_with_keeper(test_broker *b);

/* The line that `run` printed when it was ready. */
const char *broker_ready_line(test_broker *b);

/* The process that its log named last as the keeper; 0: none yet. */
DWORD broker_keeper_id(const test_broker *b);

/* Runs `shmbroker WHAT` for the instance, and fails with its own words unless it succeeds. */
void broker_command(const test_broker *b, const char *what);

/* `shmbroker status` of the instance with `arguments` ("" for none), run to its end. */
process *broker_status(const test_broker *b, const char *arguments);

#endif
