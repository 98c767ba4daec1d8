/* Making sound what was restored. See kind_settle.h. */
#include "kind_settle.h"

#include "kinds/queue_word.h"
#include "snapshot.h"

#include <string.h>

#define GRANULARITY   65536u /* of where a window of a section may begin */
#define LENGTH_OFFSET 8u     /* of a slot's length, behind its word */
#define QUEUE_TAIL    128u
#define QUEUE_HEAD    256u

static uint64_t get_u64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static void put_u64(uint8_t *at, uint64_t value)
{
    memcpy(at, &value, sizeof value);
}

static uint32_t get_u32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static void put_u32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof value);
}

/* ---- Going through the slots --------------------------------------------------------------------- */

/* What is known of the region so far. */
typedef struct settling {
    const shmb_geometry *geometry;
    platform_section *section;
    const platform_progress *progress;
    uint64_t size;
    bool any;      /* a message was found */
    uint64_t next; /* the position behind the newest one; of a stream that is its word */
    uint64_t head; /* queue: the position of the oldest one */
} settling;

/* What is done with each slot; `slot` has its word and its length. */
typedef void visit(settling *s, uint64_t number, uint8_t *slot);

static bool for_each_slot(settling *s, bool to_write, visit *call, platform_failure *failure)
{
    const shmb_slots slots = shmb_geometry_slots(s->geometry);
    uint8_t *bytes = NULL;
    uint64_t from = 0, length = 0;
    for (uint64_t number = 0; number < slots.count; number++) {
        const uint64_t at = slots.first + number * slots.stride;
        if (!bytes || at + SHMB_QUEUE_SLOT_HEADER_BYTES > from + length) {
            if (bytes)
                platform_section_shut(bytes);
            if (s->progress->call)
                s->progress->call(s->progress->context);
            from = at / GRANULARITY * GRANULARITY;
            length = s->size - from < SNAPSHOT_STEP ? s->size - from : SNAPSHOT_STEP;
            if (!platform_section_open(s->section, from, (size_t)length, to_write, &bytes, failure))
                return false;
        }
        call(s, number, bytes + (at - from));
    }
    if (bytes)
        platform_section_shut(bytes);
    return true;
}

/* Writes the region's first bytes, all others before its first slot zero, and gives `finish` the rest to do. */
static bool write_header(const settling *s, void (*finish)(const settling *s, uint8_t *header),
                         platform_failure *failure)
{
    uint8_t *bytes;
    const size_t length = (size_t)shmb_geometry_slots(s->geometry).first;
    if (!platform_section_open(s->section, 0, length, true, &bytes, failure))
        return false;
    memset(bytes, 0, length);
    shmb_geometry_format(bytes, s->geometry);
    finish(s, bytes);
    platform_section_shut(bytes);
    return true;
}

/* ---- State --------------------------------------------------------------------------------------- */

static bool settle_state(const settling *s, platform_failure *failure)
{
    const bool small = s->geometry->item_size <= SHMB_STATE_SMALL_BYTES;
    const uint64_t slots = small ? SHMB_STATE_SMALL_SLOTS : SHMB_STATE_SLOTS;
    uint8_t values[SHMB_STATE_SMALL_SLOTS * SHMB_STATE_SMALL_BYTES];
    uint8_t *bytes;
    if (!platform_section_open(s->section, 0, SHMB_STATE_HEADER_BYTES, true, &bytes, failure))
        return false;
    uint8_t *words = bytes + SHMB_STATE_WORDS_OFFSET;
    const uint64_t version = get_u64(words);
    const size_t length_at =
        offsetof(shmb_state_words, lengths) + (size_t)(version % slots) * sizeof(uint32_t);
    const uint32_t length = get_u32(words + length_at);
    memcpy(values, bytes + SHMB_STATE_SMALL_OFFSET, sizeof values);
    memset(bytes, 0, SHMB_STATE_HEADER_BYTES);
    shmb_geometry_format(bytes, s->geometry);
    if (small)
        memcpy(bytes + SHMB_STATE_SMALL_OFFSET, values, sizeof values);
    if (version != 0 && length <= s->geometry->item_size) {
        put_u64(words, version);
        put_u32(words + length_at, length);
    }
    platform_section_shut(bytes);
    return true;
}

/* ---- Queue --------------------------------------------------------------------------------------- */

/* Whether the slot has a message, and at which position. */
static bool has_queued(const settling *s, uint64_t number, const uint8_t *slot, uint64_t *position)
{
    const uint64_t word = get_u64(slot), base = queue_word_position(word);
    *position = base | number;
    return word == queue_word(base, QUEUE_FULL, 0) && (base & (s->geometry->messages - 1)) == 0 &&
           get_u32(slot + LENGTH_OFFSET) <= s->geometry->item_size;
}

static void find_newest_queued(settling *s, uint64_t number, uint8_t *slot)
{
    uint64_t position;
    if (!has_queued(s, number, slot, &position) || (s->any && queue_ahead(position, s->next) < 0))
        return;
    s->any = true;
    s->next = queue_position_after(position, 1);
}

/* Not more than a round behind the newest: the others are pages of long ago. */
static bool is_queued(const settling *s, uint64_t number, const uint8_t *slot, uint64_t *position)
{
    return has_queued(s, number, slot, position) &&
           queue_ahead(s->next, *position) <= (int64_t)s->geometry->messages;
}

static void find_oldest_queued(settling *s, uint64_t number, uint8_t *slot)
{
    uint64_t position;
    if (is_queued(s, number, slot, &position) && queue_ahead(position, s->head) < 0)
        s->head = position;
}

/* Each slot is one of the round that begins at the oldest message: it has its message, or there was one, or there will be. */
static void settle_queued(settling *s, uint64_t number, uint8_t *slot)
{
    const uint64_t messages = s->geometry->messages;
    uint64_t position;
    if (is_queued(s, number, slot, &position))
        return;
    position = queue_position_after(s->head, (number - s->head) & (messages - 1));
    const bool was = queue_ahead(position, s->next) < 0;
    put_u64(slot, queue_word(position & ~(messages - 1), was ? QUEUE_SKIPPED : QUEUE_FREE, 0));
}

static void finish_queue(const settling *s, uint8_t *header)
{
    put_u64(header + QUEUE_TAIL, s->next);
    put_u64(header + QUEUE_HEAD, s->head);
}

static bool settle_queue(settling *s, platform_failure *failure)
{
    if (!for_each_slot(s, false, find_newest_queued, failure))
        return false;
    s->head = s->next;
    return for_each_slot(s, false, find_oldest_queued, failure) &&
           for_each_slot(s, true, settle_queued, failure) && write_header(s, finish_queue, failure);
}

/* ---- Stream -------------------------------------------------------------------------------------- */

static bool is_length_of_message(const settling *s, const uint8_t *slot)
{
    return get_u32(slot + LENGTH_OFFSET) <= s->geometry->item_size;
}

static void find_newest_of_stream(settling *s, uint64_t number, uint8_t *slot)
{
    const uint64_t word = get_u64(slot);
    const bool is = word != 0 && word % 2 == 0 && ((word / 2 - 1) & (s->geometry->messages - 1)) == number &&
                    is_length_of_message(s, slot);
    if (!is || (s->any && (int64_t)(word - s->next) < 0))
        return;
    s->any = true;
    s->next = word;
}

/* Which message each slot has follows from the newest. */
static void settle_message(settling *s, uint64_t number, uint8_t *slot)
{
    const uint64_t back = (s->next / 2 - 1 - number) & (s->geometry->messages - 1);
    const uint64_t word = back < s->next / 2 ? s->next - 2 * back : 0;
    if (word != 0 && get_u64(slot) == word && is_length_of_message(s, slot))
        return;
    put_u64(slot, word);
    put_u32(slot + LENGTH_OFFSET, word != 0 ? SHMB_STREAM_LOST : 0);
}

static void finish_stream(const settling *s, uint8_t *header)
{
    put_u64(header + SHMB_STREAM_WORDS_OFFSET, s->next);
}

static bool settle_stream(settling *s, platform_failure *failure)
{
    return for_each_slot(s, false, find_newest_of_stream, failure) &&
           for_each_slot(s, true, settle_message, failure) && write_header(s, finish_stream, failure);
}

bool kind_settle(const shmb_geometry *geometry, platform_section *section, const platform_progress *progress,
                 platform_failure *failure)
{
    settling s = {geometry, section, progress, shmb_geometry_bytes(geometry), false, 0, 0};
    switch (geometry->kind) {
    case SHMB_KIND_STATE:
        return settle_state(&s, failure);
    case SHMB_KIND_QUEUE:
        return settle_queue(&s, failure);
    default:
        return settle_stream(&s, failure);
    }
}
