/*
 * A token put together for the judge (access_judge.h): read from a program, or assumed of an account.
 *
 * It owns its texts. A failed allocation is remembered in `failed`; the rest is then as if it were not there.
 */
#ifndef SHMBROKER_TOKEN_H
#define SHMBROKER_TOKEN_H

#include "access_judge.h"

#define TOKEN_MAX_SIDS 4096 /* groups, restricting SIDs and capabilities; Windows allows about 1000 groups */

typedef struct token_facts {
    access_token judged; /* points to what follows */
    access_group *groups;
    const char **restricting;
    const char **capabilities;
    char **texts;
    size_t text_count;
    bool has_session;
    uint32_t session;  /* of its program */
    char *assumptions; /* what is taken for granted of it, one line each; NULL for nothing */
    bool
        filtered_too; /* an administrator, whose programs have two tokens: token_filter makes the lesser one */
    bool failed;
} token_facts;

/* A token of `user` that has nothing else. */
void token_begin(token_facts *t, const char *user);
void token_free(token_facts *t);

/* Each adds one SID; one that is there already is not added again. */
void token_add_group(token_facts *t, const char *sid, bool enabled, bool deny_only);
void token_add_restricting(token_facts *t, const char *sid);
void token_add_capability(token_facts *t, const char *sid);
void token_set_package(token_facts *t, const char *sid);

/* Adds a line to `assumptions`. */
void token_note(token_facts *t, const char *line);

/*
 * Completes the token of an account that no program is looked at for: the groups that Windows adds by itself, the
 * integrity level and the privileges, as they are for a person at the machine, for a service, or for the system. Says
 * in `assumptions` what it took.
 */
void token_assume(token_facts *t);

/* Makes an administrator's token what a program of theirs has that was not started as administrator: Administrators
   for denials only, medium integrity, no privileges. */
void token_filter(token_facts *t);

#endif
