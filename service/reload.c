/* Another configuration, live. See reload.h. */
#include "reload.h"

#include "commit.h"

#include <stdlib.h>
#include <string.h>

#define LINES_MOST                                                                                           \
    5000u /* replies to one reload; what is beyond is in the log, and counted in the last one */

/* One reload. */
typedef struct reloading {
    broker *b;
    control_answer *answer; /* or NULL */
    unsigned lines;
    config_model *model;
    declaration declared;
    session_watch sessions;
    broker_existing existing;
    bool *awaits;
    plan plan;
    bool planned;
    apply_outcome outcome;
    text troubles; /* what could not be done, a line each, as far as it fits what is published */
} reloading;

static void add_line(reloading *r, uint32_t kind, const char *name, const char *words, unsigned changes)
{
    static control_reply reply; /* large for a service's stack */
    if (!r->answer || r->lines++ >= LINES_MOST)
        return;
    memset(&reply, 0, sizeof reply);
    reply.status = CONTROL_MORE;
    reply.kind = kind;
    reply.code = words ? 1 : 0;
    reply.values[0] = changes;
    snprintf(reply.name, sizeof reply.name, "%s", name);
    snprintf(reply.text, sizeof reply.text, "%s", words ? words : "");
    control_answer_add(r->answer, &reply);
}

static void tell_action(void *context, const plan_action *action, const char *name, const char *reason)
{
    reloading *r = context;
    if (reason && r->troubles.length < SHMB_RELOAD_TEXT_BYTES)
        text_append(&r->troubles, "\n%s: %s", name, reason);
    add_line(context, action->kind, name, reason, action->changes);
}

static void tell_diagnostics(reloading *r, const config_diagnostics *diagnostics)
{
    char line[LOG_LINE_MAX];
    for (size_t i = 0; i < diagnostics->count; i++) {
        config_diagnostics_format(diagnostics, i, line, sizeof line);
        add_line(r, CONTROL_KIND_DIAGNOSTIC, "", line, 0);
    }
}

static int read_config(reloading *r, platform_failure *failure)
{
    static config_diagnostics diagnostics; /* its table is large for a service's stack */
    int code = broker_read_config(r->b, &diagnostics, &r->model, &r->declared, failure);
    tell_diagnostics(r, &diagnostics);
    config_diagnostics_free(&diagnostics);
    return code;
}

static int refuse(platform_failure *failure, const char *why)
{
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text, "%s", why);
    return EXIT_FAILED;
}

/* What can be known before anything is changed. */
static int check(reloading *r, uint64_t expected, platform_failure *failure)
{
    platform_memory machine;
    if (r->declared.global_count > 0 && !r->b->memory.global)
        return refuse(failure,
                      "it declares regions for every session (namespace: global), and this broker began "
                      "without any, in its own session: restart it");
    if (!session_watch_declare(&r->sessions, &r->declared.regions, failure))
        return EXIT_FAILED;
    const declared_regions *wanted = session_watch_wanted(&r->sessions);
    if (platform_memory_read(&machine, failure) && !commit_suffices(wanted, &machine, failure))
        return EXIT_FAILED;
    if (!broker_find_existing(r->b, wanted, &r->existing, failure))
        return EXIT_FAILED;
    r->awaits = calloc(wanted->count + 1, sizeof *r->awaits);
    r->planned = r->awaits && plan_make(wanted, &r->existing.regions, &r->plan);
    if (!r->planned)
        return refuse(failure, "out of memory while planning; close other programs");
    if (expected != 0 && plan_digest(&r->plan, wanted, &r->existing.regions) != expected)
        return refuse(
            failure,
            "the configuration, or what is served, has changed since the plan was shown; reload again");
    return EXIT_OK;
}

/* From here on the new configuration counts. */
static void take_over(reloading *r)
{
    broker *b = r->b;
    broker_forget_config(b);
    b->model = r->model;
    b->commit_budget = r->model->commit_budget;
    b->declared = r->declared;
    session_watch_take(&b->sessions, &r->sessions, &b->declared.regions);
    b->awaits = r->awaits;
    name_list_clear(&b->holdings.put_away);
    r->model = NULL;
    r->awaits = NULL;
    memset(&r->declared, 0, sizeof r->declared);
}

/* What goes, or is kept otherwise, may leave snapshots: whoever reloads hears of it. */
static void tell_leftovers(reloading *r)
{
    const apply_outcome *o = &r->outcome;
    if (o->retired + o->retiring + o->replaced + o->updated == 0)
        return;
    char *words = broker_tell_leftovers(r->b);
    if (!words)
        return;
    text_append(&r->troubles, "; %s", words);
    add_line(r, CONTROL_KIND_DIAGNOSTIC, "", words, 0);
    free(words);
}

static int carry_out(reloading *r, platform_failure *failure)
{
    broker *b = r->b;
    apply_context context = broker_context(b);
    if (!apply_announce(&context, &r->plan, session_watch_wanted(&r->sessions), failure))
        return EXIT_FAILED;
    take_over(r);
    if (b->has_begun)
        lives_begin(&b->lives, session_watch_wanted(&b->sessions));
    context = broker_context(b);
    context.told = tell_action;
    context.told_context = r;
    apply_plan(&context, &r->plan, session_watch_wanted(&b->sessions), &r->outcome);
    if (r->outcome.awaited + r->outcome.retiring > 0) /* who asks `status` next is told who has them */
        holders_tell_at_once(&b->holders, &context, session_watch_wanted(&b->sessions));
    b->outcome.failed = r->outcome.failed + r->outcome.refused;
    b->earlier_may_end = b->earlier_may_end || b->outcome.failed + r->outcome.awaited == 0;
    tell_leftovers(r);
    /* What the configuration took is freed when whoever asked has been answered, if nothing needs it. */
    if (r->outcome.failed + r->outcome.refused == 0)
        return EXIT_OK;
    return refuse(failure, "not every region is as declared; correct what is told, and reload again");
}

/* What came of it: only what there is any of. */
static void describe(const apply_outcome *o, char *buffer, size_t size)
{
    const struct {
        size_t count;
        const char *words;
    } parts[] = {{o->created - o->adopted, "created"},
                 {o->adopted, "taken over with their data"},
                 {o->secured, "secured"},
                 {o->updated, "updated"},
                 {o->replaced, "replaced"},
                 {o->retired, "retired"},
                 {o->retiring, "retiring"},
                 {o->kept - o->secured - o->updated, "unchanged"},
                 {o->awaited, "awaited"},
                 {o->refused, "refused"},
                 {o->failed, "failed"}};
    size_t length = 0;
    snprintf(buffer, size, "no regions");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i].count && length < size)
            length += (size_t)snprintf(buffer + length, size - length, "%s%u %s", length ? ", " : "",
                                       (unsigned)parts[i].count, parts[i].words);
}

/* For whoever asks what the last reload came to. */
static void publish(reloading *r, int code, bool begun, const char *summary)
{
    static shmb_catalog_reload ended; /* large for a service's stack */
    static char whole[PLATFORM_FAILURE_TEXT + 300 + 2 * SHMB_RELOAD_TEXT_BYTES];
    const apply_outcome *o = &r->outcome;
    memset(&ended, 0, sizeof ended);
    ended.ended = platform_now();
    ended.code = (uint32_t)code;
    ended.begun = begun;
    ended.counts[SHMB_RELOAD_CREATED] = (uint32_t)o->created;
    ended.counts[SHMB_RELOAD_ADOPTED] = (uint32_t)o->adopted;
    ended.counts[SHMB_RELOAD_SECURED] = (uint32_t)o->secured;
    ended.counts[SHMB_RELOAD_UPDATED] = (uint32_t)o->updated;
    ended.counts[SHMB_RELOAD_REPLACED] = (uint32_t)o->replaced;
    ended.counts[SHMB_RELOAD_RETIRED] = (uint32_t)o->retired;
    ended.counts[SHMB_RELOAD_RETIRING] = (uint32_t)o->retiring;
    ended.counts[SHMB_RELOAD_KEPT] = (uint32_t)(o->kept - o->secured - o->updated);
    ended.counts[SHMB_RELOAD_AWAITED] = (uint32_t)o->awaited;
    ended.counts[SHMB_RELOAD_REFUSED] = (uint32_t)o->refused;
    ended.counts[SHMB_RELOAD_FAILED] = (uint32_t)o->failed;
    char *troubles = text_take(&r->troubles);
    snprintf(whole, sizeof whole, "%s%s", summary, troubles ? troubles : "");
    text_cut(ended.text, sizeof ended.text, whole);
    free(troubles);
    catalog_set_reload(&r->b->catalog, &ended);
}

static void finish(reloading *r, int code, bool begun, const platform_failure *failure)
{
    char summary[PLATFORM_FAILURE_TEXT + 300];
    broker *b = r->b;
    describe(&r->outcome, summary, sizeof summary);
    if (begun)
        log_write(b->log, LOG_RELOADED, "%s", summary);
    if (!begun) {
        snprintf(summary, sizeof summary, "nothing is changed: %s", failure->text);
        log_write(b->log, LOG_RELOAD_FAILED, "%s", summary);
    }
    publish(r, code, begun, summary);
    if (begun && code != EXIT_OK) {
        const size_t length = strlen(summary);
        snprintf(summary + length, sizeof summary - length, ": %s", failure->text);
    }
    if (r->answer)
        control_answer_end(r->answer, (uint32_t)code, summary);
    if (r->planned)
        plan_free(&r->plan);
    left_free(&r->existing.gathered);
    free(r->awaits);
    session_watch_forget(&r->sessions);
    declaration_free(&r->declared);
    config_model_free(r->model);
}

int reload_run(broker *b, uint64_t expected, control_answer *answer)
{
    reloading r = {.b = b, .answer = answer, .sessions = session_watch_of_same(&b->sessions)};
    platform_failure failure = {0};
    int code = read_config(&r, &failure);
    if (code == EXIT_OK)
        code = check(&r, expected, &failure);
    bool begun = code == EXIT_OK;
    if (begun)
        code = carry_out(&r, &failure);
    begun = begun && r.model == NULL; /* taken over */
    finish(&r, code, begun, &failure);
    return code;
}
