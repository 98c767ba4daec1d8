/*
 * What no key of a region can say alone: which exclude each other, which are missing, who is named twice, what does not
 * fit. What is wrong is added to the diagnostics. schema_rules.c says the same in a JSON Schema, as far as that can.
 */
#ifndef SHMBROKER_CONFIG_REGION_CHECKS_H
#define SHMBROKER_CONFIG_REGION_CHECKS_H

#include "sections.h"

/* Checks the region `node`, whose own values are `level`'s. */
void config_region_check(config_reading *reading, const config_node *node, const config_level *level);

/* Checks the defaults of one file by themselves: what a region of any other size or backing would get. */
void config_defaults_check(config_reading *reading, const config_level *defaults);

#endif
