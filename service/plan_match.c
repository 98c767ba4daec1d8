/* Both lists side by side. See plan_match.h. */
#include "plan_match.h"

#include "text_index.h"

#include <stdlib.h>
#include <string.h>

#define FEW 8u /* at most one in so many stands elsewhere in the other list */

typedef struct matching {
    const declared_regions *declared;
    const existing_regions *existing;
    size_t *whose;
    size_t *claims;
    size_t unmatched; /* declared regions without an existing one so far */
} matching;

static bool is_one(const matching *m, size_t declared, size_t existing)
{
    return declared < m->declared->count && existing < m->existing->count &&
           strcmp(m->declared->items[declared].name, m->existing->items[existing].name) == 0;
}

/* Where the lists differ, one of them has a region more here, or both have. */
static void walk(matching *m)
{
    size_t d = 0, e = 0;
    while (d < m->declared->count && e < m->existing->count) {
        if (is_one(m, d, e)) {
            m->whose[d] = e;
            m->claims[e] = d;
            m->unmatched--;
            d++;
            e++;
        } else if (is_one(m, d + 1, e)) {
            d++;
        } else if (is_one(m, d, e + 1)) {
            e++;
        } else {
            d++;
            e++;
        }
    }
}

static bool index_unclaimed(const matching *m, text_index *names)
{
    for (size_t e = 0; e < m->existing->count; e++) {
        if (m->claims[e] != PLAN_NOTHING)
            continue;
        size_t *place = text_index_at(names, m->existing->items[e].name);
        if (!place)
            return false;
        *place = e;
    }
    return true;
}

/* Those that stand elsewhere are found by name among those that nobody has yet. */
static bool find_others(matching *m, text_index *names)
{
    if (!index_unclaimed(m, names))
        return false;
    for (size_t d = 0; d < m->declared->count; d++) {
        if (m->whose[d] != PLAN_NOTHING)
            continue;
        const size_t e = text_index_get(names, m->declared->items[d].name);
        if (e == TEXT_INDEX_NONE || m->claims[e] != PLAN_NOTHING)
            return false; /* new, or declared twice */
        m->whose[d] = e;
        m->claims[e] = d;
    }
    return true;
}

bool plan_match(const declared_regions *declared, const existing_regions *existing, size_t *whose,
                size_t *claims)
{
    matching m = {declared, existing, whose, claims, declared->count};
    text_index names = {0};
    if (existing->count < declared->count)
        return false;
    for (size_t d = 0; d < declared->count; d++)
        whose[d] = PLAN_NOTHING;
    for (size_t e = 0; e < existing->count; e++)
        claims[e] = PLAN_NOTHING;
    walk(&m);
    const bool found =
        m.unmatched == 0 || (m.unmatched <= declared->count / FEW + 1 && find_others(&m, &names));
    text_index_free(&names);
    return found;
}
