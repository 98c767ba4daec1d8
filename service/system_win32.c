/* Paths, files, time and process. See platform.h. */
#include "support_win32.h"

#include <stdlib.h>

bool platform_path_absolute(const char *path, char absolute[PLATFORM_PATH], platform_failure *failure)
{
    wchar_t full[PLATFORM_PATH];
    absolute[0] = 0;
    wchar_t *wide = win32_wide(path);
    DWORD length = wide ? GetFullPathNameW(wide, PLATFORM_PATH, full, NULL) : 0;
    free(wide);
    if (length > 0 && length < PLATFORM_PATH && win32_utf8_into(full, absolute, PLATFORM_PATH))
        return true;
    return win32_fail(failure, length ? ERROR_FILENAME_EXCED_RANGE : GetLastError(), "cannot use the path %s",
                      path);
}

FILE *platform_file_open(const char *path, platform_failure *failure)
{
    wchar_t *wide = win32_wide(path);
    FILE *stream = wide ? _wfopen(wide, L"rb") : NULL;
    DWORD error = GetLastError();
    if (!stream)
        win32_fail_advise(failure, error,
                          error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND
                              ? "correct the path, or write that file"
                              : "check who may read it",
                          "cannot open %s", path);
    free(wide);
    return stream;
}

uint64_t platform_heartbeat(void)
{
    ULONGLONG time = 0;
    QueryUnbiasedInterruptTime(&time);
    return time;
}

uint64_t platform_now(void)
{
    FILETIME time;
    GetSystemTimeAsFileTime(&time);
    return ((uint64_t)time.dwHighDateTime << 32) | time.dwLowDateTime;
}

uint32_t platform_process_id(void)
{
    return GetCurrentProcessId();
}
