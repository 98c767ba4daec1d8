/*
 * The ceiling: one sender and one receiver on a ring of slots, whose sequence numbers are in the lines of their payloads.
 * Both spin and never sleep, nothing is checked, and nobody may die: what a program could have that promises nothing.
 */
#include "../../client/src/atomics.h"
#include "bench.h"
#include "channels.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

#define LINE       64u
#define MOST_SPINS (1ull << 33)

typedef struct slot {
    volatile uint64_t sequence; /* of the message in it, from 1; the receiver leaves it 0 */
    uint32_t size;
    unsigned char payload[];
} slot;

typedef struct ring {
    HANDLE section;
    unsigned char *slots;
    size_t stride;
    uint64_t mask;
    uint64_t next; /* this end's own count */
} ring;

static void *ring_open(const char *name, const channel_shape *shape, bool first)
{
    (void)first; /* either makes it, zeroed */
    ring *r = support_memory(sizeof *r);
    r->stride = (sizeof(slot) + shape->message_size + LINE - 1) / LINE * LINE;
    r->mask = shape->messages - 1;
    size_t bytes = r->stride * shape->messages;
    r->section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, (DWORD)bytes,
                                    support_wide(support_text("Local\\%s", name)));
    r->slots = r->section ? MapViewOfFile(r->section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, bytes) : NULL;
    if (!r->slots)
        bench_fail("cannot make the ring %s: %s", name, support_error(GetLastError()));
    return r;
}

static slot *slot_of(const ring *r)
{
    return (slot *)(void *)(r->slots + (r->next & r->mask) * r->stride);
}

/* Spins until the slot's sequence is what this end waits for. */
static void await(const slot *s, uint64_t sequence)
{
    for (uint64_t spins = 0; shmb_load_acquire_u64(&s->sequence) != sequence; spins++)
        if (spins > MOST_SPINS)
            bench_fail("the other end of the ring does not go on");
}

static void ring_send(void *channel, const void *message, size_t size)
{
    ring *r = channel;
    slot *s = slot_of(r);
    await(s, 0);
    s->size = (uint32_t)size;
    memcpy(s->payload, message, size);
    shmb_store_release_u64(&s->sequence, ++r->next);
}

static size_t ring_receive(void *channel, void *message, size_t capacity)
{
    ring *r = channel;
    slot *s = slot_of(r);
    await(s, ++r->next);
    size_t size = s->size < capacity ? s->size : capacity;
    memcpy(message, s->payload, size);
    shmb_store_release_u64(&s->sequence, 0);
    return size;
}

static void ring_close(void *channel)
{
    ring *r = channel;
    UnmapViewOfFile(r->slots);
    CloseHandle(r->section);
    free(r);
}

const channel_kind channel_ring = {
    .name = "hand-written spinning ring",
    .open = ring_open,
    .send = ring_send,
    .receive = ring_receive,
    .close = ring_close,
};
