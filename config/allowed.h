/*
 * What a key's value may be, in words made from its row in the grammar's table.
 */
#ifndef SHMBROKER_CONFIG_ALLOWED_H
#define SHMBROKER_CONFIG_ALLOWED_H

#include "grammar.h"

/*
 * Says what a key's value may be, fit to stand after "write": `a number of bytes …, from 1 to 128 TiB`,
 * `global or local`. Returns `buffer`; what does not fit is cut.
 */
const char *config_key_allowed(config_key_id id, char *buffer, size_t size);

#endif
