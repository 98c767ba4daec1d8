/* The running broker, asked through its control pipe: what it goes by, and what it holds. */
#ifndef SHMBROKER_LIVE_H
#define SHMBROKER_LIVE_H

#include "plan.h"
#include "platform.h"
#include "sessions.h"

typedef struct live_broker {
    const char *instance;
    bool runs;
    uint32_t pid;
    char owner_sid[CONFIG_SID_TEXT]; /* who owns what it makes */
    char config[PLATFORM_PATH];
    char data[PLATFORM_PATH];
    session_set sessions;     /* that it serves, or would */
    existing_region *regions; /* texts owned */
    size_t count;
    size_t capacity;
    bool failed; /* memory ran out while they were listed */
} live_broker;

/* Finds out whether the broker of `instance` runs, and then what it says. Returns an exit code: EXIT_OK also when none
   runs. Otherwise `failure` says why it cannot be asked. live_free frees it in all cases. */
int live_ask(const char *instance, live_broker *live, platform_failure *failure);

/* Has it reload, and with it serve the region `release`, which is held, unless that is NULL; and calls `replied` with what it says. Returns an exit code; the last reply has the broker's own. */
int live_reload(const live_broker *live, uint64_t digest, const char *release,
                bool (*replied)(void *context, const control_reply *reply), void *context,
                platform_failure *failure);

/* Has the running broker of `instance` do `command` (CONTROL_GROW, CONTROL_RETIRE) to `region`. Returns an exit code; `said`
   has what the broker says of it, and `size` the region's size after growing. */
int live_change(const char *instance, control_command command, const char *region, uint64_t argument,
                uint64_t *size, platform_failure *said);

existing_regions live_regions(const live_broker *live);
void live_free(live_broker *live);

#endif
