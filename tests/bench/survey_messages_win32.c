/* What the plots show: how long a message takes there and back, and how many go through by their size. */
#include "bars.h"

#include "message_trial_win32.h"
#include "support.h"

#define TRIPS        20000u
#define PIPE_TRIPS   1000u
#define SIZE_OF_TRIP 64u
#define BYTES        (64u << 20) /* that one trial sends, about */
#define MOST         200000u
#define PIPE_MOST    2000u

static const channel_kind *const kinds[] = {
    &channel_ours,
    &channel_ring,
#if defined(SHMBROKER_BENCH_BOOST)
    &channel_boost,
#endif
    &channel_pipe,
};

#define KINDS (sizeof kinds / sizeof kinds[0])

static void open_survey(const bench_settings *wanted)
{
    (void)wanted;
    if (!pair_can_be_apart())
        bench_fail("this machine has one processor, and two processes cannot run at once");
    message_trial_open(0, 1);
}

static void close_survey(void)
{
    pair_close();
    support_cleanup();
}

static void take_latency(void)
{
    for (size_t k = 0; k < KINDS; k++) {
        double trip[MESSAGE_SHARES];
        message_round_trips(kinds[k], SIZE_OF_TRIP, kinds[k] == &channel_pipe ? PIPE_TRIPS : TRIPS, trip);
        for (unsigned s = 0; s < MESSAGE_SHARES; s++)
            bench_point(kinds[k]->name, message_shares[s], trip[s]);
    }
    bench_point("a cache line there and back", message_shares[0], pair_floor() * 1e9);
}

const bench_survey survey_latency = {
    .id = "latency",
    .what = "A message of 64 B there and back",
    .x = "share of the round trips that take at most this long",
    .y = "nanoseconds",
    .open = open_survey,
    .take = take_latency,
    .close = close_survey,
};

static void take_throughput(void)
{
    for (size_t k = 0; k < KINDS; k++) {
        unsigned most = kinds[k] == &channel_pipe ? PIPE_MOST : MOST;
        for (unsigned s = 0; s < MESSAGE_SIZES; s++) {
            unsigned count = BYTES / message_sizes[s] < most ? BYTES / message_sizes[s] : most;
            bench_point(kinds[k]->name, message_sizes[s],
                        message_throughput(kinds[k], message_sizes[s], count));
        }
    }
}

const bench_survey survey_throughput = {
    .id = "throughput",
    .what = "Messages from one process to another, by their size",
    .x = "bytes of a message",
    .y = "messages in a second",
    .open = open_survey,
    .take = take_throughput,
    .close = close_survey,
};
