/*
 * example-state: a region of kind state, which always has the latest value of something: writes readings to it, or shows
 * them as they come. A reader needs the right to read alone, and sees whole readings whatever writers do.
 *
 *     example-state pose write 20        20 readings, one every 100 ms
 *     example-state pose read 5          the next 5 that it sees
 */
#include "exit_code.h"
#include "shmb.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#define PATIENCE_MS 5000u

typedef struct pose {
    double x, y, heading;
} pose;

static int explain(const char *what, shmb_status status)
{
    fprintf(stderr, "example-state: cannot %s: %s%s\n", what, shmb_status_text(status),
            status == SHMB_TIMED_OUT   ? "; is there somebody who writes?"
            : status == SHMB_TOO_LARGE ? "; declare the region with a larger size"
            : status == SHMB_TOO_SMALL ? "; somebody writes values of another size"
                                       : "");
    return exit_code(status);
}

static int write_poses(shmb_region *region, uint64_t times)
{
    for (uint64_t i = 0; i < times; i++) {
        double t = (double)i / 10.0;
        pose now = {cos(t), sin(t), t};
        shmb_status status = shmb_state_write(region, &now, sizeof now);
        if (status != SHMB_OK)
            return explain("write a pose", status);
        printf("wrote %.2f %.2f %.2f\n", now.x, now.y, now.heading);
        fflush(stdout);
        Sleep(100);
    }
    return 0;
}

static int read_poses(shmb_region *region, uint64_t times)
{
    uint64_t version = 0, size;
    for (uint64_t i = 0; i < times; i++) {
        pose latest;
        shmb_status status = shmb_state_wait(region, version, PATIENCE_MS);
        if (status == SHMB_OK)
            status = shmb_state_read(region, &latest, sizeof latest, &size, &version);
        if (status != SHMB_OK)
            return explain("read a pose", status);
        if (size != sizeof latest) {
            fprintf(stderr, "example-state: the value has %" PRIu64 " bytes: it is no pose\n", size);
            return 1;
        }
        printf("read %" PRIu64 ": %.2f %.2f %.2f\n", version, latest.x, latest.y, latest.heading);
        fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv)
{
    bool writes = argc >= 3 && strcmp(argv[2], "write") == 0;
    if (argc < 3 || argc > 4 || (!writes && strcmp(argv[2], "read") != 0)) {
        fprintf(stderr, "usage: example-state REGION write|read [TIMES]\n"
                        "Writes poses, or shows them as they come; 10 if not told otherwise.\n");
        return EXIT_USAGE;
    }
    char message[512];
    shmb_attach_options options = {.struct_size = sizeof options,
                                   .access = writes ? SHMB_ACCESS_WRITE : SHMB_ACCESS_READ,
                                   .kind = SHMB_KIND_STATE,
                                   .message = message,
                                   .message_size = sizeof message};
    shmb_region *region;
    shmb_status status = shmb_attach(argv[1], &options, &region);
    if (status != SHMB_OK) {
        fprintf(stderr, "example-state: %s\n", message);
        return exit_code(status);
    }
    uint64_t times = argc == 4 ? strtoull(argv[3], NULL, 10) : 10;
    int result = writes ? write_poses(region, times) : read_poses(region, times);
    shmb_detach(region);
    return result;
}
