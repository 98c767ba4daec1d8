/*
 * `shmbroker service`: the broker under the service manager.
 *
 * The states: START_PENDING with a checkpoint for each half second in which regions were made, RUNNING when
 * all exist, STOP_PENDING likewise, STOPPED as the last call. The control handler only asks and returns. How
 * a broker ended is told as a service-specific exit code, one of broker.h's.
 */
#include "control_win32.h"
#include "grace_win32.h"

#include <stdlib.h>

#define WAIT_HINT_MS      20000u /* how long one step may take at most: a region of many bytes on a slow disk */
#define CHECKPOINT_GAP_MS 500u
#define ACCEPTED_CONTROLS                                                                                    \
    (SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_PARAMCHANGE |                            \
     SERVICE_ACCEPT_SESSIONCHANGE)

_Static_assert(WTS_CONSOLE_CONNECT == 1 && WTS_REMOTE_CONNECT == 3 && WTS_SESSION_LOGON == 5 &&
                   WTS_SESSION_LOGOFF == 6,
               "sessions.c has other numbers than winuser.h");

/* A process serves one service, which the service manager calls back without a context. */
static struct {
    const command_options *options;
    SRWLOCK lock; /* of the three below: the handler's thread and the service's both report */
    SERVICE_STATUS_HANDLE handle;
    SERVICE_STATUS status;
    ULONGLONG reported_at;
    HANDLE stop_event;
    HANDLE reload_event;
    bool reloads;               /* of the service's thread alone */
    bool keeps;                 /* set before the event */
    volatile LONG stop_control; /* the first that came */
    bool persists;              /* the stop has something to write to the disk */
    HANDLE session_wake;        /* there are session events */
    SRWLOCK session_lock;
    session_queue sessions;
    int exit_code;
} service = {.lock = SRWLOCK_INIT, .session_lock = SRWLOCK_INIT};

/* Call with the lock held. After STOPPED nothing may be reported any more. */
static void report_locked(DWORD state)
{
    bool pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;
    if (service.status.dwCurrentState == SERVICE_STOPPED)
        return;
    service.status.dwCheckPoint = pending ? service.status.dwCheckPoint + 1 : 0;
    service.status.dwWaitHint = pending ? WAIT_HINT_MS : 0;
    service.status.dwControlsAccepted =
        state != SERVICE_RUNNING ? 0
                                 : ACCEPTED_CONTROLS | (service.persists ? SERVICE_ACCEPT_PRESHUTDOWN : 0);
    service.status.dwCurrentState = state;
    service.reported_at = GetTickCount64();
    SetServiceStatus(service.handle, &service.status);
}

static void report(DWORD state)
{
    AcquireSRWLockExclusive(&service.lock);
    report_locked(state);
    ReleaseSRWLockExclusive(&service.lock);
}

static void report_stopped(int exit_code)
{
    AcquireSRWLockExclusive(&service.lock);
    service.status.dwWin32ExitCode = exit_code == EXIT_OK ? NO_ERROR : ERROR_SERVICE_SPECIFIC_ERROR;
    service.status.dwServiceSpecificExitCode = (DWORD)exit_code;
    report_locked(SERVICE_STOPPED);
    ReleaseSRWLockExclusive(&service.lock);
}

/* The thread that serves does the work; this one only notes it. */
static void note_session(DWORD type, const WTSSESSION_NOTIFICATION *data)
{
    const session_event event = session_event_of(type, data->dwSessionId);
    AcquireSRWLockExclusive(&service.session_lock);
    bool wanted = session_queue_put(&service.sessions, &event);
    ReleaseSRWLockExclusive(&service.session_lock);
    if (wanted)
        SetEvent(service.session_wake);
}

static bool take_session_event(void *context, session_event *event)
{
    (void)context;
    AcquireSRWLockExclusive(&service.session_lock);
    bool taken = session_queue_take(&service.sessions, event);
    ReleaseSRWLockExclusive(&service.session_lock);
    return taken;
}

static DWORD WINAPI on_control(DWORD code, DWORD type, void *data, void *context)
{
    (void)context;
    if (code == SERVICE_CONTROL_SESSIONCHANGE && data) {
        note_session(type, data);
        return NO_ERROR;
    }
    if (code == SERVICE_CONTROL_INTERROGATE)
        return NO_ERROR;
    if (code == SERVICE_CONTROL_PARAMCHANGE) {
        SetEvent(service.reload_event);
        return NO_ERROR;
    }
    if (code != SERVICE_CONTROL_STOP && code != SERVICE_CONTROL_SHUTDOWN &&
        code != SERVICE_CONTROL_PRESHUTDOWN && code != CONTROL_STOP_KEEPING)
        return ERROR_CALL_NOT_IMPLEMENTED;
    InterlockedCompareExchange(&service.stop_control, (LONG)code, 0);
    service.keeps = code == CONTROL_STOP_KEEPING;
    report(SERVICE_STOP_PENDING);
    SetEvent(service.stop_event);
    return NO_ERROR;
}

/* A checkpoint, but only for progress that was made, and not for every region of thousands. */
static void on_progress(void *context)
{
    (void)context;
    AcquireSRWLockExclusive(&service.lock);
    if (GetTickCount64() - service.reported_at >= CHECKPOINT_GAP_MS)
        report_locked(service.status.dwCurrentState);
    ReleaseSRWLockExclusive(&service.lock);
}

static void on_ready(void *context, const broker_summary *summary)
{
    (void)context;
    service.persists = summary->persists;
    report(SERVICE_RUNNING);
}

static bool wait_for_stop(void *context, uint32_t milliseconds, void *const *wakes, size_t count)
{
    (void)context;
    HANDLE awaited[3 + BROKER_WAKES] = {service.stop_event, service.reload_event, service.session_wake};
    for (size_t i = 0; i < count; i++)
        awaited[3 + i] = wakes[i];
    DWORD result = WaitForMultipleObjects((DWORD)(3 + count), awaited, FALSE, milliseconds);
    service.reloads = service.reloads || result == WAIT_OBJECT_0 + 1;
    return result != WAIT_OBJECT_0;
}

static bool reloads(void *context)
{
    (void)context;
    bool asked = service.reloads;
    service.reloads = false;
    return asked;
}

static bool keeps(void *context)
{
    (void)context;
    return service.keeps;
}

static uint32_t grace(void *context)
{
    char name[NAMES_TEXT];
    (void)context;
    names_service(service.options->instance, name);
    return win32_grace_of_service((DWORD)service.stop_control, name);
}

static void WINAPI service_main(DWORD argc, wchar_t **argv)
{
    (void)argc;
    const broker_host host = {NULL,  on_progress, on_ready,       wait_for_stop,     reloads,
                              keeps, grace,       "as a service", take_session_event};
    const broker_options what = {service.options->config, service.options->instance};
    char name[NAMES_TEXT];
    names_service(service.options->instance, name);
    const log_targets targets = {.event_source = name};
    service.handle = RegisterServiceCtrlHandlerExW(argv[0], on_control, NULL);
    if (!service.handle)
        return;
    service.status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    report(SERVICE_START_PENDING);
    broker_log *log = log_open(&targets);
    service.exit_code = log ? broker_run(&what, &host, log) : EXIT_FAILED;
    log_close(log);
    report_stopped(service.exit_code);
}

int command_service(const command_options *options)
{
    wchar_t name[] = L""; /* ignored for a process with one service */
    const SERVICE_TABLE_ENTRYW table[] = {{name, service_main}, {NULL, NULL}};
    platform_failure failure;
    service.options = options;
    service.stop_event = CreateEventW(NULL, TRUE, FALSE, NULL);
    service.reload_event = CreateEventW(NULL, FALSE, FALSE, NULL);
    service.session_wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (service.stop_event && service.reload_event && service.session_wake &&
        StartServiceCtrlDispatcherW(table))
        return service.exit_code;
    if (GetLastError() == ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) {
        fputs("error: `shmbroker service` is for the service manager; in a console use `shmbroker run`, or "
              "`shmbroker "
              "start` to start the service\n",
              stderr);
        return EXIT_BAD_USAGE;
    }
    win32_fail(&failure, GetLastError(), "cannot become a service");
    fprintf(stderr, "error: %s\n", failure.text);
    return EXIT_FAILED;
}
