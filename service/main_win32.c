/* The program's entry: makes the process safe, its text UTF-8, and hands over to the command line. */
#include "commands.h"
#include "support_win32.h"

#include <fcntl.h>
#include <io.h>
#include <stdlib.h>

/* DLLs come from System32 alone, whatever folder the program was copied to or started in. */
static void lock_dll_search(void)
{
    SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
    SetDllDirectoryW(L"");
}

static void free_arguments(char **argv)
{
    for (size_t i = 0; argv && argv[i]; i++)
        free(argv[i]);
    free(argv);
}

/* NULL: out of memory, or text that is no Unicode. */
static char **utf8_arguments(int argc, wchar_t **wide)
{
    char **argv = calloc((size_t)argc + 1, sizeof *argv);
    for (int i = 0; argv && i < argc; i++) {
        argv[i] = win32_utf8(wide[i]);
        if (!argv[i]) {
            free_arguments(argv);
            return NULL;
        }
    }
    return argv;
}

int wmain(int argc, wchar_t **wide); /* the C runtime calls it, and declares it nowhere */

int wmain(int argc, wchar_t **wide)
{
    lock_dll_search();
    UINT code_page = GetConsoleOutputCP();
    SetConsoleOutputCP(CP_UTF8);
    _setmode(_fileno(stdout), _O_BINARY); /* the same bytes in a pipe on every system */
    char **argv = utf8_arguments(argc, wide);
    int code = EXIT_FAILED;
    if (argv)
        code = command_line_run(argc, argv);
    else
        fputs("error: cannot read the command line: out of memory, or text that is no Unicode\n", stderr);
    fflush(stdout);
    if (code_page)
        SetConsoleOutputCP(code_page);
    free_arguments(argv);
    return code;
}
