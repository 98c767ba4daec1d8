/* Whether a folder has the rights that it was given. */
#ifndef SHMBROKER_FOLDER_RIGHTS_WIN32_H
#define SHMBROKER_FOLDER_RIGHTS_WIN32_H

#include "support_win32.h"

/*
 * Whether the open folder (a handle with READ_CONTROL) has the owner, where `sddl` names one, and the entries of `sddl`,
 * and is protected from what folders above hand down. False with `failure` set. Where the platform does not keep the
 * descriptors of files, as Wine does not, any folder will do: it is for trust.h to judge what can be seen.
 */
bool win32_folder_has_rights(HANDLE folder, const char *sddl, const char *shown, platform_failure *failure);

/* The same for a folder that this process has just made: it is opened without following links, and must be this account's
   own. */
bool win32_new_folder_has_rights(const wchar_t *path, const char *sddl, const char *shown,
                                 platform_failure *failure);

#endif
