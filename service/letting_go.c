/* How regions go. See letting_go.h. */
#include "letting_go.h"

#include "session.h"

#include <stdlib.h>
#include <string.h>

#define GIVEN_UP_MOST 300u /* regions, so that the system has room for a few programs */
#define GIVEN_UP                                                                                             \
    "the system has no room for more objects, and this region was given up so that other programs can "      \
    "start; declare fewer regions, or end programs that have many objects open, then restart the broker"

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

void letting_go_objects(const apply_context *context, size_t index)
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
    letting_go_objects(context, index);
}

void letting_go_await_another(const apply_context *context, size_t index)
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
        letting_go_objects(context, index);
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

/* Nobody waits for what was to take their places. */
static void forget_replaced_but(const apply_context *context, const char *const *names, size_t count)
{
    replaced_list *list = &context->holdings->replaced;
    for (size_t i = list->count; i > 0; i--)
        if (!bsearch(&list->items[i - 1].region.name, names, count, sizeof *names, by_name))
            replaced_forget(list, &list->items[i - 1]);
}

void letting_go_unserved(const apply_context *context, const declared_regions *declared)
{
    holdings *h = context->holdings;
    if (h->unserved.count == 0 && h->replaced.count == 0)
        return;
    const char **names = calloc(declared->count + 1, sizeof(const char *));
    for (size_t i = 0; names && i < declared->count; i++)
        names[i] = declared->items[i].name;
    if (names) {
        qsort(names, declared->count, sizeof(const char *), by_name);
        retire_unserved_but(context, names, declared->count);
        forget_replaced_but(context, names, declared->count);
    }
    free((void *)names);
    name_list_clear(&h->unserved);
}
