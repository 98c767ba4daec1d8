/*
 * private_win32.h: private namespaces, on systems that have them. Broker and clients share it.
 *
 * A private namespace is a directory of object names that only processes can open whose tokens have all SIDs of its
 * boundary. It is known by the boundary: a name and these SIDs. Its prefix, "ALIAS" in "ALIAS\NAME", belongs to the
 * process that opened it.
 *
 * The functions are looked up at run time. Where they are missing or do not work, calls fail with
 * ERROR_CALL_NOT_IMPLEMENTED.
 */
#ifndef SHMB_PRIVATE_WIN32_H
#define SHMB_PRIVATE_WIN32_H

#include "boundary.h"

#include <windows.h>

/* The boundary `name` with these SIDs; NULL with the last error. */
HANDLE shmb_boundary_make(const wchar_t *name, const shmb_boundary *boundary);

/* NULL is fine. */
void shmb_boundary_free(HANDLE boundary);

/* The namespace of `boundary`, made with `security` or opened, under `alias` in this process; NULL with the last
   error: ERROR_ALREADY_EXISTS when there is one to be opened, ERROR_PATH_NOT_FOUND when there is none,
   ERROR_ACCESS_DENIED when this process is not in the boundary, or the namespace does not let it in. */
HANDLE shmb_private_make(HANDLE boundary, SECURITY_ATTRIBUTES *security, const wchar_t *alias);
HANDLE shmb_private_open(HANDLE boundary, const wchar_t *alias);

/* NULL is fine. */
void shmb_private_close(HANDLE space);

#endif
