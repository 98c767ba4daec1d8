/* text_win32.h: UTF-8 and UTF-16, and what Windows' error numbers mean. */
#ifndef SHMB_TEXT_WIN32_H
#define SHMB_TEXT_WIN32_H

#include "shmb.h"

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#define SHMB_ERROR_TEXT_BYTES 256u

/* `wide` gets `utf8`, NUL-terminated; false, and `wide` empty, when that is no valid UTF-8 or needs more
   `units`. */
bool shmb_widen(const char *utf8, wchar_t *wide, size_t units);

/* The reverse. */
bool shmb_narrow(const wchar_t *wide, char *utf8, size_t bytes);

/* "error 5: Access is denied": in English where Windows has it, else in the user's language. */
const char *shmb_error_text(unsigned long error, char text[SHMB_ERROR_TEXT_BYTES]);

/* The status that stands for a Win32 error when nothing about the call says more. */
shmb_status shmb_status_of_error(unsigned long error);

#endif
