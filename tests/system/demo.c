/*
 * shmbroker-demo: the whole of it once, with a transcript: install, start, write, read, be refused, crash, stop,
 * uninstall.
 *
 *     shmbroker-demo [CONFIG]     config/examples/sensors.yaml when none is named
 *
 * It uses the service's own name, and refuses to run where that is installed already. Exit code 0 only when
 * everything happened as it says; what it made is removed in any case.
 */
#include "account.h"
#include "process.h"
#include "service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE_NAME "ShmBroker"
#define REGION       "Telemetry"   /* Users read, administrators write */
#define CLOSED       "Calibration" /* for the sensor service and administrators alone */

#if defined(_MSC_VER)
#pragma warning(disable : 4611) /* setjmp and destructors: there are none in C */
#endif

static jmp_buf failed;

_Noreturn void support_fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fputs("\nFAILED: ", stdout);
    vprintf(format, values);
    puts("");
    va_end(values);
    longjmp(failed, 1);
}

/* ---- The transcript -------------------------------------------------------------------------------------------- */

static void step(const char *title)
{
    static unsigned number;
    printf("\n%u. %s\n", ++number, title);
    fflush(stdout);
}

static void show_lines(const char *lines, unsigned limit)
{
    for (unsigned shown = 0; *lines && shown < limit; shown++) {
        size_t length = strcspn(lines, "\n");
        printf("       %.*s\n", (int)length, lines);
        lines += length + (lines[length] == '\n');
    }
    if (*lines)
        puts("       ...");
    fflush(stdout);
}

static void show_command(const char *who, const char *program, const char *arguments)
{
    printf("   %s> %s %s\n", who, program, arguments);
    fflush(stdout);
}

static void show_result(process *p)
{
    show_lines(process_output(p), 40);
    show_lines(process_errors(p), 40);
}

static void conclude(const char *what)
{
    printf("   => %s\n", what);
    fflush(stdout);
}

/* Runs a command to its end with its output shown; it must end with `code`. `who` NULL: as this account. */
static process *run(HANDLE who, int code, const char *program, const char *arguments)
{
    show_command(who ? "ordinary account " : "", program, arguments);
    const char *file = support_text("%s.exe", program);
    process *p = who ? process_start_as(who, file, "%s", arguments) : process_start(file, "%s", arguments);
    process_close_input(p);
    int ended = process_wait(p);
    show_result(p);
    if (ended != code)
        support_fail("%s ended with exit code %d; %d was expected", program, ended, code);
    return p;
}

/* ---- The steps ------------------------------------------------------------------------------------------------- */

/* What the file says about REGION: its key, and the lines that are indented deeper. */
static void show_declaration(const char *config)
{
    const char *text = support_read_file(config, NULL), *from = strstr(text, "\n  " REGION ":");
    if (!from)
        support_fail("%s declares no region " REGION, config);
    const char *to = strchr(from + 1, '\n');
    while (to && strncmp(to, "\n    ", 5) == 0)
        to = strchr(to + 1, '\n');
    printf("   %s, in part:\n", config);
    show_lines(support_text("%.*s", to ? (int)(to - from - 1) : 1000, from + 1), 10);
}

static void install_and_start(const char *config)
{
    step("An administrator declares regions in a file, and installs the service that owns them.");
    show_declaration(config);
    service_remove_on_cleanup(SERVICE_NAME);
    process *install = run(NULL, 0, "shmbroker", support_text("install --config \"%s\"", config));
    if (support_under_wine() && strstr(process_errors(install), "warning"))
        puts("   (The warnings are about what Wine's service manager lacks; that of Windows has it.)");
    run(NULL, 0, "shmbroker", "start");
    run(NULL, 0, "shmbroker", "status");
    conclude("The regions exist, and stay for as long as the service runs.");
}

/* The number behind the last line that begins so: "wrote 17: …". */
static unsigned long last_number(const char *lines, const char *beginning)
{
    unsigned long number = 0;
    for (const char *at = lines; (at = strstr(at, beginning)) != NULL; at++)
        number = strtoul(at + strlen(beginning), NULL, 10);
    return number;
}

static process *write_and_read(HANDLE ordinary)
{
    step("A program attaches by name and writes; two others, of an account that may only read, see the "
         "values.");
    show_command("", "example-writer", REGION " 100000 100");
    process *writer = process_start("example-writer.exe", "%s", REGION " 100000 100");
    process_wait_line(writer, "wrote ");
    process *readers[2];
    for (unsigned i = 0; i < 2; i++) {
        show_command("ordinary account ", "example-reader", REGION " 4");
        readers[i] = process_start_as(ordinary, "example-reader.exe", "%s", REGION " 4");
    }
    for (unsigned i = 0; i < 2; i++) {
        int code = process_wait(readers[i]);
        printf("   reader %u, process %lu:\n", i + 1, process_id(readers[i]));
        show_result(readers[i]);
        if (code != 0 || last_number(process_output(readers[i]), "read ") == 0)
            support_fail("reader %u did not see the values", i + 1);
    }
    printf("   writer, process %lu, meanwhile:\n", process_id(writer));
    show_lines(process_output(writer), 8);
    conclude("Three processes share the same bytes.");
    return writer;
}

static void be_refused(HANDLE ordinary)
{
    step("A reader tries to map the region for writing, past the library, with OpenFileMapping.");
    run(ordinary, 3, "example-bare-reader", "Global\\" REGION " write");
    conclude("The kernel refuses: the region's descriptor lets Users read, no more.");

    step("An account that the file does not name tries to attach to another region.");
    run(ordinary, 3, "example-reader", CLOSED " 1 100");
    conclude("Denied, and told why.");
}

static void lose_the_writer(process *writer)
{
    step("The writer is killed in the middle of its work.");
    process_kill(writer);
    process_wait(writer);
    unsigned long written = last_number(process_output(writer), "wrote ");
    printf("   process %lu is gone; its last line was \"wrote %lu\"\n", process_id(writer), written);
    process *reader = run(NULL, 0, "example-bare-reader", "Global\\" REGION);
    /* It may have died between writing and saying so. */
    unsigned long read = last_number(process_output(reader), "read ");
    if (written == 0 || (read != written && read != written + 1))
        support_fail("the last value written was %lu, the one read is %lu", written, read);
    conclude("The data is still there: it belongs to the service, not to whoever wrote it.");
}

static void stop_and_uninstall(void)
{
    step("The service stops, and is removed.");
    run(NULL, 0, "shmbroker", "stop");
    run(NULL, 5, "example-bare-reader", "Global\\" REGION);
    run(NULL, 0, "shmbroker", "uninstall");
    if (!service_wait_gone(SERVICE_NAME))
        support_fail("the service is still installed");
    conclude("No service and no region is left.");
}

/* ---- Around them ----------------------------------------------------------------------------------------------- */

static BOOL WINAPI on_ctrl_c(DWORD kind)
{
    (void)kind;
    puts("\nInterrupted: the service is removed.");
    fflush(stdout);
    service_remove(L"" SERVICE_NAME);
    ExitProcess(1); /* the programs it started end with it */
}

/* The folder that the service makes is removed, unless there was one before. */
static void remove_home_on_cleanup(void)
{
    const char *home = support_home("");
    if (!support_file_exists(home))
        support_remove_on_cleanup(home);
}

static const char *full_path(const char *path)
{
    wchar_t full[MAX_PATH];
    DWORD length = GetFullPathNameW(support_wide(path), MAX_PATH, full, NULL);
    if (length == 0 || length >= MAX_PATH || !support_file_exists(support_utf8(full)))
        support_fail(
            "there is no file %s here: start the demo in the project's folder, or name a configuration",
            path);
    return support_utf8(full);
}

static void refuse_what_is_not_ours(void)
{
    if (!account_is_administrator())
        support_fail("the demo installs a service: start it as administrator");
    SC_HANDLE service = service_open(SERVICE_NAME);
    if (!service)
        return;
    CloseServiceHandle(service);
    support_fail("the service " SERVICE_NAME
                 " is installed on this machine already, and the demo leaves it alone.\n"
                 "If an earlier demo left it, remove it with `shmbroker uninstall`.");
}

/* The service takes no configuration that others than administrators could change: not one in a person's own folder. */
static const char *guarded_copy(const char *config)
{
    size_t length;
    const char *name = strrchr(config, '\\'), *bytes = support_read_file(config, &length);
    char *copy = support_text("%s\\%s", support_guarded_folder(), name ? name + 1 : config);
    support_write_file(copy, bytes, length);
    return copy;
}

static void run_all(const char *config)
{
    refuse_what_is_not_ours();
    SetConsoleCtrlHandler(on_ctrl_c, TRUE);
    SetEnvironmentVariableW(L"SHMBROKER_INSTANCE", NULL);
    remove_home_on_cleanup();
    install_and_start(guarded_copy(full_path(config)));
    HANDLE ordinary = account_ordinary();
    process *writer = write_and_read(ordinary);
    be_refused(ordinary);
    lose_the_writer(writer);
    stop_and_uninstall();
}

int main(int argc, char **argv)
{
    static bool succeeded; /* static, so that longjmp leaves it alone */
    puts("shmbroker: a Windows service that owns named shared memory, and programs that attach to it by "
         "name.\n"
         "Each line after a > is a command; the lines under it are what it printed. \"Ordinary account\" is "
         "this\n"
         "account without the rights of Administrators.");
    if (setjmp(failed) == 0) {
        run_all(argc > 1 ? argv[1] : "config/examples/sensors.yaml");
        succeeded = true;
    }
    if (setjmp(failed) == 0)
        support_cleanup();
    else
        succeeded = false;
    puts(succeeded ? "\nThe demo did all that it set out to do."
                   : "\nThe demo FAILED; what it had made is removed.");
    return succeeded ? 0 : 1;
}
