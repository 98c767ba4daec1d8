/*
 * The guard of a configuration: opens its files, and remembers who but administrators may change them.
 *
 * One guard accompanies one reading of a configuration. A broker refuses to start on what it found; `check`, `audit` and
 * `install` tell it. Keepers are the broker's own account (and that of the default instance, whose folder holds the
 * others') and the account that this process runs as: a person may try a file of his own in a console.
 */
#ifndef SHMBROKER_GUARD_H
#define SHMBROKER_GUARD_H

#include "platform.h"

#include <stdio.h>

#define GUARD_SERVICES 2 /* of the keepers, the first are the brokers */
#define GUARD_KEEPERS  3 /* and the last is the account of this process */

typedef struct guard {
    char sids[GUARD_KEEPERS][CONFIG_SID_TEXT];
    const char *keeper_sids[GUARD_KEEPERS];
    trust_keepers keepers;
    trust_report report;
} guard;

/* For the broker of `instance`. guard_end frees it, also after a failure. */
bool guard_begin(guard *g, const char *instance, platform_failure *failure);
void guard_end(guard *g);

/* From now on judges as the service will: what the account of this process may change is refused, too. */
void guard_as_service(guard *g);

/* Opens a configuration file and notes who may change it or what it stands in. NULL with `failure` set. */
FILE *guard_open(guard *g, const char *path, platform_failure *failure);

/* Notes who may add files to a folder whose files are part of a configuration. A folder that is not there is fine. */
bool guard_look_at_folder(guard *g, const char *path, platform_failure *failure);

/* Whether somebody may change what was opened who should not: then `failure` names the first, and the remedy. */
bool guard_refuses(const guard *g, platform_failure *failure);

/* One warning to a line about each that was found, and that the service will not start. */
void guard_print(const guard *g, FILE *stream);

#endif
