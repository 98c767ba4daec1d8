/*
 * Lines and columns of a text, counted as libyaml counts them: in code points, in each encoding that a
 * configuration may have (UTF-8 with or without a byte-order mark, UTF-16 with one).
 */
#ifndef SHMBROKER_CONFIG_LINES_H
#define SHMBROKER_CONFIG_LINES_H

#include "model.h"

#define CONFIG_LINE_BREAK     0x0Au   /* what every kind of line end is read as */
#define CONFIG_BROKEN_CHAR    0xFFFDu /* what each byte is read as that belongs to no character */
#define CONFIG_UTF8_MAX_BYTES 4u

typedef enum config_encoding { CONFIG_UTF_8, CONFIG_UTF_16_LE, CONFIG_UTF_16_BE } config_encoding;

/* A way through a text, which must outlive it. */
typedef struct config_walk {
    const unsigned char *bytes;
    size_t length;
    size_t at;             /* the offset of the next code point */
    config_position where; /* its place */
    config_encoding encoding;
} config_walk;

/* Stands before the first code point; a byte-order mark is none. */
void config_walk_start(config_walk *walk, const char *text, size_t length);

/* Takes the next code point; false at the end. CR LF is one line end, and so one code point. */
bool config_walk_next(config_walk *walk, uint32_t *code_point);

/* The place of the code point that byte `offset` belongs to, or of the end. */
config_position config_place_of(const char *text, size_t length, size_t offset);

/* Whether `a` stands before `b`. */
bool config_position_before(config_position a, config_position b);

/* Writes `code_point` as UTF-8 without a NUL; returns how many bytes that are. */
size_t config_utf8_encode(uint32_t code_point, char buffer[CONFIG_UTF8_MAX_BYTES]);

#endif
