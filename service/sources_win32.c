/* The files of a folder, for configurations that include what matches a pattern. */
#include "platform.h"
#include "support_win32.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

/* A link is listed like a file: opening it says what is wrong with it. */
static bool is_folder(const WIN32_FIND_DATAW *entry)
{
    return (entry->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

#define MOST_NAMES 4096u /* folders and others counted: what holds more is no folder of configurations */

/* Hands out names until there are no more or no more are wanted. The first has been found. */
static bool walk(HANDLE search, WIN32_FIND_DATAW *entry, bool (*found)(void *receiver, const char *name),
                 void *receiver, DWORD *error)
{
    size_t seen = 0;
    do {
        if (++seen > MOST_NAMES) {
            *error = ERROR_TOO_MANY_NAMES;
            return false;
        }
        if (is_folder(entry))
            continue;
        char *name = win32_utf8(entry->cFileName);
        if (!name) {
            *error = GetLastError(); /* a name that is no Unicode, or no memory */
            return false;
        }
        bool more = found(receiver, name);
        free(name);
        if (!more)
            return true;
    } while (FindNextFileW(search, entry));
    *error = GetLastError();
    return *error == ERROR_NO_MORE_FILES;
}

bool platform_folder_list(const char *path, bool (*found)(void *receiver, const char *name), void *receiver,
                          platform_failure *failure)
{
    WIN32_FIND_DATAW entry;
    size_t length = strlen(path);
    bool separated = length > 0 && strchr("\\/:", path[length - 1]);
    char *pattern = text_make("%s%s*", path, separated ? "" : "\\");
    wchar_t *wide = pattern ? win32_wide(pattern) : NULL;
    HANDLE search = wide ? FindFirstFileW(wide, &entry) : INVALID_HANDLE_VALUE;
    DWORD error = wide ? GetLastError() : ERROR_OUTOFMEMORY;
    free(wide);
    free(pattern);
    if (search == INVALID_HANDLE_VALUE)
        return error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND ||
               win32_fail_advise(failure, error, "check who may read that folder", "cannot list %s", path);
    bool ok = walk(search, &entry, found, receiver, &error);
    if (!ok && error == ERROR_TOO_MANY_NAMES)
        win32_fail_advise(failure, 0, "keep nothing but configurations in that folder",
                          "%s has more than %u entries", path, MOST_NAMES);
    else if (!ok)
        win32_fail(failure, error, "cannot list %s to its end", path);
    FindClose(search);
    return ok;
}
