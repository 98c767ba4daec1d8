/* commit.c: whether the machine has the memory, and what is said when not. */
#include "testing.h"

#include "commit.h"
#include "fake_platform.h"

#define GIB  (1ull << 30)
#define HELD (GIB / 4) /* what a 32-bit test has room for */

static const platform_memory machine = {16 * GIB, 4 * GIB, 2u << 20, 0};

static declared_region region_of(const char *name, uint64_t size)
{
    return (declared_region){.name = name, .object_name = name, .section_sddl = "D:P", .size = size};
}

static bool suffices(const declared_region *items, size_t count, platform_failure *failure)
{
    const declared_regions declared = {items, count};
    memset(failure, 0, sizeof *failure);
    return commit_suffices(&declared, &machine, failure);
}

static int new_machine(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

static void what_just_fits_suffices(void **state)
{
    (void)state;
    platform_failure failure;
    const declared_region regions[] = {region_of("a", 3 * GIB), region_of("b", GIB)};
    assert_true(suffices(NULL, 0, &failure));
    assert_true(suffices(regions, 2, &failure));
}

static void one_byte_more_does_not_for_it_takes_a_page(void **state)
{
    (void)state;
    platform_failure failure;
    const declared_region regions[] = {region_of("a", 3 * GIB), region_of("b", GIB - 4096 + 1),
                                       region_of("c", 1)};
    assert_true(suffices(regions, 2, &failure));
    assert_false(suffices(regions, 3, &failure));
}

static void a_region_that_requires_large_pages_takes_whole_ones(void **state)
{
    (void)state;
    platform_failure failure;
    declared_region regions[] = {region_of("a", 4 * GIB - (2u << 20)), region_of("b", 1), region_of("c", 1)};
    assert_true(suffices(regions, 3, &failure));
    regions[1].large_pages = CONFIG_LARGE_PAGES_PREFER;
    assert_true(suffices(regions, 3, &failure));
    regions[1].large_pages = CONFIG_LARGE_PAGES_REQUIRE;
    assert_true(suffices(regions, 2, &failure));
    assert_false(suffices(regions, 3, &failure));
}

static void a_backed_region_takes_nothing(void **state)
{
    (void)state;
    platform_failure failure;
    declared_region region = region_of("a", 1ull << 47);
    region.backing_path = "X:\\a";
    assert_true(suffices(&region, 1, &failure));
}

static void the_figures_and_the_largest_regions_are_told(void **state)
{
    (void)state;
    platform_failure failure;
    declared_region regions[] = {region_of("small", 1), region_of("huge", 100ull << 40),
                                 region_of("middle", GIB), region_of("backed", 1ull << 46),
                                 region_of("large", 2 * GIB)};
    regions[3].backing_path = "X:\\b";
    assert_false(suffices(regions, 5, &failure));
    assert_int_equal(failure.code, 0);
    assert_string_equal(
        failure.text,
        "the regions need 100.0 TiB more memory (109954384007168 bytes), and this machine can promise "
        "4 GiB (4294967296 bytes) of its commit limit of 16 GiB; the largest are huge (100 TiB), large "
        "(2 GiB), middle (1 GiB); make them smaller, back them by files, enlarge the paging file, or "
        "end other programs");
}

static void fewer_regions_than_are_named_are_told_as_they_are(void **state)
{
    (void)state;
    platform_failure failure;
    const declared_region region = region_of("only", 5 * GIB);
    assert_false(suffices(&region, 1, &failure));
    assert_non_null(strstr(failure.text, "the largest are only (5 GiB); make"));
}

/* After a crash the sections that clients hold are there, and charged already. */
static void what_an_earlier_broker_left_is_not_counted_again(void **state)
{
    (void)state;
    platform_failure failure;
    platform_section *section;
    platform_section_granted granted;
    const declared_region regions[] = {region_of("held", HELD), region_of("new", 4 * GIB)};
    const platform_section_request request = {
        .object_name = "held", .sddl = "D:P", .size = HELD, .numa_node = CONFIG_NUMA_ANY};
    assert_false(suffices(regions, 2, &failure));
    fake.clients_hold_sections = true;
    assert_true(platform_section_create(&request, &section, &granted, &failure));
    assert_false(suffices(regions, 2, &failure)); /* a running broker's is not left */
    platform_section_close(section);
    assert_true(suffices(regions, 2, &failure));
    const declared_region more[] = {regions[0], region_of("new", 4 * GIB + 1)};
    assert_false(suffices(more, 2, &failure));
    assert_non_null(strstr(failure.text, "the regions need 4.0 GiB more memory (4294971392 bytes)"));
    fake_reset();
}

static void the_greatest_configuration_does_not_overflow(void **state)
{
    (void)state;
    platform_failure failure;
    declared_region *regions = calloc(CONFIG_MAX_REGIONS, sizeof *regions);
    assert_non_null(regions);
    for (size_t i = 0; i < CONFIG_MAX_REGIONS; i++)
        regions[i] = region_of("x", CONFIG_MAX_REGION_SIZE);
    assert_false(suffices(regions, CONFIG_MAX_REGIONS, &failure));
    assert_non_null(strstr(failure.text, "12800000 TiB"));
    free(regions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_just_fits_suffices, new_machine),
        cmocka_unit_test_setup(one_byte_more_does_not_for_it_takes_a_page, new_machine),
        cmocka_unit_test_setup(a_region_that_requires_large_pages_takes_whole_ones, new_machine),
        cmocka_unit_test_setup(a_backed_region_takes_nothing, new_machine),
        cmocka_unit_test_setup(the_figures_and_the_largest_regions_are_told, new_machine),
        cmocka_unit_test_setup(fewer_regions_than_are_named_are_told_as_they_are, new_machine),
        cmocka_unit_test_setup(what_an_earlier_broker_left_is_not_counted_again, new_machine),
        cmocka_unit_test_setup(the_greatest_configuration_does_not_overflow, new_machine),
    };
    return cmocka_run_group_tests_name("commit", tests, NULL, NULL);
}
