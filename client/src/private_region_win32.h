/* private_region_win32.h: a client's way into a private namespace. */
#ifndef SHMB_PRIVATE_REGION_WIN32_H
#define SHMB_PRIVATE_REGION_WIN32_H

#include "catalog_reader.h"
#include "message.h"
#include "shmb.h"

#include <wchar.h>

/*
 * Opens the private namespace of `found`, a region with SHMB_FLAG_PRIVATE. `object_name` gets the name by which this
 * process can open its section for as long as *space is entered. Entering is not remembered: a broker that starts anew
 * makes a new namespace, and the old one may still hold an object of the same name.
 *
 * SHMB_OK; SHMB_ACCESS_DENIED when this process is not in the boundary; SHMB_CORRUPT when the catalog says nonsense;
 * SHMB_NO_BROKER when there is no such namespace, for it ends with its broker; SHMB_SYSTEM_ERROR where the system has
 * none. Any thread.
 */
shmb_status shmb_enter_private(const catalog_region *found, void **space, wchar_t *object_name, size_t units,
                               shmb_message *message);

/* NULL is fine. Sections that were opened stay open. */
void shmb_leave_private(void *space);

#endif
