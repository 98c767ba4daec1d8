/* The little that all JSON reports share, over cJSON. Its functions take NULL objects and then fail, so that
   a report is built without checking each step twice. */
#ifndef SHMBROKER_REPORT_JSON_H
#define SHMBROKER_REPORT_JSON_H

#include <cjson/cJSON.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A new document with its schema_version; NULL when memory ran out. */
cJSON *report_json_root(void);

/* A new object at the end of `array`; NULL when memory ran out. */
cJSON *report_json_item(cJSON *array);

/* Adds a number with all its digits: a double would round sizes and times beyond 2^53. */
bool report_json_number(cJSON *object, const char *name, uint64_t number);

/* Prints `root` with a line end if all of it was built, and frees it. */
bool report_json_print(FILE *stream, cJSON *root, bool complete);

#endif
