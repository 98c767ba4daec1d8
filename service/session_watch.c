/* The regions that are to exist, as sessions come and go. See session_watch.h. */
#include "session_watch.h"

#include <string.h>

const declared_regions *session_watch_wanted(const session_watch *w)
{
    return w->matters ? &w->expanded.regions : w->declared;
}

bool session_watch_renew(session_watch *w, platform_failure *failure)
{
    expansion fresh;
    if (!w->matters)
        return true;
    if (!sessions_expand(w->declared, &w->present, &fresh, failure))
        return false;
    expansion_free(&w->expanded);
    w->expanded = fresh;
    return true;
}

const session_set *session_watch_present(session_watch *w)
{
    platform_failure ignored; /* there will be events */
    if (!w->begun)
        session_watch_look(w, &ignored);
    return &w->present;
}

bool session_watch_declare(session_watch *w, const declared_regions *declared, platform_failure *failure)
{
    w->declared = declared;
    w->matters = sessions_matter(declared);
    if (w->matters)
        session_watch_present(w);
    if (session_watch_renew(w, failure))
        return true;
    session_watch_forget(w);
    return false;
}

session_watch session_watch_of_same(const session_watch *w)
{
    return (session_watch){.follows = w->follows, .begun = w->begun, .present = w->present};
}

void session_watch_take(session_watch *w, session_watch *other, const declared_regions *declared)
{
    session_watch_forget(w);
    *w = *other;
    w->declared = declared;
    memset(other, 0, sizeof *other);
}

bool session_watch_look(session_watch *w, platform_failure *failure)
{
    static uint32_t ids[SESSIONS_MAX]; /* large; one thread does this */
    size_t count = 1;
    const bool fresh = w->begun;
    failure->text[0] = '\0';
    ids[0] = platform_own_session();
    if (w->follows && !platform_sessions_list(ids, SESSIONS_MAX, &count, failure))
        return false;
    w->begun = true;
    return sessions_replace(&w->present, ids, count, fresh);
}

bool session_watch_follow(session_watch *w, const session_event *event, platform_failure *failure)
{
    failure->text[0] = '\0';
    if (event->kind == SESSIONS_MISSED)
        return session_watch_look(w, failure);
    return sessions_follow(&w->present, event);
}

void session_watch_forget(session_watch *w)
{
    expansion_free(&w->expanded);
    w->declared = NULL;
    w->matters = false;
}
