/*
 * Reads who may change a file, the folders that it stands in, and opens a configuration so that what was judged is what
 * is read. See platform.h and trust.h.
 *
 * The file is opened first, without letting anybody write, rename or delete it meanwhile, and an open file keeps
 * the folders above it from being renamed. Then its real path is asked of the handle, and every folder of that path is
 * opened without following links.
 */
#include "paths_win32.h"

#include <aclapi.h>
#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define LOOK       (READ_CONTROL | FILE_READ_ATTRIBUTES)
#define SHARE_ALL  (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
#define PLAIN_LOOK (FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
#define KEEP_IT    "keep the configuration in %ProgramData%\\ShmBroker, which `shmbroker install` makes"

/* ---- Descriptors ------------------------------------------------------------------------------- */

/* An entry as trust.h has it; false for one that is only handed down. */
static bool read_entry(const ACE_HEADER *header, trust_entry *entry)
{
    static const GENERIC_MAPPING of_files = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE,
                                             FILE_ALL_ACCESS};
    const ACCESS_ALLOWED_ACE *plain = (const ACCESS_ALLOWED_ACE *)(const void *)header;
    BYTE type = header->AceType;
    ACCESS_MASK mask = plain->Mask; /* every kind of entry has it behind the header */
    if (header->AceFlags & INHERIT_ONLY_ACE)
        return false;
    MapGenericMask(&mask, (GENERIC_MAPPING *)(uintptr_t)&of_files);
    entry->mask = mask;
    entry->inherited = (header->AceFlags & INHERITED_ACE) != 0;
    entry->allows = type != ACCESS_DENIED_ACE_TYPE && type != ACCESS_DENIED_OBJECT_ACE_TYPE &&
                    type != ACCESS_DENIED_CALLBACK_ACE_TYPE && type != ACCESS_DENIED_CALLBACK_OBJECT_ACE_TYPE;
    /* A condition behind the SID may narrow the entry: it is judged as if it did not. */
    if (type == ACCESS_ALLOWED_ACE_TYPE || type == ACCESS_DENIED_ACE_TYPE ||
        type == ACCESS_ALLOWED_CALLBACK_ACE_TYPE)
        win32_sid_text((PSID)(uintptr_t)&plain->SidStart, entry->sid);
    else
        memcpy(entry->sid, "?", 2);
    return true;
}

static size_t read_entries(PACL dacl, trust_entry *entries)
{
    size_t count = 0;
    for (DWORD i = 0; i < dacl->AceCount; i++) {
        void *entry;
        if (GetAce(dacl, i, &entry) && read_entry(entry, &entries[count]))
            count++;
    }
    return count;
}

/* SIDs become accounts, for those that `report` got since it had `from`. */
static void name_breaches(trust_report *report, size_t from)
{
    for (size_t i = from; i < report->count; i++) {
        char account[PLATFORM_ACCOUNT];
        platform_account_text(report->items[i].sid, account);
        char *named = text_make("%s", account);
        if (named) {
            free(report->items[i].account);
            report->items[i].account = named;
        }
    }
}

static bool judge_handle(HANDLE handle, const char *shown, trust_place place, const trust_keepers *keepers,
                         trust_report *report, platform_failure *failure)
{
    PSID owner = NULL;
    PACL dacl = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    size_t known = report->count;
    trust_subject subject = {.path = shown, .place = place};
    DWORD error =
        GetSecurityInfo(handle, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                        &owner, NULL, &dacl, NULL, &descriptor);
    if (error != ERROR_SUCCESS)
        return win32_fail_advise(failure, error, KEEP_IT, "cannot see who may change %s", shown);
    trust_entry *entries = calloc(dacl ? dacl->AceCount + 1u : 1u, sizeof *entries);
    if (entries) {
        memcpy(subject.owner, "?", 2);
        if (owner)
            win32_sid_text(owner, subject.owner);
        subject.no_dacl = !dacl;
        subject.entries = entries;
        subject.count = dacl ? read_entries(dacl, entries) : 0;
        trust_judge(&subject, keepers, report);
        name_breaches(report, known);
    }
    report->failed = report->failed || !entries;
    free(entries);
    LocalFree(descriptor);
    return !report->failed || win32_fail(failure, ERROR_OUTOFMEMORY, "cannot see who may change %s", shown);
}

/* ---- Paths ------------------------------------------------------------------------------------- */

/* The first character behind the root of a final path: "\\?\C:\" or "\\?\UNC\server\share\". */
static size_t root_length(const wchar_t *path)
{
    const wchar_t *at = path;
    if (wcsncmp(path, L"\\\\?\\UNC\\", 8) == 0) {
        at = wcschr(path + 8, L'\\');
        at = at ? wcschr(at + 1, L'\\') : NULL;
    } else if (wcsncmp(path, L"\\\\?\\", 4) == 0) {
        at = wcschr(path + 4, L'\\');
    }
    return at && *at ? (size_t)(at - path) + 1 : wcslen(path);
}

/* Whether the file or folder that was opened is no link; what cannot be told is refused. Nothing of the volume is asked
   besides, which would take several times as long. */
static bool is_no_link(HANDLE handle, const char *shown, const char *remedy, platform_failure *failure)
{
    FILE_ATTRIBUTE_TAG_INFO info;
    if (!GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &info, sizeof info))
        return win32_fail_advise(failure, GetLastError(), KEEP_IT, "cannot see whether %s is a link", shown);
    if (info.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT)
        return win32_fail_advise(failure, 0, remedy, "%s is a link", shown);
    return true;
}

static bool judge_folder(const wchar_t *path, trust_place place, const trust_keepers *keepers,
                         trust_report *report, platform_failure *failure)
{
    char *shown = win32_shown_path(path);
    if (!shown)
        return win32_fail(failure, ERROR_OUTOFMEMORY, "cannot see who may change the configuration");
    HANDLE folder = CreateFileW(path, LOOK, SHARE_ALL, NULL, OPEN_EXISTING, PLAIN_LOOK, NULL);
    bool ok = false;
    if (folder == INVALID_HANDLE_VALUE)
        win32_fail_advise(failure, GetLastError(), KEEP_IT, "cannot see who may change the folder %s", shown);
    else
        ok = is_no_link(folder, shown, "name the real path", failure) &&
             judge_handle(folder, shown, place, keepers, report, failure);
    if (folder != INVALID_HANDLE_VALUE)
        CloseHandle(folder);
    free(shown);
    return ok;
}

/* Every folder above the file or folder at the final path `path`. The nearest one is where things are looked up, when
   `looked_up`. */
static bool judge_way(wchar_t *path, bool looked_up, const trust_keepers *keepers, trust_report *report,
                      platform_failure *failure)
{
    size_t root = root_length(path), end = wcslen(path);
    trust_place place = looked_up ? TRUST_FOLDER : TRUST_ABOVE;
    bool ok = true;
    while (ok && end > root) {
        while (end > root && path[end - 1] != L'\\')
            end--;
        if (end > root)
            end--; /* the backslash; a root keeps its own */
        wchar_t cut = path[end];
        path[end] = 0;
        ok = judge_folder(path, place, keepers, report, failure);
        path[end] = cut;
        place = TRUST_ABOVE;
    }
    return ok;
}

/* Judges what is open and all that it stands in. */
static bool judge_all(HANDLE handle, const char *path, trust_place place, const trust_keepers *keepers,
                      trust_report *report, platform_failure *failure)
{
    wchar_t *final = win32_final_path(handle, path, failure);
    char *shown = final ? win32_shown_path(final) : NULL;
    bool ok = shown && win32_stands_where_named(path, final, failure) &&
              judge_handle(handle, shown, place, keepers, report, failure) &&
              (place == TRUST_CONTENT || judge_way(final, place == TRUST_FILE, keepers, report, failure));
    if (final && !shown)
        win32_fail(failure, ERROR_OUTOFMEMORY, "cannot examine %s", path);
    free(shown);
    free(final);
    return ok;
}

bool win32_trust_judge(HANDLE file, const char *path, const trust_keepers *keepers, trust_report *report,
                       platform_failure *failure)
{
    return judge_all(file, path, TRUST_FILE, keepers, report, failure);
}

/* ---- What platform.h promises ------------------------------------------------------------------ */

bool platform_trust_examine(const char *path, trust_place place, const trust_keepers *keepers,
                            trust_report *report, platform_failure *failure)
{
    wchar_t *wide = win32_wide(path);
    HANDLE handle = wide ? CreateFileW(wide, LOOK, SHARE_ALL, NULL, OPEN_EXISTING, PLAIN_LOOK, NULL)
                         : INVALID_HANDLE_VALUE;
    DWORD error = wide ? GetLastError() : ERROR_OUTOFMEMORY;
    bool ok;
    free(wide);
    if (handle == INVALID_HANDLE_VALUE)
        return error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND ||
               win32_fail(failure, error, "cannot see who may change %s", path);
    ok = is_no_link(handle, path, "name the real path", failure) &&
         judge_all(handle, path, place, keepers, report, failure);
    CloseHandle(handle);
    return ok;
}

static HANDLE open_config(const char *path, platform_failure *failure)
{
    wchar_t *wide = win32_wide(path);
    HANDLE file = wide ? CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING,
                                     FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_SEQUENTIAL_SCAN, NULL)
                       : INVALID_HANDLE_VALUE;
    DWORD error = wide ? GetLastError() : ERROR_OUTOFMEMORY;
    free(wide);
    if (file != INVALID_HANDLE_VALUE)
        return file;
    const char *advice = "check who may read it";
    if (error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND)
        advice = "correct the path, or write that file";
    else if (error == ERROR_SHARING_VIOLATION)
        advice = "end the program that is writing it";
    win32_fail_advise(failure, error, advice, "cannot open %s", path);
    return INVALID_HANDLE_VALUE;
}

/* A C stream over the handle, which belongs to the stream from then on. */
static FILE *stream_of(HANDLE file)
{
    int number = _open_osfhandle((intptr_t)file, _O_RDONLY | _O_BINARY);
    if (number < 0) {
        CloseHandle(file);
        return NULL;
    }
    FILE *stream = _fdopen(number, "rb");
    if (!stream)
        _close(number);
    return stream;
}

FILE *platform_config_open(const char *path, const trust_keepers *keepers, trust_report *report,
                           platform_failure *failure)
{
    HANDLE file = open_config(path, failure);
    if (file == INVALID_HANDLE_VALUE)
        return NULL;
    bool ok = GetFileType(file) == FILE_TYPE_DISK ||
              win32_fail_advise(failure, 0, "name a file", "%s is a device or pipe", path);
    ok = ok && is_no_link(file, path, "name the real file", failure) &&
         judge_all(file, path, TRUST_FILE, keepers, report, failure);
    if (!ok) {
        CloseHandle(file);
        return NULL;
    }
    FILE *stream = stream_of(file);
    if (!stream)
        win32_fail(failure, ERROR_TOO_MANY_OPEN_FILES, "cannot open %s", path);
    return stream;
}
