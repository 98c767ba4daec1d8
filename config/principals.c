/*
 * Well-known principals, the SID's text form, and the order in which a principal's text is understood.
 */
#include "principals.h"

#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAX_SUBAUTHORITIES 15u
#define MAX_SERVICE_NAME   256u

#define NT           "NT AUTHORITY"
#define PACKAGES     "APPLICATION PACKAGE AUTHORITY"
#define SERVICE      "NT SERVICE\\"
#define ALL_SERVICES "S-1-5-80-0"

/* From "Well-known SIDs" in the Windows documentation; those that make sense in an access list of memory. */
const config_well_known config_well_known_principals[] = {
    {"Everyone", "", "S-1-1-0"},
    {"LOCAL", "", "S-1-2-0"},
    {"CONSOLE LOGON", "", "S-1-2-1"},
    {"OWNER RIGHTS", "", "S-1-3-4"},
    {"DIALUP", NT, "S-1-5-1"},
    {"NETWORK", NT, "S-1-5-2"},
    {"BATCH", NT, "S-1-5-3"},
    {"INTERACTIVE", NT, "S-1-5-4"},
    {"SERVICE", NT, "S-1-5-6"},
    {"ANONYMOUS LOGON", NT, "S-1-5-7"},
    {"Authenticated Users", NT, "S-1-5-11"},
    {"RESTRICTED", NT, "S-1-5-12"},
    {"REMOTE INTERACTIVE LOGON", NT, "S-1-5-14"},
    {"This Organization", NT, "S-1-5-15"},
    {"IUSR", NT, "S-1-5-17"},
    {"SYSTEM", NT, "S-1-5-18"},
    {"LocalSystem", NT, "S-1-5-18"},
    {"LOCAL SERVICE", NT, "S-1-5-19"},
    {"LocalService", NT, "S-1-5-19"},
    {"NETWORK SERVICE", NT, "S-1-5-20"},
    {"NetworkService", NT, "S-1-5-20"},
    {"WRITE RESTRICTED", NT, "S-1-5-33"},
    {"Local account", NT, "S-1-5-113"},
    {"Local account and member of Administrators group", NT, "S-1-5-114"},
    {"Administrators", "BUILTIN", "S-1-5-32-544"},
    {"Users", "BUILTIN", "S-1-5-32-545"},
    {"Guests", "BUILTIN", "S-1-5-32-546"},
    {"Power Users", "BUILTIN", "S-1-5-32-547"},
    {"Backup Operators", "BUILTIN", "S-1-5-32-551"},
    {"Replicator", "BUILTIN", "S-1-5-32-552"},
    {"Remote Desktop Users", "BUILTIN", "S-1-5-32-555"},
    {"Network Configuration Operators", "BUILTIN", "S-1-5-32-556"},
    {"Performance Monitor Users", "BUILTIN", "S-1-5-32-558"},
    {"Performance Log Users", "BUILTIN", "S-1-5-32-559"},
    {"Distributed COM Users", "BUILTIN", "S-1-5-32-562"},
    {"IIS_IUSRS", "BUILTIN", "S-1-5-32-568"},
    {"Cryptographic Operators", "BUILTIN", "S-1-5-32-569"},
    {"Event Log Readers", "BUILTIN", "S-1-5-32-573"},
    {"Hyper-V Administrators", "BUILTIN", "S-1-5-32-578"},
    {"Access Control Assistance Operators", "BUILTIN", "S-1-5-32-579"},
    {"Remote Management Users", "BUILTIN", "S-1-5-32-580"},
    {"ALL APPLICATION PACKAGES", PACKAGES, "S-1-15-2-1"},
    {"ALL RESTRICTED APPLICATION PACKAGES", PACKAGES, "S-1-15-2-2"},
    {"ALL SERVICES", "NT SERVICE", ALL_SERVICES},
    {NULL, NULL, NULL},
};

const config_well_known *config_well_known_find(const char *text)
{
    const char *backslash = strchr(text, '\\');
    const char *name = backslash != NULL ? backslash + 1 : text;
    size_t length = strlen(name);
    for (const config_well_known *each = config_well_known_principals; each->name != NULL; each++) {
        if (config_text_same(name, length, each->name, strlen(each->name)) &&
            (backslash == NULL ||
             config_text_same(text, (size_t)(backslash - text), each->authority, strlen(each->authority)))) {
            return each;
        }
    }
    return NULL;
}

const config_well_known *config_well_known_similar(const char *text)
{
    const config_well_known *each = config_well_known_principals;
    while (each->name != NULL && !config_text_similar(text, strlen(text), each->name, strlen(each->name))) {
        each++;
    }
    return each->name != NULL ? each : NULL;
}

const char *config_well_known_name(const char *sid)
{
    for (const config_well_known *each = config_well_known_principals; each->name != NULL; each++) {
        if (strcmp(each->sid, sid) == 0) {
            return each->name;
        }
    }
    return NULL;
}

/* The value of a digit in base 10 or 16, or 16 for any other character. */
static unsigned digit_of(char c, unsigned base)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = memchr(digits, config_text_fold(c), base);
    return found != NULL ? (unsigned)(found - digits) : 16u;
}

/* Reads a number of at most `most` and moves `*text` behind it. */
static bool read_number(const char **text, unsigned base, uint64_t most, uint64_t *value)
{
    const char *start = *text;
    *value = 0;
    for (; digit_of(**text, base) < base; ++*text) {
        unsigned digit = digit_of(**text, base);
        if (*value > (most - digit) / base) {
            return false;
        }
        *value = *value * base + digit;
    }
    return *text != start;
}

/* Reads `S-1-` and the authority behind it. */
static bool read_authority(const char **text, uint64_t *authority)
{
    if (!config_text_starts(*text, strlen(*text), "S-1-")) {
        return false;
    }
    *text += 4;
    unsigned base = 10;
    if (config_text_starts(*text, strlen(*text), "0x")) {
        *text += 2;
        base = 16;
    }
    return read_number(text, base, 0xFFFFFFFFFFFFu, authority);
}

bool config_sid_canonical(const char *text, char sid[CONFIG_SID_TEXT])
{
    uint64_t authority;
    uint64_t values[MAX_SUBAUTHORITIES];
    size_t count = 0;
    sid[0] = '\0';
    if (!read_authority(&text, &authority)) {
        return false;
    }
    for (; *text == '-' && count < MAX_SUBAUTHORITIES; count++) {
        text++;
        if (!read_number(&text, 10, 0xFFFFFFFFu, &values[count])) {
            return false;
        }
    }
    if (*text != '\0' || count == 0) {
        return false;
    }
    /* ConvertSidToStringSid prints an authority of 2^32 and more in hexadecimal. */
    int used = authority > 0xFFFFFFFFu ? snprintf(sid, CONFIG_SID_TEXT, "S-1-0x%012" PRIx64, authority)
                                       : snprintf(sid, CONFIG_SID_TEXT, "S-1-%" PRIu64, authority);
    for (size_t i = 0; i < count; i++) {
        used += snprintf(sid + used, CONFIG_SID_TEXT - (size_t)used, "-%" PRIu64, values[i]);
    }
    return true;
}

static bool resolve_service(const char *service, const config_resolver *resolver, char sid[CONFIG_SID_TEXT],
                            char why[CONFIG_PRINCIPAL_WHY])
{
    if (service[0] == '\0' || config_text_count(service, strlen(service)) > MAX_SERVICE_NAME ||
        strpbrk(service, "\\/") != NULL) {
        snprintf(why, CONFIG_PRINCIPAL_WHY, "a service's name has 1 to %u characters, no \\ and no /",
                 MAX_SERVICE_NAME);
        return false;
    }
    return resolver->service_sid(resolver->context, service, sid, why, CONFIG_PRINCIPAL_WHY);
}

static bool resolve_account(const char *account, const config_resolver *resolver, char sid[CONFIG_SID_TEXT],
                            char why[CONFIG_PRINCIPAL_WHY])
{
    const char *backslash = strchr(account, '\\');
    if (backslash == account ||
        (backslash != NULL && (backslash[1] == '\0' || strchr(backslash + 1, '\\')))) {
        snprintf(why, CONFIG_PRINCIPAL_WHY, "one name stands before the backslash, and one behind it");
        return false;
    }
    return resolver->account_sid(resolver->context, account, sid, why, CONFIG_PRINCIPAL_WHY);
}

bool config_principal_resolve(const char *text, const config_resolver *resolver, char sid[CONFIG_SID_TEXT],
                              char why[CONFIG_PRINCIPAL_WHY])
{
    size_t length = strlen(text);
    const config_well_known *known = config_well_known_find(text);
    bool found = true;
    sid[0] = '\0';
    why[0] = '\0';
    if (known != NULL) {
        snprintf(sid, CONFIG_SID_TEXT, "%s", known->sid);
    } else if (config_text_starts(text, length, "S-1-")) {
        found = config_sid_canonical(text, sid);
        if (!found) {
            snprintf(why, CONFIG_PRINCIPAL_WHY,
                     "a SID is S-1-, an authority and 1 to %u numbers below 2^32, such as S-1-5-32-545",
                     MAX_SUBAUTHORITIES);
        }
    } else if (config_text_starts(text, length, SERVICE)) {
        found = resolve_service(text + strlen(SERVICE), resolver, sid, why);
    } else {
        found = resolve_account(text, resolver, sid, why);
    }
    if (!found) {
        sid[0] = '\0';
    }
    return found;
}
