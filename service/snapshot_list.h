/*
 * The snapshots of one region in their folder.
 */
#ifndef SHMBROKER_SNAPSHOT_LIST_H
#define SHMBROKER_SNAPSHOT_LIST_H

#include "snapshot.h"

/* Lists the sequence numbers of the region's snapshots, the newest first: at most SNAPSHOT_LISTED of them. */
bool snapshot_list(const snapshot_store *store, const char *region, uint64_t sequences[SNAPSHOT_LISTED],
                   size_t *count, platform_failure *failure);

/* The paths of a snapshot and of the region's draft. */
void snapshot_path(const snapshot_store *store, const char *region, uint64_t sequence,
                   char path[PLATFORM_PATH]);
void snapshot_draft_path(const snapshot_store *store, const char *region, char path[PLATFORM_PATH]);

/* Whether that file is a whole beginning of a snapshot of another region, whose files are called as this one's are: two
   names of 2^64 share their hash, and words as well. `failure` says of which. What cannot be read is not. */
bool snapshot_is_anothers(const snapshot_store *store, const char *region, uint64_t sequence,
                          platform_failure *failure);

/* Gives a refused file a name with ".refused" behind it, so that it is neither used nor counted, and can be looked at.
   The oldest of too many go. What cannot be done here does no harm, and is not told. */
void snapshot_set_aside(const snapshot_store *store, const char *region, uint64_t sequence);

#endif
