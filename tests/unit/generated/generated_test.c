/*
 * The generated files are as the code would make them now; and loader, schema, help and reference have the
 * same keys at the same places.
 */
#include "allowed.h"
#include "config_testing.h"
#include "generated.h"

#include "grammar.h"
#include "places.h"
#include "reference.h"
#include "schema.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define SCRATCH "generated-test.tmp"

/* What `write` writes; the caller frees it. */
static char *written(void (*write)(FILE *stream))
{
    size_t length;
    FILE *stream = fopen(SCRATCH, "wb");
    assert_non_null(stream);
    write(stream);
    assert_int_equal(fclose(stream), 0);
    char *text = read_whole_file(SCRATCH, &length);
    remove(SCRATCH);
    return text;
}

static void the_files_in_the_tree_are_up_to_date(void **state)
{
    (void)state;
    for (const generated_file *each = generated_files; each->name != NULL; each++) {
        char path[1024];
        size_t length;
        snprintf(path, sizeof path, "%s/%s", CONFIG_FOLDER, each->name);
        char *committed = read_whole_file(path, &length);
        char *made = written(each->write);
        if (strcmp(committed, made) != 0) {
            fail_msg("config/%s is not what the code's tables say; `./dev reference` writes it anew, commit "
                     "it with "
                     "the change",
                     each->name);
        }
        free(made);
        free(committed);
    }
}

/* ---- The parts of the schema ------------------------------------------------------------------- */

static const cJSON *member(const cJSON *object, const char *name)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
    if (found == NULL) {
        fail_msg("the schema has no %s there", name);
    }
    return found;
}

/* The definition of `section`; that of the main file is the schema itself. */
static const cJSON *object_of(const cJSON *schema, config_section section)
{
    if (section == CONFIG_IN_FILE) {
        return schema;
    }
    const cJSON *definitions = member(schema, "definitions");
    return member(definitions,
                  section == CONFIG_IN_FRAGMENT ? "fragment" : config_keys[config_section_key(section)].name);
}

/* The object that lists the keys of `section`. */
static const cJSON *properties_of(const cJSON *schema, config_section section)
{
    return member(object_of(schema, section), "properties");
}

static cJSON *parse_schema(void)
{
    char *text = written(config_schema_write);
    cJSON *schema = cJSON_Parse(text);
    free(text);
    assert_non_null(schema);
    return schema;
}

/* ---- Documents made from the table ------------------------------------------------------------- */

#define DOCUMENT 4096u

static bool is_file(config_section section)
{
    return section == CONFIG_IN_FILE || section == CONFIG_IN_FRAGMENT;
}

/* Loads a document as the kind of file that it is. */
static void load_as(loaded *result, config_section section, const char *document)
{
    const memory_file files[] = {{"main.yaml", "version: 1\ninclude: [fragment.yaml]\nregions: {}\n", 0},
                                 {"fragment.yaml", document, 0}};
    memory_folder folder = {.files = files, .count = 2};
    if (section == CONFIG_IN_FRAGMENT) {
        load_files(result, &folder);
    } else {
        load(result, document);
    }
}

/* What a region has besides the key that is tried, so that it can stand. */
static void write_region(char document[DOCUMENT], config_section section, const char *lines)
{
    const char *own = "";
    const char *inside = lines;
    char nested[DOCUMENT];
    if (section != CONFIG_IN_REGION) {
        char place[CONFIG_PLACES_TEXT];
        const char *below = strlen("regions.NAME.") + config_section_place(section, place);
        snprintf(nested, sizeof nested, "%s", lines);
        /* `namespace.private` becomes { namespace: { private: { … } } }, from the inside out. */
        while (below != NULL && *below != '\0') {
            char *dot = strrchr(place + strlen("regions.NAME."), '.');
            const char *name = dot != NULL ? dot + 1 : below;
            char outer[DOCUMENT];
            snprintf(outer, sizeof outer, "%.100s: { %.3800s }", name, nested);
            snprintf(nested, sizeof nested, "%s", outer);
            if (dot == NULL) {
                break;
            }
            *dot = '\0';
        }
        inside = nested;
    }
    if (strstr(inside, "access:") == NULL && strstr(inside, "sddl:") == NULL) {
        own = ", access: { read: [Users] }";
    }
    bool has_messages = strncmp(inside, "message", 7) == 0;
    snprintf(document, DOCUMENT, "version: 1\nregions: { R: { %.3500s%s%s%s } }\n", inside, own,
             strstr(inside, "mode: file") != NULL ? ", backing: { file: r.shm }" : "",
             has_messages || strncmp(inside, "size:", 5) == 0 ? "" : ", size: 64 KiB");
}

/* A document that is right, if `lines` are right among the keys of `section`. */
static void write_document(char document[DOCUMENT], config_section section, const char *lines)
{
    const char *regions = strncmp(lines, "regions:", 8) == 0 ? "" : "regions: {}\n";
    const char *version = strncmp(lines, "version:", 8) == 0 ? "" : "version: 1\n";
    if (is_file(section)) {
        bool needs_access = regions[0] == '\0';
        snprintf(document, DOCUMENT, "%s%s\n%s%s", version, lines, regions,
                 needs_access ? "defaults: { access: { read: [Users] } }\n" : "");
    } else if (section == CONFIG_IN_DEFAULTS) {
        snprintf(document, DOCUMENT, "version: 1\ndefaults: { %s }\nregions: {}\n", lines);
    } else {
        write_region(document, section, lines);
    }
}

/* The example of a key, and whatever must stand beside it there. */
static void write_example(char lines[DOCUMENT], config_section section, const config_key *key)
{
    size_t used = (size_t)snprintf(lines, DOCUMENT, "%s: %s", key->name, key->example);
    for (unsigned id = 0; !is_file(section) && id < CONFIG_KEY_COUNT; id++) {
        bool beside = (config_keys[id].required & (unsigned)section) != 0 && &config_keys[id] != key;
        if (beside) {
            bool flushes = key == &config_keys[CONFIG_KEY_PERSIST_FLUSH] && id == CONFIG_KEY_PERSIST_MODE;
            used += (size_t)snprintf(lines + used, DOCUMENT - used, ", %s: %s", config_keys[id].name,
                                     flushes ? "file" : config_keys[id].example);
        }
    }
    if (key == &config_keys[CONFIG_KEY_MESSAGES] || key == &config_keys[CONFIG_KEY_MESSAGE_SIZE]) {
        used +=
            (size_t)snprintf(lines + used, DOCUMENT - used, ", kind: queue, %s",
                             key == &config_keys[CONFIG_KEY_MESSAGES] ? "message_size: 8" : "messages: 4");
    }
    bool grants_nothing = section == CONFIG_IN_ACCESS &&
                          (key == &config_keys[CONFIG_KEY_MANAGE] || key == &config_keys[CONFIG_KEY_DENY]);
    snprintf(lines + used, DOCUMENT - used, "%s", grants_nothing ? ", read: [Users]" : "");
}

/* ---- Key by key -------------------------------------------------------------------------------- */

typedef void key_check(const cJSON *schema, config_section section, config_key_id id);

/* Calls `check` for each key at each of its places. */
static void for_each_place(key_check *check)
{
    cJSON *schema = parse_schema();
    for (unsigned id = 0; id < CONFIG_KEY_COUNT; id++) {
        for (unsigned bit = 1; bit != 0 && bit <= config_keys[id].sections; bit <<= 1) {
            if ((config_keys[id].sections & bit) != 0) {
                check(schema, (config_section)bit, (config_key_id)id);
            }
        }
    }
    cJSON_Delete(schema);
}

static void check_loader(const cJSON *schema, config_section section, config_key_id id)
{
    loaded result;
    char lines[DOCUMENT];
    char document[DOCUMENT];
    (void)schema;
    write_example(lines, section, &config_keys[id]);
    write_document(document, section, lines);
    load_as(&result, section, document);
    if (result.model == NULL) {
        fail_msg("the loader refuses the example of %s:\n%s", config_keys[id].name, document);
    }
    unload(&result);
}

static void the_loader_takes_the_example_of_every_key_everywhere(void **state)
{
    (void)state;
    for_each_place(check_loader);
}

static void check_schema(const cJSON *schema, config_section section, config_key_id id)
{
    const cJSON *property = member(properties_of(schema, section), config_keys[id].name);
    const cJSON *description = member(property, "description");
    assert_non_null(strstr(description->valuestring, config_keys[id].help));
    assert_non_null(strstr(description->valuestring, config_keys[id].example));
}

static void the_schema_has_every_key_at_its_places(void **state)
{
    (void)state;
    for_each_place(check_schema);
}

/* Fails when the schema has a key, or calls one required, that the table does not have there. */
static void check_section(const cJSON *schema, config_section section)
{
    const cJSON *properties = properties_of(schema, section);
    const cJSON *object = object_of(schema, section);
    const cJSON *each;
    size_t required = 0;
    cJSON_ArrayForEach(each, properties)
    {
        config_key_id id = config_key_find(section, each->string, strlen(each->string));
        assert_int_not_equal(id, CONFIG_KEY_COUNT);
        required += (config_keys[id].required & (unsigned)section) != 0;
    }
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(object, "required")), required);
    cJSON_ArrayForEach(each, cJSON_GetObjectItemCaseSensitive(object, "required"))
    {
        config_key_id id = config_key_find(section, each->valuestring, strlen(each->valuestring));
        assert_true((config_keys[id].required & (unsigned)section) != 0);
    }
    assert_true(cJSON_IsFalse(member(object, "additionalProperties")));
}

static void the_schema_has_no_other_keys(void **state)
{
    (void)state;
    cJSON *schema = parse_schema();
    check_section(schema, CONFIG_IN_FILE);
    check_section(schema, CONFIG_IN_FRAGMENT);
    for (unsigned id = 0; id < CONFIG_KEY_COUNT; id++) {
        if (config_keys[id].inner != 0) {
            check_section(schema, config_keys[id].inner);
        }
    }
    cJSON_Delete(schema);
}

static void check_unknown(const cJSON *schema, config_section section, config_key_id id)
{
    static const char unknown[] = "no_such_key";
    loaded result;
    char lines[DOCUMENT];
    char document[DOCUMENT];
    write_example(lines, section, &config_keys[id]);
    size_t used = strlen(lines);
    snprintf(lines + used, sizeof lines - used, "%s%s: 1", is_file(section) ? "\n" : ", ", unknown);
    write_document(document, section, lines);
    load_as(&result, section, document);
    assert_null(result.model);
    bool told = false;
    for (size_t i = 0; i < result.diagnostics.count; i++) {
        told = told || strstr(result.diagnostics.items[i].path, unknown) != NULL;
    }
    assert_true(told);
    assert_null(cJSON_GetObjectItemCaseSensitive(properties_of(schema, section), unknown));
    unload(&result);
}

static void an_unknown_key_is_refused_beside_every_key(void **state)
{
    (void)state;
    for_each_place(check_unknown);
}

static void check_words(const char *text, config_key_id id, const char *quote)
{
    char places[CONFIG_PLACES_TEXT];
    char allowed[512];
    char example[512];
    const config_key *key = &config_keys[id];
    snprintf(example, sizeof example, "Example: %s%s: %s%s", quote, key->name, key->example, quote);
    const char *const parts[] = {key->help, config_key_places(id, quote, places),
                                 config_key_allowed(id, allowed, sizeof allowed), example};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strstr(text, parts[i]) == NULL) {
            fail_msg("nothing says of the key %s: %s", key->name, parts[i]);
        }
    }
}

/* Makes one line of what was wrapped into several. */
static void unwrap(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        bool is_space = *from == ' ' || *from == '\n';
        if (!is_space || (to > text && to[-1] != ' ')) {
            *to++ = is_space ? ' ' : *from;
        }
    }
    *to = '\0';
}

static void help_and_reference_explain_every_key(void **state)
{
    (void)state;
    char *help = written(config_help_write);
    char *reference = written(config_reference_write);
    unwrap(help);
    for (unsigned id = 0; id < CONFIG_KEY_COUNT; id++) {
        check_words(help, (config_key_id)id, "");
        check_words(reference, (config_key_id)id, "`");
    }
    free(reference);
    free(help);
}

static const char *asked_for;

static void write_one(FILE *stream)
{
    assert_true(config_help_write_key(stream, asked_for));
}

static void help_finds_each_key_by_name_and_by_place(void **state)
{
    (void)state;
    for (unsigned id = 0; id < CONFIG_KEY_COUNT; id++) {
        char places[CONFIG_PLACES_TEXT];
        config_key_places((config_key_id)id, "", places);
        places[strcspn(places, ",")] = '\0';
        const char *const names[] = {config_keys[id].name, places};
        for (size_t i = 0; i < 2; i++) {
            asked_for = names[i];
            char *text = written(write_one);
            unwrap(text);
            check_words(text, (config_key_id)id, "");
            free(text);
        }
    }
}

static void help_knows_no_other_key(void **state)
{
    (void)state;
    FILE *stream = fopen(SCRATCH, "wb");
    assert_non_null(stream);
    assert_false(config_help_write_key(stream, "no_such_key"));
    assert_false(config_help_write_key(stream, ""));
    assert_false(config_help_write_key(stream, "ize"));
    assert_int_equal(ftell(stream), 0);
    fclose(stream);
    remove(SCRATCH);
    assert_string_equal(config_help_similar("sise"), "size");
    assert_null(config_help_similar("no_such_key"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_files_in_the_tree_are_up_to_date),
        cmocka_unit_test(the_loader_takes_the_example_of_every_key_everywhere),
        cmocka_unit_test(the_schema_has_every_key_at_its_places),
        cmocka_unit_test(the_schema_has_no_other_keys),
        cmocka_unit_test(an_unknown_key_is_refused_beside_every_key),
        cmocka_unit_test(help_and_reference_explain_every_key),
        cmocka_unit_test(help_finds_each_key_by_name_and_by_place),
        cmocka_unit_test(help_knows_no_other_key),
    };
    return cmocka_run_group_tests_name("generated", tests, NULL, NULL);
}
