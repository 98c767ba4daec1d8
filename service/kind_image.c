/* Whole images of states, queues and streams. See kind_image.h. */
#include "kind_image.h"

#include "atomics.h"
#include "kinds/copy.h"
#include "kinds/queue_word.h"
#include "kinds/state.h"
#include "kinds/stream.h"
#include "snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_SLOT     UINT64_MAX
#define GRANULARITY 65536u /* of where a window of a section may begin */
#define TRIES       16u    /* at a value that changes all the time; each is many itself */
#define QUEUE_TAIL  128u   /* where its word stands */

void kind_image_begin(kind_image *image, const shmb_geometry *geometry, uint64_t size,
                      platform_section *section)
{
    *image = (kind_image){.geometry = *geometry, .section = section, .size = size, .number = NO_SLOT};
}

void kind_image_end(kind_image *image)
{
    free(image->window);
    free(image->item);
    memset(image, 0, sizeof *image);
}

static bool fail(platform_failure *failure, const char *why)
{
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text, "%s", why);
    return false;
}

static bool fail_for_memory(platform_failure *failure)
{
    return fail(failure, "out of memory; close other programs");
}

/* ---- The region's bytes -------------------------------------------------------------------------- */

/* A part of the section that is mapped: `bytes` begin at `from`. All zero: none is. */
typedef struct view {
    uint8_t *bytes;
    uint64_t from;
    uint64_t length;
} view;

static void shut(view *v)
{
    if (v->bytes)
        platform_section_shut(v->bytes);
    memset(v, 0, sizeof *v);
}

/* Where `length` bytes from `offset` on are mapped; several steps of neighbours with one call. NULL with `failure` set. */
static const uint8_t *look_at(const kind_image *image, view *v, uint64_t offset, uint64_t length,
                              platform_failure *failure)
{
    if (!v->bytes || offset < v->from || offset + length > v->from + v->length) {
        shut(v);
        v->from = offset / GRANULARITY * GRANULARITY;
        v->length = offset - v->from + (length < SNAPSHOT_STEP ? SNAPSHOT_STEP : length);
        if (v->length > image->size - v->from)
            v->length = image->size - v->from;
        if (!platform_section_open(image->section, v->from, (size_t)v->length, false, &v->bytes, failure)) {
            v->bytes = NULL;
            return NULL;
        }
    }
    return v->bytes + (offset - v->from);
}

static uint64_t load_u64(const uint8_t *at)
{
    return shmb_load_acquire_u64((const volatile uint64_t *)(const volatile void *)at);
}

static void store_u64(uint8_t *at, uint64_t value)
{
    memcpy(at, &value, sizeof value);
}

/* ---- State --------------------------------------------------------------------------------------- */

static bool is_small(const shmb_geometry *geometry)
{
    return geometry->item_size <= SHMB_STATE_SMALL_BYTES;
}

/* The latest value, in image->item. */
static bool copy_value(kind_image *image, const state_region *region, platform_failure *failure)
{
    corruption what = {0};
    for (unsigned i = 0; i < TRIES; i++) {
        shmb_status status =
            state_read(region, image->item, region->largest, &image->item_bytes, &image->number, &what);
        if (status == SHMB_OK)
            return true;
        if (status == SHMB_CORRUPT)
            return fail(failure, "its latest value says of itself what cannot be; a program has written over "
                                 "the region: write a new value");
        if (shmb_load_acquire_u64(&region->words->version) == 0)
            return true; /* none was written */
    }
    return fail(failure, "programs write it faster than it can be copied");
}

static bool begin_state(kind_image *image, platform_failure *failure)
{
    uint8_t *bytes;
    state_region region;
    image->item = malloc((size_t)image->geometry.item_size);
    if (!image->item || image->size > SIZE_MAX)
        return fail_for_memory(failure);
    if (!platform_section_open(image->section, 0, (size_t)image->size, false, &bytes, failure))
        return false;
    state_init(&region, bytes, &image->geometry);
    bool ok = copy_value(image, &region, failure);
    platform_section_shut(bytes);
    return ok;
}

/* ---- Queue and stream: slot by slot -------------------------------------------------------------- */

static shmb_slots slots_of(const kind_image *image)
{
    return shmb_geometry_slots(&image->geometry);
}

static uint64_t offset_of_slot(const kind_image *image, uint64_t number)
{
    const shmb_slots slots = slots_of(image);
    return slots.first + number * slots.stride;
}

/* The first position that is not claimed yet: at the word `tail`, or a little behind it. */
static bool find_tail(kind_image *image, view *v, platform_failure *failure)
{
    const uint64_t messages = image->geometry.messages;
    const uint8_t *word = look_at(image, v, QUEUE_TAIL, sizeof(uint64_t), failure);
    if (!word)
        return false;
    image->cut = load_u64(word) & (QUEUE_POSITIONS - 1);
    for (uint64_t i = 0; i < messages; i++) {
        word =
            look_at(image, v, offset_of_slot(image, image->cut & (messages - 1)), sizeof(uint64_t), failure);
        if (!word)
            return false;
        const uint64_t found = load_u64(word);
        const int64_t ahead =
            queue_ahead(queue_word_position(found), image->cut & ~(messages - 1) & (QUEUE_POSITIONS - 1));
        if (ahead < 0 || (ahead == 0 && queue_word_state(found) == QUEUE_FREE))
            break;
        image->cut = queue_position_after(image->cut, 1);
    }
    return true;
}

/* The position of the next message, whether or not its producer lived to count the last one. */
static bool find_next(kind_image *image, view *v, platform_failure *failure)
{
    const uint8_t *word = look_at(image, v, SHMB_STREAM_WORDS_OFFSET, sizeof(uint64_t), failure);
    if (!word)
        return false;
    const uint64_t next = load_u64(word) & ~(uint64_t)1;
    word = look_at(image, v, offset_of_slot(image, next / 2 & (image->geometry.messages - 1)),
                   sizeof(uint64_t), failure);
    if (!word)
        return false;
    image->cut = load_u64(word) == next + 2 ? next + 2 : next;
    return true;
}

static bool begin_messages(kind_image *image, platform_failure *failure)
{
    view v = {0};
    image->item_bytes = slots_of(image).stride;
    image->item = malloc((size_t)image->item_bytes);
    if (!image->item)
        return fail_for_memory(failure);
    bool ok = image->geometry.kind == SHMB_KIND_QUEUE ? find_tail(image, &v, failure)
                                                      : find_next(image, &v, failure);
    shut(&v);
    return ok;
}

/* Copies a message, if the slot's word is `word` from before to after: then it is whole. Both kinds' slots begin alike. */
static bool copy_message(kind_image *image, const uint8_t *slot, uint64_t word)
{
    const uint32_t length =
        shmb_load_relaxed_u32((const volatile uint32_t *)(const volatile void *)(slot + sizeof word));
    if (length > image->geometry.item_size)
        return false;
    memcpy(image->item, &word, sizeof word);
    memcpy(image->item + sizeof word, &length, sizeof length);
    shmb_copy_contended(image->item + SHMB_STREAM_SLOT_HEADER_BYTES, slot + SHMB_STREAM_SLOT_HEADER_BYTES,
                        length);
    shmb_fence_acquire();
    const bool is_whole = load_u64(slot) == word;
    image->whole += is_whole;
    return is_whole;
}

/* A slot of the queue: its message, or that it is free, which for want of a position says no more than that. */
static bool copy_queue_slot(kind_image *image, uint64_t number, const uint8_t *slot)
{
    const uint64_t word = load_u64(slot), base = queue_word_position(word);
    return word == queue_word(base, QUEUE_FULL, 0) && (base & (image->geometry.messages - 1)) == 0 &&
           queue_ahead(base | number, image->cut) < 0 && copy_message(image, slot, word);
}

/* Which message the slot has when `next` is the position of the next one: its word. The slot of the next one itself has one that
   is gone already, or none yet. */
static uint64_t stream_word_of(uint64_t next, uint64_t number, uint64_t messages)
{
    const uint64_t back = (next / 2 - 1 - number) & (messages - 1); /* messages between it and the newest */
    if (back >= next / 2)
        return 0;
    return next - 2 * back;
}

static bool copy_stream_slot(kind_image *image, uint64_t number, const uint8_t *slot)
{
    const uint64_t word = stream_word_of(image->cut, number, image->geometry.messages);
    const uint32_t lost = SHMB_STREAM_LOST;
    if (word == 0)
        return false;
    if (load_u64(slot) == word && copy_message(image, slot, word))
        return true;
    memset(image->item, 0, (size_t)image->item_bytes);
    store_u64(image->item, word);
    memcpy(image->item + sizeof word, &lost, sizeof lost);
    return true;
}

static bool copy_slot(kind_image *image, uint64_t number, view *v, platform_failure *failure)
{
    if (image->number == number)
        return true; /* it began in the window before */
    const uint8_t *slot = look_at(image, v, offset_of_slot(image, number), image->item_bytes, failure);
    if (!slot)
        return false;
    memset(image->item, 0, (size_t)image->item_bytes);
    bool has = image->geometry.kind == SHMB_KIND_QUEUE ? copy_queue_slot(image, number, slot)
                                                       : copy_stream_slot(image, number, slot);
    if (!has)
        memset(image->item, 0, (size_t)image->item_bytes);
    image->number = number;
    return true;
}

/* ---- Windows ------------------------------------------------------------------------------------- */

/* Puts what of `bytes`, which stand at `at` in the image, is in the window from `offset` on. */
static void put(const kind_image *image, uint64_t offset, size_t length, uint64_t at, const void *bytes,
                uint64_t count)
{
    const uint64_t from = at > offset ? at : offset;
    const uint64_t to = at + count < offset + length ? at + count : offset + length;
    if (from < to)
        memcpy(image->window + (from - offset), (const uint8_t *)bytes + (from - at), (size_t)(to - from));
}

static void put_value(const kind_image *image, uint64_t offset, size_t length)
{
    const shmb_geometry *geometry = &image->geometry;
    const shmb_slots slots = slots_of(image);
    const uint32_t size = (uint32_t)image->item_bytes;
    const uint64_t mask = is_small(geometry) ? SHMB_STATE_SMALL_SLOTS - 1 : SHMB_STATE_SLOTS - 1;
    const uint64_t slot = image->number & mask;
    const uint64_t at = is_small(geometry) ? SHMB_STATE_SMALL_OFFSET + slot * SHMB_STATE_SMALL_BYTES
                                           : slots.first + slot * slots.stride;
    if (image->number == 0)
        return;
    put(image, offset, length, SHMB_STATE_WORDS_OFFSET, &image->number, sizeof image->number);
    put(image, offset, length,
        SHMB_STATE_WORDS_OFFSET + offsetof(shmb_state_words, lengths) + slot * sizeof size, &size,
        sizeof size);
    put(image, offset, length, at, image->item, size);
}

static bool put_slots(kind_image *image, view *v, uint64_t offset, size_t length, platform_failure *failure)
{
    const shmb_slots slots = slots_of(image);
    uint64_t number = offset > slots.first ? (offset - slots.first) / slots.stride : 0;
    for (; number < slots.count && offset_of_slot(image, number) < offset + length; number++) {
        if (!copy_slot(image, number, v, failure))
            return false;
        put(image, offset, length, offset_of_slot(image, number), image->item, image->item_bytes);
    }
    return true;
}

/* A stream that goes round while a few slots are copied would have nothing left in its image: where that is all of it, it
   begins again. */
static bool put_messages(kind_image *image, uint64_t offset, size_t length, platform_failure *failure)
{
    const bool again = image->geometry.kind == SHMB_KIND_STREAM && length == image->size;
    view v = {0};
    bool ok = true;
    for (unsigned i = 0; ok && i < TRIES; i++) {
        image->whole = 0;
        ok = put_slots(image, &v, offset, length, failure);
        if (!again || image->whole > 0 || image->cut == 0)
            break;
        image->number = NO_SLOT;
        ok = ok && find_next(image, &v, failure);
    }
    shut(&v);
    return ok;
}

static bool begin(kind_image *image, platform_failure *failure)
{
    const uint64_t largest = image->size < SNAPSHOT_STEP ? image->size : SNAPSHOT_STEP;
    if (image->begun)
        return true;
    image->window = malloc((size_t)largest);
    if (!image->window)
        return fail_for_memory(failure);
    image->begun = image->geometry.kind == SHMB_KIND_STATE ? begin_state(image, failure)
                                                           : begin_messages(image, failure);
    if (!image->begun)
        kind_image_end(image);
    return image->begun;
}

bool kind_image_open(void *context, uint64_t offset, size_t length, bool to_write, uint8_t **bytes,
                     platform_failure *failure)
{
    kind_image *image = context;
    uint8_t header[SHMB_KIND_HEADER_BYTES] = {0};
    (void)to_write; /* nobody restores into an image */
    *bytes = NULL;
    if (!begin(image, failure))
        return false;
    memset(image->window, 0, length);
    shmb_geometry_format(header, &image->geometry);
    put(image, offset, length, 0, header, sizeof header);
    if (image->geometry.kind == SHMB_KIND_STATE)
        put_value(image, offset, length);
    else if (!put_messages(image, offset, length, failure))
        return false;
    *bytes = image->window;
    return true;
}

void kind_image_close(void *image, uint8_t *bytes)
{
    (void)image;
    (void)bytes;
}
