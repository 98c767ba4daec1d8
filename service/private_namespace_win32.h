/* The private namespaces that the broker's objects are in. */
#ifndef SHMBROKER_PRIVATE_NAMESPACE_WIN32_H
#define SHMBROKER_PRIVATE_NAMESPACE_WIN32_H

#include "support_win32.h"

/*
 * Makes the private namespace of `boundary` (SIDs as the catalog has them) known to this process by the alias that
 * `object_name` begins with, so that names which begin so can be used. It is made when there is none, and opened when an
 * earlier broker's lives on; one that is somebody else's is refused. It stays until the process ends.
 *
 * Fails where the system has no private namespaces, and when this process lacks one of the SIDs.
 */
bool win32_private_enter(const char *object_name, const char *boundary, platform_failure *failure);

/* One that this process has entered. */
typedef struct private_space private_space;

/* The one that was entered after `space`, with NULL the first; NULL: there is none. */
const private_space *win32_private_next(const private_space *space);

/* Its handle, which stays this module's. */
HANDLE win32_private_handle(const private_space *space);

#endif
