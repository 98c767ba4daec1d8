/* Many clients in one process. See crowd.h. */
#include "crowd.h"

#include "shmb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#define MOST_CLIENTS 1000u
#define STACK_BYTES  65536u

static const char *instance;
static const char *region_name;
static HANDLE begin;
static HANDLE finish;
static HANDLE arrived; /* a semaphore: once for each client, attached or refused */
static volatile LONG refused;

static DWORD WINAPI be_client(void *argument)
{
    uint64_t number = (uintptr_t)argument;
    char message[1200];
    shmb_region *region;
    const shmb_attach_options options = {.struct_size = sizeof options,
                                         .access = SHMB_ACCESS_WRITE,
                                         .timeout_ms = SHMB_NO_WAIT,
                                         .instance = instance,
                                         .message = message,
                                         .message_size = sizeof message};
    WaitForSingleObject(begin, INFINITE);
    shmb_status status = shmb_attach(region_name, &options, &region);
    if (status == SHMB_OK && shmb_size(region) >= (number + 1) * sizeof number) {
        uint64_t *slots = shmb_data(region);
        slots[number] = number;
    } else {
        InterlockedIncrement(&refused);
        printf("refused %d: %s\n", (int)status, status == SHMB_OK ? "the region is too small" : message);
    }
    ReleaseSemaphore(arrived, 1, NULL);
    WaitForSingleObject(finish, INFINITE);
    shmb_detach(region);
    return 0;
}

static void wait_for_end_of_input(void)
{
    char byte;
    DWORD got;
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), &byte, 1, &got, NULL) && got > 0)
        ;
}

int crowd(char **arguments)
{
    static HANDLE threads[MOST_CLIENTS];
    unsigned first = (unsigned)strtoul(arguments[2], NULL, 10);
    unsigned count = (unsigned)strtoul(arguments[3], NULL, 10);
    instance = arguments[0];
    region_name = arguments[1];
    begin = CreateEventW(NULL, TRUE, FALSE, NULL);
    finish = CreateEventW(NULL, TRUE, FALSE, NULL);
    arrived = CreateSemaphoreW(NULL, 0, MOST_CLIENTS, NULL);
    if (!begin || !finish || !arrived || count > MOST_CLIENTS)
        return 2;
    for (unsigned i = 0; i < count; i++) {
        threads[i] = CreateThread(NULL, STACK_BYTES, be_client, (void *)(uintptr_t)(first + i),
                                  STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
        if (!threads[i])
            return 2;
    }
    SetEvent(begin);
    for (unsigned i = 0; i < count; i++)
        WaitForSingleObject(arrived, INFINITE);
    printf("attached %u\n", count - (unsigned)refused);
    fflush(stdout);
    wait_for_end_of_input();
    SetEvent(finish);
    for (unsigned i = 0; i < count; i++)
        WaitForSingleObject(threads[i], INFINITE);
    return refused ? 1 : 0;
}
