/* Whether a folder has the rights that it was given. See folder_rights_win32.h. */
#include "folder_rights_win32.h"

#include "sddl_difference.h"

#include <aclapi.h>
#include <sddl.h>
#include <stdlib.h>
#include <string.h>

#define OWNER_AND_DACL (OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION)
#define LOOK           (READ_CONTROL | FILE_READ_ATTRIBUTES)
#define SHARE_ALL      (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/* Written and read back: rights that no Unix permissions can say. */
#define PROBE L"D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x1200a9;;;NS)(A;;0x120116;;;LS)"

/* As the system writes it; the caller frees it. */
static char *text_of(PSECURITY_DESCRIPTOR descriptor)
{
    wchar_t *wide = NULL;
    if (!ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, SDDL_REVISION_1, OWNER_AND_DACL,
                                                              &wide, NULL))
        return NULL;
    char *sddl = win32_utf8(wide);
    LocalFree(wide);
    return sddl;
}

static char *text_of_object(HANDLE object)
{
    PSECURITY_DESCRIPTOR found = NULL;
    char *sddl = NULL;
    if (GetSecurityInfo(object, SE_FILE_OBJECT, OWNER_AND_DACL, NULL, NULL, NULL, NULL, &found) ==
        ERROR_SUCCESS)
        sddl = text_of(found);
    LocalFree(found);
    return sddl;
}

/* Both texts are the system's, so that the same account or right is written in the same way. */
static bool has_rights(HANDLE object, PSECURITY_DESCRIPTOR wanted, char difference[SDDL_DIFFERENCE])
{
    char *wanted_text = text_of(wanted), *found_text = text_of_object(object);
    bool same = false;
    snprintf(difference, SDDL_DIFFERENCE, "they cannot be read");
    if (wanted_text && found_text)
        same = sddl_is_same(wanted_text, found_text, difference);
    free(found_text);
    free(wanted_text);
    return same;
}

/* A file of that descriptor among the temporary ones, gone when it is closed. */
static HANDLE make_probe(PSECURITY_DESCRIPTOR descriptor)
{
    SECURITY_ATTRIBUTES security = {sizeof security, descriptor, FALSE};
    wchar_t folder[MAX_PATH + 1], path[MAX_PATH + 64];
    DWORD length = GetTempPathW(MAX_PATH + 1, folder);
    if (length == 0 || length > MAX_PATH)
        return INVALID_HANDLE_VALUE;
    swprintf(path, MAX_PATH + 64, L"%lsshmbroker-%lu-%llu.tmp", folder, GetCurrentProcessId(),
             (unsigned long long)GetTickCount64());
    return CreateFileW(path, READ_CONTROL | DELETE, SHARE_ALL, &security, CREATE_NEW,
                       FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, NULL);
}

/* Whether files keep their descriptors here. Tried once; where it cannot be tried, they are taken to. */
static bool descriptors_are_kept(void)
{
    static int kept = -1;
    char ignored[SDDL_DIFFERENCE];
    PSECURITY_DESCRIPTOR descriptor = NULL;
    if (kept >= 0)
        return kept == 1;
    kept = 1;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(PROBE, SDDL_REVISION_1, &descriptor, NULL))
        return true;
    HANDLE probe = make_probe(descriptor);
    if (probe != INVALID_HANDLE_VALUE) {
        kept = has_rights(probe, descriptor, ignored);
        CloseHandle(probe);
    }
    LocalFree(descriptor);
    return kept == 1;
}

bool win32_folder_has_rights(HANDLE folder, const char *sddl, const char *shown, platform_failure *failure)
{
    char difference[SDDL_DIFFERENCE];
    PSECURITY_DESCRIPTOR wanted = win32_descriptor(sddl, failure);
    if (!wanted)
        return false;
    bool same = has_rights(folder, wanted, difference) || !descriptors_are_kept();
    LocalFree(wanted);
    return same ||
           win32_fail_advise(failure, 0,
                             "find out which program changes the rights of new folders, or look at what is "
                             "in it and move it away, then run `shmbroker install` elevated",
                             "the folder %s has not got the rights that it was given: %s", shown, difference);
}

bool win32_new_folder_has_rights(const wchar_t *path, const char *sddl, const char *shown,
                                 platform_failure *failure)
{
    BY_HANDLE_FILE_INFORMATION info;
    char owner[CONFIG_SID_TEXT];
    if (!platform_owner_sid(owner, failure))
        return false;
    char *owned = text_make("O:%s%s", owner, sddl);
    HANDLE folder = CreateFileW(path, LOOK, SHARE_ALL, NULL, OPEN_EXISTING,
                                FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    bool ok = false;
    if (!owned || folder == INVALID_HANDLE_VALUE)
        win32_fail(failure, owned ? GetLastError() : ERROR_OUTOFMEMORY, "cannot open the new folder %s",
                   shown);
    else if (!GetFileInformationByHandle(folder, &info) ||
             (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT))
        win32_fail_advise(failure, 0, "find out which program put it there, and move it away",
                          "the new folder %s has become a link", shown);
    else
        ok = win32_folder_has_rights(folder, owned, shown, failure);
    if (folder != INVALID_HANDLE_VALUE)
        CloseHandle(folder);
    free(owned);
    return ok;
}
