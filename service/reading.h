/*
 * Reading a configuration: its main file and the files that this includes, each opened by the guard.
 */
#ifndef SHMBROKER_READING_H
#define SHMBROKER_READING_H

#include "guard.h"
#include "loader.h"

/* What to read, and how. */
typedef struct reading {
    guard *guard;      /* NULL: it does not matter who may change the files */
    const char *path;  /* of the main file */
    const char *shown; /* what to call it in messages and in the model */
    const config_resolver *resolver;
    bool
        strict; /* nothing is read that others than administrators can change; else the guard only notes who can */
} reading;

/*
 * Reads a configuration. Returns the model, which the caller frees with config_model_free; NULL with errors among the
 * diagnostics, or with none of them and `failure` set when the main file cannot be opened or is refused.
 */
config_model *reading_load(const reading *what, config_diagnostics *diagnostics, platform_failure *failure);

#endif
