/*
 * broker_win32.h: asking a broker's catalog for a region.
 *
 * The catalogs that this process has opened stay mapped, one per instance, so that asking again costs no
 * kernel call. Any thread may ask at any time.
 */
#ifndef SHMB_BROKER_WIN32_H
#define SHMB_BROKER_WIN32_H

#include "catalog_reader.h"
#include "message.h"
#include "request.h"
#include "shmb.h"

#include <stdbool.h>

/*
 * The region `name` of the broker `instance` ("": the default one), when the broker runs and the region is
 * ready. Of a region that each session has for itself, the instance of `session`, with 0 of this process's own. Otherwise why not: SHMB_NO_BROKER      no catalog, or the broker has stopped, is stopping, or shows
 * no sign of life SHMB_NOT_DECLARED   no such region, or it is no longer declared SHMB_TIMED_OUT      not
 * yet: the broker is starting, or about to create the region SHMB_REGION_FAILED  with the broker's reason in
 * the message SHMB_ACCESS_DENIED, SHMB_INCOMPATIBLE, SHMB_UNTRUSTED, SHMB_CORRUPT, SHMB_NO_MEMORY,
 * SHMB_SYSTEM_ERROR
 *
 * `without_broker`: the broker need not run, as long as its catalog has the region ready.
 */
shmb_status shmb_broker_find(const char *instance, const char *name, uint32_t session, bool without_broker,
                             catalog_region *region, shmb_message *message);

/* One opening of a catalog, which stays mapped as long as anybody holds it. */
typedef struct shmb_hold {
    volatile long references;
    void *section; /* HANDLE: keeps the name, so that a later broker goes on with the same catalog */
    catalog_view view;
    char instance[SHMB_INSTANCE_MAX + 1];
} shmb_hold;

/* Does the broker still publish the object of `region`, as it was found? What else it says of it may have changed, and it
   may have grown. Then *hold is the catalog that says so, held until shmb_hold_release; otherwise NULL. */
bool shmb_broker_keeps(const char *instance, const catalog_region *region, shmb_hold **hold);

/* NULL is fine. */
void shmb_hold_release(shmb_hold *hold);

/* Is the broker's process known to be gone? One kernel call: for when something has gone wrong. */
bool shmb_broker_is_dead(const char *instance);

#endif
