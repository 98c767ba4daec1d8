/*
 * Regular expressions for what the loader takes as text, in the common part of ECMA 262, which JSON Schema
 * prescribes, and of what other languages have.
 *
 * Each function writes one into `buffer`, which has CONFIG_PATTERN_TEXT bytes, and returns it.
 */
#ifndef SHMBROKER_CONFIG_PATTERNS_H
#define SHMBROKER_CONFIG_PATTERNS_H

#include <stdint.h>

#define CONFIG_PATTERN_TEXT 4096u

/* A size from 1 to `most` bytes, units.h. */
const char *config_pattern_size(uint64_t most, char *buffer);

/* A time from `least` (2 to 1000) to `most` milliseconds, units.h. */
const char *config_pattern_duration(uint64_t least, uint64_t most, char *buffer);

/* Text without control characters other than tabs and line ends. */
const char *config_pattern_text(char *buffer);

/* Bytes as pairs of hexadecimal digits. */
const char *config_pattern_hex(char *buffer);

/* A path that paths.h has no problem with, of a backing file or of one to copy from. */
const char *config_pattern_backing_file(char *buffer);
const char *config_pattern_source_file(char *buffer);

/* An entry of `include`: a relative path, with wildcards in its last part. */
const char *config_pattern_include(char *buffer);

/* What may name an account, a group or a role; and a package's SID. */
const char *config_pattern_principal(char *buffer);
const char *config_pattern_package(char *buffer);

/* The name of a region, and of a role. */
const char *config_pattern_region_name(char *buffer);
const char *config_pattern_role_name(char *buffer);

#endif
