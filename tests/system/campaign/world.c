/* The campaign's processes. See campaign.h. */
#include "campaign.h"

#include "account.h"
#include "region.h"

#include <stdio.h>
#include <string.h>

#define POLL_MS         10u
#define READY_BOUND_MS  20000u /* a start may take that long, on a busy machine */
#define SETTLE_BOUND_MS 20000u /* and all being kept again */
#define SEEN_BOUND_MS   2000u
#define REST_LOOKS      100u  /* at a broker that may be writing a snapshot just then */
#define LOG_TAIL        4000u /* bytes that are shown of a log */
#define BYTES_BOUND     (8u << 20)

/* What does not change. */
static const char config[] = BROKER_HEAD
    "  %s: { size: 4 KiB }\n"
    "  %s: { size: 64 KiB, persist: { mode: snapshot, every: 100 ms, keep: 3 } }\n"
    "  %s: { size: 8 KiB, backing: { file: campaign.shm }, persist: { mode: file, flush: 100 ms } }\n"
    "  %s: { size: 4 KiB, max_size: 1 MiB }\n"; /* WITNESS_GROWS_FROM, WITNESS_GROWS_TO */

#define ALWAYS  6u /* in both configurations */
#define CHANGED 7u /* in the other one */

static const char *config_of(const world *w, bool changed)
{
    const char *same =
        support_text(config, w->names[IN_MEMORY], w->names[SNAPPED], w->names[FILED], w->names[GROWING]);
    if (!changed)
        return support_text("%s  %s: { size: 4 KiB }\n  %s: { size: 4 KiB }\n", same, w->turns, w->closes);
    return support_text("%s  %s: { size: 8 KiB }\n  %s: { size: 4 KiB, access: { read: [Administrators] } }\n"
                        "  %s: { size: 4 KiB }\n",
                        same, w->turns, w->closes, w->comes);
}

void world_declare(world *w, bool changed)
{
    const char *text = config_of(w, changed);
    support_write_file(w->broker->config, text, strlen(text));
    w->changed = changed;
}

world *world_make(void)
{
    static world w;
    memset(&w, 0, sizeof w);
    fault_prepare(&w);
    w.names[IN_MEMORY] = support_unique("Mem");
    w.names[SNAPPED] = support_unique("Snap");
    w.names[FILED] = support_unique("File");
    w.names[GROWING] = support_unique("Grow");
    w.comes = support_unique("Comes");
    w.turns = support_unique("Turns");
    w.closes = support_unique("Closes");
    w.sizes[IN_MEMORY] = 4096;
    w.sizes[SNAPPED] = 65536;
    w.sizes[FILED] = 8192;
    w.sizes[GROWING] = WITNESS_GROWS_FROM;
    oracle_forget_grown(&w);
    w.broker = broker_prepare("%s", config_of(&w, false));
    return &w;
}

process *world_grow(const world *w, bool by_program, size_t size)
{
    const char *instance = w->broker->instance, *name = w->names[GROWING];
    if (by_program)
        return process_start("shmbroker-campaign-peer.exe", "grow %s %s %s %llu", w->witness_name, instance,
                             name, (unsigned long long)size);
    return process_start("shmbroker.exe", "grow %s %lluB --instance %s", name, (unsigned long long)size,
                         instance);
}

process *world_command(const world *w, const char *what)
{
    process *p = process_run("shmbroker.exe", "%s --instance %s", what, w->broker->instance);
    process_wait(p);
    return p;
}

/* ---- The broker ------------------------------------------------------------------------------------------------ */

void world_launch(world *w)
{
    w->declared = w->changed ? CHANGED : ALWAYS;
    w->broker->process = process_start("shmbroker-faults.exe", "run --config \"%s\" --instance %s",
                                       w->broker->config, w->broker->instance);
}

bool world_broker_runs(const world *w)
{
    return process_is_running(w->broker->process);
}

bool world_wait_ready(world *w, unsigned patience_ms)
{
    const ULONGLONG began = GetTickCount64();
    while (strncmp(process_output(w->broker->process), "ready", 5) != 0) {
        const ULONGLONG passed = GetTickCount64() - began;
        if (!world_broker_runs(w))
            return false;
        if (passed > patience_ms)
            support_fail("the broker is not ready after %u ms:\n%s", patience_ms,
                         process_errors(w->broker->process));
        Sleep(POLL_MS); /* between two looks, bounded above */
    }
    const unsigned took = (unsigned)(GetTickCount64() - began);
    if (took > READY_BOUND_MS)
        campaign_found(&counted.slow, "a start took %u ms", took);
    return true;
}

/* ---- Keepers --------------------------------------------------------------------------------------------------- */

/* The record as platform.h's fulfilment has it: a magic number, then per place the process's creation and its id. */
typedef struct record {
    uint64_t magic;
    struct {
        uint64_t created;
        LONG pid;
        uint32_t zero;
    } places[MOST_KEEPERS];
} record;

static bool lives(DWORD id)
{
    HANDLE opened = id ? OpenProcess(SYNCHRONIZE, FALSE, id) : NULL;
    bool alive = opened && WaitForSingleObject(opened, 0) == WAIT_TIMEOUT;
    if (opened)
        CloseHandle(opened);
    return alive;
}

static void undo_handle(void *handle)
{
    CloseHandle(handle);
}

/* Remembers a keeper by a handle, so that its number is nobody else's. */
static void meet(world *w, DWORD id)
{
    for (unsigned i = 0; i < w->met_count; i++)
        if (w->met[i] == id)
            return;
    HANDLE opened = w->met_count < MOST_SEEN ? OpenProcess(SYNCHRONIZE, FALSE, id) : NULL;
    if (!opened)
        return; /* it has ended meanwhile */
    support_on_cleanup(undo_handle, opened);
    w->met[w->met_count] = id;
    w->met_processes[w->met_count++] = opened;
}

unsigned world_lost_keepers(world *w)
{
    DWORD ids[MOST_KEEPERS] = {0};
    unsigned lost = 0;
    world_keepers(w, ids);
    for (unsigned i = 0; i < w->met_count; i++)
        lost += w->met[i] != ids[0] && w->met[i] != ids[1] &&
                WaitForSingleObject(w->met_processes[i], 0) == WAIT_TIMEOUT;
    return lost;
}

unsigned world_keepers(world *w, DWORD *ids)
{
    unsigned count = 0;
    const char *name = support_text("Global\\ShmBroker.Keeper.%s", w->broker->instance);
    HANDLE section = OpenFileMappingW(FILE_MAP_READ, FALSE, support_wide(name));
    const record *view = section ? MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0) : NULL;
    for (unsigned place = 0; view && place < MOST_KEEPERS; place++)
        if (lives((DWORD)view->places[place].pid))
            ids[count++] = (DWORD)view->places[place].pid;
    if (view)
        UnmapViewOfFile(view);
    if (section)
        CloseHandle(section);
    for (unsigned i = 0; i < count; i++)
        meet(w, ids[i]);
    return count;
}

void world_end_process(DWORD id)
{
    HANDLE opened = OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE, FALSE, id);
    if (!opened)
        return; /* it has ended by itself */
    TerminateProcess(opened, 99);
    WaitForSingleObject(opened, SUPPORT_WAIT_MS);
    CloseHandle(opened);
}

/* ---- At rest --------------------------------------------------------------------------------------------------- */

/* The fewest of several looks: a snapshot on its way has a file open. Ends as soon as there are no more than `enough`. */
static unsigned handles_at_rest(DWORD id, unsigned enough)
{
    unsigned fewest = process_count_handles(id);
    for (unsigned look = 0; look < REST_LOOKS && fewest > enough; look++) {
        Sleep(POLL_MS); /* between two looks, bounded */
        unsigned now = process_count_handles(id);
        fewest = now < fewest ? now : fewest;
    }
    return fewest;
}

/* The handles of a process that may only just have begun, and opens and closes some then: once their number stays. */
static unsigned handles_when_settled(DWORD id)
{
    unsigned count = process_count_handles(id), same = 0;
    for (unsigned look = 0; look < REST_LOOKS * 10 && same < REST_LOOKS; look++) {
        Sleep(POLL_MS); /* between two looks, bounded */
        unsigned now = process_count_handles(id);
        same = now == count ? same + 1 : 0;
        count = now;
    }
    return count;
}

/* One keeper, with all that it should have; false: not yet. The first one's handles are the measure. */
static bool is_kept(world *w)
{
    DWORD ids[MOST_KEEPERS];
    if (world_keepers(w, ids) != 1)
        return false;
    if (w->keeper_handles == 0)
        w->keeper_handles = handles_when_settled(ids[0]);
    return process_count_handles(ids[0]) == w->keeper_handles;
}

static void wait_until_kept(world *w)
{
    const ULONGLONG began = GetTickCount64();
    while (!is_kept(w)) {
        if (GetTickCount64() - began > SETTLE_BOUND_MS) {
            DWORD ids[MOST_KEEPERS];
            unsigned keepers = world_keepers(w, ids);
            unsigned handles = keepers ? process_count_handles(ids[0]) : 0;
            campaign_found(keepers > 1 || handles > w->keeper_handles ? &counted.leaked : &counted.slow,
                           "%u keepers live, the first has %u handles; one with %u was expected", keepers,
                           handles, w->keeper_handles);
            return;
        }
        Sleep(POLL_MS); /* between two looks, bounded above */
    }
}

static void check_size(world *w)
{
    const DWORD id = process_id(w->broker->process);
    const unsigned handles = handles_at_rest(id, w->broker_handles), threads = process_count_threads(id);
    static SIZE_T
        first_bytes; /* of the first broker of all: each is the same program with the same regions */
    const SIZE_T bytes = process_count_bytes(id);
    if (w->broker_handles == 0) {
        w->broker_handles = handles;
        w->broker_threads = threads;
        first_bytes = first_bytes ? first_bytes : bytes;
    }
    if (handles > w->broker_handles)
        campaign_found(&counted.leaked, "the broker has %u handles, %u at first", handles, w->broker_handles);
    if (threads > w->broker_threads)
        campaign_found(&counted.leaked, "the broker has %u threads, %u at first", threads, w->broker_threads);
    if (bytes > first_bytes + BYTES_BOUND)
        campaign_found(&counted.leaked, "the broker has %llu bytes, the first had %llu",
                       (unsigned long long)bytes, (unsigned long long)first_bytes);
}

const char *world_log(const world *w)
{
    size_t length;
    const char *log =
        support_read_file(support_text("%s\\data\\logs\\shmbroker.log", w->broker->home), &length);
    return length > LOG_TAIL ? log + length - LOG_TAIL : log;
}

void world_settle(world *w, const char *after)
{
    const unsigned before = counted.leaked + counted.slow;
    wait_until_kept(w);
    check_size(w);
    const unsigned lost = world_lost_keepers(w);
    if (lost > 0)
        campaign_found(&counted.leaked, "%u keepers live that the record has lost", lost);
    if (counted.leaked + counted.slow > before)
        printf("  that was after %s\n%s\n", after, world_log(w));
}

/* ---- Programs -------------------------------------------------------------------------------------------------- */

static const char *all_names(const world *w)
{
    return support_text("%s %s %s %s", w->names[0], w->names[1], w->names[2], w->names[3]);
}

static process *start_peer(const world *w, const char *what, const char *arguments)
{
    process *p = process_start("shmbroker-campaign-peer.exe", "%s %s %s", what, w->witness_name, arguments);
    process_wait_line(p, "at work");
    return p;
}

void world_attach(world *w)
{
    LONG64 first = 0;
    for (unsigned i = 0; i < WITNESS_REGIONS; i++)
        if (w->seen->written[i] >= first)
            first = w->seen->written[i] + 1;
    if (!w->writer || !process_is_running(w->writer))
        w->writer = start_peer(
            w, "write", support_text("%s %lld %s", w->broker->instance, (long long)first, all_names(w)));
    if (!w->reader || !process_is_running(w->reader))
        w->reader = start_peer(w, "read", support_text("%s %s", w->broker->instance, all_names(w)));
}

static void end_peer(process **p)
{
    if (*p) {
        process_close_input(*p);
        process_wait(*p);
    }
    *p = NULL;
}

void world_detach(world *w)
{
    end_peer(&w->writer);
    end_peer(&w->reader);
}

void world_observe(world *w)
{
    const char *objects = support_text("Global\\%s Global\\%s Global\\%s Global\\%s "
                                       "Global\\ShmBroker.Catalog.%s Global\\ShmBroker.Keeper.%s",
                                       w->names[0], w->names[1], w->names[2], w->names[3],
                                       w->broker->instance, w->broker->instance);
    w->observer = process_start_as(account_ordinary(), "shmbroker-campaign-peer.exe", "observe %s %s",
                                   w->witness_name, objects);
    process_wait_line(w->observer, "at work");
}

void world_be_seen(const world *w)
{
    const LONG64 before = w->seen->looks;
    const ULONGLONG began = GetTickCount64();
    while (w->observer && w->seen->looks < before + 2 && GetTickCount64() - began < SEEN_BOUND_MS)
        Sleep(1); /* between two looks, bounded */
}
