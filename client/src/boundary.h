/*
 * boundary.h: the boundary of a private namespace as the catalog's text has it.
 *
 * The text is the SIDs ("S-1-…"), each once, ascending by bytes, one space between two: one text for one set. Pure
 * functions, for any operating system; broker and client share them.
 */
#ifndef SHMB_BOUNDARY_H
#define SHMB_BOUNDARY_H

#include "shmb_layout.h"

#include <stdbool.h>

#define SHMB_ALIAS_BYTES    80u  /* what stands before the backslash in an object's name, with its NUL */
#define SHMB_SID_TEXT_BYTES 188u /* the longest SID in text, 15 subauthorities, with its NUL, rounded up */

typedef struct shmb_boundary {
    uint32_t count;
    char sids[SHMB_BOUNDARY_MAX_SIDS][SHMB_SID_TEXT_BYTES];
} shmb_boundary;

/* Reads `text`, which may be hostile. False, and `boundary` empty, unless it is the text of 1 to SHMB_BOUNDARY_MAX_SIDS
   SIDs. */
bool shmb_boundary_parse(const char *text, shmb_boundary *boundary);

/* Writes the text of a set of `count` SIDs, in whatever order and repeated as they may be; `sids` is sorted. False, and
   `text` cut, when it does not fit into `size` bytes. */
bool shmb_boundary_join(const char **sids, size_t count, char *text, size_t size);

/* Splits an object's name at its first backslash: `alias` gets what stands before it. False unless that begins with
   "ShmBroker." and has none but A-Z a-z 0-9 . _ - in it. */
bool shmb_boundary_alias(const char *object_name, char *alias, size_t size);

#endif
