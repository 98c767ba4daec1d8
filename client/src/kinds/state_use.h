/*
 * state_use.h: a state as an attachment uses it: writers in turn, readers who wait for what is new. Plain C11 over state.h
 * and sync/.
 */
#ifndef SHMB_STATE_USE_H
#define SHMB_STATE_USE_H

#include "state.h"

#include "sync/broadcast.h"
#include "sync/lock.h"

/* How long a writer waits for its turn: the others have it for the time of one copy. */
#define STATE_PATIENCE_MS 1000u

typedef struct state_use {
    state_region region;
    sync_lock *turn; /* a writer's; who only reads has none */
    broadcast news;
} state_use;

/*
 * Writes a value and wakes who waits. SHMB_OK, and its version in *version; SHMB_TOO_LARGE; SHMB_TIMED_OUT: another writer has
 * had the turn for STATE_PATIENCE_MS, as one that is stopped in a debugger; SHMB_SYSTEM_ERROR. A writer that died in its turn
 * is not noticed. Any thread of any process.
 */
shmb_status state_use_write(state_use *use, const void *value, uint64_t size, uint64_t *version);

/* Until the version is another than `version`: SHMB_OK, SHMB_TIMED_OUT or SHMB_SYSTEM_ERROR. Needs the news alone. */
shmb_status state_use_wait(state_use *use, uint64_t version, uint32_t timeout_ms);

#endif
