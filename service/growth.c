/* Regions that grow. See growth.h. */
#include "growth.h"

#include "broker.h"
#include "growth_size.h"

#include <stdlib.h>
#include <string.h>

#define MAP_WRITE 0x2u /* of a section: what those in `write` have */

/* ---- How large a region is --------------------------------------------------------------------- */

uint64_t growth_published(const catalog *c, catalog_place place, const declared_region *declared)
{
    uint64_t size, max_size;
    catalog_last_size(c, place, &size, &max_size);
    bool grows = declared->max_size != 0 && max_size == declared->max_size;
    return grows && size > declared->size ? size : declared->size;
}

/* ---- Growing ----------------------------------------------------------------------------------- */

bool growth_apply(const apply_context *context, size_t index, uint64_t size, platform_failure *failure)
{
    existing_region *region = &context->holdings->regions[index];
    platform_section *section = context->holdings->sections[index];
    catalog_place place;
    uint64_t generation;
    if (!catalog_place_of(context->catalog, region->name, &place, &generation, failure) ||
        !platform_section_grow(section, size, failure))
        return false;
    region->size = size;
    persist_resize(context->persist, section, size);
    catalog_resize(context->catalog, place, size, platform_now());
    return true;
}

/* What the regions in memory take together when that at `index` has `size` bytes. */
static uint64_t sum_with(const holdings *h, size_t index, uint64_t size)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < h->count; i++)
        if (!h->regions[i].backing_path)
            sum += growth_whole_pages(i == index ? size : h->regions[i].size);
    return sum;
}

static control_growth refuse(platform_failure *failure, control_growth why, const char *name, char *words)
{
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text, "region %.300s cannot grow: %s", name,
             words ? words : "out of memory");
    free(words);
    return why;
}

control_growth growth_check(const holdings *h, size_t index, uint64_t size, uint64_t commit_budget,
                            platform_failure *failure)
{
    const existing_region *region = &h->regions[index];
    char wanted[TEXT_SIZE], most[TEXT_SIZE], sum[TEXT_SIZE];
    text_size_about(size, wanted);
    if (region->max_size == 0)
        return refuse(failure, CONTROL_GROW_FIXED, region->name,
                      text_make("it is declared without max_size; add that"));
    if (size > region->max_size)
        return refuse(
            failure, CONTROL_GROW_FIXED, region->name,
            text_make("%llu bytes are asked for, and its max_size is %llu; ask for less, or declare more",
                      (unsigned long long)size, (unsigned long long)region->max_size));
    uint64_t needed = sum_with(h, index, size);
    if (commit_budget == 0 || needed <= commit_budget)
        return CONTROL_GREW;
    text_size_about(needed, sum);
    text_size_about(commit_budget, most);
    return refuse(
        failure, CONTROL_GROW_BUDGET, region->name,
        text_make("with %s of it the regions in memory would take %s, and commit_budget is %s; ask for less, "
                  "or raise that",
                  wanted, sum, most));
}

/* ---- For programs ------------------------------------------------------------------------------ */

static control_growth grow(const apply_context *context, size_t index, uint64_t size, uint64_t commit_budget,
                           platform_failure *failure)
{
    const existing_region *region = &context->holdings->regions[index];
    const uint64_t before = region->size;
    if (size <= before)
        return CONTROL_GREW;
    control_growth result = growth_check(context->holdings, index, size, commit_budget, failure);
    if (result == CONTROL_GREW && !growth_apply(context, index, size, failure))
        result = failure->code == PLATFORM_NO_COMMIT ? CONTROL_GROW_COMMIT : CONTROL_GROW_FAILED;
    if (result == CONTROL_GREW &&
        (before ^ size) > before) /* a writer who grows it byte by byte fills no log */
        log_write(context->log, LOG_GROWN, "region %s has grown from %llu to %llu bytes", region->name,
                  (unsigned long long)before, (unsigned long long)size);
    return result;
}

static control_growth serve(const apply_context *context, platform_control *control,
                            platform_control_ticket ticket, const control_request *request,
                            uint64_t commit_budget, uint64_t *size, platform_failure *failure)
{
    const holdings *h = context->holdings;
    size_t index = holdings_find(h, request->region);
    *size = 0;
    if (index == h->count || h->regions[index].retire_at != 0)
        return refuse(failure, CONTROL_GROW_UNKNOWN, request->region,
                      text_make("the broker does not serve it; look at `shmbroker status`"));
    if (!platform_control_may_open(control, ticket, h->sections[index], MAP_WRITE))
        return refuse(failure, CONTROL_GROW_DENIED, request->region,
                      text_make("this account may not write it; add it to `write` of the region's `access`"));
    control_growth result = grow(context, index, request->argument, commit_budget, failure);
    *size = h->regions[index].size;
    return result;
}

void growth_serve(const apply_context *context, platform_control *control, platform_control_ticket ticket,
                  const control_request *request, uint64_t commit_budget, control_answer *answer)
{
    static const int codes[] = {[CONTROL_GREW] = EXIT_OK,
                                [CONTROL_GROW_UNKNOWN] = EXIT_NO_REGION,
                                [CONTROL_GROW_DENIED] = EXIT_ACCESS_DENIED,
                                [CONTROL_GROW_FIXED] = EXIT_BAD_USAGE,
                                [CONTROL_GROW_BUDGET] = EXIT_FAILED,
                                [CONTROL_GROW_COMMIT] = EXIT_FAILED,
                                [CONTROL_GROW_FAILED] = EXIT_FAILED};
    static control_reply reply; /* large for a service's stack */
    platform_failure failure = {0};
    memset(&reply, 0, sizeof reply);
    control_growth result =
        serve(context, control, ticket, request, commit_budget, &reply.values[0], &failure);
    reply.status = CONTROL_DONE;
    reply.kind = result;
    reply.code = (uint32_t)codes[result];
    text_cut(reply.text, sizeof reply.text, failure.text);
    control_answer_add(answer, &reply);
}
