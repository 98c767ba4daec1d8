/* What bars share that are measured with a real broker. */
#ifndef BENCH_WIN32_H
#define BENCH_WIN32_H

#include "broker.h"

/* A broker, not started, whose configuration has `regions` regions of BENCH_REGION_BYTES named STEM-0 and on. Its file
   lives until support_cleanup, as all that a test has. */
test_broker *bench_broker(const char *stem, unsigned regions);

/* The running broker is stopped in order by the next support_cleanup. Killed, it would leave its keeper with a handle of each
   section, and the bars that follow would find a system with so many objects less to give. */
void bench_stop_at_end(test_broker *b);

#define BENCH_REGION_BYTES 65536u

/* The same descriptor for all sections of the bare loops: as long as a region's with two access lists. */
#define BENCH_DESCRIPTOR                                                                                     \
    "D:P(A;;0xf001f;;;BA)(A;;0x20005;;;BU)(A;;0x20007;;;S-1-5-80-1-2-3-4-5)(A;;0xf001f;;;S-1-5-80-6-7-8-9-"  \
    "10)"

/* Seconds of what every kernel object costs: an event without a name, made and closed. The floor of bars whose both sides
   are calls of the kernel. */
double bench_kernel_floor(void);

#endif
