/*
 * Reading a configuration: its main file and the files that this includes, each opened by the guard.
 */
#ifndef SHMBROKER_READING_H
#define SHMBROKER_READING_H

#include "guard.h"
#include "loader.h"

/*
 * Reads the configuration at `path`, called `shown` in messages and in the model. `strict`: nothing is read that others
 * than administrators can change; otherwise the guard only notes who can. Returns the model, which the caller frees with config_model_free; NULL with errors among
 * the diagnostics, or with none of them and `failure` set when the main file cannot be opened or is refused.
 */
config_model *reading_load(guard *g, const char *path, const char *shown, bool strict,
                           config_diagnostics *diagnostics, platform_failure *failure);

#endif
