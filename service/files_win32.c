/*
 * The file operations that writing durably is made of. See files.h.
 *
 * What is relied on, by the documentation's pages: CreateFileW (FILE_FLAG_WRITE_THROUGH: a write returns when the bytes
 * are on their way past the system's cache, so that no later flush has much left to do), FlushFileBuffers,
 * MoveFileExW (MOVEFILE_REPLACE_EXISTING, MOVEFILE_WRITE_THROUGH), FindFirstFileExW.
 */
#include "files.h"
#include "support_win32.h"

#include <stdlib.h>
#include <string.h>

/* What to do about `error` on a file of the broker's own. */
static const char *advice_for(DWORD error)
{
    switch (error) {
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
        return "free space on that disk";
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
        return "end the program that keeps the file open, and exclude the data folder from scanners";
    case ERROR_ACCESS_DENIED:
        return "give the broker's account full control of the data folder (`shmbroker install` does), and "
               "exclude it "
               "from scanners";
    case ERROR_WRITE_PROTECT:
        return "keep the data folder on a disk that can be written";
    default:
        return "check the disk";
    }
}

static bool fail(platform_failure *failure, DWORD error, const char *what, const char *path)
{
    return win32_fail_advise(failure, error, advice_for(error), "cannot %s %s", what, path);
}

struct files_handle {
    HANDLE handle;
    char *path; /* for what failures say */
};

/* `writes`: a new file, in nobody else's hands; otherwise an existing one. */
static bool open_file(const char *path, bool writes, files_handle **file, platform_failure *failure)
{
    wchar_t *wide = win32_wide(path);
    files_handle *made = calloc(1, sizeof *made);
    *file = NULL;
    if (made)
        made->path = text_make("%s", path);
    if (!wide || !made || !made->path) {
        fail(failure, ERROR_OUTOFMEMORY, "open", path);
        goto cleanup;
    }
    made->handle = CreateFileW(wide, writes ? GENERIC_WRITE : GENERIC_READ, FILE_SHARE_READ, NULL,
                               writes ? CREATE_NEW : OPEN_EXISTING,
                               FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT |
                                   FILE_FLAG_SEQUENTIAL_SCAN | (writes ? FILE_FLAG_WRITE_THROUGH : 0),
                               NULL);
    if (made->handle == INVALID_HANDLE_VALUE) {
        fail(failure, GetLastError(), writes ? "create" : "open", path);
        goto cleanup;
    }
    *file = made;
    made = NULL;
cleanup:
    if (made)
        free(made->path);
    free(made);
    free(wide);
    return *file != NULL;
}

bool files_create(const char *path, files_handle **file, platform_failure *failure)
{
    return open_file(path, true, file, failure);
}

bool files_exists(const char *path, bool *exists, platform_failure *failure)
{
    wchar_t *wide = win32_wide(path);
    DWORD attributes = wide ? GetFileAttributesW(wide) : INVALID_FILE_ATTRIBUTES;
    DWORD error = wide ? GetLastError() : ERROR_OUTOFMEMORY;
    free(wide);
    *exists = attributes != INVALID_FILE_ATTRIBUTES;
    return *exists || error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND ||
           fail(failure, error, "examine", path);
}

bool files_open(const char *path, files_handle **file, uint64_t *size, platform_failure *failure)
{
    BY_HANDLE_FILE_INFORMATION info;
    *size = 0;
    if (!open_file(path, false, file, failure))
        return false;
    bool known = GetFileInformationByHandle((*file)->handle, &info);
    if (known && !(info.dwFileAttributes & (FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_DIRECTORY))) {
        *size = ((uint64_t)info.nFileSizeHigh << 32) | info.nFileSizeLow;
        return true;
    }
    if (known)
        win32_fail_advise(failure, 0, "move it away", "%s is not a plain file", path);
    else
        fail(failure, GetLastError(), "examine", path);
    files_close(*file);
    *file = NULL;
    return false;
}

bool files_write(files_handle *file, const void *bytes, size_t length, platform_failure *failure)
{
    const uint8_t *at = bytes;
    while (length > 0) {
        DWORD step = length < (1u << 20) ? (DWORD)length : (1u << 20), written = 0;
        if (!WriteFile(file->handle, at, step, &written, NULL) || written == 0)
            return fail(failure, written == 0 && GetLastError() == 0 ? ERROR_DISK_FULL : GetLastError(),
                        "write", file->path);
        at += written;
        length -= written;
    }
    return true;
}

bool files_read(files_handle *file, void *bytes, size_t length, platform_failure *failure)
{
    uint8_t *at = bytes;
    while (length > 0) {
        DWORD step = length < (1u << 20) ? (DWORD)length : (1u << 20), got = 0;
        if (!ReadFile(file->handle, at, step, &got, NULL))
            return fail(failure, GetLastError(), "read", file->path);
        if (got == 0)
            return win32_fail(failure, ERROR_HANDLE_EOF, "cannot read all of %s", file->path);
        at += got;
        length -= got;
    }
    return true;
}

bool files_flush(files_handle *file, platform_failure *failure)
{
    return FlushFileBuffers(file->handle) || fail(failure, GetLastError(), "write to the disk", file->path);
}

void files_close(files_handle *file)
{
    if (!file)
        return;
    CloseHandle(file->handle);
    free(file->path);
    free(file);
}

bool files_rename(const char *from, const char *to, platform_failure *failure)
{
    wchar_t *wide_from = win32_wide(from), *wide_to = win32_wide(to);
    bool ok = wide_from && wide_to &&
              MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH);
    if (!ok)
        fail(failure, wide_from && wide_to ? GetLastError() : ERROR_OUTOFMEMORY, "give its name to", to);
    free(wide_from);
    free(wide_to);
    return ok;
}

bool files_remove(const char *path, platform_failure *failure)
{
    wchar_t *wide = win32_wide(path);
    bool ok = wide && DeleteFileW(wide);
    DWORD error = wide ? GetLastError() : ERROR_OUTOFMEMORY;
    free(wide);
    return ok || error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND ||
           fail(failure, error, "remove", path);
}

bool files_make_folder(const char *path, platform_failure *failure)
{
    wchar_t *wide = win32_wide(path);
    bool ok = wide && CreateDirectoryW(wide, NULL); /* the data folder's entries are inherited */
    DWORD error = wide ? GetLastError() : ERROR_OUTOFMEMORY;
    DWORD attributes =
        !ok && error == ERROR_ALREADY_EXISTS ? GetFileAttributesW(wide) : INVALID_FILE_ATTRIBUTES;
    free(wide);
    if (ok)
        return true;
    if (attributes == INVALID_FILE_ATTRIBUTES)
        return fail(failure, error, "create the folder", path);
    if ((attributes & FILE_ATTRIBUTE_DIRECTORY) && !(attributes & FILE_ATTRIBUTE_REPARSE_POINT))
        return true;
    return win32_fail_advise(failure, 0, "move it away; the broker makes the folder itself",
                             "%s is not a plain folder but a file, link or mount", path);
}

/* A folder's names are flushed through a handle to it. Where the file system has no such thing, a rename is on the disk
   when it returns all the same: it was asked for with MOVEFILE_WRITE_THROUGH. */
bool files_flush_folder(const char *path, platform_failure *failure)
{
    wchar_t *wide = win32_wide(path);
    HANDLE folder =
        wide ? CreateFileW(wide, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                           OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL)
             : INVALID_HANDLE_VALUE;
    DWORD error = wide ? ERROR_SUCCESS : ERROR_OUTOFMEMORY;
    if (wide && (folder == INVALID_HANDLE_VALUE || !FlushFileBuffers(folder)))
        error = GetLastError();
    if (folder != INVALID_HANDLE_VALUE)
        CloseHandle(folder);
    free(wide);
    bool unknown = error == ERROR_ACCESS_DENIED || error == ERROR_INVALID_FUNCTION ||
                   error == ERROR_INVALID_HANDLE || error == ERROR_INVALID_PARAMETER ||
                   error == ERROR_NOT_SUPPORTED;
    return error == ERROR_SUCCESS || unknown || fail(failure, error, "write to the disk the names in", path);
}

static void tell(const WIN32_FIND_DATAW *data, const char *prefix,
                 void (*found)(void *context, const char *name), void *context)
{
    char name[MAX_PATH * 3 + 1];
    if (!(data->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) &&
        win32_utf8_into(data->cFileName, name, sizeof name) && strncmp(name, prefix, strlen(prefix)) == 0)
        found(context, name);
}

bool files_list(const char *folder, const char *prefix, void (*found)(void *context, const char *name),
                void *context, platform_failure *failure)
{
    WIN32_FIND_DATAW data;
    char *pattern = text_make("%s\\%s*", folder, prefix);
    wchar_t *wide = pattern ? win32_wide(pattern) : NULL;
    HANDLE search = wide ? FindFirstFileExW(wide, FindExInfoBasic, &data, FindExSearchNameMatch, NULL,
                                            FIND_FIRST_EX_LARGE_FETCH)
                         : INVALID_HANDLE_VALUE;
    DWORD error = wide ? GetLastError() : ERROR_OUTOFMEMORY;
    if (search != INVALID_HANDLE_VALUE) {
        do
            tell(&data, prefix, found, context);
        while (FindNextFileW(search, &data));
        error = GetLastError();
        FindClose(search);
    }
    free(wide);
    free(pattern);
    return error == ERROR_NO_MORE_FILES || error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND ||
           fail(failure, error, "list the folder", folder);
}
