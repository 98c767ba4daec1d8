/*
 * Which processes hold an object. See holder_win32.h.
 *
 * The system lists all handles of all processes, each with its process, its value, and the address of its object in the
 * kernel. Our own handle tells the address, and the others with the same address are the holders'. A system that hides
 * addresses (Windows 11 24H2 does from whoever may not debug) lists zeros: then handles of the same type are
 * duplicated and compared, which needs rights on their processes.
 */
#include "holder_win32.h"

#include <stdlib.h>
#include <tlhelp32.h>

#define EXTENDED_HANDLES   64 /* SystemExtendedHandleInformation */
#define LENGTH_MISMATCH    ((LONG)0xC0000004)
#define FIRST_BYTES        (1u << 20)
#define MOST_BYTES         (256u << 20)
#define MOST_SHOWN         3u
#define MOST_HOLDERS       64u
#define MOST_MILLISECONDS  2000u /* of one search */
#define TOTAL_MILLISECONDS 6000u /* of all searches that begin within one window: of a start, of a reload */
#define WINDOW_MS          60000u

typedef struct handle_entry {
    void *object;
    ULONG_PTR process;
    ULONG_PTR handle;
    ULONG access;
    USHORT trace;
    USHORT type;
    ULONG attributes;
    ULONG reserved;
} handle_entry;

typedef struct handle_list {
    ULONG_PTR count;
    ULONG_PTR reserved;
    handle_entry entries[1];
} handle_list;

typedef LONG(WINAPI *query_function)(ULONG what, void *buffer, ULONG bytes, ULONG *needed);
typedef BOOL(WINAPI *compare_function)(HANDLE left, HANDLE right);

/* A search, and what it found. */
typedef struct search {
    HANDLE object;
    const handle_entry *own; /* its entry in the list */
    ULONGLONG end;           /* of the time that it has */
    DWORD holders[MOST_HOLDERS];
    size_t count;
    bool hidden; /* some process did not let us look */
    bool out_of_time;
    bool left_out; /* others took all the time that there is for searches */
} search;

typedef void (*any_function)(void); /* what every function pointer may pass through */

static any_function function_of(const wchar_t *library, const char *name)
{
    HMODULE module = GetModuleHandleW(library);
    return module ? (any_function)GetProcAddress(module, name) : NULL;
}

/* All handles of the system. The caller frees the list. */
static handle_list *list_handles(void)
{
    query_function query = (query_function)function_of(L"ntdll.dll", "NtQuerySystemInformation");
    handle_list *list = NULL;
    for (ULONG bytes = FIRST_BYTES; query && bytes <= MOST_BYTES; bytes *= 2) {
        ULONG needed = 0;
        list = malloc(bytes);
        LONG status = list ? query(EXTENDED_HANDLES, list, bytes, &needed) : -1;
        ULONG_PTR room = (bytes - offsetof(handle_list, entries)) / sizeof(handle_entry);
        if (status >= 0 && list->count <= room)
            return list;
        free(list);
        if (status != LENGTH_MISMATCH)
            return NULL;
    }
    return NULL;
}

static const handle_entry *find_own(const handle_list *list, HANDLE object)
{
    for (ULONG_PTR i = 0; i < list->count; i++)
        if (list->entries[i].process == GetCurrentProcessId() && list->entries[i].handle == (ULONG_PTR)object)
            return &list->entries[i];
    return NULL;
}

static void add_holder(search *s, DWORD process)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->holders[i] == process)
            return;
    if (s->count < MOST_HOLDERS)
        s->holders[s->count++] = process;
}

/* Whether the handle `entry` of the open `process` is one of the object. */
static bool is_same(const search *s, HANDLE process, const handle_entry *entry, compare_function same)
{
    HANDLE copy = NULL;
    if (!DuplicateHandle(process, (HANDLE)entry->handle, GetCurrentProcess(), &copy, 0, FALSE,
                         DUPLICATE_SAME_ACCESS))
        return false;
    bool found = same(copy, s->object);
    CloseHandle(copy);
    return found;
}

/* Looks at handles of the object's type; those of one process stand together in the list, so it is opened once. */
static void compare_all(search *s, const handle_list *list)
{
    compare_function same = (compare_function)function_of(L"kernelbase.dll", "CompareObjectHandles");
    HANDLE process = NULL;
    ULONG_PTR opened = 0;
    s->hidden = s->hidden || !same;
    for (ULONG_PTR i = 0; same && i < list->count && !s->out_of_time; i++) {
        const handle_entry *entry = &list->entries[i];
        if (entry->type != s->own->type || entry->process == s->own->process)
            continue;
        if (entry->process != opened) {
            if (process)
                CloseHandle(process);
            opened = entry->process;
            process = OpenProcess(PROCESS_DUP_HANDLE, FALSE, (DWORD)opened);
            s->hidden = s->hidden || !process;
        }
        if (process && is_same(s, process, entry, same))
            add_holder(s, (DWORD)opened);
        s->out_of_time = GetTickCount64() > s->end;
    }
    if (process)
        CloseHandle(process);
}

static void compare_addresses(search *s, const handle_list *list)
{
    for (ULONG_PTR i = 0; i < list->count; i++)
        if (list->entries[i].object == s->own->object && list->entries[i].process != s->own->process)
            add_holder(s, (DWORD)list->entries[i].process);
}

/* "squat.exe": the snapshot names programs of processes that may not be opened, too. */
static void program_of(DWORD process, char *buffer, size_t size)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    snprintf(buffer, size, "a program that has ended");
    for (BOOL more = all != INVALID_HANDLE_VALUE && Process32FirstW(all, &entry); more;
         more = Process32NextW(all, &entry))
        if (entry.th32ProcessID == process && win32_utf8_into(entry.szExeFile, buffer, size))
            break;
    if (all != INVALID_HANDLE_VALUE)
        CloseHandle(all);
}

static void describe(const search *s, char *buffer, size_t size)
{
    text words = {0};
    for (size_t i = 0; i < s->count && i < MOST_SHOWN; i++) {
        char program[200];
        program_of(s->holders[i], program, sizeof program);
        text_append(&words, "%s process %lu (%.60s)", i ? "," : "held by", s->holders[i], program);
    }
    if (s->count > MOST_SHOWN)
        text_append(&words, " and %u more", (unsigned)(s->count - MOST_SHOWN));
    if (s->count == 0)
        text_append(&words, "held by a process that cannot be seen, since %s",
                    s->left_out ? "looking for the holders of other names took all the time there is for that"
                    : s->out_of_time ? "looking for it took too long"
                    : s->hidden      ? "this account may not look into other processes"
                                     : "it has let go of it meanwhile");
    char *whole = text_take(&words);
    snprintf(buffer, size, "%s",
             whole ? whole : "held by a process that cannot be seen, since memory ran out");
    free(whole);
}

/* Many names may be taken at once, and a start is not to wait for all that there is to tell of them. */
static struct {
    ULONGLONG since; /* GetTickCount64 */
    ULONGLONG spent;
} window; /* names are taken on the engine's thread alone */

static bool has_time(ULONGLONG now)
{
    if (now - window.since > WINDOW_MS) {
        window.since = now;
        window.spent = 0;
    }
    return window.spent < TOTAL_MILLISECONDS;
}

static void search_all(search *s)
{
    handle_list *list = list_handles();
    s->own = list ? find_own(list, s->object) : NULL;
    if (s->own && s->own->object)
        compare_addresses(s, list);
    else if (s->own)
        compare_all(s, list);
    s->hidden = s->hidden || !s->own;
    free(list);
}

void win32_list_holders(HANDLE object, DWORD except, char *buffer, size_t size)
{
    static const char more[] = "\n\xE2\x80\xA6";
    search s = {.object = object, .end = GetTickCount64() + MOST_MILLISECONDS};
    size_t used = 0;
    buffer[0] = 0;
    search_all(&s);
    for (size_t i = 0; i < s.count; i++) {
        char program[200], line[300];
        if (s.holders[i] == except)
            continue;
        program_of(s.holders[i], program, sizeof program);
        int length = snprintf(line, sizeof line, "%s%lu %s", used ? "\n" : "", s.holders[i], program);
        if (used + (size_t)length + sizeof more > size) {
            memcpy(buffer + used, more + (used == 0), sizeof more - (used == 0));
            return;
        }
        memcpy(buffer + used, line, (size_t)length + 1);
        used += (size_t)length;
    }
}

void win32_holding_processes(HANDLE object, char *buffer, size_t size)
{
    const ULONGLONG begin = GetTickCount64();
    search s = {.object = object, .end = begin + MOST_MILLISECONDS, .left_out = !has_time(begin)};
    if (!s.left_out)
        search_all(&s);
    s.hidden = s.hidden || !s.own;
    window.spent += GetTickCount64() - begin;
    describe(&s, buffer, size);
}
