/* lives.c and book.c: what a region begins with, and the book that says how its last life ended. */
#include "testing.h"

#include "fake_files.h"
#include "fake_platform.h"
#include "lives.h"

#define FOLDER "X:\\data"
#define PATH   FOLDER "\\lives.txt"

static platform_failure failure;
static book found;

static int new_disk(void **state)
{
    (void)state;
    fake_reset();
    memset(&found, 0, sizeof found);
    return 0;
}

static int closed_disk(void **state)
{
    (void)state;
    book_free(&found);
    assert_int_equal(fake_disk_open_files(), 0);
    fake_reset();
    return 0;
}

static const book_entry two[] = {{"b with spaces", true}, {"A", false}};

static book_state read_again(void)
{
    book_free(&found);
    return book_read(PATH, &found, &failure);
}

static void a_book_says_what_was_written(void **state)
{
    (void)state;
    assert_true(book_write(PATH, FOLDER, two, 2, &failure));
    assert_int_equal(read_again(), BOOK_SOUND);
    assert_int_equal(book_find(&found, "A"), BOOK_DIRTY);
    assert_int_equal(book_find(&found, "b with spaces"), BOOK_CLEAN);
    assert_int_equal(book_find(&found, "b"), BOOK_NO_LIFE);
    assert_int_equal(book_find(&found, "a"), BOOK_NO_LIFE);
}

static void a_book_may_be_empty_or_absent(void **state)
{
    (void)state;
    assert_int_equal(read_again(), BOOK_ABSENT);
    assert_true(book_write(PATH, FOLDER, NULL, 0, &failure));
    assert_int_equal(read_again(), BOOK_SOUND);
    assert_int_equal(book_find(&found, "A"), BOOK_NO_LIFE);
}

static void a_book_with_any_bit_flipped_or_any_end_cut_is_damaged(void **state)
{
    size_t length;
    uint8_t whole[256], harmed[256];
    (void)state;
    assert_true(book_write(PATH, FOLDER, two, 2, &failure));
    const uint8_t *bytes = fake_disk_file(PATH, &length);
    assert_true(length < sizeof whole);
    memcpy(whole, bytes, length);
    for (size_t bit = 0; bit < 8 * length; bit++) {
        memcpy(harmed, whole, length);
        harmed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        fake_disk_put(PATH, harmed, length);
        assert_int_equal(read_again(), BOOK_DAMAGED);
    }
    for (size_t cut = 0; cut < length; cut++) {
        fake_disk_put(PATH, whole, cut);
        assert_int_equal(read_again(), BOOK_DAMAGED);
    }
    fake_disk_put(PATH, whole, length);
    assert_int_equal(read_again(), BOOK_SOUND);
}

static void a_book_survives_a_power_cut_at_any_operation(void **state)
{
    const book_entry first = {"A", true}, second = {"A", false};
    (void)state;
    assert_true(book_write(PATH, FOLDER, &first, 1, &failure));
    size_t written = fake_disk_operations();
    assert_true(book_write(PATH, FOLDER, &second, 1, &failure));
    for (size_t count = written; count <= fake_disk_operations(); count++) {
        for (uint32_t seed = 0; seed < 50; seed++) {
            fake_disk_cut(count, FAKE_CUT_TORN, seed);
            assert_int_equal(read_again(), BOOK_SOUND);
            book_life life = book_find(&found, "A");
            assert_true(life == BOOK_DIRTY || (life == BOOK_CLEAN && count < fake_disk_operations()));
            fake_disk_restore();
        }
    }
}

static void a_book_that_cannot_be_written_leaves_the_earlier_one(void **state)
{
    (void)state;
    assert_true(book_write(PATH, FOLDER, two, 2, &failure));
    for (unsigned n = 1; n < 20; n++) {
        fake.calls = 0;
        fake.failed_call = NULL;
        fake.fail_at = n;
        bool ok = book_write(PATH, FOLDER, NULL, 0, &failure);
        fake.fail_at = 0;
        if (ok)
            break;
        assert_int_equal(read_again(), BOOK_SOUND);
        bool is_earlier = book_find(&found, "A") == BOOK_DIRTY;
        assert_true(is_earlier || strcmp(fake.failed_call, "files-flush-folder") == 0);
        assert_true(book_write(PATH, FOLDER, two, 2, &failure));
    }
    assert_null(fake.failed_call);
}

static void what_a_region_begins_with_is_decided_by_its_last_life(void **state)
{
    static const struct {
        book_life last;
        config_on_dirty on_dirty;
        config_persist_mode mode;
        lives_choice choice;
    } rows[] = {
        {BOOK_NO_LIFE, CONFIG_DIRTY_HOLD, CONFIG_PERSIST_NONE, LIVES_AS_FOUND},
        {BOOK_NO_LIFE, CONFIG_DIRTY_ZERO, CONFIG_PERSIST_SNAPSHOT, LIVES_RESTORED},
        {BOOK_CLEAN, CONFIG_DIRTY_HOLD, CONFIG_PERSIST_FILE, LIVES_AS_FOUND},
        {BOOK_CLEAN, CONFIG_DIRTY_ZERO, CONFIG_PERSIST_SNAPSHOT, LIVES_RESTORED},
        {BOOK_DIRTY, CONFIG_DIRTY_KEEP, CONFIG_PERSIST_NONE, LIVES_AS_FOUND},
        {BOOK_DIRTY, CONFIG_DIRTY_KEEP, CONFIG_PERSIST_FILE, LIVES_AS_FOUND},
        {BOOK_DIRTY, CONFIG_DIRTY_KEEP, CONFIG_PERSIST_SNAPSHOT, LIVES_RESTORED},
        {BOOK_DIRTY, CONFIG_DIRTY_ZERO, CONFIG_PERSIST_FILE, LIVES_ANEW},
        {BOOK_DIRTY, CONFIG_DIRTY_ZERO, CONFIG_PERSIST_SNAPSHOT, LIVES_ANEW},
        {BOOK_DIRTY, CONFIG_DIRTY_RESTORE, CONFIG_PERSIST_SNAPSHOT, LIVES_RESTORED},
        {BOOK_DIRTY, CONFIG_DIRTY_HOLD, CONFIG_PERSIST_NONE, LIVES_HELD},
        {BOOK_DIRTY, CONFIG_DIRTY_HOLD, CONFIG_PERSIST_SNAPSHOT, LIVES_HELD},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(lives_choose(rows[i].last, rows[i].on_dirty, rows[i].mode), rows[i].choice);
}

/* A region whose name programs hold is tried again and again. */
static void a_file_is_set_aside_once_for_each_life(void **state)
{
    static lives l;
    lives_beginning with;
    size_t length;
    const declared_region a = {.name = "A",
                               .object_name = "Global\\A",
                               .backing_path = FOLDER "\\a.shm",
                               .section_sddl = "D:P",
                               .file_sddl = "D:P",
                               .size = 4096,
                               .on_dirty = CONFIG_DIRTY_ZERO};
    const platform_section_request request = {.object_name = a.object_name, .size = a.size, .sddl = "D:P"};
    (void)state;
    fake_disk_put(a.backing_path, "old", 3);
    lives_open(&l, FOLDER, true, NULL, (platform_progress){0});
    assert_true(lives_prepare(&l, &a, &request, &with, &failure));
    assert_int_equal(with.choice, LIVES_ANEW);
    fake_disk_put(a.backing_path, "new", 3); /* it was made, and then the name was not to be had */
    assert_true(lives_prepare(&l, &a, &request, &with, &failure));
    assert_memory_equal(fake_disk_file(FOLDER "\\a.shm.dirty", &length), "old", 3);
    assert_memory_equal(fake_disk_file(a.backing_path, &length), "new", 3);
    lives_free(&l);
}

#define LIVES_TEST(function) cmocka_unit_test_setup_teardown(function, new_disk, closed_disk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIVES_TEST(a_book_says_what_was_written),
        LIVES_TEST(a_book_may_be_empty_or_absent),
        LIVES_TEST(a_book_with_any_bit_flipped_or_any_end_cut_is_damaged),
        LIVES_TEST(a_book_survives_a_power_cut_at_any_operation),
        LIVES_TEST(a_book_that_cannot_be_written_leaves_the_earlier_one),
        LIVES_TEST(what_a_region_begins_with_is_decided_by_its_last_life),
        LIVES_TEST(a_file_is_set_aside_once_for_each_life),
    };
    return cmocka_run_group_tests_name("lives", tests, NULL, NULL);
}
