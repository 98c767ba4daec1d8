/* A plan for people and programs. See report_plan.h. */
#include "report_plan.h"

#include "apply.h"
#include "report.h"
#include "report_json.h"
#include "text_builder.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    const char *sign;
} kinds[] = {
    [PLAN_RETIRE] = {"retire", "-"}, [PLAN_REPLACE] = {"replace", "\xC2\xB1"},
    [PLAN_SECURE] = {"secure", "~"}, [PLAN_UPDATE] = {"update", "~"},
    [PLAN_KEEP] = {"keep", "="},     [PLAN_CREATE] = {"create", "+"},
    [PLAN_ADOPT] = {"adopt", "+"},   [PLAN_REFUSE] = {"refuse", "!"},
};

#define KINDS (sizeof kinds / sizeof kinds[0])

const char *report_plan_word(plan_kind kind)
{
    return (unsigned)kind < KINDS ? kinds[kind].word : "?";
}

const char *report_plan_sign(plan_kind kind)
{
    return (unsigned)kind < KINDS ? kinds[kind].sign : "?";
}

/* What a change is called, in the order in which it is told. */
static const struct {
    unsigned change;
    const char *words;
    const char *name; /* in JSON */
} changes[] = {
    {PLAN_CHANGED_KIND, "its kind, or what it has beside it, changes", "kind"},
    {PLAN_CHANGED_NAME, "its namespace changes", "namespace"},
    {PLAN_CHANGED_BACKING, "its backing file changes", "backing"},
    {PLAN_CHANGED_LARGE_PAGES, "large_pages changes", "large_pages"},
    {PLAN_CHANGED_NUMA, "numa_node changes", "numa_node"},
    {PLAN_CHANGED_MAX_SIZE, "max_size changes", "max_size"},
    {PLAN_CHANGED_GROWTH, "it grows where it is", "growth"},
    {PLAN_CHANGED_RETIRING, "it was on its way out and is served again", "retiring"},
    {PLAN_CHANGED_ACCESS, "who may use it changes", "access"},
    {PLAN_CHANGED_DETAILS, "description, persistence or drain changes", "details"},
};

#define CHANGES (sizeof changes / sizeof changes[0])

/* A CREATE behind a REPLACE, and what is kept, have no line of their own. */
static bool is_shown(const plan_action *action)
{
    return action->kind != PLAN_KEEP && !(action->kind == PLAN_CREATE && action->replaces);
}

static const char *name_of(const report_plan *what, const plan_action *action)
{
    return action->declared == PLAN_NOTHING ? what->existing->items[action->existing].name
                                            : what->declared->items[action->declared].name;
}

static uint64_t size_of(const report_plan *what, const plan_action *action)
{
    return action->declared == PLAN_NOTHING ? what->existing->items[action->existing].size
                                            : what->declared->items[action->declared].size;
}

/* What is to be created, and is declared already: why the broker does not serve it; NULL when nothing is known. */
static const catalog_region *find_unserved(const report_plan *what, const plan_action *action)
{
    static catalog_region region; /* large */
    const char *name = name_of(what, action);
    const bool found = action->kind == PLAN_CREATE && what->view &&
                       catalog_find(what->view, name, strlen(name), &region) == CATALOG_OK;
    return found && *region.reason ? &region : NULL;
}

/* ---- For people -------------------------------------------------------------------------------- */

static const char *consequence_of(const report_plan *what, const plan_action *action)
{
    const declared_region *region =
        action->declared == PLAN_NOTHING ? NULL : &what->declared->items[action->declared];
    switch (action->kind) {
    case PLAN_SECURE:
        return "; handles already open keep their rights (`revoke: true` would replace the region instead)";
    case PLAN_REPLACE:
        return region && region->backing_path ? "; programs that have it open keep the old region, and the "
                                                "new one has the bytes of its file"
                                              : "; programs that have it open keep the old bytes, and the "
                                                "new region begins without them";
    case PLAN_RETIRE:
        return "is declared no more; programs that have it open keep it, and its drain is waited for";
    case PLAN_KEEP:
    case PLAN_UPDATE:
    case PLAN_CREATE:
    case PLAN_ADOPT:
    case PLAN_REFUSE:
        break;
    }
    return "";
}

static bool print_changes(FILE *stream, const report_plan *what, const plan_action *action)
{
    bool told = false;
    if (action->changes & PLAN_CHANGED_SIZE) {
        char was[TEXT_SIZE];
        text_size_about(what->existing->items[action->existing].size, was);
        fprintf(stream, "its size changes, it has %s", was);
        told = true;
    }
    for (size_t i = 0; i < CHANGES; i++) {
        if (!(action->changes & changes[i].change))
            continue;
        fprintf(stream, "%s%s", told ? ", " : "", changes[i].words);
        told = true;
    }
    return told;
}

/* Whether there is anything to say behind the size. */
static bool has_words(const report_plan *what, const plan_action *action)
{
    return action->kind == PLAN_REFUSE || action->changes != 0 || *consequence_of(what, action) ||
           find_unserved(what, action) != NULL;
}

static bool print_action(FILE *stream, const report_plan *what, const plan_action *action)
{
    char size[TEXT_SIZE], name[REPORT_NAME];
    text_size_about(size_of(what, action), size);
    report_region_name(name_of(what, action), name);
    fprintf(stream, "%s %-8s %-24s %10s%s", kinds[action->kind].sign, kinds[action->kind].word, name, size,
            has_words(what, action) ? "  " : "");
    if (action->kind == PLAN_REFUSE) {
        char *reason = apply_refusal(action, what->declared);
        fprintf(stream, "%s\n", reason ? reason : "out of memory");
        free(reason);
        return reason != NULL;
    }
    print_changes(stream, what, action);
    const catalog_region *unserved = find_unserved(what, action);
    if (unserved)
        fprintf(stream, "is %s now, because %s", report_state_word(unserved->state), unserved->reason);
    fprintf(stream, "%s\n", consequence_of(what, action));
    return true;
}

static void count(const plan *p, size_t counts[KINDS])
{
    memset(counts, 0, KINDS * sizeof counts[0]);
    for (size_t i = 0; i < p->count; i++)
        if (is_shown(&p->actions[i]) || p->actions[i].kind == PLAN_KEEP)
            counts[p->actions[i].kind]++;
}

bool report_plan_text(FILE *stream, const report_plan *what)
{
    size_t counts[KINDS];
    bool told = false, ok = true;
    count(what->plan, counts);
    for (size_t i = 0; ok && i < what->plan->count; i++)
        ok = !is_shown(&what->plan->actions[i]) || print_action(stream, what, &what->plan->actions[i]);
    for (unsigned kind = 0; kind < KINDS; kind++) {
        if (counts[kind] == 0 || kind == PLAN_KEEP)
            continue;
        fprintf(stream, "%s%llu to %s", told ? ", " : "", (unsigned long long)counts[kind], kinds[kind].word);
        told = true;
    }
    fprintf(stream, "%s; %llu stay as they are%s\n", told ? "" : "nothing to do",
            (unsigned long long)counts[PLAN_KEEP],
            what->runs ? "" : " (no broker runs: this is what a start would do)");
    return ok && !ferror(stream);
}

/* ---- For programs ------------------------------------------------------------------------------ */

static bool add_changes(cJSON *item, unsigned changed)
{
    cJSON *list = cJSON_AddArrayToObject(item, "changes");
    bool ok = list != NULL;
    if (ok && (changed & PLAN_CHANGED_SIZE))
        ok = cJSON_AddItemToArray(list, cJSON_CreateString("size"));
    for (size_t i = 0; ok && i < CHANGES; i++)
        if (changed & changes[i].change)
            ok = cJSON_AddItemToArray(list, cJSON_CreateString(changes[i].name));
    return ok;
}

static bool add_action(cJSON *list, const report_plan *what, const plan_action *action)
{
    cJSON *item = report_json_item(list);
    char name[SHMB_KEY_BYTES];
    const uint32_t session = report_plain_name(name_of(what, action), name);
    const catalog_region *unserved = find_unserved(what, action);
    char *reason = action->kind == PLAN_REFUSE ? apply_refusal(action, what->declared) : NULL;
    bool ok = cJSON_AddStringToObject(item, "action", kinds[action->kind].word) &&
              cJSON_AddStringToObject(item, "region", name) &&
              (!session || report_json_number(item, "session", session)) &&
              report_json_number(item, "size", size_of(what, action)) &&
              (action->existing == PLAN_NOTHING ||
               report_json_number(item, "size_now", what->existing->items[action->existing].size)) &&
              add_changes(item, action->changes) &&
              (!unserved || (cJSON_AddStringToObject(item, "state_now", report_state_word(unserved->state)) &&
                             cJSON_AddStringToObject(item, "reason_now", unserved->reason))) &&
              (action->kind != PLAN_REFUSE || (reason && cJSON_AddStringToObject(item, "reason", reason)));
    free(reason);
    return ok;
}

bool report_plan_json(FILE *stream, const report_plan *what)
{
    size_t counts[KINDS];
    count(what->plan, counts);
    cJSON *root = report_json_root();
    bool ok = root && cJSON_AddStringToObject(root, "config", what->config) &&
              cJSON_AddBoolToObject(root, "broker_runs", what->runs) &&
              report_json_number(root, "kept", counts[PLAN_KEEP]);
    cJSON *list = ok ? cJSON_AddArrayToObject(root, "actions") : NULL;
    ok = list != NULL;
    for (size_t i = 0; ok && i < what->plan->count; i++)
        ok = !is_shown(&what->plan->actions[i]) || add_action(list, what, &what->plan->actions[i]);
    return report_json_print(stream, root, ok);
}
