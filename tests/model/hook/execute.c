/*
 * execute.c: what each hooked access does to memory. One thread runs at a time, so plain accesses do.
 */
#include "hooked_atomics.h"

#include <string.h>

static uint64_t changed(const hook_access *access, uint64_t before)
{
    switch (access->kind) {
    case HOOK_STORE:
    case HOOK_EXCHANGE:
        return access->operand;
    case HOOK_CAS:
        return before == access->expected ? access->operand : before;
    case HOOK_ADD:
        return before + access->operand;
    case HOOK_OR:
        return before | access->operand;
    case HOOK_AND:
        return before & access->operand;
    case HOOK_LOAD:
    case HOOK_FENCE:
    case HOOK_PAUSE:
    case HOOK_COPY:
        break;
    }
    return before;
}

uint64_t hook_execute(const hook_access *access)
{
    void *at = (void *)(uintptr_t)access->at;
    const void *from = (const void *)(uintptr_t)access->from;
    if (access->kind == HOOK_COPY) {
        memcpy(at, from, access->bytes);
        return 0;
    }
    if (access->kind == HOOK_FENCE || access->kind == HOOK_PAUSE)
        return 0;
    if (access->bytes == 4) {
        uint32_t *narrow = at;
        const uint32_t was = *narrow, will_be = (uint32_t)changed(access, was);
        if (will_be != was)
            *narrow = will_be;
        return was;
    }
    uint64_t *word = at;
    const uint64_t before = *word, after = changed(access, before);
    if (after != before)
        *word = after;
    return before;
}
