/* What must be true after a fault. See campaign.h. */
#include "campaign.h"

#include "account.h"
#include "region.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_BOUND_MS 10000u /* a program's start and its attaching, on a busy machine */
#define SNAPSHOT_HEAD   1024u  /* bytes before the region's own, and behind them: service/SNAPSHOT.md */
#define SNAPSHOT_TAIL   32u
#define RELOAD_TRIES    10u
#define RELOAD_PAUSE_MS 500u
#define READ_SECTION    0x20005u

/* The least of the numbers in a region's cells. */
static LONG64 least_in(const char *bytes, size_t size)
{
    LONG64 least = INT64_MAX;
    for (unsigned cell = 0; cell < WITNESS_CELLS; cell++) {
        LONG64 number = *(const volatile LONG64 *)(const void *)(bytes + witness_cell(size, cell));
        if (number < least)
            least = number;
    }
    return least;
}

LONG64 oracle_written(const world *w, region_kind kind)
{
    return InterlockedCompareExchange64((volatile LONG64 *)&w->seen->written[kind], 0, 0);
}

/* ---- Snapshots ------------------------------------------------------------------------------------------------- */

/* The number that a whole snapshot has; 0 when it is gone meanwhile, or not whole. */
static LONG64 number_in(const char *path, size_t size)
{
    char bytes[SNAPSHOT_HEAD + 65536 + SNAPSHOT_TAIL];
    DWORD got = 0;
    const size_t whole = SNAPSHOT_HEAD + size + SNAPSHOT_TAIL;
    HANDLE file = CreateFileW(support_wide(path), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return 0;
    BOOL read = ReadFile(file, bytes, sizeof bytes, &got, NULL);
    CloseHandle(file);
    return read && got == whole ? least_in(bytes + SNAPSHOT_HEAD, size) : 0;
}

/* The greatest number in those of the instance's files of snapshots that end so, and how many they are. */
static LONG64 newest_in(const world *w, const char *ending, unsigned *count)
{
    WIN32_FIND_DATAW found;
    LONG64 newest = 0;
    const char *folder = support_text("%s\\data\\snapshots", w->broker->home);
    HANDLE search = FindFirstFileW(support_wide(support_text("%s\\*%s", folder, ending)), &found);
    *count = 0;
    for (BOOL more = search != INVALID_HANDLE_VALUE; more; more = FindNextFileW(search, &found)) {
        LONG64 number =
            number_in(support_text("%s\\%s", folder, support_utf8(found.cFileName)), w->sizes[SNAPPED]);
        newest = number > newest ? number : newest;
        (*count)++;
    }
    if (search != INVALID_HANDLE_VALUE)
        FindClose(search);
    return newest;
}

LONG64 oracle_in_snapshots(const world *w)
{
    unsigned count;
    return newest_in(w, ".snapshot", &count);
}

/* ---- Regions --------------------------------------------------------------------------------------------------- */

bool oracle_all_served(const world *w)
{
    bool all = strstr(broker_ready_line(w->broker), support_text("ready: %u regions", w->declared)) != NULL;
    for (unsigned i = 0; i < WITNESS_REGIONS; i++) {
        HANDLE section = region_open_bare(w->names[i], FILE_MAP_READ);
        all = all && section;
        if (section)
            CloseHandle(section);
    }
    return all;
}

/* A broker that could not open its control pipe opens it a little later. */
static process *reload_in_time(const world *w)
{
    process *reload = world_command(w, "reload --yes");
    for (unsigned again = 0; process_wait(reload) != 0 && again < RELOAD_TRIES; again++) {
        if (!strstr(process_errors(reload), "control pipe"))
            break;
        Sleep(RELOAD_PAUSE_MS); /* between two tries, bounded */
        reload = world_command(w, "reload --yes");
    }
    return reload;
}

void oracle_check_reloaded(world *w, const char *after)
{
    process *reload = reload_in_time(w);
    if (process_wait(reload) != 0) {
        campaign_found(&counted.lost, "the next reload does not finish after %s:\n%s%s", after,
                       process_output(reload), process_errors(reload));
        return;
    }
    process *plan = world_command(w, "plan");
    if (!strstr(process_output(plan), "nothing to do"))
        campaign_found(&counted.lost, "something is not as declared after %s and a reload:\n%s%s", after,
                       process_output(plan), process_errors(plan));
    HANDLE comes = region_open_bare(w->comes, FILE_MAP_READ);
    if (!comes && w->changed)
        campaign_found(&counted.lost, "%s is not served after %s and a reload", w->comes, after);
    if (comes && !w->changed)
        campaign_found(&counted.leaked, "%s is there after %s and a reload", w->comes, after);
    if (comes)
        CloseHandle(comes);
}

static void check_region(world *w, unsigned kind, LONG64 wanted, const char *after)
{
    HANDLE section = region_open_bare(w->names[kind], FILE_MAP_READ);
    const char *view = section ? MapViewOfFile(section, FILE_MAP_READ, 0, 0, w->sizes[kind]) : NULL;
    if (!view) {
        campaign_found(&counted.lost, "%s is not served after %s", w->names[kind], after);
    } else {
        LONG64 least = least_in(view, w->sizes[kind]);
        if (least < wanted)
            campaign_found(&counted.lost, "%s has %lld after %s; %lld was promised", w->names[kind],
                           (long long)least, after, (long long)wanted);
        UnmapViewOfFile(view);
    }
    if (section)
        CloseHandle(section);
}

void oracle_check(world *w, const promise *p, const char *after)
{
    const unsigned lost_before = counted.lost;
    for (unsigned kind = 0; kind < WITNESS_REGIONS; kind++)
        check_region(w, kind, p->least[kind], after);
    if (counted.lost > lost_before)
        printf("%s\n", world_log(w));
    if (w->seen->backwards)
        campaign_found(&counted.lost, "%s (after %s)", w->seen->what, after);
    if (w->seen->weak)
        campaign_found(&counted.weakened, "%s (after %s)", w->seen->what, after);
    w->seen->backwards = w->seen->weak = 0;
}

void oracle_ask(world *w, const char *after)
{
    const ULONGLONG began = GetTickCount64();
    process *p =
        process_run("shmbroker-peer.exe", "attach %s %s read 5000 get 0", w->broker->instance, w->names[0]);
    const unsigned took = (unsigned)(GetTickCount64() - began);
    if (process_wait(p) != 0)
        campaign_found(&counted.slow, "a program cannot attach after %s: %s", after, process_output(p));
    else if (took > ANSWER_BOUND_MS)
        campaign_found(&counted.slow, "attaching took %u ms after %s", took, after);
}

void oracle_check_descriptors(const world *w)
{
    for (unsigned kind = 0; kind < WITNESS_REGIONS; kind++) {
        HANDLE section = region_open_bare(w->names[kind], READ_CONTROL);
        if (!section)
            support_fail("cannot look at %s: %s", w->names[kind], support_error(GetLastError()));
        account_assert_entry(account_security_of(section), "S-1-5-32-545", READ_SECTION);
        CloseHandle(section);
    }
}

void oracle_check_nothing_left(world *w)
{
    DWORD ids[MOST_KEEPERS];
    unsigned drafts;
    const unsigned keepers = world_keepers(w, ids) + world_lost_keepers(w);
    if (keepers > 0)
        campaign_found(&counted.leaked, "%u keepers live after the stop", keepers);
    for (unsigned kind = 0; kind < WITNESS_REGIONS; kind++) {
        HANDLE section = region_open_bare(w->names[kind], FILE_MAP_READ);
        if (section) {
            campaign_found(&counted.leaked, "%s is there after the stop", w->names[kind]);
            CloseHandle(section);
        }
    }
    newest_in(w, ".new", &drafts);
    if (drafts > 1) /* one may stay until the region's next snapshot: service/SNAPSHOT.md */
        campaign_found(&counted.leaked, "%u half-written snapshots are left after the stop", drafts);
}
