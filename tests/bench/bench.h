/*
 * The frame of the measurements: each bar is a ratio of two things done in one run, or a count, and this is how it is
 * taken, judged and written down.
 *
 * A ratio is measured in repeats. Each repeat takes short trials of both sides in turn, so that both see the same
 * machine, and gives the ratio of their medians; the bar's value is the median of the repeats. Where a bar has a floor
 * (something as short as can be that needs the same of the machine), it is measured before and after each pair of
 * trials, and a pair during which it moved by more than a quarter is dropped and taken again.
 *
 * Absolute times say something about one machine at one time alone; results.json has them as samples.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>

#define BENCH_REPEATS 5u     /* of a bar, unless the command line says otherwise */
#define BENCH_REGIONS 10000u /* likewise: in the configurations that bars are measured with */

typedef struct bench_settings {
    unsigned repeats;
    unsigned regions;
} bench_settings;

typedef struct bench_bar {
    const char *id;   /* as on the command line */
    const char *what; /* "A ÷ B", or what is counted */
    const char *unit; /* of the value: "ratio", "bytes"… */
    double pass;
    double aim;
    bool more_is_better;
    unsigned trials;                            /* of each side in one repeat */
    void (*open)(const bench_settings *wanted); /* makes what both sides need. NULL: nothing */
    double (*ours)(void);   /* one trial: seconds, or the value when there is no other side */
    double (*theirs)(void); /* NULL: this bar is a count */
    double (*floor)(void);  /* seconds. NULL: none is known for this bar */
    void (*close)(void);    /* also after a failure, of open too. NULL: nothing */
} bench_bar;

#if defined(__cplusplus)
#define BENCH_NORETURN [[noreturn]]
#else
#define BENCH_NORETURN _Noreturn
#endif

/* Ends the measurement of this bar, which is then reported as failed, with the reason. */
#if defined(__MINGW32__)
__attribute__((format(gnu_printf, 1, 2)))
#elif defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
BENCH_NORETURN void
bench_fail(const char *format, ...);

/* Adds a figure that explains this bar's value. The median of all that is noted under the same words is reported. */
void bench_note(const char *what, const char *unit, double value);

/* A survey is not judged: it gives the points of a plot. */
typedef struct bench_survey {
    const char *id;   /* as on the command line */
    const char *what; /* the plot's title */
    const char *x;    /* what its axes show */
    const char *y;
    void (*open)(const bench_settings *wanted);
    void (*take)(void); /* calls bench_point for each; once in each repeat */
    void (*close)(void);
} bench_survey;

/* Adds a point to the survey under way. The median of all that are given for the same series and x is reported. */
void bench_point(const char *series, double x, double y);

/* What there is to measure. */
typedef struct bench_all {
    const bench_bar *const *bars;
    size_t bar_count;
    const bench_survey *const *surveys;
    size_t survey_count;
} bench_all;

/* Measures the bars and surveys whose ids are in `wanted`, or all when there is none, prints the table, and writes
   results.json's text to `output` unless it is NULL. False when one could not be measured or the file not written; a bar
   that is missed is a result. */
bool bench_run(const bench_all *all, const bench_settings *settings, char **wanted, size_t wanted_count,
               const char *output);

/* ---- The machine: machine_win32.c, machine_posix.c -------------------------------------------------------------- */

typedef struct bench_machine {
    char system[128];
    char processor[128];
    unsigned processors;
    unsigned long long memory; /* bytes */
} bench_machine;

void bench_machine_describe(bench_machine *machine);

/* Seconds since some moment, as finely as the machine tells. */
double bench_seconds(void);

#endif
