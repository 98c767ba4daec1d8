/*
 * The files of the tree that are made from tables in the code, each with what makes it.
 */
#ifndef SHMBROKER_TESTS_GENERATED_H
#define SHMBROKER_TESTS_GENERATED_H

#include <stdio.h>

typedef struct generated_file {
    const char *name; /* in config/ */
    void (*write)(FILE *stream);
} generated_file;

/* Ends with one whose name is NULL. */
extern const generated_file generated_files[];

#endif
