/* By client/LAYOUT.md alone. See layout_page.h. */
#include "layout_page.h"

#include <string.h>

static uint64_t u64(const uint8_t *at)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static uint32_t u32(const uint8_t *at)
{
    return (uint32_t)(at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
}

static void put(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* ---- The catalog --------------------------------------------------------------------------------- */

static uint64_t fnv1a(const char *name)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 0x100000001B3u;
    return hash;
}

/* A text is `u32 offset, u32 length`. */
static bool text(const uint8_t *catalog, const uint8_t *at, char *to, size_t room)
{
    uint32_t offset = u32(at), length = u32(at + 4);
    to[0] = 0;
    if (offset == 0)
        return length == 0;
    if (length >= room || catalog[offset + length] != 0)
        return false;
    memcpy(to, catalog + offset, length);
    to[length] = 0;
    return true;
}

static bool is_called(const uint8_t *catalog, uint64_t entry, const char *name)
{
    char found[820];
    return u64(catalog + entry) == fnv1a(name) && text(catalog, catalog + entry + 8, found, sizeof found) &&
           strcmp(found, name) == 0;
}

static bool copy_entry(const uint8_t *catalog, uint64_t entry, page_region *region)
{
    const uint32_t version = u32(catalog + entry + 24);
    const uint8_t *slot = catalog + entry + (version % 2 ? 152 : 32);
    memset(region, 0, sizeof *region);
    region->state = u32(slot);
    region->kind = u32(slot + 4);
    region->size = u64(slot + 8);
    region->generation = u64(slot + 16);
    region->flags = u32(slot + 56);
    region->item_size = u64(slot + 80);
    region->messages = u32(slot + 88);
    region->max_size = u64(slot + 96);
    return version != 0 && u32(catalog + entry + 28) == 0 &&
           text(catalog, slot + 32, region->object_name, sizeof region->object_name) &&
           text(catalog, slot + 48, region->description, sizeof region->description);
}

bool page_find(const uint8_t *catalog, const char *name, page_region *region)
{
    const uint64_t index = u64(catalog + 32);
    const uint32_t count = index ? u32(catalog + index) : 0;
    for (uint32_t i = 0; i < count / 2; i++) {
        uint64_t entry = u64(catalog + index + 8 + 8 * ((fnv1a(name) + i) % count));
        if (entry == 0)
            return false;
        if (entry % 8 != 0 || entry < 4096 || entry + 272 > u64(catalog + 24))
            return false;
        if (is_called(catalog, entry, name))
            return copy_entry(catalog, entry, region);
    }
    return false;
}

bool page_walk_to(const uint8_t *catalog, const char *name, page_region *region)
{
    for (uint64_t entry = u64(catalog + 80); entry != 0;) {
        if (is_called(catalog, entry, name))
            return copy_entry(catalog, entry, region);
        uint64_t next = u64(catalog + entry + 16);
        if (next != 0 && next <= entry)
            return false;
        entry = next;
    }
    return false;
}

bool page_broker_of(const uint8_t *catalog, page_broker *broker)
{
    memset(broker, 0, sizeof *broker);
    broker->layout_version = u32(catalog + 8);
    broker->committed = u64(catalog + 24);
    broker->generation = u64(catalog + 40);
    broker->heartbeat = u64(catalog + 48);
    broker->state = u32(catalog + 60);
    broker->pid = u32(catalog + 64);
    broker->entries = u32(catalog + 68);
    broker->epoch = u64(catalog + 88);
    memcpy(broker->version, catalog + 96, 32);
    memcpy(broker->instance, catalog + 128, 64);
    broker->reloads = u32(catalog + 192);
    return memcmp(catalog, "SHMBCAT1", 8) == 0 && u32(catalog + 12) == 4096;
}

/* ---- Regions of a kind --------------------------------------------------------------------------- */

static uint64_t stride(uint64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

bool page_kind(const uint8_t *region, uint32_t *kind, uint64_t *bytes, uint64_t *item_size,
               uint32_t *messages)
{
    *kind = u32(region + 12);
    *bytes = u64(region + 16);
    *item_size = u64(region + 24);
    *messages = u32(region + 32);
    for (unsigned i = 36; i < 64; i++)
        if (region[i] != 0)
            return false;
    return memcmp(region, "SHMBKND1", 8) == 0 && u32(region + 8) == 1;
}

static const uint8_t *state_slot(const uint8_t *region, uint64_t item_size, uint64_t version,
                                 uint64_t *number)
{
    *number = version % (item_size <= 24 ? 2 : 4);
    return item_size <= 24 ? region + 144 + 24 * *number : region + 4096 + *number * stride(item_size);
}

int64_t page_state_read(const uint8_t *region, uint64_t item_size, uint8_t *value, uint64_t *version)
{
    uint64_t slot;
    *version = u64(region + 128);
    if (*version == 0)
        return -1;
    const uint8_t *from = state_slot(region, item_size, *version, &slot);
    const uint32_t size = u32(region + 136 + 4 * slot);
    if (size > item_size)
        return -1;
    memcpy(value, from, size);
    return size;
}

void page_state_write(uint8_t *region, uint64_t item_size, const uint8_t *value, uint32_t size)
{
    const uint64_t last = u64(region + 128);
    uint64_t slot, next = last + 1;
    if (last == UINT64_MAX)
        next = item_size <= 24 ? 2 : 4;
    const uint8_t *to = state_slot(region, item_size, next, &slot);
    memcpy(region + (to - region), value, size);
    put(region + 136 + 4 * slot, size, 4);
    put(region + 128, next, 8);
}

static uint8_t *message_slot(uint8_t *region, uint64_t first, uint64_t item_size, uint64_t number)
{
    return region + first + number * stride(16 + item_size);
}

void page_stream_write(uint8_t *region, uint64_t item_size, uint32_t messages, const uint8_t *message,
                       uint32_t size)
{
    uint64_t p = u64(region + 128) & ~(uint64_t)1;
    if (u64(message_slot(region, 4096, item_size, p / 2 % messages)) == p + 2)
        p += 2;
    uint8_t *slot = message_slot(region, 4096, item_size, p / 2 % messages);
    put(slot, p + 1, 8);
    memcpy(slot + 16, message, size);
    put(slot + 8, size, 4);
    put(slot, p + 2, 8);
    put(region + 128, p + 2, 8);
}

int64_t page_stream_read(const uint8_t *region, uint64_t item_size, uint32_t messages, uint64_t *cursor,
                         uint8_t *message, uint64_t *missed)
{
    *missed = 0;
    for (uint32_t i = 0; i <= messages; i++) {
        const uint8_t *slot = region + 4096 + *cursor / 2 % messages * stride(16 + item_size);
        const int64_t d = (int64_t)(u64(slot) - (*cursor + 2));
        const uint32_t size = u32(slot + 8);
        if (d < 0)
            return -1;
        if (d > 0) {
            uint64_t h = u64(region + 128) & ~(uint64_t)1, to = h - 2 * ((uint64_t)messages - 1);
            *missed += (to - *cursor) / 2;
            *cursor = to;
            continue;
        }
        *cursor += 2;
        if (size != 0xFFFFFFFFu) {
            memcpy(message, slot + 16, size);
            return size;
        }
        *missed += 1;
    }
    return -1;
}

/* bits 0 to 2 state, 3 to 15 member, 16 to 63 base */
static uint64_t queue_word_of(uint64_t position, uint32_t messages, unsigned state, uint32_t member)
{
    const uint64_t base = (position & (((uint64_t)1 << 48) - 1)) / messages * messages;
    return base << 16 | (uint64_t)member << 3 | state;
}

/* The first position from a hint on whose slot is not of a later state. */
static uint8_t *queue_go(uint8_t *region, uint64_t hint, uint64_t item_size, uint32_t messages,
                         unsigned passed, uint64_t *position)
{
    *position = u64(region + hint);
    for (uint32_t i = 0; i < messages; i++, ++*position) {
        uint8_t *slot = message_slot(region, 12288, item_size, *position % messages);
        const uint64_t word = u64(slot), base = *position / messages * messages;
        if (word >> 16 < base || (word >> 16 == base && (word & 7) < passed))
            return slot;
    }
    return message_slot(region, 12288, item_size, *position & (messages - 1));
}

static void queue_push(uint8_t *region, uint64_t hint, uint32_t messages, uint64_t position)
{
    const uint64_t lag = messages / 4 < 16 ? messages / 4 : 16;
    if (u64(region + hint) + lag < position)
        put(region + hint, position, 8);
}

bool page_queue_send(uint8_t *region, uint64_t item_size, uint32_t messages, uint32_t member, uint64_t life,
                     const uint8_t *message, uint32_t size)
{
    uint64_t position;
    uint8_t *slot = queue_go(region, 128, item_size, messages, 1, &position);
    if (u64(slot) != queue_word_of(position, messages, 0, 0))
        return false;
    put(region + 4096 + (size_t)8 * member, life, 8);
    queue_push(region, 128, messages, position);
    put(slot, queue_word_of(position, messages, 1, member), 8);
    memcpy(slot + 16, message, size);
    put(slot + 8, size, 4);
    put(slot, queue_word_of(position, messages, 2, 0), 8);
    return true;
}

int64_t page_queue_receive(uint8_t *region, uint64_t item_size, uint32_t messages, uint32_t member,
                           uint64_t life, uint8_t *message)
{
    uint64_t position;
    uint8_t *slot = queue_go(region, 256, item_size, messages, 3, &position);
    if (u64(slot) != queue_word_of(position, messages, 2, 0))
        return -1;
    put(region + 4096 + (size_t)8 * member, life, 8);
    queue_push(region, 256, messages, position);
    put(slot, queue_word_of(position, messages, 3, member), 8);
    const uint32_t size = u32(slot + 8);
    memcpy(message, slot + 16, size);
    put(slot, queue_word_of(position + messages, messages, 0, 0), 8);
    return size;
}
