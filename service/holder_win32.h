/* Which processes hold an object that somebody else made. */
#ifndef SHMBROKER_HOLDER_WIN32_H
#define SHMBROKER_HOLDER_WIN32_H

#include "support_win32.h"

/* Says who holds `object`, of which the caller has a handle: "held by process 4711 (squat.exe) and 2 more", or "held by a
   process that cannot be seen, since …". Other processes than this one; takes a bounded time, and less when it is
   called again and again. */
void win32_holding_processes(HANDLE object, char *buffer, size_t size);

#endif
