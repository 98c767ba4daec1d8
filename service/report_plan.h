/* What `plan` and `reload` print. */
#ifndef SHMBROKER_REPORT_PLAN_H
#define SHMBROKER_REPORT_PLAN_H

#include "catalog_reader.h"
#include "plan.h"

#include <stdio.h>

/* A plan, and what it was made of. */
typedef struct report_plan {
    const char *config;
    bool runs; /* a broker does; otherwise everything is to be created by the next start */
    const plan *plan;
    const declared_regions *declared;
    const existing_regions *existing;
    const catalog_view
        *view; /* the running broker's catalog, which tells why what it declares is not there; or NULL */
} report_plan;

/* The word and the sign of an action: "create" and "+". */
const char *report_plan_word(plan_kind kind);
const char *report_plan_sign(plan_kind kind);

/* One line to an action, and one with how many there are of each. False: out of memory, or the stream took no more. */
bool report_plan_text(FILE *stream, const report_plan *what);
bool report_plan_json(FILE *stream, const report_plan *what);

#endif
