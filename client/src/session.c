/* Regions that each session has for itself. See session.h. */
#include "session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SEPARATOR '\\'

bool shmb_session_key(const char *name, uint32_t session, char key[SHMB_KEY_BYTES])
{
    int length = session != 0 ? snprintf(key, SHMB_KEY_BYTES, "%s%c%" PRIu32, name, SEPARATOR, session)
                              : snprintf(key, SHMB_KEY_BYTES, "%s", name);
    if (length >= 0 && (size_t)length < SHMB_KEY_BYTES)
        return true;
    key[0] = '\0';
    return false;
}

/* The number in decimal that is all of `digits`, or 0. */
static uint32_t read_session(const char *digits)
{
    uint64_t session = 0;
    if (digits[0] == '0' || strlen(digits) > 10)
        return 0;
    for (const char *at = digits; *at != '\0'; at++) {
        if (*at < '0' || *at > '9')
            return 0;
        session = session * 10 + (uint64_t)(*at - '0');
    }
    return session <= UINT32_MAX ? (uint32_t)session : 0;
}

uint32_t shmb_session_of(const char *key, size_t *length)
{
    const char *separator = strrchr(key, SEPARATOR);
    uint32_t session = separator != NULL ? read_session(separator + 1) : 0;
    *length = session != 0 ? (size_t)(separator - key) : strlen(key);
    return session;
}

static catalog_result find_instance(const catalog_view *view, const char *name, uint32_t session,
                                    catalog_region *region)
{
    char key[SHMB_KEY_BYTES];
    if (!shmb_session_key(name, session, key))
        return CATALOG_NOT_FOUND;
    return catalog_find(view, key, strlen(key), region);
}

/* Whether the search may end with this. */
static bool is_answer(catalog_result result, const catalog_region *region)
{
    return result == CATALOG_OK ? region->state != SHMB_REGION_RETIRED : result != CATALOG_NOT_FOUND;
}

catalog_result shmb_session_find(const catalog_view *view, const char *name, uint32_t session,
                                 catalog_region *region)
{
    catalog_result plain = catalog_find(view, name, strlen(name), region);
    if (session == 0 || is_answer(plain, region))
        return plain;
    catalog_result own = find_instance(view, name, session, region);
    if (plain == CATALOG_NOT_FOUND || is_answer(own, region))
        return own;
    return catalog_find(view, name, strlen(name), region);
}
