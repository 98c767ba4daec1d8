/* Who has what is to go. See holders.h. */
#include "holders.h"

#include <string.h>

#define UNITS_PER_MS  10000ull /* of platform_heartbeat */
#define LEAST_PAUSE   (500u * UNITS_PER_MS)
#define PAUSE_OF_LOOK 20u /* times what the look took */
#define MOST_TOLD     1000u

/* A region to be looked at: on its way out, or awaited. */
typedef struct candidate {
    const char *name;
    const char *object_name;
    const platform_section *section; /* NULL: it is found by its name */
} candidate;

/* Counts the candidates, and picks the one whose number is `wanted`. */
static size_t pick(const apply_context *context, const declared_regions *declared, size_t number,
                   candidate *found)
{
    const holdings *h = context->holdings;
    size_t count = 0;
    for (size_t i = 0; h->retiring > 0 && i < h->count; i++)
        if (h->regions[i].retire_at != 0 && count++ == number)
            *found = (candidate){h->regions[i].name, h->regions[i].object_name, h->sections[i]};
    for (size_t i = 0; context->awaits && declared && i < declared->count; i++)
        if (context->awaits[i] && count++ == number)
            *found = (candidate){declared->items[i].name, declared->items[i].object_name, NULL};
    return count;
}

static void look(holders *h, const apply_context *context, const candidate *who)
{
    char found[PLATFORM_HOLDERS];
    catalog_place place;
    uint64_t generation;
    platform_failure ignored; /* then the catalog goes on telling what it did */
    platform_section_holders(who->object_name, who->section, keeper_process_id(context->keeper), found);
    if (catalog_place_of(context->catalog, who->name, &place, &generation, &ignored) &&
        catalog_tell_holders(context->catalog, place, found, platform_now(), &ignored))
        h->told++;
}

/* How long nothing is looked at after a look that took from `begin` to `end`. */
static uint64_t pause_after(uint64_t begin, uint64_t end)
{
    const uint64_t pause = (end - begin) * PAUSE_OF_LOOK;
    return pause > LEAST_PAUSE ? pause : LEAST_PAUSE;
}

void holders_tell(holders *h, const apply_context *context, const declared_regions *wanted)
{
    candidate who = {0};
    const size_t count = h->told < MOST_TOLD ? pick(context, wanted, SIZE_MAX, &who) : 0;
    if (count == 0)
        return;
    const uint64_t begin = platform_heartbeat();
    if (begin < h->next_at)
        return;
    pick(context, wanted, h->turn++ % count, &who);
    look(h, context, &who);
    const uint64_t end = platform_heartbeat();
    h->next_at = end + pause_after(begin, end);
}

void holders_tell_at_once(holders *h, const apply_context *context, const declared_regions *wanted)
{
    candidate who = {0};
    const size_t count = h->told < MOST_TOLD ? pick(context, wanted, SIZE_MAX, &who) : 0;
    const uint64_t begin = platform_heartbeat();
    uint64_t end = begin;
    for (size_t i = 0; i < count && end - begin < HOLDERS_AT_ONCE_MS * UNITS_PER_MS; i++) {
        const uint64_t before = end;
        pick(context, wanted, h->turn++ % count, &who);
        look(h, context, &who);
        end = platform_heartbeat();
        h->next_at = end + pause_after(before, end);
    }
}
