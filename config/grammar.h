/*
 * The grammar: one table of every key that a configuration may hold.
 *
 * A row says what the key is called, where it stands, of what type and range its value is, and in one
 * sentence what it does. The loader reads by this table, and words what its messages say is allowed from it (allowed.h);
 * whatever else describes the grammar is to be made from it as well, so that nothing can disagree.
 */
#ifndef SHMBROKER_CONFIG_GRAMMAR_H
#define SHMBROKER_CONFIG_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The mappings that have keys of their own. Bits: a key may stand in several. */
typedef enum config_section {
    CONFIG_IN_FILE = 1, /* the main file */
    CONFIG_IN_DEFAULTS = 2,
    CONFIG_IN_REGION = 4,
    CONFIG_IN_ACCESS = 8,
    CONFIG_IN_BACKING = 16,
    CONFIG_IN_NAMESPACE = 32,
    CONFIG_IN_PRIVATE = 64,
    CONFIG_IN_INITIAL = 128,
    CONFIG_IN_PERSIST = 256,
    CONFIG_IN_FRAGMENT = 512 /* a file that the main file includes */
} config_section;

typedef enum config_type {
    CONFIG_TYPE_NUMBER,       /* a whole number from `least` to `most`, unquoted */
    CONFIG_TYPE_BYTE,         /* likewise, also written 0x00 to 0xFF */
    CONFIG_TYPE_BOOLEAN,      /* true or false, unquoted */
    CONFIG_TYPE_SIZE,         /* bytes from `least` to `most`, units.h */
    CONFIG_TYPE_DURATION,     /* milliseconds from `least` to `most`, units.h */
    CONFIG_TYPE_CHOICE,       /* one of `choices`; its value is the choice's place in that list */
    CONFIG_TYPE_TEXT,         /* free text of at most `most` bytes, without control characters */
    CONFIG_TYPE_CONTENT,      /* free text of `least` to `most` bytes of UTF-8 */
    CONFIG_TYPE_HEX,          /* `least` to `most` bytes, two hexadecimal digits each, white space between */
    CONFIG_TYPE_FILE,         /* a backing file's path of at most `most` bytes, paths.h */
    CONFIG_TYPE_CONTENT_FILE, /* the path of a file to copy from, of at most `most` bytes, paths.h */
    CONFIG_TYPE_SDDL,         /* a security descriptor's text of at most `most` bytes */
    CONFIG_TYPE_PRINCIPALS,   /* a list of `least` to `most` accounts, groups and roles, principals.h */
    CONFIG_TYPE_LOCK,         /* true or false, or a list as of CONFIG_TYPE_PRINCIPALS */
    CONFIG_TYPE_PACKAGES, /* one of `choices`, or a list of at most `most` packages' SIDs (S-1-15-2-…) */
    CONFIG_TYPE_PATTERNS, /* a list of at most `most` relative paths, with * and ? in their last parts */
    CONFIG_TYPE_SECTION,  /* a mapping with the keys of `inner` */
    CONFIG_TYPE_VARIANT,  /* one of `choices`, or a mapping with exactly one of the keys of `inner` */
    CONFIG_TYPE_ROLES,    /* a mapping from at most `most` names to lists of CONFIG_MAX_PRINCIPALS */
    CONFIG_TYPE_REGIONS   /* a mapping from at most `most` names to mappings with the keys of `inner` */
} config_type;

typedef enum config_key_id {
    CONFIG_KEY_VERSION,
    CONFIG_KEY_INCLUDE,
    CONFIG_KEY_COMMIT_BUDGET,
    CONFIG_KEY_ROLES,
    CONFIG_KEY_DEFAULTS,
    CONFIG_KEY_REGIONS,
    CONFIG_KEY_DESCRIPTION,
    CONFIG_KEY_KIND,
    CONFIG_KEY_SIZE,
    CONFIG_KEY_MAX_SIZE,
    CONFIG_KEY_MESSAGES,
    CONFIG_KEY_MESSAGE_SIZE,
    CONFIG_KEY_LOCK,
    CONFIG_KEY_NOTIFY,
    CONFIG_KEY_NAMESPACE,
    CONFIG_KEY_PRIVATE,
    CONFIG_KEY_BOUNDARY,
    CONFIG_KEY_ACCESS,
    CONFIG_KEY_READ,
    CONFIG_KEY_WRITE,
    CONFIG_KEY_MANAGE,
    CONFIG_KEY_DENY,
    CONFIG_KEY_INTEGRITY,
    CONFIG_KEY_APPCONTAINER,
    CONFIG_KEY_SDDL,
    CONFIG_KEY_BACKING,
    CONFIG_KEY_FILE,
    CONFIG_KEY_PERSIST,
    CONFIG_KEY_PERSIST_MODE,
    CONFIG_KEY_PERSIST_FLUSH,
    CONFIG_KEY_PERSIST_EVERY,
    CONFIG_KEY_PERSIST_KEEP,
    CONFIG_KEY_ON_DIRTY,
    CONFIG_KEY_INITIAL,
    CONFIG_KEY_INITIAL_FILL,
    CONFIG_KEY_INITIAL_TEXT,
    CONFIG_KEY_INITIAL_HEX,
    CONFIG_KEY_INITIAL_FILE,
    CONFIG_KEY_LARGE_PAGES,
    CONFIG_KEY_NUMA_NODE,
    CONFIG_KEY_PREFETCH,
    CONFIG_KEY_REVOKE,
    CONFIG_KEY_DRAIN,
    CONFIG_KEY_COUNT
} config_key_id;

typedef struct config_key {
    const char *name;
    unsigned sections; /* where it may stand: bits of config_section */
    unsigned required; /* where it must stand: likewise */
    config_type type;
    uint64_t least;
    uint64_t most;
    const char *const *choices; /* of types that have them: ends with NULL */
    config_section inner;       /* of types that have one: the keys inside */
    const char
        *need; /* when it must stand there, where that depends on other keys: region_checks.c; or NULL */
    const char *fallback; /* what holds when it stands nowhere, as it would be written; or NULL */
    const char *example;  /* a value as it may be written behind the key, on one line */
    const char *help;     /* one sentence */
} config_key;

/* The table: row i describes the key whose id is i. */
extern const config_key config_keys[CONFIG_KEY_COUNT];

/* The key called so in `section`; CONFIG_KEY_COUNT when it has none. */
config_key_id config_key_find(config_section section, const char *name, size_t length);

/* The key of `section` that `name` may be a slip of; CONFIG_KEY_COUNT when none is near. */
config_key_id config_key_similar(config_section section, const char *name, size_t length);

/* Lists the keys of `section`: `version, defaults, regions`. Returns `buffer`; what does not fit is cut. */
const char *config_key_list(config_section section, char *buffer, size_t size);

#endif
