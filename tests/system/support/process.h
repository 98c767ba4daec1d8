/*
 * Programs that a test starts: their output captured, every wait bounded, none of them outliving the test.
 *
 * All of them belong to one job that the system ends with the test's own process, however that ends.
 */
#ifndef TEST_PROCESS_H
#define TEST_PROCESS_H

#include "support.h"

typedef struct process process;

/* Starts a program that was built with the test, or the one at an absolute path, with the formatted arguments as its
   command line. Its standard input stays open and empty until process_close_input. Lives until support_cleanup. */
SUPPORT_PRINTF(2, 3)
process *process_start(const char *program, const char *arguments, ...);

/* The same under another account: `token` is a primary one. */
SUPPORT_PRINTF(3, 4)
process *process_start_as(HANDLE token, const char *program, const char *arguments, ...);

/* Runs a program to its end, at most SUPPORT_WAIT_MS. Its exit code and outputs are the process's. */
SUPPORT_PRINTF(2, 3)
process *process_run(const char *program, const char *arguments, ...);

/* Waits until a line of standard output begins with `beginning`, and returns the whole of standard output from there
   on (as far as it came). Fails when the program ends without it. */
const char *process_wait_line(process *p, const char *beginning);

/* Waits for its end and returns the exit code. */
int process_wait(process *p);

/* What it has written so far, without carriage returns; lives until support_cleanup. Complete after process_wait. */
const char *process_output(process *p);
const char *process_errors(process *p);

bool process_is_running(const process *p);
DWORD process_id(const process *p);

/* How many handles the process `id` has open, how many threads, and how many bytes of memory are its own. */
unsigned process_count_handles(DWORD id);
unsigned process_count_threads(DWORD id);
SIZE_T process_count_bytes(DWORD id);

/* Ends its standard input. */
void process_close_input(process *p);

/* Presses Ctrl+C in its console. Returns when that has been delivered. */
void process_press_ctrl_c(process *p);

/* Ends it without giving it a chance to do anything, and waits until it is gone: kill.h. */
void process_kill(process *p);

/* The same, and gives up all that is kept of it: for tests that kill thousands. */
void process_discard(process *p);

/* The same as process_kill by one call, for who measures what follows on it; under Wine it may still do something then. */
void process_terminate(process *p);

#endif
