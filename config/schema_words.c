/* The turns of phrase of a JSON Schema. See schema_words.h. */
#include "schema_words.h"

void config_schema_choices(config_json *json, const char *const *choices)
{
    config_json_open(json, "enum", '[');
    for (; *choices != NULL; choices++) {
        config_json_text(json, NULL, *choices);
    }
    config_json_close(json, ']');
}

void config_schema_open_forms(config_json *json)
{
    config_json_open(json, "anyOf", '[');
    config_json_open(json, NULL, '{');
}

void config_schema_next_form(config_json *json)
{
    config_json_close(json, '}');
    config_json_open(json, NULL, '{');
}

void config_schema_close_forms(config_json *json)
{
    config_json_close(json, '}');
    config_json_close(json, ']');
}

void config_schema_require(config_json *json, config_key_id one, config_key_id other)
{
    config_json_open(json, "required", '[');
    config_json_text(json, NULL, config_keys[one].name);
    if (other != one) {
        config_json_text(json, NULL, config_keys[other].name);
    }
    config_json_close(json, ']');
}

void config_schema_open_not(config_json *json)
{
    config_json_open(json, NULL, '{');
    config_json_open(json, "not", '{');
}

void config_schema_close_not(config_json *json)
{
    config_json_close(json, '}');
    config_json_close(json, '}');
}

void config_schema_open_property(config_json *json, config_key_id id)
{
    config_json_open(json, "properties", '{');
    config_json_open(json, config_keys[id].name, '{');
}

void config_schema_close_property(config_json *json)
{
    config_json_close(json, '}');
    config_json_close(json, '}');
}
