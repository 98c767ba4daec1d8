/* What came of measurements, between the files that take them (bench.c, survey.c) and the one that writes them down
   (report.c). */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include "bench.h"

#include <cjson/cJSON.h>

#define MOST_REPEATS 25u
#define MOST_TRIALS  50u
#define MOST_NOTES   8u
#define MOST_NOTED   256u /* values under one note; later ones are left out */
#define MOST_POINTS  96u  /* of a survey, those of all its series */

/* One repeat: what each trial gave, and what comes of them. */
typedef struct repeat {
    double ours[MOST_TRIALS];
    double theirs[MOST_TRIALS];
    unsigned trials;
    double value;
} repeat;

typedef struct note {
    const char *what;
    const char *unit;
    double values[MOST_NOTED];
    unsigned count;
} note;

/* What became of one bar. */
typedef struct result {
    const bench_bar *bar;
    repeat repeats[MOST_REPEATS];
    unsigned count;
    unsigned dropped;  /* pairs, since the floor moved */
    unsigned unsteady; /* pairs that count although it moved: too many did */
    double value;
    double least;
    double most;
    note notes[MOST_NOTES];
    unsigned note_count;
    char failure[1024]; /* "" when it was measured */
} result;

typedef struct point {
    const char *series;
    double x;
    double y[MOST_REPEATS];
    unsigned count;
} point;

/* What became of one survey. */
typedef struct survey_result {
    const bench_survey *survey;
    point points[MOST_POINTS]; /* in the order in which they were first given */
    unsigned count;
    char failure[1024];
} survey_result;

/* bench.c: runs `work(object)`, into which bench_fail comes back. False: it failed, and `failure` has the reason. */
bool bench_guard(void (*work)(void *object), void *object, char *failure, size_t size);

/* survey.c */
void survey_take(survey_result *made, const bench_settings *settings);

/* report.c */
double report_median(const double *values, unsigned count);
const char *report_verdict(const result *made);
void report_print(const result *made);
void report_print_survey(const survey_result *made);
cJSON *report_begin(const bench_machine *machine, const bench_settings *settings); /* NULL: out of memory */
void report_add(cJSON *json, const result *made);
void report_add_survey(cJSON *json, const survey_result *made);
bool report_write(const cJSON *json, const char *output);

#endif
