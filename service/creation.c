/* How one region is made. See creation.h. */
#include "creation.h"

#include "growth.h"
#include "letting_go.h"
#include "region_kind.h"
#include "replacing.h"
#include "session.h"

#include <string.h>

#define NO_ROOM_MOST                                                                                         \
    100u /* regions in a row for which the system has no room for objects; for more it is not asked */

catalog_publication creation_published(const declared_region *declared, shmb_region_state state,
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
    catalog_publication pending = creation_published(region, SHMB_REGION_PENDING, generation);
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
    bool anew;      /* a section was made, whatever became of it */
    platform_section_granted granted;
    lives_outcome life;
} manner;

/* What is published of how it was made. */
static uint32_t flags_of(const platform_section_granted *granted)
{
    return (granted->large_pages ? SHMB_FLAG_LARGE_PAGES : 0) | (granted->numa_node ? SHMB_FLAG_NUMA : 0) |
           (granted->prefetched ? SHMB_FLAG_PREFETCHED : 0);
}

static void report_note(const apply_context *context, const declared_region *declared, size_t noted_so_far,
                        const char *note)
{
    if (noted_so_far < CREATION_LOGGED)
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
    made->anew = !made->granted.adopted;
    if (made->anew)
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

void creation_persist(const apply_context *context, const declared_region *declared,
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
        creation_persist(context, declared, objects.items[0], made->granted.size,
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

static shmb_region_state state_for(creation result)
{
    static const shmb_region_state states[] = {[CREATED] = SHMB_REGION_READY,
                                               [FAILED] = SHMB_REGION_BROKEN,
                                               [AWAITED] = SHMB_REGION_PENDING,
                                               [STAYED] = SHMB_REGION_READY};
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

/* What there is now. False, with what was published before still there: the catalog has no space for it. */
static bool publish_made(const apply_context *context, const declared_region *declared, const manner *made,
                         uint64_t generation, platform_failure *failure)
{
    catalog_publication publication = creation_published(declared, state_of(context, CREATED), generation);
    publication.size = made->granted.size;
    publication.form = region_kind_form(declared);
    publication.flags |= flags_of(&made->granted) | made->life.flags;
    publication.restored = made->life.restored;
    publication.note = made->granted.note;
    return catalog_publish(context->catalog, made->place, &publication, failure);
}

/* Why there is nothing. */
static void publish_reason(const apply_context *context, const declared_region *declared, const manner *made,
                           creation result, uint64_t generation, const char *reason)
{
    platform_failure unpublished;
    catalog_publication publication = creation_published(declared, state_of(context, result), generation);
    publication.size = made->known;
    publication.reason = reason;
    lives_keep(context->lives, declared);
    if (catalog_publish(context->catalog, made->place, &publication, &unpublished))
        return;
    publication.reason = NULL; /* no room for it, but clients need not wait for what will not come */
    catalog_publish(context->catalog, made->place, &publication, &unpublished);
}

static creation count_made(const apply_context *context, const declared_region *declared, const manner *made,
                           apply_outcome *outcome)
{
    if (context->held_back)
        context->held_back->places[context->held_back->count++] = made->place;
    outcome->adopted += made->granted.adopted;
    if (*made->granted.note)
        report_note(context, declared, outcome->noted++, made->granted.note);
    replacing_done(context, declared);
    return CREATED;
}

/* It is not there, or is and cannot be published. */
static creation give_up(const apply_context *context, const declared_region *declared, const manner *made,
                        bool held, uint64_t generation, platform_failure *failure)
{
    holdings *h = context->holdings;
    if (held && !replaced_find(&h->replaced, declared->name))
        return FAILED; /* the section is held, so its name stays ours; clients see it as pending */
    if (held)
        letting_go_objects(context, h->count - 1);
    if (replacing_go_back(context, declared, made->anew, failure))
        return STAYED;
    publish_reason(context, declared, made, FAILED, generation, failure->text);
    return FAILED;
}

creation creation_of(const apply_context *context, const declared_region *declared, bool left,
                     apply_outcome *outcome, platform_failure *failure)
{
    uint64_t generation;
    manner made = {.left = left};
    if (!catalog_place_of(context->catalog, declared->name, &made.place, &generation, failure))
        return FAILED;
    made.known = growth_published(context->catalog, made.place, declared);
    const bool held = may_have_room(declared, left, outcome, failure) &&
                      create_and_hold(context, declared, generation, &made, failure);
    outcome->no_room = held ? 0 : outcome->no_room + made.granted.no_room;
    const uint64_t next =
        generation + (!made.granted.adopted || generation == 0); /* another object, another number */
    if (held && publish_made(context, declared, &made, next, failure))
        return count_made(context, declared, &made, outcome);
    if (held || !made.granted.superseded)
        return give_up(context, declared, &made, held, generation, failure);
    if (!context->awaiting) /* otherwise it is published already */
        publish_reason(context, declared, &made, AWAITED, generation, failure->text);
    return AWAITED;
}
