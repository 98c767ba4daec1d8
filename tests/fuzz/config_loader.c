/*
 * Fuzzes the configuration loader with whole configurations, and checks what every model and every diagnostic
 * promises.
 *
 * An input is the main file's text, then that of up to FILES others: a line `%%% NAME` stands before each, where NAME is
 * its path below the main file's folder.
 */
#include "loader.h"

#include "principals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, so that the fuzzer keeps the input. */
static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool service_sid(void *context, const char *service, char sid[CONFIG_SID_TEXT], char *why,
                        size_t why_size)
{
    (void)context;
    check(service[0] != '\0' && strpbrk(service, "\\/") == NULL);
    snprintf(why, why_size, "%s", "");
    snprintf(sid, CONFIG_SID_TEXT, "S-1-5-80-1-2-3-4-%u", (unsigned)strlen(service));
    return true;
}

static bool account_sid(void *context, const char *account, char sid[CONFIG_SID_TEXT], char *why,
                        size_t why_size)
{
    (void)context;
    snprintf(why, why_size, "%s", "unknown");
    snprintf(sid, CONFIG_SID_TEXT, "S-1-5-21-%u", (unsigned)strlen(account));
    return strlen(account) % 2 == 0;
}

static bool sddl_is_valid(void *context, const char *sddl, char *why, size_t why_size)
{
    (void)context;
    snprintf(why, why_size, "%s", "wrong");
    return strlen(sddl) % 2 == 0;
}

#define FILES     8u
#define SEPARATOR "\n%%% "
#define FILE_NAME 64u

/* The input, taken apart; the main file comes first. */
typedef struct part {
    char name[FILE_NAME];
    const char *text;
    size_t length;
} part;

typedef struct parts {
    part items[FILES];
    size_t count;
} parts;

/* Where the next separator begins, or the end. */
static size_t end_of_part(const char *text, size_t length)
{
    size_t width = sizeof SEPARATOR - 1;
    for (size_t i = 0; i + width <= length; i++) {
        if (memcmp(text + i, SEPARATOR, width) == 0) {
            return i;
        }
    }
    return length;
}

/* Takes the name in front of the text off it. */
static void name_part(part *to)
{
    const char *end = memchr(to->text, '\n', to->length);
    size_t line = end != NULL ? (size_t)(end - to->text) : to->length;
    size_t length = line < FILE_NAME - 1 ? line : FILE_NAME - 1;
    memcpy(to->name, to->text, length);
    to->name[length] = '\0';
    size_t skip = line < to->length ? line + 1 : line;
    to->text += skip;
    to->length -= skip;
}

static void take_apart(const char *text, size_t length, parts *all)
{
    all->count = 0;
    for (bool more = true; more && all->count < FILES; all->count++) {
        part *each = &all->items[all->count];
        size_t size = end_of_part(text, length);
        more = size < length;
        *each = (part){"", text, size};
        if (all->count > 0) {
            name_part(each);
        }
        size_t used = more ? size + sizeof SEPARATOR - 1 : size;
        text += used;
        length -= used;
    }
}

static FILE *open_part(void *context, const char *path, char *why, size_t why_size)
{
    const parts *all = context;
    check(path[0] != '\0' && strstr(path, "../") == NULL && strstr(path, "..\\") == NULL &&
          strchr(path, ':') == NULL);
    for (size_t i = 1; i < all->count; i++) {
        const part *each = &all->items[i];
        if (strcmp(each->name, path) == 0) {
            FILE *stream = tmpfile();
            check(stream != NULL && fwrite(each->text, 1, each->length, stream) == each->length);
            rewind(stream);
            return stream;
        }
    }
    snprintf(why, why_size, "%s", "absent");
    return NULL;
}

/* Any folder has the names of all files, without what stands before them. */
static bool list_parts(void *context, const char *folder, bool (*found)(void *receiver, const char *name),
                       void *receiver, char *why, size_t why_size)
{
    const parts *all = context;
    check(strpbrk(folder, "*?:") == NULL);
    snprintf(why, why_size, "%s", "locked");
    for (size_t i = 1; i < all->count; i++) {
        const char *name = strrchr(all->items[i].name, '/');
        if (!found(receiver, name != NULL ? name + 1 : all->items[i].name)) {
            break;
        }
    }
    return strcmp(folder, "locked") != 0;
}

static void check_list(const config_principal_list *list)
{
    check(list->count <= CONFIG_MAX_PRINCIPALS);
    for (size_t i = 0; i < list->count; i++) {
        char sid[CONFIG_SID_TEXT];
        check(list->items[i].where.line > 0 && list->items[i].where.column > 0);
        check(strlen(list->items[i].text) <= CONFIG_MAX_PRINCIPAL);
        check(list->items[i].file != NULL &&
              (list->items[i].role == NULL) == (list->items[i].member == NULL));
        check(config_sid_canonical(list->items[i].sid, sid) && strcmp(sid, list->items[i].sid) == 0);
    }
}

static void check_region(const config_region *region)
{
    check(region->name[0] != '\0' && strlen(region->name) <= (size_t)4 * CONFIG_MAX_NAME_CHARS);
    check(strchr(region->name, '\\') == NULL);
    check(strlen(region->description) <= CONFIG_MAX_DESCRIPTION);
    check(region->size >= 1 && region->size <= CONFIG_MAX_REGION_SIZE);
    check(region->name_space <= CONFIG_NAMESPACE_PRIVATE);
    check((region->name_space == CONFIG_NAMESPACE_PRIVATE) == (region->boundary.count > 0));
    check(region->boundary.count <= CONFIG_MAX_BOUNDARY && region->file != NULL);
    check(region->numa_node <= CONFIG_MAX_NUMA_NODE || region->numa_node == CONFIG_NUMA_ANY);
    check(region->large_pages == CONFIG_LARGE_PAGES_NO || region->backing_file == NULL);
    check((region->kind == CONFIG_KIND_RAW) == (region->item_size == 0));
    check((region->kind >= CONFIG_KIND_QUEUE) == (region->messages >= 2));
    check(region->kind == CONFIG_KIND_RAW ||
          (!region->lock && !region->notify && region->initial.kind == CONFIG_INITIAL_ZERO));
    check(region->lock || region->access.lock.count == 0);
    check(region->initial.length <= region->size && region->initial.length <= CONFIG_MAX_INITIAL);
    check((region->initial.kind == CONFIG_INITIAL_BYTES) == (region->initial.bytes != NULL));
    check((region->initial.kind == CONFIG_INITIAL_FILE) == (region->initial.path != NULL));
    check(region->where.line > 0 && region->where.column > 0);
    if (region->backing_file != NULL) {
        check(strpbrk(region->backing_file, "/<>\"|?*") == NULL &&
              strstr(region->backing_file, "..\\") == NULL);
        check(region->backing_file[0] != '\\' && region->backing_file[0] != '\0');
    }
    const config_access *access = &region->access;
    const config_principal_list *const lists[] = {&access->read,    &access->write,    &access->manage,
                                                  &access->deny,    &access->packages, &access->lock,
                                                  &region->boundary};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        check(region->sddl == NULL || lists[i]->count == 0 || lists[i] == &region->boundary);
        check_list(lists[i]);
    }
}

static void check_excerpt(const config_excerpt *excerpt)
{
    if (excerpt->line != NULL) {
        check(strlen(excerpt->line) < CONFIG_EXCERPT_TEXT && strpbrk(excerpt->line, "\n\r\t\x1B") == NULL);
        check(excerpt->width >= 1 && excerpt->indent + excerpt->width < CONFIG_EXCERPT_TEXT);
    }
}

static void check_diagnostics(const config_diagnostics *diagnostics)
{
    check(diagnostics->count >= 1 && diagnostics->count <= CONFIG_MAX_DIAGNOSTICS);
    for (size_t i = 0; i < diagnostics->count; i++) {
        char line[8192];
        size_t length = config_diagnostics_format(diagnostics, i, line, sizeof line);
        check(length > 12 && length < sizeof line && strchr(line, '\n') == NULL);
        const config_diagnostic *item = &diagnostics->items[i];
        check(i == 0 || item->file > item[-1].file ||
              (item->file == item[-1].file && item->span.from.line >= item[-1].span.from.line));
        check(item->span.from.line == 0 || item->excerpt.line != NULL);
        check_excerpt(&item->excerpt);
        check_excerpt(&item->note.excerpt);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    config_resolver resolver = {NULL, service_sid, account_sid, sddl_is_valid};
    static config_diagnostics diagnostics;
    parts all;
    take_apart((const char *)data, size, &all);
    const config_sources sources = {&all, open_part, list_parts};
    config_diagnostics_init(&diagnostics, "fuzz");
    config_model *model =
        config_load_text("fuzz", all.items[0].text, all.items[0].length, &sources, &resolver, &diagnostics);
    if (model != NULL) {
        check(diagnostics.count == 0);
        check(model->region_count <= CONFIG_MAX_REGIONS);
        check(model->file_count >= 1 && model->file_count <= FILES);
        for (size_t i = 0; i < model->role_count; i++) {
            check_list(&model->roles[i].members);
        }
        for (size_t i = 0; i < model->region_count; i++) {
            check_region(&model->regions[i]);
        }
    } else {
        check_diagnostics(&diagnostics);
    }
    config_model_free(model);
    config_diagnostics_free(&diagnostics);
    return 0;
}
