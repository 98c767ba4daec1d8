/* What holds between keys. See schema_rules.h. */
#include "schema_rules.h"

#include "model.h"
#include "schema_words.h"

/* Keys that exclude each other in one region; values.h reads the rest of what is wrong with one key alone. */
static const struct {
    config_key_id one;
    config_key_id other;
} exclusive[] = {
    {CONFIG_KEY_ACCESS, CONFIG_KEY_SDDL},
    {CONFIG_KEY_INTEGRITY, CONFIG_KEY_SDDL},
    {CONFIG_KEY_APPCONTAINER, CONFIG_KEY_SDDL},
    {CONFIG_KEY_MAX_SIZE, CONFIG_KEY_BACKING},
};

/* The keys of which access must have one. */
static const config_key_id said[] = {CONFIG_KEY_READ, CONFIG_KEY_WRITE};

/* `NAME: CHOICE`, as a rule about the mapping that it stands in. */
static void write_choice(config_json *json, config_key_id id, unsigned choice)
{
    config_schema_open_property(json, id);
    config_json_open(json, "enum", '[');
    config_json_text(json, NULL, config_keys[id].choices[choice]);
    config_json_close(json, ']');
    config_schema_close_property(json);
}

static void write_mode(config_json *json, config_persist_mode mode)
{
    write_choice(json, CONFIG_KEY_PERSIST_MODE, (unsigned)mode - CONFIG_PERSIST_FILE);
}

/* Keys that belong to the other mode. */
void config_schema_persist_rules(config_json *json)
{
    static const struct {
        config_key_id key;
        config_persist_mode mode;
    } misplaced[] = {{CONFIG_KEY_PERSIST_FLUSH, CONFIG_PERSIST_SNAPSHOT},
                     {CONFIG_KEY_PERSIST_EVERY, CONFIG_PERSIST_FILE},
                     {CONFIG_KEY_PERSIST_KEEP, CONFIG_PERSIST_FILE}};
    config_json_open(json, "allOf", '[');
    for (size_t i = 0; i < sizeof misplaced / sizeof misplaced[0]; i++) {
        config_schema_open_not(json);
        config_schema_require(json, misplaced[i].key, CONFIG_KEY_PERSIST_MODE);
        write_mode(json, misplaced[i].mode);
        config_schema_close_not(json);
    }
    config_json_close(json, ']');
}

static void write_persist_of_region(config_json *json, config_persist_mode mode)
{
    config_schema_open_property(json, CONFIG_KEY_PERSIST);
    config_schema_require(json, CONFIG_KEY_PERSIST_MODE, CONFIG_KEY_PERSIST_MODE);
    write_mode(json, mode);
    config_schema_close_property(json);
}

/* A region with a file has no snapshots, and one without a file no file to flush. */
static void write_mode_rules(config_json *json)
{
    config_schema_open_not(json);
    config_schema_require(json, CONFIG_KEY_PERSIST, CONFIG_KEY_BACKING);
    write_persist_of_region(json, CONFIG_PERSIST_SNAPSHOT);
    config_schema_close_not(json);
    config_schema_open_not(json);
    config_schema_require(json, CONFIG_KEY_PERSIST, CONFIG_KEY_PERSIST);
    write_persist_of_region(json, CONFIG_PERSIST_FILE);
    config_json_open(json, "not", '{');
    config_schema_require(json, CONFIG_KEY_BACKING, CONFIG_KEY_BACKING);
    config_json_close(json, '}');
    config_schema_close_not(json);
}

/* A region for each session keeps nothing. */
static void write_session_rule(config_json *json, config_key_id lasting)
{
    config_schema_open_not(json);
    config_schema_require(json, CONFIG_KEY_NAMESPACE, lasting);
    write_choice(json, CONFIG_KEY_NAMESPACE, CONFIG_NAMESPACE_SESSION);
    config_schema_close_not(json);
}

/* `kind: KIND` for the kinds from the `first` on, as a rule about the mapping that it stands in. */
static void write_kinds(config_json *json, config_kind first)
{
    config_json_open(json, "required", '[');
    config_json_text(json, NULL, config_keys[CONFIG_KEY_KIND].name);
    config_json_close(json, ']');
    config_schema_open_property(json, CONFIG_KEY_KIND);
    config_schema_choices(json, config_keys[CONFIG_KEY_KIND].choices + first);
    config_schema_close_property(json);
}

/* A queue or stream has messages, and what follows from them is its size; the others have a size and no messages. */
static void write_measure_rule(config_json *json)
{
    config_json_open(json, NULL, '{');
    config_json_open(json, "if", '{');
    write_kinds(json, CONFIG_KIND_QUEUE);
    config_json_close(json, '}');
    config_json_open(json, "then", '{');
    config_schema_require(json, CONFIG_KEY_MESSAGES, CONFIG_KEY_MESSAGE_SIZE);
    config_json_open(json, "not", '{');
    config_schema_require(json, CONFIG_KEY_SIZE, CONFIG_KEY_SIZE);
    config_json_close(json, '}');
    config_json_close(json, '}');
    config_json_open(json, "else", '{');
    config_schema_require(json, CONFIG_KEY_SIZE, CONFIG_KEY_SIZE);
    config_json_open(json, "not", '{');
    config_schema_open_forms(json);
    config_schema_require(json, CONFIG_KEY_MESSAGES, CONFIG_KEY_MESSAGES);
    config_schema_next_form(json);
    config_schema_require(json, CONFIG_KEY_MESSAGE_SIZE, CONFIG_KEY_MESSAGE_SIZE);
    config_schema_close_forms(json);
    config_json_close(json, '}');
    config_json_close(json, '}');
    config_json_close(json, '}');
}

/* Not both: what is written between the two, and a kind from the `first` on. */
static void open_not_with_kinds(config_json *json)
{
    config_schema_open_not(json);
    config_json_open(json, "allOf", '[');
    config_json_open(json, NULL, '{');
}

static void close_not_with_kinds(config_json *json, config_kind first)
{
    config_schema_next_form(json);
    write_kinds(json, first);
    config_schema_close_forms(json);
    config_schema_close_not(json);
}

static void write_kind_rules(config_json *json)
{
    static const config_key_id of_raw[] = {CONFIG_KEY_MAX_SIZE, CONFIG_KEY_LOCK, CONFIG_KEY_NOTIFY,
                                           CONFIG_KEY_INITIAL};
    write_measure_rule(json);
    for (size_t i = 0; i < sizeof of_raw / sizeof of_raw[0]; i++) {
        open_not_with_kinds(json);
        config_schema_require(json, of_raw[i], of_raw[i]);
        close_not_with_kinds(json, CONFIG_KIND_STATE);
    }
}

/* With `other` there are no large pages. */
static void write_small_pages_rule(config_json *json, config_key_id other)
{
    const config_key *large_pages = &config_keys[CONFIG_KEY_LARGE_PAGES];
    config_schema_open_not(json);
    config_schema_require(json, CONFIG_KEY_LARGE_PAGES, other);
    config_schema_open_property(json, CONFIG_KEY_LARGE_PAGES);
    config_schema_choices(json, large_pages->choices + 1);
    config_schema_close_property(json);
    config_schema_close_not(json);
}

void config_schema_region_rules(config_json *json)
{
    config_json_open(json, "allOf", '[');
    for (size_t i = 0; i < sizeof exclusive / sizeof exclusive[0]; i++) {
        config_schema_open_not(json);
        config_schema_require(json, exclusive[i].one, exclusive[i].other);
        config_schema_close_not(json);
    }
    write_small_pages_rule(json, CONFIG_KEY_BACKING);
    write_small_pages_rule(json, CONFIG_KEY_MAX_SIZE);
    write_mode_rules(json);
    write_session_rule(json, CONFIG_KEY_BACKING);
    write_session_rule(json, CONFIG_KEY_PERSIST);
    write_kind_rules(json);
    /* A list of who may lock, beside a descriptor that says all. */
    config_schema_open_not(json);
    config_schema_require(json, CONFIG_KEY_LOCK, CONFIG_KEY_SDDL);
    config_schema_open_property(json, CONFIG_KEY_LOCK);
    config_json_text(json, "type", "array");
    config_schema_close_property(json);
    config_schema_close_not(json);
    config_json_close(json, ']');
}

void config_schema_access_rules(config_json *json)
{
    config_json_open(json, "anyOf", '[');
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        config_json_open(json, NULL, '{');
        config_schema_require(json, said[i], said[i]);
        config_json_close(json, '}');
    }
    config_json_close(json, ']');
}

/* Something says who may use each region: the defaults, or the region itself. */
void config_schema_file_rules(config_json *json)
{
    config_schema_open_forms(json);
    config_schema_require(json, CONFIG_KEY_DEFAULTS, CONFIG_KEY_DEFAULTS);
    config_schema_open_property(json, CONFIG_KEY_DEFAULTS);
    config_schema_require(json, CONFIG_KEY_ACCESS, CONFIG_KEY_ACCESS);
    config_schema_close_property(json);
    config_schema_next_form(json);
    config_schema_open_property(json, CONFIG_KEY_REGIONS);
    config_json_open(json, "additionalProperties", '{');
    config_schema_open_forms(json);
    config_schema_require(json, CONFIG_KEY_ACCESS, CONFIG_KEY_ACCESS);
    config_schema_next_form(json);
    config_schema_require(json, CONFIG_KEY_SDDL, CONFIG_KEY_SDDL);
    config_schema_close_forms(json);
    config_json_close(json, '}');
    config_schema_close_property(json);
    config_schema_close_forms(json);
}
