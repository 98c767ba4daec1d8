/* What cmocka tests add to the support. See checks.h. */
#include "checks.h"

#include <stdio.h>
#include <string.h>

_Noreturn void support_fail(const char *format, ...)
{
    char message[8192];
    va_list values;
    va_start(values, format);
    vsnprintf(message, sizeof message, format, values);
    va_end(values);
    print_error("%s\n", message);
    fail();
    abort();
}

int checks_teardown(void **state)
{
    (void)state;
    support_cleanup();
    return 0;
}

void checks_say_skip(const char *format, ...)
{
    char reason[512];
    va_list values;
    va_start(values, format);
    vsnprintf(reason, sizeof reason, format, values);
    va_end(values);
    printf("skip: %s\n", reason);
    fflush(stdout);
}

void checks_last_error(DWORD expected)
{
    DWORD error = GetLastError();
    if (error != expected)
        support_fail("the last error is %s; %s was expected", support_error(error), support_error(expected));
}

void checks_contains(const char *text, const char *part, bool wanted, const char *file, int line)
{
    if ((strstr(text, part) != NULL) == wanted)
        return;
    print_error("\"%s\" is %s:\n%s\n", part, wanted ? "not in" : "in", text);
    _fail(file, line);
}
