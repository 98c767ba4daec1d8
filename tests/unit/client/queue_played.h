/*
 * queue_played.h: programs that use a queue, all played by one thread, for tests that end or pause one of them at each of its
 * accesses.
 *
 * Nobody does anything of himself meanwhile, so a sleep ends with the watched life's end or a wake-up that was given before, or
 * it would have no end: SYNC_FAILED.
 */
#ifndef QUEUE_PLAYED_H
#define QUEUE_PLAYED_H

#include "kinds/queue_inner.h"

#define MESSAGES 4u
#define STRIDE   ((size_t)64)
#define PROGRAMS 4u

enum { VICTIM, OTHER, THIRD };

struct sync_place {
    bool woken;
};

struct sync_lives {
    sync_life life;
    bool over;
};

typedef struct queue_players {
    union {
        uint8_t bytes[sizeof(queue_header) + MESSAGES * STRIDE];
        queue_header header;
    } shared;
    struct sync_place room, ready;
    struct sync_lives known[PROGRAMS];
    queue_view programs[PROGRAMS];
    bool looks_again;        /* whoever slept last would have looked again by himself */
    shmb_status last_status; /* of the victim's work */
} queue_players;

extern queue_players played;

/* An empty queue, whose next message has the position `first`, and programs that have just attached. */
void played_begin(uint64_t first);

queue_slot *played_slot(uint32_t number);
shmb_status played_send(uint32_t program, uint32_t number, sync_deadline deadline);
shmb_status played_receive(uint32_t program, uint32_t *number, sync_deadline deadline);

/* All that is there, in order; how many. */
uint32_t played_receive_all(uint32_t program, uint32_t numbers[2 * MESSAGES]);

/* Nothing that went before takes room: as many messages as ever go through, more than twice. */
void played_must_work(uint32_t program);

/* What the victim does. `context`: the number to send, or where to put the one received. */
void played_sends_one(void *context);
void played_sends_in_place(void *context);
void played_cancels_one(void *context);
void played_sends_three(void *context);
void played_receives_one(void *context);
void played_receives_in_place(void *context);
void played_receives_three(void *context);

#endif
