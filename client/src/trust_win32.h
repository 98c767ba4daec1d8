/* trust_win32.h: whose catalog a client believes. */
#ifndef SHMB_TRUST_WIN32_H
#define SHMB_TRUST_WIN32_H

#include "message.h"
#include "shmb.h"

#include <wchar.h>

/*
 * Is the owner of `section` (a HANDLE with READ_CONTROL) one that a broker of `instance` runs as? That is
 * SYSTEM, the Administrators, the service itself (NT SERVICE\ShmBroker or NT SERVICE\ShmBroker$INSTANCE), or
 * the user of this process, who may run a broker of his own. Anybody else could have squatted the name to
 * feed us a catalog of his.
 *
 * SHMB_OK, SHMB_UNTRUSTED with the owner in the message, or SHMB_SYSTEM_ERROR. `object_name` is for the
 * message.
 */
shmb_status shmb_check_owner(void *section, const char *instance, const char *object_name,
                             shmb_message *message);

#endif
