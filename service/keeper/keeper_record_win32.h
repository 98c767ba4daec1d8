/*
 * The record of keepers: a section in which a broker writes down which process keeps what it serves, and in which the
 * next one, and whoever stops or uninstalls it, reads whom to look for.
 */
#ifndef SHMBROKER_KEEPER_RECORD_WIN32_H
#define SHMBROKER_KEEPER_RECORD_WIN32_H

#include "support_win32.h"

/*
 * The record: which process stands at each place. A number alone could be another process's by now, so the time
 * of its creation goes with it. `pid` is written last and cleared first: whenever its writer dies, a place is either
 * whole or free.
 */
typedef struct recorded_keeper {
    uint64_t created;  /* FILETIME */
    volatile LONG pid; /* 0: the place is free */
    uint32_t zero;
} recorded_keeper;

typedef struct keeper_record {
    uint64_t magic;
    recorded_keeper places[PLATFORM_KEEPERS];
} keeper_record;

struct platform_keepers {
    HANDLE section;
    keeper_record *record;
    PSECURITY_DESCRIPTOR process; /* what each keeper's process has */
};

/* The descriptor that `sddl` says; `sddl` is freed, and NULL when memory ran out. */
PSECURITY_DESCRIPTOR win32_keeper_descriptor(char *sddl, platform_failure *failure);

/* Whether the view is memory, of the size of a record. */
bool win32_is_keeper_record(const void *view);

/* What there is at a place of the record. */
typedef enum keeper_seen {
    KEEPER_SEEN_NOTHING, /* no keeper: the place is free */
    KEEPER_SEEN_KEEPER,
    KEEPER_SEEN_DENIED, /* a process that does not let this account look at it */
    KEEPER_SEEN_FAILED  /* the last error says why that could not be found out */
} keeper_seen;

/* Opens the process that the record has at a place; `process` is NULL unless a keeper is seen, which has `descriptor`. A
   denial is believed when it is repeated: what is taken for nobody's here is never looked for again. */
keeper_seen win32_keeper_open(const recorded_keeper *recorded, PSECURITY_DESCRIPTOR descriptor, DWORD wanted,
                              HANDLE *process);

/* Has the process keep the record, so that the next broker finds it, and writes it down at `place`. */
bool win32_keeper_record(platform_keepers *keepers, unsigned place, const PROCESS_INFORMATION *started,
                         platform_failure *failure);

bool win32_keeper_lives(HANDLE process);

/* Ends it and waits: its sections go with it, so what follows must find it gone. */
void win32_keeper_terminate(HANDLE process);

#endif
