/*
 * shmbroker-hostile: a program that may write to regions and writes over them, without the library, for test_hostile.c.
 *
 *   shmbroker-hostile SEED {OBJECT lock|state|queue|stream|signal|waiters|raw BYTES MESSAGES}…
 *
 * BYTES is the object's size, 0 for all of its pages. Prints `scribbling`, and scribbles until its standard input ends or it is killed; at that end it prints `wrote N`, the number
 * of its writes. Now and then it puts all bytes of an object back as it found them first, so that operations come far.
 */
#include "../hostile/scribble.h"
#include "atomics.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#define MOST_TARGETS  16
#define LONGEST_BURST 64u
#define LONGEST_PEACE 2000u /* pauses of the processor */

static scribble_target targets[MOST_TARGETS];
static void *first_bytes[MOST_TARGETS];
static uint32_t target_count;
static uint64_t writes; /* this thread's; another one reads them */

static scribble_kind kind_of(const char *word)
{
    static const struct {
        const char *word;
        scribble_kind kind;
    } kinds[] = {{"lock", SCRIBBLE_LOCK},     {"state", SCRIBBLE_STATE},   {"queue", SCRIBBLE_QUEUE},
                 {"stream", SCRIBBLE_STREAM}, {"signal", SCRIBBLE_NOTICE}, {"waiters", SCRIBBLE_FLAG}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].word, word) == 0)
            return kinds[i].kind;
    }
    return SCRIBBLE_RAW;
}

static bool open_target(char **arguments)
{
    MEMORY_BASIC_INFORMATION view;
    HANDLE section = OpenFileMappingA(FILE_MAP_WRITE, FALSE, arguments[0]);
    uint8_t *bytes = section != NULL ? MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0) : NULL;
    if (bytes == NULL || VirtualQuery(bytes, &view, sizeof view) == 0) {
        printf("cannot map %s: %lu\n", arguments[0], GetLastError());
        return false;
    }
    size_t size = strtoul(arguments[2], NULL, 10);
    uint32_t messages = (uint32_t)strtoul(arguments[3], NULL, 10);
    if (size == 0 || size > view.RegionSize)
        size = view.RegionSize;
    targets[target_count] =
        (scribble_target){kind_of(arguments[1]), bytes, size, messages > 0 ? messages : 1};
    first_bytes[target_count] = malloc(size);
    if (first_bytes[target_count] == NULL)
        return false;
    memcpy(first_bytes[target_count++], bytes, size);
    return true;
}

static DWORD WINAPI wait_for_end(void *unused)
{
    char byte;
    DWORD got;
    bool more = true;
    (void)unused;
    while (more)
        more = ReadFile(GetStdHandle(STD_INPUT_HANDLE), &byte, 1, &got, NULL) && got > 0;
    printf("wrote %llu\n", (unsigned long long)shmb_load_relaxed_u64(&writes));
    fflush(stdout);
    ExitProcess(0);
}

static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* A burst against one of them, then perhaps all its bytes as they were, then a while of peace. */
static void attack(uint32_t *seed)
{
    uint32_t which = draw(seed) % target_count, burst = 1 + draw(seed) % LONGEST_BURST;
    for (uint32_t i = 0; i < burst; i++)
        scribble(&targets[which], seed);
    shmb_store_relaxed_u64(&writes, writes + burst);
    if (draw(seed) % 2 == 0)
        memcpy(targets[which].bytes, first_bytes[which], targets[which].size);
    for (uint32_t i = draw(seed) % LONGEST_PEACE; i > 0; i--)
        shmb_pause();
}

int main(int argc, char **argv)
{
    uint32_t seed = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    for (int i = 2; i + 3 < argc && target_count < MOST_TARGETS; i += 4) {
        if (!open_target(argv + i))
            return 1;
    }
    if (target_count == 0 || CreateThread(NULL, 0, wait_for_end, NULL, 0, NULL) == NULL)
        return 2;
    puts("scribbling");
    fflush(stdout);
    for (;;)
        attack(&seed);
}
