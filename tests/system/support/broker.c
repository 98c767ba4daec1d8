/* Brokers in a console. See broker.h. */
#include "broker.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static test_broker *prepare(const char *format, va_list values)
{
    static char text[65536]; /* larger configurations are written by their tests */
    int length = vsnprintf(text, sizeof text, format, values);
    if (length < 0 || (size_t)length >= sizeof text)
        support_fail("the configuration is too long");
    test_broker *b = support_memory(sizeof *b);
    support_on_cleanup(free, b);
    b->instance = support_unique("test");
    b->home = support_home(b->instance);
    support_remove_on_cleanup(b->home);
    b->config = support_text("%s\\shmbroker.yaml", support_guarded_folder());
    support_write_file(b->config, text, (size_t)length);
    return b;
}

test_broker *broker_prepare(const char *config, ...)
{
    va_list values;
    va_start(values, config);
    test_broker *b = prepare(config, values);
    va_end(values);
    return b;
}

void broker_start(test_broker *b)
{
    b->process = process_start("shmbroker.exe", "run --config \"%s\" --instance %s", b->config, b->instance);
    process_wait_line(b->process, "ready");
}

test_broker *broker_run_with(const char *config, ...)
{
    va_list values;
    va_start(values, config);
    test_broker *b = prepare(config, values);
    va_end(values);
    broker_start(b);
    return b;
}

void broker_stop(test_broker *b)
{
    process_press_ctrl_c(b->process);
    int code = process_wait(b->process);
    if (code != 0)
        support_fail("the broker ended with exit code %d after Ctrl+C:\n%s", code,
                     process_errors(b->process));
}

void broker_kill(test_broker *b)
{
    process_kill(b->process);
}

void broker_kill_with_keeper(test_broker *b)
{
    HANDLE keeper = OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE, FALSE, broker_keeper_id(b));
    if (!keeper)
        support_fail("the keeper cannot be opened: %s", support_error(GetLastError()));
    broker_kill(b); /* first: it would restore the other */
    if (!TerminateProcess(keeper, 99) || WaitForSingleObject(keeper, SUPPORT_WAIT_MS) != WAIT_OBJECT_0)
        support_fail("the keeper cannot be ended: %s", support_error(GetLastError()));
    CloseHandle(keeper);
}

const char *broker_ready_line(test_broker *b)
{
    return process_wait_line(b->process, "ready");
}

void broker_command(const test_broker *b, const char *what)
{
    process *p = process_run("shmbroker.exe", "%s --instance %s", what, b->instance);
    if (process_wait(p) != 0)
        support_fail("`shmbroker %s`: %s%s", what, process_output(p), process_errors(p));
}

process *broker_status(const test_broker *b, const char *arguments)
{
    return process_run("shmbroker.exe", "status --instance %s %s", b->instance, arguments);
}

DWORD broker_keeper_id(const test_broker *b)
{
    static const char mark[] = " keeper-started: process ";
    const char *log = support_read_file(support_text("%s\\data\\logs\\shmbroker.log", b->home), NULL),
               *found = NULL;
    for (const char *at = log; (at = strstr(at, mark)) != NULL; at++)
        found = at;
    return found ? strtoul(found + strlen(mark), NULL, 10) : 0;
}
