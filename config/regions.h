/*
 * One region: from its mapping and the defaults below it to the model.
 */
#ifndef SHMBROKER_CONFIG_REGIONS_H
#define SHMBROKER_CONFIG_REGIONS_H

#include "sections.h"

/*
 * Reads the region `node`, which is a value of the mapping of regions, with the defaults `below` it. Sets
 * `*backing` to the node that names its file, or to NULL. What is wrong is added to the diagnostics.
 */
void config_region_read(config_reading *reading, const config_level *below, const config_node *node,
                        config_region *region, const config_node **backing);

#endif
