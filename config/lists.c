/*
 * Reads lists of principals. Each entry is a role, whose members take its place, or an account or group.
 */
#include "lists.h"

#include "order.h"
#include "paths.h"
#include "roles.h"

#include <stdio.h>
#include <string.h>

#define ALL_PACKAGES   "S-1-15-2-1"
#define PACKAGE_PREFIX "S-1-15-2-"

/* A list as it grows. */
typedef struct growing {
    config_key_id id;
    config_principal *items;
    size_t count;
    bool is_full; /* something did not fit: reported */
} growing;

/* The principal of this text: remembered, or resolved and remembered in its place. NULL without memory. */
static const config_known_principal *know_principal(config_reading *reading, const config_node *node)
{
    uint64_t hash = config_order_hash(node->text, node->length);
    config_known_principal *known = &reading->known[hash & (CONFIG_PRINCIPAL_CACHE - 1)];
    if (known->text != NULL && strcmp(known->text, node->text) == 0) {
        return known;
    }
    char sid[CONFIG_SID_TEXT];
    char why[CONFIG_PRINCIPAL_WHY];
    config_known_principal found = {NULL, NULL, NULL};
    if (config_principal_resolve(node->text, reading->resolver, sid, why)) {
        found.sid = config_reading_keep(reading, sid, strlen(sid));
    } else {
        found.why = config_reading_keep(reading, why, strlen(why));
    }
    found.text = config_reading_keep(reading, node->text, node->length);
    if (reading->out_of_memory) {
        return NULL;
    }
    *known = found;
    return known;
}

/* Whether the entry is text that an account's name or a SID could be; reports it when it is not. */
static bool is_entry(config_reading *reading, const config_node *node, const char *wanted)
{
    char found[CONFIG_FOUND];
    if (node->kind == CONFIG_NODE_BROKEN) {
        return false;
    }
    if (node->kind != CONFIG_NODE_SCALAR || config_node_is_null(node) || node->length == 0) {
        config_reading_report(reading, node, node->where, "%s is not allowed here; write %s",
                              config_value_describe(node, found), wanted);
        return false;
    }
    if (node->length > CONFIG_MAX_PRINCIPAL || config_text_has_control(node->text, node->length, "")) {
        config_reading_report(
            reading, node, node->where,
            "%s names no account or group: names have at most %u bytes and no control characters",
            config_value_describe(node, found), CONFIG_MAX_PRINCIPAL);
        return false;
    }
    return true;
}

/* Reports a name that nobody has, with the role or the well-known account that it may be a slip of. */
static void report_unknown(config_reading *reading, const config_node *node, const char *why)
{
    char found[CONFIG_FOUND];
    const config_role *role = config_roles_similar(reading->roles, node->text, node->length);
    const config_well_known *account = role == NULL ? config_well_known_similar(node->text) : NULL;
    const char *meant = role != NULL ? role->name : account != NULL ? account->name : NULL;
    config_diagnostic *item = config_reading_report(
        reading, node, node->where,
        "%s names no account or group: %s; write a well-known name such as Users, DOMAIN\\name, NT "
        "SERVICE\\name or a SID (S-1-\xE2\x80\xA6)%s%s%s",
        config_value_describe(node, found), why,
        role != NULL      ? " (did you mean the role "
        : account != NULL ? " (did you mean "
                          : "",
        meant != NULL ? meant : "", meant != NULL ? "?)" : "");
    if (meant != NULL) {
        config_diagnostic_suggest(item, meant);
    }
}

/* Reads an entry that is no role; false when it is refused. */
static bool read_account(config_reading *reading, const config_node *node, config_principal *principal)
{
    const config_known_principal *known = know_principal(reading, node);
    if (known == NULL) {
        return false;
    }
    if (known->sid == NULL) {
        report_unknown(reading, node, known->why);
        return false;
    }
    principal->text = known->text;
    principal->sid = known->sid;
    principal->file = reading->file;
    principal->where = node->where;
    return true;
}

static void report_listed(config_reading *reading, const config_node *node, const config_principal *first)
{
    char found[CONFIG_FOUND];
    char quoted[CONFIG_QUOTED];
    const char *text = first->role != NULL ? first->role : first->text;
    config_diagnostic *item = config_reading_report(
        reading, node, node->where,
        "%s is in this list already, as \"%s\" at line %lu, column %lu; keep one of the two",
        config_value_describe(node, found), config_text_quote(text, strlen(text), quoted),
        (unsigned long)first->where.line, (unsigned long)first->where.column);
    config_span span = {first->where, {0, 0}};
    config_reading_note(reading, item, span, "it stands here first");
}

/* The entry of the list that has this SID, or NULL. */
static const config_principal *listed(const growing *list, const char *sid)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].sid, sid) == 0) {
            return &list->items[i];
        }
    }
    return NULL;
}

/* Puts it at the end, unless the list is as long as it may be: that is reported once. */
static void append(config_reading *reading, const config_node *node, growing *list,
                   const config_principal *principal)
{
    size_t most = (size_t)config_keys[list->id].most;
    if (list->count < most) {
        list->items[list->count++] = *principal;
    } else if (!list->is_full) {
        list->is_full = true;
        config_reading_report(reading, node, node->where,
                              "with the members of its roles the list has more than the %lu entries that it "
                              "may have; put the accounts into a group",
                              (unsigned long)most);
    }
}

static void add_account(config_reading *reading, const config_node *node, growing *list)
{
    config_principal principal = {0};
    if (!read_account(reading, node, &principal)) {
        return;
    }
    const config_principal *first = listed(list, principal.sid);
    if (first == NULL) {
        append(reading, node, list, &principal);
    } else if (first->role == NULL) {
        report_listed(reading, node, first);
    }
}

static void add_role(config_reading *reading, const config_node *node, growing *list, const config_role *role)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].role == role->name) {
            report_listed(reading, node, &list->items[i]);
            return;
        }
    }
    for (size_t i = 0; i < role->members.count; i++) {
        const config_principal *member = &role->members.items[i];
        if (listed(list, member->sid) == NULL) {
            config_principal principal = {member->text, member->sid, reading->file,
                                          node->where,  role->name,  member};
            append(reading, node, list, &principal);
        }
    }
}

/* The role that the entry names, or NULL. */
static const config_role *role_of(const config_reading *reading, const config_node *node)
{
    bool is_text = node->kind == CONFIG_NODE_SCALAR && !config_node_is_null(node);
    return is_text ? config_roles_find(reading->roles, node->text, node->length) : NULL;
}

/* How many principals the list will hold at most. */
static size_t room_for(const config_reading *reading, const config_node *node, size_t most)
{
    size_t room = 0;
    for (const config_node *each = node->children; each != NULL; each = each->next) {
        const config_role *role = role_of(reading, each);
        room += role != NULL ? role->members.count : 1;
    }
    return room < most ? room : most;
}

/* Reports what stands where a list is expected, and the list that a word may be meant to be. */
static void refuse_no_list(config_reading *reading, config_key_id id, const config_node *node)
{
    char meant[CONFIG_QUOTED + 8] = "";
    if (node->kind == CONFIG_NODE_SCALAR && !config_node_is_null(node) &&
        config_keys[id].type == CONFIG_TYPE_PRINCIPALS) {
        char quoted[CONFIG_QUOTED];
        const char *quote = strpbrk(node->text, "\\,:#[]{}") != NULL ? "'" : "";
        snprintf(meant, sizeof meant, "[%s%s%s]", quote, config_text_quote(node->text, node->length, quoted),
                 quote);
    }
    config_value_refuse(reading, id, node, "is not a list", meant[0] != '\0' ? meant : NULL);
}

/* Whether it is a list of a length that its key allows; reports it when it is not. */
static bool is_list(config_reading *reading, config_key_id id, const config_node *node)
{
    const config_key *key = &config_keys[id];
    if (node->kind != CONFIG_NODE_SEQUENCE) {
        refuse_no_list(reading, id, node);
        return false;
    }
    if (node->length > key->most) {
        config_reading_report(reading, node, node->where, "the list has %lu entries, and may have %lu; %s",
                              (unsigned long)node->length, (unsigned long)key->most,
                              key->type == CONFIG_TYPE_PACKAGES   ? "write all instead"
                              : key->type == CONFIG_TYPE_PATTERNS ? "use wildcards, as in conf.d/*.yaml"
                                                                  : "put the accounts into a group");
        return false;
    }
    if (node->length < key->least) {
        config_value_refuse(reading, id, node, "is empty", NULL);
        return false;
    }
    return true;
}

void config_list_principals(config_reading *reading, config_key_id id, const config_node *node,
                            config_principal_list *list)
{
    if (!is_list(reading, id, node)) {
        return;
    }
    size_t room = room_for(reading, node, (size_t)config_keys[id].most);
    growing grown = {id, NULL, 0, false};
    grown.items = config_reading_alloc(reading, reading->kept, (room > 0 ? room : 1) * sizeof *grown.items);
    for (const config_node *each = node->children; grown.items != NULL && each != NULL; each = each->next) {
        const config_role *role = role_of(reading, each);
        if (role != NULL) {
            add_role(reading, each, &grown, role);
        } else if (is_entry(reading, each, "an account, a group or a SID, such as Users")) {
            add_account(reading, each, &grown);
        }
    }
    list->items = grown.items;
    list->count = grown.count;
}

/* A package's SID in the form that the kernel prints, in the model's memory; NULL when it is none: reported. */
static const char *read_package(config_reading *reading, const config_node *node)
{
    char sid[CONFIG_SID_TEXT];
    char found[CONFIG_FOUND];
    if (!is_entry(reading, node, "a package's SID (S-1-15-2-\xE2\x80\xA6)")) {
        return NULL;
    }
    if (!config_sid_canonical(node->text, sid) || strncmp(sid, PACKAGE_PREFIX, strlen(PACKAGE_PREFIX)) != 0) {
        bool means_all = config_well_known_find(node->text) != NULL || strcmp(node->text, "all") == 0;
        config_reading_report(
            reading, node, node->where,
            "%s is not the SID of a package, which begins with S-1-15-2-; write such a SID, "
            "or all instead of the list%s",
            config_value_describe(node, found), means_all ? " (did you mean appcontainer: all?)" : "");
        return NULL;
    }
    return config_reading_keep(reading, sid, strlen(sid));
}

static void add_package(config_reading *reading, const config_node *node, growing *list)
{
    const char *sid = read_package(reading, node);
    config_principal principal = {NULL, sid, reading->file, node->where, NULL, NULL};
    const config_principal *first = sid != NULL ? listed(list, sid) : NULL;
    if (first != NULL) {
        report_listed(reading, node, first);
    } else if (sid != NULL) {
        principal.text = config_reading_keep(reading, node->text, node->length);
        append(reading, node, list, &principal);
    }
}

void config_list_packages(config_reading *reading, config_key_id id, const config_node *node,
                          config_principal_list *list)
{
    const char *all = config_keys[id].choices[0];
    bool is_all = node->kind == CONFIG_NODE_SCALAR && strcmp(node->text, all) == 0;
    if (!is_all && !is_list(reading, id, node)) {
        return;
    }
    size_t room = is_all || node->length == 0 ? 1 : node->length;
    growing grown = {id, config_reading_alloc(reading, reading->kept, room * sizeof *grown.items), 0, false};
    if (grown.items == NULL) {
        return;
    }
    if (is_all) {
        config_principal principal = {all, ALL_PACKAGES, reading->file, node->where, NULL, NULL};
        append(reading, node, &grown, &principal);
    } else {
        for (const config_node *each = node->children; each != NULL; each = each->next) {
            add_package(reading, each, &grown);
        }
    }
    list->items = grown.items;
    list->count = grown.count;
}

void config_list_patterns(config_reading *reading, config_key_id id, const config_node *node)
{
    if (!is_list(reading, id, node)) {
        return;
    }
    for (const config_node *each = node->children; each != NULL; each = each->next) {
        char found[CONFIG_FOUND];
        bool is_text = each->kind == CONFIG_NODE_SCALAR && !config_node_is_null(each);
        const char *problem =
            is_text ? config_path_pattern_problem(each->text, each->length) : "it is no path";
        if (problem != NULL && each->kind != CONFIG_NODE_BROKEN) {
            config_reading_report(reading, each, each->where,
                                  "%s cannot be included: %s; write a path such as conf.d/name.yaml or "
                                  "conf.d/*.yaml",
                                  config_value_describe(each, found), problem);
        }
    }
}
