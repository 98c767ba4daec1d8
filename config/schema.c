/*
 * Writes the grammar's table as a JSON Schema: one definition for each mapping with keys of its own. What a value may be
 * is in schema_values.c, what holds between keys in schema_rules.c.
 */
#include "schema.h"

#include "allowed.h"
#include "grammar.h"
#include "json_writer.h"
#include "model.h"
#include "patterns.h"
#include "places.h"
#include "principals.h"
#include "schema_rules.h"
#include "schema_values.h"

#include <string.h>

#define ALLOWED_TEXT 512u

/* ---- Keys -------------------------------------------------------------------------------------- */

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
    config_schema_value(json, key);
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
        config_schema_region_rules(json);
    }
    if (key->inner == CONFIG_IN_ACCESS) {
        config_schema_access_rules(json);
    }
    if (key->inner == CONFIG_IN_PERSIST) {
        config_schema_persist_rules(json);
    }
    config_json_close(json, '}');
}

static void write_entry(config_json *json, const char *name, const char *description, const char *pattern)
{
    config_json_open(json, name, '{');
    config_json_text(json, "description", description);
    config_schema_text(json, 1, CONFIG_MAX_PRINCIPAL, pattern);
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
    write_entry(json, CONFIG_SCHEMA_PRINCIPAL,
                "An account or a group: a well-known name such as Users, DOMAIN\\name, .\\name, "
                "NT SERVICE\\name or a SID (S-1-\xE2\x80\xA6); or the name of a role.",
                config_pattern_principal(pattern));
    write_entry(json, CONFIG_SCHEMA_PACKAGE, "An app package's SID (S-1-15-2-\xE2\x80\xA6).",
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
    config_schema_file_rules(&json);
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
