/* Carries out a plan. See apply.h. */
#include "apply.h"

#include "creation.h"
#include "drain.h"
#include "growth.h"
#include "letting_go.h"
#include "region_kind.h"
#include "replacing.h"

#include <stdlib.h>
#include <string.h>

static void report_failure(const apply_context *context, const declared_region *declared,
                           size_t failed_so_far, const char *reason)
{
    if (failed_so_far < CREATION_LOGGED && !context->tried_again)
        log_write(context->log, LOG_REGION_FAILED, "region %s is not served: %s", declared->name, reason);
}

/* One that failed, and goes on as it was before. */
static void count_stayed(const apply_context *context, const declared_region *declared,
                         apply_outcome *outcome, const char *reason)
{
    if (outcome->failed++ < CREATION_LOGGED)
        log_write(context->log, LOG_REGION_FAILED, "region %s is not replaced: %s", declared->name, reason);
    outcome->kept++;
}

/* Tells what else there is to tell of a region whose object stays. */
static bool describe_region(const apply_context *context, const declared_region *declared,
                            platform_failure *failure)
{
    catalog_place place;
    uint64_t generation;
    return catalog_place_of(context->catalog, declared->name, &place, &generation, failure) &&
           catalog_describe(context->catalog, place, declared->description, platform_now(), failure);
}

static uint64_t generation_of(const apply_context *context, const declared_region *declared)
{
    catalog_place place;
    uint64_t generation = 0;
    platform_failure ignored;
    catalog_place_of(context->catalog, declared->name, &place, &generation, &ignored);
    return generation;
}

/* What programs are told of the object, and what becomes of its bytes. */
static bool update_details(const apply_context *context, size_t index, const declared_region *declared,
                           platform_failure *failure)
{
    holdings *h = context->holdings;
    if (!describe_region(context, declared, failure))
        return false;
    persist_remove(context->persist, h->sections[index]);
    creation_persist(context, declared, h->sections[index], h->regions[index].size,
                     generation_of(context, declared));
    h->regions[index].details = plan_details_of(declared);
    h->regions[index].drain = declared->session ? 0 : declared->drain;
    return true;
}

/* Gives the object its new descriptor, size and words. What fails is not remembered as done, so that the next plan has it
   again. */
static bool secure_region(const apply_context *context, const plan_action *action,
                          const declared_region *declared, platform_failure *failure)
{
    existing_region *region = &context->holdings->regions[action->existing];
    platform_section_request request = apply_request(declared);
    if (action->kind == PLAN_SECURE) {
        if (!platform_section_secure(context->holdings->sections[action->existing], &request, failure) ||
            !region_parts_secure(declared, failure))
            return false;
        region->access = plan_access_of(declared);
    }
    if ((action->changes & PLAN_CHANGED_GROWTH) &&
        !growth_apply(context, action->existing, declared->size, failure))
        return false;
    if ((action->changes & PLAN_CHANGED_DETAILS) &&
        !update_details(context, action->existing, declared, failure))
        return false;
    if (action->changes & PLAN_CHANGED_RETIRING)
        drain_cancel(context, action->existing);
    return true;
}

/* All the room at once, and no more than that. Where there is not so much, what there is will do for some. */
static void reserve_for(holdings *h, const plan *p)
{
    size_t wanted = h->count;
    for (size_t i = 0; i < p->count; i++)
        wanted += p->actions[i].kind == PLAN_CREATE || p->actions[i].kind == PLAN_ADOPT;
    holdings_reserve(h, wanted);
}

char *apply_refusal(const plan_action *action, const declared_regions *declared)
{
    char size[TEXT_SIZE];
    const declared_region *region = &declared->items[action->declared];
    const char *other = action->other == PLAN_NOTHING ? "" : declared->items[action->other].name,
               *path = region->backing_path;
    switch (action->conflict) {
    case PLAN_NAME_TWICE:
        return text_make("another region has the same name; give one of them another");
    case PLAN_FILE_TWICE:
        return text_make("its backing file %s is that of region %s; give one of them another file", path,
                         other);
    case PLAN_FILE_STAYS:
        return text_make(
            "its backing file %s stays that of region %s, which is refused itself; correct that one", path,
            other);
    case PLAN_FILE_SHORT:
        text_size_about(region->size, size);
        return text_make(
            "its backing file %s is shorter than the %s that are declared, so %s: then it begins "
            "with a new file",
            path, size,
            action->left ? "it cannot be taken over; lower its size, or move the file away and "
                           "restart the broker"
                         : "the region stays as it is; lower its size, or have it retired, move "
                           "the file away and reload");
    case PLAN_NO_CONFLICT:
        break;
    }
    return text_make("it cannot be served as declared");
}

/* Of a region that is refused, what is held stays as it is; otherwise clients are told why there is none. */
static void refuse_region(const apply_context *context, const plan_action *action,
                          const declared_regions *declared, platform_failure *failure)
{
    const declared_region *region = &declared->items[action->declared];
    catalog_place place;
    uint64_t generation;
    platform_failure ignored;
    char *reason = apply_refusal(action, declared);
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text, "%s", reason ? reason : "out of memory");
    free(reason);
    if ((action->existing != PLAN_NOTHING && !action->left) || action->conflict == PLAN_NAME_TWICE)
        return;
    name_list_add(&context->holdings->unserved, region->name);
    if (!catalog_place_of(context->catalog, region->name, &place, &generation, &ignored))
        return;
    catalog_publication broken = creation_published(region, SHMB_REGION_BROKEN, generation);
    broken.reason = failure->text;
    catalog_publish(context->catalog, place, &broken, &ignored);
}

/* Whether there is one of an earlier broker that could be taken over. */
static bool is_left(const apply_context *context, const declared_region *declared)
{
    catalog_place place;
    uint64_t generation;
    platform_failure ignored;
    const platform_section_request request = apply_request(declared);
    uint32_t form = 0;
    if (catalog_place_of(context->catalog, declared->name, &place, &generation, &ignored))
        form = catalog_form(context->catalog, place);
    return (form == 0 || form == region_kind_form(declared)) && platform_section_is_left(&request);
}

/* A region that is to be created: counted and told by what came of it. */
static bool carry_out_creation(const apply_context *context, const plan_action *action,
                               const declared_region *declared, apply_outcome *outcome,
                               platform_failure *failure)
{
    creation result = creation_of(context, declared, action->kind == PLAN_ADOPT, outcome, failure);
    if (context->awaits)
        context->awaits[action->declared] = result == AWAITED;
    outcome->created += result == CREATED;
    outcome->awaited += result == AWAITED;
    outcome->replaced -= result == STAYED && action->replaces && !context->awaiting;
    if (result == STAYED)
        count_stayed(context, declared, outcome, failure->text);
    if (result == CREATED || result == STAYED)
        return result == CREATED;
    if (!context->awaiting)
        name_list_add(&context->holdings->unserved, declared->name);
    if (context->tried_again || context->awaiting)
        outcome->left += is_left(context, declared);
    if (result == FAILED)
        report_failure(context, declared, outcome->failed++, failure->text);
    else if (!context->tried_again && !context->awaiting)
        log_write(context->log, LOG_REGION_NOTE, "region %s is awaited: %s", declared->name, failure->text);
    return false;
}

/* Returns whether it was done; otherwise `failure` says why not. */
static bool carry_out(const apply_context *context, const plan_action *action,
                      const declared_regions *declared, apply_outcome *outcome, platform_failure *failure)
{
    static const declared_region nothing; /* what is retired is not declared */
    const declared_region *region =
        action->declared == PLAN_NOTHING ? &nothing : &declared->items[action->declared];
    bool ok = true;
    switch (action->kind) {
    case PLAN_RETIRE:
        if (!action->at_once && !context->ending && drain_begin(context, action->existing)) {
            outcome->retiring++;
            break;
        }
        drain_finish(context, action->existing, NULL);
        outcome->retired++;
        break;
    case PLAN_REPLACE:
        ok = replacing_begin(context, action->existing, region, failure);
        outcome->replaced += ok;
        if (!ok)
            count_stayed(context, region, outcome, failure->text);
        break;
    case PLAN_SECURE:
    case PLAN_UPDATE:
        ok = secure_region(context, action, region, failure);
        *(action->kind == PLAN_SECURE ? &outcome->secured : &outcome->updated) += ok;
        outcome->kept++;
        if (!ok)
            report_failure(context, region, outcome->failed++, failure->text);
        break;
    case PLAN_KEEP:
        break;
    case PLAN_CREATE:
    case PLAN_ADOPT:
        return carry_out_creation(context, action, region, outcome, failure);
    case PLAN_REFUSE:
        refuse_region(context, action, declared, failure);
        report_failure(context, region, outcome->failed + outcome->refused++, failure->text);
        return false;
    }
    return ok;
}

static void tell(const apply_context *context, const plan_action *action, const char *name,
                 const char *reason)
{
    if (context->told)
        context->told(context->told_context, action, name, reason);
}

/* One that could not make way, and stays: that was told. */
static bool has_stayed(const apply_context *context, const plan_action *action,
                       const declared_regions *declared)
{
    return action->kind == PLAN_CREATE && action->replaces && !context->awaiting &&
           !replaced_find(&context->holdings->replaced, declared->items[action->declared].name);
}

/* One step, told of and then a sign of life. */
static void take_step(const apply_context *context, const plan_action *action,
                      const declared_regions *declared, apply_outcome *outcome)
{
    platform_failure failure;
    failure.code = 0;
    failure.text[0] = '\0';
    if (action->kind == PLAN_RETIRE) /* the name goes with it */
        tell(context, action, context->holdings->regions[action->existing].name, NULL);
    bool ok = carry_out(context, action, declared, outcome, &failure);
    if (action->kind != PLAN_RETIRE)
        tell(context, action, declared->items[action->declared].name, ok ? NULL : failure.text);
    context->progress(context->progress_context);
}

void apply_plan(const apply_context *context, const plan *p, const declared_regions *declared,
                apply_outcome *outcome)
{
    memset(outcome, 0, sizeof *outcome);
    reserve_for(context->holdings, p);
    if (!context->awaiting && !context->ending)
        letting_go_unserved(context, declared);
    for (size_t i = 0; i < p->count; i++)
        if (p->actions[i].kind == PLAN_KEEP)
            outcome->kept++;
        else if (has_stayed(context, &p->actions[i], declared))
            context->progress(context->progress_context);
        else
            take_step(context, &p->actions[i], declared, outcome);
    holdings_compact(context->holdings);
}

bool apply_awaited(const apply_context *context, const declared_regions *declared, apply_outcome *outcome)
{
    apply_context again = *context;
    plan p = {NULL, 0};
    memset(outcome, 0, sizeof *outcome);
    for (size_t i = 0; i < declared->count; i++)
        p.count += context->awaits[i];
    if (p.count == 0)
        return true;
    p.actions = calloc(p.count, sizeof *p.actions);
    if (!p.actions)
        return false;
    size_t put = 0;
    for (size_t i = 0; i < declared->count; i++)
        if (context->awaits[i])
            p.actions[put++] =
                (plan_action){.kind = PLAN_CREATE, .declared = i, .existing = PLAN_NOTHING, .replaces = true};
    again.awaiting = true;
    apply_plan(&again, &p, declared, outcome);
    plan_free(&p);
    return true;
}
