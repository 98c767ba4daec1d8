/* Where `status` gets its facts, in memory. See fake_status.h. */
#include "fake_status.h"

#include "status_sources.h"

#include <string.h>

catalog_view fake_status_view;
unsigned fake_status_opened;

const char *status_service_state(const char *instance)
{
    return *instance ? "not installed" : "running";
}

bool status_catalog_open(const char *instance, status_catalog *catalog, platform_failure *failure)
{
    (void)instance;
    memset(catalog, 0, sizeof *catalog);
    if (!fake_status_view.base) {
        snprintf(failure->text, sizeof failure->text, "there is no catalog; start the broker");
        return false;
    }
    fake_status_opened++;
    catalog->view = fake_status_view;
    catalog->handle = &fake_status_view;
    return catalog_read_info(&catalog->view, &catalog->info) == CATALOG_OK;
}

void status_catalog_close(status_catalog *catalog)
{
    if (catalog->handle)
        fake_status_opened--;
}
