/* The machine and its clock, elsewhere than on Windows. See bench.h. */
#define _POSIX_C_SOURCE 200809L

#include "bench.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* "model name	: Some Processor" */
static void describe_processor(char *processor, size_t size)
{
    char line[256];
    FILE *info = fopen("/proc/cpuinfo", "r");
    snprintf(processor, size, "unknown processor");
    while (info && fgets(line, sizeof line, info)) {
        const char *value = strncmp(line, "model name", 10) == 0 ? strstr(line, ": ") : NULL;
        if (!value)
            continue;
        snprintf(processor, size, "%.*s", (int)strcspn(value + 2, "\n"), value + 2);
        break;
    }
    if (info)
        fclose(info);
}

void bench_machine_describe(bench_machine *machine)
{
    struct utsname system;
    long processors = sysconf(_SC_NPROCESSORS_ONLN), pages = sysconf(_SC_PHYS_PAGES);
    long page = sysconf(_SC_PAGESIZE);
    if (uname(&system) == 0)
        snprintf(machine->system, sizeof machine->system, "%.40s %.80s", system.sysname, system.release);
    describe_processor(machine->processor, sizeof machine->processor);
    machine->processors = processors > 0 ? (unsigned)processors : 0;
    machine->memory = pages > 0 && page > 0 ? (unsigned long long)pages * (unsigned long long)page : 0;
}

double bench_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
