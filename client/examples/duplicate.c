/*
 * example-duplicate: attaches to a region and puts a handle of its section into a process that runs already.
 * The receiver needs no right of its own to the region; it learns the handle's number through a pipe.
 *
 *     example-duplicate Telemetry
 */
#include "exit_code.h"
#include "readings.h"
#include "shmb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct gift {
    uint64_t handle; /* its number in the receiving process */
    uint64_t region_size;
} gift;

/* In the child: the gift arrives at standard input. */
static int read_received(void)
{
    gift received;
    DWORD bytes;
    char message[512];
    shmb_attach_options options = {
        .struct_size = sizeof options, .message = message, .message_size = sizeof message};
    shmb_region *region;
    if (!ReadFile(GetStdHandle(STD_INPUT_HANDLE), &received, sizeof received, &bytes, NULL) ||
        bytes != sizeof received)
        return 1;
    HANDLE section = (HANDLE)(uintptr_t)received.handle;
    shmb_status status = shmb_attach_handle(section, received.region_size, &options, &region);
    CloseHandle(section); /* it was made for us, and the region has a handle of its own */
    if (status != SHMB_OK) {
        fprintf(stderr, "example-duplicate, child: %s\n", message);
        return exit_code(status);
    }
    readings copy = {0};
    bool whole = shmb_size(region) >= sizeof(shared_readings) && copy_readings(shmb_data(region), &copy);
    printf("child %lu read %" PRIu64 ": %.2f %.2f %.2f\n", GetCurrentProcessId(), copy.count, copy.values[0],
           copy.values[1], copy.values[2]);
    shmb_detach(region);
    return whole ? 0 : 1;
}

static bool start_child(HANDLE input, PROCESS_INFORMATION *child)
{
    wchar_t program[MAX_PATH], command[] = L"example-duplicate --child";
    STARTUPINFOW startup = {.cb = sizeof startup,
                            .dwFlags = STARTF_USESTDHANDLES,
                            .hStdInput = input,
                            .hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE),
                            .hStdError = GetStdHandle(STD_ERROR_HANDLE)};
    GetModuleFileNameW(NULL, program, MAX_PATH);
    return SetHandleInformation(input, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) &&
           CreateProcessW(program, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, child);
}

/* Right of the receiver: to read, no more. */
static bool give(const shmb_region *region, HANDLE receiver, HANDLE pipe)
{
    HANDLE theirs;
    DWORD bytes;
    if (!DuplicateHandle(GetCurrentProcess(), shmb_handle(region), receiver, &theirs, FILE_MAP_READ, FALSE,
                         0))
        return false;
    gift sent = {(uintptr_t)theirs, shmb_region_size(region)};
    return WriteFile(pipe, &sent, sizeof sent, &bytes, NULL);
}

static int share_with_child(const shmb_region *region)
{
    HANDLE read_end, write_end;
    PROCESS_INFORMATION child;
    DWORD result = 1;
    if (!CreatePipe(&read_end, &write_end, NULL, 0) || !start_child(read_end, &child)) {
        fprintf(stderr, "example-duplicate: the child cannot be started: error %lu\n", GetLastError());
        return 1;
    }
    if (!give(region, child.hProcess, write_end))
        fprintf(stderr, "example-duplicate: the handle cannot be given: error %lu\n", GetLastError());
    CloseHandle(write_end);
    CloseHandle(read_end);
    WaitForSingleObject(child.hProcess, 10000);
    GetExitCodeProcess(child.hProcess, &result);
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
    return (int)result;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--child") == 0)
        return read_received();
    if (argc != 2) {
        fprintf(
            stderr,
            "usage: example-duplicate REGION\nLets another process read the region by DuplicateHandle.\n");
        return EXIT_USAGE;
    }
    char message[512];
    shmb_attach_options options = {
        .struct_size = sizeof options, .message = message, .message_size = sizeof message};
    shmb_region *region;
    shmb_status status = shmb_attach(argv[1], &options, &region);
    if (status != SHMB_OK) {
        fprintf(stderr, "example-duplicate: %s\n", message);
        return exit_code(status);
    }
    int result = share_with_child(region);
    shmb_detach(region);
    return result;
}
