/*
 * Values: from a node to what its key's type makes of it. One reader per type of the grammar.
 */
#ifndef SHMBROKER_CONFIG_VALUES_H
#define SHMBROKER_CONFIG_VALUES_H

#include "arena.h"
#include "document.h"
#include "grammar.h"
#include "loader.h"
#include "principals.h"
#include "text.h"

#define CONFIG_PRINCIPAL_CACHE 256u /* a power of two */

/* Room for what config_value_describe writes, its NUL included. */
#define CONFIG_FOUND (CONFIG_QUOTED + 2u)

/* A principal that was asked for before: accounts are looked up once, not once per region. */
typedef struct config_known_principal {
    const char *text; /* NULL: the place is free */
    const char *sid;  /* NULL when there is none, for the reason `why` */
    const char *why;
} config_known_principal;

struct config_roles;

/* What reading a configuration needs everywhere. */
typedef struct config_reading {
    const config_resolver *resolver;
    config_diagnostics *diagnostics;
    const char *file;                 /* the one being read; the model's text */
    const struct config_roles *roles; /* those that may be named there; NULL where none may */
    config_arena *kept;               /* the model's memory */
    config_arena *passing;            /* memory until the configuration is read: the trees' */
    bool out_of_memory;
    config_known_principal known[CONFIG_PRINCIPAL_CACHE];
} config_reading;

/* One value as read. `node` says whether the key stands there at all, the rest is zero unless it could be
   read. */
typedef struct config_value {
    const config_node *node;
    uint64_t number;  /* a number, a size in bytes, a time in milliseconds, a choice's place, 1 for true */
    const char *text; /* text, file, SDDL: in reading->kept; a choice as the grammar has it */
    union {
        config_principal_list principals; /* of lists of accounts or packages */
        struct {
            const unsigned char *bytes; /* of contents; NULL when they could not be read */
            size_t length;
        } content;
    } of;
} config_value;

/*
 * Reads the value of any type that holds no keys of its own; of a variant, the choice. What is wrong is added
 * to the diagnostics.
 */
void config_value_read(config_reading *reading, config_key_id id, const config_node *node,
                       config_value *value);

/* What stands there, as a sentence begins with it: `"64 KB"`, `a list`, `an empty value`. Returns `buffer`.
 */
const char *config_value_describe(const config_node *node, char buffer[CONFIG_FOUND]);

/* Whether `node` is a mapping; reports what key `id` allows when it is something else. */
bool config_value_is_mapping(config_reading *reading, config_key_id id, const config_node *node);

/* Adds an error about what stands there: `"64 KB" is not a size; write … (did you mean 64 KiB?)`; `meant` is
   NULL where there is no good guess. */
void config_value_refuse(config_reading *reading, config_key_id id, const config_node *node, const char *what,
                         const char *meant);

/* A copy in the model's memory; NULL, noted in `reading`, when there is none. */
char *config_reading_keep(config_reading *reading, const char *text, size_t length);

/* Allocates from `arena`; notes in `reading` when memory runs out. */
void *config_reading_alloc(config_reading *reading, config_arena *arena, size_t size);

/* Adds an error about `node` at `where`; at its key or its value it marks the whole of it. Returns it as
   config_diagnostics_add does. */
CONFIG_PRINTF(4, 5)
config_diagnostic *config_reading_report(config_reading *reading, const config_node *node,
                                         config_position where, const char *format, ...);

/* Shows with `item` the place of what it names, in the current file. */
void config_reading_note(config_reading *reading, config_diagnostic *item, config_span span,
                         const char *message);

#endif
