/*
 * example-writer: attaches to a region for writing, and writes a counter and three values into it at
 * intervals.
 *
 *     example-writer Telemetry 20 500        20 times, every 500 ms
 */
#include "exit_code.h"
#include "readings.h"
#include "shmb.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static readings measure(uint64_t count)
{
    double t = (double)count / 10.0;
    return (readings){count, {20.0 + 5.0 * sin(t), 1013.0 + cos(t), 100.0 * fabs(sin(t / 2.0))}};
}

static void write_readings(shared_readings *shared, uint64_t times, DWORD interval_ms)
{
    for (uint64_t i = 0; i < times; i++) {
        readings fresh = measure(shared->data.count + 1);
        publish_readings(shared, &fresh);
        printf("wrote %" PRIu64 ": %.2f %.2f %.2f\n", fresh.count, fresh.values[0], fresh.values[1],
               fresh.values[2]);
        fflush(stdout);
        Sleep(interval_ms);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 4) {
        fprintf(stderr, "usage: example-writer REGION [TIMES] [INTERVAL_MS]\n"
                        "Writes a counter and three values, 10 times every 100 ms if not told otherwise.\n");
        return EXIT_USAGE;
    }
    uint64_t times = argc > 2 ? strtoull(argv[2], NULL, 10) : 10;
    DWORD interval_ms = argc > 3 ? strtoul(argv[3], NULL, 10) : 100;

    char message[512];
    shmb_attach_options options = {.struct_size = sizeof options,
                                   .access = SHMB_ACCESS_WRITE,
                                   .length = sizeof(shared_readings),
                                   .message = message,
                                   .message_size = sizeof message};
    shmb_region *region;
    shmb_status status = shmb_attach(argv[1], &options, &region);
    if (status != SHMB_OK) {
        fprintf(stderr, "example-writer: %s\n", message);
        return exit_code(status);
    }
    write_readings(shmb_data(region), times, interval_ms);
    shmb_detach(region);
    return 0;
}
