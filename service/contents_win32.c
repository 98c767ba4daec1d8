/* What a region holds at first. See contents_win32.h. */
#include "contents_win32.h"

#include "paths_win32.h"

#include <stdlib.h>
#include <string.h>

#define RIGHT_MAP_WRITE 0x2u

/* Those who may write the region: they could put the same bytes there. The broker is among them. */
static size_t find_writers(const access_descriptor *section, const char **sids)
{
    size_t count = 0;
    for (size_t i = 0; i < section->count; i++)
        if (!section->entries[i].denies && (section->entries[i].mask & RIGHT_MAP_WRITE))
            sids[count++] = section->entries[i].sid;
    return count;
}

static bool fail_breached(const trust_breach *breach, platform_failure *failure)
{
    char *what = trust_describe(breach), *remedy = trust_remedy(breach);
    win32_fail_advise(
        failure, 0, remedy ? remedy : "correct its rights",
        "will not take the initial contents from a file that others can change than may write the "
        "region: %s",
        what ? what : breach->path);
    free(remedy);
    free(what);
    return false;
}

/* Whoever may change the file decides what the region holds. The file is open, and nobody can write it meanwhile. */
static bool is_guarded(HANDLE file, const platform_section_request *request, platform_failure *failure)
{
    access_descriptor section = {0};
    trust_report report = {0};
    char user[CONFIG_SID_TEXT];
    const char *path = request->initial.path, **sids = NULL;
    bool ok = platform_sddl_read(request->sddl, &section, failure) && platform_user_sid(user, failure);
    if (ok) {
        sids = calloc(section.count + 1, sizeof *sids);
        if (!sids)
            ok = win32_fail(failure, ERROR_OUTOFMEMORY, "cannot see who may change %s", path);
    }
    if (ok && sids) {
        size_t count = find_writers(&section, sids);
        sids[count++] = user;
        ok = win32_trust_judge(file, path, &(trust_keepers){sids, count}, &report, failure);
    }
    if (ok && report.count > 0)
        ok = fail_breached(&report.items[0], failure);
    trust_report_free(&report);
    free(sids);
    access_descriptor_free(&section);
    return ok;
}

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

bool win32_contents_open(const platform_section_request *request, win32_contents *contents,
                         platform_failure *failure)
{
    const config_initial *initial = &request->initial;
    const uint64_t size = request->size;
    *contents = (win32_contents){.initial = initial, .file = INVALID_HANDLE_VALUE};
    if (initial->kind == CONFIG_INITIAL_FILL)
        contents->length = initial->fill ? size : 0;
    else if (initial->kind == CONFIG_INITIAL_BYTES)
        contents->length = initial->length;
    else if (initial->kind == CONFIG_INITIAL_FILE && !open_file(initial->path, contents, failure))
        return false;
    if (initial->kind == CONFIG_INITIAL_FILE && !is_guarded(contents->file, request, failure)) {
        win32_contents_close(contents);
        return false;
    }
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
