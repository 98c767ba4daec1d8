/* `shmbroker audit`: what in a configuration, and around it, lets people do more than it should. */
#include "commands.h"

#include "declare.h"
#include "names.h"
#include "reading.h"
#include "report.h"
#include "text_builder.h"

#include <stdlib.h>
#include <string.h>

/* All that is acquired to audit one file, in order. */
typedef struct auditing {
    const char *file;
    guard guard;
    platform_folders folders;
    char broker_sid[CONFIG_SID_TEXT];
    access_identity identity;
    config_model *model;
    trust_report data, program;
    leftovers left;
    char snapshots[PLATFORM_PATH];
    char **looked_up; /* SIDs that the machine was asked for, each behind a '-' when it is gone, else a '+' */
    size_t looked_up_count;
    audit_report report;
} auditing;

static int failed(const platform_failure *failure, int code)
{
    fprintf(stderr, "error: %s\n", failure->text);
    return code;
}

/* ---- The configuration ------------------------------------------------------------------------- */

/* What would be refused is a finding here. */
static bool sddl_is_readable(void *context, const char *sddl, char *why, size_t why_size)
{
    (void)context;
    access_descriptor descriptor;
    platform_failure failure = {0};
    if (platform_sddl_read(sddl, &descriptor, &failure)) {
        bool without = descriptor.null_dacl;
        access_descriptor_free(&descriptor);
        if (without)
            return true;
    }
    return platform_resolver()->sddl_is_valid(platform_resolver()->context, sddl, why, why_size);
}

static int load(auditing *a, bool json)
{
    static config_diagnostics diagnostics; /* its table is large for a stack */
    platform_failure failure = {0};
    config_resolver resolver = *platform_resolver();
    resolver.sddl_is_valid = sddl_is_readable;
    const reading what = {&a->guard, a->file, a->file, &resolver, false};
    config_diagnostics_init(&diagnostics, a->file);
    a->model = reading_load(&what, &diagnostics, &failure);
    if (!a->model && diagnostics.errors == 0)
        failed(&failure, EXIT_BAD_USAGE);
    else if (!a->model && json)
        report_errors_json(stdout, &diagnostics);
    config_diagnostics_print(&diagnostics, stderr, platform_shows_colour(stderr));
    config_diagnostics_free(&diagnostics);
    return a->model ? EXIT_OK : EXIT_BAD_USAGE;
}

/* The broker's account alone keeps it: what the person who asks may change is a finding, if a small one. */
static int open_and_load(auditing *a, const command_options *options)
{
    platform_failure failure = {0};
    char service[NAMES_TEXT];
    names_service(options->instance, service);
    if (!guard_begin(&a->guard, options->instance, &failure) ||
        !platform_service_sid(service, a->broker_sid, &failure) ||
        !platform_folders_find(options->instance, &a->folders, &failure))
        return failed(&failure, EXIT_FAILED);
    a->guard.keepers.count = GUARD_SERVICES;
    a->identity = (access_identity){a->broker_sid, a->broker_sid};
    a->file = options->argument ? options->argument : a->folders.config;
    return load(a, options->json);
}

/* ---- The machine ------------------------------------------------------------------------------- */

static void look_at(const char *path, trust_place place, const trust_keepers *keepers, trust_report *report)
{
    platform_failure failure = {0};
    if (!platform_trust_examine(path, place, keepers, report, &failure))
        fprintf(stderr, "warning: %s\n", failure.text);
}

static void look_at_places(auditing *a)
{
    platform_failure failure = {0};
    char program[PLATFORM_PATH];
    look_at(a->folders.data, TRUST_FOLDER, &a->guard.keepers, &a->data);
    if (platform_program_path(program, &failure))
        look_at(program, TRUST_FILE, &a->guard.keepers, &a->program);
    else
        fprintf(stderr, "warning: %s\n", failure.text);
}

/* Only who may look into the data folder sees them; others hear that. */
static bool look_for_leftovers(auditing *a)
{
    platform_failure failure = {0};
    snprintf(a->snapshots, sizeof a->snapshots, "%.900s\\snapshots", a->folders.data);
    if (leftovers_find(a->snapshots, a->model, &a->left, &failure))
        return true;
    fprintf(stderr, "warning: snapshots are not looked at: %s\n", failure.text);
    return false;
}

/* The broker of a console makes the file its user's own. */
static void look_at_file(void *context, const config_region *region, audit_file file, trust_place place,
                         const trust_keepers *keepers, trust_report *report)
{
    const auditing *a = context;
    char *path = file == AUDIT_INITIAL ? declare_initial_path(&region->initial)
                                       : declare_backing_path(a->folders.data, region->backing_file);
    const char **sids = calloc(keepers->count + GUARD_KEEPERS, sizeof *sids);
    if (path && sids) {
        memcpy(sids, keepers->sids, keepers->count * sizeof *sids);
        memcpy(sids + keepers->count, a->guard.keeper_sids, sizeof a->guard.keeper_sids);
        const trust_keepers more = {sids, keepers->count + GUARD_KEEPERS};
        look_at(path, place, &more, report);
    }
    report->failed = report->failed || !path || !sids;
    free(sids);
    free(path);
}

/* Asking may take a domain's answer, and regions name the same few accounts: each is asked for once. */
static bool account_is_gone(void *context, const char *sid)
{
    auditing *a = context;
    for (size_t i = 0; i < a->looked_up_count; i++)
        if (strcmp(a->looked_up[i] + 1, sid) == 0)
            return a->looked_up[i][0] == '-';
    if (!a->looked_up)
        a->looked_up = calloc(AUDIT_MAX_LOOKUPS, sizeof *a->looked_up);
    if (!a->looked_up || a->looked_up_count == AUDIT_MAX_LOOKUPS)
        return false;
    bool gone = platform_account_is_gone(sid);
    char *known = text_make("%c%s", gone ? '-' : '+', sid);
    if (known)
        a->looked_up[a->looked_up_count++] = known;
    return gone;
}

/* ---- The command ------------------------------------------------------------------------------- */

static int exit_code(const audit_report *report)
{
    if (report->counts[AUDIT_HIGH])
        return EXIT_FOUND_HIGH;
    if (report->counts[AUDIT_MEDIUM])
        return EXIT_FOUND_MEDIUM;
    return report->counts[AUDIT_LOW] ? EXIT_FOUND_LOW : EXIT_OK;
}

static int audit(auditing *a, bool json)
{
    const bool looked = look_for_leftovers(a);
    const audit_facts facts = {
        .identity = &a->identity,
        .user_sid = a->guard.sids[GUARD_SERVICES],
        .config = &a->guard.report,
        .data = &a->data,
        .program = &a->program,
        .left = looked ? &a->left : NULL,
        .snapshots = a->snapshots,
        .context = a,
        .account_is_gone = account_is_gone,
        .look_at_file = look_at_file,
    };
    look_at_places(a);
    audit_run(a->model, &facts, &a->report);
    bool whole = !a->report.failed && !a->guard.report.failed && !a->data.failed && !a->program.failed;
    bool written = whole && (json ? report_audit_json(stdout, a->file, &a->report)
                                  : report_audit_text(stdout, a->file, &a->report));
    if (!written)
        fputs("error: cannot write the report: out of memory, or the output does not take it\n", stderr);
    return written ? exit_code(&a->report) : EXIT_FAILED;
}

int command_audit(const command_options *options)
{
    auditing *a = calloc(1, sizeof *a);
    if (!a) {
        fputs("error: cannot audit: out of memory; close other programs\n", stderr);
        return EXIT_FAILED;
    }
    int code = open_and_load(a, options);
    if (code == EXIT_OK)
        code = audit(a, options->json);
    audit_free(&a->report);
    for (size_t i = 0; i < a->looked_up_count; i++)
        free(a->looked_up[i]);
    free(a->looked_up);
    trust_report_free(&a->data);
    trust_report_free(&a->program);
    config_model_free(a->model);
    guard_end(&a->guard);
    free(a);
    return code;
}
