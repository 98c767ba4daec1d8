/*
 * catalog.c: a broker killed at any store leaves a catalog that readers can use and that the next broker goes on
 * with. After each store the memory is copied, as the kernel keeps it; the copy is read, and adopted.
 */
#include "catalog_testing.h"

#include "killed/atomics.h"

#define REGIONS 140u /* the index of 256 buckets grows on the way */
#define ROOM    (1u << 20)

/* What readers must see, or may see because the writer is at it. */
static struct {
    uint64_t size; /* published last; 0: never */
    uint64_t next; /* being published; 0: nothing is */
    uint64_t entry_offset;
} expected[REGIONS];

static test_memory memory, copy;
static bool watching;
static unsigned kills, adopted_whole;
static catalog_region region; /* large */

static const char *name_of(uint32_t i)
{
    static char name[32];
    snprintf(name, sizeof name, "region %u", i);
    return name;
}

/* What a reader sees in the copy is each region's last publication, or the one that was under way. */
static void check_readers(bool retired)
{
    for (uint32_t i = 0; i < REGIONS; i++) {
        if (expected[i].size == 0)
            continue;
        assert_int_equal(test_find(&copy, name_of(i), &region), CATALOG_OK);
        if (region.size != expected[i].next)
            assert_int_equal(region.size, expected[i].size);
        assert_int_equal(region.entry_offset, expected[i].entry_offset);
        if (retired)
            assert_int_equal(region.state, SHMB_REGION_RETIRED);
    }
}

static void check_next_broker(void)
{
    catalog next;
    bool was_catalog = ((const shmb_catalog_header *)(const void *)copy.base)->magic != 0;
    assert_true(test_start(&next, &copy, true, 99));
    if (was_catalog) {
        check_readers(true);
        adopted_whole++;
    }
    assert_true(test_publish(&next, name_of(0), SHMB_REGION_READY, 5000));
    assert_true(test_publish(&next, "new", SHMB_REGION_READY, 5001));
    assert_int_equal(test_find(&copy, "new", &region), CATALOG_OK);
    assert_int_equal(region.size, 5001);
    assert_int_equal(test_find(&copy, name_of(0), &region), CATALOG_OK);
    assert_int_equal(region.size, 5000);
    assert_int_equal(test_walk(&copy), test_info(&copy).entry_count);
}

void killed_here(void)
{
    if (!watching)
        return;
    watching = false; /* the next broker stores, too */
    memcpy(copy.base, memory.base, (size_t)memory.committed);
    memset(copy.base + memory.committed, 0, (size_t)(copy.reserved - memory.committed));
    copy.committed = memory.committed;
    check_readers(false);
    check_next_broker();
    kills++;
    watching = true;
}

static void publish(catalog *c, uint32_t i, uint64_t size)
{
    char name[32]; /* name_of's own is used by the look that is taken meanwhile */
    snprintf(name, sizeof name, "%s", name_of(i));
    expected[i].next = size;
    watching = true;
    assert_true(test_publish(c, name, SHMB_REGION_READY, size));
    watching = false;
    assert_int_equal(test_find(&memory, name_of(i), &region), CATALOG_OK);
    expected[i].size = size;
    expected[i].next = 0;
    expected[i].entry_offset = region.entry_offset;
}

static int new_memory(void **state)
{
    (void)state;
    memory = test_memory_make(ROOM);
    copy = test_memory_make(ROOM);
    memset(expected, 0, sizeof expected);
    kills = adopted_whole = 0;
    return memory.base && copy.base ? 0 : -1;
}

static int free_memory(void **state)
{
    (void)state;
    watching = false;
    free(memory.base);
    free(copy.base);
    return 0;
}

static void starting(void **state)
{
    (void)state;
    catalog c;
    watching = true;
    assert_true(test_start(&c, &memory, false, 1));
    watching = false;
    assert_true(kills > 5);
}

static void publishing(void **state)
{
    (void)state;
    catalog c;
    assert_true(test_start(&c, &memory, false, 1));
    for (uint32_t i = 0; i < REGIONS; i++)
        publish(&c, i, i + 1);
    for (uint32_t i = 0; i < 10; i++)
        publish(&c, i, 1000 + i);
    assert_true(kills > 5 * REGIONS);
    assert_int_equal(adopted_whole, kills);
}

static void adopting(void **state)
{
    (void)state;
    catalog c;
    assert_true(test_start(&c, &memory, false, 1));
    for (uint32_t i = 0; i < REGIONS; i++) {
        assert_true(test_publish(&c, name_of(i), SHMB_REGION_READY, i + 1));
        assert_int_equal(test_find(&memory, name_of(i), &region), CATALOG_OK);
        expected[i].size = i + 1;
        expected[i].entry_offset = region.entry_offset;
    }
    watching = true;
    assert_true(test_start(&c, &memory, true, 2));
    watching = false;
    assert_true(kills > 2 * REGIONS);
    assert_int_equal(adopted_whole, kills);
}

static void making_anew_what_was_corrupt(void **state)
{
    (void)state;
    catalog c;
    assert_true(test_start(&c, &memory, false, 1));
    for (uint32_t i = 0; i < REGIONS; i++)
        assert_true(test_publish(&c, name_of(i), SHMB_REGION_READY, i + 1));
    shmb_catalog_header *header = (shmb_catalog_header *)(void *)memory.base;
    header->first_entry += 8;
    watching = true;
    assert_true(test_start(&c, &memory, true, 2));
    watching = false;
    assert_int_equal(test_info(&memory).entry_count, 0);
}

#define KILLED_TEST(function) cmocka_unit_test_setup_teardown(function, new_memory, free_memory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KILLED_TEST(starting),
        KILLED_TEST(publishing),
        KILLED_TEST(adopting),
        KILLED_TEST(making_anew_what_was_corrupt),
    };
    return cmocka_run_group_tests_name("a broker killed at any store while", tests, NULL, NULL);
}
