/*
 * Programs use one of each of the data plane's primitives while a hostile one writes over their bytes, at random and aimed
 * at each control word, under AddressSanitizer: nothing crashes, nothing is read or written outside of a region, and no
 * operation takes longer than its time limit, and what a busy machine adds.
 *
 *   test-hostile.scribbler [OPERATIONS [SEED]]
 *
 * Programs die in between, with what they hold; bytes are made anew in between, so that operations come far, too.
 */
#define _POSIX_C_SOURCE 200809L /* posix_memalign, pthreads */
#include "atomics.h"
#include "plane.h"
#include "wait_threads.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAMS        3u
#define USUAL           300000u
#define USUAL_SEED      20261122u
#define ATTACHED_FOR    2000u /* operations */
#define LONGEST_WAIT_MS 2u
#define LONGEST_NS      UINT64_C(30000000000) /* of an operation, on a machine that does other things, too */

typedef struct program {
    pthread_t thread;
    plane_user user;
    uint32_t seed;
    uint64_t longest;
    sync_lives *lives;
} program;

static plane shared;
static uint64_t wanted, done, scribbles;
static uint32_t ended;

static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void operate(program *me)
{
    plane_operation operation = (plane_operation)(draw(&me->seed) % PLANE_OPERATIONS);
    /* Waits are slow, and what they do is seen when they are rare, too. */
    uint32_t timeout = draw(&me->seed) % 4096 == 0 ? 1 + draw(&me->seed) % LONGEST_WAIT_MS : 0;
    uint64_t before = timeout > 0 ? sync_now() : 0;
    plane_operate(&me->user, operation, draw(&me->seed), timeout);
    uint64_t took = timeout > 0 ? sync_now() - before : 0;
    me->longest = took > me->longest ? took : me->longest;
    if (took > LONGEST_NS) {
        fprintf(stderr, "operation %d took %llu ns\n", (int)operation, (unsigned long long)took);
        abort();
    }
}

static void *be_a_program(void *context)
{
    program *me = context;
    while (shmb_load_relaxed_u64(&done) < wanted) {
        me->lives = threads_lives_new();
        plane_attach(&me->user, &shared, me->lives);
        for (uint32_t i = 0; i < ATTACHED_FOR; i++)
            operate(me);
        shmb_fetch_add_u64(&done, ATTACHED_FOR);
        plane_detach(&me->user);
        threads_lives_free(me->lives);
    }
    return NULL;
}

/* A burst against one part, then perhaps its bytes made anew, then a while of peace. */
static void *be_hostile(void *context)
{
    uint32_t seed = *(const uint32_t *)context;
    while (shmb_load_relaxed_u32(&ended) == 0) {
        plane_part part = (plane_part)(draw(&seed) % PLANE_PARTS);
        scribble_target target = plane_target(&shared, part);
        uint32_t burst = 1 + draw(&seed) % 64;
        for (uint32_t i = 0; i < burst; i++)
            scribble(&target, &seed);
        shmb_fetch_add_u64(&scribbles, burst);
        if (draw(&seed) % 2 == 0)
            plane_format(&shared, part);
        for (uint32_t i = draw(&seed) % 2000; i > 0; i--)
            shmb_pause();
    }
    return NULL;
}

/* A crash, a byte outside and an operation that takes too long end the program at once: who comes here has met none. */
static void tell(const program *programs, uint32_t seed)
{
    static const char *const names[] = {"ok",       "timed out", "corrupt",   "owner died",
                                        "deadlock", "too small", "not owner", "busy"};
    static const shmb_status statuses[] = {SHMB_OK,       SHMB_TIMED_OUT, SHMB_CORRUPT,   SHMB_OWNER_DIED,
                                           SHMB_DEADLOCK, SHMB_TOO_SMALL, SHMB_NOT_OWNER, SHMB_BUSY};
    uint64_t sum = 0, longest = 0;
    for (uint32_t i = 0; i < PROGRAMS; i++) {
        longest = programs[i].longest > longest ? programs[i].longest : longest;
        for (int j = 0; j < PLANE_OPERATIONS; j++)
            sum += programs[i].user.operations[j];
    }
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        uint64_t count = 0;
        for (uint32_t j = 0; j < PROGRAMS; j++)
            count += programs[j].user.statuses[statuses[i]];
        printf("  %-10s %llu\n", names[i], (unsigned long long)count);
    }
    printf("%llu operations of %u programs against %llu hostile writes (seed %u): 0 crashes, 0 bytes touched "
           "outside, "
           "0 beyond their time; the longest that waited took %llu ms\n",
           (unsigned long long)sum, PROGRAMS, (unsigned long long)scribbles, seed,
           (unsigned long long)longest / 1000000);
    fflush(stdout);
}

/* Each primitive came far, and each hindrance was met. */
static bool was_worth_it(const program *programs)
{
    uint64_t counts[32] = {0};
    for (uint32_t i = 0; i < PROGRAMS; i++) {
        for (int j = 0; j < 32; j++)
            counts[j] += programs[i].user.statuses[j];
    }
    return counts[SHMB_OK] > wanted / 10 && counts[SHMB_CORRUPT] > wanted / 1000 &&
           counts[SHMB_OWNER_DIED] > 0;
}

/* A number from 1 on, in decimal. */
static bool read_number(const char *text, uint64_t *number)
{
    char *end;
    *number = strtoull(text, &end, 10);
    return *text >= '1' && *text <= '9' && *end == '\0' && *number < UINT64_MAX;
}

static int usage(void)
{
    fputs("usage: scribble [OPERATIONS [SEED]], both whole numbers from 1 on, such as: scribble 1000000 7\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    static program programs[PROGRAMS];
    pthread_t hostile;
    uint64_t seed_asked = USUAL_SEED;
    wanted = USUAL;
    if (argc > 3 || (argc > 1 && !read_number(argv[1], &wanted)) ||
        (argc > 2 && !read_number(argv[2], &seed_asked)))
        return usage();
    uint32_t seed = (uint32_t)seed_asked;
    shared.lock_place = threads_place_new();
    shared.room = threads_place_new();
    shared.ready = threads_place_new();
    shared.bell = threads_bell_new();
    plane_make(&shared);
    for (uint32_t i = 0; i < PROGRAMS; i++) {
        programs[i].seed = seed + i + 1;
        if (pthread_create(&programs[i].thread, NULL, be_a_program, &programs[i]) != 0)
            abort();
    }
    if (pthread_create(&hostile, NULL, be_hostile, &seed) != 0)
        abort();
    for (uint32_t i = 0; i < PROGRAMS; i++)
        pthread_join(programs[i].thread, NULL);
    shmb_store_release_u32(&ended, 1);
    pthread_join(hostile, NULL);
    tell(programs, seed);
    plane_free(&shared);
    threads_place_free(shared.lock_place);
    threads_place_free(shared.room);
    threads_place_free(shared.ready);
    threads_bell_free(shared.bell);
    bool worth_it = was_worth_it(programs);
    if (!worth_it)
        fputs("error: too few operations came far, or met damage, for this to show anything; ask for more "
              "operations\n",
              stderr);
    return worth_it ? 0 : 1;
}
