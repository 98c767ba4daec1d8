/* Attaching to a region and letting go of it, against the four calls of the kernel that it takes at least. */
#include "bars.h"

#include "bench_win32.h"
#include "region.h"

#define REGIONS 100u
#define ROUNDS  100u /* in one trial */

static const char *region_name;
static const wchar_t *object_name;
static shmb_attach_options options;

static void open_attach(const bench_settings *wanted)
{
    (void)wanted;
    const char *stem = support_unique("bench");
    test_broker *b = bench_broker(stem, REGIONS);
    broker_start(b);
    bench_stop_at_end(b);
    region_name = support_text("%s-%u", stem, REGIONS / 2);
    object_name = support_wide(support_text("Global\\%s", region_name));
    options = region_options(b, SHMB_ACCESS_WRITE);
}

static double time_library(void)
{
    double start = bench_seconds();
    for (unsigned i = 0; i < ROUNDS; i++) {
        shmb_region *region;
        if (shmb_attach(region_name, &options, &region) != SHMB_OK)
            bench_fail("%s", options.message);
        shmb_detach(region);
    }
    return bench_seconds() - start;
}

static double time_raw_calls(void)
{
    double start = bench_seconds();
    for (unsigned i = 0; i < ROUNDS; i++) {
        HANDLE section = OpenFileMappingW(FILE_MAP_READ | FILE_MAP_WRITE, FALSE, object_name);
        void *view =
            section ? MapViewOfFile(section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, BENCH_REGION_BYTES) : NULL;
        if (!view)
            bench_fail("cannot open and map %s: %s", region_name, support_error(GetLastError()));
        UnmapViewOfFile(view);
        CloseHandle(section);
    }
    return bench_seconds() - start;
}

const bench_bar bar_attach = {
    .id = "10",
    .what = "attach + detach by the library \xc3\xb7 open, map, unmap and close by bare calls",
    .unit = "ratio",
    .pass = 1.25,
    .aim = 1.05,
    .trials = 9,
    .open = open_attach,
    .ours = time_library,
    .theirs = time_raw_calls,
    .floor = bench_kernel_floor,
    .close = support_cleanup,
};
