/* Asking a running broker. See live.h. */
#include "live.h"

#include "broker.h"
#include "names.h"
#include "status_sources.h"
#include "text_builder.h"

#include <stdlib.h>
#include <string.h>

/* Takes the replies of one command. */
typedef struct listening {
    live_broker *live;
    uint32_t code;
    char text[CONTROL_TEXT];
} listening;

static bool heard_last(listening *l, const control_reply *reply)
{
    if (reply->status != CONTROL_DONE)
        return false;
    l->code = reply->code;
    memcpy(l->text, reply->text, sizeof l->text);
    return true;
}

static void hear_session(session_set *sessions, const control_reply *reply)
{
    const uint32_t id = (uint32_t)reply->values[CONTROL_SESSION_ID];
    sessions_add(sessions, id, reply->values[CONTROL_SESSION_FRESH] != 0);
}

static bool hear_hello(void *context, const control_reply *reply)
{
    listening *l = context;
    if (heard_last(l, reply))
        return true;
    if (reply->kind == CONTROL_KIND_SESSION) {
        hear_session(&l->live->sessions, reply);
        return true;
    }
    snprintf(l->live->owner_sid, sizeof l->live->owner_sid, "%.*s", (int)sizeof l->live->owner_sid - 1,
             reply->name);
    snprintf(l->live->config, sizeof l->live->config, "%.*s", (int)sizeof l->live->config - 1, reply->text);
    snprintf(l->live->data, sizeof l->live->data, "%.*s", (int)sizeof l->live->data - 1, reply->other);
    return true;
}

static bool grow(live_broker *live)
{
    if (live->count < live->capacity)
        return true;
    size_t capacity = live->capacity ? live->capacity * 2 : 64;
    existing_region *grown = realloc(live->regions, capacity * sizeof *grown);
    if (!grown)
        return false;
    live->regions = grown;
    live->capacity = capacity;
    return true;
}

static bool hear_region(void *context, const control_reply *reply)
{
    listening *l = context;
    if (heard_last(l, reply))
        return true;
    if (!grow(l->live)) {
        l->live->failed = true;
        return false;
    }
    existing_region region = {
        .name = text_make("%s", reply->name),
        .object_name = text_make("%s", reply->text),
        .backing_path = *reply->other ? text_make("%s", reply->other) : NULL,
        .size = reply->values[CONTROL_LIST_SIZE],
        .access = reply->values[CONTROL_LIST_ACCESS],
        .details = reply->values[CONTROL_LIST_DETAILS],
        .large_pages = (config_large_pages)reply->values[CONTROL_LIST_LARGE_PAGES],
        .numa_node = (uint32_t)reply->values[CONTROL_LIST_NUMA],
        .max_size = reply->values[CONTROL_LIST_MAX_SIZE],
        .retire_at = reply->values[CONTROL_LIST_RETIRE_AT],
        .geometry = {(uint32_t)(reply->values[CONTROL_LIST_KIND] & 0xFF),
                     (uint32_t)(reply->values[CONTROL_LIST_KIND] >> 32),
                     reply->values[CONTROL_LIST_ITEM_SIZE]},
        .part_flags = (uint32_t)(reply->values[CONTROL_LIST_KIND] >> 8 & 0xFFFFFF),
    };
    l->live->regions[l->live->count++] = region;
    l->live->failed =
        l->live->failed || !region.name || !region.object_name || (*reply->other && !region.backing_path);
    return !l->live->failed;
}

/* One command. Returns an exit code. */
static int ask(live_broker *live, control_command command,
               bool (*replied)(void *context, const control_reply *reply), platform_failure *failure)
{
    static control_request request;
    char name[NAMES_TEXT];
    listening l = {.live = live};
    names_control(live->instance, name);
    control_request_make(&request, command, 0, NULL);
    if (!platform_control_ask(name, live->pid, &request, replied, &l, failure))
        return failure->code == 5 ? EXIT_ACCESS_DENIED : EXIT_FAILED;
    if (live->failed)
        snprintf(l.text, sizeof l.text, "out of memory; close other programs");
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text, "%.*s", (int)sizeof failure->text - 1, l.text);
    return live->failed ? EXIT_FAILED : (int)l.code;
}

int live_ask(const char *instance, live_broker *live, platform_failure *failure)
{
    status_catalog opened = {0};
    memset(live, 0, sizeof *live);
    live->instance = instance;
    live->runs = status_catalog_open(instance, &opened, failure);
    live->pid = opened.info.broker_pid;
    status_catalog_close(&opened);
    if (!live->runs)
        return EXIT_OK;
    int code = ask(live, CONTROL_HELLO, hear_hello, failure);
    return code == EXIT_OK ? ask(live, CONTROL_LIST, hear_region, failure) : code;
}

int live_reload(const live_broker *live, uint64_t digest, const char *release,
                bool (*replied)(void *context, const control_reply *reply), void *context,
                platform_failure *failure)
{
    static control_request request;
    char name[NAMES_TEXT];
    names_control(live->instance, name);
    if (!control_request_make(&request, release ? CONTROL_RELEASE : CONTROL_RELOAD, digest, release)) {
        failure->code = 0;
        snprintf(failure->text, sizeof failure->text, "no region has so long a name");
        return EXIT_NO_REGION;
    }
    if (platform_control_ask(name, live->pid, &request, replied, context, failure))
        return EXIT_OK;
    return failure->code == 5 ? EXIT_ACCESS_DENIED : EXIT_FAILED;
}

/* The one reply to a command about one region. */
typedef struct changing {
    uint32_t code;
    uint64_t size;
    char text[CONTROL_TEXT];
} changing;

static bool hear_change(void *context, const control_reply *reply)
{
    changing *c = context;
    c->code = reply->code;
    c->size = reply->values[0];
    memcpy(c->text, reply->text, sizeof c->text);
    return reply->status != CONTROL_DONE;
}

int live_change(const char *instance, control_command command, const char *region, uint64_t argument,
                uint64_t *size, platform_failure *said)
{
    static control_request request;
    char name[NAMES_TEXT];
    status_catalog opened = {0};
    changing c = {.code = EXIT_FAILED};
    *size = 0;
    said->code = 0;
    if (!status_catalog_open(instance, &opened, said))
        return EXIT_NO_BROKER;
    const uint32_t pid = opened.info.broker_pid;
    status_catalog_close(&opened);
    if (!control_request_make(&request, command, argument, region)) {
        snprintf(said->text, sizeof said->text, "no region has so long a name");
        return EXIT_NO_REGION;
    }
    names_control(instance, name);
    if (!platform_control_ask(name, pid, &request, hear_change, &c, said))
        return said->code == 5 ? EXIT_ACCESS_DENIED : EXIT_FAILED;
    *size = c.size;
    text_cut(said->text, sizeof said->text, c.text);
    return (int)c.code;
}

existing_regions live_regions(const live_broker *live)
{
    return (existing_regions){live->regions, live->count, platform_backing_size};
}

void live_free(live_broker *live)
{
    for (size_t i = 0; i < live->count; i++) {
        free((void *)(uintptr_t)live->regions[i].name);
        free((void *)(uintptr_t)live->regions[i].object_name);
        free((void *)(uintptr_t)live->regions[i].backing_path);
    }
    free(live->regions);
    memset(live, 0, sizeof *live);
}
