/*
 * example-inherit: attaches to a region and starts itself once more as a child that inherits the section's
 * handle. The child needs no right of its own to the region, and no broker.
 *
 *     example-inherit Telemetry
 */
#include "exit_code.h"
#include "readings.h"
#include "shmb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* In the child: the handle's number and the region's size are on the command line. */
static int read_inherited(const char *handle, const char *size)
{
    char message[512];
    shmb_attach_options options = {
        .struct_size = sizeof options, .message = message, .message_size = sizeof message};
    HANDLE section = (HANDLE)(uintptr_t)strtoull(handle, NULL, 10);
    shmb_region *region;
    shmb_status status = shmb_attach_handle(section, strtoull(size, NULL, 10), &options, &region);
    if (status != SHMB_OK) {
        fprintf(stderr, "example-inherit, child: %s\n", message);
        return exit_code(status);
    }
    CloseHandle(section); /* the region has a handle of its own */
    readings copy = {0};
    bool whole = shmb_size(region) >= sizeof(shared_readings) && copy_readings(shmb_data(region), &copy);
    printf("child %lu read %" PRIu64 ": %.2f %.2f %.2f\n", GetCurrentProcessId(), copy.count, copy.values[0],
           copy.values[1], copy.values[2]);
    shmb_detach(region);
    return whole ? 0 : 1;
}

/* A handle that is marked inheritable has the same number in every child that is started with
 * bInheritHandles. */
static int run_child(const shmb_region *region)
{
    wchar_t program[MAX_PATH], command[MAX_PATH + 80];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    DWORD result = 1;
    GetModuleFileNameW(NULL, program, MAX_PATH);
    swprintf(command, MAX_PATH + 80, L"\"%ls\" --child %" PRIu64 L" %" PRIu64, program,
             (uint64_t)(uintptr_t)shmb_handle(region), shmb_region_size(region));
    if (!SetHandleInformation(shmb_handle(region), HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) ||
        !CreateProcessW(program, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &child)) {
        fprintf(stderr, "example-inherit: the child cannot be started: error %lu\n", GetLastError());
        return 1;
    }
    WaitForSingleObject(child.hProcess, 10000);
    GetExitCodeProcess(child.hProcess, &result);
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
    return (int)result;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--child") == 0)
        return read_inherited(argv[2], argv[3]);
    if (argc != 2) {
        fprintf(stderr,
                "usage: example-inherit REGION\nLets a child process read the region by inheritance.\n");
        return EXIT_USAGE;
    }
    char message[512];
    shmb_attach_options options = {
        .struct_size = sizeof options, .message = message, .message_size = sizeof message};
    shmb_region *region;
    shmb_status status = shmb_attach(argv[1], &options, &region);
    if (status != SHMB_OK) {
        fprintf(stderr, "example-inherit: %s\n", message);
        return exit_code(status);
    }
    int result = run_child(region);
    shmb_detach(region);
    return result;
}
