/* Shared by the *_win32.c files. See support_win32.h. */
#include "support_win32.h"

#include <sddl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

wchar_t *win32_wide(const char *utf8)
{
    int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8, -1, NULL, 0);
    wchar_t *wide = length > 0 ? malloc((size_t)length * sizeof *wide) : NULL;
    if (wide)
        MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8, -1, wide, length);
    return wide;
}

char *win32_utf8(const wchar_t *wide)
{
    int length = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *utf8 = length > 0 ? malloc((size_t)length) : NULL;
    if (utf8)
        WideCharToMultiByte(CP_UTF8, 0, wide, -1, utf8, length, NULL, NULL);
    return utf8;
}

bool win32_utf8_into(const wchar_t *wide, char *buffer, size_t size)
{
    buffer[0] = 0;
    return WideCharToMultiByte(CP_UTF8, 0, wide, -1, buffer, (int)size, NULL, NULL) > 0;
}

/* The system's sentence for `code`, without its line end; "" when it has none. */
static void system_words(DWORD code, char *buffer, size_t size)
{
    wchar_t wide[256];
    DWORD length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, code, 0,
                                  wide, sizeof wide / sizeof wide[0], NULL);
    while (length > 0 && (wide[length - 1] <= L' ' || wide[length - 1] == L'.'))
        length--;
    wide[length] = 0;
    if (!win32_utf8_into(wide, buffer, size))
        buffer[0] = 0;
}

TEXT_PRINTF(4, 0)
static bool fail_with(platform_failure *failure, DWORD code, const char *advice, const char *format,
                      va_list values)
{
    char words[512] = "";
    failure->code = code;
    int length = vsnprintf(failure->text, sizeof failure->text, format, values);
    size_t at = length < 0 ? 0 : (size_t)length;
    if (code && at < sizeof failure->text) {
        system_words(code, words, sizeof words);
        int more = snprintf(failure->text + at, sizeof failure->text - at, ": %s (error %lu)", words, code);
        at += more < 0 ? 0 : (size_t)more;
    }
    if (advice && at < sizeof failure->text)
        snprintf(failure->text + at, sizeof failure->text - at, "; %s", advice);
    return false;
}

bool win32_fail(platform_failure *failure, DWORD code, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fail_with(failure, code, NULL, format, values);
    va_end(values);
    return false;
}

bool win32_fail_advise(platform_failure *failure, DWORD code, const char *advice, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fail_with(failure, code, advice, format, values);
    va_end(values);
    return false;
}

void win32_sid_text(PSID sid, char buffer[CONFIG_SID_TEXT])
{
    wchar_t *wide;
    memcpy(buffer, "?", 2);
    if (!ConvertSidToStringSidW(sid, &wide))
        return;
    if (!win32_utf8_into(wide, buffer, CONFIG_SID_TEXT))
        memcpy(buffer, "?", 2);
    LocalFree(wide);
}

void win32_account_text(PSID sid, char *buffer, size_t size)
{
    wchar_t name[256], domain[256];
    DWORD name_size = 256, domain_size = 256;
    SID_NAME_USE use;
    char sid_text[CONFIG_SID_TEXT], name_text[512] = "", domain_text[512] = "";
    win32_sid_text(sid, sid_text);
    if (LookupAccountSidW(NULL, sid, name, &name_size, domain, &domain_size, &use) &&
        win32_utf8_into(name, name_text, sizeof name_text) &&
        win32_utf8_into(domain, domain_text, sizeof domain_text))
        snprintf(buffer, size, "%s%s%s (%s)", domain_text, *domain_text ? "\\" : "", name_text, sid_text);
    else
        snprintf(buffer, size, "%s", sid_text);
}

PSECURITY_DESCRIPTOR win32_descriptor(const char *sddl, platform_failure *failure)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    wchar_t *wide = win32_wide(sddl);
    if (!wide ||
        !ConvertStringSecurityDescriptorToSecurityDescriptorW(wide, SDDL_REVISION_1, &descriptor, NULL))
        win32_fail(failure, GetLastError(), "cannot make a security descriptor of \"%s\"", sddl);
    free(wide);
    return descriptor;
}

wchar_t *win32_program_path(void)
{
    DWORD capacity = 32768;
    wchar_t *path = malloc(capacity * sizeof *path);
    DWORD length = path ? GetModuleFileNameW(NULL, path, capacity) : 0;
    if (length == 0 || length == capacity) {
        free(path);
        return NULL;
    }
    return path;
}

wchar_t *win32_beside_program(const wchar_t *name)
{
    wchar_t *path = win32_program_path(), *longer = NULL;
    wchar_t *last = path ? wcsrchr(path, L'\\') : NULL;
    if (last) {
        last[1] = 0;
        longer = malloc((wcslen(path) + wcslen(name) + 1) * sizeof *longer);
    }
    if (longer) {
        wmemcpy(longer, path, wcslen(path) + 1);
        wcscat(longer, name);
    }
    free(path);
    return longer;
}
