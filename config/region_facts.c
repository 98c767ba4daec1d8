/* What holds for a region. See region_facts.h. */
#include "region_facts.h"

const config_value *config_region_value(const config_level *level, config_key_id id)
{
    return &config_level_of(level, id)->values[id];
}

config_kind config_region_kind(const config_value *values)
{
    return (config_kind)values[CONFIG_KEY_KIND].number;
}

bool config_region_has_messages(const config_value *values)
{
    return config_region_kind(values) == CONFIG_KIND_QUEUE ||
           config_region_kind(values) == CONFIG_KIND_STREAM;
}

const config_value *config_region_content(const config_level *level)
{
    const config_value *values = level->values;
    const config_value *content = values[CONFIG_KEY_INITIAL_TEXT].of.content.bytes != NULL
                                      ? &values[CONFIG_KEY_INITIAL_TEXT]
                                      : &values[CONFIG_KEY_INITIAL_HEX];
    return content->of.content.bytes != NULL ? content : NULL;
}

bool config_region_is_per_session(const config_level *level)
{
    const config_value *values = config_level_of(level, CONFIG_KEY_NAMESPACE)->values;
    return values[CONFIG_KEY_NAMESPACE].node != NULL && values[CONFIG_KEY_PRIVATE].node == NULL &&
           values[CONFIG_KEY_NAMESPACE].text != NULL &&
           values[CONFIG_KEY_NAMESPACE].number == CONFIG_NAMESPACE_SESSION;
}

config_persist_mode config_level_mode(const config_level *level)
{
    const config_value *mode = &level->values[CONFIG_KEY_PERSIST_MODE];
    if (mode->node == NULL || mode->text == NULL) {
        return CONFIG_PERSIST_NONE;
    }
    return (config_persist_mode)(CONFIG_PERSIST_FILE + mode->number);
}

config_persist_mode config_region_mode(const config_level *level)
{
    const config_level *source = config_level_of(level, CONFIG_KEY_PERSIST);
    config_persist_mode mode = config_level_mode(source);
    bool has_file = level->values[CONFIG_KEY_BACKING].node != NULL;
    bool fits = mode == (has_file ? CONFIG_PERSIST_FILE : CONFIG_PERSIST_SNAPSHOT) &&
                !config_region_is_per_session(level);
    return source == level || fits ? mode : CONFIG_PERSIST_NONE;
}
