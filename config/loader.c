/*
 * The loader: reads the main file's roles and defaults, then those of each file that it includes, then the
 * regions of all, and checks what must hold between regions.
 */
#include "loader.h"

#include "budget.h"
#include "include.h"
#include "order.h"
#include "paths.h"
#include "region_checks.h"
#include "regions.h"
#include "roles.h"
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#define WHY_TEXT   512u
#define PLACE_TEXT (CONFIG_PATH_TEXT + 64u)

/* One file. Its text is kept to the end, for the lines that diagnostics show. */
typedef struct source {
    const char *name; /* the model's text */
    unsigned number;  /* in the diagnostics */
    char *read;       /* the text when it is the loader's to free */
    const char *text; /* NULL: it could not be read */
    size_t length;
    config_level defaults;
    config_roles roles;
    const config_node *regions; /* NULL: there are none to read */
} source;

/* Where a region of the model stands. */
typedef struct declared {
    const source *in;
    const config_node *node;
    const config_node *backing; /* the path of its file, or NULL */
} declared;

/* What is known of the configuration while it is read. */
typedef struct loading {
    config_reading reading;
    source main;
    source *fragments;
    size_t fragment_count;
    size_t bytes; /* of all files */
    size_t nodes;
    size_t role_count;
    declared *declared; /* one for each region of the model */
} loading;

/* Makes `file` the one that what is found from now on belongs to. */
static void enter(loading *load, const source *file)
{
    load->reading.file = file->name;
    load->reading.roles = &file->roles;
    config_diagnostics_select(load->reading.diagnostics, file->number);
}

/* ---- One file's head: roles and defaults ------------------------------------------------------- */

static bool is_file(config_reading *reading, const config_node *root, config_section section)
{
    if (root->kind != CONFIG_NODE_MAPPING && root->kind != CONFIG_NODE_BROKEN) {
        char keys[256];
        config_reading_report(reading, root, root->where,
                              "the file is no mapping; write the keys %s, each followed by ':'",
                              config_key_list(section, keys, sizeof keys));
    }
    return root->kind == CONFIG_NODE_MAPPING;
}

/* The mapping that stands under key `id`, wherever among the file's keys, or NULL. */
static const config_node *mapping_of(const config_node *root, config_key_id id)
{
    const config_node *child = root->children;
    while (child != NULL && strcmp(child->key, config_keys[id].name) != 0) {
        child = child->next;
    }
    return child != NULL && child->kind == CONFIG_NODE_MAPPING ? child : NULL;
}

/* Reads all but the regions. Roles come first, for the defaults may name them. */
static void read_head(loading *load, source *file, config_section section)
{
    config_reading *reading = &load->reading;
    enter(load, file);
    const config_node *root =
        config_document_read(file->text, file->length, &load->nodes, reading->passing, reading->diagnostics);
    if (root == NULL || reading->out_of_memory || !is_file(reading, root, section)) {
        return;
    }
    const config_node *roles = mapping_of(root, CONFIG_KEY_ROLES);
    if (roles != NULL) {
        config_roles_read(reading, roles, &file->roles, &load->role_count);
    }
    /* The keys of the defaults are read into the file's own values. */
    config_section_read(reading, section, root, file->defaults.values);
    config_defaults_check(reading, &file->defaults);
    file->regions = mapping_of(root, CONFIG_KEY_REGIONS);
}

/* ---- The files that are included --------------------------------------------------------------- */

/* Reads the stream into `file`; without text when it cannot be, which is reported. */
static void read_stream(loading *load, FILE *stream, source *file)
{
    config_diagnostics *diagnostics = load->reading.diagnostics;
    config_position whole = {0, 0};
    config_diagnostics_select(diagnostics, file->number);
    file->read = config_stream_read(stream, &file->length, diagnostics);
    if (file->read == NULL || !config_stream_fits(file->length, diagnostics)) {
        return;
    }
    if (file->length > CONFIG_MAX_TOTAL_BYTES - load->bytes) {
        config_diagnostics_add(diagnostics, whole, NULL,
                               "with this file there are more than %u MiB in all; declare fewer regions",
                               CONFIG_MAX_TOTAL_BYTES >> 20);
        return;
    }
    load->bytes += file->length;
    file->text = file->read;
}

/* Opens and reads one included file, all but its regions. */
static void read_fragment(loading *load, const config_sources *sources, const config_included *included,
                          source *file)
{
    config_reading *reading = &load->reading;
    char why[WHY_TEXT] = "";
    file->name = config_include_name(reading, load->main.name, included->path);
    if (file->name == NULL) {
        return;
    }
    FILE *stream = sources->open(sources->context, included->path, why, sizeof why);
    if (stream == NULL) {
        enter(load, &load->main);
        config_reading_report(reading, included->node, included->node->where, "%s cannot be read: %s",
                              file->name, why);
        return;
    }
    file->number = config_diagnostics_enter(reading->diagnostics, file->name);
    file->defaults.file = file->name;
    file->defaults.below = &load->main.defaults;
    file->roles.outer = &load->main.roles;
    read_stream(load, stream, file);
    fclose(stream);
    if (file->text != NULL) {
        read_head(load, file, CONFIG_IN_FRAGMENT);
    }
}

static void read_fragments(loading *load, const config_sources *sources)
{
    config_reading *reading = &load->reading;
    const config_node *include = load->main.defaults.values[CONFIG_KEY_INCLUDE].node;
    if (include == NULL || include->kind != CONFIG_NODE_SEQUENCE || include->length == 0) {
        return;
    }
    if (sources == NULL) {
        config_reading_report(reading, include, include->where,
                              "nothing can be included here: this text stands in no folder");
        return;
    }
    const char *main_name = load->main.name + config_path_last(load->main.name);
    const config_included *first = config_include_find(reading, include, sources, main_name);
    size_t count = 0;
    for (const config_included *each = first; each != NULL; each = each->next) {
        count++;
    }
    if (count == 0) {
        return;
    }
    load->fragments = calloc(count, sizeof *load->fragments);
    reading->out_of_memory |= load->fragments == NULL;
    for (const config_included *each = first; each != NULL && !reading->out_of_memory; each = each->next) {
        read_fragment(load, sources, each, &load->fragments[load->fragment_count++]);
    }
}

/* ---- Regions ----------------------------------------------------------------------------------- */

/* Reads the file's regions behind those that the model has, which has room for `most`. */
static void read_regions(loading *load, const source *file, config_model *model, config_region *regions,
                         size_t most)
{
    const config_node *first = file->regions != NULL ? file->regions->children : NULL;
    enter(load, file);
    for (const config_node *each = first; each != NULL && !load->reading.out_of_memory; each = each->next) {
        if (each->duplicate) {
            continue;
        }
        if (model->region_count == most) {
            config_reading_report(&load->reading, file->regions, each->key_where,
                                  "there are more than %lu regions; declare the others to a second broker",
                                  (unsigned long)most);
            break;
        }
        declared *where = &load->declared[model->region_count];
        where->in = file;
        where->node = each;
        config_region_read(&load->reading, &file->defaults, each, &regions[model->region_count],
                           &where->backing);
        model->region_count++;
    }
}

/* The regions of all files, the main one's first. */
static void read_all_regions(loading *load, config_model *model)
{
    config_reading *reading = &load->reading;
    size_t most = (size_t)config_keys[CONFIG_KEY_REGIONS].most;
    size_t room = load->main.regions != NULL ? load->main.regions->length : 0;
    for (size_t i = 0; i < load->fragment_count; i++) {
        room += load->fragments[i].regions != NULL ? load->fragments[i].regions->length : 0;
    }
    room = room == 0 ? 1 : room < most ? room : most;
    config_region *regions = config_reading_alloc(reading, reading->kept, room * sizeof *regions);
    load->declared = config_reading_alloc(reading, reading->passing, room * sizeof *load->declared);
    if (reading->out_of_memory) {
        return;
    }
    model->regions = regions;
    read_regions(load, &load->main, model, regions, most);
    for (size_t i = 0; i < load->fragment_count && model->region_count <= most; i++) {
        read_regions(load, &load->fragments[i], model, regions, most);
    }
}

/* ---- What must differ between regions ---------------------------------------------------------- */

/* A place as a message in file `here` names it. */
static const char *describe_place(const source *here, const source *there, config_position where,
                                  char text[PLACE_TEXT])
{
    if (here == there) {
        snprintf(text, PLACE_TEXT, "line %lu, column %lu", (unsigned long)where.line,
                 (unsigned long)where.column);
    } else {
        snprintf(text, PLACE_TEXT, "%s:%lu:%lu", there->name, (unsigned long)where.line,
                 (unsigned long)where.column);
    }
    return text;
}

static void report_same_file(loading *load, const declared *first, const declared *second)
{
    char place[PLACE_TEXT];
    enter(load, second->in);
    config_diagnostic *item = config_reading_report(
        &load->reading, second->backing, second->backing->where,
        "another region keeps its bytes in this file, at %s; give each a file of its own",
        describe_place(second->in, first->in, first->backing->where, place));
    config_diagnostic_note(item, first->in->number, config_node_span(first->backing),
                           "it is named here first");
}

static void report_same_name(loading *load, const declared *first, const declared *second)
{
    char place[PLACE_TEXT];
    enter(load, second->in);
    config_diagnostic *item = config_reading_report(
        &load->reading, second->node, second->node->key_where,
        "a region of this name is declared at %s already; give one of the two another name, or take it out",
        describe_place(second->in, first->in, first->node->key_where, place));
    config_diagnostic_note(item, first->in->number, config_node_key_span(first->node),
                           "it is declared here first");
}

/* Calls `report` with each of the items that has the text of one before it, and with the first that has it. */
static void report_equal(loading *load, config_order_item *items, size_t count,
                         void (*report)(loading *load, const declared *first, const declared *second))
{
    config_order_group(items, items + count, count);
    for (size_t first = 0, each = 1; each < count; each++) {
        if (config_order_equal(&items[first], &items[each])) {
            report(load, items[first].owner, items[each].owner);
        } else {
            first = each;
        }
    }
}

/* Room for an item for each region, and as much to sort in. */
static config_order_item *new_items(loading *load, const config_model *model)
{
    config_order_item *items =
        model->region_count > 0 ? calloc(model->region_count, 2 * sizeof *items) : NULL;
    load->reading.out_of_memory |= items == NULL && model->region_count > 0;
    return items;
}

/* Paths that differ in the case of ASCII letters are one file. */
static void check_backings(loading *load, const config_model *model)
{
    config_order_item *items = new_items(load, model);
    size_t count = 0;
    for (size_t i = 0; items != NULL && i < model->region_count && !load->reading.out_of_memory; i++) {
        const char *path = model->regions[i].backing_file;
        if (load->declared[i].backing == NULL || path == NULL) {
            continue;
        }
        char *folded = config_arena_text(load->reading.passing, path, strlen(path));
        load->reading.out_of_memory |= folded == NULL;
        for (char *c = folded; c != NULL && *c != '\0'; c++) {
            *c = config_text_fold(*c);
        }
        if (folded != NULL) {
            items[count++] = config_order_make(folded, strlen(folded), &load->declared[i]);
        }
    }
    if (!load->reading.out_of_memory && count > 0) {
        report_equal(load, items, count, report_same_file);
    }
    free(items);
}

/* Within one file the document has seen to it. */
static void check_names(loading *load, const config_model *model)
{
    config_order_item *items = load->fragment_count > 0 ? new_items(load, model) : NULL;
    if (items == NULL) {
        return;
    }
    for (size_t i = 0; i < model->region_count; i++) {
        const config_node *node = load->declared[i].node;
        items[i] = config_order_make(node->key, node->key_length, &load->declared[i]);
    }
    report_equal(load, items, model->region_count, report_same_name);
    free(items);
}

/* ---- The whole --------------------------------------------------------------------------------- */

/* Lists what was read in the model. */
static void fill_lists(loading *load, config_model *model)
{
    config_reading *reading = &load->reading;
    const char **files =
        config_reading_alloc(reading, reading->kept, (load->fragment_count + 1) * sizeof *files);
    config_role *roles = config_reading_alloc(reading, reading->kept, (load->role_count + 1) * sizeof *roles);
    if (reading->out_of_memory) {
        return;
    }
    for (size_t i = 0; i <= load->fragment_count; i++) {
        const source *file = i == 0 ? &load->main : &load->fragments[i - 1];
        files[i] = file->name;
        if (file->roles.count > 0) {
            memcpy(roles + model->role_count, file->roles.items, file->roles.count * sizeof *roles);
            model->role_count += file->roles.count;
        }
    }
    model->file = load->main.name;
    model->files = files;
    model->file_count = load->fragment_count + 1;
    model->roles = roles;
}

static bool goes_on(const loading *load)
{
    return !load->reading.out_of_memory;
}

/* Reads everything from the main file's text on into `model`; what is wrong is among the diagnostics. */
static void read_all(loading *load, const config_sources *sources, config_model *model)
{
    config_reading *reading = &load->reading;
    const config_value *budget = &load->main.defaults.values[CONFIG_KEY_COMMIT_BUDGET];
    read_head(load, &load->main, CONFIG_IN_FILE);
    read_fragments(load, sources);
    if (goes_on(load)) {
        read_all_regions(load, model);
    }
    if (goes_on(load)) {
        check_names(load, model);
        check_backings(load, model);
        fill_lists(load, model);
    }
    enter(load, &load->main);
    if (budget->number > 0) {
        model->commit_budget = budget->number;
        config_budget_check(reading, budget->node, model);
    }
    if (reading->out_of_memory) {
        config_out_of_memory(reading->diagnostics);
    }
}

static void quote(const loading *load, const source *file)
{
    if (file->text != NULL) {
        config_diagnostics_quote(load->reading.diagnostics, file->number, file->text, file->length);
    }
}

/* Adds the lines that the diagnostics speak of, and lets go of all texts. */
static void close_sources(loading *load)
{
    quote(load, &load->main);
    for (size_t i = 0; i < load->fragment_count; i++) {
        quote(load, &load->fragments[i]);
        free(load->fragments[i].read);
    }
    free(load->fragments);
    config_diagnostics_sort(load->reading.diagnostics);
}

static config_model *load_text(const char *file, const char *text, size_t length,
                               const config_sources *sources, const config_resolver *resolver,
                               config_diagnostics *diagnostics)
{
    size_t errors_before = diagnostics->errors;
    config_model *model = NULL;
    loading *load = calloc(1, sizeof *load);
    config_arena *passing = config_arena_new();
    config_arena *kept = config_arena_new();
    if (load != NULL && passing != NULL && kept != NULL) {
        model = config_arena_alloc(kept, sizeof *model);
        load->main.name = config_arena_text(kept, file, strlen(file));
    }
    if (model == NULL || load->main.name == NULL) {
        config_out_of_memory(diagnostics);
        goto cleanup;
    }
    model->arena = kept;
    load->reading.resolver = resolver;
    load->reading.diagnostics = diagnostics;
    load->reading.passing = passing;
    load->reading.kept = kept;
    load->main.number = diagnostics->current;
    load->main.text = text;
    load->main.length = length;
    load->main.defaults.file = load->main.name;
    load->bytes = length;
    read_all(load, sources, model);
    close_sources(load);
cleanup:
    if (diagnostics->errors > errors_before) {
        model = NULL;
        config_arena_free(kept);
    }
    config_arena_free(passing);
    free(load);
    return model;
}

config_model *config_load_text(const char *file, const char *text, size_t length,
                               const config_sources *sources, const config_resolver *resolver,
                               config_diagnostics *diagnostics)
{
    return config_stream_fits(length, diagnostics)
               ? load_text(file, text, length, sources, resolver, diagnostics)
               : NULL;
}

config_model *config_load(const char *file, FILE *stream, const config_sources *sources,
                          const config_resolver *resolver, config_diagnostics *diagnostics)
{
    size_t length;
    char *text = config_stream_read(stream, &length, diagnostics);
    config_model *model = NULL;
    if (text != NULL) {
        model = config_load_text(file, text, length, sources, resolver, diagnostics);
    }
    free(text);
    return model;
}
