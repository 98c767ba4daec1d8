/* How measurements are written down: the table, and results.json. See results.h. */
#include "results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int compare(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

double report_median(const double *values, unsigned count)
{
    double sorted[MOST_NOTED];
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare);
    return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static bool reaches(const bench_bar *bar, double value, double wanted)
{
    return bar->more_is_better ? value >= wanted : value <= wanted;
}

const char *report_verdict(const result *made)
{
    if (*made->failure)
        return "failed";
    if (reaches(made->bar, made->value, made->bar->aim))
        return "aim";
    return reaches(made->bar, made->value, made->bar->pass) ? "pass" : "missed";
}

void report_print(const result *made)
{
    const bench_bar *bar = made->bar;
    const char *wanted = bar->more_is_better ? ">=" : "<=";
    printf("%-4s %-7s ", bar->id, report_verdict(made));
    if (*made->failure)
        printf("%s\n             %s\n", bar->what, made->failure);
    else
        printf("%10.4g %-6s (%.4g to %.4g; pass %s %g, aim %s %g)  %s\n", made->value, bar->unit, made->least,
               made->most, wanted, bar->pass, wanted, bar->aim, bar->what);
    for (unsigned i = 0; !*made->failure && i < made->note_count; i++)
        printf("             %10.4g %-6s %s\n", report_median(made->notes[i].values, made->notes[i].count),
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
        cJSON_AddNumberToObject(item, "value", report_median(n->values, n->count));
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
    cJSON_AddStringToObject(json, "verdict", report_verdict(made));
    if (*made->failure)
        cJSON_AddStringToObject(json, "failure", made->failure);
    else
        add_measured(json, made);
    return json;
}

void report_add(cJSON *json, const result *made)
{
    cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(json, "bars"), result_json(made));
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

cJSON *report_begin(const bench_machine *machine, const bench_settings *settings)
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
    cJSON_AddArrayToObject(json, "surveys");
    return json;
}

bool report_write(const cJSON *json, const char *output)
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

/* ---- Surveys */

void report_print_survey(const survey_result *made)
{
    printf("%s: %s\n", made->survey->id, *made->failure ? made->failure : made->survey->what);
    for (unsigned i = 0; !*made->failure && i < made->count; i++)
        printf("             %10.4g  %12.5g  %s\n", made->points[i].x,
               report_median(made->points[i].y, made->points[i].count), made->points[i].series);
    fflush(stdout);
}

/* [x, median of y, least y, greatest y] */
static cJSON *point_json(const point *p)
{
    double least = p->y[0], most = p->y[0];
    for (unsigned i = 1; i < p->count; i++) {
        least = p->y[i] < least ? p->y[i] : least;
        most = p->y[i] > most ? p->y[i] : most;
    }
    return cJSON_CreateDoubleArray((const double[]){p->x, report_median(p->y, p->count), least, most}, 4);
}

static bool is_first_of_its_series(const survey_result *made, unsigned at)
{
    for (unsigned i = 0; i < at; i++)
        if (strcmp(made->points[i].series, made->points[at].series) == 0)
            return false;
    return true;
}

static void add_series(cJSON *all, const survey_result *made, const char *name)
{
    cJSON *series = cJSON_CreateObject();
    cJSON_AddStringToObject(series, "name", name);
    cJSON *points = cJSON_AddArrayToObject(series, "points");
    for (unsigned i = 0; i < made->count; i++)
        if (strcmp(made->points[i].series, name) == 0)
            cJSON_AddItemToArray(points, point_json(&made->points[i]));
    cJSON_AddItemToArray(all, series);
}

void report_add_survey(cJSON *json, const survey_result *made)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "id", made->survey->id);
    cJSON_AddStringToObject(item, "what", made->survey->what);
    cJSON_AddStringToObject(item, "x", made->survey->x);
    cJSON_AddStringToObject(item, "y", made->survey->y);
    if (*made->failure)
        cJSON_AddStringToObject(item, "failure", made->failure);
    cJSON *all = cJSON_AddArrayToObject(item, "series");
    for (unsigned i = 0; !*made->failure && i < made->count; i++)
        if (is_first_of_its_series(made, i))
            add_series(all, made, made->points[i].series);
    cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(json, "surveys"), item);
}
