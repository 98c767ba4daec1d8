/* Just enough threads for a test: start with a function, wait for its end. */
#ifndef SHMBROKER_TEST_THREADS_H
#define SHMBROKER_TEST_THREADS_H

#include <stdbool.h>

typedef void (*thread_body)(void *context);

#if defined(_WIN32)
#include <windows.h>

typedef struct thread {
    HANDLE handle;
    thread_body body;
    void *context;
} thread;

static DWORD WINAPI thread_main(void *given)
{
    thread *t = given;
    t->body(t->context);
    return 0;
}

static inline bool thread_start(thread *t, thread_body body, void *context)
{
    t->body = body;
    t->context = context;
    t->handle = CreateThread(NULL, 0, thread_main, t, 0, NULL);
    return t->handle != NULL;
}

static inline void thread_join(thread *t)
{
    WaitForSingleObject(t->handle, INFINITE); /* ctest bounds it */
    CloseHandle(t->handle);
}

#else
#include <pthread.h>

typedef struct thread {
    pthread_t id;
    thread_body body;
    void *context;
} thread;

static void *thread_main(void *given)
{
    thread *t = given;
    t->body(t->context);
    return NULL;
}

static inline bool thread_start(thread *t, thread_body body, void *context)
{
    t->body = body;
    t->context = context;
    return pthread_create(&t->id, NULL, thread_main, t) == 0;
}

static inline void thread_join(thread *t)
{
    pthread_join(t->id, NULL);
}
#endif

#endif
