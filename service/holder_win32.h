/* Which processes hold an object that somebody else made. */
#ifndef SHMBROKER_HOLDER_WIN32_H
#define SHMBROKER_HOLDER_WIN32_H

#include "support_win32.h"

/* Says who holds `object`, of which the caller has a handle: "held by process 4711 (squat.exe) and 2 more", or "held by a
   process that cannot be seen, since …". Other processes than this one; takes a bounded time, and less when it is
   called again and again. */
void win32_holding_processes(HANDLE object, char *buffer, size_t size);

/* Lists who holds `object`, beside this process and the one with the number `except`: "4712 peer.exe", a line end between
   two, and "…" as the last when there are more than fit. "" when nobody is seen. Takes a bounded time. */
void win32_list_holders(HANDLE object, DWORD except, char *buffer, size_t size);

#endif
