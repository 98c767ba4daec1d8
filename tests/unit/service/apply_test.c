/* apply.c: carrying out a plan, step by step, with each step in the catalog. */
#include "catalog_testing.h"

#include "apply.h"
#include "fake_platform.h"

static test_memory memory;
static catalog published;
static holdings held;
static lives lived;
static persist persisted;
static broker_log *log_of_test;
static unsigned steps;
static catalog_region region; /* large */

static const declared_region three[] = {
    {.name = "A",
     .description = "first",
     .object_name = "Global\\A",
     .section_sddl = "D:P",
     .size = 1,
     .numa_node = CONFIG_NUMA_ANY},
    {.name = "B",
     .description = "",
     .object_name = "Local\\B",
     .section_sddl = "D:P",
     .size = 4096,
     .numa_node = CONFIG_NUMA_ANY},
    {.name = "C",
     .description = "",
     .object_name = "Global\\C",
     .section_sddl = "D:P",
     .size = 3,
     .backing_path = "X:\\c",
     .file_sddl = "D:P(f)",
     .numa_node = CONFIG_NUMA_ANY},
};

static void count_step(void *context)
{
    ++*(unsigned *)context;
}

static keeper nobody; /* keeps nothing */
static const apply_context context = {.catalog = &published,
                                      .holdings = &held,
                                      .keeper = &nobody,
                                      .lives = &lived,
                                      .persist = &persisted,
                                      .progress = count_step,
                                      .progress_context = &steps};

static int new_machine(void **state)
{
    (void)state;
    const log_targets targets = {.event_source = "test"};
    fake_reset();
    memory = test_memory_make(4u << 20);
    memset(&held, 0, sizeof held);
    steps = 0;
    log_of_test = log_open(&targets);
    return log_of_test && test_start(&published, &memory, false, 1) ? 0 : -1;
}

static size_t count_steps(const plan *p)
{
    size_t count = 0;
    for (size_t i = 0; i < p->count; i++)
        count += p->actions[i].kind != PLAN_KEEP;
    return count;
}

/* `signs` of life come from within the calls, and one after each step: what is kept is none. */
static apply_outcome carry_out_with(const declared_region *items, size_t count, unsigned signs)
{
    const declared_regions declared = {items, count};
    existing_regions existing = holdings_regions(&held);
    apply_context with_log = context;
    apply_outcome outcome;
    plan p;
    with_log.log = log_of_test;
    assert_true(plan_make(&declared, &existing, &p));
    apply_plan(&with_log, &p, &declared, &outcome);
    assert_int_equal(steps, count_steps(&p) + signs);
    steps = 0;
    plan_free(&p);
    return outcome;
}

static apply_outcome carry_out(const declared_region *items, size_t count)
{
    return carry_out_with(items, count, 0);
}

static bool announce(const declared_region *items, size_t count, platform_failure *failure)
{
    const declared_regions declared = {items, count};
    existing_regions existing = holdings_regions(&held);
    plan p;
    assert_true(plan_make(&declared, &existing, &p));
    bool announced = apply_announce(&context, &p, &declared, failure);
    plan_free(&p);
    return announced;
}

static int closed_machine(void **state)
{
    (void)state;
    carry_out(NULL, 0);
    holdings_release(&held);
    log_close(log_of_test);
    assert_int_equal(fake_open_things(), 0);
    assert_null(fake.violation);
    free(memory.base);
    fake_reset();
    return 0;
}

static void assert_state(const char *name, shmb_region_state wanted, uint64_t generation)
{
    assert_int_equal(test_find(&memory, name, &region), CATALOG_OK);
    assert_int_equal(region.state, wanted);
    assert_int_equal(region.generation, generation);
}

static void announced_regions_are_pending(void **state)
{
    (void)state;
    platform_failure failure;
    assert_true(announce(three, 3, &failure));
    for (size_t i = 0; i < 3; i++) {
        assert_state(three[i].name, SHMB_REGION_PENDING, 0);
        assert_int_equal(region.size, three[i].size);
        assert_string_equal(region.object_name, three[i].object_name);
        assert_string_equal(region.description, three[i].description);
    }
    assert_int_equal(fake.open_sections, 0);
}

static void a_region_that_stays_is_not_announced(void **state)
{
    (void)state;
    platform_failure failure;
    carry_out(three, 2);
    assert_true(announce(three, 3, &failure));
    assert_state(three[0].name, SHMB_REGION_READY, 1);
    assert_state(three[1].name, SHMB_REGION_READY, 1);
    assert_state(three[2].name, SHMB_REGION_PENDING, 0);
}

static void what_is_still_held_is_let_go_of_without_a_plan(void **state)
{
    (void)state;
    carry_out(three, 3);
    holdings_release(&held);
    assert_int_equal(fake.open_sections, 0);
}

static void created_regions_are_held_and_ready(void **state)
{
    (void)state;
    apply_outcome outcome = carry_out(three, 3);
    assert_int_equal(outcome.created, 3);
    assert_int_equal(outcome.failed + outcome.kept + outcome.retired + outcome.adopted, 0);
    assert_int_equal(held.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_state(three[i].name, SHMB_REGION_READY, 1);
        assert_true(fake_section_is_open(three[i].object_name));
        assert_int_equal(region.flags, three[i].backing_path ? SHMB_FLAG_FILE_BACKED : 0);
    }
    assert_string_equal(
        strstr(fake.trace.bytes, "section"),
        "section-create Global\\A\nsection-create Local\\B\nsection-create Global\\C on X:\\c\n");
}

static void what_was_granted_is_published(void **state)
{
    (void)state;
    declared_region asking = three[0];
    asking.large_pages = CONFIG_LARGE_PAGES_REQUIRE;
    asking.numa_node = 0;
    asking.prefetch = true;
    asking.object_name = "ShmBroker.Private.1\\A";
    asking.boundary = "S-1-5-32-544";
    apply_outcome outcome = carry_out_with(&asking, 1, 1);
    assert_int_equal(outcome.created, 1);
    assert_int_equal(outcome.noted, 0);
    assert_state("A", SHMB_REGION_READY, 1);
    assert_int_equal(region.flags,
                     SHMB_FLAG_LARGE_PAGES | SHMB_FLAG_NUMA | SHMB_FLAG_PREFETCHED | SHMB_FLAG_PRIVATE);
    assert_string_equal(region.boundary, "S-1-5-32-544");
    assert_string_equal(region.note, "");
}

static void what_was_not_granted_is_published_and_logged(void **state)
{
    (void)state;
    declared_region asking = three[0];
    asking.large_pages = CONFIG_LARGE_PAGES_PREFER;
    asking.numa_node = 5;
    fake.no_large_pages = true;
    apply_outcome outcome = carry_out(&asking, 1);
    assert_int_equal(outcome.created, 1);
    assert_int_equal(outcome.noted, 1);
    assert_state("A", SHMB_REGION_READY, 1);
    assert_int_equal(region.flags, 0);
    assert_string_equal(region.note, "no large pages: the test gives none");
    assert_string_equal(fake.events.bytes,
                        "101 warning region A is served: no large pages: the test gives none\n");
}

static void what_is_required_and_not_granted_breaks_the_region(void **state)
{
    (void)state;
    declared_region asking = three[0];
    asking.large_pages = CONFIG_LARGE_PAGES_REQUIRE;
    fake.no_large_pages = true;
    apply_outcome outcome = carry_out(&asking, 1);
    assert_int_equal(outcome.failed, 1);
    assert_state("A", SHMB_REGION_BROKEN, 0);
    assert_string_equal(region.reason, "Global\\A needs large pages: the test gives none");
    assert_string_equal(region.note, "");
}

static void the_same_again_touches_nothing(void **state)
{
    (void)state;
    carry_out(three, 3);
    size_t before = fake.trace.length;
    apply_outcome outcome = carry_out(three, 3);
    assert_int_equal(outcome.kept, 3);
    assert_int_equal(outcome.created, 0);
    assert_int_equal(fake.trace.length, before);
    assert_state("A", SHMB_REGION_READY, 1);
}

static void retired_regions_are_let_go_and_said_to_be(void **state)
{
    (void)state;
    carry_out(three, 3);
    apply_outcome outcome = carry_out(&three[1], 1);
    assert_int_equal(outcome.retired, 2);
    assert_int_equal(outcome.kept, 1);
    assert_int_equal(held.count, 1);
    assert_string_equal(held.regions[0].name, "B");
    assert_int_equal(fake.open_sections, 1);
    assert_state("A", SHMB_REGION_RETIRED, 1);
    assert_state("B", SHMB_REGION_READY, 1);
    assert_state("C", SHMB_REGION_RETIRED, 1);
}

static void a_region_that_changes_is_another_object(void **state)
{
    (void)state;
    declared_region larger = three[0];
    larger.size = 2;
    carry_out(three, 1);
    apply_outcome outcome = carry_out(&larger, 1);
    assert_int_equal(outcome.replaced, 1);
    assert_int_equal(outcome.created, 1);
    assert_state("A", SHMB_REGION_READY, 2);
    assert_int_equal(region.size, 2);
    assert_int_equal(fake.open_sections, 1);
}

static void another_access_is_given_to_the_object(void **state)
{
    (void)state;
    declared_region other = three[0];
    carry_out(three, 1);
    other.section_sddl = "D:P(new)";
    apply_outcome outcome = carry_out(&other, 1);
    assert_int_equal(outcome.secured, 1);
    assert_int_equal(outcome.created + outcome.replaced, 0);
    assert_string_equal(fake_section_sddl("Global\\A"), "D:P(new)");
    assert_state("A", SHMB_REGION_READY, 1); /* the same object */
    outcome = carry_out(&other, 1);
    assert_int_equal(outcome.secured, 0);
    assert_int_equal(outcome.kept, 1);
}

static void an_access_that_cannot_be_given_is_tried_again_by_the_next_plan(void **state)
{
    (void)state;
    declared_region other = three[0];
    carry_out(three, 1);
    other.section_sddl = "D:P(new)";
    fake.fail_always = "section-secure";
    apply_outcome outcome = carry_out(&other, 1);
    assert_int_equal(outcome.secured, 0);
    assert_int_equal(outcome.failed, 1);
    assert_state("A", SHMB_REGION_READY, 1);
    assert_string_equal(fake_section_sddl("Global\\A"), "D:P");
    fake.fail_always = NULL;
    outcome = carry_out(&other, 1);
    assert_int_equal(outcome.secured, 1);
}

static void revoked_access_makes_another_object(void **state)
{
    (void)state;
    declared_region other = three[0];
    carry_out(three, 1);
    other.section_sddl = "D:P(new)";
    other.revoke = true;
    apply_outcome outcome = carry_out(&other, 1);
    assert_int_equal(outcome.replaced, 1);
    assert_int_equal(outcome.created, 1);
    assert_state("A", SHMB_REGION_READY, 2);
}

static void another_description_is_published_and_touches_nothing(void **state)
{
    (void)state;
    declared_region other = three[0];
    other.description = "other words";
    carry_out(three, 1);
    apply_outcome outcome = carry_out(&other, 1);
    assert_int_equal(outcome.updated, 1);
    assert_state("A", SHMB_REGION_READY, 1);
    assert_string_equal(region.description, "other words");
    assert_string_equal(region.object_name, "Global\\A");
}

/* Programs hold the old object: its name is not to be had before they let go. */
static void a_replacement_waits_for_the_name(void **state)
{
    (void)state;
    declared_region larger = three[0];
    larger.size = 2;
    const declared_regions declared = {&larger, 1};
    bool awaits[1] = {false};
    apply_context asking = context;
    apply_outcome outcome;
    plan p;
    fake.clients_hold_sections = true;
    carry_out(three, 1);
    existing_regions existing = holdings_regions(&held);
    asking.log = log_of_test;
    asking.awaits = awaits;
    assert_true(plan_make(&declared, &existing, &p));
    apply_plan(&asking, &p, &declared, &outcome);
    plan_free(&p);
    assert_int_equal(outcome.replaced, 1);
    assert_int_equal(outcome.awaited, 1);
    assert_int_equal(outcome.failed, 0);
    assert_true(awaits[0]);
    assert_state("A", SHMB_REGION_PENDING, 1);
    assert_string_equal(region.reason, "programs have the earlier Global\\A open");

    uint64_t changes = test_info(&memory).generation;
    assert_true(apply_awaited(&asking, &declared, &outcome));
    assert_int_equal(outcome.awaited, 1);
    assert_true(test_info(&memory).generation == changes); /* nothing is said twice */

    fake_let_sections_go();
    fake.clients_hold_sections = false;
    assert_true(apply_awaited(&asking, &declared, &outcome));
    assert_int_equal(outcome.created, 1);
    assert_int_equal(outcome.awaited, 0);
    assert_false(awaits[0]);
    assert_state("A", SHMB_REGION_READY, 2);
    assert_int_equal(region.size, 2);
    assert_string_equal(region.reason, "");
    assert_true(apply_awaited(&asking, &declared, &outcome));
    assert_int_equal(outcome.created, 0);
    steps = 0;
}

static void a_refused_region_has_its_reason_and_what_exists_stays(void **state)
{
    (void)state;
    declared_region two[] = {three[2], three[0]};
    carry_out(three, 3);
    two[1].backing_path = "X:\\c";
    two[1].file_sddl = "D:P(f)";
    apply_outcome outcome = carry_out(two, 2);
    assert_int_equal(outcome.refused, 1);
    assert_int_equal(outcome.retired, 1);
    assert_state("A", SHMB_REGION_READY, 1);
    assert_true(fake_section_is_open("Global\\A"));
    assert_true(fake_has(&fake.events, "region A is not served: its backing file X:\\c is that of region C"));

    two[1].name = "D";
    two[1].object_name = "Global\\D";
    carry_out(two, 2);
    assert_state("D", SHMB_REGION_BROKEN, 0);
    assert_true(strstr(region.reason, "is that of region C") != NULL);
    assert_state("A", SHMB_REGION_RETIRED, 1);
}

static void what_could_not_be_served_and_is_not_declared_any_more_is_retired(void **state)
{
    (void)state;
    fake.taken = "Local\\B";
    carry_out(three, 3);
    assert_state("B", SHMB_REGION_BROKEN, 0);
    fake.taken = NULL;
    carry_out(three, 1);
    assert_state("B", SHMB_REGION_RETIRED, 0);
    assert_state("A", SHMB_REGION_READY, 1);
}

/* ---- What is told of each action */

static text told;

static void note(void *noted, const plan_action *action, const char *name, const char *reason)
{
    text_append(noted, "%d %s%s%s\n", (int)action->kind, name, reason ? ": " : "", reason ? reason : "");
}

static void each_action_is_told_but_those_that_do_nothing(void **state)
{
    (void)state;
    declared_region after[] = {
        three[1], three[2], {.name = "N", .object_name = "N", .section_sddl = "D:P", .size = 1}};
    after[0].section_sddl = "D:P(new)";
    const declared_regions declared = {after, 3};
    apply_context telling = context;
    apply_outcome outcome;
    plan p;
    carry_out(three, 3);
    existing_regions existing = holdings_regions(&held);
    telling.told = note;
    telling.told_context = &told;
    fake.taken = "N";
    assert_true(plan_make(&declared, &existing, &p));
    apply_plan(&telling, &p, &declared, &outcome);
    plan_free(&p);
    char *all = text_take(&told), wanted[200];
    snprintf(wanted, sizeof wanted, "%d A\n%d B\n%d N: N is taken by a section of MACHINE\\other\n",
             PLAN_RETIRE, PLAN_SECURE, PLAN_CREATE);
    assert_string_equal(all, wanted);
    free(all);
    steps = 0;
}

static void an_object_that_clients_kept_alive_keeps_its_number(void **state)
{
    (void)state;
    fake.clients_hold_sections = true;
    carry_out(three, 1);
    carry_out(NULL, 0);
    apply_outcome outcome = carry_out(three, 1);
    assert_int_equal(outcome.created, 1);
    assert_int_equal(outcome.adopted, 1);
    assert_state("A", SHMB_REGION_READY, 1);
}

static void a_region_that_fails_is_broken_and_the_others_are_served(void **state)
{
    (void)state;
    fake.taken = "Local\\B";
    apply_outcome outcome = carry_out(three, 3);
    assert_int_equal(outcome.created, 2);
    assert_int_equal(outcome.failed, 1);
    assert_state("A", SHMB_REGION_READY, 1);
    assert_state("C", SHMB_REGION_READY, 1);
    assert_state("B", SHMB_REGION_BROKEN, 0);
    assert_string_equal(region.reason, "Local\\B is taken by a section of MACHINE\\other");
    assert_string_equal(fake.events.bytes, "100 warning region B is not served: Local\\B is taken by a "
                                           "section of MACHINE\\other\n");
    assert_int_equal(held.count, 2);
}

static void a_region_that_failed_is_created_once_it_can_be(void **state)
{
    (void)state;
    fake.taken = "Local\\B";
    carry_out(three, 3);
    fake.taken = NULL;
    apply_outcome outcome = carry_out(three, 3);
    assert_int_equal(outcome.kept, 2);
    assert_int_equal(outcome.created, 1);
    assert_state("B", SHMB_REGION_READY, 1);
    assert_string_equal(region.reason, "");
}

static void failures_beyond_a_hundred_are_counted_not_logged(void **state)
{
    (void)state;
    static declared_region many[150];
    static char names[150][32];
    fake.fail_at = fake.calls + 1;
    fake.fail_calls = 150;
    for (size_t i = 0; i < 150; i++) {
        snprintf(names[i], sizeof names[i], "Global\\%u", (unsigned)i);
        many[i] = three[0];
        many[i].name = names[i] + 7;
        many[i].object_name = names[i];
    }
    apply_outcome outcome = carry_out(many, 150);
    assert_int_equal(outcome.failed, 150);
    size_t lines = 0;
    for (const char *at = fake.events.bytes; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 100);
    assert_int_equal(held.count, 0);
}

/* Fills the catalog until not one more reason fits. */
static void fill_catalog(void)
{
    catalog_place place;
    uint64_t generation;
    platform_failure failure;
    published.memory.reserved = published.committed;
    assert_true(catalog_place_of(&published, "filler", &place, &generation, &failure));
    char reason[] = "a little text";
    for (unsigned i = 0; i < 100000; i++) {
        reason[0] = (char)('a' + i % 2);
        const catalog_publication filler = {.state = SHMB_REGION_RETIRED, .reason = reason};
        if (!catalog_publish(&published, place, &filler, &failure))
            return;
    }
    fail_msg("the catalog does not fill");
}

static void a_failure_whose_reason_finds_no_room_is_not_waited_for(void **state)
{
    (void)state;
    platform_failure failure;
    assert_true(announce(three, 3, &failure));
    fill_catalog();
    fake.taken = "Local\\B";
    apply_outcome outcome = carry_out(three, 3);
    assert_int_equal(outcome.created, 2); /* what was announced needs no more room */
    assert_state("A", SHMB_REGION_READY, 1);
    assert_state("B", SHMB_REGION_BROKEN, 0);
    assert_string_equal(region.reason, "");
}

static void an_announcement_without_room_fails(void **state)
{
    (void)state;
    platform_failure failure = {0};
    fill_catalog();
    assert_false(announce(three, 3, &failure));
    assert_non_null(strstr(failure.text, "the catalog is full"));
}

#define MANY 400u

static const declared_region *many_regions(void)
{
    static declared_region items[MANY];
    static char names[MANY][24];
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "Global\\Many%03u", i);
        items[i] = three[0];
        items[i].object_name = names[i];
        items[i].name = names[i] + strlen("Global\\");
    }
    return items;
}

static void a_system_without_room_is_not_asked_for_ever(void **state)
{
    (void)state;
    const declared_region *items = many_regions();
    fake.clients_hold_sections = true;
    assert_int_equal(carry_out(&items[MANY - 1], 1).created, 1); /* an earlier broker's, by what follows */
    holdings_release(&held);
    fake.room_for = 50;
    const apply_outcome outcome = carry_out(items, MANY);
    assert_int_equal(outcome.created, 51);
    assert_int_equal(outcome.adopted, 1);
    assert_int_equal(outcome.failed, MANY - 51);
    assert_int_equal(fake.refused_for_room, 100);
    assert_state("Many149", SHMB_REGION_BROKEN, 0);
    assert_string_equal(region.reason, "the system has no room for Global\\Many149");
    assert_state("Many150", SHMB_REGION_BROKEN, 0);
    assert_non_null(strstr(region.reason, "no room for the 100 regions before it"));
    assert_state("Many399", SHMB_REGION_READY, 1);
    holdings_release(&held);
}

static void what_fills_the_system_makes_way_for_other_programs(void **state)
{
    (void)state;
    catalog_place places[MANY] = {0};
    apply_held_back held_back = {places, 0};
    const declared_regions declared = {many_regions(), MANY};
    const existing_regions nothing = {NULL, 0, NULL};
    apply_context start = context;
    apply_outcome outcome;
    plan p;
    start.log = log_of_test;
    start.held_back = &held_back;
    fake.room_for = 200;
    assert_true(plan_make(&declared, &nothing, &p));
    apply_plan(&start, &p, &declared, &outcome);
    assert_int_equal(outcome.created, 200);
    apply_make_way(&start, &outcome);
    apply_publish(&published, &held_back);
    assert_int_equal(outcome.created, 150);
    assert_int_equal(outcome.failed, MANY - 150);
    assert_int_equal(held.count, 150);
    assert_int_equal(fake.open_sections, 150);
    assert_state("Many149", SHMB_REGION_READY, 1);
    assert_state("Many150", SHMB_REGION_BROKEN, 1);
    assert_non_null(strstr(region.reason, "given up so that other programs can start"));
    assert_state("Many200", SHMB_REGION_BROKEN, 0);
    plan_free(&p);
    steps = 0;

    fake.room_for = 0; /* the next reload makes them */
    assert_int_equal(carry_out(declared.items, MANY).created, MANY - 150);
    assert_state("Many150", SHMB_REGION_READY, 2);
}

#define APPLY_TEST(function) cmocka_unit_test_setup_teardown(function, new_machine, closed_machine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        APPLY_TEST(announced_regions_are_pending),
        APPLY_TEST(a_region_that_stays_is_not_announced),
        APPLY_TEST(what_is_still_held_is_let_go_of_without_a_plan),
        APPLY_TEST(created_regions_are_held_and_ready),
        APPLY_TEST(what_was_granted_is_published),
        APPLY_TEST(what_was_not_granted_is_published_and_logged),
        APPLY_TEST(what_is_required_and_not_granted_breaks_the_region),
        APPLY_TEST(the_same_again_touches_nothing),
        APPLY_TEST(another_access_is_given_to_the_object),
        APPLY_TEST(an_access_that_cannot_be_given_is_tried_again_by_the_next_plan),
        APPLY_TEST(revoked_access_makes_another_object),
        APPLY_TEST(another_description_is_published_and_touches_nothing),
        APPLY_TEST(a_replacement_waits_for_the_name),
        APPLY_TEST(a_refused_region_has_its_reason_and_what_exists_stays),
        APPLY_TEST(what_could_not_be_served_and_is_not_declared_any_more_is_retired),
        APPLY_TEST(each_action_is_told_but_those_that_do_nothing),
        APPLY_TEST(retired_regions_are_let_go_and_said_to_be),
        APPLY_TEST(a_region_that_changes_is_another_object),
        APPLY_TEST(an_object_that_clients_kept_alive_keeps_its_number),
        APPLY_TEST(a_region_that_fails_is_broken_and_the_others_are_served),
        APPLY_TEST(a_system_without_room_is_not_asked_for_ever),
        APPLY_TEST(what_fills_the_system_makes_way_for_other_programs),
        APPLY_TEST(a_region_that_failed_is_created_once_it_can_be),
        APPLY_TEST(failures_beyond_a_hundred_are_counted_not_logged),
        APPLY_TEST(a_failure_whose_reason_finds_no_room_is_not_waited_for),
        APPLY_TEST(an_announcement_without_room_fails),
    };
    return cmocka_run_group_tests_name("apply", tests, NULL, NULL);
}
