/* Trials with messages between two processes. See message_trial_win32.h. */
#include "message_trial_win32.h"

#include "bench.h"
#include "bench_win32.h"
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
    uint32_t whole; /* every word of each message is written and read */
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
    bench_stop_at_end(b);
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

#define WORDS_A_LINE 8u

/* Every word of message `number` is the number. A line at a time, so that it costs what memory costs. */
static void write_words(uint64_t *words, size_t size, uint64_t number)
{
    for (size_t line = 0; line < size / sizeof *words; line += WORDS_A_LINE)
        for (size_t i = 0; i < WORDS_A_LINE; i++)
            words[line + i] = number;
}

static bool are_words(const uint64_t *words, size_t size, uint64_t number)
{
    uint64_t wrong = 0;
    for (const uint64_t *w = words; w < words + size / sizeof *words; w += WORDS_A_LINE)
        wrong |= ((w[0] ^ number) | (w[1] ^ number) | (w[2] ^ number) | (w[3] ^ number)) |
                 ((w[4] ^ number) | (w[5] ^ number) | (w[6] ^ number) | (w[7] ^ number));
    return wrong == 0;
}

/* The same of every word, in place where the channel can. */
static void receive_whole(const channel_kind *kind, void *channel, const channel_shape *shape, void *buffer,
                          uint64_t number)
{
    size_t size = 0;
    const void *words = buffer;
    if (kind->take)
        words = kind->take(channel, &size);
    else
        size = kind->receive(channel, buffer, shape->message_size);
    if (size != shape->message_size || !are_words(words, size, number))
        bench_fail("%s: message %llu did not come whole", kind->name, (unsigned long long)number);
    if (kind->release)
        kind->release(channel);
}

static void take_each(const message_order *order, const channel_kind *kind, void *there, void *back)
{
    void *buffer = support_memory(order->shape.message_size);
    for (uint64_t i = 1; i <= order->count; i++) {
        if (order->whole)
            receive_whole(kind, there, &order->shape, buffer, i);
        else
            receive_number(kind, there, &order->shape, buffer, i);
        if (back)
            kind->send(back, buffer, order->shape.message_size);
    }
    free(buffer);
}

/* Its result: the calls of the kernel meanwhile. */
static uint64_t take_all(const void *arguments)
{
    message_order order;
    memcpy(&order, arguments, sizeof order);
    const channel_kind *kind = kinds[order.kind];
    void *there = kind->open(order.there, &order.shape, true);
    void *back = *order.back ? kind->open(order.back, &order.shape, false) : NULL;
    kernel_calls_watch();
    uint64_t before = kernel_calls_seen();
    pair_ready();
    take_each(&order, kind, there, back);
    uint64_t calls = kernel_calls_seen() - before;
    kind->close(there);
    if (back)
        kind->close(back);
    return calls;
}

const pair_act message_acts[] = {{"take all", take_all}, {NULL, NULL}};

/* ---- This process's part --------------------------------------------------------------------------------------- */

/* Messages that go ahead of those that count: until both have had all of the channel's memory in their hands, which a program
   does once. */
static uint32_t warm_up(const channel_shape *shape)
{
    return 2 * shape->messages;
}

/* Returns when the first message after those that warm up was begun. */
static double send_each(const message_order *order, const channel_kind *kind, void *there)
{
    double start = 0;
    size_t size = order->shape.message_size;
    void *buffer = support_memory(size);
    for (uint64_t i = 1; i <= order->count; i++) {
        if (i == warm_up(&order->shape) + 1)
            start = bench_seconds();
        bool in_place = order->whole && kind->claim;
        void *words = in_place ? kind->claim(there, size) : buffer;
        if (order->whole)
            write_words(words, size, i);
        else
            memcpy(words, &i, sizeof i);
        if (in_place)
            kind->commit(there);
        else
            kind->send(there, buffer, size);
    }
    free(buffer);
    return start;
}

static double throughput(const channel_kind *kind, unsigned size, unsigned count, bool whole)
{
    message_order made = order_for(kind, size, count, false), *order = &made;
    order->count += warm_up(&order->shape);
    order->whole = whole;
    pair_begin("take all", order, sizeof *order);
    void *there = kind->open(order->there, &order->shape, false);
    kernel_calls_watch();
    uint64_t before = kernel_calls_seen();
    double start = send_each(order, kind, there);
    last_calls.sender = (double)(kernel_calls_seen() - before);
    last_calls.receiver = (double)pair_end();
    double seconds = bench_seconds() - start;
    kind->close(there);
    return count / seconds;
}

double message_throughput(const channel_kind *kind, unsigned size, unsigned count)
{
    return throughput(kind, size, count, false);
}

double message_throughput_whole(const channel_kind *kind, unsigned size, unsigned count)
{
    return throughput(kind, size, count, true);
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
