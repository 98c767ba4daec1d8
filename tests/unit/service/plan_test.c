/* plan.c: what must be done so that what exists becomes what is declared. */
#include "plan_testing.h"

static const declared_region telemetry = {
    .name = "Telemetry", .object_name = "Global\\Telemetry", .section_sddl = "D:P(1)", .size = 4096};

static void nothing_declared_and_nothing_held_needs_nothing(void **state)
{
    (void)state;
    plan p = make(NULL, 0, NULL, 0);
    assert_int_equal(p.count, 0);
    plan_free(&p);
}

static void a_start_creates_all_in_the_order_of_the_file(void **state)
{
    (void)state;
    const declared_region declared[] = {{.name = "b"}, {.name = "a"}, {.name = "c"}};
    plan p = make(declared, 3, NULL, 0);
    assert_int_equal(p.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(p.actions[i].kind, PLAN_CREATE);
        assert_int_equal(p.actions[i].declared, i);
    }
    plan_free(&p);
}

static void a_stop_retires_all(void **state)
{
    (void)state;
    const existing_region existing[] = {{.name = "b"}, {.name = "a"}};
    plan p = make(NULL, 0, existing, 2);
    assert_int_equal(p.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(p.actions[i].kind, PLAN_RETIRE);
        assert_int_equal(p.actions[i].existing, i);
    }
    plan_free(&p);
}

static plan_action the_action(const declared_region *declared, const existing_region *existing)
{
    plan p = make(declared, 1, existing, 1);
    assert_int_equal(p.count, 1);
    plan_action action = p.actions[0];
    plan_free(&p);
    return action;
}

static void what_is_as_declared_is_kept(void **state)
{
    (void)state;
    existing_region held = as_held(&telemetry);
    plan_action action = the_action(&telemetry, &held);
    assert_int_equal(action.kind, PLAN_KEEP);
    assert_int_equal(action.changes, 0);
}

static void assert_replaced(const declared_region *declared, const existing_region *existing,
                            unsigned changes)
{
    plan p = make(declared, 1, existing, 1);
    assert_int_equal(p.count, 2);
    assert_int_equal(p.actions[0].kind, PLAN_REPLACE);
    assert_int_equal(p.actions[0].changes, changes);
    assert_int_equal(p.actions[1].kind, PLAN_CREATE);
    assert_true(p.actions[1].replaces);
    plan_free(&p);
}

static void any_difference_in_the_object_replaces_it(void **state)
{
    (void)state;
    existing_region held = as_held(&telemetry);
    declared_region other = telemetry;
    other.size = 4097;
    assert_replaced(&other, &held, PLAN_CHANGED_SIZE);
    other = telemetry;
    other.object_name = "Local\\Telemetry";
    assert_replaced(&other, &held, PLAN_CHANGED_NAME);
    other = telemetry;
    other.large_pages = CONFIG_LARGE_PAGES_PREFER;
    assert_replaced(&other, &held, PLAN_CHANGED_LARGE_PAGES);
    other = telemetry;
    other.numa_node = CONFIG_NUMA_ANY;
    assert_replaced(&other, &held, PLAN_CHANGED_NUMA);
    other = telemetry;
    other.geometry = (shmb_geometry){SHMB_KIND_QUEUE, 4, 8};
    assert_replaced(&other, &held, PLAN_CHANGED_KIND);
    other = telemetry;
    other.part_flags = SHMB_FLAG_LOCK;
    assert_replaced(&other, &held, PLAN_CHANGED_KIND);
    other = telemetry;
    other.backing_path = "X:\\a";
    other.file_sddl = "D:P(3)";
    assert_replaced(&other, &held, PLAN_CHANGED_BACKING | PLAN_CHANGED_ACCESS); /* the file's is new */

    existing_region backed = as_held(&other);
    backed.backing_path = "X:\\b";
    assert_replaced(&other, &backed, PLAN_CHANGED_BACKING);
    other.backing_path = NULL;
    assert_replaced(&other, &backed, PLAN_CHANGED_BACKING | PLAN_CHANGED_ACCESS);
}

static void a_path_written_otherwise_is_the_same_file(void **state)
{
    (void)state;
    declared_region backed = telemetry;
    backed.backing_path = "X:\\Data\\a.shm";
    existing_region held = as_held(&backed);
    backed.backing_path = "x:\\DATA\\A.SHM";
    assert_int_equal(the_action(&backed, &held).kind, PLAN_KEEP);
}

static void another_access_is_given_to_the_object_that_there_is(void **state)
{
    (void)state;
    existing_region held = as_held(&telemetry);
    declared_region other = telemetry;
    other.section_sddl = "D:P(2)";
    plan_action action = the_action(&other, &held);
    assert_int_equal(action.kind, PLAN_SECURE);
    assert_int_equal(action.changes, PLAN_CHANGED_ACCESS);

    declared_region backed = telemetry;
    backed.backing_path = "X:\\a";
    backed.file_sddl = "D:P(3)";
    held = as_held(&backed);
    backed.file_sddl = "D:P(4)";
    assert_int_equal(the_action(&backed, &held).kind, PLAN_SECURE);
}

static void with_revoke_another_access_makes_another_object(void **state)
{
    (void)state;
    existing_region held = as_held(&telemetry);
    declared_region other = telemetry;
    other.revoke = true;
    assert_int_equal(the_action(&other, &held).kind, PLAN_KEEP); /* by itself it changes nothing */
    other.section_sddl = "D:P(2)";
    assert_replaced(&other, &held, PLAN_CHANGED_ACCESS);
}

static void other_words_touch_no_object(void **state)
{
    (void)state;
    existing_region held = as_held(&telemetry);
    declared_region described = telemetry;
    described.initial = (config_initial){.kind = CONFIG_INITIAL_FILL, .fill = 7};
    described.prefetch = true; /* both matter at creation alone */
    assert_int_equal(the_action(&described, &held).kind, PLAN_KEEP);
    described.description = "other words";
    plan_action action = the_action(&described, &held);
    assert_int_equal(action.kind, PLAN_UPDATE);
    assert_int_equal(action.changes, PLAN_CHANGED_DETAILS);
}

static void what_an_earlier_broker_left_is_taken_over_when_it_fits(void **state)
{
    (void)state;
    existing_region left = {
        .name = "Telemetry", .object_name = "Global\\Telemetry", .size = 4096, .left = true};
    assert_int_equal(the_action(&telemetry, &left).kind, PLAN_ADOPT);
    left.size = 8192;
    assert_replaced(&telemetry, &left, PLAN_CHANGED_SIZE);
    plan p = make(NULL, 0, &left, 1); /* nobody holds it, so nobody can let it go */
    assert_int_equal(p.count, 0);
    plan_free(&p);
}

static void names_that_differ_in_case_are_two_regions(void **state)
{
    (void)state;
    declared_region lower = telemetry;
    existing_region held = as_held(&telemetry);
    lower.name = "telemetry";
    plan p = make(&lower, 1, &held, 1);
    assert_int_equal(p.count, 2);
    assert_int_equal(p.actions[0].kind, PLAN_RETIRE);
    assert_int_equal(p.actions[1].kind, PLAN_CREATE);
    assert_false(p.actions[1].replaces);
    plan_free(&p);
}

static void rights_are_taken_before_anything_is_made(void **state)
{
    (void)state;
    const declared_region declared[] = {{.name = "new"}, {.name = "b", .section_sddl = "D:P(2)"}};
    existing_region existing[] = {as_held(&declared[1]), {.name = "old"}};
    existing[0].access++;
    plan p = make(declared, 2, existing, 2);
    assert_int_equal(p.count, 3);
    assert_int_equal(p.actions[0].kind, PLAN_RETIRE);
    assert_int_equal(p.actions[1].kind, PLAN_SECURE);
    assert_int_equal(p.actions[2].kind, PLAN_CREATE);
    plan_free(&p);
}

/* ---- Conflicts */

static void of_two_with_one_name_the_second_is_refused(void **state)
{
    (void)state;
    const declared_region twice[] = {telemetry, telemetry};
    existing_region held = as_held(&telemetry);
    plan p = make(twice, 2, &held, 1);
    assert_int_equal(p.count, 2);
    assert_int_equal(p.actions[0].kind, PLAN_KEEP);
    assert_int_equal(p.actions[1].kind, PLAN_REFUSE);
    assert_int_equal(p.actions[1].conflict, PLAN_NAME_TWICE);
    assert_int_equal(p.actions[1].other, 0);
    plan_free(&p);
}

static void of_two_on_one_file_the_one_that_has_it_keeps_it(void **state)
{
    (void)state;
    declared_region two[] = {{.name = "a", .backing_path = "X:\\f"}, {.name = "b", .backing_path = "x:\\F"}};
    plan p = make(two, 2, NULL, 0);
    assert_int_equal(p.actions[0].kind, PLAN_CREATE);
    assert_int_equal(p.actions[1].kind, PLAN_REFUSE);
    assert_int_equal(p.actions[1].conflict, PLAN_FILE_TWICE);
    plan_free(&p);
    existing_region held = as_held(&two[1]);
    p = make(two, 2, &held, 1);
    assert_int_equal(p.actions[0].kind, PLAN_REFUSE);
    assert_int_equal(p.actions[0].other, 1);
    assert_int_equal(p.actions[1].kind, PLAN_KEEP);
    plan_free(&p);
}

static void what_its_file_is_too_short_for_is_refused_and_stays(void **state)
{
    (void)state;
    declared_region before = {.name = "a", .backing_path = "X:\\4096", .size = 4096}, after = before;
    existing_region held = as_held(&before);
    after.size = 8192;
    plan p = make(&after, 1, &held, 1);
    assert_int_equal(p.count, 1);
    assert_int_equal(p.actions[0].kind, PLAN_REFUSE);
    assert_int_equal(p.actions[0].conflict, PLAN_FILE_SHORT);
    assert_true(plan_is_empty(&p));
    plan_free(&p);
    after.backing_path = "X:\\8192"; /* another file, which will do */
    p = make(&after, 1, &held, 1);
    assert_int_equal(p.actions[0].kind, PLAN_REPLACE);
    plan_free(&p);
    after.backing_path = "X:\\absent"; /* it is made */
    p = make(&after, 1, &held, 1);
    assert_int_equal(p.actions[0].kind, PLAN_REPLACE);
    plan_free(&p);
}

/* An earlier broker's, which is there by its name: a start could not take it over, so no plan may say so. */
static void what_was_left_on_a_file_that_is_too_short_is_refused(void **state)
{
    (void)state;
    declared_region declared = {.name = "a", .backing_path = "X:\\4096", .size = 8192};
    existing_region left = as_held(&declared);
    left.left = true;
    plan p = make(&declared, 1, &left, 1);
    assert_int_equal(p.count, 1);
    assert_int_equal(p.actions[0].kind, PLAN_REFUSE);
    assert_int_equal(p.actions[0].conflict, PLAN_FILE_SHORT);
    assert_true(p.actions[0].left);
    plan_free(&p);
    declared.size = left.size = 4096;
    p = make(&declared, 1, &left, 1);
    assert_int_equal(p.actions[0].kind, PLAN_ADOPT);
    plan_free(&p);
}

/* b is refused the file of a, so it stays on its own, which c therefore cannot have. */
static void a_refused_region_keeps_its_file(void **state)
{
    (void)state;
    declared_region before[] = {{.name = "a", .backing_path = "X:\\1"},
                                {.name = "b", .backing_path = "X:\\2"}};
    declared_region after[] = {{.name = "c", .backing_path = "X:\\2"},
                               {.name = "b", .backing_path = "X:\\1"},
                               {.name = "a", .backing_path = "X:\\1"}};
    existing_region held[] = {as_held(&before[0]), as_held(&before[1])};
    plan p = make(after, 3, held, 2);
    assert_int_equal(p.count, 3);
    assert_int_equal(p.actions[0].conflict, PLAN_FILE_STAYS);
    assert_int_equal(p.actions[0].other, 1);
    assert_int_equal(p.actions[1].conflict, PLAN_FILE_TWICE);
    assert_int_equal(p.actions[1].existing, 1);
    assert_int_equal(p.actions[2].kind, PLAN_KEEP);
    assert_true(plan_is_empty(&p));
    plan_free(&p);
}

/* The broker sees what an earlier one left, and whoever shows its plan to a person does not. */
static void the_digest_does_not_tell_taking_over_from_making(void **state)
{
    (void)state;
    declared_region other = telemetry;
    existing_region left = as_held(&telemetry);
    left.left = true;
    other.section_sddl = "D:P(2)";
    const declared_regions d = {&telemetry, 1}, o = {&other, 1};
    const existing_regions none = {NULL, 0, NULL}, e = {&left, 1, NULL};
    plan create = make(&telemetry, 1, NULL, 0), adopt = make(&telemetry, 1, &left, 1);
    assert_int_equal(create.actions[0].kind, PLAN_CREATE);
    assert_int_equal(adopt.actions[0].kind, PLAN_ADOPT);
    uint64_t digest = plan_digest(&create, &d, &none);
    assert_true(digest == plan_digest(&adopt, &d, &e));
    assert_false(digest == plan_digest(&create, &o, &none));
    plan_free(&create);
    plan_free(&adopt);
}

static void of_three_with_one_name_two_are_refused(void **state)
{
    (void)state;
    const declared_region thrice[] = {telemetry, {.name = "a"}, telemetry, telemetry};
    plan p = make(thrice, 4, NULL, 0);
    assert_int_equal(p.count, 4);
    assert_int_equal(p.actions[0].kind, PLAN_CREATE);
    assert_int_equal(p.actions[1].kind, PLAN_CREATE);
    for (size_t i = 2; i < 4; i++) {
        assert_int_equal(p.actions[i].kind, PLAN_REFUSE);
        assert_int_equal(p.actions[i].other, 0);
    }
    plan_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_declared_and_nothing_held_needs_nothing),
        cmocka_unit_test(a_start_creates_all_in_the_order_of_the_file),
        cmocka_unit_test(a_stop_retires_all),
        cmocka_unit_test(what_is_as_declared_is_kept),
        cmocka_unit_test(any_difference_in_the_object_replaces_it),
        cmocka_unit_test(a_path_written_otherwise_is_the_same_file),
        cmocka_unit_test(another_access_is_given_to_the_object_that_there_is),
        cmocka_unit_test(with_revoke_another_access_makes_another_object),
        cmocka_unit_test(other_words_touch_no_object),
        cmocka_unit_test(what_an_earlier_broker_left_is_taken_over_when_it_fits),
        cmocka_unit_test(names_that_differ_in_case_are_two_regions),
        cmocka_unit_test(rights_are_taken_before_anything_is_made),
        cmocka_unit_test(of_two_with_one_name_the_second_is_refused),
        cmocka_unit_test(of_three_with_one_name_two_are_refused),
        cmocka_unit_test(of_two_on_one_file_the_one_that_has_it_keeps_it),
        cmocka_unit_test(what_its_file_is_too_short_for_is_refused_and_stays),
        cmocka_unit_test(what_was_left_on_a_file_that_is_too_short_is_refused),
        cmocka_unit_test(a_refused_region_keeps_its_file),
        cmocka_unit_test(the_digest_does_not_tell_taking_over_from_making),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
