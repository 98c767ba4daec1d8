/*
 * Writes JSON to a stream.
 */
#include "json_writer.h"

#include <inttypes.h>

void config_json_begin(config_json *json, FILE *stream)
{
    json->stream = stream;
    json->depth = 0;
    json->any = false;
}

void config_json_end(config_json *json)
{
    putc('\n', json->stream);
}

static void quote(FILE *stream, const char *text)
{
    putc('"', stream);
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\') {
            fprintf(stream, "\\%c", byte);
        } else if (byte == '\n') {
            fputs("\\n", stream);
        } else if (byte < 0x20u) {
            fprintf(stream, "\\u%04x", (unsigned)byte);
        } else {
            putc(byte, stream);
        }
    }
    putc('"', stream);
}

static void new_line(const config_json *json)
{
    fprintf(json->stream, "\n%*s", (int)(2 * json->depth), "");
}

/* Writes what stands before each value. */
static void lead(config_json *json, const char *key)
{
    if (json->any) {
        putc(',', json->stream);
    }
    if (json->depth > 0) {
        new_line(json);
    }
    if (key != NULL) {
        quote(json->stream, key);
        fputs(": ", json->stream);
    }
    json->any = true;
}

void config_json_open(config_json *json, const char *key, char bracket)
{
    lead(json, key);
    putc(bracket, json->stream);
    json->depth++;
    json->any = false;
}

void config_json_close(config_json *json, char bracket)
{
    json->depth--;
    if (json->any) {
        new_line(json);
    }
    putc(bracket, json->stream);
    json->any = true;
}

void config_json_text(config_json *json, const char *key, const char *text)
{
    lead(json, key);
    quote(json->stream, text);
}

void config_json_number(config_json *json, const char *key, uint64_t number)
{
    lead(json, key);
    fprintf(json->stream, "%" PRIu64, number);
}

void config_json_boolean(config_json *json, const char *key, bool value)
{
    config_json_raw(json, key, value ? "true" : "false");
}

void config_json_raw(config_json *json, const char *key, const char *value)
{
    lead(json, key);
    fputs(value, json->stream);
}
