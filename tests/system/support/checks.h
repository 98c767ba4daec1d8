/* For system tests: cmocka, with a test's leftovers cleaned up however it ends, and skips that say why. */
#ifndef TEST_CHECKS_H
#define TEST_CHECKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support.h"

/* A row of a test table. */
#define SYSTEM_TEST(function) cmocka_unit_test_teardown(function, checks_teardown)

int checks_teardown(void **state);

/* Prints `skip: why` (what the test run counts and lists) and leaves the test. */
#define SKIP(...)                                                                                            \
    do {                                                                                                     \
        checks_say_skip(__VA_ARGS__);                                                                        \
        skip();                                                                                              \
    } while (0)

SUPPORT_PRINTF(1, 2)
void checks_say_skip(const char *format, ...);

/* GetLastError says `expected`. A function, since clang-tidy dislikes mingw's error numbers in cmocka's macros. */
void checks_last_error(DWORD expected);

/* `text` has `part` in it; otherwise both are shown. */
#define assert_contains(text, part) checks_contains(text, part, true, __FILE__, __LINE__)
#define assert_lacks(text, part)    checks_contains(text, part, false, __FILE__, __LINE__)

void checks_contains(const char *text, const char *part, bool wanted, const char *file, int line);

#endif
