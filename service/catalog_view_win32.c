/* The published catalog, opened as any client may. See status_sources.h. */
#include "status_sources.h"

#include "broker_win32.h"
#include "names.h"
#include "support_win32.h"

#include <stdlib.h>
#include <string.h>

/* Whether there is a live broker whose catalog may be believed: the client library judges, as it does for
   programs. */
static bool is_served(const char *instance, platform_failure *failure)
{
    static catalog_region nobody;
    shmb_message why = {failure->text, sizeof failure->text, 0};
    switch (shmb_broker_find(instance, "\\", 0, false, &nobody, &why)) {
    case SHMB_OK:
    case SHMB_NOT_DECLARED: /* no region can be called so: the broker answers */
    case SHMB_TIMED_OUT:    /* it is starting */
        if (shmb_broker_is_dead(
                instance)) /* programs, or the keeper, have its catalog, and its last heartbeat */
            return win32_fail(failure, 0,
                              "no broker is running: the one that served this instance was killed; start it "
                              "with `shmbroker start`");
        return true;
    default:
        return false;
    }
}

static HANDLE open_section(const char *instance)
{
    static const char *const spaces[] = {"Global", "Local"};
    char base[NAMES_TEXT];
    HANDLE section = NULL;
    names_catalog(instance, base);
    for (size_t i = 0; !section && i < sizeof spaces / sizeof spaces[0]; i++) {
        char *name = text_make("%s\\%s", spaces[i], base);
        wchar_t *wide = name ? win32_wide(name) : NULL;
        section = wide ? OpenFileMappingW(FILE_MAP_READ, FALSE, wide) : NULL;
        free(wide);
        free(name);
    }
    return section;
}

/* Maps the first `bytes`; in `view` until status_catalog_close. */
static bool map(status_catalog *catalog, uint64_t bytes, platform_failure *failure)
{
    if (catalog->view.base)
        UnmapViewOfFile(catalog->view.base);
    catalog->view.base = MapViewOfFile(catalog->handle, FILE_MAP_READ, 0, 0, (SIZE_T)bytes);
    catalog->view.size = catalog->view.base ? bytes : 0;
    return catalog->view.base || win32_fail(failure, GetLastError(), "cannot map the broker's catalog");
}

bool status_catalog_open(const char *instance, status_catalog *catalog, platform_failure *failure)
{
    memset(catalog, 0, sizeof *catalog);
    if (!is_served(instance, failure))
        return false;
    catalog->handle = open_section(instance);
    if (!catalog->handle)
        return win32_fail(failure, GetLastError(), "cannot open the broker's catalog");
    if (map(catalog, SHMB_CATALOG_HEADER_BYTES, failure)) {
        if (catalog_read_info(&catalog->view, &catalog->info) == CATALOG_OK &&
            map(catalog, catalog->info.committed_bytes, failure))
            return true;
        if (catalog->view.base)
            win32_fail(failure, 0, "the broker is just making its catalog; ask again");
    }
    status_catalog_close(catalog);
    return false;
}

void status_catalog_close(status_catalog *catalog)
{
    if (catalog->view.base)
        UnmapViewOfFile(catalog->view.base);
    if (catalog->handle)
        CloseHandle(catalog->handle);
    memset(catalog, 0, sizeof *catalog);
}
