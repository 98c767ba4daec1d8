/* catalog.c: readers on other threads never see half of an update while the writer publishes. */
#include "catalog_testing.h"

#include "atomics.h"
#include "threads.h"

#define READERS 3u
#define REGIONS 300u    /* the index grows twice */
#define ROUNDS  20u     /* of all regions */
#define TIMES   100000u /* of one */

static uint32_t done; /* atomic: the writer has ended */
static catalog_view view;

/* cmocka's assertions are for its own thread: readers count, the test compares. */
typedef struct reader {
    thread thread;
    bool walks; /* or finds */
    uint64_t regions;
    uint64_t torn;
    uint64_t refused;
    const char *example;
} reader;

static void disapprove(reader *r, const char *why)
{
    r->torn++;
    r->example = why;
}

/* State, size and texts were published together and must be read together. */
static void check(reader *r, const catalog_region *region)
{
    char expected[64];
    r->regions++;
    if (region->version == 1) { /* placed, and not published yet */
        if (region->state != SHMB_REGION_PENDING || region->size != 0 || region->reason[0])
            disapprove(r, "an entry shows something before it was published");
        return;
    }
    uint32_t state = region->state;
    if (state == SHMB_REGION_RETIRED) /* an adoption changes the state alone */
        state = region->size % 2 ? SHMB_REGION_READY : SHMB_REGION_BROKEN;
    snprintf(expected, sizeof expected, "state %u size %u", (unsigned)state, (unsigned)region->size);
    if (strcmp(region->reason, expected) != 0)
        disapprove(r, "reason and state or size differ");
    if (strcmp(region->description, region->name) != 0)
        disapprove(r, "name and description differ");
    if (region->changed != region->size && region->state != SHMB_REGION_RETIRED)
        disapprove(r, "time and size differ");
}

static void walk(reader *r, catalog_region *region, uint64_t *seen)
{
    uint64_t cursor = 0, count = 0;
    catalog_result result;
    while ((result = catalog_next(&view, &cursor, region)) == CATALOG_OK) {
        check(r, region);
        count++;
    }
    if (result != CATALOG_NOT_FOUND)
        r->refused++;
    if (count < *seen)
        disapprove(r, "an entry is gone");
    *seen = count;
}

/* How many regions are published, and sought. */
static uint32_t regions;

static void find(reader *r, catalog_region *region, uint64_t *latest)
{
    char name[32];
    for (uint32_t i = 0; i < regions; i++) {
        snprintf(name, sizeof name, "region %u", i);
        catalog_result result = catalog_find(&view, name, strlen(name), region);
        if (result != CATALOG_OK && (result != CATALOG_NOT_FOUND || latest[i] != 0)) {
            r->refused++;
            continue;
        }
        if (result == CATALOG_NOT_FOUND)
            continue;
        check(r, region);
        if (region->version < latest[i])
            disapprove(r, "time runs backwards");
        latest[i] = region->version;
    }
}

static void read_on(void *context)
{
    reader *r = context;
    catalog_region region;
    catalog_info info;
    uint64_t seen = 0, latest[REGIONS] = {0};
    bool last;
    do {
        last = shmb_load_acquire_u32(&done) != 0; /* one whole pass over the final state */
        if (r->walks)
            walk(r, &region, &seen);
        else
            find(r, &region, latest);
        if (catalog_read_info(&view, &info) != CATALOG_OK)
            r->refused++;
    } while (!last);
}

/* Publishes all regions again and again; the second half of the times as another broker. */
static bool write_all(catalog *c, test_memory *memory, uint32_t times)
{
    char name[32];
    bool ok = true;
    for (uint32_t time = 0; ok && time < times; time++) {
        if (time == times / 2)
            ok = test_start(c, memory, true, 2);
        for (uint32_t i = 0; ok && i < regions; i++) {
            uint64_t size = 1 + (uint64_t)time * regions + i;
            snprintf(name, sizeof name, "region %u", i);
            ok = test_publish(c, name, size % 2 ? SHMB_REGION_READY : SHMB_REGION_BROKEN, size);
            catalog_beat(c, size);
        }
    }
    return ok;
}

static void write_and_read(uint32_t count, uint32_t times)
{
    static reader readers[READERS];
    test_memory memory = test_memory_make(16u << 20);
    catalog c;
    assert_true(test_start(&c, &memory, false, 1));
    memset(readers, 0, sizeof readers);
    regions = count;
    done = 0;
    view = (catalog_view){memory.base, memory.reserved};
    for (uint32_t i = 0; i < READERS; i++) {
        readers[i].walks = i % 2;
        assert_true(thread_start(&readers[i].thread, read_on, &readers[i]));
    }
    bool written = write_all(&c, &memory, times);
    shmb_store_release_u32(&done, 1);
    for (uint32_t i = 0; i < READERS; i++)
        thread_join(&readers[i].thread);
    assert_true(written);
    for (uint32_t i = 0; i < READERS; i++) {
        if (readers[i].example)
            print_error("reader %u: %s\n", (unsigned)i, readers[i].example);
        assert_int_equal(readers[i].torn, 0);
        assert_int_equal(readers[i].refused, 0);
        assert_true(readers[i].regions >= count);
    }
    free(memory.base);
}

static void readers_never_see_half_an_update_of_many_regions(void **state)
{
    (void)state;
    write_and_read(REGIONS, ROUNDS);
}

static void readers_never_see_half_an_update_of_one_region(void **state)
{
    (void)state;
    write_and_read(1, TIMES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_never_see_half_an_update_of_many_regions),
        cmocka_unit_test(readers_never_see_half_an_update_of_one_region),
    };
    return cmocka_run_group_tests_name("catalog_threads", tests, NULL, NULL);
}
