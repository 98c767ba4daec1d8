/*
 * The loader: reads a file's roles, defaults and regions, and checks what must hold between regions.
 */
#include "loader.h"

#include "arena.h"
#include "budget.h"
#include "order.h"
#include "regions.h"
#include "roles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_READ ((size_t)64 << 10)

/* A backing file in use, to find those that two regions name. */
typedef struct backing_use {
    struct backing_use *next;
    const config_node *node; /* the path's */
    const char *folded;      /* the path in the form in which equal files have equal bytes */
} backing_use;

/* What is known of the configuration while it is read. */
typedef struct loading {
    config_reading reading;
    config_level defaults;
    config_roles roles;
    size_t role_count;
    backing_use *backings;
    size_t backing_count;
} loading;

/* Notes the region's backing file, to be compared with all others once they are read. */
static void note_backing(loading *load, const config_node *node, const char *path)
{
    config_reading *reading = &load->reading;
    backing_use *use = config_reading_alloc(reading, reading->passing, sizeof *use);
    char *folded = config_arena_text(reading->passing, path, strlen(path));
    reading->out_of_memory |= folded == NULL;
    if (reading->out_of_memory) {
        return;
    }
    for (char *c = folded; *c != '\0'; c++) {
        *c = config_text_fold(*c);
    }
    use->node = node;
    use->folded = folded;
    use->next = load->backings;
    load->backings = use;
    load->backing_count++;
}

/* Reports each file that a second region names. */
static void check_backings(loading *load)
{
    size_t count = load->backing_count;
    config_order_item *items = count > 0 ? calloc(count, 2 * sizeof *items) : NULL;
    if (items == NULL) {
        load->reading.out_of_memory |= count > 0;
        return;
    }
    size_t at = count; /* the list has the last use first */
    for (const backing_use *use = load->backings; use != NULL; use = use->next) {
        items[--at] = config_order_make(use->folded, strlen(use->folded), use->node);
    }
    config_order_group(items, items + count, count);
    for (size_t first = 0, each = 1; each < count; each++) {
        const config_node *one = items[first].owner;
        const config_node *other = items[each].owner;
        if (!config_order_equal(&items[first], &items[each])) {
            first = each;
            continue;
        }
        config_diagnostic *item = config_reading_report(
            &load->reading, other, other->where,
            "another region keeps its bytes in this file, at line %lu, column %lu; give each a "
            "file of its own",
            (unsigned long)one->where.line, (unsigned long)one->where.column);
        config_reading_note(&load->reading, item, config_node_span(one), "it is named here first");
    }
    free(items);
}

static void read_regions(loading *load, const config_node *node, config_model *model)
{
    size_t most = (size_t)config_keys[CONFIG_KEY_REGIONS].most;
    size_t room = node->length < most ? node->length : most;
    config_region *regions =
        config_reading_alloc(&load->reading, load->reading.kept, (room > 0 ? room : 1) * sizeof *regions);
    size_t count = 0;
    for (const config_node *each = node->children; each != NULL && !load->reading.out_of_memory;
         each = each->next) {
        const config_node *backing;
        if (each->duplicate) {
            continue;
        }
        if (count == most) {
            config_reading_report(&load->reading, node, each->key_where,
                                  "there are more than %lu regions; declare the others to a second broker",
                                  (unsigned long)most);
            break;
        }
        config_region *region = &regions[count++];
        config_region_read(&load->reading, &load->defaults, each, region, &backing);
        if (backing != NULL) {
            note_backing(load, backing, region->backing_file);
        }
    }
    check_backings(load);
    model->regions = regions;
    model->region_count = count;
}

/* What stands under `key` of the file when it is a mapping, or NULL. */
static const config_node *mapping_of(const config_value *values, config_key_id id)
{
    const config_node *node = values[id].node;
    return node != NULL && node->kind == CONFIG_NODE_MAPPING ? node : NULL;
}

/* Roles come first, for the defaults may name them; the defaults next, wherever they stand. */
static const config_node *child_called(const config_node *node, config_key_id id)
{
    const config_node *child = node->children;
    while (child != NULL && strcmp(child->key, config_keys[id].name) != 0) {
        child = child->next;
    }
    return child != NULL && child->kind == CONFIG_NODE_MAPPING ? child : NULL;
}

static bool is_file(config_reading *reading, const config_node *root)
{
    if (root->kind != CONFIG_NODE_MAPPING && root->kind != CONFIG_NODE_BROKEN) {
        char keys[256];
        config_reading_report(reading, root, root->where,
                              "the file is no mapping; write the keys %s, each followed by ':'",
                              config_key_list(CONFIG_IN_FILE, keys, sizeof keys));
    }
    return root->kind == CONFIG_NODE_MAPPING;
}

/* Reads the whole tree; what is wrong is among the diagnostics afterwards. */
static void read_root(loading *load, const config_node *root, config_model *model)
{
    config_reading *reading = &load->reading;
    config_value *values = load->defaults.values;
    if (!is_file(reading, root)) {
        return;
    }
    const config_node *roles = child_called(root, CONFIG_KEY_ROLES);
    if (roles != NULL) {
        config_roles_read(reading, roles, &load->roles, &load->role_count);
    }
    reading->roles = &load->roles;
    /* The keys of the defaults are read into the file's `values`, too. */
    config_section_read(reading, CONFIG_IN_FILE, root, values);
    config_defaults_check(reading, &load->defaults);
    const config_node *regions = mapping_of(values, CONFIG_KEY_REGIONS);
    if (regions != NULL) {
        read_regions(load, regions, model);
    }
    model->roles = load->roles.items;
    model->role_count = load->roles.count;
    if (values[CONFIG_KEY_COMMIT_BUDGET].number > 0) {
        model->commit_budget = values[CONFIG_KEY_COMMIT_BUDGET].number;
        config_budget_check(reading, values[CONFIG_KEY_COMMIT_BUDGET].node, model);
    }
}

/* Reads the document that `text` is into `model`; what is wrong is among the diagnostics afterwards. */
static void read_text(const char *file, const char *text, size_t length, loading *load, config_model *model)
{
    config_reading *reading = &load->reading;
    const char **files = config_reading_alloc(reading, reading->kept, sizeof *files);
    reading->file = config_reading_keep(reading, file, strlen(file));
    const config_node *root = config_document_read(text, length, reading->passing, reading->diagnostics);
    if (root == NULL) {
        return;
    }
    if (!reading->out_of_memory) {
        files[0] = reading->file;
        load->defaults.file = reading->file;
        model->file = reading->file;
        model->files = files;
        model->file_count = 1;
        read_root(load, root, model);
    }
    if (reading->out_of_memory) {
        config_out_of_memory(reading->diagnostics);
    }
}

static void report_too_long(config_diagnostics *diagnostics)
{
    config_position whole = {0, 0};
    config_diagnostics_add(
        diagnostics, whole, NULL,
        "the file has more than %u MiB, which is the most; declare fewer regions in one file",
        CONFIG_MAX_FILE_BYTES >> 20);
}

config_model *config_load_text(const char *file, const char *text, size_t length,
                               const config_resolver *resolver, config_diagnostics *diagnostics)
{
    size_t errors_before = diagnostics->errors;
    config_model *model = NULL;
    loading *load = calloc(1, sizeof *load);
    config_arena *passing = config_arena_new();
    config_arena *kept = config_arena_new();
    if (length > CONFIG_MAX_FILE_BYTES) {
        report_too_long(diagnostics);
        goto cleanup;
    }
    if (load != NULL && passing != NULL && kept != NULL) {
        model = config_arena_alloc(kept, sizeof *model);
    }
    if (model == NULL) {
        config_out_of_memory(diagnostics);
        goto cleanup;
    }
    model->arena = kept;
    load->reading.resolver = resolver;
    load->reading.diagnostics = diagnostics;
    load->reading.passing = passing;
    load->reading.kept = kept;
    read_text(file, text, length, load, model);
    config_diagnostics_quote(diagnostics, diagnostics->current, text, length);
    config_diagnostics_sort(diagnostics);
cleanup:
    if (diagnostics->errors > errors_before) {
        model = NULL;
        config_arena_free(kept);
    }
    config_arena_free(passing);
    free(load);
    return model;
}

/* Reads the stream to its end, or to one byte beyond what a file may have. Returns NULL with a diagnostic. */
static char *read_stream(FILE *stream, size_t *length, config_diagnostics *diagnostics)
{
    const size_t most = (size_t)CONFIG_MAX_FILE_BYTES + 1;
    size_t room = 0;
    char *text = NULL;
    *length = 0;
    do {
        room = room == 0 ? FIRST_READ : room < most / 2 ? 2 * room : most;
        char *grown = realloc(text, room);
        if (grown == NULL) {
            config_out_of_memory(diagnostics);
            free(text);
            return NULL;
        }
        text = grown;
        *length += fread(text + *length, 1, room - *length, stream);
    } while (*length == room && room < most);
    if (ferror(stream)) {
        config_position whole = {0, 0};
        config_diagnostics_add(
            diagnostics, whole, NULL,
            "the file could not be read to its end: %s; check the drive and the file's rights",
            strerror(errno));
        free(text);
        return NULL;
    }
    return text;
}

config_model *config_load_stream(const char *file, FILE *stream, const config_resolver *resolver,
                                 config_diagnostics *diagnostics)
{
    size_t length;
    char *text = read_stream(stream, &length, diagnostics);
    config_model *model = NULL;
    if (text != NULL) {
        model = config_load_text(file, text, length, resolver, diagnostics);
        free(text);
    }
    return model;
}
