/*
 * Starting a broker, and what it then has of memory.
 *
 * The start is the program's: from its creation to the line that says that its regions are served. So it has in it all
 * that a bare loop of the same sections has not: a process, a configuration read and compiled, a catalog, a log, a keeper.
 */
#include "bars.h"

#include "account.h"
#include "bench_win32.h"
#include "catalog_reader.h"

#include <psapi.h>

#include <stdio.h>
#include <stdlib.h>

static unsigned regions;
static test_broker *many; /* its configuration has all regions */
static test_broker *few;  /* one region: what a start costs anyway */
static HANDLE *sections;  /* of the bare loop */
static const char *bare_stem;

static void open_start(const bench_settings *wanted)
{
    regions = wanted->regions;
    many = bench_broker(support_unique("bench"), regions);
    few = bench_broker(support_unique("bench"), 1);
    bare_stem = support_unique("bare");
    sections = support_memory(regions * sizeof *sections);
    support_on_cleanup(free, sections);
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

/* A section of the bare loop, or NULL. */
static HANDLE make_bare(unsigned number, SECURITY_ATTRIBUTES *security)
{
    wchar_t name[128];
    _snwprintf(name, 128, L"Global\\%hs-%u", bare_stem, number);
    return CreateFileMappingW(INVALID_HANDLE_VALUE, security, PAGE_READWRITE, 0, BENCH_REGION_BYTES, name);
}

static double time_bare_loop(void)
{
    SECURITY_ATTRIBUTES security = {sizeof security, account_descriptor(BENCH_DESCRIPTOR), FALSE};
    unsigned made = 0;
    double start = bench_seconds();
    while (made < regions && (sections[made] = make_bare(made, &security)) != NULL)
        made++;
    double taken = bench_seconds() - start;
    DWORD error = GetLastError();
    for (unsigned i = 0; i < made; i++)
        CloseHandle(sections[i]);
    if (made < regions)
        bench_fail("section %u of the bare loop cannot be made: %s", made + 1, support_error(error));
    bench_note("the bare loop", "s", taken);
    return taken;
}

const bench_bar bar_start = {
    .id = "11",
    .what =
        "start of the broker, process and all, \xc3\xb7 a bare loop of CreateFileMapping with one descriptor",
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
