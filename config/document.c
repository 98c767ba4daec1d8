/*
 * Reads libyaml's events into nodes. Depth, count and size are bounded; nothing is kept of what is refused.
 */
#include "document.h"

#include "order.h"
#include "syntax.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Mappings with more keys than this are searched for duplicates by sorting. */
#define FEW_KEYS 8u

/*
 * Where libyaml takes time that grows with the square of its input, it is stopped: at brackets deeper than
 * any slip makes them (each token costs as many steps as brackets are open), and at many %TAG lines (each is
 * compared with all before it).
 */
#define MAX_SKIPPED_NESTING 100
#define MAX_TAG_DIRECTIVES  16u

typedef struct builder {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    const char *text;
    size_t length;
    config_arena *arena;
    config_diagnostics *diagnostics;
    size_t *nodes;
} builder;

void config_out_of_memory(config_diagnostics *diagnostics)
{
    config_position whole = {0, 0};
    config_diagnostics_add(diagnostics, whole, NULL,
                           "there is not enough memory to read this file; end other programs and try again");
}

config_span config_node_span(const config_node *node)
{
    config_span span = {node->where, node->end};
    return span;
}

config_span config_node_key_span(const config_node *node)
{
    config_span span = {node->key_where, node->key_end};
    return span;
}

bool config_node_is_null(const config_node *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    if (node->kind != CONFIG_NODE_SCALAR || !node->plain) {
        return false;
    }
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++) {
        if (strcmp(node->text, nulls[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* One element of a path, as it stands behind its parent's. */
static size_t write_element(const config_node *node, char element[CONFIG_QUOTED + 2])
{
    char quoted[CONFIG_QUOTED] = "?"; /* a list or mapping as key, which is refused */
    if (node->parent->kind == CONFIG_NODE_SEQUENCE) {
        return (size_t)snprintf(element, CONFIG_QUOTED, "[%lu]", (unsigned long)node->index);
    }
    if (node->key != NULL) {
        config_text_quote(node->key_length > 0 ? node->key : "\"\"",
                          node->key_length > 0 ? node->key_length : 2, quoted);
    }
    return (size_t)snprintf(element, CONFIG_QUOTED + 2, "%s%s", node->parent->parent != NULL ? "." : "",
                            quoted);
}

const char *config_node_path(const config_node *node, char buffer[CONFIG_PATH_TEXT])
{
    const config_node *way[CONFIG_MAX_NESTING + 1];
    size_t depth = 0;
    for (; node->parent != NULL && depth <= CONFIG_MAX_NESTING; node = node->parent) {
        way[depth++] = node;
    }
    size_t used = 0;
    buffer[0] = '\0';
    while (depth > 0) {
        char element[CONFIG_QUOTED + 2];
        size_t length = write_element(way[--depth], element);
        if (used + length + 4 > CONFIG_PATH_TEXT) {
            memcpy(buffer + used, "\xE2\x80\xA6", 4);
            break;
        }
        memcpy(buffer + used, element, length + 1);
        used += length;
    }
    return buffer;
}

/* Reports what is wrong with the current event, which `node` is made of. */
static void report(builder *build, const config_node *node, const char *message)
{
    char path[CONFIG_PATH_TEXT];
    config_diagnostic *item =
        config_diagnostics_add(build->diagnostics, config_syntax_position(build->event.start_mark),
                               config_node_path(node, path), "%s", message);
    config_diagnostic_until(item, config_syntax_position(build->event.end_mark));
}

/* Goes on to the next event; false when there is none, which is reported. */
static bool next_event(builder *build)
{
    yaml_event_delete(&build->event);
    if (!yaml_parser_parse(&build->parser, &build->event)) {
        config_syntax_report(&build->parser, build->text, build->length, build->diagnostics);
        return false;
    }
    return true;
}

/* Whether a mapping or sequence starts (1) or ends (-1) with this event, or neither (0). */
static int nesting_of(yaml_event_type_t type)
{
    switch (type) {
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return 1;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return -1;
    default:
        return 0;
    }
}

/*
 * Passes over the node that starts with the current event, which has been reported, to its last event. False
 * when it is too deep, or broken.
 */
static bool skip_node(builder *build)
{
    int depth = nesting_of(build->event.type);
    while (depth > 0) {
        if (depth > MAX_SKIPPED_NESTING || !next_event(build)) {
            return false;
        }
        depth += nesting_of(build->event.type);
    }
    return true;
}

/* The value of `node` is the current event. */
static void place_node(const builder *build, config_node *node)
{
    node->where = config_syntax_position(build->event.start_mark);
    node->end = config_syntax_position(build->event.end_mark);
}

/* A new child of `parent`, at the place of the current event; not yet in its list. */
static config_node *new_node(builder *build, const config_node *parent)
{
    if (++*build->nodes > CONFIG_MAX_NODES) {
        config_diagnostics_add(build->diagnostics, config_syntax_position(build->event.start_mark), NULL,
                               "there are more than %u values in all; declare fewer regions",
                               CONFIG_MAX_NODES);
        return NULL;
    }
    config_node *node = config_arena_alloc(build->arena, sizeof *node);
    if (node == NULL) {
        config_out_of_memory(build->diagnostics);
        return NULL;
    }
    node->parent = parent;
    node->index = parent != NULL ? parent->length : 0;
    place_node(build, node);
    node->key_where = node->where;
    node->key_end = node->end;
    return node;
}

/* Refuses what the event may carry beside its value. */
static void check_properties(builder *build, const config_node *node, const yaml_char_t *anchor,
                             const yaml_char_t *tag)
{
    if (anchor != NULL) {
        report(build, node,
               "anchors (&) are not allowed; leave it out, and write each value where it is used");
    }
    if (tag != NULL) {
        report(build, node, "tags (!) are not allowed; leave it out, or put the text in quotes");
    }
}

/* The current scalar's text in the arena; `*text` stays NULL when it is refused. False when memory runs out.
 */
static bool take_scalar(builder *build, const config_node *node, const char **text, uint32_t *length)
{
    const char *value = (const char *)build->event.data.scalar.value;
    size_t size = build->event.data.scalar.length;
    check_properties(build, node, build->event.data.scalar.anchor, build->event.data.scalar.tag);
    if (memchr(value, '\0', size) != NULL) {
        report(build, node, "the text contains a NUL character; leave out the \\0");
        return true;
    }
    *text = config_arena_text(build->arena, value, size);
    if (*text == NULL) {
        config_out_of_memory(build->diagnostics);
        return false;
    }
    *length = (uint32_t)size; /* fits: the file has at most CONFIG_MAX_FILE_BYTES */
    return true;
}

static void report_alias(builder *build, const config_node *node)
{
    report(build, node,
           "aliases (*) are not allowed; write the value out, and put text that begins with * in quotes");
}

/* Takes the current event as the key of `node`; a refused one leaves node->key NULL. */
static bool read_key(builder *build, config_node *node)
{
    node->key_where = config_syntax_position(build->event.start_mark);
    node->key_end = config_syntax_position(build->event.end_mark);
    switch (build->event.type) {
    case YAML_SCALAR_EVENT:
        node->key_plain = build->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        return take_scalar(build, node, &node->key, &node->key_length);
    case YAML_ALIAS_EVENT:
        report_alias(build, node);
        return true;
    default:
        report(build, node, "a list or mapping cannot be a key; write a name");
        return skip_node(build);
    }
}

static void report_duplicate(builder *build, config_node *node, const config_node *first)
{
    char path[CONFIG_PATH_TEXT];
    node->duplicate = true;
    config_diagnostic *item =
        config_diagnostics_add(build->diagnostics, node->key_where, config_node_path(node, path),
                               "this key stands at line %lu, column %lu already; keep one of the two",
                               (unsigned long)first->key_where.line, (unsigned long)first->key_where.column);
    config_diagnostic_until(item, node->key_end);
    config_diagnostic_note(item, build->diagnostics->current, config_node_key_span(first),
                           "it stands here first");
}

/* Compares each key with those before it. */
static void check_few_keys(builder *build, const config_node *mapping)
{
    for (config_node *node = mapping->children; node != NULL; node = node->next) {
        const config_node *first = mapping->children;
        while (first != node &&
               (first->key_length != node->key_length || strcmp(first->key, node->key) != 0)) {
            first = first->next;
        }
        if (first != node) {
            report_duplicate(build, node, first);
        }
    }
}

/* Brings equal keys together by sorting. */
static bool check_many_keys(builder *build, const config_node *mapping)
{
    size_t count = mapping->length;
    config_order_item *items = calloc(count, 2 * sizeof *items);
    config_node **nodes = calloc(count, sizeof *nodes);
    bool done = items != NULL && nodes != NULL;
    if (!done) {
        config_out_of_memory(build->diagnostics);
        goto cleanup;
    }
    size_t i = 0;
    for (config_node *node = mapping->children; node != NULL; node = node->next, i++) {
        nodes[i] = node;
        items[i] = config_order_make(node->key, node->key_length, &nodes[i]);
    }
    config_order_group(items, items + count, count);
    for (size_t first = 0, each = 1; each < count; each++) {
        if (!config_order_equal(&items[first], &items[each])) {
            first = each;
            continue;
        }
        report_duplicate(build, *(config_node *const *)items[each].owner,
                         *(config_node *const *)items[first].owner);
    }
cleanup:
    free(nodes);
    free(items);
    return done;
}

static bool fill_node(builder *build, config_node *node, unsigned depth);

static void append(config_node *parent, config_node **last, config_node *child)
{
    if (*last != NULL) {
        (*last)->next = child;
    } else {
        parent->children = child;
    }
    *last = child;
    parent->length++;
}

static bool fill_sequence(builder *build, config_node *sequence, unsigned depth)
{
    config_node *last = NULL;
    sequence->kind = CONFIG_NODE_SEQUENCE;
    while (next_event(build)) {
        if (build->event.type == YAML_SEQUENCE_END_EVENT) {
            return true;
        }
        config_node *item = new_node(build, sequence);
        if (item == NULL || !fill_node(build, item, depth)) {
            return false;
        }
        append(sequence, &last, item);
    }
    return false;
}

static bool fill_mapping(builder *build, config_node *mapping, unsigned depth)
{
    config_node *last = NULL;
    mapping->kind = CONFIG_NODE_MAPPING;
    while (next_event(build)) {
        if (build->event.type == YAML_MAPPING_END_EVENT) {
            if (mapping->length > FEW_KEYS) {
                return check_many_keys(build, mapping);
            }
            check_few_keys(build, mapping);
            return true;
        }
        config_node *value = new_node(build, mapping);
        if (value == NULL || !read_key(build, value) || !next_event(build)) {
            return false;
        }
        place_node(build, value);
        if (!fill_node(build, value, depth)) {
            return false;
        }
        if (value->key != NULL) {
            append(mapping, &last, value);
        }
    }
    return false;
}

/* Fills `node`, which has `depth` mappings and sequences around it, from the current event to the node's
   last. */
static bool fill_node(builder *build, config_node *node, unsigned depth)
{
    yaml_event_t *event = &build->event;
    node->kind = CONFIG_NODE_BROKEN;
    if (event->type == YAML_ALIAS_EVENT) {
        report_alias(build, node);
        return true;
    }
    if (event->type == YAML_SCALAR_EVENT) {
        node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        if (!take_scalar(build, node, &node->text, &node->length)) {
            return false;
        }
        node->kind = node->text != NULL ? CONFIG_NODE_SCALAR : CONFIG_NODE_BROKEN;
        return true;
    }
    bool is_mapping = event->type == YAML_MAPPING_START_EVENT;
    check_properties(build, node,
                     is_mapping ? event->data.mapping_start.anchor : event->data.sequence_start.anchor,
                     is_mapping ? event->data.mapping_start.tag : event->data.sequence_start.tag);
    if (depth == CONFIG_MAX_NESTING) {
        char path[CONFIG_PATH_TEXT];
        config_diagnostics_add(build->diagnostics, node->where, config_node_path(node, path),
                               "lists and mappings stand more than %u deep inside each other",
                               CONFIG_MAX_NESTING);
        return skip_node(build);
    }
    return is_mapping ? fill_mapping(build, node, depth + 1) : fill_sequence(build, node, depth + 1);
}

/* Reads the one document there may be. Returns its root, or NULL. */
static config_node *read_document(builder *build)
{
    config_position start = {1, 1};
    if (!next_event(build) || !next_event(build)) { /* the stream's start, the document's start */
        return NULL;
    }
    if (build->event.type == YAML_STREAM_END_EVENT) {
        config_diagnostics_add(build->diagnostics, start, NULL,
                               "the file declares nothing; write version: 1 and regions: {}");
        return NULL;
    }
    if (!next_event(build)) {
        return NULL;
    }
    config_node *root = new_node(build, NULL);
    if (root == NULL || !fill_node(build, root, 0)) {
        return NULL;
    }
    if (!next_event(build) || !next_event(build)) { /* the document's end, what comes after */
        return NULL;
    }
    if (build->event.type != YAML_STREAM_END_EVENT) {
        config_diagnostics_add(build->diagnostics, config_syntax_position(build->event.start_mark), NULL,
                               "a second document starts here; a file holds one, so remove the line ---");
    }
    return root;
}

/* Whether `text`, in any encoding, has so many %TAG directives that libyaml would take long over them. */
static bool has_many_tag_directives(const char *text, size_t length)
{
    static const char directive[] = "%TAG";
    size_t matched = 0;
    size_t count = 0;
    for (size_t i = 0; i < length && count <= MAX_TAG_DIRECTIVES; i++) {
        if (text[i] == directive[matched]) {
            matched++;
        } else if (text[i] != '\0') { /* the other half of a UTF-16 character */
            matched = text[i] == directive[0];
        }
        if (matched == sizeof directive - 1) {
            count++;
            matched = 0;
        }
    }
    return count > MAX_TAG_DIRECTIVES;
}

const config_node *config_document_read(const char *text, size_t length, size_t *nodes, config_arena *arena,
                                        config_diagnostics *diagnostics)
{
    config_position whole = {0, 0};
    builder build;
    if (has_many_tag_directives(text, length)) {
        config_diagnostics_add(
            diagnostics, whole, NULL,
            "the file has more than %u %%TAG directives; leave them out, as tags are not allowed",
            MAX_TAG_DIRECTIVES);
        return NULL;
    }
    memset(&build, 0, sizeof build);
    build.text = text;
    build.length = length;
    build.nodes = nodes;
    build.arena = arena;
    build.diagnostics = diagnostics;
    if (!yaml_parser_initialize(&build.parser)) {
        config_out_of_memory(diagnostics);
        return NULL;
    }
    yaml_parser_set_input_string(&build.parser, (const unsigned char *)text, length);
    const config_node *root = read_document(&build);
    yaml_event_delete(&build.event);
    yaml_parser_delete(&build.parser);
    return root;
}
