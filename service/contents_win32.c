/* What a region holds at first. See contents_win32.h. */
#include "contents_win32.h"

#include <stdlib.h>
#include <string.h>

static bool open_file(const char *path, win32_contents *contents, platform_failure *failure)
{
    LARGE_INTEGER length;
    wchar_t *wide = win32_wide(path);
    if (wide)
        contents->file = CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING,
                                     FILE_FLAG_SEQUENTIAL_SCAN, NULL);
    DWORD error = GetLastError();
    free(wide);
    if (contents->file == INVALID_HANDLE_VALUE)
        return win32_fail_advise(
            failure, error,
            "correct initial.file, or let the broker's account read it and programs not write it",
            "cannot open %s, which has the initial contents", path);
    if (GetFileType(contents->file) != FILE_TYPE_DISK || !GetFileSizeEx(contents->file, &length)) {
        win32_fail_advise(failure, GetLastError(), "name a file in initial.file",
                          "%s, which should have the initial contents, is no plain file", path);
        CloseHandle(contents->file);
        return false;
    }
    contents->length = (uint64_t)length.QuadPart;
    return true;
}

bool win32_contents_open(const config_initial *initial, uint64_t size, win32_contents *contents,
                         platform_failure *failure)
{
    *contents = (win32_contents){.initial = initial, .file = INVALID_HANDLE_VALUE};
    if (initial->kind == CONFIG_INITIAL_FILL)
        contents->length = initial->fill ? size : 0;
    else if (initial->kind == CONFIG_INITIAL_BYTES)
        contents->length = initial->length;
    else if (initial->kind == CONFIG_INITIAL_FILE && !open_file(initial->path, contents, failure))
        return false;
    if (contents->length <= size)
        return true;
    win32_fail_advise(failure, 0, "declare a larger region, or give less",
                      "the initial contents%s%s have %llu bytes and the region %llu",
                      initial->kind == CONFIG_INITIAL_FILE ? " in " : "",
                      initial->kind == CONFIG_INITIAL_FILE ? initial->path : "",
                      (unsigned long long)contents->length, (unsigned long long)size);
    win32_contents_close(contents);
    return false;
}

static bool read_file(win32_contents *contents, void *buffer, size_t bytes, platform_failure *failure)
{
    uint8_t *to = buffer;
    while (bytes > 0) {
        DWORD step = bytes < (1u << 20) ? (DWORD)bytes : 1u << 20, got = 0;
        if (!ReadFile(contents->file, to, step, &got, NULL))
            return win32_fail(failure, GetLastError(), "cannot read the initial contents in %s",
                              contents->initial->path);
        if (got == 0)
            return win32_fail_advise(failure, 0, "keep programs from changing it, then restart the broker",
                                     "%s, which has the initial contents, became shorter while it was read",
                                     contents->initial->path);
        to += got;
        bytes -= got;
    }
    return true;
}

bool win32_contents_take(win32_contents *contents, void *buffer, size_t bytes, platform_failure *failure)
{
    uint64_t left = contents->length - contents->at;
    size_t held = left < bytes ? (size_t)left : bytes;
    if (contents->initial->kind == CONFIG_INITIAL_FILL)
        memset(buffer, contents->initial->fill, held);
    else if (contents->initial->kind == CONFIG_INITIAL_BYTES && held > 0)
        memcpy(buffer, contents->initial->bytes + contents->at, held);
    else if (contents->file != INVALID_HANDLE_VALUE && !read_file(contents, buffer, held, failure))
        return false;
    memset((uint8_t *)buffer + held, 0, bytes - held);
    contents->at += held;
    return true;
}

void win32_contents_close(win32_contents *contents)
{
    if (contents->file != INVALID_HANDLE_VALUE)
        CloseHandle(contents->file);
    contents->file = INVALID_HANDLE_VALUE;
}
