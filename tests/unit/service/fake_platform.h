/*
 * A machine in memory: service/platform.h and service/log_targets.h fulfilled without an operating system.
 *
 * It counts what is open, keeps what was logged, and lets one call fail: every call that may fail is
 * numbered, and number `fail_at` does. There is one machine, `fake`; fake_reset makes it new.
 */
#ifndef SHMBROKER_FAKE_PLATFORM_H
#define SHMBROKER_FAKE_PLATFORM_H

#include "log_targets.h"
#include "text_builder.h"

#define FAKE_OWNER    "S-1-5-21-9-9-9-1000"
#define FAKE_BROKER   "S-1-5-80-1-2-3-4-5"
#define FAKE_USER     "S-1-5-21-9-9-9-1002"
#define FAKE_PROCESS  4712u /* a program of anna, at low integrity */
#define FAKE_RESERVED (8u << 20)
#define FAKE_SESSIONS 8u
#define FAKE_COMMIT   (64ull << 30)

#define FAKE_KEEPER_HOLDS 256u /* sections in one keeper */
#define FAKE_NAMESPACES   4u   /* private ones */

/* A section, which lives as long as the broker, a client or a keeper has it. */
typedef struct fake_section {
    struct fake_section *next;
    unsigned serial;   /* of its creation: tells whether it is still the same */
    bool held;         /* by the broker; otherwise by clients or keepers that outlived one */
    unsigned kept;     /* handles that keepers have */
    uint64_t size;     /* bytes of memory */
    uint64_t max_size; /* 0: it does not grow */
    char name[PLATFORM_NAME];
    char sddl[CONFIG_MAX_SDDL];
    char backing[PLATFORM_PATH]; /* of its file, with `files_on_disk`; "": it has none */
    uint8_t *bytes;
} fake_section;

/* A keeper's process. */
typedef struct fake_keeper {
    bool lives;
    bool stays; /* otherwise it ends with the broker */
    bool found; /* the broker has a handle of it */
    bool has_catalog;
    uint32_t pid;
    fake_section *sections[FAKE_KEEPER_HOLDS]; /* NULL: a free number */
    bool has_namespace[FAKE_NAMESPACES];
} fake_keeper;

/* A private namespace: names in it can be used while the broker or a keeper has it open. */
typedef struct fake_namespace {
    char alias[PLATFORM_NAME]; /* with the backslash */
    bool entered;              /* by the broker */
} fake_namespace;

/* A file beside the configuration. */
typedef struct fake_file {
    const char *path; /* relative to the configuration's folder, with backslashes */
    const char *text;
} fake_file;

typedef struct fake_machine {
    /* What the test arranges. */
    const char *config;         /* the configuration file's text; NULL: there is none */
    const fake_file *files;     /* others, which it may include; ends with one without a path */
    const char *untrusted;      /* the SID of an account that may change the configuration */
    const char *gone;           /* a SID that no account has */
    const char *untrusted_file; /* the end of the only path that it may change; NULL: all of them */
    const char *taken;          /* an object name that somebody else has */
    bool claim_taken;           /* another broker runs */
    bool terminal;              /* what is printed goes to one that shows colour */
    bool clients_hold_catalog;  /* its memory outlives the broker */
    bool clients_hold_sections; /* they outlive the broker, too */
    unsigned room_for;          /* so many sections and no more; 0: any number */
    unsigned refused_for_room;  /* sections */
    unsigned programs;          /* handles that they have of each section; then they outlive it as well */
    const char *holders;        /* who they are, as platform_section_holders says it */
    uint32_t sessions[FAKE_SESSIONS];  /* that it has; a 0 ends them */
    uint32_t own_session;              /* the broker's */
    uint64_t reserved;                 /* how large the catalog's section may be */
    uint64_t commit_limit;             /* bytes of memory that the machine has */
    uint64_t commit_available;         /* bytes that it can still give; sections do not lower it */
    bool no_service_accounts;          /* services run as whoever asks */
    bool files_on_disk;                /* those behind sections are on fake_files.h's disk */
    bool no_large_pages;               /* it gives none, and no NUMA node but the first */
    unsigned fail_at;                  /* this call fails, counted from 1; 0: none does */
    unsigned fail_calls;               /* how many calls fail from there on; 0 counts as 1 */
    uint64_t clock_step;               /* by how much each look at it moves the clock; 0: one unit */
    const char *fail_always;           /* every call of this name fails, too */
    void (*on_call)(const char *call); /* before each call that may fail */

    /* What the machine saw. */
    unsigned calls;          /* that may fail */
    const char *failed_call; /* the first that was made to fail */
    const char *violation;   /* the first breach of the contract by the caller */
    unsigned open_sections;
    unsigned open_spares;
    unsigned open_windows;
    uint64_t flushed_bytes; /* of sections with a file */
    unsigned flushed_files;
    uint64_t backing_bytes; /* of each backing file; 0: there is none */
    unsigned open_claims;
    unsigned open_catalogs;
    unsigned open_log_files;
    unsigned open_event_sources;
    unsigned open_controls;
    unsigned open_keepers; /* handles of keepers and of their record */
    unsigned keepers_started;
    text trace;  /* a line for each call that opens, closes or creates: "section-create Global\A" */
    text lines;  /* the log file */
    text events; /* the Event Log: "201 error text" */

    /* What is asked through the control pipe next; `command` 0: nothing. */
    control_request asked;
    bool asked_by_stranger; /* who is no administrator */
    uint32_t stranger_may;  /* what he may do to every section */
    text answered;          /* a line for each reply: "0 + create A: reason", the last one "done CODE text" */

    /* Its own. */
    fake_section *sections;
    fake_keeper keepers[PLATFORM_KEEPERS];
    fake_namespace namespaces[FAKE_NAMESPACES];
    unsigned sections_made;
    unsigned taken_over;           /* sections that an earlier broker left */
    unsigned taken_over_unplanned; /* of them: the request did not say that there was one */
    uint8_t *catalog;
    uint64_t catalog_committed;
    uint64_t clock;
    int config_number; /* the descriptor of the configuration's stream, 0 before it was opened */
} fake_machine;

extern fake_machine fake;

/* A new machine with nothing on it. What the last one had is freed. */
void fake_reset(void);

/* Sums of what is open: 0 when everything was closed. */
unsigned fake_open_things(void);

/* The bytes of a section, whoever holds it; NULL when there is none. */
uint8_t *fake_section_bytes(const char *object_name);

/* Whether the broker holds a section with this name. */
bool fake_section_is_open(const char *object_name);

/* Clients let go of all that the broker does not hold. */
void fake_let_sections_go(void);

/* The descriptor that the section has now; NULL: there is none. */
const char *fake_section_sddl(const char *object_name);

/* Whether the text has `wanted` in it. An empty text has nothing. */
bool fake_has(const text *where, const char *wanted);

/* The section of that name, whoever has it; NULL when there is none. */
fake_section *fake_find_section(const char *object_name);

/* Opens the private namespace that the name begins with, for the broker; one that nobody has open any more goes, and
   what is in it has no name from then on. For the parts of the machine alone. */
void fake_enter_namespace(const char *object_name);
void fake_drop_namespaces(void);

/* Keepers that live, whatever they have; and how many handles of sections they have together. */
unsigned fake_living_keepers(void);
unsigned fake_kept_sections(void);
bool fake_catalog_is_kept(void);

/* Somebody ends the keeper at `place`. */
void fake_end_keeper(unsigned place);

/* The broker is killed: what it had open is closed, what it wrote stays. */
void fake_kill_broker(void);

/* Counts a call that may fail, and decides whether it does. For the parts of the machine alone. */
bool fake_refuses(const char *call, platform_failure *failure);

/* For the parts of the machine: a breach of the contract, a section that may have lost its last handle, a new one, which nobody
   holds, the catalog's memory that may have lost its last handle. */
void fake_violated(const char *what);
void fake_drop_section(fake_section *section);
fake_section *fake_make_section(const platform_section_request *request);
void fake_drop_catalog(void);

#endif
