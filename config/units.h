/*
 * Quantities as people write them: sizes such as `4096` and `64 KiB`, times such as `250 ms` and `5 s`.
 */
#ifndef SHMBROKER_CONFIG_UNITS_H
#define SHMBROKER_CONFIG_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* Room for what config_size_format writes, its NUL included. */
#define CONFIG_SIZE_TEXT 32u

typedef enum config_size_status {
    CONFIG_SIZE_OK,
    CONFIG_SIZE_MALFORMED, /* no number, an unknown unit, a sign, a fraction, a leading zero */
    CONFIG_SIZE_TOO_LARGE  /* well formed, beyond 64 bits */
} config_size_status;

/*
 * Reads a number of bytes, alone or with one of B, KiB, MiB, GiB and TiB after it (spaces between them are
 * free, case counts). KB, MB and so on are refused: some take them for 1000 and some for 1024. `*bytes` is 0
 * on failure.
 */
config_size_status config_size_parse(const char *text, size_t length, uint64_t *bytes);

/*
 * The text that a malformed size was probably meant to be, such as `64 KiB` for `64KB` or `64k`.
 * Returns `buffer`, or NULL when there is no good guess.
 */
const char *config_size_suggest(const char *text, size_t length, char buffer[CONFIG_SIZE_TEXT]);

/* Writes a size exactly, in the largest unit that leaves no fraction: `64 KiB`, `4097`. Returns `buffer`. */
const char *config_size_format(uint64_t bytes, char buffer[CONFIG_SIZE_TEXT]);

/* Room for what config_duration_format writes, its NUL included. */
#define CONFIG_DURATION_TEXT 32u

/*
 * Reads a number of milliseconds, alone or with one of ms, s, min and h after it (spaces between them are free,
 * case counts). `*milliseconds` is 0 on failure.
 */
config_size_status config_duration_parse(const char *text, size_t length, uint64_t *milliseconds);

/* What a malformed time was probably meant to be, such as `5 s` for `5 sec`. Returns `buffer`, or NULL. */
const char *config_duration_suggest(const char *text, size_t length, char buffer[CONFIG_DURATION_TEXT]);

/* Writes a time exactly, in the largest unit that leaves no fraction: `5 s`, `1500 ms`. Returns `buffer`. */
const char *config_duration_format(uint64_t milliseconds, char buffer[CONFIG_DURATION_TEXT]);

#endif
