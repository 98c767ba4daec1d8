/*
 * The turns of phrase of a JSON Schema that its values and its rules have in common. What is opened is closed by the
 * function of the same name.
 */
#ifndef SHMBROKER_CONFIG_SCHEMA_WORDS_H
#define SHMBROKER_CONFIG_SCHEMA_WORDS_H

#include "grammar.h"
#include "json_writer.h"

/* "enum": ["one", "other"]. */
void config_schema_choices(config_json *json, const char *const *choices);

/* "anyOf": [{FORM}, {FORM}]: opens the first form, goes on to the next one, closes the last. */
void config_schema_open_forms(config_json *json);
void config_schema_next_form(config_json *json);
void config_schema_close_forms(config_json *json);

/* "required": ["ONE", "OTHER"]; one of them when they are the same. */
void config_schema_require(config_json *json, config_key_id one, config_key_id other);

/* {"not": {…}}, in a list of rules. */
void config_schema_open_not(config_json *json);
void config_schema_close_not(config_json *json);

/* "properties": {"NAME": {…}}: a rule about a value inside. */
void config_schema_open_property(config_json *json, config_key_id id);
void config_schema_close_property(config_json *json);

#endif
