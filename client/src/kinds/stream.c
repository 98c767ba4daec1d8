/* Messages of one producer for all readers. See stream.h. */
#include "stream.h"

#include "attempts.h"
#include "copy.h"

#define ATTEMPTS_AT_LEAST 32u

void stream_init(stream_region *region, uint8_t *bytes, const shmb_geometry *geometry)
{
    shmb_slots slots = shmb_geometry_slots(geometry);
    region->words = (shmb_stream_words *)(void *)(bytes + SHMB_STREAM_WORDS_OFFSET);
    region->slots = bytes + slots.first;
    region->largest = geometry->item_size;
    region->stride = slots.stride;
    region->first = slots.first;
    region->mask = slots.count - 1;
    region->attempts = shmb_attempts(geometry->item_size, ATTEMPTS_AT_LEAST);
}

static shmb_stream_slot *slot_of(const stream_region *region, uint64_t position)
{
    return (shmb_stream_slot *)(void *)(region->slots +
                                        (size_t)((position / 2 & region->mask) * region->stride));
}

static uint64_t offset_of(const stream_region *region, uint64_t position)
{
    return region->first + (position / 2 & region->mask) * region->stride;
}

/* How far `later` is behind `earlier`; negative when it is before it. Positions go round. */
static int64_t distance(uint64_t earlier, uint64_t later)
{
    return (int64_t)(later - earlier);
}

/* ---- The producer -------------------------------------------------------------------------------- */

/* A producer that was ended between finishing a message and counting it has finished it: readers may have it. */
static uint64_t next_position(const stream_region *region)
{
    uint64_t next = shmb_load_acquire_u64(&region->words->next) & ~(uint64_t)1;
    uint64_t word = shmb_load_acquire_u64(&slot_of(region, next)->word);
    return word == next + 2 ? next + 2 : next;
}

uint64_t stream_take_over(stream_region *region)
{
    uint64_t next = next_position(region);
    shmb_store_release_u64(&region->words->next, next);
    return next;
}

/* A reader that sees a slot's next turn begin sees that all messages before it were counted; and one that copies any byte of
   it sees that it has begun. */
void *stream_begin(stream_region *region, uint64_t position)
{
    shmb_stream_slot *slot = slot_of(region, position);
    shmb_store_release_u64(&slot->word, position + 1);
    shmb_fence_release();
    return slot + 1;
}

uint64_t stream_finish(stream_region *region, uint64_t position, uint64_t size)
{
    shmb_stream_slot *slot = slot_of(region, position);
    shmb_store_relaxed_u32(&slot->length, (uint32_t)size);
    shmb_exchange_u64(&slot->word, position + 2);
    shmb_store_release_u64(&region->words->next, position + 2);
    return position + 2;
}

/* ---- Readers ------------------------------------------------------------------------------------- */

uint64_t stream_newest(const stream_region *region)
{
    return next_position(region);
}

/* While the message at `next` is written, the one a turn before it is gone already. */
static uint64_t oldest_of(const stream_region *region, uint64_t next)
{
    return next > 2 * region->mask ? next - 2 * region->mask : 0;
}

uint64_t stream_oldest(const stream_region *region)
{
    return oldest_of(region, stream_newest(region));
}

/* The slot has come round: goes on with the oldest message, or, when that was to no avail, with one that the producer does
   not reach as soon. */
static shmb_status skip(const stream_region *region, uint64_t word, uint32_t skips, uint64_t *position,
                        uint64_t *missed, corruption *what)
{
    uint64_t next = shmb_load_acquire_u64(&region->words->next) & ~(uint64_t)1;
    uint64_t turn = 2 * (region->mask + 1);
    if (distance(*position, next) < (int64_t)turn) {
        *what = (corruption){"the word of a message", offset_of(region, *position), word, "at most",
                             *position + 2};
        return SHMB_CORRUPT;
    }
    uint64_t margin = skips == 0 ? 0 : (uint64_t)1 << (skips < 32 ? skips : 32);
    uint64_t oldest = next - 2 * region->mask;
    uint64_t to = oldest + (margin < turn - 4 ? margin : turn - 4);
    *missed += (to - *position) / 2;
    *position = to;
    return SHMB_OK;
}

/* The message that `word` says is there. SHMB_BUSY: it was written over meanwhile. `lost`: the region was restored without it. */
static shmb_status copy(const stream_region *region, uint64_t position, uint64_t word, void *buffer,
                        uint64_t capacity, uint64_t *size, bool *lost, corruption *what)
{
    const shmb_stream_slot *slot = slot_of(region, position);
    uint64_t length = shmb_load_relaxed_u32(&slot->length);
    if (length <= region->largest && length <= capacity)
        shmb_copy_contended(buffer, slot + 1, (size_t)length);
    shmb_fence_acquire();
    if (shmb_load_relaxed_u64(&slot->word) != word)
        return SHMB_BUSY;
    *lost = length == SHMB_STREAM_LOST;
    if (*lost)
        return SHMB_OK;
    if (length > region->largest) {
        *what = (corruption){"the length of a message",
                             offset_of(region, position) + offsetof(shmb_stream_slot, length), length,
                             "at most", region->largest};
        return SHMB_CORRUPT;
    }
    *size = length;
    return length > capacity ? SHMB_TOO_SMALL : SHMB_OK;
}

/* One look at the message at *position. SHMB_OK with `lost`: there was one, and it is gone. SHMB_BUSY: look again. */
static shmb_status look(const stream_region *region, uint64_t *position, uint32_t *skips, void *buffer,
                        uint64_t capacity, uint64_t *size, uint64_t *missed, bool *lost, corruption *what)
{
    uint64_t word = shmb_load_acquire_u64(&slot_of(region, *position)->word);
    int64_t ahead = distance(*position + 2, word);
    if (ahead < 0)
        return SHMB_TIMED_OUT;
    if (ahead > 0) {
        shmb_status skipped = skip(region, word, (*skips)++, position, missed, what);
        return skipped == SHMB_OK ? SHMB_BUSY : skipped;
    }
    shmb_status status = copy(region, *position, word, buffer, capacity, size, lost, what);
    if (status == SHMB_OK)
        *position += 2;
    return status;
}

shmb_status stream_read(const stream_region *region, uint64_t *position, void *buffer, uint64_t capacity,
                        uint64_t *size, uint64_t *missed, corruption *what)
{
    uint32_t skips = 0;
    uint64_t gone = 0; /* of which there is a round at most */
    *size = 0;
    *missed = 0;
    for (uint32_t vain = 0; vain < region->attempts && gone <= region->mask;) {
        bool lost = false;
        shmb_status status = look(region, position, &skips, buffer, capacity, size, missed, &lost, what);
        if (status != SHMB_BUSY && !lost)
            return status;
        gone += lost;
        *missed += lost;
        vain += !lost;
    }
    return SHMB_TIMED_OUT;
}

/* The producer counts a message after it is there: so when `next` is past this one, its word says so; and a reader that has
   read the last message may see it not counted yet, or never, when the producer was ended in between. */
shmb_status stream_expect(const stream_region *region, uint64_t position, const uint64_t **word,
                          uint64_t *seen, corruption *what)
{
    *word = &slot_of(region, position)->word;
    uint64_t next = shmb_load_acquire_u64(&region->words->next);
    *seen = shmb_load_acquire_u64(*word);
    if (distance(position + 2, *seen) >= 0)
        return SHMB_OK;
    if (distance(position, next + 2) < 0) {
        *what = (corruption){"the position of the next message", SHMB_STREAM_WORDS_OFFSET, next, "at least",
                             position - 2};
        return SHMB_CORRUPT;
    }
    if (distance(position, next) > 0) {
        *what = (corruption){"the word of a message", offset_of(region, position), *seen, "at least",
                             position + 2};
        return SHMB_CORRUPT;
    }
    return SHMB_TIMED_OUT;
}
