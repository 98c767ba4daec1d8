/* The peer of a measurement, and what it and this process share. See pair_win32.h. */
#include "pair_win32.h"

#include "bench.h"
#include "process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <x86intrin.h>
#endif

#define LINE         128u /* bytes between words that different processors write */
#define MOST_SPINS   (1ull << 33)
#define FLOOR_TRIPS  20000u
#define ACT_NAME     64u
#define QUIT         "quit"
#define MOST_TICKS   100000u
#define CALIBRATE_MS 20u

/* What the two share. The words that are spun on have lines of their own. */
typedef struct pair_page {
    volatile uint64_t ping;
    char beside_ping[LINE - 8];
    volatile uint64_t pong;
    char beside_pong[LINE - 8];
    volatile uint64_t over; /* the act may end */
    char beside_over[LINE - 8];
    volatile LONG ready; /* counts the acts begun */
    uint32_t processor;  /* where the peer stays */
    uint32_t narrow;     /* as `stay_on` has it */
    uint64_t result;
    char act[ACT_NAME];
    unsigned char arguments[PAIR_ARGUMENTS];
} pair_page;

static pair_page *page;
static HANDLE section, go, done, there, back;
static process *peer;
static unsigned place_of_mine, place_of_theirs;

/* ---- Time ------------------------------------------------------------------------------------------------------------ */

uint64_t pair_ticks(void)
{
    unsigned processor;
    return __rdtscp(&processor);
}

double pair_nanoseconds(uint64_t ticks)
{
    static double each;
    if (each == 0) {
        double start = bench_seconds();
        uint64_t from = pair_ticks();
        double now;
        do
            now = bench_seconds();
        while (now - start < CALIBRATE_MS / 1e3);
        each = (bench_seconds() - start) * 1e9 / (double)(pair_ticks() - from);
    }
    return (double)ticks * each;
}

static int compare_ticks(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
    return (one > other) - (one < other);
}

double pair_percentile(uint32_t *ticks, size_t count, double share)
{
    qsort(ticks, count, sizeof *ticks, compare_ticks);
    size_t at = (size_t)((double)count * share);
    return pair_nanoseconds(ticks[at < count ? at : count - 1]);
}

/* ---- Processors ------------------------------------------------------------------------------------------------------ */

/* The bit of the n-th processor that this process may use, by what it was given at its start; 0: there are fewer. */
static DWORD_PTR processor_bit(unsigned n)
{
    static DWORD_PTR allowed;
    DWORD_PTR of_system, bit = 1;
    if (!allowed && !GetProcessAffinityMask(GetCurrentProcess(), &allowed, &of_system))
        bench_fail("cannot ask which processors there are: %s", support_error(GetLastError()));
    for (; bit; bit <<= 1)
        if ((allowed & bit) && n-- == 0)
            return bit;
    return 0;
}

bool pair_can_be_apart(void)
{
    return processor_bit(1) != 0;
}

/* Holds this thread, which is the one that measures, on the n-th processor. The process may use the others, as programs
   may: it is `narrow` when it may not, and then knows that spinning is of no use. */
static void stay_on(unsigned n, bool narrow)
{
    DWORD_PTR bit = processor_bit(n), whole = 0;
    for (unsigned i = 0; processor_bit(i); i++)
        whole |= processor_bit(i);
    if (!bit)
        bench_fail("this machine has too few processors for a measurement with two processes");
    if (!SetProcessAffinityMask(GetCurrentProcess(), narrow ? bit : whole) ||
        !SetThreadAffinityMask(GetCurrentThread(), bit))
        bench_fail("cannot stay on one processor: %s", support_error(GetLastError()));
}

void pair_stay(unsigned n)
{
    if (pair_can_be_apart())
        stay_on(n, false);
}

/* ---- The two ends ---------------------------------------------------------------------------------------------------- */

static void open_page(const char *name)
{
    section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, sizeof *page,
                                 support_wide(support_text("Local\\%s", name)));
    page = section ? MapViewOfFile(section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, sizeof *page) : NULL;
    go = CreateEventW(NULL, FALSE, FALSE, support_wide(support_text("Local\\%s.go", name)));
    done = CreateEventW(NULL, FALSE, FALSE, support_wide(support_text("Local\\%s.done", name)));
    there = CreateEventW(NULL, FALSE, FALSE, support_wide(support_text("Local\\%s.there", name)));
    back = CreateEventW(NULL, FALSE, FALSE, support_wide(support_text("Local\\%s.back", name)));
    if (!page || !go || !done || !there || !back)
        bench_fail("cannot share a page with the peer: %s", support_error(GetLastError()));
}

static void shut_page(void)
{
    HANDLE *const all[] = {&section, &go, &done, &there, &back};
    if (page)
        UnmapViewOfFile(page);
    page = NULL;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (*all[i])
            CloseHandle(*all[i]);
        *all[i] = NULL;
    }
}

_Noreturn static void fail_with_peer(const char *what)
{
    bench_fail("%s; the peer said: %s", what, peer ? process_errors(peer) : "nothing");
}

void pair_open(unsigned mine, unsigned theirs)
{
    if (peer && place_of_mine == mine && place_of_theirs == theirs && process_is_running(peer))
        return;
    pair_close();
    const char *page_name = support_unique("bench-pair");
    open_page(page_name);
    page->processor = theirs;
    page->narrow = mine == theirs;
    stay_on(mine, mine == theirs);
    peer = process_start("shmbroker-bench.exe", "--pair %s", page_name);
    place_of_mine = mine;
    place_of_theirs = theirs;
}

void pair_begin(const char *act, const void *arguments, size_t size)
{
    if (strlen(act) >= ACT_NAME || size > PAIR_ARGUMENTS)
        bench_fail("no such act: %s", act);
    LONG before = page->ready;
    page->over = 0;
    page->result = 0;
    snprintf(page->act, sizeof page->act, "%s", act);
    if (size)
        memcpy(page->arguments, arguments, size);
    SetEvent(go);
    double until = bench_seconds() + PAIR_WAIT_MS / 1e3;
    while (page->ready == before) {
        if (!process_is_running(peer) || bench_seconds() > until)
            fail_with_peer(act);
        Sleep(0);
    }
}

void pair_tell_end(void)
{
    page->over = 1;
}

uint64_t pair_end(void)
{
    if (WaitForSingleObject(done, PAIR_WAIT_MS) != WAIT_OBJECT_0)
        fail_with_peer("the peer does not come to its end");
    return page->result;
}

void pair_kill(void)
{
    if (peer)
        process_kill(peer);
    peer = NULL;
    shut_page();
}

void pair_close(void)
{
    if (peer && process_is_running(peer)) {
        snprintf(page->act, sizeof page->act, "%s", QUIT);
        SetEvent(go);
        process_wait(peer);
    }
    peer = NULL;
    shut_page();
}

/* ---- In the peer ----------------------------------------------------------------------------------------------------- */

void pair_ready(void)
{
    InterlockedIncrement(&page->ready);
}

bool pair_is_over(void)
{
    return page->over != 0;
}

static uint64_t answer_bounces(const void *arguments)
{
    uint64_t trips;
    memcpy(&trips, arguments, sizeof trips);
    pair_ready();
    for (uint64_t i = 1; i <= trips; i++) {
        for (uint64_t spins = 0; page->ping != i; spins++)
            if (spins > MOST_SPINS)
                bench_fail("nothing came across");
        page->pong = i;
    }
    return 0;
}

static uint64_t answer_events(const void *arguments)
{
    uint64_t trips;
    memcpy(&trips, arguments, sizeof trips);
    pair_ready();
    for (uint64_t i = 0; i < trips; i++) {
        if (WaitForSingleObject(there, PAIR_WAIT_MS) != WAIT_OBJECT_0)
            bench_fail("no event came across");
        SetEvent(back);
    }
    return 0;
}

static const pair_act own_acts[] = {{"bounce", answer_bounces}, {"events", answer_events}, {NULL, NULL}};

static const pair_act *find_act(const char *name)
{
    const pair_act *const tables[] = {own_acts, message_acts, lock_acts, state_acts};
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const pair_act *act = tables[t]; act->name; act++)
            if (strcmp(act->name, name) == 0)
                return act;
    bench_fail("no act of the name %s", name);
}

int pair_peer(const char *page_name)
{
    open_page(page_name);
    stay_on(page->processor, page->narrow);
    while (WaitForSingleObject(go, PAIR_WAIT_MS * 10) == WAIT_OBJECT_0 && strcmp(page->act, QUIT) != 0) {
        page->result = find_act(page->act)->perform(page->arguments);
        SetEvent(done);
    }
    shut_page();
    return 0;
}

/* ---- The floors ------------------------------------------------------------------------------------------------------ */

static uint32_t ticks[MOST_TICKS];

double pair_bounce(unsigned trips)
{
    uint64_t wanted = trips < MOST_TICKS ? trips : MOST_TICKS;
    page->ping = page->pong = 0;
    pair_begin("bounce", &wanted, sizeof wanted);
    for (uint64_t i = 1; i <= wanted; i++) {
        uint64_t start = pair_ticks();
        page->ping = i;
        for (uint64_t spins = 0; page->pong != i; spins++)
            if (spins > MOST_SPINS)
                fail_with_peer("nothing came back");
        ticks[i - 1] = (uint32_t)(pair_ticks() - start);
    }
    pair_end();
    return pair_percentile(ticks, (size_t)wanted, 0.5);
}

double pair_floor(void)
{
    return pair_bounce(FLOOR_TRIPS) / 1e9;
}

double pair_event_trip(unsigned trips)
{
    uint64_t wanted = trips < MOST_TICKS ? trips : MOST_TICKS;
    pair_begin("events", &wanted, sizeof wanted);
    for (uint64_t i = 0; i < wanted; i++) {
        uint64_t start = pair_ticks();
        SetEvent(there);
        if (WaitForSingleObject(back, PAIR_WAIT_MS) != WAIT_OBJECT_0)
            fail_with_peer("no event came back");
        ticks[i] = (uint32_t)(pair_ticks() - start);
    }
    pair_end();
    return pair_percentile(ticks, (size_t)wanted, 0.5);
}
