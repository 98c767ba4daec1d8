/* open_parts_win32.h: the parts of a region, opened as an attachment's access allows. */
#ifndef SHMB_OPEN_PARTS_WIN32_H
#define SHMB_OPEN_PARTS_WIN32_H

#include "catalog_reader.h"
#include "message.h"
#include "region.h"

#include <wchar.h>

/*
 * Opens the parts of `found`, whose section this process opens as `object_name`:
 *
 *   - lock and its gate and event: of a raw region whenever this account may, otherwise for writing alone;
 *   - waiters, the bells and the signal: with what a reader, or a writer, may do;
 *   - gates and events of a queue: for writing alone.
 *
 * SHMB_OK, also when the region has none. SHMB_ACCESS_DENIED when one is closed to this account that the region's rights
 * should open; SHMB_SYSTEM_ERROR when one is not there; SHMB_NO_MEMORY. On failure none is open. Any thread.
 */
shmb_status shmb_parts_open(const catalog_region *found, const wchar_t *object_name, bool write,
                            shmb_open_part parts[SHMB_PART_COUNT], shmb_message *message);

/* All that are open. */
void shmb_parts_close(shmb_open_part parts[SHMB_PART_COUNT]);

#endif
