/*
 * The table of keys, and how they are found.
 */
#include "grammar.h"

#include "model.h"
#include "shmb_layout.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

/* In the order of config_namespace; the mapping comes after them. */
static const char *const namespaces[] = {"global", "local", "session", NULL};

/* In the order of config_integrity, from low on. */
static const char *const integrities[] = {"low", "medium", "high", NULL};

/* In the order of config_large_pages. */
static const char *const large_pages[] = {"no", "prefer", "require", NULL};

/* In the order of config_persist_mode, from file on. */
static const char *const persist_modes[] = {"file", "snapshot", NULL};

/* In the order of config_on_dirty. */
static const char *const on_dirty[] = {"keep", "zero", "restore", "hold", NULL};

/* In the order of config_kind. */
static const char *const kinds[] = {"raw", "state", "queue", "stream", NULL};

static const char *const packages[] = {"all", NULL};
static const char *const initials[] = {"zero", NULL};

/* What several rows have in common. */
#define IN_REGION_OR_DEFAULTS .sections = (CONFIG_IN_DEFAULTS | CONFIG_IN_REGION)
#define OFF_OR_ON             .type = CONFIG_TYPE_BOOLEAN, .fallback = "false", .example = "true"
#define WHO                   .type = CONFIG_TYPE_PRINCIPALS, .most = CONFIG_MAX_PRINCIPALS, .fallback = "[]"
#define INTERVAL              .type = CONFIG_TYPE_DURATION, .least = CONFIG_LEAST_INTERVAL, .most = CONFIG_MOST_INTERVAL
#define OF_MESSAGES                                                                                          \
    .sections = CONFIG_IN_REGION, .need = "required when the kind is queue or stream, and only then allowed"

const config_key config_keys[CONFIG_KEY_COUNT] = {
    [CONFIG_KEY_VERSION] =
        {
            .name = "version",
            .sections = CONFIG_IN_FILE | CONFIG_IN_FRAGMENT,
            .required = CONFIG_IN_FILE | CONFIG_IN_FRAGMENT,
            .type = CONFIG_TYPE_NUMBER,
            .least = 1,
            .most = 1,
            .example = "1",
            .help = "The version of this grammar that the file is written in.",
        },
    [CONFIG_KEY_INCLUDE] =
        {
            .name = "include",
            .sections = CONFIG_IN_FILE,
            .type = CONFIG_TYPE_PATTERNS,
            .most = CONFIG_MAX_PATTERNS,
            .fallback = "[]",
            .example = "[conf.d/*.yaml]",
            .help = "Files that belong to this one, each with a version, roles, defaults and regions of its "
                    "own, relative to "
                    "its folder; * and ? in the last part stand for all that match, read in the order of "
                    "their names.",
        },
    [CONFIG_KEY_COMMIT_BUDGET] =
        {
            .name = "commit_budget",
            .sections = CONFIG_IN_FILE,
            .type = CONFIG_TYPE_SIZE,
            .least = 1,
            .most = CONFIG_MAX_BUDGET,
            .example = "4 GiB",
            .help = "What all regions in memory may take together, each rounded up to pages of 4 KiB; "
                    "regions with a file do not count.",
        },
    [CONFIG_KEY_ROLES] =
        {
            .name = "roles",
            .sections = CONFIG_IN_FILE | CONFIG_IN_FRAGMENT,
            .type = CONFIG_TYPE_ROLES,
            .most = CONFIG_MAX_ROLES,
            .example = "{ operators: [Administrators, 'PLC\\Operators'] }",
            .help = "Names for sets of accounts and groups, to be used in every list of them; a role holds "
                    "no other roles.",
        },
    [CONFIG_KEY_DEFAULTS] =
        {
            .name = "defaults",
            .sections = CONFIG_IN_FILE | CONFIG_IN_FRAGMENT,
            .type = CONFIG_TYPE_SECTION,
            .inner = CONFIG_IN_DEFAULTS,
            .example = "{ access: { read: [Users], write: [Administrators] } }",
            .help = "What holds for every region that does not say otherwise.",
        },
    [CONFIG_KEY_REGIONS] =
        {
            .name = "regions",
            .sections = CONFIG_IN_FILE | CONFIG_IN_FRAGMENT,
            .required = CONFIG_IN_FILE | CONFIG_IN_FRAGMENT,
            .type = CONFIG_TYPE_REGIONS,
            .most = CONFIG_MAX_REGIONS,
            .inner = CONFIG_IN_REGION,
            .example = "{ Telemetry: { size: 64 KiB } }",
            .help = "The regions, each under the name by which programs open it; {} when there are none.",
        },
    [CONFIG_KEY_DESCRIPTION] =
        {
            .name = "description",
            .sections = CONFIG_IN_REGION,
            .type = CONFIG_TYPE_TEXT,
            .most = CONFIG_MAX_DESCRIPTION,
            .example = "'wheel and engine data, 60 Hz'",
            .help = "What the region is for, shown to people and nothing else.",
        },
    [CONFIG_KEY_KIND] =
        {
            .name = "kind",
            .sections = CONFIG_IN_REGION,
            .type = CONFIG_TYPE_CHOICE,
            .choices = kinds,
            .fallback = "raw",
            .example = "state",
            .help = "What the region's bytes are: whatever programs make of them (raw), the latest value of "
                    "something (state), messages of which each is received once (queue), or messages of one "
                    "producer that every reader sees, the oldest written over by the newest (stream).",
        },
    [CONFIG_KEY_SIZE] =
        {
            .name = "size",
            .sections = CONFIG_IN_REGION,
            .type = CONFIG_TYPE_SIZE,
            .least = 1,
            .most = CONFIG_MAX_REGION_SIZE,
            .need = "required, unless the kind is queue or stream",
            .example = "64 KiB",
            .help =
                "How many bytes the region has; of a state, how many its largest value has, 1 GiB at most. "
                "That of a queue or stream follows from messages and message_size.",
        },
    [CONFIG_KEY_MESSAGES] =
        {
            .name = "messages",
            OF_MESSAGES,
            .type = CONFIG_TYPE_NUMBER,
            .least = SHMB_MESSAGES_LEAST,
            .most = SHMB_MESSAGES_MOST,
            .example = "1024",
            .help = "How many messages the queue or stream has room for, rounded up to a power of two.",
        },
    [CONFIG_KEY_MESSAGE_SIZE] =
        {
            .name = "message_size",
            OF_MESSAGES,
            .type = CONFIG_TYPE_SIZE,
            .least = 1,
            .most = SHMB_MESSAGE_MOST,
            .example = "256 B",
            .help = "How many bytes the largest message of the queue or stream has; each takes as much room.",
        },
    [CONFIG_KEY_LOCK] =
        {
            .name = "lock",
            .sections = CONFIG_IN_REGION,
            .type = CONFIG_TYPE_LOCK,
            .most = CONFIG_MAX_PRINCIPALS,
            .fallback = "false",
            .example = "true",
            .help = "Whether a raw region has a lock beside it, which whoever may write may take; so may the "
                    "accounts and groups of a list, who need read beside it to attach.",
        },
    [CONFIG_KEY_NOTIFY] =
        {
            .name = "notify",
            .sections = CONFIG_IN_REGION,
            OFF_OR_ON,
            .help =
                "Whether programs can wait until somebody who writes a raw region says that it has changed.",
        },
    [CONFIG_KEY_MAX_SIZE] =
        {
            .name = "max_size",
            .sections = CONFIG_IN_REGION,
            .type = CONFIG_TYPE_SIZE,
            .least = 1,
            .most = CONFIG_MAX_REGION_SIZE,
            .example = "1 GiB",
            .help = "How many bytes the region can grow to while programs use it; more than size. Not for "
                    "regions "
                    "with a file or in large pages.",
        },
    [CONFIG_KEY_NAMESPACE] =
        {
            .name = "namespace",
            IN_REGION_OR_DEFAULTS,
            .type = CONFIG_TYPE_VARIANT,
            .choices = namespaces,
            .inner = CONFIG_IN_NAMESPACE,
            .fallback = "global",
            .example = "{ private: { boundary: [SERVICE] } }",
            .help = "Who sees the region's name: programs of every session (global), those of the broker's "
                    "own session (local), each session's programs a region of their own (session), or the "
                    "members of a private namespace.",
        },
    [CONFIG_KEY_PRIVATE] =
        {
            .name = "private",
            .sections = CONFIG_IN_NAMESPACE,
            .type = CONFIG_TYPE_SECTION,
            .inner = CONFIG_IN_PRIVATE,
            .example = "{ boundary: [SERVICE] }",
            .help = "Puts the region's name where only members of a boundary can open it, or take it.",
        },
    [CONFIG_KEY_BOUNDARY] =
        {
            .name = "boundary",
            .sections = CONFIG_IN_PRIVATE,
            .required = CONFIG_IN_PRIVATE,
            .type = CONFIG_TYPE_PRINCIPALS,
            .least = 1,
            .most = CONFIG_MAX_BOUNDARY,
            .example = "[SERVICE]",
            .help = "The accounts and groups that a program must belong to, to all of them, to open the "
                    "private namespace. So must the broker: a service of its own account is in Users and "
                    "SERVICE, but is no administrator.",
        },
    [CONFIG_KEY_ACCESS] =
        {
            .name = "access",
            IN_REGION_OR_DEFAULTS,
            .type = CONFIG_TYPE_SECTION,
            .inner = CONFIG_IN_ACCESS,
            .example = "{ read: [Users], write: [Administrators] }",
            .help = "Who may do what with the region; a region's own replaces the default as a whole.",
        },
    [CONFIG_KEY_READ] =
        {
            .name = "read",
            .sections = CONFIG_IN_ACCESS,
            WHO,
            .example = "[Users]",
            .help = "Accounts and groups that may read the region.",
        },
    [CONFIG_KEY_WRITE] =
        {
            .name = "write",
            .sections = CONFIG_IN_ACCESS,
            WHO,
            .example = "['NT SERVICE\\Sensor']",
            .help = "Accounts and groups that may read and write the region.",
        },
    [CONFIG_KEY_MANAGE] =
        {
            .name = "manage",
            .sections = CONFIG_IN_ACCESS,
            WHO,
            .example = "[Administrators]",
            .help = "Accounts and groups that may change who may use the region, or retire it.",
        },
    [CONFIG_KEY_DENY] =
        {
            .name = "deny",
            .sections = CONFIG_IN_ACCESS,
            WHO,
            .example = "[Guests]",
            .help = "Accounts and groups that get nothing, whatever the other lists say.",
        },
    [CONFIG_KEY_INTEGRITY] =
        {
            .name = "integrity",
            IN_REGION_OR_DEFAULTS,
            .type = CONFIG_TYPE_CHOICE,
            .choices = integrities,
            .example = "low",
            .help = "The integrity level that a program must at least have to write; without it Windows asks "
                    "for medium.",
        },
    [CONFIG_KEY_APPCONTAINER] =
        {
            .name = "appcontainer",
            IN_REGION_OR_DEFAULTS,
            .type = CONFIG_TYPE_PACKAGES,
            .most = CONFIG_MAX_PRINCIPALS,
            .choices = packages,
            .fallback = "[]",
            .example = "all",
            .help = "The app packages (all of them, or those with these SIDs) that may do what the user who "
                    "runs them may.",
        },
    [CONFIG_KEY_SDDL] =
        {
            .name = "sddl",
            .sections = CONFIG_IN_REGION,
            .type = CONFIG_TYPE_SDDL,
            .least = 1,
            .most = CONFIG_MAX_SDDL,
            .example = "'D:P(A;;0x20005;;;BU)'",
            .help =
                "The region's security descriptor in full, instead of access, integrity and appcontainer.",
        },
    [CONFIG_KEY_BACKING] =
        {
            .name = "backing",
            .sections = CONFIG_IN_REGION,
            .type = CONFIG_TYPE_SECTION,
            .inner = CONFIG_IN_BACKING,
            .example = "{ file: recipes.shm }",
            .help = "Where the region's bytes are kept; without it in memory, lost when the broker stops.",
        },
    [CONFIG_KEY_FILE] =
        {
            .name = "file",
            .sections = CONFIG_IN_BACKING,
            .required = CONFIG_IN_BACKING,
            .type = CONFIG_TYPE_FILE,
            .least = 1,
            .most = CONFIG_MAX_PATH_BYTES,
            .example = "recipes.shm",
            .help = "The file that keeps the region's bytes, relative to the data folder: created when "
                    "absent, kept when present.",
        },
    [CONFIG_KEY_PERSIST] =
        {
            .name = "persist",
            IN_REGION_OR_DEFAULTS,
            .type = CONFIG_TYPE_SECTION,
            .inner = CONFIG_IN_PERSIST,
            .example = "{ mode: snapshot, every: 5 s, keep: 3 }",
            .help = "What of the region survives a crash and a reboot, and how fresh it is; a default is for "
                    "the regions that its mode fits.",
        },
    [CONFIG_KEY_PERSIST_MODE] =
        {
            .name = "mode",
            .sections = CONFIG_IN_PERSIST,
            .required = CONFIG_IN_PERSIST,
            .type = CONFIG_TYPE_CHOICE,
            .choices = persist_modes,
            .example = "snapshot",
            .help = "Flushes the file of a region with backing (file), or copies a region in memory to "
                    "snapshots, of which the newest good one is restored (snapshot).",
        },
    [CONFIG_KEY_PERSIST_FLUSH] =
        {
            .name = "flush",
            .sections = CONFIG_IN_PERSIST,
            INTERVAL,
            .fallback = "1 s",
            .example = "1 s",
            .help =
                "How often the file is written to the disk, beside when the broker stops; with mode: file.",
        },
    [CONFIG_KEY_PERSIST_EVERY] =
        {
            .name = "every",
            .sections = CONFIG_IN_PERSIST,
            INTERVAL,
            .fallback = "5 s",
            .example = "5 s",
            .help =
                "How often a snapshot is taken when the bytes have changed, beside when the broker stops; "
                "with mode: snapshot.",
        },
    [CONFIG_KEY_PERSIST_KEEP] =
        {
            .name = "keep",
            .sections = CONFIG_IN_PERSIST,
            .type = CONFIG_TYPE_NUMBER,
            .least = 1,
            .most = CONFIG_MAX_SNAPSHOTS,
            .fallback = "3",
            .example = "3",
            .help = "How many snapshots stay; with mode: snapshot.",
        },
    [CONFIG_KEY_ON_DIRTY] =
        {
            .name = "on_dirty",
            IN_REGION_OR_DEFAULTS,
            .type = CONFIG_TYPE_CHOICE,
            .choices = on_dirty,
            .fallback = "keep",
            .example = "zero",
            .help = "What the region begins with when its last life did not end in order: what there is "
                    "(keep), as new (zero), the newest snapshot (restore), or nothing until a person decides "
                    "(hold).",
        },
    [CONFIG_KEY_INITIAL] =
        {
            .name = "initial",
            IN_REGION_OR_DEFAULTS,
            .type = CONFIG_TYPE_VARIANT,
            .choices = initials,
            .inner = CONFIG_IN_INITIAL,
            .fallback = "zero",
            .example = "{ fill: 0xFF }",
            .help = "What the region holds when it is made anew, from its first byte on, zeros after that; "
                    "an existing backing file stays as it is.",
        },
    [CONFIG_KEY_INITIAL_FILL] =
        {
            .name = "fill",
            .sections = CONFIG_IN_INITIAL,
            .type = CONFIG_TYPE_BYTE,
            .least = 0,
            .most = 255,
            .example = "0xFF",
            .help = "The value of every byte.",
        },
    [CONFIG_KEY_INITIAL_TEXT] =
        {
            .name = "text",
            .sections = CONFIG_IN_INITIAL,
            .type = CONFIG_TYPE_CONTENT,
            .least = 1,
            .most = CONFIG_MAX_INITIAL,
            .example = "'not ready'",
            .help = "Text in UTF-8, without a zero at its end.",
        },
    [CONFIG_KEY_INITIAL_HEX] =
        {
            .name = "hex",
            .sections = CONFIG_IN_INITIAL,
            .type = CONFIG_TYPE_HEX,
            .least = 1,
            .most = CONFIG_MAX_INITIAL,
            .example = "'53 48 4D 00'",
            .help = "Bytes, each as two hexadecimal digits.",
        },
    [CONFIG_KEY_INITIAL_FILE] =
        {
            .name = "file",
            .sections = CONFIG_IN_INITIAL,
            .type = CONFIG_TYPE_CONTENT_FILE,
            .least = 1,
            .most = CONFIG_MAX_PATH_BYTES,
            .example = "defaults.bin",
            .help = "A file whose contents are copied, relative to the folder of the file that says so.",
        },
    [CONFIG_KEY_LARGE_PAGES] =
        {
            .name = "large_pages",
            IN_REGION_OR_DEFAULTS,
            .type = CONFIG_TYPE_CHOICE,
            .choices = large_pages,
            .fallback = "no",
            .example = "prefer",
            .help = "Whether the region lies in large pages, if the machine grants them (prefer) or else not "
                    "at all (require); not for regions with a file.",
        },
    [CONFIG_KEY_NUMA_NODE] =
        {
            .name = "numa_node",
            IN_REGION_OR_DEFAULTS,
            .type = CONFIG_TYPE_NUMBER,
            .least = 0,
            .most = CONFIG_MAX_NUMA_NODE,
            .example = "0",
            .help =
                "The NUMA node whose memory the region should lie in; without it, wherever Windows puts it.",
        },
    [CONFIG_KEY_PREFETCH] =
        {
            .name = "prefetch",
            IN_REGION_OR_DEFAULTS,
            OFF_OR_ON,
            .help = "Whether the region's pages are made present when it is created, so that first accesses "
                    "are fast.",
        },
    [CONFIG_KEY_REVOKE] =
        {
            .name = "revoke",
            IN_REGION_OR_DEFAULTS,
            OFF_OR_ON,
            .help = "Whether a reload that changes who may use the region replaces it by a new one, empty "
                    "unless `initial` or a file says otherwise. Without it programs that have the region "
                    "open keep the rights with which they opened it.",
        },
    [CONFIG_KEY_DRAIN] =
        {
            .name = "drain",
            IN_REGION_OR_DEFAULTS,
            .type = CONFIG_TYPE_DURATION,
            .least = 0,
            .most = CONFIG_MOST_DRAIN,
            .fallback = "10 s",
            .example = "1 min",
            .help =
                "How long a region that is declared no more stays with the broker while programs still have "
                "it open; after that it is theirs alone.",
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
