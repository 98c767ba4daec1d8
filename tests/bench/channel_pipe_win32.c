/* A named pipe in message mode: what Windows has for messages between processes. */
#include "bench.h"
#include "channels.h"
#include "support.h"

#include <stdlib.h>

static void *pipe_open(const char *name, const channel_shape *shape, bool first)
{
    const wchar_t *path = support_wide(support_text("\\\\.\\pipe\\%s", name));
    DWORD size = shape->message_size * 16 < (1u << 20) ? shape->message_size * 16 : 1u << 20;
    DWORD mode = PIPE_READMODE_MESSAGE;
    HANDLE pipe = first ? CreateNamedPipeW(path, PIPE_ACCESS_DUPLEX,
                                           PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT, 1, size,
                                           size, 0, NULL)
                        : CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (pipe == INVALID_HANDLE_VALUE || (!first && !SetNamedPipeHandleState(pipe, &mode, NULL, NULL)))
        bench_fail("cannot make or open the pipe %s: %s", name, support_error(GetLastError()));
    return pipe;
}

static void pipe_send(void *channel, const void *message, size_t size)
{
    DWORD written;
    if (!WriteFile(channel, message, (DWORD)size, &written, NULL) || written != size)
        bench_fail("cannot write to the pipe: %s", support_error(GetLastError()));
}

/* A pipe that nobody has opened yet is waited for. */
static size_t pipe_receive(void *channel, void *message, size_t capacity)
{
    DWORD got = 0;
    BOOL ok = ReadFile(channel, message, (DWORD)capacity, &got, NULL);
    if (!ok && GetLastError() == ERROR_PIPE_LISTENING) {
        ConnectNamedPipe(channel, NULL);
        ok = ReadFile(channel, message, (DWORD)capacity, &got, NULL);
    }
    if (!ok)
        bench_fail("cannot read from the pipe: %s", support_error(GetLastError()));
    return got;
}

static void pipe_close(void *channel)
{
    CloseHandle(channel);
}

const channel_kind channel_pipe = {
    .name = "named pipe",
    .open = pipe_open,
    .send = pipe_send,
    .receive = pipe_receive,
    .close = pipe_close,
};
