/*
 * A broker killed at any store that readers can see. The service's writer is compiled with hooks in place of
 * its stores; the hook ends the broker at the n-th one, for every n. Readers must then see each region as it
 * was before or after, and the next broker must be able to take the catalog over.
 */
#include "atomics.h"

#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>

static void store_u32(volatile uint32_t *to, uint32_t value);
static void store_u64(volatile uint64_t *to, uint64_t value);
static void copy_words(volatile void *to, const volatile void *from, size_t bytes);

#define shmb_store_release_u32  store_u32
#define shmb_store_release_u64  store_u64
#define shmb_copy_words_relaxed copy_words
#include "catalog.c" // NOLINT(bugprone-suspicious-include): its stores are hooked
#undef shmb_store_release_u32
#undef shmb_store_release_u64
#undef shmb_copy_words_relaxed

#include <stdarg.h>
#include <cmocka.h>

#include <stdlib.h>

#define CATALOG_BYTES (1u << 20)

static jmp_buf death;
static uint32_t stores_left; /* UINT32_MAX: immortal */

static void live(void)
{
    if (stores_left == UINT32_MAX)
        return;
    if (stores_left == 0)
        longjmp(death, 1);
    stores_left--;
}

static void store_u32(volatile uint32_t *to, uint32_t value)
{
    live();
    shmb_store_release_u32(to, value);
}

static void store_u64(volatile uint64_t *to, uint64_t value)
{
    live();
    shmb_store_release_u64(to, value);
}

static void copy_words(volatile void *to, const volatile void *from, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 4) {
        live();
        shmb_copy_words_relaxed((volatile uint8_t *)to + at, (const volatile uint8_t *)from + at, 4);
    }
}

static bool commit_nothing(void *context, uint64_t bytes, platform_failure *failure)
{
    (void)context;
    (void)failure;
    return bytes <= CATALOG_BYTES;
}

static const catalog_publisher publisher = {
    .version = "0.1.0", .instance = "", .pid = 1, .heartbeat_period = 500};

static void publish_region(catalog *c, uint32_t number, uint64_t size)
{
    char name[32];
    catalog_place place;
    uint64_t generation;
    platform_failure failure;
    snprintf(name, sizeof name, "Region %u", number);
    catalog_publication publication = {.state = SHMB_REGION_READY,
                                       .size = size,
                                       .generation = size,
                                       .now = size,
                                       .object_name = size == 1 ? "Global\\Old" : "Global\\New"};
    if (catalog_place_of(c, name, &place, &generation, &failure))
        catalog_publish(c, place, &publication, &failure);
}

static void start_with_old_regions(catalog *c, catalog_memory *memory, uint32_t count)
{
    platform_failure failure;
    stores_left = UINT32_MAX;
    memset(memory->base, 0, CATALOG_BYTES);
    assert_true(catalog_start(c, memory, false, &publisher, &failure));
    catalog_set_state(c, SHMB_BROKER_RUNNING);
    for (uint32_t i = 0; i < count; i++)
        publish_region(c, i, 1);
}

static void assert_old_or_new(const catalog_view *view, const char *name, bool may_be_absent)
{
    static catalog_region region;
    catalog_result result = catalog_find(view, name, strlen(name), &region);
    if (may_be_absent && (result == CATALOG_NOT_FOUND || region.state == SHMB_REGION_PENDING))
        return;
    assert_int_equal(result, CATALOG_OK);
    assert_true(region.size == 1 || region.size == 2);
    assert_int_equal(region.generation, region.size);
    assert_int_equal(region.changed, region.size);
    assert_string_equal(region.object_name, region.size == 1 ? "Global\\Old" : "Global\\New");
}

static void assert_readable(const catalog_memory *memory, uint32_t old_count)
{
    char name[32];
    catalog_view view = {memory->base, CATALOG_BYTES};
    for (uint32_t i = 0; i <= old_count; i++) {
        snprintf(name, sizeof name, "Region %u", i);
        assert_old_or_new(&view, name, i == old_count);
    }
}

/* The next broker's epoch follows, and its regions are found. */
static void assert_can_be_taken_over(catalog_memory *memory)
{
    catalog next;
    catalog_info info;
    platform_failure failure;
    catalog_view view = {memory->base, CATALOG_BYTES};
    stores_left = UINT32_MAX;
    assert_int_equal(catalog_read_info(&view, &info), CATALOG_OK);
    uint64_t epoch = info.epoch;
    assert_true(catalog_start(&next, memory, true, &publisher, &failure));
    assert_int_equal(catalog_read_info(&view, &info), CATALOG_OK);
    assert_true(info.epoch > epoch);
    publish_region(&next, 0, 2);
    assert_old_or_new(&view, "Region 0", false);
}

/* Runs one change again and again, dying one store later each time. Returns how many stores it has. */
static uint32_t kill_at_every_store(void (*change)(catalog *c, uint32_t old_count), uint32_t old_count)
{
    static catalog c; /* static: their values survive the jump */
    static catalog_memory memory;
    static uint32_t stores;
    memory =
        (catalog_memory){.base = malloc(CATALOG_BYTES), .reserved = CATALOG_BYTES, .commit = commit_nothing};
    assert_non_null(memory.base);
    for (stores = 0; stores < 10000; stores++) {
        start_with_old_regions(&c, &memory, old_count);
        stores_left = stores;
        bool killed = setjmp(death) != 0;
        if (!killed)
            change(&c, old_count);
        assert_readable(&memory, old_count);
        assert_can_be_taken_over(&memory);
        if (!killed)
            break;
    }
    free(memory.base);
    return stores;
}

static void publish_old_again(catalog *c, uint32_t old_count)
{
    publish_region(c, old_count / 2, 2);
}

static void publish_new(catalog *c, uint32_t old_count)
{
    publish_region(c, old_count, 2);
}

static void a_broker_may_die_at_any_store_of_a_publication(void **state)
{
    (void)state;
    assert_in_range(kill_at_every_store(publish_old_again, 3), 18, 100);
}

static void a_broker_may_die_at_any_store_of_a_new_entry(void **state)
{
    (void)state;
    assert_in_range(kill_at_every_store(publish_new, 3), 18, 100);
}

static void a_broker_may_die_while_it_replaces_the_index(void **state)
{
    (void)state;
    assert_in_range(kill_at_every_store(publish_new, 128), 128, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broker_may_die_at_any_store_of_a_publication),
        cmocka_unit_test(a_broker_may_die_at_any_store_of_a_new_entry),
        cmocka_unit_test(a_broker_may_die_while_it_replaces_the_index),
    };
    return cmocka_run_group_tests_name("client.killed", tests, NULL, NULL);
}
