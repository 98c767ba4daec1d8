/* How bars are measured, judged and reported. See bench.h. */
#include "bench.h"

#include <cjson/cJSON.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_REPEATS 25u
#define MOST_TRIALS  50u
#define MOST_NOTES   8u
#define MOST_NOTED   256u /* values under one note; later ones are left out */
#define RETRIES      2u /* times its number of trials that a repeat goes through at most, dropped ones included */
#define FLOOR_MOVES  0.25

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

static result *current; /* being measured */
static jmp_buf failed;

void bench_fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(current->failure, sizeof current->failure, format, values);
    va_end(values);
    longjmp(failed, 1);
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

static int compare(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

static double median(const double *values, unsigned count)
{
    double sorted[MOST_NOTED];
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare);
    return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
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
    r->value = median(r->ours, r->trials);
    if (bar->theirs)
        r->value /= median(r->theirs, r->trials);
    made->count++;
}

static void summarize(result *made)
{
    double values[MOST_REPEATS] = {0};
    for (unsigned i = 0; i < made->count; i++)
        values[i] = made->repeats[i].value;
    made->value = median(values, made->count);
    qsort(values, made->count, sizeof values[0], compare);
    made->least = values[0];
    made->most = values[made->count - 1];
}

static void measure(result *made, const bench_settings *settings)
{
    const bench_bar *bar = made->bar;
    current = made;
    if (setjmp(failed) == 0) {
        if (bar->open)
            bar->open(settings);
        while (made->count < settings->repeats)
            take_repeat(made);
        summarize(made);
    }
    if (setjmp(failed) == 0 && bar->close)
        bar->close();
    current = NULL;
}

/* ---- Reporting */

static bool reaches(const bench_bar *bar, double value, double wanted)
{
    return bar->more_is_better ? value >= wanted : value <= wanted;
}

static const char *verdict(const result *made)
{
    if (*made->failure)
        return "failed";
    if (reaches(made->bar, made->value, made->bar->aim))
        return "aim";
    return reaches(made->bar, made->value, made->bar->pass) ? "pass" : "missed";
}

static void print_result(const result *made)
{
    const bench_bar *bar = made->bar;
    const char *wanted = bar->more_is_better ? ">=" : "<=";
    printf("%-4s %-7s ", bar->id, verdict(made));
    if (*made->failure)
        printf("%s\n             %s\n", bar->what, made->failure);
    else
        printf("%10.4g %-6s (%.4g to %.4g; pass %s %g, aim %s %g)  %s\n", made->value, bar->unit, made->least,
               made->most, wanted, bar->pass, wanted, bar->aim, bar->what);
    for (unsigned i = 0; !*made->failure && i < made->note_count; i++)
        printf("             %10.4g %-6s %s\n", median(made->notes[i].values, made->notes[i].count),
               made->notes[i].unit, made->notes[i].what);
    if (made->dropped + made->unsteady)
        printf(
            "             the machine's floor moved: %u pairs of trials dropped, %u counted all the same\n",
            made->dropped, made->unsteady);
    fflush(stdout);
}

static cJSON *sample_json(const repeat *r, bool is_ratio)
{
    cJSON *sample = cJSON_CreateObject();
    cJSON_AddNumberToObject(sample, "value", r->value);
    cJSON_AddItemToObject(sample, "ours", cJSON_CreateDoubleArray(r->ours, (int)r->trials));
    if (is_ratio)
        cJSON_AddItemToObject(sample, "theirs", cJSON_CreateDoubleArray(r->theirs, (int)r->trials));
    return sample;
}

static void add_measured(cJSON *json, const result *made)
{
    cJSON_AddNumberToObject(json, "value", made->value);
    cJSON_AddItemToObject(json, "range",
                          cJSON_CreateDoubleArray((const double[]){made->least, made->most}, 2));
    cJSON_AddNumberToObject(json, "dropped", made->dropped);
    cJSON_AddNumberToObject(json, "unsteady", made->unsteady);
    cJSON *notes = cJSON_AddArrayToObject(json, "notes"), *samples = cJSON_AddArrayToObject(json, "samples");
    for (unsigned i = 0; i < made->note_count; i++) {
        const note *n = &made->notes[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "what", n->what);
        cJSON_AddStringToObject(item, "unit", n->unit);
        cJSON_AddNumberToObject(item, "value", median(n->values, n->count));
        cJSON_AddItemToArray(notes, item);
    }
    for (unsigned i = 0; i < made->count; i++)
        cJSON_AddItemToArray(samples, sample_json(&made->repeats[i], made->bar->theirs != NULL));
}

static cJSON *result_json(const result *made)
{
    const bench_bar *bar = made->bar;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "id", bar->id);
    cJSON_AddStringToObject(json, "what", bar->what);
    cJSON_AddStringToObject(json, "unit", bar->unit);
    cJSON_AddStringToObject(json, "better", bar->more_is_better ? "more" : "less");
    cJSON_AddNumberToObject(json, "pass", bar->pass);
    cJSON_AddNumberToObject(json, "aim", bar->aim);
    cJSON_AddStringToObject(json, "verdict", verdict(made));
    if (*made->failure)
        cJSON_AddStringToObject(json, "failure", made->failure);
    else
        add_measured(json, made);
    return json;
}

static cJSON *machine_json(const bench_machine *machine)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "system", machine->system);
    cJSON_AddStringToObject(json, "processor", machine->processor);
    cJSON_AddNumberToObject(json, "processors", machine->processors);
    cJSON_AddNumberToObject(json, "memory", (double)machine->memory);
    return json;
}

/* NULL: out of memory. */
static cJSON *report_json(const bench_machine *machine, const bench_settings *settings)
{
    char date[32] = "";
    time_t now = time(NULL);
    const struct tm *utc = gmtime(&now);
    if (utc)
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", utc);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "schema_version", 1);
    cJSON_AddStringToObject(json, "version", SHMBROKER_VERSION);
    cJSON_AddStringToObject(json, "date", date);
    cJSON_AddItemToObject(json, "machine", machine_json(machine));
    cJSON_AddNumberToObject(json, "regions", settings->regions);
    cJSON_AddNumberToObject(json, "repeats", settings->repeats);
    cJSON_AddArrayToObject(json, "bars");
    return json;
}

static bool write_report(const cJSON *json, const char *output)
{
    char *text = cJSON_Print(json);
    FILE *file = text ? fopen(output, "wb") : NULL;
    bool ok = file && fputs(text, file) >= 0 && fputc('\n', file) != EOF;
    if (file)
        ok = fclose(file) == 0 && ok;
    cJSON_free(text);
    if (!ok)
        fprintf(stderr, "error: cannot write %s; is there such a folder, and space on its disk?\n", output);
    return ok;
}

static bool is_wanted(const bench_bar *bar, char **wanted, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(bar->id, wanted[i]) == 0)
            return true;
    return count == 0;
}

bool bench_run(const bench_bar *const bars[], size_t count, const bench_settings *settings, char **wanted,
               size_t wanted_count, const char *output)
{
    static result made; /* large */
    bench_machine machine = {0};
    bool ok = true;
    bench_machine_describe(&machine);
    cJSON *json = report_json(&machine, settings);
    printf("%s; %s, %u processors, %llu MiB; %u regions, median and range of %u repeats\n", machine.system,
           machine.processor, machine.processors, machine.memory >> 20, settings->regions, settings->repeats);
    for (size_t i = 0; i < count; i++) {
        if (!is_wanted(bars[i], wanted, wanted_count))
            continue;
        memset(&made, 0, sizeof made);
        made.bar = bars[i];
        measure(&made, settings);
        print_result(&made);
        ok = ok && !*made.failure;
        cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(json, "bars"), result_json(&made));
    }
    if (output)
        ok = write_report(json, output) && ok;
    cJSON_Delete(json);
    return ok;
}
