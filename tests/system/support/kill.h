/*
 * kill.h: ending or suspending a process at an instant of its work, for tests of what others find then. Shared with tests that have no other
 * support.
 */
#ifndef TEST_KILL_H
#define TEST_KILL_H

#include <stdbool.h>

#include <windows.h>

/*
 * Ends the process, whose handle may end it and wait for it, with this exit code. Whether it is gone, within 30 seconds.
 *
 * Where Wine says that a killed program's mutexes are abandoned, a thread of it may run on for some microseconds on another
 * processor, and write. Windows abandons them when the thread has ended. So under Wine each thread is brought to a stop first.
 */
bool kill_process(HANDLE process, DWORD id, UINT code);

/* Suspends all threads of a process, which stand still when this returns, or lets them go on. How many there were. */
unsigned stop_process(DWORD id);
unsigned resume_process(DWORD id);

#endif
