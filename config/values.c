/*
 * One reader per type of the grammar's table. All share how they refuse: what stands there, and what may.
 */
#include "values.h"

#include "order.h"
#include "paths.h"
#include "text.h"
#include "units.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ALLOWED_TEXT 512u
#define SDDL_WHY     256u

/* Whether both are the same place. */
static bool is_at(config_position a, config_position b)
{
    return a.line == b.line && a.column == b.column;
}

config_diagnostic *config_reading_report(config_reading *reading, const config_node *node,
                                         config_position where, const char *format, ...)
{
    char path[CONFIG_PATH_TEXT];
    char message[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    config_diagnostic *item =
        config_diagnostics_add(reading->diagnostics, where, config_node_path(node, path), "%s", message);
    if (is_at(where, node->where)) {
        config_diagnostic_until(item, node->end);
    } else if (is_at(where, node->key_where)) {
        config_diagnostic_until(item, node->key_end);
    }
    return item;
}

void config_reading_note(config_reading *reading, config_diagnostic *item, config_span span,
                         const char *message)
{
    config_diagnostic_note(item, reading->diagnostics->current, span, "%s", message);
}

void *config_reading_alloc(config_reading *reading, config_arena *arena, size_t size)
{
    void *memory = config_arena_alloc(arena, size);
    reading->out_of_memory |= memory == NULL;
    return memory;
}

/* The scalar's text in the model's memory. */
static char *keep_text(config_reading *reading, const char *text, size_t length)
{
    char *kept = config_arena_text(reading->kept, text, length);
    reading->out_of_memory |= kept == NULL;
    return kept;
}

const char *config_value_describe(const config_node *node, char buffer[CONFIG_FOUND])
{
    char quoted[CONFIG_QUOTED];
    if (node->kind == CONFIG_NODE_SEQUENCE) {
        snprintf(buffer, CONFIG_FOUND, "a list");
    } else if (node->kind == CONFIG_NODE_MAPPING) {
        snprintf(buffer, CONFIG_FOUND, "a mapping");
    } else if (config_node_is_null(node)) {
        snprintf(buffer, CONFIG_FOUND, "an empty value");
    } else {
        snprintf(buffer, CONFIG_FOUND, "\"%s\"", config_text_quote(node->text, node->length, quoted));
    }
    return buffer;
}

/* `"64 KB" is not a size; write … (did you mean 64 KiB?)`; `meant` is NULL where there is no good guess. */
static void refuse(config_reading *reading, config_key_id id, const config_node *node, const char *what,
                   const char *meant)
{
    char found[CONFIG_FOUND];
    char allowed[ALLOWED_TEXT];
    config_diagnostic *item = config_reading_report(
        reading, node, node->where, "%s %s; write %s%s%s%s", config_value_describe(node, found), what,
        config_key_allowed(id, allowed, sizeof allowed), meant != NULL ? " (did you mean " : "",
        meant != NULL ? meant : "", meant != NULL ? "?)" : "");
    if (meant != NULL) {
        config_diagnostic_suggest(item, meant);
    }
}

/* Whether the node is a scalar that is not null; reports what the key allows otherwise. */
static bool is_text(config_reading *reading, config_key_id id, const config_node *node)
{
    if (node->kind == CONFIG_NODE_SCALAR && !config_node_is_null(node)) {
        return true;
    }
    refuse(reading, id, node, "is not allowed here", NULL);
    return false;
}

bool config_value_is_mapping(config_reading *reading, config_key_id id, const config_node *node)
{
    if (node->kind == CONFIG_NODE_MAPPING) {
        return true;
    }
    if (node->kind != CONFIG_NODE_BROKEN) {
        refuse(reading, id, node, "is not allowed here", NULL);
    }
    return false;
}

/* Whether the text has as many bytes as its key allows; reports it otherwise. */
static bool fits(config_reading *reading, config_key_id id, const config_node *node)
{
    const config_key *key = &config_keys[id];
    if (node->length < key->least) {
        refuse(reading, id, node, "is not allowed here", NULL);
    } else if (node->length > key->most) {
        config_reading_report(reading, node, node->where,
                              "the text is too long: it has %lu bytes, and %lu is the most",
                              (unsigned long)node->length, (unsigned long)key->most);
    }
    return node->length >= key->least && node->length <= key->most;
}

static void read_number(config_reading *reading, config_key_id id, const config_node *node,
                        config_value *value)
{
    uint64_t number;
    bool digits = strspn(node->text, "0123456789") == node->length;
    bool is_number =
        digits && node->plain && config_size_parse(node->text, node->length, &number) == CONFIG_SIZE_OK;
    if (!is_number || number < config_keys[id].least || number > config_keys[id].most) {
        refuse(reading, id, node, "is not allowed here", NULL);
        return;
    }
    value->number = number;
}

static void read_size(config_reading *reading, config_key_id id, const config_node *node, config_value *value)
{
    uint64_t bytes;
    char meant[CONFIG_SIZE_TEXT];
    switch (config_size_parse(node->text, node->length, &bytes)) {
    case CONFIG_SIZE_MALFORMED:
        refuse(reading, id, node, "is not a size", config_size_suggest(node->text, node->length, meant));
        return;
    case CONFIG_SIZE_TOO_LARGE:
        refuse(reading, id, node, "is too large", NULL);
        return;
    case CONFIG_SIZE_OK:
        break;
    }
    if (bytes < config_keys[id].least || bytes > config_keys[id].most) {
        refuse(reading, id, node, bytes < config_keys[id].least ? "is too small" : "is too large", NULL);
        return;
    }
    value->number = bytes;
}

static void read_choice(config_reading *reading, config_key_id id, const config_node *node,
                        config_value *value)
{
    const char *const *choices = config_keys[id].choices;
    const char *similar = NULL;
    for (size_t i = 0; choices[i] != NULL; i++) {
        if (strcmp(choices[i], node->text) == 0) {
            value->number = i;
            return;
        }
        bool same_letters = config_text_same(node->text, node->length, choices[i], strlen(choices[i]));
        if (same_letters || (similar == NULL &&
                             config_text_similar(node->text, node->length, choices[i], strlen(choices[i])))) {
            similar = choices[i];
        }
    }
    refuse(reading, id, node, "is not allowed here", similar);
}

static void read_free_text(config_reading *reading, config_key_id id, const config_node *node,
                           config_value *value)
{
    if (!fits(reading, id, node)) {
        return;
    }
    if (config_text_has_control(node->text, node->length, "\t\n")) {
        config_reading_report(reading, node, node->where,
                              "control characters other than line ends and tabs are not allowed in text");
        return;
    }
    value->text = keep_text(reading, node->text, node->length);
}

static void read_file(config_reading *reading, config_key_id id, const config_node *node, config_value *value)
{
    if (!fits(reading, id, node)) {
        return;
    }
    const char *problem = config_path_problem(node->text, node->length);
    if (problem != NULL) {
        char found[CONFIG_FOUND];
        char allowed[ALLOWED_TEXT];
        config_reading_report(reading, node, node->where, "%s cannot be a backing file: %s; write %s",
                              config_value_describe(node, found), problem,
                              config_key_allowed(id, allowed, sizeof allowed));
        return;
    }
    char *path = keep_text(reading, node->text, node->length);
    if (path != NULL) {
        config_path_normalise(path);
        value->text = path;
    }
}

static void read_sddl(config_reading *reading, config_key_id id, const config_node *node, config_value *value)
{
    char why[SDDL_WHY] = "";
    if (!fits(reading, id, node)) {
        return;
    }
    if (!reading->resolver->sddl_is_valid(reading->resolver->context, node->text, why, sizeof why)) {
        char found[CONFIG_FOUND];
        char allowed[ALLOWED_TEXT];
        config_reading_report(reading, node, node->where, "%s cannot be used: %s; write %s",
                              config_value_describe(node, found), why,
                              config_key_allowed(id, allowed, sizeof allowed));
        return;
    }
    value->text = keep_text(reading, node->text, node->length);
}

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
        found.sid = keep_text(reading, sid, strlen(sid));
    } else {
        found.why = keep_text(reading, why, strlen(why));
    }
    found.text = keep_text(reading, node->text, node->length);
    if (reading->out_of_memory) {
        return NULL;
    }
    *known = found;
    return known;
}

/* Reads one entry of an access list; false when it is refused. */
static bool read_principal(config_reading *reading, const config_node *node, config_principal *principal)
{
    char found[CONFIG_FOUND];
    if (node->kind == CONFIG_NODE_BROKEN) {
        return false;
    }
    if (node->kind != CONFIG_NODE_SCALAR || config_node_is_null(node) || node->length == 0) {
        config_reading_report(reading, node, node->where,
                              "%s is not allowed here; write an account, a group or a SID, such as Users",
                              config_value_describe(node, found));
        return false;
    }
    if (node->length > CONFIG_MAX_PRINCIPAL || config_text_has_control(node->text, node->length, "")) {
        config_reading_report(
            reading, node, node->where,
            "%s names no account or group: names have at most %u bytes and no control characters",
            config_value_describe(node, found), CONFIG_MAX_PRINCIPAL);
        return false;
    }
    const config_known_principal *known = know_principal(reading, node);
    if (known == NULL) {
        return false;
    }
    if (known->sid == NULL) {
        config_reading_report(reading, node, node->where,
                              "%s names no account or group: %s; write a well-known name such as Users, "
                              "DOMAIN\\name, NT SERVICE\\name or a SID (S-1-…)",
                              config_value_describe(node, found), known->why);
        return false;
    }
    principal->text = known->text;
    principal->sid = known->sid;
    principal->where = node->where;
    return true;
}

/* Whether the list has this principal already, under whatever name; reports it. */
static bool is_listed(config_reading *reading, const config_node *node, const config_principal *items,
                      size_t count, const config_principal *principal)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i].sid, principal->sid) == 0) {
            char found[CONFIG_FOUND];
            char first[CONFIG_QUOTED];
            config_diagnostic *item = config_reading_report(
                reading, node, node->where,
                "%s is in this list already, as \"%s\" at line %lu, column %lu; keep one of the "
                "two",
                config_value_describe(node, found),
                config_text_quote(items[i].text, strlen(items[i].text), first),
                (unsigned long)items[i].where.line, (unsigned long)items[i].where.column);
            config_span span = {items[i].where, {0, 0}};
            config_reading_note(reading, item, span, "it stands here first");
            return true;
        }
    }
    return false;
}

static void read_principals(config_reading *reading, config_key_id id, const config_node *node,
                            config_value *value)
{
    if (node->kind != CONFIG_NODE_SEQUENCE) {
        char meant[CONFIG_QUOTED + 8] = "";
        if (node->kind == CONFIG_NODE_SCALAR && !config_node_is_null(node)) {
            char quoted[CONFIG_QUOTED];
            const char *quote = strpbrk(node->text, "\\,:#[]{}") != NULL ? "'" : "";
            snprintf(meant, sizeof meant, "[%s%s%s]", quote,
                     config_text_quote(node->text, node->length, quoted), quote);
        }
        refuse(reading, id, node, "is not a list", meant[0] != '\0' ? meant : NULL);
        return;
    }
    if (node->length > config_keys[id].most) {
        config_reading_report(reading, node, node->where,
                              "the list has %lu entries, and may have %lu; put the accounts into a group",
                              (unsigned long)node->length, (unsigned long)config_keys[id].most);
        return;
    }
    config_principal *items =
        config_reading_alloc(reading, reading->kept, (node->length > 0 ? node->length : 1) * sizeof *items);
    size_t count = 0;
    for (const config_node *each = node->children; items != NULL && each != NULL; each = each->next) {
        if (read_principal(reading, each, &items[count]) &&
            !is_listed(reading, each, items, count, &items[count])) {
            count++;
        }
    }
    value->principals.items = items;
    value->principals.count = count;
}

typedef void reader(config_reading *reading, config_key_id id, const config_node *node, config_value *value);

/* By type; those that are not here are read by their own rules. */
static reader *const text_readers[] = {
    [CONFIG_TYPE_NUMBER] = read_number,  [CONFIG_TYPE_SIZE] = read_size, [CONFIG_TYPE_CHOICE] = read_choice,
    [CONFIG_TYPE_TEXT] = read_free_text, [CONFIG_TYPE_FILE] = read_file, [CONFIG_TYPE_SDDL] = read_sddl,
};

void config_value_read(config_reading *reading, config_key_id id, const config_node *node,
                       config_value *value)
{
    config_type type = config_keys[id].type;
    if (node->kind == CONFIG_NODE_BROKEN) {
        return;
    }
    if (type == CONFIG_TYPE_PRINCIPALS) {
        read_principals(reading, id, node, value);
    } else if (is_text(reading, id, node)) {
        text_readers[type](reading, id, node, value);
    }
}
