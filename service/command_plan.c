/* `shmbroker plan` and `reload`: what is declared against what the running broker holds. */
#include "commands.h"

#include "declare.h"
#include "left.h"
#include "live.h"
#include "names.h"
#include "reading.h"
#include "report_plan.h"
#include "sessions.h"
#include "status_sources.h"

#include <stdlib.h>
#include <string.h>

/* What a plan is made from, in the order in which it is acquired. */
typedef struct planning {
    const command_options *options;
    const char *release; /* the region that is to be served though it is held; or NULL */
    live_broker live;
    platform_folders folders;
    char broker_sid[CONFIG_SID_TEXT];
    const char *file;
    config_model *model;
    declaration declared;
    expansion wanted; /* with the sessions' instances */
    existing_regions existing;
    existing_regions left; /* without a broker: what an earlier one left, with texts of `wanted` */
    plan plan;
} planning;

static int failed(const platform_failure *failure, int code)
{
    fprintf(stderr, "error: %s\n", failure->text);
    return code;
}

/* The broker, if one runs, and which file is meant. */
static int find_out(planning *p, platform_failure *failure)
{
    char service[NAMES_TEXT];
    int code = live_ask(p->options->instance, &p->live, failure);
    if (code != EXIT_OK)
        return failed(failure, code);
    names_service(p->options->instance, service);
    if (!platform_service_sid(service, p->broker_sid, failure) ||
        !platform_folders_find(p->options->instance, &p->folders, failure))
        return failed(failure, EXIT_FAILED);
    p->file = p->options->argument && !p->release ? p->options->argument
              : p->live.runs                      ? p->live.config
                                                  : p->folders.config;
    p->existing = live_regions(&p->live);
    return EXIT_OK;
}

/* With a warning about everybody who may change it and should not, since a broker refuses such a file. */
static int read_file(planning *p, config_diagnostics *diagnostics, platform_failure *failure)
{
    guard g;
    bool begun = guard_begin(&g, p->options->instance, failure);
    if (begun) {
        const reading what = {&g, p->file, p->file, platform_resolver(), false};
        p->model = reading_load(&what, diagnostics, failure);
    }
    guard_print(&g, stderr);
    guard_end(&g);
    config_diagnostics_print(diagnostics, stderr, platform_shows_colour(stderr));
    if (!p->model && diagnostics->errors == 0)
        return failed(failure, begun ? EXIT_BAD_USAGE : EXIT_FAILED);
    return p->model ? EXIT_OK : EXIT_BAD_USAGE;
}

static int read_config(planning *p, platform_failure *failure)
{
    static config_diagnostics diagnostics;
    config_diagnostics_init(&diagnostics, p->file);
    int code = read_file(p, &diagnostics, failure);
    config_diagnostics_free(&diagnostics);
    return code;
}

/* The sessions are those that the broker says it serves; when none runs, those that a service would find. */
static bool expand(planning *p, platform_failure *failure)
{
    static uint32_t ids[SESSIONS_MAX]; /* large, for a stack */
    size_t count = 0;
    if (!p->live.runs && sessions_matter(&p->declared.regions)) {
        if (!platform_sessions_list(ids, SESSIONS_MAX, &count, failure))
            return false;
        sessions_replace(&p->live.sessions, ids, count, false);
    }
    return sessions_expand(&p->declared.regions, &p->live.sessions, &p->wanted, failure);
}

static bool declare_for(planning *p, const char *owner, platform_failure *failure)
{
    const access_identity identity = {owner, p->broker_sid};
    const char *data = p->live.runs ? p->live.data : p->folders.data;
    expansion_free(&p->wanted);
    declaration_free(&p->declared);
    return declare_regions(p->model, p->options->instance, data, &identity, &p->declared, failure) &&
           expand(p, failure);
}

/* What a keeper or programs have of an earlier broker is taken over by a start: that is no creation. */
static bool look_for_left(planning *p, platform_failure *failure)
{
    const existing_regions nothing = {NULL, 0, platform_backing_size};
    left_free(&p->left);
    if (!left_find(&p->wanted.regions, &nothing, NULL, &p->left)) {
        snprintf(failure->text, sizeof failure->text, "out of memory while planning; close other programs");
        return false;
    }
    p->existing = p->left;
    return true;
}

static bool declare_and_find(planning *p, const char *owner, platform_failure *failure)
{
    return declare_for(p, owner, failure) && look_for_left(p, failure);
}

/* No broker runs. What one left belongs to the service's account, or to whoever ran it in a console, as this account may
   have: the one that has left more. */
static bool declare_for_a_start(planning *p, platform_failure *failure)
{
    char own[CONFIG_SID_TEXT];
    if (!declare_and_find(p, p->broker_sid, failure))
        return false;
    const size_t of_service = p->existing.count;
    if (of_service == p->wanted.regions.count || !platform_owner_sid(own, failure))
        return true;
    return declare_and_find(p, own, failure) &&
           (p->existing.count >= of_service || declare_and_find(p, p->broker_sid, failure));
}

/* As the broker would: with its account, and the owner of what it makes. */
static int compile(planning *p, platform_failure *failure)
{
    if (p->live.runs ? !declare_for(p, p->live.owner_sid, failure) : !declare_for_a_start(p, failure))
        return failed(failure, EXIT_FAILED);
    if (plan_make(&p->wanted.regions, &p->existing, &p->plan))
        return EXIT_OK;
    fputs("error: out of memory while planning; close other programs\n", stderr);
    return EXIT_FAILED;
}

static int make_plan(planning *p)
{
    platform_failure failure = {0};
    int code = find_out(p, &failure);
    if (code == EXIT_OK)
        code = read_config(p, &failure);
    return code == EXIT_OK ? compile(p, &failure) : code;
}

static bool print_plan(const planning *p, bool json)
{
    static status_catalog opened; /* large */
    platform_failure ignored;
    const bool seen = p->live.runs && status_catalog_open(p->options->instance, &opened, &ignored);
    const report_plan what = {
        p->file, p->live.runs, &p->plan, &p->wanted.regions, &p->existing, seen ? &opened.view : NULL};
    bool ok = json ? report_plan_json(stdout, &what) : report_plan_text(stdout, &what);
    if (!ok)
        fputs("error: cannot write the plan: out of memory, or the output does not take it\n", stderr);
    if (seen)
        status_catalog_close(&opened);
    return ok;
}

static void release(planning *p)
{
    plan_free(&p->plan);
    left_free(&p->left);
    expansion_free(&p->wanted);
    declaration_free(&p->declared);
    config_model_free(p->model);
    live_free(&p->live);
}

int command_plan(const command_options *options)
{
    static planning p; /* large */
    memset(&p, 0, sizeof p);
    p.options = options;
    int code = make_plan(&p);
    if (code == EXIT_OK && !print_plan(&p, options->json))
        code = EXIT_FAILED;
    release(&p);
    return code;
}

/* ---- reload ------------------------------------------------------------------------------------ */

/* Whether a person says yes. */
static bool agrees(void)
{
    char answer[16];
    printf("Do this? [y/N] ");
    fflush(stdout);
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* What the broker did, as it says. */
static bool print_reply(void *context, const control_reply *reply)
{
    int *code = context;
    if (reply->status == CONTROL_DONE) {
        *code = (int)reply->code;
        fprintf(*code == EXIT_OK ? stdout : stderr, "%s%s\n",
                *code == EXIT_OK ? "done: " : "error: ", reply->text);
    } else if (reply->kind == CONTROL_KIND_DIAGNOSTIC) {
        fprintf(stderr, "%s\n", reply->text);
    } else if (reply->code != 0) {
        fprintf(stderr, "%s %-8s %s: %s\n", report_plan_sign((plan_kind)reply->kind),
                report_plan_word((plan_kind)reply->kind), reply->name, reply->text);
    }
    return true;
}

static int have_it_done(const planning *p)
{
    platform_failure failure = {0};
    existing_regions existing = live_regions(&p->live);
    int code = EXIT_FAILED;
    uint64_t digest = plan_digest(&p->plan, &p->wanted.regions, &existing);
    int asked = live_reload(&p->live, digest, p->release, print_reply, &code, &failure);
    return asked == EXIT_OK ? code : failed(&failure, asked);
}

static int consent(const planning *p)
{
    if (p->options->yes)
        return EXIT_OK;
    if (!platform_asks_person()) {
        fputs("error: nobody can be asked here; look at the plan above, and add --yes to have it done\n",
              stderr);
        return EXIT_BAD_USAGE;
    }
    if (agrees())
        return EXIT_OK;
    fputs("nothing is changed\n", stderr);
    return EXIT_FAILED;
}

/* Whether all that there is to say is no. */
static bool refuses_some(const plan *p)
{
    bool any = false;
    for (size_t i = 0; i < p->count; i++)
        any = any || p->actions[i].kind == PLAN_REFUSE;
    return any;
}

static int reload(const planning *p)
{
    if (!print_plan(p, false))
        return EXIT_FAILED;
    if (plan_is_empty(&p->plan)) {
        if (!refuses_some(&p->plan))
            return EXIT_OK;
        fputs("error: nothing is changed: correct what is refused above, and reload again\n", stderr);
        return EXIT_FAILED;
    }
    int code = consent(p);
    return code == EXIT_OK ? have_it_done(p) : code;
}

/* `held`: the region that is to be served though it is held, or NULL. */
static int plan_and_reload(const command_options *options, const char *held)
{
    static planning p;
    memset(&p, 0, sizeof p);
    p.options = options;
    p.release = held;
    int code = make_plan(&p);
    if (code == EXIT_OK && !p.live.runs) {
        fputs("error: no broker runs that could reload; `shmbroker start` starts it with the configuration "
              "as it is now\n",
              stderr);
        code = EXIT_NO_BROKER;
    } else if (code == EXIT_BAD_USAGE && p.live.runs) {
        fputs("error: nothing is changed: the broker goes on as before; correct what is told above, and "
              "reload again\n",
              stderr);
    } else if (code == EXIT_OK) {
        code = reload(&p);
    }
    release(&p);
    return code;
}

int command_reload(const command_options *options)
{
    return plan_and_reload(options, NULL);
}

/* What is held is not there, so a plan creates it: the broker holds it again unless it is told not to. */
int command_release(const command_options *options)
{
    return plan_and_reload(options, options->argument);
}
