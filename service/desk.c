/* The desk. See desk.h. */
#include "desk.h"

#include "drain.h"
#include "growth.h"
#include "names.h"
#include "reload.h"

#include <stdlib.h>
#include <string.h>

#define AT_ONCE 8u        /* requests between two beats */
#define PAUSE   20000000u /* between two tries to open the pipe: 2 s, in units of platform_heartbeat */

/* What a caller may do to the pipe: read, write, and choose how; not make another end of it, nor change its rights. */
#define PIPE_CALLER 0x12018Bu
#define PIPE_ALL    0x1F01FFu
#define MAY_RELOAD  1u /* the one right of the object that stands for administering this broker */

void desk_open(broker *b)
{
    char name[NAMES_TEXT];
    platform_failure failure = {0};
    names_control(b->options->instance, name);
    char *sddl =
        text_make("O:%sG:%sD:P(A;;0x%x;;;%s)(A;;0x%x;;;SY)(A;;0x%x;;;BA)(A;;0x%x;;;AU)", b->owner_sid,
                  b->owner_sid, PIPE_ALL, b->broker_sid, PIPE_CALLER, PIPE_CALLER, PIPE_CALLER);
    if (!sddl)
        snprintf(failure.text, sizeof failure.text, "out of memory; close other programs");
    const bool opened = sddl && platform_control_open(name, sddl, &b->control, &failure);
    free(sddl);
    if (!opened && !b->control_lost)
        log_write(b->log, LOG_CONTROL_LOST, "%s; it is tried again and again", failure.text);
    if (opened && b->control_lost)
        log_write(b->log, LOG_READY, "the control pipe is open: the broker can be asked again");
    b->control_lost = !opened;
    b->control_retry_at = platform_heartbeat() + PAUSE;
}

/* Administrators, the system, and the broker's own account. */
static bool may_administer(broker *b, platform_control_ticket ticket)
{
    char *sddl = text_make("O:SYG:SYD:P(A;;0x1;;;SY)(A;;0x1;;;BA)(A;;0x1;;;%s)(A;;0x1;;;%s)", b->broker_sid,
                           b->owner_sid);
    bool may = sddl && platform_control_may(b->control, ticket, sddl, MAY_RELOAD);
    free(sddl);
    return may;
}

static void list_sessions(const session_set *present, control_answer *answer)
{
    static control_reply reply; /* large for a service's stack */
    memset(&reply, 0, sizeof reply);
    reply.status = CONTROL_MORE;
    reply.kind = CONTROL_KIND_SESSION;
    for (size_t i = 0; i < present->count; i++) {
        reply.values[CONTROL_SESSION_ID] = present->items[i].id;
        reply.values[CONTROL_SESSION_FRESH] = present->items[i].fresh;
        control_answer_add(answer, &reply);
    }
}

static void say_hello(broker *b, control_answer *answer)
{
    static control_reply reply;
    memset(&reply, 0, sizeof reply);
    reply.status = CONTROL_MORE;
    snprintf(reply.name, sizeof reply.name, "%s", b->owner_sid);
    snprintf(reply.text, sizeof reply.text, "%s", b->config_path);
    snprintf(reply.other, sizeof reply.other, "%s", b->folders.data);
    control_answer_add(answer, &reply);
    list_sessions(session_watch_present(&b->sessions), answer);
    control_answer_end(answer, EXIT_OK, "");
}

static void list_regions(const broker *b, control_answer *answer)
{
    static control_reply reply;
    for (size_t i = 0; i < b->holdings.count; i++) {
        const existing_region *region = &b->holdings.regions[i];
        memset(&reply, 0, sizeof reply);
        reply.status = CONTROL_MORE;
        reply.values[CONTROL_LIST_SIZE] = region->size;
        reply.values[CONTROL_LIST_ACCESS] = region->access;
        reply.values[CONTROL_LIST_DETAILS] = region->details;
        reply.values[CONTROL_LIST_LARGE_PAGES] = region->large_pages;
        reply.values[CONTROL_LIST_NUMA] = region->numa_node;
        reply.values[CONTROL_LIST_MAX_SIZE] = region->max_size;
        reply.values[CONTROL_LIST_RETIRE_AT] = region->retire_at;
        reply.values[CONTROL_LIST_KIND] = region->geometry.kind | (uint64_t)region->part_flags << 8 |
                                          (uint64_t)region->geometry.messages << 32;
        reply.values[CONTROL_LIST_ITEM_SIZE] = region->geometry.item_size;
        snprintf(reply.name, sizeof reply.name, "%s", region->name);
        snprintf(reply.text, sizeof reply.text, "%s", region->object_name);
        snprintf(reply.other, sizeof reply.other, "%s", region->backing_path ? region->backing_path : "");
        control_answer_add(answer, &reply);
    }
    control_answer_end(answer, EXIT_OK, "");
}

/* What whoever has a right to the region may have done. False: that is not asked for. */
static bool answer_user(broker *b, const control_request *request, platform_control_ticket ticket,
                        control_answer *answer)
{
    const apply_context context = broker_context(b);
    if (request->command == CONTROL_GROW)
        growth_serve(&context, b->control, ticket, request, b->commit_budget, answer);
    else if (request->command == CONTROL_RETIRE)
        drain_serve(&context, b->control, ticket, request, answer);
    return request->command == CONTROL_GROW || request->command == CONTROL_RETIRE;
}

/* Held again when nothing comes of it. */
static void release_region(broker *b, const control_request *request, control_answer *answer)
{
    if (!lives_release(&b->lives, request->region, true)) {
        char why[PLATFORM_FAILURE_TEXT];
        snprintf(
            why, sizeof why,
            "nothing is changed: region %.*s is not held; `shmbroker status` shows the regions that are, "
            "and why",
            (int)SHMB_KEY_MAX_BYTES, request->region);
        control_answer_end(answer, EXIT_NO_REGION, why);
        return;
    }
    if (reload_run(b, request->argument, answer) != EXIT_OK)
        lives_release(&b->lives, request->region, false);
}

static void answer_request(broker *b, const control_request *request, platform_control_ticket ticket,
                           control_answer *answer)
{
    if (answer_user(b, request, ticket, answer))
        return;
    if (!may_administer(b, ticket)) {
        control_answer_end(answer, EXIT_ACCESS_DENIED,
                           "this is for administrators: use an elevated console (Run as administrator)");
        return;
    }
    switch ((control_command)request->command) {
    case CONTROL_HELLO:
        say_hello(b, answer);
        break;
    case CONTROL_LIST:
        list_regions(b, answer);
        break;
    case CONTROL_RELOAD:
        reload_run(b, request->argument, answer);
        break;
    case CONTROL_RELEASE:
        release_region(b, request, answer);
        break;
    case CONTROL_GROW:
    case CONTROL_RETIRE:
        break;
    }
}

void desk_serve(broker *b)
{
    static control_request request;
    platform_control_ticket ticket;
    if (!b->control && platform_heartbeat() >= b->control_retry_at)
        desk_open(b);
    for (unsigned i = 0; i < AT_ONCE && platform_control_next(b->control, &request, &ticket); i++) {
        control_answer answer = {0};
        answer_request(b, &request, ticket, &answer);
        platform_control_reply(b->control, ticket, &answer);
    }
}
