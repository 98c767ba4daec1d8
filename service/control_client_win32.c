/* A program's end of the control pipe. See platform.h. */
#include "support_win32.h"

#include <io.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_MS     5000u   /* for a place at the pipe */
#define PATIENCE_MS 120000u /* for the next reply: making large regions takes the broker long */

/* The broker may learn who asks, and not act as them. */
static HANDLE open_pipe(const wchar_t *path)
{
    ULONGLONG until = GetTickCount64() + BUSY_MS;
    for (;;) {
        HANDLE pipe =
            CreateFileW(path, GENERIC_READ | FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES, 0, NULL, OPEN_EXISTING,
                        FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
        if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY || GetTickCount64() >= until)
            return pipe;
        WaitNamedPipeW(path, 500);
    }
}

/* Waits for the operation under way on `pipe`. */
static bool finish(HANDLE pipe, OVERLAPPED *overlapped, BOOL begun, DWORD *length)
{
    DWORD ignored;
    if (!begun && GetLastError() != ERROR_IO_PENDING)
        return false;
    if (WaitForSingleObject(overlapped->hEvent, PATIENCE_MS) == WAIT_OBJECT_0)
        return GetOverlappedResult(pipe, overlapped, length, FALSE);
    CancelIoEx(pipe, overlapped);
    GetOverlappedResult(pipe, overlapped, &ignored, TRUE);
    SetLastError(ERROR_TIMEOUT);
    return false;
}

/* One exchange. */
typedef struct asking {
    HANDLE pipe;
    OVERLAPPED overlapped;
    bool (*replied)(void *context, const control_reply *reply);
    void *context;
} asking;

static bool write_request(asking *a, const control_request *request)
{
    DWORD written = 0;
    ResetEvent(a->overlapped.hEvent);
    BOOL begun = WriteFile(a->pipe, request, sizeof *request, NULL, &a->overlapped);
    return finish(a->pipe, &a->overlapped, begun, &written) && written == sizeof *request;
}

static bool read_replies(asking *a, platform_failure *failure)
{
    static uint8_t message[CONTROL_REPLY_MOST];
    static control_reply reply;
    do {
        DWORD length = 0;
        ResetEvent(a->overlapped.hEvent);
        BOOL begun = ReadFile(a->pipe, message, sizeof message, NULL, &a->overlapped);
        if (!finish(a->pipe, &a->overlapped, begun, &length))
            return win32_fail_advise(failure, GetLastError(), "see its log, and `shmbroker status`",
                                     "the broker has not answered");
        if (!control_reply_read(message, length, &reply))
            return win32_fail_advise(failure, 0, "use the shmbroker.exe of the version that runs",
                                     "the broker's answer is not understood");
    } while (a->replied(a->context, &reply) && reply.status == CONTROL_MORE);
    return true;
}

/* Nothing is said to a program that took the name. */
static bool is_broker(HANDLE pipe, uint32_t broker, platform_failure *failure)
{
    ULONG server = 0;
    DWORD mode = PIPE_READMODE_MESSAGE;
    if (!GetNamedPipeServerProcessId(pipe, &server) || server != broker)
        return win32_fail_advise(failure, 0, "end that program, then restart the broker",
                                 "the control pipe belongs to process %lu, and the broker is process %u",
                                 server, (unsigned)broker);
    return SetNamedPipeHandleState(pipe, &mode, NULL, NULL) ||
           win32_fail(failure, GetLastError(), "cannot use the control pipe");
}

bool platform_control_ask(const char *name, uint32_t broker, const control_request *request,
                          bool (*replied)(void *context, const control_reply *reply), void *context,
                          platform_failure *failure)
{
    asking a = {.replied = replied, .context = context};
    char *path = text_make("\\\\.\\pipe\\%s", name);
    wchar_t *wide = path ? win32_wide(path) : NULL;
    free(path);
    a.overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    a.pipe = wide && a.overlapped.hEvent ? open_pipe(wide) : INVALID_HANDLE_VALUE;
    bool ok = a.pipe != INVALID_HANDLE_VALUE;
    if (!ok)
        win32_fail(failure, GetLastError(), "cannot reach the broker's control pipe %s", name);
    ok = ok && is_broker(a.pipe, broker, failure);
    if (ok && !write_request(&a, request))
        ok = win32_fail(failure, GetLastError(), "cannot ask the broker");
    ok = ok && read_replies(&a, failure);
    if (a.pipe != INVALID_HANDLE_VALUE)
        CloseHandle(a.pipe);
    if (a.overlapped.hEvent)
        CloseHandle(a.overlapped.hEvent);
    free(wide);
    return ok;
}

static bool is_terminal(FILE *stream)
{
    DWORD mode;
    int file = _fileno(stream); /* negative: the process has no such stream */
    HANDLE handle = file >= 0 ? (HANDLE)_get_osfhandle(file) : INVALID_HANDLE_VALUE;
    return handle != INVALID_HANDLE_VALUE && GetConsoleMode(handle, &mode);
}

bool platform_asks_person(void)
{
    return is_terminal(stdin) && is_terminal(stdout);
}
