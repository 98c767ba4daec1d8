/* The reader when the broker publishes in the very moment of copying: a hook stands where the reader copies a
   slot. */
#include "atomics.h"

#include <stddef.h>

static void hooked_copy(volatile void *to, const volatile void *from, size_t bytes);
#define shmb_copy_words_relaxed hooked_copy
#include "catalog_reader.c" // NOLINT(bugprone-suspicious-include): its copying is hooked
#undef shmb_copy_words_relaxed

#include "catalog_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static catalog_builder builder;
static shmb_catalog_entry *changing;
static uint32_t interruptions; /* copies that the broker still interrupts */
static uint32_t copies;

/* Two publications, as the broker makes them: the second overwrites the slot that is being copied. */
static void publish_twice(void)
{
    for (int i = 0; i < 2; i++) {
        uint32_t next = changing->version + 1;
        changing->slots[next % 2] = changing->slots[changing->version % 2];
        changing->slots[next % 2].size = next;
        changing->slots[next % 2].generation = next;
        changing->slots[next % 2].changed = next;
        changing->version = next;
    }
}

/* Half of the slot before the broker's work, half after it. */
static void hooked_copy(volatile void *to, const volatile void *from, size_t bytes)
{
    if (bytes != sizeof(shmb_catalog_slot)) {
        shmb_copy_words_relaxed(to, from, bytes);
        return;
    }
    copies++;
    shmb_copy_words_relaxed(to, from, 16);
    if (interruptions > 0) {
        interruptions--;
        publish_twice();
    }
    shmb_copy_words_relaxed((volatile uint8_t *)to + 16, (const volatile uint8_t *)from + 16, bytes - 16);
}

static catalog_result find_interrupted(uint32_t times, catalog_region *region)
{
    builder_start(&builder, 16384, 8);
    changing = builder_entry(&builder, builder_add(&builder, "Telemetry", 1));
    changing->slots[1].changed = 1;
    catalog_view view = builder_finish(&builder);
    interruptions = times;
    copies = 0;
    catalog_result result = catalog_find(&view, "Telemetry", 9, region);
    builder_free(&builder);
    return result;
}

static void a_torn_copy_is_made_again(void **state)
{
    catalog_region region;
    (void)state;
    for (uint32_t times = 0; times < 20; times++) {
        assert_int_equal(find_interrupted(times, &region), CATALOG_OK);
        assert_int_equal(copies, times + 1);
        assert_int_equal(region.version, 1 + 2 * times);
        assert_int_equal(region.size, region.version);
        assert_int_equal(region.generation, region.version);
        assert_int_equal(region.changed, region.version);
    }
}

static void an_entry_that_never_rests_is_given_up(void **state)
{
    catalog_region region;
    (void)state;
    assert_int_equal(find_interrupted(UINT32_MAX, &region), CATALOG_CORRUPT);
    assert_int_equal(copies, MAX_SLOT_ATTEMPTS);
    assert_int_equal(region.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_torn_copy_is_made_again),
        cmocka_unit_test(an_entry_that_never_rests_is_given_up),
    };
    return cmocka_run_group_tests_name("client.torn", tests, NULL, NULL);
}
