/* What a value may be, in words. See allowed.h. */
#include "allowed.h"

#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Appends `global or local`, or `global, local or ` where something else follows. */
static size_t list_choices(const char *const *choices, bool more, char *buffer, size_t size)
{
    size_t used = 0;
    buffer[0] = '\0';
    for (size_t i = 0; choices[i] != NULL && used < size; i++) {
        const char *behind = choices[i + 1] == NULL ? "" : choices[i + 2] == NULL && !more ? " or " : ", ";
        used += (size_t)snprintf(buffer + used, size - used, "%s%s", choices[i], behind);
    }
    if (more && used < size) {
        used += (size_t)snprintf(buffer + used, size - used, " or ");
    }
    return used < size ? used : size - 1;
}

/* `the number 1`, `a whole number from 1 to 4`. */
static void describe_number(const config_key *key, char *buffer, size_t size)
{
    if (key->least == key->most) {
        snprintf(buffer, size, "the number %" PRIu64 " without quotes", key->least);
    } else {
        snprintf(buffer, size, "a whole number from %" PRIu64 " to %" PRIu64 " without quotes", key->least,
                 key->most);
    }
}

static void describe_size(const config_key *key, char *buffer, size_t size)
{
    char least[CONFIG_SIZE_TEXT];
    char most[CONFIG_SIZE_TEXT];
    snprintf(buffer, size, "a number of bytes or one with B, KiB, MiB, GiB or TiB, from %s to %s",
             config_size_format(key->least, least), config_size_format(key->most, most));
}

static void describe_duration(const config_key *key, char *buffer, size_t size)
{
    char least[CONFIG_DURATION_TEXT];
    char most[CONFIG_DURATION_TEXT];
    snprintf(buffer, size, "a number of milliseconds or one with ms, s, min or h, from %s to %s",
             config_duration_format(key->least, least), config_duration_format(key->most, most));
}

/* `zero or a mapping with one of the keys fill, text`, without `one of` where there is one alone. */
static void describe_variant(const config_key *key, char *buffer, size_t size)
{
    char keys[256];
    config_key_list(key->inner, keys, sizeof keys);
    size_t used = list_choices(key->choices, true, buffer, size);
    snprintf(buffer + used, size - used, "a mapping with %s %s, such as %s",
             strchr(keys, ',') != NULL ? "one of the keys" : "the key", keys, key->example);
}

/* Those types whose values are more than one line of text. */
static void describe_collection(const config_key *key, char *buffer, size_t size)
{
    char keys[256];
    size_t used;
    switch (key->type) {
    case CONFIG_TYPE_PRINCIPALS:
        snprintf(buffer, size,
                 "a list of %sat most %" PRIu64 " accounts and groups, such as "
                 "[Users, 'NT SERVICE\\Sensor']",
                 key->least > 0 ? "at least one and " : "", key->most);
        break;
    case CONFIG_TYPE_PATTERNS:
        snprintf(buffer, size, "a list of at most %" PRIu64 " paths below this file's folder, such as %s",
                 key->most, key->example);
        break;
    case CONFIG_TYPE_LOCK:
        snprintf(buffer, size,
                 "true or false without quotes, or a list of at most %" PRIu64
                 " accounts and groups, such as "
                 "[Users, 'NT SERVICE\\Sensor']",
                 key->most);
        break;
    case CONFIG_TYPE_PACKAGES:
        used = list_choices(key->choices, true, buffer, size);
        snprintf(buffer + used, size - used,
                 "a list of at most %" PRIu64 " SIDs of packages (S-1-15-2-\xE2\x80\xA6)", key->most);
        break;
    case CONFIG_TYPE_VARIANT:
        describe_variant(key, buffer, size);
        break;
    case CONFIG_TYPE_ROLES:
        snprintf(buffer, size, "a mapping from names to lists of accounts and groups, such as %s",
                 key->example);
        break;
    case CONFIG_TYPE_REGIONS:
        snprintf(buffer, size, "a mapping from names to regions, or {} for none");
        break;
    default:
        snprintf(buffer, size, "a mapping with the keys %s", config_key_list(key->inner, keys, sizeof keys));
    }
}

const char *config_key_allowed(config_key_id id, char *buffer, size_t size)
{
    const config_key *key = &config_keys[id];
    switch (key->type) {
    case CONFIG_TYPE_NUMBER:
        describe_number(key, buffer, size);
        break;
    case CONFIG_TYPE_BYTE:
        snprintf(buffer, size,
                 "a whole number from %" PRIu64 " to %" PRIu64 ", or 0x and two digits, without quotes",
                 key->least, key->most);
        break;
    case CONFIG_TYPE_BOOLEAN:
        snprintf(buffer, size, "true or false without quotes");
        break;
    case CONFIG_TYPE_SIZE:
        describe_size(key, buffer, size);
        break;
    case CONFIG_TYPE_DURATION:
        describe_duration(key, buffer, size);
        break;
    case CONFIG_TYPE_CHOICE:
        list_choices(key->choices, false, buffer, size);
        break;
    case CONFIG_TYPE_TEXT:
        snprintf(buffer, size, "text of at most %" PRIu64 " bytes", key->most);
        break;
    case CONFIG_TYPE_CONTENT:
        snprintf(buffer, size, "text of %" PRIu64 " to %" PRIu64 " bytes", key->least, key->most);
        break;
    case CONFIG_TYPE_HEX:
        snprintf(buffer, size, "%" PRIu64 " to %" PRIu64 " bytes of two hexadecimal digits each, such as %s",
                 key->least, key->most, key->example);
        break;
    case CONFIG_TYPE_FILE:
        snprintf(buffer, size,
                 "a path inside the data folder such as 'name.shm', or a full one such as "
                 "'D:\\shm\\name.shm'");
        break;
    case CONFIG_TYPE_CONTENT_FILE:
        snprintf(buffer, size,
                 "a path beside this file such as 'name.bin', or a full one such as 'D:\\shm\\name.bin'");
        break;
    case CONFIG_TYPE_SDDL:
        snprintf(buffer, size,
                 "a security descriptor with a DACL, such as 'D:P(A;;0x20007;;;BA)', of at most "
                 "%" PRIu64 " bytes",
                 key->most);
        break;
    default:
        describe_collection(key, buffer, size);
    }
    return buffer;
}
