/* How long a stop may take that writes regions to the disk. Milliseconds. */
#ifndef SHMBROKER_GRACE_WIN32_H
#define SHMBROKER_GRACE_WIN32_H

#include <stdint.h>
#include <windows.h>

/* What `install` asks for, of the time before Windows shuts down in earnest. */
#define GRACE_PRESHUTDOWN_MS 180000u

/* For a service, by the control that stops it. Windows gives a stop as long as it reports progress, a preshutdown what
   the service's configuration says, a shutdown what the machine's does. Something of it is left for the rest of the stop. */
uint32_t win32_grace_of_service(DWORD control, const char *service);

/* For a console, by the control that reaches it. */
uint32_t win32_grace_of_console(DWORD kind);

#endif
