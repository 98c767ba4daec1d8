#define _GNU_SOURCE /* ucontext.h */
#include "coroutine.h"

#include "scheduler.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

#if defined(__SANITIZE_ADDRESS__)
#define ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASAN 1
#endif
#endif
#ifndef ASAN
#define ASAN 0
#endif
#if ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#define STACK_BYTES ((size_t)256 << 10)

static unsigned char stacks[MODEL_THREADS][STACK_BYTES] __attribute__((aligned(64)));
static ucontext_t contexts[MODEL_THREADS], home;
static int running = -1;
static void (*run_body)(int self);
static jmp_buf leave;

#if ASAN
static const void *home_stack;
static size_t home_bytes;
#endif

/* AddressSanitizer is told of each change of stacks; `left` keeps what it knows of the one that is left. */
static void announce(int to, void **left)
{
#if ASAN
    __sanitizer_start_switch_fiber(left, to < 0 ? home_stack : stacks[to], to < 0 ? home_bytes : STACK_BYTES);
#else
    (void)to;
    (void)left;
#endif
}

static void arrived(void *before)
{
#if ASAN
    const void *stack;
    size_t bytes;
    __sanitizer_finish_switch_fiber(before, &stack, &bytes);
    if (home_stack == NULL) {
        home_stack = stack;
        home_bytes = bytes;
    }
#else
    (void)before;
#endif
}

static void begin(void)
{
    arrived(NULL);
    run_body(running);
    abort(); /* its end is a switch to another one */
}

static void prepare(int which)
{
#if ASAN
    __asan_unpoison_memory_region(stacks[which], STACK_BYTES); /* what ended there had no chance to */
#endif
    getcontext(&contexts[which]);
    contexts[which].uc_stack.ss_sp = stacks[which];
    contexts[which].uc_stack.ss_size = STACK_BYTES;
    contexts[which].uc_link = NULL;
    makecontext(&contexts[which], begin, 0);
}

void coroutine_start(int count, void (*body)(int self), int first)
{
    run_body = body;
    for (int i = 0; i < count; i++)
        prepare(i);
    coroutine_switch(first);
}

void coroutine_switch(int to)
{
    ucontext_t *from = running < 0 ? &home : &contexts[running];
    void *left = NULL;
    running = to;
    announce(to, &left);
    swapcontext(from, to < 0 ? &home : &contexts[to]);
    arrived(left);
}

void coroutine_call(void (*called)(void))
{
    if (setjmp(leave) == 0)
        called();
}

void coroutine_leave(void)
{
    longjmp(leave, 1);
}

bool coroutine_owns(const volatile void *at)
{
    uintptr_t address = (uintptr_t)at, first = (uintptr_t)stacks;
    return address >= first && address - first < sizeof stacks;
}
