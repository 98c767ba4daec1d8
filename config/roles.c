/*
 * Reads roles: first their names, so that a role inside a role is told from an account, then their members.
 */
#include "roles.h"

#include "lists.h"
#include "principals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the first role with a hash of at least `hash` stands. */
static size_t first_at(const config_roles *roles, uint64_t hash)
{
    size_t from = 0;
    size_t to = roles->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (roles->by_name[middle].hash < hash) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

const config_role *config_roles_find(const config_roles *roles, const char *name, size_t length)
{
    /* Four bytes a character: no role has a longer name. */
    char folded[4 * CONFIG_MAX_ROLE_CHARS + 1];
    bool any = roles != NULL && (roles->count > 0 || (roles->outer != NULL && roles->outer->count > 0));
    if (!any || length >= sizeof folded) {
        return NULL;
    }
    for (size_t i = 0; i < length; i++) {
        folded[i] = config_text_fold(name[i]);
    }
    uint64_t hash = config_order_hash(folded, length);
    for (; roles != NULL; roles = roles->outer) {
        for (size_t i = first_at(roles, hash); i < roles->count && roles->by_name[i].hash == hash; i++) {
            const config_order_item *item = &roles->by_name[i];
            if (item->length == length && memcmp(item->text, folded, length) == 0) {
                return item->owner;
            }
        }
    }
    return NULL;
}

const config_role *config_roles_similar(const config_roles *roles, const char *name, size_t length)
{
    for (; roles != NULL; roles = roles->outer) {
        for (size_t i = 0; i < roles->count; i++) {
            const config_role *role = &roles->items[i];
            if (config_text_similar(name, length, role->name, strlen(role->name))) {
                return role;
            }
        }
    }
    return NULL;
}

/* What keeps a role from bearing this name, or NULL. */
static const char *name_problem(const config_node *node)
{
    size_t count = config_text_count(node->key, node->key_length);
    if (node->key_plain && (node->key_length == 0 || strcmp(node->key, "~") == 0 ||
                            config_text_same(node->key, node->key_length, "null", 4))) {
        return "an empty value names no role; write a name, and put quotes around one that means nothing in "
               "YAML";
    }
    if (count < 1 || count > CONFIG_MAX_ROLE_CHARS) {
        return "a role's name has 1 to 64 characters";
    }
    if (strpbrk(node->key, "\\/") != NULL || config_text_starts(node->key, node->key_length, "S-1-")) {
        return "this could be an account or a SID; a role's name has no \\ and no /, and does not begin with "
               "S-1-";
    }
    if (config_text_has_control(node->key, node->key_length, "")) {
        return "a role's name has no control characters";
    }
    if (config_well_known_find(node->key) != NULL) {
        return "this is a well-known account or group, which a role would hide; choose another name";
    }
    return NULL;
}

static void report_twice(config_reading *reading, const config_node *node, const config_role *first)
{
    if (first->file == reading->file) {
        config_diagnostic *item = config_reading_report(
            reading, node, node->key_where,
            "a role of this name (case does not count) stands at line %lu, column %lu already; "
            "put all its members there",
            (unsigned long)first->where.line, (unsigned long)first->where.column);
        config_span span = {first->where, {0, 0}};
        config_reading_note(reading, item, span, "it stands here first");
    } else {
        config_diagnostic *item = config_reading_report(
            reading, node, node->key_where,
            "the main file has a role of this name (case does not count): %s:%lu:%lu; choose "
            "another name, or use that role",
            first->file, (unsigned long)first->where.line, (unsigned long)first->where.column);
        config_span span = {first->where, {0, 0}};
        config_diagnostic_note(item, 0, span, "the main file's stands here"); /* its number is 0 */
    }
}

/* Puts the role into the order of names, which has room for it. */
static void note_name(config_roles *roles, config_order_item item)
{
    size_t at = first_at(roles, item.hash);
    memmove(&roles->by_name[at + 1], &roles->by_name[at], (roles->count - at) * sizeof item);
    roles->by_name[at] = item;
    roles->count++;
}

/* Declares a role without members; NULL when it is refused, or when there is no memory. */
static config_role *declare(config_reading *reading, const config_node *node, config_roles *roles)
{
    const char *problem = name_problem(node);
    if (problem != NULL) {
        config_reading_report(reading, node, node->key_where, "%s", problem);
        return NULL;
    }
    const config_role *first = config_roles_find(roles, node->key, node->key_length);
    if (first != NULL) {
        report_twice(reading, node, first);
        return NULL;
    }
    char *name = config_reading_keep(reading, node->key, node->key_length);
    char *folded = config_arena_text(reading->passing, node->key, node->key_length);
    reading->out_of_memory |= folded == NULL;
    if (name == NULL || folded == NULL) {
        return NULL;
    }
    for (char *c = folded; *c != '\0'; c++) {
        *c = config_text_fold(*c);
    }
    config_role *role = &roles->items[roles->count];
    role->name = name;
    role->file = reading->file;
    role->where = node->key_where;
    note_name(roles, config_order_make(folded, node->key_length, role));
    return role;
}

/* Reports each entry that names a role itself; whether there is none. */
static bool has_no_roles(config_reading *reading, const config_node *node, const config_roles *roles)
{
    bool none = true;
    for (const config_node *each = node->children; each != NULL; each = each->next) {
        if (each->kind == CONFIG_NODE_SCALAR && config_roles_find(roles, each->text, each->length) != NULL) {
            config_reading_report(reading, each, each->where,
                                  "a role holds no other roles; list that role's members here, or both roles "
                                  "where they are used");
            none = false;
        }
    }
    return none;
}

static void read_members(config_reading *reading, const config_node *node, const config_roles *roles,
                         config_role *role)
{
    if (node->kind == CONFIG_NODE_BROKEN ||
        (node->kind == CONFIG_NODE_SEQUENCE && !has_no_roles(reading, node, roles))) {
        return;
    }
    /* A role's list follows the rules of an access list. */
    config_list_principals(reading, CONFIG_KEY_READ, node, &role->members);
}

void config_roles_read(config_reading *reading, const config_node *node, config_roles *roles, size_t *total)
{
    size_t most = (size_t)config_keys[CONFIG_KEY_ROLES].most;
    size_t room = node->length < most ? node->length : most;
    room = room > 0 ? room : 1;
    const config_node **nodes = config_reading_alloc(reading, reading->passing, room * sizeof(node));
    roles->items = config_reading_alloc(reading, reading->kept, room * sizeof *roles->items);
    roles->by_name = config_reading_alloc(reading, reading->passing, room * sizeof *roles->by_name);
    if (reading->out_of_memory) {
        return;
    }
    for (const config_node *each = node->children; each != NULL && !reading->out_of_memory;
         each = each->next) {
        if (each->duplicate) {
            continue;
        }
        if (*total == most) {
            config_reading_report(reading, node, each->key_where,
                                  "there are more than %lu roles; put the accounts into groups instead",
                                  (unsigned long)most);
            break;
        }
        config_role *role = declare(reading, each, roles);
        if (role != NULL) {
            nodes[role - roles->items] = each;
            ++*total;
        }
    }
    const config_roles *known = reading->roles;
    reading->roles = NULL;
    for (size_t i = 0; i < roles->count && !reading->out_of_memory; i++) {
        read_members(reading, nodes[i], roles, &roles->items[i]);
    }
    reading->roles = known;
}
