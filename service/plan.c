/* The plan. See plan.h. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *left, const void *right)
{
    const existing_region *const *l = left, *const *r = right;
    return strcmp((*l)->name, (*r)->name);
}

static bool same_text(const char *left, const char *right)
{
    return left && right ? strcmp(left, right) == 0 : left == right;
}

static bool is_as_declared(const existing_region *existing, const declared_region *declared)
{
    return existing->size == declared->size && same_text(existing->object_name, declared->object_name) &&
           same_text(existing->section_sddl, declared->section_sddl) &&
           same_text(existing->backing_path, declared->backing_path) &&
           existing->large_pages == declared->large_pages && existing->numa_node == declared->numa_node;
}

/* Pointers to the existing regions in the order of their names, for bsearch. */
static const existing_region **sorted_by_name(const existing_regions *existing)
{
    const existing_region **sorted = malloc((existing->count + 1) * sizeof(const existing_region *));
    for (size_t i = 0; sorted && i < existing->count; i++)
        sorted[i] = &existing->items[i];
    if (sorted && existing->count > 1)
        qsort(sorted, existing->count, sizeof(const existing_region *), by_name);
    return sorted;
}

static const existing_region *find(const existing_region *const *sorted, size_t count, const char *name)
{
    existing_region wanted = {.name = name};
    const existing_region *key = &wanted;
    const existing_region *const *found = bsearch(&key, sorted, count, sizeof *sorted, by_name);
    return found ? *found : NULL;
}

bool plan_make(const declared_regions *declared, const existing_regions *existing, plan *result)
{
    memset(result, 0, sizeof *result);
    const existing_region **sorted = sorted_by_name(existing);
    plan_action *retire = calloc(existing->count + declared->count + 1, sizeof *retire);
    plan_action *rest = calloc(declared->count + 1, sizeof *rest);
    bool *kept = calloc(existing->count + 1, sizeof *kept);
    bool ok = sorted && retire && rest && kept;
    for (size_t i = 0; ok && i < declared->count; i++) {
        const existing_region *match = find(sorted, existing->count, declared->items[i].name);
        rest[i] = (plan_action){.kind = PLAN_CREATE, .declared = i};
        if (match && is_as_declared(match, &declared->items[i])) {
            rest[i].kind = PLAN_KEEP;
            rest[i].existing = (size_t)(match - existing->items);
            kept[rest[i].existing] = true;
        }
    }
    if (ok) {
        for (size_t i = 0; i < existing->count; i++)
            if (!kept[i])
                retire[result->count++] = (plan_action){.kind = PLAN_RETIRE, .existing = i};
        memcpy(retire + result->count, rest, declared->count * sizeof *rest);
        result->count += declared->count;
        result->actions = retire;
        retire = NULL;
    }
    free(kept);
    free(rest);
    free(retire);
    free(sorted);
    return ok;
}

void plan_free(plan *p)
{
    free(p->actions);
    memset(p, 0, sizeof *p);
}
