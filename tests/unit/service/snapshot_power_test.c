/*
 * Snapshots and power cuts: every prefix of what the disk was told, with what was not flushed lost, written, or torn in
 * many ways. After each the newest snapshot that was reported as written comes back, or a newer one that is whole; a
 * file is used only when it is whole.
 */
#include "testing.h"

#include "fake_platform.h"
#include "snapshot_testing.h"

#include <stdlib.h>
#include <string.h>

#define SNAPSHOTS  7u /* of a small region */
#define FEW        3u
#define KEEP       2u
#define TORN_WAYS  12u
#define LARGE_WAYS 1u

static test_region region;
static platform_failure failure;
static size_t reported_at[SNAPSHOTS + 1]; /* how many operations had been done when snapshot n was reported */
static unsigned snapshots, cuts, refused;

static int end(void **state)
{
    (void)state;
    test_region_free(&region);
    fake_disk_reset();
    fake_reset();
    return 0;
}

/* A life: snapshots of contents 1 to `count`, in a folder that had none. */
static void live(uint64_t size, unsigned keep, unsigned count)
{
    snapshots = count;
    fake_reset();
    fake_disk_reset();
    test_region_free(&region);
    test_region_make(&region, "Telemetry", size);
    for (unsigned number = 1; number <= snapshots; number++) {
        test_region_fill(&region, number);
        assert_int_equal(test_snapshot(&region, keep, &failure), SNAPSHOT_WRITTEN);
        reported_at[number] = fake_disk_operations();
    }
}

/* Which of the contents it is; the region began with zeros, which are number 0. */
static unsigned restored_number(void)
{
    snapshot_restored restored;
    test_refusals[0] = 0;
    test_region_fill(&region, 0);
    assert_true(snapshot_restore(&test_store, &region.region, &restored, &failure));
    refused += restored.refused;
    assert_int_equal(fake_disk_open_files(), 0);
    for (unsigned number = 0; number <= snapshots; number++)
        if (test_region_is(&region, number))
            return number;
    fail_msg("%s", "a torn snapshot was used");
    return 0;
}

static void check_cut(size_t count, fake_cut kind, uint32_t seed)
{
    unsigned promised = 0;
    while (promised < snapshots && reported_at[promised + 1] <= count)
        promised++;
    fake_disk_cut(count, kind, seed);
    unsigned number = restored_number();
    if (number != promised && number != promised + 1)
        fail_msg("cut after %u operations, way %d, seed %u: content %u came back, %u was promised",
                 (unsigned)count, (int)kind, (unsigned)seed, number, promised);
    cuts++;
    /* The next life goes on from there. */
    unsigned next = number % 2 ? 100 : 101;
    test_region_fill(&region, next);
    assert_int_equal(test_snapshot(&region, KEEP, &failure), SNAPSHOT_WRITTEN);
    test_region_fill(&region, 0);
    snapshot_restored restored;
    assert_true(snapshot_restore(&test_store, &region.region, &restored, &failure));
    assert_true(test_region_is(&region, next));
    fake_disk_restore();
}

/* The same, but that the folder's names could not be flushed once: the next try finds the file of the failed one. */
static void live_with_a_failure(unsigned failing)
{
    live(700, 1, SNAPSHOTS);
    fake_disk_reset();
    region.sure = false;
    for (unsigned number = 1; number <= snapshots; number++) {
        test_region_fill(&region, number);
        fake.fail_always = number == failing ? "files-flush-folder" : NULL;
        snapshot_result result = test_snapshot(&region, 1, &failure);
        assert_int_equal(result, number == failing ? SNAPSHOT_FAILED : SNAPSHOT_WRITTEN);
        fake.fail_always = NULL;
        if (number == failing)
            assert_int_equal(test_snapshot(&region, 1, &failure), SNAPSHOT_UNCHANGED);
        reported_at[number] = fake_disk_operations();
    }
}

static void cut_everywhere(unsigned ways)
{
    size_t operations = fake_disk_operations();
    cuts = refused = 0;
    for (size_t count = 0; count <= operations; count++) {
        check_cut(count, FAKE_CUT_LOST, 0);
        check_cut(count, FAKE_CUT_WRITTEN, 0);
        for (uint32_t seed = 1; seed <= ways; seed++)
            check_cut(count, FAKE_CUT_TORN, seed);
    }
    print_message("%u power cuts at %u operations\n", cuts, (unsigned)operations);
    assert_int_equal(refused, 0); /* a file has its name only when it is whole */
}

static void after_any_power_cut_at_most_one_interval_is_lost(void **state)
{
    (void)state;
    live(700, KEEP, SNAPSHOTS);
    cut_everywhere(TORN_WAYS);
}

static void that_holds_with_one_snapshot_kept(void **state)
{
    (void)state;
    live(700, 1, SNAPSHOTS);
    cut_everywhere(TORN_WAYS);
}

static void that_holds_when_a_name_could_not_be_flushed_once(void **state)
{
    (void)state;
    for (unsigned failing = 2; failing < SNAPSHOTS; failing++) {
        live_with_a_failure(failing);
        cut_everywhere(TORN_WAYS);
    }
}

static void and_for_regions_of_several_steps(void **state)
{
    (void)state;
    live(SNAPSHOT_STEP + 5000, KEEP, FEW);
    cut_everywhere(LARGE_WAYS);
}

/* No promise holds on such a disk but one. */
static void of_a_disk_that_lies_about_flushing_no_torn_snapshot_is_used(void **state)
{
    (void)state;
    live(700, KEEP, SNAPSHOTS);
    refused = cuts = 0;
    for (size_t count = 0; count <= fake_disk_operations(); count++) {
        for (uint32_t seed = 1; seed <= TORN_WAYS; seed++, cuts++) {
            fake_disk_cut(count, FAKE_CUT_LYING, seed);
            restored_number();
            fake_disk_restore();
        }
    }
    print_message("%u power cuts left %u torn files, all refused\n", cuts, refused);
    assert_true(refused > cuts / 10); /* else nothing was torn, and this shows nothing */
}

#define POWER_TEST(function) cmocka_unit_test_teardown(function, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POWER_TEST(after_any_power_cut_at_most_one_interval_is_lost),
        POWER_TEST(that_holds_with_one_snapshot_kept),
        POWER_TEST(that_holds_when_a_name_could_not_be_flushed_once),
        POWER_TEST(and_for_regions_of_several_steps),
        POWER_TEST(of_a_disk_that_lies_about_flushing_no_torn_snapshot_is_used),
    };
    return cmocka_run_group_tests_name("snapshot_power", tests, NULL, NULL);
}
