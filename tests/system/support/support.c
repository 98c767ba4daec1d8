/* Failing, cleaning up, texts and files. See support.h. */
#include "account.h"

#include <knownfolders.h>
#include <shlobj.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define PATH_MAX_UNITS 520u

bool support_under_wine(void)
{
    return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

/* ---- Clean-up -------------------------------------------------------------------------------------------------- */

static struct registered {
    void (*undo)(void *object);
    void *object;
} * registered;
static size_t registered_count, registered_capacity;

void support_on_cleanup(void (*undo)(void *object), void *object)
{
    if (registered_count == registered_capacity) {
        size_t capacity = registered_capacity ? 2 * registered_capacity : 64;
        struct registered *larger = support_memory(capacity * sizeof *larger);
        if (registered_count > 0)
            memcpy(larger, registered, registered_count * sizeof *larger);
        free(registered);
        registered = larger;
        registered_capacity = capacity;
    }
    registered[registered_count++] = (struct registered){undo, object};
}

void support_undo(void (*undo)(void *object), void *object)
{
    size_t at = registered_count;
    while (at > 0 && (registered[at - 1].undo != undo || registered[at - 1].object != object))
        at--;
    if (at == 0)
        support_fail("what is to be undone was not registered");
    memmove(registered + at - 1, registered + at, (registered_count - at) * sizeof *registered);
    registered_count--;
    undo(object);
}

void support_cleanup(void)
{
    while (registered_count > 0) {
        struct registered last = registered[--registered_count];
        last.undo(last.object);
    }
    free(registered);
    registered = NULL;
    registered_capacity = 0;
}

void *support_memory(size_t bytes)
{
    void *memory = calloc(1, bytes);
    if (!memory)
        support_fail("out of memory");
    return memory;
}

static void *remembered(size_t bytes)
{
    void *memory = support_memory(bytes);
    support_on_cleanup(free, memory);
    return memory;
}

/* ---- Texts ----------------------------------------------------------------------------------------------------- */

char *support_text(const char *format, ...)
{
    va_list values, again;
    va_start(values, format);
    va_copy(again, values);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = remembered(length < 0 ? 1 : (size_t)length + 1);
    vsnprintf(text, length < 0 ? 1 : (size_t)length + 1, format, values);
    va_end(values);
    return text;
}

char *support_unique(const char *stem)
{
    static unsigned made;
    return support_text("%s-%lx-%u", stem, (unsigned long)GetCurrentProcessId(), ++made);
}

wchar_t *support_copy_wide(const wchar_t *text)
{
    size_t bytes = (wcslen(text) + 1) * sizeof *text;
    return memcpy(support_memory(bytes), text, bytes);
}

wchar_t *support_wide(const char *utf8)
{
    int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8, -1, NULL, 0);
    if (length <= 0)
        support_fail("not UTF-8: %s", utf8);
    wchar_t *wide = remembered((size_t)length * sizeof *wide);
    MultiByteToWideChar(CP_UTF8, 0, utf8, -1, wide, length);
    return wide;
}

char *support_utf8(const wchar_t *wide)
{
    int length = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *utf8 = remembered(length > 0 ? (size_t)length : 1);
    WideCharToMultiByte(CP_UTF8, 0, wide, -1, utf8, length, NULL, NULL);
    return utf8;
}

const char *support_error(DWORD error)
{
    wchar_t words[256] = L"";
    DWORD length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, error, 0,
                                  words, 256, NULL);
    while (length > 0 && words[length - 1] <= L' ')
        words[--length] = 0;
    return support_text("%s (error %lu)", support_utf8(words), error);
}

/* ---- Files ----------------------------------------------------------------------------------------------------- */

char *support_program(const char *name)
{
    wchar_t path[MAX_PATH];
    DWORD length = GetModuleFileNameW(NULL, path, MAX_PATH);
    wchar_t *end = length > 0 && length < MAX_PATH ? wcsrchr(path, L'\\') : NULL;
    if (end)
        *end = 0;
    else
        support_fail("cannot find the folder of this program: %s", support_error(GetLastError()));
    return support_text("%s\\%s", support_utf8(path), name);
}

static char *program_data(void)
{
    wchar_t *root = NULL;
    if (FAILED(SHGetKnownFolderPath(&FOLDERID_ProgramData, 0, NULL, &root)))
        support_fail("cannot find the ProgramData folder");
    char *path = support_utf8(root);
    CoTaskMemFree(root);
    return path;
}

/* A new folder in `base`, which Users may read and `writer` (NULL: administrators alone) write. */
static char *make_folder(const char *base, const char *writer)
{
    char *path = support_text("%s\\%s", base, support_unique("shmbroker-test"));
    const char *sddl = support_text("D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)%s",
                                    writer ? support_text("(A;OICI;FA;;;%s)", writer) : "");
    SECURITY_ATTRIBUTES security = {sizeof security, account_descriptor(sddl), FALSE};
    if (!CreateDirectoryW(support_wide(path), &security))
        support_fail("cannot create the folder %s: %s", path, support_error(GetLastError()));
    support_remove_on_cleanup(path);
    return path;
}

/* What services run by accounts of their own must read is readable, wherever temporary files stand. */
char *support_folder(void)
{
    wchar_t base[MAX_PATH];
    DWORD length = GetTempPathW(MAX_PATH, base);
    if (length == 0 || length >= MAX_PATH)
        support_fail("cannot find the folder for temporary files: %s", support_error(GetLastError()));
    else
        base[length - 1] = 0; /* its backslash */
    return make_folder(support_utf8(base), account_user_sid());
}

char *support_guarded_folder(void)
{
    return make_folder(program_data(), account_is_administrator() ? NULL : account_user_sid());
}

void support_write_file(const char *path, const void *bytes, size_t length)
{
    DWORD written = 0;
    HANDLE file = CreateFileW(support_wide(path), GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    bool ok = file != INVALID_HANDLE_VALUE && WriteFile(file, bytes, (DWORD)length, &written, NULL);
    DWORD error = GetLastError();
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    if (!ok || written != length)
        support_fail("cannot write %s: %s", path, support_error(error));
}

char *support_read_file(const char *path, size_t *length)
{
    DWORD got = 0;
    LARGE_INTEGER size = {.QuadPart = 0};
    HANDLE file =
        CreateFileW(support_wide(path), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE || !GetFileSizeEx(file, &size))
        support_fail("cannot open %s: %s", path, support_error(GetLastError()));
    char *bytes = remembered((size_t)size.QuadPart + 1);
    bool ok = ReadFile(file, bytes, (DWORD)size.QuadPart, &got, NULL);
    DWORD error = GetLastError();
    CloseHandle(file);
    if (!ok)
        support_fail("cannot read %s: %s", path, support_error(error));
    bytes[got] = 0;
    if (length)
        *length = got;
    return bytes;
}

bool support_file_exists(const char *path)
{
    return GetFileAttributesW(support_wide(path)) != INVALID_FILE_ATTRIBUTES;
}

static bool remove_one(const wchar_t *path, DWORD attributes)
{
    SetFileAttributesW(path, FILE_ATTRIBUTE_NORMAL);
    return (attributes & FILE_ATTRIBUTE_DIRECTORY) ? RemoveDirectoryW(path) : DeleteFileW(path);
}

static void remove_tree(const wchar_t *folder, unsigned depth)
{
    wchar_t path[PATH_MAX_UNITS];
    WIN32_FIND_DATAW found;
    swprintf(path, PATH_MAX_UNITS, L"%ls\\*", folder);
    HANDLE search = depth < 16 ? FindFirstFileW(path, &found) : INVALID_HANDLE_VALUE;
    for (BOOL more = search != INVALID_HANDLE_VALUE; more; more = FindNextFileW(search, &found)) {
        if (wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0)
            continue;
        swprintf(path, PATH_MAX_UNITS, L"%ls\\%ls", folder, found.cFileName);
        if ((found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) &&
            !(found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT))
            remove_tree(path, depth + 1);
        else
            remove_one(path, found.dwFileAttributes);
    }
    if (search != INVALID_HANDLE_VALUE)
        FindClose(search);
    remove_one(folder, FILE_ATTRIBUTE_DIRECTORY);
}

static void undo_folder(void *path)
{
    remove_tree(path, 0);
    free(path);
}

void support_remove_on_cleanup(const char *folder)
{
    support_on_cleanup(undo_folder, support_copy_wide(support_wide(folder)));
}

char *support_home(const char *instance)
{
    return support_text("%s\\ShmBroker%s%s", program_data(), *instance ? "\\instances\\" : "", instance);
}
