/* plan_match.c: finding what exists beside what is declared, and that plans are the same with it and without. */
#include "plan_testing.h"

#include "plan_match.h"

#include <stdio.h>

#define MOST   40u
#define POOL   60u /* names to draw from */
#define ROUNDS 50000u

static char names[POOL][16];

static void make_names(void)
{
    for (unsigned i = 0; i < POOL; i++)
        snprintf(names[i], sizeof names[i], "region-%u", i);
}

/* Names in a random order, each once. */
static void shuffle(uint64_t *seed, unsigned order[POOL])
{
    for (unsigned i = 0; i < POOL; i++)
        order[i] = i;
    for (unsigned i = POOL - 1; i > 0; i--) {
        const unsigned with = (unsigned)(testing_random(seed) % (i + 1)), kept = order[i];
        order[i] = order[with];
        order[with] = kept;
    }
}

static declared_region random_region(uint64_t *seed, const char *name)
{
    static const char *const sddl[] = {"D:P(1)", "D:P(2)"}, *const files[] = {NULL, NULL, "X:\\a", "X:\\b"};
    declared_region region = {.name = name, .object_name = name, .file_sddl = "D:P(3)"};
    region.size = testing_random(seed) % 8 ? 4096 : 8192;
    region.section_sddl = sddl[testing_random(seed) % 8 == 0];
    region.description = testing_random(seed) % 8 ? "" : "other";
    region.backing_path = files[testing_random(seed) % 4];
    region.revoke = testing_random(seed) % 4 == 0;
    return region;
}

/* Two configurations, the one that is held and the one that is declared, with room for a region more. */
typedef struct pair {
    existing_region held[MOST];
    size_t held_count;
    declared_region declared[MOST + 1];
    size_t declared_count;
} pair;

static void swap_held(pair *p, size_t left, size_t right)
{
    const existing_region kept = p->held[left];
    p->held[left] = p->held[right];
    p->held[right] = kept;
}

/* What is declared is what is held, but for a few that are other, gone, elsewhere, there twice or new. */
static void random_pair(uint64_t *seed, pair *p)
{
    unsigned order[POOL];
    const unsigned rarely = testing_random(seed) % 2 ? 64 : 6;
    shuffle(seed, order);
    p->held_count = testing_random(seed) % MOST;
    p->declared_count = 0;
    for (size_t i = 0; i < p->held_count; i++) {
        const declared_region region = random_region(seed, names[order[i]]);
        const unsigned chance = testing_random(seed) % rarely;
        p->held[i] = as_held(&region);
        if (chance == 1 && testing_random(seed) % 2)
            p->held[i].left = true;
        if (chance == 2)
            continue;
        p->declared[p->declared_count] = chance == 3 ? random_region(seed, names[order[i]]) : region;
        if (chance == 4 && testing_random(seed) % 4 == 0)
            p->declared[p->declared_count].name = names[order[testing_random(seed) % MOST]];
        p->declared_count++;
    }
    for (unsigned swaps = testing_random(seed) % 3; p->held_count > 0 && swaps > 0; swaps--)
        swap_held(p, testing_random(seed) % p->held_count, testing_random(seed) % p->held_count);
}

static void assert_same_action(const plan_action *left, const plan_action *right)
{
    assert_int_equal(left->kind, right->kind);
    assert_int_equal(left->declared, right->declared);
    assert_int_equal(left->existing, right->existing);
    assert_int_equal(left->changes, right->changes);
    assert_int_equal(left->replaces, right->replaces);
    assert_int_equal(left->left, right->left);
    assert_int_equal(left->at_once, right->at_once);
    assert_int_equal(left->conflict, right->conflict);
    assert_int_equal(left->other, right->other);
}

/* A region that is new, at the end, makes the plan look names up in an index; it is made last of all. */
static plan plan_by_names(pair *p, const existing_regions *existing)
{
    plan result;
    p->declared[p->declared_count] =
        (declared_region){.name = "new", .object_name = "new", .section_sddl = "D:P"};
    const declared_regions with_new = {p->declared, p->declared_count + 1};
    size_t whose[MOST + 1], claims[MOST + 1];
    assert_false(plan_match(&with_new, existing, whose, claims));
    assert_true(plan_make(&with_new, existing, &result));
    assert_int_equal(result.actions[--result.count].declared, p->declared_count);
    return result;
}

static void a_plan_is_the_same_side_by_side_and_by_names(void **state)
{
    (void)state;
    uint64_t seed = 12;
    unsigned matched = 0;
    static pair p;
    for (unsigned round = 0; round < ROUNDS; round++) {
        random_pair(&seed, &p);
        const declared_regions declared = {p.declared, p.declared_count};
        const existing_regions existing = {p.held, p.held_count, NULL};
        size_t whose[MOST + 1], claims[MOST + 1];
        matched += plan_match(&declared, &existing, whose, claims) && p.declared_count > 0;
        plan beside, by_names = plan_by_names(&p, &existing);
        assert_true(plan_make(&declared, &existing, &beside));
        assert_int_equal(beside.count, by_names.count);
        for (size_t i = 0; i < beside.count; i++)
            assert_same_action(&beside.actions[i], &by_names.actions[i]);
        plan_free(&beside);
        plan_free(&by_names);
    }
    assert_true(matched > ROUNDS / 4 && matched < ROUNDS - ROUNDS / 8);
}

static void what_is_found_is_each_ones_own(void **state)
{
    (void)state;
    uint64_t seed = 7;
    static pair p;
    for (unsigned round = 0; round < ROUNDS; round++) {
        random_pair(&seed, &p);
        const declared_regions declared = {p.declared, p.declared_count};
        const existing_regions existing = {p.held, p.held_count, NULL};
        size_t whose[MOST + 1], claims[MOST + 1], claimed = 0;
        if (!plan_match(&declared, &existing, whose, claims))
            continue;
        for (size_t d = 0; d < p.declared_count; d++) {
            assert_string_equal(p.declared[d].name, p.held[whose[d]].name);
            assert_int_equal(claims[whose[d]], d);
        }
        for (size_t e = 0; e < p.held_count; e++)
            claimed += claims[e] != PLAN_NOTHING;
        assert_int_equal(claimed, p.declared_count);
    }
}

/* As a reload finds them that replaced one, after another did; and one that lets one go. */
static void the_lists_of_reloads_are_matched(void **state)
{
    (void)state;
    size_t whose[4], claims[4];
    const declared_region declared[] = {{.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}};
    const existing_region replaced[] = {{.name = "a"}, {.name = "c"}, {.name = "d"}, {.name = "b"}};
    const existing_regions e = {replaced, 4, NULL};
    const declared_regions all = {declared, 4}, last = {declared + 1, 3};
    assert_true(plan_match(&all, &e, whose, claims));
    assert_int_equal(whose[1], 3);
    assert_int_equal(whose[3], 2);
    assert_true(plan_match(&last, &e, whose, claims));
    assert_int_equal(claims[0], PLAN_NOTHING);
    assert_int_equal(whose[0], 3);
}

static void what_is_new_or_declared_twice_is_looked_up_by_name(void **state)
{
    (void)state;
    size_t whose[3], claims[3];
    const declared_region twice[] = {{.name = "b"}, {.name = "a"}, {.name = "b"}}, fresh[] = {{.name = "x"}};
    const existing_region held[] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    const existing_regions e = {held, 3, NULL};
    const declared_regions two = {twice, 3}, other = {fresh, 1};
    assert_false(plan_match(&two, &e, whose, claims));
    assert_false(plan_match(&other, &e, whose, claims));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_is_the_same_side_by_side_and_by_names),
        cmocka_unit_test(what_is_found_is_each_ones_own),
        cmocka_unit_test(the_lists_of_reloads_are_matched),
        cmocka_unit_test(what_is_new_or_declared_twice_is_looked_up_by_name),
    };
    make_names();
    return cmocka_run_group_tests_name("plan_match", tests, NULL, NULL);
}
