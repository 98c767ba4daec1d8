/* The objects beside a region, as handles. */
#ifndef SHMBROKER_PARTS_WIN32_H
#define SHMBROKER_PARTS_WIN32_H

#include "support_win32.h"

/* A new one. NULL with the last error, also when the name exists. As with a section, the handle is one that the keeper can
   inherit. */
HANDLE win32_part_create(shmb_part_object object, const wchar_t *name, PSECURITY_DESCRIPTOR descriptor);

/* The one that has the name; NULL with the last error. */
HANDLE win32_part_open(shmb_part_object object, const wchar_t *name, DWORD access, bool inheritable);

#endif
