/*
 * A broker in the test's own process: the service's real catalog writer over a section of the test's own, and
 * regions that the test makes. Every function fails the running test when something goes wrong.
 */
#ifndef FAKE_BROKER_WIN32_H
#define FAKE_BROKER_WIN32_H

#include "catalog.h"
#include "geometry.h"

#include <windows.h>

#define FAKE_REGIONS 128 /* and their parts */

typedef struct fake_broker {
    char instance[41];
    HANDLE section;
    catalog writer;
    HANDLE regions[FAKE_REGIONS];
    uint32_t region_count;
} fake_broker;

/* Starts a broker of `instance` whose heart has just beaten. It takes the catalog over when one stands. */
void fake_broker_start(fake_broker *broker, const char *instance, shmb_broker_state state);

/* Ends as a killed broker does: everything as it stands, all handles closed. */
void fake_broker_kill(fake_broker *broker);

/* Sets the heart's last beat to `seconds` ago. */
void fake_broker_beat(fake_broker *broker, double seconds);

shmb_catalog_header *fake_broker_header(fake_broker *broker);

void fake_broker_publish(fake_broker *broker, const char *name, shmb_region_state state, uint64_t size,
                         const char *reason);

/* Publishes the ready region `name` once more: the same object, with nothing new to say. */
void fake_broker_republish(fake_broker *broker, const char *name, uint64_t size);

/* Makes the section of the region `name` and publishes it as ready. `sddl` may be NULL: everyone may read and
   write. */
void fake_broker_create(fake_broker *broker, const char *name, uint64_t size, const char *sddl);

/* The same of a region of a kind, or of a raw one with SHMB_FLAG_LOCK or SHMB_FLAG_NOTIFY, with all that stands beside it.
   Administrators may do everything, everyone else nothing. */
void fake_broker_create_kind(fake_broker *broker, const char *name, const shmb_geometry *geometry,
                             uint32_t flags);

/* "Global\<instance>.<name>": the object name of its regions. */
void fake_broker_object(const fake_broker *broker, const char *name, char *object, size_t size);

/* A section with everything said; NULL on failure, with GetLastError. */
HANDLE fake_section(const char *object_name, const char *sddl, uint64_t size, DWORD attributes);

#endif
