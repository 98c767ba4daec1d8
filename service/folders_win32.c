/* Where things stand on disk, with their descriptors. See platform.h. */
#include "support_win32.h"
#include "taken_win32.h"

#include <aclapi.h>
#include <initguid.h>
#include <knownfolders.h>
#include <shlobj.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define SERVICE_SIDS "S-1-5-80-"

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

/* Whether `owner` is Administrators, the system, a service (S-1-5-80-…: only administrators make those), or this process's
   own account: an owner can always change the rights again, so nobody else's folder may be used. */
static bool is_trusted_owner(PSID owner)
{
    char owner_sid[CONFIG_SID_TEXT], own_sid[CONFIG_SID_TEXT];
    platform_failure ignored;
    win32_sid_text(owner, owner_sid);
    return trust_is_administrative(owner_sid) ||
           strncmp(owner_sid, SERVICE_SIDS, strlen(SERVICE_SIDS)) == 0 ||
           (platform_owner_sid(own_sid, &ignored) && strcmp(owner_sid, own_sid) == 0) ||
           (platform_user_sid(own_sid, &ignored) && strcmp(owner_sid, own_sid) == 0);
}

static bool refuse_foreign(HANDLE folder, const char *shown, platform_failure *failure)
{
    PSID owner = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    char account[600] = "an account that may not be seen";
    DWORD error = GetSecurityInfo(folder, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL,
                                  NULL, &descriptor);
    bool trusted = error == ERROR_SUCCESS && owner && is_trusted_owner(owner);
    if (!trusted && error == ERROR_SUCCESS && owner)
        win32_account_text(owner, account, sizeof account);
    LocalFree(descriptor);
    return trusted ||
           win32_fail_advise(failure, 0, "look at what is in it, move it away, and try again",
                             "the folder %s was made by %s, who could change its rights at any time", shown,
                             account);
}

/* Gives an existing folder its rights again. Checked and set on one handle, so that nobody can put another folder, or a
   link, in its place meanwhile. */
static bool repair_descriptor(const wchar_t *path, PSECURITY_DESCRIPTOR descriptor, const char *shown,
                              platform_failure *failure)
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
    ok = ok && refuse_foreign(folder, shown, failure);
    if (ok) {
        DWORD error = SetSecurityInfo(folder, SE_FILE_OBJECT,
                                      DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, NULL,
                                      NULL, dacl, NULL);
        ok = error == ERROR_SUCCESS ||
             win32_fail(failure, error, "cannot set the rights of the folder %s", shown);
    }
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
             (!repair || repair_descriptor(wide, descriptor, path, failure));
    else if (!ok)
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

/* Creates every folder of `path` below %ProgramData%, itself included, with one descriptor. */
static bool create_way(const char *path, size_t from, const char *sddl, bool repair,
                       platform_failure *failure)
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
    return ok;
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
    char root[PLATFORM_PATH], home[PLATFORM_PATH], logs[PLATFORM_PATH];
    char *config_sddl = config_folder_sddl(identity), *data_sddl = data_folder_sddl(identity);
    parent_of(folders->config, home);
    parent_of(folders->log, logs);
    bool ok = program_data(root, sizeof root, failure) && config_sddl && data_sddl &&
              create_way(home, strlen(root) + 1, config_sddl, repair, failure) &&
              create_way(logs, strlen(home) + 1, data_sddl, repair, failure);
    free(config_sddl);
    free(data_sddl);
    return ok;
}

/* ---- Removing them ----------------------------------------------------------------------------- */

#define DEEPEST 64 /* folders within folders: nothing that the broker makes comes near it */

static bool remove_tree(const char *path, int depth, platform_failure *failure);

/* One file, link or folder. A link is a name of its own: it goes, and what it points to stays. */
static bool remove_entry(const WIN32_FIND_DATAW *found, const char *folder, int depth,
                         platform_failure *failure)
{
    char name[MAX_PATH * 3 + 1];
    if (!win32_utf8_into(found->cFileName, name, sizeof name))
        return win32_fail(failure, ERROR_INVALID_NAME, "cannot remove a file in %s", folder);
    char *path = text_make("%s\\%s", folder, name);
    wchar_t *wide = path ? win32_wide(path) : NULL;
    bool is_folder = found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY;
    bool is_link = found->dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT;
    bool ok = wide != NULL;
    if (ok && is_folder && !is_link)
        ok = remove_tree(path, depth + 1, failure);
    else if (ok && !(is_folder ? RemoveDirectoryW(wide) : DeleteFileW(wide)))
        ok = win32_fail_advise(failure, GetLastError(),
                               "close the programs that use it, and remove it by hand", "cannot remove %s",
                               path);
    free(wide);
    free(path);
    return ok;
}

static bool is_other_entry(const wchar_t *name, int depth)
{
    return wcscmp(name, L".") == 0 || wcscmp(name, L"..") == 0 ||
           (depth == 0 && _wcsicmp(name, L"instances") == 0);
}

static bool remove_entries(const char *path, int depth, platform_failure *failure)
{
    WIN32_FIND_DATAW found;
    char *pattern = text_make("%s\\*", path);
    wchar_t *wide = pattern ? win32_wide(pattern) : NULL;
    HANDLE search = wide ? FindFirstFileW(wide, &found) : INVALID_HANDLE_VALUE;
    DWORD error = search == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;
    bool ok = error == ERROR_SUCCESS || error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND ||
              win32_fail(failure, error, "cannot list the folder %s", path);
    while (search != INVALID_HANDLE_VALUE && ok) {
        ok = is_other_entry(found.cFileName, depth) || remove_entry(&found, path, depth, failure);
        if (!FindNextFileW(search, &found))
            break;
    }
    if (search != INVALID_HANDLE_VALUE)
        FindClose(search);
    free(wide);
    free(pattern);
    return ok;
}

static bool remove_tree(const char *path, int depth, platform_failure *failure)
{
    if (depth > DEEPEST)
        return win32_fail(failure, ERROR_FILENAME_EXCED_RANGE, "cannot remove %s", path);
    if (!remove_entries(path, depth, failure))
        return false;
    wchar_t *wide = win32_wide(path);
    bool ok = wide && RemoveDirectoryW(wide);
    DWORD error = ok ? ERROR_SUCCESS : GetLastError();
    free(wide);
    /* Other instances' folders keep the outermost one. */
    if (ok || error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND ||
        (depth == 0 && error == ERROR_DIR_NOT_EMPTY))
        return true;
    return win32_fail_advise(failure, error, "close the programs that use it, and remove it by hand",
                             "cannot remove the folder %s", path);
}

bool platform_folders_remove(const platform_folders *folders, platform_failure *failure)
{
    char home[PLATFORM_PATH];
    parent_of(folders->config, home);
    wchar_t *wide = win32_wide(home);
    bool absent = wide && GetFileAttributesW(wide) == INVALID_FILE_ATTRIBUTES;
    bool ok = absent || (wide && is_plain_folder(wide, home, failure) && remove_tree(home, 0, failure));
    free(wide);
    return ok;
}
