/* Lists what a machine has. See installer_listing.h. */
#include "installer_listing.h"

#include <shlobj.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { LINE_MAX_CHARS = 1024, DEEPEST = 40 };

struct listing {
    wchar_t **lines;
    size_t count, capacity;
};

static void add_line(listing *list, const wchar_t *line)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 4096;
        list->lines = realloc(list->lines, list->capacity * sizeof *list->lines);
    }
    wchar_t *copy = _wcsdup(line);
    if (!list->lines || !copy)
        support_fail("out of memory");
    list->lines[list->count++] = copy;
}

static void add_files(listing *list, const wchar_t *folder, int depth)
{
    wchar_t path[LINE_MAX_CHARS];
    WIN32_FIND_DATAW found;
    swprintf(path, LINE_MAX_CHARS, L"%ls\\*", folder);
    HANDLE search = FindFirstFileW(path, &found);
    if (search == INVALID_HANDLE_VALUE)
        return;
    do {
        if (wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0)
            continue;
        swprintf(path, LINE_MAX_CHARS, L"%ls\\%ls", folder, found.cFileName);
        add_line(list, path);
        if ((found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) && depth < DEEPEST)
            add_files(list, path, depth + 1);
    } while (FindNextFileW(search, &found));
    FindClose(search);
}

static void add_known_folder(listing *list, int folder)
{
    wchar_t path[MAX_PATH];
    if (SUCCEEDED(SHGetFolderPathW(NULL, folder, NULL, SHGFP_TYPE_CURRENT, path)))
        add_files(list, path, 0);
}

static void add_key(listing *list, const wchar_t *name, int depth)
{
    wchar_t part[512], line[LINE_MAX_CHARS];
    HKEY key;
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, name, 0, KEY_READ | KEY_WOW64_64KEY, &key) != ERROR_SUCCESS)
        return;
    for (DWORD i = 0, length = 512;
         RegEnumValueW(key, i, part, &length, NULL, NULL, NULL, NULL) == ERROR_SUCCESS; i++, length = 512) {
        swprintf(line, LINE_MAX_CHARS, L"HKLM\\%ls: %ls", name, part);
        add_line(list, line);
    }
    for (DWORD i = 0, length = 512;
         depth < DEEPEST && RegEnumKeyExW(key, i, part, &length, NULL, NULL, NULL, NULL) == ERROR_SUCCESS;
         i++, length = 512) {
        swprintf(line, LINE_MAX_CHARS, L"%ls\\%ls", name, part);
        add_key(list, line, depth + 1);
    }
    RegCloseKey(key);
    swprintf(line, LINE_MAX_CHARS, L"HKLM\\%ls", name);
    add_line(list, line);
}

static int by_text(const void *a, const void *b)
{
    return _wcsicmp(*(wchar_t *const *)a, *(wchar_t *const *)b);
}

/* Each folder of the search path: an installer may leave none of its own there. */
static void add_search_path(listing *list)
{
    static wchar_t path[32768];
    wchar_t line[LINE_MAX_CHARS];
    DWORD size = sizeof path;
    if (RegGetValueW(HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment",
                     L"PATH", RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND, NULL, path,
                     &size) != ERROR_SUCCESS)
        return;
    for (wchar_t *at = path, *end; *at; at = end) {
        size_t length = wcscspn(at, L";");
        if (length > 0) {
            swprintf(line, LINE_MAX_CHARS, L"PATH %.*ls", (int)length, at);
            add_line(list, line);
        }
        end = at + length + (at[length] == L';');
    }
}

listing *listing_take(void)
{
    listing *list = calloc(1, sizeof *list);
    if (!list)
        abort();
    add_known_folder(list, CSIDL_PROGRAM_FILES);
    add_known_folder(list, CSIDL_COMMON_APPDATA);
    add_known_folder(list, CSIDL_COMMON_PROGRAMS);
    add_known_folder(list, CSIDL_PROGRAMS); /* Wine puts everybody's entries there */
    add_key(list, L"SOFTWARE", 0);
    add_key(list, L"SYSTEM\\CurrentControlSet\\Services", 0);
    add_search_path(list);
    qsort(list->lines, list->count, sizeof *list->lines, by_text);
    return list;
}

void listing_free(listing *list)
{
    for (size_t i = 0; list && i < list->count; i++)
        free(list->lines[i]);
    if (list)
        free(list->lines);
    free(list);
}

/* The keys that Windows Installer makes for its records of all products, with the first that it installs. */
static bool is_installers_own(const wchar_t *line)
{
    static const wchar_t *const keys[] = {
        L"HKLM\\SOFTWARE\\Classes\\Installer",
        L"HKLM\\SOFTWARE\\Classes\\Installer\\Features",
        L"HKLM\\SOFTWARE\\Classes\\Installer\\Products",
        L"HKLM\\SOFTWARE\\Classes\\Installer\\UpgradeCodes",
        L"HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Installer\\UpgradeCodes",
        L"HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Installer\\UserData",
        L"HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Installer\\UserData\\S-1-5-18",
        L"HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Installer\\UserData\\S-1-5-18\\Components",
        L"HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Installer\\UserData\\S-1-5-18\\Products"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (_wcsicmp(line, keys[i]) == 0)
            return true;
    return false;
}

const char *listing_added(const listing *before, const listing *after, const char *but_for)
{
    const wchar_t *prefix = support_wide(but_for);
    char *added = support_text("%s", "");
    size_t i = 0;
    for (size_t j = 0; j < after->count; j++) {
        const wchar_t *line = after->lines[j];
        while (i < before->count && _wcsicmp(before->lines[i], line) < 0)
            i++;
        bool known = i < before->count && _wcsicmp(before->lines[i], line) == 0;
        if (!known && !is_installers_own(line) && !(*prefix && _wcsnicmp(line, prefix, wcslen(prefix)) == 0))
            added = support_text("%s%s\n", added, support_utf8(line));
    }
    return added;
}

/* One value: its name, its type, its bytes in hexadecimal. */
static char *value_text(const wchar_t *name, DWORD type, const BYTE *data, DWORD size)
{
    char *text = support_text("%s %lu", support_utf8(name), type);
    if (type == REG_SZ || type == REG_EXPAND_SZ)
        return support_text("%s %s\n", text, support_utf8((const wchar_t *)(const void *)data));
    for (DWORD i = 0; i < size; i++)
        text = support_text("%s %02x", text, data[i]);
    return support_text("%s\n", text);
}

const char *listing_of_key(const wchar_t *key_name)
{
    wchar_t name[512], below[LINE_MAX_CHARS];
    union {
        BYTE bytes[4096];
        wchar_t aligned;
    } data;
    DWORD length = 512, size = sizeof data - sizeof(wchar_t), type;
    char *text = support_text("%s", "");
    HKEY key;
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, key_name, 0, KEY_READ | KEY_WOW64_64KEY, &key) != ERROR_SUCCESS)
        return text;
    memset(&data, 0, sizeof data);
    for (DWORD i = 0; RegEnumValueW(key, i, name, &length, NULL, &type, data.bytes, &size) == ERROR_SUCCESS;
         i++) {
        text = support_text("%s%s", text, value_text(name, type, data.bytes, size));
        length = 512;
        size = sizeof data - sizeof(wchar_t);
        memset(&data, 0, sizeof data);
    }
    for (DWORD i = 0; RegEnumKeyExW(key, i, name, &length, NULL, NULL, NULL, NULL) == ERROR_SUCCESS; i++) {
        swprintf(below, LINE_MAX_CHARS, L"%ls\\%ls", key_name, name);
        text = support_text("%s[%s]\n%s", text, support_utf8(name), listing_of_key(below));
        length = 512;
    }
    RegCloseKey(key);
    return text;
}
