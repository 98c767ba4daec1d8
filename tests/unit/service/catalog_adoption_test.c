/* catalog.c: a broker that goes on with the catalog of an earlier one, whatever it finds there. */
#include "catalog_testing.h"

#define REGIONS 5u
#define ROOM    (512u << 10)

static catalog_region region; /* large */
static test_memory memory;

static int new_memory(void **state)
{
    (void)state;
    memory = test_memory_make(ROOM);
    return memory.base ? 0 : -1;
}

static int free_memory(void **state)
{
    (void)state;
    free(memory.base);
    return 0;
}

static const char *name_of(uint32_t i)
{
    static char name[32];
    snprintf(name, sizeof name, "region %u", i);
    return name;
}

static void publish_regions(catalog *c, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        assert_true(test_publish(c, name_of(i), i % 3 == 2 ? SHMB_REGION_BROKEN : SHMB_REGION_READY, i + 1));
}

/* A catalog with which a second broker works as the first one did. */
static void assert_works(catalog *c, uint32_t pid)
{
    catalog_info info = test_info(&memory);
    assert_int_equal(info.broker_pid, pid);
    assert_int_equal(info.broker_state, SHMB_BROKER_STARTING);
    assert_string_equal(info.instance, "test");
    assert_int_equal(test_walk(&memory), info.entry_count);
    for (uint32_t i = 0; i < 2 * REGIONS; i++) {
        assert_true(test_publish(c, name_of(i), SHMB_REGION_READY, 1000 + i));
        assert_int_equal(test_find(&memory, name_of(i), &region), CATALOG_OK);
        assert_int_equal(region.size, 1000 + i);
        assert_int_equal(region.state, SHMB_REGION_READY);
    }
    info = test_info(&memory);
    assert_int_equal(test_walk(&memory), info.entry_count);
    assert_int_equal(test_find(&memory, "of nobody", &region), CATALOG_NOT_FOUND);
}

static void entries_stay_where_clients_found_them(void **state)
{
    (void)state;
    catalog first, second;
    catalog_region before[REGIONS];
    assert_true(test_start(&first, &memory, false, 1));
    publish_regions(&first, REGIONS);
    for (uint32_t i = 0; i < REGIONS; i++)
        assert_int_equal(test_find(&memory, name_of(i), &before[i]), CATALOG_OK);
    uint64_t generation = test_info(&memory).generation;

    assert_true(test_start(&second, &memory, true, 2));
    catalog_info info = test_info(&memory);
    assert_int_equal(info.epoch, 2);
    assert_true(info.generation > generation);
    assert_int_equal(info.entry_count, REGIONS);
    for (uint32_t i = 0; i < REGIONS; i++) {
        catalog_place place;
        uint64_t last;
        platform_failure failure;
        assert_int_equal(test_find(&memory, name_of(i), &region), CATALOG_OK);
        assert_int_equal(region.entry_offset, before[i].entry_offset);
        assert_int_equal(region.state, SHMB_REGION_RETIRED);
        assert_int_equal(region.size, before[i].size);
        assert_string_equal(region.object_name, before[i].object_name);
        assert_true(catalog_place_of(&second, name_of(i), &place, &last, &failure));
        assert_int_equal(place, before[i].entry_offset);
        assert_int_equal(last, before[i].generation); /* goes on from there */
    }
    assert_works(&second, 2);
    for (uint32_t i = 0; i < REGIONS; i++) {
        assert_int_equal(test_find(&memory, name_of(i), &region), CATALOG_OK);
        assert_int_equal(region.generation, before[i].generation + 1);
    }
}

static void an_empty_catalog_is_adopted(void **state)
{
    (void)state;
    catalog first, second;
    assert_true(test_start(&first, &memory, false, 1));
    assert_true(test_start(&second, &memory, true, 2));
    assert_int_equal(test_info(&memory).epoch, 2);
    assert_works(&second, 2);
}

static void a_catalog_with_a_grown_index_is_adopted(void **state)
{
    (void)state;
    catalog first, second;
    assert_true(test_start(&first, &memory, false, 1));
    publish_regions(&first, 700);
    assert_true(test_start(&second, &memory, true, 2));
    assert_int_equal(test_walk(&memory), 700);
    for (uint32_t i = 0; i < 700; i++)
        assert_int_equal(test_find(&memory, name_of(i), &region), CATALOG_OK);
    assert_works(&second, 2);
}

static void many_brokers_in_turn_need_little_room(void **state)
{
    (void)state;
    catalog c;
    assert_true(test_start(&c, &memory, false, 1));
    publish_regions(&c, REGIONS);
    uint64_t committed = memory.committed;
    for (uint32_t pid = 2; pid < 1000; pid++) {
        assert_true(test_start(&c, &memory, true, pid));
        assert_int_equal(test_info(&memory).epoch, pid);
        publish_regions(&c, REGIONS); /* the same */
    }
    assert_int_equal(memory.committed, committed);
}

static void fresh_memory_that_is_adopted_becomes_a_catalog(void **state)
{
    (void)state;
    catalog c;
    assert_true(test_start(&c, &memory, true, 2)); /* its maker died before the first store */
    assert_int_equal(test_info(&memory).epoch, 1);
    assert_works(&c, 2);
}

/* Adopts copies of a sound catalog, each changed by `change`, and works with what comes of it. */
static void adopt_changed(unsigned rounds, void (*change)(unsigned round, uint8_t *bytes, uint64_t *seed))
{
    static uint8_t sound[65536];
    uint64_t seed = 3;
    catalog c;
    assert_true(test_start(&c, &memory, false, 1));
    publish_regions(&c, REGIONS);
    assert_true(c.used < sizeof sound);
    memcpy(sound, memory.base, sizeof sound);
    for (unsigned round = 0; round < rounds; round++) {
        memset(memory.base, 0xA5, (size_t)memory.committed); /* what else was there must not matter */
        memcpy(memory.base, sound, sizeof sound);
        memory.committed = sizeof sound;
        change(round, memory.base, &seed);
        assert_true(test_start(&c, &memory, true, 2));
        assert_works(&c, 2);
    }
}

static void flip_a_bit(unsigned round, uint8_t *bytes, uint64_t *seed)
{
    uint32_t at = round / 2 < 192 ? round / 2 : 4096 + round / 2 - 192; /* the header, then the records */
    bytes[at] ^= (uint8_t)(round % 2 ? 0xFF : 1u << testing_random(seed) % 8);
}

static void every_byte_flipped_leaves_a_working_catalog(void **state)
{
    (void)state;
    adopt_changed(2 * (192 + 4600), flip_a_bit);
}

static void garble(unsigned round, uint8_t *bytes, uint64_t *seed)
{
    uint32_t from = round % 3 ? 8 : 4096, many = 1 + testing_random(seed) % 64;
    for (uint32_t i = 0; i < many; i++)
        bytes[from + testing_random(seed) % 4600] = (uint8_t)testing_random(seed);
}

static void many_random_bytes_leave_a_working_catalog(void **state)
{
    (void)state;
    adopt_changed(3000, garble);
}

static void fill(unsigned round, uint8_t *bytes, uint64_t *seed)
{
    (void)round;
    for (uint32_t i = round % 2 ? 0 : 8; i < 65536; i++) /* with and without the magic */
        bytes[i] = (uint8_t)testing_random(seed);
}

static void nothing_but_random_bytes_leaves_a_working_catalog(void **state)
{
    (void)state;
    adopt_changed(100, fill);
}

static void lie_about_committed_bytes(unsigned round, uint8_t *bytes, uint64_t *seed)
{
    static const uint64_t lies[] = {
        0,      1,      4095,         4096,     8192,       65535, 65537, 69632,
        131072, 200000, ROOM - 65536, ROOM + 1, 1ull << 63, ~0ull}; /* ROOM itself is a full catalog, and believed */
    (void)seed;
    memcpy(bytes + offsetof(shmb_catalog_header, committed_bytes), &lies[round], sizeof lies[round]);
}

static void wrong_committed_bytes_leave_a_working_catalog(void **state)
{
    (void)state;
    adopt_changed(14, lie_about_committed_bytes);
}

static void lie_about_the_index(unsigned round, uint8_t *bytes, uint64_t *seed)
{
    shmb_catalog_index *index = (shmb_catalog_index *)(void *)(bytes + SHMB_CATALOG_HEADER_BYTES);
    uint64_t *buckets = (uint64_t *)(void *)(index + 1);
    uint32_t empty = 0;
    while (buckets[empty] || empty < testing_random(seed) % index->bucket_count / 2)
        empty++;
    if (round % 4 == 0)
        buckets[empty] = testing_random(seed); /* an entry that is none */
    else if (round % 4 == 1)
        for (uint32_t i = 0; i < index->bucket_count; i++)
            buckets[i] = buckets[i] ? buckets[i] : SHMB_CATALOG_HEADER_BYTES; /* no end of a search */
    else if (round % 4 == 2)
        index->bucket_count = round; /* no power of two, or too many */
    else
        memset(buckets, 0, index->bucket_count * sizeof *buckets);
}

static void a_wrong_index_is_made_anew_and_no_entry_is_lost(void **state)
{
    (void)state;
    adopt_changed(400, lie_about_the_index);
    assert_int_equal(test_info(&memory).epoch, 2);
    assert_int_equal(test_info(&memory).entry_count, 2 * REGIONS);
    assert_int_equal(test_find(&memory, name_of(0), &region), CATALOG_OK);
    assert_int_equal(region.generation, 2); /* its second life, not its first */
}

static void an_adoption_without_memory_fails_and_is_tried_again(void **state)
{
    (void)state;
    catalog c;
    assert_true(test_start(&c, &memory, false, 1));
    publish_regions(&c, 700);
    memory.fail_at = memory.commits + 1;
    assert_false(test_start(&c, &memory, true, 2));
    memory.fail_at = 0;
    assert_true(test_start(&c, &memory, true, 2));
    assert_int_equal(test_walk(&memory), 700);
    assert_works(&c, 2);
}

#define ADOPTION_TEST(function) cmocka_unit_test_setup_teardown(function, new_memory, free_memory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ADOPTION_TEST(entries_stay_where_clients_found_them),
        ADOPTION_TEST(an_empty_catalog_is_adopted),
        ADOPTION_TEST(a_catalog_with_a_grown_index_is_adopted),
        ADOPTION_TEST(many_brokers_in_turn_need_little_room),
        ADOPTION_TEST(fresh_memory_that_is_adopted_becomes_a_catalog),
        ADOPTION_TEST(every_byte_flipped_leaves_a_working_catalog),
        ADOPTION_TEST(many_random_bytes_leave_a_working_catalog),
        ADOPTION_TEST(nothing_but_random_bytes_leaves_a_working_catalog),
        ADOPTION_TEST(wrong_committed_bytes_leave_a_working_catalog),
        ADOPTION_TEST(a_wrong_index_is_made_anew_and_no_entry_is_lost),
        ADOPTION_TEST(an_adoption_without_memory_fails_and_is_tried_again),
    };
    return cmocka_run_group_tests_name("catalog_adoption", tests, NULL, NULL);
}
