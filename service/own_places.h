/*
 * What is the broker's own on the disk: its configuration, and folders in its data folder. No region may have its bytes
 * there. Pure: paths in, a reason out.
 */
#ifndef SHMBROKER_OWN_PLACES_H
#define SHMBROKER_OWN_PLACES_H

#include <stddef.h>

/* Paths are absolute, with backslashes. */
typedef struct own_places {
    const char *data_folder;
    const char *const *files; /* those of the configuration */
    size_t file_count;
} own_places;

/* Why the file `path` is none for a region, fit to stand behind "cannot be a backing file:"; NULL when it is not the
   broker's. ASCII letters are compared without case. */
const char *own_places_problem(const own_places *own, const char *path);

#endif
