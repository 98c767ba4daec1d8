#include "scribble.h"

#include "atomics.h"
#include "kinds/queue.h"
#include "shmb_layout.h"

static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static size_t queue_word_at(const scribble_target *target, uint32_t which)
{
    static const size_t marks[] = {offsetof(queue_header, tail), offsetof(queue_header, head),
                                   offsetof(queue_header, ready), offsetof(queue_header, room)};
    size_t stride = (target->size - sizeof(queue_header)) / target->messages;
    if (which % 4 == 0)
        return marks[which / 4 % 4];
    if (which % 4 == 1)
        return offsetof(queue_header, members) + 8 * (size_t)(which / 4 % QUEUE_MEMBERS);
    return sizeof(queue_header) + which / 4 % target->messages * stride + (which % 4 == 2 ? 0 : 8);
}

static size_t stream_word_at(const scribble_target *target, uint32_t which)
{
    size_t stride = (target->size - SHMB_STREAM_HEADER_BYTES) / target->messages;
    if (which % 3 == 0)
        return which % 2 == 0 ? SHMB_STREAM_WORDS_OFFSET : SHMB_EPOCH_OFFSET;
    return SHMB_STREAM_HEADER_BYTES + which / 3 % target->messages * stride + (which % 3 == 1 ? 0 : 8);
}

size_t scribble_control_word(const scribble_target *target, uint32_t which)
{
    static const size_t lock[] = {0, 8}, signal[] = {0, SCRIBBLE_PAGE_BYTES, SCRIBBLE_PAGE_BYTES + 8};
    switch (target->kind) {
    case SCRIBBLE_LOCK:
        return lock[which % 2];
    case SCRIBBLE_SIGNAL:
        return signal[which % 3];
    case SCRIBBLE_NOTICE:
        return which % 2 == 0 ? 0 : SHMB_EPOCH_OFFSET;
    case SCRIBBLE_FLAG:
        return 0;
    case SCRIBBLE_STATE:
        return which % 4 == 3 ? SHMB_EPOCH_OFFSET : SHMB_STATE_WORDS_OFFSET + 8 * (size_t)(which % 4);
    case SCRIBBLE_STREAM:
        return stream_word_at(target, which);
    case SCRIBBLE_QUEUE:
        return queue_word_at(target, which);
    case SCRIBBLE_RAW:
        break;
    }
    return which % (target->size / 8) * 8;
}

static uint64_t any_value(uint32_t *seed)
{
    uint64_t high = draw(seed), middle = draw(seed);
    return high << 40 ^ middle << 20 ^ draw(seed);
}

/* Nearly what is there, what is elsewhere, or an end of the range. */
static uint64_t near_value(const scribble_target *target, uint64_t found, uint64_t elsewhere, uint32_t *seed)
{
    switch (draw(seed) % 10) {
    case 0:
        return found + 1;
    case 1:
        return found - 1;
    case 2:
        return found ^ UINT64_C(1) << draw(seed) % 64;
    case 3:
        return elsewhere;
    case 4:
        return 0;
    case 5:
        return UINT64_MAX;
    case 6: /* a round later, or earlier */
        return found + ((uint64_t)target->messages << 16);
    case 7:
        return found - ((uint64_t)target->messages << 16);
    case 8:
        return (found & ~UINT64_C(0xFFFF)) | (draw(seed) & 0xFFFF);
    default:
        return any_value(seed);
    }
}

void scribble(const scribble_target *target, uint32_t *seed)
{
    volatile uint64_t *words = (volatile uint64_t *)(void *)target->bytes;
    if (draw(seed) % 4 == 0) {
        shmb_store_relaxed_u64(&words[draw(seed) % (target->size / 8)], any_value(seed));
        return;
    }
    volatile uint64_t *word = &words[scribble_control_word(target, draw(seed)) / 8];
    const volatile uint64_t *other = &words[scribble_control_word(target, draw(seed)) / 8];
    shmb_store_relaxed_u64(
        word, near_value(target, shmb_load_relaxed_u64(word), shmb_load_relaxed_u64(other), seed));
}
