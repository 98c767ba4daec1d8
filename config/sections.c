/*
 * Walks mappings by the grammar's table: unknown keys, missing keys, and each value by its type.
 */
#include "sections.h"

#include "allowed.h"

const config_level *config_level_of(const config_level *level, config_key_id id)
{
    while (level->values[id].node == NULL && level->below != NULL) {
        level = level->below;
    }
    return level;
}

static void report_unknown_key(config_reading *reading, config_section section, const config_node *node)
{
    char keys[256];
    config_key_id similar = config_key_similar(section, node->key, node->key_length);
    config_key_list(section, keys, sizeof keys);
    if (section == CONFIG_IN_FRAGMENT &&
        config_key_find(CONFIG_IN_FILE, node->key, node->key_length) != CONFIG_KEY_COUNT) {
        config_reading_report(reading, node, node->key_where,
                              "only the main file may say this, and it includes this file; write it there");
    } else if (similar != CONFIG_KEY_COUNT) {
        config_diagnostic *item =
            config_reading_report(reading, node, node->key_where,
                                  "this key is unknown (did you mean %s?); the keys allowed here are %s",
                                  config_keys[similar].name, keys);
        config_diagnostic_suggest(item, config_keys[similar].name);
    } else {
        config_reading_report(reading, node, node->key_where,
                              "this key is unknown; the keys allowed here are %s", keys);
    }
}

static void report_missing_keys(config_reading *reading, config_section section, const config_node *node,
                                const config_value *values)
{
    for (unsigned id = 0; id < CONFIG_KEY_COUNT; id++) {
        if ((config_keys[id].required & (unsigned)section) != 0 && values[id].node == NULL) {
            char allowed[512];
            config_reading_report(reading, node, node->key_where, "the key %s is missing; add it with %s",
                                  config_keys[id].name,
                                  config_key_allowed((config_key_id)id, allowed, sizeof allowed));
        }
    }
}

/* Reports all but the first of the keys that the mapping of a variant has, or that it has none. */
static void check_variant(config_reading *reading, config_key_id id, const config_node *node)
{
    char keys[256];
    const config_node *first = NULL;
    config_section inner = config_keys[id].inner;
    for (const config_node *each = node->children; each != NULL; each = each->next) {
        if (each->duplicate || config_key_find(inner, each->key, each->key_length) == CONFIG_KEY_COUNT) {
            continue;
        }
        if (first == NULL) {
            first = each;
            continue;
        }
        config_diagnostic *item = config_reading_report(
            reading, each, each->key_where,
            "only one of the keys %s is allowed here, and %s stands at line %lu, column %lu; keep "
            "one of the two",
            config_key_list(inner, keys, sizeof keys), first->key, (unsigned long)first->key_where.line,
            (unsigned long)first->key_where.column);
        config_reading_note(reading, item, config_node_key_span(first), "the other one stands here");
    }
    if (node->length == 0) {
        config_value_refuse(reading, id, node, "without keys is not allowed here", NULL);
    }
}

static void read_key(config_reading *reading, config_key_id id, const config_node *node,
                     config_value values[CONFIG_KEY_COUNT])
{
    const config_key *key = &config_keys[id];
    values[id].node = node;
    switch (key->type) {
    case CONFIG_TYPE_SECTION:
        if (config_value_is_mapping(reading, id, node)) {
            config_section_read(reading, key->inner, node, values);
        }
        break;
    case CONFIG_TYPE_VARIANT:
        if (node->kind != CONFIG_NODE_MAPPING) {
            config_value_read(reading, id, node, &values[id]);
            break;
        }
        check_variant(reading, id, node);
        config_section_read(reading, key->inner, node, values);
        break;
    case CONFIG_TYPE_ROLES:
    case CONFIG_TYPE_REGIONS:
        config_value_is_mapping(reading, id, node);
        break;
    default:
        config_value_read(reading, id, node, &values[id]);
    }
}

void config_section_read(config_reading *reading, config_section section, const config_node *node,
                         config_value values[CONFIG_KEY_COUNT])
{
    for (const config_node *each = node->children; each != NULL && !reading->out_of_memory;
         each = each->next) {
        config_key_id id = config_key_find(section, each->key, each->key_length);
        if (each->duplicate) {
            continue;
        }
        if (id == CONFIG_KEY_COUNT) {
            report_unknown_key(reading, section, each);
        } else {
            read_key(reading, id, each, values);
        }
    }
    if (!reading->out_of_memory) {
        report_missing_keys(reading, section, node, values);
    }
}
