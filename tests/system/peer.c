/*
 * shmbroker-peer: the other process in a test.
 *
 *   shmbroker-peer attach INSTANCE REGION read|write TIMEOUT_MS STEP…   through the client DLL
 *   shmbroker-peer open OBJECT read|write SIZE STEP…                    with bare Win32 calls
 *   shmbroker-peer crowd INSTANCE REGION FIRST COUNT                    as many clients at once: crowd.h
 *   shmbroker-peer press-ctrl-c PID                                     in the console of process PID
 *
 * `attach` prints `attached BYTES`, or `refused STATUS: what the status means` and `because: the message`; `open`
 * prints `opened` or `refused ERROR`. Then the steps, in order:
 *
 *   put OFFSET TEXT      writes TEXT with its NUL, prints `put`
 *   get OFFSET           prints `got TEXT`
 *   await-size BYTES     of `attach`: waits until the view has so many, prints `size BYTES`
 *   hold                 prints `holding`, goes on when standard input ends
 */
#include "crowd.h"
#include "shmb.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

static void hold(void)
{
    char byte;
    DWORD got;
    puts("holding");
    fflush(stdout);
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), &byte, 1, &got, NULL) && got > 0)
        ;
}

/* Whether `length` bytes and a NUL fit behind `offset`. */
static bool fits(uint64_t offset, size_t length, uint64_t size)
{
    return offset < size && length < size - offset;
}

/* Until somebody has grown the region, half a minute at most. Returns its bytes. */
static uint64_t await_size(const shmb_region *region, uint64_t wanted)
{
    uint64_t size = shmb_size(region);
    for (unsigned waited = 0; size < wanted && waited < 30000; waited++) {
        Sleep(1);
        size = shmb_size(region);
    }
    printf("size %llu\n", (unsigned long long)size);
    return size;
}

/* Carries out the steps over a view of `size` bytes. */
static int run_steps(const shmb_region *region, char *view, uint64_t size, char **step)
{
    for (; *step; step++) {
        if (region && strcmp(*step, "await-size") == 0 && step[1]) {
            size = await_size(region, strtoull(*++step, NULL, 0));
        } else if (strcmp(*step, "hold") == 0) {
            hold();
        } else if (strcmp(*step, "put") == 0 && step[1] && step[2] &&
                   fits(strtoull(step[1], NULL, 0), strlen(step[2]), size)) {
            memcpy(view + strtoull(step[1], NULL, 0), step[2], strlen(step[2]) + 1);
            puts("put");
            step += 2;
        } else if (strcmp(*step, "get") == 0 && step[1] && fits(strtoull(step[1], NULL, 0), 0, size)) {
            uint64_t offset = strtoull(step[1], NULL, 0);
            printf("got %.*s\n", (int)(size - offset > 1000 ? 1000 : size - offset), view + offset);
            step++;
        } else {
            fprintf(stderr, "no such step, or out of the view: %s\n", *step);
            return 2;
        }
        fflush(stdout);
    }
    return 0;
}

static int attach(char **arguments)
{
    char message[1200];
    shmb_region *region;
    shmb_attach_options options = {.struct_size = sizeof options,
                                   .access = strcmp(arguments[2], "write") == 0 ? SHMB_ACCESS_WRITE
                                                                                : SHMB_ACCESS_READ,
                                   .timeout_ms = (uint32_t)strtoul(arguments[3], NULL, 0),
                                   .instance = arguments[0],
                                   .message = message,
                                   .message_size = sizeof message};
    shmb_status status = shmb_attach(arguments[1], &options, &region);
    if (status != SHMB_OK) {
        printf("refused %d: %s\nbecause: %s\n", (int)status, shmb_status_text(status), message);
        return 1;
    }
    printf("attached %llu\n", (unsigned long long)shmb_size(region));
    fflush(stdout);
    int code = run_steps(region, shmb_data(region), shmb_size(region), arguments + 4);
    shmb_detach(region);
    return code;
}

static int open_bare(char **arguments)
{
    DWORD access = strcmp(arguments[1], "write") == 0 ? FILE_MAP_READ | FILE_MAP_WRITE : FILE_MAP_READ;
    size_t size = (size_t)strtoull(arguments[2], NULL, 0);
    HANDLE section = OpenFileMappingA(access, FALSE, arguments[0]);
    char *view = section ? MapViewOfFile(section, access, 0, 0, size) : NULL;
    if (!view) {
        printf("refused %lu\n", GetLastError());
        return 1;
    }
    puts("opened");
    fflush(stdout);
    int code = run_steps(NULL, view, size, arguments + 3);
    UnmapViewOfFile(view);
    CloseHandle(section);
    return code;
}

static int press_ctrl_c(DWORD id)
{
    FreeConsole();
    if (!AttachConsole(id) || !SetConsoleCtrlHandler(NULL, TRUE) ||
        !GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0)) {
        fprintf(stderr, "error %lu\n", GetLastError());
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 6 && strcmp(argv[1], "attach") == 0)
        return attach(argv + 2);
    if (argc >= 5 && strcmp(argv[1], "open") == 0)
        return open_bare(argv + 2);
    if (argc == 6 && strcmp(argv[1], "crowd") == 0)
        return crowd(argv + 2);
    if (argc == 3 && strcmp(argv[1], "press-ctrl-c") == 0)
        return press_ctrl_c(strtoul(argv[2], NULL, 10));
    fputs("usage: see peer.c\n", stderr);
    return 2;
}
