/* Where things stand on disk, with their descriptors. See platform.h. */
#include "folder_rights_win32.h"
#include "names.h"
#include "paths_win32.h"
#include "taken_win32.h"

#include <aclapi.h>
#include <initguid.h>
#include <knownfolders.h>
#include <shlobj.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* %ProgramData%, as the system has it: not as an environment variable claims. */
static bool program_data(char *buffer, size_t size, platform_failure *failure)
{
    wchar_t *wide = NULL;
    HRESULT result = SHGetKnownFolderPath(&FOLDERID_ProgramData, 0, NULL, &wide);
    bool ok = SUCCEEDED(result) && win32_utf8_into(wide, buffer, size);
    CoTaskMemFree(wide);
    return ok || win32_fail(failure, (DWORD)result, "cannot find the ProgramData folder");
}

bool platform_folders_find(const char *instance, platform_folders *folders, platform_failure *failure)
{
    char root[PLATFORM_PATH / 2], home[PLATFORM_PATH - 64];
    memset(folders, 0, sizeof *folders);
    if (!program_data(root, sizeof root, failure))
        return false;
    snprintf(home, sizeof home, "%s\\ShmBroker%s%s", root, *instance ? "\\instances\\" : "", instance);
    snprintf(folders->config, sizeof folders->config, "%s\\shmbroker.yaml", home);
    snprintf(folders->data, sizeof folders->data, "%s\\data", home);
    snprintf(folders->log, sizeof folders->log, "%s\\data\\logs\\shmbroker.log", home);
    return true;
}

/* An existing folder is used only when nobody can lead us elsewhere by it. */
static bool is_plain_folder(const wchar_t *path, const char *shown, platform_failure *failure)
{
    DWORD attributes = GetFileAttributesW(path);
    if (attributes == INVALID_FILE_ATTRIBUTES)
        return win32_fail(failure, GetLastError(), "cannot examine the folder %s", shown);
    if (!(attributes & FILE_ATTRIBUTE_DIRECTORY) || (attributes & FILE_ATTRIBUTE_REPARSE_POINT))
        return win32_fail_advise(failure, 0, "move it away; the broker makes the folder itself",
                                 "%s is not a plain folder but a file, link or mount", shown);
    return true;
}

/* Gives an existing folder its rights again. Checked and set on one handle, so that nobody can put another folder, or a
   link, in its place meanwhile. */
static bool repair_descriptor(const wchar_t *path, PSECURITY_DESCRIPTOR descriptor, const char *sddl,
                              const char *shown, platform_failure *failure)
{
    PACL dacl = NULL;
    BOOL present, defaulted;
    BY_HANDLE_FILE_INFORMATION info;
    HANDLE folder =
        CreateFileW(path, READ_CONTROL | WRITE_DAC | FILE_READ_ATTRIBUTES, FILE_SHARE_READ | FILE_SHARE_WRITE,
                    NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (folder == INVALID_HANDLE_VALUE)
        return win32_fail_advise(failure, GetLastError(), "use an elevated console, or move the folder away",
                                 "cannot open the folder %s", shown);
    bool ok = GetFileInformationByHandle(folder, &info) &&
              !(info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) &&
              GetSecurityDescriptorDacl(descriptor, &present, &dacl, &defaulted);
    if (!ok)
        win32_fail(failure, GetLastError(), "cannot examine the folder %s", shown);
    ok = ok && win32_owner_is_trusted(folder, shown, failure);
    if (ok) {
        DWORD error = SetSecurityInfo(folder, SE_FILE_OBJECT,
                                      DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, NULL,
                                      NULL, dacl, NULL);
        ok = error == ERROR_SUCCESS ||
             win32_fail(failure, error, "cannot set the rights of the folder %s", shown);
    }
    ok = ok && win32_folder_has_rights(folder, sddl, shown, failure);
    CloseHandle(folder);
    return ok;
}

static bool create_folder(const char *path, const char *sddl, bool repair, platform_failure *failure)
{
    bool ok = false;
    wchar_t *wide = win32_wide(path);
    PSECURITY_DESCRIPTOR descriptor = win32_descriptor(sddl, failure);
    SECURITY_ATTRIBUTES security = {sizeof security, descriptor, FALSE};
    if (!wide || !descriptor)
        goto cleanup;
    if (!win32_may_create_global()) { /* neither a service nor elevated: such a folder would be a user's */
        ok = is_plain_folder(wide, path, failure);
        goto cleanup;
    }
    ok = CreateDirectoryW(wide, &security);
    if (!ok && GetLastError() == ERROR_ALREADY_EXISTS)
        ok = is_plain_folder(wide, path, failure) &&
             (!repair || repair_descriptor(wide, descriptor, sddl, path, failure));
    else if (ok)
        ok = win32_new_folder_has_rights(wide, sddl, path, failure);
    else
        win32_fail_advise(failure, GetLastError(), "run `shmbroker install` elevated once, which makes it",
                          "cannot create the folder %s", path);
cleanup:
    LocalFree(descriptor);
    free(wide);
    return ok;
}

/* Everything in an instance's folder belongs to administrators; Users may read what is declared. */
static char *config_folder_sddl(const access_identity *identity)
{
    return text_make("D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;%s)(A;OICI;0x1200a9;;;BU)",
                     identity->broker_sid);
}

/* The data folder is the broker's; the owner is the same account, or the person who tries it in a console. */
static char *data_folder_sddl(const access_identity *identity)
{
    return text_make("D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;%s)(A;OICI;FA;;;%s)",
                     identity->broker_sid, identity->owner_sid);
}

/* Looks again at a folder as it is now, through a handle that no link leads elsewhere: whoever could have made it, or
   changed it before it had its rights, must not have left himself a way in. */
static bool is_kept(const char *path, const access_identity *identity, platform_failure *failure)
{
    char user[CONFIG_SID_TEXT],
        first[CONFIG_SID_TEXT]; /* the default instance's, whose folder has the others' */
    if (!platform_user_sid(user, failure) || !platform_service_sid(NAMES_SERVICE, first, failure))
        return false;
    const char *const sids[] = {identity->broker_sid, identity->owner_sid, user, first};
    const trust_keepers keepers = {sids, sizeof sids / sizeof sids[0]};
    trust_report report = {0};
    bool ok = platform_trust_examine(path, TRUST_FOLDER, &keepers, &report, failure);
    if (ok && report.count > 0) {
        char *what = trust_describe(&report.items[0]), *remedy = trust_remedy(&report.items[0]);
        ok = win32_fail_advise(failure, 0, remedy ? remedy : "correct its rights", "%s", what ? what : path);
        free(remedy);
        free(what);
    }
    trust_report_free(&report);
    return ok;
}

/* Creates every folder of `path` below %ProgramData%, itself included, with one descriptor. */
static bool create_way(const char *path, size_t from, const char *sddl, const access_identity *identity,
                       bool repair, platform_failure *failure)
{
    char part[PLATFORM_PATH];
    size_t length = strlen(path);
    bool ok = true;
    for (size_t at = from; ok && at <= length; at++) {
        if (path[at] != '\\' && path[at] != 0)
            continue;
        snprintf(part, sizeof part, "%.*s", (int)at, path);
        ok = create_folder(part, sddl, repair, failure);
    }
    /* A process that creates no folders finds those of others, which are theirs. */
    return ok && (!win32_may_create_global() || is_kept(path, identity, failure));
}

/* The folder that `path` is in. */
static void parent_of(const char *path, char buffer[PLATFORM_PATH])
{
    snprintf(buffer, PLATFORM_PATH, "%s", path);
    char *last = strrchr(buffer, '\\');
    if (last)
        *last = 0;
}

bool platform_folders_create(const platform_folders *folders, const access_identity *identity, bool repair,
                             platform_failure *failure)
{
    char root[PLATFORM_PATH], home[PLATFORM_PATH], logs[PLATFORM_PATH], fragments[PLATFORM_PATH];
    char *config_sddl = config_folder_sddl(identity), *data_sddl = data_folder_sddl(identity);
    parent_of(folders->config, home);
    parent_of(folders->log, logs);
    bool ok = program_data(root, sizeof root, failure) && config_sddl && data_sddl &&
              create_way(home, strlen(root) + 1, config_sddl, identity, repair, failure) &&
              create_way(logs, strlen(home) + 1, data_sddl, identity, repair, failure);
    if (ok && repair) { /* a broker does without: who includes nothing needs no such folder */
        snprintf(fragments, sizeof fragments, "%.*s\\conf.d", (int)(sizeof fragments - 8), home);
        ok = create_way(fragments, strlen(home) + 1, config_sddl, identity, repair, failure);
    }
    free(config_sddl);
    free(data_sddl);
    return ok;
}

/* ---- Removing them ----------------------------------------------------------------------------- */

#define DEEPEST   64     /* folders within folders: nothing that the broker makes comes near it */
#define LISTED    65536u /* bytes of one answer about what is in a folder */
#define INSTANCES L"instances"
#define BY_HAND   "close the programs that use it, and remove it by hand"

/* Opens what is to go, itself and not what it may point to. While it is open nobody renames it, nor a folder above:
   what was looked at is what is deleted. */
static HANDLE open_to_remove(const wchar_t *path)
{
    return CreateFileW(path, DELETE | FILE_LIST_DIRECTORY | FILE_READ_ATTRIBUTES | SYNCHRONIZE,
                       FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING,
                       FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
}

/* It goes when its handle is closed. */
static bool mark_for_deletion(HANDLE handle)
{
    FILE_DISPOSITION_INFO info = {TRUE};
    return SetFileInformationByHandle(handle, FileDispositionInfo, &info, sizeof info);
}

static bool empty_folder(HANDLE folder, const char *path, int depth, platform_failure *failure);

/* One file, link or folder. A link is a name of its own: it goes, and what it points to stays. */
static bool remove_one(const char *path, int depth, platform_failure *failure)
{
    BY_HANDLE_FILE_INFORMATION info;
    wchar_t *wide = win32_wide(path);
    HANDLE handle = wide ? open_to_remove(wide) : INVALID_HANDLE_VALUE;
    DWORD error = wide ? GetLastError() : ERROR_OUTOFMEMORY;
    free(wide);
    if (handle == INVALID_HANDLE_VALUE)
        return error == ERROR_FILE_NOT_FOUND ||
               win32_fail_advise(failure, error, BY_HAND, "cannot remove %s", path);
    bool ok = GetFileInformationByHandle(handle, &info);
    bool folder = ok && (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) &&
                  !(info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT);
    bool emptied = !folder || empty_folder(handle, path, depth, failure);
    if (emptied && !(ok && mark_for_deletion(handle)))
        emptied = win32_fail_advise(failure, GetLastError(), BY_HAND, "cannot remove %s", path);
    CloseHandle(handle);
    return emptied;
}

static bool is_other_entry(const wchar_t *name, int depth)
{
    return wcscmp(name, L".") == 0 || wcscmp(name, L"..") == 0 ||
           (depth == 0 && _wcsicmp(name, INSTANCES) == 0);
}

static bool remove_entry(const char *folder, const wchar_t *wide_name, int depth, platform_failure *failure)
{
    char *name = win32_utf8(wide_name), *path = name ? text_make("%s\\%s", folder, name) : NULL;
    bool ok = path ? remove_one(path, depth + 1, failure)
                   : win32_fail(failure, ERROR_OUTOFMEMORY, "cannot remove a file in %s", folder);
    free(path);
    free(name);
    return ok;
}

/* The entries of one answer of the system, each `NextEntryOffset` behind the one before. */
static bool remove_entries(const char *path, const BYTE *answer, int depth, platform_failure *failure)
{
    for (;;) {
        const FILE_ID_BOTH_DIR_INFO *entry = (const FILE_ID_BOTH_DIR_INFO *)(const void *)answer;
        wchar_t name[MAX_PATH + 1];
        size_t length = entry->FileNameLength / sizeof *name;
        length = length < MAX_PATH ? length : MAX_PATH;
        wmemcpy(name, entry->FileName, length);
        name[length] = 0;
        if (!is_other_entry(name, depth) && !remove_entry(path, name, depth, failure))
            return false;
        if (entry->NextEntryOffset == 0)
            return true;
        answer += entry->NextEntryOffset;
    }
}

/* Removes all that is in the open folder. */
static bool empty_folder(HANDLE folder, const char *path, int depth, platform_failure *failure)
{
    if (depth > DEEPEST)
        return win32_fail_advise(failure, 0, "remove it by hand",
                                 "%s stands deeper in folders than anything that the broker makes", path);
    BYTE *answer = malloc(LISTED);
    bool ok = answer != NULL;
    if (!ok)
        win32_fail(failure, ERROR_OUTOFMEMORY, "cannot list the folder %s", path);
    while (ok && GetFileInformationByHandleEx(folder, FileIdBothDirectoryInfo, answer, LISTED))
        ok = remove_entries(path, answer, depth, failure);
    if (ok && GetLastError() != ERROR_NO_MORE_FILES)
        ok = win32_fail(failure, GetLastError(), "cannot list the folder %s", path);
    free(answer);
    return ok;
}

/* The folder itself goes, unless other instances have theirs in it: then it stays with them, and `left` names them. */
static bool remove_home(HANDLE folder, const char *home, char left[PLATFORM_PATH], platform_failure *failure)
{
    snprintf(left, PLATFORM_PATH, "%s\\instances", home);
    wchar_t *instances = win32_wide(left);
    bool others = instances && !RemoveDirectoryW(instances) && GetLastError() == ERROR_DIR_NOT_EMPTY;
    free(instances);
    if (others)
        return true;
    left[0] = 0;
    return mark_for_deletion(folder) ||
           win32_fail_advise(failure, GetLastError(), "look at what is still in it, and remove it by hand",
                             "cannot remove the folder %s", home);
}

bool platform_folders_remove(const platform_folders *folders, char left[PLATFORM_PATH],
                             platform_failure *failure)
{
    char home[PLATFORM_PATH];
    left[0] = 0;
    parent_of(folders->config, home);
    wchar_t *wide = win32_wide(home);
    if (wide && GetFileAttributesW(wide) == INVALID_FILE_ATTRIBUTES &&
        GetLastError() != ERROR_ACCESS_DENIED) {
        free(wide);
        return true;
    }
    HANDLE folder = wide ? open_to_remove(wide) : INVALID_HANDLE_VALUE;
    bool ok = false;
    if (folder == INVALID_HANDLE_VALUE)
        win32_fail_advise(failure, GetLastError(), BY_HAND, "cannot remove the folder %s", home);
    else
        ok = is_plain_folder(wide, home, failure) && win32_is_where_named(folder, home, failure) &&
             empty_folder(folder, home, 0, failure) && remove_home(folder, home, left, failure);
    if (folder != INVALID_HANDLE_VALUE)
        CloseHandle(folder);
    free(wide);
    return ok;
}
