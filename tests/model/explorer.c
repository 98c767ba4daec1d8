#include "explorer.h"

#include <stdlib.h>
#include <string.h>

#define MOST_CHOICES 8192u

static struct {
    uint8_t chosen, count;
} path[MOST_CHOICES];
static size_t depth, made; /* choices in `path`, and of those in this run */

/* The states met: a table of their hashes, 0: none. */
static uint64_t *met;
static size_t met_room, met_count;

static bool put(uint64_t *table, size_t room, uint64_t state)
{
    size_t at = (size_t)(state * 0x9E3779B97F4A7C15ull) & (room - 1);
    while (table[at] != 0 && table[at] != state)
        at = (at + 1) & (room - 1);
    bool unseen = table[at] == 0;
    table[at] = state;
    return unseen;
}

static void grow(void)
{
    size_t room = met_room == 0 ? (size_t)1 << 16 : met_room * 2;
    uint64_t *larger = calloc(room, sizeof *larger);
    if (larger == NULL)
        abort();
    for (size_t i = 0; i < met_room; i++) {
        if (met[i] != 0)
            put(larger, room, met[i]);
    }
    free(met);
    met = larger;
    met_room = room;
}

static bool is_new(uint64_t state)
{
    if (met_count * 2 >= met_room)
        grow();
    bool added = put(met, met_room, state == 0 ? 1 : state);
    met_count += added ? 1 : 0;
    return added;
}

void explorer_end(void)
{
    free(met);
    met = NULL;
    met_room = met_count = 0;
    depth = made = 0;
}

void explorer_begin(void)
{
    explorer_end();
}

bool explorer_choose(size_t count, bool again, uint64_t (*state)(void), size_t *chosen)
{
    if (made == depth) {
        if (depth == MOST_CHOICES || count > UINT8_MAX)
            abort();
        if (!again && !is_new(state()))
            return false;
        path[depth].chosen = 0;
        path[depth++].count = (uint8_t)count;
    }
    if (path[made].count != count)
        abort(); /* the same choices led to another state: the code looks at something that it must not */
    *chosen = path[made++].chosen;
    return true;
}

bool explorer_next(void)
{
    while (depth > 0 && path[depth - 1].chosen + 1 == path[depth - 1].count)
        depth--;
    made = 0;
    if (depth == 0)
        return false;
    path[depth - 1].chosen++;
    return true;
}

void explorer_replay(void)
{
    depth = made;
    made = 0;
}
