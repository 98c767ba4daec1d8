/* What an audit has to say about who may do what with one region. See audit.h. */
#include "audit.h"

#include "platform.h"
#include "text_builder.h"

#include <string.h>

#define RIGHT_MAP_WRITE 0x2u
#define RIGHTS_TO_RULE  0xD0000u /* DELETE, WRITE_DAC, WRITE_OWNER */

#define EVERYONE     "S-1-1-0"
#define ALL_PACKAGES "S-1-15-2-1"

static bool begins(const char *sid, const char *with)
{
    return strncmp(sid, with, strlen(with)) == 0;
}

static bool ends(const char *sid, const char *with)
{
    size_t length = strlen(sid), most = strlen(with);
    return length >= most && strcmp(sid + length - most, with) == 0;
}

bool audit_is_broad(const char *sid, audit_severity *severity)
{
    static const struct {
        const char *sid;
        audit_severity severity;
    } groups[] = {
        {EVERYONE, AUDIT_HIGH},       {"S-1-5-7", AUDIT_HIGH},        /* Anonymous Logon */
        {"S-1-5-32-546", AUDIT_HIGH}, {"S-1-5-2", AUDIT_HIGH},        /* Guests, Network */
        {"S-1-5-11", AUDIT_MEDIUM},   {"S-1-5-32-545", AUDIT_MEDIUM}, /* Authenticated Users, Users */
        {"S-1-5-4", AUDIT_MEDIUM},    {"S-1-5-14", AUDIT_MEDIUM},     /* Interactive, Remote Interactive */
        {"S-1-2-0", AUDIT_MEDIUM},    {"S-1-2-1", AUDIT_MEDIUM},      /* Local, Console Logon */
        {"S-1-5-13", AUDIT_MEDIUM},   {"S-1-5-3", AUDIT_MEDIUM},      /* Terminal Server User, Batch */
        {"S-1-5-6", AUDIT_MEDIUM},                                    /* Service */
    };
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        *severity = groups[i].severity;
        if (strcmp(groups[i].sid, sid) == 0)
            return true;
    }
    *severity = AUDIT_MEDIUM; /* Domain Users, Guests and Computers */
    return begins(sid, "S-1-5-21-") && (ends(sid, "-513") || ends(sid, "-514") || ends(sid, "-515"));
}

audit_place audit_place_of(const config_region *region, const access_entry *entry, const access_list *list)
{
    bool by_sddl = region->sddl && region->sddl_where.line > 0;
    audit_place place = {region->file, by_sddl ? region->sddl_where : region->where, region->name};
    const config_principal *origin = list ? entry->origins[*list] : NULL;
    for (int i = 0; !list && !origin && i < ACCESS_LIST_COUNT; i++)
        origin = entry->origins[i];
    if (origin && origin->where.line) {
        place.where = origin->where;
        place.file = origin->file ? origin->file : region->file;
    }
    return place;
}

#define ACCOUNT_AND_ROLE (PLATFORM_ACCOUNT + CONFIG_MAX_NAME_CHARS * 4 + 32)

/* "BUILTIN\Users (S-1-5-32-545)", as the file has it when the machine has no name for it, and by which role. */
static char *who(const access_entry *entry, char account[ACCOUNT_AND_ROLE])
{
    const config_principal *origin = NULL;
    for (int list = 0; list < ACCESS_LIST_COUNT && !origin; list++)
        origin = entry->origins[list];
    platform_account_text(entry->sid, account);
    if (origin && strcmp(account, entry->sid) == 0 && strcmp(origin->text, entry->sid) != 0)
        snprintf(account, ACCOUNT_AND_ROLE, "%.*s (%s)", PLATFORM_ACCOUNT, origin->text, entry->sid);
    size_t length = strlen(account);
    if (origin && origin->role)
        snprintf(account + length, ACCOUNT_AND_ROLE - length, ", by the role %s,", origin->role);
    return account;
}

static bool is_brokers(const access_entry *entry, const audit_facts *facts)
{
    return strcmp(entry->sid, facts->identity->broker_sid) == 0;
}

static bool allows(const access_entry *entry, const audit_facts *facts)
{
    return !entry->denies && !entry->inherit_only && !is_brokers(entry, facts);
}

/* Whether an entry before `index` denies everybody, or the same account, all of `rights`. */
static bool denied_before(const access_descriptor *section, size_t index, uint32_t rights)
{
    for (size_t i = 0; i < index; i++) {
        const access_entry *entry = &section->entries[i];
        if (entry->denies && !entry->inherit_only &&
            (strcmp(entry->sid, EVERYONE) == 0 || strcmp(entry->sid, section->entries[index].sid) == 0))
            rights &= ~entry->mask;
    }
    return rights == 0;
}

/* ---- Who gets in ------------------------------------------------------------------------------- */

static void judge_broad(const config_region *region, const access_entry *entry, audit_report *report)
{
    static const access_list write = ACCESS_LIST_WRITE, manage = ACCESS_LIST_MANAGE;
    audit_severity severity;
    char account[ACCOUNT_AND_ROLE];
    if (!audit_is_broad(entry->sid, &severity))
        return;
    if (entry->mask & RIGHT_MAP_WRITE) {
        audit_place place = audit_place_of(region, entry, &write);
        audit_add(
            report, severity, "everyone-may-write", &place, text_make("%s may write", who(entry, account)),
            "any program of those people can put anything into the region, and its readers take it for the "
            "writers' data",
            text_make("give `write` to the accounts or services that do write, such as NT SERVICE\\name"));
    }
    if (entry->mask & RIGHTS_TO_RULE) {
        audit_place place = audit_place_of(region, entry, &manage);
        audit_add(report, AUDIT_HIGH, "everyone-may-manage", &place,
                  text_make("%s may change the region's rights or retire it", who(entry, account)),
                  "whoever may change its rights can give himself, or anybody, every right",
                  text_make("give `manage` to Administrators, or to an account for that purpose"));
    }
}

/* Those who may lock and not write. Writers can do worse. */
static void judge_lockers(const config_region *region, audit_report *report)
{
    for (size_t i = 0; i < region->access.lock.count; i++) {
        const config_principal *locker = &region->access.lock.items[i];
        audit_severity ignored;
        if (!audit_is_broad(locker->sid, &ignored))
            continue;
        audit_place place = {locker->file ? locker->file : region->file, locker->where, region->name};
        audit_add(
            report, AUDIT_LOW, "everyone-may-lock", &place,
            text_make("%s (%s) may take the region's lock", locker->text, locker->sid),
            "any program of those people can keep it for as long as it lives, and writers wait for it",
            text_make(
                "give `lock` to the accounts that do lock, or have them read without it: a state is read "
                "whole without any lock"));
    }
}

/* A queue of which nobody can make any use. */
static void judge_queue(const config_region *region, const access_descriptor *section,
                        const audit_facts *facts, audit_report *report)
{
    audit_place place = audit_place_of(region, &(access_entry){0}, NULL);
    for (size_t i = 0; i < section->count; i++)
        if (region->kind != CONFIG_KIND_QUEUE ||
            (allows(&section->entries[i], facts) && (section->entries[i].mask & RIGHT_MAP_WRITE)))
            return;
    audit_add(report, AUDIT_LOW, "queue-without-writers", &place, text_make("nobody may write the queue"),
              "sending and receiving both take `write`, so that no program can use it",
              text_make("list who sends and who receives in `write`"));
}

static void judge_existence(const config_region *region, const access_entry *entry, const audit_facts *facts,
                            audit_report *report)
{
    bool service = begins(entry->sid, "S-1-5-80-");
    char account[ACCOUNT_AND_ROLE];
    if ((!service && !begins(entry->sid, "S-1-5-21-")) || !facts->account_is_gone ||
        !facts->account_is_gone(facts->context, entry->sid))
        return;
    audit_place place = audit_place_of(region, entry, NULL);
    if (service)
        audit_add(report, AUDIT_INFO, "service-absent", &place,
                  text_make("%s is no service of this machine (yet)", who(entry, account)),
                  "until that service is installed the entry lets nobody in",
                  text_make("install the service, or correct its name"));
    else
        audit_add(report, AUDIT_LOW, "account-gone", &place,
                  text_make("no account has the SID %s any more", who(entry, account)),
                  "the entry lets nobody in, and hides who was meant",
                  text_make("take the entry out, or name the account that is meant now"));
}

/* ---- Entries without effect -------------------------------------------------------------------- */

/* The kernel goes from entry to entry: a denial takes only from what later ones would give. */
static bool denial_matters(const access_descriptor *section, size_t index, const audit_facts *facts)
{
    const access_entry *denial = &section->entries[index];
    if (denied_before(section, index, denial->mask))
        return false;
    for (size_t i = index + 1; i < section->count; i++)
        if (allows(&section->entries[i], facts) && (section->entries[i].mask & denial->mask))
            return true;
    return false;
}

static void judge_denial(const config_region *region, const access_descriptor *section, size_t index,
                         const audit_facts *facts, audit_report *report)
{
    const access_entry *entry = &section->entries[index];
    audit_place place = audit_place_of(region, entry, NULL);
    char account[ACCOUNT_AND_ROLE];
    if (entry->inherit_only || !denial_matters(section, index, facts))
        audit_add(report, AUDIT_LOW, "denial-without-effect", &place,
                  text_make("denying %s changes nothing", who(entry, account)),
                  "what it denies is given to nobody behind it, or denied already",
                  text_make(region->sddl ? "put denials before what they are to limit, or take it out"
                                         : "take it out of `deny`"));
    else if (strcmp(entry->sid, EVERYONE) == 0)
        audit_add(
            report, AUDIT_MEDIUM, "everyone-denied", &place, text_make("Everyone is denied"),
            "that is everybody whom the other entries let in, too: nobody but the broker can use the region",
            text_make("take Everyone out of `deny`: whoever is not listed has no access anyway"));
}

static void judge_denied_broker(const config_region *region, const audit_facts *facts, audit_report *report)
{
    for (size_t i = 0; i < region->access.deny.count; i++) {
        const config_principal *principal = &region->access.deny.items[i];
        if (strcmp(principal->sid, facts->identity->broker_sid) != 0)
            continue;
        audit_place place = {principal->file ? principal->file : region->file, principal->where,
                             region->name};
        audit_add(report, AUDIT_LOW, "denial-without-effect", &place,
                  text_make("denying the broker itself (%s) changes nothing", principal->text),
                  "the broker owns the region and always has every right",
                  text_make("take it out of `deny`"));
    }
}

static void judge_emptiness(const config_region *region, const access_descriptor *section,
                            const audit_facts *facts, audit_report *report)
{
    audit_place place = audit_place_of(region, &(access_entry){0}, NULL);
    for (size_t i = 0; i < section->count; i++)
        if (allows(&section->entries[i], facts))
            return;
    audit_add(report, AUDIT_MEDIUM, "nobody-allowed", &place,
              text_make("nobody but the broker has any right"), "no program can attach to the region",
              text_make(region->sddl ? "add entries such as (A;;0x20005;;;BU)" : "list readers or writers"));
}

/* ---- Labels ------------------------------------------------------------------------------------ */

static bool is_package(const char *sid)
{
    return begins(sid, "S-1-15-2-") || begins(sid, "S-1-15-3-");
}

/* Accounts whose programs run above medium integrity. */
static bool runs_high(const char *sid)
{
    return trust_is_administrative(sid) || begins(sid, "S-1-5-80-") || strcmp(sid, "S-1-5-19") == 0 ||
           strcmp(sid, "S-1-5-20") == 0;
}

typedef struct writers {
    bool any, ordinary, packages, all_packages; /* who may write beside the broker */
} writers;

static writers writers_of(const access_descriptor *section, const audit_facts *facts)
{
    writers w = {0};
    for (size_t i = 0; i < section->count; i++) {
        const access_entry *entry = &section->entries[i];
        if (!allows(entry, facts) || !(entry->mask & RIGHT_MAP_WRITE) ||
            denied_before(section, i, RIGHT_MAP_WRITE))
            continue;
        bool package = is_package(entry->sid);
        w.any = w.any || !package;
        w.packages = w.packages || package;
        w.ordinary = w.ordinary || (!package && !runs_high(entry->sid));
        w.all_packages = w.all_packages || strcmp(entry->sid, ALL_PACKAGES) == 0;
    }
    return w;
}

static void judge_low_label(const audit_place *place, writers w, audit_report *report)
{
    if (w.all_packages)
        audit_add(report, AUDIT_MEDIUM, "every-package-may-write", place,
                  text_make("programs of every app package may write"),
                  "any app from the Store that one of the writers starts can put anything into the region",
                  text_make("list the SIDs of the packages that are meant in `appcontainer`"));
    else if (!w.packages && w.any && !w.ordinary)
        audit_add(report, AUDIT_MEDIUM, "label-lower-than-needed", place,
                  text_make("the label is low, and its writers are administrators and services alone"),
                  "none of them needs it: it only lets their sandboxed programs write, such as a browser's",
                  text_make("leave the label out, or raise it to medium or high"));
    else if (!w.packages && w.any)
        audit_add(report, AUDIT_LOW, "label-low", place,
                  text_make("the label lets low-integrity programs of its writers write"),
                  "a browser's sandbox or a document viewer that was taken over can then reach the region's "
                  "readers",
                  text_make("leave the label out, unless a low-integrity program must write"));
}

static void judge_label(const config_region *region, const access_descriptor *section,
                        const audit_facts *facts, audit_report *report)
{
    uint32_t level = section->label.present ? section->label.level : ACCESS_LEVEL_MEDIUM;
    writers w = writers_of(section, facts);
    audit_place place = audit_place_of(region, &(access_entry){0}, NULL);
    if (level < ACCESS_LEVEL_MEDIUM)
        judge_low_label(&place, w, report);
    else if (w.packages)
        audit_add(
            report, AUDIT_LOW, "packages-below-label", &place,
            text_make("app packages are among the writers, and the label is %s", access_level_name(level)),
            "programs in app containers run at low integrity: the label keeps them from writing",
            text_make("set `integrity: low`, or leave `appcontainer` to readers"));
    if (level >= ACCESS_LEVEL_HIGH && w.ordinary)
        audit_add(report, AUDIT_LOW, "label-above-writers", &place,
                  text_make("the label is %s, and ordinary accounts are among the writers",
                            access_level_name(level)),
                  "their programs run at medium integrity unless they are elevated: the label keeps them "
                  "from writing",
                  text_make("lower the label, or take them out of `write`"));
}

void audit_access(const config_region *region, const access_descriptor *section, const audit_facts *facts,
                  audit_report *report)
{
    audit_place place = audit_place_of(region, &(access_entry){0}, NULL);
    if (section->null_dacl) {
        audit_add(report, AUDIT_HIGH, "null-dacl", &place, text_make("the descriptor has no DACL"),
                  "everybody could do everything; the broker refuses such a region",
                  text_make("write a DACL, like D:P(A;;0x20007;;;BA)(A;;0x20005;;;BU)"));
        return;
    }
    for (size_t i = 0; i < section->count; i++) {
        const access_entry *entry = &section->entries[i];
        if (entry->denies) {
            judge_denial(region, section, i, facts, report);
        } else if (allows(entry, facts) && !denied_before(section, i, entry->mask)) {
            judge_broad(region, entry, report);
        }
        if (!is_brokers(entry, facts))
            judge_existence(region, entry, facts, report);
    }
    judge_lockers(region, report);
    judge_queue(region, section, facts, report);
    judge_denied_broker(region, facts, report);
    judge_emptiness(region, section, facts, report);
    judge_label(region, section, facts, report);
}
