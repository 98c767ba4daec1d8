/* A region in memory. See snapshot_testing.h. */
#include "snapshot_testing.h"

#include "fake_platform.h"

#include <stdlib.h>
#include <string.h>

char test_refusals[8192];
unsigned test_progress;

static void refused(void *context, const char *path, const char *why)
{
    const char *name = strrchr(path, '\\');
    size_t used = strlen(test_refusals);
    (void)context;
    snprintf(test_refusals + used, sizeof test_refusals - used, "%s: %s\n", name ? name + 1 : path, why);
}

static void progress(void *context)
{
    (void)context;
    test_progress++;
}

const snapshot_store test_store = {TEST_FOLDER, NULL, refused, progress};

static bool open_window(void *context, uint64_t offset, size_t length, bool to_write, uint8_t **bytes,
                        platform_failure *failure)
{
    test_region *r = context;
    *bytes = NULL;
    if (offset % SNAPSHOT_STEP != 0 || length > SNAPSHOT_STEP || length > r->region.size - offset ||
        r->open > 0)
        abort();
    if (fake_refuses("region-open", failure))
        return false;
    if (!to_write && r->on_open)
        r->on_open(++r->opened);
    r->open++;
    *bytes = r->bytes + offset;
    return true;
}

static void close_window(void *context, uint8_t *bytes)
{
    test_region *r = context;
    (void)bytes;
    r->open--;
}

void test_region_make(test_region *r, const char *name, uint64_t size)
{
    memset(r, 0, sizeof *r);
    r->bytes = calloc(1, (size_t)size);
    if (!r->bytes)
        abort();
    r->region = (snapshot_region){.name = name,
                                  .size = size,
                                  .generation = 3,
                                  .context = r,
                                  .open = open_window,
                                  .close = close_window};
}

void test_region_free(test_region *r)
{
    free(r->bytes);
    memset(r, 0, sizeof *r);
}

static uint8_t byte_of(unsigned number, uint64_t at)
{
    return number == 0 ? 0 : (uint8_t)((uint64_t)number * 31u + at * 7u + (at >> 8) + (at >> 16));
}

void test_region_fill(test_region *r, unsigned number)
{
    for (uint64_t i = 0; i < r->region.size; i++)
        r->bytes[i] = byte_of(number, i);
}

bool test_region_is(const test_region *r, unsigned number)
{
    for (uint64_t i = 0; i < r->region.size; i++)
        if (r->bytes[i] != byte_of(number, i))
            return false;
    return true;
}

snapshot_result test_snapshot(test_region *r, unsigned keep, platform_failure *failure)
{
    snapshot_writer writer;
    snapshot_result result;
    snapshot_begin(&writer, &test_store, &r->region, keep, r->sure, 1000);
    do
        result = snapshot_step(&writer, failure);
    while (result == SNAPSHOT_WORKING);
    r->sure = result != SNAPSHOT_FAILED;
    return result;
}
