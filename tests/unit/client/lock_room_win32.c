/* A lock's objects without a broker. See lock_room_win32.h. */
#include "lock_room_win32.h"

#include <sddl.h>

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define GATE_RIGHTS                                                                                          \
    L"D:P(A;;0x120001;;;WD)" /* what the broker gives: SYNCHRONIZE, MODIFY_STATE, READ_CONTROL */

HANDLE lock_room_object(const lock_room *room, const wchar_t *what)
{
    wchar_t name[96];
    SECURITY_ATTRIBUTES security = {sizeof security, NULL, FALSE};
    HANDLE made;
    swprintf(name, 96, L"%ls.%ls", room->prefix, what);
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(GATE_RIGHTS, SDDL_REVISION_1,
                                                              &security.lpSecurityDescriptor, NULL))
        abort();
    if (wcscmp(what, L"lock") == 0)
        made = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, name);
    else if (wcscmp(what, L"gate") == 0)
        made = CreateMutexW(&security, FALSE, name);
    else
        made = CreateEventW(NULL, FALSE, FALSE, name);
    LocalFree(security.lpSecurityDescriptor);
    if (made == NULL)
        abort();
    return made;
}

lock_room *lock_room_enter(const wchar_t *prefix)
{
    lock_room *room = calloc(1, sizeof *room);
    if (room == NULL)
        abort();
    wcsncpy(room->prefix, prefix, 63);
    room->section = lock_room_object(room, L"lock");
    room->words = MapViewOfFile(room->section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 4096);
    room->place = (sync_place){lock_room_object(room, L"gate"), lock_room_object(room, L"wake")};
    room->lives = sync_lives_new(room->place.gate);
    if (room->words == NULL || room->lives == NULL)
        abort();
    sync_lock_init(&room->lock, room->words, &room->place, room->lives);
    return room;
}

void lock_room_leave(lock_room *room)
{
    sync_lives_free(room->lives);
    CloseHandle(room->place.gate);
    CloseHandle(room->place.wake);
    UnmapViewOfFile(room->words);
    CloseHandle(room->section);
    free(room);
}

HANDLE lock_room_start(const lock_room *room, const wchar_t *word, unsigned number)
{
    wchar_t program[MAX_PATH], line[MAX_PATH + 128];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION started;
    GetModuleFileNameW(NULL, program, MAX_PATH);
    swprintf(line, MAX_PATH + 128, L"\"%ls\" %ls %ls %u", program, word, room->prefix, number);
    if (!CreateProcessW(program, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &started))
        abort();
    CloseHandle(started.hThread);
    return started.hProcess;
}
