/* Surveys: the points of a plot, each the median of what the repeats gave. See bench.h. */
#include "results.h"

#include <string.h>

static survey_result *current; /* being taken */

void bench_point(const char *series, double x, double y)
{
    unsigned i = 0;
    while (i < current->count &&
           (strcmp(current->points[i].series, series) != 0 || current->points[i].x != x))
        i++;
    if (i == MOST_POINTS)
        bench_fail("a survey has more points than there is room for");
    point *p = &current->points[i];
    if (i == current->count)
        current->count++;
    p->series = series;
    p->x = x;
    if (p->count < MOST_REPEATS)
        p->y[p->count++] = y;
}

typedef struct taking {
    survey_result *made;
    const bench_settings *settings;
} taking;

static void take(void *object)
{
    const taking *t = object;
    t->made->survey->open(t->settings);
    for (unsigned i = 0; i < t->settings->repeats; i++)
        t->made->survey->take();
}

static void shut(void *object)
{
    const taking *t = object;
    t->made->survey->close();
}

void survey_take(survey_result *made, const bench_settings *settings)
{
    taking t = {made, settings};
    char ignored[sizeof made->failure];
    current = made;
    bench_guard(take, &t, made->failure, sizeof made->failure);
    bench_guard(shut, &t, ignored, sizeof ignored);
    current = NULL;
}
