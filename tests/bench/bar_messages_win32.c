/* Messages: how many in a second, how long there and back, and how often the kernel is called meanwhile. */
#include "bars.h"

#include "bench_win32.h"
#include "message_trial_win32.h"

#define SMALL        64u
#define LARGE        65536u
#define MANY_SMALL   400000u
#define MANY_LARGE   4000u
#define TRIPS        20000u
#define PIPE_TRIPS   500u
#define PARKED_TRIPS 500u
#define SATURATED    1000000u

static void open_apart(const bench_settings *wanted)
{
    (void)wanted;
    if (!pair_can_be_apart())
        bench_fail("this machine has one processor, and two processes cannot run at once");
    message_trial_open(0, 1);
}

static void open_together(const bench_settings *wanted)
{
    (void)wanted;
    message_trial_open(0, 0);
}

static void close_messages(void)
{
    pair_close();
    support_cleanup();
}

static double p50(const channel_kind *kind, unsigned trips)
{
    double trip[MESSAGE_SHARES];
    message_round_trips(kind, SMALL, trips, trip);
    return trip[0] / 1e9;
}

static double our_trip(void)
{
    return p50(&channel_ours, TRIPS);
}

static double our_few_trips(void)
{
    return p50(&channel_ours, PARKED_TRIPS);
}

static double event_trip(void)
{
    return pair_event_trip(PARKED_TRIPS) / 1e9;
}

static double pipe_trip(void)
{
    return p50(&channel_pipe, PIPE_TRIPS);
}

/* What the bars with two processors to themselves have in common, and those of them that are against Boost. */
#define APART        .unit = "ratio", .open = open_apart, .floor = pair_floor, .close = close_messages
#define BEFORE_BOOST APART, .pass = 2.5, .more_is_better = true, .trials = 9

#if defined(SHMBROKER_BENCH_BOOST)

/* The ceiling beside it, for what a reader wants to know: how much of what the machine gives is used. */
static double our_small(void)
{
    double rate = message_throughput(&channel_ours, SMALL, MANY_SMALL);
    bench_note("messages/s of ours", "1/s", rate);
    bench_note("messages/s of a hand-written spinning ring that promises nothing", "1/s",
               message_throughput(&channel_ring, SMALL, MANY_SMALL));
    return rate;
}

static double boost_small(void)
{
    return message_throughput(&channel_boost, SMALL, MANY_SMALL);
}

/* Beside it what comes of them when the sender writes every word and the receiver reads every one: in place, which Boost
   has not. */
static double our_large(void)
{
    double rate = message_throughput(&channel_ours, LARGE, MANY_LARGE);
    double in_place = message_throughput_whole(&channel_ours, LARGE, MANY_LARGE);
    bench_note("messages/s of ours", "1/s", rate);
    bench_note("messages/s of a hand-written spinning ring that promises nothing", "1/s",
               message_throughput(&channel_ring, LARGE, MANY_LARGE));
    bench_note("messages/s of ours, each written and read whole, in place", "1/s", in_place);
    bench_note("each written and read whole, in place by ours \xc3\xb7 copied by Boost", "ratio",
               in_place / message_throughput_whole(&channel_boost, LARGE, MANY_LARGE));
    return rate;
}

static double boost_large(void)
{
    return message_throughput(&channel_boost, LARGE, MANY_LARGE);
}

static double boost_trip(void)
{
    return p50(&channel_boost, TRIPS);
}

const bench_bar bar_queue_small = {
    BEFORE_BOOST,
    .id = "1a",
    .what = "messages/s of 64 B through the queue \xc3\xb7 through Boost's message_queue",
    .aim = 5,
    .ours = our_small,
    .theirs = boost_small,
};

const bench_bar bar_queue_large = {
    BEFORE_BOOST,
    .id = "1b",
    .what = "messages/s of 64 KiB through the queue \xc3\xb7 through Boost's message_queue",
    .aim = 5,
    .ours = our_large,
    .theirs = boost_large,
};

const bench_bar bar_trip_boost = {
    BEFORE_BOOST,
    .id = "3a",
    .what = "round trip p50 of 64 B through Boost's message_queue \xc3\xb7 through the queue",
    .aim = 4,
    .ours = boost_trip,
    .theirs = our_trip,
};

#endif

const bench_bar bar_trip = {
    APART,
    .id = "2",
    .what = "round trip p50 of 64 B through the queue \xc3\xb7 a cache line there and back",
    .pass = 1.7,
    .aim = 1.2,
    .trials = 9,
    .ours = our_trip,
    .theirs = pair_floor,
};

const bench_bar bar_trip_pipe = {
    APART,
    .id = "3b",
    .what = "round trip p50 of 64 B through a named pipe \xc3\xb7 through the queue",
    .pass = 500,
    .aim = 1000,
    .more_is_better = true,
    .trials = 5,
    .ours = pipe_trip,
    .theirs = our_trip,
};

static double calls_while_saturated(void)
{
    message_throughput(&channel_ours, SMALL, SATURATED);
    message_calls calls = message_kernel_calls();
    bench_note("of them by the sender", "calls", calls.sender);
    bench_note("of them by the receiver", "calls", calls.receiver);
    return (calls.sender + calls.receiver) * 1e6 / SATURATED;
}

const bench_bar bar_kernel_calls = {
    .id = "4",
    .what = "calls of the kernel for a million messages of 64 B, of sender and receiver",
    .unit = "calls",
    .pass = 100,
    .aim = 10,
    .trials = 5,
    .open = open_apart,
    .ours = calls_while_saturated,
    .close = close_messages,
};

const bench_bar bar_parked = {
    .id = "5",
    .what = "round trip p50 of 64 B when both sides sleep \xc3\xb7 two events, set and waited for",
    .unit = "ratio",
    .pass = 1.1,
    .aim = 0.7,
    .trials = 9,
    .open = open_together,
    .ours = our_few_trips,
    .theirs = event_trip,
    .floor = bench_kernel_floor,
    .close = close_messages,
};
