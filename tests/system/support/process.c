/* Programs that a test starts. See process.h. */
#include "process.h"

#include "kill.h"

#include <psapi.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tlhelp32.h>

#define MOST_ATTEMPTS 5u          /* to start one program */
#define OUTPUT_FIRST  (64u << 10) /* bytes kept of one stream at first, */
#define OUTPUT_MAX    (64u << 20) /* and at most: `status --json` of 25,000 regions has 11 million */

/* One captured stream: a thread reads the pipe to its end. */
typedef struct stream {
    process *owner;
    HANDLE pipe;
    HANDLE thread;
    char *bytes;
    size_t length;
    size_t room; /* bytes, with the end of the text */
    bool ended;
} stream;

struct process {
    char *program;
    HANDLE handle;
    DWORD id;
    HANDLE input;
    CRITICAL_SECTION lock; /* guards both streams */
    CONDITION_VARIABLE changed;
    stream output;
    stream errors;
};

/* Everything in it ends when this process does. */
static HANDLE children_job(void)
{
    static HANDLE job;
    if (job)
        return job;
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    job = CreateJobObjectW(NULL, NULL);
    if (!job || !SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits))
        support_fail("cannot make a job for child processes: %s", support_error(GetLastError()));
    return job;
}

/* ---- Streams --------------------------------------------------------------------------------------------------- */

/* What there is no room for is dropped: a program that says so much has failed a test already. */
static void make_room(stream *s, size_t count)
{
    size_t room = s->room;
    while (room < OUTPUT_MAX && room - s->length <= count)
        room *= 2;
    char *grown = room > s->room ? realloc(s->bytes, room) : NULL;
    if (!grown)
        return;
    s->bytes = grown;
    s->room = room;
}

static void append(stream *s, const char *bytes, size_t count)
{
    make_room(s, count);
    for (size_t i = 0; i < count && s->length + 1 < s->room; i++)
        if (bytes[i] != '\r')
            s->bytes[s->length++] = bytes[i];
    s->bytes[s->length] = 0;
}

static DWORD WINAPI read_stream(void *argument)
{
    stream *s = argument;
    char bytes[4096];
    DWORD got = 0;
    bool more = true;
    while (more) {
        more = ReadFile(s->pipe, bytes, sizeof bytes, &got, NULL) && got > 0;
        EnterCriticalSection(&s->owner->lock);
        if (more)
            append(s, bytes, got);
        else
            s->ended = true;
        LeaveCriticalSection(&s->owner->lock);
        WakeAllConditionVariable(&s->owner->changed);
    }
    return 0;
}

/* Makes the pipe of a stream and returns the end that the program gets. */
static HANDLE open_stream(process *p, stream *s)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    HANDLE writer = NULL;
    s->owner = p;
    s->bytes = support_memory(OUTPUT_FIRST);
    s->room = OUTPUT_FIRST;
    if (!CreatePipe(&s->pipe, &writer, &inherited, 0) ||
        !SetHandleInformation(s->pipe, HANDLE_FLAG_INHERIT, 0))
        support_fail("cannot make a pipe: %s", support_error(GetLastError()));
    return writer;
}

static void listen_to(stream *s)
{
    s->thread = CreateThread(NULL, 0, read_stream, s, 0, NULL);
    if (!s->thread)
        support_fail("cannot start a thread: %s", support_error(GetLastError()));
}

static void close_stream(stream *s)
{
    if (s->thread) {
        /* A grandchild may hold the pipe open: then the read is cancelled. */
        if (WaitForSingleObject(s->thread, 2000) != WAIT_OBJECT_0) {
            CancelSynchronousIo(s->thread);
            WaitForSingleObject(s->thread, SUPPORT_WAIT_MS);
        }
        CloseHandle(s->thread);
    }
    if (s->pipe)
        CloseHandle(s->pipe);
    free(s->bytes);
}

/* ---- Starting and ending --------------------------------------------------------------------------------------- */

static void undo_process(void *object)
{
    process *p = object;
    if (p->handle) {
        process_terminate(p);
        CloseHandle(p->handle);
    }
    process_close_input(p);
    close_stream(&p->output);
    close_stream(&p->errors);
    DeleteCriticalSection(&p->lock);
    free(p);
}

/* The program gets the three pipe ends and nothing else of this process. */
static void launch(process *p, HANDLE token, wchar_t *command_line, HANDLE ends[3])
{
    SIZE_T size = 0;
    STARTUPINFOEXW startup = {0};
    PROCESS_INFORMATION started;
    InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    startup.lpAttributeList = calloc(1, size);
    if (!startup.lpAttributeList ||
        !InitializeProcThreadAttributeList(startup.lpAttributeList, 1, 0, &size) ||
        !UpdateProcThreadAttribute(startup.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, ends,
                                   3 * sizeof *ends, NULL, NULL))
        support_fail("cannot prepare the start of %s: %s", p->program, support_error(GetLastError()));
    startup.StartupInfo.cb = sizeof startup;
    startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    startup.StartupInfo.hStdInput = ends[0];
    startup.StartupInfo.hStdOutput = ends[1];
    startup.StartupInfo.hStdError = ends[2];
    /* A console of its own, without a window: where process_press_ctrl_c reaches it and nothing else. */
    const DWORD flags = CREATE_NO_WINDOW | CREATE_SUSPENDED | EXTENDED_STARTUPINFO_PRESENT;
    BOOL ok;
    DWORD error;
    unsigned attempts = 0;
    do { /* Wine on a busy machine now and then starts nothing and calls it an internal error */
        ok = token ? CreateProcessAsUserW(token, NULL, command_line, NULL, NULL, TRUE, flags, NULL, NULL,
                                          &startup.StartupInfo, &started)
                   : CreateProcessW(NULL, command_line, NULL, NULL, TRUE, flags, NULL, NULL,
                                    &startup.StartupInfo, &started);
        error = GetLastError();
    } while (!ok && error == ERROR_INTERNAL_ERROR && ++attempts < MOST_ATTEMPTS);
    DeleteProcThreadAttributeList(startup.lpAttributeList);
    free(startup.lpAttributeList);
    if (!ok)
        support_fail("cannot start %s: %s", p->program, support_error(error));
    p->handle = started.hProcess;
    p->id = started.dwProcessId;
    if (!AssignProcessToJobObject(children_job(), started.hProcess))
        support_fail("cannot put %s into the job of this test: %s", p->program,
                     support_error(GetLastError()));
    ResumeThread(started.hThread);
    CloseHandle(started.hThread);
}

static process *start(HANDLE token, const char *program, const char *arguments)
{
    process *p = support_memory(sizeof *p);
    InitializeCriticalSection(&p->lock);
    InitializeConditionVariable(&p->changed);
    support_on_cleanup(undo_process, p);
    p->program = strchr(program, '\\') ? support_text("%s", program) : support_program(program);

    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    HANDLE ends[3] = {NULL, open_stream(p, &p->output), open_stream(p, &p->errors)};
    if (!CreatePipe(&ends[0], &p->input, &inherited, 0) ||
        !SetHandleInformation(p->input, HANDLE_FLAG_INHERIT, 0))
        support_fail("cannot make a pipe: %s", support_error(GetLastError()));
    launch(p, token, support_wide(support_text("\"%s\" %s", p->program, arguments)), ends);
    for (size_t i = 0; i < 3; i++)
        CloseHandle(ends[i]);
    listen_to(&p->output);
    listen_to(&p->errors);
    return p;
}

static char *format_arguments(const char *format, va_list values)
{
    char arguments[8192];
    int length = vsnprintf(arguments, sizeof arguments, format, values);
    if (length < 0 || (size_t)length >= sizeof arguments)
        support_fail("the command line is too long: %s", format);
    return support_text("%s", arguments);
}

process *process_start(const char *program, const char *arguments, ...)
{
    va_list values;
    va_start(values, arguments);
    char *line = format_arguments(arguments, values);
    va_end(values);
    return start(NULL, program, line);
}

process *process_start_as(HANDLE token, const char *program, const char *arguments, ...)
{
    va_list values;
    va_start(values, arguments);
    char *line = format_arguments(arguments, values);
    va_end(values);
    return start(token, program, line);
}

process *process_run(const char *program, const char *arguments, ...)
{
    va_list values;
    va_start(values, arguments);
    char *line = format_arguments(arguments, values);
    va_end(values);
    process *p = start(NULL, program, line);
    process_close_input(p);
    process_wait(p);
    return p;
}

/* ---- Watching -------------------------------------------------------------------------------------------------- */

/* Where a line that begins so starts, once the line is whole. */
static size_t find_line(const stream *s, const char *beginning)
{
    size_t length = strlen(beginning);
    const char *line = s->bytes;
    for (const char *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
        if (strncmp(line, beginning, length) == 0)
            return (size_t)(line - s->bytes);
    return SIZE_MAX;
}

static const char *copy_of(process *p, const stream *s, size_t from)
{
    EnterCriticalSection(&p->lock);
    char *copy = support_text("%s", s->bytes + from);
    LeaveCriticalSection(&p->lock);
    return copy;
}

const char *process_wait_line(process *p, const char *beginning)
{
    const ULONGLONG deadline = GetTickCount64() + SUPPORT_WAIT_MS;
    EnterCriticalSection(&p->lock);
    size_t at = find_line(&p->output, beginning);
    while (at == SIZE_MAX && !p->output.ended) {
        ULONGLONG now = GetTickCount64();
        if (now >= deadline || !SleepConditionVariableCS(&p->changed, &p->lock, (DWORD)(deadline - now)))
            break;
        at = find_line(&p->output, beginning);
    }
    LeaveCriticalSection(&p->lock);
    if (at == SIZE_MAX)
        support_fail("%s did not say \"%s\"\n  standard output:\n%s\n  standard error:\n%s", p->program,
                     beginning, process_output(p), process_errors(p));
    return copy_of(p, &p->output, at);
}

int process_wait(process *p)
{
    DWORD code = 0;
    if (WaitForSingleObject(p->handle, SUPPORT_WAIT_MS) != WAIT_OBJECT_0)
        support_fail("%s did not end\n  standard output:\n%s\n  standard error:\n%s", p->program,
                     process_output(p), process_errors(p));
    HANDLE readers[] = {p->output.thread, p->errors.thread};
    if (WaitForMultipleObjects(2, readers, TRUE, SUPPORT_WAIT_MS) != WAIT_OBJECT_0)
        support_fail("the output of %s does not end, though it has ended: a child of it holds its pipes",
                     p->program);
    GetExitCodeProcess(p->handle, &code);
    return (int)code;
}

const char *process_output(process *p)
{
    return copy_of(p, &p->output, 0);
}

const char *process_errors(process *p)
{
    return copy_of(p, &p->errors, 0);
}

bool process_is_running(const process *p)
{
    return WaitForSingleObject(p->handle, 0) == WAIT_TIMEOUT;
}

DWORD process_id(const process *p)
{
    return p->id;
}

#define SYSTEM_EXTENDED_HANDLE_INFORMATION 64

/* Not by GetProcessHandleCount, which says 0 under Wine, but by ntdll's table of every handle there is: their number, a
   word, and for each the object, the process, and more that is not needed here. */
unsigned process_count_handles(DWORD id)
{
    typedef LONG(WINAPI * query_function)(int what, void *buffer, ULONG size, ULONG *needed);
    const ULONG size = 64u << 20; /* for some million handles */
    const size_t words_each = sizeof(void *) == 8 ? 5 : 7;
    unsigned count = 0;
    ULONG needed = 0;
    query_function query = (query_function)(void (*)(void))GetProcAddress(GetModuleHandleW(L"ntdll.dll"),
                                                                          "NtQuerySystemInformation");
    ULONG_PTR *table = support_memory(size);
    if (!query || query(SYSTEM_EXTENDED_HANDLE_INFORMATION, table, size, &needed) < 0)
        support_fail("cannot count the handles of process %lu", id);
    for (size_t i = 0; i < table[0]; i++)
        count += table[2 + i * words_each + 1] == id;
    free(table);
    return count;
}

unsigned process_count_threads(DWORD id)
{
    unsigned count = 0;
    THREADENTRY32 thread = {.dwSize = sizeof thread};
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    for (BOOL more = Thread32First(all, &thread); more; more = Thread32Next(all, &thread))
        count += thread.th32OwnerProcessID == id;
    CloseHandle(all);
    return count;
}

/* Wine fills in the older field of the same meaning alone. */
SIZE_T process_count_bytes(DWORD id)
{
    PROCESS_MEMORY_COUNTERS_EX memory = {.cb = sizeof memory};
    HANDLE opened = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, id);
    if (opened) {
        GetProcessMemoryInfo(opened, (PROCESS_MEMORY_COUNTERS *)&memory, sizeof memory);
        CloseHandle(opened);
    }
    return memory.PrivateUsage ? memory.PrivateUsage : memory.PagefileUsage;
}

void process_close_input(process *p)
{
    if (p->input)
        CloseHandle(p->input);
    p->input = NULL;
}

/* Only a process of the same console can send the event, and a process has one console: a peer is sent there. */
void process_press_ctrl_c(process *p)
{
    process *peer = process_run("shmbroker-peer.exe", "press-ctrl-c %lu", (unsigned long)p->id);
    if (process_wait(peer) != 0)
        support_fail("cannot press Ctrl+C in the console of %s: %s", p->program, process_errors(peer));
}

void process_kill(process *p)
{
    if (!kill_process(p->handle, p->id, 99))
        support_fail("%s was killed and is not gone", p->program);
}

void process_discard(process *p)
{
    process_kill(p);
    support_undo(undo_process, p);
}

void process_terminate(process *p)
{
    TerminateProcess(p->handle, 99);
    WaitForSingleObject(p->handle, SUPPORT_WAIT_MS);
}
