/*
 * example-inherit: attaches to a region and starts itself once more as a child that inherits the section's
 * handle. The child needs no right of its own to the region, and no broker.
 *
 *     example-inherit Telemetry
 */
#include "given_handle.h"

#include <stdlib.h>

/* A handle that is marked inheritable has the same number in every child that is started with
   bInheritHandles. */
static int run_child(const shmb_region *region)
{
    wchar_t program[MAX_PATH], command[MAX_PATH + 80];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    GetModuleFileNameW(NULL, program, MAX_PATH);
    swprintf(command, MAX_PATH + 80, L"\"%ls\" --child %" PRIu64 L" %" PRIu64, program,
             (uint64_t)(uintptr_t)shmb_handle(region), shmb_region_size(region));
    if (!SetHandleInformation(shmb_handle(region), HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) ||
        !CreateProcessW(program, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &child)) {
        fprintf(stderr, "example-inherit: the child cannot be started: error %lu\n", GetLastError());
        return 1;
    }
    return exit_code_of(&child);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--child") == 0)
        return read_given_handle(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
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
