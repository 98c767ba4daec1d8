/*
 * Slips: what was probably mistyped where YAML's grammar breaks only later.
 *
 *     size:64 KiB            a ':' without a space makes text of the key, and the next key is one too many
 *     Telemetry              so does a key without its ':'
 */
#ifndef SHMBROKER_CONFIG_SLIPS_H
#define SHMBROKER_CONFIG_SLIPS_H

#include "model.h"

/*
 * Looks at the line that has `problem`, and at the one before it that is not blank. Returns a question for
 * the person at the file, with its place in `*where`; NULL when nothing is to be seen there.
 */
const char *config_slip_find(const char *text, size_t length, config_position problem,
                             config_position *where);

#endif
