/* A catalog for tests. See catalog_testing.h. */
#include "catalog_testing.h"

bool test_commit(void *context, uint64_t bytes, platform_failure *failure)
{
    test_memory *memory = context;
    if (++memory->commits == memory->fail_at || bytes > memory->reserved) {
        failure->code = 8;
        snprintf(failure->text, sizeof failure->text, "the test gives no memory");
        return false;
    }
    if (bytes > memory->committed)
        memory->committed = bytes;
    return true;
}

test_memory test_memory_make(uint64_t reserved)
{
    return (test_memory){.base = calloc(1, (size_t)reserved), .reserved = reserved};
}

bool test_start(catalog *c, test_memory *memory, bool adopted, uint32_t pid)
{
    const catalog_memory given = {memory->base, memory->reserved, test_commit, memory};
    const catalog_publisher publisher = {
        .version = "0.1.0", .instance = "test", .pid = pid, .started = 1000 + pid, .heartbeat_period = 500};
    platform_failure failure = {0};
    return catalog_start(c, &given, adopted, &publisher, &failure);
}

catalog_view test_view(const test_memory *memory)
{
    return (catalog_view){memory->base, memory->committed};
}

bool test_publish(catalog *c, const char *name, shmb_region_state state, uint64_t size)
{
    catalog_place place;
    uint64_t generation;
    platform_failure failure = {0};
    char object_name[SHMB_KEY_MAX_BYTES + 8], reason[64];
    if (!catalog_place_of(c, name, &place, &generation, &failure))
        return false;
    snprintf(object_name, sizeof object_name, "Global\\%s", name);
    snprintf(reason, sizeof reason, "state %u size %u", (unsigned)state, (unsigned)size);
    const catalog_publication publication = {.state = state,
                                             .size = size,
                                             .generation = generation + 1,
                                             .now = size,
                                             .object_name = object_name,
                                             .reason = reason,
                                             .description = name};
    return catalog_publish(c, place, &publication, &failure);
}

catalog_result test_find(const test_memory *memory, const char *name, catalog_region *region)
{
    catalog_view view = test_view(memory);
    return catalog_find(&view, name, strlen(name), region);
}

catalog_info test_info(const test_memory *memory)
{
    catalog_view view = test_view(memory);
    catalog_info info;
    assert_int_equal(catalog_read_info(&view, &info), CATALOG_OK);
    return info;
}

uint32_t test_walk(const test_memory *memory)
{
    static catalog_region region;
    catalog_view view = test_view(memory);
    catalog_result result;
    uint64_t cursor = 0;
    uint32_t count = 0;
    while ((result = catalog_next(&view, &cursor, &region)) == CATALOG_OK)
        count++;
    assert_int_equal(result, CATALOG_NOT_FOUND);
    return count;
}
