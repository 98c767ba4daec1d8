/* Opens configurations and notes who may change them. See guard.h. */
#include "guard.h"

#include "names.h"
#include "text_builder.h"

#include <stdlib.h>
#include <string.h>

bool guard_begin(guard *g, const char *instance, platform_failure *failure)
{
    char service[NAMES_TEXT], first[NAMES_TEXT];
    memset(g, 0, sizeof *g);
    names_service(instance, service);
    names_service("", first);
    for (size_t i = 0; i < GUARD_KEEPERS; i++)
        g->keeper_sids[i] = g->sids[i];
    g->keepers = (trust_keepers){g->keeper_sids, GUARD_KEEPERS};
    return platform_service_sid(service, g->sids[0], failure) &&
           platform_service_sid(first, g->sids[1], failure) &&
           platform_user_sid(g->sids[GUARD_SERVICES], failure);
}

void guard_end(guard *g)
{
    trust_report_free(&g->report);
}

void guard_as_service(guard *g)
{
    if (platform_has_service_accounts())
        g->keepers.count = GUARD_SERVICES;
}

FILE *guard_open(guard *g, const char *path, platform_failure *failure)
{
    return platform_config_open(path, &g->keepers, &g->report, failure);
}

bool guard_look_at_folder(guard *g, const char *path, platform_failure *failure)
{
    return platform_trust_examine(path, TRUST_FOLDER, &g->keepers, &g->report, failure);
}

bool guard_refuses(const guard *g, platform_failure *failure)
{
    if (g->report.count == 0 && !g->report.failed)
        return false;
    failure->code = 0;
    char *what = g->report.count ? trust_describe(&g->report.items[0]) : NULL;
    char *remedy = g->report.count ? trust_remedy(&g->report.items[0]) : NULL;
    size_t others = g->report.count + g->report.dropped - 1;
    if (what && remedy)
        snprintf(failure->text, sizeof failure->text,
                 "will not use a configuration that others than administrators can change: %s; take that "
                 "away with %s%s",
                 what, remedy, others ? " (`shmbroker audit` lists the others that can)" : "");
    else
        snprintf(failure->text, sizeof failure->text,
                 "cannot find out who may change the configuration: out of memory; close other programs");
    free(what);
    free(remedy);
    return true;
}

void guard_print(const guard *g, FILE *stream)
{
    for (size_t i = 0; i < g->report.count; i++) {
        char *what = trust_describe(&g->report.items[i]), *remedy = trust_remedy(&g->report.items[i]);
        fprintf(stream,
                "warning: %s; the service will not start with such a configuration; take that away with %s\n",
                what ? what : "out of memory", remedy ? remedy : "icacls");
        free(what);
        free(remedy);
    }
    if (g->report.dropped)
        fprintf(stream, "warning: %u more accounts can change the configuration\n",
                (unsigned)g->report.dropped);
}
