/* The geometry of each kind. See geometry.h, and client/LAYOUT.md for the bytes. */
#include "geometry.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAX_REGION_BYTES (1ull << 47)
#define LINE             64u /* bytes of a cache line: each slot begins at one */

const char *shmb_kind_name(uint32_t kind)
{
    static const char *const names[] = {"unknown", "raw", "state", "queue", "stream"};
    return names[kind <= SHMB_KIND_STREAM ? kind : 0];
}

uint32_t shmb_round_messages(uint32_t messages)
{
    uint32_t rounded = SHMB_MESSAGES_LEAST;
    while (rounded < messages && rounded < SHMB_MESSAGES_MOST)
        rounded *= 2;
    return rounded;
}

static bool is_power_of_two(uint32_t number)
{
    return number != 0 && (number & (number - 1)) == 0;
}

bool shmb_geometry_is_sane(const shmb_geometry *geometry)
{
    switch (geometry->kind) {
    case SHMB_KIND_RAW:
        return geometry->messages == 0 && geometry->item_size >= 1 && geometry->item_size <= MAX_REGION_BYTES;
    case SHMB_KIND_STATE:
        return geometry->messages == 0 && geometry->item_size >= 1 && geometry->item_size <= SHMB_VALUE_MOST;
    case SHMB_KIND_QUEUE:
    case SHMB_KIND_STREAM:
        return geometry->messages >= SHMB_MESSAGES_LEAST && geometry->messages <= SHMB_MESSAGES_MOST &&
               is_power_of_two(geometry->messages) && geometry->item_size >= 1 &&
               geometry->item_size <= SHMB_MESSAGE_MOST;
    default:
        return false;
    }
}

static uint64_t whole_lines(uint64_t bytes)
{
    return (bytes + LINE - 1) / LINE * LINE;
}

shmb_slots shmb_geometry_slots(const shmb_geometry *geometry)
{
    switch (geometry->kind) {
    case SHMB_KIND_STATE:
        return (shmb_slots){SHMB_STATE_HEADER_BYTES,
                            whole_lines(SHMB_STATE_SLOT_HEADER_BYTES + geometry->item_size),
                            SHMB_STATE_SLOTS};
    case SHMB_KIND_QUEUE:
        return (shmb_slots){SHMB_QUEUE_HEADER_BYTES,
                            whole_lines(SHMB_QUEUE_SLOT_HEADER_BYTES + geometry->item_size),
                            geometry->messages};
    case SHMB_KIND_STREAM:
        return (shmb_slots){SHMB_STREAM_HEADER_BYTES,
                            whole_lines(SHMB_STREAM_SLOT_HEADER_BYTES + geometry->item_size),
                            geometry->messages};
    default:
        return (shmb_slots){0, 0, 0};
    }
}

uint64_t shmb_geometry_bytes(const shmb_geometry *geometry)
{
    if (!shmb_geometry_is_sane(geometry))
        return 0;
    if (geometry->kind == SHMB_KIND_RAW)
        return geometry->item_size;
    shmb_slots slots = shmb_geometry_slots(geometry);
    return slots.first + slots.count * slots.stride; /* below 2^47 for every sane geometry */
}

/* Byte by byte, so that it is the same whatever the machine's order of bytes. */
static void put(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *from, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

#define FIELD(name) offsetof(shmb_kind_header, name), sizeof(((shmb_kind_header *)0)->name)

static void put_field(uint8_t *bytes, size_t offset, size_t size, uint64_t value)
{
    put(bytes + offset, value, (unsigned)size);
}

static uint64_t get_field(const uint8_t *bytes, size_t offset, size_t size)
{
    return get(bytes + offset, (unsigned)size);
}

void shmb_geometry_format(uint8_t *bytes, const shmb_geometry *geometry)
{
    if (geometry->kind == SHMB_KIND_RAW)
        return;
    put_field(bytes, FIELD(kind), geometry->kind);
    put_field(bytes, FIELD(version), SHMB_KIND_VERSION);
    put_field(bytes, FIELD(messages), geometry->messages);
    put_field(bytes, FIELD(item_size), geometry->item_size);
    put_field(bytes, FIELD(region_bytes), shmb_geometry_bytes(geometry));
    put_field(bytes, FIELD(magic), SHMB_KIND_MAGIC); /* last: what was cut short has none */
}

static void describe(const shmb_geometry *geometry, char why[SHMB_GEOMETRY_WHY])
{
    const char *article = "it has";
    if (geometry->messages != 0)
        snprintf(why, SHMB_GEOMETRY_WHY, "%s a %s of %" PRIu32 " messages of up to %" PRIu64 " bytes in it",
                 article, shmb_kind_name(geometry->kind), geometry->messages, geometry->item_size);
    else
        snprintf(why, SHMB_GEOMETRY_WHY, "%s a %s of up to %" PRIu64 " bytes in it", article,
                 shmb_kind_name(geometry->kind), geometry->item_size);
}

bool shmb_geometry_matches(const uint8_t *bytes, const shmb_geometry *geometry, char why[SHMB_GEOMETRY_WHY])
{
    why[0] = '\0';
    if (geometry->kind == SHMB_KIND_RAW)
        return true;
    const shmb_geometry found = {(uint32_t)get_field(bytes, FIELD(kind)),
                                 (uint32_t)get_field(bytes, FIELD(messages)),
                                 get_field(bytes, FIELD(item_size))};
    uint32_t version = (uint32_t)get_field(bytes, FIELD(version));
    if (get_field(bytes, FIELD(magic)) != SHMB_KIND_MAGIC || !shmb_geometry_is_sane(&found)) {
        snprintf(why, SHMB_GEOMETRY_WHY, "it has no state, queue or stream in it");
        return false;
    }
    if (version != SHMB_KIND_VERSION) {
        snprintf(why, SHMB_GEOMETRY_WHY, "it has a %s in it of another version (%" PRIu32 ") of the layout",
                 shmb_kind_name(found.kind), version);
        return false;
    }
    if (found.kind == geometry->kind && found.messages == geometry->messages &&
        found.item_size == geometry->item_size)
        return true;
    describe(&found, why);
    return false;
}
