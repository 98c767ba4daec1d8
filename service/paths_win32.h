/*
 * Where an open file or folder really stands. A name can be led elsewhere between two looks, by a link on its way; a
 * handle cannot.
 */
#ifndef SHMBROKER_PATHS_WIN32_H
#define SHMBROKER_PATHS_WIN32_H

#include "support_win32.h"

/* A path as people write it, without the prefix for long ones. NULL: out of memory. The caller frees it. */
char *win32_shown_path(const wchar_t *path);

/* Where the open file really is: "\\?\C:\…". NULL with `failure` set. The caller frees it. */
wchar_t *win32_final_path(HANDLE handle, const char *shown, platform_failure *failure);

/* Whether `final` is what `path` says, but for case and short names. False with `failure` set. */
bool win32_stands_where_named(const char *path, const wchar_t *final, platform_failure *failure);

/* Both in one. */
bool win32_is_where_named(HANDLE handle, const char *path, platform_failure *failure);

/* Whether the owner of the open file or folder is an administrator, a service, or the account of this process: an owner
   can always change the rights again. False with `failure` set. */
bool win32_owner_is_trusted(HANDLE handle, const char *shown, platform_failure *failure);

/* Adds to `report` who may change the file `path`, which is open, or put another in its place, as platform_config_open
   does. False with `failure` set when that cannot be found out, or a link leads to it. */
bool win32_trust_judge(HANDLE file, const char *path, const trust_keepers *keepers, trust_report *report,
                       platform_failure *failure);

#endif
