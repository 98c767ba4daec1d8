/*
 * What the value of a key may be, as a JSON Schema says it: the members of an object that the caller has opened.
 */
#ifndef SHMBROKER_CONFIG_SCHEMA_VALUES_H
#define SHMBROKER_CONFIG_SCHEMA_VALUES_H

#include "grammar.h"
#include "json_writer.h"

/* Definitions that are no key's: schema.c writes them, lists refer to them. */
#define CONFIG_SCHEMA_PRINCIPAL "principal"
#define CONFIG_SCHEMA_PACKAGE   "package"

void config_schema_value(config_json *json, const config_key *key);

/* Text of `least` to `most` characters, that `pattern` matches; NULL: any. */
void config_schema_text(config_json *json, uint64_t least, uint64_t most, const char *pattern);

#endif
