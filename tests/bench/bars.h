/* Every bar and survey there is. main.c has them in tables. */
#ifndef BENCH_BARS_H
#define BENCH_BARS_H

#include "bench.h"

extern const bench_bar bar_config; /* bar_config.c */

#if defined(_WIN64)
extern const bench_bar bar_queue_small; /* bar_messages_win32.c */
extern const bench_bar bar_queue_large;
extern const bench_bar bar_trip;
extern const bench_bar bar_trip_boost;
extern const bench_bar bar_trip_pipe;
extern const bench_bar bar_kernel_calls;
extern const bench_bar bar_parked;
extern const bench_bar bar_lock_boost; /* bar_locks_win32.c */
extern const bench_bar bar_lock_mutex;
extern const bench_bar bar_contended_spin;
extern const bench_bar bar_contended_mutex;
extern const bench_bar bar_succession;
extern const bench_bar bar_state_rate; /* bar_state_win32.c */
extern const bench_bar bar_state_read;
extern const bench_bar bar_attach; /* bar_attach_win32.c */
extern const bench_bar bar_start;  /* bar_start_win32.c */
extern const bench_bar bar_memory; /* bar_start_win32.c */
extern const bench_bar bar_reload; /* bar_reload_win32.c */

extern const bench_survey survey_latency; /* survey_messages_win32.c */
extern const bench_survey survey_throughput;

/* The program that bar_start has as its other side: makes `count` sections STEM-0 and on, says so, and has them until its
   standard input ends. Returns the exit code. */
int bench_bare_loop(unsigned count, const char *stem);

/* The program that bar_succession kills: takes the lock of that kind and name, says "held", and has it until its standard
   input ends. Returns the exit code. */
int bench_hold_lock(const char *kind, const char *name);
#endif

#endif
