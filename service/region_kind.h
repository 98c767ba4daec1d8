/* How a region of a kind begins: what stands in its first bytes when it is made, or found again. */
#ifndef SHMBROKER_REGION_KIND_H
#define SHMBROKER_REGION_KIND_H

#include "plan.h"
#include "platform.h"

/* Stands for the kind and the geometry of a region; equal when they are. Never 0. */
uint32_t region_kind_form(const declared_region *declared);

/* Whether the region is declared without a kind; and whether the first SHMB_KIND_HEADER_BYTES of an object are those of one
   as is declared. */
bool region_kind_is_raw(const declared_region *declared);
bool region_kind_begins(const declared_region *declared, const uint8_t *header);

/*
 * Makes a new region one of its kind, and lets pass what begins as the kind declared, the bytes of a file or a snapshot, when it
 * has made them sound (kind_settle.h). False when they begin otherwise, or cannot be reached. A raw region is left alone.
 */
bool region_kind_begin(const declared_region *declared, platform_section *section,
                       const platform_progress *progress, platform_failure *failure);

/*
 * Lets pass the section of an earlier broker that was made as is declared. `form` is what the catalog, which only brokers
 * write, says that it was made as; with that known its first bytes, which its writers may have changed, decide nothing, and are
 * written anew. With 0, where the catalog was lost, they are all that there is to go by.
 */
bool region_kind_go_on(const declared_region *declared, platform_section *section, uint32_t form,
                       platform_failure *failure);

/* The kind and its measures in words: "a queue of 1024 messages of up to 65536 bytes", "raw", "raw, with a lock and a
   signal". Returns `words`. */
#define REGION_KIND_WORDS 120u
const char *region_kind_words(const shmb_geometry *geometry, uint32_t flags, char words[REGION_KIND_WORDS]);

#endif
