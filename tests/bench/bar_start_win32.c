/*
 * Starting a broker, and what it then has of memory.
 *
 * The start is the program's: from its creation to the line that says that its regions are served. So is the other side:
 * a program that makes as many sections in a loop, and then says so. What the broker has besides is a configuration read
 * and compiled, a catalog, a log, and a keeper, which is a process and gets a handle of each section.
 */
#include "bars.h"

#include "bench_win32.h"
#include "catalog_reader.h"

#include <psapi.h>
#include <sddl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned regions;
static test_broker *many; /* its configuration has all regions */
static test_broker *few;  /* one region: what a start costs anyway */

static void open_start(const bench_settings *wanted)
{
    regions = wanted->regions;
    many = bench_broker(support_unique("bench"), regions);
    few = bench_broker(support_unique("bench"), 1);
}

static double time_one_start(test_broker *b)
{
    double start = bench_seconds();
    broker_start(b);
    return bench_seconds() - start;
}

static double time_stop(test_broker *b)
{
    double start = bench_seconds();
    broker_stop(b);
    return bench_seconds() - start;
}

static double time_start(void)
{
    double taken = time_one_start(many);
    bench_note("a start with all regions", "s", taken);
    bench_note("a stop with all regions", "s", time_stop(many));
    bench_note("a start with one region", "s", time_one_start(few));
    broker_stop(few);
    return taken;
}

static bool make_bare(unsigned number, const char *stem, SECURITY_ATTRIBUTES *security)
{
    wchar_t name[128];
    _snwprintf(name, 128, L"Global\\%hs-%u", stem, number);
    return CreateFileMappingW(INVALID_HANDLE_VALUE, security, PAGE_READWRITE, 0, BENCH_REGION_BYTES, name) !=
           NULL;
}

int bench_bare_loop(unsigned count, const char *stem)
{
    SECURITY_ATTRIBUTES security = {sizeof security, NULL, FALSE};
    unsigned made = 0;
    double start = bench_seconds();
    if (ConvertStringSecurityDescriptorToSecurityDescriptorA(BENCH_DESCRIPTOR, SDDL_REVISION_1,
                                                             &security.lpSecurityDescriptor, NULL))
        while (made < count && make_bare(made, stem, &security))
            made++;
    if (made == count)
        printf("made in %.9f\n", bench_seconds() - start);
    else
        fprintf(stderr, "section %u cannot be made: error %lu\n", made + 1, GetLastError());
    fflush(stdout);
    while (made == count && getchar() != EOF)
        ;
    return made == count ? 0 : 1; /* the sections go with this process */
}

static double time_bare_loop(void)
{
    double start = bench_seconds();
    process *bare =
        process_start("shmbroker-bench.exe", "--bare-loop %u %s", regions, support_unique("bare"));
    const char *line = process_wait_line(bare, "made in ");
    double taken = bench_seconds() - start;
    bench_note("the bare loop, a program", "s", taken);
    bench_note("the bare loop within it", "s", strtod(line + strlen("made in "), NULL));
    process_close_input(bare);
    process_wait(bare);
    return taken;
}

const bench_bar bar_start = {
    .id = "11",
    .what =
        "start of the broker \xc3\xb7 a program with a bare loop of CreateFileMapping with one descriptor",
    .unit = "ratio",
    .pass = 1.5,
    .aim = 1.1,
    .trials = 1,
    .open = open_start,
    .ours = time_start,
    .theirs = time_bare_loop,
    .floor = bench_kernel_floor,
    .close = support_cleanup,
};

/* ---- Memory */

/* Private bytes of a process: what it has been promised of memory. Wine fills in the older field of the same meaning, with
   the anonymous pages that are present. */
static double private_bytes(DWORD id)
{
    PROCESS_MEMORY_COUNTERS_EX memory = {.cb = sizeof memory};
    HANDLE opened = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, id);
    BOOL ok = opened && GetProcessMemoryInfo(opened, (PROCESS_MEMORY_COUNTERS *)&memory, sizeof memory);
    DWORD error = GetLastError();
    if (opened)
        CloseHandle(opened);
    if (!ok)
        bench_fail("cannot see the memory of process %lu: %s", id, support_error(error));
    return (double)(memory.PrivateUsage ? memory.PrivateUsage : memory.PagefileUsage);
}

/* The catalog is a section, so it counts for no process. */
static double catalog_bytes(const test_broker *b)
{
    catalog_info info;
    wchar_t name[128];
    _snwprintf(name, 128, L"Global\\ShmBroker.Catalog.%hs", b->instance);
    HANDLE section = OpenFileMappingW(FILE_MAP_READ, FALSE, name);
    const void *base =
        section ? MapViewOfFile(section, FILE_MAP_READ, 0, 0, SHMB_CATALOG_HEADER_BYTES) : NULL;
    const catalog_view view = {base, SHMB_CATALOG_HEADER_BYTES};
    bool ok = base && catalog_read_info(&view, &info) == CATALOG_OK;
    if (base)
        UnmapViewOfFile(base);
    if (section)
        CloseHandle(section);
    if (!ok)
        bench_fail("cannot read the catalog of %s", b->instance);
    return (double)info.committed_bytes;
}

/* What the broker has of private bytes, and its catalog; `catalog` may not be NULL. */
static double memory_of(test_broker *b, double *catalog)
{
    broker_start(b);
    double bytes = private_bytes(process_id(b->process));
    *catalog = catalog_bytes(b);
    broker_stop(b);
    return bytes;
}

static double memory_per_region(void)
{
    double many_catalog, few_catalog;
    double many_bytes = memory_of(many, &many_catalog), few_bytes = memory_of(few, &few_catalog);
    bench_note("of the catalog per region", "bytes", (many_catalog - few_catalog) / (regions - 1));
    bench_note("private, with one region", "KiB", few_bytes / 1024);
    bench_note("private, with all regions", "KiB", many_bytes / 1024);
    return (many_bytes - few_bytes) / (regions - 1);
}

const bench_bar bar_memory = {
    .id = "14",
    .what = "private bytes of the broker per region, not counting the region",
    .unit = "bytes",
    .pass = 2048,
    .aim = 512,
    .trials = 1,
    .open = open_start,
    .ours = memory_per_region,
    .close = support_cleanup,
};
