#include "scheduler.h"

#include "coroutine.h"
#include "explorer.h"
#include "hooked_atomics.h"
#include "store_buffer.h"
#include "trace.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum thread_state { ABLE, WAITING, ENDED, KILLED } thread_state;

typedef struct thread {
    const char *name;
    bool mortal;
    thread_state state;
    void (*run)(void *context);
    void *context;
    uint64_t seen; /* a hash of all that its accesses returned */
    store_buffer stores;
    const char *waits_for;
    bool (*ready)(const void *context);
    const void *ready_context;
    uint64_t deadline;
    bool timed_out;
} thread;

/* What a choice can be. */
typedef enum option_kind { GO, KILL, TIME_OUT } option_kind;

typedef struct option {
    option_kind kind;
    int who;
    unsigned kept; /* GO: stores of the thread left behind that stay in its buffer */
    bool preempts;
} option;

#define MOST_OPTIONS ((size_t)MODEL_THREADS * (STORE_BUFFER_WORDS + 3))
#define MOST_RANGES  8u
#define CLOCK_BEGINS 1000000u

/* Bytes, for model_share and model_watch. */
typedef struct ranges {
    size_t count;
    struct {
        const volatile void *at;
        size_t bytes;
    } list[MOST_RANGES];
} ranges;

static struct {
    const model *model;
    model_bounds left;
    thread threads[MODEL_THREADS];
    int count, current; /* current: -1: begin() or end() */
    uint64_t memory;    /* a hash of all changes of shared bytes */
    uint64_t clock;
    unsigned steps;
    ranges shared, watched;
    bool failed, merged;
} run = {.current = -1};

/* ---- state ------------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash += value + 0x9E3779B97F4A7C15ull;
    hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9ull;
    hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBull;
    return hash ^ (hash >> 31);
}

static uint64_t mix_bytes(uint64_t hash, const void *at, size_t bytes)
{
    const uint8_t *from = at;
    for (; bytes >= 8; bytes -= 8, from += 8) {
        uint64_t word;
        memcpy(&word, from, sizeof word);
        hash = mix(hash, word);
    }
    for (size_t i = 0; i < bytes; i++)
        hash = mix(hash, from[i]);
    return hash;
}

/* What the bytes add to the hash of memory, in pieces that begin at multiples of 4, so that it does not matter by which
   accesses they came there. */
static uint64_t weight(const volatile void *at, size_t bytes)
{
    const uint8_t *from = (const uint8_t *)(uintptr_t)at;
    uint64_t sum = 0;
    while (bytes > 0) {
        size_t piece = 4 - (uintptr_t)from % 4;
        piece = piece < bytes ? piece : bytes;
        uint32_t word = 0;
        memcpy(&word, from, piece);
        sum ^= mix((uintptr_t)from, word);
        from += piece;
        bytes -= piece;
    }
    return sum;
}

static void execute_and_weigh(const hook_access *access, uint64_t *result)
{
    bool writes = access->kind != HOOK_LOAD && access->bytes > 0 && !coroutine_owns(access->at);
    if (writes)
        run.memory ^= weight(access->at, access->bytes);
    *result = hook_execute(access);
    if (writes)
        run.memory ^= weight(access->at, access->bytes);
}

static uint64_t state_now(void)
{
    uint64_t hash = mix(run.memory, (uint64_t)run.current);
    for (int i = 0; i < run.count; i++) {
        const thread *each = &run.threads[i];
        hash = mix(hash, each->seen);
        hash = mix(hash, (uint64_t)each->state << 32 | each->stores.count << 1 | each->timed_out);
    }
    for (size_t i = 0; i < run.watched.count; i++)
        hash = mix_bytes(hash, (const void *)(uintptr_t)run.watched.list[i].at, run.watched.list[i].bytes);
    hash = mix(hash, (uint64_t)run.left.preemptions << 32 | run.left.kills << 16 | run.left.timeouts);
    return mix(hash, run.clock);
}

/* ---- who goes on ------------------------------------------------------------------------------------------------- */

static bool is_able(const thread *each)
{
    return each->state == ABLE ||
           (each->state == WAITING && (each->deadline <= run.clock || each->ready(each->ready_context)));
}

static bool is_alive(const thread *each)
{
    return each->state == ABLE || each->state == WAITING;
}

static void add(option *options, size_t *count, option made)
{
    if (*count == MOST_OPTIONS)
        abort();
    options[(*count)++] = made;
}

/* Going over to `who`: with all stores of the one that is left seen, or with some kept back. */
static void add_go(option *options, size_t *count, int who, bool preempts)
{
    const thread *self = &run.threads[run.current];
    unsigned most = who != run.current && is_alive(self) ? self->stores.count : 0;
    for (unsigned kept = 0; kept <= most; kept++)
        add(options, count, (option){GO, who, kept, preempts});
}

/* The deaths of others are seen by calls of the kernel alone: at other accesses they need not be tried. */
static size_t list_options(option *options, bool at_call, bool yields)
{
    size_t count = 0;
    const thread *self = &run.threads[run.current];
    bool can_stay = is_able(self);
    if (can_stay && !yields)
        add_go(options, &count, run.current, false);
    bool preempts = can_stay && !yields;
    for (int i = 1; i < run.count && (!preempts || run.left.preemptions > 0); i++) {
        int who = (run.current + i) % run.count;
        if (is_able(&run.threads[who])) {
            add_go(options, &count, who, preempts);
            preempts = preempts || yields; /* who pauses leaves the others their turns, one after another */
        }
    }
    if (count == 0 && can_stay)
        add_go(options, &count, run.current, false);
    for (int i = 0; i < run.count && run.left.timeouts > 0; i++) {
        const thread *each = &run.threads[i];
        if (each->state == WAITING && each->deadline != MODEL_NEVER && !is_able(each) &&
            (at_call || !can_stay))
            add(options, &count, (option){TIME_OUT, i, 0, false});
    }
    if (count == 0)
        return 0; /* a death would let others go on, but nobody need die */
    for (int i = 0; i < run.count && run.left.kills > 0; i++) {
        const thread *each = &run.threads[i];
        if (each->mortal && is_alive(each) && (i == run.current || at_call || !can_stay))
            add(options, &count, (option){KILL, i, 0, false});
    }
    return count;
}

static void tell_deadlock(const char *why)
{
    trace_line("nobody can go on%s%s", why[0] != '\0' ? ": " : "", why);
    for (int i = 0; i < run.count; i++) {
        if (run.threads[i].state == WAITING)
            trace_line("  %s waits for %s", run.threads[i].name, run.threads[i].waits_for);
    }
    run.failed = true;
}

/* Nobody can go on. True: time has passed, and somebody can. */
static bool let_time_pass(void)
{
    const char *why = run.model->stuck != NULL ? run.model->stuck() : "";
    uint64_t next = MODEL_NEVER;
    for (int i = 0; i < run.count && why == NULL; i++) {
        if (run.threads[i].state == WAITING && run.threads[i].deadline < next)
            next = run.threads[i].deadline;
    }
    if (why != NULL)
        tell_deadlock(why);
    if (next == MODEL_NEVER)
        return false;
    trace_line("time passes");
    run.clock = next;
    return true;
}

static void flush(thread *of, unsigned kept)
{
    hook_access access;
    uint64_t nothing;
    while (of->stores.count > kept) {
        store_buffer_take(&of->stores, &access);
        execute_and_weigh(&access, &nothing);
    }
}

static void stop_run(void)
{
    run.current = -1;
    coroutine_switch(-1);
}

static void kill_thread(int who)
{
    thread *dead = &run.threads[who];
    flush(dead, 0); /* what it has stored arrives */
    dead->state = KILLED;
    run.left.kills--;
    trace_line("%-10s is killed", dead->name);
}

static void time_out(int who)
{
    run.clock = run.threads[who].deadline;
    run.left.timeouts--;
    trace_line("%-10s comes to its deadline", run.threads[who].name);
}

static void go(option to)
{
    int before = run.current;
    if (to.preempts)
        run.left.preemptions--;
    if (is_alive(&run.threads[before]) && to.who != before)
        flush(&run.threads[before], to.kept);
    run.current = to.who;
    run.threads[to.who].state = ABLE;
    if (to.who == before)
        return;
    if (run.threads[before].stores.count > 0)
        trace_line("%-10s is left with %u stores that nobody else sees yet", run.threads[before].name,
                   run.threads[before].stores.count);
    coroutine_switch(to.who);
}

static bool everybody_is_over(void)
{
    for (int i = 0; i < run.count; i++) {
        if (is_alive(&run.threads[i]))
            return false;
    }
    return true;
}

/* Returns when the calling thread goes on; for one that was killed, never. */
static void schedule(bool at_call, bool yields)
{
    if (++run.steps > MODEL_STEPS) {
        trace_line("no end after %u steps", MODEL_STEPS);
        run.failed = true;
        stop_run();
    }
    for (;;) {
        option options[MOST_OPTIONS] = {{GO, 0, 0, false}};
        size_t count = list_options(options, at_call, yields);
        if (count == 0) {
            if (!everybody_is_over() && let_time_pass())
                continue;
            stop_run();
        }
        size_t chosen = 0;
        if (count > 1 && !explorer_choose(count, run.model->bounds.no_merging, state_now, &chosen)) {
            run.merged = true;
            stop_run();
        }
        if (options[chosen].kind == GO) {
            go(options[chosen]);
            return;
        }
        if (options[chosen].kind == KILL)
            kill_thread(options[chosen].who);
        else
            time_out(options[chosen].who);
    }
}

/* ---- what hooked code and the kernel's stand-in call ----------------------------------------------------------------- */

static uint64_t perform_buffered(thread *self, const hook_access *access)
{
    uint64_t result = 0;
    if (access->kind == HOOK_STORE) {
        if (self->stores.count == STORE_BUFFER_WORDS)
            flush(self, STORE_BUFFER_WORDS - 1);
        store_buffer_put(&self->stores, access);
        return 0;
    }
    if (access->kind == HOOK_LOAD && store_buffer_find(&self->stores, access, &result))
        return result;
    if (access->kind != HOOK_LOAD || store_buffer_overlaps(&self->stores, access))
        flush(self, 0);
    execute_and_weigh(access, &result);
    return result;
}

static bool is_shared(const volatile void *at)
{
    for (size_t i = 0; i < run.shared.count; i++) {
        if ((uintptr_t)at - (uintptr_t)run.shared.list[i].at < run.shared.list[i].bytes)
            return true;
    }
    return run.shared.count == 0;
}

static bool is_own(const hook_access *access)
{
    if (access->kind == HOOK_PAUSE || access->kind == HOOK_FENCE)
        return false;
    return !is_shared(access->at) && (access->kind != HOOK_COPY || !is_shared(access->from));
}

uint64_t hook_perform(const hook_access *access)
{
    uint64_t result = 0;
    if (run.current < 0 || is_own(access))
        return hook_execute(access);
    schedule(false, access->kind == HOOK_PAUSE);
    thread *self = &run.threads[run.current];
    if (run.left.store_buffers)
        result = perform_buffered(self, access);
    else
        execute_and_weigh(access, &result);
    self->seen = mix(self->seen, access->kind == HOOK_STORE ? 0 : result);
    if (access->kind == HOOK_COPY)
        self->seen = mix_bytes(self->seen, (const void *)(uintptr_t)access->at, access->bytes);
    trace_access(self->name, access, result);
    return result;
}

void model_call(const char *what, const void *object)
{
    if (run.current < 0)
        return;
    schedule(true, false);
    flush(&run.threads[run.current], 0);
    trace_call(run.threads[run.current].name, what, object);
}

bool model_wait(const char *what, bool (*ready)(const void *context), const void *context, uint64_t deadline)
{
    if (run.current < 0) {
        MODEL_CHECK(ready(context), "somebody would still wait for %s", what);
        return true;
    }
    thread *self = &run.threads[run.current];
    self->waits_for = what;
    self->ready = ready;
    self->ready_context = context;
    self->deadline = deadline;
    self->timed_out = false;
    if (!ready(context)) {
        self->state = WAITING;
        trace_line("%-10s waits for %s", self->name, what);
        schedule(true, false);
        self->state = ABLE;
        self->timed_out = !ready(context);
        trace_line("%-10s %s", self->name, self->timed_out ? "has waited in vain" : "goes on");
    }
    self->seen = mix(self->seen, self->timed_out);
    return !self->timed_out;
}

uint64_t model_clock(void)
{
    if (run.current >= 0)
        run.threads[run.current].seen = mix(run.threads[run.current].seen, run.clock);
    return run.clock;
}

int model_saw(int answer)
{
    if (run.current >= 0)
        run.threads[run.current].seen = mix(run.threads[run.current].seen, (uint64_t)answer);
    return answer;
}

void model_pass(uint64_t nanoseconds)
{
    run.clock += nanoseconds;
}

bool model_is_waiting(int who)
{
    return run.threads[who].state == WAITING;
}

int model_self(void)
{
    return run.current;
}

bool model_is_dead(int who)
{
    return run.threads[who].state == KILLED;
}

bool model_is_over(int who)
{
    return who < run.count && !is_alive(&run.threads[who]);
}

void model_say(const char *format, ...)
{
    char text[200];
    va_list arguments;
    va_start(arguments, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): clang-tidy 14 misses the va_start above
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    trace_line("%-10s %s", run.current < 0 ? "" : run.threads[run.current].name, text);
}

void model_fail(const char *format, ...)
{
    char text[300];
    va_list arguments;
    va_start(arguments, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): clang-tidy 14 misses the va_start above
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    trace_line("%s: %s", run.current < 0 ? "in the end" : run.threads[run.current].name, text);
    run.failed = true;
    if (run.current >= 0)
        stop_run();
    coroutine_leave();
}

/* ---- a model ----------------------------------------------------------------------------------------------------- */

void model_thread(const char *name, bool mortal, void (*run_by_it)(void *context), void *context)
{
    if (run.count == (int)MODEL_THREADS)
        abort();
    run.threads[run.count++] = (thread){.name = name, .mortal = mortal, .run = run_by_it, .context = context};
}

void model_name(const volatile void *at, size_t bytes, const char *name)
{
    trace_name(at, bytes, name);
}

static void add_range(ranges *to, const volatile void *at, size_t bytes)
{
    if (to->count == MOST_RANGES)
        abort();
    to->list[to->count].at = at;
    to->list[to->count++].bytes = bytes;
}

void model_share(const volatile void *at, size_t bytes, const char *name)
{
    add_range(&run.shared, at, bytes);
    trace_name(at, bytes, name);
}

void model_watch(const void *at, size_t bytes)
{
    add_range(&run.watched, at, bytes);
}

static void thread_body(int who)
{
    thread *self = &run.threads[who];
    self->run(self->context);
    flush(self, 0);
    self->state = ENDED;
    trace_line("%-10s has ended", self->name);
    schedule(true, false);
}

/* One run; false: it failed. */
static bool run_once(const model *explored, unsigned preemptions)
{
    memset(&run, 0, sizeof run);
    run.model = explored;
    run.left = explored->bounds;
    run.left.preemptions = preemptions;
    run.current = -1;
    run.clock = CLOCK_BEGINS;
    trace_forget_names();
    explored->begin();
    size_t first = 0;
    if (run.count > 1)
        explorer_choose((size_t)run.count, true, state_now, &first);
    run.current = (int)first;
    coroutine_start(run.count, thread_body, run.current);
    run.current = -1;
    if (!run.failed && !run.merged && explored->end != NULL)
        coroutine_call(explored->end);
    return !run.failed;
}

static bool explore(const model *explored, unsigned preemptions, model_report *report)
{
    explorer_begin();
    do {
        if (!run_once(explored, preemptions)) {
            trace_begin();
            explorer_replay();
            run_once(explored, preemptions);
            report->trace = trace_end();
            report->preemptions = preemptions;
            return false;
        }
        report->runs += run.merged ? 0 : 1;
        report->merged += run.merged ? 1 : 0;
    } while (explorer_next());
    return true;
}

bool model_check(const model *explored, model_report *report)
{
    *report = (model_report){.passed = true, .trace = ""};
    for (unsigned i = 0; i <= explored->bounds.preemptions && report->passed; i++)
        report->passed = explore(explored, i, report);
    explorer_end();
    return report->passed;
}

/* SHMB_MODEL_PREEMPTIONS, _KILLS and _TIMEOUTS make a model's bounds larger. */
static unsigned bound(const char *variable, unsigned usual)
{
    const char *text = getenv(variable);
    return text != NULL ? (unsigned)strtoul(text, NULL, 10) : usual;
}

void model_must_hold(const model *explored)
{
    model asked = *explored;
    asked.bounds.preemptions = bound("SHMB_MODEL_PREEMPTIONS", asked.bounds.preemptions);
    asked.bounds.kills = bound("SHMB_MODEL_KILLS", asked.bounds.kills);
    asked.bounds.timeouts = bound("SHMB_MODEL_TIMEOUTS", asked.bounds.timeouts);
    model_report report;
    bool passed = model_check(&asked, &report);
    printf("%s: %llu schedules and %llu merged, %u preemptions, %u kills, %u timeouts%s\n", asked.name,
           (unsigned long long)report.runs, (unsigned long long)report.merged, asked.bounds.preemptions,
           asked.bounds.kills, asked.bounds.timeouts, asked.bounds.store_buffers ? ", store buffers" : "");
    if (!passed) {
        printf("it does not hold, with %u preemptions:\n%s", report.preemptions, report.trace);
        fflush(stdout);
        fail();
    }
}
