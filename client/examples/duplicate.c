/*
 * example-duplicate: attaches to a region and puts a handle of its section into a process that runs already.
 * The receiver needs no right of its own to the region; it learns the handle's number through a pipe.
 *
 *     example-duplicate Telemetry
 */
#include "given_handle.h"

typedef struct gift {
    uint64_t handle; /* its number in the receiving process */
    uint64_t region_size;
} gift;

/* In the child: the gift arrives at standard input. */
static int read_gift(void)
{
    gift received;
    DWORD bytes;
    if (!ReadFile(GetStdHandle(STD_INPUT_HANDLE), &received, sizeof received, &bytes, NULL) ||
        bytes != sizeof received)
        return 1;
    return read_given_handle(received.handle, received.region_size);
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
    if (!CreatePipe(&read_end, &write_end, NULL, 0) || !start_child(read_end, &child)) {
        fprintf(stderr, "example-duplicate: the child cannot be started: error %lu\n", GetLastError());
        return 1;
    }
    if (!give(region, child.hProcess, write_end))
        fprintf(stderr, "example-duplicate: the handle cannot be given: error %lu\n", GetLastError());
    CloseHandle(write_end);
    CloseHandle(read_end);
    return exit_code_of(&child);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--child") == 0)
        return read_gift();
    if (argc != 2) {
        fprintf(stderr, "usage: example-duplicate REGION\n"
                        "Lets another process read the region by DuplicateHandle.\n");
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
