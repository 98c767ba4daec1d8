/* From the model to what the kernel is to have. See declare.h. */
#include "declare.h"

#include "boundary.h"
#include "compile.h"
#include "names.h"
#include "region_parts.h"
#include "shmb_layout.h"
#include "snapshot_format.h"
#include "text_builder.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* What all regions of one configuration are compiled with. */
typedef struct compiling {
    const char *instance;
    const char *data_folder;
    const config_model *model;
    const own_places *own; /* NULL: no region with a file was there yet */
    config_arena *arena;
    compile_table descriptors;
    const char *const *parts; /* the descriptors of a region's parts, compiled last; NULL: none yet */
} compiling;

/* ---- Texts -------------------------------------------------------------------------------------- */

/* Copies what was made for one region to the arena, and frees it. NULL stays NULL. */
static const char *keep(config_arena *arena, char *owned)
{
    const char *kept = owned ? config_arena_text(arena, owned, strlen(owned)) : NULL;
    free(owned);
    return kept;
}

/* `prefix` and `name` in one. NULL: out of memory. */
static const char *join(config_arena *arena, const char *prefix, const char *name)
{
    const size_t before = strlen(prefix), length = strlen(name);
    char *joined = config_arena_alloc(arena, before + length + 1);
    if (joined) {
        memcpy(joined, prefix, before);
        memcpy(joined + before, name, length);
    }
    return joined;
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

static bool name_object(declaration *d, const config_region *region, const compiling *how,
                        declared_region *out, platform_failure *failure)
{
    switch (region->name_space) {
    case CONFIG_NAMESPACE_PRIVATE:
        out->boundary = keep(how->arena, boundary_text(&region->boundary));
        if (out->boundary)
            out->object_name = keep(how->arena, private_name(how->instance, out->boundary, region->name));
        break;
    case CONFIG_NAMESPACE_SESSION:
        out->per_session = true;
        d->global_count++;
        out->object_name = join(how->arena, "Global\\ShmBroker.Session.N.", region->name);
        break;
    case CONFIG_NAMESPACE_GLOBAL:
        d->global_count++;
        out->object_name = join(how->arena, "Global\\", region->name);
        break;
    case CONFIG_NAMESPACE_LOCAL:
        out->object_name = join(how->arena, "Local\\", region->name);
        break;
    }
    return out->object_name || out_of_memory(failure);
}

/* What is asked of the region's memory. */
static bool declare_memory(const config_region *region, const compiling *how, declared_region *out,
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
    out->initial.path = keep(how->arena, declare_initial_path(&region->initial));
    return out->initial.path || out_of_memory(failure);
}

static bool compile_descriptors(const config_region *region, compiling *how, declared_region *out,
                                platform_failure *failure)
{
    out->section_sddl = compile_descriptor(&how->descriptors, region, ACCESS_SECTION, failure);
    if (out->section_sddl && region->backing_file)
        out->file_sddl = compile_descriptor(&how->descriptors, region, ACCESS_FILE, failure);
    return out->section_sddl && (!region->backing_file || out->file_sddl);
}

/* The descriptors of the region's parts, by kind of object: the same list for regions in a row that have the same. NULL with
   `failure` set. */
static const char *const *compile_parts(const config_region *region, shmb_part_set set, compiling *how,
                                        platform_failure *failure)
{
    const char *sddl[ACCESS_OBJECT_COUNT] = {NULL};
    for (unsigned part = 0; set >> part != 0; part++) {
        access_object object = region_part_access((shmb_part)part);
        if ((set >> part & 1) == 0 || object == ACCESS_SECTION || sddl[object])
            continue;
        sddl[object] = compile_descriptor(&how->descriptors, region, object, failure);
        if (!sddl[object])
            return NULL;
    }
    if (how->parts && memcmp(how->parts, sddl, sizeof sddl) == 0)
        return how->parts;
    const char **kept = config_arena_alloc(how->arena, sizeof sddl);
    if (kept)
        memcpy(kept, sddl, sizeof sddl);
    else
        out_of_memory(failure);
    how->parts = kept;
    return kept;
}

/* What the region's bytes mean, and the descriptors of the objects beside it. */
static bool declare_kind(const config_region *region, compiling *how, declared_region *out,
                         platform_failure *failure)
{
    out->geometry = (shmb_geometry){(uint32_t)region->kind + SHMB_KIND_RAW, region->messages,
                                    region->kind == CONFIG_KIND_RAW ? region->size : region->item_size};
    out->part_flags = (region->lock ? SHMB_FLAG_LOCK : 0) | (region->notify ? SHMB_FLAG_NOTIFY : 0);
    shmb_part_set set = region_parts(out);
    if (set == 0)
        return true;
    out->part_sddl = compile_parts(region, set, how, failure);
    return out->part_sddl != NULL;
}

/* The data folder and the configuration's files, as they are really called. */
static const own_places *find_own_places(config_arena *arena, const config_model *model,
                                         const char *data_folder)
{
    char path[PLATFORM_PATH];
    own_places *own = config_arena_alloc(arena, sizeof *own);
    const char **files = config_arena_alloc(arena, (model->file_count + 1) * sizeof *files);
    if (!own || !files)
        return NULL;
    platform_path_real(data_folder, path);
    own->data_folder = config_arena_text(arena, path, strlen(path));
    own->files = files;
    for (; own->file_count < model->file_count; own->file_count++) {
        platform_path_real(model->files[own->file_count], path);
        files[own->file_count] = config_arena_text(arena, path, strlen(path));
        if (!files[own->file_count])
            return NULL;
    }
    return own->data_folder ? own : NULL;
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

static bool declare_backing(declaration *d, const config_region *region, compiling *how, declared_region *out,
                            platform_failure *failure)
{
    if (!region->backing_file)
        return true;
    if (!how->own) /* files have to be opened for it */
        how->own = find_own_places(how->arena, how->model, how->data_folder);
    out->own = how->own;
    out->backing_path = keep(how->arena, declare_backing_path(how->data_folder, region->backing_file));
    if (!out->own || !out->backing_path)
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
    return name_object(d, region, how, out, failure) && declare_memory(region, how, out, failure) &&
           declare_backing(d, region, how, out, failure) && compile_descriptors(region, how, out, failure) &&
           declare_kind(region, how, out, failure);
}

/* ---- Snapshots ----------------------------------------------------------------------------------- */

/* A region with snapshots, and what the names of these begin with. */
typedef struct saved_region {
    char prefix[SNAPSHOT_NAME];
    const config_region *region;
} saved_region;

static int by_prefix(const void *left, const void *right)
{
    return strcmp(((const saved_region *)left)->prefix, ((const saved_region *)right)->prefix);
}

/* Two names in 2^64 have the same hash; if their words are the same, too, so would be their files. */
static bool refuse_shared(const config_region *one, const config_region *other, platform_failure *failure)
{
    const bool later = one->where.line > other->where.line;
    const config_region *told = later ? one : other, *first = later ? other : one;
    failure->code = DECLARE_REFUSED;
    snprintf(failure->text, sizeof failure->text,
             "%.300s:%u:%u: the region %.200s: its snapshots would have the same file names as those of "
             "region %.200s; "
             "give one of them another name",
             told->file ? told->file : "", told->where.line, told->where.column, told->name, first->name);
    return false;
}

static bool check_snapshots(const config_model *model, platform_failure *failure)
{
    size_t count = 0;
    bool ok = true;
    for (size_t i = 0; i < model->region_count; i++)
        count += model->regions[i].persist.mode == CONFIG_PERSIST_SNAPSHOT;
    if (count < 2)
        return true;
    saved_region *saved = calloc(count, sizeof *saved);
    if (!saved)
        return out_of_memory(failure);
    count = 0;
    for (size_t i = 0; i < model->region_count; i++) {
        if (model->regions[i].persist.mode != CONFIG_PERSIST_SNAPSHOT)
            continue;
        snapshot_folded_prefix(model->regions[i].name, saved[count].prefix);
        saved[count++].region = &model->regions[i];
    }
    qsort(saved, count, sizeof *saved, by_prefix);
    for (size_t i = 1; ok && i < count; i++) /* names are unique, so the same prefix is two regions' */
        if (by_prefix(&saved[i - 1], &saved[i]) == 0)
            ok = refuse_shared(saved[i - 1].region, saved[i].region, failure);
    free(saved);
    return ok;
}

/* All regions into `regions`, which has room for them. */
static bool declare_all(declaration *d, const config_model *model, compiling *how, declared_region *regions,
                        platform_failure *failure)
{
    d->regions.items = regions;
    for (size_t i = 0; i < model->region_count; i++) {
        if (!declare_region(d, &model->regions[i], how, &regions[i], failure))
            return false;
        d->regions.count = i + 1;
    }
    return true;
}

bool declare_regions(const config_model *model, const char *instance, const char *data_folder,
                     const access_identity *identity, declaration *result, platform_failure *failure)
{
    config_arena *arena = config_arena_new();
    compiling how = {.instance = instance,
                     .data_folder = data_folder,
                     .model = model,
                     .arena = arena,
                     .descriptors = compile_begin(identity, arena)};
    memset(result, 0, sizeof *result);
    result->arena = arena;
    declared_region *regions = arena && model->region_count < SIZE_MAX / sizeof *regions
                                   ? config_arena_alloc(arena, (model->region_count + 1) * sizeof *regions)
                                   : NULL;
    bool ok = regions ? declare_all(result, model, &how, regions, failure) : out_of_memory(failure);
    compile_end(&how.descriptors);
    ok = ok && check_snapshots(model, failure);
    if (!ok)
        declaration_free(result);
    return ok;
}

void declaration_free(declaration *d)
{
    config_arena_free(d->arena);
    memset(d, 0, sizeof *d);
}
