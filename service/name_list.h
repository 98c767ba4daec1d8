/* Names that are remembered until they matter no more. All zero: none. */
#ifndef SHMBROKER_NAME_LIST_H
#define SHMBROKER_NAME_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct name_list {
    char **items; /* owned */
    size_t count;
    size_t capacity;
} name_list;

/* Adds a copy of `name`; the same one may be there twice. False: out of memory, and it is not remembered. */
bool name_list_add(name_list *list, const char *name);

bool name_list_has(const name_list *list, const char *name);

/* Forgets those of which `stays` says no. */
void name_list_sift(name_list *list, bool (*stays)(const void *context, const char *name),
                    const void *context);

/* Forgets all of them; what the list itself takes stays for the next. */
void name_list_clear(name_list *list);

void name_list_free(name_list *list);

#endif
