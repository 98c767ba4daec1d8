/* The product's queue: the region of the channel's name, which the broker of SHMBROKER_INSTANCE has. */
#include "bench.h"
#include "channels.h"
#include "shmb.h"

static void *ours_open(const char *name, const channel_shape *shape, bool first)
{
    (void)shape;
    (void)first;
    char why[512];
    shmb_attach_options options = {.struct_size = sizeof options, .access = SHMB_ACCESS_WRITE};
    options.message = why;
    options.message_size = sizeof why;
    shmb_region *region;
    if (shmb_attach(name, &options, &region) != SHMB_OK)
        bench_fail("%s", why);
    return region;
}

static void ours_send(void *channel, const void *message, size_t size)
{
    shmb_status status = shmb_queue_send(channel, message, (uint32_t)size, SHMB_INFINITE);
    if (status != SHMB_OK)
        bench_fail("cannot send: %s", shmb_status_text(status));
}

static size_t ours_receive(void *channel, void *message, size_t capacity)
{
    uint32_t size = 0;
    shmb_status status = shmb_queue_receive(channel, message, (uint32_t)capacity, &size, SHMB_INFINITE);
    if (status != SHMB_OK)
        bench_fail("cannot receive: %s", shmb_status_text(status));
    return size;
}

static void ours_close(void *channel)
{
    shmb_detach(channel);
}

const channel_kind channel_ours = {"shmbroker queue", ours_open, ours_send, ours_receive, ours_close};
