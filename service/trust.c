/* Who may change a file that decides what the broker does. See trust.h. */
#include "trust.h"

#include "text_builder.h"

#include <stdlib.h>
#include <string.h>

/* Rights on files and folders, by winnt.h's names. A folder's WRITE_DATA adds files, its APPEND_DATA folders. */
#define RIGHT_READ_DATA    0x1u
#define RIGHT_WRITE_DATA   0x2u
#define RIGHT_APPEND_DATA  0x4u
#define RIGHT_DELETE_CHILD 0x40u
#define RIGHT_DELETE       0x10000u
#define RIGHT_WRITE_DAC    0x40000u
#define RIGHT_WRITE_OWNER  0x80000u

#define EVERYONE      "S-1-1-0"
#define CREATOR_OWNER "S-1-3-0" /* stands for nobody in an entry that takes effect */
#define OWNER_RIGHTS  "S-1-3-4" /* stands for the owner, who is judged anyway */
#define INSTALLER     "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
#define ACCOUNTS      "S-1-5-21-" /* of a machine or domain */

/* Relative identifiers that Windows gives to nobody but administrators. */
static const char *const administrative_rids[] = {"-500", "-512", "-519"};

bool trust_is_administrative(const char *sid)
{
    if (strcmp(sid, "S-1-5-18") == 0 || strcmp(sid, "S-1-5-32-544") == 0 || strcmp(sid, INSTALLER) == 0)
        return true;
    const char *rid = strrchr(sid, '-');
    if (!rid || strncmp(sid, ACCOUNTS, strlen(ACCOUNTS)) != 0)
        return false;
    for (size_t i = 0; i < sizeof administrative_rids / sizeof administrative_rids[0]; i++)
        if (strcmp(rid, administrative_rids[i]) == 0)
            return true;
    return false;
}

uint32_t trust_dangerous_rights(trust_place place)
{
    /* Whoever may delete a folder can move it away, and whoever may delete its contents likewise. */
    const uint32_t replacing = RIGHT_DELETE | RIGHT_WRITE_DAC | RIGHT_WRITE_OWNER;
    switch (place) {
    case TRUST_FILE:
        return replacing | RIGHT_WRITE_DATA | RIGHT_APPEND_DATA;
    case TRUST_FOLDER:
        return replacing | RIGHT_DELETE_CHILD | RIGHT_WRITE_DATA | RIGHT_APPEND_DATA;
    case TRUST_CONTENT:
        return RIGHT_READ_DATA;
    default:
        return replacing | RIGHT_DELETE_CHILD;
    }
}

static bool is_trusted(const char *sid, const trust_keepers *keepers)
{
    for (size_t i = 0; i < keepers->count; i++)
        if (strcmp(keepers->sids[i], sid) == 0)
            return true;
    return trust_is_administrative(sid);
}

/* What `sid` is really allowed: the first entry about a right decides. Groups are not looked into, so that a denial for
   one of many groups never hides an entry. */
static uint32_t rights_of(const trust_subject *subject, const char *sid, bool *inherited)
{
    uint32_t allowed = 0, denied = 0;
    *inherited = false;
    for (size_t i = 0; i < subject->count; i++) {
        const trust_entry *entry = &subject->entries[i];
        bool same = strcmp(entry->sid, sid) == 0;
        if (!entry->allows && (same || strcmp(entry->sid, EVERYONE) == 0))
            denied |= entry->mask & ~allowed;
        else if (entry->allows && same && (entry->mask & ~denied & trust_dangerous_rights(subject->place))) {
            allowed |= entry->mask & ~denied;
            *inherited = *inherited || entry->inherited;
        }
    }
    return allowed & trust_dangerous_rights(subject->place);
}

/* Fragments of one folder share the folders above them: each breach is told once. */
static bool is_known(const trust_report *report, const trust_breach *breach, const char *path)
{
    for (size_t i = 0; i < report->count; i++) {
        const trust_breach *known = &report->items[i];
        if (known->kind == breach->kind && known->place == breach->place && strcmp(known->path, path) == 0 &&
            strcmp(known->sid, breach->sid) == 0)
            return true;
    }
    return false;
}

static void add_breach(trust_report *report, trust_breach breach, const char *path, const char *sid)
{
    memcpy(breach.sid, sid, strlen(sid) + 1);
    if (report->failed || is_known(report, &breach, path))
        return;
    if (report->count == TRUST_MAX_BREACHES) {
        report->dropped++;
        return;
    }
    if (!report->items)
        report->items = calloc(TRUST_MAX_BREACHES, sizeof *report->items);
    breach.path = text_make("%s", path);
    breach.account = text_make("%s", sid);
    if (report->items && breach.path && breach.account) {
        report->items[report->count++] = breach;
        return;
    }
    free(breach.path);
    free(breach.account);
    report->failed = true;
}

void trust_judge(const trust_subject *subject, const trust_keepers *keepers, trust_report *report)
{
    trust_breach breach = {.place = subject->place, .rights = trust_dangerous_rights(subject->place)};
    if (!is_trusted(subject->owner, keepers)) {
        breach.kind = TRUST_BY_OWNER;
        add_breach(report, breach, subject->path, subject->owner);
    }
    if (subject->no_dacl) {
        breach.kind = TRUST_BY_NOTHING;
        add_breach(report, breach, subject->path, EVERYONE);
        return;
    }
    breach.kind = TRUST_BY_ENTRY;
    for (size_t i = 0; i < subject->count; i++) {
        const char *sid = subject->entries[i].sid;
        if (!subject->entries[i].allows || is_trusted(sid, keepers) || strcmp(sid, CREATOR_OWNER) == 0 ||
            strcmp(sid, OWNER_RIGHTS) == 0)
            continue;
        breach.rights = rights_of(subject, sid, &breach.inherited);
        if (breach.rights)
            add_breach(report, breach, subject->path, sid);
    }
}

void trust_report_free(trust_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        free(report->items[i].path);
        free(report->items[i].account);
    }
    free(report->items);
    memset(report, 0, sizeof *report);
}

/* ---- In words ---------------------------------------------------------------------------------- */

static bool is_folder(trust_place place)
{
    return place == TRUST_FOLDER || place == TRUST_ABOVE;
}

static void append_rights(text *words, trust_place place, uint32_t rights)
{
    const bool folder = is_folder(place);
    const struct {
        uint32_t right;
        const char *word;
    } table[] = {
        {RIGHT_READ_DATA, "read"},
        {RIGHT_WRITE_DATA, folder ? "add files" : "write"},
        {RIGHT_APPEND_DATA, folder ? "add folders" : "append"},
        {RIGHT_DELETE_CHILD, "delete what is in it"},
        {RIGHT_DELETE, "delete or rename it"},
        {RIGHT_WRITE_DAC, "change its rights"},
        {RIGHT_WRITE_OWNER, "take ownership"},
    };
    const char *separator = "";
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (!(rights & table[i].right))
            continue;
        text_append(words, "%s%s", separator, table[i].word);
        separator = ", ";
    }
    text_append(words, " (0x%x)", (unsigned)rights);
}

char *trust_describe(const trust_breach *breach)
{
    text words = {0};
    const char *thing = is_folder(breach->place) ? "folder" : "file";
    switch (breach->kind) {
    case TRUST_BY_OWNER:
        text_append(&words, "the %s %s belongs to %s, who may give himself any right on it", thing,
                    breach->path, breach->account);
        break;
    case TRUST_BY_NOTHING:
        text_append(&words, "the %s %s has no access rules (no DACL), so everybody may change it", thing,
                    breach->path);
        break;
    default:
        text_append(&words, "the %s %s has an%s entry that lets %s ", thing, breach->path,
                    breach->inherited ? " inherited" : "", breach->account);
        append_rights(&words, breach->place, breach->rights);
        break;
    }
    return text_take(&words);
}

/* icacls takes SIDs with a star in front, whatever the machine's language. */
char *trust_remedy(const trust_breach *breach)
{
    if (breach->kind == TRUST_BY_OWNER)
        return text_make("`icacls \"%s\" /setowner *S-1-5-32-544`", breach->path);
    if (breach->kind == TRUST_BY_NOTHING)
        return text_make("`icacls \"%s\" /reset`, or a disk with NTFS", breach->path);
    /* An inherited entry goes only when the folder above no longer hands it down. */
    if (breach->inherited)
        return text_make("`icacls \"%s\" /inheritance:d`, then `icacls \"%s\" /remove:g *%s`", breach->path,
                         breach->path, breach->sid);
    return text_make("`icacls \"%s\" /remove:g *%s`", breach->path, breach->sid);
}
