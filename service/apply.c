/* Carries out a plan. See apply.h. */
#include "apply.h"

#include "drain.h"
#include "growth.h"
#include "region_kind.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

#define FAILURES_LOGGED                                                                                      \
    100u /* each by itself, and as many notes; the rest of the failures are counted in the line that ends the start */

#define NO_ROOM_MOST                                                                                         \
    100u /* regions in a row for which the system has no room for objects; for more it is not asked */

#define GIVEN_UP_MOST 300u /* regions, so that the system has room for a few programs */
#define GIVEN_UP                                                                                             \
    "the system has no room for more objects, and this region was given up so that other programs can "      \
    "start; declare fewer regions, or end programs that have many objects open, then restart the broker"

static catalog_publication publication_of(const declared_region *declared, shmb_region_state state,
                                          uint64_t generation)
{
    return (catalog_publication){
        .state = state,
        .size = declared->size,
        .max_size = declared->max_size,
        .geometry = declared->geometry,
        .generation = generation,
        .now = platform_now(),
        .flags = (declared->backing_path ? SHMB_FLAG_FILE_BACKED : 0) | declared->part_flags |
                 (declared->boundary ? SHMB_FLAG_PRIVATE : 0) | (declared->session ? SHMB_FLAG_SESSION : 0),
        .object_name = declared->object_name,
        .description = declared->description,
        .boundary = declared->boundary};
}

/* A region that takes another's place is announced when that goes: until then clients may use it. */
static bool is_announced(const plan_action *action)
{
    return (action->kind == PLAN_CREATE && !action->replaces) || action->kind == PLAN_ADOPT;
}

static bool announce(const apply_context *context, const declared_region *region, platform_failure *failure)
{
    catalog_place place;
    uint64_t generation;
    if (!catalog_place_of(context->catalog, region->name, &place, &generation, failure))
        return false;
    catalog_publication pending = publication_of(region, SHMB_REGION_PENDING, generation);
    pending.size = growth_published(context->catalog, place, region);
    return catalog_publish(context->catalog, place, &pending, failure);
}

/* What was announced, the first `count` actions of `p`, will not come. */
static void take_back(const apply_context *context, const plan *p, const declared_regions *declared,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        catalog_place place;
        uint64_t generation;
        platform_failure ignored;
        if (is_announced(&p->actions[i]) &&
            catalog_place_of(context->catalog, declared->items[p->actions[i].declared].name, &place,
                             &generation, &ignored))
            catalog_mark(context->catalog, place, SHMB_REGION_RETIRED, platform_now());
    }
}

bool apply_announce(const apply_context *context, const plan *p, const declared_regions *declared,
                    platform_failure *failure)
{
    for (size_t i = 0; i < p->count; i++) {
        if (!is_announced(&p->actions[i]) ||
            announce(context, &declared->items[p->actions[i].declared], failure))
            continue;
        take_back(context, p, declared, i);
        return false;
    }
    return true;
}

platform_section_request apply_request(const declared_region *declared)
{
    return (platform_section_request){.object_name = declared->object_name,
                                      .boundary = declared->boundary,
                                      .sddl = declared->section_sddl,
                                      .size = declared->size,
                                      .max_size = declared->max_size,
                                      .backing_path = declared->backing_path,
                                      .file_sddl = declared->file_sddl,
                                      .own = declared->own,
                                      .initial = declared->initial,
                                      .large_pages = declared->large_pages,
                                      .numa_node = declared->numa_node,
                                      .prefetch = declared->prefetch,
                                      .fresh = declared->fresh};
}

/* How one region was made. */
typedef struct manner {
    bool left; /* an earlier broker's is there, by the plan */
    catalog_place place;
    uint64_t known; /* the size that was published of it last */
    platform_section_granted granted;
    lives_outcome life;
} manner;

/* What is published of how it was made. */
static uint32_t flags_of(const platform_section_granted *granted)
{
    return (granted->large_pages ? SHMB_FLAG_LARGE_PAGES : 0) | (granted->numa_node ? SHMB_FLAG_NUMA : 0) |
           (granted->prefetched ? SHMB_FLAG_PREFETCHED : 0);
}

static void report_failure(const apply_context *context, const declared_region *declared,
                           size_t failed_so_far, const char *reason)
{
    if (failed_so_far < FAILURES_LOGGED && !context->tried_again)
        log_write(context->log, LOG_REGION_FAILED, "region %s is not served: %s", declared->name, reason);
}

static void report_note(const apply_context *context, const declared_region *declared, size_t noted_so_far,
                        const char *note)
{
    if (noted_so_far < FAILURES_LOGGED)
        log_write(context->log, LOG_REGION_NOTE, "region %s is served: %s", declared->name, note);
}

/* What an earlier broker left that is not what is declared has to go first, as what is of another size has. */
static bool be_of_its_kind(const apply_context *context, const declared_region *declared,
                           platform_section *section, manner *made, platform_failure *failure)
{
    const platform_progress progress = {context->progress, context->progress_context};
    if (!made->granted.adopted)
        return region_kind_begin(declared, section, &progress, failure);
    made->granted.superseded =
        !region_kind_go_on(declared, section, catalog_form(context->catalog, made->place), failure);
    return !made->granted.superseded;
}

/* The section, with the bytes that its region is to begin with. */
static bool create_and_fill(const apply_context *context, const declared_region *declared,
                            uint64_t generation, platform_section **section, manner *made,
                            platform_failure *failure)
{
    lives_beginning with;
    platform_section_request request = apply_request(declared);
    request.progress = (platform_progress){context->progress, context->progress_context};
    request.left = made->left;
    request.grown = generation ? made->known : 0; /* a new entry knows of nothing */
    if (!lives_prepare(context->lives, declared, &request, &with, failure) ||
        !platform_section_create(&request, section, &made->granted, failure))
        return false;
    if (!made->granted.adopted)
        catalog_note_form(context->catalog, made->place, region_kind_form(declared));
    bool ok = lives_fill(context->lives, declared, *section, made->granted.adopted, &with, generation + 1,
                         &made->life, failure) &&
              be_of_its_kind(context, declared, *section, made, failure);
    if (!ok)
        platform_section_close(*section);
    else if (made->life.size > made->granted.size)
        made->granted.size = made->life.size;
    return ok;
}

/* The section and its parts. On failure there is none. */
static bool create_objects(const apply_context *context, const declared_region *declared, uint64_t generation,
                           region_objects *objects, manner *made, platform_failure *failure)
{
    objects->count = 1;
    if (!create_and_fill(context, declared, generation, &objects->items[0], made, failure))
        return false;
    if (region_parts_create(declared, made->granted.adopted, objects, &made->granted.superseded, failure))
        return true;
    platform_section_close(objects->items[0]);
    return false;
}

/* A region that cannot be persisted for want of memory is served all the same. */
static void start_persisting(const apply_context *context, const declared_region *declared,
                             platform_section *section, uint64_t size, uint64_t generation)
{
    if (!persist_add(context->persist, declared, section, size, generation))
        log_write(context->log, LOG_PERSIST_FAILED,
                  "region %s: out of memory; close other programs, then restart the broker", declared->name);
}

static bool create_and_hold(const apply_context *context, const declared_region *declared,
                            uint64_t generation, manner *made, platform_failure *failure)
{
    holdings *h = context->holdings;
    region_objects objects;
    if (!create_objects(context, declared, generation, &objects, made, failure))
        return false;
    if (holdings_add(h, declared, &objects, made->granted.size)) {
        start_persisting(context, declared, objects.items[0], made->granted.size,
                         generation + !made->granted.adopted);
        for (size_t i = h->objects.count - objects.count; i < h->objects.count; i++)
            h->objects.kept[i] = keeper_hold(context->keeper, h->objects.items[i]);
        return true;
    }
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text,
             "cannot keep %s: out of memory; close other programs or declare fewer regions",
             declared->object_name);
    while (objects.count > 0)
        platform_section_close(objects.items[--objects.count]);
    return false;
}

/* Asking again and again for what the system has not got takes long. What an earlier broker left needs no room. */
static bool may_have_room(const declared_region *declared, bool left, const apply_outcome *outcome,
                          platform_failure *failure)
{
    const platform_section_request request = apply_request(declared);
    if (left || outcome->no_room < NO_ROOM_MOST || platform_section_is_left(&request))
        return true;
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text,
             "the system had no room for the %u regions before it, so it was not asked for this one; declare "
             "fewer regions, or end programs that have many objects open, then restart the broker",
             NO_ROOM_MOST);
    return false;
}

/* What came of creating one region. */
typedef enum creation {
    CREATED,
    FAILED,
    AWAITED /* an object that programs have not let go of has its name */
} creation;

static shmb_region_state state_for(creation result)
{
    static const shmb_region_state states[] = {
        [CREATED] = SHMB_REGION_READY, [FAILED] = SHMB_REGION_BROKEN, [AWAITED] = SHMB_REGION_PENDING};
    return states[result];
}

/* A region that is made is ready, unless that is to be said later. */
static shmb_region_state state_of(const apply_context *context, creation result)
{
    return result == CREATED && context->held_back ? SHMB_REGION_PENDING : state_for(result);
}

void apply_publish(catalog *c, const apply_held_back *held_back)
{
    for (size_t i = 0; i < held_back->count; i++)
        catalog_mark(c, held_back->places[i], SHMB_REGION_READY, platform_now());
}

/* Creates or takes over one region, holds it and publishes it; on failure publishes the reason instead. */
static creation create_region(const apply_context *context, const declared_region *declared, bool left,
                              apply_outcome *outcome, platform_failure *failure)
{
    catalog_place place;
    uint64_t generation;
    manner made = {.left = left};
    if (!catalog_place_of(context->catalog, declared->name, &place, &generation, failure))
        return FAILED;
    made.place = place;
    made.known = growth_published(context->catalog, place, declared);
    bool ok = may_have_room(declared, left, outcome, failure) &&
              create_and_hold(context, declared, generation, &made, failure);
    outcome->no_room = ok ? 0 : outcome->no_room + made.granted.no_room;
    creation result = ok ? CREATED : made.granted.superseded ? AWAITED : FAILED;
    if (result == AWAITED && context->awaiting)
        return AWAITED; /* so it is published already */
    if (ok && (!made.granted.adopted || generation == 0))
        generation++; /* another object, another number */
    catalog_publication publication = publication_of(declared, state_of(context, result), generation);
    publication.size = ok ? made.granted.size : made.known;
    if (ok) {
        publication.form = region_kind_form(declared);
        publication.flags |= flags_of(&made.granted) | made.life.flags;
        publication.restored = made.life.restored;
        publication.note = made.granted.note;
    } else {
        publication.reason = failure->text;
        lives_keep(context->lives, declared);
    }
    platform_failure unpublished;
    bool published = catalog_publish(context->catalog, place, &publication, &unpublished);
    if (!published && ok) {
        *failure = unpublished; /* the section is held, so its name stays ours; clients see it as pending */
        return FAILED;
    }
    if (!published) {
        publication.reason = NULL; /* no room for it, but clients need not wait for what will not come */
        catalog_publish(context->catalog, place, &publication, &unpublished);
    }
    if (ok && context->held_back)
        context->held_back->places[context->held_back->count++] = place;
    outcome->adopted += ok && made.granted.adopted;
    if (ok && *made.granted.note)
        report_note(context, declared, outcome->noted++, made.granted.note);
    return result;
}

/* Its last bytes go to the disk, and how it ended is remembered. When the broker ends, that is done for all at once; an
   instance ends with its session, and nothing of it is kept. */
static void end_life(const apply_context *context, size_t index)
{
    const char *region = context->holdings->regions[index].name;
    const platform_progress progress = {context->progress, context->progress_context};
    size_t length;
    if (!context->ending && shmb_session_of(region, &length) == 0)
        lives_over(context->lives, region,
                   persist_finish_one(context->persist, context->holdings->sections[index], progress));
}

static void let_objects_go(const apply_context *context, size_t index)
{
    holdings *h = context->holdings;
    const object_run *run = &h->runs[index];
    persist_remove(context->persist, h->sections[index]);
    object_pool_close(&h->objects, run);
    for (size_t i = run->count; i > 0; i--)
        keeper_release(context->keeper, h->objects.kept[run->first + i - 1]);
    holdings_forget(h, index);
}

void apply_let_go(const apply_context *context, size_t index)
{
    end_life(context, index);
    let_objects_go(context, index);
}

/* Clients hear that the region is to be waited for before its object goes. */
static void await_another(const apply_context *context, size_t index)
{
    catalog_place place;
    uint64_t generation;
    platform_failure ignored; /* what is held has its place */
    if (catalog_place_of(context->catalog, context->holdings->regions[index].name, &place, &generation,
                         &ignored))
        catalog_mark(context->catalog, place, SHMB_REGION_PENDING, platform_now());
}

void apply_make_way(const apply_context *context, apply_outcome *outcome)
{
    holdings *h = context->holdings;
    apply_held_back *made = context->held_back;
    size_t most = outcome->created / 4 < GIVEN_UP_MOST ? outcome->created / 4 : GIVEN_UP_MOST;
    if (outcome->no_room == 0 || outcome->adopted > 0 || !made)
        return;
    log_write(context->log, LOG_REGION_FAILED,
              "the system has no room for more objects, so %u regions that were made are not served: "
              "otherwise no program could start any more",
              (unsigned)most);
    for (size_t index = h->count; most > 0 && index > 0 && made->count > 0; most--) {
        name_list_add(&h->unserved, h->regions[--index].name);
        catalog_break(context->catalog, made->places[--made->count], GIVEN_UP, platform_now());
        let_objects_go(context, index);
        outcome->created--;
        outcome->failed++;
    }
    holdings_compact(h);
}

static int by_name(const void *left, const void *right)
{
    const char *const *l = left, *const *r = right;
    return strcmp(*l, *r);
}

static void retire_unserved_but(const apply_context *context, const char *const *names, size_t count)
{
    const holdings *h = context->holdings;
    for (size_t i = 0; i < h->unserved.count; i++) {
        const char *name = h->unserved.items[i];
        catalog_place place;
        platform_failure ignored;
        catalog_publication gone = {.state = SHMB_REGION_RETIRED, .now = platform_now()};
        if (bsearch(&name, names, count, sizeof *names, by_name))
            continue;
        if (catalog_place_of(context->catalog, name, &place, &gone.generation, &ignored))
            catalog_publish(context->catalog, place, &gone, &ignored);
    }
}

/* What could not be served before, and is not declared any more, is not a failure any more. */
static void retire_unserved(const apply_context *context, const declared_regions *declared)
{
    holdings *h = context->holdings;
    if (h->unserved.count == 0)
        return;
    const char **names = calloc(declared->count + 1, sizeof(const char *));
    for (size_t i = 0; names && i < declared->count; i++)
        names[i] = declared->items[i].name;
    if (names) {
        qsort(names, declared->count, sizeof(const char *), by_name);
        retire_unserved_but(context, names, declared->count);
    }
    free((void *)names);
    name_list_clear(&h->unserved);
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
    start_persisting(context, declared, h->sections[index], h->regions[index].size,
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
            "its backing file %s is shorter than the %s that are declared, so the region stays as it "
            "is; lower its size, or have it retired, move the file away and reload: then it begins "
            "with a new file",
            path, size);
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
    catalog_publication broken = publication_of(region, SHMB_REGION_BROKEN, generation);
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
    creation result = create_region(context, declared, action->kind == PLAN_ADOPT, outcome, failure);
    if (context->awaits)
        context->awaits[action->declared] = result == AWAITED;
    outcome->created += result == CREATED;
    outcome->awaited += result == AWAITED;
    if (result != CREATED && !context->awaiting)
        name_list_add(&context->holdings->unserved, declared->name);
    if (result != CREATED && (context->tried_again || context->awaiting))
        outcome->left += is_left(context, declared);
    if (result == FAILED)
        report_failure(context, declared, outcome->failed++, failure->text);
    else if (result == AWAITED && !context->tried_again && !context->awaiting)
        log_write(context->log, LOG_REGION_NOTE, "region %s is awaited: %s", declared->name, failure->text);
    return result == CREATED;
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
        await_another(context, action->existing);
        apply_let_go(context, action->existing);
        outcome->replaced++;
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
        retire_unserved(context, declared);
    for (size_t i = 0; i < p->count; i++)
        if (p->actions[i].kind == PLAN_KEEP)
            outcome->kept++;
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
