/* The log's rotating file. See log_targets.h. */
#include "log_targets.h"
#include "support_win32.h"

#include <stdlib.h>
#include <string.h>

struct log_file {
    HANDLE handle; /* INVALID_HANDLE_VALUE after a rotation that could not reopen it */
    uint64_t length;
    char path[PLATFORM_PATH];
};

/* Others may read the file while it is written, and may not change it. */
static bool open_handle(log_file *file, platform_failure *failure)
{
    LARGE_INTEGER length = {.QuadPart = 0};
    wchar_t *wide = win32_wide(file->path);
    file->handle =
        wide ? CreateFileW(wide, FILE_APPEND_DATA | SYNCHRONIZE, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                           OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, NULL)
             : INVALID_HANDLE_VALUE;
    free(wide);
    if (file->handle == INVALID_HANDLE_VALUE)
        return win32_fail_advise(failure, GetLastError(), "let the broker's account write to that folder",
                                 "cannot write the log file %s", file->path);
    file->length = GetFileSizeEx(file->handle, &length) ? (uint64_t)length.QuadPart : 0;
    return true;
}

log_file *log_file_open(const char *path, platform_failure *failure)
{
    log_file *file = calloc(1, sizeof *file);
    if (!file) {
        win32_fail(failure, ERROR_OUTOFMEMORY, "cannot write the log file %s", path);
        return NULL;
    }
    snprintf(file->path, sizeof file->path, "%s", path);
    if (open_handle(file, failure))
        return file;
    free(file);
    return NULL;
}

/* The path of the `number`th older file: …\shmbroker.2.log. Number 0 is the file itself. */
static wchar_t *older_path(const log_file *file, unsigned number)
{
    size_t stem = strlen(file->path);
    const char *dot = strrchr(file->path, '.');
    if (dot)
        stem = (size_t)(dot - file->path);
    char *path = number ? text_make("%.*s.%u%s", (int)stem, file->path, number, file->path + stem)
                        : text_make("%s", file->path);
    wchar_t *wide = path ? win32_wide(path) : NULL;
    free(path);
    return wide;
}

static bool rotate(log_file *file, platform_failure *failure)
{
    CloseHandle(file->handle);
    file->handle = INVALID_HANDLE_VALUE;
    for (unsigned number = LOG_FILES_KEPT; number > 0; number--) {
        wchar_t *from = older_path(file, number - 1), *to = older_path(file, number);
        if (from && to)
            MoveFileExW(from, to,
                        MOVEFILE_REPLACE_EXISTING); /* one that is absent or held stays where it is */
        free(from);
        free(to);
    }
    return open_handle(file, failure);
}

bool log_file_append(log_file *file, const char *line, platform_failure *failure)
{
    DWORD length = (DWORD)strlen(line), written = 0;
    if (file->handle == INVALID_HANDLE_VALUE && !open_handle(file, failure))
        return false;
    if (file->length > 0 && file->length + length > LOG_FILE_MAX && !rotate(file, failure))
        return false;
    if (!WriteFile(file->handle, line, length, &written, NULL) || written != length)
        return win32_fail_advise(failure, GetLastError(), "free space on that disk",
                                 "cannot write the log file %s", file->path);
    file->length += length;
    return true;
}

void log_file_close(log_file *file)
{
    if (file && file->handle != INVALID_HANDLE_VALUE)
        CloseHandle(file->handle);
    free(file);
}

void log_time_text(char buffer[LOG_TIME_TEXT])
{
    SYSTEMTIME now;
    GetSystemTime(&now);
    snprintf(buffer, LOG_TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", now.wYear, now.wMonth, now.wDay,
             now.wHour, now.wMinute, now.wSecond, now.wMilliseconds);
}
