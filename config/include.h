/*
 * Inclusion: from the entries of `include` to the files that they stand for.
 */
#ifndef SHMBROKER_CONFIG_INCLUDE_H
#define SHMBROKER_CONFIG_INCLUDE_H

#include "values.h"

/* One file to read. */
typedef struct config_included {
    struct config_included *next;
    const char *path;        /* relative to the main file's folder, with the separators of its entry */
    const char *folded;      /* in the form in which equal paths have equal bytes */
    const config_node *node; /* the entry that names it first */
} config_included;

/*
 * Finds the files that the list `node` names, in the order of its entries, those of one pattern in the byte order of
 * their names; each once, and `main_name` (the main file's own name in its folder) never. What cannot be found out is
 * added to the diagnostics.
 */
config_included *config_include_find(config_reading *reading, const config_node *node,
                                     const config_sources *sources, const char *main_name);

/*
 * What to call an included file in messages: `path` behind the folder of `main_file`, with the separators that this has.
 * In the model's memory; NULL, noted in `reading`, when there is none.
 */
const char *config_include_name(config_reading *reading, const char *main_file, const char *path);

#endif
