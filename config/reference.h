/*
 * The grammar for people: the whole reference in Markdown, and the same key by key for a terminal.
 *
 * Made from the table (grammar.h), from the bounds of the model, and from the table of well-known accounts.
 * Whether the stream took it all is for the caller to ask it (ferror).
 */
#ifndef SHMBROKER_CONFIG_REFERENCE_H
#define SHMBROKER_CONFIG_REFERENCE_H

#include <stdbool.h>
#include <stdio.h>

/* Writes the reference in Markdown. */
void config_reference_write(FILE *stream);

/* Writes every key, for a terminal of 80 columns. */
void config_help_write(FILE *stream);

/*
 * Writes the keys called `name` (`size`), or those at the place (`access.read`, `regions.NAME.size`). False
 * when there is none; nothing is written then.
 */
bool config_help_write_key(FILE *stream, const char *name);

/* The name of a key that `name` may be a slip of, or NULL. */
const char *config_help_similar(const char *name);

#endif
