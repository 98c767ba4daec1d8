/* left.c: what an earlier broker left, and of which kind it is, as a plan has it. */
#include "testing.h"

#include "fake_platform.h"
#include "left.h"
#include "region_kind.h"

static const declared_region queue = {.name = "Q",
                                      .object_name = "Global\\Q",
                                      .section_sddl = "D:P",
                                      .size = 4096,
                                      .geometry = {SHMB_KIND_QUEUE, 4, 8},
                                      .numa_node = CONFIG_NUMA_ANY};
static const declared_region raw = {.name = "Q",
                                    .object_name = "Global\\Q",
                                    .section_sddl = "D:P",
                                    .size = 4096,
                                    .numa_node = CONFIG_NUMA_ANY};
static uint32_t known; /* form */

static uint32_t form_of(const void *context, const char *name)
{
    (void)context;
    assert_string_equal(name, "Q");
    return known;
}

/* A section of an earlier broker, which programs have; `begun`: it begins as the queue. */
static void leave_one(bool begun)
{
    const platform_section_request request = {.object_name = "Global\\Q", .sddl = "D:P", .size = 4096};
    fake_reset();
    fake.clients_hold_sections = true;
    fake_section *section = fake_make_section(&request);
    if (begun)
        shmb_geometry_format(section->bytes, &queue.geometry);
    known = 0;
}

static size_t count_left(const declared_region *declared, bool with_forms)
{
    const declared_regions all = {declared, 1};
    const existing_regions nothing = {NULL, 0, NULL};
    const left_forms forms = {form_of, NULL};
    existing_regions found;
    assert_true(left_find(&all, &nothing, with_forms ? &forms : NULL, &found));
    const size_t count = found.count;
    left_free(&found);
    return count;
}

static void without_a_catalog_its_first_bytes_tell_the_kind(void **state)
{
    (void)state;
    leave_one(true);
    assert_int_equal(count_left(&queue, false), 1);
    assert_int_equal(count_left(&queue, true), 1);
    leave_one(false);
    assert_int_equal(count_left(&queue, false), 0);
    assert_int_equal(count_left(&queue, true), 0);
    assert_int_equal(count_left(&raw, false), 1); /* any bytes are raw */
}

static void what_the_catalog_says_counts_whatever_writers_have_written_there(void **state)
{
    (void)state;
    leave_one(false);
    known = region_kind_form(&queue);
    assert_int_equal(count_left(&queue, true), 1);
    assert_int_equal(count_left(&raw, true), 0);
    leave_one(true);
    known = region_kind_form(&raw);
    assert_int_equal(count_left(&queue, true), 0);
}

static void what_cannot_be_looked_at_is_left_to_whoever_takes_it_over(void **state)
{
    (void)state;
    leave_one(false);
    fake.fail_always = "section-peek";
    assert_int_equal(count_left(&queue, false), 1);
}

static int last(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(without_a_catalog_its_first_bytes_tell_the_kind, last),
        cmocka_unit_test_teardown(what_the_catalog_says_counts_whatever_writers_have_written_there, last),
        cmocka_unit_test_teardown(what_cannot_be_looked_at_is_left_to_whoever_takes_it_over, last),
    };
    return cmocka_run_group_tests_name("left", tests, NULL, NULL);
}
