/*
 * example-reader: attaches to a region by name, waiting for it if need be, and prints its readings as they
 * change.
 *
 *     example-reader Telemetry 5             the next 5 changes
 *     example-reader Telemetry 5 60000       the same, giving up after a minute in which nothing happens
 */
#include "exit_code.h"
#include "readings.h"
#include "shmb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Waits until the count is another than `seen`. */
static bool next_readings(const shared_readings *shared, uint64_t seen, DWORD patience_ms, readings *fresh)
{
    ULONGLONG start = GetTickCount64();
    do {
        if (copy_readings(shared, fresh) && fresh->count != seen)
            return true;
        Sleep(5);
    } while (GetTickCount64() - start < patience_ms);
    return false;
}

static int print_changes(const shared_readings *shared, uint64_t changes, DWORD patience_ms)
{
    readings fresh = {0};
    for (uint64_t i = 0; i < changes; i++) {
        if (!next_readings(shared, fresh.count, patience_ms, &fresh)) {
            fprintf(stderr, "example-reader: nothing was written for %lu ms: is a writer running?\n",
                    patience_ms);
            return 1;
        }
        printf("read %" PRIu64 ": %.2f %.2f %.2f\n", fresh.count, fresh.values[0], fresh.values[1],
               fresh.values[2]);
        fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 4) {
        fprintf(stderr,
                "usage: example-reader REGION [CHANGES] [PATIENCE_MS]\n"
                "Prints the next changes, 10 if not told otherwise; waits at most 5000 ms for each.\n");
        return EXIT_USAGE;
    }
    uint64_t changes = argc > 2 ? strtoull(argv[2], NULL, 10) : 10;
    DWORD patience_ms = argc > 3 ? strtoul(argv[3], NULL, 10) : 5000;

    char message[512];
    shmb_attach_options options = {.struct_size = sizeof options,
                                   .timeout_ms = patience_ms,
                                   .length = sizeof(shared_readings),
                                   .message = message,
                                   .message_size = sizeof message};
    shmb_region *region;
    shmb_status status = shmb_attach(argv[1], &options, &region);
    if (status != SHMB_OK) {
        fprintf(stderr, "example-reader: %s\n", message);
        return exit_code(status);
    }
    int result = print_changes(shmb_data(region), changes, patience_ms);
    shmb_detach(region);
    return result;
}
