/* Carries out a plan. See apply.h. */
#include "apply.h"

#include "shared_text.h"

#include <stdlib.h>
#include <string.h>

#define FAILURES_LOGGED                                                                                      \
    100u /* each by itself, and as many notes; the rest of the failures are counted in the line that ends the start */

static void release_texts(existing_region *region)
{
    free((void *)(uintptr_t)region->name);
    free((void *)(uintptr_t)region->object_name);
    shared_text_release(region->section_sddl);
    free((void *)(uintptr_t)region->backing_path);
    memset(region, 0, sizeof *region);
}

/* Makes room for `capacity` regions. What is there stays in any case. */
static bool reserve(holdings *h, size_t capacity)
{
    if (capacity <= h->capacity)
        return true;
    existing_region *regions = realloc(h->regions, capacity * sizeof *regions);
    if (regions)
        h->regions = regions;
    platform_section **sections = realloc(h->sections, capacity * sizeof *sections);
    if (sections)
        h->sections = sections;
    platform_kept *kept = realloc(h->kept, capacity * sizeof *kept);
    if (kept)
        h->kept = kept;
    if (!regions || !sections || !kept)
        return false;
    h->capacity = capacity;
    return true;
}

/* Takes a section into the holdings, at index count. */
static bool hold(holdings *h, const declared_region *declared, platform_section *section)
{
    if (!reserve(h, h->count + 1))
        return false;
    const char *last_sddl = h->count > 0 ? h->regions[h->count - 1].section_sddl : NULL;
    existing_region region = {.name = text_make("%s", declared->name),
                              .object_name = text_make("%s", declared->object_name),
                              .section_sddl = shared_text_make(last_sddl, declared->section_sddl),
                              .size = declared->size,
                              .large_pages = declared->large_pages,
                              .numa_node = declared->numa_node};
    if (declared->backing_path)
        region.backing_path = text_make("%s", declared->backing_path);
    if (!region.name || !region.object_name || !region.section_sddl ||
        (declared->backing_path && !region.backing_path)) {
        release_texts(&region);
        return false;
    }
    h->regions[h->count] = region;
    h->sections[h->count] = section;
    h->kept[h->count] = 0;
    h->count++;
    return true;
}

existing_regions holdings_regions(const holdings *h)
{
    return (existing_regions){h->regions, h->count};
}

keeper_load holdings_load(holdings *h)
{
    return (keeper_load){h->sections, h->kept, h->count};
}

void holdings_release(holdings *h)
{
    for (size_t i = 0; i < h->count; i++) {
        platform_section_close(h->sections[i]);
        release_texts(&h->regions[i]);
    }
    free(h->regions);
    free(h->sections);
    free(h->kept);
    memset(h, 0, sizeof *h);
}

static catalog_publication publication_of(const declared_region *declared, shmb_region_state state,
                                          uint64_t generation)
{
    return (catalog_publication){.state = state,
                                 .size = declared->size,
                                 .generation = generation,
                                 .now = platform_now(),
                                 .flags = (declared->backing_path ? SHMB_FLAG_FILE_BACKED : 0) |
                                          (declared->boundary ? SHMB_FLAG_PRIVATE : 0),
                                 .object_name = declared->object_name,
                                 .description = declared->description,
                                 .boundary = declared->boundary};
}

bool apply_announce(const apply_context *context, const plan *p, const declared_regions *declared,
                    platform_failure *failure)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->actions[i].kind != PLAN_CREATE)
            continue;
        const declared_region *region = &declared->items[p->actions[i].declared];
        catalog_place place;
        uint64_t generation;
        if (!catalog_place_of(context->catalog, region->name, &place, &generation, failure))
            return false;
        catalog_publication pending = publication_of(region, SHMB_REGION_PENDING, generation);
        if (!catalog_publish(context->catalog, place, &pending, failure))
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
                                      .backing_path = declared->backing_path,
                                      .file_sddl = declared->file_sddl,
                                      .own = declared->own,
                                      .initial = declared->initial,
                                      .large_pages = declared->large_pages,
                                      .numa_node = declared->numa_node,
                                      .prefetch = declared->prefetch};
}

/* What came of creating one region. */
typedef struct creation {
    platform_section_granted granted;
    lives_outcome life;
} creation;

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

/* The section, with the bytes that its region is to begin with. */
static bool create_and_fill(const apply_context *context, const declared_region *declared,
                            uint64_t generation, platform_section **section, creation *made,
                            platform_failure *failure)
{
    lives_beginning with;
    platform_section_request request = apply_request(declared);
    request.progress = (platform_progress){context->progress, context->progress_context};
    if (!lives_prepare(context->lives, declared, &request, &with, failure) ||
        !platform_section_create(&request, section, &made->granted, failure))
        return false;
    if (lives_fill(context->lives, declared, *section, made->granted.adopted, &with, generation + 1,
                   &made->life, failure))
        return true;
    platform_section_close(*section);
    return false;
}

/* A region that cannot be persisted for want of memory is served all the same. */
static void start_persisting(const apply_context *context, const declared_region *declared,
                             platform_section *section, uint64_t generation)
{
    if (!persist_add(context->persist, declared, section, generation))
        log_write(context->log, LOG_PERSIST_FAILED,
                  "region %s: out of memory; close other programs, then restart the broker", declared->name);
}

static bool create_and_hold(const apply_context *context, const declared_region *declared,
                            uint64_t generation, creation *made, platform_failure *failure)
{
    platform_section *section;
    if (!create_and_fill(context, declared, generation, &section, made, failure))
        return false;
    if (hold(context->holdings, declared, section)) {
        start_persisting(context, declared, section, generation + !made->granted.adopted);
        context->holdings->kept[context->holdings->count - 1] = keeper_hold(context->keeper, section);
        return true;
    }
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text,
             "cannot keep %s: out of memory; close other programs or declare fewer regions",
             declared->object_name);
    platform_section_close(section);
    return false;
}

/* Creates, holds and publishes one region; on failure publishes the reason instead. */
static bool create_region(const apply_context *context, const declared_region *declared,
                          apply_outcome *outcome, platform_failure *failure)
{
    catalog_place place;
    uint64_t generation;
    creation made = {0};
    if (!catalog_place_of(context->catalog, declared->name, &place, &generation, failure))
        return false;
    bool ok = create_and_hold(context, declared, generation, &made, failure);
    if (ok && (!made.granted.adopted || generation == 0))
        generation++; /* another object, another number */
    catalog_publication result =
        publication_of(declared, ok ? SHMB_REGION_READY : SHMB_REGION_BROKEN, generation);
    if (ok) {
        result.flags |= flags_of(&made.granted) | made.life.flags;
        result.restored = made.life.restored;
        result.note = made.granted.note;
    } else {
        result.reason = failure->text;
        lives_keep(context->lives, declared);
    }
    platform_failure unpublished;
    bool published = catalog_publish(context->catalog, place, &result, &unpublished);
    if (!published && ok) {
        *failure = unpublished; /* the section is held, so its name stays ours; clients see it as pending */
        return false;
    }
    if (!published) {
        result.reason = NULL; /* no room for it, but clients need not wait for what will not come */
        catalog_publish(context->catalog, place, &result, &unpublished);
    }
    outcome->adopted += ok && made.granted.adopted;
    if (ok && *made.granted.note)
        report_note(context, declared, outcome->noted++, made.granted.note);
    return ok;
}

static void retire_region(const apply_context *context, size_t index)
{
    holdings *h = context->holdings;
    const existing_region *region = &h->regions[index];
    platform_failure
        ignored; /* a retirement adds no entry and no text, so it needs no space and cannot fail */
    catalog_place place;
    catalog_publication gone = {.state = SHMB_REGION_RETIRED,
                                .size = region->size,
                                .now = platform_now(),
                                .object_name = region->object_name};
    catalog_place_of(context->catalog, region->name, &place, &gone.generation, &ignored);
    catalog_publish(context->catalog, place, &gone, &ignored);
    persist_remove(context->persist, h->sections[index]);
    platform_section_close(h->sections[index]);
    keeper_release(context->keeper, h->kept[index]);
    release_texts(&h->regions[index]);
}

/* Closes the gaps that retired regions left. */
static void compact(holdings *h)
{
    size_t to = 0;
    for (size_t from = 0; from < h->count; from++) {
        if (!h->regions[from].name)
            continue;
        h->regions[to] = h->regions[from];
        h->sections[to] = h->sections[from];
        h->kept[to] = h->kept[from];
        to++;
    }
    h->count = to;
}

/* All the room at once, and no more than that. Where there is not so much, what there is will do for some. */
static void reserve_for(holdings *h, const plan *p)
{
    size_t wanted = h->count;
    for (size_t i = 0; i < p->count; i++)
        wanted += p->actions[i].kind == PLAN_CREATE;
    reserve(h, wanted);
}

void apply_plan(const apply_context *context, const plan *p, const declared_regions *declared,
                apply_outcome *outcome)
{
    memset(outcome, 0, sizeof *outcome);
    reserve_for(context->holdings, p);
    for (size_t i = 0; i < p->count; i++) {
        const plan_action *action = &p->actions[i];
        platform_failure failure = {0};
        if (action->kind == PLAN_RETIRE) {
            retire_region(context, action->existing);
            outcome->retired++;
        } else if (action->kind == PLAN_KEEP) {
            outcome->kept++;
        } else if (create_region(context, &declared->items[action->declared], outcome, &failure)) {
            outcome->created++;
        } else {
            platform_section_request request = apply_request(&declared->items[action->declared]);
            report_failure(context, &declared->items[action->declared], outcome->failed, failure.text);
            outcome->failed++;
            outcome->left += context->tried_again && platform_section_is_left(&request);
        }
        context->progress(context->progress_context);
    }
    compact(context->holdings);
}
