/*
 * Paths of files that regions keep their bytes in or take them from: what may be written, and when two are the
 * same.
 */
#ifndef SHMBROKER_CONFIG_PATHS_H
#define SHMBROKER_CONFIG_PATHS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Says what keeps `path` from naming a backing file, fit to stand behind "because"; NULL when nothing does.
 * Allowed are a path relative to the data folder, other than the broker's own there, and a full local one (`X:\…`).
 * Both separators count.
 */
const char *config_path_problem(const char *path, size_t length);

/* The same for a file to copy from, which may lie in any folder. */
const char *config_path_source_problem(const char *path, size_t length);

/* The same for an entry of `include`: a relative path, whose last part may have the wildcards * and ?. */
const char *config_path_pattern_problem(const char *pattern, size_t length);

/* Why the path, relative to the data folder, leads to what is the broker's own there; NULL when it does not. */
const char *config_path_data_problem(const char *path, size_t length);

/* The names of the broker's own folders and files there, one by one; NULL behind the last. */
const char *config_path_brokers_name(size_t index);

/* Where the last part of a path begins: behind its last separator, or at 0. */
size_t config_path_last(const char *path);

/* Whether `pattern` has wildcards in its last part. */
bool config_path_is_pattern(const char *pattern);

/*
 * Whether a file's name is among those that the pattern (one part) stands for, ASCII letters compared without
 * case. A leading dot must be written: the hidden files of editors match no wildcard.
 */
bool config_path_matches(const char *pattern, const char *name);

/* Brings an allowed path into one form, in place: backslashes only, a drive's letter in upper case. */
void config_path_normalise(char *path);

#endif
