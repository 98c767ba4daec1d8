/* The plan. See plan.h. */
#include "plan.h"

#include "access.h"
#include "shmb_layout.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- What stands for a region's parts ---------------------------------------------------------- */

static uint64_t add_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * SHMB_FNV_PRIME;
    return hash;
}

/* With its end, so that two texts in a row are told apart from one. */
static uint64_t add_text(uint64_t hash, const char *words)
{
    return words ? add_bytes(hash, words, strlen(words) + 1) : add_bytes(hash, "\1", 2);
}

uint64_t plan_access_of(const declared_region *declared)
{
    uint64_t hash = add_text(SHMB_FNV_OFFSET, declared->section_sddl);
    hash = add_text(hash, declared->backing_path ? declared->file_sddl : NULL);
    for (int object = 0; declared->part_sddl && object < ACCESS_OBJECT_COUNT; object++)
        hash = add_text(hash, declared->part_sddl[object]);
    return hash;
}

static uint64_t add_number(uint64_t hash, uint64_t number)
{
    return (hash ^ number) * SHMB_FNV_PRIME;
}

uint64_t plan_details_of(const declared_region *declared)
{
    uint64_t hash = add_text(SHMB_FNV_OFFSET, declared->description ? declared->description : "");
    hash = add_number(hash, declared->persist.mode);
    hash = add_number(hash, declared->persist.interval);
    hash = add_number(hash, declared->persist.keep);
    hash = add_number(hash, declared->drain);
    return add_number(hash, declared->on_dirty);
}

/* ---- One region -------------------------------------------------------------------------------- */

/* Paths of Windows: no difference between a and A. The kernel's table is wider; what it finds equal beyond this, the
   file's sharing refuses. */
static int compare_paths(const char *left, const char *right)
{
    while (*left && tolower((unsigned char)*left) == tolower((unsigned char)*right)) {
        left++;
        right++;
    }
    return tolower((unsigned char)*left) - tolower((unsigned char)*right);
}

static bool same_path(const char *left, const char *right)
{
    return left && right ? compare_paths(left, right) == 0 : left == right;
}

static bool same_text(const char *left, const char *right)
{
    return left && right ? strcmp(left, right) == 0 : left == right;
}

#define OF_THE_OBJECT                                                                                        \
    (PLAN_CHANGED_KIND | PLAN_CHANGED_SIZE | PLAN_CHANGED_NAME | PLAN_CHANGED_BACKING |                      \
     PLAN_CHANGED_LARGE_PAGES | PLAN_CHANGED_NUMA | PLAN_CHANGED_MAX_SIZE)

/* A region that grows has at least the declared size, whatever it has grown to since. */
static unsigned change_of_size(const existing_region *existing, const declared_region *declared)
{
    if (existing->max_size != declared->max_size)
        return PLAN_CHANGED_MAX_SIZE;
    if (existing->max_size == 0)
        return existing->size == declared->size ? 0u : PLAN_CHANGED_SIZE;
    return existing->size < declared->size ? PLAN_CHANGED_GROWTH : 0u;
}

/* Raw regions differ in their size alone. Of a region that an earlier broker left its first bytes tell. */
static bool same_kind(const existing_region *existing, const declared_region *declared)
{
    const shmb_geometry *l = &existing->geometry, *r = &declared->geometry;
    return l->kind == r->kind && l->messages == r->messages &&
           (l->kind <= SHMB_KIND_RAW || l->item_size == r->item_size) &&
           existing->part_flags == declared->part_flags;
}

static unsigned changes_of(const existing_region *existing, const declared_region *declared)
{
    unsigned changes = 0;
    changes |= change_of_size(existing, declared);
    changes |= same_text(existing->object_name, declared->object_name) ? 0u : PLAN_CHANGED_NAME;
    changes |= same_path(existing->backing_path, declared->backing_path) ? 0u : PLAN_CHANGED_BACKING;
    changes |= existing->large_pages == declared->large_pages ? 0u : PLAN_CHANGED_LARGE_PAGES;
    changes |= existing->numa_node == declared->numa_node ? 0u : PLAN_CHANGED_NUMA;
    if (existing->left)
        return changes;
    changes |= existing->retire_at == 0 ? 0u : PLAN_CHANGED_RETIRING;
    changes |= same_kind(existing, declared) ? 0u : PLAN_CHANGED_KIND;
    changes |= existing->access == plan_access_of(declared) ? 0u : PLAN_CHANGED_ACCESS;
    changes |= existing->details == plan_details_of(declared) ? 0u : PLAN_CHANGED_DETAILS;
    return changes;
}

static plan_kind kind_for(const existing_region *existing, const declared_region *declared, unsigned changes)
{
    if ((changes & OF_THE_OBJECT) || ((changes & PLAN_CHANGED_ACCESS) && declared->revoke))
        return PLAN_REPLACE;
    if (existing->left)
        return PLAN_ADOPT;
    if (changes & PLAN_CHANGED_ACCESS)
        return PLAN_SECURE;
    return changes ? PLAN_UPDATE : PLAN_KEEP;
}

/* ---- All of them ------------------------------------------------------------------------------- */

/* A key of a declared or existing region, for sorting and finding. */
typedef struct keyed {
    const char *key;
    size_t index;
} keyed;

/* What one plan is made with. */
typedef struct planning {
    const declared_region *declared;
    size_t declared_count;
    const existing_region *existing;
    size_t existing_count;
    keyed *held;          /* existing regions by name */
    keyed *paths;         /* declared regions with a backing file, by its path */
    keyed *names;         /* declared regions by name */
    plan_action *decided; /* for each declared region */
    bool *claimed;        /* for each existing region: a declared one has its name */
    size_t path_count;
} planning;

static int by_key(const void *left, const void *right)
{
    const keyed *l = left, *r = right;
    int order = strcmp(l->key, r->key);
    return order ? order : (l->index > r->index) - (l->index < r->index);
}

static int by_path(const void *left, const void *right)
{
    const keyed *l = left, *r = right;
    int order = compare_paths(l->key, r->key);
    return order ? order : (l->index > r->index) - (l->index < r->index);
}

static void sort(keyed *items, size_t count, int (*order)(const void *, const void *))
{
    if (count > 1)
        qsort(items, count, sizeof *items, order);
}

/* The index of the existing region `name`, or PLAN_NOTHING. */
static size_t find_held(const planning *p, const char *name)
{
    size_t low = 0, high = p->existing_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(p->held[middle].key, name);
        if (order == 0)
            return p->held[middle].index;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return PLAN_NOTHING;
}

/* The place in `paths` of the first region on the file `path`; path_count when there is none behind it. */
static size_t first_on(const planning *p, const char *path)
{
    size_t low = 0, high = p->path_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_paths(p->paths[middle].key, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void index_regions(planning *p)
{
    for (size_t i = 0; i < p->existing_count; i++)
        p->held[i] = (keyed){p->existing[i].name, i};
    for (size_t i = 0; i < p->declared_count; i++) {
        p->names[i] = (keyed){p->declared[i].name, i};
        if (p->declared[i].backing_path)
            p->paths[p->path_count++] = (keyed){p->declared[i].backing_path, i};
    }
    sort(p->held, p->existing_count, by_key);
    sort(p->names, p->declared_count, by_key);
    sort(p->paths, p->path_count, by_path);
}

static void decide(planning *p, size_t index)
{
    plan_action *action = &p->decided[index];
    const declared_region *declared = &p->declared[index];
    *action = (plan_action){.kind = PLAN_CREATE, .declared = index, .existing = find_held(p, declared->name)};
    if (action->existing == PLAN_NOTHING)
        return;
    const existing_region *existing = &p->existing[action->existing];
    p->claimed[action->existing] = true;
    action->changes = changes_of(existing, declared);
    action->kind = kind_for(existing, declared, action->changes);
}

/* ---- Conflicts --------------------------------------------------------------------------------- */

static void refuse(plan_action *action, plan_conflict conflict, size_t other)
{
    if (action->kind == PLAN_REFUSE)
        return;
    action->kind = PLAN_REFUSE;
    action->conflict = conflict;
    action->other = other;
}

/* Of several with one name, the first is meant. */
static void refuse_names(planning *p)
{
    for (size_t i = 1; i < p->declared_count; i++) {
        if (strcmp(p->names[i - 1].key, p->names[i].key) != 0)
            continue;
        refuse(&p->decided[p->names[i].index], PLAN_NAME_TWICE, p->names[i - 1].index);
        p->decided[p->names[i].index].existing = PLAN_NOTHING; /* what exists is the first one's */
    }
}

/* Whether the region that exists under this name has that file already. */
static bool has_file(const planning *p, size_t declared, const char *path)
{
    size_t existing = p->decided[declared].existing;
    return existing != PLAN_NOTHING && p->existing[existing].backing_path &&
           compare_paths(p->existing[existing].backing_path, path) == 0;
}

/* Of several on one file, the one that has it already keeps it; otherwise the first gets it. */
static void refuse_files(planning *p)
{
    for (size_t from = 0, to; from < p->path_count; from = to) {
        size_t winner = PLAN_NOTHING, first = PLAN_NOTHING;
        for (to = from; to < p->path_count && compare_paths(p->paths[from].key, p->paths[to].key) == 0;
             to++) {
            size_t index = p->paths[to].index;
            if (p->decided[index].kind == PLAN_REFUSE)
                continue;
            first = first == PLAN_NOTHING ? index : first;
            if (has_file(p, index, p->paths[to].key))
                winner = index;
        }
        winner = winner == PLAN_NOTHING ? first : winner;
        for (size_t i = from; i < to; i++)
            if (p->paths[i].index != winner && winner != PLAN_NOTHING)
                refuse(&p->decided[p->paths[i].index], PLAN_FILE_TWICE, winner);
    }
}

/* A region that is refused stays as it is, and so does its file: whoever else wants that is refused, too. Each refusal
   may bring others; there are at most as many as regions. */
static void refuse_kept_files(planning *p)
{
    bool more = p->path_count > 0;
    while (more) {
        more = false;
        for (size_t i = 0; i < p->declared_count; i++) {
            const plan_action *stays = &p->decided[i];
            if (stays->kind != PLAN_REFUSE || stays->existing == PLAN_NOTHING ||
                !p->existing[stays->existing].backing_path)
                continue;
            const char *path = p->existing[stays->existing].backing_path;
            for (size_t at = first_on(p, path);
                 at < p->path_count && compare_paths(p->paths[at].key, path) == 0; at++) {
                plan_action *wants = &p->decided[p->paths[at].index];
                if (wants == stays || wants->kind == PLAN_REFUSE)
                    continue;
                refuse(wants, PLAN_FILE_STAYS, i);
                more = true;
            }
        }
    }
}

/* ---- The order --------------------------------------------------------------------------------- */

static void put_all(plan *result, const planning *p, plan_kind kind)
{
    for (size_t i = 0; i < p->declared_count; i++)
        if (p->decided[i].kind == kind)
            result->actions[result->count++] = p->decided[i];
}

/* Whether a declared region is to have the file of an existing one. */
static bool is_file_wanted(const planning *p, const char *path)
{
    size_t at = path ? first_on(p, path) : p->path_count;
    return at < p->path_count && compare_paths(p->paths[at].key, path) == 0;
}

/* What is on its way out already is left to go, unless its file is wanted now. */
static void put_retirements(plan *result, const planning *p)
{
    for (size_t i = 0; i < p->existing_count; i++) {
        const existing_region *existing = &p->existing[i];
        bool at_once = is_file_wanted(p, existing->backing_path);
        if (!p->claimed[i] && !existing->left && (at_once || existing->retire_at == 0))
            result->actions[result->count++] = (plan_action){
                .kind = PLAN_RETIRE, .declared = PLAN_NOTHING, .existing = i, .at_once = at_once};
    }
}

static void put_in_order(plan *result, const planning *p)
{
    put_retirements(result, p);
    put_all(result, p, PLAN_REPLACE);
    put_all(result, p, PLAN_SECURE);
    for (size_t i = 0; i < p->declared_count; i++) {
        plan_action action = p->decided[i];
        if (action.kind == PLAN_SECURE)
            continue;
        if (action.kind == PLAN_REPLACE) {
            action.kind = PLAN_CREATE;
            action.existing = PLAN_NOTHING;
            action.replaces = true;
        }
        result->actions[result->count++] = action;
    }
}

static void release(planning *p)
{
    free(p->held);
    free(p->paths);
    free(p->names);
    free(p->decided);
    free(p->claimed);
}

bool plan_make(const declared_regions *declared, const existing_regions *existing, plan *result)
{
    planning p = {.declared = declared->items,
                  .declared_count = declared->count,
                  .existing = existing->items,
                  .existing_count = existing->count};
    memset(result, 0, sizeof *result);
    p.held = calloc(existing->count + 1, sizeof *p.held);
    p.paths = calloc(declared->count + 1, sizeof *p.paths);
    p.names = calloc(declared->count + 1, sizeof *p.names);
    p.decided = calloc(declared->count + 1, sizeof *p.decided);
    p.claimed = calloc(existing->count + 1, sizeof *p.claimed);
    result->actions = calloc(existing->count + 2 * declared->count + 1, sizeof *result->actions);
    bool ok = p.held && p.paths && p.names && p.decided && p.claimed && result->actions;
    if (ok) {
        index_regions(&p);
        for (size_t i = 0; i < declared->count; i++)
            decide(&p, i);
        refuse_names(&p);
        refuse_files(&p);
        refuse_kept_files(&p);
        put_in_order(result, &p);
    } else {
        plan_free(result);
    }
    release(&p);
    return ok;
}

void plan_free(plan *p)
{
    free(p->actions);
    memset(p, 0, sizeof *p);
}

bool plan_is_empty(const plan *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->actions[i].kind != PLAN_KEEP && p->actions[i].kind != PLAN_REFUSE)
            return false;
    return true;
}

static uint64_t add_declared(uint64_t hash, const declared_region *declared)
{
    hash = add_number(hash, declared->size);
    hash = add_number(hash, declared->max_size);
    hash = add_number(hash, plan_access_of(declared));
    hash = add_number(hash, plan_details_of(declared));
    hash = add_number(hash, declared->large_pages);
    hash = add_number(hash, declared->numa_node);
    hash = add_number(hash, declared->geometry.kind);
    hash = add_number(hash, declared->geometry.messages);
    hash = add_number(hash, declared->geometry.item_size);
    hash = add_number(hash, declared->part_flags);
    hash = add_text(hash, declared->name);
    hash = add_text(hash, declared->object_name);
    return add_text(hash, declared->backing_path);
}

uint64_t plan_digest(const plan *p, const declared_regions *declared, const existing_regions *existing)
{
    uint64_t hash = SHMB_FNV_OFFSET;
    for (size_t i = 0; i < p->count; i++) {
        const plan_action *action = &p->actions[i];
        if (action->kind == PLAN_KEEP)
            continue;
        hash = add_number(hash, action->kind);
        hash = add_number(hash, action->changes);
        hash = add_number(hash, action->replaces);
        hash = add_number(hash, action->conflict);
        hash = action->declared == PLAN_NOTHING ? add_text(hash, existing->items[action->existing].name)
                                                : add_declared(hash, &declared->items[action->declared]);
    }
    return hash ? hash : 1;
}
