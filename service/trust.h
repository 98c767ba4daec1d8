/*
 * Trust: who may change what decides what the broker does, a configuration above all.
 *
 * Pure: a descriptor's owner and entries in, breaches out. A breach is one account that may change a file or
 * folder, or put another in its place, and should not be able to. Administrators, the system and Windows's
 * own installer may; so may the keepers that the caller names. trust_win32.c reads the descriptors.
 */
#ifndef SHMBROKER_TRUST_H
#define SHMBROKER_TRUST_H

#include "model.h"

#define TRUST_MAX_BREACHES 64u /* kept of one report; what comes after is counted */

/* What a file or folder is to the text that is read. */
typedef enum trust_place {
    TRUST_FILE,   /* the text itself, or a program */
    TRUST_FOLDER, /* a folder that things are looked up in: whoever adds a file there adds a fragment */
    TRUST_ABOVE,  /* a folder above: only what moves or replaces its contents matters */
    TRUST_CONTENT /* a file's bytes, which only keepers may read */
} trust_place;

/* One entry of a DACL, in its order. */
typedef struct trust_entry {
    char sid[CONFIG_SID_TEXT]; /* "?": an entry of a kind that names nobody we could read */
    uint32_t mask;             /* generic rights mapped to those of files */
    bool allows;               /* else it denies */
    bool inherited;
} trust_entry;

/* What may be done to one file or folder. Entries that are only handed down to others are left out. */
typedef struct trust_subject {
    const char *path;
    trust_place place;
    char owner[CONFIG_SID_TEXT];
    bool no_dacl; /* everybody may do everything */
    const trust_entry *entries;
    size_t count;
} trust_subject;

/* The accounts that may change it beside administrators. */
typedef struct trust_keepers {
    const char *const *sids;
    size_t count;
} trust_keepers;

typedef enum trust_breach_kind {
    TRUST_BY_ENTRY,  /* an entry of the DACL allows it */
    TRUST_BY_OWNER,  /* it owns the thing, and may give itself every right */
    TRUST_BY_NOTHING /* there is no DACL, or a file system without rights */
} trust_breach_kind;

typedef struct trust_breach {
    trust_breach_kind kind;
    trust_place place;
    char *path;
    char sid[CONFIG_SID_TEXT]; /* "S-1-1-0" when there is no DACL */
    char *account;   /* as people know it; the same text as `sid` until the platform has found out */
    uint32_t rights; /* those that make it a breach */
    bool inherited;
} trust_breach;

/* Starts as {0}; grows with each subject. */
typedef struct trust_report {
    trust_breach *items;
    size_t count;
    size_t dropped; /* breaches beyond TRUST_MAX_BREACHES */
    bool failed;    /* memory ran out: what is there is not all */
} trust_report;

/* Whether `sid` may change anything on the machine anyway: SYSTEM, Administrators, the built-in administrator,
   domain and enterprise administrators, Windows's own installer. */
bool trust_is_administrative(const char *sid);

/* The rights that let somebody change what stands at `place`, or put another thing there; of TRUST_CONTENT, read it. */
uint32_t trust_dangerous_rights(trust_place place);

/* Adds to `report` who may change `subject` and is neither administrative nor among `keepers`: each account
   once, with all its rights. */
void trust_judge(const trust_subject *subject, const trust_keepers *keepers, trust_report *report);

void trust_report_free(trust_report *report);

/* One sentence about a breach, without a line end: whose it is, on what, by which entry. NULL: out of memory. The caller
   frees it. */
char *trust_describe(const trust_breach *breach);

/* The command that takes the right away: "`icacls …`". NULL: out of memory. The caller frees it. */
char *trust_remedy(const trust_breach *breach);

#endif
