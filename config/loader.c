/*
 * The loader: walks the document by the grammar's table, then applies what one key alone cannot say: which
 * keys exclude each other, what a region takes from the defaults, what must differ between regions.
 */
#include "loader.h"

#include "arena.h"
#include "document.h"
#include "grammar.h"
#include "lines.h"
#include "order.h"
#include "text.h"
#include "values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RESERVED_PREFIX "ShmBroker."
#define FIRST_READ      ((size_t)64 << 10)

/* A backing file in use, to find those that two regions name. */
typedef struct backing_use {
    struct backing_use *next;
    const config_node *node; /* the path's */
    const char *folded;      /* the path in the form in which equal files have equal bytes */
} backing_use;

/* What is known of the file while its regions are read. */
typedef struct loading {
    config_reading reading;
    config_value defaults[CONFIG_KEY_COUNT];
    backing_use *backings;
    size_t backing_count;
} loading;

static void report_unknown_key(config_reading *reading, config_section section, const config_node *node)
{
    char keys[256];
    config_key_id similar = config_key_similar(section, node->key, node->key_length);
    config_key_list(section, keys, sizeof keys);
    if (similar != CONFIG_KEY_COUNT) {
        config_diagnostic *item =
            config_reading_report(reading, node, node->key_where,
                                  "this key is unknown (did you mean %s?); the keys allowed here are %s",
                                  config_keys[similar].name, keys);
        config_diagnostic_suggest(item, config_keys[similar].name);
    } else {
        config_reading_report(reading, node, node->key_where,
                              "this key is unknown; the keys allowed here are %s", keys);
    }
}

static void report_missing_keys(config_reading *reading, config_section section, const config_node *node,
                                const config_value *values)
{
    for (unsigned id = 0; id < CONFIG_KEY_COUNT; id++) {
        if ((config_keys[id].required & (unsigned)section) != 0 && values[id].node == NULL) {
            char allowed[512];
            config_reading_report(reading, node, node->key_where, "the key %s is missing; add it with %s",
                                  config_keys[id].name,
                                  config_key_allowed((config_key_id)id, allowed, sizeof allowed));
        }
    }
}

/*
 * Reads the mapping `node` as `section`: each key into its place among `values`, the sections in it likewise.
 * The regions are left to their own function.
 */
static void read_section(config_reading *reading, config_section section, const config_node *node,
                         config_value values[CONFIG_KEY_COUNT])
{
    for (const config_node *each = node->children; each != NULL && !reading->out_of_memory;
         each = each->next) {
        config_key_id id = config_key_find(section, each->key, each->key_length);
        if (each->duplicate) {
            continue;
        }
        if (id == CONFIG_KEY_COUNT) {
            report_unknown_key(reading, section, each);
            continue;
        }
        values[id].node = each;
        switch (config_keys[id].type) {
        case CONFIG_TYPE_SECTION:
            if (config_value_is_mapping(reading, id, each)) {
                read_section(reading, config_keys[id].inner, each, values);
            }
            break;
        case CONFIG_TYPE_REGIONS:
            config_value_is_mapping(reading, id, each);
            break;
        default:
            config_value_read(reading, id, each, &values[id]);
        }
    }
    if (!reading->out_of_memory) {
        report_missing_keys(reading, section, node, values);
    }
}

/* An access section that grants nothing because nothing is said is a slip; an empty list is a decision. */
static void check_access(config_reading *reading, const config_value *values)
{
    const config_node *access = values[CONFIG_KEY_ACCESS].node;
    if (access != NULL && access->kind == CONFIG_NODE_MAPPING && access->length == 0) {
        config_reading_report(reading, access, access->key_where,
                              "neither read nor write is given; add one of them, or both ([] means nobody)");
    }
}

/* A region has access or sddl, its own or by default, and not both. */
static void check_security(loading *load, const config_node *region, const config_value *values)
{
    const config_node *access = values[CONFIG_KEY_ACCESS].node;
    const config_node *sddl = values[CONFIG_KEY_SDDL].node;
    if (access != NULL && sddl != NULL) {
        const config_node *first = config_position_before(access->key_where, sddl->key_where) ? access : sddl;
        const config_node *second = first == access ? sddl : access;
        config_diagnostic *item = config_reading_report(
            &load->reading, second, second->key_where,
            "access and sddl exclude each other, and %s stands at line %lu, column %lu; keep one "
            "of the two",
            first->key, (unsigned long)first->key_where.line, (unsigned long)first->key_where.column);
        config_reading_note(&load->reading, item, config_node_key_span(first), "the other one stands here");
    } else if (access == NULL && sddl == NULL && load->defaults[CONFIG_KEY_ACCESS].node == NULL) {
        config_reading_report(
            &load->reading, region, region->key_where,
            "nothing says who may use the region; add access or sddl, or access under defaults");
    }
}

/* What keeps a region from bearing this name, or NULL. */
static const char *name_problem(const config_node *node)
{
    size_t count = config_text_count(node->key, node->key_length);
    if (node->key_plain && (node->key_length == 0 || strcmp(node->key, "~") == 0 ||
                            config_text_same(node->key, node->key_length, "null", 4))) {
        return "an empty value names no region; write a name, and put quotes around one that means nothing "
               "in YAML";
    }
    if (count < 1 || count > CONFIG_MAX_NAME_CHARS) {
        return "a region's name has 1 to 200 characters";
    }
    if (strchr(node->key, '\\') != NULL) {
        return "a region's name has no backslash; write the name alone, and Global\\ or Local\\ as namespace";
    }
    if (config_text_has_control(node->key, node->key_length, "")) {
        return "a region's name has no control characters";
    }
    if (config_text_starts(node->key, node->key_length, RESERVED_PREFIX)) {
        return "names that begin with " RESERVED_PREFIX " are the broker's own; choose another";
    }
    return NULL;
}

/* Notes the region's backing file, to be compared with all others once they are read. */
static void note_backing(loading *load, const config_value *file)
{
    config_reading *reading = &load->reading;
    size_t length = strlen(file->text);
    backing_use *use = config_reading_alloc(reading, reading->passing, sizeof *use);
    char *folded = config_reading_alloc(reading, reading->passing, length + 1);
    if (use == NULL || folded == NULL) {
        return;
    }
    for (size_t i = 0; i < length; i++) {
        folded[i] = config_text_fold(file->text[i]);
    }
    use->node = file->node;
    use->folded = folded;
    use->next = load->backings;
    load->backings = use;
    load->backing_count++;
}

/* The region's own value, or the default. */
static const config_value *effective(const loading *load, const config_value *values, config_key_id id)
{
    return values[id].node != NULL ? &values[id] : &load->defaults[id];
}

static void fill_region(loading *load, const config_node *node, const config_value *values,
                        config_region *region)
{
    config_reading *reading = &load->reading;
    const config_value *description = &values[CONFIG_KEY_DESCRIPTION];
    /* Access is one value: a region that gives read alone takes no write from the defaults. */
    const config_value *access = values[CONFIG_KEY_ACCESS].node != NULL ? values : load->defaults;
    region->name = config_arena_text(reading->kept, node->key, node->key_length);
    reading->out_of_memory |= region->name == NULL;
    region->description = description->text != NULL ? description->text : "";
    region->name_space = (config_namespace)effective(load, values, CONFIG_KEY_NAMESPACE)->number;
    region->size = values[CONFIG_KEY_SIZE].number;
    region->backing_file = values[CONFIG_KEY_FILE].text;
    region->sddl = values[CONFIG_KEY_SDDL].text;
    region->where = node->key_where;
    region->numa_node = CONFIG_NUMA_ANY;
    if (region->sddl == NULL) {
        region->access.read = access[CONFIG_KEY_READ].principals;
        region->access.write = access[CONFIG_KEY_WRITE].principals;
    }
}

/* Whether the region is a mapping; reports it when it is something else. */
static bool is_region(config_reading *reading, const config_node *node)
{
    if (node->kind != CONFIG_NODE_MAPPING && node->kind != CONFIG_NODE_BROKEN) {
        char found[CONFIG_FOUND];
        char keys[256];
        config_reading_report(
            reading, node, node->where, "%s is not a region; write a mapping with the keys %s",
            config_value_describe(node, found), config_key_list(CONFIG_IN_REGION, keys, sizeof keys));
    }
    return node->kind == CONFIG_NODE_MAPPING;
}

static void read_region(loading *load, const config_node *node, config_region *region)
{
    config_value values[CONFIG_KEY_COUNT] = {{0}};
    const char *problem = name_problem(node);
    if (problem != NULL) {
        config_reading_report(&load->reading, node, node->key_where, "%s", problem);
    }
    if (!is_region(&load->reading, node)) {
        return;
    }
    read_section(&load->reading, CONFIG_IN_REGION, node, values);
    check_access(&load->reading, values);
    check_security(load, node, values);
    if (values[CONFIG_KEY_FILE].text != NULL) {
        note_backing(load, &values[CONFIG_KEY_FILE]);
    }
    fill_region(load, node, values, region);
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
        if (each->duplicate) {
            continue;
        }
        if (count == most) {
            config_reading_report(&load->reading, node, each->key_where,
                                  "there are more than %lu regions; declare the others to a second broker",
                                  (unsigned long)most);
            break;
        }
        read_region(load, each, &regions[count++]);
    }
    check_backings(load);
    model->regions = regions;
    model->region_count = count;
}

/* Reads the whole tree; what is wrong is among the diagnostics afterwards. */
static void read_root(loading *load, const config_node *root, config_model *model)
{
    config_reading *reading = &load->reading;
    config_value values[CONFIG_KEY_COUNT] = {{0}};
    if (root->kind != CONFIG_NODE_MAPPING) {
        if (root->kind != CONFIG_NODE_BROKEN) {
            char keys[256];
            config_reading_report(reading, root, root->where,
                                  "the file is no mapping; write the keys %s, each "
                                  "followed by ':'",
                                  config_key_list(CONFIG_IN_FILE, keys, sizeof keys));
        }
        return;
    }
    read_section(reading, CONFIG_IN_FILE, root, values);
    /* The defaults come first, wherever they stand; their keys have been read into `values`. */
    memcpy(load->defaults, values, sizeof load->defaults);
    check_access(reading, load->defaults);
    if (values[CONFIG_KEY_REGIONS].node != NULL &&
        values[CONFIG_KEY_REGIONS].node->kind == CONFIG_NODE_MAPPING) {
        read_regions(load, values[CONFIG_KEY_REGIONS].node, model);
    }
}

/* Reads the document that `text` is into `model`; what is wrong is among the diagnostics afterwards. */
static void read_text(const char *file, const char *text, size_t length, loading *load, config_model *model)
{
    config_reading *reading = &load->reading;
    const config_node *root = config_document_read(text, length, reading->passing, reading->diagnostics);
    if (root == NULL) {
        return;
    }
    read_root(load, root, model);
    model->file = config_arena_text(reading->kept, file, strlen(file));
    if (reading->out_of_memory || model->file == NULL) {
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
