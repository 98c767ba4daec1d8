/* snapshot.c, snapshot_restore.c, snapshot_list.c, crc32c.c: snapshots as they are written, kept and restored. */
#include "testing.h"

#include "crc32c.h"
#include "fake_platform.h"
#include "snapshot_testing.h"

#include <stdlib.h>
#include <string.h>

#define FILE_OF_REGION TEST_FOLDER "\\98ad554f50350d20-Telemetry-0000000000000000000"

static test_region region;
static platform_failure failure;

static int new_disk(void **state)
{
    (void)state;
    fake_reset();
    fake_disk_reset();
    test_refusals[0] = 0;
    test_region_make(&region, "Telemetry", 5000);
    return 0;
}

static int closed_disk(void **state)
{
    (void)state;
    assert_int_equal(region.open, 0);
    assert_int_equal(fake_disk_open_files(), 0);
    assert_null(fake.violation);
    test_region_free(&region);
    fake_disk_reset();
    fake_reset();
    return 0;
}

static void write_number(unsigned number, unsigned keep)
{
    test_region_fill(&region, number);
    assert_int_equal(test_snapshot(&region, keep, &failure), SNAPSHOT_WRITTEN);
}

static void assert_restores(unsigned number)
{
    snapshot_restored restored;
    test_region_fill(&region, 0);
    assert_true(snapshot_restore(&test_store, &region.region, &restored, &failure));
    assert_true(test_region_is(&region, number));
    assert_int_equal(restored.sequence != 0, number != 0);
}

static void assert_listing(const char *expected)
{
    char *listing = fake_disk_listing();
    assert_string_equal(listing, expected);
    free(listing);
}

static void the_sum_is_crc_32c(void **state)
{
    uint8_t bytes[100];
    (void)state;
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(crc32c(0, "123456789", 9), 0xE3069283u); /* the check value of its definition */
    assert_int_equal(crc32c(0, "", 0), 0);
    for (size_t cut = 0; cut <= sizeof bytes; cut++)
        assert_int_equal(crc32c(crc32c(0, bytes, cut), bytes + cut, sizeof bytes - cut),
                         crc32c(0, bytes, sizeof bytes));
}

static void what_was_written_comes_back(void **state)
{
    snapshot_restored restored;
    (void)state;
    write_number(7, 3);
    test_region_fill(&region, 0);
    assert_true(snapshot_restore(&test_store, &region.region, &restored, &failure));
    assert_true(test_region_is(&region, 7));
    assert_int_equal(restored.sequence, 1);
    assert_int_equal(restored.generation, 3);
    assert_int_equal(restored.time, 1000);
    assert_int_equal(restored.refused, 0);
}

static void a_region_of_any_size_comes_back(void **state)
{
    static const uint64_t sizes[] = {1, SNAPSHOT_STEP - 1, SNAPSHOT_STEP, SNAPSHOT_STEP + 1,
                                     3 * SNAPSHOT_STEP + 4711};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        fake_disk_reset();
        test_region_free(&region);
        test_region_make(&region, "Telemetry", sizes[i]);
        write_number(5, 3);
        test_progress = 0;
        assert_restores(5);
        assert_true(test_progress >= 2 * (sizes[i] / SNAPSHOT_STEP)); /* each step is a sign of life */
    }
}

static void without_a_snapshot_the_bytes_stay(void **state)
{
    snapshot_restored restored;
    (void)state;
    test_region_fill(&region, 9);
    assert_true(snapshot_restore(&test_store, &region.region, &restored, &failure));
    assert_int_equal(restored.sequence, 0);
    assert_true(test_region_is(&region, 9));
}

static void as_many_are_kept_as_are_asked_for(void **state)
{
    (void)state;
    for (unsigned number = 1; number <= 5; number++)
        write_number(number, 3);
    assert_listing(FILE_OF_REGION "3.snapshot\n" FILE_OF_REGION "4.snapshot\n" FILE_OF_REGION "5.snapshot\n");
    write_number(6, 1);
    assert_listing(FILE_OF_REGION "6.snapshot\n");
    assert_restores(6);
}

static void bytes_that_did_not_change_are_not_written_again(void **state)
{
    (void)state;
    write_number(1, 3);
    size_t operations = fake_disk_operations();
    assert_int_equal(test_snapshot(&region, 3, &failure), SNAPSHOT_UNCHANGED);
    assert_int_equal(fake_disk_operations(), operations);
    region.bytes[4999] ^= 1;
    assert_int_equal(test_snapshot(&region, 3, &failure), SNAPSHOT_WRITTEN);
}

static void a_newest_snapshot_that_is_damaged_is_written_anew_though_nothing_changed(void **state)
{
    size_t length;
    (void)state;
    write_number(1, 3);
    fake_disk_file(FILE_OF_REGION "1.snapshot", &length)[1024 + 5000 + 16] ^= 1; /* its sum */
    assert_int_equal(test_snapshot(&region, 3, &failure), SNAPSHOT_WRITTEN);
    assert_restores(1);
}

static void fewer_to_keep_is_obeyed_though_nothing_changed(void **state)
{
    (void)state;
    for (unsigned number = 1; number <= 4; number++)
        write_number(number, 4);
    assert_int_equal(test_snapshot(&region, 2, &failure), SNAPSHOT_UNCHANGED);
    assert_listing(FILE_OF_REGION "3.snapshot\n" FILE_OF_REGION "4.snapshot\n");
}

static void names_of_any_kind_get_files_of_their_own(void **state)
{
    static const char *const names[] = {"CON",          "a/b", "A:b", "..", "*?\"<>|",
                                        "\xC3\xA4rger", "nul", "x.",  "x "};
    char name[SNAPSHOT_NAME], others[sizeof names / sizeof names[0]][SNAPSHOT_NAME];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snapshot_file_name(names[i], 18446744073709551615ull, name);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."),
                         strlen(name));
        assert_true(strspn(name, "0123456789abcdef") >= 16); /* so it is no name of a device */
        assert_true(snapshot_sequence_of(name) == 18446744073709551615ull);
        snprintf(others[i], sizeof others[i], "%s", name);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(name, others[j]);
    }
}

static void other_names_are_no_snapshots(void **state)
{
    static const char *const names[] = {"",
                                        ".snapshot",
                                        "6b9bc4bd3ff24ead-T-00000000000000000001.snapshot.refused",
                                        "6b9bc4bd3ff24ead-T-0000000000000000001.snapshot",
                                        "6b9bc4bd3ff24ead-T-0000000000000000001x.snapshot",
                                        "6b9bc4bd3ff24ead-T-99999999999999999999.snapshot",
                                        "00000000000000000001.snapshot",
                                        "6b9bc4bd3ff24ead-draft.new"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(snapshot_sequence_of(names[i]), 0);
}

static void two_regions_do_not_touch_each_others_snapshots(void **state)
{
    test_region other;
    (void)state;
    test_region_make(&other, "Telemetry2", 100);
    write_number(1, 1);
    test_region_fill(&other, 2);
    assert_int_equal(test_snapshot(&other, 1, &failure), SNAPSHOT_WRITTEN);
    test_region_fill(&other, 3);
    assert_int_equal(test_snapshot(&other, 1, &failure), SNAPSHOT_WRITTEN);
    assert_restores(1);
    test_region_free(&other);
}

static void a_snapshot_of_another_size_is_refused_and_set_aside(void **state)
{
    snapshot_restored restored;
    (void)state;
    write_number(1, 3);
    test_region_free(&region);
    test_region_make(&region, "Telemetry", 6000);
    assert_true(snapshot_restore(&test_store, &region.region, &restored, &failure));
    assert_int_equal(restored.sequence, 0);
    assert_int_equal(restored.refused, 1);
    assert_true(test_region_is(&region, 0));
    assert_non_null(strstr(test_refusals, "it has 5000 bytes, and the region is declared with 6000"));
    assert_listing(FILE_OF_REGION "1.snapshot.refused\n");
}

static void a_snapshot_of_another_region_under_this_ones_name_is_refused(void **state)
{
    size_t length;
    test_region other;
    (void)state;
    test_region_make(&other, "Other", 5000);
    test_region_fill(&other, 9);
    assert_int_equal(test_snapshot(&other, 3, &failure), SNAPSHOT_WRITTEN);
    char *listing = fake_disk_listing();
    listing[strlen(listing) - 1] = 0;
    const uint8_t *bytes = fake_disk_file(listing, &length);
    uint8_t *copy = malloc(length);
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    write_number(1, 3);
    fake_disk_put(FILE_OF_REGION "2.snapshot", copy, length);
    assert_restores(1);
    assert_non_null(strstr(test_refusals, "it is of another region, Other"));
    free(copy);
    free(listing);
    test_region_free(&other);
}

/* Two names with one hash, and the same words in front: see declare_test.c. The one is declared no more. */
#define TWIN_A "readings-of-the-plant-in-the-east-gAa4tnzYByJ"
#define TWIN_B "readings-of-the-plant-in-the-east-2zWBlQsDtNB"

static void files_of_a_region_whose_files_would_be_called_the_same_are_left_alone(void **state)
{
    test_region first, second;
    snapshot_restored restored;
    (void)state;
    test_region_make(&first, TWIN_A, 5000);
    test_region_make(&second, TWIN_B, 5000);
    test_region_fill(&first, 7);
    assert_int_equal(test_snapshot(&first, 1, &failure), SNAPSHOT_WRITTEN);
    char *before = fake_disk_listing();
    test_region_fill(&second, 8);
    assert_int_equal(test_snapshot(&second, 1, &failure), SNAPSHOT_FAILED);
    assert_false(snapshot_restore(&test_store, &second.region, &restored, &failure));
    assert_non_null(strstr(failure.text, "would have the names of those of region " TWIN_A));
    assert_non_null(strstr(failure.text, "\\snapshots\\"));
    assert_true(test_region_is(&second, 8));
    assert_listing(before);
    test_region_fill(&first, 0);
    assert_true(snapshot_restore(&test_store, &first.region, &restored, &failure));
    assert_true(test_region_is(&first, 7));
    free(before);
    test_region_free(&first);
    test_region_free(&second);
}

static void of_refused_files_the_newest_few_stay(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 6; i++) {
        write_number(i, 3);
        size_t length;
        char path[PLATFORM_PATH];
        snprintf(path, sizeof path, FILE_OF_REGION "%u.snapshot", i);
        uint8_t *bytes = fake_disk_file(path, &length);
        bytes[0] ^= 1;
        snapshot_restored restored;
        assert_true(snapshot_restore(&test_store, &region.region, &restored, &failure));
        /* The next one has this number again; give the refused one a number of its own. */
        fake_disk_put(path, "", 0);
    }
    snapshot_restored restored;
    assert_true(snapshot_restore(&test_store, &region.region, &restored, &failure));
    char *listing = fake_disk_listing();
    unsigned lines = 0;
    for (const char *at = listing; (at = strstr(at, ".refused\n")) != NULL; at++)
        lines++;
    assert_int_equal(lines, 3);
    free(listing);
}

static void write_while_copied(unsigned window)
{
    if (window == 2) /* between the first and the second step */
        test_region_fill(&region, 2);
}

static void bytes_that_change_while_they_are_copied_are_a_whole_snapshot_all_the_same(void **state)
{
    snapshot_restored restored;
    (void)state;
    test_region_free(&region);
    test_region_make(&region, "Telemetry", (size_t)2 * SNAPSHOT_STEP);
    test_region_fill(&region, 1);
    region.on_open = write_while_copied;
    assert_int_equal(test_snapshot(&region, 3, &failure), SNAPSHOT_WRITTEN);
    region.on_open = NULL;
    uint8_t *mixed = malloc((size_t)2 * SNAPSHOT_STEP);
    assert_non_null(mixed);
    test_region_fill(&region, 1);
    memcpy(mixed, region.bytes, SNAPSHOT_STEP);
    test_region_fill(&region, 2);
    memcpy(mixed + SNAPSHOT_STEP, region.bytes + SNAPSHOT_STEP, SNAPSHOT_STEP);
    test_region_fill(&region, 0);
    assert_true(snapshot_restore(&test_store, &region.region, &restored, &failure));
    assert_memory_equal(region.bytes, mixed, (size_t)2 * SNAPSHOT_STEP);
    free(mixed);
}

static void a_writer_that_is_abandoned_leaves_nothing(void **state)
{
    snapshot_writer writer;
    (void)state;
    test_region_fill(&region, 1);
    for (unsigned steps = 0; steps < 8; steps++) {
        snapshot_begin(&writer, &test_store, &region.region, 3, true, 1000);
        snapshot_result result = SNAPSHOT_WORKING;
        for (unsigned i = 0; i < steps && result == SNAPSHOT_WORKING; i++)
            result = snapshot_step(&writer, &failure);
        snapshot_abandon(&writer);
        if (result == SNAPSHOT_WORKING)
            assert_listing("");
    }
}

#define DISK_TEST(function) cmocka_unit_test_setup_teardown(function, new_disk, closed_disk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISK_TEST(the_sum_is_crc_32c),
        DISK_TEST(what_was_written_comes_back),
        DISK_TEST(a_region_of_any_size_comes_back),
        DISK_TEST(without_a_snapshot_the_bytes_stay),
        DISK_TEST(as_many_are_kept_as_are_asked_for),
        DISK_TEST(bytes_that_did_not_change_are_not_written_again),
        DISK_TEST(a_newest_snapshot_that_is_damaged_is_written_anew_though_nothing_changed),
        DISK_TEST(fewer_to_keep_is_obeyed_though_nothing_changed),
        DISK_TEST(names_of_any_kind_get_files_of_their_own),
        DISK_TEST(other_names_are_no_snapshots),
        DISK_TEST(two_regions_do_not_touch_each_others_snapshots),
        DISK_TEST(a_snapshot_of_another_size_is_refused_and_set_aside),
        DISK_TEST(a_snapshot_of_another_region_under_this_ones_name_is_refused),
        DISK_TEST(files_of_a_region_whose_files_would_be_called_the_same_are_left_alone),
        DISK_TEST(of_refused_files_the_newest_few_stay),
        DISK_TEST(bytes_that_change_while_they_are_copied_are_a_whole_snapshot_all_the_same),
        DISK_TEST(a_writer_that_is_abandoned_leaves_nothing),
    };
    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
