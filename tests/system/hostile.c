/*
 * shmbroker-hostile: a program that may write to regions and writes over them, without the library, for test_hostile.c.
 *
 *   shmbroker-hostile SEED {OBJECT lock|state|queue|stream|signal|raw MESSAGES}…
 *
 * Prints `scribbling`, and scribbles until its standard input ends or it is killed.
 */
#include "../hostile/scribble.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#define MOST_TARGETS 12

static scribble_target targets[MOST_TARGETS];
static int target_count;

static scribble_kind kind_of(const char *word)
{
    static const char *const words[] = {"lock", "state", "queue", "stream", "signal"};
    for (int i = 0; i < 5; i++) {
        if (strcmp(words[i], word) == 0)
            return (scribble_kind)i;
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
    uint32_t messages = (uint32_t)strtoul(arguments[2], NULL, 10);
    targets[target_count++] =
        (scribble_target){kind_of(arguments[1]), bytes, view.RegionSize, messages > 0 ? messages : 1};
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
    ExitProcess(0);
}

int main(int argc, char **argv)
{
    uint32_t seed = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    for (int i = 2; i + 2 < argc && target_count < MOST_TARGETS; i += 3) {
        if (!open_target(argv + i))
            return 1;
    }
    if (target_count == 0 || CreateThread(NULL, 0, wait_for_end, NULL, 0, NULL) == NULL)
        return 2;
    puts("scribbling");
    fflush(stdout);
    for (uint32_t turn = 0;; turn++) {
        const scribble_target *target = &targets[turn % (uint32_t)target_count];
        for (uint32_t i = 0; i < 1 + seed % 16; i++)
            scribble(target, &seed);
        if (turn % 64 == 0)
            Sleep(1); /* so that the others come to work, too */
    }
}
