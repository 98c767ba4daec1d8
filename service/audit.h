/*
 * Audit: what in a configuration, and around it, lets people do more than its author is likely to want, or less.
 *
 * A function from the model and facts of the machine to findings; it asks the platform only for the words of
 * descriptors and accounts. Findings about one region's descriptor are in audit_access.c.
 */
#ifndef SHMBROKER_AUDIT_H
#define SHMBROKER_AUDIT_H

#include "access.h"
#include "leftovers.h"
#include "trust.h"

#define AUDIT_MAX_FINDINGS 10000u       /* kept; what comes after is counted */
#define AUDIT_MAX_LOOKUPS  1000u        /* accounts that the machine is asked for */
#define AUDIT_LARGE_COMMIT (1ull << 30) /* bytes of memory that ask for a budget */

typedef enum audit_severity {
    AUDIT_INFO,   /* worth knowing */
    AUDIT_LOW,    /* does not do what it seems to, or needs another weakness to matter */
    AUDIT_MEDIUM, /* more people can do something than most configurations want */
    AUDIT_HIGH,   /* people without an account, or without rights here, decide what others read */
    AUDIT_SEVERITY_COUNT
} audit_severity;

/* Where a finding is: a place in a configuration file, or with line 0 a file or folder as a whole. */
typedef struct audit_place {
    const char *file;
    config_position where;
    const char *region; /* NULL: none in particular */
} audit_place;

typedef struct audit_finding {
    audit_severity severity;
    const char *id; /* "everyone-may-write": stays the same from version to version */
    audit_place place;
    char *what;      /* one sentence each, without a line end */
    const char *why; /* it matters */
    char *advice;    /* what to do */
} audit_finding;

/* Starts as {0}. Texts in `place` are those of the model and the facts. */
typedef struct audit_report {
    audit_finding *items;
    size_t count;
    size_t dropped;                      /* findings beyond AUDIT_MAX_FINDINGS */
    size_t counts[AUDIT_SEVERITY_COUNT]; /* of all of them */
    bool failed;                         /* memory ran out: what is there is not all */
} audit_report;

/* The files of a region. */
typedef enum audit_file {
    AUDIT_BACKING, /* that it is backed by */
    AUDIT_INITIAL  /* that its contents come from when it is made */
} audit_file;

/* What the machine says. Reports may be NULL: then nobody looked. */
typedef struct audit_facts {
    const access_identity *identity; /* the broker's */
    const char *user_sid; /* of whoever asks: may change a file of his own, which only a service refuses */
    const trust_report *config;  /* who may change the configuration beside administrators and the broker */
    const trust_report *data;    /* the same of the data folder */
    const trust_report *program; /* and of the program */
    const leftovers *left;       /* snapshots that no region has any more */
    const char *snapshots;       /* their folder */
    void *context;               /* for the functions */
    /* Whether surely nobody has the SID: not when the machine cannot be asked. */
    bool (*account_is_gone)(void *context, const char *sid);
    /* Adds who may do to that file of `region` what `place` stands for, and is no keeper. */
    void (*look_at_file)(void *context, const config_region *region, audit_file file, trust_place place,
                         const trust_keepers *keepers, trust_report *report);
} audit_facts;

/* Fills `report`, which audit_free frees. */
void audit_run(const config_model *model, const audit_facts *facts, audit_report *report);
void audit_free(audit_report *report);

/* "high", "medium", "low", "info". */
const char *audit_severity_name(audit_severity severity);

/* ---- For audit_access.c ------------------------------------------------------------------------ */

/* Adds a finding. `what` and `advice` become the report's; NULL for one of them means that memory ran out. */
void audit_add(audit_report *report, audit_severity severity, const char *id, const audit_place *place,
               char *what, const char *why, char *advice);

/* Whether `sid` stands for people of whom nobody keeps a list, and how bad it is to let them in. */
bool audit_is_broad(const char *sid, audit_severity *severity);

/* Adds what there is to say about one region's descriptor, which is `section`'s. */
void audit_access(const config_region *region, const access_descriptor *section, const audit_facts *facts,
                  audit_report *report);

/* Where an entry comes from: its place in the list, else that of the region's `sddl`. */
audit_place audit_place_of(const config_region *region, const access_entry *entry, const access_list *list);

#endif
