/*
 * Where the keys of the grammar stand in a file, as a person writes it: `regions.NAME.access.read`.
 */
#ifndef SHMBROKER_CONFIG_PLACES_H
#define SHMBROKER_CONFIG_PLACES_H

#include "grammar.h"

#define CONFIG_PLACES_TEXT 512u

/* The key whose value is the mapping `section`; CONFIG_KEY_COUNT for a whole file. */
config_key_id config_section_key(config_section section);

/* The section that a key is explained in: that of a region when it may stand there. */
config_section config_key_home(config_key_id id);

/* The place of a section: `regions.NAME.access`; "" for a whole file. Returns `buffer`. */
const char *config_section_place(config_section section, char buffer[CONFIG_PLACES_TEXT]);

/* All places of a key: `defaults.access.read`, `regions.NAME.access.read`, each with `quote` around it and a
   comma between. Returns `buffer`. */
const char *config_key_places(config_key_id id, const char *quote, char buffer[CONFIG_PLACES_TEXT]);

#endif
