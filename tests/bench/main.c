/* shmbroker-bench: the bars that this program is held against, measured. `./dev bench` runs it. */
#include "bars.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const bench_bar *const bars[] = {
#if defined(_WIN64)
    &bar_attach, &bar_start, &bar_reload, &bar_memory,
#endif
    &bar_config,
};

#define BARS (sizeof bars / sizeof bars[0])

static int usage(void)
{
    fputs("usage: shmbroker-bench [--output FILE] [--regions N] [--repeats N] [BAR…]\n"
          "  measures the bars named, else all, prints a table, and writes FILE as JSON. Bars:\n",
          stderr);
    for (size_t i = 0; i < BARS; i++)
        fprintf(stderr, "  %-4s %s\n", bars[i]->id, bars[i]->what);
    return 2;
}

static bool read_number(const char *text, unsigned least, unsigned most, unsigned *number)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *number = (unsigned)value;
    return *text >= '0' && *text <= '9' && *end == '\0' && value >= least && value <= most;
}

static bool is_a_bar(const char *id)
{
    for (size_t i = 0; i < BARS; i++)
        if (strcmp(bars[i]->id, id) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    bench_settings settings = {BENCH_REPEATS, BENCH_REGIONS};
    const char *output = NULL;
    int at = 1;
#if defined(_WIN64)
    unsigned count;
    if (argc == 4 && strcmp(argv[1], "--bare-loop") == 0 && read_number(argv[2], 1, 100000, &count))
        return bench_bare_loop(count, argv[3]);
#endif
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        bool ok = true;
        if (strcmp(argv[at], "--output") == 0)
            output = argv[at + 1];
        else if (strcmp(argv[at], "--regions") == 0)
            ok = read_number(argv[at + 1], 10, 10000, &settings.regions);
        else if (strcmp(argv[at], "--repeats") == 0)
            ok = read_number(argv[at + 1], 1, 25, &settings.repeats);
        else
            ok = false;
        if (!ok)
            return usage();
    }
    for (int i = at; i < argc; i++)
        if (!is_a_bar(argv[i]))
            return usage();
    return bench_run(bars, BARS, &settings, argv + at, (size_t)(argc - at), output) ? 0 : 1;
}
