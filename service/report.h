/* What `check`, `audit`, `explain` and `status` print, for people and as JSON. Each returns false when memory ran out or the
   stream took no more. */
#ifndef SHMBROKER_REPORT_H
#define SHMBROKER_REPORT_H

#include "audit.h"
#include "catalog_reader.h"
#include "declare.h"
#include "explain.h"
#include "session.h"

#include <stdio.h>

#define REPORT_SCHEMA_VERSION                                                                                \
    1 /* of all JSON that is printed; a change that could break a reader raises it */

#define REPORT_NAME (SHMB_KEY_BYTES + 24u) /* bytes of a region's name as people see it, with its NUL */

/* The name that is declared, of a region's entry in the catalog. Returns the session whose instance it is, or 0. */
uint32_t report_plain_name(const char *key, char name[SHMB_KEY_BYTES]);

/* The same for people: "Telemetry", or "Telemetry (session 3)". */
void report_region_name(const char *key, char name[REPORT_NAME]);

/* What clients can expect of a region: "ready", "pending" and so on; of a `state` as the catalog has it. */
const char *report_state_word(uint32_t state);

/* `machine`: this one, which may not have all that is asked for; NULL when it is not known. */
bool report_check_text(FILE *stream, const config_model *model, const declaration *declared,
                       const platform_memory *machine);

/* `warning`: why a service could not start with them on this machine; NULL when it could. */
bool report_check_json(FILE *stream, const config_model *model, const declaration *declared,
                       const platform_memory *machine, const char *warning);
bool report_errors_json(FILE *stream, const config_diagnostics *diagnostics);

/* The findings from high to info, each with its place, and how many there are. */
bool report_audit_text(FILE *stream, const char *file, const audit_report *report);
bool report_audit_json(FILE *stream, const char *file, const audit_report *report);

/* What `status` found out. */
typedef struct report_status {
    const char *instance;
    const char *service_state; /* "running", "not installed", … */
    bool alive;                /* a broker publishes, and its heart beats */
    catalog_info broker;       /* when alive */
    catalog_view view;         /* its bytes, when alive */
    const char *only;          /* the region that is asked for, or NULL: all that are declared */
    const char *why_not;       /* when not alive: one sentence */
} report_status;

/* Whether there is anything to show of what is asked for. */
bool report_status_has_regions(const report_status *status);

bool report_status_text(FILE *stream, const report_status *status);
bool report_status_json(FILE *stream, const report_status *status);

bool report_explain_text(FILE *stream, const explanation *e);
bool report_explain_json(FILE *stream, const explanation *e);

#endif
