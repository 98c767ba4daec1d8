/*
 * Snapshots that came to harm: each bit of one flipped, each truncation, bytes behind its end; and each file operation
 * failing in turn. A damaged one is never used, the one before it is; a failure leaves the earlier ones as they were.
 */
#include "testing.h"

#include "fake_platform.h"
#include "snapshot_testing.h"

#include <stdlib.h>
#include <string.h>

#define NEWEST    TEST_FOLDER "\\98ad554f50350d20-Telemetry-00000000000000000002.snapshot"
#define REGION    300u
#define WHOLE     (1024u + REGION + 32u)
#define MOST_CALL 200u

static test_region region;
static platform_failure failure;

static void make_two_snapshots(void)
{
    fake_reset();
    fake_disk_reset();
    test_refusals[0] = 0;
    test_region_free(&region);
    test_region_make(&region, "Telemetry", REGION);
    for (unsigned number = 1; number <= 2; number++) {
        test_region_fill(&region, number);
        assert_int_equal(test_snapshot(&region, 3, &failure), SNAPSHOT_WRITTEN);
    }
}

static int end(void **state)
{
    (void)state;
    test_region_free(&region);
    fake_disk_reset();
    fake_reset();
    return 0;
}

/* With the newest file as it is now, the one before it is used, and the newest one told. */
static void assert_refused(void)
{
    snapshot_restored restored;
    test_refusals[0] = 0;
    test_region_fill(&region, 0);
    assert_true(snapshot_restore(&test_store, &region.region, &restored, &failure));
    assert_true(test_region_is(&region, 1));
    assert_int_equal(restored.sequence, 1);
    assert_int_equal(restored.refused, 1);
    assert_non_null(strstr(test_refusals, "-00000000000000000002.snapshot: "));
    assert_int_equal(fake_disk_open_files(), 0);
}

static void a_snapshot_with_any_bit_flipped_is_refused(void **state)
{
    (void)state;
    make_two_snapshots();
    size_t length;
    const uint8_t *found = fake_disk_file(NEWEST, &length);
    assert_int_equal(length, WHOLE);
    uint8_t whole[WHOLE], harmed[WHOLE];
    memcpy(whole, found, WHOLE);
    for (size_t bit = 0; bit < (size_t)8 * WHOLE; bit++) {
        memcpy(harmed, whole, WHOLE);
        harmed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (bit % 1024 == 0)
            make_two_snapshots(); /* the disk in memory does not forget files */
        fake_disk_put(NEWEST, harmed, WHOLE);
        assert_refused();
    }
}

static void a_snapshot_of_any_other_length_is_refused(void **state)
{
    (void)state;
    make_two_snapshots();
    size_t length;
    const uint8_t *found = fake_disk_file(NEWEST, &length);
    uint8_t whole[WHOLE + 100] = {0};
    memcpy(whole, found, WHOLE);
    for (size_t cut = 0; cut < sizeof whole; cut++) {
        if (cut == WHOLE)
            continue;
        fake_disk_put(NEWEST, whole, cut);
        assert_refused();
    }
}

static void a_snapshot_of_another_format_is_refused_with_that_word(void **state)
{
    (void)state;
    make_two_snapshots();
    size_t length;
    fake_disk_file(NEWEST, &length)[8] = 2;
    assert_refused();
    assert_non_null(strstr(test_refusals, "another format than this version of shmbroker reads"));
}

static void the_end_of_another_snapshot_is_refused(void **state)
{
    (void)state;
    make_two_snapshots();
    size_t length;
    char first[] = NEWEST;
    *strstr(first, "2.snapshot") = '1';
    const uint8_t *one = fake_disk_file(first, &length);
    uint8_t *two = fake_disk_file(NEWEST, &length);
    memcpy(two + 1024, one + 1024, REGION + 32);
    assert_refused();
    assert_non_null(strstr(test_refusals, "its beginning and its end are of different snapshots"));
}

static void a_file_that_the_system_does_not_give_is_told_and_set_aside(void **state)
{
    snapshot_restored restored;
    size_t length;
    (void)state;
    make_two_snapshots();
    fake.fail_at = fake.calls + 2; /* the list comes first */
    fake.fail_calls = 2;           /* it is asked twice */
    test_region_fill(&region, 0);
    assert_true(snapshot_restore(&test_store, &region.region, &restored, &failure));
    assert_string_equal(fake.failed_call, "files-open");
    assert_true(test_region_is(&region, 1));
    assert_non_null(strstr(test_refusals, "00002.snapshot: cannot do files-open"));
    assert_non_null(fake_disk_file(NEWEST ".refused", &length));
}

static void a_file_that_the_system_gives_at_the_second_time_is_the_newest(void **state)
{
    snapshot_restored restored;
    (void)state;
    for (unsigned call = 2; call < 8; call++) {
        make_two_snapshots();
        fake.fail_at = fake.calls + call;
        test_region_fill(&region, 0);
        assert_true(snapshot_restore(&test_store, &region.region, &restored, &failure));
        assert_true(test_region_is(&region, 2));
        assert_int_equal(restored.refused, 0);
    }
}

static unsigned opened;

static void harm_newest(const char *call)
{
    size_t length;
    if (strcmp(call, "files-open") == 0 && ++opened == 2)
        fake_disk_file(NEWEST, &length)[1024 + 299] ^= 1;
}

static void a_file_that_is_changed_between_looking_and_copying_is_found_out(void **state)
{
    (void)state;
    make_two_snapshots();
    opened = 0;
    fake.on_call = harm_newest;
    assert_refused();
    assert_non_null(strstr(test_refusals, "the sum of its bytes is wrong"));
}

static unsigned files_on_disk(void)
{
    char *listing = fake_disk_listing();
    unsigned lines = 0;
    for (const char *at = listing; *at; at++)
        lines += *at == '\n';
    free(listing);
    return lines;
}

/* The third snapshot, with call `n` and the `many` - 1 after it failing. */
static bool third_fails(unsigned n, unsigned many)
{
    snapshot_restored restored;
    make_two_snapshots();
    test_region_fill(&region, 3);
    fake.calls = 0;
    fake.fail_at = n;
    fake.fail_calls = many;
    snapshot_result result = test_snapshot(&region, 2, &failure);
    bool failed = fake.failed_call != NULL;
    fake.fail_at = 0;
    assert_int_equal(fake_disk_open_files(), 0);
    assert_int_equal(region.open, 0);
    if (result == SNAPSHOT_FAILED && many == 1)
        assert_non_null(strstr(failure.text, fake.failed_call));
    assert_true(result == SNAPSHOT_FAILED || result == SNAPSHOT_WRITTEN);
    /* Whatever failed: a whole snapshot is there, and nothing of a torn one. */
    test_region_fill(&region, 0);
    assert_true(snapshot_restore(&test_store, &region.region, &restored, &failure));
    assert_int_equal(restored.refused, 0);
    assert_true(test_region_is(&region, 3) || (result == SNAPSHOT_FAILED && test_region_is(&region, 2)));
    /* And the next interval makes good for it. */
    test_region_fill(&region, 4);
    assert_int_equal(test_snapshot(&region, 2, &failure), SNAPSHOT_WRITTEN);
    assert_int_equal(files_on_disk(), 2);
    return failed;
}

static void any_operation_may_fail_and_the_earlier_snapshots_stay(void **state)
{
    unsigned n = 1;
    (void)state;
    while (n < MOST_CALL && third_fails(n, 1))
        n++;
    assert_in_range(n, 15, MOST_CALL - 1);
}

static void all_operations_may_fail_from_any_one_on(void **state)
{
    unsigned n = 1;
    (void)state;
    while (n < MOST_CALL && third_fails(n, 10000))
        n++;
    assert_in_range(n, 15, MOST_CALL - 1);
}

static void a_folder_that_lets_nothing_be_removed_is_not_filled_up(void **state)
{
    (void)state;
    make_two_snapshots();
    fake.fail_always = "files-remove";
    for (unsigned number = 3; number < 20; number++) {
        test_region_fill(&region, number);
        assert_int_equal(test_snapshot(&region, 2, &failure), SNAPSHOT_FAILED);
        assert_int_equal(files_on_disk(), 3);
    }
    fake.fail_always = NULL;
    assert_int_equal(test_snapshot(&region, 2, &failure), SNAPSHOT_WRITTEN);
    assert_int_equal(files_on_disk(), 2);
}

#define DAMAGE_TEST(function) cmocka_unit_test_teardown(function, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DAMAGE_TEST(a_snapshot_with_any_bit_flipped_is_refused),
        DAMAGE_TEST(a_snapshot_of_any_other_length_is_refused),
        DAMAGE_TEST(a_snapshot_of_another_format_is_refused_with_that_word),
        DAMAGE_TEST(the_end_of_another_snapshot_is_refused),
        DAMAGE_TEST(a_file_that_the_system_does_not_give_is_told_and_set_aside),
        DAMAGE_TEST(a_file_that_the_system_gives_at_the_second_time_is_the_newest),
        DAMAGE_TEST(a_file_that_is_changed_between_looking_and_copying_is_found_out),
        DAMAGE_TEST(any_operation_may_fail_and_the_earlier_snapshots_stay),
        DAMAGE_TEST(all_operations_may_fail_from_any_one_on),
        DAMAGE_TEST(a_folder_that_lets_nothing_be_removed_is_not_filled_up),
    };
    return cmocka_run_group_tests_name("snapshot_damage", tests, NULL, NULL);
}
