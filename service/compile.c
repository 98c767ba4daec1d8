/* Descriptors, each compiled once. See compile.h. */
#include "compile.h"

#include "descriptor.h"
#include "shmb_layout.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_CAPACITY 64u
#define OUT_OF_MEMORY                                                                                        \
    "cannot compile the configuration: out of memory; close other programs or declare fewer regions"

compile_table compile_begin(const access_identity *identity, config_arena *arena)
{
    return (compile_table){.identity = identity, .arena = arena};
}

void compile_end(compile_table *table)
{
    free(table->places);
    memset(table, 0, sizeof *table);
}

/* ---- Whether two regions have the same access --------------------------------------------------- */

/* Both were read from the same place, as lists are that come from the defaults. */
static bool is_list_shared(const config_principal_list *left, const config_principal_list *right)
{
    return left->count == right->count && (left->count == 0 || left->items == right->items);
}

static bool is_list_equal(const config_principal_list *left, const config_principal_list *right)
{
    if (is_list_shared(left, right))
        return true;
    if (left->count != right->count)
        return false;
    for (size_t i = 0; i < left->count; i++)
        if (strcmp(left->items[i].sid, right->items[i].sid) != 0)
            return false;
    return true;
}

typedef bool (*compare_lists)(const config_principal_list *left, const config_principal_list *right);

static bool is_access_same(const config_region *left, const config_region *right, compare_lists same)
{
    const config_access *l = &left->access, *r = &right->access;
    if (left->sddl || right->sddl)
        return left->sddl && right->sddl && strcmp(left->sddl, right->sddl) == 0;
    return l->integrity == r->integrity && same(&l->read, &r->read) && same(&l->write, &r->write) &&
           same(&l->manage, &r->manage) && same(&l->deny, &r->deny) && same(&l->lock, &r->lock) &&
           same(&l->packages, &r->packages);
}

/* ---- The table ---------------------------------------------------------------------------------- */

static uint64_t add_number(uint64_t hash, uint64_t number)
{
    return (hash ^ number) * SHMB_FNV_PRIME;
}

static uint64_t add_text(uint64_t hash, const char *words)
{
    return add_number(hash, shmb_name_hash(words, strlen(words)));
}

static uint64_t add_list(uint64_t hash, const config_principal_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        hash = add_text(hash, list->items[i].sid);
    return add_number(hash, list->count);
}

static uint64_t hash_of(const config_region *region, access_object object)
{
    const config_access *access = &region->access;
    uint64_t hash = add_number(SHMB_FNV_OFFSET, object);
    if (region->sddl)
        return add_text(hash, region->sddl);
    hash = add_number(hash, access->integrity);
    hash = add_list(hash, &access->read);
    hash = add_list(hash, &access->write);
    hash = add_list(hash, &access->manage);
    hash = add_list(hash, &access->deny);
    hash = add_list(hash, &access->lock);
    return add_list(hash, &access->packages);
}

/* Where it is, or the free place where it would go. */
static compiled *find(const compile_table *table, const config_region *region, access_object object,
                      uint64_t hash)
{
    size_t at = (size_t)(hash >> 32) & (table->capacity - 1);
    for (; table->places[at].region; at = (at + 1) & (table->capacity - 1)) {
        const compiled *there = &table->places[at];
        if (there->hash == hash && there->object == object &&
            is_access_same(there->region, region, is_list_equal))
            break;
    }
    return &table->places[at];
}

static bool make_room(compile_table *table)
{
    compile_table wider = {.capacity = table->capacity ? 2 * table->capacity : LEAST_CAPACITY};
    if (2 * (table->count + 1) <= table->capacity)
        return true;
    wider.places = calloc(wider.capacity, sizeof *wider.places);
    if (!wider.places)
        return false;
    for (size_t i = 0; i < table->capacity; i++)
        if (table->places[i].region)
            *find(&wider, table->places[i].region, table->places[i].object, table->places[i].hash) =
                table->places[i];
    free(table->places);
    table->places = wider.places;
    table->capacity = wider.capacity;
    return true;
}

/* ---- Compiling ---------------------------------------------------------------------------------- */

static const char *out_of_memory(platform_failure *failure)
{
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text, "%s", OUT_OF_MEMORY);
    return NULL;
}

static const char *compile_anew(compile_table *table, const config_region *region, access_object object,
                                platform_failure *failure)
{
    out_of_memory(failure); /* unless it says otherwise */
    char *made = region->sddl ? descriptor_complete_for(region->sddl, object, table->identity, failure)
                              : access_compile_sddl(&region->access, object, table->identity);
    const char *kept = made ? config_arena_text(table->arena, made, strlen(made)) : NULL;
    if (made && !kept)
        out_of_memory(failure);
    free(made);
    return kept;
}

const char *compile_descriptor(compile_table *table, const config_region *region, access_object object,
                               platform_failure *failure)
{
    compiled *last = &table->last[object];
    if (last->region && is_access_same(last->region, region, is_list_shared))
        return last->sddl;
    if (!make_room(table))
        return out_of_memory(failure);
    const uint64_t hash = hash_of(region, object);
    compiled *place = find(table, region, object, hash);
    if (!place->region) {
        const char *sddl = compile_anew(table, region, object, failure);
        if (!sddl)
            return NULL;
        *place = (compiled){region, hash, object, sddl};
        table->count++;
    }
    *last = *place;
    return place->sddl;
}
