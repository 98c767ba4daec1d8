/*
 * Fuzzing the catalog reader: the input is a catalog, everything is asked of it, and what comes back must be in bounds.
 *
 * To keep inputs small, the header's unused bytes are left out: an input is the header's own bytes and then the
 * records that begin at offset 4096.
 */
#include "boundary.h"
#include "catalog_reader.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES sizeof(shmb_catalog_header)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact)
{
    if (!fact)
        abort();
}

/* What a client makes of a boundary: at most as many SIDs as there is room for, each a text. */
static void check_boundary(const catalog_region *region)
{
    static shmb_boundary boundary;
    char alias[SHMB_ALIAS_BYTES];
    if (shmb_boundary_parse(region->boundary, &boundary)) {
        must(boundary.count >= 1 && boundary.count <= SHMB_BOUNDARY_MAX_SIDS);
        for (uint32_t i = 0; i < boundary.count; i++)
            must(strncmp(boundary.sids[i], "S-1-", 4) == 0 && strlen(boundary.sids[i]) < SHMB_SID_TEXT_BYTES);
    } else {
        must(boundary.count == 0);
    }
    if (shmb_boundary_alias(region->object_name, alias, sizeof alias))
        must(strncmp(alias, "ShmBroker.", 10) == 0 && strlen(alias) < sizeof alias);
}

static void check_region(const catalog_region *region)
{
    must(strlen(region->name) <= SHMB_KEY_MAX_BYTES);
    must(strlen(region->object_name) <= SHMB_TEXT_MAX_BYTES);
    must(strlen(region->reason) <= SHMB_TEXT_MAX_BYTES);
    must(strlen(region->description) <= SHMB_TEXT_MAX_BYTES);
    must(strlen(region->note) <= SHMB_TEXT_MAX_BYTES);
    must(strlen(region->boundary) <= SHMB_TEXT_MAX_BYTES);
    must(strlen(region->holders) <= SHMB_TEXT_MAX_BYTES);
    must(region->max_size == 0 || region->size <= region->max_size);
    must(region->state != SHMB_REGION_READY ||
         ((region->flags & SHMB_FLAG_PRIVATE) != 0) == (region->boundary[0] != '\0'));
}

static void find(const catalog_view *view, const char *name)
{
    static catalog_region region;
    catalog_result result = catalog_find(view, name, strlen(name), &region);
    check_region(&region);
    if (result == CATALOG_OK) {
        must(strcmp(region.name, name) == 0);
        must(region.version != 0 && region.entry_offset >= SHMB_CATALOG_HEADER_BYTES);
        must(region.entry_offset <= view->size - sizeof(shmb_catalog_entry));
    } else {
        must(region.name[0] == '\0' && region.size == 0);
    }
}

/* What a program that has a region open sees of it. */
static void look(const catalog_view *view, const catalog_region *region)
{
    catalog_life life;
    catalog_result result =
        catalog_look(view, region->entry_offset, shmb_name_hash(region->name, strlen(region->name)), &life);
    must(result == CATALOG_OK && life.state == region->state && life.size == region->size &&
         life.generation == region->generation);
    must(catalog_look(view, region->entry_offset, 0, &life) != CATALOG_OK);
    catalog_look(view, region->entry_offset + 8, 1, &life);
}

static void walk(const catalog_view *view)
{
    static catalog_region region;
    uint64_t cursor = 0, last = 0;
    while (catalog_next(view, &cursor, &region) == CATALOG_OK) {
        must(cursor > last && cursor == region.entry_offset);
        check_region(&region);
        must(region.name[0] != '\0');
        check_boundary(&region);
        find(view, region.name);
        look(view, &region);
        last = cursor;
    }
    must(cursor == last);
}

/* An allocation of exactly the catalog's size, so that AddressSanitizer sees a byte too far. */
static uint8_t *expand(const uint8_t *data, size_t size, size_t *bytes)
{
    if (size < HEADER_BYTES) {
        *bytes = size;
    } else {
        *bytes = SHMB_CATALOG_HEADER_BYTES + size - HEADER_BYTES;
    }
    uint8_t *catalog = calloc(1, *bytes > 0 ? *bytes : 1);
    if (catalog == NULL)
        abort();
    memcpy(catalog, data, size < HEADER_BYTES ? size : HEADER_BYTES);
    if (size > HEADER_BYTES)
        memcpy(catalog + SHMB_CATALOG_HEADER_BYTES, data + HEADER_BYTES, size - HEADER_BYTES);
    return catalog;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t bytes;
    uint8_t *catalog = expand(data, size, &bytes);
    catalog_view view = {catalog, bytes};
    catalog_info info;
    if (catalog_read_info(&view, &info) == CATALOG_OK) {
        must(strlen(info.broker_version) <= 32 && strlen(info.instance) <= 64);
        must(info.committed_bytes <= info.reserved_bytes);
    }
    catalog_reload reload;
    if (catalog_read_reload(&view, &reload) == CATALOG_OK)
        must(strlen(reload.text) <= SHMB_RELOAD_TEXT_BYTES);
    walk(&view);
    find(&view, "Telemetry");
    find(&view, "Broken");
    find(&view, "Absent");
    find(&view, "");
    free(catalog);
    return 0;
}
