/*
 * What holds for a region, of itself or by default: what both its checks and its model are made from. `level` is the
 * region's own, `values` are a level's.
 */
#ifndef SHMBROKER_CONFIG_REGION_FACTS_H
#define SHMBROKER_CONFIG_REGION_FACTS_H

#include "sections.h"

/* What holds for key `id`: the region's own value or a default. */
const config_value *config_region_value(const config_level *level, config_key_id id);

config_kind config_region_kind(const config_value *values);
bool config_region_has_messages(const config_value *values);

/* The bytes that the region is to begin with, of the level that says so, or NULL. */
const config_value *config_region_content(const config_level *level);

/* Whether it is one for each session. */
bool config_region_is_per_session(const config_level *level);

/* Which mode a level declares; none when it cannot be told. */
config_persist_mode config_level_mode(const config_level *level);

/* The mode that holds for a region: its own, or a default that fits. */
config_persist_mode config_region_mode(const config_level *level);

#endif
