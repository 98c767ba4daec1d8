/*
 * The grammar as a JSON Schema (draft-07), for editors that complete and check YAML by one.
 *
 * Made from the table (grammar.h). It takes every document that the loader takes. It also takes some that the
 * loader refuses, since a schema sees values and not the text, and cannot ask the machine:
 * tests/schema/exceptions.txt has them, each with the reason.
 */
#ifndef SHMBROKER_CONFIG_SCHEMA_H
#define SHMBROKER_CONFIG_SCHEMA_H

#include <stdio.h>

/* What the schema of a main file is called, since that of an included one refers to it. */
#define CONFIG_SCHEMA_FILE "shmbroker.schema.json"

/* Writes the schema of a main file, and that of a file it includes. Whether the stream took it all is for the caller to
   ask it (ferror). */
void config_schema_write(FILE *stream);
void config_schema_write_fragment(FILE *stream);

#endif
