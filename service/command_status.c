/* `shmbroker status`: the broker and its regions, as any client can see them. */
#include "commands.h"

#include "report.h"
#include "status_sources.h"

static int code_for(const report_status *status)
{
    if (!status->alive)
        return EXIT_NO_BROKER;
    return !status->only || report_status_has_regions(status) ? EXIT_OK : EXIT_NO_REGION;
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
