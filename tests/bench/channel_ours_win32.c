/* The product's queue: the region of the channel's name, which the broker of SHMBROKER_INSTANCE has. */
#include "bench.h"
#include "channels.h"
#include "shmb.h"
#include "support.h"

#include <stdlib.h>

typedef struct end_of_queue {
    shmb_region *region;
    shmb_queue_message message; /* claimed, or taken */
} end_of_queue;

static void *ours_open(const char *name, const channel_shape *shape, bool first)
{
    (void)shape;
    (void)first;
    char why[512];
    end_of_queue *end = support_memory(sizeof *end);
    shmb_attach_options options = {.struct_size = sizeof options, .access = SHMB_ACCESS_WRITE};
    options.message = why;
    options.message_size = sizeof why;
    end->message = (shmb_queue_message){.struct_size = sizeof end->message};
    if (shmb_attach(name, &options, &end->region) != SHMB_OK)
        bench_fail("%s", why);
    return end;
}

static void must(shmb_status status, const char *what)
{
    if (status != SHMB_OK)
        bench_fail("cannot %s: %s", what, shmb_status_text(status));
}

static void ours_send(void *channel, const void *message, size_t size)
{
    const end_of_queue *end = channel;
    must(shmb_queue_send(end->region, message, (uint32_t)size, SHMB_INFINITE), "send");
}

static size_t ours_receive(void *channel, void *message, size_t capacity)
{
    const end_of_queue *end = channel;
    uint32_t size = 0;
    must(shmb_queue_receive(end->region, message, (uint32_t)capacity, &size, SHMB_INFINITE), "receive");
    return size;
}

static void *ours_claim(void *channel, size_t size)
{
    end_of_queue *end = channel;
    must(shmb_queue_claim(end->region, (uint32_t)size, SHMB_INFINITE, &end->message), "claim");
    return end->message.bytes;
}

static void ours_commit(void *channel)
{
    end_of_queue *end = channel;
    must(shmb_queue_commit(end->region, &end->message), "commit");
}

static const void *ours_take(void *channel, size_t *size)
{
    end_of_queue *end = channel;
    must(shmb_queue_take(end->region, SHMB_INFINITE, &end->message), "take");
    *size = end->message.size;
    return end->message.bytes;
}

static void ours_release(void *channel)
{
    end_of_queue *end = channel;
    must(shmb_queue_release(end->region, &end->message), "release");
}

static void ours_close(void *channel)
{
    end_of_queue *end = channel;
    shmb_detach(end->region);
    free(end);
}

const channel_kind channel_ours = {
    .name = "shmbroker queue",
    .open = ours_open,
    .send = ours_send,
    .receive = ours_receive,
    .close = ours_close,
    .claim = ours_claim,
    .commit = ours_commit,
    .take = ours_take,
    .release = ours_release,
};
