#include "store_buffer.h"

#include <string.h>

void store_buffer_put(store_buffer *buffer, const hook_access *store)
{
    buffer->stores[buffer->count++] = *store;
}

void store_buffer_take(store_buffer *buffer, hook_access *store)
{
    *store = buffer->stores[0];
    buffer->count--;
    memmove(buffer->stores, buffer->stores + 1, buffer->count * sizeof *buffer->stores);
}

bool store_buffer_overlaps(const store_buffer *buffer, const hook_access *access)
{
    uintptr_t begin = (uintptr_t)access->at, end = begin + access->bytes;
    for (unsigned i = 0; i < buffer->count; i++) {
        uintptr_t at = (uintptr_t)buffer->stores[i].at;
        if (at < end && begin < at + buffer->stores[i].bytes)
            return true;
    }
    return false;
}

bool store_buffer_find(const store_buffer *buffer, const hook_access *load, uint64_t *value)
{
    for (unsigned i = buffer->count; i-- > 0;) {
        const hook_access *store = &buffer->stores[i];
        store_buffer one = {1, {*store}};
        if (store->at == load->at && store->bytes == load->bytes) {
            *value = store->operand;
            return true;
        }
        if (store_buffer_overlaps(&one, load))
            return false;
    }
    return false;
}
