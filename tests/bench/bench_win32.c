/* What bars share that are measured with a real broker. See bench_win32.h. */
#include "bench_win32.h"

#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FLOOR_CALLS 200u
#define REGION_TEXT 100u

/* What the support of the system tests finds wrong is a bar that could not be measured. */
void support_fail(const char *format, ...)
{
    char message[900];
    va_list values;
    va_start(values, format);
    vsnprintf(message, sizeof message, format, values);
    va_end(values);
    bench_fail("%s", message);
}

test_broker *bench_broker(const char *stem, unsigned regions)
{
    test_broker *b = broker_prepare("%s", "version: 1\n");
    char *config = support_memory(sizeof BROKER_HEAD + (size_t)regions * REGION_TEXT);
    int length = sprintf(config, "%s", BROKER_HEAD);
    for (unsigned i = 0; i < regions; i++)
        length +=
            snprintf(config + length, REGION_TEXT, "  %.40s-%u: { size: %u }\n", stem, i, BENCH_REGION_BYTES);
    support_write_file(b->config, config, (size_t)length);
    free(config);
    return b;
}

static void stop_if_running(void *object)
{
    test_broker *b = object;
    if (process_is_running(b->process))
        broker_stop(b);
}

void bench_stop_at_end(test_broker *b)
{
    support_on_cleanup(stop_if_running, b);
}

double bench_kernel_floor(void)
{
    double start = bench_seconds();
    for (unsigned i = 0; i < FLOOR_CALLS; i++) {
        HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
        if (!event)
            bench_fail("cannot make an event: %s", support_error(GetLastError()));
        CloseHandle(event);
    }
    return bench_seconds() - start;
}
