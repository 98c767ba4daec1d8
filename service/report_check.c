/* What `check` prints. See report.h. */
#include "report.h"

#include "descriptor.h"
#include "region_kind.h"
#include "region_parts.h"
#include "report_json.h"
#include "report_memory.h"
#include "text_builder.h"
#include "units.h"

#include <stdlib.h>
#include <string.h>

/* ---- For people -------------------------------------------------------------------------------- */

static void print_principals(FILE *stream, const char *label, const config_principal_list *list)
{
    fprintf(stream, "  %-9s", label);
    for (size_t i = 0; i < list->count; i++) {
        const config_principal *principal = &list->items[i];
        fprintf(stream, "%s%s", i ? ", " : "", principal->text);
        if (strcmp(principal->text, principal->sid) != 0)
            fprintf(stream, " (%s)", principal->sid);
    }
    fprintf(stream, "%s\n", list->count ? "" : "nobody");
}

/* The entries of a descriptor that the file gives itself, one to a line. */
static void print_entries(FILE *stream, const char *sddl)
{
    char *words = descriptor_words(sddl);
    const char *label = "rights";
    for (char *line = words ? strtok(words, "\n") : NULL; line; line = strtok(NULL, "\n")) {
        fprintf(stream, "  %-9s%s\n", label, line);
        label = "";
    }
    if (!words || !*words)
        fprintf(stream, "  %-9s%s\n", label, words ? "nobody has any" : "as the descriptor says");
    free(words);
}

static const char *integrity_name(config_integrity integrity)
{
    static const char *const names[] = {"", "low", "medium", "high"};
    return names[integrity];
}

static void print_rights(FILE *stream, const config_region *region, const declared_region *declared)
{
    if (region->sddl) {
        print_entries(stream, declared->section_sddl);
        return;
    }
    const config_access *access = &region->access;
    print_principals(stream, "read", &access->read);
    print_principals(stream, "write", &access->write);
    if (access->manage.count)
        print_principals(stream, "manage", &access->manage);
    if (access->deny.count)
        print_principals(stream, "deny", &access->deny);
    if (access->packages.count)
        print_principals(stream, "packages", &access->packages);
    if (access->lock.count > 0)
        print_principals(stream, "lock", &access->lock);
    if (access->integrity != CONFIG_INTEGRITY_UNSET)
        fprintf(stream, "  %-9s%s: programs of lower integrity may not write\n", "label",
                integrity_name(access->integrity));
}

/* What the bytes are, and which objects stand beside them. */
static void print_kind(FILE *stream, const config_region *region, const declared_region *declared)
{
    char words[REGION_KIND_WORDS], name[SHMB_PART_NAME_BYTES];
    shmb_part_set set = region_parts(declared);
    if (set == 0) /* plain bytes */
        return;
    fprintf(stream, "  kind     %s\n", region_kind_words(&declared->geometry, declared->part_flags, words));
    if (region->kind == CONFIG_KIND_QUEUE && region->access.write.count == 0 && !region->sddl)
        fprintf(stream, "           nobody is in `write`, and sending and receiving both take that\n");
    for (unsigned part = 0; set >> part != 0; part++)
        if ((set >> part & 1) != 0 && shmb_part_name(declared->object_name, (shmb_part)part, name))
            fprintf(stream, "           beside it %s\n", name);
}

static const char *const dirty_words[] = {[CONFIG_DIRTY_KEEP] = "keep",
                                          [CONFIG_DIRTY_ZERO] = "zero",
                                          [CONFIG_DIRTY_RESTORE] = "restore",
                                          [CONFIG_DIRTY_HOLD] = "hold"};
static const char *const persist_words[] = {
    [CONFIG_PERSIST_NONE] = "none", [CONFIG_PERSIST_FILE] = "file", [CONFIG_PERSIST_SNAPSHOT] = "snapshot"};

static void print_life(FILE *stream, const config_region *region)
{
    static const char *const after_crash[] = {[CONFIG_DIRTY_KEEP] = "keep: it has what there is",
                                              [CONFIG_DIRTY_ZERO] = "zero: it begins as new",
                                              [CONFIG_DIRTY_RESTORE] = "restore: it has its newest snapshot",
                                              [CONFIG_DIRTY_HOLD] =
                                                  "hold: it is not served until `shmbroker release`"};
    char every[CONFIG_DURATION_TEXT];
    const config_persist *persist = &region->persist;
    config_duration_format(persist->interval, every);
    if (persist->mode == CONFIG_PERSIST_FILE)
        fprintf(stream, "  persist  file: written to the disk every %s, and at the stop\n", every);
    else if (persist->mode == CONFIG_PERSIST_SNAPSHOT)
        fprintf(stream, "  persist  snapshot every %s, and at the stop; the newest %u are kept\n", every,
                (unsigned)persist->keep);
    if (persist->mode != CONFIG_PERSIST_NONE || region->on_dirty != CONFIG_DIRTY_KEEP)
        fprintf(stream, "  on_dirty %s\n", after_crash[region->on_dirty]);
    if (region->revoke)
        fputs("  revoke   whoever loses a right loses it at once: a change of access makes another object\n",
              stream);
}

static void print_region(FILE *stream, const config_region *region, const declared_region *declared,
                         const platform_memory *machine)
{
    char size[64];
    text_size(region->size, size, sizeof size);
    fprintf(stream, "\n%s%s%s\n", region->name, *region->description ? ": " : "", region->description);
    fprintf(stream, "  object   %s%s\n", declared->object_name,
            declared->per_session ? ", one for each session N" : "");
    fprintf(stream, "  size     %s", size);
    if (strstr(size, "iB"))
        fprintf(stream, " (%llu bytes)", (unsigned long long)region->size);
    fputc('\n', stream);
    if (region->max_size) {
        text_size(region->max_size, size, sizeof size);
        fprintf(stream, "  max_size %s: it can grow so far while programs use it\n", size);
    }
    print_kind(stream, region, declared);
    fprintf(stream, "  backing  %s%s\n", declared->backing_path ? "file " : "paging file",
            declared->backing_path ? declared->backing_path : "");
    fprintf(stream, "  declared %s:%u:%u\n", region->file, (unsigned)region->where.line,
            (unsigned)region->where.column);
    report_memory_text(stream, declared, machine);
    print_life(stream, region);
    print_rights(stream, region, declared);
    fprintf(stream, "  sddl     %s\n", declared->section_sddl);
    if (declared->file_sddl && declared->backing_path)
        fprintf(stream, "  on file  %s\n", declared->file_sddl);
}

bool report_check_text(FILE *stream, const config_model *model, const declaration *declared,
                       const platform_memory *machine)
{
    char size[64];
    unsigned long long total = 0;
    for (size_t i = 0; i < model->region_count; i++)
        total += model->regions[i].size;
    text_size(total, size, sizeof size);
    fprintf(stream, "%s: %u %s, %s in all; a service would create:\n", model->file,
            (unsigned)model->region_count, model->region_count == 1 ? "region" : "regions", size);
    for (size_t i = 0; i < model->region_count; i++)
        print_region(stream, &model->regions[i], &declared->regions.items[i], machine);
    return fflush(stream) == 0 && !ferror(stream);
}

/* ---- As JSON ----------------------------------------------------------------------------------- */

static bool add_principals(cJSON *to, const char *name, const config_principal_list *list)
{
    cJSON *array = cJSON_AddArrayToObject(to, name);
    for (size_t i = 0; array && i < list->count; i++) {
        cJSON *item = report_json_item(array);
        if (!cJSON_AddStringToObject(item, "name", list->items[i].text) ||
            !cJSON_AddStringToObject(item, "sid", list->items[i].sid))
            return false;
    }
    return array != NULL;
}

/* The entries of a descriptor that the file gives itself, in words. */
static bool add_entries(cJSON *to, const char *sddl)
{
    char *words = descriptor_words(sddl);
    cJSON *array = cJSON_AddArrayToObject(to, "rights");
    bool ok = words && array;
    for (char *line = ok ? strtok(words, "\n") : NULL; ok && line; line = strtok(NULL, "\n")) {
        cJSON *item = cJSON_CreateString(line);
        ok = item && cJSON_AddItemToArray(array, item);
    }
    free(words);
    return ok;
}

static bool add_access(cJSON *to, const config_access *access)
{
    bool ok = add_principals(to, "read", &access->read) && add_principals(to, "write", &access->write) &&
              add_principals(to, "manage", &access->manage) && add_principals(to, "deny", &access->deny) &&
              add_principals(to, "appcontainer", &access->packages) &&
              add_principals(to, "lock", &access->lock);
    if (ok && access->integrity != CONFIG_INTEGRITY_UNSET)
        ok = cJSON_AddStringToObject(to, "integrity", integrity_name(access->integrity)) != NULL;
    return ok;
}

static bool add_life(cJSON *item, const config_region *region)
{
    const config_persist *persist = &region->persist;
    const bool snapshots = persist->mode == CONFIG_PERSIST_SNAPSHOT;
    cJSON *object = cJSON_AddObjectToObject(item, "persist");
    return object && report_json_number(item, "drain_ms", region->drain) &&
           cJSON_AddBoolToObject(item, "revoke", region->revoke) &&
           cJSON_AddStringToObject(object, "mode", persist_words[persist->mode]) &&
           (persist->mode == CONFIG_PERSIST_NONE ||
            report_json_number(object, "interval_ms", persist->interval)) &&
           (!snapshots || report_json_number(object, "keep", persist->keep)) &&
           cJSON_AddStringToObject(item, "on_dirty", dirty_words[region->on_dirty]);
}

static bool add_region(cJSON *array, const config_region *region, const declared_region *declared,
                       const platform_memory *machine)
{
    cJSON *item = report_json_item(array);
    bool ok = cJSON_AddStringToObject(item, "name", region->name) &&
              cJSON_AddStringToObject(item, "description", region->description) &&
              cJSON_AddStringToObject(item, "object_name", declared->object_name) &&
              cJSON_AddBoolToObject(item, "per_session", declared->per_session) &&
              report_json_number(item, "size", region->size) &&
              (region->max_size == 0 || report_json_number(item, "max_size", region->max_size)) &&
              cJSON_AddStringToObject(item, "kind", shmb_kind_name(declared->geometry.kind)) &&
              report_json_number(item, "item_size", region->item_size) &&
              report_json_number(item, "messages", region->messages) &&
              cJSON_AddBoolToObject(item, "lock", region->lock) &&
              cJSON_AddBoolToObject(item, "notify", region->notify) &&
              cJSON_AddStringToObject(item, "backing", declared->backing_path ? "file" : "pagefile") &&
              cJSON_AddStringToObject(item, "sddl", declared->section_sddl) &&
              cJSON_AddStringToObject(item, "declared_in", region->file) &&
              report_json_number(item, "line", region->where.line) &&
              report_json_number(item, "column", region->where.column);
    if (ok && declared->backing_path)
        ok = cJSON_AddStringToObject(item, "file", declared->backing_path) &&
             cJSON_AddStringToObject(item, "file_sddl", declared->file_sddl);
    ok = ok && add_life(item, region) && report_memory_json(item, declared, machine);
    if (ok && region->sddl)
        ok = add_entries(item, declared->section_sddl);
    else if (ok)
        ok = add_access(item, &region->access);
    return ok;
}

bool report_check_json(FILE *stream, const config_model *model, const declaration *declared,
                       const platform_memory *machine, const char *warning)
{
    cJSON *root = report_json_root();
    cJSON *regions = NULL;
    bool ok = cJSON_AddStringToObject(root, "file", model->file) && cJSON_AddTrueToObject(root, "ok") &&
              cJSON_AddArrayToObject(root, "errors") &&
              (!warning || cJSON_AddStringToObject(root, "warning", warning)) &&
              (regions = cJSON_AddArrayToObject(root, "regions")) != NULL;
    for (size_t i = 0; ok && i < model->region_count; i++)
        ok = add_region(regions, &model->regions[i], &declared->regions.items[i], machine);
    return report_json_print(stream, root, ok);
}

/* The file, and the place in it: `end_column` is that behind the last character of what is meant. A line of 0
   means the file as a whole. */
static bool add_place(cJSON *item, const char *file, const config_span *span)
{
    const config_position *from = &span->from, *to = &span->to;
    bool open_ended = to->line < from->line || (to->line == from->line && to->column <= from->column);
    return cJSON_AddStringToObject(item, "file", file) && report_json_number(item, "line", from->line) &&
           report_json_number(item, "column", from->column) &&
           report_json_number(item, "end_line", open_ended ? from->line : to->line) &&
           report_json_number(item, "end_column",
                              !open_ended       ? to->column
                              : from->line == 0 ? from->column
                                                : from->column + 1);
}

static bool add_text(cJSON *item, const char *name, const char *value)
{
    return !value || cJSON_AddStringToObject(item, name, value);
}

static bool add_note(cJSON *item, const config_diagnostics *diagnostics, const config_note *note)
{
    if (!note->message)
        return true;
    cJSON *object = cJSON_AddObjectToObject(item, "note");
    return object && add_place(object, diagnostics->files[note->file], &note->span) &&
           add_text(object, "message", note->message) && add_text(object, "excerpt", note->excerpt.line);
}

static bool add_error(cJSON *array, const config_diagnostics *diagnostics, const config_diagnostic *one)
{
    cJSON *item = report_json_item(array);
    return item && add_place(item, diagnostics->files[one->file], &one->span) &&
           add_text(item, "severity", one->severity == CONFIG_ERROR ? "error" : "warning") &&
           add_text(item, "path", one->path) && add_text(item, "message", one->message) &&
           add_text(item, "excerpt", one->excerpt.line) && add_text(item, "suggestion", one->suggestion) &&
           add_note(item, diagnostics, &one->note);
}

bool report_errors_json(FILE *stream, const config_diagnostics *diagnostics)
{
    cJSON *root = report_json_root();
    cJSON *errors = NULL;
    bool ok = cJSON_AddStringToObject(root, "file", diagnostics->files[0]) &&
              cJSON_AddFalseToObject(root, "ok") &&
              (errors = cJSON_AddArrayToObject(root, "errors")) != NULL &&
              report_json_number(root, "errors_not_shown", diagnostics->dropped);
    for (size_t i = 0; ok && i < diagnostics->count; i++)
        ok = add_error(errors, diagnostics, &diagnostics->items[i]);
    return report_json_print(stream, root, ok);
}
