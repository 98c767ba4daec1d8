/*
 * Sums up what the regions take, and says in figures by how much that is too much.
 */
#include "budget.h"

#include "units.h"

#include <stdio.h>
#include <string.h>

#define PAGE_BYTES 4096u
#define LARGEST    3u

uint64_t config_region_commit(const config_region *region)
{
    uint64_t pages = region->size / PAGE_BYTES + (region->size % PAGE_BYTES != 0);
    return region->backing_file == NULL ? pages * PAGE_BYTES : 0;
}

uint64_t config_regions_commit(const config_region *regions, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t bytes = config_region_commit(&regions[i]);
        sum = bytes <= UINT64_MAX - sum ? sum + bytes : UINT64_MAX;
    }
    return sum;
}

/* The regions that take most, the largest first, of equal ones the first declared; returns how many there are. */
static size_t find_largest(const config_model *model, const config_region *largest[LARGEST])
{
    size_t count = 0;
    for (size_t i = 0; i < model->region_count; i++) {
        const config_region *region = &model->regions[i];
        size_t at = count;
        while (at > 0 && config_region_commit(largest[at - 1]) < config_region_commit(region)) {
            at--;
        }
        if (at == LARGEST || config_region_commit(region) == 0) {
            continue;
        }
        count += count < LARGEST;
        memmove(&largest[at + 1], &largest[at], (count - 1 - at) * sizeof(region));
        largest[at] = region;
    }
    return count;
}

/* `Telemetry (64 KiB), Trace (4 KiB)`. */
static void list_largest(const config_model *model, char *buffer, size_t size)
{
    const config_region *largest[LARGEST];
    size_t count = find_largest(model, largest);
    size_t used = 0;
    buffer[0] = '\0';
    for (size_t i = 0; i < count && used < size; i++) {
        char bytes[CONFIG_SIZE_TEXT];
        char quoted[CONFIG_QUOTED];
        used += (size_t)snprintf(buffer + used, size - used, "%s%s (%s)", i > 0 ? ", " : "",
                                 config_text_quote(largest[i]->name, strlen(largest[i]->name), quoted),
                                 config_size_format(config_region_commit(largest[i]), bytes));
    }
}

void config_budget_check(config_reading *reading, const config_node *node, const config_model *model)
{
    uint64_t sum = config_regions_commit(model->regions, model->region_count);
    char texts[3][CONFIG_SIZE_TEXT];
    char largest[LARGEST * (CONFIG_QUOTED + CONFIG_SIZE_TEXT + 8)];
    if (model->commit_budget == 0 || sum <= model->commit_budget) {
        return;
    }
    list_largest(model, largest, sizeof largest);
    config_reading_report(
        reading, node, node->where,
        "the regions in memory take %s, which is %s more than this budget of %s; the largest are %s; "
        "make regions smaller, keep some in files, or raise the budget",
        config_size_format(sum, texts[0]), config_size_format(sum - model->commit_budget, texts[1]),
        config_size_format(model->commit_budget, texts[2]), largest);
}
