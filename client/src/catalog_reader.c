/*
 * Reading a catalog; see catalog_reader.h for the contract and client/LAYOUT.md for the bytes.
 *
 * Order of the file: places in the catalog, texts, the header, one entry, finding, walking.
 */
#include "catalog_reader.h"

#include "atomics.h"
#include "geometry.h"

#include <string.h>

#define FIRST_RECORD    ((uint64_t)SHMB_CATALOG_HEADER_BYTES)
#define PAGE            4096u
#define MAX_REGION_SIZE (1ull << 47)

/* Each attempt fails only when the broker publishes this very entry once more meanwhile. A broker does that a
   few times in its life: what still changes after so many attempts is not a broker's work. */
#define MAX_SLOT_ATTEMPTS 1000u

static const shmb_catalog_header *header_of(const catalog_view *view)
{
    return (const shmb_catalog_header *)(const void *)view->base;
}

static bool fits(uint64_t offset, uint64_t bytes, uint64_t limit)
{
    return bytes <= limit && offset <= limit - bytes;
}

/* May `bytes` at `offset` be read? committed_bytes is loaded after whatever led here, and the broker commits
   before it publishes: an offset past it is wrong, one past the view only means that the catalog has grown.
 */
static catalog_result check_place(const catalog_view *view, uint64_t offset, uint64_t bytes,
                                  uint64_t alignment)
{
    if (offset < FIRST_RECORD || offset % alignment != 0)
        return CATALOG_CORRUPT;
    uint64_t committed = shmb_load_acquire_u64(&header_of(view)->committed_bytes);
    if (!fits(offset, bytes, committed))
        return CATALOG_CORRUPT;
    return fits(offset, bytes, view->size) ? CATALOG_OK : CATALOG_BEYOND_VIEW;
}

/* Copies a text of at most `limit` bytes to `target`, which has room for one more. Empty when there is none.
 */
static catalog_result copy_text(const catalog_view *view, shmb_text text, uint32_t limit, char *target)
{
    target[0] = '\0';
    if (text.offset == 0)
        return text.length == 0 ? CATALOG_OK : CATALOG_CORRUPT;
    if (text.length > limit)
        return CATALOG_CORRUPT;
    size_t bytes = (size_t)text.length + 1;
    catalog_result result = check_place(view, text.offset, bytes, 1);
    if (result != CATALOG_OK)
        return result;

    memcpy(target, view->base + (size_t)text.offset, bytes);
    if (memchr(target, '\0', bytes) == target + text.length)
        return CATALOG_OK;
    target[0] = '\0';
    return CATALOG_CORRUPT;
}

/* Is there a catalog of ours? What follows the magic was written before it. */
static catalog_result check_header(const catalog_view *view)
{
    if (view->size < SHMB_CATALOG_HEADER_BYTES)
        return CATALOG_CORRUPT;
    const shmb_catalog_header *header = header_of(view);
    uint64_t magic = shmb_load_acquire_u64(&header->magic);
    if (magic == 0)
        return CATALOG_NOT_READY;
    if (magic != SHMB_CATALOG_MAGIC)
        return CATALOG_CORRUPT;
    if (shmb_load_relaxed_u32(&header->layout_version) != SHMB_CATALOG_VERSION)
        return CATALOG_INCOMPATIBLE;
    if (shmb_load_relaxed_u32(&header->header_bytes) != SHMB_CATALOG_HEADER_BYTES)
        return CATALOG_CORRUPT;
    return CATALOG_OK;
}

static bool info_is_sane(const catalog_info *info)
{
    return info->committed_bytes >= SHMB_CATALOG_HEADER_BYTES && info->committed_bytes % PAGE == 0 &&
           info->committed_bytes <= info->reserved_bytes && info->broker_state >= SHMB_BROKER_STARTING &&
           info->broker_state <= SHMB_BROKER_STOPPED && info->epoch != 0;
}

/* A text in the header: NUL-padded, and not terminated when it fills its place. `target` is zeroed, and a byte longer. */
static void copy_padded(char *target, const char *source, size_t bytes)
{
    uint32_t words[sizeof((shmb_catalog_header *)0)->instance / sizeof(uint32_t)];
    shmb_copy_words_relaxed(words, source, bytes);
    memcpy(target, words, bytes);
}

catalog_result catalog_read_info(const catalog_view *view, catalog_info *info)
{
    memset(info, 0, sizeof *info);
    catalog_result result = check_header(view);
    if (result != CATALOG_OK)
        return result;

    const shmb_catalog_header *header = header_of(view);
    info->layout_version = SHMB_CATALOG_VERSION;
    info->reserved_bytes = shmb_load_relaxed_u64(&header->reserved_bytes);
    info->committed_bytes = shmb_load_acquire_u64(&header->committed_bytes);
    info->generation = shmb_load_acquire_u64(&header->generation);
    info->heartbeat = shmb_load_acquire_u64(&header->heartbeat);
    info->heartbeat_period = shmb_load_relaxed_u32(&header->heartbeat_period);
    info->broker_state = shmb_load_acquire_u32(&header->broker_state);
    info->broker_pid = shmb_load_relaxed_u32(&header->broker_pid);
    info->entry_count = shmb_load_acquire_u32(&header->entry_count);
    info->broker_started = shmb_load_relaxed_u64(&header->broker_started);
    info->epoch = shmb_load_acquire_u64(&header->epoch);
    info->reloads = shmb_load_acquire_u32(&header->reloads);
    copy_padded(info->broker_version, header->broker_version, sizeof header->broker_version);
    copy_padded(info->instance, header->instance, sizeof header->instance);
    return info_is_sane(info) ? CATALOG_OK : CATALOG_CORRUPT;
}

/* The broker writes the other one, and counts up before it comes back to this. */
catalog_result catalog_read_reload(const catalog_view *view, catalog_reload *reload)
{
    shmb_catalog_reload found;
    memset(reload, 0, sizeof *reload);
    catalog_result result = check_header(view);
    if (result != CATALOG_OK)
        return result;
    const shmb_catalog_header *header = header_of(view);
    for (uint32_t attempt = 0; attempt < MAX_SLOT_ATTEMPTS; attempt++) {
        uint32_t before = shmb_load_acquire_u32(&header->reloads);
        if (before == 0)
            return CATALOG_OK;
        shmb_copy_words_relaxed(&found, &header->reload[before % 2], sizeof found);
        shmb_fence_acquire();
        if (shmb_load_relaxed_u32(&header->reloads) != before)
            continue;
        reload->ended = found.ended;
        reload->code = found.code;
        reload->begun = found.begun != 0;
        memcpy(reload->counts, found.counts, sizeof reload->counts);
        memcpy(reload->text, found.text, sizeof found.text);
        return CATALOG_OK;
    }
    return CATALOG_CORRUPT;
}

/* The entry at `offset`, when a whole one can be there. */
static catalog_result entry_at(const catalog_view *view, uint64_t offset, const shmb_catalog_entry **entry)
{
    *entry = NULL;
    catalog_result result = check_place(view, offset, sizeof(shmb_catalog_entry), 8);
    if (result == CATALOG_OK)
        *entry = (const shmb_catalog_entry *)(const void *)(view->base + (size_t)offset);
    return result;
}

/* The published slot, whole: the broker writes the other one, and counts version up before it comes back to
   this. */
static catalog_result copy_slot(const shmb_catalog_entry *entry, shmb_catalog_slot *slot, uint32_t *version)
{
    for (uint32_t attempt = 0; attempt < MAX_SLOT_ATTEMPTS; attempt++) {
        uint32_t before = shmb_load_acquire_u32(&entry->version);
        if (before == 0)
            return CATALOG_CORRUPT;
        shmb_copy_words_relaxed(slot, &entry->slots[before % 2], sizeof *slot);
        shmb_fence_acquire();
        if (shmb_load_relaxed_u32(&entry->version) == before) {
            *version = before;
            return CATALOG_OK;
        }
    }
    return CATALOG_CORRUPT;
}

/* A region that can be opened has a size, a number and a name, and in a private namespace a boundary; one that
   cannot may lack them. */
static bool slot_is_sane(const shmb_catalog_slot *slot)
{
    if (slot->state < SHMB_REGION_PENDING || slot->state > SHMB_REGION_RETIRING ||
        slot->size > MAX_REGION_SIZE || slot->max_size > MAX_REGION_SIZE ||
        (slot->max_size != 0 && slot->size > slot->max_size))
        return false;
    bool is_private = (slot->flags & SHMB_FLAG_PRIVATE) != 0;
    return slot->state != SHMB_REGION_READY ||
           (slot->size != 0 && slot->generation != 0 && slot->object_name.length != 0 &&
            is_private == (slot->boundary.length != 0));
}

/* A kind that this reader does not know may be measured otherwise. */
static bool geometry_is_sane(const shmb_catalog_slot *slot)
{
    const shmb_geometry geometry = {slot->kind, slot->messages,
                                    slot->kind == SHMB_KIND_RAW ? slot->size : slot->item_size};
    return slot->state != SHMB_REGION_READY || slot->kind < SHMB_KIND_RAW || slot->kind > SHMB_KIND_STREAM ||
           shmb_geometry_bytes(&geometry) == slot->size;
}

static void clear_region(catalog_region *region)
{
    region->entry_offset = 0;
    region->version = 0;
    region->state = 0;
    region->kind = 0;
    region->flags = 0;
    region->restored = 0;
    region->size = 0;
    region->max_size = 0;
    region->generation = 0;
    region->changed = 0;
    region->messages = 0;
    region->item_size = 0;
    region->until = 0;
    region->holders[0] = '\0';
    region->name[0] = '\0';
    region->object_name[0] = '\0';
    region->reason[0] = '\0';
    region->description[0] = '\0';
    region->note[0] = '\0';
    region->boundary[0] = '\0';
}

static void fill_region(catalog_region *region, uint64_t offset, uint32_t version,
                        const shmb_catalog_slot *slot)
{
    region->entry_offset = offset;
    region->version = version;
    region->state = slot->state;
    region->kind = slot->kind;
    region->flags = slot->flags;
    region->restored = (slot->flags & SHMB_FLAG_RESTORED) != 0 ? slot->restored : 0;
    region->size = slot->size;
    region->max_size = slot->max_size;
    region->generation = slot->generation;
    region->changed = slot->changed;
    region->messages = slot->messages;
    region->item_size = slot->kind == SHMB_KIND_RAW ? slot->size : slot->item_size;
    region->until = slot->until;
}

/* All of an entry but its name. */
static catalog_result copy_entry(const catalog_view *view, uint64_t offset, const shmb_catalog_entry *entry,
                                 catalog_region *region)
{
    shmb_catalog_slot slot;
    uint32_t version = 0;
    catalog_result result = copy_slot(entry, &slot, &version);
    if (result == CATALOG_OK && (!slot_is_sane(&slot) || !geometry_is_sane(&slot)))
        result = CATALOG_CORRUPT;
    if (result == CATALOG_OK)
        result = copy_text(view, slot.object_name, SHMB_TEXT_MAX_BYTES, region->object_name);
    if (result == CATALOG_OK)
        result = copy_text(view, slot.reason, SHMB_TEXT_MAX_BYTES, region->reason);
    if (result == CATALOG_OK)
        result = copy_text(view, slot.description, SHMB_TEXT_MAX_BYTES, region->description);
    if (result == CATALOG_OK)
        result = copy_text(view, slot.note, SHMB_TEXT_MAX_BYTES, region->note);
    if (result == CATALOG_OK)
        result = copy_text(view, slot.boundary, SHMB_TEXT_MAX_BYTES, region->boundary);
    if (result == CATALOG_OK)
        result = copy_text(view, slot.holders, SHMB_TEXT_MAX_BYTES, region->holders);
    if (result == CATALOG_OK)
        fill_region(region, offset, version, &slot);
    return result;
}

static shmb_text load_name(const shmb_catalog_entry *entry)
{
    shmb_text name;
    shmb_copy_words_relaxed(&name, &entry->name, sizeof name);
    return name;
}

/* Region and broker are seen as they were together at one moment: between two changes that the catalog counts. */
catalog_result catalog_look(const catalog_view *view, uint64_t entry_offset, uint64_t hash,
                            catalog_life *life)
{
    const shmb_catalog_header *header = header_of(view);
    const shmb_catalog_entry *entry = NULL;
    shmb_catalog_slot slot;
    uint32_t version;
    *life = (catalog_life){0, 0, 0, 0};
    catalog_result result = check_header(view);
    if (result == CATALOG_OK)
        result = entry_at(view, entry_offset, &entry);
    for (uint32_t attempt = 0; result == CATALOG_OK && attempt < MAX_SLOT_ATTEMPTS; attempt++) {
        uint64_t before = shmb_load_acquire_u64(&header->generation);
        if (shmb_load_relaxed_u64(&entry->hash) != hash)
            return CATALOG_NOT_FOUND;
        result = copy_slot(entry, &slot, &version);
        uint32_t broker_state = shmb_load_acquire_u32(&header->broker_state);
        if (result != CATALOG_OK || !slot_is_sane(&slot))
            return CATALOG_CORRUPT;
        *life = (catalog_life){slot.state, slot.size, slot.generation, broker_state};
        shmb_fence_acquire();
        if (shmb_load_relaxed_u64(&header->generation) == before)
            return CATALOG_OK;
    }
    return result == CATALOG_OK ? CATALOG_NOT_READY : result;
}

/* CATALOG_NOT_FOUND: the entry is another name's. */
static catalog_result match_entry(const catalog_view *view, uint64_t offset, uint64_t hash, const char *name,
                                  size_t length, catalog_region *region)
{
    const shmb_catalog_entry *entry = NULL;
    catalog_result result = entry_at(view, offset, &entry);
    if (result != CATALOG_OK)
        return result;
    if (shmb_load_relaxed_u64(&entry->hash) != hash)
        return CATALOG_NOT_FOUND;
    shmb_text text = load_name(entry);
    if (text.length != length)
        return CATALOG_NOT_FOUND;
    result = copy_text(view, text, SHMB_KEY_MAX_BYTES, region->name);
    if (result == CATALOG_OK && memcmp(region->name, name, length) != 0)
        result = CATALOG_NOT_FOUND;
    return result == CATALOG_OK ? copy_entry(view, offset, entry, region) : result;
}

/* The current index, its bucket count checked. No index: *buckets is NULL. */
static catalog_result current_index(const catalog_view *view, const uint64_t **buckets, uint32_t *count)
{
    *buckets = NULL;
    *count = 0;
    uint64_t offset = shmb_load_acquire_u64(&header_of(view)->index_offset);
    if (offset == 0)
        return CATALOG_OK;
    catalog_result result = check_place(view, offset, sizeof(shmb_catalog_index), 8);
    if (result != CATALOG_OK)
        return result;
    const shmb_catalog_index *index = (const shmb_catalog_index *)(const void *)(view->base + (size_t)offset);
    uint32_t bucket_count = shmb_load_relaxed_u32(&index->bucket_count);
    if (bucket_count == 0 || (bucket_count & (bucket_count - 1)) != 0)
        return CATALOG_CORRUPT;
    result = check_place(view, offset + sizeof *index, (uint64_t)bucket_count * sizeof(uint64_t), 8);
    if (result != CATALOG_OK)
        return result;
    *buckets = (const uint64_t *)(const void *)(index + 1);
    *count = bucket_count;
    return CATALOG_OK;
}

/* Linear probing. At most half of the buckets are used, so a longer run without an empty one is not an index.
 */
static catalog_result probe(const catalog_view *view, const char *name, size_t length, catalog_region *region)
{
    const uint64_t *buckets = NULL;
    uint32_t count = 0;
    catalog_result result = current_index(view, &buckets, &count);
    if (result != CATALOG_OK)
        return result;

    uint64_t hash = shmb_name_hash(name, length);
    for (uint32_t i = 0; buckets != NULL && i <= count / 2; i++) {
        uint64_t offset = shmb_load_acquire_u64(&buckets[(hash + i) & (count - 1)]);
        if (offset == 0)
            return CATALOG_NOT_FOUND;
        result = match_entry(view, offset, hash, name, length, region);
        if (result != CATALOG_NOT_FOUND)
            return result;
    }
    return buckets == NULL ? CATALOG_NOT_FOUND : CATALOG_CORRUPT;
}

catalog_result catalog_find(const catalog_view *view, const char *name, size_t length, catalog_region *region)
{
    clear_region(region);
    catalog_result result = check_header(view);
    if (result != CATALOG_OK)
        return result;
    if (length == 0 || length > SHMB_KEY_MAX_BYTES)
        return CATALOG_NOT_FOUND;
    result = probe(view, name, length, region);
    if (result != CATALOG_OK)
        clear_region(region);
    return result;
}

static catalog_result copy_named_entry(const catalog_view *view, uint64_t offset, catalog_region *region)
{
    const shmb_catalog_entry *entry = NULL;
    catalog_result result = entry_at(view, offset, &entry);
    if (result != CATALOG_OK)
        return result;
    shmb_text text = load_name(entry);
    if (text.length == 0)
        return CATALOG_CORRUPT;
    result = copy_text(view, text, SHMB_KEY_MAX_BYTES, region->name);
    if (result == CATALOG_OK &&
        shmb_name_hash(region->name, text.length) != shmb_load_relaxed_u64(&entry->hash))
        result = CATALOG_CORRUPT;
    return result == CATALOG_OK ? copy_entry(view, offset, entry, region) : result;
}

/* What follows the entry at `cursor`. Later entries lie higher, so a walk cannot come round to where it was.
 */
static catalog_result following(const catalog_view *view, uint64_t cursor, uint64_t *offset)
{
    if (cursor == 0) {
        *offset = shmb_load_acquire_u64(&header_of(view)->first_entry);
        return *offset == 0 ? CATALOG_NOT_FOUND : CATALOG_OK;
    }
    const shmb_catalog_entry *entry = NULL;
    catalog_result result = entry_at(view, cursor, &entry);
    if (result != CATALOG_OK)
        return result;
    *offset = shmb_load_acquire_u64(&entry->next_entry);
    if (*offset == 0)
        return CATALOG_NOT_FOUND;
    return *offset > cursor ? CATALOG_OK : CATALOG_CORRUPT;
}

catalog_result catalog_next(const catalog_view *view, uint64_t *cursor, catalog_region *region)
{
    clear_region(region);
    uint64_t offset = 0;
    catalog_result result = check_header(view);
    if (result == CATALOG_OK)
        result = following(view, *cursor, &offset);
    if (result == CATALOG_OK)
        result = copy_named_entry(view, offset, region);
    if (result == CATALOG_OK)
        *cursor = offset;
    else
        clear_region(region);
    return result;
}
