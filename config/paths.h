/*
 * Paths of files that regions keep their bytes in or take them from: what may be written, and when two are the
 * same.
 */
#ifndef SHMBROKER_CONFIG_PATHS_H
#define SHMBROKER_CONFIG_PATHS_H

#include <stddef.h>

/*
 * Says what keeps `path` from naming a backing file, fit to stand behind "because"; NULL when nothing does.
 * Allowed are a path relative to the data folder, outside its folder `logs`, and a full local one (`X:\…`).
 * Both separators count.
 */
const char *config_path_problem(const char *path, size_t length);

/* The same for a file to copy from, which may lie in any folder `logs`. */
const char *config_path_source_problem(const char *path, size_t length);

/* Brings an allowed path into one form, in place: backslashes only, a drive's letter in upper case. */
void config_path_normalise(char *path);

#endif
