/* What `status` prints. See report.h. */
#include "report.h"

#include "region_kind.h"
#include "report_json.h"
#include "report_memory.h"
#include "session.h"
#include "text_builder.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define UNIX_EPOCH 116444736000000000ull /* 1970-01-01 in 100 ns units since 1601-01-01 */

static const char *broker_word(uint32_t state)
{
    static const char *const words[] = {"unknown", "starting", "running", "stopping", "stopped"};
    return state < sizeof words / sizeof words[0] ? words[state] : words[0];
}

const char *report_state_word(uint32_t state)
{
    static const char *const words[] = {"unknown", "pending", "ready", "failed", "retired", "retiring"};
    return state < sizeof words / sizeof words[0] ? words[state] : words[0];
}

/* A catalog's time as 2026-01-31T23:59:59Z. */
static void time_text(uint64_t filetime, char *buffer, size_t size)
{
    time_t seconds = filetime > UNIX_EPOCH ? (time_t)((filetime - UNIX_EPOCH) / 10000000u) : 0;
    const struct tm *parts = gmtime(&seconds);
    if (!parts || strftime(buffer, size, "%Y-%m-%dT%H:%M:%SZ", parts) == 0)
        snprintf(buffer, size, "?");
}

/* The walk through the regions that are to be shown. */
typedef struct region_walk {
    const report_status *status;
    uint64_t cursor;
    uint32_t seen;
    catalog_region region;
} region_walk;

/* What is declared; when a name is asked for, the region of that name, declared or not, and its sessions' instances. */
static bool is_wanted(const report_status *status, const catalog_region *region)
{
    size_t length;
    shmb_session_of(region->name, &length);
    if (!status->only)
        return region->state != SHMB_REGION_RETIRED;
    if (strcmp(region->name, status->only) == 0)
        return true;
    return region->state != SHMB_REGION_RETIRED && strlen(status->only) == length &&
           memcmp(region->name, status->only, length) == 0;
}

static bool next_region(region_walk *walk)
{
    const report_status *status = walk->status;
    while (status->alive && walk->seen < status->broker.entry_count) {
        walk->seen++;
        if (catalog_next(&status->view, &walk->cursor, &walk->region) != CATALOG_OK)
            return false;
        if (is_wanted(status, &walk->region))
            return true;
    }
    return false;
}

bool report_status_has_regions(const report_status *status)
{
    region_walk walk = {.status = status};
    return next_region(&walk);
}

/* ---- For people -------------------------------------------------------------------------------- */

/* Whether the region that a line of troubles is about says the same of itself. */
static bool is_told_below(const report_status *status, const char *line, size_t length)
{
    static catalog_region region; /* large */
    const char *colon = memchr(line, ':', length);
    const size_t name = colon ? (size_t)(colon - line) : 0;
    return name > 0 && catalog_find(&status->view, line, name, &region) == CATALOG_OK &&
           region.state != SHMB_REGION_RETIRED && *region.reason;
}

/* What could not be done: "NAME: why", a line each. */
static void print_troubles(FILE *stream, const report_status *status, const char *lines)
{
    while (*lines == '\n') {
        const size_t length = strcspn(++lines, "\n");
        if (status->only || !is_told_below(status, lines, length))
            fprintf(stream, "          %.*s\n", (int)length, lines);
        lines += length;
    }
}

static void print_reload(FILE *stream, const report_status *status)
{
    static catalog_reload reload; /* large */
    char ended[40];
    if (catalog_read_reload(&status->view, &reload) != CATALOG_OK || reload.ended == 0)
        return;
    time_text(reload.ended, ended, sizeof ended);
    const size_t summary = strcspn(reload.text, "\n");
    fprintf(stream, "reloaded  %s, %s: %.*s\n", ended,
            reload.code == 0 ? "as declared"
            : reload.begun   ? "not all as declared, `shmbroker reload` tries again"
                             : "in vain, `shmbroker reload` tries again",
            (int)summary, reload.text);
    print_troubles(stream, status, reload.text + summary);
}

uint32_t report_plain_name(const char *key, char name[SHMB_KEY_BYTES])
{
    size_t length;
    const uint32_t session = shmb_session_of(key, &length);
    snprintf(name, SHMB_KEY_BYTES, "%.*s", (int)length, key);
    return session;
}

void report_region_name(const char *key, char name[REPORT_NAME])
{
    const uint32_t session = report_plain_name(key, name);
    const size_t length = strlen(name);
    if (session)
        snprintf(name + length, REPORT_NAME - length, " (session %u)", (unsigned)session);
}

static void print_broker(FILE *stream, const report_status *status)
{
    char started[40];
    fprintf(stream, "instance  %s\n", *status->instance ? status->instance : "(default)");
    fprintf(stream, "service   %s%s\n", status->service_state,
            !status->alive && strcmp(status->service_state, "not installed") == 0
                ? ": `shmbroker install` installs it, `shmbroker run` serves without"
                : "");
    if (!status->alive) {
        fprintf(stream, "broker    not running: %s\n", status->why_not);
        return;
    }
    time_text(status->broker.broker_started, started, sizeof started);
    fprintf(stream, "broker    %s, version %s, process %u, since %s\n",
            broker_word(status->broker.broker_state), status->broker.broker_version,
            (unsigned)status->broker.broker_pid, started);
    print_reload(stream, status);
}

/* How a region was made, in the order in which it is told. */
static const struct {
    uint32_t flag;
    const char *words;
    const char *name; /* in JSON */
} manners[] = {
    {SHMB_FLAG_FILE_BACKED, "in a file", NULL}, /* there it is `backing` */
    {SHMB_FLAG_LARGE_PAGES, "in large pages", "large_pages"},
    {SHMB_FLAG_NUMA, "on its NUMA node", "on_numa_node"},
    {SHMB_FLAG_PREFETCHED, "prefetched", "prefetched"},
    {SHMB_FLAG_PRIVATE, "in a private namespace", "private"},
    {SHMB_FLAG_LAST_CLEAN, "after a life that ended in order", "last_clean"},
    {SHMB_FLAG_LAST_DIRTY, "after a life that ended in a crash", "last_dirty"},
    {SHMB_FLAG_RESTORED, "with the bytes of a snapshot", "restored"},
    {SHMB_FLAG_CONTINUED, "of what an earlier broker left", "continued"},
    {SHMB_FLAG_LOCK, NULL, "lock"}, /* in words these two are told with the kind */
    {SHMB_FLAG_NOTIFY, NULL, "notify"},
};

#define MANNERS (sizeof manners / sizeof manners[0])

static void print_manner(FILE *stream, const catalog_region *region)
{
    unsigned told = 0;
    for (size_t i = 0; i < MANNERS; i++) {
        if (region->state != SHMB_REGION_READY || !manners[i].words || !(region->flags & manners[i].flag))
            continue;
        if (told++)
            fputs(", ", stream);
        else
            fprintf(stream, "%-8s %10s  made ", "", "");
        fputs(manners[i].words, stream);
    }
    if (told)
        fputc('\n', stream);
}

/* A region on its way out, or awaited: how long, and who keeps it. */
static void print_leaving(FILE *stream, const catalog_region *region)
{
    if (region->state == SHMB_REGION_RETIRING) {
        const uint64_t now = platform_now();
        const uint64_t left = region->until > now ? (region->until - now) / 10000000u : 0;
        fprintf(stream, "%-8s %10s  goes when programs have let go of it, in %llu s at the latest\n", "", "",
                (unsigned long long)left);
    }
    for (const char *line = region->holders; *line;) {
        const size_t length = strcspn(line, "\n");
        fprintf(stream, "%-8s %10s  held by %.*s\n", "", "", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

static void print_kind(FILE *stream, const catalog_region *region)
{
    const shmb_geometry geometry = {region->kind, region->messages, region->item_size};
    char words[REGION_KIND_WORDS];
    if (region->kind != SHMB_KIND_RAW || (region->flags & (SHMB_FLAG_LOCK | SHMB_FLAG_NOTIFY)))
        fprintf(stream, "%-8s %10s  %s\n", "", "", region_kind_words(&geometry, region->flags, words));
}

static void print_region(FILE *stream, const catalog_region *region)
{
    char size[64], name[REPORT_NAME];
    report_region_name(region->name, name);
    text_size(region->size, size, sizeof size);
    fprintf(stream, "%-8s %10s  %s%s%s\n", report_state_word(region->state), size, name,
            *region->description ? "  - " : "", region->description);
    print_kind(stream, region);
    print_manner(stream, region);
    if (region->max_size) {
        text_size(region->max_size, size, sizeof size);
        fprintf(stream, "%-8s %10s  grows to %s\n", "", "", size);
    }
    print_leaving(stream, region);
    if (*region->boundary) {
        fprintf(stream, "%-8s %10s  for ", "", "");
        report_boundary_text(stream, region->boundary);
        fputc('\n', stream);
    }
    if (*region->note)
        fprintf(stream, "%-8s %10s  but %s\n", "", "", region->note);
    if (*region->reason)
        fprintf(stream, "%-8s %10s  %s %s\n", "", "", region->state == SHMB_REGION_READY ? "but" : "because",
                region->reason);
}

bool report_status_text(FILE *stream, const report_status *status)
{
    region_walk walk = {.status = status};
    print_broker(stream, status);
    for (bool first = true; next_region(&walk); first = false) {
        if (first)
            fprintf(stream, "\n%-8s %10s  region\n", "state", "size");
        print_region(stream, &walk.region);
    }
    return fflush(stream) == 0 && !ferror(stream);
}

/* ---- As JSON ----------------------------------------------------------------------------------- */

static bool add_broker(cJSON *root, const report_status *status)
{
    char started[40];
    cJSON *broker = cJSON_AddObjectToObject(root, "broker");
    time_text(status->broker.broker_started, started, sizeof started);
    return cJSON_AddStringToObject(broker, "state", broker_word(status->broker.broker_state)) &&
           cJSON_AddStringToObject(broker, "version", status->broker.broker_version) &&
           report_json_number(broker, "pid", status->broker.broker_pid) &&
           cJSON_AddStringToObject(broker, "started", started) &&
           report_json_number(broker, "generation", status->broker.generation) &&
           report_json_number(broker, "epoch", status->broker.epoch);
}

/* What the counts of a reload are called, by shmb_reload_count. */
static const char *const reload_counts[] = {"created",  "adopted", "secured",  "updated",
                                            "replaced", "retired", "retiring", "unchanged",
                                            "awaited",  "refused", "failed"};

static bool add_reload(cJSON *root, const report_status *status)
{
    static catalog_reload reload;
    char ended[40];
    if (catalog_read_reload(&status->view, &reload) != CATALOG_OK || reload.ended == 0)
        return true;
    time_text(reload.ended, ended, sizeof ended);
    cJSON *item = cJSON_AddObjectToObject(root, "last_reload");
    bool ok = cJSON_AddStringToObject(item, "ended", ended) &&
              report_json_number(item, "code", reload.code) &&
              cJSON_AddBoolToObject(item, "changed_anything", reload.begun) &&
              cJSON_AddStringToObject(item, "summary", reload.text);
    for (size_t i = 0; ok && i < sizeof reload_counts / sizeof reload_counts[0]; i++)
        ok = report_json_number(item, reload_counts[i], reload.counts[i]);
    return ok;
}

/* "4712 peer.exe", a line end between two; "…" stands for those that did not fit. */
static bool add_holders(cJSON *item, const char *holders)
{
    cJSON *list = cJSON_AddArrayToObject(item, "holders");
    bool ok = list != NULL;
    for (const char *line = holders; ok && *line;) {
        const size_t length = strcspn(line, "\n");
        char *program = NULL;
        char words[PLATFORM_HOLDERS];
        snprintf(words, sizeof words, "%.*s", (int)(length < sizeof words ? length : sizeof words - 1), line);
        const unsigned long long pid = strtoull(words, &program, 10);
        line += length + (line[length] == '\n');
        if (pid == 0)
            continue;
        cJSON *holder = report_json_item(list);
        ok = report_json_number(holder, "pid", pid) &&
             cJSON_AddStringToObject(holder, "program", *program == ' ' ? program + 1 : program);
    }
    return ok;
}

static bool add_leaving(cJSON *item, const catalog_region *region)
{
    char until[40];
    bool ok = !region->max_size || report_json_number(item, "max_size", region->max_size);
    time_text(region->until, until, sizeof until);
    if (ok && region->state == SHMB_REGION_RETIRING)
        ok = cJSON_AddStringToObject(item, "until", until) != NULL;
    if (ok && (region->state == SHMB_REGION_RETIRING || *region->holders))
        ok = add_holders(item, region->holders);
    return ok;
}

static bool add_region(cJSON *array, const catalog_region *region)
{
    cJSON *item = report_json_item(array);
    bool file_backed = (region->flags & SHMB_FLAG_FILE_BACKED) != 0;
    char name[SHMB_KEY_BYTES];
    const uint32_t session = report_plain_name(region->name, name);
    bool ok = cJSON_AddStringToObject(item, "name", name) &&
              (!session || report_json_number(item, "session", session)) &&
              cJSON_AddStringToObject(item, "state", report_state_word(region->state)) &&
              cJSON_AddStringToObject(item, "object_name", region->object_name) &&
              report_json_number(item, "size", region->size) &&
              cJSON_AddStringToObject(item, "kind", shmb_kind_name(region->kind)) &&
              (region->kind == SHMB_KIND_RAW || report_json_number(item, "item_size", region->item_size)) &&
              (!region->messages || report_json_number(item, "messages", region->messages)) &&
              report_json_number(item, "generation", region->generation) &&
              cJSON_AddStringToObject(item, "backing", file_backed ? "file" : "pagefile") &&
              cJSON_AddStringToObject(item, "description", region->description);
    for (size_t i = 0; ok && i < MANNERS; i++)
        if (manners[i].name)
            ok = cJSON_AddBoolToObject(item, manners[i].name, (region->flags & manners[i].flag) != 0) != NULL;
    ok = ok && add_leaving(item, region);
    if (ok && *region->boundary)
        ok = cJSON_AddStringToObject(item, "boundary", region->boundary) != NULL;
    if (ok && *region->note)
        ok = cJSON_AddStringToObject(item, "note", region->note) != NULL;
    if (ok && *region->reason)
        ok = cJSON_AddStringToObject(item, "reason", region->reason) != NULL;
    return ok;
}

bool report_status_json(FILE *stream, const report_status *status)
{
    cJSON *root = report_json_root();
    cJSON *regions = NULL;
    region_walk walk = {.status = status};
    bool ok = cJSON_AddStringToObject(root, "instance", status->instance) &&
              cJSON_AddStringToObject(root, "service", status->service_state) &&
              cJSON_AddBoolToObject(root, "running", status->alive) &&
              (status->alive ? add_broker(root, status)
                             : cJSON_AddStringToObject(root, "why_not", status->why_not) != NULL) &&
              (!status->alive || add_reload(root, status)) &&
              (regions = cJSON_AddArrayToObject(root, "regions")) != NULL;
    while (ok && next_region(&walk))
        ok = add_region(regions, &walk.region);
    return report_json_print(stream, root, ok);
}
