/* Sections: made, or taken over from an earlier broker. See platform.h. */
#include "adopt_win32.h"
#include "backing_win32.h"
#include "growth_size.h"
#include "growth_win32.h"
#include "memory_win32.h"
#include "private_namespace_win32.h"
#include "taken_win32.h"

#include <stdlib.h>
#include <string.h>

/* A descriptor made of SDDL, kept because the regions of a file mostly have the same few. */
static struct {
    char *sddl;
    PSECURITY_DESCRIPTOR descriptor;
} last_descriptor;

static PSECURITY_DESCRIPTOR descriptor_of(const char *sddl, platform_failure *failure)
{
    if (last_descriptor.sddl && strcmp(last_descriptor.sddl, sddl) == 0)
        return last_descriptor.descriptor;
    PSECURITY_DESCRIPTOR descriptor = win32_descriptor(sddl, failure);
    char *copy = descriptor ? text_make("%s", sddl) : NULL;
    if (!copy) {
        LocalFree(descriptor);
        return NULL;
    }
    free(last_descriptor.sddl);
    LocalFree(last_descriptor.descriptor);
    last_descriptor.sddl = copy;
    last_descriptor.descriptor = descriptor;
    return descriptor;
}

/* Whether the system has no room for any more objects. */
static bool is_no_room(DWORD error)
{
    return error == ERROR_TOO_MANY_OPEN_FILES || error == ERROR_NO_SYSTEM_RESOURCES;
}

static void fail_creation(const platform_section_request *request, DWORD error, platform_failure *failure)
{
    if (win32_name_is_taken(error))
        win32_fail_taken(failure, error, request->object_name,
                         error == ERROR_ACCESS_DENIED && !win32_may_create_global());
    else if (error == ERROR_COMMITMENT_LIMIT)
        win32_fail_advise(
            failure, error, "enlarge the paging file, end other programs, or back the region by a file",
            "cannot create %s of %llu bytes", request->object_name, (unsigned long long)request->size);
    else if (is_no_room(error))
        win32_fail_advise(
            failure, error,
            "the system has no room for more objects: declare fewer regions, or end programs that "
            "have many open, then restart the broker",
            "cannot create %s of %llu bytes", request->object_name, (unsigned long long)request->size);
    else if (error == ERROR_PRIVILEGE_NOT_HELD && strstr(request->sddl, "S:(ML"))
        win32_fail_advise(
            failure, error,
            "an object's label may not be above the integrity of the process that makes it: lower "
            "`integrity`, or let the service, or an elevated console, serve the region",
            "cannot give %s its mandatory label", request->object_name);
    else
        win32_fail(failure, error, "cannot create %s of %llu bytes", request->object_name,
                   (unsigned long long)request->size);
}

/* One section that is being made. */
typedef struct making {
    const platform_section_request *request;
    platform_section_granted *granted;
    PSECURITY_DESCRIPTOR descriptor;
    wchar_t *name;
    HANDLE file; /* that backs it, or INVALID_HANDLE_VALUE */
} making;

/* NULL with `error` set, also when the name exists. Inheritable, for the keeper, which is the one program that is started
   from here and names what it inherits. */
static HANDLE create(const making *m, uint64_t size, DWORD attributes, DWORD *error)
{
    SECURITY_ATTRIBUTES security = {sizeof security, m->descriptor, TRUE};
    m->granted->numa_node = false;
    DWORD node = win32_numa_node(m->request, m->granted);
    SetLastError(0); /* success reports an existing object through the last error too */
    HANDLE section = CreateFileMappingNumaW(m->file, &security, PAGE_READWRITE | attributes,
                                            (DWORD)(size >> 32), (DWORD)(size & 0xFFFFFFFFu), m->name, node);
    *error = GetLastError();
    if (section && *error == ERROR_ALREADY_EXISTS) {
        CloseHandle(section);
        section = NULL;
    }
    return section;
}

/* With large pages; the privilege is enabled for the one call. NULL with `error` set. Whether the privilege is held is
   for the kernel to say. */
static HANDLE create_large(const making *m, DWORD *error)
{
    uint64_t page = GetLargePageMinimum();
    *error = ERROR_NOT_SUPPORTED;
    if (page == 0)
        return NULL;
    win32_lock_memory_enable();
    HANDLE section =
        create(m, (m->request->size + page - 1) / page * page, SEC_COMMIT | SEC_LARGE_PAGES, error);
    win32_lock_memory_disable();
    m->granted->large_pages = section != NULL;
    return section;
}

static const char *large_pages_advice(DWORD error)
{
    if (error == ERROR_PRIVILEGE_NOT_HELD)
        return "give the broker's account the right \"Lock pages in memory\" (`shmbroker install` does, when "
               "the "
               "configuration asks for large pages), then restart it";
    if (error == ERROR_NOT_SUPPORTED)
        return "this machine has no large pages";
    return "large pages need unbroken physical memory: restart the broker early after the machine's start, "
           "or declare "
           "less";
}

/* A new section, as good as the machine gives it. NULL with `error` set; with `failure` set when `error` is 0. */
static HANDLE create_new(const making *m, DWORD *error, platform_failure *failure)
{
    const platform_section_request *request = m->request;
    if (request->max_size)
        return create(m, growth_reserved(request->max_size), SEC_RESERVE, error);
    if (request->large_pages == CONFIG_LARGE_PAGES_NO)
        return create(m, request->size, 0, error);
    HANDLE section = create_large(m, error);
    if (section || win32_name_is_taken(*error))
        return section;
    platform_failure refused;
    win32_fail_advise(&refused, *error, large_pages_advice(*error), "it has no large pages");
    if (request->large_pages == CONFIG_LARGE_PAGES_REQUIRE) {
        win32_fail_advise(failure, *error, large_pages_advice(*error),
                          "cannot create %s of %llu bytes in large pages", request->object_name,
                          (unsigned long long)request->size);
        *error = 0;
        return NULL;
    }
    m->granted->note[0] = 0; /* what the attempt noted, the next one notes again */
    section = create(m, request->size, 0, error);
    if (section)
        win32_note(m->granted, "%s", refused.text);
    return section;
}

/* What an earlier broker left has the memory that it has. False when that will not do. */
static bool accept_memory(const making *m, platform_failure *failure)
{
    const platform_section_request *request = m->request;
    m->granted->note[0] = 0;
    m->granted->numa_node = false;
    m->granted->large_pages = win32_has_large_pages(m->name);
    if (request->large_pages == CONFIG_LARGE_PAGES_REQUIRE && !m->granted->large_pages)
        return win32_fail_advise(
            failure, 0, "end these programs, then restart the broker",
            "%s has no large pages: it was made without, and programs have kept it alive since",
            request->object_name);
    if (request->large_pages == CONFIG_LARGE_PAGES_PREFER && !m->granted->large_pages)
        win32_note(m->granted, "it was taken over from an earlier broker, which made it without large pages");
    if (request->numa_node != CONFIG_NUMA_ANY)
        win32_note(m->granted,
                   "it was taken over from an earlier broker, and its memory stays on the NUMA nodes where "
                   "it is");
    return true;
}

/* Whether an object of an earlier declaration is in the way, which the broker let go of and programs did not. */
static bool fail_superseded(const making *m, DWORD error, platform_failure *failure)
{
    unsigned handles;
    if (!win32_is_an_earlier_one(m->name, m->descriptor, &handles))
        return false;
    m->granted->superseded = true;
    win32_fail_advise(
        failure, error,
        "it is made as soon as the last of them is closed: let these programs detach, or end them",
        "programs still have the earlier %s open, %s (%u handles)", m->request->object_name,
        m->request->fresh ? "of a session that has ended" : "made with other rights, size or backing",
        handles);
    return true;
}

#define MOST_ATTEMPTS 5u

/* Whether whoever had the name has just let go of it. */
static bool is_gone(const wchar_t *name)
{
    HANDLE section = OpenFileMappingW(READ_CONTROL, FALSE, name);
    DWORD error = GetLastError();
    if (section)
        CloseHandle(section);
    return !section && error == ERROR_FILE_NOT_FOUND;
}

/* A section that can grow gets its first memory. False with `failure` set. */
static bool commit_first(HANDLE section, const making *m, platform_failure *failure)
{
    platform_failure why;
    if (m->request->max_size == 0 || win32_section_commit(section, m->granted->size, &why))
        return true;
    return win32_fail_advise(failure, why.code,
                             "enlarge the paging file, end other programs, or declare less",
                             "cannot create %s with %llu of its at most %llu bytes", m->request->object_name,
                             (unsigned long long)m->granted->size, (unsigned long long)m->request->max_size);
}

/* What an earlier broker left; `granted` has its size. NULL when it is another's, or otherwise. */
static HANDLE adopt(const making *m)
{
    const platform_section_request *request = m->request;
    uint64_t committed = 0;
    if (request->max_size == 0)
        return win32_adopt_section(m->name, m->descriptor, request->size, m->file);
    HANDLE section = win32_adopt_reserved(m->name, m->descriptor, request->max_size, &committed);
    if (section)
        m->granted->size = growth_adopted(committed, request->grown, request->size, request->max_size);
    return section;
}

/* Creates the section, of `file` or of the paging file, or takes over that of an earlier broker. NULL with
   `failure` set, also when the name is another's. */
static HANDLE create_or_adopt(const making *m, platform_failure *failure)
{
    DWORD error = 0;
    HANDLE section = m->request->left && !m->request->fresh ? adopt(m) : NULL;
    m->granted->adopted = section != NULL;
    if (!section)
        section = create_new(m, &error, failure);
    for (unsigned i = 1; i < MOST_ATTEMPTS && !section && win32_name_is_taken(error) && is_gone(m->name); i++)
        section = create_new(m, &error, failure);
    if (!section && error && win32_name_is_taken(error) && !m->request->fresh) {
        section = adopt(m);
        m->granted->adopted = section != NULL;
    }
    if (!section && error && !(win32_name_is_taken(error) && fail_superseded(m, error, failure)))
        fail_creation(m->request, error, failure);
    m->granted->no_room = !section && is_no_room(error);
    if (section &&
        ((m->granted->adopted && !accept_memory(m, failure)) || !commit_first(section, m, failure))) {
        CloseHandle(section);
        section = NULL;
    }
    return section;
}

/* A new section of the paging file gets its contents here; a backing file had them before it got its name. */
static bool fill(HANDLE section, const making *m, platform_failure *failure)
{
    win32_contents contents;
    if (m->granted->adopted || m->request->backing_path)
        return true;
    if (!win32_contents_open(m->request, &contents, failure))
        return false;
    bool filled = win32_section_fill(section, &contents, &m->request->progress, failure);
    win32_contents_close(&contents);
    return filled;
}

static HANDLE open_backing(const platform_section_request *request, platform_failure *failure)
{
    PSECURITY_DESCRIPTOR descriptor = win32_descriptor(request->file_sddl, failure);
    HANDLE file = descriptor ? win32_backing_open(request, descriptor, NULL, failure) : INVALID_HANDLE_VALUE;
    LocalFree(descriptor);
    return file;
}

/* Makes the section and what is in it. NULL with `failure` set. */
static HANDLE make(const making *m, platform_failure *failure)
{
    HANDLE section = create_or_adopt(m, failure);
    if (section && !fill(section, m, failure)) {
        CloseHandle(section);
        return NULL;
    }
    if (section && m->request->prefetch && !m->granted->adopted)
        win32_section_prefetch(section, m->request, m->granted);
    return section;
}

bool platform_section_create(const platform_section_request *request, platform_section **section,
                             platform_section_granted *granted, platform_failure *failure)
{
    making m = {.request = request, .granted = granted, .file = INVALID_HANDLE_VALUE};
    *section = NULL;
    memset(granted, 0, sizeof *granted);
    granted->size = request->size;
    if (request->boundary && !win32_private_enter(request->object_name, request->boundary, failure))
        return false;
    if (request->backing_path) {
        m.file = open_backing(request, failure);
        if (m.file == INVALID_HANDLE_VALUE)
            return false;
    }
    m.descriptor = descriptor_of(request->sddl, failure);
    m.name = win32_wide(request->object_name);
    if (m.descriptor && m.name)
        *section = (platform_section *)make(&m, failure);
    else if (m.descriptor)
        win32_fail(failure, ERROR_OUTOFMEMORY, "cannot create %s", request->object_name);
    free(m.name);
    if (*section && request->backing_path && !win32_backing_hold((HANDLE)*section, m.file)) {
        win32_fail(failure, ERROR_OUTOFMEMORY, "cannot create %s", request->object_name);
        CloseHandle((HANDLE)*section);
        *section = NULL;
    }
    if (m.file != INVALID_HANDLE_VALUE)
        CloseHandle(m.file); /* the section keeps the file open, and from being deleted or cut */
    return *section != NULL;
}

/* Makes one without a name, and lets go of it. */
static bool rehearse(const making *m, platform_failure *failure)
{
    DWORD error = 0;
    HANDLE section = create_new(m, &error, failure);
    const bool ok = section && commit_first(section, m, failure);
    if (!section && error)
        fail_creation(m->request, error, failure);
    if (section)
        CloseHandle(section);
    return ok;
}

static bool has_contents(const platform_section_request *request, platform_failure *failure)
{
    win32_contents contents;
    if (!win32_contents_open(request, &contents, failure))
        return false;
    win32_contents_close(&contents);
    return true;
}

bool platform_section_rehearse(const platform_section_request *request, const platform_section *replaced,
                               platform_failure *failure)
{
    platform_section_granted granted = {.size = request->size};
    making m = {.request = request, .granted = &granted, .file = INVALID_HANDLE_VALUE};
    if (request->boundary && !win32_private_enter(request->object_name, request->boundary, failure))
        return false;
    if (request->backing_path)
        m.file = win32_backing_open(request, NULL, (HANDLE)(uintptr_t)replaced, failure);
    if (m.file == INVALID_HANDLE_VALUE && request->backing_path)
        return !*failure->text && has_contents(request, failure); /* the file will be made */
    m.descriptor = descriptor_of(request->sddl, failure);
    const bool ok =
        m.descriptor && (request->backing_path || has_contents(request, failure)) && rehearse(&m, failure);
    if (m.file != INVALID_HANDLE_VALUE)
        CloseHandle(m.file);
    return ok;
}

bool platform_section_is_left(const platform_section_request *request)
{
    platform_failure ignored;
    if (request->boundary && !win32_private_enter(request->object_name, request->boundary, &ignored))
        return false;
    PSECURITY_DESCRIPTOR descriptor = descriptor_of(request->sddl, &ignored);
    wchar_t *name = win32_wide(request->object_name);
    HANDLE section = NULL;
    uint64_t committed;
    if (name && request->backing_path) /* whether it is of that file is seen when it is taken over */
        section = OpenFileMappingW(READ_CONTROL, FALSE, name);
    else if (name && descriptor && request->max_size)
        section = win32_adopt_reserved(name, descriptor, request->max_size, &committed);
    else if (name && descriptor)
        section = win32_adopt_section(name, descriptor, request->size, INVALID_HANDLE_VALUE);
    if (section)
        CloseHandle(section);
    free(name);
    return section != NULL;
}

bool platform_section_peek(const platform_section_request *request, uint8_t *bytes, size_t length)
{
    wchar_t *name = win32_wide(request->object_name);
    HANDLE section = name ? OpenFileMappingW(FILE_MAP_READ, FALSE, name) : NULL;
    const void *view = section ? MapViewOfFile(section, FILE_MAP_READ, 0, 0, length) : NULL;
    if (view) {
        memcpy(bytes, view, length);
        UnmapViewOfFile(view);
    }
    if (section)
        CloseHandle(section);
    free(name);
    return view != NULL;
}

void platform_section_close(platform_section *section)
{
    if (!section)
        return;
    win32_backing_release((HANDLE)section);
    CloseHandle((HANDLE)section);
}

/* ---- Its bytes --------------------------------------------------------------------------------- */

static uint8_t *map(platform_section *section, uint64_t offset, size_t length, DWORD access)
{
    return MapViewOfFile((HANDLE)section, access, (DWORD)(offset >> 32), (DWORD)(offset & 0xFFFFFFFFu),
                         length);
}

bool platform_section_open(platform_section *section, uint64_t offset, size_t length, bool to_write,
                           uint8_t **bytes, platform_failure *failure)
{
    *bytes = map(section, offset, length, to_write ? FILE_MAP_WRITE : FILE_MAP_READ);
    return *bytes ||
           win32_fail_advise(failure, GetLastError(), "close other programs",
                             "cannot reach %llu bytes of the region's memory", (unsigned long long)length);
}

void platform_section_shut(uint8_t *bytes)
{
    UnmapViewOfFile(bytes);
}

bool platform_section_flush(platform_section *section, uint64_t offset, size_t length,
                            platform_failure *failure)
{
    uint8_t *bytes = map(section, offset, length, FILE_MAP_READ);
    bool ok = bytes && FlushViewOfFile(bytes, length);
    if (!ok)
        win32_fail_advise(failure, GetLastError(), "check the disk, and free space on it",
                          "cannot write the region's bytes to its file");
    if (bytes)
        UnmapViewOfFile(bytes);
    return ok;
}

uint64_t platform_backing_size(const char *path)
{
    WIN32_FILE_ATTRIBUTE_DATA found = {0};
    wchar_t *wide = win32_wide(path);
    const bool seen = wide && GetFileAttributesExW(wide, GetFileExInfoStandard, &found);
    free(wide);
    return seen ? ((uint64_t)found.nFileSizeHigh << 32) | found.nFileSizeLow : 0;
}

bool platform_backing_flush(const char *path, platform_failure *failure)
{
    wchar_t *wide = win32_wide(path);
    HANDLE file = wide ? CreateFileW(wide, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                     OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL)
                       : INVALID_HANDLE_VALUE;
    bool ok = file != INVALID_HANDLE_VALUE && FlushFileBuffers(file);
    if (!ok)
        win32_fail_advise(failure, wide ? GetLastError() : ERROR_OUTOFMEMORY, "check the disk",
                          "cannot write %s to the disk", path);
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    free(wide);
    return ok;
}
