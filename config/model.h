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
#define CONFIG_MAX_NAME_CHARS  200u         /* code points of a region's name */
#define CONFIG_MAX_DESCRIPTION 1024u        /* bytes */
#define CONFIG_MAX_SDDL        8192u        /* bytes */
#define CONFIG_MAX_PATH_BYTES  1024u        /* bytes of a backing file's path */
#define CONFIG_MAX_REGION_SIZE (1ull << 47) /* bytes: the user half of a 64-bit address space */
#define CONFIG_SID_TEXT        188u /* longest SID in text (15 subauthorities), with its NUL, rounded up */

/* Where something stands in its file; both 1-based, columns counted in code points. */
typedef struct config_position {
    uint32_t line;
    uint32_t column;
} config_position;

/* The directory of object names a region appears in. */
typedef enum config_namespace {
    CONFIG_NAMESPACE_GLOBAL, /* Global\NAME: every session */
    CONFIG_NAMESPACE_LOCAL   /* Local\NAME: the broker's own session */
} config_namespace;

/* One account or group, as written and as the kernel knows it. */
typedef struct config_principal {
    const char *text; /* as the file has it: "Users", "NT SERVICE\Sensor", "S-1-5-32-545" */
    const char *sid;  /* "S-1-…" */
    config_position where;
} config_principal;

typedef struct config_principal_list {
    const config_principal *items;
    size_t count;
} config_principal_list;

/* Who may do what. A writer may also read. */
typedef struct config_access {
    config_principal_list read;
    config_principal_list write;
} config_access;

/* One region as declared, with the file's defaults filled in. */
typedef struct config_region {
    const char *name;
    const char *description; /* "" when none is given */
    config_namespace name_space;
    uint64_t size;            /* bytes, 1 to CONFIG_MAX_REGION_SIZE */
    const char *backing_file; /* NULL: the paging file. Otherwise relative to the data folder, or X:\… */
    const char *sddl;         /* NULL when `access` rules; otherwise the descriptor as the file has it */
    config_access access;     /* empty when `sddl` rules */
    config_position where;    /* of the region's name */
} config_region;

/* A whole configuration: regions in the order of the file. */
typedef struct config_model {
    const char *file; /* the path as given to the loader */
    const config_region *regions;
    size_t region_count;
    struct config_arena *arena; /* owns everything above and the model itself */
} config_model;

/* Releases a model and all that it points to. NULL is fine. */
void config_model_free(config_model *model);

#endif
