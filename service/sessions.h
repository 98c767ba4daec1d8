/*
 * Sessions: which ones there are, and what regions of `namespace: session` that means.
 *
 * A region that is declared so has an instance for each session that is there: "Telemetry\3" in the catalog, the object
 * Global\ShmBroker.Session.3.Telemetry in the kernel. The name is global because the broker cannot make it otherwise: the
 * directory of session 3's names is not open to a service's account, and Session\3\… is a name of the system's own.
 * Session 0, where services run, has none. Expanding the declarations is pure; planning and applying go on with what comes
 * out, as with all other regions.
 */
#ifndef SHMBROKER_SESSIONS_H
#define SHMBROKER_SESSIONS_H

#include "plan.h"
#include "platform.h"

#define SESSIONS_MAX           1024u    /* at once; those that come later have no instances */
#define SESSIONS_MAX_INSTANCES 1000000u /* regions, all sessions' together */

/* ---- Which ones there are ---------------------------------------------------------------------- */

typedef struct session_entry {
    uint32_t id; /* from 1 */
    bool fresh;  /* it came while the broker ran: what bears its number already is another session's */
} session_entry;

/* All zero: none. */
typedef struct session_set {
    session_entry items[SESSIONS_MAX]; /* ascending */
    size_t count;
} session_set;

typedef enum session_event_kind {
    SESSION_GOES_ON, /* disconnected, locked, …: nothing that changes what there is */
    SESSION_APPEARED,
    SESSION_ENDED,
    SESSIONS_MISSED /* some events are lost: the sessions must be listed anew */
} session_event_kind;

typedef struct session_event {
    session_event_kind kind;
    uint32_t session;
} session_event;

/* What Windows says with SERVICE_CONTROL_SESSIONCHANGE: `type` is one of WTS_… of winuser.h. */
session_event session_event_of(uint32_t type, uint32_t session);

/* Adds one; session 0 is passed over. True when it was not there. */
bool sessions_add(session_set *set, uint32_t id, bool fresh);

/* Follows one event. True when the set is another one than before. */
bool sessions_follow(session_set *set, const session_event *event);

/* Makes the set what a list says, in any order; session 0 is passed over. Those that are new are fresh if `fresh`. True
   when it is another one than before. */
bool sessions_replace(session_set *set, const uint32_t *ids, size_t count, bool fresh);

/* ---- Events on their way ----------------------------------------------------------------------- */

#define SESSION_QUEUE 256u

/* From the thread that is told to the one that does the work; the caller locks. All zero: empty. */
typedef struct session_queue {
    session_event items[SESSION_QUEUE];
    size_t first;
    size_t count;
    bool missed;
} session_queue;

/* Events that change nothing are not kept. When it is full, all of it becomes one SESSIONS_MISSED. True when there is
   something to take. */
bool session_queue_put(session_queue *queue, const session_event *event);

/* The oldest event. False: there is none. */
bool session_queue_take(session_queue *queue, session_event *event);

/* ---- What they have ---------------------------------------------------------------------------- */

/* Declarations with the instances of each session in the place of those that are for each. Its texts live as long as it,
   and as long as what it was made of. */
typedef struct expansion {
    declared_regions regions;
    char **texts; /* owned */
    size_t text_count;
} expansion;

/* Whether anything is declared for each session. */
bool sessions_matter(const declared_regions *declared);

/* Sessions in ascending order within each region. False with `failure` set. The caller frees `result`. */
bool sessions_expand(const declared_regions *declared, const session_set *present, expansion *result,
                     platform_failure *failure);
void expansion_free(expansion *e);

#endif
