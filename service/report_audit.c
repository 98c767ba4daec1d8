/* What `audit` prints. See report.h. */
#include "report.h"

#include "report_json.h"

/* ---- For people -------------------------------------------------------------------------------- */

static void print_place(FILE *stream, const audit_place *place)
{
    fprintf(stream, "%s", place->file ? place->file : "");
    if (place->where.line)
        fprintf(stream, ":%u:%u", (unsigned)place->where.line, (unsigned)place->where.column);
    fprintf(stream, ": ");
    if (place->region)
        fprintf(stream, "region %s: ", place->region);
}

static void print_finding(FILE *stream, const audit_finding *finding)
{
    fprintf(stream, "%-6s  ", audit_severity_name(finding->severity));
    print_place(stream, &finding->place);
    fprintf(stream, "%s [%s]\n        why: %s\n        do:  %s\n", finding->what, finding->id, finding->why,
            finding->advice);
}

bool report_audit_text(FILE *stream, const char *file, const audit_report *report)
{
    size_t all = 0;
    for (int severity = AUDIT_SEVERITY_COUNT - 1; severity >= 0; severity--) {
        all += report->counts[severity];
        for (size_t i = 0; i < report->count; i++)
            if (report->items[i].severity == (audit_severity)severity)
                print_finding(stream, &report->items[i]);
    }
    if (report->dropped)
        fprintf(stream, "        and %u more\n", (unsigned)report->dropped);
    fprintf(stream, "%s: %u %s: %u high, %u medium, %u low, %u info\n", file, (unsigned)all,
            all == 1 ? "finding" : "findings", (unsigned)report->counts[AUDIT_HIGH],
            (unsigned)report->counts[AUDIT_MEDIUM], (unsigned)report->counts[AUDIT_LOW],
            (unsigned)report->counts[AUDIT_INFO]);
    return fflush(stream) == 0 && !ferror(stream);
}

/* ---- As JSON ----------------------------------------------------------------------------------- */

static bool add_place(cJSON *item, const audit_place *place)
{
    bool ok = cJSON_AddStringToObject(item, "file", place->file ? place->file : "") != NULL;
    if (ok && place->where.line)
        ok = report_json_number(item, "line", place->where.line) &&
             report_json_number(item, "column", place->where.column);
    return ok && (!place->region || cJSON_AddStringToObject(item, "region", place->region));
}

static bool add_finding(cJSON *array, const audit_finding *finding)
{
    cJSON *item = report_json_item(array);
    return item && cJSON_AddStringToObject(item, "severity", audit_severity_name(finding->severity)) &&
           cJSON_AddStringToObject(item, "id", finding->id) && add_place(item, &finding->place) &&
           cJSON_AddStringToObject(item, "what", finding->what) &&
           cJSON_AddStringToObject(item, "why", finding->why) &&
           cJSON_AddStringToObject(item, "advice", finding->advice);
}

bool report_audit_json(FILE *stream, const char *file, const audit_report *report)
{
    cJSON *root = report_json_root();
    cJSON *counts = NULL, *findings = NULL;
    bool ok = cJSON_AddStringToObject(root, "file", file) && cJSON_AddTrueToObject(root, "ok") &&
              (counts = cJSON_AddObjectToObject(root, "counts")) != NULL &&
              (findings = cJSON_AddArrayToObject(root, "findings")) != NULL &&
              report_json_number(root, "findings_not_shown", report->dropped);
    for (int severity = AUDIT_SEVERITY_COUNT - 1; ok && severity >= 0; severity--) {
        ok = report_json_number(counts, audit_severity_name((audit_severity)severity),
                                report->counts[severity]);
        for (size_t i = 0; ok && i < report->count; i++)
            if (report->items[i].severity == (audit_severity)severity)
                ok = add_finding(findings, &report->items[i]);
    }
    return report_json_print(stream, root, ok);
}
