/* Names that are remembered. See name_list.h. */
#include "name_list.h"

#include "text_builder.h"

#include <stdlib.h>
#include <string.h>

static bool make_room(name_list *list)
{
    if (list->count < list->capacity)
        return true;
    const size_t capacity = list->capacity ? list->capacity * 2 : 16;
    char **grown = realloc(list->items, capacity * sizeof *grown);
    if (!grown)
        return false;
    list->items = grown;
    list->capacity = capacity;
    return true;
}

bool name_list_add(name_list *list, const char *name)
{
    char *copy = make_room(list) ? text_make("%s", name) : NULL;
    if (copy)
        list->items[list->count++] = copy;
    return copy != NULL;
}

bool name_list_has(const name_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], name) == 0)
            return true;
    return false;
}

void name_list_sift(name_list *list, bool (*stays)(const void *context, const char *name),
                    const void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (stays(context, list->items[i]))
            list->items[kept++] = list->items[i];
        else
            free(list->items[i]);
    }
    list->count = kept;
}

void name_list_clear(name_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    list->count = 0;
}

void name_list_free(name_list *list)
{
    name_list_clear(list);
    free(list->items);
    *list = (name_list){0};
}
