/* service_sid_win32.h: the SID that Windows gives a service. */
#ifndef SHMB_SERVICE_SID_WIN32_H
#define SHMB_SERVICE_SID_WIN32_H

#include <stdbool.h>
#include <stddef.h>

#define SERVICE_SID_TEXT_BYTES 80u /* enough for any, with its NUL */

/*
 * Writes the SID of `NT SERVICE\<service_utf8>` in text, "S-1-5-80-…". Computed, not looked up: it is the
 * same whether the service exists or not. False when the name is no valid UTF-8 of 1 to 256 UTF-16 units, or
 * `sid_size` is too small; `sid` is then empty. Any thread.
 *
 * Windows: the five numbers are the SHA-1 of the name, upper-cased, in UTF-16LE, each four bytes
 * little-endian
 * (`sc.exe showsid` prints the same).
 */
bool service_sid_text(const char *service_utf8, char *sid, size_t sid_size);

#endif
