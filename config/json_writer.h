/*
 * Writes JSON to a stream, two spaces a level, as it comes: whoever writes opens and closes in order.
 *
 * A key is NULL for the outermost value and in lists. Texts are UTF-8. Whether the stream took it all is for
 * the caller to ask it (ferror).
 */
#ifndef SHMBROKER_CONFIG_JSON_WRITER_H
#define SHMBROKER_CONFIG_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct config_json {
    FILE *stream;
    unsigned depth;
    bool any; /* the innermost list or object has something in it */
} config_json;

void config_json_begin(config_json *json, FILE *stream);

/* Ends the last line. */
void config_json_end(config_json *json);

/* `bracket` is '{' or '[', then '}' or ']'. */
void config_json_open(config_json *json, const char *key, char bracket);
void config_json_close(config_json *json, char bracket);

void config_json_text(config_json *json, const char *key, const char *text);
void config_json_number(config_json *json, const char *key, uint64_t number);
void config_json_boolean(config_json *json, const char *key, bool value);

/* Writes what is JSON already. */
void config_json_raw(config_json *json, const char *key, const char *value);

#endif
