/*
 * The commit budget: what all regions in memory may take together.
 */
#ifndef SHMBROKER_CONFIG_BUDGET_H
#define SHMBROKER_CONFIG_BUDGET_H

#include "values.h"

/* What the region takes of the machine's memory and paging file: its size in whole pages, or 0 with a file. */
uint64_t config_region_commit(const config_region *region);

/* What all of them take, or UINT64_MAX when that is more. */
uint64_t config_regions_commit(const config_region *regions, size_t count);

/* Reports at `node`, the budget's, when the model's regions exceed its budget. */
void config_budget_check(config_reading *reading, const config_node *node, const config_model *model);

#endif
