/*
 * geometry.h: how many bytes a region of a kind has, and what its first bytes say.
 *
 * Pure functions, for any operating system. The broker makes regions by them, and the configuration is measured by them.
 * A client takes a region's geometry from the catalog, which the broker alone writes, and never from the region's bytes.
 */
#ifndef SHMB_GEOMETRY_H
#define SHMB_GEOMETRY_H

#include "shmb_layout.h"

#include <stdbool.h>

/* What a region of a kind is measured by. A raw region has its bytes alone: `messages` is 0, `item_size` its size. */
typedef struct shmb_geometry {
    uint32_t kind;      /* SHMB_KIND_… */
    uint32_t messages;  /* queue and stream: how many there is room for, a power of two; otherwise 0 */
    uint64_t item_size; /* bytes: of the largest value (state) or message (queue, stream) */
} shmb_geometry;

/* Where each kind's bytes lie: item `i` begins at `first + i * stride`. */
typedef struct shmb_slots {
    uint64_t first;  /* bytes before the first slot: the header */
    uint64_t stride; /* bytes from one slot to the next */
    uint64_t count;
} shmb_slots;

/* The smallest power of two that is not below `messages`, SHMB_MESSAGES_LEAST at least. */
uint32_t shmb_round_messages(uint32_t messages);

/* Whether there can be such a region. */
bool shmb_geometry_is_sane(const shmb_geometry *geometry);

/* The slots of a state, queue or stream of sane geometry. */
shmb_slots shmb_geometry_slots(const shmb_geometry *geometry);

/* The region's bytes: 1 to 2^47. 0: there can be no such region. */
uint64_t shmb_geometry_bytes(const shmb_geometry *geometry);

/* Makes a new region one of its kind: writes its first SHMB_KIND_HEADER_BYTES. All bytes were zero and the others stay
   so. A raw region is left alone. */
void shmb_geometry_format(uint8_t *bytes, const shmb_geometry *geometry);

/* Whether bytes that were kept begin as those of such a region do; `bytes` are readable for SHMB_KIND_HEADER_BYTES. When
   not, `why` says in words what they begin as: "it has a queue of 64 messages of 256 bytes in it". Raw bytes always do. */
#define SHMB_GEOMETRY_WHY 160u
bool shmb_geometry_matches(const uint8_t *bytes, const shmb_geometry *geometry, char why[SHMB_GEOMETRY_WHY]);

/* "raw", "state", "queue" or "stream"; "unknown" for any other number. */
const char *shmb_kind_name(uint32_t kind);

#endif
