/*
 * What holds between the keys of one mapping, as a JSON Schema says it: the members of an object that the caller has
 * opened. region_checks.c checks the same, and more that a schema cannot say; a comparison of the two runs with the tests.
 */
#ifndef SHMBROKER_CONFIG_SCHEMA_RULES_H
#define SHMBROKER_CONFIG_SCHEMA_RULES_H

#include "json_writer.h"

void config_schema_file_rules(config_json *json);
void config_schema_region_rules(config_json *json);
void config_schema_access_rules(config_json *json);
void config_schema_persist_rules(config_json *json);

#endif
