/* Counts the calls of the kernel that wait, wake or yield which this program makes from its own code, the library's that is
   linked into it included. */
#ifndef BENCH_KERNEL_CALLS_WIN32_H
#define BENCH_KERNEL_CALLS_WIN32_H

#include <stdint.h>

/* Begins counting, once and for all: this program's imports lead through counters from then on. */
void kernel_calls_watch(void);

/* How many there were since. Of all threads. */
uint64_t kernel_calls_seen(void);

#endif
