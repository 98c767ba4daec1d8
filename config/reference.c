/*
 * Writes the grammar's table as prose: sections in the order of the table, each key where it is at home.
 */
#include "reference.h"

#include "allowed.h"
#include "model.h"
#include "places.h"
#include "principals.h"
#include "text.h"

#include <inttypes.h>
#include <string.h>

#define ALLOWED_TEXT 512u
#define COLUMNS      80u

/* One bound of the grammar. */
typedef struct bound {
    const char *what;
    uint64_t most;
    const char *of;
} bound;

static const bound bounds[] = {
    {"a file", CONFIG_MAX_FILE_BYTES >> 20, "MiB"},
    {"files of one configuration", CONFIG_MAX_FILES, ""},
    {"regions of one configuration", CONFIG_MAX_REGIONS, ""},
    {"roles of one configuration", CONFIG_MAX_ROLES, ""},
    {"mappings and lists inside each other", CONFIG_MAX_NESTING, ""},
    {"a region's name", CONFIG_MAX_NAME_CHARS, "characters"},
    {"a role's name", CONFIG_MAX_ROLE_CHARS, "characters"},
    {"an account's name", CONFIG_MAX_PRINCIPAL, "bytes"},
    {"accounts of a list, those of its roles included", CONFIG_MAX_PRINCIPALS, ""},
};

/* The sections in the order in which the table has their keys; the file itself first. Ends with 0. */
static const config_section *sections(void)
{
    static config_section order[CONFIG_KEY_COUNT + 2];
    size_t count = 0;
    order[count++] = CONFIG_IN_FILE;
    for (unsigned id = 0; id < CONFIG_KEY_COUNT; id++) {
        bool is_first = config_keys[id].inner != 0 && config_section_key(config_keys[id].inner) == id;
        if (is_first) {
            order[count++] = config_keys[id].inner;
        }
    }
    order[count] = (config_section)0;
    return order;
}

/* What holds without the key: `required`, `optional`, `default: …`. */
static const char *describe_need(config_key_id id, const char *quote, char buffer[ALLOWED_TEXT])
{
    const config_key *key = &config_keys[id];
    if (key->need != NULL) {
        snprintf(buffer, ALLOWED_TEXT, "%s", key->need);
    } else if (key->required != 0) {
        snprintf(buffer, ALLOWED_TEXT, "required");
    } else if (key->fallback != NULL) {
        snprintf(buffer, ALLOWED_TEXT, "%s%s%s when it is left out", quote, key->fallback, quote);
    } else {
        snprintf(buffer, ALLOWED_TEXT, "optional");
    }
    return buffer;
}

/* ---- Markdown ---------------------------------------------------------------------------------- */

static void write_key(FILE *stream, config_key_id id)
{
    const config_key *key = &config_keys[id];
    char places[CONFIG_PLACES_TEXT];
    char allowed[ALLOWED_TEXT];
    char need[ALLOWED_TEXT];
    fprintf(stream, "### `%s`\n\n%s\n\n", key->name, key->help);
    fprintf(stream, "- Where: %s\n", config_key_places(id, "`", places));
    fprintf(stream, "- Value: %s\n", config_key_allowed(id, allowed, sizeof allowed));
    fprintf(stream, "- Need: %s\n", describe_need(id, "`", need));
    fprintf(stream, "- Example: `%s: %s`\n\n", key->name, key->example);
}

/* The keys of a section: those at home here in full, the others by name. */
static void write_section(FILE *stream, config_section section)
{
    char place[CONFIG_PLACES_TEXT];
    config_section elsewhere = (config_section)0;
    config_section_place(section, place);
    if (place[0] == '\0') {
        fprintf(stream, "## The file\n\n");
    } else {
        fprintf(stream, "## Under `%s`\n\n", place);
    }
    for (unsigned id = 0; id < CONFIG_KEY_COUNT; id++) {
        if ((config_keys[id].sections & (unsigned)section) == 0) {
            continue;
        }
        if (config_key_home((config_key_id)id) == section) {
            write_key(stream, (config_key_id)id);
            continue;
        }
        fprintf(stream, "%s`%s`", elsewhere == 0 ? "" : ", ", config_keys[id].name);
        elsewhere = config_key_home((config_key_id)id);
    }
    if (elsewhere != 0) {
        fprintf(stream, ": as under `%s`, for every region that does not say otherwise.\n\n",
                config_section_place(elsewhere, place));
    }
}

static void write_accounts(FILE *stream)
{
    fprintf(
        stream,
        "## Well-known accounts and groups\n\n"
        "These names work whatever the machine's language, in any case, alone or with what stands "
        "before them in the\nfirst column. All others are looked up: `DOMAIN\\name`, `.\\name` for a local "
        "account, `name`. `NT SERVICE\\name` is\ncomputed, the service need not exist; a SID "
        "(`S-1-\xE2\x80\xA6`) is taken as it is.\n\n"
        "| name | SID |\n|---|---|\n");
    for (const config_well_known *each = config_well_known_principals; each->name != NULL; each++) {
        fprintf(stream, "| %s%s%s | `%s` |\n", each->authority, each->authority[0] != '\0' ? "\\" : "",
                each->name, each->sid);
    }
    putc('\n', stream);
}

static void write_bounds(FILE *stream)
{
    fprintf(stream,
            "## Bounds\n\nWhat exceeds one is an error, never cut off.\n\n| what | at most |\n|---|---|\n");
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        fprintf(stream, "| %s | %" PRIu64 "%s%s |\n", bounds[i].what, bounds[i].most,
                bounds[i].of[0] != '\0' ? " " : "", bounds[i].of);
    }
    putc('\n', stream);
}

void config_reference_write(FILE *stream)
{
    fprintf(
        stream,
        "# Reference of the configuration\n\n"
        "A configuration is YAML, in UTF-8 or UTF-16. Each key below has the place where it stands, what its "
        "value may be,\nwhether it must be there, and an example. Unknown keys, keys that stand twice, "
        "anchors, aliases and tags are errors.\n`shmbroker help config [KEY]` shows the same in a "
        "console; `shmbroker.schema.json` beside this page is for editors.\n\n");
    for (const config_section *each = sections(); *each != 0; each++) {
        write_section(stream, *each);
    }
    write_accounts(stream);
    write_bounds(stream);
}

/* ---- For a terminal ---------------------------------------------------------------------------- */

/* Writes `text` in lines of at most COLUMNS, each behind `indent` spaces; the first behind `label`, too. */
static void wrap(FILE *stream, unsigned indent, const char *label, const char *text)
{
    size_t column = indent + strlen(label);
    fprintf(stream, "%*s%s", (int)indent, "", label);
    while (*text != '\0') {
        size_t word = strcspn(text, " ");
        size_t shown = config_text_count(text, word);
        bool starts_line = column == indent + strlen(label);
        if (!starts_line && column + 1 + shown > COLUMNS) {
            fprintf(stream, "\n%*s", (int)(indent + strlen(label)), "");
            column = indent + strlen(label);
            starts_line = true;
        }
        fprintf(stream, "%s%.*s", starts_line ? "" : " ", (int)word, text);
        column += shown + (starts_line ? 0u : 1u);
        text += word;
        text += strspn(text, " ");
    }
    putc('\n', stream);
}

static void help_key(FILE *stream, config_key_id id)
{
    const config_key *key = &config_keys[id];
    char places[CONFIG_PLACES_TEXT];
    char allowed[ALLOWED_TEXT];
    char need[ALLOWED_TEXT];
    char example[ALLOWED_TEXT];
    snprintf(example, sizeof example, "%s: %s", key->name, key->example);
    wrap(stream, 2, "", key->name);
    wrap(stream, 6, "", key->help);
    wrap(stream, 6, "Where:   ", config_key_places(id, "", places));
    wrap(stream, 6, "Value:   ", config_key_allowed(id, allowed, sizeof allowed));
    wrap(stream, 6, "Need:    ", describe_need(id, "", need));
    wrap(stream, 6, "Example: ", example);
}

void config_help_write(FILE *stream)
{
    for (const config_section *each = sections(); *each != 0; each++) {
        char place[CONFIG_PLACES_TEXT];
        bool any = false;
        config_section_place(*each, place);
        for (unsigned id = 0; id < CONFIG_KEY_COUNT; id++) {
            bool is_home = (config_keys[id].sections & (unsigned)*each) != 0 &&
                           config_key_home((config_key_id)id) == *each;
            if (!is_home) {
                continue;
            }
            if (!any) {
                fprintf(stream, "%s%s\n", place[0] != '\0' ? "Under " : "In the file",
                        place[0] != '\0' ? place : "");
            }
            any = true;
            putc('\n', stream);
            help_key(stream, (config_key_id)id);
        }
        if (any) {
            putc('\n', stream);
        }
    }
}

/* Whether `name` is the key's name, one of its places, or the end of one from a key's start on. */
static bool is_meant(config_key_id id, const char *name)
{
    char places[CONFIG_PLACES_TEXT];
    size_t length = strlen(name);
    const char *place = config_key_places(id, "", places);
    while (*place != '\0') {
        size_t size = strcspn(place, ",");
        const char *end = place + size - length;
        if (length <= size && memcmp(end, name, length) == 0 && (length == size || end[-1] == '.')) {
            return true;
        }
        place += size;
        place += strspn(place, ", ");
    }
    return false;
}

bool config_help_write_key(FILE *stream, const char *name)
{
    bool any = false;
    for (unsigned id = 0; name[0] != '\0' && id < CONFIG_KEY_COUNT; id++) {
        if (is_meant((config_key_id)id, name)) {
            fputs(any ? "\n" : "", stream);
            help_key(stream, (config_key_id)id);
            any = true;
        }
    }
    return any;
}

const char *config_help_similar(const char *name)
{
    for (unsigned id = 0; id < CONFIG_KEY_COUNT; id++) {
        const char *key = config_keys[id].name;
        if (config_text_similar(name, strlen(name), key, strlen(key))) {
            return key;
        }
    }
    return NULL;
}
