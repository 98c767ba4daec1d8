/* The list of parts. See parts.h. */
#include "parts.h"

#include <stdio.h>
#include <string.h>

#define BIT(part) (1u << (part))

#define OF_LOCK   (BIT(SHMB_PART_LOCK) | BIT(SHMB_PART_LOCK_GATE) | BIT(SHMB_PART_LOCK_WAKE))
#define OF_BELLS  (BIT(SHMB_PART_WAITERS) | BIT(SHMB_PART_WAKE_EVEN) | BIT(SHMB_PART_WAKE_ODD))
#define OF_SIGNAL (OF_BELLS | BIT(SHMB_PART_SIGNAL))
#define OF_QUEUE                                                                                             \
    (BIT(SHMB_PART_ROOM_GATE) | BIT(SHMB_PART_ROOM_WAKE) | BIT(SHMB_PART_READY_GATE) |                       \
     BIT(SHMB_PART_READY_WAKE))

static const struct {
    const char *word;
    shmb_part_object object;
} parts[SHMB_PART_COUNT] = {
    [SHMB_PART_LOCK] = {"lock", SHMB_PART_SECTION},
    [SHMB_PART_LOCK_GATE] = {"lock-gate", SHMB_PART_MUTEX},
    [SHMB_PART_LOCK_WAKE] = {"lock-wake", SHMB_PART_EVENT},
    [SHMB_PART_WAITERS] = {"waiters", SHMB_PART_SECTION},
    [SHMB_PART_WAKE_EVEN] = {"wake-even", SHMB_PART_BELL},
    [SHMB_PART_WAKE_ODD] = {"wake-odd", SHMB_PART_BELL},
    [SHMB_PART_SIGNAL] = {"signal", SHMB_PART_SECTION},
    [SHMB_PART_ROOM_GATE] = {"room-gate", SHMB_PART_MUTEX},
    [SHMB_PART_ROOM_WAKE] = {"room-wake", SHMB_PART_EVENT},
    [SHMB_PART_READY_GATE] = {"ready-gate", SHMB_PART_MUTEX},
    [SHMB_PART_READY_WAKE] = {"ready-wake", SHMB_PART_EVENT},
};

shmb_part_set shmb_parts_of(uint32_t kind, uint32_t flags)
{
    switch (kind) {
    case SHMB_KIND_RAW:
        return (flags & SHMB_FLAG_LOCK ? OF_LOCK : 0) | (flags & SHMB_FLAG_NOTIFY ? OF_SIGNAL : 0);
    case SHMB_KIND_STATE:
    case SHMB_KIND_STREAM:
        return OF_LOCK | OF_BELLS; /* their sequence and epoch are in the region */
    case SHMB_KIND_QUEUE:
        return OF_QUEUE;
    default:
        return 0;
    }
}

const char *shmb_part_word(shmb_part part)
{
    return parts[part].word;
}

shmb_part_object shmb_part_object_of(shmb_part part)
{
    return parts[part].object;
}

bool shmb_part_name(const char *object_name, shmb_part part, char name[SHMB_PART_NAME_BYTES])
{
    const char *end = strrchr(object_name, '\\');
    name[0] = '\0';
    if (end == NULL)
        return false;
    int length = snprintf(name, SHMB_PART_NAME_BYTES, "%.*s\\ShmBroker.Region.%s.%s",
                          (int)(end - object_name), object_name, end + 1, parts[part].word);
    if (length < 0 || (size_t)length >= SHMB_PART_NAME_BYTES) {
        name[0] = '\0';
        return false;
    }
    return true;
}
