/* What `check` says of a region's memory: its first contents, and how it is asked for. Nothing of what is usual. */
#ifndef SHMBROKER_REPORT_MEMORY_H
#define SHMBROKER_REPORT_MEMORY_H

#include "plan.h"
#include "report_json.h"

void report_memory_text(FILE *stream, const declared_region *declared);

/* Adds it to `item`; false when memory ran out. */
bool report_memory_json(cJSON *item, const declared_region *declared);

#endif
