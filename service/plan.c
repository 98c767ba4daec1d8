/* The plan. See plan.h. */
#include "plan.h"

#include "plan_match.h"
#include "text_index.h"

#include <stdlib.h>
#include <string.h>

/* ---- One region -------------------------------------------------------------------------------- */

/* Paths of Windows: no difference between a and A. The kernel's table is wider; what it finds equal beyond this, the
   file's sharing refuses. */
static bool same_path(const char *left, const char *right)
{
    return left && right ? text_index_folded_equal(left, right) : left == right;
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

/* Regions mostly share their descriptors, so that the digest of these is known from another one. */
typedef struct known_access {
    const char *section_sddl;
    const char *file_sddl; /* NULL without a file */
    const char *const *part_sddl;
    uint64_t digest;
} known_access;

#define KNOWN_ACCESSES 64u /* a power of two */

static uint64_t access_of(known_access known[KNOWN_ACCESSES], const declared_region *declared)
{
    const char *file = declared->backing_path ? declared->file_sddl : NULL;
    const uintptr_t spread =
        (uintptr_t)declared->section_sddl ^ (uintptr_t)file ^ (uintptr_t)declared->part_sddl;
    known_access *at = &known[(spread >> 3 ^ spread >> 9) % KNOWN_ACCESSES];
    if (!at->section_sddl || at->section_sddl != declared->section_sddl || at->file_sddl != file ||
        at->part_sddl != declared->part_sddl)
        *at = (known_access){declared->section_sddl, file, declared->part_sddl, plan_access_of(declared)};
    return at->digest;
}

static unsigned changes_of(const existing_region *existing, const declared_region *declared,
                           known_access known[KNOWN_ACCESSES])
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
    changes |= existing->access == access_of(known, declared) ? 0u : PLAN_CHANGED_ACCESS;
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

/* What one plan is made with. */
typedef struct planning {
    const declared_region *declared;
    size_t declared_count;
    const existing_region *existing;
    size_t existing_count;
    uint64_t (*file_size)(const char *path);
    size_t *whose;    /* the existing region of each declared one, when each has one; otherwise NULL */
    text_index names; /* without `whose`: of all, an existing region's index, or existing_count and a declared
                         one's */
    text_index files; /* the backing files of the declared: the first region on each */
    size_t *claims;   /* for each existing region: the first declared one of its name, or PLAN_NOTHING */
    size_t
        *next; /* for each declared region: the next one on its file, or PLAN_NOTHING; NULL without files */
    plan_action *decided; /* for each declared region */
    known_access known[KNOWN_ACCESSES];
} planning;

/* The first declared region on a file, or PLAN_NOTHING; `next` has the others, in their order. */
static size_t first_on(const planning *p, const char *path)
{
    return path ? text_index_get(&p->files, path) : PLAN_NOTHING;
}

static bool index_existing(planning *p)
{
    if (!text_index_reserve(&p->names, p->existing_count))
        return false;
    for (size_t i = 0; i < p->existing_count; i++) {
        *text_index_at(&p->names, p->existing[i].name) = i;
        p->claims[i] = PLAN_NOTHING;
    }
    return true;
}

static bool has_files(const planning *p)
{
    for (size_t i = 0; i < p->declared_count; i++)
        if (p->declared[i].backing_path)
            return true;
    return false;
}

/* Side by side with the declared ones, or else by their names. */
static bool find_existing(planning *p, const declared_regions *declared, const existing_regions *existing)
{
    p->whose = malloc((declared->count + 1) * sizeof *p->whose);
    if (p->whose && plan_match(declared, existing, p->whose, p->claims))
        return true;
    free(p->whose);
    p->whose = NULL;
    return index_existing(p);
}

/* From the last to the first, so that each goes in front of those behind it. */
static bool index_files(planning *p)
{
    if (!has_files(p))
        return true;
    p->files.folds = true;
    p->next = calloc(p->declared_count, sizeof *p->next);
    if (!p->next)
        return false;
    for (size_t i = p->declared_count; i > 0; i--) {
        const char *path = p->declared[i - 1].backing_path;
        size_t *first = path ? text_index_at(&p->files, path) : NULL;
        if (path && !first)
            return false;
        p->next[i - 1] = first ? *first : PLAN_NOTHING;
        if (first)
            *first = i - 1;
    }
    return true;
}

static void refuse(plan_action *action, plan_conflict conflict, size_t other)
{
    if (action->kind == PLAN_REFUSE)
        return;
    action->kind = PLAN_REFUSE;
    action->conflict = conflict;
    action->other = other;
}

static bool is_file_short(const planning *p, const declared_region *declared)
{
    const uint64_t size = declared->backing_path ? p->file_size(declared->backing_path) : 0;
    return size > 0 && size < declared->size;
}

/* Finds the declared region's existing one, by its name: of several with one, the first is meant, and what exists is that
   one's. False: out of memory. */
static bool claim(planning *p, size_t index, plan_action *action)
{
    if (p->whose) {
        action->existing = p->whose[index];
        return true;
    }
    size_t *found = text_index_at(&p->names, p->declared[index].name);
    if (!found)
        return false;
    if (*found == TEXT_INDEX_NONE) {
        *found = p->existing_count + index;
    } else if (*found >= p->existing_count) {
        refuse(action, PLAN_NAME_TWICE, *found - p->existing_count);
    } else if (p->claims[*found] != PLAN_NOTHING) {
        refuse(action, PLAN_NAME_TWICE, p->claims[*found]);
    } else {
        p->claims[*found] = index;
        action->existing = *found;
    }
    return true;
}

static bool decide(planning *p, size_t index)
{
    const declared_region *declared = &p->declared[index];
    plan_action *action = &p->decided[index];
    *action = (plan_action){.kind = PLAN_CREATE, .declared = index, .existing = PLAN_NOTHING};
    if (!claim(p, index, action))
        return false;
    if (action->existing == PLAN_NOTHING)
        return true;
    const existing_region *existing = &p->existing[action->existing];
    action->left = existing->left;
    action->changes = changes_of(existing, declared, p->known);
    action->kind = kind_for(existing, declared, action->changes);
    if ((action->kind == PLAN_REPLACE || action->kind == PLAN_ADOPT) && p->file_size &&
        is_file_short(p, declared))
        refuse(action, PLAN_FILE_SHORT, PLAN_NOTHING);
    return true;
}

/* ---- Conflicts between them -------------------------------------------------------------------- */

/* Whether the region that exists under this name has that file already. */
static bool has_file(const planning *p, size_t declared, const char *path)
{
    size_t existing = p->decided[declared].existing;
    return existing != PLAN_NOTHING && p->existing[existing].backing_path &&
           same_path(p->existing[existing].backing_path, path);
}

/* Of several on one file, the one that has it already keeps it; otherwise the first gets it. */
static void refuse_all_but_one(planning *p, size_t first)
{
    size_t winner = PLAN_NOTHING, in_front = PLAN_NOTHING;
    for (size_t i = first; i != PLAN_NOTHING; i = p->next[i]) {
        if (p->decided[i].kind == PLAN_REFUSE)
            continue;
        in_front = in_front == PLAN_NOTHING ? i : in_front;
        if (has_file(p, i, p->declared[first].backing_path))
            winner = i;
    }
    winner = winner == PLAN_NOTHING ? in_front : winner;
    for (size_t i = first; winner != PLAN_NOTHING && i != PLAN_NOTHING; i = p->next[i])
        if (i != winner)
            refuse(&p->decided[i], PLAN_FILE_TWICE, winner);
}

static void refuse_files(planning *p)
{
    for (size_t i = 0; p->files.count > 0 && i < p->declared_count; i++)
        if (p->next[i] != PLAN_NOTHING && first_on(p, p->declared[i].backing_path) == i)
            refuse_all_but_one(p, i);
}

/* A region that is refused stays as it is, and so does its file: whoever else wants that is refused, too. Each refusal
   may bring others; there are at most as many as regions. */
static void refuse_kept_files(planning *p)
{
    bool more = p->files.count > 0;
    while (more) {
        more = false;
        for (size_t i = 0; i < p->declared_count; i++) {
            const plan_action *stays = &p->decided[i];
            if (stays->kind != PLAN_REFUSE || stays->existing == PLAN_NOTHING || stays->left)
                continue;
            size_t at = first_on(p, p->existing[stays->existing].backing_path);
            for (; at != PLAN_NOTHING; at = p->next[at]) {
                plan_action *wants = &p->decided[at];
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

/* What is on its way out already is left to go, unless its file is wanted now. */
static void put_retirements(plan *result, const planning *p)
{
    for (size_t i = 0; i < p->existing_count; i++) {
        const existing_region *existing = &p->existing[i];
        bool at_once = first_on(p, existing->backing_path) != PLAN_NOTHING;
        if (p->claims[i] == PLAN_NOTHING && !existing->left && (at_once || existing->retire_at == 0))
            result->actions[result->count++] = (plan_action){
                .kind = PLAN_RETIRE, .declared = PLAN_NOTHING, .existing = i, .at_once = at_once};
    }
}

/* Whether another region is to have the file that this one lets go. */
static bool frees_file(const planning *p, const plan_action *action)
{
    size_t at = first_on(p, p->existing[action->existing].backing_path);
    for (; at != PLAN_NOTHING; at = p->next[at])
        if (at != action->declared && p->decided[at].kind != PLAN_REFUSE)
            return true;
    return false;
}

static void put_replacement(plan *result, plan_action action, bool freed)
{
    if (!freed)
        result->actions[result->count++] = action;
    action.kind = PLAN_CREATE;
    action.existing = PLAN_NOTHING;
    action.replaces = true;
    result->actions[result->count++] = action;
}

static void put_in_order(plan *result, const planning *p)
{
    put_retirements(result, p);
    for (size_t i = 0; i < p->declared_count; i++)
        if (p->decided[i].kind == PLAN_REPLACE && frees_file(p, &p->decided[i]))
            result->actions[result->count++] = p->decided[i];
    put_all(result, p, PLAN_SECURE);
    for (size_t i = 0; i < p->declared_count; i++) {
        if (p->decided[i].kind == PLAN_REPLACE)
            put_replacement(result, p->decided[i], frees_file(p, &p->decided[i]));
        else if (p->decided[i].kind != PLAN_SECURE)
            result->actions[result->count++] = p->decided[i];
    }
}

static void release(planning *p)
{
    text_index_free(&p->names);
    text_index_free(&p->files);
    free(p->claims);
    free(p->whose);
    free(p->next);
    free(p->decided);
}

static bool decide_all(planning *p, const declared_regions *declared, const existing_regions *existing)
{
    bool ok = find_existing(p, declared, existing) && index_files(p);
    for (size_t i = 0; ok && i < p->declared_count; i++)
        ok = decide(p, i);
    if (ok) {
        refuse_files(p);
        refuse_kept_files(p);
    }
    return ok;
}

bool plan_make(const declared_regions *declared, const existing_regions *existing, plan *result)
{
    planning p = {.declared = declared->items,
                  .declared_count = declared->count,
                  .existing = existing->items,
                  .existing_count = existing->count,
                  .file_size = existing->file_size};
    memset(result, 0, sizeof *result);
    p.claims = calloc(existing->count + 1, sizeof *p.claims);
    p.decided = calloc(declared->count + 1, sizeof *p.decided);
    result->actions = calloc(existing->count + 2 * declared->count + 1, sizeof *result->actions);
    bool ok = p.claims && p.decided && result->actions && decide_all(&p, declared, existing);
    if (ok)
        put_in_order(result, &p);
    else
        plan_free(result);
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
