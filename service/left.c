/* What an earlier broker left. See left.h. */
#include "left.h"

#include "apply.h"
#include "region_kind.h"
#include "text_index.h"

#include <stdlib.h>
#include <string.h>

static existing_region as_left(const declared_region *declared)
{
    return (existing_region){.name = declared->name,
                             .object_name = declared->object_name,
                             .backing_path = declared->backing_path,
                             .size = declared->size,
                             .max_size = declared->max_size,
                             .geometry = declared->geometry,
                             .part_flags = declared->part_flags,
                             .large_pages = declared->large_pages,
                             .numa_node = declared->numa_node,
                             .left = true};
}

/* What cannot be looked at may be of the kind that is declared: whoever takes it over sees. */
static bool is_of_kind(const declared_region *declared, const platform_section_request *request,
                       const left_forms *forms)
{
    uint8_t header[SHMB_KIND_HEADER_BYTES];
    const uint32_t form = forms ? forms->of(forms->context, declared->name) : 0;
    if (form != 0)
        return form == region_kind_form(declared);
    return region_kind_is_raw(declared) || !platform_section_peek(request, header, sizeof header) ||
           region_kind_begins(declared, header);
}

static bool is_left(const declared_region *declared, const left_forms *forms)
{
    const platform_section_request request = apply_request(declared);
    return !declared->fresh && platform_section_is_left(&request) && is_of_kind(declared, &request, forms);
}

/* Adds those of `declared` that `names` does not have; of several with one name the first. False: out of memory. */
static bool add_left(const declared_regions *declared, const left_forms *forms, text_index *names,
                     existing_region *items, size_t *count)
{
    for (size_t i = 0; i < declared->count; i++) {
        size_t *found = text_index_at(names, declared->items[i].name);
        if (!found)
            return false;
        if (*found != TEXT_INDEX_NONE)
            continue;
        *found = i;
        if (is_left(&declared->items[i], forms))
            items[(*count)++] = as_left(&declared->items[i]);
    }
    return true;
}

bool left_find(const declared_regions *declared, const existing_regions *held, const left_forms *forms,
               existing_regions *result)
{
    text_index names = {0};
    existing_region *items = calloc(held->count + declared->count + 1, sizeof *items);
    size_t count = held->count;
    bool ok = items && text_index_reserve(&names, held->count + declared->count);
    *result = (existing_regions){NULL, 0, NULL};
    if (ok && held->count > 0)
        memcpy(items, held->items, held->count * sizeof *items);
    for (size_t i = 0; ok && i < held->count; i++)
        *text_index_at(&names, held->items[i].name) = i;
    ok = ok && add_left(declared, forms, &names, items, &count);
    text_index_free(&names);
    if (ok)
        *result = (existing_regions){items, count, held->file_size};
    else
        free(items);
    return ok;
}

void left_free(existing_regions *result)
{
    free((void *)(uintptr_t)result->items);
    *result = (existing_regions){NULL, 0, NULL};
}
