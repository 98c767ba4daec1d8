/*
 * The regions that are to exist, as sessions come and go: the declarations with each session's instances in them.
 *
 * A broker whose host tells of sessions follows them all; another, in a console, serves its own session.
 */
#ifndef SHMBROKER_SESSION_WATCH_H
#define SHMBROKER_SESSION_WATCH_H

#include "sessions.h"

/* All zero: nothing is declared. */
typedef struct session_watch {
    bool follows; /* every session; otherwise the broker's own */
    bool begun;   /* what comes now came while the broker ran */
    session_set present;
    const declared_regions *declared;
    bool matters; /* something of it is for each session, so that it is needed as long as the broker runs */
    expansion expanded; /* if it matters */
} session_watch;

/* What is to exist. */
const declared_regions *session_watch_wanted(const session_watch *w);

/* Takes these declarations, which the caller keeps. It has none before. False with `failure` set: nor after. */
bool session_watch_declare(session_watch *w, const declared_regions *declared, platform_failure *failure);

/* The same sessions, with no declarations: to try others. */
session_watch session_watch_of_same(const session_watch *w);

/* Forgets the declarations of `w` and takes those of `other`, which has none then; they have moved to `declared`. */
void session_watch_take(session_watch *w, session_watch *other, const declared_regions *declared);

/* The sessions that it serves, or would if anything were declared for each. */
const session_set *session_watch_present(session_watch *w);

/* Looks which sessions there are. True when others are wanted: then session_watch_renew. `failure` is set when they cannot
   be listed, and those that were known stay. */
bool session_watch_look(session_watch *w, platform_failure *failure);

/* Follows one event; the same result. */
bool session_watch_follow(session_watch *w, const session_event *event, platform_failure *failure);

/* Makes what is wanted what the sessions ask for. False with `failure` set: nothing has changed. What pointed into the
   regions wanted before does so no more. */
bool session_watch_renew(session_watch *w, platform_failure *failure);

/* Forgets the declarations. */
void session_watch_forget(session_watch *w);

#endif
