/* From the model to what the kernel is to have. See declare.h. */
#include "declare.h"

#include "text_builder.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define TEXTS_PER_REGION 4 /* object name, section descriptor, file descriptor, path */

/* Keeps `owned` for declaration_free and hands it back. */
static const char *keep(declaration *d, char *owned)
{
    if (owned)
        d->texts[d->text_count++] = owned;
    return owned;
}

static bool is_absolute(const char *path)
{
    return isalpha((unsigned char)path[0]) && path[1] == ':';
}

static char *backing_path(const char *data_folder, const char *file)
{
    char *path = is_absolute(file) ? text_make("%s", file) : text_make("%s\\%s", data_folder, file);
    for (char *at = path; at && *at; at++)
        if (*at == '/')
            *at = '\\';
    return path;
}

static char *object_name(const config_region *region)
{
    return text_make("%s\\%s", region->name_space == CONFIG_NAMESPACE_GLOBAL ? "Global" : "Local",
                     region->name);
}

static bool out_of_memory(platform_failure *failure)
{
    failure->code = 0;
    snprintf(
        failure->text, sizeof failure->text,
        "cannot compile the configuration: out of memory; close other programs or declare fewer regions");
    return false;
}

static bool compile_descriptors(declaration *d, const config_region *region, const access_identity *identity,
                                declared_region *out, platform_failure *failure)
{
    char *section = NULL, *file = NULL;
    if (region->sddl) {
        if (!platform_sddl_complete(region->sddl, identity, &section, &file, failure))
            return false;
    } else {
        section = access_compile(&region->access, ACCESS_SECTION, identity);
        if (region->backing_file)
            file = access_compile(&region->access, ACCESS_FILE, identity);
    }
    out->section_sddl = keep(d, section);
    out->file_sddl = keep(d, file);
    if (!out->section_sddl || (region->backing_file && !out->file_sddl))
        return out_of_memory(failure);
    return true;
}

static bool declare_region(declaration *d, const config_region *region, const char *data_folder,
                           const access_identity *identity, declared_region *out, platform_failure *failure)
{
    out->name = region->name;
    out->description = region->description;
    out->size = region->size;
    out->object_name = keep(d, object_name(region));
    if (!out->object_name)
        return out_of_memory(failure);
    if (region->backing_file) {
        out->backing_path = keep(d, backing_path(data_folder, region->backing_file));
        if (!out->backing_path)
            return out_of_memory(failure);
        d->file_count++;
    }
    if (region->name_space == CONFIG_NAMESPACE_GLOBAL)
        d->global_count++;
    return compile_descriptors(d, region, identity, out, failure);
}

bool declare_regions(const config_model *model, const char *data_folder, const access_identity *identity,
                     declaration *result, platform_failure *failure)
{
    memset(result, 0, sizeof *result);
    declared_region *regions = calloc(model->region_count + 1, sizeof *regions);
    result->texts = calloc(model->region_count * TEXTS_PER_REGION + 1, sizeof *result->texts);
    bool ok = regions && result->texts;
    if (!ok)
        out_of_memory(failure);
    result->regions.items = regions;
    for (size_t i = 0; ok && i < model->region_count; i++) {
        ok = declare_region(result, &model->regions[i], data_folder, identity, &regions[i], failure);
        result->regions.count = i + 1;
    }
    if (!ok)
        declaration_free(result);
    return ok;
}

void declaration_free(declaration *d)
{
    for (size_t i = 0; i < d->text_count; i++)
        free(d->texts[i]);
    free(d->texts);
    free((void *)(uintptr_t)d->regions.items);
    memset(d, 0, sizeof *d);
}
