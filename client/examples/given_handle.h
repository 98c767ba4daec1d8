/* given_handle.h: what a child of example-inherit or example-duplicate does with the handle that it was given. */
#ifndef GIVEN_HANDLE_H
#define GIVEN_HANDLE_H

#include "exit_code.h"
#include "readings.h"
#include "shmb.h"

#include <inttypes.h>
#include <stdio.h>

/* Prints the readings in a section; the handle's number and the region's size have come from the parent. */
static inline int read_given_handle(uint64_t handle, uint64_t region_size)
{
    char message[512];
    shmb_attach_options options = {
        .struct_size = sizeof options, .message = message, .message_size = sizeof message};
    HANDLE section = (HANDLE)(uintptr_t)handle;
    shmb_region *region;
    shmb_status status = shmb_attach_handle(section, region_size, &options, &region);
    if (status != SHMB_OK) {
        fprintf(stderr, "child: %s\n", message);
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

/* In the parent: waits for the child's end and takes over its exit code. */
static inline int exit_code_of(const PROCESS_INFORMATION *child)
{
    DWORD result = 1;
    WaitForSingleObject(child->hProcess, 10000);
    GetExitCodeProcess(child->hProcess, &result);
    CloseHandle(child->hThread);
    CloseHandle(child->hProcess);
    return (int)result;
}

#endif
