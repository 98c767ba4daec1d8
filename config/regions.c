/*
 * Reads one region: its name and its keys, and what it takes from the defaults. What its keys may not say together is in
 * region_checks.c.
 */
#include "regions.h"

#include "geometry.h"
#include "region_checks.h"
#include "region_facts.h"
#include "text.h"

#include <string.h>

#define RESERVED_PREFIX "ShmBroker."

/* The table has them as text, for people: a test compares. */
#define DEFAULT_FLUSH 1000u
#define DEFAULT_EVERY 5000u
#define DEFAULT_KEEP  3u
#define DEFAULT_DRAIN 10000u

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

static void fill_security(const config_level *level, config_region *region)
{
    const config_value *values = level->values;
    if (values[CONFIG_KEY_SDDL].node != NULL) {
        region->sddl = values[CONFIG_KEY_SDDL].text;
        region->sddl_where = values[CONFIG_KEY_SDDL].node->where;
        return;
    }
    /* Access is one value: a region that gives read alone takes no write from the defaults. */
    const config_value *access = config_level_of(level, CONFIG_KEY_ACCESS)->values;
    const config_value *integrity = config_region_value(level, CONFIG_KEY_INTEGRITY);
    region->access.read = access[CONFIG_KEY_READ].of.principals;
    region->access.write = access[CONFIG_KEY_WRITE].of.principals;
    region->access.manage = access[CONFIG_KEY_MANAGE].of.principals;
    region->access.deny = access[CONFIG_KEY_DENY].of.principals;
    region->access.lock = values[CONFIG_KEY_LOCK].of.principals;
    region->access.packages = config_region_value(level, CONFIG_KEY_APPCONTAINER)->of.principals;
    if (integrity->node != NULL) {
        region->access.integrity = (config_integrity)(CONFIG_INTEGRITY_LOW + integrity->number);
    }
}

static void fill_namespace(const config_level *level, config_region *region)
{
    const config_level *source = config_level_of(level, CONFIG_KEY_NAMESPACE);
    if (source->values[CONFIG_KEY_PRIVATE].node != NULL) {
        region->name_space = CONFIG_NAMESPACE_PRIVATE;
        region->boundary = source->values[CONFIG_KEY_BOUNDARY].of.principals;
    } else {
        region->name_space = (config_namespace)source->values[CONFIG_KEY_NAMESPACE].number;
    }
}

static void fill_initial(const config_level *level, config_initial *initial)
{
    const config_level *source = config_level_of(level, CONFIG_KEY_INITIAL);
    const config_value *values = source->values;
    const config_value *content = config_region_content(source);
    if (values[CONFIG_KEY_INITIAL].node == NULL) {
        return;
    }
    initial->file = source->file;
    if (values[CONFIG_KEY_INITIAL_FILL].node != NULL) {
        initial->kind = CONFIG_INITIAL_FILL;
        initial->fill = (uint8_t)values[CONFIG_KEY_INITIAL_FILL].number;
    } else if (content != NULL) {
        initial->kind = CONFIG_INITIAL_BYTES;
        initial->bytes = content->of.content.bytes;
        initial->length = content->of.content.length;
    } else if (values[CONFIG_KEY_INITIAL_FILE].text != NULL) {
        initial->kind = CONFIG_INITIAL_FILE;
        initial->path = values[CONFIG_KEY_INITIAL_FILE].text;
    }
}

static void fill_memory(const config_level *level, config_region *region)
{
    const config_value *numa_node = config_region_value(level, CONFIG_KEY_NUMA_NODE);
    region->numa_node = numa_node->node != NULL ? (uint32_t)numa_node->number : CONFIG_NUMA_ANY;
    region->prefetch = config_region_value(level, CONFIG_KEY_PREFETCH)->number != 0;
    region->revoke = config_region_value(level, CONFIG_KEY_REVOKE)->number != 0;
    const config_value *drain = config_region_value(level, CONFIG_KEY_DRAIN);
    region->drain = drain->node != NULL ? (uint32_t)drain->number : DEFAULT_DRAIN;
    /* Neither a file nor what grows can lie in large pages, so that the default passes over such regions. */
    if (region->backing_file == NULL && region->max_size == 0) {
        region->large_pages = (config_large_pages)config_region_value(level, CONFIG_KEY_LARGE_PAGES)->number;
    }
}

static void fill_persist(const config_level *level, config_region *region)
{
    const config_value *values = config_level_of(level, CONFIG_KEY_PERSIST)->values;
    config_persist *persist = &region->persist;
    persist->mode = config_region_mode(level);
    if (persist->mode == CONFIG_PERSIST_FILE) {
        const config_value *flush = &values[CONFIG_KEY_PERSIST_FLUSH];
        persist->interval = flush->node != NULL ? (uint32_t)flush->number : DEFAULT_FLUSH;
    } else if (persist->mode == CONFIG_PERSIST_SNAPSHOT) {
        const config_value *every = &values[CONFIG_KEY_PERSIST_EVERY];
        const config_value *keep = &values[CONFIG_KEY_PERSIST_KEEP];
        persist->interval = every->node != NULL ? (uint32_t)every->number : DEFAULT_EVERY;
        persist->keep = keep->node != NULL ? (uint32_t)keep->number : DEFAULT_KEEP;
    }
    region->on_dirty = (config_on_dirty)config_region_value(level, CONFIG_KEY_ON_DIRTY)->number;
    /* A default to restore is for the regions that have snapshots. */
    if (region->on_dirty == CONFIG_DIRTY_RESTORE && persist->mode != CONFIG_PERSIST_SNAPSHOT) {
        region->on_dirty = CONFIG_DIRTY_KEEP;
    }
}

/* A region of the wrong measures has been reported, and its model is not used. */
static void fill_size(const config_value *values, config_region *region)
{
    region->kind = config_region_kind(values);
    region->size = values[CONFIG_KEY_SIZE].number;
    region->lock = values[CONFIG_KEY_LOCK].number != 0;
    region->notify = values[CONFIG_KEY_NOTIFY].number != 0;
    if (region->kind == CONFIG_KIND_RAW) {
        return;
    }
    region->item_size = region->size;
    if (config_region_has_messages(values)) {
        region->item_size = values[CONFIG_KEY_MESSAGE_SIZE].number;
        region->messages = shmb_round_messages((uint32_t)values[CONFIG_KEY_MESSAGES].number);
    }
    const shmb_geometry geometry = {(uint32_t)region->kind + SHMB_KIND_RAW, region->messages,
                                    region->item_size};
    region->size = shmb_geometry_bytes(&geometry);
}

static void fill_region(config_reading *reading, const config_node *node, const config_level *level,
                        config_region *region)
{
    const config_value *values = level->values;
    const char *description = values[CONFIG_KEY_DESCRIPTION].text;
    region->name = config_reading_keep(reading, node->key, node->key_length);
    region->description = description != NULL ? description : "";
    region->max_size = values[CONFIG_KEY_MAX_SIZE].number;
    region->backing_file = values[CONFIG_KEY_FILE].text;
    region->file = reading->file;
    region->where = node->key_where;
    fill_size(values, region);
    fill_security(level, region);
    fill_namespace(level, region);
    /* A default is for the raw regions. */
    if (region->kind == CONFIG_KIND_RAW) {
        fill_initial(level, &region->initial);
    }
    fill_memory(level, region);
    fill_persist(level, region);
}

void config_region_read(config_reading *reading, const config_level *below, const config_node *node,
                        config_region *region, const config_node **backing)
{
    config_level level = {below, reading->file, {{0}}};
    const char *problem = name_problem(node);
    *backing = NULL;
    if (problem != NULL) {
        config_reading_report(reading, node, node->key_where, "%s", problem);
    }
    if (!is_region(reading, node)) {
        return;
    }
    config_section_read(reading, CONFIG_IN_REGION, node, level.values);
    config_region_check(reading, node, &level);
    if (level.values[CONFIG_KEY_FILE].text != NULL) {
        *backing = level.values[CONFIG_KEY_FILE].node;
    }
    fill_region(reading, node, &level, region);
}
