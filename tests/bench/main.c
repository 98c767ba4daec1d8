/* shmbroker-bench: the bars that this program is held against, measured. `./dev bench` runs it. */
#include "bars.h"

#if defined(_WIN64)
#include "pair_win32.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const bench_bar *const bars[] = {
#if defined(_WIN64)
#if defined(SHMBROKER_BENCH_BOOST)
    &bar_queue_small, &bar_queue_large,
#endif
    &bar_trip,
#if defined(SHMBROKER_BENCH_BOOST)
    &bar_trip_boost,
#endif
    &bar_trip_pipe,   &bar_kernel_calls,   &bar_parked,
#if defined(SHMBROKER_BENCH_BOOST)
    &bar_lock_boost,
#endif
    &bar_lock_mutex,  &bar_contended_spin, &bar_contended_mutex, &bar_succession, &bar_state_rate,
    &bar_state_read,  &bar_attach,         &bar_start,           &bar_reload,     &bar_memory,
#endif
    &bar_config,
};

#define BARS (sizeof bars / sizeof bars[0])

#if defined(_WIN64)

static const bench_survey *const surveys[] = {&survey_latency, &survey_throughput};

static const bench_all all = {bars, BARS, surveys, sizeof surveys / sizeof surveys[0]};

#else

static const bench_all all = {bars, BARS, NULL, 0};

#endif

static int usage(void)
{
    fputs("usage: shmbroker-bench [--output FILE] [--regions N] [--repeats N] [BAR or SURVEY…]\n"
          "  measures the bars and surveys named, else all, prints a table, and writes FILE as JSON:\n",
          stderr);
    for (size_t i = 0; i < all.bar_count; i++)
        fprintf(stderr, "  %-4s %s\n", all.bars[i]->id, all.bars[i]->what);
    for (size_t i = 0; i < all.survey_count; i++)
        fprintf(stderr, "  %s: %s\n", all.surveys[i]->id, all.surveys[i]->what);
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
    for (size_t i = 0; i < all.bar_count; i++)
        if (strcmp(all.bars[i]->id, id) == 0)
            return true;
    for (size_t i = 0; i < all.survey_count; i++)
        if (strcmp(all.surveys[i]->id, id) == 0)
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
    if (argc == 4 && strcmp(argv[1], "--hold") == 0)
        return bench_hold_lock(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "--pair") == 0)
        return pair_peer(argv[2]);
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
    return bench_run(&all, &settings, argv + at, (size_t)(argc - at), output) ? 0 : 1;
}
