/* From the model to what the kernel is to have. See declare.h. */
#include "declare.h"

#include "boundary.h"
#include "descriptor.h"
#include "names.h"
#include "region_parts.h"
#include "shmb_layout.h"
#include "text_builder.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define TEXTS_PER_REGION 6u /* object name, boundary, two descriptors, path, path of the initial contents */
#define TEXTS_OF_PARTS   6u /* of a region with parts: their descriptors, and the list of these */

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

char *declare_backing_path(const char *data_folder, const char *file)
{
    char *path = is_absolute(file) ? text_make("%s", file) : text_make("%s\\%s", data_folder, file);
    for (char *at = path; at && *at; at++)
        if (*at == '/')
            *at = '\\';
    return path;
}

/* A relative path starts in the folder of the configuration file that has it. */
char *declare_initial_path(const config_initial *initial)
{
    const char *config = initial->file, *path = initial->path;
    const char *folder_end = config;
    if (is_absolute(path) || path[0] == '\\' || path[0] == '/')
        return text_make("%s", path);
    for (const char *at = config; at && *at; at++)
        if (*at == '/' || *at == '\\')
            folder_end = at + 1;
    return text_make("%.*s%s", (int)(folder_end - config), config ? config : "", path);
}

/* The SIDs of a private namespace's boundary as one text, the same for every order in which they are written. */
static char *boundary_text(const config_principal_list *list)
{
    const char **sids = calloc(list->count + 1, sizeof *sids);
    size_t size = list->count * CONFIG_SID_TEXT + 1;
    char *joined = sids ? malloc(size) : NULL;
    for (size_t i = 0; joined && i < list->count; i++)
        sids[i] = list->items[i].sid;
    if (joined)
        shmb_boundary_join(sids, list->count, joined, size);
    free(sids);
    return joined;
}

static char *private_name(const char *instance, const char *boundary, const char *name)
{
    char alias[NAMES_TEXT];
    names_private(instance, shmb_name_hash(boundary, strlen(boundary)), alias);
    return text_make("%s\\%s", alias, name);
}

static bool out_of_memory(platform_failure *failure)
{
    failure->code = 0;
    snprintf(
        failure->text, sizeof failure->text,
        "cannot compile the configuration: out of memory; close other programs or declare fewer regions");
    return false;
}

static bool name_object(declaration *d, const config_region *region, const char *instance,
                        declared_region *out, platform_failure *failure)
{
    if (region->name_space == CONFIG_NAMESPACE_PRIVATE) {
        out->boundary = keep(d, boundary_text(&region->boundary));
        if (out->boundary)
            out->object_name = keep(d, private_name(instance, out->boundary, region->name));
    } else if (region->name_space == CONFIG_NAMESPACE_SESSION) {
        out->per_session = true;
        d->global_count++;
        out->object_name = keep(d, text_make("Global\\ShmBroker.Session.N.%s", region->name));
    } else {
        bool global = region->name_space == CONFIG_NAMESPACE_GLOBAL;
        d->global_count += global;
        out->object_name = keep(d, text_make("%s\\%s", global ? "Global" : "Local", region->name));
    }
    return out->object_name || out_of_memory(failure);
}

/* What is asked of the region's memory. */
static bool declare_memory(declaration *d, const config_region *region, declared_region *out,
                           platform_failure *failure)
{
    out->initial = region->initial;
    out->large_pages = region->large_pages;
    out->numa_node = region->numa_node;
    out->prefetch = region->prefetch;
    out->persist = region->persist;
    out->on_dirty = region->on_dirty;
    if (region->initial.kind != CONFIG_INITIAL_FILE)
        return true;
    out->initial.path = keep(d, declare_initial_path(&region->initial));
    return out->initial.path || out_of_memory(failure);
}

static bool same_list(const config_principal_list *left, const config_principal_list *right)
{
    return left->count == right->count && (left->count == 0 || left->items == right->items);
}

/* Whether two regions took their access from the same place, as those do that take the defaults. */
static bool same_access(const config_region *left, const config_region *right)
{
    const config_access *l = &left->access, *r = &right->access;
    return !left->sddl && !right->sddl && l->integrity == r->integrity && same_list(&l->read, &r->read) &&
           same_list(&l->write, &r->write) && same_list(&l->manage, &r->manage) &&
           same_list(&l->deny, &r->deny) && same_list(&l->lock, &r->lock) &&
           same_list(&l->packages, &r->packages);
}

/* What was compiled last, of each kind of object, and for which region. Of a hundred thousand regions most share their
   lists, so they share the texts, too. */
typedef struct last_compiled {
    const config_region *region;
    const char *sddl;
} last_compiled;

/* What all regions of one configuration are compiled with. */
typedef struct compiling {
    const char *instance;
    const char *data_folder;
    const own_places *own;
    const access_identity *identity;
    last_compiled last[ACCESS_OBJECT_COUNT]; /* of each kind of object */
} compiling;

/* The descriptor of `object` for a region with access lists. NULL: out of memory. */
static const char *compile_lists(declaration *d, const config_region *region, access_object object,
                                 const access_identity *identity, last_compiled *last)
{
    if (!last->sddl || !same_access(last->region, region))
        last->sddl = keep(d, access_compile_sddl(&region->access, object, identity));
    last->region = region;
    return last->sddl;
}

static bool compile_sddl(declaration *d, const config_region *region, const access_identity *identity,
                         declared_region *out, platform_failure *failure)
{
    char *section = NULL, *file = NULL;
    bool ok = descriptor_complete(region->sddl, identity, &section, &file, failure);
    out->section_sddl = keep(d, section);
    out->file_sddl = keep(d, file);
    return ok;
}

static bool compile_descriptors(declaration *d, const config_region *region, const access_identity *identity,
                                last_compiled last[ACCESS_OBJECT_COUNT], declared_region *out,
                                platform_failure *failure)
{
    if (region->sddl)
        return compile_sddl(d, region, identity, out, failure);
    out->section_sddl = compile_lists(d, region, ACCESS_SECTION, identity, &last[ACCESS_SECTION]);
    if (region->backing_file)
        out->file_sddl = compile_lists(d, region, ACCESS_FILE, identity, &last[ACCESS_FILE]);
    return (out->section_sddl && (!region->backing_file || out->file_sddl)) || out_of_memory(failure);
}

/* The descriptor of the parts that one row of the table rules. NULL with `failure`. */
static const char *compile_part(declaration *d, const config_region *region, access_object object,
                                compiling *how, platform_failure *failure)
{
    if (region->sddl)
        return keep(d, descriptor_complete_for(region->sddl, object, how->identity, failure));
    const char *sddl = compile_lists(d, region, object, how->identity, &how->last[object]);
    if (!sddl)
        out_of_memory(failure);
    return sddl;
}

/* What the region's bytes mean, and the descriptors of the objects beside it. */
static bool declare_kind(declaration *d, const config_region *region, compiling *how, declared_region *out,
                         platform_failure *failure)
{
    out->geometry = (shmb_geometry){(uint32_t)region->kind + SHMB_KIND_RAW, region->messages,
                                    region->kind == CONFIG_KIND_RAW ? region->size : region->item_size};
    out->part_flags = (region->lock ? SHMB_FLAG_LOCK : 0) | (region->notify ? SHMB_FLAG_NOTIFY : 0);
    shmb_part_set set = region_parts(out);
    if (set == 0)
        return true;
    const char **sddl = calloc(ACCESS_OBJECT_COUNT, sizeof *sddl);
    if (!sddl)
        return out_of_memory(failure);
    keep(d, (char *)(void *)sddl);
    out->part_sddl = sddl;
    for (unsigned part = 0; set >> part != 0; part++) {
        access_object object = region_part_access((shmb_part)part);
        if ((set >> part & 1) == 0 || object == ACCESS_SECTION || sddl[object])
            continue;
        sddl[object] = compile_part(d, region, object, how, failure);
        if (!sddl[object])
            return false;
    }
    return true;
}

static bool refuse_place(const config_region *region, const char *problem, platform_failure *failure)
{
    failure->code = DECLARE_REFUSED;
    snprintf(failure->text, sizeof failure->text,
             "%.300s:%u:%u: the region %.200s: %.400s cannot be a backing file: %s; correct backing.file",
             region->file ? region->file : "", region->where.line, region->where.column, region->name,
             region->backing_file, problem);
    return false;
}

static bool declare_backing(declaration *d, const config_region *region, const compiling *how,
                            declared_region *out, platform_failure *failure)
{
    if (!region->backing_file)
        return true;
    out->own = how->own;
    out->backing_path = keep(d, declare_backing_path(how->data_folder, region->backing_file));
    if (!out->backing_path)
        return out_of_memory(failure);
    d->file_count++;
    const char *problem = own_places_problem(how->own, out->backing_path);
    return !problem || refuse_place(region, problem, failure);
}

static bool declare_region(declaration *d, const config_region *region, compiling *how, declared_region *out,
                           platform_failure *failure)
{
    out->name = region->name;
    out->description = region->description;
    out->size = region->size;
    out->max_size = region->max_size;
    out->drain = region->drain;
    out->revoke = region->revoke;
    if (!name_object(d, region, how->instance, out, failure) || !declare_memory(d, region, out, failure))
        return false;
    if (!declare_backing(d, region, how, out, failure))
        return false;
    return compile_descriptors(d, region, how->identity, how->last, out, failure) &&
           declare_kind(d, region, how, out, failure);
}

/* The data folder and the configuration's files, as they are really called. */
static bool find_own_places(declaration *d, const config_model *model, const char *data_folder)
{
    char path[PLATFORM_PATH];
    size_t count = 0;
    const char **files = calloc(model->file_count + 1, sizeof *files);
    d->own = calloc(1, sizeof *d->own);
    if (!files || !d->own) {
        free(files);
        return false;
    }
    platform_path_real(data_folder, path);
    *d->own = (own_places){keep(d, text_make("%s", path)), files, 0};
    for (; count < model->file_count; count++) {
        platform_path_real(model->files[count], path);
        files[count] = keep(d, text_make("%s", path));
        if (!files[count])
            return false;
    }
    d->own->file_count = count;
    return d->own->data_folder != NULL;
}

/* As many texts as there can be. */
static size_t count_texts(const config_model *model)
{
    size_t count = model->file_count + 1 /* data folder */;
    for (size_t i = 0; i < model->region_count; i++) {
        const config_region *region = &model->regions[i];
        bool has_parts = region->kind != CONFIG_KIND_RAW || region->lock || region->notify;
        count += TEXTS_PER_REGION + (has_parts ? TEXTS_OF_PARTS : 0u);
    }
    return count;
}

bool declare_regions(const config_model *model, const char *instance, const char *data_folder,
                     const access_identity *identity, declaration *result, platform_failure *failure)
{
    compiling how = {.instance = instance, .data_folder = data_folder, .identity = identity};
    memset(result, 0, sizeof *result);
    declared_region *regions = calloc(model->region_count + 1, sizeof *regions);
    result->texts = calloc(count_texts(model), sizeof *result->texts);
    bool ok = regions && result->texts && find_own_places(result, model, data_folder);
    how.own = result->own;
    if (!ok)
        out_of_memory(failure);
    result->regions.items = regions;
    for (size_t i = 0; ok && i < model->region_count; i++) {
        ok = declare_region(result, &model->regions[i], &how, &regions[i], failure);
        result->regions.count = i + 1;
    }
    if (!ok)
        declaration_free(result);
    return ok;
}

void declaration_free(declaration *d)
{
    for (size_t i = 0; d->texts && i < d->text_count; i++)
        free(d->texts[i]);
    free(d->texts);
    if (d->own)
        free((void *)(uintptr_t)d->own->files);
    free(d->own);
    free((void *)(uintptr_t)d->regions.items);
    memset(d, 0, sizeof *d);
}
