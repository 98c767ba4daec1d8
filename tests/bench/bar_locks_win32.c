/* Locks: alone, with two processes at it, and when a holder is killed. */
#include "bars.h"

#include "bench_win32.h"
#include "lock_kinds.h"
#include "pair_win32.h"

#include <stdio.h>
#include <string.h>

#define PAIRS        1000000u
#define KERNEL_PAIRS 2000u
#define CONTEND_MS   40u
#define PARK_MS      30u /* a waiter has gone to sleep by then */
#define LOCK_NAME    128u

static const lock_kind *const kinds[] = {
    &lock_ours,
    &lock_spin,
    &lock_mutex,
#if defined(SHMBROKER_BENCH_BOOST)
    &lock_boost,
#endif
};

#define KINDS (sizeof kinds / sizeof kinds[0])

static size_t index_of(const lock_kind *kind)
{
    size_t i = 0;
    while (i + 1 < KINDS && kinds[i] != kind)
        i++;
    return i;
}

static const char *lock_name; /* of every kind's lock, and of the region that has ours */

static void open_alone(const bench_settings *wanted)
{
    (void)wanted;
    lock_name = support_unique("bench-lock");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: {size: 4 KiB, lock: true}\n", lock_name);
    bench_stop_at_end(b);
    SetEnvironmentVariableW(L"SHMBROKER_INSTANCE", support_wide(b->instance)); /* children inherit it */
}

static void open_two(const bench_settings *wanted)
{
    if (!pair_can_be_apart())
        bench_fail("this machine has one processor, and two processes cannot run at once");
    open_alone(wanted);
    pair_open(0, 1);
}

static void close_locks(void)
{
    pair_close();
    support_cleanup();
}

/* ---- Alone */

/* Seconds of one lock and unlock. */
static double time_pairs(const lock_kind *kind, unsigned count)
{
    void *lock = kind->open(lock_name);
    kind->lock(lock); /* what only the first one costs */
    kind->unlock(lock);
    double start = bench_seconds();
    for (unsigned i = 0; i < count; i++) {
        kind->lock(lock);
        kind->unlock(lock);
    }
    double seconds = bench_seconds() - start;
    kind->close(lock);
    return seconds / count;
}

static double our_pairs(void)
{
    double seconds = time_pairs(&lock_ours, PAIRS);
    bench_note("nanoseconds of ours", "ns", seconds * 1e9);
    return seconds;
}

static double mutex_pairs(void)
{
    return time_pairs(&lock_mutex, KERNEL_PAIRS);
}

/* ---- Two at it */

typedef struct lock_order {
    char name[LOCK_NAME];
    uint32_t kind;
} lock_order;

static uint64_t take_until_over(const void *arguments)
{
    lock_order order;
    memcpy(&order, arguments, sizeof order);
    const lock_kind *kind = kinds[order.kind];
    void *lock = kind->open(order.name);
    uint64_t taken = 0;
    pair_ready();
    for (; !pair_is_over(); taken++) {
        kind->lock(lock);
        kind->unlock(lock);
    }
    kind->close(lock);
    return taken;
}

const pair_act lock_acts[] = {{"take until over", take_until_over}, {NULL, NULL}};

/* Both together, in a second. */
static double contend(const lock_kind *kind)
{
    lock_order order = {.kind = (uint32_t)index_of(kind)};
    snprintf(order.name, sizeof order.name, "%s", lock_name);
    void *lock = kind->open(lock_name);
    pair_begin("take until over", &order, sizeof order);
    double start = bench_seconds();
    uint64_t taken = 0;
    for (; taken % 64 || bench_seconds() - start < CONTEND_MS / 1e3; taken++) {
        kind->lock(lock);
        kind->unlock(lock);
    }
    double seconds = bench_seconds() - start;
    pair_tell_end();
    uint64_t theirs = pair_end();
    kind->close(lock);
    return (double)(taken + theirs) / seconds;
}

static double our_contended(void)
{
    return contend(&lock_ours);
}

static double spin_contended(void)
{
    return contend(&lock_spin);
}

static double mutex_contended(void)
{
    return contend(&lock_mutex);
}

/* ---- A holder killed */

/* Both processes have the locks of all kinds that tell of a death, so that on either side it is the same process that dies,
   with the same things open, and the same one that waits. */
static void open_all(void *locks[KINDS], const char *name)
{
    for (size_t i = 0; i < KINDS; i++)
        locks[i] = kinds[i]->tells ? kinds[i]->open(name) : NULL;
}

static void close_all(void *locks[KINDS])
{
    for (size_t i = 0; i < KINDS; i++)
        if (locks[i])
            kinds[i]->close(locks[i]);
}

int bench_hold_lock(const char *kind, const char *name)
{
    void *locks[KINDS];
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(kinds[i]->name, kind) != 0)
            continue;
        open_all(locks, name);
        pair_stay(1);
        kinds[i]->lock(locks[i]);
        puts("held");
        fflush(stdout);
        return getchar() == EOF ? 0 : 1;
    }
    return 2;
}

typedef struct killing {
    process *holder;
    uint64_t at;
} killing;

/* Kills the holder when the lock has certainly been waited for. */
static DWORD WINAPI kill_holder(void *argument)
{
    killing *k = argument;
    Sleep(PARK_MS);
    k->at = pair_ticks();
    process_terminate(k->holder);
    return 0;
}

/* Seconds from the killing of a holder until this process, asleep in front of the lock, has it. The holder dies on another
   processor than the one that the waiter wakes on: what the system clears away there takes longer than what is measured. */
static double succeed(const lock_kind *kind, const char *note)
{
    void *locks[KINDS], *lock;
    pair_stay(0);
    open_all(locks, lock_name);
    lock = locks[index_of(kind)];
    killing k = {process_start("shmbroker-bench.exe", "--hold \"%s\" %s", kind->name, lock_name), 0};
    process_wait_line(k.holder, "held");
    HANDLE killer = CreateThread(NULL, 0, kill_holder, &k, 0, NULL);
    if (!killer)
        bench_fail("cannot start a thread: %s", support_error(GetLastError()));
    kind->lock(lock);
    uint64_t had = pair_ticks();
    WaitForSingleObject(killer, INFINITE);
    CloseHandle(killer);
    kind->unlock(lock);
    close_all(locks);
    double nanoseconds = pair_nanoseconds(had - k.at);
    bench_note(note, "us", nanoseconds / 1e3);
    return nanoseconds / 1e9;
}

static double our_succession(void)
{
    return succeed(&lock_ours, "microseconds of ours");
}

static double mutex_succession(void)
{
    return succeed(&lock_mutex, "microseconds of a mutex");
}

/* ---- The bars */

#if defined(SHMBROKER_BENCH_BOOST)

static double boost_pairs(void)
{
    return time_pairs(&lock_boost, PAIRS);
}

const bench_bar bar_lock_boost = {
    .id = "6a",
    .what = "the robust lock taken and released alone \xc3\xb7 Boost's mutex, which is not robust",
    .unit = "ratio",
    .pass = 2,
    .aim = 1,
    .trials = 9,
    .open = open_alone,
    .ours = our_pairs,
    .theirs = boost_pairs,
    .close = close_locks,
};

#endif

const bench_bar bar_lock_mutex = {
    .id = "6b",
    .what = "a named mutex taken and released alone \xc3\xb7 the robust lock",
    .unit = "ratio",
    .pass = 1000,
    .aim = 3000,
    .more_is_better = true,
    .trials = 9,
    .open = open_alone,
    .ours = mutex_pairs,
    .theirs = our_pairs,
    .close = close_locks,
};

const bench_bar bar_contended_spin = {
    .id = "7a",
    .what = "the lock taken by two processes at once, times/s \xc3\xb7 a bare spinning lock",
    .unit = "ratio",
    .pass = 0.5,
    .aim = 0.8,
    .more_is_better = true,
    .trials = 9,
    .open = open_two,
    .ours = our_contended,
    .theirs = spin_contended,
    .floor = pair_floor,
    .close = close_locks,
};

const bench_bar bar_contended_mutex = {
    .id = "7b",
    .what = "the lock taken by two processes at once, times/s \xc3\xb7 a named mutex",
    .unit = "ratio",
    .pass = 300,
    .aim = 800,
    .more_is_better = true,
    .trials = 9,
    .open = open_two,
    .ours = our_contended,
    .theirs = mutex_contended,
    .floor = pair_floor,
    .close = close_locks,
};

const bench_bar bar_succession = {
    .id = "8",
    .what =
        "a holder killed until the next one has the lock \xc3\xb7 the same of a mutex, which is abandoned",
    .unit = "ratio",
    .pass = 2,
    .aim = 1.1,
    .trials = 15,
    .open = open_alone,
    .ours = our_succession,
    .theirs = mutex_succession,
    .close = close_locks,
};
