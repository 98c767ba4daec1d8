/* What must be true after a fault. See campaign.h. */
#include "campaign.h"

#include "account.h"
#include "region.h"

#include <sddl.h>
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

/* ---- Between two reloads --------------------------------------------------------------------------------------- */

/* What there is of a region: its object, and what a program is told of it. */
typedef struct sight {
    size_t size; /* of the object, in whole pages; 0: there is none, or it may not be seen */
    char *security;
    shmb_status told; /* SHMB_OK: a program gets it, with `given` bytes */
    size_t given;
    const char *words;
} sight;

static void undo_local(void *memory)
{
    LocalFree(memory);
}

static char *security_text(HANDLE section)
{
    char *text = NULL;
    ConvertSecurityDescriptorToStringSecurityDescriptorA(
        account_security_of(section), SDDL_REVISION_1, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
        &text, NULL);
    if (text)
        support_on_cleanup(undo_local, text);
    return text;
}

static size_t size_of(HANDLE section)
{
    MEMORY_BASIC_INFORMATION info = {0};
    const void *view = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
    if (view) {
        VirtualQuery(view, &info, sizeof info);
        UnmapViewOfFile(view);
    }
    return info.RegionSize;
}

static sight look_at(const world *w, const char *name)
{
    sight seen = {0};
    shmb_region *region;
    shmb_attach_options options = region_options(w->broker, SHMB_ACCESS_READ);
    HANDLE section = region_open_bare(name, FILE_MAP_READ | READ_CONTROL);
    if (section) {
        seen.size = size_of(section);
        seen.security = security_text(section);
        CloseHandle(section);
    }
    options.flags = SHMB_ATTACH_WITHOUT_BROKER;
    seen.told = shmb_attach(name, &options, &region);
    seen.given = (size_t)shmb_size(region);
    seen.words = support_text("%s", options.message);
    shmb_detach(region);
    return seen;
}

/* A program gets what there is, or hears that there is nothing (yet) and why: never that there is something else. */
static void check_told(const char *name, const sight *seen, const char *after)
{
    const bool none = seen->told == SHMB_NO_BROKER || seen->told == SHMB_NOT_DECLARED ||
                      seen->told == SHMB_REGION_FAILED || seen->told == SHMB_TIMED_OUT;
    if (seen->told == SHMB_OK ? seen->given != seen->size : !none)
        campaign_found(&counted.lost, "after %s, %s has %u bytes, and programs hear %d (%u bytes) %s", after,
                       name, (unsigned)seen->size, (int)seen->told, (unsigned)seen->given, seen->words);
}

static void check_size_is(const char *name, const sight *seen, size_t one, size_t other, const char *after)
{
    if (seen->size != one && seen->size != other)
        campaign_found(&counted.lost, "after %s, %s has %u bytes: it was to have %u or %u", after, name,
                       (unsigned)seen->size, (unsigned)one, (unsigned)other);
}

/* The same owner and entries. Whether inheriting is shut out Wine forgets when a descriptor is changed, and kernel objects
   inherit nothing: that is left out. */
static bool is_same_security(const char *one, const char *other)
{
    const char *flags = strstr(one, "D:"), *other_flags = strstr(other, "D:");
    const char *entries = flags ? strchr(flags, '(') : NULL,
               *other_entries = other_flags ? strchr(other_flags, '(') : NULL;
    return entries && other_entries && strcmp(entries, other_entries) == 0 &&
           flags - one == other_flags - other && strncmp(one, other, (size_t)(flags - one)) == 0;
}

void oracle_check_between(world *w, bool serves, const char *after)
{
    DWORD ids[MOST_KEEPERS];
    const sight turns = look_at(w, w->turns), comes = look_at(w, w->comes), closes = look_at(w, w->closes);
    if (turns.size != 0 ||
        serves) /* it goes before it comes, and comes back when that fails: a killed broker cannot */
        check_size_is(w->turns, &turns, 4096, 8192, after);
    check_size_is(w->comes, &comes, 0, 4096, after);
    if (closes.size != 0 || serves || world_keepers(w, ids) > 0)
        check_size_is(w->closes, &closes, 4096, 4096, after);
    if (closes.security && !is_same_security(closes.security, w->closes_security[0]) &&
        !is_same_security(closes.security, w->closes_security[1]))
        campaign_found(&counted.weakened, "after %s, %s has %s", after, w->closes, closes.security);
    check_told(w->turns, &turns, after);
    check_told(w->comes, &comes, after);
    check_told(w->closes, &closes, after);
    if (serves && turns.told != SHMB_OK)
        campaign_found(&counted.lost,
                       "after %s, %s is neither as before nor as declared: programs hear %d %s", after,
                       w->turns, (int)turns.told, turns.words);
}

/* What a reload to its end gives it, each time the same. */
static void check_security_of_closes(world *w, const char *after)
{
    const char **first = &w->closes_security[w->changed];
    const sight now = look_at(w, w->closes);
    if (!*first)
        *first = now.security;
    if (!*first || !now.security || !is_same_security(now.security, *first))
        campaign_found(&counted.weakened, "%s has %s instead of %s after %s and a reload", w->closes,
                       now.security ? now.security : "nothing", *first ? *first : "what it is to have",
                       after);
}

/* ---- After a reload -------------------------------------------------------------------------------------------- */

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
    check_security_of_closes(w, after);
}

/* ---- The region that grows ------------------------------------------------------------------------------------- */

#define ATTACH_MS 5000u

static shmb_region *attach(const world *w, const char *name, uint32_t access)
{
    shmb_region *region;
    shmb_attach_options options = region_options(w->broker, access);
    options.timeout_ms = ATTACH_MS;
    return shmb_attach(name, &options, &region) == SHMB_OK ? region : NULL;
}

size_t oracle_size(const world *w, const char *name)
{
    shmb_region *region = attach(w, name, SHMB_ACCESS_READ);
    const size_t size = (size_t)shmb_region_size(region);
    shmb_detach(region);
    return size;
}

/* How many bytes from the first on can be touched. */
static size_t memory_of(const char *bytes)
{
    MEMORY_BASIC_INFORMATION info;
    size_t size = 0;
    while (size < WITNESS_GROWS_TO && VirtualQuery(bytes + size, &info, sizeof info) == sizeof info &&
           info.State == MEM_COMMIT)
        size += info.RegionSize;
    return size;
}

/* Each time that it grew, its last eight bytes were made to say how far. */
static LONG64 mark_at(const world *w, size_t end)
{
    for (unsigned i = 1; i < w->grown_count; i++)
        if (w->grown[i] == end)
            return (LONG64)end;
    return 0;
}

/* Where the bytes behind those from the beginning are not what was written there, zeros but for the marks; 0: nowhere. */
static size_t first_wrong(const world *w, const char *bytes, size_t size)
{
    for (size_t at = WITNESS_GROWS_FROM; at < size; at += sizeof(LONG64))
        if (*(const LONG64 *)(const void *)(bytes + at) != mark_at(w, at + sizeof(LONG64)))
            return at;
    return 0;
}

void oracle_forget_grown(world *w)
{
    w->grown[0] = WITNESS_GROWS_FROM;
    w->grown_count = 1;
}

static void check_grown(world *w, shmb_region *region, size_t size, const char *after)
{
    const size_t has = (size_t)shmb_region_size(region);
    char *bytes = shmb_data(region);
    if (has != size) {
        campaign_found(&counted.lost, "%s has %u bytes after %s: it was to have %u", w->names[GROWING],
                       (unsigned)has, after, (unsigned)size);
        return;
    }
    if (memory_of(bytes) < size) {
        campaign_found(&counted.lost, "of %s %u bytes are memory after %s, and it has %u", w->names[GROWING],
                       (unsigned)memory_of(bytes), after, (unsigned)size);
        return;
    }
    const size_t wrong = first_wrong(w, bytes, size);
    if (wrong)
        campaign_found(&counted.lost, "%s is not what it was at %u of %u bytes after %s", w->names[GROWING],
                       (unsigned)wrong, (unsigned)size, after);
    if (size > w->grown[w->grown_count - 1] && w->grown_count < MOST_GROWN) {
        *(volatile LONG64 *)(void *)(bytes + size - sizeof(LONG64)) = (LONG64)size;
        w->grown[w->grown_count++] = size;
    }
}

void oracle_check_grown(world *w, size_t size, const char *after)
{
    shmb_region *region = attach(w, w->names[GROWING], SHMB_ACCESS_WRITE);
    if (region)
        check_grown(w, region, size, after);
    else
        campaign_found(&counted.lost, "%s cannot be attached to after %s", w->names[GROWING], after);
    shmb_detach(region);
}

/* ---- After each fault ------------------------------------------------------------------------------------------ */

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

/* The broker itself answers. */
static void ask_broker(const world *w, const char *after)
{
    const ULONGLONG began = GetTickCount64();
    process *p = world_command(w, "plan");
    while (process_wait(p) != 0 && strstr(process_errors(p), "control pipe") &&
           GetTickCount64() - began < ANSWER_BOUND_MS) { /* which it opens a little later */
        Sleep(RELOAD_PAUSE_MS);                          /* between two tries, bounded above */
        p = world_command(w, "plan");
    }
    const unsigned took = (unsigned)(GetTickCount64() - began);
    if (process_wait(p) != 0)
        campaign_found(&counted.slow, "the broker does not answer after %s: %s", after, process_errors(p));
    else if (took > ANSWER_BOUND_MS)
        campaign_found(&counted.slow, "the broker took %u ms to answer after %s", took, after);
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
    ask_broker(w, after);
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
