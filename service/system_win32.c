/* Paths, files, time, process and terminal. See platform.h. */
#include "support_win32.h"

#include <io.h>
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

bool platform_shows_colour(FILE *stream)
{
    DWORD mode;
    int file = _fileno(stream); /* negative: the process has no such stream */
    HANDLE handle = file >= 0 ? (HANDLE)_get_osfhandle(file) : INVALID_HANDLE_VALUE;
    wchar_t wish[2];
    /* https://no-color.org: set to anything but nothing */
    if (GetEnvironmentVariableW(L"NO_COLOR", wish, 2) > 0)
        return false;
    return handle != INVALID_HANDLE_VALUE && GetConsoleMode(handle, &mode) &&
           SetConsoleMode(handle, mode | ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
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

bool platform_program_path(char path[PLATFORM_PATH], platform_failure *failure)
{
    wchar_t wide[PLATFORM_PATH];
    path[0] = 0;
    DWORD length = GetModuleFileNameW(NULL, wide, PLATFORM_PATH);
    if (length > 0 && length < PLATFORM_PATH && win32_utf8_into(wide, path, PLATFORM_PATH))
        return true;
    return win32_fail(failure, GetLastError(), "cannot find out where this program stands");
}
