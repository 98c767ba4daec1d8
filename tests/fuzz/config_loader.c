/*
 * Fuzzes the configuration loader with whole files, and checks what every model and every diagnostic
 * promises.
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

static void check_list(const config_principal_list *list)
{
    check(list->count <= CONFIG_MAX_PRINCIPALS);
    for (size_t i = 0; i < list->count; i++) {
        char sid[CONFIG_SID_TEXT];
        check(list->items[i].where.line > 0 && list->items[i].where.column > 0);
        check(strlen(list->items[i].text) <= CONFIG_MAX_PRINCIPAL);
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
    check(region->numa_node <= CONFIG_MAX_NUMA_NODE || region->numa_node == CONFIG_NUMA_ANY);
    check(region->large_pages == CONFIG_LARGE_PAGES_NO || region->backing_file == NULL);
    check(region->initial.length <= region->size && region->initial.length <= CONFIG_MAX_INITIAL);
    check(region->where.line > 0 && region->where.column > 0);
    if (region->backing_file != NULL) {
        check(strpbrk(region->backing_file, "/<>\"|?*") == NULL &&
              strstr(region->backing_file, "..\\") == NULL);
        check(region->backing_file[0] != '\\' && region->backing_file[0] != '\0');
    }
    const config_access *access = &region->access;
    const config_principal_list *const lists[] = {&access->read, &access->write,    &access->manage,
                                                  &access->deny, &access->packages, &region->boundary};
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
        check(i == 0 || item->span.from.line >= item[-1].span.from.line);
        check(item->span.from.line == 0 || item->excerpt.line != NULL);
        check_excerpt(&item->excerpt);
        check_excerpt(&item->note.excerpt);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    config_resolver resolver = {NULL, service_sid, account_sid, sddl_is_valid};
    config_diagnostics diagnostics;
    config_diagnostics_init(&diagnostics, "fuzz");
    config_model *model = config_load_text("fuzz", (const char *)data, size, NULL, &resolver, &diagnostics);
    if (model != NULL) {
        check(diagnostics.count == 0);
        check(model->region_count <= CONFIG_MAX_REGIONS);
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
