/* shmbroker-campaign: rounds of faults, and what came of them. See campaign.h; `--help` prints the options. */
#include "campaign.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ROUNDS 1000000u

tally counted;

static uint64_t seed;
static unsigned current; /* the round, from 1 */

static void say_repeat(FILE *to)
{
    fprintf(to, "  to repeat it: ./dev campaign --seed %llu --only %u\n", (unsigned long long)seed, current);
    fflush(to);
}

void campaign_found(unsigned *count, const char *format, ...)
{
    va_list values;
    (*count)++;
    printf("FOUND in round %u: ", current);
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    putchar('\n');
    say_repeat(stdout);
}

_Noreturn void support_fail(const char *format, ...)
{
    va_list values;
    fprintf(stderr, "FAILED in round %u: ", current);
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    say_repeat(stderr);
    support_cleanup();
    exit(1);
}

/* splitmix64: every seed, 0 too, gives numbers that look like chance. */
static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

unsigned chance_of(chance *c, unsigned below)
{
    return (unsigned)(next(&c->state) % below);
}

static bool read_number(const char *text, uint64_t most, uint64_t *number)
{
    char *end;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == 0 && *number <= most;
}

static int usage(void)
{
    puts("shmbroker-campaign [--rounds N] [--from F] [--seed S] [--only R]\n"
         "  Kills broker, keeper, writers and readers, and fails calls of Windows, at places that S chooses, "
         "and sees\n"
         "  that nothing is lost that was to stay. F: the first round, 1 if not told otherwise, so that a "
         "campaign can "
         "be run\n"
         "  in parts. R: only that round of S.");
    return 2;
}

static int finish(void)
{
    round_print_reached();
    printf("%u rounds with seed %llu: %u faults injected (%u more not reached), %u data lost, %u descriptors "
           "weakened "
           "(%llu looks), %u leaks, %u slow answers\n",
           counted.rounds, (unsigned long long)seed, counted.injected, counted.missed, counted.lost,
           counted.weakened, counted.looks, counted.leaked, counted.slow);
    fflush(stdout);
    return counted.lost + counted.weakened + counted.leaked + counted.slow == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    uint64_t rounds = 10, from = 1, only = 0;
    seed = GetTickCount64();
    for (int i = 1; i < argc; i += 2) {
        uint64_t *to = strcmp(argv[i], "--rounds") == 0 ? &rounds
                       : strcmp(argv[i], "--seed") == 0 ? &seed
                       : strcmp(argv[i], "--from") == 0 ? &from
                       : strcmp(argv[i], "--only") == 0 ? &only
                                                        : NULL;
        if (!to || i + 1 >= argc || !read_number(argv[i + 1], to == &seed ? UINT64_MAX : MOST_ROUNDS, to))
            return usage();
    }
    printf("seed %llu\n", (unsigned long long)seed);
    fflush(stdout);
    round_measure();
    from = only ? only : from > 0 ? from : 1;
    rounds = only ? 1 : rounds;
    for (uint64_t r = from; r < from + rounds; r++) {
        current = (unsigned)r;
        round_run(seed, current);
        counted.rounds++;
    }
    return finish();
}
