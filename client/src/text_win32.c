/* UTF-8 and UTF-16, and what Windows' error numbers mean; see text_win32.h. */
#include "text_win32.h"

#include <windows.h>

#include <limits.h>
#include <stdio.h>

static int clamp_int(size_t count)
{
    return count > INT_MAX ? INT_MAX : (int)count;
}

bool shmb_widen(const char *utf8, wchar_t *wide, size_t units)
{
    wide[0] = L'\0';
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8, -1, wide, clamp_int(units)) > 0)
        return true;
    wide[0] = L'\0';
    return false;
}

bool shmb_narrow(const wchar_t *wide, char *utf8, size_t bytes)
{
    utf8[0] = '\0';
    if (WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide, -1, utf8, clamp_int(bytes), NULL, NULL) > 0)
        return true;
    utf8[0] = '\0';
    return false;
}

static DWORD format_error(DWORD error, DWORD language, wchar_t *text, DWORD units)
{
    /* MAX_WIDTH_MASK: one line. */
    return FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
                              FORMAT_MESSAGE_MAX_WIDTH_MASK,
                          NULL, error, language, text, units, NULL);
}

const char *shmb_error_text(unsigned long error, char text[SHMB_ERROR_TEXT_BYTES])
{
    wchar_t wide[160];
    char meaning[SHMB_ERROR_TEXT_BYTES - 32];
    DWORD units = format_error(error, MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), wide, ARRAYSIZE(wide));
    if (units == 0)
        units = format_error(error, 0, wide, ARRAYSIZE(wide));
    while (units > 0 && (wide[units - 1] == L' ' || wide[units - 1] == L'.'))
        units--;
    wide[units] = L'\0';
    if (units == 0 || !shmb_narrow(wide, meaning, sizeof meaning))
        snprintf(meaning, sizeof meaning, "Windows has no text for it");
    snprintf(text, SHMB_ERROR_TEXT_BYTES, "error %lu: %s", error, meaning);
    return text;
}

shmb_status shmb_status_of_error(unsigned long error)
{
    switch (error) {
    case ERROR_ACCESS_DENIED:
        return SHMB_ACCESS_DENIED;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_COMMITMENT_LIMIT:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_WORKING_SET_QUOTA:
        return SHMB_NO_MEMORY;
    default:
        return SHMB_SYSTEM_ERROR;
    }
}
