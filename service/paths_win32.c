/* Where open files really stand. See paths_win32.h. */
#include "paths_win32.h"

#include <aclapi.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define SERVICE_SIDS "S-1-5-80-"
#define LONG_PATH    32768u /* characters that a path may have */

char *win32_shown_path(const wchar_t *path)
{
    char *whole = win32_utf8(path), *shown = NULL;
    if (whole && strncmp(whole, "\\\\?\\UNC\\", 8) == 0)
        shown = text_make("\\\\%s", whole + 8);
    else if (whole)
        shown = text_make("%s", strncmp(whole, "\\\\?\\", 4) == 0 ? whole + 4 : whole);
    free(whole);
    return shown;
}

wchar_t *win32_final_path(HANDLE handle, const char *shown, platform_failure *failure)
{
    wchar_t *path = malloc(LONG_PATH * sizeof *path);
    DWORD length = path ? GetFinalPathNameByHandleW(handle, path, LONG_PATH, VOLUME_NAME_DOS) : 0;
    if (length > 0 && length < LONG_PATH)
        return path;
    win32_fail_advise(failure, GetLastError(), "keep it on a local disk with NTFS",
                      "cannot find out where %s really stands", shown);
    free(path);
    return NULL;
}

/* The path as the caller named it, made absolute. The caller frees it. */
static wchar_t *absolute_path(const char *path)
{
    wchar_t *wide = win32_wide(path), *full = malloc(LONG_PATH * sizeof *full);
    DWORD length = wide && full ? GetFullPathNameW(wide, LONG_PATH, full, NULL) : 0;
    if (length == 0 || length >= LONG_PATH) {
        free(full);
        full = NULL;
    }
    free(wide);
    return full;
}

/* The path with long names in place of short ones, for which every folder of it is looked at. NULL: it has none. The
   caller frees it. */
static wchar_t *long_path(const wchar_t *full)
{
    wchar_t *longer = malloc(LONG_PATH * sizeof *longer);
    DWORD length = longer ? GetLongPathNameW(full, longer, LONG_PATH) : 0;
    if (length == 0 || length >= LONG_PATH) {
        free(longer);
        longer = NULL;
    }
    return longer;
}

/* Whether both are one path, with or without the prefix of long ones. */
static bool is_path_equal(const wchar_t *path, const char *shown)
{
    char *plain = path ? win32_shown_path(path) : NULL;
    wchar_t *left = plain ? win32_wide(plain) : NULL, *right = win32_wide(shown);
    const bool equal = left && right && CompareStringOrdinal(left, -1, right, -1, TRUE) == CSTR_EQUAL;
    free(right);
    free(left);
    free(plain);
    return equal;
}

bool win32_stands_where_named(const char *path, const wchar_t *final, platform_failure *failure)
{
    wchar_t *named = absolute_path(path), *longer = NULL;
    char *really = win32_shown_path(final);
    bool same = named && really && is_path_equal(named, really);
    if (named && really && !same) {
        longer = long_path(named);
        same = is_path_equal(longer, really);
    }
    if (!named || !really)
        win32_fail(failure, ERROR_OUTOFMEMORY, "cannot open %s", path);
    else if (!same)
        win32_fail_advise(failure, 0, "name the real path",
                          "%s is reached through a link or a mapped drive: it is really %s", path, really);
    free(longer);
    free(really);
    free(named);
    return same;
}

bool win32_is_where_named(HANDLE handle, const char *path, platform_failure *failure)
{
    wchar_t *final = win32_final_path(handle, path, failure);
    bool same = final && win32_stands_where_named(path, final, failure);
    free(final);
    return same;
}

void platform_path_real(const char *path, char real[PLATFORM_PATH])
{
    platform_failure ignored;
    wchar_t *wide = win32_wide(path);
    HANDLE file =
        wide ? CreateFileW(wide, FILE_READ_ATTRIBUTES, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                           NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL)
             : INVALID_HANDLE_VALUE;
    wchar_t *final = file != INVALID_HANDLE_VALUE ? win32_final_path(file, path, &ignored) : NULL;
    char *shown = final ? win32_shown_path(final) : NULL;
    if (shown && strlen(shown) < PLATFORM_PATH)
        memcpy(real, shown, strlen(shown) + 1);
    else if (!platform_path_absolute(path, real, &ignored))
        snprintf(real, PLATFORM_PATH, "%s", path);
    free(shown);
    free(final);
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    free(wide);
}

/* Services (S-1-5-80-…) are made by administrators alone. */
static bool is_trusted(PSID owner)
{
    char owner_sid[CONFIG_SID_TEXT], own_sid[CONFIG_SID_TEXT];
    platform_failure ignored;
    win32_sid_text(owner, owner_sid);
    return trust_is_administrative(owner_sid) ||
           strncmp(owner_sid, SERVICE_SIDS, strlen(SERVICE_SIDS)) == 0 ||
           (platform_owner_sid(own_sid, &ignored) && strcmp(owner_sid, own_sid) == 0) ||
           (platform_user_sid(own_sid, &ignored) && strcmp(owner_sid, own_sid) == 0);
}

bool win32_owner_is_trusted(HANDLE handle, const char *shown, platform_failure *failure)
{
    PSID owner = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    char account[600] = "an account that may not be seen";
    DWORD error = GetSecurityInfo(handle, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL,
                                  NULL, &descriptor);
    bool trusted = error == ERROR_SUCCESS && owner && is_trusted(owner);
    if (!trusted && error == ERROR_SUCCESS && owner)
        win32_account_text(owner, account, sizeof account);
    LocalFree(descriptor);
    return trusted ||
           win32_fail_advise(failure, 0,
                             "look at what is in it, move it away, and try again; or make it the "
                             "administrators' with `icacls PATH /setowner *S-1-5-32-544`",
                             "%s was made by %s, who could change its rights at any time", shown, account);
}
