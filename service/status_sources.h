/* Where `status` gets its facts: the service manager (control_win32.c) and the published catalog
   (catalog_view_win32.c). */
#ifndef SHMBROKER_STATUS_SOURCES_H
#define SHMBROKER_STATUS_SOURCES_H

#include "catalog_reader.h"
#include "platform.h"

/* The service's state in a word: "running", "stopped", "not installed", … */
const char *status_service_state(const char *instance);

/* A catalog opened for reading, as any client may. */
typedef struct status_catalog {
    catalog_view view;
    catalog_info info;
    void *handle;
} status_catalog;

/* Opens the catalog of `instance` and checks that its owner is to be trusted and its broker alive; otherwise
   `failure` tells why there is nothing to show. */
bool status_catalog_open(const char *instance, status_catalog *catalog, platform_failure *failure);
void status_catalog_close(status_catalog *catalog);

#endif
