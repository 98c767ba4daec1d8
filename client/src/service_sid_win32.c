/* The SID that Windows gives a service; see service_sid_win32.h. */
#include "service_sid_win32.h"

#include <windows.h>
#include <bcrypt.h>

#include <stdint.h>
#include <stdio.h>

#define MAX_NAME_UNITS 256
#define SHA1_BYTES     20

/* `upper` in UTF-16LE and upper case; its length in units, 0 for a name that cannot be a service's. */
static int upper_name(const char *service, wchar_t upper[MAX_NAME_UNITS])
{
    wchar_t name[MAX_NAME_UNITS + 1];
    int units = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, service, -1, name, MAX_NAME_UNITS + 1);
    if (units <= 1)
        return 0;
    return LCMapStringEx(LOCALE_NAME_INVARIANT, LCMAP_UPPERCASE, name, units - 1, upper, MAX_NAME_UNITS, NULL,
                         NULL, 0);
}

typedef NTSTATUS(WINAPI *open_function)(BCRYPT_ALG_HANDLE *, LPCWSTR, LPCWSTR, ULONG);
typedef NTSTATUS(WINAPI *hash_function)(BCRYPT_ALG_HANDLE, PUCHAR, ULONG, PUCHAR, ULONG, PUCHAR, ULONG);
typedef NTSTATUS(WINAPI *close_function)(BCRYPT_ALG_HANDLE, ULONG);
typedef void (*any_function)(void); /* what compilers let one convert to any other */

/* bcrypt.dll is loaded from System32 alone, and only when a SID is wanted: imported, it would come from the
   program's own folder first, whatever somebody has put there. It stays loaded. */
static any_function bcrypt_function(const char *name)
{
    HMODULE bcrypt = LoadLibraryExW(L"bcrypt.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    return bcrypt != NULL ? (any_function)GetProcAddress(bcrypt, name) : NULL;
}

static bool sha1(const void *bytes, ULONG count, uint8_t digest[SHA1_BYTES])
{
    BCRYPT_ALG_HANDLE algorithm = NULL;
    open_function open = (open_function)bcrypt_function("BCryptOpenAlgorithmProvider");
    hash_function hash = (hash_function)bcrypt_function("BCryptHash");
    close_function close = (close_function)bcrypt_function("BCryptCloseAlgorithmProvider");
    if (open == NULL || hash == NULL || close == NULL || open(&algorithm, BCRYPT_SHA1_ALGORITHM, NULL, 0) < 0)
        return false;
    bool done = hash(algorithm, NULL, 0, (PUCHAR)(uintptr_t)bytes, count, digest, SHA1_BYTES) >= 0;
    close(algorithm, 0);
    return done;
}

static unsigned long little_endian(const uint8_t bytes[4])
{
    return (unsigned long)bytes[0] | (unsigned long)bytes[1] << 8 | (unsigned long)bytes[2] << 16 |
           (unsigned long)bytes[3] << 24;
}

bool service_sid_text(const char *service_utf8, char *sid, size_t sid_size)
{
    if (sid_size == 0)
        return false;
    sid[0] = '\0';
    wchar_t upper[MAX_NAME_UNITS];
    uint8_t digest[SHA1_BYTES];
    int units = upper_name(service_utf8, upper);
    if (units <= 0 || !sha1(upper, (ULONG)units * (ULONG)sizeof(wchar_t), digest))
        return false;
    int length = snprintf(sid, sid_size, "S-1-5-80-%lu-%lu-%lu-%lu-%lu", little_endian(digest),
                          little_endian(digest + 4), little_endian(digest + 8), little_endian(digest + 12),
                          little_endian(digest + 16));
    if (length > 0 && (size_t)length < sid_size)
        return true;
    sid[0] = '\0';
    return false;
}
