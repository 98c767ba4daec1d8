/*
 * Goes from a key up to the file, along the keys whose mappings it stands in.
 */
#include "places.h"

#include <stdio.h>
#include <string.h>

#define DEEPEST 8u /* mappings inside each other, in the grammar */

config_key_id config_section_key(config_section section)
{
    unsigned id = 0;
    while (id < CONFIG_KEY_COUNT && config_keys[id].inner != section) {
        id++;
    }
    return (config_key_id)id;
}

config_section config_key_home(config_key_id id)
{
    unsigned sections = config_keys[id].sections;
    unsigned first = sections & (~sections + 1u);
    return (config_section)((sections & CONFIG_IN_REGION) != 0 ? (unsigned)CONFIG_IN_REGION : first);
}

/* `NAME.` behind keys whose mappings have names of their own. */
static const char *behind(config_key_id id)
{
    return config_keys[id].type == CONFIG_TYPE_REGIONS ? ".NAME" : "";
}

/* Puts the mapping that is the value of `id` in front of `tail`. */
static void prepend(config_key_id id, const char *tail, char buffer[CONFIG_PLACES_TEXT])
{
    snprintf(buffer, CONFIG_PLACES_TEXT, "%s%s%s%s", config_keys[id].name, behind(id),
             tail[0] != '\0' ? "." : "", tail);
}

const char *config_section_place(config_section section, char buffer[CONFIG_PLACES_TEXT])
{
    char tail[CONFIG_PLACES_TEXT];
    config_key_id id = config_section_key(section);
    buffer[0] = '\0';
    for (unsigned depth = 0; id != CONFIG_KEY_COUNT && depth < DEEPEST; depth++) {
        snprintf(tail, sizeof tail, "%s", buffer);
        prepend(id, tail, buffer);
        id = config_section_key(config_key_home(id));
    }
    return buffer;
}

/* A key on the way up, and what leads from its value to where the way began. */
typedef struct step {
    config_key_id id;
    char place[CONFIG_PLACES_TEXT];
} step;

const char *config_key_places(config_key_id id, const char *quote, char buffer[CONFIG_PLACES_TEXT])
{
    step steps[2 * DEEPEST];
    size_t count = 1;
    size_t used = 0;
    buffer[0] = '\0';
    steps[0].id = id;
    snprintf(steps[0].place, CONFIG_PLACES_TEXT, "%s", config_keys[id].name);
    while (count > 0) {
        step each = steps[--count];
        if ((config_keys[each.id].sections & CONFIG_IN_FILE) != 0 && used < CONFIG_PLACES_TEXT) {
            used += (size_t)snprintf(buffer + used, CONFIG_PLACES_TEXT - used, "%s%s%s%s",
                                     used > 0 ? ", " : "", quote, each.place, quote);
        }
        /* The table has what comes first in a file first; of the steps the last is taken next. */
        for (unsigned above = CONFIG_KEY_COUNT; above-- > 0 && count < sizeof steps / sizeof steps[0];) {
            if ((config_keys[each.id].sections & (unsigned)config_keys[above].inner) != 0) {
                steps[count].id = (config_key_id)above;
                prepend((config_key_id)above, each.place, steps[count++].place);
            }
        }
    }
    return buffer;
}
