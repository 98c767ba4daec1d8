/* What a value may be, one function for each type. See schema_values.h. */
#include "schema_values.h"

#include "model.h"
#include "patterns.h"
#include "principals.h"
#include "schema_words.h"

/* Text: YAML makes numbers and truth values of some, which the loader takes as they are written. */
static void write_text_type(config_json *json)
{
    config_json_open(json, "type", '[');
    config_json_text(json, NULL, "string");
    config_json_text(json, NULL, "number");
    config_json_text(json, NULL, "boolean");
    config_json_close(json, ']');
}

void config_schema_text(config_json *json, uint64_t least, uint64_t most, const char *pattern)
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

static void write_size(config_json *json, const config_key *key)
{
    char pattern[CONFIG_PATTERN_TEXT];
    config_schema_open_forms(json);
    config_json_text(json, "type", "string");
    config_json_text(json, "pattern", config_pattern_size(key->most, pattern));
    config_schema_next_form(json);
    write_range(json, key);
    config_schema_close_forms(json);
}

static void write_duration(config_json *json, const config_key *key)
{
    char pattern[CONFIG_PATTERN_TEXT];
    config_schema_open_forms(json);
    config_json_text(json, "type", "string");
    config_json_text(json, "pattern", config_pattern_duration(key->least, key->most, pattern));
    config_schema_next_form(json);
    write_range(json, key);
    config_schema_close_forms(json);
}

/* A YAML reader makes a number of 0xFF; 0XFF it leaves as text. */
static void write_byte(config_json *json, const config_key *key)
{
    config_schema_open_forms(json);
    write_range(json, key);
    config_schema_next_form(json);
    config_json_text(json, "type", "string");
    config_json_text(json, "pattern", "^0X[0-9A-Fa-f]{1,2}$");
    config_schema_close_forms(json);
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
    write_list(json, least, most, "#/definitions/" CONFIG_SCHEMA_PRINCIPAL);
}

static void write_lock(config_json *json, const config_key *key)
{
    config_schema_open_forms(json);
    config_json_text(json, "type", "boolean");
    config_schema_next_form(json);
    write_principals(json, key->least, key->most);
    config_schema_close_forms(json);
}

static void write_packages(config_json *json, const config_key *key)
{
    config_schema_open_forms(json);
    config_schema_choices(json, key->choices);
    config_schema_next_form(json);
    write_list(json, key->least, key->most, "#/definitions/" CONFIG_SCHEMA_PACKAGE);
    config_schema_close_forms(json);
}

static void write_patterns(config_json *json, const config_key *key)
{
    char pattern[CONFIG_PATTERN_TEXT];
    config_json_text(json, "type", "array");
    config_json_number(json, "maxItems", key->most);
    config_json_open(json, "items", '{');
    config_schema_text(json, 1, CONFIG_MAX_PATH_BYTES, config_pattern_include(pattern));
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
    config_schema_open_forms(json);
    config_schema_choices(json, key->choices);
    config_schema_next_form(json);
    write_reference(json, key);
    config_schema_close_forms(json);
}

/* The types whose values are text. */
static void write_text_of(config_json *json, const config_key *key)
{
    char pattern[CONFIG_PATTERN_TEXT];
    switch (key->type) {
    case CONFIG_TYPE_TEXT:
        config_schema_text(json, key->least, key->most, config_pattern_text(pattern));
        break;
    case CONFIG_TYPE_CONTENT:
        config_schema_text(json, key->least, key->most, NULL);
        break;
    case CONFIG_TYPE_HEX:
        write_text_type(json);
        config_json_text(json, "pattern", config_pattern_hex(pattern));
        break;
    case CONFIG_TYPE_FILE:
        config_schema_text(json, key->least, key->most, config_pattern_backing_file(pattern));
        break;
    case CONFIG_TYPE_CONTENT_FILE:
        config_schema_text(json, key->least, key->most, config_pattern_source_file(pattern));
        break;
    default: /* CONFIG_TYPE_SDDL */
        config_schema_text(json, key->least, key->most, "D:");
        break;
    }
}

void config_schema_value(config_json *json, const config_key *key)
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
        config_schema_choices(json, key->choices);
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
