/* `shmbroker explain`: whether an account or a program may use a region, and why. */
#include "commands.h"

#include "explain.h"
#include "names.h"
#include "principals.h"
#include "reading.h"
#include "report.h"
#include "text.h"
#include "text_builder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int bad_usage(const char *what, const char *word)
{
    fprintf(stderr, "error: shmbroker explain: %s%s%s; `shmbroker help explain` tells more\n", what,
            *word ? " " : "", word);
    return EXIT_BAD_USAGE;
}

static int failed(const platform_failure *failure, int code)
{
    fprintf(stderr, "error: %s\n", failure->text);
    return code;
}

/* ---- Who asks */

/* The SID of a name on the command line. */
static bool resolve(const char *name, char sid[CONFIG_SID_TEXT])
{
    char why[CONFIG_PRINCIPAL_WHY];
    if (config_principal_resolve(name, platform_resolver(), sid, why))
        return true;
    fprintf(stderr,
            "error: there is no account or group \"%s\": %s; write it as DOMAIN\\name, .\\name or NT "
            "SERVICE\\name, or its SID\n",
            name, why);
    return false;
}

/* The groups of `--groups`, parted by commas. */
static bool add_named_groups(token_facts *who, const char *groups)
{
    char *names = text_make("%s", groups), sid[CONFIG_SID_TEXT];
    bool ok = names != NULL;
    for (char *name = ok ? strtok(names, ",") : NULL; ok && name; name = strtok(NULL, ",")) {
        ok = resolve(name, sid);
        if (ok)
            token_add_group(who, sid, true, false);
    }
    free(names);
    token_note(who, "its groups are those of --groups, and what follows");
    return ok;
}

static void look_up_groups(token_facts *who)
{
    platform_failure failure = {0};
    char how[PLATFORM_ACCOUNT] = "";
    bool known = platform_groups_of_user(who->judged.user, who, how, &failure);
    char *line =
        known ? text_make("its groups are %s, and what follows", how)
              : text_make("no groups but what follows, for they are not known: %s; --groups names them",
                          failure.text);
    token_note(who, line ? line : "");
    free(line);
}

static int token_of_user(const command_options *options, token_facts *who)
{
    char sid[CONFIG_SID_TEXT];
    if (!resolve(options->user, sid))
        return EXIT_BAD_USAGE;
    token_begin(who, sid);
    if (who->failed)
        return EXIT_FAILED;
    if (!options->groups)
        look_up_groups(who);
    else if (!add_named_groups(who, options->groups))
        return EXIT_BAD_USAGE;
    token_assume(who);
    return EXIT_OK;
}

static int token_of_process(const command_options *options, token_facts *who)
{
    platform_failure failure = {0};
    char *end;
    errno = 0;
    unsigned long pid = strtoul(options->process, &end, 10);
    if (errno || *end || end == options->process || options->process[0] == '-' || pid > 0xFFFFFFFFul ||
        pid == 0)
        return bad_usage("--process takes a process's number, not", options->process);
    if (!platform_token_of_process((uint32_t)pid, who, &failure))
        return failed(&failure, EXIT_FAILED);
    return EXIT_OK;
}

static int find_token(const command_options *options, token_facts *who)
{
    int code = options->user ? token_of_user(options, who) : token_of_process(options, who);
    if (who->failed) {
        fputs("error: out of memory; close other programs\n", stderr);
        code = EXIT_FAILED;
    }
    return code;
}

/* ---- What is asked for */

static int find_right(const command_options *options, access_right *right)
{
    *right = ACCESS_READ;
    if (!options->user == !options->process)
        return bad_usage("needs one of --user NAME and --process PID", "");
    if (options->groups && !options->user)
        return bad_usage("--groups goes with --user; a program's groups are seen", "");
    if (!options->access || strcmp(options->access, "read") == 0)
        return EXIT_OK;
    *right = ACCESS_WRITE;
    return strcmp(options->access, "write") == 0
               ? EXIT_OK
               : bad_usage("--access is read or write, not", options->access);
}

static int load_model(const char *path, config_model **model)
{
    static config_diagnostics diagnostics;
    platform_failure failure = {0};
    const reading what = {NULL, path, path, platform_resolver(), false};
    config_diagnostics_init(&diagnostics, path);
    *model = reading_load(&what, &diagnostics, &failure);
    if (!*model && diagnostics.errors == 0)
        failed(&failure, EXIT_BAD_USAGE);
    config_diagnostics_print(&diagnostics, stderr, platform_shows_colour(stderr));
    config_diagnostics_free(&diagnostics);
    return *model ? EXIT_OK : EXIT_BAD_USAGE;
}

static const config_region *find_region(const config_model *model, const char *name)
{
    const char *meant = NULL;
    for (size_t i = 0; i < model->region_count; i++) {
        const char *declared = model->regions[i].name;
        if (strcmp(declared, name) == 0)
            return &model->regions[i];
        if (!meant && config_text_similar(declared, strlen(declared), name, strlen(name)))
            meant = declared;
    }
    fprintf(stderr, "error: %s declares no region \"%s\"%s%s%s; `shmbroker check` lists those it does\n",
            model->file, name, meant ? " (did you mean " : "", meant ? meant : "", meant ? "?)" : "");
    return NULL;
}

/* ---- The answer */

static void compare_with_live(explanation *e)
{
    platform_failure failure = {0};
    access_descriptor live = {0};
    bool label_seen = false, found = false;
    if (e->question.declared->boundary)
        snprintf(failure.text, sizeof failure.text,
                 "it is in a private namespace, which is not opened for this");
    else if (e->question.declared->per_session)
        snprintf(failure.text, sizeof failure.text, "each session has one of its own");
    else
        found = platform_section_descriptor(e->question.declared->object_name, &live, &label_seen, &failure);
    explain_compare(e, found ? &live : NULL, label_seen, &failure);
    access_descriptor_free(&live);
}

static int answer(const explain_question *question, bool json)
{
    explanation e;
    platform_failure failure = {0};
    if (!explain_make(question, &e, &failure))
        return failed(&failure, EXIT_FAILED);
    compare_with_live(&e);
    int code = e.granted ? EXIT_OK : EXIT_ACCESS_DENIED;
    if (!(json ? report_explain_json(stdout, &e) : report_explain_text(stdout, &e))) {
        fputs("error: cannot write the report: out of memory, or the output does not take it\n", stderr);
        code = EXIT_FAILED;
    }
    explain_free(&e);
    return code;
}

/* Compiles the one region as the service would, and answers. */
static int explain_region(const config_region *region, const command_options *options, const token_facts *who,
                          access_right right, const platform_folders *folders)
{
    platform_failure failure = {0};
    declaration declared = {0};
    const config_model one = {.file = region->file, .regions = region, .region_count = 1};
    char service[NAMES_TEXT], sid[CONFIG_SID_TEXT];
    const access_identity identity = {sid, sid};
    names_service(options->instance, service);
    if (!platform_service_sid(service, sid, &failure) ||
        !declare_regions(&one, options->instance, folders->data, &identity, &declared, &failure))
        return failed(&failure, EXIT_FAILED);
    explain_question question = {.region = region,
                                 .declared = &declared.regions.items[0],
                                 .identity = &identity,
                                 .right = right,
                                 .who = who,
                                 .user_name = options->user,
                                 .service_name = service};
    int code = answer(&question, options->json);
    declaration_free(&declared);
    return code;
}

int command_explain(const command_options *options)
{
    platform_failure failure = {0};
    platform_folders folders;
    config_model *model = NULL;
    const config_region *region = NULL;
    token_facts who = {0};
    access_right right;
    int code = find_right(options, &right);
    if (code == EXIT_OK && !platform_folders_find(options->instance, &folders, &failure))
        code = failed(&failure, EXIT_FAILED);
    if (code == EXIT_OK)
        code = load_model(options->config ? options->config : folders.config, &model);
    if (code == EXIT_OK && (region = find_region(model, options->argument)) == NULL)
        code = EXIT_NO_REGION;
    if (code == EXIT_OK)
        code = find_token(options, &who);
    if (code == EXIT_OK)
        code = explain_region(region, options, &who, right, &folders);
    token_free(&who);
    config_model_free(model);
    return code;
}
