/*
 * shmbroker-keeper.exe: holds sections open while no broker runs, and does nothing else.
 *
 * A section lives as long as somebody has a handle of it. The broker puts handles into this process with
 * DuplicateHandle; when the broker dies, they and the data behind them are still here. The program never looks at
 * them. It reads no file, no argument and no message, has no second thread and no C runtime: what does nothing
 * cannot fail. The broker, or the next one, ends it with TerminateProcess, and whatever it held goes with it.
 *
 * Its standard input is an event, its standard output the broker's process (started by hand it has neither, and ends):
 * until the event is set, which the broker does when it has written down whom to look for, the program ends with
 * its broker. So none is ever left that nobody knows of.
 *
 * Whoever changes this file raises the version in program.rc: the installer leaves a running keeper's file alone as long
 * as the version stays.
 */
#include <windows.h>

void keeper_main(void); /* the entry point: declared nowhere else */

void keeper_main(void)
{
    const HANDLE signs[] = {GetStdHandle(STD_INPUT_HANDLE), GetStdHandle(STD_OUTPUT_HANDLE)};
    if (WaitForMultipleObjects(2, signs, FALSE, INFINITE) != WAIT_OBJECT_0)
        ExitProcess(1);
    CloseHandle(signs[0]);
    CloseHandle(signs[1]);
    for (;;)
        Sleep(INFINITE);
}
