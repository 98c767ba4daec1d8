/*
 * coroutine.h: a few stacks, of which one runs at a time. A coroutine that is left and not gone back to is gone: what
 * it had on its stack is not looked at again.
 */
#ifndef SHMBROKER_COROUTINE_H
#define SHMBROKER_COROUTINE_H

#include <stdbool.h>

/* Runs body(first), which goes over to others of `count`, and returns when one goes over to -1. */
void coroutine_start(int count, void (*body)(int self), int first);

/* Goes over to another one, at its beginning or where it left; -1: to who called coroutine_start. */
void coroutine_switch(int to);

/* Runs `called` on the caller's stack; returns when it does, or when it calls coroutine_leave. */
void coroutine_call(void (*called)(void));
#if defined(__GNUC__)
__attribute__((noreturn))
#endif
void coroutine_leave(void);

/* Whether the address is on one of the stacks. */
bool coroutine_owns(const volatile void *at);

#endif
