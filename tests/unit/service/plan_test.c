/* plan.c: what must be done so that what exists becomes what is declared. */
#include "testing.h"

#include "plan.h"

#include <stdlib.h>
#include <string.h>

#define MOST 24u

static const declared_region telemetry = {
    .name = "Telemetry", .object_name = "Global\\Telemetry", .section_sddl = "D:P(1)", .size = 4096};

/* What is held of a region once it exists as declared. */
static existing_region as_held(const declared_region *declared)
{
    return (existing_region){.name = declared->name,
                             .object_name = declared->object_name,
                             .backing_path = declared->backing_path,
                             .access = plan_access_of(declared),
                             .details = plan_details_of(declared),
                             .size = declared->size,
                             .geometry = declared->geometry,
                             .part_flags = declared->part_flags,
                             .large_pages = declared->large_pages,
                             .numa_node = declared->numa_node};
}

/* Files are called by their size. */
static uint64_t file_size(const char *path)
{
    return strtoull(path + strlen("X:\\"), NULL, 10);
}

static plan make(const declared_region *declared, size_t declared_count, const existing_region *existing,
                 size_t existing_count)
{
    declared_regions d = {declared, declared_count};
    existing_regions e = {existing, existing_count, file_size};
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

/* ---- Properties, over pairs made at random from few names, so that they meet often */

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
        cmocka_unit_test(any_plan_reaches_what_is_declared_and_a_second_does_nothing),
        cmocka_unit_test(what_is_the_same_on_both_sides_is_never_touched),
        cmocka_unit_test(what_is_left_is_taken_over_or_refused_and_never_let_go),
        cmocka_unit_test(the_digest_does_not_tell_taking_over_from_making),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
