/*
 * shmbroker-recorder: one of the programs whose histories test_histories.c judges.
 *
 *   shmbroker-recorder INSTANCE BOARD QUEUE STATE SEAT
 *
 * Prints `ready`, and then sends and receives, or writes and reads, a few times in each round that the board announces.
 */
#include "atomics.h"
#include "board.h"
#include "shmb.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#define PATIENCE_MS 3u
#define VALUE_WORDS 16u

static board *shared;
static shmb_region *queue, *state;
static uint32_t seat;

static void must(bool fact, const char *what, shmb_status status)
{
    if (fact)
        return;
    printf("failed: %s returns %d\n", what, (int)status);
    fflush(stdout);
    exit(1);
}

static shmb_region *attach(const char *instance, const char *name)
{
    char message[1200];
    shmb_region *region;
    shmb_attach_options options = {.struct_size = sizeof options,
                                   .access = SHMB_ACCESS_WRITE,
                                   .instance = instance,
                                   .message = message,
                                   .message_size = sizeof message};
    shmb_status status = shmb_attach(name, &options, &region);
    if (status != SHMB_OK)
        printf("failed: %s\n", message);
    must(status == SHMB_OK, "shmb_attach", status);
    return region;
}

/* It is on the board before it begins, as one that never ends. */
static linear_operation *begin_operation(linear_kind kind, uint32_t value)
{
    uint32_t count = shmb_load_relaxed_u32(&shared->seats[seat].count);
    linear_operation *made = &shared->seats[seat].history[count];
    *made = (linear_operation){kind, value, shmb_fetch_add_u64(&shared->clock, 1), LINEAR_NEVER};
    shmb_store_release_u32(&shared->seats[seat].count, count + 1);
    return made;
}

static void end_operation(linear_operation *made, bool counts)
{
    made->end = shmb_fetch_add_u64(&shared->clock, 1);
    if (!counts)
        shmb_store_release_u32(&shared->seats[seat].count,
                               shmb_load_relaxed_u32(&shared->seats[seat].count) - 1);
}

static void send_one(uint32_t value)
{
    linear_operation *made = begin_operation(LINEAR_SEND, value);
    shmb_status status = shmb_queue_send(queue, &value, sizeof value, PATIENCE_MS);
    must(status == SHMB_OK || status == SHMB_TIMED_OUT, "shmb_queue_send", status);
    end_operation(made, status == SHMB_OK);
}

static void receive_one(void)
{
    uint32_t value = 0, size = 0;
    linear_operation *made = begin_operation(LINEAR_RECEIVE, LINEAR_UNKNOWN);
    shmb_status status = shmb_queue_receive(queue, &value, sizeof value, &size, PATIENCE_MS);
    must(status == SHMB_OK || status == SHMB_TIMED_OUT, "shmb_queue_receive", status);
    made->value = value;
    end_operation(made, status == SHMB_OK);
}

static void write_one(uint32_t value)
{
    uint32_t words[VALUE_WORDS];
    for (uint32_t i = 0; i < VALUE_WORDS; i++)
        words[i] = value;
    linear_operation *made = begin_operation(LINEAR_WRITE, value);
    shmb_status status = shmb_state_write(state, words, sizeof words);
    must(status == SHMB_OK, "shmb_state_write", status);
    end_operation(made, true);
}

static void read_one(void)
{
    uint32_t words[VALUE_WORDS] = {0};
    uint64_t size, version;
    linear_operation *made = begin_operation(LINEAR_READ, LINEAR_UNKNOWN);
    shmb_status status = shmb_state_read(state, words, sizeof words, &size, &version);
    must(status == SHMB_OK || status == SHMB_TIMED_OUT, "shmb_state_read", status);
    for (uint32_t i = 1; i < VALUE_WORDS; i++)
        must(words[i] == words[0], "a torn value", status);
    made->value = words[0];
    end_operation(made, status == SHMB_OK || version == 0);
}

static void go_round(uint32_t round, bool of_queue, uint32_t *seed)
{
    shmb_store_release_u32(&shared->seats[seat].count, 0);
    for (uint32_t i = 0; i < BOARD_OPERATIONS; i++) {
        uint32_t value = 1 + (round * BOARD_SEATS + seat) * BOARD_OPERATIONS + i;
        *seed = *seed * 1664525u + 1013904223u;
        bool adds = (*seed >> 16) % 2 == 0;
        if (of_queue && adds)
            send_one(value);
        else if (of_queue)
            receive_one();
        else if (adds)
            write_one(value);
        else
            read_one();
    }
    shmb_store_release_u32(&shared->seats[seat].done, round);
}

/* What it waits for is a counter in memory that nobody can wait for: it looks each millisecond. */
static uint32_t next_round(uint32_t last)
{
    uint32_t round;
    while ((round = shmb_load_acquire_u32(&shared->round)) == last)
        Sleep(1);
    return round;
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    shmb_region *region = attach(argv[1], argv[2]);
    shared = shmb_data(region);
    queue = attach(argv[1], argv[3]);
    state = attach(argv[1], argv[4]);
    seat = (uint32_t)strtoul(argv[5], NULL, 10);
    uint32_t seed = seat * 7919 + GetCurrentProcessId(), round = shmb_load_acquire_u32(&shared->round);
    puts("ready");
    fflush(stdout);
    for (;;) {
        round = next_round(round);
        if (shared->subject == BOARD_END)
            break;
        go_round(round, shared->subject == BOARD_QUEUE, &seed);
    }
    shmb_detach(state);
    shmb_detach(queue);
    shmb_detach(region);
    return 0;
}
