/* Trials with messages between two processes. See message_trial_win32.h. */
#include "message_trial_win32.h"

#include "bench.h"
#include "broker.h"
#include "kernel_calls_win32.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_TRIPS   50000u
#define WARM_UP      16u /* one in so many trips goes ahead of those that count */
#define CHANNEL_NAME 128u
#define SLOT_BYTES   (4u << 20) /* of memory for one channel, about */
#define MOST_SLOTS   1024u
#define CONFIG_TEXT  4096u

const unsigned message_sizes[MESSAGE_SIZES] = {64, 256, 1024, 4096, 16384, 65536, 262144};
const double message_shares[MESSAGE_SHARES] = {0.5, 0.9, 0.99, 0.999, 0.9999};

/* What the peer is told. */
typedef struct message_order {
    char there[CHANNEL_NAME]; /* this process sends, the peer receives */
    char back[CHANNEL_NAME];  /* the other way; "" when nothing comes back */
    channel_shape shape;
    uint32_t kind;
    uint32_t count;
} message_order;

static const channel_kind *const kinds[] = {
    &channel_ours,
    &channel_ring,
    &channel_pipe,
#if defined(SHMBROKER_BENCH_BOOST)
    &channel_boost,
#endif
};

static message_calls last_calls;
static const char *stem; /* of the channels' names, unlike any other's */

static channel_shape shape_of(unsigned size)
{
    channel_shape shape = {MOST_SLOTS, size};
    while (shape.messages > 16 && (unsigned long long)shape.messages * size > SLOT_BYTES)
        shape.messages /= 2;
    return shape;
}

void message_trial_open(unsigned mine, unsigned theirs)
{
    char config[CONFIG_TEXT] = BROKER_HEAD;
    size_t length = strlen(config);
    stem = support_unique("bench-messages");
    for (unsigned i = 0; i < MESSAGE_SIZES; i++) {
        channel_shape shape = shape_of(message_sizes[i]);
        for (unsigned way = 0; way < 2; way++)
            length +=
                (size_t)snprintf(config + length, sizeof config - length,
                                 "  %s-%s-%u: {kind: queue, messages: %u, message_size: %u}\n", stem,
                                 way ? "back" : "there", message_sizes[i], shape.messages, message_sizes[i]);
    }
    test_broker *b = broker_run_with("%s", config);
    SetEnvironmentVariableW(L"SHMBROKER_INSTANCE", support_wide(b->instance)); /* the peer inherits it */
    pair_open(mine, theirs);
}

static message_order order_for(const channel_kind *kind, unsigned size, unsigned count, bool both_ways)
{
    message_order order = {.shape = shape_of(size), .count = count};
    while (order.kind + 1 < sizeof kinds / sizeof kinds[0] && kinds[order.kind] != kind)
        order.kind++;
    snprintf(order.there, sizeof order.there, "%s-there-%u", stem, size);
    if (both_ways)
        snprintf(order.back, sizeof order.back, "%s-back-%u", stem, size);
    return order;
}

/* ---- The peer's part ------------------------------------------------------------------------------------------- */

/* Receives the message of that number into `buffer`: it must be whole, and none before it missing. */
static void receive_number(const channel_kind *kind, void *channel, const channel_shape *shape, void *buffer,
                           uint64_t number)
{
    uint64_t got = 0;
    size_t size = kind->receive(channel, buffer, shape->message_size);
    memcpy(&got, buffer, sizeof got);
    if (size != shape->message_size || got != number)
        bench_fail("%s: message %llu came as message %llu with %zu bytes", kind->name,
                   (unsigned long long)number, (unsigned long long)got, size);
}

/* Its result: the calls of the kernel meanwhile. */
static uint64_t take_all(const void *arguments)
{
    message_order order;
    memcpy(&order, arguments, sizeof order);
    const channel_kind *kind = kinds[order.kind];
    void *there = kind->open(order.there, &order.shape, true);
    void *back = *order.back ? kind->open(order.back, &order.shape, false) : NULL;
    void *buffer = support_memory(order.shape.message_size);
    kernel_calls_watch();
    uint64_t before = kernel_calls_seen();
    pair_ready();
    for (uint64_t i = 1; i <= order.count; i++) {
        receive_number(kind, there, &order.shape, buffer, i);
        if (back)
            kind->send(back, buffer, order.shape.message_size);
    }
    uint64_t calls = kernel_calls_seen() - before;
    free(buffer);
    kind->close(there);
    if (back)
        kind->close(back);
    return calls;
}

const pair_act message_acts[] = {{"take all", take_all}, {NULL, NULL}};

/* ---- This process's part --------------------------------------------------------------------------------------- */

double message_throughput(const channel_kind *kind, unsigned size, unsigned count)
{
    message_order order = order_for(kind, size, count, false);
    void *buffer = support_memory(size);
    pair_begin("take all", &order, sizeof order);
    void *there = kind->open(order.there, &order.shape, false);
    kernel_calls_watch();
    uint64_t before = kernel_calls_seen();
    double start = bench_seconds();
    for (uint64_t i = 1; i <= count; i++) {
        memcpy(buffer, &i, sizeof i);
        kind->send(there, buffer, size);
    }
    last_calls.sender = (double)(kernel_calls_seen() - before);
    last_calls.receiver = (double)pair_end();
    double seconds = bench_seconds() - start;
    kind->close(there);
    free(buffer);
    return count / seconds;
}

message_calls message_kernel_calls(void)
{
    return last_calls;
}

void message_round_trips(const channel_kind *kind, unsigned size, unsigned count, double trip[MESSAGE_SHARES])
{
    static uint32_t ticks[MOST_TRIPS];
    unsigned counted = count < MOST_TRIPS ? count : MOST_TRIPS, warm = counted / WARM_UP;
    message_order order = order_for(kind, size, counted + warm, true);
    void *buffer = support_memory(size);
    void *back = kind->open(order.back, &order.shape, true);
    pair_begin("take all", &order, sizeof order);
    void *there = kind->open(order.there, &order.shape, false);
    for (uint64_t i = 1; i <= counted + warm; i++) {
        memcpy(buffer, &i, sizeof i);
        uint64_t start = pair_ticks();
        kind->send(there, buffer, size);
        receive_number(kind, back, &order.shape, buffer, i);
        if (i > warm)
            ticks[i - warm - 1] = (uint32_t)(pair_ticks() - start);
    }
    pair_end();
    kind->close(there);
    kind->close(back);
    free(buffer);
    for (unsigned s = 0; s < MESSAGE_SHARES; s++)
        trip[s] = pair_percentile(ticks, counted, message_shares[s]);
}
