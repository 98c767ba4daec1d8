/*
 * Why somebody may or may not use a region: the answer of `shmbroker explain`, made from what is declared and from a
 * token. Pure. report_explain.c prints it.
 */
#ifndef SHMBROKER_EXPLAIN_H
#define SHMBROKER_EXPLAIN_H

#include "declare.h"
#include "parts.h"
#include "token.h"

#define EXPLAIN_SENTENCE 1024 /* bytes that hold any sentence made here */

/* What is known of the object that a running broker holds. */
typedef enum explain_live {
    EXPLAIN_LIVE_ABSENT,         /* there is none */
    EXPLAIN_LIVE_SAME,           /* it has the declared descriptor */
    EXPLAIN_LIVE_SAME_BUT_LABEL, /* as far as can be seen: the platform shows no labels */
    EXPLAIN_LIVE_DIFFERS,
    EXPLAIN_LIVE_UNKNOWN /* it may not be looked at */
} explain_live;

/* What the token may do with one object beside the region. */
typedef struct explain_part {
    shmb_part part;
    uint32_t mask; /* what writers may, what readers may, or 0 */
} explain_part;

/* What is asked. */
typedef struct explain_question {
    const config_region *region;
    const declared_region *declared;
    const access_identity *identity;
    access_right right; /* ACCESS_READ or ACCESS_WRITE */
    const token_facts *who;
    const char *user_name;    /* as it was asked about; NULL for a program's token */
    const char *service_name; /* the broker's: "ShmBroker" */
} explain_question;

typedef struct explanation {
    explain_question question;
    access_descriptor section;
    access_descriptor file; /* empty without a backing file */
    access_verdict verdict; /* on the section */
    access_verdict on_file;
    explain_part parts[SHMB_PART_COUNT]; /* those that the region has */
    size_t part_count;
    const config_principal
        *outside;      /* of a private namespace's boundary, the first that the token has not; or NULL */
    bool granted;      /* all in all */
    bool filtered_too; /* the account is an administrator's: `filtered` is of programs not started so */
    access_verdict filtered;
    char *
        remedy; /* what the configuration must say to allow it, lines of YAML; NULL when it does, or when nothing
                           that the file says would help */
    char *remedy_words; /* the same in words, one step a line; NULL likewise */
    explain_live live;
    access_verdict on_live; /* of the live object, when it differs */
    char live_failure[PLATFORM_FAILURE_TEXT];
} explanation;

/* Answers. False with `failure` set when the descriptor cannot be read or memory ran out. The caller frees `result`. */
bool explain_make(const explain_question *question, explanation *result, platform_failure *failure);
void explain_free(explanation *e);

/* Compares with the object as it is. `live` is NULL when it cannot be had, for the reason in `failure`. */
void explain_compare(explanation *e, const access_descriptor *live, bool label_seen,
                     const platform_failure *failure);

/* One sentence, beginning in lower case and without a full stop: why the verdict on `descriptor` is what it is. */
void explain_reason(const explanation *e, const access_descriptor *descriptor, access_object object,
                    const access_verdict *verdict, char sentence[EXPLAIN_SENTENCE]);

/* A word for a reason, for machines: "no-entry", "denied-by-entry", …. */
const char *explain_reason_word(access_reason reason);

/* Accounts as people know them; those that the machine cannot name, as the configuration or the question has them. */
void explain_account(const explanation *e, const access_entry *entry, char account[PLATFORM_ACCOUNT]);
void explain_user(const explain_question *question, char account[PLATFORM_ACCOUNT]);

/* How the token stands to an entry: "in the token", "not in the token", … */
const char *explain_standing(const explanation *e, const access_entry *entry);

#endif
