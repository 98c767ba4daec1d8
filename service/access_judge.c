/* The kernel's access check. See access_judge.h. */
#include "access_judge.h"

#include <string.h>

#define RIGHT_READ_CONTROL    0x20000u
#define RIGHT_WRITE_DAC       0x40000u
#define RIGHT_WRITE_OWNER     0x80000u
#define RIGHT_SYSTEM_SECURITY 0x1000000u

#define OWNER_RIGHTS            "S-1-3-4"
#define ALL_PACKAGES            "S-1-15-2-1"
#define ALL_RESTRICTED_PACKAGES "S-1-15-2-2"
#define ANY_PACKAGE             "S-1-15-2-"
#define ANY_CAPABILITY          "S-1-15-3-"

static bool same(const char *left, const char *right)
{
    return strcmp(left, right) == 0;
}

static bool begins_with(const char *sid, const char *start)
{
    return strncmp(sid, start, strlen(start)) == 0;
}

static bool listed(const char *const *sids, size_t count, const char *sid)
{
    for (size_t i = 0; i < count; i++)
        if (same(sids[i], sid))
            return true;
    return false;
}

access_standing access_token_has(const access_token *token, const char *sid)
{
    access_standing best = ACCESS_HAS_NOT;
    if (token->user && same(token->user, sid))
        return token->user_deny_only ? ACCESS_DENY_ONLY : ACCESS_HAS;
    for (size_t i = 0; i < token->group_count; i++) {
        const access_group *group = &token->groups[i];
        if (!same(group->sid, sid))
            continue;
        if (group->deny_only)
            best = ACCESS_DENY_ONLY;
        else if (group->enabled)
            return ACCESS_HAS;
        else if (best == ACCESS_HAS_NOT)
            best = ACCESS_DISABLED;
    }
    return best;
}

/* ---- The label */

uint32_t access_label_leaves(const access_label *label, access_object object, const access_token *token)
{
    const access_generic *generic = access_generic_of(object);
    uint32_t level = label->present ? label->level : ACCESS_LEVEL_MEDIUM;
    uint32_t policy = label->present ? label->policy : ACCESS_NO_WRITE_UP;
    uint32_t left = 0;
    if (token->may_write_up || token->integrity >= level)
        return 0xFFFFFFFFu;
    if (!(policy & ACCESS_NO_READ_UP))
        left |= generic->read;
    if (!(policy & ACCESS_NO_WRITE_UP))
        left |= generic->write;
    if (!(policy & ACCESS_NO_EXECUTE_UP))
        left |= generic->execute;
    if (token->may_relabel)
        left |= RIGHT_WRITE_OWNER;
    return left | RIGHT_SYSTEM_SECURITY; /* which its privilege alone decides */
}

/* ---- The entries, gone through once for each kind of SID that must be let in */

typedef enum kind_of_pass { PASS_TOKEN, PASS_RESTRICTING, PASS_PACKAGE } kind_of_pass;

typedef struct pass {
    kind_of_pass kind;
    const access_descriptor *descriptor;
    access_object object;
    const access_token *token;
    bool owns; /* the token has the owner's SID */
    uint32_t missing;
    size_t last; /* the entry that gave something last */
    size_t denied_by;
    size_t reached;
} pass;

/* SIDs of packages and capabilities are a matter of the app container, and never of the user. */
static bool is_packages(const char *sid)
{
    return begins_with(sid, ANY_PACKAGE) || begins_with(sid, ANY_CAPABILITY);
}

bool access_package_has(const access_token *token, const char *sid)
{
    return token->package && (same(sid, token->package) || same(sid, ALL_RESTRICTED_PACKAGES) ||
                              (!token->less_privileged && same(sid, ALL_PACKAGES)) ||
                              listed(token->capabilities, token->capability_count, sid));
}

static access_standing standing(const pass *p, const char *sid)
{
    if (p->kind == PASS_RESTRICTING)
        return listed(p->token->restricting, p->token->restricting_count, sid) ? ACCESS_HAS : ACCESS_HAS_NOT;
    if (p->token->package && is_packages(sid)) {
        bool has = p->kind == PASS_PACKAGE && access_package_has(p->token, sid);
        return has ? ACCESS_HAS : ACCESS_HAS_NOT;
    }
    if (p->kind == PASS_PACKAGE)
        return ACCESS_HAS_NOT;
    if (p->owns && same(sid, OWNER_RIGHTS))
        return ACCESS_HAS;
    return access_token_has(p->token, sid);
}

/* Goes through the entries until nothing is missing, or some of it is denied. */
static bool go_through(pass *p)
{
    for (size_t i = 0; p->missing && i < p->descriptor->count; i++) {
        const access_entry *entry = &p->descriptor->entries[i];
        uint32_t bits = access_map_generic(p->object, entry->mask) & p->missing;
        p->reached = i + 1;
        if (entry->inherit_only || !bits)
            continue;
        access_standing has = standing(p, entry->sid);
        if (entry->denies && (has == ACCESS_HAS || has == ACCESS_DENY_ONLY)) {
            p->denied_by = i;
            return false;
        }
        if (!entry->denies && has == ACCESS_HAS) {
            p->missing &= ~bits;
            p->last = i;
        }
    }
    return p->missing == 0;
}

/* The owner's own rights, unless entries for OWNER RIGHTS say what the owner has. */
static bool owner_has_rights(const access_descriptor *descriptor)
{
    for (size_t i = 0; i < descriptor->count; i++)
        if (!descriptor->entries[i].inherit_only && same(descriptor->entries[i].sid, OWNER_RIGHTS))
            return false;
    return true;
}

static pass begin_pass(kind_of_pass kind, const access_descriptor *descriptor, access_object object,
                       const access_token *token, uint32_t wanted)
{
    pass p = {.kind = kind,
              .descriptor = descriptor,
              .object = object,
              .token = token,
              .missing = wanted,
              .last = ACCESS_NOWHERE,
              .denied_by = ACCESS_NOWHERE};
    if (descriptor->owner && kind != PASS_PACKAGE)
        p.owns = standing(&p, descriptor->owner) == ACCESS_HAS;
    return p;
}

/* ---- The verdict */

static access_verdict denied(const access_verdict *so_far, access_reason reason, uint32_t missing,
                             size_t entry)
{
    access_verdict verdict = *so_far;
    verdict.granted = false;
    verdict.reason = reason;
    verdict.missing = missing;
    verdict.entry = entry;
    return verdict;
}

/* Why the entries did not give what is missing: perhaps one would have, but for how the token has its SID. */
static access_verdict explain_missing(const access_verdict *so_far, const pass *p)
{
    if (p->denied_by != ACCESS_NOWHERE)
        return denied(so_far, ACCESS_DENIED_BY_ENTRY, p->missing, p->denied_by);
    for (size_t i = 0; i < p->descriptor->count; i++) {
        const access_entry *entry = &p->descriptor->entries[i];
        access_standing has = entry->denies || entry->inherit_only ? ACCESS_HAS_NOT : standing(p, entry->sid);
        if ((access_map_generic(p->object, entry->mask) & p->missing) == 0)
            continue;
        if (has == ACCESS_DENY_ONLY)
            return denied(so_far, ACCESS_GROUP_IS_DENY_ONLY, p->missing, i);
        if (has == ACCESS_DISABLED)
            return denied(so_far, ACCESS_GROUP_IS_DISABLED, p->missing, i);
    }
    return denied(so_far, ACCESS_NO_ENTRY, p->missing, ACCESS_NOWHERE);
}

/* The token itself: its privileges, its ownership, its SIDs. What privileges give, no later pass asks for: `rest`. */
static access_verdict judge_token(const access_verdict *so_far, pass *p, uint32_t *rest)
{
    access_verdict verdict = *so_far;
    bool by_privilege = false;
    verdict.reason = ACCESS_BY_ENTRIES;
    if (p->missing & RIGHT_SYSTEM_SECURITY) {
        if (!p->token->may_see_audit)
            return denied(so_far, ACCESS_NO_PRIVILEGE, RIGHT_SYSTEM_SECURITY, ACCESS_NOWHERE);
        p->missing &= ~RIGHT_SYSTEM_SECURITY;
        by_privilege = true;
    }
    if ((p->missing & RIGHT_WRITE_OWNER) && (p->token->may_take_ownership || p->token->may_relabel)) {
        p->missing &= ~RIGHT_WRITE_OWNER;
        by_privilege = true;
    }
    *rest = p->missing;
    if (p->missing == 0) {
        verdict.reason = by_privilege ? ACCESS_BY_PRIVILEGE : ACCESS_NOTHING_ASKED;
        return verdict;
    }
    if (p->owns && owner_has_rights(p->descriptor))
        p->missing &= ~(RIGHT_READ_CONTROL | RIGHT_WRITE_DAC);
    if (p->missing == 0) {
        verdict.reason = ACCESS_BY_OWNERSHIP;
        return verdict;
    }
    bool given = go_through(p);
    verdict.reached = p->reached;
    if (!given)
        return explain_missing(&verdict, p);
    verdict.entry = p->last;
    return verdict;
}

/* Once more for the restricting SIDs: all of `rest`, or of a write-restricted token what writes. */
static access_verdict judge_restricting(const access_verdict *so_far, const pass *first, uint32_t rest)
{
    const access_token *token = first->token;
    const access_generic *generic = access_generic_of(first->object);
    uint32_t writes = generic->write & ~(generic->read | generic->execute);
    uint32_t held = token->write_restricted ? rest & writes : rest;
    pass p = begin_pass(PASS_RESTRICTING, first->descriptor, first->object, token, held);
    if (p.owns && first->owns && owner_has_rights(p.descriptor))
        p.missing &= ~(RIGHT_READ_CONTROL | RIGHT_WRITE_DAC);
    if (go_through(&p))
        return *so_far;
    return denied(so_far, ACCESS_NOT_RESTRICTED_IN, p.missing, p.denied_by);
}

/* And for the app container. */
static access_verdict judge_package(const access_verdict *so_far, const pass *first, uint32_t rest)
{
    pass p = begin_pass(PASS_PACKAGE, first->descriptor, first->object, first->token, rest);
    if (go_through(&p))
        return *so_far;
    return denied(so_far, ACCESS_NO_PACKAGE_ENTRY, p.missing, p.denied_by);
}

access_verdict access_judge(const access_descriptor *descriptor, access_object object,
                            const access_token *token, uint32_t wanted)
{
    access_verdict verdict = {.granted = true,
                              .wanted = access_map_generic(object, wanted),
                              .reason = ACCESS_NOTHING_ASKED,
                              .entry = ACCESS_NOWHERE};
    uint32_t rest, forbidden;
    if (verdict.wanted == 0)
        return verdict;
    forbidden = verdict.wanted & ~access_label_leaves(&descriptor->label, object, token);
    if (forbidden)
        return denied(&verdict, ACCESS_LABEL_TOO_HIGH, forbidden, ACCESS_NOWHERE);
    if (descriptor->null_dacl) {
        verdict.reason = ACCESS_BY_NULL_DACL;
        return verdict;
    }
    pass p = begin_pass(PASS_TOKEN, descriptor, object, token, verdict.wanted);
    verdict = judge_token(&verdict, &p, &rest);
    if (verdict.granted && token->restricting_count > 0)
        verdict = judge_restricting(&verdict, &p, rest);
    if (verdict.granted && token->package)
        verdict = judge_package(&verdict, &p, rest);
    return verdict;
}
