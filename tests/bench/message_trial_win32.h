/* Trials with messages between two processes: how many go through in a second, and how long one takes there and back. */
#ifndef BENCH_MESSAGE_TRIAL_WIN32_H
#define BENCH_MESSAGE_TRIAL_WIN32_H

#include "channels.h"
#include "pair_win32.h"

#define MESSAGE_SHARES 5u

/* The sizes that trials may use, in bytes: for each, the broker of message_trial_open has queues there and back. */
#define MESSAGE_SIZES 7u
extern const unsigned message_sizes[MESSAGE_SIZES];

/* Starts the broker whose queues are measured, and the peer beside it; both end with support_cleanup and pair_close. */
void message_trial_open(unsigned mine, unsigned theirs);

/* Messages in a second, of `count` that this process sends and the peer receives, each whole and in order. */
double message_throughput(const channel_kind *kind, unsigned size, unsigned count);

/* The same with the work of who has something to say: the sender writes every word of each message, and the receiver reads
   every one; in place where the channel can, else in buffers of their own, from and to which it copies. `size` is a
   multiple of 64. */
double message_throughput_whole(const channel_kind *kind, unsigned size, unsigned count);

/* How many calls of the kernel sender and receiver made in the last of these trials. */
typedef struct message_calls {
    double sender;
    double receiver;
} message_calls;

message_calls message_kernel_calls(void);

/* Nanoseconds of a message of `size` bytes there and back, each of `count` taken by itself: those below which
   message_shares of them lie. */
void message_round_trips(const channel_kind *kind, unsigned size, unsigned count,
                         double trip[MESSAGE_SHARES]);
extern const double message_shares[MESSAGE_SHARES];

#endif
