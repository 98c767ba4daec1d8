/* A token put together. See token.h. */
#include "token.h"

#include "text_builder.h"

#include <stdlib.h>
#include <string.h>

#define EVERYONE            "S-1-1-0"
#define LOCAL               "S-1-2-0"
#define INTERACTIVE         "S-1-5-4"
#define SERVICE             "S-1-5-6"
#define ANONYMOUS           "S-1-5-7"
#define AUTHENTICATED_USERS "S-1-5-11"
#define LOCAL_SYSTEM        "S-1-5-18"
#define LOCAL_SERVICE       "S-1-5-19"
#define NETWORK_SERVICE     "S-1-5-20"
#define ADMINISTRATORS      "S-1-5-32-544"
#define USERS               "S-1-5-32-545"
#define ANY_SERVICE         "S-1-5-80-"
#define PERSON                                                                                               \
    "a person who has logged on at the machine: Everyone, Authenticated Users, INTERACTIVE, LOCAL; "
#define ALL_SERVICES "S-1-5-80-0"

static const char *keep(token_facts *t, const char *sid)
{
    char **texts =
        t->text_count < TOKEN_MAX_SIDS ? realloc(t->texts, (t->text_count + 1) * sizeof *texts) : NULL;
    char *copy = texts ? text_make("%s", sid) : NULL;
    if (texts)
        t->texts = texts;
    if (copy)
        t->texts[t->text_count++] = copy;
    else
        t->failed = true;
    return copy;
}

void token_begin(token_facts *t, const char *user)
{
    memset(t, 0, sizeof *t);
    t->judged.integrity = ACCESS_LEVEL_MEDIUM;
    t->judged.user = keep(t, user);
}

void token_free(token_facts *t)
{
    for (size_t i = 0; i < t->text_count; i++)
        free(t->texts[i]);
    free(t->texts);
    free(t->groups);
    free((void *)t->restricting);
    free((void *)t->capabilities);
    free(t->assumptions);
    memset(t, 0, sizeof *t);
}

void token_add_group(token_facts *t, const char *sid, bool enabled, bool deny_only)
{
    for (size_t i = 0; i < t->judged.group_count; i++)
        if (strcmp(t->groups[i].sid, sid) == 0)
            return;
    access_group *groups = realloc(t->groups, (t->judged.group_count + 1) * sizeof *groups);
    const char *kept = groups ? keep(t, sid) : NULL;
    if (groups)
        t->judged.groups = t->groups = groups;
    if (kept)
        groups[t->judged.group_count++] = (access_group){kept, enabled, deny_only};
    else
        t->failed = true;
}

/* Adds `sid` to one of the two plain lists. */
static void add_sid(token_facts *t, const char ***sids, size_t *count, const char *sid)
{
    const char **longer = realloc((void *)*sids, (*count + 1) * sizeof *longer);
    const char *kept = longer ? keep(t, sid) : NULL;
    if (longer)
        *sids = longer;
    if (kept)
        longer[(*count)++] = kept;
    else
        t->failed = true;
}

void token_add_restricting(token_facts *t, const char *sid)
{
    add_sid(t, &t->restricting, &t->judged.restricting_count, sid);
    t->judged.restricting = t->restricting;
}

void token_add_capability(token_facts *t, const char *sid)
{
    add_sid(t, &t->capabilities, &t->judged.capability_count, sid);
    t->judged.capabilities = t->capabilities;
}

void token_set_package(token_facts *t, const char *sid)
{
    t->judged.package = keep(t, sid);
}

void token_note(token_facts *t, const char *line)
{
    char *longer = text_make("%s%s\n", t->assumptions ? t->assumptions : "", line);
    if (longer) {
        free(t->assumptions);
        t->assumptions = longer;
    } else {
        t->failed = true;
    }
}

/* ---- What is assumed of an account */

static bool is_user(const token_facts *t, const char *sid)
{
    return t->judged.user && strcmp(t->judged.user, sid) == 0;
}

static bool is_member(const token_facts *t, const char *sid)
{
    return is_user(t, sid) || access_token_has(&t->judged, sid) != ACCESS_HAS_NOT;
}

static void add_all(token_facts *t, const char *const *sids)
{
    for (; *sids; sids++)
        token_add_group(t, *sids, true, false);
}

static void assume_system(token_facts *t)
{
    static const char *const groups[] = {EVERYONE, AUTHENTICATED_USERS, ADMINISTRATORS, NULL};
    add_all(t, groups);
    t->judged.integrity = ACCESS_LEVEL_SYSTEM;
    t->judged.may_take_ownership = true;
    token_note(t, "the system: Everyone, Authenticated Users, Administrators; integrity system");
}

static void assume_service(token_facts *t)
{
    static const char *const groups[] = {EVERYONE, AUTHENTICATED_USERS, SERVICE, LOCAL, USERS, NULL};
    add_all(t, groups);
    if (t->judged.user && strncmp(t->judged.user, ANY_SERVICE, strlen(ANY_SERVICE)) == 0)
        token_add_group(t, ALL_SERVICES, true, false);
    t->judged.integrity = ACCESS_LEVEL_SYSTEM;
    token_note(t, "a service: Everyone, Authenticated Users, SERVICE, LOCAL, Users and, with an "
                  "account of its own, ALL SERVICES; integrity system");
}

static void assume_person(token_facts *t)
{
    static const char *const groups[] = {EVERYONE, AUTHENTICATED_USERS, INTERACTIVE, LOCAL, NULL};
    add_all(t, groups);
    t->filtered_too = is_member(t, ADMINISTRATORS);
    t->judged.may_take_ownership = t->filtered_too;
    if (t->filtered_too)
        t->judged.integrity = ACCESS_LEVEL_HIGH;
    token_note(t, t->filtered_too ? PERSON
                      "an administrator, in a program started as administrator: integrity high"
                                  : PERSON "integrity medium");
}

void token_assume(token_facts *t)
{
    if (is_user(t, LOCAL_SYSTEM)) {
        assume_system(t);
    } else if (is_user(t, LOCAL_SERVICE) || is_user(t, NETWORK_SERVICE) ||
               (t->judged.user && strncmp(t->judged.user, ANY_SERVICE, strlen(ANY_SERVICE)) == 0)) {
        assume_service(t);
    } else if (is_user(t, ANONYMOUS)) {
        token_add_group(t, EVERYONE, true, false);
        t->judged.integrity = ACCESS_LEVEL_UNTRUSTED;
        token_note(t, "nobody known: Everyone; integrity untrusted");
    } else {
        assume_person(t);
    }
    token_note(t, "it is no restricted token and in no app container; `--process` looks at a program");
}

void token_filter(token_facts *t)
{
    for (size_t i = 0; i < t->judged.group_count; i++) {
        if (strcmp(t->groups[i].sid, ADMINISTRATORS) != 0)
            continue;
        t->groups[i].enabled = false;
        t->groups[i].deny_only = true;
    }
    if (is_user(t, ADMINISTRATORS))
        t->judged.user_deny_only = true;
    t->judged.integrity = ACCESS_LEVEL_MEDIUM;
    t->judged.may_take_ownership = t->judged.may_relabel = t->judged.may_see_audit = false;
    t->filtered_too = false;
}
