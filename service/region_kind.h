/* How a region of a kind begins: what stands in its first bytes when it is made, or found again. */
#ifndef SHMBROKER_REGION_KIND_H
#define SHMBROKER_REGION_KIND_H

#include "plan.h"
#include "platform.h"

/*
 * Makes a new region one of its kind, and lets pass what begins as the kind declared: the bytes of a file or a snapshot,
 * or of an earlier broker's section (`goes_on`). False when they begin otherwise, or cannot be reached. A raw region is
 * left alone.
 */
bool region_kind_begin(const declared_region *declared, platform_section *section, bool goes_on,
                       platform_failure *failure);

/* The kind and its measures in words: "a queue of 1024 messages of up to 65536 bytes", "raw", "raw, with a lock and a
   signal". Returns `words`. */
#define REGION_KIND_WORDS 120u
const char *region_kind_words(const shmb_geometry *geometry, uint32_t flags, char words[REGION_KIND_WORDS]);

#endif
