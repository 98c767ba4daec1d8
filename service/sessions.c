/* Sessions, and the regions that each has for itself. See sessions.h. */
#include "sessions.h"

#include "session.h"
#include "text_builder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- Which ones there are ---------------------------------------------------------------------- */

/* winuser.h's, which this file cannot include; service_win32.c compares. */
enum { CONSOLE_CONNECT = 1, REMOTE_CONNECT = 3, LOGON = 5, LOGOFF = 6, CREATE = 10, TERMINATE = 11 };

session_event session_event_of(uint32_t type, uint32_t session)
{
    session_event event = {SESSION_GOES_ON, session};
    switch (type) {
    case CONSOLE_CONNECT:
    case REMOTE_CONNECT:
    case LOGON:
    case CREATE:
        event.kind = SESSION_APPEARED;
        break;
    case LOGOFF:
    case TERMINATE:
        event.kind = SESSION_ENDED;
        break;
    default:
        break;
    }
    return event;
}

/* Where `id` is in the set, or would be. */
static size_t place_of(const session_set *set, uint32_t id)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->items[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has(const session_set *set, size_t place, uint32_t id)
{
    return place < set->count && set->items[place].id == id;
}

bool sessions_add(session_set *set, uint32_t id, bool fresh)
{
    size_t place = place_of(set, id);
    if (id == 0 || has(set, place, id) || set->count == SESSIONS_MAX)
        return false;
    memmove(&set->items[place + 1], &set->items[place], (set->count - place) * sizeof *set->items);
    set->items[place] = (session_entry){id, fresh};
    set->count++;
    return true;
}

static bool take_out(session_set *set, uint32_t id)
{
    size_t place = place_of(set, id);
    if (!has(set, place, id))
        return false;
    set->count--;
    memmove(&set->items[place], &set->items[place + 1], (set->count - place) * sizeof *set->items);
    return true;
}

bool sessions_follow(session_set *set, const session_event *event)
{
    switch (event->kind) {
    case SESSION_APPEARED:
        return sessions_add(set, event->session, true);
    case SESSION_ENDED:
        return take_out(set, event->session);
    default:
        return false;
    }
}

static bool is_listed(const uint32_t *ids, size_t count, uint32_t id)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] == id)
            return true;
    return false;
}

bool sessions_replace(session_set *set, const uint32_t *ids, size_t count, bool fresh)
{
    bool changed = false;
    for (size_t i = set->count; i > 0; i--)
        if (!is_listed(ids, count, set->items[i - 1].id))
            changed = take_out(set, set->items[i - 1].id) || changed;
    for (size_t i = 0; i < count; i++)
        changed = sessions_add(set, ids[i], fresh) || changed;
    return changed;
}

/* ---- Events on their way ----------------------------------------------------------------------- */

bool session_queue_put(session_queue *queue, const session_event *event)
{
    if (event->kind == SESSION_GOES_ON)
        return queue->missed || queue->count > 0;
    if (event->kind == SESSIONS_MISSED || queue->count == SESSION_QUEUE) {
        queue->missed = true;
        queue->count = 0;
    }
    if (!queue->missed)
        queue->items[(queue->first + queue->count++) % SESSION_QUEUE] = *event;
    return true;
}

bool session_queue_take(session_queue *queue, session_event *event)
{
    *event = (session_event){SESSION_GOES_ON, 0};
    if (queue->missed) {
        queue->missed = false;
        event->kind = SESSIONS_MISSED;
        return true;
    }
    if (queue->count == 0)
        return false;
    *event = queue->items[queue->first];
    queue->first = (queue->first + 1) % SESSION_QUEUE;
    queue->count--;
    return true;
}

/* ---- What they have ---------------------------------------------------------------------------- */

bool sessions_matter(const declared_regions *declared)
{
    for (size_t i = 0; i < declared->count; i++)
        if (declared->items[i].per_session)
            return true;
    return false;
}

static bool fail(platform_failure *failure, const char *why)
{
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text, "cannot make the sessions' regions: %s", why);
    return false;
}

static const char *keep(expansion *e, char *owned)
{
    if (owned)
        e->texts[e->text_count++] = owned;
    return owned;
}

/* Appends the instance of one session. */
static bool append_instance(expansion *e, declared_region *items, const declared_region *declared,
                            const session_entry *session)
{
    char key[SHMB_KEY_BYTES];
    declared_region *instance = &items[e->regions.count++];
    *instance = *declared;
    instance->per_session = false;
    instance->session = session->id;
    instance->fresh = session->fresh;
    instance->name =
        shmb_session_key(declared->name, session->id, key) ? keep(e, text_make("%s", key)) : NULL;
    instance->object_name =
        keep(e, text_make("Global\\ShmBroker.Session.%" PRIu32 ".%s", session->id, declared->name));
    return instance->name && instance->object_name;
}

/* How many regions there will be, and how many of them are instances. */
static bool count_regions(const declared_regions *declared, const session_set *present, size_t *count,
                          size_t *instances)
{
    *count = *instances = 0;
    for (size_t i = 0; i < declared->count; i++) {
        size_t more = declared->items[i].per_session ? present->count : 0;
        if (more > SESSIONS_MAX_INSTANCES - *instances)
            return false;
        *instances += more;
        *count += declared->items[i].per_session ? more : 1;
    }
    return true;
}

bool sessions_expand(const declared_regions *declared, const session_set *present, expansion *result,
                     platform_failure *failure)
{
    size_t count, instances;
    memset(result, 0, sizeof *result);
    if (!count_regions(declared, present, &count, &instances))
        return fail(failure, "they would be more than 1000000; declare fewer with `namespace: session`");
    declared_region *items = calloc(count + 1, sizeof *items);
    result->texts = calloc(instances * 2 + 1, sizeof *result->texts);
    result->regions.items = items;
    bool ok = items && result->texts;
    for (size_t i = 0; ok && i < declared->count; i++) {
        const declared_region *region = &declared->items[i];
        if (!region->per_session)
            items[result->regions.count++] = *region;
        for (size_t s = 0; ok && region->per_session && s < present->count; s++)
            ok = append_instance(result, items, region, &present->items[s]);
    }
    if (ok)
        return true;
    expansion_free(result);
    return fail(failure, "out of memory; close other programs");
}

void expansion_free(expansion *e)
{
    for (size_t i = 0; e->texts && i < e->text_count; i++)
        free(e->texts[i]);
    free(e->texts);
    free((void *)(uintptr_t)e->regions.items);
    memset(e, 0, sizeof *e);
}
