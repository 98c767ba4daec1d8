/* `shmbroker check`: the regions as they will be created, or what is wrong with the file. */
#include "commands.h"

#include "commit.h"
#include "declare.h"
#include "names.h"
#include "reading.h"
#include "report.h"

#include <stdlib.h>

/* Compiles as the service would: it owns the objects, whoever checks. */
static int report_regions(const config_model *model, const command_options *options)
{
    platform_failure failure = {0};
    platform_folders folders;
    declaration declared = {0};
    char service[NAMES_TEXT], sid[CONFIG_SID_TEXT];
    const access_identity identity = {sid, sid};
    names_service(options->instance, service);
    if (!platform_service_sid(service, sid, &failure) ||
        !platform_folders_find(options->instance, &folders, &failure) ||
        !declare_regions(model, options->instance, folders.data, &identity, &declared, &failure)) {
        fprintf(stderr, "error: %s\n", failure.text);
        return failure.code == DECLARE_REFUSED ? EXIT_BAD_USAGE : EXIT_FAILED;
    }
    platform_memory read;
    const platform_memory *machine = platform_memory_read(&read, &failure) ? &read : NULL;
    /* The file may be meant for another machine, so this is no error. */
    bool suffices = !machine || commit_suffices(&declared.regions, machine, &failure);
    if (!suffices)
        fprintf(stderr,
                "warning: a service could not start here, unless a running one has made some of them "
                "already: %s\n",
                failure.text);
    bool written = options->quiet ? true
                   : options->json
                       ? report_check_json(stdout, model, &declared, machine, suffices ? NULL : failure.text)
                       : report_check_text(stdout, model, &declared, machine);
    declaration_free(&declared);
    if (!written)
        fputs("error: cannot write the report: out of memory, or the output does not take it\n", stderr);
    return written ? EXIT_OK : EXIT_FAILED;
}

/* With a warning about everybody who may change it and should not, or as the service refuses it. NULL: `code` says what the program ends with. */
static config_model *load_config(const command_options *options, config_diagnostics *diagnostics, int *code)
{
    platform_failure failure = {0};
    guard g;
    config_model *model = NULL;
    *code = EXIT_FAILED;
    if (guard_begin(&g, options->instance, &failure)) {
        const reading what = {&g, options->argument, options->argument, platform_resolver(),
                              options->as_service};
        if (options->as_service)
            guard_as_service(&g);
        model = reading_load(&what, diagnostics, &failure);
        *code = model ? EXIT_OK : EXIT_BAD_USAGE;
    }
    guard_print(&g, stderr);
    guard_end(&g);
    if (!model && diagnostics->errors == 0)
        fprintf(stderr, "error: %s\n", failure.text);
    return model;
}

int command_check(const command_options *options)
{
    static config_diagnostics diagnostics;
    int code;
    config_diagnostics_init(&diagnostics, options->argument);
    config_model *model = load_config(options, &diagnostics, &code);
    if (model)
        code = report_regions(model, options);
    else if (options->json && diagnostics.errors > 0)
        report_errors_json(stdout, &diagnostics);
    config_diagnostics_print(&diagnostics, stderr, platform_shows_colour(stderr));
    config_diagnostics_free(&diagnostics);
    config_model_free(model);
    return code;
}
