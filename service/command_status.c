/* `shmbroker status`: the broker and its regions, as any client can see them. */
#include "commands.h"

#include "report.h"
#include "status_sources.h"

#include <string.h>

static int code_for(const report_status *status)
{
    static catalog_region found;
    if (!status->alive)
        return EXIT_NO_BROKER;
    if (status->only && catalog_find(&status->view, status->only, strlen(status->only), &found) != CATALOG_OK)
        return EXIT_NO_REGION;
    return EXIT_OK;
}

int command_status(const command_options *options)
{
    platform_failure failure = {0};
    status_catalog opened = {0};
    report_status status = {
        .instance = options->instance, .only = options->argument, .why_not = failure.text};
    status.service_state = status_service_state(options->instance);
    status.alive = status_catalog_open(options->instance, &opened, &failure);
    status.broker = opened.info;
    status.view = opened.view;
    int code = code_for(&status);
    bool written = options->json ? report_status_json(stdout, &status) : report_status_text(stdout, &status);
    if (code == EXIT_NO_REGION)
        fprintf(stderr, "error: the broker has no region \"%s\"; `shmbroker status` lists those it has\n",
                options->argument);
    status_catalog_close(&opened);
    return written ? code : EXIT_FAILED;
}
