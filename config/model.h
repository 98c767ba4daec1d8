/*
 * The model: what a configuration file declares, once it has been read and found right.
 *
 * The loader (loader.h) makes it from YAML; the service plans with it; `shmbroker check` prints it. Plain
 * data, read-only after loading. Every string is UTF-8, NUL-terminated, and lives as long as the model.
 */
#ifndef SHMBROKER_CONFIG_MODEL_H
#define SHMBROKER_CONFIG_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bounds of the grammar. What exceeds one is a diagnostic, never a truncation. */
#define CONFIG_MAX_FILE_BYTES  (64u << 20)  /* one YAML file */
#define CONFIG_MAX_NESTING     16u          /* mappings and sequences inside each other */
#define CONFIG_MAX_REGIONS     100000u      /* regions of one configuration */
#define CONFIG_MAX_PRINCIPALS  64u          /* entries of one access list */
#define CONFIG_MAX_BOUNDARY    16u          /* entries of a private namespace's boundary */
#define CONFIG_MAX_NAME_CHARS  200u         /* code points of a region's name */
#define CONFIG_MAX_DESCRIPTION 1024u        /* bytes */
#define CONFIG_MAX_SDDL        8192u        /* bytes */
#define CONFIG_MAX_PATH_BYTES  1024u        /* bytes of a backing file's path */
#define CONFIG_MAX_REGION_SIZE (1ull << 47) /* bytes: the user half of a 64-bit address space */
#define CONFIG_MAX_BUDGET      (1ull << 60) /* bytes */
#define CONFIG_MAX_FILES       1024u        /* of one configuration, fragments counted */
#define CONFIG_MAX_TOTAL_BYTES (256u << 20) /* of all its files together */
#define CONFIG_MAX_PATTERNS    64u          /* entries of `include` */
#define CONFIG_MAX_ROLES       1024u        /* of one configuration */
#define CONFIG_MAX_ROLE_CHARS  64u          /* code points of a role's name */
#define CONFIG_MAX_INITIAL     65536u       /* bytes of an `initial` text */
#define CONFIG_MAX_NUMA_NODE   63u
#define CONFIG_MAX_SNAPSHOTS   100u
#define CONFIG_LEAST_INTERVAL  100u /* milliseconds between two snapshots, or two flushes */
#define CONFIG_MOST_INTERVAL   86400000u
#define CONFIG_MOST_DRAIN      86400000u /* milliseconds */
#define CONFIG_SID_TEXT        188u /* longest SID in text (15 subauthorities), with its NUL, rounded up */

/* Where something stands in its file; both 1-based, columns counted in code points. */
typedef struct config_position {
    uint32_t line;
    uint32_t column;
} config_position;

/* The directory of object names a region appears in. */
typedef enum config_namespace {
    CONFIG_NAMESPACE_GLOBAL,  /* Global\NAME: every session */
    CONFIG_NAMESPACE_LOCAL,   /* Local\NAME: the broker's own session */
    CONFIG_NAMESPACE_SESSION, /* one for each session, each under a global name of its own */
    CONFIG_NAMESPACE_PRIVATE  /* NAME in a private namespace, which only members of its boundary can open */
} config_namespace;

/* One account or group, as written and as the kernel knows it. */
typedef struct config_principal {
    const char *text; /* as the file has it: "Users", "NT SERVICE\Sensor", "S-1-5-32-545" */
    const char *sid;  /* "S-1-…" */
    const char *file; /* where it stands in an access list: itself, or the role that has it */
    config_position where;
    const char *role;                      /* the role that the list names; NULL: the list names it itself */
    const struct config_principal *member; /* with a role: its own entry there; otherwise NULL */
} config_principal;

typedef struct config_principal_list {
    const config_principal *items;
    size_t count;
} config_principal_list;

/* What a region's bytes are; the catalog's number of a kind is one more. */
typedef enum config_kind {
    CONFIG_KIND_RAW,
    CONFIG_KIND_STATE,
    CONFIG_KIND_QUEUE,
    CONFIG_KIND_STREAM
} config_kind;

/* The mandatory label: what a process must at least have to write. */
typedef enum config_integrity {
    CONFIG_INTEGRITY_UNSET, /* no label: Windows treats the object as medium */
    CONFIG_INTEGRITY_LOW,
    CONFIG_INTEGRITY_MEDIUM,
    CONFIG_INTEGRITY_HIGH
} config_integrity;

/* Who may do what. A writer may also read. Whoever is denied gets nothing, whatever other lists say. */
typedef struct config_access {
    config_principal_list read;
    config_principal_list write;
    config_principal_list manage; /* may change the descriptor, or retire the region */
    config_principal_list deny;
    config_principal_list lock;     /* may take the lock of a raw region, as writers may */
    config_principal_list packages; /* `appcontainer`: the packages that may do what their user may */
    config_integrity integrity;
} config_access;

/* What a region holds when it is made anew. */
typedef enum config_initial_kind {
    CONFIG_INITIAL_ZERO,
    CONFIG_INITIAL_FILL,  /* every byte is `fill` */
    CONFIG_INITIAL_BYTES, /* `bytes` from offset 0, then zeros; at most the region's size */
    CONFIG_INITIAL_FILE   /* the contents of `path` from offset 0, then zeros */
} config_initial_kind;

typedef struct config_initial {
    config_initial_kind kind;
    uint8_t fill;
    const unsigned char *bytes;
    size_t length;    /* of `bytes` */
    const char *path; /* as written: absolute, or relative to the folder of the configuration file `file` */
    const char *file; /* the configuration file that says so; NULL for zero by default */
} config_initial;

typedef enum config_large_pages {
    CONFIG_LARGE_PAGES_NO,
    CONFIG_LARGE_PAGES_PREFER, /* ordinary pages will do */
    CONFIG_LARGE_PAGES_REQUIRE
} config_large_pages;

/* What of a region outlives a crash. */
typedef enum config_persist_mode {
    CONFIG_PERSIST_NONE,
    CONFIG_PERSIST_FILE,    /* its backing file is flushed */
    CONFIG_PERSIST_SNAPSHOT /* it is copied to snapshots; it has no backing file */
} config_persist_mode;

/* What a region begins with when its last life did not end in order. */
typedef enum config_on_dirty {
    CONFIG_DIRTY_KEEP,    /* what there is: the file's bytes, the newest snapshot, or what a new region has */
    CONFIG_DIRTY_ZERO,    /* what a new region has */
    CONFIG_DIRTY_RESTORE, /* the newest snapshot */
    CONFIG_DIRTY_HOLD     /* it is not served */
} config_on_dirty;

typedef struct config_persist {
    config_persist_mode mode;
    uint32_t interval; /* milliseconds between two flushes, or two snapshots */
    uint32_t keep;     /* snapshots that stay */
} config_persist;

#define CONFIG_NUMA_ANY 0xFFFFFFFFu /* no node is preferred */

/* One region as declared, with the file's defaults filled in. */
typedef struct config_region {
    const char *name;
    const char *description; /* "" when none is given */
    config_namespace name_space;
    config_principal_list boundary; /* of a private namespace; else empty */
    config_kind kind;
    uint64_t size; /* bytes, 1 to CONFIG_MAX_REGION_SIZE: as declared when raw, else what the kind needs */
    uint64_t max_size;        /* bytes that a raw region can grow to, more than size; 0: it does not grow */
    uint64_t item_size;       /* bytes: of the largest value (state) or message (queue, stream); 0 when raw */
    uint32_t messages;        /* queue and stream: a power of two, at least as declared; otherwise 0 */
    bool lock;                /* raw: it has a lock beside it */
    bool notify;              /* raw: it has a signal beside it */
    const char *backing_file; /* NULL: the paging file. Otherwise relative to the data folder, or X:\… */
    const char *sddl;         /* NULL when `access` rules; otherwise the descriptor as the file has it */
    config_position sddl_where;
    config_access access; /* empty when `sddl` rules */
    config_initial initial;
    config_large_pages large_pages;
    uint32_t numa_node; /* CONFIG_NUMA_ANY, or the node that its memory should be on */
    config_persist persist;
    config_on_dirty on_dirty;
    bool prefetch;         /* its pages are made present when it is created */
    bool revoke;           /* another access makes another object */
    uint32_t drain;        /* milliseconds that it stays for programs when it is declared no more */
    const char *file;      /* the configuration file that declares it */
    config_position where; /* of the region's name */
} config_region;

/* A named set of accounts and groups. */
typedef struct config_role {
    const char *name;
    config_principal_list members;
    const char *file;
    config_position where;
} config_role;

/* A whole configuration: regions in the order of the files, the main file's first. */
typedef struct config_model {
    const char *file;         /* the main file's path as given to the loader */
    const char *const *files; /* every file that was read, the main one first */
    size_t file_count;
    const config_role *roles;
    size_t role_count;
    const config_region *regions;
    size_t region_count;
    uint64_t commit_budget;     /* bytes that all regions in memory may take; 0: no budget is set */
    struct config_arena *arena; /* owns everything above and the model itself */
} config_model;

/* Releases a model and all that it points to. NULL is fine. */
void config_model_free(config_model *model);

#endif
