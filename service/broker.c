/* The broker's engine. See broker.h. */
#include "broker.h"

#include "broker_state.h"
#include "commit.h"
#include "desk.h"
#include "drain.h"
#include "leftovers.h"
#include "names.h"
#include "session.h"
#include "reading.h"
#include "reload.h"

#include <stdlib.h>
#include <string.h>

#define ADMINISTRATORS   "S-1-5-32-544"
#define PERSIST_SLICE_MS 50u /* of work on the disk between two beats */

static int start_failed(broker *b, const platform_failure *failure, int code)
{
    log_write(b->log, LOG_START_FAILED, "the broker cannot start: %s", failure->text);
    return code;
}

/* Who this broker is, and where its things stand. */
static int identify(broker *b)
{
    platform_failure failure = {0};
    char service[NAMES_TEXT];
    names_service(b->options->instance, service);
    if (!platform_owner_sid(b->owner_sid, &failure) ||
        !platform_service_sid(service, b->broker_sid, &failure) ||
        !platform_folders_find(b->options->instance, &b->folders, &failure) ||
        !platform_path_absolute(b->options->config ? b->options->config : b->folders.config, b->config_path,
                                &failure))
        return start_failed(b, &failure, EXIT_FAILED);
    b->identity = (access_identity){b->owner_sid, b->broker_sid};
    return EXIT_OK;
}

/* One broker to an instance; only then may its log file and catalog be touched. */
static int claim_instance(broker *b)
{
    platform_failure failure = {0};
    char name[NAMES_TEXT];
    names_claim(b->options->instance, name);
    char *sddl = access_compile_claim(&b->identity);
    if (!sddl)
        snprintf(failure.text, sizeof failure.text, "out of memory; close other programs");
    bool claimed = sddl && platform_claim_take(name, sddl, &b->claim, &failure);
    free(sddl);
    if (!claimed)
        return start_failed(b, &failure, EXIT_FAILED);
    /* Without its folders it serves all the same: a person who tries a file in a console may have no right to
       make them, and what needs them fails by itself. */
    b->has_folders = platform_folders_create(&b->folders, &b->identity, false, &failure);
    if (b->has_folders)
        log_to_file(b->log, b->folders.log);
    else
        log_write(b->log, LOG_FILE_LOST, "there is no log file: %s", failure.text);
    log_write(b->log, LOG_STARTING, "shmbroker %s starts %s, process %u, with %s", broker_version(),
              b->host->purpose, (unsigned)platform_process_id(), b->config_path);
    return EXIT_OK;
}

static void log_diagnostics(broker_log *log, const config_diagnostics *diagnostics)
{
    char line[LOG_LINE_MAX];
    for (size_t i = 0; i < diagnostics->count; i++) {
        config_diagnostics_format(diagnostics, i, line, sizeof line);
        log_write(log, LOG_CONFIG_REFUSED, "%s", line);
    }
    if (diagnostics->dropped)
        log_write(log, LOG_CONFIG_REFUSED, "%s: %u more errors", diagnostics->files[0],
                  (unsigned)diagnostics->dropped);
}

/* What others than administrators can change would make the broker theirs: it goes by nothing of the kind. */
static int load_config(const broker *b, config_diagnostics *diagnostics, config_model **model,
                       platform_failure *failure)
{
    guard g;
    int code = guard_begin(&g, b->options->instance, failure) ? EXIT_OK : EXIT_FAILED;
    if (code == EXIT_OK) {
        const reading what = {&g, b->config_path, diagnostics->files[0], platform_resolver(), true};
        *model = reading_load(&what, diagnostics, failure);
        code = *model ? EXIT_OK : EXIT_BAD_USAGE;
    }
    guard_end(&g);
    return code;
}

int broker_read_config(const broker *b, config_diagnostics *diagnostics, config_model **model,
                       declaration *declared, platform_failure *failure)
{
    const char *file = b->options->config ? b->options->config : b->config_path;
    *model = NULL;
    memset(declared, 0, sizeof *declared);
    config_diagnostics_init(diagnostics, file);
    int code = load_config(b, diagnostics, model, failure);
    log_diagnostics(b->log, diagnostics);
    if (code != EXIT_OK && diagnostics->errors > 0)
        snprintf(failure->text, sizeof failure->text,
                 "%.900s has %u %s; correct them, `shmbroker check` shows them too", file,
                 (unsigned)diagnostics->errors, diagnostics->errors == 1 ? "error" : "errors");
    if (code == EXIT_OK &&
        !declare_regions(*model, b->options->instance, b->folders.data, &b->identity, declared, failure))
        code = failure->code == DECLARE_REFUSED ? EXIT_BAD_USAGE : EXIT_FAILED;
    if (code != EXIT_OK) {
        config_model_free(*model);
        *model = NULL;
    }
    return code;
}

static int read_config(broker *b)
{
    platform_failure failure = {0};
    static config_diagnostics diagnostics; /* its table is large for a service's stack */
    int code = broker_read_config(b, &diagnostics, &b->model, &b->declared, &failure);
    config_diagnostics_free(&diagnostics);
    if (code == EXIT_OK && !session_watch_declare(&b->sessions, &b->declared.regions, &failure))
        code = EXIT_FAILED;
    if (code == EXIT_OK)
        b->commit_budget = b->model->commit_budget;
    return code == EXIT_OK ? EXIT_OK : start_failed(b, &failure, code);
}

/* Before anything is created: a start that would end half-way for want of memory does not begin. A machine that does
   not tell how much it has is taken to have enough. */
static int check_memory(broker *b)
{
    platform_failure failure = {0};
    platform_memory machine;
    if (platform_memory_read(&machine, &failure) &&
        !commit_suffices(session_watch_wanted(&b->sessions), &machine, &failure))
        return start_failed(b, &failure, EXIT_FAILED);
    return EXIT_OK;
}

static bool commit_catalog(void *context, uint64_t bytes, platform_failure *failure)
{
    return platform_catalog_commit(context, bytes, failure);
}

/* By whose rights a broker that follows this one may write its catalog. Under Wine the owner of what it makes is a group
   that everybody is in, so there it is the group that it needs anyway. */
static const char *account_of(const broker *b)
{
    return platform_has_service_accounts() ? b->owner_sid : ADMINISTRATORS;
}

static int open_catalog(broker *b)
{
    platform_failure failure = {0};
    char name[NAMES_TEXT];
    names_catalog(b->options->instance, name);
    char *sddl = access_compile_catalog(&b->identity, account_of(b));
    if (!sddl)
        snprintf(failure.text, sizeof failure.text, "out of memory; close other programs");
    bool local_will_do = b->declared.global_count == 0;
    bool opened =
        sddl && platform_catalog_open(name, sddl, SHMB_CATALOG_RESERVED, local_will_do, &b->memory, &failure);
    free(sddl);
    if (!opened)
        return start_failed(b, &failure, EXIT_FAILED);
    catalog_memory memory = {b->memory.base, b->memory.reserved, commit_catalog, &b->memory};
    catalog_publisher publisher = {.version = broker_version(),
                                   .instance = b->options->instance,
                                   .pid = platform_process_id(),
                                   .started = platform_now(),
                                   .heartbeat = platform_heartbeat(),
                                   .heartbeat_period = BROKER_HEARTBEAT_MS};
    if (!catalog_start(&b->catalog, &memory, b->memory.adopted, &publisher, &failure))
        return start_failed(b, &failure, EXIT_FAILED);
    if (b->memory.adopted)
        log_write(b->log, LOG_CATALOG_ADOPTED,
                  "the catalog of an earlier broker is continued: programs that have it open need not "
                  "reconnect");
    return EXIT_OK;
}

/* Starting and stopping take as many steps as there are regions: each is a sign of life. */
static void on_progress(void *context)
{
    broker *b = context;
    catalog_beat(&b->catalog, platform_heartbeat());
    b->host->progress(b->host->context);
}

apply_context broker_context(broker *b)
{
    return (apply_context){.catalog = &b->catalog,
                           .holdings = &b->holdings,
                           .keeper = &b->keeper,
                           .lives = &b->lives,
                           .persist = &b->persist,
                           .log = b->log,
                           .progress = on_progress,
                           .progress_context = b,
                           .awaits = b->awaits,
                           .ending = b->ending};
}

/* What somebody who manages it has retired stays so, whatever else there is to do, until the next reload. */
static void leave_out_put_away(const broker *b, plan *p, const declared_regions *declared)
{
    const name_list *put_away = &b->holdings.put_away;
    size_t kept = 0;
    if (put_away->count == 0)
        return;
    for (size_t i = 0; i < p->count; i++)
        if (p->actions[i].declared == PLAN_NOTHING ||
            !name_list_has(put_away, declared->items[p->actions[i].declared].name))
            p->actions[kept++] = p->actions[i];
    p->count = kept;
}

/* Whoever has a section of an earlier broker has that one's catalog or is its keeper, but for programs that go by a region's
   name alone: what these hold on to is found when the region is to be created. */
static bool may_have_left(const broker *b)
{
    return !b->ending && (b->memory.adopted || keeper_has_earlier(&b->keeper));
}

static uint32_t form_of(const void *context, const char *name)
{
    return catalog_form_of(context, name);
}

bool broker_find_existing(const broker *b, const declared_regions *declared, broker_existing *result,
                          platform_failure *failure)
{
    *result = (broker_existing){.regions = holdings_regions(&b->holdings)};
    if (!may_have_left(b))
        return true;
    const left_forms forms = {form_of, &b->catalog};
    if (!left_find(declared, &result->regions, &forms, &result->gathered)) {
        failure->code = 0;
        snprintf(failure->text, sizeof failure->text, "out of memory while planning; close other programs");
        return false;
    }
    result->regions = result->gathered;
    return true;
}

/* Carries out the plan of `declared`, announced first. */
static bool carry_out(const broker *b, const apply_context *context, const declared_regions *declared,
                      const existing_regions *existing, apply_outcome *outcome, platform_failure *failure)
{
    plan p;
    if (!plan_make(declared, existing, &p)) {
        snprintf(failure->text, sizeof failure->text, "out of memory while planning; close other programs");
        return false;
    }
    leave_out_put_away(b, &p, declared);
    bool announced = apply_announce(context, &p, declared, failure);
    if (announced) {
        apply_plan(context, &p, declared, outcome);
        apply_make_way(context, outcome);
    }
    plan_free(&p);
    return announced;
}

/* Makes what exists what `declared` says. What is held back makes way for other programs when the system is full. */
static bool reconcile(broker *b, const declared_regions *declared, bool tried_again,
                      apply_held_back *held_back, apply_outcome *outcome, platform_failure *failure)
{
    apply_context context = broker_context(b);
    context.tried_again = tried_again;
    context.held_back = held_back;
    broker_existing existing;
    memset(outcome, 0, sizeof *outcome);
    bool ok = broker_find_existing(b, declared, &existing, failure) &&
              carry_out(b, &context, declared, &existing.regions, outcome, failure);
    outcome->failed += outcome->refused; /* for whoever counts what is not served */
    left_free(&existing.gathered);
    return ok;
}

/* What an earlier broker had, and what is declared otherwise now, stands in the way of what is declared until its keeper
   has ended. That ends when all that can be taken over has been. */
static void end_earlier_keeper(broker *b)
{
    platform_failure failure = {0};
    apply_outcome again;
    const keeper_load load = holdings_load(&b->holdings);
    b->earlier_may_end = b->outcome.left == 0;
    if (b->earlier_may_end)
        keeper_end_earlier(&b->keeper, &load);
    if (b->outcome.failed + b->outcome.awaited == 0)
        return;
    if (!reconcile(b, session_watch_wanted(&b->sessions), false, NULL, &again, &failure))
        log_write(b->log, LOG_REGION_FAILED, "%u regions are not served: %s", (unsigned)b->outcome.failed,
                  failure.text);
    else {
        b->outcome.failed = again.failed;
        b->outcome.awaited = again.awaited;
    }
    b->earlier_may_end = b->earlier_may_end || b->outcome.failed + b->outcome.awaited ==
                                                   0; /* the second try took over what was left */
    b->outcome.created += again.created;
    b->outcome.adopted += again.adopted;
}

/* All regions are made before any is published as ready: the keeper gets them in one go, and what a program writes is
   never in this process alone. */
static bool make_first(broker *b, bool earlier, platform_failure *failure)
{
    const declared_regions *wanted = session_watch_wanted(&b->sessions);
    apply_held_back made = {calloc(wanted->count + 1, sizeof *made.places), 0};
    b->awaits = calloc(wanted->count + 1, sizeof *b->awaits);
    bool ok = made.places && b->awaits;
    if (!ok)
        snprintf(failure->text, sizeof failure->text, "out of memory; close other programs");
    ok = ok && reconcile(b, wanted, earlier, &made, &b->outcome, failure);
    if (ok) {
        const keeper_load load = holdings_load(&b->holdings);
        keeper_begin(&b->keeper, &load);
        apply_publish(&b->catalog, &made);
    }
    free(made.places);
    return ok;
}

static int make_regions(broker *b)
{
    platform_failure failure = {0};
    keeper_open(&b->keeper, b->options->instance, &b->identity, &b->memory, b->log);
    const bool earlier = keeper_has_earlier(&b->keeper);
    if (!make_first(b, earlier, &failure))
        return start_failed(b, &failure, EXIT_FAILED);
    if (earlier)
        end_earlier_keeper(b);
    else /* should one be seen later, nothing of it is missed */
        b->earlier_may_end = b->outcome.failed + b->outcome.awaited == 0;
    return EXIT_OK;
}

/* From here on every region's life counts as one that did not end in order, until the stop writes otherwise. */
static void open_lives(broker *b)
{
    const platform_progress progress = {on_progress, b};
    lives_open(&b->lives, b->folders.data, b->has_folders, b->log, progress);
    persist_open(&b->persist, b->has_folders ? &b->lives.store : NULL, b->log);
    lives_begin(&b->lives, session_watch_wanted(&b->sessions));
    b->has_begun = true;
}

/* Writes how each region's life ended. Without memory for that, the book goes on saying that none ended in order. */
static void write_ends(broker *b, size_t unfinished)
{
    book_entry *ends = calloc(b->holdings.count + 1, sizeof *ends);
    size_t count = 0, length;
    for (size_t i = 0; ends && i < b->holdings.count; i++) {
        const char *name = b->holdings.regions[i].name;
        if (shmb_session_of(name, &length) == 0)
            ends[count++] =
                (book_entry){name, unfinished == 0 || persist_finished(&b->persist, b->holdings.sections[i])};
    }
    if (ends)
        lives_end(&b->lives, ends, count);
    free(ends);
}

/* The last bytes go to the disk, and then the word that they did; but no such word of regions that stay with the keeper,
   for their lives go on. */
static void end_lives(broker *b, bool are_over)
{
    const platform_progress progress = {on_progress, b};
    if (!b->has_begun)
        return;
    size_t unfinished = persist_finish(&b->persist, b->host->grace(b->host->context), progress);
    if (are_over)
        write_ends(b, unfinished);
}

char *broker_tell_leftovers(broker *b)
{
    char *words = b->has_folders ? leftovers_news(b->lives.snapshots, b->model, &b->snapshots_left) : NULL;
    if (words)
        log_write(b->log, LOG_SNAPSHOTS_LEFT, "%s", words);
    return words;
}

void broker_forget_config(broker *b)
{
    free(b->awaits);
    b->awaits = NULL;
    session_watch_forget(&b->sessions);
    declaration_free(&b->declared);
    config_model_free(b->model);
    b->model = NULL;
}

static int start(broker *b)
{
    int code = identify(b);
    if (code == EXIT_OK)
        code = claim_instance(b);
    if (code == EXIT_OK)
        code = read_config(b);
    if (code == EXIT_OK)
        code = check_memory(b);
    if (code == EXIT_OK)
        code = open_catalog(b);
    if (code == EXIT_OK) {
        open_lives(b);
        code = make_regions(b);
    }
    if (code == EXIT_OK)
        free(broker_tell_leftovers(b));
    if (code != EXIT_OK || (b->outcome.awaited == 0 && !b->sessions.matters))
        broker_forget_config(b);
    return code;
}

/* Regions whose names programs had not let go of. When memory is short, the next beat tries again. */
static void try_awaited(broker *b)
{
    apply_context context = broker_context(b);
    apply_outcome again;
    if (!b->awaits || !apply_awaited(&context, session_watch_wanted(&b->sessions), &again))
        return;
    b->earlier_may_end = b->earlier_may_end || b->outcome.failed + again.failed + again.left == 0;
    if (again.created > 0)
        log_write(b->log, LOG_READY, "%u awaited %s served now", (unsigned)again.created,
                  again.created == 1 ? "region is" : "regions are");
}

/* A configuration of which nothing is awaited, and nothing is for each session, has done its part. What a reload took is given
   back here, when whoever asked for it has his answer. */
static void forget_what_is_done(broker *b)
{
    if (!b->awaits || b->sessions.matters)
        return;
    for (size_t i = 0; i < session_watch_wanted(&b->sessions)->count; i++)
        if (b->awaits[i])
            return;
    broker_forget_config(b);
}

static bool is_wanted(const void *context, const char *name)
{
    const declared_regions *wanted = context;
    for (size_t i = 0; i < wanted->count; i++)
        if (strcmp(wanted->items[i].name, name) == 0)
            return true;
    return false;
}

/* Makes what exists what the sessions ask for now. What was retired of a session that has ended is not that of the next
   one with its number. */
static bool renew_instances(broker *b, apply_outcome *outcome, platform_failure *failure)
{
    if (!session_watch_renew(&b->sessions, failure))
        return false;
    bool *awaits = calloc(session_watch_wanted(&b->sessions)->count + 1, sizeof *awaits);
    if (!awaits) {
        snprintf(failure->text, sizeof failure->text, "out of memory; close other programs");
        return false;
    }
    free(b->awaits);
    b->awaits = awaits;
    name_list_sift(&b->holdings.put_away, is_wanted, session_watch_wanted(&b->sessions));
    return reconcile(b, session_watch_wanted(&b->sessions), false, NULL, outcome, failure);
}

static void follow_session(broker *b, const session_event *event)
{
    platform_failure failure = {0};
    apply_outcome outcome;
    bool changed = session_watch_follow(&b->sessions, event, &failure) && b->sessions.matters;
    if (changed && renew_instances(b, &outcome, &failure))
        log_write(b->log, LOG_SESSIONS, "sessions now: %u; regions made: %u, let go: %u, failed: %u",
                  (unsigned)b->sessions.present.count, (unsigned)outcome.created, (unsigned)outcome.retired,
                  (unsigned)outcome.failed);
    else if (*failure.text)
        log_write(b->log, LOG_REGION_FAILED, "sessions are not served as they should be: %s", failure.text);
}

/* One event after the other, so that a session that ends and another that takes its number do not share an instance. */
static void follow_sessions(broker *b)
{
    session_event event;
    if (!b->sessions.follows || !(b->sessions.begun || b->sessions.matters))
        return;
    for (unsigned i = 0; i < SESSION_QUEUE && b->host->session_event(b->host->context, &event); i++)
        follow_session(b, &event);
}

/* What is on its way out, and who keeps it from going. */
static void see_off(broker *b)
{
    const apply_context context = broker_context(b);
    drain_tend(&context);
    holders_tell(&b->holders, &context, b->awaits ? session_watch_wanted(&b->sessions) : NULL);
}

/* Each heartbeat, and when the keeper dies. */
static void tend(broker *b)
{
    const keeper_load load = holdings_load(&b->holdings);
    catalog_beat(&b->catalog, platform_heartbeat());
    keeper_watch(&b->keeper, &load);
    if (b->earlier_may_end)
        keeper_end_earlier(&b->keeper, &load);
    persist_work(&b->persist, PERSIST_SLICE_MS);
    follow_sessions(b);
    try_awaited(b);
    if (b->host->reloads && b->host->reloads(b->host->context))
        reload_run(b, 0, NULL);
    desk_serve(b);
    see_off(b); /* last, so that who holds what was asked to go just now is seen at once */
    forget_what_is_done(b);
}

/* Until there is something to do. False: the end. */
static bool wait_for_more(broker *b)
{
    void *wakes[BROKER_WAKES];
    size_t count = 0;
    wakes[count] = keeper_wake(&b->keeper);
    count += wakes[count] != NULL;
    wakes[count] = platform_control_wake(b->control);
    count += wakes[count] != NULL;
    return b->host->wait(b->host->context, persist_wait(&b->persist, BROKER_HEARTBEAT_MS), wakes, count);
}

static void serve(broker *b)
{
    broker_summary summary = {b->config_path, b->outcome.created, b->outcome.failed, b->persist.count > 0};
    desk_open(b);
    catalog_set_state(&b->catalog, SHMB_BROKER_RUNNING);
    log_write(b->log, LOG_READY, "%u %s served, %u of them taken over with their data, %u failed",
              (unsigned)summary.regions, summary.regions == 1 ? "region is" : "regions are",
              (unsigned)b->outcome.adopted, (unsigned)summary.failed);
    b->host->ready(b->host->context, &summary);
    if (b->sessions.follows && b->sessions.matters)
        follow_session(b, &(session_event){SESSIONS_MISSED, 0}); /* before it was ready it was told of none */
    while (wait_for_more(b))
        tend(b);
}

/* Publishes that the regions are going, and lets them go. The keeper ends next, with all that it has: it need not give it
   back one by one. */
static void retire_all(broker *b)
{
    const declared_regions nothing = {NULL, 0};
    const keeper_load load = holdings_load(&b->holdings);
    platform_failure failure = {0};
    apply_outcome outcome;
    broker_forget_config(b);
    b->ending = true;
    log_write(b->log, LOG_STOPPING, "%u regions are let go", (unsigned)b->holdings.count);
    catalog_set_state(&b->catalog, SHMB_BROKER_STOPPING);
    end_lives(b, true);
    if (load.count > 0)
        memset(load.kept, 0, load.count * sizeof *load.kept);
    const apply_context context = broker_context(b);
    drain_end(&context);
    if (!reconcile(b, &nothing, false, NULL, &outcome, &failure))
        log_write(b->log, LOG_STOPPING, "clients are not told that regions are gone: %s", failure.text);
}

/* The regions stay as they are published, without a broker. */
static void leave_all(broker *b)
{
    const apply_context context = broker_context(b);
    drain_end(&context);
    const keeper_load load = holdings_load(&b->holdings);
    keeper_watch(&b->keeper, &load);
    end_lives(b, false);
    if (keeper_has_all(&b->keeper))
        log_write(b->log, LOG_STOPPING,
                  "%u regions are left to the keeper; `shmbroker start` goes on with them, "
                  "`shmbroker stop` lets them go",
                  (unsigned)b->holdings.count);
    else
        log_write(b->log, LOG_KEEPER_FAILED,
                  "not all of %u regions could be left to a keeper: the next start makes the others anew",
                  (unsigned)b->holdings.count);
}

static void stop(broker *b, keeper_parting parting)
{
    platform_control_close(b->control);
    b->control = NULL;
    if (b->catalog.used && parting == KEEPER_STAYS)
        leave_all(b);
    else if (b->catalog.used)
        retire_all(b);
    if (b->catalog.used)
        catalog_set_state(&b->catalog, SHMB_BROKER_STOPPED);
    persist_close(&b->persist);
    lives_free(&b->lives);
    broker_forget_config(b);
    holdings_release(&b->holdings);
    keeper_close(&b->keeper, parting);
    platform_catalog_close(&b->memory);
    if (b->claim)
        log_write(b->log, LOG_STOPPED, "the broker has ended");
    platform_claim_release(b->claim);
}

int broker_run(const broker_options *options, const broker_host *host, broker_log *log)
{
    broker b = {.options = options, .host = host, .log = log};
    b.sessions.follows = host->session_event != NULL;
    keeper_parting parting = KEEPER_FAILED;
    int code = start(&b);
    if (code == EXIT_OK) {
        serve(&b);
        parting = host->keeps && host->keeps(host->context) ? KEEPER_STAYS : KEEPER_ENDS;
    }
    stop(&b, parting);
    return code;
}
