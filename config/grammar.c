/*
 * The table of keys, and the sentences made from it.
 */
#include "grammar.h"

#include "model.h"
#include "text.h"
#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* In the order of config_namespace. */
static const char *const namespaces[] = {"global", "local", NULL};

const config_key config_keys[CONFIG_KEY_COUNT] = {
    [CONFIG_KEY_VERSION] =
        {
            .name = "version",
            .sections = CONFIG_IN_FILE,
            .required = CONFIG_IN_FILE,
            .type = CONFIG_TYPE_NUMBER,
            .least = 1,
            .most = 1,
            .help = "The version of this grammar that the file is written in.",
        },
    [CONFIG_KEY_DEFAULTS] =
        {
            .name = "defaults",
            .sections = CONFIG_IN_FILE,
            .type = CONFIG_TYPE_SECTION,
            .inner = CONFIG_IN_DEFAULTS,
            .help = "What holds for every region that does not say otherwise.",
        },
    [CONFIG_KEY_REGIONS] =
        {
            .name = "regions",
            .sections = CONFIG_IN_FILE,
            .required = CONFIG_IN_FILE,
            .type = CONFIG_TYPE_REGIONS,
            .most = CONFIG_MAX_REGIONS,
            .inner = CONFIG_IN_REGION,
            .help = "The regions, each under the name by which programs open it; {} when there are none.",
        },
    [CONFIG_KEY_DESCRIPTION] =
        {
            .name = "description",
            .sections = CONFIG_IN_REGION,
            .type = CONFIG_TYPE_TEXT,
            .most = CONFIG_MAX_DESCRIPTION,
            .help = "What the region is for, shown to people and nothing else.",
        },
    [CONFIG_KEY_SIZE] =
        {
            .name = "size",
            .sections = CONFIG_IN_REGION,
            .required = CONFIG_IN_REGION,
            .type = CONFIG_TYPE_SIZE,
            .least = 1,
            .most = CONFIG_MAX_REGION_SIZE,
            .help = "How many bytes the region has.",
        },
    [CONFIG_KEY_NAMESPACE] =
        {
            .name = "namespace",
            .sections = CONFIG_IN_DEFAULTS | CONFIG_IN_REGION,
            .type = CONFIG_TYPE_CHOICE,
            .choices = namespaces,
            .help =
                "Whether programs of every session see the region (global, unless said otherwise) or only "
                "those of the broker's own session (local).",
        },
    [CONFIG_KEY_ACCESS] =
        {
            .name = "access",
            .sections = CONFIG_IN_DEFAULTS | CONFIG_IN_REGION,
            .type = CONFIG_TYPE_SECTION,
            .inner = CONFIG_IN_ACCESS,
            .help = "Who may read and who may write; a region's own replaces the default as a whole.",
        },
    [CONFIG_KEY_SDDL] =
        {
            .name = "sddl",
            .sections = CONFIG_IN_REGION,
            .type = CONFIG_TYPE_SDDL,
            .least = 1,
            .most = CONFIG_MAX_SDDL,
            .help = "The region's security descriptor in full, instead of access.",
        },
    [CONFIG_KEY_BACKING] =
        {
            .name = "backing",
            .sections = CONFIG_IN_REGION,
            .type = CONFIG_TYPE_SECTION,
            .inner = CONFIG_IN_BACKING,
            .help = "Where the region's bytes are kept; without it in memory, lost when the broker stops.",
        },
    [CONFIG_KEY_READ] =
        {
            .name = "read",
            .sections = CONFIG_IN_ACCESS,
            .type = CONFIG_TYPE_PRINCIPALS,
            .most = CONFIG_MAX_PRINCIPALS,
            .help = "Accounts and groups that may read the region.",
        },
    [CONFIG_KEY_WRITE] =
        {
            .name = "write",
            .sections = CONFIG_IN_ACCESS,
            .type = CONFIG_TYPE_PRINCIPALS,
            .most = CONFIG_MAX_PRINCIPALS,
            .help = "Accounts and groups that may read and write the region.",
        },
    [CONFIG_KEY_FILE] =
        {
            .name = "file",
            .sections = CONFIG_IN_BACKING,
            .required = CONFIG_IN_BACKING,
            .type = CONFIG_TYPE_FILE,
            .least = 1,
            .most = CONFIG_MAX_PATH_BYTES,
            .help = "The file that keeps the region's bytes: created when absent, kept when present.",
        },
};

config_key_id config_key_find(config_section section, const char *name, size_t length)
{
    unsigned id = 0;
    while (id < CONFIG_KEY_COUNT &&
           ((config_keys[id].sections & (unsigned)section) == 0 ||
            strncmp(config_keys[id].name, name, length) != 0 || config_keys[id].name[length] != '\0')) {
        id++;
    }
    return (config_key_id)id;
}

config_key_id config_key_similar(config_section section, const char *name, size_t length)
{
    unsigned id = 0;
    while (id < CONFIG_KEY_COUNT &&
           ((config_keys[id].sections & (unsigned)section) == 0 ||
            !config_text_similar(name, length, config_keys[id].name, strlen(config_keys[id].name)))) {
        id++;
    }
    return (config_key_id)id;
}

const char *config_key_list(config_section section, char *buffer, size_t size)
{
    size_t used = 0;
    buffer[0] = '\0';
    for (unsigned id = 0; id < CONFIG_KEY_COUNT; id++) {
        if ((config_keys[id].sections & (unsigned)section) != 0 && used < size) {
            used += (size_t)snprintf(buffer + used, size - used, "%s%s", used > 0 ? ", " : "",
                                     config_keys[id].name);
        }
    }
    return buffer;
}

/* `global or local`. */
static void list_choices(const char *const *choices, char *buffer, size_t size)
{
    size_t used = 0;
    buffer[0] = '\0';
    for (size_t i = 0; choices[i] != NULL && used < size; i++) {
        const char *between = i == 0 ? "" : choices[i + 1] == NULL ? " or " : ", ";
        used += (size_t)snprintf(buffer + used, size - used, "%s%s", between, choices[i]);
    }
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

const char *config_key_allowed(config_key_id id, char *buffer, size_t size)
{
    const config_key *key = &config_keys[id];
    char least[CONFIG_SIZE_TEXT];
    char most[CONFIG_SIZE_TEXT];
    char keys[256];
    switch (key->type) {
    case CONFIG_TYPE_NUMBER:
        describe_number(key, buffer, size);
        break;
    case CONFIG_TYPE_SIZE:
        snprintf(buffer, size, "a number of bytes or one with B, KiB, MiB, GiB or TiB, from %s to %s",
                 config_size_format(key->least, least), config_size_format(key->most, most));
        break;
    case CONFIG_TYPE_CHOICE:
        list_choices(key->choices, buffer, size);
        break;
    case CONFIG_TYPE_TEXT:
        snprintf(buffer, size, "text of at most %" PRIu64 " bytes", key->most);
        break;
    case CONFIG_TYPE_FILE:
        snprintf(buffer, size,
                 "a path inside the data folder such as 'name.shm', or a full one such as "
                 "'D:\\shm\\name.shm'");
        break;
    case CONFIG_TYPE_SDDL:
        snprintf(buffer, size,
                 "a security descriptor with a DACL, such as 'D:P(A;;0x20007;;;BA)', of at most "
                 "%" PRIu64 " bytes",
                 key->most);
        break;
    case CONFIG_TYPE_PRINCIPALS:
        snprintf(buffer, size,
                 "a list of at most %" PRIu64 " accounts and groups, such as "
                 "[Users, 'NT SERVICE\\Sensor']",
                 key->most);
        break;
    case CONFIG_TYPE_SECTION:
        snprintf(buffer, size, "a mapping with the keys %s", config_key_list(key->inner, keys, sizeof keys));
        break;
    case CONFIG_TYPE_REGIONS:
        snprintf(buffer, size, "a mapping from names to regions, or {} for none");
        break;
    }
    return buffer;
}
