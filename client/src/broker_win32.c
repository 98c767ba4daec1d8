/*
 * Asking a broker's catalog for a region; see broker_win32.h.
 *
 * A table of opened catalogs under one lock: lookups hold it shared, so that no view goes away under a
 * reader; opening and dropping hold it exclusive. A catalog that fails (the broker stopped or died, or it has
 * grown past our view) is opened by name afresh, once per question; when that does not help it is dropped, so
 * that a dead broker's name is not kept taken by its clients.
 *
 * Order of the file: opening, judging, asking, the table, the public functions.
 */
#include "broker_win32.h"

#include "session.h"

#include "request.h"
#include "text_win32.h"
#include "trust_win32.h"

#include <windows.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CATALOGS      16u /* instances that one process keeps open; one more closes another */
#define MAX_REOPENINGS    3u
#define OBJECT_NAME_BYTES (sizeof "Global\\ShmBroker.Catalog." + SHMB_INSTANCE_MAX)

/* A broker is alive as long as its heart has beaten within ten periods, and within five seconds in any case.
 */
#define PATIENCE_PERIODS 10u
#define PATIENCE_LEAST   50000000ull /* 100 ns units */
#define UNITS_PER_MS     10000ull

typedef struct open_catalog {
    char instance[SHMB_INSTANCE_MAX + 1];
    char object_name[OBJECT_NAME_BYTES];
    HANDLE section;    /* keeps the name, so that growth finds the same object; NULL: this place is free */
    catalog_view view; /* what has been committed when it was opened */
    shmb_hold *hold; /* owns the two, with the regions that were found in it; NULL while it is being opened */
    uint32_t serial; /* of this opening */
} open_catalog;

static SRWLOCK lock = SRWLOCK_INIT;
static open_catalog catalogs[MAX_CATALOGS];
static uint32_t last_serial;

/* ---- Opening ----------------------------------------------------------------------------------- */

static HANDLE open_section(const char *prefix, const char *instance, char object_name[OBJECT_NAME_BYTES])
{
    wchar_t wide[OBJECT_NAME_BYTES];
    snprintf(object_name, OBJECT_NAME_BYTES, "%s\\ShmBroker.Catalog%s%s", prefix,
             instance[0] != '\0' ? "." : "", instance);
    if (!shmb_widen(object_name, wide, OBJECT_NAME_BYTES)) {
        SetLastError(ERROR_INVALID_NAME);
        return NULL;
    }
    return OpenFileMappingW(FILE_MAP_READ | READ_CONTROL, FALSE, wide);
}

static shmb_status explain_open(const open_catalog *catalog, DWORD error, shmb_message *message)
{
    char text[SHMB_ERROR_TEXT_BYTES];
    if (error == ERROR_FILE_NOT_FOUND) {
        shmb_message_set(
            message, "no broker%s%s is running (there is no Global\\%s): start it with `shmbroker start%s%s`",
            catalog->instance[0] != '\0' ? " of the instance " : "", catalog->instance,
            catalog->object_name + strlen("Local\\"), catalog->instance[0] != '\0' ? " --instance " : "",
            catalog->instance);
        return SHMB_NO_BROKER;
    }
    shmb_message_set(message, "the catalog %s cannot be opened, %s: %s", catalog->object_name,
                     shmb_error_text(error, text),
                     error == ERROR_INVALID_HANDLE
                         ? "another program has an object of that name; find and stop it"
                         : "every account may read a broker's catalog, so this is either "
                           "not a broker's or this process is sandboxed");
    return shmb_status_of_error(error);
}

/* How many bytes from `base` on are memory, at most `limit`. The rest of the section is reserved: touching it
   is an access violation, whatever the header says. */
static uint64_t committed_run(const void *base, uint64_t limit)
{
    MEMORY_BASIC_INFORMATION memory;
    if (VirtualQuery(base, &memory, sizeof memory) != sizeof memory || memory.State != MEM_COMMIT)
        return 0;
    return memory.RegionSize < limit ? memory.RegionSize : limit;
}

static shmb_status map_bytes(open_catalog *catalog, uint64_t bytes, shmb_message *message)
{
    if (bytes > SIZE_MAX) {
        shmb_message_set(message, "the catalog %s claims %" PRIu64 " bytes", catalog->object_name, bytes);
        return SHMB_CORRUPT;
    }
    catalog->view.base = MapViewOfFile(catalog->section, FILE_MAP_READ, 0, 0, (SIZE_T)bytes);
    if (catalog->view.base == NULL) {
        DWORD error = GetLastError();
        char text[SHMB_ERROR_TEXT_BYTES];
        shmb_message_set(message, "%" PRIu64 " bytes of the catalog %s cannot be mapped: %s", bytes,
                         catalog->object_name, shmb_error_text(error, text));
        shmb_status status = shmb_status_of_error(error);
        return status == SHMB_ACCESS_DENIED ? SHMB_CORRUPT : status; /* the section is smaller than that */
    }
    catalog->view.size = committed_run(catalog->view.base, bytes);
    return SHMB_OK;
}

static void unmap(open_catalog *catalog)
{
    if (catalog->view.base != NULL)
        UnmapViewOfFile(catalog->view.base);
    catalog->view.base = NULL;
    catalog->view.size = 0;
}

static shmb_status explain_catalog(const open_catalog *catalog, catalog_result result, shmb_message *message)
{
    switch (result) {
    case CATALOG_NOT_READY:
        shmb_message_set(message, "the broker is starting");
        return SHMB_TIMED_OUT;
    case CATALOG_INCOMPATIBLE:
        shmb_message_set(
            message,
            "the catalog %s has another layout than version %u, the one that this library (%s) reads: "
            "use the library of the broker's release",
            catalog->object_name, SHMB_CATALOG_VERSION, shmb_version());
        return SHMB_INCOMPATIBLE;
    default:
        shmb_message_set(message, "the catalog %s is damaged: restart the broker", catalog->object_name);
        return SHMB_CORRUPT;
    }
}

/* Maps the header to learn how much there is, then that. */
static shmb_status map_catalog(open_catalog *catalog, shmb_message *message)
{
    shmb_status status = map_bytes(catalog, SHMB_CATALOG_HEADER_BYTES, message);
    if (status != SHMB_OK)
        return status;
    catalog_info info;
    catalog_result result = catalog_read_info(&catalog->view, &info);
    if (result != CATALOG_OK)
        return explain_catalog(catalog, result, message);
    unmap(catalog);
    return map_bytes(catalog, info.committed_bytes, message);
}

void shmb_hold_release(shmb_hold *hold)
{
    if (hold == NULL || InterlockedDecrement(&hold->references) > 0)
        return;
    UnmapViewOfFile(hold->view.base);
    CloseHandle(hold->section);
    free(hold);
}

/* What was opened goes with its last holder. */
static shmb_status share(open_catalog *catalog, shmb_message *message)
{
    catalog->hold = calloc(1, sizeof *catalog->hold);
    if (catalog->hold == NULL) {
        shmb_message_set(message, "there is no memory left");
        return SHMB_NO_MEMORY;
    }
    catalog->hold->references = 1;
    catalog->hold->section = catalog->section;
    catalog->hold->view = catalog->view;
    memcpy(catalog->hold->instance, catalog->instance, sizeof catalog->instance);
    return SHMB_OK;
}

static void close_catalog(open_catalog *catalog)
{
    if (catalog->hold == NULL) {
        unmap(catalog);
        if (catalog->section != NULL)
            CloseHandle(catalog->section);
    }
    shmb_hold_release(catalog->hold);
    catalog->hold = NULL;
    catalog->section = NULL;
    catalog->view = (catalog_view){NULL, 0};
}

/* The broker of the machine first; then one of this session, that may not create global names. */
static shmb_status open_catalog_of(const char *instance, open_catalog *catalog, shmb_message *message)
{
    memset(catalog, 0, sizeof *catalog);
    snprintf(catalog->instance, sizeof catalog->instance, "%s", instance);
    catalog->section = open_section("Global", instance, catalog->object_name);
    if (catalog->section == NULL && GetLastError() == ERROR_FILE_NOT_FOUND)
        catalog->section = open_section("Local", instance, catalog->object_name);
    if (catalog->section == NULL)
        return explain_open(catalog, GetLastError(), message);

    shmb_status status = shmb_check_owner(catalog->section, instance, catalog->object_name, message);
    if (status == SHMB_OK)
        status = map_catalog(catalog, message);
    if (status == SHMB_OK)
        status = share(catalog, message);
    if (status == SHMB_OK)
        catalog->serial = ++last_serial;
    else
        close_catalog(catalog);
    return status;
}

/* ---- Judging ----------------------------------------------------------------------------------- */

/* The broker writes the clock that we read: unbiased interrupt time, the same for every process. A beat from
   far in the future is no sign of life either. */
static bool heart_beats(const catalog_info *info)
{
    ULONGLONG now = 0;
    QueryUnbiasedInterruptTime(&now);
    uint64_t patience = info->heartbeat_period * UNITS_PER_MS * PATIENCE_PERIODS;
    if (patience < PATIENCE_LEAST)
        patience = PATIENCE_LEAST;
    uint64_t apart = now > info->heartbeat ? now - info->heartbeat : info->heartbeat - now;
    return apart <= patience;
}

static shmb_status judge_broker(const catalog_info *info, shmb_message *message)
{
    if (info->broker_state == SHMB_BROKER_STOPPED || info->broker_state == SHMB_BROKER_STOPPING) {
        shmb_message_set(message, "the broker (process %" PRIu32 ") %s: start it with `shmbroker start`",
                         info->broker_pid,
                         info->broker_state == SHMB_BROKER_STOPPED ? "has stopped" : "is stopping");
        return SHMB_NO_BROKER;
    }
    if (!heart_beats(info)) {
        shmb_message_set(message,
                         "the broker (process %" PRIu32
                         ") shows no sign of life: it was killed or hangs; restart it "
                         "with `shmbroker stop` and `shmbroker start`",
                         info->broker_pid);
        return SHMB_NO_BROKER;
    }
    if (info->broker_state == SHMB_BROKER_STARTING) {
        shmb_message_set(message, "the broker is starting");
        return SHMB_TIMED_OUT;
    }
    return SHMB_OK;
}

static shmb_status judge_region(const catalog_region *region, shmb_message *message)
{
    switch (region->state) {
    case SHMB_REGION_PENDING:
        shmb_message_set(message, "the broker has not created the region yet");
        return SHMB_TIMED_OUT;
    case SHMB_REGION_BROKEN:
        shmb_message_set(message, "the broker could not create the region: %s",
                         region->reason[0] != '\0' ? region->reason : "it gives no reason");
        return SHMB_REGION_FAILED;
    case SHMB_REGION_RETIRED:
    case SHMB_REGION_RETIRING:
        if (region->reason[0] != '\0') {
            shmb_message_set(message, "the broker no longer serves the region: %s", region->reason);
            return SHMB_NOT_DECLARED;
        }
        shmb_message_set(message, "the broker's configuration no longer declares the region%s",
                         region->flags & SHMB_FLAG_SESSION ? ", or its session has ended" : "");
        return SHMB_NOT_DECLARED;
    default:
        break;
    }
    if (region->kind >= SHMB_KIND_RAW && region->kind <= SHMB_KIND_STREAM)
        return SHMB_OK;
    shmb_message_set(message,
                     "the region is of a kind (%" PRIu32
                     ") that this library (%s) does not know: use the library of "
                     "the broker's release",
                     region->kind, shmb_version());
    return SHMB_INCOMPATIBLE;
}

/* This process's own session, which never changes; 0 when Windows does not tell. */
static uint32_t own_session(void)
{
    static volatile LONG known = -1;
    DWORD session = 0;
    if (known < 0 && ProcessIdToSessionId(GetCurrentProcessId(), &session))
        InterlockedExchange(&known, (LONG)(session & 0x7FFFFFFF));
    return known < 0 ? 0 : (uint32_t)known;
}

static shmb_status explain_absence(const open_catalog *catalog, uint32_t count, uint32_t session,
                                   shmb_message *message)
{
    shmb_message_set(message,
                     "the broker%s%s declares no such region (it knows %" PRIu32
                     " name%s): look at `shmbroker status`, names are case-sensitive",
                     catalog->instance[0] != '\0' ? " of the instance " : "", catalog->instance, count,
                     count == 1 ? "" : "s");
    if (session == 0)
        shmb_message_add(message,
                         "; one with `namespace: session` has no instance in session 0, where services "
                         "run: options.session names another session");
    else if (session != own_session())
        shmb_message_add(
            message, "; nor has session %" PRIu32 " an instance of one with `namespace: session`", session);
    return SHMB_NOT_DECLARED;
}

/* ---- Asking ------------------------------------------------------------------------------------ */

typedef struct question {
    const char *name;
    uint32_t session; /* whose instance; 0: session 0 has none */
    bool without_broker;
} question;

typedef struct answer {
    shmb_status status;
    bool grown; /* past our view */
} answer;

/* What the region's record says. */
static answer ask_region(const open_catalog *catalog, const catalog_info *info, const question *q,
                         catalog_region *region, shmb_message *message)
{
    answer result = {SHMB_OK, false};
    catalog_result read = shmb_session_find(&catalog->view, q->name, q->session, region);
    result.grown = read == CATALOG_BEYOND_VIEW;
    if (read == CATALOG_OK)
        result.status = judge_region(region, message);
    else if (read == CATALOG_NOT_FOUND)
        result.status = explain_absence(catalog, info->entry_count, q->session, message);
    else
        result.status = explain_catalog(catalog, read, message);
    return result;
}

/* Touches nothing but mapped memory. */
static answer ask(const open_catalog *catalog, const question *q, catalog_region *region,
                  shmb_message *message)
{
    answer result = {SHMB_OK, false};
    catalog_info info;
    catalog_result read = catalog_read_info(&catalog->view, &info);
    if (read != CATALOG_OK) {
        result.status = explain_catalog(catalog, read, message);
        result.grown = read == CATALOG_BEYOND_VIEW;
        return result;
    }
    const shmb_status served = judge_broker(&info, message);
    if (served != SHMB_OK && !(served == SHMB_NO_BROKER && q->without_broker)) {
        result.status = served;
        return result;
    }
    result = ask_region(catalog, &info, q, region, message);
    if (served != SHMB_OK && result.status != SHMB_OK) /* what is missing is the broker, not the region */
        result.status = judge_broker(&info, message);
    return result;
}

/* Might the name lead to a better catalog than the one that said this? */
static bool wants_reopening(shmb_status status)
{
    return status == SHMB_NO_BROKER || status == SHMB_CORRUPT || status == SHMB_INCOMPATIBLE;
}

/* ---- The table --------------------------------------------------------------------------------- */

static open_catalog *opened(const char *instance)
{
    for (uint32_t i = 0; i < MAX_CATALOGS; i++) {
        if (catalogs[i].section != NULL && strcmp(catalogs[i].instance, instance) == 0)
            return &catalogs[i];
    }
    return NULL;
}

/* A free place, or the one opened longest ago, closed. */
static open_catalog *make_place(void)
{
    open_catalog *oldest = &catalogs[0];
    for (uint32_t i = 0; i < MAX_CATALOGS; i++) {
        if (catalogs[i].section == NULL)
            return &catalogs[i];
        if (last_serial - catalogs[i].serial > last_serial - oldest->serial)
            oldest = &catalogs[i];
    }
    close_catalog(oldest);
    return oldest;
}

/* Opens the catalog by name, in place of `old` if there is one. On failure nothing is left open. */
static shmb_status reopen(const char *instance, open_catalog *old, open_catalog **catalog,
                          shmb_message *message)
{
    open_catalog fresh;
    shmb_status status = open_catalog_of(instance, &fresh, message);
    if (old != NULL)
        close_catalog(old);
    *catalog = NULL;
    if (status == SHMB_OK) {
        *catalog = make_place();
        **catalog = fresh;
    }
    return status;
}

/* Asks once more, under the exclusive lock. `failed` is the opening that did not answer (0: there was none):
   another thread may have replaced it already. */
static shmb_status ask_afresh(const char *instance, uint32_t failed, const question *q,
                              catalog_region *region, shmb_message *message)
{
    answer result = {SHMB_CORRUPT, true};
    open_catalog *catalog = opened(instance);
    for (uint32_t i = 0; i < MAX_REOPENINGS && result.grown; i++) {
        if (catalog == NULL || catalog->serial == failed) {
            result.status = reopen(instance, catalog, &catalog, message);
            if (result.status != SHMB_OK)
                return result.status;
        }
        result = ask(catalog, q, region, message);
        failed = catalog->serial;
    }
    if (wants_reopening(result.status))
        close_catalog(catalog);
    return result.status;
}

/* ---- The public functions ---------------------------------------------------------------------- */

shmb_status shmb_broker_find(const char *instance, const char *name, uint32_t session, bool without_broker,
                             catalog_region *region, shmb_message *message)
{
    const question q = {name, session ? session : own_session(), without_broker};
    answer result = {SHMB_NO_BROKER, false};
    uint32_t serial = 0;
    AcquireSRWLockShared(&lock);
    const open_catalog *catalog = opened(instance);
    if (catalog != NULL) {
        result = ask(catalog, &q, region, message);
        serial = catalog->serial;
    }
    ReleaseSRWLockShared(&lock);
    if (!result.grown && !wants_reopening(result.status))
        return result.status;

    AcquireSRWLockExclusive(&lock);
    result.status = ask_afresh(instance, serial, &q, region, message);
    ReleaseSRWLockExclusive(&lock);
    return result.status;
}

static bool is_same(const catalog_region *now, const catalog_region *before)
{
    return now->entry_offset == before->entry_offset && now->generation == before->generation &&
           now->state == before->state && now->max_size == before->max_size &&
           (now->size == before->size || (now->max_size != 0 && now->size > before->size));
}

bool shmb_broker_keeps(const char *instance, const catalog_region *region, shmb_hold **hold)
{
    catalog_region now;
    *hold = NULL;
    AcquireSRWLockShared(&lock);
    const open_catalog *catalog = opened(instance);
    if (catalog != NULL &&
        catalog_find(&catalog->view, region->name, strlen(region->name), &now) == CATALOG_OK &&
        is_same(&now, region)) {
        InterlockedIncrement(&catalog->hold->references);
        *hold = catalog->hold;
    }
    ReleaseSRWLockShared(&lock);
    return *hold != NULL;
}

static bool process_is_gone(uint32_t pid)
{
    HANDLE process = OpenProcess(SYNCHRONIZE, FALSE, pid);
    if (process == NULL)
        return GetLastError() ==
               ERROR_INVALID_PARAMETER; /* anything else: it is there, and not ours to open */
    bool gone = WaitForSingleObject(process, 0) == WAIT_OBJECT_0;
    CloseHandle(process);
    return gone;
}

bool shmb_broker_is_dead(const char *instance)
{
    catalog_info info;
    bool known = false;
    AcquireSRWLockShared(&lock);
    const open_catalog *catalog = opened(instance);
    if (catalog != NULL)
        known = catalog_read_info(&catalog->view, &info) == CATALOG_OK;
    ReleaseSRWLockShared(&lock);
    return known && process_is_gone(info.broker_pid);
}
