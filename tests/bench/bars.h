/* Every bar there is. main.c has them in a table. */
#ifndef BENCH_BARS_H
#define BENCH_BARS_H

#include "bench.h"

extern const bench_bar bar_config; /* bar_config.c */

#if defined(_WIN64)
extern const bench_bar bar_attach; /* bar_attach_win32.c */
extern const bench_bar bar_start;  /* bar_start_win32.c */
extern const bench_bar bar_memory; /* bar_start_win32.c */
extern const bench_bar bar_reload; /* bar_reload_win32.c */

/* The program that bar_start has as its other side: makes `count` sections STEM-0 and on, says so, and has them until its
   standard input ends. Returns the exit code. */
int bench_bare_loop(unsigned count, const char *stem);
#endif

#endif
