/* The latest value of something. See state.h. */
#include "state.h"

#include "attempts.h"
#include "copy.h"

#define ATTEMPTS_AT_LEAST 16u

void state_init(state_region *region, uint8_t *bytes, const shmb_geometry *geometry)
{
    shmb_slots slots = shmb_geometry_slots(geometry);
    region->words = (shmb_state_words *)(void *)(bytes + SHMB_STATE_WORDS_OFFSET);
    region->largest = geometry->item_size;
    region->attempts = shmb_attempts(geometry->item_size, ATTEMPTS_AT_LEAST);
    if (geometry->item_size <= SHMB_STATE_SMALL_BYTES) {
        region->slots = bytes + SHMB_STATE_SMALL_OFFSET;
        region->stride = SHMB_STATE_SMALL_BYTES;
        region->mask = SHMB_STATE_SMALL_SLOTS - 1;
    } else {
        region->slots = bytes + slots.first;
        region->stride = slots.stride;
        region->mask = SHMB_STATE_SLOTS - 1;
    }
}

static uint8_t *slot_of(const state_region *region, uint64_t version)
{
    return region->slots + (size_t)((version & region->mask) * region->stride);
}

/* 0 says that there is no value; so after the last number comes another one of the same slot. */
static uint64_t version_after(const state_region *region, uint64_t version)
{
    return version != UINT64_MAX ? version + 1 : (uint64_t)region->mask + 1;
}

uint64_t state_publish(state_region *region, const void *value, uint64_t size)
{
    uint64_t version = version_after(region, shmb_load_relaxed_u64(&region->words->version));
    /* A reader that copies any byte of what follows sees that the version before this one is published, and so that its
       slot's turn has come. */
    shmb_fence_release();
    shmb_copy_contended(slot_of(region, version), value, (size_t)size);
    shmb_store_relaxed_u32(&region->words->lengths[version & region->mask], (uint32_t)size);
    shmb_exchange_u64(&region->words->version, version);
    return version;
}

/* While `now` is the version, the slots of now and now + 1 may be written. */
static bool slot_was_left_alone(const state_region *region, uint64_t read, uint64_t now)
{
    return now - read < region->mask;
}

static shmb_status judge(const state_region *region, uint64_t version, uint64_t length, uint64_t capacity,
                         corruption *what)
{
    if (length > region->largest) {
        uint64_t offset = SHMB_STATE_WORDS_OFFSET + offsetof(shmb_state_words, lengths) +
                          (version & region->mask) * sizeof region->words->lengths[0];
        *what = (corruption){"the length of the latest value", offset, length, "at most", region->largest};
        return SHMB_CORRUPT;
    }
    return length > capacity ? SHMB_TOO_SMALL : SHMB_OK;
}

shmb_status state_read(const state_region *region, void *buffer, uint64_t capacity, uint64_t *size,
                       uint64_t *version, corruption *what)
{
    *size = 0;
    *version = 0;
    for (uint32_t i = 0; i < region->attempts; i++) {
        uint64_t read = shmb_load_acquire_u64(&region->words->version);
        if (read == 0)
            return SHMB_TIMED_OUT;
        uint64_t length = shmb_load_relaxed_u32(&region->words->lengths[read & region->mask]);
        shmb_status status = judge(region, read, length, capacity, what);
        if (status == SHMB_OK)
            shmb_copy_contended(buffer, slot_of(region, read), (size_t)length);
        shmb_fence_acquire();
        if (slot_was_left_alone(region, read, shmb_load_relaxed_u64(&region->words->version))) {
            *size = status == SHMB_CORRUPT ? 0 : length;
            *version = read;
            return status;
        }
        shmb_pause();
    }
    return SHMB_TIMED_OUT;
}
