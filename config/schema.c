/*
 * Writes the grammar's table as a JSON Schema: one definition for each mapping with keys of its own, one
 * function for each type of value.
 */
#include "schema.h"

#include "grammar.h"
#include "json_writer.h"
#include "model.h"
#include "patterns.h"
#include "places.h"
#include "principals.h"

#include <string.h>

#define ALLOWED_TEXT 512u

/* Definitions that are no key's. */
#define PRINCIPAL "principal"
#define PACKAGE   "package"

/* Keys that exclude each other in one region; values.h reads the rest of what is wrong with one key alone. */
static const struct {
    config_key_id one;
    config_key_id other;
} exclusive[] = {
    {CONFIG_KEY_ACCESS, CONFIG_KEY_SDDL},
    {CONFIG_KEY_INTEGRITY, CONFIG_KEY_SDDL},
    {CONFIG_KEY_APPCONTAINER, CONFIG_KEY_SDDL},
    {CONFIG_KEY_MAX_SIZE, CONFIG_KEY_BACKING},
};

/* The keys of which access must have one. */
static const config_key_id said[] = {CONFIG_KEY_READ, CONFIG_KEY_WRITE};

/* ---- Values ------------------------------------------------------------------------------------ */

/* Text: YAML makes numbers and truth values of some, which the loader takes as they are written. */
static void write_text_type(config_json *json)
{
    config_json_open(json, "type", '[');
    config_json_text(json, NULL, "string");
    config_json_text(json, NULL, "number");
    config_json_text(json, NULL, "boolean");
    config_json_close(json, ']');
}

static void write_text(config_json *json, uint64_t least, uint64_t most, const char *pattern)
{
    write_text_type(json);
    if (least > 0) {
        config_json_number(json, "minLength", least);
    }
    config_json_number(json, "maxLength", most);
    if (pattern != NULL) {
        config_json_text(json, "pattern", pattern);
    }
}

static void write_range(config_json *json, const config_key *key)
{
    config_json_text(json, "type", "integer");
    config_json_number(json, "minimum", key->least);
    config_json_number(json, "maximum", key->most);
}

static void write_choices(config_json *json, const char *const *choices)
{
    config_json_open(json, "enum", '[');
    for (; *choices != NULL; choices++) {
        config_json_text(json, NULL, *choices);
    }
    config_json_close(json, ']');
}

/* The first of two or more forms. */
static void open_forms(config_json *json)
{
    config_json_open(json, "anyOf", '[');
    config_json_open(json, NULL, '{');
}

static void next_form(config_json *json)
{
    config_json_close(json, '}');
    config_json_open(json, NULL, '{');
}

static void close_forms(config_json *json)
{
    config_json_close(json, '}');
    config_json_close(json, ']');
}

static void write_size(config_json *json, const config_key *key)
{
    char pattern[CONFIG_PATTERN_TEXT];
    open_forms(json);
    config_json_text(json, "type", "string");
    config_json_text(json, "pattern", config_pattern_size(key->most, pattern));
    next_form(json);
    write_range(json, key);
    close_forms(json);
}

static void write_duration(config_json *json, const config_key *key)
{
    char pattern[CONFIG_PATTERN_TEXT];
    open_forms(json);
    config_json_text(json, "type", "string");
    config_json_text(json, "pattern", config_pattern_duration(key->least, key->most, pattern));
    next_form(json);
    write_range(json, key);
    close_forms(json);
}

/* A YAML reader makes a number of 0xFF; 0XFF it leaves as text. */
static void write_byte(config_json *json, const config_key *key)
{
    open_forms(json);
    write_range(json, key);
    next_form(json);
    config_json_text(json, "type", "string");
    config_json_text(json, "pattern", "^0X[0-9A-Fa-f]{1,2}$");
    close_forms(json);
}

/* `items` is the definition of what is in the list. */
static void write_list(config_json *json, uint64_t least, uint64_t most, const char *items)
{
    config_json_text(json, "type", "array");
    if (least > 0) {
        config_json_number(json, "minItems", least);
    }
    config_json_number(json, "maxItems", most);
    config_json_boolean(json, "uniqueItems", true);
    config_json_open(json, "items", '{');
    config_json_text(json, "$ref", items);
    config_json_close(json, '}');
}

static void write_principals(config_json *json, uint64_t least, uint64_t most)
{
    write_list(json, least, most, "#/definitions/" PRINCIPAL);
}

static void write_lock(config_json *json, const config_key *key)
{
    open_forms(json);
    config_json_text(json, "type", "boolean");
    next_form(json);
    write_principals(json, key->least, key->most);
    close_forms(json);
}

static void write_packages(config_json *json, const config_key *key)
{
    open_forms(json);
    write_choices(json, key->choices);
    next_form(json);
    write_list(json, key->least, key->most, "#/definitions/" PACKAGE);
    close_forms(json);
}

static void write_patterns(config_json *json, const config_key *key)
{
    char pattern[CONFIG_PATTERN_TEXT];
    config_json_text(json, "type", "array");
    config_json_number(json, "maxItems", key->most);
    config_json_open(json, "items", '{');
    write_text(json, 1, CONFIG_MAX_PATH_BYTES, config_pattern_include(pattern));
    config_json_close(json, '}');
}

/* ---- Mappings ---------------------------------------------------------------------------------- */

/* A definition is called after its key; that of `regions` is each of them. */
static void write_reference(config_json *json, const config_key *key)
{
    char reference[64];
    snprintf(reference, sizeof reference, "#/definitions/%s", key->name);
    config_json_text(json, "$ref", reference);
}

static void write_names(config_json *json, uint64_t most, const char *pattern)
{
    config_json_open(json, "propertyNames", '{');
    config_json_number(json, "maxLength", most);
    config_json_text(json, "pattern", pattern);
    config_json_close(json, '}');
}

static void write_roles(config_json *json, const config_key *key)
{
    char pattern[CONFIG_PATTERN_TEXT];
    config_json_text(json, "type", "object");
    config_json_number(json, "maxProperties", key->most);
    write_names(json, CONFIG_MAX_ROLE_CHARS, config_pattern_role_name(pattern));
    config_json_open(json, "additionalProperties", '{');
    write_principals(json, 0, CONFIG_MAX_PRINCIPALS);
    config_json_close(json, '}');
}

static void write_regions(config_json *json, const config_key *key)
{
    char pattern[CONFIG_PATTERN_TEXT];
    config_json_text(json, "type", "object");
    config_json_number(json, "maxProperties", key->most);
    write_names(json, CONFIG_MAX_NAME_CHARS, config_pattern_region_name(pattern));
    config_json_open(json, "additionalProperties", '{');
    write_reference(json, key);
    config_json_close(json, '}');
}

/* `$ref` alone would hide what stands beside it from readers of draft-07. */
static void write_section_value(config_json *json, const config_key *key)
{
    config_json_open(json, "allOf", '[');
    config_json_open(json, NULL, '{');
    write_reference(json, key);
    config_json_close(json, '}');
    config_json_close(json, ']');
}

static void write_variant(config_json *json, const config_key *key)
{
    open_forms(json);
    write_choices(json, key->choices);
    next_form(json);
    write_reference(json, key);
    close_forms(json);
}

/* The types whose values are text. */
static void write_text_of(config_json *json, const config_key *key)
{
    char pattern[CONFIG_PATTERN_TEXT];
    switch (key->type) {
    case CONFIG_TYPE_TEXT:
        write_text(json, key->least, key->most, config_pattern_text(pattern));
        break;
    case CONFIG_TYPE_CONTENT:
        write_text(json, key->least, key->most, NULL);
        break;
    case CONFIG_TYPE_HEX:
        write_text_type(json);
        config_json_text(json, "pattern", config_pattern_hex(pattern));
        break;
    case CONFIG_TYPE_FILE:
        write_text(json, key->least, key->most, config_pattern_backing_file(pattern));
        break;
    case CONFIG_TYPE_CONTENT_FILE:
        write_text(json, key->least, key->most, config_pattern_source_file(pattern));
        break;
    default: /* CONFIG_TYPE_SDDL */
        write_text(json, key->least, key->most, "D:");
        break;
    }
}

static void write_type(config_json *json, const config_key *key)
{
    switch (key->type) {
    case CONFIG_TYPE_NUMBER:
        write_range(json, key);
        break;
    case CONFIG_TYPE_BYTE:
        write_byte(json, key);
        break;
    case CONFIG_TYPE_BOOLEAN:
        config_json_text(json, "type", "boolean");
        break;
    case CONFIG_TYPE_SIZE:
        write_size(json, key);
        break;
    case CONFIG_TYPE_DURATION:
        write_duration(json, key);
        break;
    case CONFIG_TYPE_CHOICE:
        write_choices(json, key->choices);
        break;
    case CONFIG_TYPE_PRINCIPALS:
        write_principals(json, key->least, key->most);
        break;
    case CONFIG_TYPE_LOCK:
        write_lock(json, key);
        break;
    case CONFIG_TYPE_PACKAGES:
        write_packages(json, key);
        break;
    case CONFIG_TYPE_PATTERNS:
        write_patterns(json, key);
        break;
    case CONFIG_TYPE_SECTION:
        write_section_value(json, key);
        break;
    case CONFIG_TYPE_VARIANT:
        write_variant(json, key);
        break;
    case CONFIG_TYPE_ROLES:
        write_roles(json, key);
        break;
    case CONFIG_TYPE_REGIONS:
        write_regions(json, key);
        break;
    default:
        write_text_of(json, key);
    }
}

/* What holds without the key, as YAML reads it. */
static void write_default(config_json *json, const config_key *key)
{
    if (key->fallback == NULL) {
        return;
    }
    bool is_text = key->type == CONFIG_TYPE_DURATION ||
                   (key->type != CONFIG_TYPE_BOOLEAN && key->type != CONFIG_TYPE_LOCK &&
                    strchr("[{0123456789", key->fallback[0]) == NULL);
    if (is_text) {
        config_json_text(json, "default", key->fallback);
    } else {
        config_json_raw(json, "default", key->fallback);
    }
}

static void write_key(config_json *json, config_key_id id)
{
    const config_key *key = &config_keys[id];
    char allowed[ALLOWED_TEXT];
    char description[2 * ALLOWED_TEXT];
    snprintf(description, sizeof description, "%s\nValue: %s.\nExample: %s: %s", key->help,
             config_key_allowed(id, allowed, sizeof allowed), key->name, key->example);
    config_json_open(json, key->name, '{');
    config_json_text(json, "title", key->name);
    config_json_text(json, "description", description);
    write_type(json, key);
    write_default(json, key);
    config_json_close(json, '}');
}

static void write_required(config_json *json, config_section section)
{
    bool any = false;
    for (unsigned id = 0; id < CONFIG_KEY_COUNT; id++) {
        if ((config_keys[id].required & (unsigned)section) != 0) {
            if (!any) {
                config_json_open(json, "required", '[');
            }
            config_json_text(json, NULL, config_keys[id].name);
            any = true;
        }
    }
    if (any) {
        config_json_close(json, ']');
    }
}

/* The keys of a section, without the braces around them. */
static void write_section(config_json *json, config_section section)
{
    config_json_text(json, "type", "object");
    config_json_open(json, "properties", '{');
    for (unsigned id = 0; id < CONFIG_KEY_COUNT; id++) {
        if ((config_keys[id].sections & (unsigned)section) != 0) {
            write_key(json, (config_key_id)id);
        }
    }
    config_json_close(json, '}');
    config_json_boolean(json, "additionalProperties", false);
    write_required(json, section);
}

/* ---- What holds between keys ------------------------------------------------------------------- */

/* {"required": ["ONE", "OTHER"]}, without the braces. */
static void write_both(config_json *json, config_key_id one, config_key_id other)
{
    config_json_open(json, "required", '[');
    config_json_text(json, NULL, config_keys[one].name);
    if (other != one) {
        config_json_text(json, NULL, config_keys[other].name);
    }
    config_json_close(json, ']');
}

static void open_not(config_json *json)
{
    config_json_open(json, NULL, '{');
    config_json_open(json, "not", '{');
}

static void close_not(config_json *json)
{
    config_json_close(json, '}');
    config_json_close(json, '}');
}

/* `NAME: {` … for a value inside a value. */
static void open_property(config_json *json, config_key_id id)
{
    config_json_open(json, "properties", '{');
    config_json_open(json, config_keys[id].name, '{');
}

static void close_property(config_json *json)
{
    config_json_close(json, '}');
    config_json_close(json, '}');
}

/* `mode: MODE`, as a rule about the mapping that it stands in. */
static void write_mode(config_json *json, config_persist_mode mode)
{
    open_property(json, CONFIG_KEY_PERSIST_MODE);
    config_json_open(json, "enum", '[');
    config_json_text(json, NULL, config_keys[CONFIG_KEY_PERSIST_MODE].choices[mode - CONFIG_PERSIST_FILE]);
    config_json_close(json, ']');
    close_property(json);
}

/* Keys that belong to the other mode. */
static void write_persist_rules(config_json *json)
{
    static const struct {
        config_key_id key;
        config_persist_mode mode;
    } misplaced[] = {{CONFIG_KEY_PERSIST_FLUSH, CONFIG_PERSIST_SNAPSHOT},
                     {CONFIG_KEY_PERSIST_EVERY, CONFIG_PERSIST_FILE},
                     {CONFIG_KEY_PERSIST_KEEP, CONFIG_PERSIST_FILE}};
    config_json_open(json, "allOf", '[');
    for (size_t i = 0; i < sizeof misplaced / sizeof misplaced[0]; i++) {
        open_not(json);
        write_both(json, misplaced[i].key, CONFIG_KEY_PERSIST_MODE);
        write_mode(json, misplaced[i].mode);
        close_not(json);
    }
    config_json_close(json, ']');
}

static void write_persist_of_region(config_json *json, config_persist_mode mode)
{
    open_property(json, CONFIG_KEY_PERSIST);
    write_both(json, CONFIG_KEY_PERSIST_MODE, CONFIG_KEY_PERSIST_MODE);
    write_mode(json, mode);
    close_property(json);
}

/* A region with a file has no snapshots, and one without a file no file to flush. */
static void write_mode_rules(config_json *json)
{
    open_not(json);
    write_both(json, CONFIG_KEY_PERSIST, CONFIG_KEY_BACKING);
    write_persist_of_region(json, CONFIG_PERSIST_SNAPSHOT);
    close_not(json);
    open_not(json);
    write_both(json, CONFIG_KEY_PERSIST, CONFIG_KEY_PERSIST);
    write_persist_of_region(json, CONFIG_PERSIST_FILE);
    config_json_open(json, "not", '{');
    write_both(json, CONFIG_KEY_BACKING, CONFIG_KEY_BACKING);
    config_json_close(json, '}');
    close_not(json);
}

/* A region for each session keeps nothing. */
static void write_session_rule(config_json *json, config_key_id lasting)
{
    open_not(json);
    write_both(json, CONFIG_KEY_NAMESPACE, lasting);
    open_property(json, CONFIG_KEY_NAMESPACE);
    config_json_open(json, "enum", '[');
    config_json_text(json, NULL, config_keys[CONFIG_KEY_NAMESPACE].choices[CONFIG_NAMESPACE_SESSION]);
    config_json_close(json, ']');
    close_property(json);
    close_not(json);
}

/* `kind: KIND` for the kinds from the `first` on, as a rule about the mapping that it stands in. */
static void write_kinds(config_json *json, config_kind first)
{
    config_json_open(json, "required", '[');
    config_json_text(json, NULL, config_keys[CONFIG_KEY_KIND].name);
    config_json_close(json, ']');
    open_property(json, CONFIG_KEY_KIND);
    write_choices(json, config_keys[CONFIG_KEY_KIND].choices + first);
    close_property(json);
}

/* What a queue or stream has, or has not, and what is for raw regions alone. */
static void write_kind_rules(config_json *json)
{
    static const config_key_id of_raw[] = {CONFIG_KEY_MAX_SIZE, CONFIG_KEY_LOCK, CONFIG_KEY_NOTIFY,
                                           CONFIG_KEY_INITIAL};
    config_json_open(json, NULL, '{');
    config_json_open(json, "if", '{');
    write_kinds(json, CONFIG_KIND_QUEUE);
    config_json_close(json, '}');
    config_json_open(json, "then", '{');
    write_both(json, CONFIG_KEY_MESSAGES, CONFIG_KEY_MESSAGE_SIZE);
    config_json_open(json, "not", '{');
    write_both(json, CONFIG_KEY_SIZE, CONFIG_KEY_SIZE);
    config_json_close(json, '}');
    config_json_close(json, '}');
    config_json_open(json, "else", '{');
    write_both(json, CONFIG_KEY_SIZE, CONFIG_KEY_SIZE);
    config_json_open(json, "not", '{');
    open_forms(json);
    write_both(json, CONFIG_KEY_MESSAGES, CONFIG_KEY_MESSAGES);
    next_form(json);
    write_both(json, CONFIG_KEY_MESSAGE_SIZE, CONFIG_KEY_MESSAGE_SIZE);
    close_forms(json);
    config_json_close(json, '}');
    config_json_close(json, '}');
    config_json_close(json, '}');
    open_not(json);
    config_json_open(json, "allOf", '[');
    config_json_open(json, NULL, '{');
    write_both(json, CONFIG_KEY_PERSIST, CONFIG_KEY_PERSIST);
    write_persist_of_region(json, CONFIG_PERSIST_SNAPSHOT);
    next_form(json);
    write_kinds(json, CONFIG_KIND_QUEUE);
    close_forms(json);
    close_not(json);
    for (size_t i = 0; i < sizeof of_raw / sizeof of_raw[0]; i++) {
        open_not(json);
        config_json_open(json, "allOf", '[');
        config_json_open(json, NULL, '{');
        write_both(json, of_raw[i], of_raw[i]);
        next_form(json);
        write_kinds(json, CONFIG_KIND_STATE);
        close_forms(json);
        close_not(json);
    }
}

/* With `other` there are no large pages. */
static void write_small_pages_rule(config_json *json, config_key_id other)
{
    const config_key *large_pages = &config_keys[CONFIG_KEY_LARGE_PAGES];
    open_not(json);
    write_both(json, CONFIG_KEY_LARGE_PAGES, other);
    open_property(json, CONFIG_KEY_LARGE_PAGES);
    write_choices(json, large_pages->choices + 1);
    close_property(json);
    close_not(json);
}

static void write_region_rules(config_json *json)
{
    config_json_open(json, "allOf", '[');
    for (size_t i = 0; i < sizeof exclusive / sizeof exclusive[0]; i++) {
        open_not(json);
        write_both(json, exclusive[i].one, exclusive[i].other);
        close_not(json);
    }
    write_small_pages_rule(json, CONFIG_KEY_BACKING);
    write_small_pages_rule(json, CONFIG_KEY_MAX_SIZE);
    write_mode_rules(json);
    write_session_rule(json, CONFIG_KEY_BACKING);
    write_session_rule(json, CONFIG_KEY_PERSIST);
    write_kind_rules(json);
    /* A list of who may lock, beside a descriptor that says all. */
    open_not(json);
    write_both(json, CONFIG_KEY_LOCK, CONFIG_KEY_SDDL);
    open_property(json, CONFIG_KEY_LOCK);
    config_json_text(json, "type", "array");
    close_property(json);
    close_not(json);
    config_json_close(json, ']');
}

static void write_access_rules(config_json *json)
{
    config_json_open(json, "anyOf", '[');
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        config_json_open(json, NULL, '{');
        write_both(json, said[i], said[i]);
        config_json_close(json, '}');
    }
    config_json_close(json, ']');
}

/* Something says who may use each region: the defaults, or the region itself. */
static void write_file_rules(config_json *json)
{
    open_forms(json);
    write_both(json, CONFIG_KEY_DEFAULTS, CONFIG_KEY_DEFAULTS);
    open_property(json, CONFIG_KEY_DEFAULTS);
    write_both(json, CONFIG_KEY_ACCESS, CONFIG_KEY_ACCESS);
    close_property(json);
    next_form(json);
    open_property(json, CONFIG_KEY_REGIONS);
    config_json_open(json, "additionalProperties", '{');
    open_forms(json);
    write_both(json, CONFIG_KEY_ACCESS, CONFIG_KEY_ACCESS);
    next_form(json);
    write_both(json, CONFIG_KEY_SDDL, CONFIG_KEY_SDDL);
    close_forms(json);
    config_json_close(json, '}');
    close_property(json);
    close_forms(json);
}

/* ---- The whole --------------------------------------------------------------------------------- */

/* The mapping that is key `id`'s value; for `regions` each of them. */
static void write_definition(config_json *json, const config_key *key)
{
    config_json_open(json, key->name, '{');
    write_section(json, key->inner);
    if (key->type == CONFIG_TYPE_VARIANT) {
        config_json_number(json, "minProperties", 1);
        config_json_number(json, "maxProperties", 1);
    }
    if (key->inner == CONFIG_IN_REGION) {
        write_region_rules(json);
    }
    if (key->inner == CONFIG_IN_ACCESS) {
        write_access_rules(json);
    }
    if (key->inner == CONFIG_IN_PERSIST) {
        write_persist_rules(json);
    }
    config_json_close(json, '}');
}

static void write_entry(config_json *json, const char *name, const char *description, const char *pattern)
{
    config_json_open(json, name, '{');
    config_json_text(json, "description", description);
    write_text(json, 1, CONFIG_MAX_PRINCIPAL, pattern);
    config_json_close(json, '}');
}

/* A file that is included; its defaults may be those of the main file, so that its regions need say nothing. */
static void write_fragment(config_json *json)
{
    config_json_open(json, "fragment", '{');
    config_json_text(json, "description", "A file that the main file includes.");
    write_section(json, CONFIG_IN_FRAGMENT);
    config_json_close(json, '}');
}

static void write_definitions(config_json *json)
{
    char pattern[CONFIG_PATTERN_TEXT];
    config_json_open(json, "definitions", '{');
    write_entry(json, PRINCIPAL,
                "An account or a group: a well-known name such as Users, DOMAIN\\name, .\\name, "
                "NT SERVICE\\name or a SID (S-1-\xE2\x80\xA6); or the name of a role.",
                config_pattern_principal(pattern));
    write_entry(json, PACKAGE, "An app package's SID (S-1-15-2-\xE2\x80\xA6).",
                config_pattern_package(pattern));
    write_fragment(json);
    for (unsigned id = 0; id < CONFIG_KEY_COUNT; id++) {
        if (config_keys[id].inner != 0 && config_section_key(config_keys[id].inner) == id) {
            write_definition(json, &config_keys[id]);
        }
    }
    config_json_close(json, '}');
}

static void begin_schema(config_json *json, FILE *stream, const char *title, const char *description)
{
    config_json_begin(json, stream);
    config_json_open(json, NULL, '{');
    config_json_text(json, "$schema", "http://json-schema.org/draft-07/schema#");
    config_json_text(json, "title", title);
    config_json_text(json, "description", description);
}

static void end_schema(config_json *json)
{
    config_json_close(json, '}');
    config_json_end(json);
}

void config_schema_write(FILE *stream)
{
    config_json json;
    begin_schema(&json, stream, "shmbroker configuration",
                 "Named shared memory that shmbroker owns: which regions there are, and who may use them.");
    write_section(&json, CONFIG_IN_FILE);
    write_file_rules(&json);
    write_definitions(&json);
    end_schema(&json);
}

void config_schema_write_fragment(FILE *stream)
{
    config_json json;
    begin_schema(&json, stream, "shmbroker configuration, included file",
                 "What a product adds to the configuration of shmbroker.");
    config_json_open(&json, "allOf", '[');
    config_json_open(&json, NULL, '{');
    config_json_text(&json, "$ref", CONFIG_SCHEMA_FILE "#/definitions/fragment");
    config_json_close(&json, '}');
    config_json_close(&json, ']');
    end_schema(&json);
}
