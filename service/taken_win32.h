/* Who has a name that we wanted. */
#ifndef SHMBROKER_TAKEN_WIN32_H
#define SHMBROKER_TAKEN_WIN32_H

#include "support_win32.h"

/* Whether the error of a create call means that the name is taken. ERROR_INVALID_HANDLE: by another kind of
   object; ERROR_ACCESS_DENIED: by an object that does not let us in. */
bool win32_name_is_taken(DWORD error);

/* Says who has the name: "a mutex that belongs to BUILTIN\Administrators (S-1-5-32-544), held by process 4711
   (squat.exe)", as far as it can be seen, else why not. False when nothing has it, or nothing of it can be seen. */
bool win32_describe_holder(const char *object_name, char *buffer, size_t size);

/* Fills `failure` for a taken name. `code` is the create call's error; `privilege_hint` tells that it may
   also be a missing privilege. Returns false. */
bool win32_fail_taken(platform_failure *failure, DWORD code, const char *object_name, bool privilege_hint);

/* Whether this process may create names under Global\: session 0, or SeCreateGlobalPrivilege held. */
bool win32_may_create_global(void);

#endif
