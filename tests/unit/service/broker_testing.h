/* The broker's engine on the machine in memory, with a host that watches it. */
#ifndef SHMBROKER_BROKER_TESTING_H
#define SHMBROKER_BROKER_TESTING_H

#include "testing.h"

#include "broker.h"
#include "catalog_reader.h"
#include "fake_platform.h"

#define THREE_REGIONS                                                                                        \
    "version: 1\n"                                                                                           \
    "defaults: { access: { read: [Users] } }\n"                                                              \
    "regions:\n"                                                                                             \
    "  A: { size: 64 KiB, description: first }\n"                                                            \
    "  B: { size: 4 KiB, backing: { file: b.shm } }\n"                                                       \
    "  C: { size: 1, namespace: local, sddl: 'D:P(A;;0x20007;;;WD)' }\n"

/* What the host saw. */
typedef struct test_host {
    unsigned progress;
    unsigned ready;
    unsigned waits;
    bool reloads;        /* the service manager asks for a reload */
    unsigned stop_after; /* waits before the host says stop */
    bool keeps;          /* it says so when it stops */
    broker_summary summary;
    session_queue *sessions;        /* what it hears of sessions; NULL: nothing, as in a console */
    uint32_t grace_ms;              /* for the stop; 0: a minute */
    void (*on_wait)(unsigned wait); /* at each wait, counted from 0; may be NULL */
    void (*on_ready)(void);         /* a look around while the broker runs; may be NULL */
} test_host;

/* Runs a broker as a service does, log and all. */
int run_broker(test_host *host, const char *config, const char *instance);

/* What clients see of the machine's catalog; its base is NULL when there is none. */
catalog_view fake_view(void);

/* Whether the catalog has a region READY whose section the broker does not hold. */
bool fake_catalog_lies(void);

#endif
