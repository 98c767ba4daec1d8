/*
 * scheduler.h: runs the real code of a few threads in every order that there is, within bounds.
 *
 * A model is a begin() that makes the shared bytes anew and names some threads, and an end() that looks at what came of
 * them. The threads run code compiled with SHMB_ATOMICS_HOOK, one at a time: before each access to shared bytes, and
 * before each call of the kernel that wait_model.c stands in for, the scheduler chooses who goes on. It begins with the
 * first choice everywhere and then goes back to the last choice that it can make otherwise, until none is left. What is
 * explored:
 *
 *   preemptions   a thread that could go on is left for another one, at most so many times in a run. Going over to
 *                 another because a thread waits, ends, dies or pauses is not counted.
 *   kills         a thread that is mortal ends, at any access and in any wait; what it wrote stays.
 *   timeouts      a wait that has a deadline comes to it although others could go on. 0: waits end by being woken alone.
 *   store buffers what a thread has stored may be seen by others only after later loads of its own, as on x86 (TSO).
 *
 * A state that was met before, with the same budget left, is not explored again. Two states are the same when the shared
 * bytes are, and each thread has seen the same results of its accesses, which determine what it does next: so code under
 * it must not look at clocks, addresses or memory outside of hooked accesses and of what model_watch was told.
 *
 * What is a failure: model_fail; all living threads wait (unless `stuck` takes that for right); a run longer than
 * MODEL_STEPS (threads that turn without end). The failing schedule is then run again and printed, one line a step.
 */
#ifndef SHMBROKER_SCHEDULER_H
#define SHMBROKER_SCHEDULER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_THREADS 6u
#define MODEL_STEPS   4000u

typedef struct model_bounds {
    unsigned preemptions, kills, timeouts;
    bool store_buffers;
    bool no_merging; /* states met before are explored again: to test that merging loses nothing */
} model_bounds;

typedef struct model {
    const char *name;
    void (*begin)(void); /* before each run */
    void (*end)(
        void); /* after each run in which nothing failed; hooked code runs here, too, and may not wait */
    model_bounds bounds;
    /* When nobody can go on though some wait: why that is wrong; NULL: it is right, so time passes until the next wait comes
       to its deadline, and where none has one the run is over. Without this it is always wrong. */
    const char *(*stuck)(void);
} model;

typedef struct model_report {
    bool passed;
    uint64_t runs, merged; /* runs to the end; runs cut short in a state met before */
    unsigned preemptions;  /* with how many it failed: the fewest */
    const char *trace;     /* the failing schedule; until the next model_check */
} model_report;

/* Explores everything within the bounds, with no preemptions first, then one, and so on. */
bool model_check(const model *explored, model_report *report);

/* model_check for a test of cmocka: prints the counts, and the trace of a failure, which fails the test. */
void model_must_hold(const model *explored);

/* In begin(): a thread, and what it runs. `mortal`: it may be killed. */
void model_thread(const char *name, bool mortal, void (*run_by_it)(void *context), void *context);

/* In begin(): what traces call these bytes. The last name given counts. */
void model_name(const volatile void *at, size_t bytes, const char *name);

/* In begin(): shared bytes. When any are named, accesses to all others are taken for the thread's own, before which nobody
   else need run. */
void model_share(const volatile void *at, size_t bytes, const char *name);

/* In begin(): bytes that threads change without hooked accesses and look at: what a model notes about a run. */
void model_watch(const void *at, size_t bytes);

/* The thread that runs, from 0 in the order of their naming; -1 in begin() and end(). */
int model_self(void);

/* Whether the thread was killed; whether it has come to its end in any way. Numbers that no thread has are never over. */
bool model_is_dead(int who);
bool model_is_over(int who);

/* Ends the run, and the exploration. */
#if defined(__GNUC__)
__attribute__((noreturn, format(printf, 1, 2)))
#endif
void model_fail(const char *format, ...);

#define MODEL_CHECK(fact, ...)                                                                               \
    do {                                                                                                     \
        if (!(fact))                                                                                         \
            model_fail(__VA_ARGS__);                                                                         \
    } while (0)

/* A line of the trace that is not an access: what a model's thread came to know. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void model_say(const char *format, ...);

/* For stand-ins of the kernel. */

/* The calling thread is about to call the kernel: others may go first, and may be killed. */
void model_call(const char *what, const void *object);

/* Waits till ready(context), which must depend on nothing but shared state. False: the deadline, on the model's clock, came
   first. Call model_call first. */
#define MODEL_NEVER UINT64_MAX
bool model_wait(const char *what, bool (*ready)(const void *context), const void *context, uint64_t deadline);

/* The clock, in nanoseconds, stands still until a wait comes to its deadline. */
uint64_t model_clock(void);

/* In end(): time passes. */
void model_pass(uint64_t nanoseconds);

/* What the kernel told the calling thread, returned again: what it does next may depend on that. */
int model_saw(int answer);

/* Whether the thread is in model_wait, and was not yet let go on. */
bool model_is_waiting(int who);

#endif
