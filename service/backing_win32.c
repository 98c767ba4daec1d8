/* The file behind a file-backed region. See backing_win32.h. */
#include "backing_win32.h"

#include "descriptor_win32.h"
#include "paths_win32.h"

#include <aclapi.h>
#include <stdlib.h>
#include <wchar.h>

#define WRITE_STEP (1u << 20) /* bytes written at a time */

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

/* ---- Files of regions that exist --------------------------------------------------------------- */

/* Which file a section has. A path does not tell: one file has several, short names for instance. */
typedef struct backed_section {
    HANDLE section;
    DWORD volume;
    uint64_t file;
} backed_section;

/* Touched on the engine's thread alone. */
static struct {
    backed_section *items;
    size_t count, capacity;
} backed;

static bool identify(HANDLE file, backed_section *identity)
{
    BY_HANDLE_FILE_INFORMATION info;
    if (!GetFileInformationByHandle(file, &info))
        return false;
    identity->volume = info.dwVolumeSerialNumber;
    identity->file = ((uint64_t)info.nFileIndexHigh << 32) | info.nFileIndexLow;
    return true;
}

/* Two regions on one file would be one another's bytes, and the second's rights would rule the first's file. */
bool win32_backing_is_free(HANDLE file, HANDLE own, const char *shown, platform_failure *failure)
{
    backed_section identity;
    if (!identify(file, &identity))
        return win32_fail(failure, GetLastError(), "cannot examine the backing file %s", shown);
    for (size_t i = 0; i < backed.count; i++)
        if (backed.items[i].section != own && backed.items[i].volume == identity.volume &&
            backed.items[i].file == identity.file)
            return win32_fail_advise(failure, 0, "give each region a file of its own",
                                     "the backing file %s is that of another region, by another name", shown);
    return true;
}

bool win32_backing_hold(HANDLE section, HANDLE file)
{
    if (backed.count == backed.capacity) {
        size_t more = backed.capacity ? backed.capacity * 2 : 16;
        backed_section *items = realloc(backed.items, more * sizeof *items);
        if (!items)
            return false;
        backed.items = items;
        backed.capacity = more;
    }
    backed.items[backed.count].section = section;
    if (!identify(file, &backed.items[backed.count]))
        return false;
    backed.count++;
    return true;
}

void win32_backing_release(HANDLE section)
{
    for (size_t i = 0; i < backed.count; i++)
        if (backed.items[i].section == section) {
            backed.items[i] = backed.items[--backed.count];
            return;
        }
}

bool win32_backing_is(HANDLE section, HANDLE file)
{
    backed_section identity;
    for (size_t i = 0; i < backed.count; i++)
        if (backed.items[i].section == section)
            return identify(file, &identity) && identity.volume == backed.items[i].volume &&
                   identity.file == backed.items[i].file;
    return false;
}

/* The open file may have a name that was not seen for the broker's own, such as a short one. */
static bool is_not_ours(HANDLE file, const platform_section_request *request, platform_failure *failure)
{
    const char *shown = request->backing_path, *problem = NULL;
    wchar_t *final = win32_final_path(file, shown, failure);
    char *real = final ? win32_shown_path(final) : NULL;
    bool known = real != NULL;
    if (known && request->own)
        problem = own_places_problem(request->own, real);
    if (final && !known)
        win32_fail(failure, ERROR_OUTOFMEMORY, "cannot open the backing file %s", shown);
    else if (problem)
        win32_fail_advise(failure, 0, "correct backing.file", "%s cannot be a backing file: %s", shown,
                          problem);
    free(real);
    free(final);
    return known && !problem;
}

/* ---- Opening one ------------------------------------------------------------------------------- */

/* The label of a file that existed, likewise. It is set only where it is another one: that takes WRITE_OWNER, which not
   every account has that may be a file's owner. */
static bool label(HANDLE file, const char *shown, PSECURITY_DESCRIPTOR descriptor, platform_failure *failure)
{
    ACL none;
    PACL sacl = NULL;
    BOOL present = FALSE, defaulted;
    if (win32_is_labelled_as(file, descriptor))
        return true;
    if (!GetSecurityDescriptorSacl(descriptor, &present, &sacl, &defaulted) ||
        !InitializeAcl(&none, sizeof none, ACL_REVISION))
        return win32_fail(failure, GetLastError(), "cannot read the descriptor of the backing file %s",
                          shown);
    HANDLE own = ReOpenFile(file, WRITE_OWNER | READ_CONTROL, FILE_SHARE_READ | FILE_SHARE_WRITE, 0);
    DWORD error = own == INVALID_HANDLE_VALUE
                      ? GetLastError()
                      : SetSecurityInfo(own, SE_FILE_OBJECT, LABEL_SECURITY_INFORMATION, NULL, NULL, NULL,
                                        present && sacl ? sacl : &none);
    if (own != INVALID_HANDLE_VALUE)
        CloseHandle(own);
    return error == ERROR_SUCCESS ||
           win32_fail_advise(failure, error,
                             "let the broker's account have full control of the file, and let the region's "
                             "`integrity` not be above that of the broker",
                             "cannot set the mandatory label of the backing file %s", shown);
}

/* The rights of a file that existed are made those that are declared now. */
bool win32_backing_secure(HANDLE file, const char *shown, PSECURITY_DESCRIPTOR descriptor,
                          platform_failure *failure)
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
    return label(file, shown, descriptor, failure);
}

/* Writes as many bytes as the region has, its contents and zeros, so that the disk space is there and no old bytes show
   through. */
static bool write_bytes(HANDLE file, const platform_section_request *request, win32_contents *contents,
                        platform_failure *failure)
{
    void *bytes = malloc(WRITE_STEP);
    bool ok = bytes != NULL;
    SetLastError(ERROR_OUTOFMEMORY);
    for (uint64_t done = 0; ok && done < request->size;) {
        DWORD step = request->size - done < WRITE_STEP ? (DWORD)(request->size - done) : WRITE_STEP,
              written = 0;
        if (!win32_contents_take(contents, bytes, step, failure)) {
            free(bytes);
            return false;
        }
        ok = WriteFile(file, bytes, step, &written, NULL) && written == step;
        done += step;
        if (request->progress.call)
            request->progress.call(request->progress.context);
    }
    ok = ok && FlushFileBuffers(file);
    if (!ok)
        win32_fail_advise(failure, GetLastError(), "free space on that disk",
                          "cannot write the %llu bytes of the new backing file %s",
                          (unsigned long long)request->size, request->backing_path);
    free(bytes);
    return ok;
}

/* Creates the file under `draft`, then gives it its name. */
static bool create_whole(const wchar_t *path, const wchar_t *draft, const platform_section_request *request,
                         PSECURITY_DESCRIPTOR descriptor, platform_failure *failure)
{
    win32_contents contents;
    const char *shown = request->backing_path;
    if (!win32_contents_open(request, &contents, failure))
        return false;
    DeleteFileW(draft); /* what an interrupted start left; absent is as good */
    HANDLE file = open_file(draft, descriptor, CREATE_NEW);
    bool ok = file != INVALID_HANDLE_VALUE;
    if (!ok && GetLastError() == ERROR_PRIVILEGE_NOT_HELD)
        win32_fail_advise(failure, ERROR_PRIVILEGE_NOT_HELD,
                          "lower the region's `integrity`: a label may not be above the broker's own",
                          "cannot create the backing file %s with its mandatory label", shown);
    else if (!ok)
        win32_fail(failure, GetLastError(), "cannot create the backing file %s", shown);
    ok = ok && write_bytes(file, request, &contents, failure);
    win32_contents_close(&contents);
    if (file == INVALID_HANDLE_VALUE)
        return false;
    CloseHandle(file);
    if (ok && !MoveFileExW(draft, path, MOVEFILE_WRITE_THROUGH))
        ok = win32_fail(failure, GetLastError(), "cannot name the new backing file %s", shown);
    if (!ok)
        DeleteFileW(draft);
    return ok;
}

/* Without a descriptor, what there is is looked at alone. */
static HANDLE open_or_create(const wchar_t *path, const wchar_t *draft,
                             const platform_section_request *request, PSECURITY_DESCRIPTOR descriptor,
                             HANDLE own, platform_failure *failure)
{
    const char *shown = request->backing_path;
    HANDLE file = open_file(path, NULL, OPEN_EXISTING);
    if (file == INVALID_HANDLE_VALUE && GetLastError() == ERROR_FILE_NOT_FOUND) {
        failure->text[0] = '\0';
        if (!descriptor || !create_whole(path, draft, request, descriptor, failure))
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
    if (is_fit(file, shown, request->size, failure) && win32_is_where_named(file, shown, failure) &&
        is_not_ours(file, request, failure) && win32_owner_is_trusted(file, shown, failure) &&
        win32_backing_is_free(file, own, shown, failure) &&
        (!descriptor || win32_backing_secure(file, shown, descriptor, failure)))
        return file;
    CloseHandle(file);
    return INVALID_HANDLE_VALUE;
}

HANDLE win32_backing_open(const platform_section_request *request, PSECURITY_DESCRIPTOR descriptor,
                          HANDLE own, platform_failure *failure)
{
    const char *path = request->backing_path;
    HANDLE file = INVALID_HANDLE_VALUE;
    char *draft_text = text_make("%s.new", path);
    wchar_t *wide = win32_wide(path), *draft = draft_text ? win32_wide(draft_text) : NULL;
    if (!wide || !draft)
        win32_fail(failure, ERROR_OUTOFMEMORY, "cannot open the backing file %s", path);
    else if (is_remote(wide))
        win32_fail_advise(failure, 0, "keep the file on a local disk",
                          "the backing file %s is on another machine, where views are not coherent", path);
    else if (way_is_plain(wide, path, failure))
        file = open_or_create(wide, draft, request, descriptor, own, failure);
    free(draft);
    free(wide);
    free(draft_text);
    return file;
}
