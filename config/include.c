/*
 * Turns patterns into files. The platform lists a folder; what matches, in which order, and what is the same file
 * is decided here, so that it is so on every platform.
 */
#include "include.h"

#include "paths.h"

#include <string.h>

#define WHY_TEXT 512u

/* What is known while the entries are gone through. */
typedef struct finding {
    config_reading *reading;
    const config_node *node; /* the current entry */
    const char *main_folded;
    config_included *first;
    config_included **segment; /* where those of the current entry begin */
    size_t count;
    bool stopped; /* there are too many: reported */
} finding;

/* A copy in which equal paths have equal bytes. */
static const char *fold(config_reading *reading, const char *path)
{
    char *folded = config_arena_text(reading->passing, path, strlen(path));
    reading->out_of_memory |= folded == NULL;
    for (char *c = folded; c != NULL && *c != '\0'; c++) {
        *c = *c == '/' ? '\\' : config_text_fold(*c);
    }
    return folded;
}

static bool is_known(const finding *f, const char *folded)
{
    bool known = strcmp(folded, f->main_folded) == 0;
    for (const config_included *each = f->first; each != NULL && !known; each = each->next) {
        known = strcmp(each->folded, folded) == 0;
    }
    return known;
}

/* Puts the file among those of the current entry, by its name's bytes. False when no more are wanted. */
static bool add(finding *f, const char *path)
{
    config_reading *reading = f->reading;
    const char *folded = fold(reading, path);
    if (folded == NULL || is_known(f, folded)) {
        return folded != NULL;
    }
    if (f->count + 1 >= CONFIG_MAX_FILES) { /* the main file counts */
        f->stopped = true;
        config_reading_report(reading, f->node, f->node->where,
                              "with the files of this entry there are more than %u; join some of them",
                              CONFIG_MAX_FILES);
        return false;
    }
    config_included *added = config_reading_alloc(reading, reading->passing, sizeof *added);
    if (added == NULL) {
        return false;
    }
    config_included **at = f->segment;
    while (*at != NULL && strcmp((*at)->path, path) < 0) {
        at = &(*at)->next;
    }
    added->path = path;
    added->folded = folded;
    added->node = f->node;
    added->next = *at;
    *at = added;
    f->count++;
    return true;
}

/* One name in the folder of the current entry. */
static bool found(void *receiver, const char *name)
{
    finding *f = receiver;
    config_reading *reading = f->reading;
    const char *pattern = f->node->text;
    size_t folder = config_path_last(pattern);
    size_t length = strlen(name);
    if (!config_path_matches(pattern + folder, name)) {
        return true;
    }
    if (folder + length > CONFIG_MAX_PATH_BYTES || config_path_source_problem(name, length) != NULL) {
        char quoted[CONFIG_QUOTED];
        config_reading_report(reading, f->node, f->node->where,
                              "the file \"%s\" matches, and its name cannot be used: %s; rename it",
                              config_text_quote(name, length, quoted),
                              folder + length > CONFIG_MAX_PATH_BYTES
                                  ? "it is too long"
                                  : config_path_source_problem(name, length));
        return true;
    }
    char *path = config_reading_alloc(reading, reading->passing, folder + length + 1);
    if (path == NULL) {
        return false;
    }
    memcpy(path, pattern, folder);
    memcpy(path + folder, name, length + 1);
    return add(f, path);
}

static void find_matches(finding *f, const config_sources *sources)
{
    char why[WHY_TEXT] = "";
    const char *pattern = f->node->text;
    size_t last = config_path_last(pattern);
    char *folder = config_arena_text(f->reading->passing, pattern, last > 0 ? last - 1 : 0);
    if (folder == NULL) {
        f->reading->out_of_memory = true;
        return;
    }
    if (!sources->list(sources->context, folder, found, f, why, sizeof why) && !f->stopped &&
        !f->reading->out_of_memory) {
        config_reading_report(f->reading, f->node, f->node->where, "the files that match cannot be found: %s",
                              why);
    }
}

config_included *config_include_find(config_reading *reading, const config_node *node,
                                     const config_sources *sources, const char *main_name)
{
    finding f = {reading, NULL, fold(reading, main_name), NULL, NULL, 0, false};
    f.segment = &f.first;
    for (f.node = node->children; f.node != NULL && !f.stopped && !reading->out_of_memory;
         f.node = f.node->next) {
        if (f.node->kind != CONFIG_NODE_SCALAR || config_node_is_null(f.node) ||
            config_path_pattern_problem(f.node->text, f.node->length) != NULL) {
            continue; /* reported */
        }
        if (config_path_is_pattern(f.node->text)) {
            find_matches(&f, sources);
        } else {
            add(&f, f.node->text);
        }
        while (*f.segment != NULL) {
            f.segment = &(*f.segment)->next;
        }
    }
    return f.first;
}

const char *config_include_name(config_reading *reading, const char *main_file, const char *path)
{
    size_t folder = config_path_last(main_file);
    size_t length = strlen(path);
    char *name = config_reading_alloc(reading, reading->kept, folder + length + 1);
    if (name == NULL) {
        return NULL;
    }
    memcpy(name, main_file, folder);
    memcpy(name + folder, path, length + 1);
    for (char *c = name + folder; folder > 0 && *c != '\0'; c++) {
        if (*c == '/' || *c == '\\') {
            *c = main_file[folder - 1];
        }
    }
    return name;
}
