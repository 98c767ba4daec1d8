/*
 * Asking the broker; see control_win32.h, and control_messages.h for the bytes.
 *
 * The pipe is believed when its server is the process that the catalog names, and what it says when it is exactly a
 * reply. The broker may learn who asks, and not act as them.
 */
#include "control_win32.h"

#include "control_messages.h"
#include "text_win32.h"

#include <windows.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PIPE_NAME_BYTES (sizeof "\\\\.\\pipe\\ShmBroker.Control." + SHMB_INSTANCE_MAX)
#define BUSY_PAUSE      20u /* milliseconds between two tries for a place at the pipe */

/* One exchange. */
typedef struct exchange {
    HANDLE pipe;
    OVERLAPPED overlapped;
    ULONGLONG end; /* of the time there is, GetTickCount64; 0: no end */
} exchange;

static DWORD time_left(const exchange *x)
{
    ULONGLONG now = GetTickCount64();
    if (x->end == 0)
        return INFINITE;
    return now >= x->end ? 0 : (DWORD)(x->end - now);
}

static shmb_status explain(DWORD error, const char *what, shmb_message *message)
{
    char text[SHMB_ERROR_TEXT_BYTES];
    if (error == WAIT_TIMEOUT || error == ERROR_PIPE_BUSY || error == ERROR_SEM_TIMEOUT) {
        shmb_message_set(message,
                         "the broker has not answered in time; it may do it still, shmb_region_size tells");
        return SHMB_TIMED_OUT;
    }
    shmb_message_set(message, "%s, %s: is the broker running? look at `shmbroker status`", what,
                     shmb_error_text(error, text));
    return error == ERROR_FILE_NOT_FOUND || error == ERROR_BROKEN_PIPE ? SHMB_NO_BROKER
                                                                       : shmb_status_of_error(error);
}

static HANDLE open_pipe(const exchange *x, const char *instance)
{
    char name[PIPE_NAME_BYTES];
    wchar_t path[PIPE_NAME_BYTES];
    snprintf(name, sizeof name, "\\\\.\\pipe\\ShmBroker.Control%s%s", instance[0] != '\0' ? "." : "",
             instance);
    if (!shmb_widen(name, path, PIPE_NAME_BYTES)) {
        SetLastError(ERROR_INVALID_NAME);
        return INVALID_HANDLE_VALUE;
    }
    for (;;) { /* ends: with a place, another error, or the time that there is */
        HANDLE pipe =
            CreateFileW(path, GENERIC_READ | FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES, 0, NULL, OPEN_EXISTING,
                        FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
        DWORD left = time_left(x);
        if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY || left == 0)
            return pipe;
        Sleep(left < BUSY_PAUSE ? left : BUSY_PAUSE);
    }
}

/* Waits for the operation that was begun. 0, or the error. */
static DWORD finish(exchange *x, BOOL begun, DWORD *length)
{
    DWORD ignored;
    if (!begun && GetLastError() != ERROR_IO_PENDING)
        return GetLastError();
    if (WaitForSingleObject(x->overlapped.hEvent, time_left(x)) == WAIT_OBJECT_0)
        return GetOverlappedResult(x->pipe, &x->overlapped, length, FALSE) ? 0 : GetLastError();
    CancelIoEx(x->pipe, &x->overlapped);
    GetOverlappedResult(x->pipe, &x->overlapped, &ignored, TRUE); /* until then the buffer is the kernel's */
    return WAIT_TIMEOUT;
}

/* Nothing is said to a program that took the name. */
static shmb_status check_server(const exchange *x, const shmb_hold *hold, shmb_message *message)
{
    ULONG server = 0;
    DWORD mode = PIPE_READMODE_MESSAGE;
    catalog_info info;
    if (catalog_read_info(&hold->view, &info) != CATALOG_OK ||
        !GetNamedPipeServerProcessId(x->pipe, &server) || server != info.broker_pid) {
        shmb_message_set(message,
                         "the control pipe belongs to process %lu, which is not the broker: end that program",
                         (unsigned long)server);
        return SHMB_UNTRUSTED;
    }
    return SetNamedPipeHandleState(x->pipe, &mode, NULL, NULL)
               ? SHMB_OK
               : explain(GetLastError(), "the control pipe cannot be used", message);
}

/* What the broker answered, as a status. */
static shmb_status judge(const uint8_t *bytes, DWORD length, shmb_message *message)
{
    static const shmb_status statuses[] = {[CONTROL_GREW] = SHMB_OK,
                                           [CONTROL_GROW_UNKNOWN] = SHMB_NOT_DECLARED,
                                           [CONTROL_GROW_DENIED] = SHMB_ACCESS_DENIED,
                                           [CONTROL_GROW_FIXED] = SHMB_CANNOT_GROW,
                                           [CONTROL_GROW_BUDGET] = SHMB_OVER_BUDGET,
                                           [CONTROL_GROW_COMMIT] = SHMB_COMMIT_LIMIT,
                                           [CONTROL_GROW_FAILED] = SHMB_SYSTEM_ERROR};
    control_reply_head head;
    if (length < sizeof head) {
        shmb_message_set(message, "the broker's answer is not understood: use the library of its release");
        return SHMB_INCOMPATIBLE;
    }
    memcpy(&head, bytes, sizeof head);
    const uint64_t texts = (uint64_t)head.lengths[0] + head.lengths[1] + head.lengths[2];
    if (head.magic != CONTROL_MAGIC || head.version != CONTROL_VERSION || head.status != CONTROL_DONE ||
        head.kind >= sizeof statuses / sizeof statuses[0] || texts != length - sizeof head ||
        head.lengths[1] == 0) {
        shmb_message_set(message, "the broker's answer is not understood: use the library of its release");
        return SHMB_INCOMPATIBLE;
    }
    const char *why = (const char *)bytes + sizeof head + head.lengths[0];
    shmb_message_set(message, "%.*s", (int)(head.lengths[1] - 1), why);
    return statuses[head.kind];
}

static shmb_status converse(exchange *x, const shmb_hold *hold, const control_request *request,
                            shmb_message *message)
{
    uint8_t reply[CONTROL_REPLY_MOST];
    DWORD length = 0;
    shmb_status status = check_server(x, hold, message);
    if (status != SHMB_OK)
        return status;
    DWORD error = finish(x, WriteFile(x->pipe, request, sizeof *request, NULL, &x->overlapped), &length);
    if (error == 0) {
        ResetEvent(x->overlapped.hEvent);
        error = finish(x, ReadFile(x->pipe, reply, sizeof reply, NULL, &x->overlapped), &length);
    }
    return error == 0 ? judge(reply, length, message) : explain(error, "the broker cannot be asked", message);
}

shmb_status shmb_control_grow(const shmb_hold *hold, const char *name, uint64_t size, uint32_t timeout_ms,
                              shmb_message *message)
{
    exchange x = {.end = timeout_ms == SHMB_INFINITE ? 0 : GetTickCount64() + timeout_ms};
    control_request request = {
        .magic = CONTROL_MAGIC, .version = CONTROL_VERSION, .command = CONTROL_GROW, .argument = size};
    size_t length = strlen(name);
    if (length >= sizeof request.region)
        return SHMB_INVALID_ARGUMENT;
    memcpy(request.region, name, length);
    x.overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    x.pipe = x.overlapped.hEvent != NULL ? open_pipe(&x, hold->instance) : INVALID_HANDLE_VALUE;
    shmb_status status = x.pipe != INVALID_HANDLE_VALUE
                             ? converse(&x, hold, &request, message)
                             : explain(GetLastError(), "the broker's control pipe cannot be opened", message);
    if (x.pipe != INVALID_HANDLE_VALUE)
        CloseHandle(x.pipe);
    if (x.overlapped.hEvent != NULL)
        CloseHandle(x.overlapped.hEvent);
    return status;
}
