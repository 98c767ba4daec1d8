/*
 * What the *_win32.c files share: UTF-8 to UTF-16 and back, and failures with the system's own words.
 */
#ifndef SHMBROKER_SUPPORT_WIN32_H
#define SHMBROKER_SUPPORT_WIN32_H

#include "platform.h"
#include "text_builder.h"

#include <windows.h>

/* UTF-16 of `text`, or NULL when memory ran out or the bytes are no UTF-8. The caller frees it. */
wchar_t *win32_wide(const char *utf8);

/* UTF-8 of `wide`, likewise. */
char *win32_utf8(const wchar_t *wide);

/* Converts into a buffer of `size` bytes; false when it does not fit. */
bool win32_utf8_into(const wchar_t *wide, char *buffer, size_t size);

/*
 * Fills `failure` and returns false. The text is the formatted sentence and, when `code` is not 0, the
 * system's own words for it and the number: "cannot open C:\x: Access is denied. (error 5)".
 */
TEXT_PRINTF(3, 4)
bool win32_fail(platform_failure *failure, DWORD code, const char *format, ...);

/* The same, with one more sentence of advice behind it. */
TEXT_PRINTF(4, 5)
bool win32_fail_advise(platform_failure *failure, DWORD code, const char *advice, const char *format, ...);

/* A SID as text, in a buffer of CONFIG_SID_TEXT; "?" when it cannot be made. */
void win32_sid_text(PSID sid, char buffer[CONFIG_SID_TEXT]);

/* A SID as people know it: "BUILTIN\Administrators (S-1-5-32-544)", or the bare SID. */
void win32_account_text(PSID sid, char *buffer, size_t size);

/* A descriptor from SDDL; the caller frees it with LocalFree. */
PSECURITY_DESCRIPTOR win32_descriptor(const char *sddl, platform_failure *failure);

/* The path of this program, and of the file `name` beside it. NULL: out of memory. The caller frees it. */
wchar_t *win32_program_path(void);
wchar_t *win32_beside_program(const wchar_t *name);

#endif
