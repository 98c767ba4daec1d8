/* `shmbroker run`: the broker in a console, until Ctrl+C. */
#include "commands.h"
#include "grace_win32.h"
#include "support_win32.h"

static HANDLE stop_event;
static volatile LONG stop_kind = CTRL_C_EVENT; /* the last control that came */

/* Runs on a thread of the system's. For closing the window, log-off and shutdown it must not return before
   the broker has stopped, since the process ends with it; the system gives it a few seconds. */
static BOOL WINAPI on_control(DWORD kind)
{
    InterlockedExchange(&stop_kind, (LONG)kind);
    SetEvent(stop_event);
    if (kind != CTRL_C_EVENT && kind != CTRL_BREAK_EVENT)
        Sleep(INFINITE);
    return TRUE;
}

static void on_progress(void *context)
{
    (void)context;
}

static void on_ready(void *context, const broker_summary *summary)
{
    (void)context;
    printf("ready: %u %s of %s served", (unsigned)summary->regions,
           summary->regions == 1 ? "region" : "regions", summary->config);
    if (summary->failed)
        printf(", %u failed (see above)", (unsigned)summary->failed);
    printf("; Ctrl+C stops\n");
    fflush(stdout);
}

static bool wait_for_stop(void *context, uint32_t milliseconds, void *const *wakes, size_t count)
{
    (void)context;
    HANDLE awaited[1 + BROKER_WAKES] = {stop_event};
    for (size_t i = 0; i < count; i++)
        awaited[1 + i] = wakes[i];
    return WaitForMultipleObjects((DWORD)(1 + count), awaited, FALSE, milliseconds) != WAIT_OBJECT_0;
}

static uint32_t grace(void *context)
{
    (void)context;
    return win32_grace_of_console((DWORD)stop_kind);
}

int command_run(const command_options *options)
{
    const log_targets targets = {.console = true};
    const broker_host host = {NULL, on_progress, on_ready,       wait_for_stop, NULL,
                              NULL, grace,       "in a console", NULL};
    const broker_options what = {options->config, options->instance};
    stop_event = CreateEventW(NULL, TRUE, FALSE, NULL);
    broker_log *log = log_open(&targets);
    if (!stop_event || !log || !SetConsoleCtrlHandler(on_control, TRUE)) {
        platform_failure failure;
        win32_fail(&failure, GetLastError(), "cannot prepare the console for a broker");
        fprintf(stderr, "error: %s\n", failure.text);
        log_close(log);
        return EXIT_FAILED;
    }
    int code = broker_run(&what, &host, log);
    log_close(log);
    return code; /* the event stays: the control handler may still be using it */
}
