/* leftovers.c: which snapshots are of regions that nobody declares any more. */
#include "testing.h"

#include "fake_files.h"
#include "fake_platform.h"
#include "leftovers.h"

#define FOLDER "X:\\data\\snapshots"

static leftovers found;
static platform_failure failure;

static int new_disk(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

static int closed_disk(void **state)
{
    (void)state;
    assert_int_equal(fake_disk_open_files(), 0);
    fake_reset();
    return 0;
}

/* The beginning of a snapshot is all that is read. */
static void put(const char *region, uint64_t sequence)
{
    char name[SNAPSHOT_NAME], path[PLATFORM_PATH];
    uint8_t bytes[SNAPSHOT_HEADER_BYTES + 100] = {0};
    snapshot_header header = {.size = 100, .sequence = sequence};
    snprintf(header.region, sizeof header.region, "%s", region);
    snapshot_encode_header(&header, bytes);
    snapshot_file_name(region, sequence, name);
    snprintf(path, sizeof path, FOLDER "\\%s", name);
    fake_disk_put(path, bytes, sizeof bytes);
}

static const config_region regions[] = {
    {.name = "Saved", .persist = {CONFIG_PERSIST_SNAPSHOT, 1000, 3}},
    {.name = "No more", .persist = {CONFIG_PERSIST_NONE, 0, 0}},
};
static const config_model model = {.file = "a.yaml", .regions = regions, .region_count = 2};

static void what_is_declared_with_snapshots_is_not_left_over(void **state)
{
    (void)state;
    put("Saved", 1);
    put("Saved", 2);
    fake_disk_put(FOLDER "\\notes.txt", "x", 1);
    assert_true(leftovers_find(FOLDER, &model, &found, &failure));
    assert_int_equal(found.count, 0);
    assert_int_equal(found.more, 0);
}

static void what_is_declared_without_or_not_at_all_is(void **state)
{
    (void)state;
    put("Saved", 7);
    put("Gone", 1);
    put("No more", 3);
    put("Gone", 2);
    assert_true(leftovers_find(FOLDER, &model, &found, &failure));
    assert_int_equal(found.count, 2);
    for (size_t i = 0; i < 2; i++) {
        const bool gone = strcmp(found.items[i].region, "Gone") == 0;
        assert_true(gone || strcmp(found.items[i].region, "No more") == 0);
        assert_int_equal(found.items[i].files, gone ? 2 : 1);
        assert_int_equal(found.items[i].bytes, (gone ? 2 : 1) * (SNAPSHOT_HEADER_BYTES + 100));
    }
}

static void a_damaged_one_is_told_without_a_name(void **state)
{
    char path[PLATFORM_PATH], name[SNAPSHOT_NAME];
    (void)state;
    snapshot_file_name("Gone", 1, name);
    snprintf(path, sizeof path, FOLDER "\\%s", name);
    fake_disk_put(path, "torn", 4);
    assert_true(leftovers_find(FOLDER, &model, &found, &failure));
    assert_int_equal(found.count, 1);
    assert_string_equal(found.items[0].region, "");
    assert_int_equal(found.items[0].bytes, 4);
}

static void there_are_no_more_told_than_fit(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LEFTOVERS_MOST + 5; i++) {
        char region[20];
        snprintf(region, sizeof region, "Gone%u", i);
        put(region, 1);
    }
    assert_true(leftovers_find(FOLDER, &model, &found, &failure));
    assert_int_equal(found.count, LEFTOVERS_MOST);
    assert_int_equal(found.more, 5);
}

static void news_are_told_once_with_what_to_do(void **state)
{
    uint64_t told = 0;
    (void)state;
    assert_null(leftovers_news(FOLDER, &model, &told));
    put("Saved", 7);
    put("Gone", 1);
    put("Gone", 2);
    char *words = leftovers_news(FOLDER, &model, &told);
    assert_non_null(words);
    assert_non_null(
        strstr(words, "2 snapshots of regions that are not declared with any are left in " FOLDER " (Gone)"));
    assert_non_null(strstr(words, "`shmbroker audit` tells which files to delete"));
    free(words);
    assert_null(leftovers_news(FOLDER, &model, &told));
    put("No more", 3);
    words = leftovers_news(FOLDER, &model, &told);
    assert_non_null(words);
    assert_non_null(strstr(words, "No more"));
    free(words);
    assert_null(leftovers_news(FOLDER, &model, &told));
}

#define LEFTOVERS_TEST(function) cmocka_unit_test_setup_teardown(function, new_disk, closed_disk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEFTOVERS_TEST(what_is_declared_with_snapshots_is_not_left_over),
        LEFTOVERS_TEST(what_is_declared_without_or_not_at_all_is),
        LEFTOVERS_TEST(a_damaged_one_is_told_without_a_name),
        LEFTOVERS_TEST(there_are_no_more_told_than_fit),
        LEFTOVERS_TEST(news_are_told_once_with_what_to_do),
    };
    return cmocka_run_group_tests_name("leftovers", tests, NULL, NULL);
}
