/*
 * What must be said so that a program is let in. See remedy.h.
 *
 * It is tried out: while the judge denies, the one thing that the judge names is changed in a copy of the access, which
 * is then compiled and judged anew. What is printed is therefore known to do.
 */
#include "remedy.h"

#include "principals.h"
#include "text.h"
#include "text_builder.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ALL_PACKAGES "S-1-15-2-1"                 /* ALL APPLICATION PACKAGES */
#define MOST_STEPS   (CONFIG_MAX_PRINCIPALS + 8u) /* each takes away a denial, or adds one of five things */

/* A copy of a region's access that is changed step by step. */
typedef struct draft {
    const explain_question *question;
    config_access access;
    config_principal *items[4]; /* owned: read, write, deny, packages */
    access_descriptor section;
    text words;
    char user_name[PLATFORM_ACCOUNT]; /* of the token's account, as a file may have it */
} draft;

/* The name that a file may have for `sid`: its English name, the name that was asked about, the machine's, or itself. */
static void name_of(const explain_question *question, const char *sid, char name[PLATFORM_ACCOUNT])
{
    const char *known = config_well_known_name(sid), *user = question->who->judged.user;
    if (!known && question->user_name && user && strcmp(user, sid) == 0)
        known = question->user_name;
    if (known) {
        snprintf(name, PLATFORM_ACCOUNT, "%s", known);
        return;
    }
    platform_account_text(sid, name);
    char *behind = strstr(name, " (S-1-");
    if (behind && strchr(name, '\\'))
        *behind = '\0';
    else
        snprintf(name, PLATFORM_ACCOUNT, "%s", sid);
}

static bool copy_list(config_principal_list *list, config_principal **items)
{
    *items = calloc(list->count + 2, sizeof **items); /* with room for the account and a restricting SID */
    if (!*items)
        return false;
    if (list->count)
        memcpy(*items, list->items, list->count * sizeof **items);
    list->items = *items;
    return true;
}

static bool begin(draft *d, const explain_question *question)
{
    *d = (draft){.question = question, .access = question->region->access};
    if (question->who->judged.user)
        name_of(question, question->who->judged.user, d->user_name);
    return copy_list(&d->access.read, &d->items[0]) && copy_list(&d->access.write, &d->items[1]) &&
           copy_list(&d->access.deny, &d->items[2]) && copy_list(&d->access.packages, &d->items[3]);
}

static void end(draft *d)
{
    for (size_t i = 0; i < sizeof d->items / sizeof d->items[0]; i++)
        free(d->items[i]);
    access_descriptor_free(&d->section);
    free(d->words.bytes);
}

/* ---- Steps */

static const char *right_name(access_right right)
{
    return right == ACCESS_WRITE ? "write" : "read";
}

/* Adds `sid` to one of the lists, at most twice in all. */
static bool add(draft *d, config_principal_list *list, size_t had, const char *list_name, const char *sid)
{
    const char *user = d->question->who->judged.user;
    if (list->count >= had + 2)
        return false;
    config_principal *items = (config_principal *)(uintptr_t)list->items;
    const char *known = user && strcmp(user, sid) == 0 ? d->user_name : config_well_known_name(sid);
    items[list->count++] = (config_principal){.text = known ? known : sid, .sid = sid};
    text_append(&d->words, "%sadd %s to `%s`", d->words.length ? "\n" : "", known ? known : sid, list_name);
    return true;
}

static bool add_account(draft *d, const char *sid)
{
    bool writes = d->question->right == ACCESS_WRITE;
    const config_access *declared = &d->question->region->access;
    return sid &&
           add(d, writes ? &d->access.write : &d->access.read,
               writes ? declared->write.count : declared->read.count, right_name(d->question->right), sid);
}

/* Makes of a role's member an entry of its own. */
static void name_itself(config_principal *principal)
{
    if (principal->member)
        principal->text = principal->member->text;
    principal->role = NULL;
}

/* Takes `sid` out of `deny`. A role that has it is replaced by its other members. */
static bool take_denial(draft *d, const char *sid)
{
    config_principal *items = (config_principal *)(uintptr_t)d->access.deny.items;
    size_t kept = 0, count = d->access.deny.count;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i].sid, sid) != 0)
            continue;
        text_append(&d->words, "%stake %s out of %s%s (%s:%u:%u)", d->words.length ? "\n" : "", items[i].text,
                    items[i].role ? "the role " : "`deny`", items[i].role ? items[i].role : "",
                    items[i].file ? items[i].file : "", (unsigned)items[i].where.line,
                    (unsigned)items[i].where.column);
        for (size_t j = 0; items[i].role && j < count; j++)
            if (j != i && items[j].role && strcmp(items[j].role, items[i].role) == 0)
                name_itself(&items[j]);
    }
    for (size_t i = 0; i < count; i++)
        if (strcmp(items[i].sid, sid) != 0)
            items[kept++] = items[i];
    d->access.deny.count = kept;
    return kept < count;
}

/* A label as low as the program's integrity. */
static bool lower_label(draft *d)
{
    uint32_t level = d->question->who->judged.integrity;
    if (level < ACCESS_LEVEL_LOW || d->access.integrity == CONFIG_INTEGRITY_LOW)
        return false;
    d->access.integrity = level >= ACCESS_LEVEL_MEDIUM ? CONFIG_INTEGRITY_MEDIUM : CONFIG_INTEGRITY_LOW;
    text_append(&d->words, "%sset `integrity: %s`, so that programs of that integrity may write",
                d->words.length ? "\n" : "", access_level_name(level));
    return true;
}

/* The first restricting SID that anybody knows: a logon's own would be gone tomorrow. */
static const char *lasting_restricting(const access_token *who)
{
    for (size_t i = 0; i < who->restricting_count; i++)
        if (strncmp(who->restricting[i], "S-1-5-5-", strlen("S-1-5-5-")) != 0)
            return who->restricting[i];
    return NULL;
}

/* `all` stands alone: beside it the grammar takes no package. */
static bool lets_all_packages_in(const config_access *access)
{
    return access->packages.count == 1 && strcmp(access->packages.items[0].sid, ALL_PACKAGES) == 0;
}

static bool add_package(draft *d)
{
    return !lets_all_packages_in(&d->access) &&
           add(d, &d->access.packages, d->question->region->access.packages.count, "appcontainer",
               d->question->who->judged.package);
}

static bool take_step(draft *d, const access_verdict *verdict)
{
    const access_token *who = &d->question->who->judged;
    const char *deciding = verdict->entry != ACCESS_NOWHERE ? d->section.entries[verdict->entry].sid : NULL;
    if (deciding && d->section.entries[verdict->entry].denies)
        return take_denial(d, deciding);
    switch (verdict->reason) {
    case ACCESS_LABEL_TOO_HIGH:
        return lower_label(d);
    case ACCESS_NO_ENTRY:
    case ACCESS_GROUP_IS_DENY_ONLY:
    case ACCESS_GROUP_IS_DISABLED:
        return !who->user_deny_only && add_account(d, who->user);
    case ACCESS_NOT_RESTRICTED_IN:
        return add_account(d, lasting_restricting(who));
    case ACCESS_NO_PACKAGE_ENTRY:
        return add_package(d);
    default:
        return false;
    }
}

/* ---- The result as YAML */

/* Whether YAML takes it for a text without quotes. */
static bool is_plain(const char *word)
{
    static const char *const others[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n", NULL};
    bool plain = isalpha((unsigned char)*word) != 0;
    for (const char *at = word; plain && *at; at++)
        plain = isalnum((unsigned char)*at) || *at == '_' || *at == '-';
    for (const char *const *other = others; plain && *other; other++)
        plain = !config_text_same(word, strlen(word), *other, strlen(*other));
    return plain;
}

/* As a key or an item of a list. */
static void append_quoted(text *yaml, const char *word)
{
    bool plain = is_plain(word);
    if (plain) {
        text_append(yaml, "%s", word);
        return;
    }
    text_append(yaml, "'");
    for (const char *at = word; *at; at++)
        text_append(yaml, "%s%c", *at == '\'' ? "'" : "", *at);
    text_append(yaml, "'");
}

/* The list as a file has it: a role once, by its name. */
static void append_list(text *yaml, const char *indent, const char *name, const config_principal_list *list)
{
    const char *separator = "";
    if (list->count == 0)
        return;
    text_append(yaml, "%s%s: [", indent, name);
    for (size_t i = 0; i < list->count; i++) {
        const config_principal *item = &list->items[i];
        bool said = false;
        for (size_t j = 0; item->role && !said && j < i; j++)
            said = list->items[j].role && strcmp(list->items[j].role, item->role) == 0;
        if (said)
            continue;
        text_append(yaml, "%s", separator);
        append_quoted(yaml, item->role ? item->role : item->text);
        separator = ", ";
    }
    text_append(yaml, "]\n");
}

static void append_head(text *yaml, const config_region *region)
{
    text_append(yaml, "regions:\n  ");
    append_quoted(yaml, region->name);
    text_append(yaml, ":\n");
}

static char *access_yaml(const draft *d)
{
    static const char *const names[] = {"", "low", "medium", "high"};
    const config_access *access = &d->access;
    text yaml = {0};
    append_head(&yaml, d->question->region);
    text_append(&yaml, "    access:\n");
    append_list(&yaml, "      ", "read", &access->read);
    append_list(&yaml, "      ", "write", &access->write);
    append_list(&yaml, "      ", "manage", &access->manage);
    append_list(&yaml, "      ", "deny", &access->deny);
    if (access->integrity != CONFIG_INTEGRITY_UNSET)
        text_append(&yaml, "    integrity: %s\n", names[access->integrity]);
    if (lets_all_packages_in(access))
        text_append(&yaml, "    appcontainer: all\n");
    else
        append_list(&yaml, "    ", "appcontainer", &access->packages);
    return text_take(&yaml);
}

/* ---- A region with a descriptor of its own */

/* The descriptor without the owner and without the broker's entry, which the broker puts in front by itself. */
static char *sddl_yaml(const explain_question *question, const access_descriptor *section, const char *sid)
{
    text yaml = {0};
    access_descriptor own = *section;
    own.entries++;
    own.count--;
    char *rest = access_sddl(&own), *dacl = rest ? strstr(rest, "D:P") : NULL;
    if (dacl) {
        append_head(&yaml, question->region);
        text_append(&yaml, "    sddl: 'D:P(A;;0x%x;;;%s)%s'\n",
                    (unsigned)access_mask(ACCESS_SECTION, question->right), sid, dacl + strlen("D:P"));
    } else {
        yaml.failed = true;
    }
    free(rest);
    return text_take(&yaml);
}

/* One entry in front lets the account in whatever stands behind, unless its token is a special one. */
static bool find_for_sddl(const explain_question *question, const access_descriptor *section, char **yaml,
                          char **words)
{
    const access_token *who = &question->who->judged;
    char account[PLATFORM_ACCOUNT];
    if (!who->user || who->user_deny_only || who->restricting_count || who->package ||
        (access_mask(ACCESS_SECTION, question->right) &
         ~access_label_leaves(&section->label, ACCESS_SECTION, who)))
        return true;
    explain_user(question, account);
    *yaml = sddl_yaml(question, section, who->user);
    *words = text_make("put an entry for %s in front", account);
    return *yaml && *words;
}

static bool find_for_lists(draft *d, char **yaml, char **words)
{
    for (unsigned step = 0; step < MOST_STEPS; step++) {
        access_descriptor_free(&d->section);
        if (!access_compile(&d->access, ACCESS_SECTION, d->question->identity, &d->section))
            return false;
        access_verdict verdict = access_judge(&d->section, ACCESS_SECTION, &d->question->who->judged,
                                              access_mask(ACCESS_SECTION, d->question->right));
        if (verdict.granted) {
            *yaml = access_yaml(d);
            *words = text_take(&d->words);
            return *yaml && *words;
        }
        if (!take_step(d, &verdict))
            return true;
    }
    return true;
}

bool remedy_find(const explain_question *question, const access_descriptor *section, char **yaml,
                 char **words)
{
    draft d;
    *yaml = *words = NULL;
    bool ok;
    if (question->region->sddl) {
        ok = find_for_sddl(question, section, yaml, words);
    } else {
        ok = begin(&d, question) && find_for_lists(&d, yaml, words);
        end(&d);
    }
    if (!ok) {
        free(*yaml);
        free(*words);
        *yaml = *words = NULL;
    }
    return ok;
}
