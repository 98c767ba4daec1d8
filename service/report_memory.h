/* What reports say of a region's memory: its first contents, how it is asked for, and who can open it at all. */
#ifndef SHMBROKER_REPORT_MEMORY_H
#define SHMBROKER_REPORT_MEMORY_H

#include "plan.h"
#include "platform.h"
#include "report_json.h"

/* Who is inside of a boundary: "members of BUILTIN\Users (S-1-5-32-545) and of …". */
void report_boundary_text(FILE *stream, const char *boundary);

/* Nothing of what is usual. What `machine` lacks of it is said; NULL: the machine is not known. */
void report_memory_text(FILE *stream, const declared_region *declared, const platform_memory *machine);

/* Adds it to `item`; false when memory ran out. */
bool report_memory_json(cJSON *item, const declared_region *declared, const platform_memory *machine);

#endif
