/* Spares: what it takes to have an object again whose handles are closed. See platform.h. */
#include "adopt_win32.h"
#include "backing_win32.h"
#include "growth_size.h"
#include "growth_win32.h"
#include "memory_win32.h"
#include "parts_win32.h"
#include "taken_win32.h"

#include <aclapi.h>
#include <stdlib.h>
#include <string.h>

#ifndef LABEL_SECURITY_INFORMATION
#define LABEL_SECURITY_INFORMATION 0x10u
#endif

#define COPY_STEP (1u << 20) /* bytes between two signs of life */

struct platform_spare {
    char *object_name;
    wchar_t *name;
    char *backing_path; /* NULL: paging file */
    PSECURITY_DESCRIPTOR descriptor;
    shmb_part_object object;
    uint64_t size;
    uint64_t max_size;
    bool large_pages;
    void *view;  /* of a section's bytes, which a section lives for though nobody has a handle of it */
    HANDLE file; /* that backs it, or INVALID_HANDLE_VALUE */
    PSECURITY_DESCRIPTOR file_descriptor;
};

/* ---- Taken down -------------------------------------------------------------------------------- */

/* Owner, DACL, and the label where it can be read. NULL with `error` set; freed with LocalFree. */
static PSECURITY_DESCRIPTOR descriptor_of(HANDLE object, SE_OBJECT_TYPE type, DWORD *error)
{
    const SECURITY_INFORMATION plain = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    PSECURITY_DESCRIPTOR found = NULL;
    *error =
        GetSecurityInfo(object, type, plain | LABEL_SECURITY_INFORMATION, NULL, NULL, NULL, NULL, &found);
    if (*error != ERROR_SUCCESS)
        *error = GetSecurityInfo(object, type, plain, NULL, NULL, NULL, NULL, &found);
    return *error == ERROR_SUCCESS ? found : NULL;
}

static bool fail_making(const platform_spare *spare, DWORD error, platform_failure *failure)
{
    return win32_fail_advise(failure, error,
                             "end other programs; or do without its bytes: declare it no more, reload, and "
                             "declare it again",
                             "cannot keep %s at hand in case the one that replaces it cannot be made",
                             spare->object_name);
}

static bool take_texts(platform_spare *spare, const platform_spare_request *request)
{
    spare->object_name = text_make("%s", request->object_name);
    spare->name = win32_wide(request->object_name);
    spare->backing_path = request->backing_path ? text_make("%s", request->backing_path) : NULL;
    return spare->object_name && spare->name && (!request->backing_path || spare->backing_path);
}

/* The file behind the section, by its name, which may be another file's by now. */
static bool take_file(platform_spare *spare, HANDLE section, DWORD *error)
{
    wchar_t *path = win32_wide(spare->backing_path);
    *error = ERROR_OUTOFMEMORY;
    if (!path)
        return false;
    spare->file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE | WRITE_DAC | READ_CONTROL,
                              FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING,
                              FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    *error = GetLastError();
    free(path);
    if (spare->file == INVALID_HANDLE_VALUE)
        return false;
    *error = ERROR_FILE_INVALID;
    if (!win32_backing_is(section, spare->file))
        return false;
    spare->file_descriptor = descriptor_of(spare->file, SE_FILE_OBJECT, error);
    return spare->file_descriptor != NULL;
}

/* A file has its bytes itself. */
static bool take_bytes(platform_spare *spare, HANDLE section, DWORD *error)
{
    spare->view = MapViewOfFile(section, FILE_MAP_READ, 0, 0, (SIZE_T)spare->size);
    *error = GetLastError();
    return spare->view != NULL;
}

bool platform_spare_make(const platform_spare_request *request, const platform_section *object,
                         platform_spare **spare, platform_failure *failure)
{
    HANDLE handle = (HANDLE)(uintptr_t)object;
    DWORD error = ERROR_OUTOFMEMORY;
    platform_spare *made = calloc(1, sizeof *made);
    *spare = NULL;
    if (!made)
        return win32_fail_advise(failure, error, "close other programs", "cannot replace %s",
                                 request->object_name);
    made->file = INVALID_HANDLE_VALUE;
    made->object = request->object;
    made->size = request->size;
    made->max_size = request->max_size;
    bool ok = take_texts(made, request);
    if (ok) {
        made->descriptor = descriptor_of(handle, SE_KERNEL_OBJECT, &error);
        ok = made->descriptor != NULL;
    }
    if (ok && request->object == SHMB_PART_SECTION && request->max_size == 0 && !request->backing_path)
        made->large_pages = win32_has_large_pages(made->name);
    if (ok && request->backing_path)
        ok = take_file(made, handle, &error);
    else if (ok && request->object == SHMB_PART_SECTION)
        ok = take_bytes(made, handle, &error);
    if (ok) {
        *spare = made;
        return true;
    }
    if (made->object_name)
        fail_making(made, error, failure);
    else
        win32_fail_advise(failure, error, "close other programs", "cannot replace %s", request->object_name);
    platform_spare_free(made);
    return false;
}

void platform_spare_free(platform_spare *spare)
{
    if (!spare)
        return;
    if (spare->view)
        UnmapViewOfFile(spare->view);
    if (spare->file != INVALID_HANDLE_VALUE)
        CloseHandle(spare->file);
    LocalFree(spare->file_descriptor);
    LocalFree(spare->descriptor);
    free(spare->backing_path);
    free(spare->object_name);
    free(spare->name);
    free(spare);
}

/* ---- Had again --------------------------------------------------------------------------------- */

/* What programs have kept. NULL: nothing has its name, or what has is another. */
static HANDLE find(const platform_spare *spare)
{
    const DWORD access = spare->object == SHMB_PART_SECTION ? READ_CONTROL | FILE_MAP_READ | FILE_MAP_WRITE
                                                            : (DWORD)(READ_CONTROL | WRITE_DAC | WRITE_OWNER);
    HANDLE found = win32_part_open(spare->object, spare->name, access, true);
    if (found && !win32_is_secured_as(found, spare->descriptor)) {
        CloseHandle(found);
        return NULL;
    }
    return found;
}

static HANDLE create_section(const platform_spare *spare, uint64_t size, DWORD attributes)
{
    SECURITY_ATTRIBUTES security = {sizeof security, spare->descriptor, TRUE};
    SetLastError(0); /* success reports an existing object through the last error too */
    HANDLE made = CreateFileMappingW(spare->file, &security, PAGE_READWRITE | attributes, (DWORD)(size >> 32),
                                     (DWORD)(size & 0xFFFFFFFFu), spare->name);
    if (made && GetLastError() == ERROR_ALREADY_EXISTS) {
        CloseHandle(made);
        made = NULL;
        SetLastError(ERROR_ALREADY_EXISTS);
    }
    return made;
}

/* Where there are no more large pages, small ones will do. */
static HANDLE create_large(const platform_spare *spare)
{
    const uint64_t page = GetLargePageMinimum();
    HANDLE made = NULL;
    if (page > 0) {
        win32_lock_memory_enable();
        made = create_section(spare, (spare->size + page - 1) / page * page, SEC_COMMIT | SEC_LARGE_PAGES);
        win32_lock_memory_disable();
    }
    return made ? made : create_section(spare, spare->size, 0);
}

/* NULL with the last error. */
static HANDLE create(const platform_spare *spare)
{
    if (spare->object != SHMB_PART_SECTION)
        return win32_part_create(spare->object, spare->name, spare->descriptor);
    if (spare->max_size)
        return create_section(spare, growth_reserved(spare->max_size), SEC_RESERVE);
    return spare->large_pages ? create_large(spare) : create_section(spare, spare->size, 0);
}

static bool copy_bytes(const platform_spare *spare, HANDLE made, const platform_progress *progress,
                       platform_failure *failure)
{
    if (!spare->view)
        return true;
    if (spare->max_size && !win32_section_commit(made, spare->size, failure))
        return false;
    uint8_t *to = MapViewOfFile(made, FILE_MAP_WRITE, 0, 0, (SIZE_T)spare->size);
    const uint8_t *from = spare->view;
    if (!to)
        return win32_fail_advise(failure, GetLastError(), "end other programs", "cannot fill %s",
                                 spare->object_name);
    for (uint64_t at = 0; at < spare->size; at += COPY_STEP) {
        memcpy(to + at, from + at, spare->size - at < COPY_STEP ? (size_t)(spare->size - at) : COPY_STEP);
        if (progress->call)
            progress->call(progress->context);
    }
    UnmapViewOfFile(to);
    return true;
}

/* The file is as it was, and no other region's. */
static bool has_file(const platform_spare *spare, platform_failure *failure)
{
    return spare->file == INVALID_HANDLE_VALUE ||
           (win32_backing_is_free(spare->file, NULL, spare->backing_path, failure) &&
            win32_backing_secure(spare->file, spare->backing_path, spare->file_descriptor, failure));
}

static HANDLE make(const platform_spare *spare, const platform_progress *progress, platform_failure *failure)
{
    HANDLE made = create(spare);
    const DWORD error = GetLastError();
    if (!made && win32_name_is_taken(error))
        win32_fail_taken(failure, error, spare->object_name, false);
    else if (!made)
        win32_fail_advise(failure, error, "end other programs", "cannot create %s", spare->object_name);
    if (made && !copy_bytes(spare, made, progress, failure)) {
        CloseHandle(made);
        return NULL;
    }
    return made;
}

bool platform_spare_restore(const platform_spare *spare, bool anew, const platform_progress *progress,
                            platform_section **object, bool *same, platform_failure *failure)
{
    *object = NULL;
    *same = false;
    if (!has_file(spare, failure))
        return false;
    HANDLE found = anew ? NULL : find(spare);
    *same = found != NULL;
    if (!found)
        found = make(spare, progress, failure);
    if (found && spare->backing_path && !win32_backing_hold(found, spare->file)) {
        win32_fail(failure, ERROR_OUTOFMEMORY, "cannot have %s again", spare->object_name);
        CloseHandle(found);
        found = NULL;
    }
    *object = (platform_section *)found;
    *same = *same && found;
    return found != NULL;
}
