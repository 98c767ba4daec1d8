/*
 * shmbroker-queue-peer: another program that uses a queue, often to be killed.
 *
 *   shmbroker-queue-peer INSTANCE QUEUE NOTES NUMBER WHAT
 *
 * It attaches to the two regions, prints `ready`, and does WHAT, the first six until it is killed or fails:
 *
 *   send, claim, send-many          messages, one after the other
 *   receive, take, receive-many     likewise
 *   hold-claim, hold-take           claims one, or takes one, prints `holding`, and waits for the end of its input
 *   send-one, receive-one           one, however long it takes; prints `done`
 */
#include "queue_peer.h"
#include "shmb.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#define MANY 5u

static shmb_region *queue;
static peer_note *note;
static uint32_t self;
static uint32_t next_of[PEERS_MOST]; /* by sender: the least number that may come from him */

static peer_message message_of(uint32_t number)
{
    return (peer_message){self, number, peer_check(self, number)};
}

static void look_at(const void *bytes, uint32_t size)
{
    peer_message got = {0, 0, 0};
    if (size == sizeof got)
        memcpy(&got, bytes, sizeof got);
    if (size != sizeof got || got.check != peer_check(got.sender, got.number) || got.sender >= PEERS_MOST ||
        got.number < next_of[got.sender])
        note->wrong++;
    else
        next_of[got.sender] = got.number + 1;
}

static shmb_status send_some(void)
{
    peer_message message = message_of(note->sent);
    shmb_status status = shmb_queue_send(queue, &message, sizeof message, SHMB_INFINITE);
    if (status == SHMB_OK)
        note->sent++;
    return status;
}

static shmb_status claim_some(void)
{
    shmb_queue_message place = {.struct_size = sizeof place};
    peer_message message = message_of(note->sent);
    shmb_status status = shmb_queue_claim(queue, sizeof message, SHMB_INFINITE, &place);
    if (status != SHMB_OK)
        return status;
    memcpy(place.bytes, &message, sizeof message);
    status = shmb_queue_commit(queue, &place);
    if (status == SHMB_OK)
        note->sent++;
    return status;
}

static shmb_status send_many(void)
{
    peer_message messages[MANY];
    uint32_t sizes[MANY], sent = 0;
    for (uint32_t i = 0; i < MANY; i++) {
        messages[i] = message_of(note->sent + i);
        sizes[i] = sizeof messages[i];
    }
    shmb_status status = shmb_queue_send_many(queue, messages, sizes, MANY, SHMB_INFINITE, &sent);
    note->sent += sent;
    return status;
}

static shmb_status receive_some(void)
{
    peer_message message;
    uint32_t size;
    shmb_status status = shmb_queue_receive(queue, &message, sizeof message, &size, SHMB_INFINITE);
    if (status != SHMB_OK)
        return status;
    note->received++;
    look_at(&message, size);
    return SHMB_OK;
}

static shmb_status take_some(void)
{
    shmb_queue_message place = {.struct_size = sizeof place};
    shmb_status status = shmb_queue_take(queue, SHMB_INFINITE, &place);
    if (status != SHMB_OK)
        return status;
    look_at(place.bytes, place.size);
    status = shmb_queue_release(queue, &place);
    if (status == SHMB_OK)
        note->received++;
    return status;
}

static shmb_status receive_many(void)
{
    peer_message messages[MANY];
    uint32_t sizes[MANY], received = 0;
    shmb_status status =
        shmb_queue_receive_many(queue, messages, sizeof messages, sizes, MANY, SHMB_INFINITE, &received);
    note->received += received;
    for (uint32_t i = 0; i < received; i++)
        look_at(&messages[i], sizes[i]);
    return status;
}

static void say(const char *line)
{
    puts(line);
    fflush(stdout);
}

static void await_end_of_input(void)
{
    char byte;
    DWORD got;
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), &byte, 1, &got, NULL) && got > 0)
        ;
}

static shmb_status hold(bool takes)
{
    shmb_queue_message place = {.struct_size = sizeof place};
    shmb_status status = takes ? shmb_queue_take(queue, SHMB_INFINITE, &place)
                               : shmb_queue_claim(queue, 16, SHMB_INFINITE, &place);
    if (status != SHMB_OK)
        return status;
    say("holding");
    await_end_of_input();
    return takes ? shmb_queue_release(queue, &place) : shmb_queue_cancel(queue, &place);
}

static shmb_status hold_claim(void)
{
    return hold(false);
}

static shmb_status hold_take(void)
{
    return hold(true);
}

typedef struct task {
    const char *name;
    shmb_status (*step)(void);
    bool once;
} task;

static const task tasks[] = {
    {"send", send_some, false},       {"claim", claim_some, false},
    {"send-many", send_many, false},  {"receive", receive_some, false},
    {"take", take_some, false},       {"receive-many", receive_many, false},
    {"hold-claim", hold_claim, true}, {"hold-take", hold_take, true},
    {"send-one", send_some, true},    {"receive-one", receive_some, true},
};

static int run(const task *given)
{
    shmb_status status;
    note->ready = 1;
    say("ready");
    do
        status = given->step();
    while (status == SHMB_OK && !given->once);
    note->status = (uint32_t)status;
    if (status == SHMB_OK) {
        say("done");
        return 0;
    }
    char damage[256];
    shmb_corruption(queue, damage, sizeof damage);
    printf("failed %d: %s; %s\n", (int)status, shmb_status_text(status), damage);
    return 1;
}

static shmb_region *attach(const char *instance, const char *name)
{
    char message[1200];
    shmb_region *region;
    shmb_attach_options options = {.struct_size = sizeof options,
                                   .access = SHMB_ACCESS_WRITE,
                                   .flags = SHMB_ATTACH_WITHOUT_BROKER,
                                   .instance = instance,
                                   .message = message,
                                   .message_size = sizeof message};
    if (shmb_attach(name, &options, &region) == SHMB_OK)
        return region;
    printf("refused: %s\n", message);
    return NULL;
}

int main(int argc, char **argv)
{
    const task *wanted = NULL;
    for (size_t i = 0; argc == 6 && i < sizeof tasks / sizeof tasks[0]; i++)
        wanted = strcmp(argv[5], tasks[i].name) == 0 ? &tasks[i] : wanted;
    self = argc == 6 ? (uint32_t)strtoul(argv[4], NULL, 10) : PEERS_MOST;
    if (wanted == NULL || self >= PEERS_MOST) {
        fprintf(stderr, "usage: shmbroker-queue-peer INSTANCE QUEUE NOTES NUMBER WHAT\n");
        return 2;
    }
    queue = attach(argv[1], argv[2]);
    shmb_region *notes = attach(argv[1], argv[3]);
    int code = 1;
    if (queue != NULL && notes != NULL) {
        note = (peer_note *)shmb_data(notes) + self;
        code = run(wanted);
    }
    shmb_detach(notes);
    shmb_detach(queue);
    return code;
}
