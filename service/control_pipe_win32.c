/*
 * The broker's end of the control pipe. See platform.h.
 *
 * One thread carries the bytes of all callers with overlapped I/O; it never waits for one of them. Each caller has a
 * few seconds for its request and for taking each reply; one that has not said anything yet makes room when all places
 * are used. What was asked waits here for the engine, which answers from its own thread.
 *
 * A caller's token is taken while its request is read, by impersonation for two calls; the thread acts as the broker
 * at all other times. Callers open the pipe for identification only (control_client_win32.c does), which is enough.
 */
#include "support_win32.h"

#include <aclapi.h>
#include <stdlib.h>
#include <string.h>

#define PLACES      16u
#define PATIENCE_MS 5000u /* for a request, or for taking one reply */
#define PIPE_BUFFER 65536u

/* What a place is doing. */
typedef enum stage {
    UNUSED,    /* it could not listen; tried again */
    LISTENING, /* for a caller */
    READING,   /* a request */
    ASKED,     /* the engine has not taken it */
    TAKEN,     /* the engine is at it */
    WRITING,   /* replies */
    LEAVING    /* all was sent; the caller is to close its end, so that nothing is lost */
} stage;

typedef struct place {
    HANDLE pipe;
    OVERLAPPED overlapped; /* its event is the place's own */
    stage stage;
    ULONGLONG since; /* GetTickCount64 when the stage, or the reply that is being sent, began */
    control_request request;
    DWORD garbage; /* where a caller that goes on talking is read to */
    HANDLE token;
    platform_control_ticket ticket;
    control_answer answer;
    size_t sent;
} place;

struct platform_control {
    HANDLE thread;
    HANDLE stop;
    HANDLE answered; /* the engine has answered somebody */
    HANDLE wake;     /* for the engine */
    wchar_t *path;
    PSECURITY_DESCRIPTOR descriptor;
    SRWLOCK
    lock; /* of all places: each is touched by the pipe's thread, or by the engine while ASKED or TAKEN */
    place places[PLACES];
    platform_control_ticket tickets;
};

static void enter(place *p, stage next)
{
    p->stage = next;
    p->since = GetTickCount64();
}

/* ---- A place's way from caller to caller ------------------------------------------------------- */

static void listen(place *p)
{
    ResetEvent(p->overlapped.hEvent);
    enter(p, LISTENING);
    if (ConnectNamedPipe(p->pipe, &p->overlapped) || GetLastError() == ERROR_PIPE_CONNECTED)
        SetEvent(p->overlapped.hEvent);
    else if (GetLastError() != ERROR_IO_PENDING)
        enter(p, UNUSED);
}

/* Whatever the caller is at, it is over. */
static void drop(place *p)
{
    DWORD ignored;
    if (CancelIoEx(p->pipe, &p->overlapped) || GetLastError() != ERROR_NOT_FOUND)
        GetOverlappedResult(p->pipe, &p->overlapped, &ignored, TRUE);
    if (p->token)
        CloseHandle(p->token);
    p->token = NULL;
    p->ticket = 0;
    control_answer_free(&p->answer);
    DisconnectNamedPipe(p->pipe);
    listen(p);
}

static void begin_reading(place *p)
{
    enter(p, READING);
    ResetEvent(p->overlapped.hEvent);
    if (!ReadFile(p->pipe, &p->request, sizeof p->request, NULL, &p->overlapped) &&
        GetLastError() != ERROR_IO_PENDING)
        drop(p);
}

/* Sends the next reply; behind the last one waits for the caller to leave. */
static void send_next(place *p)
{
    size_t length;
    const uint8_t *message = control_answer_next(&p->answer, &p->sent, &length);
    ResetEvent(p->overlapped.hEvent);
    enter(p, message ? WRITING : LEAVING);
    BOOL ok = message ? WriteFile(p->pipe, message, (DWORD)length, NULL, &p->overlapped)
                      : ReadFile(p->pipe, &p->garbage, sizeof p->garbage, NULL, &p->overlapped);
    if (!ok && GetLastError() != ERROR_IO_PENDING)
        drop(p);
}

/* The caller's token, for questions about its rights. NULL: it does not let itself be identified. */
static HANDLE token_of_caller(HANDLE pipe)
{
    HANDLE token = NULL;
    if (!ImpersonateNamedPipeClient(pipe))
        return NULL;
    if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token))
        token = NULL;
    if (!RevertToSelf())
        TerminateProcess(GetCurrentProcess(), (UINT)-1); /* going on as somebody else is no choice */
    return token;
}

/* A request has come, whole or not. */
static void take_request(platform_control *c, place *p, DWORD length)
{
    control_request request = p->request;
    p->token = token_of_caller(p->pipe);
    if (!p->token || !control_request_read(&request, length, &p->request)) {
        drop(p);
        return;
    }
    p->ticket = ++c->tickets;
    ResetEvent(p->overlapped.hEvent);
    enter(p, ASKED);
    SetEvent(c->wake);
}

/* The operation of a place has ended. */
static void advance(platform_control *c, place *p)
{
    DWORD length = 0;
    BOOL ok = GetOverlappedResult(p->pipe, &p->overlapped, &length, FALSE);
    if (p->stage == LISTENING && (ok || GetLastError() == ERROR_PIPE_CONNECTED))
        begin_reading(p);
    else if (p->stage == READING && ok)
        take_request(c, p, length);
    else if (p->stage == WRITING && ok)
        send_next(p);
    else
        drop(p);
}

/* Its operation may have ended: that is seen without a call. Of one that ended before it began its event tells, which is
   asked for all places at once. */
static bool may_have_ended(const place *p, bool is_awake)
{
    const bool has_operation =
        p->stage == LISTENING || p->stage == READING || p->stage == WRITING || p->stage == LEAVING;
    return has_operation && (is_awake || HasOverlappedIoCompleted(&p->overlapped));
}

/* ---- All places -------------------------------------------------------------------------------- */

static void drop_the_slow(platform_control *c)
{
    ULONGLONG now = GetTickCount64();
    for (size_t i = 0; i < PLACES; i++) {
        place *p = &c->places[i];
        bool waits_for_caller = p->stage == READING || p->stage == WRITING || p->stage == LEAVING;
        if (p->stage == UNUSED || (waits_for_caller && now - p->since >= PATIENCE_MS))
            drop(p);
    }
}

/* When nobody listens, who has been silent longest makes room, or else who has been served. */
static void make_room(platform_control *c)
{
    place *silent = NULL, *served = NULL;
    for (size_t i = 0; i < PLACES; i++) {
        place *p = &c->places[i];
        if (p->stage == LISTENING)
            return;
        if (p->stage == READING && (!silent || p->since < silent->since))
            silent = p;
        if (p->stage == LEAVING && (!served || p->since < served->since))
            served = p;
    }
    if (served || silent)
        drop(served ? served : silent);
}

static void send_answers(platform_control *c)
{
    for (size_t i = 0; i < PLACES; i++) {
        place *p = &c->places[i];
        if (p->stage != TAKEN || p->answer.length == 0)
            continue;
        p->sent = 0;
        send_next(p);
    }
}

/* One round: everybody whose operation has ended gets on. `awake` is the place whose event was seen, if any. */
static void tend(platform_control *c, size_t awake)
{
    AcquireSRWLockExclusive(&c->lock);
    for (size_t i = 0; i < PLACES; i++) {
        place *p = &c->places[i];
        if (may_have_ended(p, i == awake) && WaitForSingleObject(p->overlapped.hEvent, 0) == WAIT_OBJECT_0)
            advance(c, p);
    }
    send_answers(c);
    drop_the_slow(c);
    make_room(c);
    ReleaseSRWLockExclusive(&c->lock);
}

static DWORD WINAPI carry(void *context)
{
    platform_control *c = context;
    HANDLE awaited[PLACES + 2] = {c->stop, c->answered};
    for (size_t i = 0; i < PLACES; i++)
        awaited[i + 2] = c->places[i].overlapped.hEvent;
    for (;;) {
        const DWORD seen = WaitForMultipleObjects(PLACES + 2, awaited, FALSE, PATIENCE_MS / 5);
        if (seen == WAIT_OBJECT_0)
            return 0;
        tend(c, seen - WAIT_OBJECT_0 - 2); /* none for an answer, or when the time was up */
    }
}

/* ---- Opening and closing ----------------------------------------------------------------------- */

/* The first instance must be the first of all: otherwise the name is somebody else's. */
static HANDLE create_pipe(const platform_control *c, bool first)
{
    SECURITY_ATTRIBUTES security = {sizeof security, c->descriptor, FALSE};
    return CreateNamedPipeW(
        c->path, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | (first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0u),
        PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, PLACES,
        PIPE_BUFFER, PIPE_BUFFER, 0, &security);
}

static bool open_places(platform_control *c)
{
    for (size_t i = 0; i < PLACES; i++) {
        place *p = &c->places[i];
        p->pipe = create_pipe(c, i == 0);
        p->overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
        if (p->pipe == INVALID_HANDLE_VALUE || !p->overlapped.hEvent)
            return false;
        listen(p);
    }
    return true;
}

static void close_place(place *p)
{
    DWORD ignored;
    if (p->pipe != INVALID_HANDLE_VALUE) {
        if (CancelIoEx(p->pipe, &p->overlapped) || GetLastError() != ERROR_NOT_FOUND)
            GetOverlappedResult(p->pipe, &p->overlapped, &ignored, TRUE);
        CloseHandle(p->pipe);
    }
    if (p->token)
        CloseHandle(p->token);
    if (p->overlapped.hEvent)
        CloseHandle(p->overlapped.hEvent);
    control_answer_free(&p->answer);
}

static void close_if(HANDLE handle)
{
    if (handle)
        CloseHandle(handle);
}

void platform_control_close(platform_control *control)
{
    if (!control)
        return;
    if (control->thread) {
        SetEvent(control->stop);
        WaitForSingleObject(control->thread, INFINITE); /* it never waits for anybody but for this */
        CloseHandle(control->thread);
    }
    for (size_t i = 0; i < PLACES; i++)
        close_place(&control->places[i]);
    close_if(control->stop);
    close_if(control->answered);
    close_if(control->wake);
    LocalFree(control->descriptor);
    free(control->path);
    free(control);
}

static bool begin(platform_control *c)
{
    c->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    c->answered = CreateEventW(NULL, FALSE, FALSE, NULL);
    c->wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!c->path || !c->stop || !c->answered || !c->wake || !open_places(c))
        return false;
    c->thread = CreateThread(NULL, 0, carry, c, 0, NULL);
    return c->thread != NULL;
}

bool platform_control_open(const char *name, const char *sddl, platform_control **control,
                           platform_failure *failure)
{
    *control = NULL;
    platform_control *c = calloc(1, sizeof *c);
    if (!c)
        return win32_fail(failure, ERROR_OUTOFMEMORY, "cannot open the control pipe %s", name);
    InitializeSRWLock(&c->lock);
    for (size_t i = 0; i < PLACES; i++)
        c->places[i].pipe = INVALID_HANDLE_VALUE;
    char *path = text_make("\\\\.\\pipe\\%s", name);
    c->path = path ? win32_wide(path) : NULL;
    free(path);
    c->descriptor = win32_descriptor(sddl, failure);
    bool ok = c->descriptor && begin(c);
    if (c->descriptor && !ok) {
        DWORD error = GetLastError();
        win32_fail_advise(
            failure, error,
            error == ERROR_ACCESS_DENIED
                ? "another program has made a pipe of that name: end it, then restart the broker"
                : NULL,
            "cannot open the control pipe %s", name);
    }
    if (!ok) {
        platform_control_close(c);
        return false;
    }
    *control = c;
    return true;
}

/* ---- For the engine ---------------------------------------------------------------------------- */

static place *find(platform_control *control, platform_control_ticket ticket)
{
    for (size_t i = 0; ticket != 0 && i < PLACES; i++)
        if (control->places[i].ticket == ticket && control->places[i].stage == TAKEN)
            return &control->places[i];
    return NULL;
}

bool platform_control_next(platform_control *control, control_request *request,
                           platform_control_ticket *ticket)
{
    place *first = NULL;
    *ticket = 0;
    if (!control)
        return false;
    AcquireSRWLockExclusive(&control->lock);
    for (size_t i = 0; i < PLACES; i++) {
        place *p = &control->places[i];
        if (p->stage == ASKED && (!first || p->ticket < first->ticket))
            first = p;
    }
    if (first) {
        first->stage = TAKEN;
        *request = first->request;
        *ticket = first->ticket;
    }
    ReleaseSRWLockExclusive(&control->lock);
    return first != NULL;
}

static bool token_may(HANDLE token, PSECURITY_DESCRIPTOR descriptor, uint32_t right)
{
    GENERIC_MAPPING none = {0};
    PRIVILEGE_SET privileges;
    DWORD size = sizeof privileges, granted = 0;
    BOOL allowed = FALSE;
    return AccessCheck(descriptor, token, right, &none, &privileges, &size, &granted, &allowed) && allowed &&
           (granted & right) == right;
}

/* Whether the caller has the right by a descriptor, which is freed; NULL gives none. */
static bool may(platform_control *control, platform_control_ticket ticket, PSECURITY_DESCRIPTOR descriptor,
                uint32_t right)
{
    if (!descriptor)
        return false;
    AcquireSRWLockExclusive(&control->lock);
    const place *p = find(control, ticket);
    const bool granted = p && token_may(p->token, descriptor, right);
    ReleaseSRWLockExclusive(&control->lock);
    LocalFree(descriptor);
    return granted;
}

bool platform_control_may(platform_control *control, platform_control_ticket ticket, const char *sddl,
                          uint32_t right)
{
    platform_failure ignored;
    return may(control, ticket, win32_descriptor(sddl, &ignored), right);
}

#ifndef LABEL_SECURITY_INFORMATION
#define LABEL_SECURITY_INFORMATION 0x10u
#endif

/* With the label, which AccessCheck heeds; without it where the system does not give it. The caller frees it. */
static PSECURITY_DESCRIPTOR descriptor_of(HANDLE object)
{
    const SECURITY_INFORMATION plain =
        OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    PSECURITY_DESCRIPTOR found = NULL;
    if (GetSecurityInfo(object, SE_KERNEL_OBJECT, plain | LABEL_SECURITY_INFORMATION, NULL, NULL, NULL, NULL,
                        &found) == ERROR_SUCCESS)
        return found;
    return GetSecurityInfo(object, SE_KERNEL_OBJECT, plain, NULL, NULL, NULL, NULL, &found) == ERROR_SUCCESS
               ? found
               : NULL;
}

bool platform_control_may_open(platform_control *control, platform_control_ticket ticket,
                               const platform_section *section, uint32_t right)
{
    return may(control, ticket, descriptor_of((HANDLE)(uintptr_t)section), right);
}

void platform_control_caller(platform_control *control, platform_control_ticket ticket,
                             char account[PLATFORM_ACCOUNT])
{
    union {
        TOKEN_USER user;
        BYTE bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } found;
    DWORD length;
    AcquireSRWLockExclusive(&control->lock);
    const place *p = find(control, ticket);
    bool known = p && GetTokenInformation(p->token, TokenUser, &found, sizeof found, &length);
    ReleaseSRWLockExclusive(&control->lock);
    snprintf(account, PLATFORM_ACCOUNT, "an account that cannot be seen");
    if (known)
        win32_account_text(found.user.User.Sid, account, PLATFORM_ACCOUNT);
}

void platform_control_reply(platform_control *control, platform_control_ticket ticket, control_answer *answer)
{
    AcquireSRWLockExclusive(&control->lock);
    place *p = find(control, ticket);
    if (p) {
        p->answer = *answer;
        memset(answer, 0, sizeof *answer);
    }
    ReleaseSRWLockExclusive(&control->lock);
    control_answer_free(answer);
    SetEvent(control->answered);
}

void *platform_control_wake(const platform_control *control)
{
    return control ? control->wake : NULL;
}
