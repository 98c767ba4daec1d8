/*
 * One reader per type of the grammar's table. All share how they refuse: what stands there, and what may.
 */
#include "values.h"

#include "allowed.h"
#include "lists.h"
#include "paths.h"
#include "text.h"
#include "units.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

char *config_reading_keep(config_reading *reading, const char *text, size_t length)
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

void config_value_refuse(config_reading *reading, config_key_id id, const config_node *node, const char *what,
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
    config_value_refuse(reading, id, node, "is not allowed here", NULL);
    return false;
}

bool config_value_is_mapping(config_reading *reading, config_key_id id, const config_node *node)
{
    if (node->kind == CONFIG_NODE_MAPPING) {
        return true;
    }
    if (node->kind != CONFIG_NODE_BROKEN) {
        config_value_refuse(reading, id, node, "is not allowed here", NULL);
    }
    return false;
}

/* Whether the text has as many bytes as its key allows; reports it otherwise. */
static bool fits(config_reading *reading, config_key_id id, const config_node *node)
{
    const config_key *key = &config_keys[id];
    if (node->length < key->least) {
        config_value_refuse(reading, id, node, "is not allowed here", NULL);
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
        config_value_refuse(reading, id, node, "is not allowed here", NULL);
        return;
    }
    value->number = number;
}

/* A byte's value from `255` or `0xFF`; 256 when it is something else. */
static unsigned byte_of(const config_node *node)
{
    bool is_hex = node->length > 2 && node->text[0] == '0' && (node->text[1] == 'x' || node->text[1] == 'X');
    const char *digits = is_hex ? "0123456789abcdefABCDEF" : "0123456789";
    const char *text = node->text + (is_hex ? 2 : 0);
    size_t length = strlen(text);
    bool is_number = node->plain && length > 0 && length <= (is_hex ? 2 : 3) &&
                     strspn(text, digits) == length && (is_hex || length == 1 || text[0] != '0');
    unsigned long value = is_number ? strtoul(text, NULL, is_hex ? 16 : 10) : 256;
    return value <= 255 ? (unsigned)value : 256u;
}

static void read_byte(config_reading *reading, config_key_id id, const config_node *node, config_value *value)
{
    unsigned byte = byte_of(node);
    if (byte > config_keys[id].most || byte < config_keys[id].least) {
        config_value_refuse(reading, id, node, "is not allowed here", NULL);
        return;
    }
    value->number = byte;
}

static void read_boolean(config_reading *reading, config_key_id id, const config_node *node,
                         config_value *value)
{
    static const char *const meant[][2] = {
        {"true", "true"},   {"yes", "true"}, {"on", "true"},   {"y", "true"},  {"1", "true"},
        {"false", "false"}, {"no", "false"}, {"off", "false"}, {"n", "false"}, {"0", "false"}};
    if (node->plain && (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0)) {
        value->number = node->text[0] == 't';
        return;
    }
    const char *guess = NULL;
    for (size_t i = 0; i < sizeof meant / sizeof meant[0]; i++) {
        if (config_text_same(node->text, node->length, meant[i][0], strlen(meant[i][0]))) {
            guess = meant[i][1];
        }
    }
    config_value_refuse(reading, id, node, "is not allowed here", guess);
}

static void read_size(config_reading *reading, config_key_id id, const config_node *node, config_value *value)
{
    uint64_t bytes;
    char meant[CONFIG_SIZE_TEXT];
    switch (config_size_parse(node->text, node->length, &bytes)) {
    case CONFIG_SIZE_MALFORMED:
        config_value_refuse(reading, id, node, "is not a size",
                            config_size_suggest(node->text, node->length, meant));
        return;
    case CONFIG_SIZE_TOO_LARGE:
        config_value_refuse(reading, id, node, "is too large", NULL);
        return;
    case CONFIG_SIZE_OK:
        break;
    }
    if (bytes < config_keys[id].least || bytes > config_keys[id].most) {
        config_value_refuse(reading, id, node,
                            bytes < config_keys[id].least ? "is too small" : "is too large", NULL);
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
            value->text = choices[i];
            return;
        }
        bool same_letters = config_text_same(node->text, node->length, choices[i], strlen(choices[i]));
        if (same_letters || (similar == NULL &&
                             config_text_similar(node->text, node->length, choices[i], strlen(choices[i])))) {
            similar = choices[i];
        }
    }
    config_value_refuse(reading, id, node, "is not allowed here", similar);
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
    value->text = config_reading_keep(reading, node->text, node->length);
}

static void keep_content(config_reading *reading, const char *bytes, size_t length, config_value *value)
{
    value->of.content.bytes = (const unsigned char *)config_reading_keep(reading, bytes, length);
    value->of.content.length = length;
}

static void read_content(config_reading *reading, config_key_id id, const config_node *node,
                         config_value *value)
{
    if (fits(reading, id, node)) {
        keep_content(reading, node->text, node->length, value);
    }
}

/* The value of a hexadecimal digit; 16 for any other character. */
static unsigned hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c != '\0' ? strchr(digits, config_text_fold(c)) : NULL;
    return found != NULL ? (unsigned)(found - digits) : 16u;
}

/*
 * Reads pairs of digits with white space between them into `bytes`, which may be NULL, for as far as they go.
 * Returns how many there are, and in `*problem` what ends them, or NULL when the text does.
 */
static size_t hex_decode(const char *text, char *bytes, const char **problem)
{
    size_t count = 0;
    *problem = NULL;
    for (;;) {
        text += strspn(text, " \t\n");
        if (*text == '\0') {
            return count;
        }
        unsigned high = hex_digit(text[0]);
        unsigned low = high < 16 ? hex_digit(text[1]) : 16;
        if (low > 15) {
            *problem = text;
            return count;
        }
        if (bytes != NULL) {
            bytes[count] = (char)(high << 4 | low);
        }
        count++;
        text += 2;
    }
}

static void read_hex(config_reading *reading, config_key_id id, const config_node *node, config_value *value)
{
    const char *problem;
    const config_key *key = &config_keys[id];
    size_t count = hex_decode(node->text, NULL, &problem);
    if (problem != NULL) {
        char what[96];
        snprintf(what, sizeof what, "is not hexadecimal at character %lu",
                 (unsigned long)config_text_count(node->text, (size_t)(problem - node->text)) + 1);
        config_value_refuse(reading, id, node, what, NULL);
        return;
    }
    if (count < key->least || count > key->most) {
        config_value_refuse(reading, id, node, count < key->least ? "holds no bytes" : "holds too many bytes",
                            NULL);
        return;
    }
    char *bytes = config_reading_alloc(reading, reading->kept, count);
    if (bytes != NULL) {
        hex_decode(node->text, bytes, &problem);
        value->of.content.bytes = (const unsigned char *)bytes;
        value->of.content.length = count;
    }
}

/* A path to keep or to copy bytes; which of the two, its key's type says. */
static void read_file(config_reading *reading, config_key_id id, const config_node *node, config_value *value)
{
    bool is_backing = config_keys[id].type == CONFIG_TYPE_FILE;
    if (!fits(reading, id, node)) {
        return;
    }
    const char *problem = is_backing ? config_path_problem(node->text, node->length)
                                     : config_path_source_problem(node->text, node->length);
    if (problem != NULL) {
        char found[CONFIG_FOUND];
        char allowed[ALLOWED_TEXT];
        config_reading_report(reading, node, node->where, "%s cannot be %s: %s; write %s",
                              config_value_describe(node, found),
                              is_backing ? "a backing file" : "copied from", problem,
                              config_key_allowed(id, allowed, sizeof allowed));
        return;
    }
    char *path = config_reading_keep(reading, node->text, node->length);
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
    value->text = config_reading_keep(reading, node->text, node->length);
}

static void read_duration(config_reading *reading, config_key_id id, const config_node *node,
                          config_value *value)
{
    uint64_t milliseconds;
    char meant[CONFIG_DURATION_TEXT];
    config_size_status status = config_duration_parse(node->text, node->length, &milliseconds);
    if (status == CONFIG_SIZE_MALFORMED) {
        config_value_refuse(reading, id, node, "is not a time",
                            config_duration_suggest(node->text, node->length, meant));
    } else if (status == CONFIG_SIZE_TOO_LARGE || milliseconds > config_keys[id].most) {
        config_value_refuse(reading, id, node, "is too long", NULL);
    } else if (milliseconds < config_keys[id].least) {
        config_value_refuse(reading, id, node, "is too short", NULL);
    } else {
        value->number = milliseconds;
    }
}

typedef void reader(config_reading *reading, config_key_id id, const config_node *node, config_value *value);

/* Of the types whose values are one scalar; of a variant, its choice. */
static reader *const text_readers[] = {
    [CONFIG_TYPE_NUMBER] = read_number,     [CONFIG_TYPE_BYTE] = read_byte,
    [CONFIG_TYPE_BOOLEAN] = read_boolean,   [CONFIG_TYPE_SIZE] = read_size,
    [CONFIG_TYPE_DURATION] = read_duration, [CONFIG_TYPE_CHOICE] = read_choice,
    [CONFIG_TYPE_TEXT] = read_free_text,    [CONFIG_TYPE_CONTENT] = read_content,
    [CONFIG_TYPE_HEX] = read_hex,           [CONFIG_TYPE_FILE] = read_file,
    [CONFIG_TYPE_CONTENT_FILE] = read_file, [CONFIG_TYPE_SDDL] = read_sddl,
    [CONFIG_TYPE_VARIANT] = read_choice,    [CONFIG_TYPE_LOCK] = read_boolean,
};

void config_value_read(config_reading *reading, config_key_id id, const config_node *node,
                       config_value *value)
{
    config_type type = config_keys[id].type;
    if (node->kind == CONFIG_NODE_BROKEN) {
        return;
    }
    if (type == CONFIG_TYPE_PRINCIPALS) {
        config_list_principals(reading, id, node, &value->of.principals);
    } else if (type == CONFIG_TYPE_LOCK && node->kind == CONFIG_NODE_SEQUENCE) {
        value->number = 1;
        config_list_principals(reading, id, node, &value->of.principals);
    } else if (type == CONFIG_TYPE_PACKAGES) {
        config_list_packages(reading, id, node, &value->of.principals);
    } else if (type == CONFIG_TYPE_PATTERNS) {
        config_list_patterns(reading, id, node);
    } else if (is_text(reading, id, node)) {
        text_readers[type](reading, id, node, value);
    }
}
