/* Regions that become other objects. See replacing.h. */
#include "replacing.h"

#include "drain.h"
#include "letting_go.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

/* ---- Making way -------------------------------------------------------------------------------- */

/* Its objects: the section, and then the parts, in their order. False: no memory, or a name too long to have been made. */
static bool make_spares(const holdings *h, size_t index, replaced *one, platform_failure *failure)
{
    const existing_region *region = &h->regions[index];
    const object_run *run = &h->runs[index];
    const shmb_part_set set = shmb_parts_of(region->geometry.kind, region->part_flags);
    platform_spare_request request = {.object_name = region->object_name,
                                      .object = SHMB_PART_SECTION,
                                      .size = region->size,
                                      .max_size = region->max_size,
                                      .backing_path = region->backing_path};
    unsigned part = 0;
    for (one->count = 0; one->count < run->count; one->count++) {
        char name[SHMB_PART_NAME_BYTES];
        if (one->count > 0) {
            while (part < SHMB_PART_COUNT && (set >> part & 1) == 0)
                part++;
            if (part == SHMB_PART_COUNT || !shmb_part_name(region->object_name, (shmb_part)part, name))
                return true; /* no more than these can be had again; parts come with their section */
            request = (platform_spare_request){.object_name = name,
                                               .object = shmb_part_object_of((shmb_part)part++),
                                               .size = SHMB_PART_BYTES};
        }
        if (!platform_spare_make(&request, h->objects.items[run->first + one->count],
                                 &one->spares[one->count], failure))
            return false;
    }
    return true;
}

/* What is persisted has its last bytes on the disk before it goes: the new one may begin with them. */
static bool save_last(const apply_context *context, size_t index, platform_failure *failure)
{
    const platform_progress progress = {context->progress, context->progress_context};
    if (persist_finish_one(context->persist, context->holdings->sections[index], progress))
        return true;
    failure->code = 0;
    snprintf(
        failure->text, sizeof failure->text,
        "its last bytes could not be written to the disk, as the log says; free space on it, or mend it");
    return false;
}

static bool take_down(const apply_context *context, size_t index, const declared_region *declared,
                      replaced *one, platform_failure *failure)
{
    const holdings *h = context->holdings;
    const platform_section_request request = apply_request(declared);
    memset(one, 0, sizeof *one);
    bool ok = platform_section_rehearse(&request, h->sections[index], failure) &&
              make_spares(h, index, one, failure) && save_last(context, index, failure);
    for (size_t i = 0; !ok && i < one->count; i++)
        platform_spare_free(one->spares[i]);
    return ok;
}

/* Why a region that is ready is not what is declared. */
static void explain(const platform_failure *failure, char reason[PLATFORM_FAILURE_TEXT])
{
    snprintf(reason, PLATFORM_FAILURE_TEXT,
             "it goes on as it was before, with its data, for what is declared now could not take its place: "
             "%.600s; correct that%s, then `shmbroker reload` tries again",
             failure->text,
             failure->code == PLATFORM_NO_COMMIT
                 ? " (there has to be memory for both at once: to do without its data, declare it no more, "
                   "reload, and declare it again)"
                 : "");
}

/* From now on a plan finds it other than any declaration, so that what is published of it is set right. */
static void stay(const apply_context *context, existing_region *region, catalog_place place,
                 const shmb_catalog_slot *published, uint64_t generation, platform_failure *failure)
{
    char reason[PLATFORM_FAILURE_TEXT];
    explain(failure, reason);
    catalog_put_back(context->catalog, place, published, generation, reason, platform_now());
    region->details = 0;
    snprintf(failure->text, sizeof failure->text, "%s", reason);
}

/* How its life ended, should the new one ask. Nothing is known of a session's instances. */
static void end_life(const apply_context *context, const char *region)
{
    size_t length;
    if (shmb_session_of(region, &length) == 0)
        lives_over(context->lives, region, true);
}

bool replacing_begin(const apply_context *context, size_t index, const declared_region *declared,
                     platform_failure *failure)
{
    holdings *h = context->holdings;
    existing_region *region = &h->regions[index];
    catalog_place place;
    uint64_t generation;
    platform_failure ignored; /* what is held has its place */
    replaced one;
    if (region->retire_at != 0)
        drain_cancel(context, index); /* it is declared again, whatever comes of it */
    catalog_place_of(context->catalog, region->name, &place, &generation, &ignored);
    const shmb_catalog_slot published = catalog_copy(context->catalog, place);
    bool ok = replaced_reserve(&h->replaced);
    if (!ok)
        snprintf(failure->text, sizeof failure->text, "out of memory");
    if (!ok || !take_down(context, index, declared, &one, failure)) {
        stay(context, region, place, &published, generation, failure);
        return false;
    }
    one.published = published;
    one.region = *region;
    persist_take(context->persist, h->sections[index], &one.persisted);
    end_life(context, region->name);
    letting_go_await_another(context, index);
    memset(region, 0, sizeof *region); /* its texts are those of `one` */
    letting_go_objects(context, index);
    h->replaced.items[h->replaced.count++] = one;
    return true;
}

void replacing_done(const apply_context *context, const declared_region *declared)
{
    replaced_list *list = &context->holdings->replaced;
    replaced *one = replaced_find(list, declared->name);
    if (one)
        replaced_forget(list, one);
}

/* ---- Going back -------------------------------------------------------------------------------- */

/* All of its objects. On failure there is none. */
static bool restore(const apply_context *context, const replaced *one, bool anew, region_objects *objects,
                    bool *same, platform_failure *failure)
{
    const platform_progress progress = {context->progress, context->progress_context};
    *same = false;
    for (objects->count = 0; objects->count < one->count; objects->count++) {
        bool this_one;
        if (!platform_spare_restore(one->spares[objects->count], anew && objects->count == 0, &progress,
                                    &objects->items[objects->count], &this_one, failure))
            break;
        if (objects->count == 0)
            *same = this_one;
    }
    if (objects->count == one->count)
        return true;
    while (objects->count > 0)
        platform_section_close(objects->items[--objects->count]);
    return false;
}

/* Holds it, as it was held. */
static bool hold(const apply_context *context, replaced *one, const region_objects *objects,
                 uint64_t generation)
{
    holdings *h = context->holdings;
    one->region.retire_at = 0;
    if (!holdings_add_again(h, &one->region, objects))
        return false;
    for (size_t i = h->objects.count - objects->count; i < h->objects.count; i++)
        h->objects.kept[i] = keeper_hold(context->keeper, h->objects.items[i]);
    if (one->persisted.name &&
        !persist_put_back(context->persist, &one->persisted, objects->items[0], generation))
        log_write(context->log, LOG_PERSIST_FAILED,
                  "region %s: out of memory; close other programs, then restart the broker",
                  one->region.name);
    one->region.name = NULL; /* the holdings' now, as are those */
    memset(&one->persisted, 0, sizeof one->persisted);
    return true;
}

static bool have_again(const apply_context *context, replaced *one, bool anew, uint64_t *generation,
                       platform_failure *failure)
{
    region_objects objects = {{NULL}, 0};
    bool same;
    if (!restore(context, one, anew, &objects, &same, failure))
        return false;
    *generation = one->published.generation + !same; /* another object, another number */
    if (hold(context, one, &objects, *generation))
        return true;
    while (objects.count > 0)
        platform_section_close(objects.items[--objects.count]);
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text, "out of memory; close other programs");
    return false;
}

bool replacing_go_back(const apply_context *context, const declared_region *declared, bool anew,
                       platform_failure *failure)
{
    holdings *h = context->holdings;
    replaced *one = replaced_find(&h->replaced, declared->name);
    platform_failure also = {0}, ignored;
    catalog_place place;
    uint64_t generation;
    if (!one)
        return false;
    const shmb_catalog_slot published = one->published;
    const bool back = have_again(context, one, anew, &generation, &also);
    replaced_forget(&h->replaced, one);
    if (!back) {
        const size_t length = strlen(failure->text);
        snprintf(failure->text + length, sizeof failure->text - length,
                 "; and the one that it was to replace cannot be had again: %s", also.text);
        return false;
    }
    uint64_t last;
    catalog_place_of(context->catalog, declared->name, &place, &last, &ignored);
    stay(context, &h->regions[h->count - 1], place, &published, generation, failure);
    return true;
}
