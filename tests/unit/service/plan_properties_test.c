/* plan.c: what holds for any two configurations, made at random from few names, so that they meet often. */
#include "plan_testing.h"

#include <stdio.h>

#define MOST 24u

static char names[MOST][8];

static void make_names(void)
{
    for (unsigned i = 0; i < MOST; i++)
        snprintf(names[i], sizeof names[i], "r%u", i);
}

static const char *const files[] = {NULL, NULL, NULL, "X:\\f", "x:\\F", "X:\\g", "X:\\h"};
#define FILES 3u

/* Numbers the three files, whatever their spelling; FILES for none. */
static size_t file_number(const char *path)
{
    if (!path)
        return FILES;
    return path[3] == 'g' ? 1 : path[3] == 'h' ? 2 : 0;
}

/* Chooses each name or not, in a random order, now and then one twice; few variants of each, so that some are equal. */
static size_t random_regions(uint64_t *seed, declared_region *regions)
{
    size_t count = 0;
    unsigned chance = testing_random(seed) % 5, first = testing_random(seed) % MOST;
    for (unsigned i = 0; i < MOST; i++) {
        if (testing_random(seed) % 4 >= chance)
            continue;
        unsigned name = testing_random(seed) % 16 ? (first + i * 5) % MOST : testing_random(seed) % MOST;
        regions[count++] =
            (declared_region){.name = names[name],
                              .object_name = names[name],
                              .section_sddl = testing_random(seed) % 3 ? "D:P" : "D:P(1)",
                              .description = testing_random(seed) % 3 ? "" : "words",
                              .backing_path = files[testing_random(seed) % (sizeof files / sizeof files[0])],
                              .revoke = testing_random(seed) % 2,
                              .size = 1 + testing_random(seed) % 2};
    }
    return count;
}

/* A machine that carries plans out. */
typedef struct machine {
    existing_region held[MOST];
    bool there[MOST]; /* at the same indexes, which a plan's `existing` speak of */
    bool file_used[FILES + 1];
    size_t count;
    existing_region made[MOST];
    size_t made_count;
    size_t touched;
} machine;

static void let_go(machine *m, size_t index)
{
    assert_true(m->there[index]);
    m->there[index] = false;
    m->file_used[file_number(m->held[index].backing_path)] = false;
    m->touched++;
}

static void make_region(machine *m, const declared_region *declared)
{
    assert_non_null(declared);
    if (!declared)
        return;
    size_t file = file_number(declared->backing_path);
    for (size_t i = 0; i < m->count; i++)
        assert_false(m->there[i] && strcmp(m->held[i].name, declared->name) == 0);
    for (size_t i = 0; i < m->made_count; i++)
        assert_string_not_equal(m->made[i].name, declared->name);
    assert_false(file < FILES && m->file_used[file]);
    m->file_used[file] = true;
    m->made[m->made_count++] = as_held(declared);
    m->touched++;
}

static void step(machine *m, const plan_action *action, const declared_region *declared)
{
    const declared_region *d = action->declared == PLAN_NOTHING ? NULL : &declared[action->declared];
    if (action->existing != PLAN_NOTHING && d)
        assert_string_equal(m->held[action->existing].name, d->name);
    switch (action->kind) {
    case PLAN_RETIRE:
    case PLAN_REPLACE:
        let_go(m, action->existing);
        break;
    case PLAN_CREATE:
        assert_int_equal(action->existing, PLAN_NOTHING);
        make_region(m, d);
        break;
    case PLAN_SECURE:
    case PLAN_UPDATE:
        assert_true(m->there[action->existing]);
        m->held[action->existing].access = plan_access_of(d);
        m->held[action->existing].details = plan_details_of(d);
        m->touched++;
        break;
    case PLAN_KEEP:
        assert_true(m->there[action->existing]);
        break;
    case PLAN_ADOPT:
        fail_msg("nothing was left");
        break;
    case PLAN_REFUSE:
        assert_int_not_equal(action->conflict, PLAN_NO_CONFLICT);
        assert_int_not_equal(action->other, action->declared);
        break;
    }
}

/* Leaves what there is then in `held`. */
static void carry_out(machine *m, const plan *p, const declared_region *declared)
{
    m->made_count = m->touched = 0;
    for (size_t i = 0; i < p->count; i++)
        step(m, &p->actions[i], declared);
    size_t count = 0;
    for (size_t i = 0; i < m->count; i++)
        if (m->there[i])
            m->held[count++] = m->held[i];
    for (size_t i = 0; i < m->made_count; i++)
        m->held[count++] = m->made[i];
    m->count = count;
    for (size_t i = 0; i < MOST; i++)
        m->there[i] = i < count;
}

static const existing_region *find(const machine *m, const char *name)
{
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->held[i].name, name) == 0)
            return &m->held[i];
    return NULL;
}

static bool is_refused(const plan *p, size_t declared)
{
    bool refused = false;
    for (size_t i = 0; i < p->count; i++)
        refused = refused || (p->actions[i].kind == PLAN_REFUSE && p->actions[i].declared == declared);
    return refused;
}

static void assert_same(const existing_region *left, const existing_region *right)
{
    assert_string_equal(left->name, right->name);
    assert_int_equal(left->access, right->access);
    assert_int_equal(left->details, right->details);
    assert_int_equal(left->size, right->size);
    assert_int_equal(file_number(left->backing_path), file_number(right->backing_path));
}

/* Every declared region is as declared, or refused; nothing else is left but what refused ones had. */
static void check_end(const machine *m, const plan *p, const declared_region *declared, size_t count)
{
    size_t served = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_refused(p, i))
            continue;
        const existing_region *found = find(m, declared[i].name);
        assert_non_null(found);
        existing_region wanted = as_held(&declared[i]);
        assert_same(found, &wanted);
        served++;
    }
    for (size_t i = 0; i < p->count; i++)
        served += p->actions[i].kind == PLAN_REFUSE && p->actions[i].existing != PLAN_NOTHING;
    assert_int_equal(served, m->count);
}

static void any_plan_reaches_what_is_declared_and_a_second_does_nothing(void **state)
{
    (void)state;
    uint64_t seed = 1;
    unsigned refused = 0;
    make_names();
    for (unsigned round = 0; round < 20000; round++) {
        machine m = {.count = 0};
        for (unsigned step_number = 0; step_number < 3; step_number++) {
            declared_region declared[MOST];
            size_t count = random_regions(&seed, declared);
            plan first = make(declared, count, m.held, m.count);
            carry_out(&m, &first, declared);
            check_end(&m, &first, declared, count);
            plan second = make(declared, count, m.held, m.count);
            carry_out(&m, &second, declared);
            assert_int_equal(m.touched, 0);
            assert_true(plan_is_empty(&second));
            for (size_t i = 0; i < count; i++)
                refused += is_refused(&second, i);
            plan_free(&second);
            plan_free(&first);
        }
    }
    assert_true(refused > 1000); /* else the conflicts were not met */
}

static void what_is_the_same_on_both_sides_is_never_touched(void **state)
{
    (void)state;
    uint64_t seed = 2;
    make_names();
    for (unsigned round = 0; round < 20000; round++) {
        machine m = {.count = 0};
        declared_region declared[MOST], other[MOST];
        size_t count = random_regions(&seed, declared), other_count = random_regions(&seed, other);
        plan p = make(declared, count, NULL, 0);
        carry_out(&m, &p, declared);
        plan_free(&p);
        p = make(other, other_count, m.held, m.count);
        for (size_t i = 0; i < p.count; i++) {
            const plan_action *action = &p.actions[i];
            if (action->existing == PLAN_NOTHING || action->declared == PLAN_NOTHING)
                continue;
            const existing_region wanted = as_held(&other[action->declared]),
                                  *held = &m.held[action->existing];
            bool same = held->access == wanted.access && held->details == wanted.details &&
                        held->size == wanted.size &&
                        file_number(held->backing_path) == file_number(wanted.backing_path);
            assert_int_equal(same, action->kind == PLAN_KEEP || (same && action->kind == PLAN_REFUSE));
        }
        plan_free(&p);
    }
}

/* What is left of declared regions is as they are declared, of several with one name as the first (left.h). */
static size_t leave_some(uint64_t *seed, const declared_region *declared, size_t count, const machine *m,
                         existing_region *all)
{
    size_t made = m->count;
    if (made > 0)
        memcpy(all, m->held, made * sizeof *all);
    for (size_t i = 0; i < count; i++) {
        bool known = false;
        for (size_t j = 0; j < made; j++)
            known = known || strcmp(all[j].name, declared[i].name) == 0;
        for (size_t j = 0; j < i; j++)
            known = known || strcmp(declared[j].name, declared[i].name) == 0;
        if (known || testing_random(seed) % 2)
            continue;
        all[made] = as_held(&declared[i]);
        all[made].access = all[made].details = 0;
        all[made++].left = true;
    }
    return made;
}

static void what_is_left_is_taken_over_or_refused_and_never_let_go(void **state)
{
    (void)state;
    uint64_t seed = 3;
    unsigned adopted = 0, refused = 0;
    make_names();
    for (unsigned round = 0; round < 20000; round++) {
        machine m = {.count = 0};
        declared_region before[MOST], declared[MOST];
        existing_region all[2 * MOST];
        size_t count = random_regions(&seed, before);
        plan p = make(before, testing_random(&seed) % 2 ? count : 0, NULL, 0);
        carry_out(&m, &p, before);
        plan_free(&p);
        count = random_regions(&seed, declared);
        size_t all_count = leave_some(&seed, declared, count, &m, all);
        unsigned met[2 * MOST] = {0};
        p = make(declared, count, all, all_count);
        for (size_t i = 0; i < p.count; i++) {
            const plan_action *action = &p.actions[i];
            bool left = action->existing != PLAN_NOTHING && all[action->existing].left;
            assert_int_equal(action->left, left);
            assert_true(!left || action->kind == PLAN_ADOPT || action->kind == PLAN_REFUSE);
            assert_true(left || action->kind != PLAN_ADOPT);
            if (left)
                met[action->existing]++;
            adopted += action->kind == PLAN_ADOPT;
            refused += left && action->kind == PLAN_REFUSE;
        }
        for (size_t i = 0; i < all_count; i++)
            assert_int_equal(all[i].left ? met[i] : 1, 1);
        plan_free(&p);
    }
    assert_true(adopted > 1000 && refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_plan_reaches_what_is_declared_and_a_second_does_nothing),
        cmocka_unit_test(what_is_the_same_on_both_sides_is_never_touched),
        cmocka_unit_test(what_is_left_is_taken_over_or_refused_and_never_let_go),
    };
    return cmocka_run_group_tests_name("plan_properties", tests, NULL, NULL);
}
