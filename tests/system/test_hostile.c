/*
 * A program that may write to regions writes over every byte of them and of what stands beside them, at random and at each control
 * word, while two others use them through the library (scribbled.c): nothing crashes, nobody waits beyond his time limit, and what
 * is damaged is told.
 *
 *   test-system.hostile.exe [OPERATIONS [SEED]]
 */
#include "checks.h"
#include "region.h"
#include "scribbled.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USUAL         300000u
#define USUAL_SEED    20261122u
#define PROGRAMS      2u
#define LEFT_BEHIND   2000u /* operations on what the hostile program left */
#define PARTS_TO_TELL 20u

typedef struct sums {
    unsigned long long operations, well, damage, longest_us;
} sums;

static unsigned long long operations = USUAL, seed = USUAL_SEED;

static test_broker *make_regions(char *names[SCRIBBLED_REGIONS])
{
    static const char *const stems[SCRIBBLED_REGIONS] = {"Locked", "State", "Small", "Queue", "Stream"};
    for (unsigned i = 0; i < SCRIBBLED_REGIONS; i++)
        names[i] = support_unique(stems[i]);
    return broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB, lock: true, notify: true }\n"
                                       "  %s: { kind: state, size: %u B }\n"
                                       "  %s: { kind: state, size: %u B }\n"
                                       "  %s: { kind: queue, messages: %u, message_size: %u B }\n"
                                       "  %s: { kind: stream, messages: %u, message_size: %u B }\n",
                           names[0], names[1], SCRIBBLED_ITEM, names[2], SCRIBBLED_SMALL, names[3],
                           SCRIBBLED_MESSAGES, SCRIBBLED_ITEM, names[4], SCRIBBLED_MESSAGES, SCRIBBLED_ITEM);
}

/* The regions, and each section beside them. */
static process *start_hostile(const test_broker *b, char *const names[SCRIBBLED_REGIONS])
{
    static const char *const kinds[SCRIBBLED_REGIONS] = {"raw", "state", "state", "queue", "stream"};
    static const struct {
        unsigned region;
        const char *part;
    } beside[] = {{0, "lock"}, {0, "waiters"}, {0, "signal"}, {1, "lock"},   {1, "waiters"},
                  {2, "lock"}, {2, "waiters"}, {4, "lock"},   {4, "waiters"}};
    char arguments[4096];
    int length = 0;
    for (unsigned i = 0; i < SCRIBBLED_REGIONS; i++) {
        shmb_region *region = region_attach(b, names[i], SHMB_ACCESS_READ);
        length += snprintf(arguments + length, sizeof arguments - (size_t)length, " Global\\%s %s %llu %u",
                           names[i], kinds[i], (unsigned long long)shmb_size(region), SCRIBBLED_MESSAGES);
        shmb_detach(region);
    }
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
        length += snprintf(arguments + length, sizeof arguments - (size_t)length,
                           " Global\\ShmBroker.Region.%s.%s %s 0 0", names[beside[i].region], beside[i].part,
                           beside[i].part);
    process *hostile = process_start("shmbroker-hostile.exe", "%llu%s", seed, arguments);
    process_wait_line(hostile, "scribbling");
    return hostile;
}

static process *start_program(const test_broker *b, char *const names[SCRIBBLED_REGIONS],
                              unsigned long long often, unsigned long long number)
{
    return process_start("shmbroker-scribbled.exe", "%s %llu %llu %s %s %s %s %s", b->instance, often,
                         seed * 64 + number, names[0], names[1], names[2], names[3], names[4]);
}

/* Behind `word`, which is in the line. */
static unsigned long long number_behind(const char *line, const char *word)
{
    const char *at = strstr(line, word);
    if (at)
        return strtoull(at + strlen(word), NULL, 10);
    support_fail("there is no \"%s\" in \"%s\"", word, line);
}

static void add_score(sums *all, process *program)
{
    const char *line = process_wait_line(program, "done ");
    unsigned long long longest = number_behind(line, "longest ");
    all->operations += number_behind(line, "done ");
    all->well += number_behind(line, "well ");
    all->damage += number_behind(line, "damage ");
    all->longest_us = longest > all->longest_us ? longest : all->longest_us;
    assert_int_equal(process_wait(program), 0);
}

/* Each part of their operations must be done within SUPPORT_WAIT_MS of the one before. */
static void await_parts(process *programs[PROGRAMS])
{
    for (unsigned part = 1; part <= SCRIBBLED_PARTS; part++) {
        char line[32];
        snprintf(line, sizeof line, "at %u\n", part);
        for (unsigned i = 0; i < PROGRAMS; i++)
            process_wait_line(programs[i], line);
        if (operations > USUAL && part % (SCRIBBLED_PARTS / PARTS_TO_TELL) == 0) {
            printf("%llu of %llu operations\n", operations / SCRIBBLED_PARTS * part, operations);
            fflush(stdout);
        }
    }
}

static void tell(const sums *all, unsigned long long writes)
{
    printf(
        "%llu operations of %u programs against %llu hostile writes (seed %llu): %llu went well, %llu were "
        "told of damage, the longest took %llu.%03llu ms; nothing was found: no crash, no status that is not "
        "promised, no operation beyond its time\n",
        all->operations, PROGRAMS, writes, seed, all->well, all->damage, all->longest_us / 1000,
        all->longest_us % 1000);
}

static void nothing_that_a_hostile_program_writes_harms_who_uses_a_region(void **state)
{
    (void)state;
    char *names[SCRIBBLED_REGIONS];
    process *programs[PROGRAMS];
    sums all = {0}, after = {0};
    test_broker *b = make_regions(names);
    process *hostile = start_hostile(b, names);
    for (unsigned i = 0; i < PROGRAMS; i++)
        programs[i] =
            start_program(b, names, operations / PROGRAMS + (i == 0 ? operations % PROGRAMS : 0), i);
    await_parts(programs);
    for (unsigned i = 0; i < PROGRAMS; i++)
        add_score(&all, programs[i]);
    assert_true(process_is_running(hostile));
    process_close_input(hostile);
    assert_int_equal(process_wait(hostile), 0);
    unsigned long long writes = number_behind(process_output(hostile), "wrote ");
    add_score(&after, start_program(b, names, LEFT_BEHIND, PROGRAMS));
    tell(&all, writes);
    assert_true(all.well > operations / 10 && all.damage > operations / 1000 && writes > operations / 100);
    assert_true(after.well > 0);
    broker_stop(b);
}

/* A number from 1 on, in decimal. */
static bool read_number(const char *text, unsigned long long *number)
{
    char *end;
    *number = strtoull(text, &end, 10);
    return *text >= '1' && *text <= '9' && *end == '\0' && *number < UINT32_MAX;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(nothing_that_a_hostile_program_writes_harms_who_uses_a_region),
    };
    if (argc > 3 || (argc > 1 && !read_number(argv[1], &operations)) ||
        (argc > 2 && !read_number(argv[2], &seed))) {
        fputs(
            "usage: test-system.hostile [OPERATIONS [SEED]], both whole numbers from 1 on, such as: 1000000 "
            "7\n",
            stderr);
        return 2;
    }
    return cmocka_run_group_tests_name("a hostile program", tests, NULL, NULL);
}
