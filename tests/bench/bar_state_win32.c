/* The latest value: what a reader that never pauses costs the writer, and what reading costs. */
#include "bars.h"

#include "bench_win32.h"
#include "pair_win32.h"
#include "region.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_BYTES 1024u
#define WRITES      100000u
#define PER_SECOND  1e6 /* that the writer means to do */
#define READS       200000u
#define STATE_NAME  128u

static const char *state_name;
static shmb_region *state;

static shmb_region *attach(const char *name, uint32_t access)
{
    char why[512];
    shmb_attach_options options = {.struct_size = sizeof options, .access = access};
    options.message = why;
    options.message_size = sizeof why;
    shmb_region *region;
    if (shmb_attach(name, &options, &region) != SHMB_OK)
        bench_fail("%s", why);
    return region;
}

static void open_state(const bench_settings *wanted)
{
    (void)wanted;
    state_name = support_unique("bench-state");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: {size: %u, kind: state}\n", state_name, VALUE_BYTES);
    bench_stop_at_end(b);
    SetEnvironmentVariableW(L"SHMBROKER_INSTANCE", support_wide(b->instance)); /* the peer inherits it */
    state = attach(state_name, SHMB_ACCESS_WRITE);
}

static void open_with_reader(const bench_settings *wanted)
{
    if (!pair_can_be_apart())
        bench_fail("this machine has one processor, and two processes cannot run at once");
    open_state(wanted);
    pair_open(0, 1);
}

static void close_state(void)
{
    pair_close();
    shmb_detach(state);
    state = NULL;
    support_cleanup();
}

static void write_value(uint64_t number)
{
    uint64_t value[VALUE_BYTES / sizeof(uint64_t)];
    for (size_t i = 0; i < VALUE_BYTES / sizeof value[0]; i++)
        value[i] = number;
    shmb_status status = shmb_state_write(state, value, sizeof value);
    if (status != SHMB_OK)
        bench_fail("cannot write the state: %s", shmb_status_text(status));
}

/* Reads one value, which must be of one piece. */
static void read_value(shmb_region *from)
{
    uint64_t value[VALUE_BYTES / sizeof(uint64_t)], size, version;
    shmb_status status = shmb_state_read(from, value, sizeof value, &size, &version);
    if (status != SHMB_OK)
        bench_fail("cannot read the state: %s", shmb_status_text(status));
    if (size != sizeof value || value[0] != value[VALUE_BYTES / sizeof value[0] - 1])
        bench_fail("the state came torn");
}

/* ---- The writer's rate */

/* Its result: how often it has read. */
static uint64_t read_until_over(const void *arguments)
{
    char name[STATE_NAME];
    memcpy(name, arguments, sizeof name);
    shmb_region *from = attach(name, SHMB_ACCESS_READ);
    uint64_t reads = 0;
    pair_ready();
    for (; !pair_is_over(); reads++)
        read_value(from);
    shmb_detach(from);
    return reads;
}

const pair_act state_acts[] = {{"read until over", read_until_over}, {NULL, NULL}};

/* Writes in a second, of a writer that means to do PER_SECOND. */
static double write_at_pace(void)
{
    double ticks_each = 1e9 / PER_SECOND / pair_nanoseconds(1);
    double start = bench_seconds();
    uint64_t begun = pair_ticks();
    for (unsigned i = 0; i < WRITES; i++) {
        double waited;
        do
            waited = (double)(pair_ticks() - begun);
        while (waited < ticks_each * i);
        write_value(i);
    }
    return WRITES / (bench_seconds() - start);
}

static double rate_with_reader(void)
{
    char name[STATE_NAME] = "";
    snprintf(name, sizeof name, "%s", state_name);
    write_value(1);
    pair_begin("read until over", name, sizeof name);
    double rate = write_at_pace();
    pair_tell_end();
    uint64_t reads = pair_end();
    bench_note("writes/s beside the reader", "1/s", rate);
    bench_note("reads meanwhile", "reads", (double)reads);
    return rate;
}

const bench_bar bar_state_rate = {
    .id = "9a",
    .what = "writes/s of 1 KiB at 1 MHz with a reader that never pauses \xc3\xb7 without",
    .unit = "ratio",
    .pass = 0.90,
    .aim = 0.97,
    .more_is_better = true,
    .trials = 9,
    .open = open_with_reader,
    .ours = rate_with_reader,
    .theirs = write_at_pace,
    .floor = pair_floor,
    .close = close_state,
};

/* ---- Reading */

static double time_reads(void)
{
    write_value(1);
    double start = bench_seconds();
    for (unsigned i = 0; i < READS; i++)
        read_value(state);
    return bench_seconds() - start;
}

static double time_copies(void)
{
    uint64_t value[VALUE_BYTES / sizeof(uint64_t)], sum = 0;
    void *(*volatile copy)(void *, const void *, size_t) = memcpy; /* no compiler leaves it out */
    const unsigned char *from = shmb_data(state);
    double start = bench_seconds();
    for (unsigned i = 0; i < READS; i++) {
        copy(value, from, sizeof value);
        sum += value[0] ^ value[VALUE_BYTES / sizeof value[0] - 1];
    }
    double seconds = bench_seconds() - start;
    return sum == 1 ? seconds + 1e-12 : seconds;
}

const bench_bar bar_state_read = {
    .id = "9b",
    .what = "a read of a 1 KiB state \xc3\xb7 a memcpy of it",
    .unit = "ratio",
    .pass = 2,
    .aim = 1.2,
    .trials = 15,
    .open = open_state,
    .ours = time_reads,
    .theirs = time_copies,
    .close = close_state,
};
