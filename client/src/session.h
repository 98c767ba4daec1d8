/*
 * session.h: the names of regions that each session has for itself, in the catalog.
 *
 * The instance of "Telemetry" for session 3 is the entry "Telemetry\3": no declared name has a backslash. Pure functions,
 * for any operating system; broker and client share them.
 */
#ifndef SHMB_SESSION_H
#define SHMB_SESSION_H

#include "catalog_reader.h"

#define SHMB_KEY_BYTES (SHMB_KEY_MAX_BYTES + 1u)

/* Writes the name of the entry of `session`'s instance; of a name alone with session 0. False, and `key` empty, when it
   does not fit, which is so with no declared name. */
bool shmb_session_key(const char *name, uint32_t session, char key[SHMB_KEY_BYTES]);

/* The session whose instance has the entry called `key`, or 0 when each session sees the same. `length` is that of the
   name that is declared. */
uint32_t shmb_session_of(const char *key, size_t *length);

/* Finds what programs of `session` see under `name`: the entry of that name, or else the instance of that session. An
   entry that is retired counts only when the other is not there, or retired, too. */
catalog_result shmb_session_find(const catalog_view *view, const char *name, uint32_t session,
                                 catalog_region *region);

#endif
