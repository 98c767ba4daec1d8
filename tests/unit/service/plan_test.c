/* plan.c: what must be done so that what exists becomes what is declared. */
#include "testing.h"

#include "plan.h"

#define MOST 24u

static const declared_region telemetry = {
    .name = "Telemetry", .object_name = "Global\\Telemetry", .section_sddl = "D:P(1)", .size = 4096};
static const existing_region telemetry_held = {
    .name = "Telemetry", .object_name = "Global\\Telemetry", .section_sddl = "D:P(1)", .size = 4096};

static plan make(const declared_region *declared, size_t declared_count, const existing_region *existing,
                 size_t existing_count)
{
    declared_regions d = {declared, declared_count};
    existing_regions e = {existing, existing_count};
    plan p;
    assert_true(plan_make(&d, &e, &p));
    return p;
}

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

static void what_is_as_declared_is_kept(void **state)
{
    (void)state;
    plan p = make(&telemetry, 1, &telemetry_held, 1);
    assert_int_equal(p.count, 1);
    assert_int_equal(p.actions[0].kind, PLAN_KEEP);
    plan_free(&p);
}

static void assert_replaced(const declared_region *declared, const existing_region *existing)
{
    plan p = make(declared, 1, existing, 1);
    assert_int_equal(p.count, 2);
    assert_int_equal(p.actions[0].kind, PLAN_RETIRE);
    assert_int_equal(p.actions[1].kind, PLAN_CREATE);
    plan_free(&p);
}

static void any_difference_in_the_object_replaces_it(void **state)
{
    (void)state;
    declared_region other = telemetry;
    other.size = 4097;
    assert_replaced(&other, &telemetry_held);
    other = telemetry;
    other.object_name = "Local\\Telemetry";
    assert_replaced(&other, &telemetry_held);
    other = telemetry;
    other.section_sddl = "D:P(2)";
    assert_replaced(&other, &telemetry_held);
    other = telemetry;
    other.backing_path = "X:\\a";
    assert_replaced(&other, &telemetry_held);
    other = telemetry;
    other.large_pages = CONFIG_LARGE_PAGES_PREFER;
    assert_replaced(&other, &telemetry_held);
    other = telemetry;
    other.numa_node = CONFIG_NUMA_ANY;
    assert_replaced(&other, &telemetry_held);
    other = telemetry;
    other.backing_path = "X:\\a";

    existing_region backed = telemetry_held;
    backed.backing_path = "X:\\b";
    assert_replaced(&telemetry, &backed);
    assert_replaced(&other, &backed);
}

static void what_matters_at_creation_alone_replaces_nothing(void **state)
{
    (void)state;
    declared_region described = telemetry;
    described.description = "other words";
    described.initial = (config_initial){.kind = CONFIG_INITIAL_FILL, .fill = 7};
    described.prefetch = true;
    plan p = make(&described, 1, &telemetry_held, 1);
    assert_int_equal(p.count, 1);
    assert_int_equal(p.actions[0].kind, PLAN_KEEP);
    plan_free(&p);
}

static void names_that_differ_in_case_are_two_regions(void **state)
{
    (void)state;
    declared_region lower = telemetry;
    lower.name = "telemetry";
    assert_replaced(&lower, &telemetry_held);
}

/* ---- Properties, over pairs made at random from few names, so that they meet often */

static char names[MOST][8];

static void make_names(void)
{
    for (unsigned i = 0; i < MOST; i++)
        snprintf(names[i], sizeof names[i], "r%u", i);
}

/* Chooses each name or not, in a random order; few variants of each, so that some are equal. */
static size_t random_regions(uint64_t *seed, existing_region *regions)
{
    unsigned order[MOST];
    size_t count = 0;
    for (unsigned i = 0; i < MOST; i++)
        order[i] = i;
    for (unsigned i = MOST - 1; i > 0; i--) {
        unsigned other = testing_random(seed) % (i + 1), kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
    unsigned chance = testing_random(seed) % 5;
    for (unsigned i = 0; i < MOST; i++)
        if (testing_random(seed) % 4 < chance)
            regions[count++] = (existing_region){.name = names[order[i]],
                                                 .object_name = names[order[i]],
                                                 .section_sddl = testing_random(seed) % 3 ? "D:P" : "D:P(1)",
                                                 .backing_path = testing_random(seed) % 4 ? NULL : "X:\\f",
                                                 .size = 1 + testing_random(seed) % 2};
    return count;
}

static declared_region as_declared(const existing_region *region)
{
    return (declared_region){.name = region->name,
                             .object_name = region->object_name,
                             .section_sddl = region->section_sddl,
                             .backing_path = region->backing_path,
                             .size = region->size};
}

/* What exists after the plan; fails when one step has no sense. Returns the number of steps but KEEP. */
static size_t carry_out(const plan *p, const declared_region *declared, const existing_region *existing,
                        existing_region *after, size_t *after_count)
{
    size_t changes = 0;
    bool retiring = true, held[MOST] = {false}, gone[MOST] = {false};
    *after_count = 0;
    for (size_t i = 0; i < p->count; i++) {
        const plan_action *action = &p->actions[i];
        if (action->kind == PLAN_RETIRE) {
            assert_true(retiring); /* all of them come first */
            assert_false(gone[action->existing]);
            gone[action->existing] = true;
            changes++;
            continue;
        }
        retiring = false;
        const declared_region *d = &declared[action->declared];
        unsigned long name = strtoul(d->name + 1, NULL, 10);
        assert_false(held[name]); /* no name twice */
        held[name] = true;
        if (action->kind == PLAN_KEEP) {
            assert_string_equal(existing[action->existing].name, d->name);
            assert_false(gone[action->existing]);
            after[(*after_count)++] = existing[action->existing];
        } else {
            after[(*after_count)++] =
                (existing_region){d->name, d->object_name, d->section_sddl, d->backing_path,
                                  d->size, d->large_pages, d->numa_node};
            changes++;
        }
    }
    return changes;
}

static void any_plan_reaches_what_is_declared_and_a_second_does_nothing(void **state)
{
    (void)state;
    uint64_t seed = 1;
    make_names();
    for (unsigned round = 0; round < 20000; round++) {
        existing_region wanted[MOST], existing[MOST], after[MOST], again[MOST];
        declared_region declared[MOST];
        size_t declared_count = random_regions(&seed, wanted), after_count, again_count;
        size_t existing_count = random_regions(&seed, existing);
        for (size_t i = 0; i < declared_count; i++)
            declared[i] = as_declared(&wanted[i]);

        plan first = make(declared, declared_count, existing, existing_count);
        carry_out(&first, declared, existing, after, &after_count);
        plan_free(&first);
        assert_int_equal(after_count, declared_count);
        for (size_t i = 0; i < after_count; i++)
            assert_memory_equal(&after[i], &wanted[i], sizeof after[i]);

        plan second = make(declared, declared_count, after, after_count);
        assert_int_equal(second.count, declared_count);
        assert_int_equal(carry_out(&second, declared, after, again, &again_count), 0);
        plan_free(&second);
    }
}

static void what_is_the_same_on_both_sides_is_never_touched(void **state)
{
    (void)state;
    uint64_t seed = 2;
    make_names();
    for (unsigned round = 0; round < 20000; round++) {
        existing_region existing[MOST];
        declared_region declared[MOST];
        size_t count = random_regions(&seed, existing);
        unsigned changed = testing_random(&seed) % MOST;
        for (size_t i = 0; i < count; i++) {
            declared[count - 1 - i] = as_declared(&existing[i]);
            if (i == changed)
                declared[count - 1 - i].size = 99;
        }
        plan p = make(declared, count, existing, count);
        assert_int_equal(p.count, changed < count ? count + 1 : count);
        for (size_t i = 0; i < p.count; i++) {
            bool on_changed = p.actions[i].kind == PLAN_RETIRE ? p.actions[i].existing == changed
                                                               : p.actions[i].declared == count - 1 - changed;
            assert_int_equal(p.actions[i].kind != PLAN_KEEP, on_changed && changed < count);
        }
        plan_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_declared_and_nothing_held_needs_nothing),
        cmocka_unit_test(a_start_creates_all_in_the_order_of_the_file),
        cmocka_unit_test(a_stop_retires_all),
        cmocka_unit_test(what_is_as_declared_is_kept),
        cmocka_unit_test(any_difference_in_the_object_replaces_it),
        cmocka_unit_test(what_matters_at_creation_alone_replaces_nothing),
        cmocka_unit_test(names_that_differ_in_case_are_two_regions),
        cmocka_unit_test(any_plan_reaches_what_is_declared_and_a_second_does_nothing),
        cmocka_unit_test(what_is_the_same_on_both_sides_is_never_touched),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
