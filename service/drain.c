/* Regions on their way out. See drain.h. */
#include "drain.h"

#include "broker.h"

#include <string.h>

#define UNITS_PER_MS 10000ull /* of platform_heartbeat, and of platform_now */
#define WRITE_DAC    0x40000u /* of a section: what those in `manage` have */

static unsigned users_of(const apply_context *context, size_t index)
{
    return platform_section_users(context->holdings->sections[index],
                                  holdings_kept(context->holdings, index));
}

/* What is held has its place in the catalog, and a state that brings no text needs no space: neither can fail. */
static void publish(const apply_context *context, size_t index, shmb_region_state state, uint64_t until,
                    const char *reason)
{
    const existing_region *region = &context->holdings->regions[index];
    platform_failure ignored;
    catalog_place place;
    catalog_publication gone = {.state = state,
                                .size = region->size,
                                .max_size = region->max_size,
                                .now = platform_now(),
                                .until = until,
                                .object_name = region->object_name,
                                .reason = reason};
    if (!catalog_place_of(context->catalog, region->name, &place, &gone.generation, &ignored))
        return;
    if (catalog_publish(context->catalog, place, &gone, &ignored))
        return;
    gone.reason = NULL;
    catalog_publish(context->catalog, place, &gone, &ignored);
}

bool drain_begin(const apply_context *context, size_t index)
{
    existing_region *region = &context->holdings->regions[index];
    const uint64_t patience = region->drain * UNITS_PER_MS;
    if (patience == 0 || users_of(context, index) == 0)
        return false;
    region->retire_at = platform_heartbeat() + patience;
    context->holdings->retiring++;
    publish(context, index, SHMB_REGION_RETIRING, platform_now() + patience, NULL);
    return true;
}

void drain_cancel(const apply_context *context, size_t index)
{
    platform_failure ignored;
    catalog_place place;
    uint64_t generation;
    context->holdings->regions[index].retire_at = 0;
    context->holdings->retiring--;
    if (catalog_place_of(context->catalog, context->holdings->regions[index].name, &place, &generation,
                         &ignored))
        catalog_mark(context->catalog, place, SHMB_REGION_READY, platform_now());
}

void drain_finish(const apply_context *context, size_t index, const char *reason)
{
    context->holdings->retiring -= context->holdings->regions[index].retire_at != 0;
    publish(context, index, SHMB_REGION_RETIRED, 0, reason);
    apply_let_go(context, index);
}

static void finish_late(const apply_context *context, size_t index)
{
    const existing_region *region = &context->holdings->regions[index];
    char holders[PLATFORM_HOLDERS], reason[PLATFORM_HOLDERS + 200];
    platform_section_holders(region->object_name, context->holdings->sections[index],
                             keeper_process_id(context->keeper), holders);
    for (char *at = holders; *at; at++)
        if (*at == '\n')
            *at = ',';
    snprintf(reason, sizeof reason,
             "its time to drain was up, and programs had it open still: they keep the bytes until they let "
             "go (%s)",
             *holders ? holders : "the system does not tell which");
    log_write(context->log, LOG_REGION_NOTE, "region %s is let go: %s", region->name, reason);
    drain_finish(context, index, reason);
}

void drain_tend(const apply_context *context)
{
    holdings *h = context->holdings;
    bool some = false;
    if (h->retiring == 0)
        return;
    const uint64_t now = platform_heartbeat();
    for (size_t i = 0; i < h->count; i++) {
        if (h->regions[i].retire_at == 0)
            continue;
        const bool unused = users_of(context, i) == 0, late = now >= h->regions[i].retire_at;
        if (unused)
            drain_finish(context, i, NULL);
        else if (late)
            finish_late(context, i);
        some = some || unused || late;
    }
    if (some)
        holdings_compact(h);
}

static int retire(const apply_context *context, size_t index, const char *account, char *words, size_t size)
{
    const existing_region *region = &context->holdings->regions[index];
    char reason[PLATFORM_ACCOUNT + 200];
    snprintf(reason, sizeof reason, "%s had it retired; `shmbroker reload` serves it again if it is declared",
             account);
    log_write(context->log, LOG_RETIRED, "region %s is retired: %s had that done", region->name, account);
    name_list_add(&context->holdings->put_away, region->name); /* or a session's coming serves it again */
    if (region->retire_at == 0 && drain_begin(context, index)) {
        snprintf(words, size, "region %s goes when programs have let go of it, in %u s at the latest",
                 region->name, (unsigned)(region->drain + 999) / 1000);
        return EXIT_OK;
    }
    snprintf(words, size, "region %s is %s", region->name,
             region->retire_at ? "on its way out already" : "retired");
    if (region->retire_at == 0) {
        drain_finish(context, index, reason);
        holdings_compact(context->holdings);
    }
    return EXIT_OK;
}

void drain_serve(const apply_context *context, platform_control *control, platform_control_ticket ticket,
                 const control_request *request, control_answer *answer)
{
    char account[PLATFORM_ACCOUNT], words[CONTROL_TEXT];
    const holdings *h = context->holdings;
    const size_t index = holdings_find(h, request->region);
    int code = EXIT_NO_REGION;
    if (index == h->count) {
        snprintf(words, sizeof words, "the broker does not serve a region %s; look at `shmbroker status`",
                 request->region);
    } else if (!platform_control_may_open(control, ticket, h->sections[index], WRITE_DAC)) {
        snprintf(words, sizeof words,
                 "this account may not retire region %s; add it to `manage` of the region's `access`",
                 request->region);
        code = EXIT_ACCESS_DENIED;
    } else {
        platform_control_caller(control, ticket, account);
        code = retire(context, index, account, words, sizeof words);
    }
    control_answer_end(answer, (uint32_t)code, words);
}

void drain_end(const apply_context *context)
{
    holdings *h = context->holdings;
    for (size_t i = 0; h->retiring > 0 && i < h->count; i++)
        if (h->regions[i].retire_at != 0)
            drain_finish(context, i, NULL);
    holdings_compact(h);
}
