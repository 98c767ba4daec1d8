/* How bars are measured and judged. See bench.h. */
#include "results.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRIES     2u /* times its number of trials that a repeat goes through at most, dropped ones included */
#define FLOOR_MOVES 0.25

static result *current; /* the bar being measured */
static jmp_buf failed;
static bool guarded;
static char reason[1024];

void bench_fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(reason, sizeof reason, format, values);
    va_end(values);
    if (guarded)
        longjmp(failed, 1);
    fprintf(stderr, "error: %s\n", reason); /* the peer of a measurement: whoever started it reads this */
    exit(1);
}

bool bench_guard(void (*work)(void *object), void *object, char *failure, size_t size)
{
    guarded = true;
    if (setjmp(failed) == 0) {
        work(object);
        guarded = false;
        return true;
    }
    guarded = false;
    snprintf(failure, size, "%s", reason);
    return false;
}

void bench_note(const char *what, const char *unit, double value)
{
    unsigned i = 0;
    while (i < current->note_count && strcmp(current->notes[i].what, what) != 0)
        i++;
    if (i == MOST_NOTES)
        return;
    note *n = &current->notes[i];
    if (i == current->note_count)
        current->note_count++;
    n->what = what;
    n->unit = unit;
    if (n->count < MOST_NOTED)
        n->values[n->count++] = value;
}

/* ---- Measuring */

static bool has_moved(double before, double after)
{
    double apart = before > after ? before - after : after - before;
    return apart > FLOOR_MOVES * (before < after ? before : after);
}

/* One trial of each side, every other time the other one first. */
static void take_pair(const bench_bar *bar, repeat *r, unsigned turn)
{
    if (bar->theirs && turn % 2)
        r->theirs[r->trials] = bar->theirs();
    r->ours[r->trials] = bar->ours();
    if (bar->theirs && turn % 2 == 0)
        r->theirs[r->trials] = bar->theirs();
}

static void take_repeat(result *made)
{
    const bench_bar *bar = made->bar;
    repeat *r = &made->repeats[made->count];
    unsigned left = RETRIES * bar->trials; /* pairs that may still be taken */
    for (unsigned turn = made->count; r->trials < bar->trials; turn++, left--) {
        double before = bar->floor ? bar->floor() : 0;
        take_pair(bar, r, turn);
        bool moved = bar->floor && has_moved(before, bar->floor());
        if (moved && left > bar->trials - r->trials) {
            made->dropped++;
        } else {
            made->unsteady += moved;
            r->trials++;
        }
    }
    r->value = report_median(r->ours, r->trials);
    if (bar->theirs)
        r->value /= report_median(r->theirs, r->trials);
    made->count++;
}

static int compare(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

static void summarize(result *made)
{
    double values[MOST_REPEATS] = {0};
    for (unsigned i = 0; i < made->count; i++)
        values[i] = made->repeats[i].value;
    made->value = report_median(values, made->count);
    qsort(values, made->count, sizeof values[0], compare);
    made->least = values[0];
    made->most = values[made->count - 1];
}

static const bench_settings *settings_now;

static void take_bar(void *object)
{
    result *made = object;
    if (made->bar->open)
        made->bar->open(settings_now);
    while (made->count < settings_now->repeats)
        take_repeat(made);
    summarize(made);
}

static void shut_bar(void *object)
{
    const result *made = object;
    if (made->bar->close)
        made->bar->close();
}

static void measure(result *made, const bench_settings *settings)
{
    char ignored[sizeof made->failure];
    current = made;
    settings_now = settings;
    bench_guard(take_bar, made, made->failure, sizeof made->failure);
    bench_guard(shut_bar, made, ignored, sizeof ignored);
    current = NULL;
}

static bool is_wanted(const char *id, char **wanted, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(id, wanted[i]) == 0)
            return true;
    return count == 0;
}

static bool run_bar(const bench_bar *bar, const bench_settings *settings, cJSON *json)
{
    static result made; /* large */
    memset(&made, 0, sizeof made);
    made.bar = bar;
    measure(&made, settings);
    report_print(&made);
    report_add(json, &made);
    return !*made.failure;
}

static bool run_survey(const bench_survey *survey, const bench_settings *settings, cJSON *json)
{
    static survey_result made; /* large */
    memset(&made, 0, sizeof made);
    made.survey = survey;
    survey_take(&made, settings);
    report_print_survey(&made);
    report_add_survey(json, &made);
    return !*made.failure;
}

bool bench_run(const bench_all *all, const bench_settings *settings, char **wanted, size_t wanted_count,
               const char *output)
{
    bench_machine machine = {0};
    bool ok = true;
    bench_machine_describe(&machine);
    cJSON *json = report_begin(&machine, settings);
    printf("%s; %s, %u processors, %llu MiB; %u regions, median and range of %u repeats\n", machine.system,
           machine.processor, machine.processors, machine.memory >> 20, settings->regions, settings->repeats);
    for (size_t i = 0; i < all->bar_count; i++)
        if (is_wanted(all->bars[i]->id, wanted, wanted_count))
            ok = run_bar(all->bars[i], settings, json) && ok;
    for (size_t i = 0; i < all->survey_count; i++)
        if (is_wanted(all->surveys[i]->id, wanted, wanted_count))
            ok = run_survey(all->surveys[i], settings, json) && ok;
    if (output)
        ok = report_write(json, output) && ok;
    cJSON_Delete(json);
    return ok;
}
