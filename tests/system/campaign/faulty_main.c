/*
 * shmbroker-faults.exe: the broker as it is shipped, object by object, with an entry of its own. That puts itself between
 * the program and Windows, in the table through which the program reaches the DLLs, and lets one call go wrong when
 * the campaign says so. faults.h says what.
 *
 * It is built with the tests and never packaged; shmbroker.exe has nothing of it.
 */
#include "faults.h"

#include <aclapi.h>
#include <sddl.h>

#include <stdbool.h>
#include <string.h>

typedef void (*any_function)(void); /* what compilers let one convert to any other */

/* ---- One call that goes wrong ---------------------------------------------------------------------------------- */

static faults *told; /* NULL: nobody has told anything */

static void wait_for_release(void)
{
    for (unsigned waited = 0; !told->released && waited < FAULTS_HALT_MS; waited++)
        Sleep(1);
}

/* Whether the call `name` is to fail, with the last error set. Leaves the last error alone otherwise. */
static bool goes_wrong(const char *name)
{
    if (!told || !told->armed || InterlockedIncrement(&told->calls) != told->at ||
        told->action == FAULTS_COUNT)
        return false;
    const DWORD before = GetLastError();
    strncpy(told->call, name, sizeof told->call - 1);
    InterlockedExchange(&told->fired, 1);
    if (told->action == FAULTS_HALT)
        wait_for_release();
    SetLastError(told->action == FAULTS_FAIL ? (DWORD)told->error : before);
    return told->action == FAULTS_FAIL;
}

/* ---- In place of each call ------------------------------------------------------------------------------------- */

#define CALL(result, name, parameters, arguments, failed) CALL_##name,
enum {
#include "faulty_calls.h"
    CALLS
};

static any_function real[CALLS];

/* NOLINTBEGIN(bugprone-macro-parentheses) types, and lists that have parentheses */
#define CALL(result, name, parameters, arguments, failed)                                                    \
    static result WINAPI faulty_##name parameters                                                            \
    {                                                                                                        \
        typedef result(WINAPI *function) parameters;                                                         \
        return goes_wrong(#name) ? (failed) : ((function)real[CALL_##name])arguments;                        \
    }
/* NOLINTEND(bugprone-macro-parentheses) */
#include "faulty_calls.h"

static const struct {
    const char *name;
    any_function function;
} replacements[CALLS] = {
#define CALL(result, name, parameters, arguments, failed) {#name, (any_function)faulty_##name},
#include "faulty_calls.h"
};

/* ---- The program's table of what it takes from DLLs ------------------------------------------------------------ */

/* One entry: the function's address, at `place`, is replaced when it is of a call listed. */
static void replace(const char *name, ULONG_PTR *place)
{
    DWORD before;
    for (size_t i = 0; i < CALLS; i++) {
        if (strcmp(name, replacements[i].name) != 0 ||
            !VirtualProtect(place, sizeof *place, PAGE_READWRITE, &before))
            continue;
        real[i] = (any_function)*place;
        *place = (ULONG_PTR)replacements[i].function;
        VirtualProtect(place, sizeof *place, before, &before);
    }
}

static void replace_all(void)
{
    BYTE *base = (BYTE *)GetModuleHandleW(NULL);
    const IMAGE_DOS_HEADER *dos = (const void *)base;
    const IMAGE_NT_HEADERS *headers = (const void *)(base + dos->e_lfanew);
    const DWORD imports = headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT].VirtualAddress;
    const IMAGE_IMPORT_DESCRIPTOR *dll = (const void *)(base + imports);
    for (; dll->Name != 0; dll++) {
        const IMAGE_THUNK_DATA *named = (const void *)(base + dll->OriginalFirstThunk);
        ULONG_PTR *place = (void *)(base + dll->FirstThunk);
        for (; named->u1.AddressOfData != 0; named++, place++)
            if (!IMAGE_SNAP_BY_ORDINAL(named->u1.Ordinal))
                replace((const char *)((const IMAGE_IMPORT_BY_NAME *)(const void *)(base +
                                                                                    named->u1.AddressOfData))
                            ->Name,
                        place);
    }
}

/* ---- The entry ------------------------------------------------------------------------------------------------- */

int wmain(int argc, wchar_t **wide);        /* the C runtime calls it, and declares it nowhere */
int broker_wmain(int argc, wchar_t **wide); /* what the shipped program's main_win32.c is renamed to */

int wmain(int argc, wchar_t **wide)
{
    wchar_t name[MAX_PATH];
    DWORD length = GetEnvironmentVariableW(FAULTS_NAME, name, MAX_PATH);
    HANDLE section = length > 0 && length < MAX_PATH ? OpenFileMappingW(FILE_MAP_WRITE, FALSE, name) : NULL;
    if (section) {
        told = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, sizeof *told);
        CloseHandle(section);
    }
    if (told)
        replace_all();
    return broker_wmain(argc, wide);
}
