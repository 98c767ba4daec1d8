/* What stands for a region, or for a plan, as one number. See plan.h. */
#include "plan.h"

#include "access.h"
#include "shmb_layout.h"

#include <string.h>

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
        hash = add_number(hash, action->kind == PLAN_ADOPT ? PLAN_CREATE : action->kind);
        hash = add_number(hash, action->changes);
        hash = add_number(hash, action->replaces);
        hash = add_number(hash, action->conflict);
        hash = action->declared == PLAN_NOTHING ? add_text(hash, existing->items[action->existing].name)
                                                : add_declared(hash, &declared->items[action->declared]);
    }
    return hash ? hash : 1;
}
