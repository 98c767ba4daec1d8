/* Why somebody may or may not use a region. See explain.h. */
#include "explain.h"

#include "descriptor.h"
#include "region_parts.h"
#include "remedy.h"

#include <stdlib.h>
#include <string.h>

static bool out_of_memory(platform_failure *failure)
{
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text, "out of memory; close other programs");
    return false;
}

/* The descriptor that the region's object of that kind gets. */
static bool compile(const explain_question *q, access_object object, access_descriptor *descriptor,
                    platform_failure *failure)
{
    if (q->region->sddl)
        return descriptor_read(q->region->sddl, object, q->identity, descriptor, failure);
    return access_compile(&q->region->access, object, q->identity, descriptor) || out_of_memory(failure);
}

/* A private namespace opens only for those who have every SID of its boundary. */
static const config_principal *find_outside(const explain_question *q)
{
    for (size_t i = 0; i < q->region->boundary.count; i++)
        if (access_token_has(&q->who->judged, q->region->boundary.items[i].sid) != ACCESS_HAS)
            return &q->region->boundary.items[i];
    return NULL;
}

static access_verdict judge(const explain_question *q, const access_descriptor *descriptor,
                            access_object object, const access_token *who)
{
    return access_judge(descriptor, object, who, access_mask(object, q->right));
}

/* The verdict for the administrator's lesser token. */
static bool judge_filtered(explanation *e)
{
    const access_token *whole = &e->question.who->judged;
    token_facts lesser;
    token_begin(&lesser, whole->user);
    for (size_t i = 0; i < whole->group_count; i++)
        token_add_group(&lesser, whole->groups[i].sid, whole->groups[i].enabled, whole->groups[i].deny_only);
    token_filter(&lesser);
    bool ok = !lesser.failed;
    if (ok)
        e->filtered = judge(&e->question, &e->section, ACCESS_SECTION, &lesser.judged);
    token_free(&lesser);
    return ok;
}

/* What the token gets of an object of that kind: all that writers do, what readers do, or nothing. */
static bool judge_part(const explain_question *q, access_object object, uint32_t *mask,
                       platform_failure *failure)
{
    static const access_right rights[] = {ACCESS_WRITE, ACCESS_READ};
    access_descriptor descriptor;
    *mask = 0;
    if (!compile(q, object, &descriptor, failure))
        return false;
    for (size_t i = 0; *mask == 0 && i < sizeof rights / sizeof rights[0]; i++) {
        uint32_t wanted = access_mask(object, rights[i]);
        if (access_judge(&descriptor, object, &q->who->judged, wanted).granted)
            *mask = wanted;
    }
    access_descriptor_free(&descriptor);
    return true;
}

static bool judge_parts(explanation *e, platform_failure *failure)
{
    shmb_part_set set = region_parts(e->question.declared);
    for (unsigned i = 0; set >> i != 0; i++) {
        explain_part *part = &e->parts[e->part_count];
        if ((set >> i & 1) == 0)
            continue;
        part->part = (shmb_part)i;
        if (!judge_part(&e->question, region_part_access(part->part), &part->mask, failure))
            return false;
        e->part_count++;
    }
    return true;
}

bool explain_make(const explain_question *question, explanation *result, platform_failure *failure)
{
    memset(result, 0, sizeof *result);
    result->question = *question;
    if (!compile(question, ACCESS_SECTION, &result->section, failure))
        return false;
    bool ok = !question->region->backing_file || compile(question, ACCESS_FILE, &result->file, failure);
    result->verdict = judge(question, &result->section, ACCESS_SECTION, &question->who->judged);
    if (ok && question->region->backing_file)
        result->on_file = judge(question, &result->file, ACCESS_FILE, &question->who->judged);
    ok = ok && judge_parts(result, failure);
    result->outside = find_outside(question);
    result->granted = result->verdict.granted && !result->outside;
    result->filtered_too = question->who->filtered_too;
    if (ok && result->filtered_too)
        ok = judge_filtered(result) || out_of_memory(failure);
    if (ok && !result->verdict.granted)
        ok = remedy_find(question, &result->section, &result->remedy, &result->remedy_words) ||
             out_of_memory(failure);
    if (!ok)
        explain_free(result);
    return ok;
}

void explain_free(explanation *e)
{
    access_descriptor_free(&e->section);
    access_descriptor_free(&e->file);
    free(e->remedy);
    free(e->remedy_words);
    memset(e, 0, sizeof *e);
}

/* ---- The object as it is */

static bool same_entry(const access_entry *left, const access_entry *right)
{
    return left->denies == right->denies && left->inherit_only == right->inherit_only &&
           left->mask == right->mask && strcmp(left->sid, right->sid) == 0;
}

static bool same_label(const access_label *left, const access_label *right)
{
    const access_label none = {true, ACCESS_LEVEL_MEDIUM, ACCESS_NO_WRITE_UP};
    const access_label *l = left->present ? left : &none, *r = right->present ? right : &none;
    return l->level == r->level && l->policy == r->policy;
}

void explain_compare(explanation *e, const access_descriptor *live, bool label_seen,
                     const platform_failure *failure)
{
    if (!live) {
        e->live = failure->code == 2 || failure->code == 3 ? EXPLAIN_LIVE_ABSENT : EXPLAIN_LIVE_UNKNOWN;
        snprintf(e->live_failure, sizeof e->live_failure, "%s", failure->text);
        return;
    }
    bool same = live->null_dacl == e->section.null_dacl && live->count == e->section.count;
    for (size_t i = 0; same && i < live->count; i++)
        same = same_entry(&live->entries[i], &e->section.entries[i]);
    if (same && label_seen)
        same = same_label(&live->label, &e->section.label);
    e->live = !same ? EXPLAIN_LIVE_DIFFERS : label_seen ? EXPLAIN_LIVE_SAME : EXPLAIN_LIVE_SAME_BUT_LABEL;
    e->on_live = judge(&e->question, live, ACCESS_SECTION, &e->question.who->judged);
}

/* ---- In words */

/* `name` for a SID that the machine has no name for. */
static void account_of(const char *sid, const char *name, char account[PLATFORM_ACCOUNT])
{
    platform_account_text(sid, account);
    if (name && strcmp(account, sid) == 0 && strcmp(name, sid) != 0)
        snprintf(account, PLATFORM_ACCOUNT, "%.500s (%s)", name, sid);
}

void explain_account(const explanation *e, const access_entry *entry, char account[PLATFORM_ACCOUNT])
{
    const config_principal *origin = NULL;
    char service[200];
    for (int list = 0; list < ACCESS_LIST_COUNT && !origin; list++)
        origin = entry->origins[list];
    if (origin && origin->member)
        origin = origin->member;
    snprintf(service, sizeof service, "NT SERVICE\\%s", e->question.service_name);
    account_of(entry->sid,
               strcmp(entry->sid, e->question.identity->broker_sid) == 0 ? service
               : origin                                                  ? origin->text
                                                                         : NULL,
               account);
}

void explain_user(const explain_question *question, char account[PLATFORM_ACCOUNT])
{
    const char *user = question->who->judged.user;
    account_of(user ? user : "?", question->user_name, account);
}

const char *explain_reason_word(access_reason reason)
{
    static const char *const words[] = {
        [ACCESS_BY_ENTRIES] = "entries",
        [ACCESS_BY_OWNERSHIP] = "owner",
        [ACCESS_BY_PRIVILEGE] = "privilege",
        [ACCESS_BY_NULL_DACL] = "null-dacl",
        [ACCESS_NOTHING_ASKED] = "nothing-asked",
        [ACCESS_LABEL_TOO_HIGH] = "label",
        [ACCESS_DENIED_BY_ENTRY] = "denied-by-entry",
        [ACCESS_NO_ENTRY] = "no-entry",
        [ACCESS_GROUP_IS_DENY_ONLY] = "deny-only",
        [ACCESS_GROUP_IS_DISABLED] = "disabled",
        [ACCESS_NOT_RESTRICTED_IN] = "restricting-sids",
        [ACCESS_NO_PACKAGE_ENTRY] = "no-package-entry",
        [ACCESS_NO_PRIVILEGE] = "no-privilege",
    };
    return words[reason];
}

static void reason_of_label(const explanation *e, const access_descriptor *descriptor,
                            char sentence[EXPLAIN_SENTENCE])
{
    const access_label *label = &descriptor->label;
    snprintf(sentence, EXPLAIN_SENTENCE,
             "%s %s, and the program's integrity is %s: it may not %s, whatever the entries say",
             label->present ? "its label is" : "it has no label, which counts as",
             access_level_name(label->present ? label->level : ACCESS_LEVEL_MEDIUM),
             access_level_name(e->question.who->judged.integrity),
             !label->present || label->policy == ACCESS_NO_WRITE_UP ? "write up" : "do that");
}

/* Why it is granted. `account` is the deciding entry's. */
static void reason_to_grant(const access_verdict *verdict, const char *account,
                            char sentence[EXPLAIN_SENTENCE])
{
    static const char *const others[] = {
        [ACCESS_BY_OWNERSHIP] = "the owner may always see and change the descriptor",
        [ACCESS_BY_PRIVILEGE] = "a privilege of the token gives it",
        [ACCESS_BY_NULL_DACL] = "it has no DACL, so everybody may do everything",
        [ACCESS_NOTHING_ASKED] = "no right is asked for"};
    if (verdict->reason == ACCESS_BY_ENTRIES)
        snprintf(sentence, EXPLAIN_SENTENCE, "entry %u lets %.700s in", (unsigned)verdict->entry + 1,
                 account);
    else
        snprintf(sentence, EXPLAIN_SENTENCE, "%s", others[verdict->reason]);
}

/* The account is let in, but what its program is held to besides is not. */
static void reason_of_second_check(const access_verdict *verdict, const char *rights,
                                   char sentence[EXPLAIN_SENTENCE])
{
    bool packaged = verdict->reason == ACCESS_NO_PACKAGE_ENTRY;
    snprintf(sentence, EXPLAIN_SENTENCE, "the account is let in, but the %s, and %s gives %s to its %s",
             packaged ? "program runs in an app container" : "token is a restricted one",
             verdict->entry == ACCESS_NOWHERE ? "no entry" : "a denial before any entry", rights,
             packaged ? "package" : "restricting SIDs");
}

/* Why it is denied. */
static void reason_to_deny(const access_verdict *verdict, const char *account, const char *rights,
                           char sentence[EXPLAIN_SENTENCE])
{
    unsigned number = (unsigned)verdict->entry + 1;
    if (verdict->reason == ACCESS_DENIED_BY_ENTRY)
        snprintf(sentence, EXPLAIN_SENTENCE, "entry %u denies %.700s %s, before any later entry counts",
                 number, account, rights);
    else if (verdict->reason == ACCESS_GROUP_IS_DENY_ONLY)
        snprintf(
            sentence, EXPLAIN_SENTENCE,
            "entry %u is for %.700s, which this token has for denials only, as programs have that were not "
            "started as administrator",
            number, account);
    else if (verdict->reason == ACCESS_GROUP_IS_DISABLED)
        snprintf(sentence, EXPLAIN_SENTENCE, "entry %u is for %.700s, which this token has disabled", number,
                 account);
    else if (verdict->reason == ACCESS_NO_PRIVILEGE)
        snprintf(sentence, EXPLAIN_SENTENCE,
                 "only SeSecurityPrivilege gives %s, and the token has it not enabled", rights);
    else
        snprintf(sentence, EXPLAIN_SENTENCE, "no entry gives %s to this account or to a group that it is in",
                 rights);
}

void explain_reason(const explanation *e, const access_descriptor *descriptor, access_object object,
                    const access_verdict *verdict, char sentence[EXPLAIN_SENTENCE])
{
    char rights[160], account[PLATFORM_ACCOUNT] = "";
    descriptor_rights(object, verdict->missing, rights, sizeof rights);
    if (verdict->entry != ACCESS_NOWHERE)
        explain_account(e, &descriptor->entries[verdict->entry], account);
    if (verdict->granted)
        reason_to_grant(verdict, account, sentence);
    else if (verdict->reason == ACCESS_LABEL_TOO_HIGH)
        reason_of_label(e, descriptor, sentence);
    else if (verdict->reason == ACCESS_NOT_RESTRICTED_IN || verdict->reason == ACCESS_NO_PACKAGE_ENTRY)
        reason_of_second_check(verdict, rights, sentence);
    else
        reason_to_deny(verdict, account, rights, sentence);
}

const char *explain_standing(const explanation *e, const access_entry *entry)
{
    const access_token *who = &e->question.who->judged;
    if (entry->inherit_only)
        return "of no effect here";
    if (access_package_has(who, entry->sid))
        return "its app container";
    for (size_t i = 0; i < who->restricting_count; i++)
        if (strcmp(who->restricting[i], entry->sid) == 0)
            return access_token_has(who, entry->sid) == ACCESS_HAS ? "in the token, and a restricting SID"
                                                                   : "a restricting SID";
    switch (access_token_has(who, entry->sid)) {
    case ACCESS_HAS:
        return "in the token";
    case ACCESS_DENY_ONLY:
        return "in the token for denials only";
    case ACCESS_DISABLED:
        return "in the token, disabled";
    default:
        return "not in the token";
    }
}
