/* Threads that stand for programs with a robust lock, each doing what its test says; some die of it. Natively only. */
#ifndef LOCK_ACTORS_H
#define LOCK_ACTORS_H

#include "sync/lock.h"
#include "atomics.h"
#include "sync/park.h"
#include "wait_threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CROWD 4u /* threads at once */

typedef struct room {
    shmb_lock_words words;
    sync_place *place;
    sync_lives *lives;
    sync_lock lock;
    uint64_t count; /* what the lock protects: plain, so that ThreadSanitizer sees who comes in without it */
    volatile uint32_t sign;
} room;

/* What a thread does, one word each: `t` take, `r` release, `d` die, `w` wait for the sign, `s` give it. */
typedef struct actor {
    room *room;
    const char *acts;
    uint32_t timeout;
    uint32_t kill_at;
    shmb_status taken[4]; /* what each take said */
    uint32_t takes;
} actor;

/* For cmocka: *state is a room with a free lock, and no longer is one. */
int lock_room_begin(void **state);
int lock_room_end(void **state);

#define LOCK_TEST(name) cmocka_unit_test_setup_teardown(name, lock_room_begin, lock_room_end)

/* Has it act in a thread of its own; waits until that has come to its end. */
pthread_t actor_start(actor *who);
void actor_await_end(pthread_t thread);

/* Leaves the lock as one who died with it, whose taking was the last thing that he did. */
void leave_locked_by_dead(room *all);

/* And as one who got it from that one, and died in his turn. */
void leave_locked_by_heir(room *all);

/* The same numbers for the same seed. */
uint32_t next_random(uint32_t *seed);

#endif
