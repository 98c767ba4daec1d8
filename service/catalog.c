/* The catalog's writing side. See catalog.h, and client/LAYOUT.md for the bytes. */
#include "catalog.h"

#include "atomics.h"
#include "catalog_reader.h"

#include <stdio.h>
#include <string.h>

#define COMMIT_STEP   65536u
#define FIRST_BUCKETS 256u

static shmb_catalog_header *header_of(const catalog *c)
{
    return (shmb_catalog_header *)(void *)c->memory.base;
}

static shmb_catalog_entry *entry_at(const catalog *c, uint64_t offset)
{
    return (shmb_catalog_entry *)(void *)(c->memory.base + offset);
}

static shmb_catalog_index *index_of(const catalog *c)
{
    return (shmb_catalog_index *)(void *)(c->memory.base + header_of(c)->index_offset);
}

static uint64_t *buckets_of(shmb_catalog_index *index)
{
    return (uint64_t *)(void *)(index + 1);
}

static void count_change(catalog *c)
{
    shmb_catalog_header *header = header_of(c);
    shmb_store_release_u64(&header->generation, header->generation + 1);
}

/* ---- Space ------------------------------------------------------------------------------------- */

static bool commit(catalog *c, uint64_t bytes, platform_failure *failure)
{
    uint64_t wanted = (bytes + COMMIT_STEP - 1) / COMMIT_STEP * COMMIT_STEP;
    if (wanted > c->memory.reserved) {
        failure->code = 0;
        snprintf(failure->text, sizeof failure->text,
                 "the catalog is full: it needs %llu bytes and has room for %llu; declare fewer regions, or "
                 "restart "
                 "the broker when no client is attached",
                 (unsigned long long)wanted, (unsigned long long)c->memory.reserved);
        return false;
    }
    if (!c->memory.commit(c->memory.context, wanted, failure))
        return false;
    c->committed = wanted;
    shmb_store_release_u64(&header_of(c)->committed_bytes, wanted);
    return true;
}

/* Appends a record of `bytes`, zeroed, at a multiple of 8. */
static bool append(catalog *c, uint64_t bytes, uint64_t *offset, platform_failure *failure)
{
    uint64_t at = (c->used + 7) & ~(uint64_t)7;
    *offset = 0;
    if (at + bytes > c->committed && !commit(c, at + bytes, failure))
        return false;
    memset(c->memory.base + at, 0, (size_t)bytes); /* memory of an earlier catalog may say anything */
    c->used = at + bytes;
    *offset = at;
    return true;
}

/* The longest start of `bytes` that fits and does not cut a UTF-8 sequence. */
static size_t fitting_length(const char *bytes)
{
    size_t length = strlen(bytes);
    if (length <= SHMB_TEXT_MAX_BYTES)
        return length;
    length = SHMB_TEXT_MAX_BYTES;
    while (length > 0 && ((unsigned char)bytes[length] & 0xC0) == 0x80)
        length--;
    return length;
}

/* Stores a text, or keeps `old` when it says the same, so that publishing the same again takes no space. */
static bool store_text(catalog *c, shmb_text old, const char *bytes, shmb_text *result,
                       platform_failure *failure)
{
    size_t length = bytes ? fitting_length(bytes) : 0;
    *result = (shmb_text){0, 0};
    if (length == 0)
        return true;
    if (old.offset != 0 && old.length == length && memcmp(c->memory.base + old.offset, bytes, length) == 0) {
        *result = old;
        return true;
    }
    uint64_t offset;
    if (!append(c, length + 1, &offset, failure))
        return false;
    memcpy(c->memory.base + offset, bytes, length);
    *result = (shmb_text){(uint32_t)offset, (uint32_t)length};
    return true;
}

/* ---- The index --------------------------------------------------------------------------------- */

static void insert(shmb_catalog_index *index, uint64_t hash, uint64_t offset)
{
    uint32_t mask = index->bucket_count - 1;
    uint64_t *buckets = buckets_of(index);
    uint32_t at = (uint32_t)hash & mask;
    while (buckets[at] != 0)
        at = (at + 1) & mask;
    shmb_store_release_u64(&buckets[at], offset);
}

static bool append_index(catalog *c, uint32_t bucket_count, platform_failure *failure)
{
    uint64_t offset;
    if (!append(c, sizeof(shmb_catalog_index) + (uint64_t)bucket_count * sizeof(uint64_t), &offset, failure))
        return false;
    shmb_catalog_header *header = header_of(c);
    shmb_catalog_index *index = (shmb_catalog_index *)(void *)(c->memory.base + offset);
    index->bucket_count = bucket_count;
    for (uint64_t at = header->first_entry; at != 0; at = entry_at(c, at)->next_entry)
        insert(index, entry_at(c, at)->hash, at);
    shmb_store_release_u64(&header->index_offset, offset);
    return true;
}

/* The entry called `name`, or 0. */
static uint64_t find(const catalog *c, const char *name, size_t length, uint64_t hash)
{
    shmb_catalog_index *index = index_of(c);
    const uint64_t *buckets = buckets_of(index);
    uint32_t mask = index->bucket_count - 1;
    for (uint32_t at = (uint32_t)hash & mask; buckets[at] != 0; at = (at + 1) & mask) {
        const shmb_catalog_entry *entry = entry_at(c, buckets[at]);
        if (entry->hash == hash && entry->name.length == length &&
            memcmp(c->memory.base + entry->name.offset, name, length) == 0)
            return buckets[at];
    }
    return 0;
}

/* ---- Entries ----------------------------------------------------------------------------------- */

static void link_entry(catalog *c, uint64_t offset)
{
    shmb_catalog_header *header = header_of(c);
    if (c->last_entry == 0)
        shmb_store_release_u64(&header->first_entry, offset);
    else
        shmb_store_release_u64(&entry_at(c, c->last_entry)->next_entry, offset);
    c->last_entry = offset;
    shmb_store_release_u32(&header->entry_count, header->entry_count + 1);
}

static bool append_entry(catalog *c, const char *name, size_t length, uint64_t hash, catalog_place *place,
                         platform_failure *failure)
{
    shmb_catalog_index *index = index_of(c);
    uint32_t count = header_of(c)->entry_count;
    if (2 * (count + 1) > index->bucket_count && !append_index(c, 2 * index->bucket_count, failure))
        return false;
    uint64_t offset, name_offset;
    if (!append(c, sizeof(shmb_catalog_entry), &offset, failure) ||
        !append(c, length + 1, &name_offset, failure))
        return false;
    memcpy(c->memory.base + name_offset, name, length);
    shmb_catalog_entry *entry = entry_at(c, offset);
    entry->hash = hash;
    entry->name = (shmb_text){(uint32_t)name_offset, (uint32_t)length};
    entry->slots[0].state = entry->slots[1].state = SHMB_REGION_PENDING;
    entry->slots[0].kind = entry->slots[1].kind = SHMB_KIND_RAW;
    entry->version = 1;
    link_entry(c, offset);
    insert(index_of(c), hash, offset);
    *place = offset;
    return true;
}

bool catalog_place_of(catalog *c, const char *name, catalog_place *place, uint64_t *generation,
                      platform_failure *failure)
{
    size_t length = strlen(name);
    uint64_t hash = shmb_name_hash(name, length);
    *generation = 0;
    *place = find(c, name, length, hash);
    if (*place == 0)
        return append_entry(c, name, length, hash, place, failure);
    const shmb_catalog_entry *entry = entry_at(c, *place);
    *generation = entry->slots[entry->version % 2].generation;
    return true;
}

/* Fills the slot that no reader looks at, then makes it the published one. */
static void publish_slot(catalog *c, shmb_catalog_entry *entry, const shmb_catalog_slot *slot)
{
    shmb_fence_release(); /* the version stored last is seen before any word that follows */
    shmb_copy_words_relaxed(&entry->slots[(entry->version + 1) % 2], slot, sizeof *slot);
    shmb_store_release_u32(&entry->version, entry->version + 1);
    count_change(c);
}

bool catalog_publish(catalog *c, catalog_place place, const catalog_publication *publication,
                     platform_failure *failure)
{
    shmb_catalog_entry *entry = entry_at(c, place);
    const shmb_catalog_slot *old = &entry->slots[entry->version % 2];
    shmb_catalog_slot slot = {.state = publication->state,
                              .kind = publication->geometry.kind ? publication->geometry.kind : SHMB_KIND_RAW,
                              .size = publication->size,
                              .max_size = publication->max_size,
                              .generation = publication->generation,
                              .changed = publication->now,
                              .until = publication->until,
                              .flags = publication->flags,
                              .form = publication->form ? publication->form : old->form,
                              .restored = publication->restored};
    if (slot.kind != SHMB_KIND_RAW) {
        slot.item_size = publication->geometry.item_size;
        slot.messages = publication->geometry.messages;
    }
    if (!store_text(c, old->object_name, publication->object_name, &slot.object_name, failure) ||
        !store_text(c, old->reason, publication->reason, &slot.reason, failure) ||
        !store_text(c, old->description, publication->description, &slot.description, failure) ||
        !store_text(c, old->note, publication->note, &slot.note, failure) ||
        !store_text(c, old->boundary, publication->boundary, &slot.boundary, failure) ||
        !store_text(c, old->holders, publication->holders, &slot.holders, failure))
        return false;
    publish_slot(c, entry, &slot);
    return true;
}

/* What is published of an entry, to be published again with something else in it. */
static shmb_catalog_slot changed_slot(const shmb_catalog_entry *entry, uint64_t now)
{
    shmb_catalog_slot slot = entry->slots[entry->version % 2];
    slot.changed = now;
    return slot;
}

static void mark_entry(catalog *c, shmb_catalog_entry *entry, shmb_region_state state, uint64_t now)
{
    shmb_catalog_slot slot = changed_slot(entry, now);
    slot.state = state;
    slot.until = 0;
    slot.holders = (shmb_text){0, 0};
    publish_slot(c, entry, &slot);
}

void catalog_mark(catalog *c, catalog_place place, shmb_region_state state, uint64_t now)
{
    mark_entry(c, entry_at(c, place), state, now);
}

void catalog_break(catalog *c, catalog_place place, const char *reason, uint64_t now)
{
    platform_failure ignored;
    shmb_catalog_slot slot = changed_slot(entry_at(c, place), now);
    slot.state = SHMB_REGION_BROKEN;
    store_text(c, slot.reason, reason, &slot.reason, &ignored);
    publish_slot(c, entry_at(c, place), &slot);
}

bool catalog_describe(catalog *c, catalog_place place, const char *description, uint64_t now,
                      platform_failure *failure)
{
    shmb_catalog_slot slot = changed_slot(entry_at(c, place), now);
    if (!store_text(c, slot.description, description, &slot.description, failure))
        return false;
    slot.reason = (shmb_text){0, 0};
    publish_slot(c, entry_at(c, place), &slot);
    return true;
}

shmb_catalog_slot catalog_copy(const catalog *c, catalog_place place)
{
    const shmb_catalog_entry *entry = entry_at(c, place);
    return entry->slots[entry->version % 2];
}

void catalog_put_back(catalog *c, catalog_place place, const shmb_catalog_slot *copy, uint64_t generation,
                      const char *reason, uint64_t now)
{
    platform_failure ignored;
    shmb_catalog_slot slot = *copy;
    slot.generation = generation;
    slot.changed = now;
    store_text(c, slot.reason, reason, &slot.reason, &ignored);
    publish_slot(c, entry_at(c, place), &slot);
}

void catalog_resize(catalog *c, catalog_place place, uint64_t size, uint64_t now)
{
    shmb_catalog_slot slot = changed_slot(entry_at(c, place), now);
    slot.size = size;
    publish_slot(c, entry_at(c, place), &slot);
}

bool catalog_tell_holders(catalog *c, catalog_place place, const char *holders, uint64_t now,
                          platform_failure *failure)
{
    shmb_catalog_slot slot = changed_slot(entry_at(c, place), now);
    const uint32_t old = slot.holders.offset;
    if (!store_text(c, slot.holders, holders, &slot.holders, failure) || slot.holders.offset == old)
        return false; /* when it is the same nobody need look again */
    publish_slot(c, entry_at(c, place), &slot);
    return true;
}

void catalog_last_size(const catalog *c, catalog_place place, uint64_t *size, uint64_t *max_size)
{
    const shmb_catalog_entry *entry = entry_at(c, place);
    *size = entry->slots[entry->version % 2].size;
    *max_size = entry->slots[entry->version % 2].max_size;
}

uint32_t catalog_form(const catalog *c, catalog_place place)
{
    const shmb_catalog_entry *entry = entry_at(c, place);
    return entry->slots[entry->version % 2].form;
}

uint32_t catalog_form_of(const catalog *c, const char *name)
{
    const size_t length = strlen(name);
    const uint64_t place = find(c, name, length, shmb_name_hash(name, length));
    return place == 0 ? 0 : catalog_form(c, place);
}

void catalog_note_form(catalog *c, catalog_place place, uint32_t form)
{
    shmb_catalog_entry *entry = entry_at(c, place);
    shmb_catalog_slot slot = entry->slots[entry->version % 2];
    if (slot.form == form)
        return;
    slot.form = form;
    publish_slot(c, entry, &slot);
}

/* ---- Starting ---------------------------------------------------------------------------------- */

/* Stores a text of the header, which clients of an adopted catalog may be reading. */
static void store_padded(char *target, const char *text, size_t bytes)
{
    uint32_t words[sizeof((shmb_catalog_header *)0)->instance / sizeof(uint32_t)] = {0};
    size_t length = strlen(text);
    memcpy(words, text, length < bytes ? length : bytes);
    shmb_copy_words_relaxed(target, words, bytes);
}

static void introduce(catalog *c, const catalog_publisher *publisher)
{
    shmb_catalog_header *header = header_of(c);
    store_padded(header->broker_version, publisher->version, sizeof header->broker_version);
    store_padded(header->instance, publisher->instance, sizeof header->instance);
    shmb_store_relaxed_u32(&header->heartbeat_period, publisher->heartbeat_period);
    shmb_store_release_u64(&header->heartbeat, publisher->heartbeat);
    shmb_store_release_u32(&header->broker_pid, publisher->pid);
    shmb_store_release_u64(&header->broker_started, publisher->started);
    shmb_store_release_u32(&header->reloads, 0);
    shmb_store_release_u64(&header->epoch, header->epoch + 1);
    count_change(c);
}

/* Whether the adopted list of entries can be followed to its end; `count` is how many there are. */
static bool list_is_sound(const catalog *c, uint32_t *count)
{
    catalog_view view = {c->memory.base, c->committed};
    catalog_info info;
    *count = 0;
    if (catalog_read_info(&view, &info) != CATALOG_OK || info.reserved_bytes != c->memory.reserved ||
        info.committed_bytes != c->committed)
        return false;
    static catalog_region region; /* too large for the stack of a service's thread */
    uint64_t cursor = 0;
    catalog_result result;
    while ((result = catalog_next(&view, &cursor, &region)) == CATALOG_OK) /* ends: cursor only rises */
        ++*count;
    return result == CATALOG_NOT_FOUND;
}

/* Whether each of `count` entries is found by its name, and the index has nothing else: then every search in
   it ends. */
static bool index_is_sound(const catalog *c, uint32_t count)
{
    uint64_t offset = header_of(c)->index_offset, used = 0;
    if (offset < SHMB_CATALOG_HEADER_BYTES || offset % 8 != 0 ||
        offset > c->committed - sizeof(shmb_catalog_index))
        return false;
    uint64_t room = (c->committed - offset - sizeof(shmb_catalog_index)) / sizeof(uint64_t);
    uint32_t buckets = index_of(c)->bucket_count;
    if (buckets > room || buckets < FIRST_BUCKETS || (buckets & (buckets - 1)) != 0 || buckets / 2 < count)
        return false;
    for (uint32_t i = 0; i < buckets; i++)
        used += buckets_of(index_of(c))[i] != 0;
    static catalog_region region, found;
    catalog_view view = {c->memory.base, c->committed};
    uint64_t cursor = 0;
    while (catalog_next(&view, &cursor, &region) == CATALOG_OK)
        if (catalog_find(&view, region.name, strlen(region.name), &found) != CATALOG_OK ||
            found.entry_offset != region.entry_offset)
            return false;
    return used == count;
}

static void retire_all(catalog *c, uint64_t now)
{
    for (uint64_t at = header_of(c)->first_entry; at != 0; at = entry_at(c, at)->next_entry) {
        mark_entry(c, entry_at(c, at), SHMB_REGION_RETIRED, now);
        c->last_entry = at;
    }
}

/* Goes on with the `count` entries of an earlier broker. It may have died between linking an entry and
   entering it into the index: then an index is made anew. */
static bool adopt(catalog *c, uint32_t count, uint64_t now, platform_failure *failure)
{
    uint32_t buckets = FIRST_BUCKETS;
    c->used = c->committed; /* what is beyond the last record is not known: begin behind all of it */
    while (buckets / 2 <= count)
        buckets *= 2;
    if (!index_is_sound(c, count) && !append_index(c, buckets, failure))
        return false;
    shmb_store_release_u32(&header_of(c)->entry_count, count);
    retire_all(c, now);
    return true;
}

/* Makes an empty catalog of memory that may hold anything. */
static bool make_anew(catalog *c, platform_failure *failure)
{
    shmb_catalog_header *header = header_of(c);
    uint64_t epoch = header->epoch;
    shmb_store_release_u64(&header->magic, 0);
    memset(c->memory.base + sizeof header->magic, 0, SHMB_CATALOG_HEADER_BYTES - sizeof header->magic);
    c->used = SHMB_CATALOG_HEADER_BYTES;
    header->layout_version = SHMB_CATALOG_VERSION;
    header->header_bytes = SHMB_CATALOG_HEADER_BYTES;
    header->reserved_bytes = c->memory.reserved;
    header->epoch = epoch;
    shmb_store_release_u64(&header->committed_bytes, c->committed);
    return append_index(c, FIRST_BUCKETS, failure);
}

/* Finds out how much of the memory can be used: what an earlier broker says that it committed, if it was so.
 */
static bool take_memory(catalog *c, bool adopted, platform_failure *failure)
{
    c->committed = COMMIT_STEP;
    if (!c->memory.commit(c->memory.context, c->committed, failure))
        return false;
    uint64_t said = adopted ? header_of(c)->committed_bytes : 0;
    platform_failure ignored; /* what was committed can be again; more is a lie, and then all is made anew */
    if (said > COMMIT_STEP && said <= c->memory.reserved && said % COMMIT_STEP == 0 &&
        c->memory.commit(c->memory.context, said, &ignored))
        c->committed = said;
    return true;
}

bool catalog_start(catalog *c, const catalog_memory *memory, bool adopted, const catalog_publisher *publisher,
                   platform_failure *failure)
{
    uint32_t count;
    memset(c, 0, sizeof *c);
    c->memory = *memory;
    if (!take_memory(c, adopted, failure))
        return false;
    if (adopted && list_is_sound(c, &count)) {
        catalog_set_state(c, SHMB_BROKER_STARTING);
        if (!adopt(c, count, publisher->started, failure))
            return false;
    } else {
        if (!make_anew(c, failure))
            return false;
        catalog_set_state(c, SHMB_BROKER_STARTING);
    }
    introduce(c, publisher);
    shmb_store_release_u64(&header_of(c)->magic, SHMB_CATALOG_MAGIC);
    return true;
}

void catalog_set_state(catalog *c, shmb_broker_state state)
{
    shmb_store_release_u32(&header_of(c)->broker_state, (uint32_t)state);
    count_change(c);
}

/* As with an entry's slots: the one that nobody looks at is filled, and then counts. 0 stands for none. */
void catalog_set_reload(catalog *c, const shmb_catalog_reload *reload)
{
    shmb_catalog_header *header = header_of(c);
    const uint32_t next = header->reloads == UINT32_MAX ? 2 : header->reloads + 1;
    shmb_fence_release(); /* the count stored last is seen before any word that follows */
    shmb_copy_words_relaxed(&header->reload[next % 2], reload, sizeof *reload);
    shmb_store_release_u32(&header->reloads, next);
    count_change(c);
}

void catalog_beat(catalog *c, uint64_t heartbeat)
{
    shmb_store_release_u64(&header_of(c)->heartbeat, heartbeat);
}
