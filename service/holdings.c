/* What this broker holds. See holdings.h. */
#include "holdings.h"

#include "text_builder.h"

#include <stdlib.h>
#include <string.h>

static void release_texts(existing_region *region)
{
    free((void *)(uintptr_t)region->name);
    memset(region, 0, sizeof *region);
}

bool holdings_reserve(holdings *h, size_t capacity)
{
    if (capacity <= h->capacity)
        return true;
    existing_region *regions = realloc(h->regions, capacity * sizeof *regions);
    if (regions)
        h->regions = regions;
    platform_section **sections = realloc(h->sections, capacity * sizeof *sections);
    if (sections)
        h->sections = sections;
    object_run *runs = realloc(h->runs, capacity * sizeof *runs);
    if (runs)
        h->runs = runs;
    if (!regions || !sections || !runs || !object_pool_reserve(&h->objects, capacity))
        return false;
    h->capacity = capacity;
    return true;
}

/* Copies a text with its end to `*at`, which moves behind it. */
static const char *put_text(char **at, const char *words)
{
    const size_t size = strlen(words) + 1;
    const char *put = memcpy(*at, words, size);
    *at += size;
    return put;
}

/* There may be a hundred thousand regions: what is kept of each is one small block. */
static bool copy_texts(existing_region *region, const declared_region *declared)
{
    const char *path = declared->backing_path;
    char *at =
        malloc(strlen(declared->name) + strlen(declared->object_name) + (path ? strlen(path) + 1 : 0) + 2);
    if (!at)
        return false;
    region->name = put_text(&at, declared->name);
    region->object_name = put_text(&at, declared->object_name);
    region->backing_path = path ? put_text(&at, path) : NULL;
    return true;
}

bool holdings_add(holdings *h, const declared_region *declared, const region_objects *objects, uint64_t size)
{
    existing_region region = {.access = plan_access_of(declared),
                              .details = plan_details_of(declared),
                              .size = size,
                              .max_size = declared->max_size,
                              .geometry = declared->geometry,
                              .part_flags = declared->part_flags,
                              .drain = declared->session ? 0 : declared->drain, /* who had it open is gone */
                              .large_pages = declared->large_pages,
                              .numa_node = declared->numa_node};
    if (!copy_texts(&region, declared) || !holdings_add_again(h, &region, objects)) {
        release_texts(&region);
        return false;
    }
    return true;
}

bool holdings_add_again(holdings *h, const existing_region *region, const region_objects *objects)
{
    if (!holdings_reserve(h, h->count + 1) || !object_pool_add(&h->objects, objects, &h->runs[h->count]))
        return false;
    h->regions[h->count] = *region;
    h->sections[h->count] = objects->items[0];
    h->count++;
    return true;
}

platform_kept holdings_kept(const holdings *h, size_t index)
{
    return h->objects.kept[h->runs[index].first];
}

void holdings_forget(holdings *h, size_t index)
{
    release_texts(&h->regions[index]);
}

void holdings_compact(holdings *h)
{
    size_t to = 0;
    for (size_t from = 0; from < h->count; from++) {
        if (!h->regions[from].name)
            continue;
        if (to != from) {
            h->regions[to] = h->regions[from];
            h->sections[to] = h->sections[from];
            h->runs[to] = h->runs[from];
        }
        to++;
    }
    h->count = to;
    object_pool_compact(&h->objects, h->runs, to);
}

size_t holdings_find(const holdings *h, const char *name)
{
    size_t at = 0;
    while (at < h->count && strcmp(h->regions[at].name, name) != 0)
        at++;
    return at;
}

existing_regions holdings_regions(const holdings *h)
{
    return (existing_regions){h->regions, h->count, platform_backing_size};
}

keeper_load holdings_load(holdings *h)
{
    return (keeper_load){h->objects.items, h->objects.kept, h->objects.count};
}

void holdings_release(holdings *h)
{
    for (size_t i = 0; i < h->count; i++) {
        object_pool_close(&h->objects, &h->runs[i]);
        release_texts(&h->regions[i]);
    }
    free(h->regions);
    free(h->sections);
    free(h->runs);
    object_pool_free(&h->objects);
    replaced_free(&h->replaced);
    name_list_free(&h->unserved);
    name_list_free(&h->put_away);
    memset(h, 0, sizeof *h);
}
