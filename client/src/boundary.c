/* Boundaries as text; see boundary.h. */
#include "boundary.h"

#include <stdlib.h>
#include <string.h>

#define ALIAS_START         "ShmBroker."
#define MAX_SUBAUTHORITIES  15u
#define MAX_AUTHORITY       ((1ull << 48) - 1) /* six bytes */
#define MAX_NUMBER_OF_CHARS 15u /* what an authority has at most in decimal, and more than fits */

/* A decimal number without leading zeros, up to `limit`, at *at, which moves behind it. */
static bool read_number(const char **at, const char *end, uint64_t limit)
{
    const char *start = *at;
    uint64_t value = 0;
    while (*at < end && **at >= '0' && **at <= '9' && *at - start < (ptrdiff_t)MAX_NUMBER_OF_CHARS)
        value = value * 10 + (uint64_t)(*(*at)++ - '0');
    return *at > start && value <= limit && (*start != '0' || *at - start == 1);
}

/* S-1-AUTHORITY-SUBAUTHORITY…: what Windows makes of a SID, with 1 to 15 subauthorities. */
static bool is_sid(const char *text, size_t length)
{
    const char *at = text + strlen("S-1-"), *end = text + length;
    uint32_t subauthorities = 0;
    if (length >= SHMB_SID_TEXT_BYTES || length <= strlen("S-1-") || memcmp(text, "S-1-", 4) != 0 ||
        !read_number(&at, end, MAX_AUTHORITY))
        return false;
    while (at < end && *at == '-' && subauthorities < MAX_SUBAUTHORITIES) {
        at++;
        if (!read_number(&at, end, UINT32_MAX))
            return false;
        subauthorities++;
    }
    return at == end && subauthorities > 0;
}

bool shmb_boundary_parse(const char *text, shmb_boundary *boundary)
{
    uint32_t count = 0;
    boundary->count = 0;
    for (const char *at = text; count < SHMB_BOUNDARY_MAX_SIDS;) {
        char *sid = boundary->sids[count];
        size_t length = strcspn(at, " ");
        if (!is_sid(at, length))
            return false;
        memcpy(sid, at, length);
        sid[length] = '\0';
        if (count > 0 && strcmp(boundary->sids[count - 1], sid) >= 0)
            return false;
        count++;
        if (at[length] == '\0') {
            boundary->count = count;
            return true;
        }
        at += length + 1;
    }
    return false;
}

static int by_bytes(const void *left, const void *right)
{
    const char *const *l = left, *const *r = right;
    return strcmp(*l, *r);
}

bool shmb_boundary_join(const char **sids, size_t count, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    if (count > 1)
        qsort(sids, count, sizeof *sids, by_bytes);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(sids[i]);
        if (i > 0 && strcmp(sids[i - 1], sids[i]) == 0)
            continue;
        if (used + (used > 0) + length >= size)
            return false;
        if (used > 0)
            text[used++] = ' ';
        memcpy(text + used, sids[i], length + 1);
        used += length;
    }
    return true;
}

bool shmb_boundary_alias(const char *object_name, char *alias, size_t size)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strspn(object_name, allowed);
    alias[0] = '\0';
    if (object_name[length] != '\\' || length >= size ||
        strncmp(object_name, ALIAS_START, strlen(ALIAS_START)) != 0)
        return false;
    memcpy(alias, object_name, length);
    alias[length] = '\0';
    return true;
}
