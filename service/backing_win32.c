/* The file behind a file-backed region. See backing_win32.h. */
#include "backing_win32.h"

#include <aclapi.h>
#include <stdlib.h>
#include <wchar.h>

#define ZERO_STEP (1u << 20) /* bytes written at a time */

/* Whether the drive of `path` is on another machine: views of a remote file are not coherent. */
static bool is_remote(const wchar_t *path)
{
    wchar_t root[] = {path[0], L':', L'\\', 0};
    return path[1] != L':' || GetDriveTypeW(root) == DRIVE_REMOTE;
}

/* Refuses a reparse point at any folder on the way: it could lead anywhere, and whoever may change it
   decides. */
static bool way_is_plain(wchar_t *path, const char *shown, platform_failure *failure)
{
    size_t length = wcslen(path);
    for (size_t at = wcslen(L"X:\\"); at < length; at++) {
        if (path[at] != L'\\')
            continue;
        path[at] = 0;
        DWORD attributes = GetFileAttributesW(path);
        DWORD error = attributes == INVALID_FILE_ATTRIBUTES ? GetLastError() : 0;
        path[at] = L'\\';
        if (error)
            return win32_fail_advise(failure, error, "create the folder, or correct backing.file",
                                     "cannot reach the folder of the backing file %s", shown);
        if (attributes & FILE_ATTRIBUTE_REPARSE_POINT)
            return win32_fail_advise(
                failure, 0, "name the real path in backing.file",
                "the backing file %s is reached through a reparse point (a link or mount), "
                "which could be redirected",
                shown);
    }
    return true;
}

static HANDLE open_file(const wchar_t *path, PSECURITY_DESCRIPTOR descriptor, DWORD disposition)
{
    SECURITY_ATTRIBUTES security = {sizeof security, descriptor, FALSE};
    return CreateFileW(path, GENERIC_READ | GENERIC_WRITE | WRITE_DAC | READ_CONTROL,
                       FILE_SHARE_READ | FILE_SHARE_WRITE, &security, disposition,
                       FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
}

/* The file that exists has what a region of `size` bytes needs. */
static bool is_fit(HANDLE file, const char *shown, uint64_t size, platform_failure *failure)
{
    BY_HANDLE_FILE_INFORMATION info;
    if (!GetFileInformationByHandle(file, &info))
        return win32_fail(failure, GetLastError(), "cannot examine the backing file %s", shown);
    if (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT)
        return win32_fail_advise(failure, 0, "name the real file in backing.file",
                                 "the backing file %s is a reparse point (a link), which could be redirected",
                                 shown);
    if (info.nNumberOfLinks > 1)
        return win32_fail_advise(
            failure, 0, "use a file that has one name only",
            "the backing file %s has %lu names (hard links), and its rights would be those of "
            "the others too",
            shown, info.nNumberOfLinks);
    uint64_t length = ((uint64_t)info.nFileSizeHigh << 32) | info.nFileSizeLow;
    if (length < size)
        return win32_fail_advise(failure, 0,
                                 "lower the region's size, or move the file away to have a new one created",
                                 "the backing file %s has %llu bytes and the region %llu", shown,
                                 (unsigned long long)length, (unsigned long long)size);
    return true;
}

/* The rights of a file that existed are made those that are declared now. */
static bool secure(HANDLE file, const char *shown, PSECURITY_DESCRIPTOR descriptor, platform_failure *failure)
{
    PACL dacl = NULL;
    BOOL present, defaulted;
    if (!GetSecurityDescriptorDacl(descriptor, &present, &dacl, &defaulted))
        return win32_fail(failure, GetLastError(), "cannot read the descriptor of the backing file %s",
                          shown);
    DWORD error =
        SetSecurityInfo(file, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION,
                        NULL, NULL, dacl, NULL);
    if (error != ERROR_SUCCESS)
        return win32_fail_advise(failure, error,
                                 "let the broker's account own the file, or give it full control",
                                 "cannot set the rights of the backing file %s", shown);
    return true;
}

/* Writes `size` zeros, so that the disk space is there and no old bytes show through. */
static bool write_zeros(HANDLE file, uint64_t size)
{
    void *zeros = calloc(1, ZERO_STEP);
    bool ok = zeros != NULL;
    for (uint64_t done = 0; ok && done < size;) {
        DWORD step = size - done < ZERO_STEP ? (DWORD)(size - done) : ZERO_STEP, written = 0;
        ok = WriteFile(file, zeros, step, &written, NULL) && written == step;
        done += step;
    }
    free(zeros);
    return ok && FlushFileBuffers(file);
}

/* Creates the file under `draft`, then gives it its name. */
static bool create_whole(const wchar_t *path, const wchar_t *draft, uint64_t size,
                         PSECURITY_DESCRIPTOR descriptor, const char *shown, platform_failure *failure)
{
    DeleteFileW(draft); /* what an interrupted start left; absent is as good */
    HANDLE file = open_file(draft, descriptor, CREATE_NEW);
    if (file == INVALID_HANDLE_VALUE)
        return win32_fail(failure, GetLastError(), "cannot create the backing file %s", shown);
    bool ok = write_zeros(file, size);
    if (!ok)
        win32_fail_advise(failure, GetLastError(), "free space on that disk",
                          "cannot write the %llu bytes of the new backing file %s", (unsigned long long)size,
                          shown);
    CloseHandle(file);
    if (ok && !MoveFileExW(draft, path, MOVEFILE_WRITE_THROUGH))
        ok = win32_fail(failure, GetLastError(), "cannot name the new backing file %s", shown);
    if (!ok)
        DeleteFileW(draft);
    return ok;
}

static HANDLE open_or_create(const wchar_t *path, const wchar_t *draft, uint64_t size,
                             PSECURITY_DESCRIPTOR descriptor, const char *shown, platform_failure *failure)
{
    HANDLE file = open_file(path, NULL, OPEN_EXISTING);
    if (file == INVALID_HANDLE_VALUE && GetLastError() == ERROR_FILE_NOT_FOUND) {
        if (!create_whole(path, draft, size, descriptor, shown, failure))
            return INVALID_HANDLE_VALUE;
        file = open_file(path, NULL, OPEN_EXISTING);
    }
    if (file == INVALID_HANDLE_VALUE) {
        win32_fail_advise(
            failure, GetLastError(),
            "let the broker's account read, write and own the file, and end programs that keep it "
            "for themselves",
            "cannot open the backing file %s", shown);
        return file;
    }
    if (is_fit(file, shown, size, failure) && secure(file, shown, descriptor, failure))
        return file;
    CloseHandle(file);
    return INVALID_HANDLE_VALUE;
}

HANDLE win32_backing_open(const char *path, uint64_t size, PSECURITY_DESCRIPTOR descriptor,
                          platform_failure *failure)
{
    HANDLE file = INVALID_HANDLE_VALUE;
    char *draft_text = text_make("%s.new", path);
    wchar_t *wide = win32_wide(path), *draft = draft_text ? win32_wide(draft_text) : NULL;
    if (!wide || !draft)
        win32_fail(failure, ERROR_OUTOFMEMORY, "cannot open the backing file %s", path);
    else if (is_remote(wide))
        win32_fail_advise(failure, 0, "keep the file on a local disk",
                          "the backing file %s is on another machine, where views are not coherent", path);
    else if (way_is_plain(wide, path, failure))
        file = open_or_create(wide, draft, size, descriptor, path, failure);
    free(draft);
    free(wide);
    free(draft_text);
    return file;
}
