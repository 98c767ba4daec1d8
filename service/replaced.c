/* Regions that were let go to be replaced. See replaced.h. */
#include "replaced.h"

#include <stdlib.h>
#include <string.h>

bool replaced_reserve(replaced_list *list)
{
    if (list->count < list->capacity)
        return true;
    const size_t capacity = list->capacity ? 2 * list->capacity : 4;
    replaced *grown = realloc(list->items, capacity * sizeof *grown);
    if (!grown)
        return false;
    list->items = grown;
    list->capacity = capacity;
    return true;
}

/* The last one is mostly the one. */
replaced *replaced_find(const replaced_list *list, const char *name)
{
    for (size_t i = list->count; i > 0; i--)
        if (strcmp(list->items[i - 1].region.name, name) == 0)
            return &list->items[i - 1];
    return NULL;
}

static void free_one(replaced *one)
{
    for (size_t i = 0; i < one->count; i++)
        platform_spare_free(one->spares[i]);
    persist_free_taken(&one->persisted);
    free((void *)(uintptr_t)one->region.name);
}

void replaced_forget(replaced_list *list, replaced *one)
{
    free_one(one);
    const replaced *last = &list->items[--list->count];
    if (one != last)
        *one = *last;
}

void replaced_free(replaced_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free_one(&list->items[i]);
    free(list->items);
    memset(list, 0, sizeof *list);
}
