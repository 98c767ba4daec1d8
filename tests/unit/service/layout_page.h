/*
 * layout_page.h: regions and catalogs as somebody reads and writes them who has client/LAYOUT.md and nothing else: every number
 * is written out as the page has it, and no header of the product is included. One thread at a time, so no fences.
 */
#ifndef LAYOUT_PAGE_H
#define LAYOUT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the catalog says of a region. */
typedef struct page_region {
    uint32_t state, kind, flags, messages;
    uint64_t size, generation, item_size, max_size;
    char object_name[200], description[200];
} page_region;

/* Finds a name by the index, and by going through the list. */
bool page_find(const uint8_t *catalog, const char *name, page_region *region);
bool page_walk_to(const uint8_t *catalog, const char *name, page_region *region);

/* What the broker says of itself in the header: the page's "Where it is". */
typedef struct page_broker {
    uint32_t layout_version, state, pid, entries, reloads;
    uint64_t committed, generation, heartbeat, epoch;
    char version[33], instance[65];
} page_broker;
bool page_broker_of(const uint8_t *catalog, page_broker *broker);

/* How a region of a kind begins; false when it has not its magic, version and zeros. */
bool page_kind(const uint8_t *region, uint32_t *kind, uint64_t *bytes, uint64_t *item_size,
               uint32_t *messages);

/* Returns the value's size, or -1; and writes one. */
int64_t page_state_read(const uint8_t *region, uint64_t item_size, uint8_t *value, uint64_t *version);
void page_state_write(uint8_t *region, uint64_t item_size, const uint8_t *value, uint32_t size);

/* Puts a message behind the others; reads the one at *cursor, -1: it is not there yet. */
void page_stream_write(uint8_t *region, uint64_t item_size, uint32_t messages, const uint8_t *message,
                       uint32_t size);
int64_t page_stream_read(const uint8_t *region, uint64_t item_size, uint32_t messages, uint64_t *cursor,
                         uint8_t *message, uint64_t *missed);

/* Sends as member `member`, whose life is `life`; false: full. Receives; -1: empty. */
bool page_queue_send(uint8_t *region, uint64_t item_size, uint32_t messages, uint32_t member, uint64_t life,
                     const uint8_t *message, uint32_t size);
int64_t page_queue_receive(uint8_t *region, uint64_t item_size, uint32_t messages, uint32_t member,
                           uint64_t life, uint8_t *message);

#endif
