/*
 * Sections: mappings with keys of their own, read by the grammar's table.
 */
#ifndef SHMBROKER_CONFIG_SECTIONS_H
#define SHMBROKER_CONFIG_SECTIONS_H

#include "values.h"

/*
 * What one place says: a region, or the defaults of one file. Each key of the grammar stands at most once
 * below such a place, so that one array holds them all, those of inner sections included.
 */
typedef struct config_level {
    const struct config_level *below; /* asked for what is not said here; NULL: nothing more */
    const char *file;
    config_value values[CONFIG_KEY_COUNT];
} config_level;

/* The level that says what holds for key `id`: this one, or the next below that has it; the last when none has. */
const config_level *config_level_of(const config_level *level, config_key_id id);

/*
 * Reads the mapping `node` as `section`: each key into its place among `values`, those of inner sections
 * likewise. Roles and regions are left to their own functions, once they are known to be mappings.
 */
void config_section_read(config_reading *reading, config_section section, const config_node *node,
                         config_value values[CONFIG_KEY_COUNT]);

#endif
