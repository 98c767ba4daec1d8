/* sessions.c: which sessions there are after any run of events, and which regions they are to have. */
#include "testing.h"

#include "sessions.h"

#include "session.h"

#define RANDOM_SEED   0x5E5510u
#define RANDOM_ROUNDS 3000u

static session_set set;     /* large */
static session_queue queue; /* large */
static bool model[12];      /* which sessions there are, kept in another way */

static int nothing_yet(void **state)
{
    (void)state;
    memset(&set, 0, sizeof set);
    memset(&queue, 0, sizeof queue);
    memset(model, 0, sizeof model);
    return 0;
}

static bool follow(session_event_kind kind, uint32_t session)
{
    const session_event event = {kind, session};
    return sessions_follow(&set, &event);
}

static void assert_set(const char *wanted)
{
    char text[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < set.count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%u%s", i ? " " : "",
                                 (unsigned)set.items[i].id, set.items[i].fresh ? "" : "!");
    assert_string_equal(text, wanted);
}

/* The numbers are those of winuser.h. */
static void log_on_and_log_off_are_told_from_what_only_passes(void **state)
{
    static const session_event_kind kinds[] = {
        SESSION_GOES_ON,  SESSION_APPEARED, SESSION_GOES_ON, SESSION_APPEARED, SESSION_GOES_ON,
        SESSION_APPEARED, SESSION_ENDED,    SESSION_GOES_ON, SESSION_GOES_ON,  SESSION_GOES_ON,
        SESSION_APPEARED, SESSION_ENDED,    SESSION_GOES_ON};
    (void)state;
    for (uint32_t type = 0; type < COUNT_OF(kinds); type++) {
        session_event event = session_event_of(type, 7);
        assert_int_equal(event.kind, kinds[type]);
        assert_int_equal(event.session, 7);
    }
    assert_int_equal(session_event_of(0xFFFFFFFF, 7).kind, SESSION_GOES_ON);
}

static void sessions_come_and_go(void **state)
{
    (void)state;
    assert_true(follow(SESSION_APPEARED, 2));
    assert_true(follow(SESSION_APPEARED, 1));
    assert_true(follow(SESSION_APPEARED, 5));
    assert_set("1 2 5");
    assert_true(follow(SESSION_ENDED, 2));
    assert_set("1 5");
}

static void what_is_told_twice_or_of_unknown_sessions_changes_nothing(void **state)
{
    (void)state;
    assert_false(follow(SESSION_ENDED, 9));
    assert_true(follow(SESSION_APPEARED, 1));
    assert_false(follow(SESSION_APPEARED, 1));
    assert_false(follow(SESSION_GOES_ON, 4));
    assert_false(follow(SESSIONS_MISSED, 4));
    assert_true(follow(SESSION_ENDED, 1));
    assert_false(follow(SESSION_ENDED, 1));
    assert_set("");
}

static void session_0_has_none(void **state)
{
    const uint32_t ids[] = {0, 3, 0};
    (void)state;
    assert_false(follow(SESSION_APPEARED, 0));
    assert_true(sessions_replace(&set, ids, COUNT_OF(ids), false));
    assert_set("3!");
}

/* A user logs on, another by fast user switching, both are connected and disconnected in turn; the first logs off. */
static void fast_user_switching_keeps_both(void **state)
{
    static const uint32_t told[][2] = {{10, 1}, {1, 1}, {5, 1}, {2, 1}, {10, 2}, {1, 2}, {5, 2},
                                       {2, 2},  {1, 1}, {8, 1}, {7, 1}, {2, 1},  {1, 2}, {8, 2}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(told); i++) {
        session_event event = session_event_of(told[i][0], told[i][1]);
        sessions_follow(&set, &event);
    }
    assert_set("1 2");
    session_event off = session_event_of(6, 1), end = session_event_of(11, 1);
    assert_true(sessions_follow(&set, &off));
    assert_false(sessions_follow(&set, &end));
    assert_set("2");
}

static void a_list_replaces_what_was_known(void **state)
{
    const uint32_t first[] = {3, 1, 1, 2}, second[] = {2, 4};
    (void)state;
    assert_true(sessions_replace(&set, first, COUNT_OF(first), false));
    assert_set("1! 2! 3!");
    assert_false(sessions_replace(&set, first, COUNT_OF(first), true));
    assert_set("1! 2! 3!");
    assert_true(sessions_replace(&set, second, COUNT_OF(second), true));
    assert_set("2! 4");
    assert_true(sessions_replace(&set, NULL, 0, true));
    assert_set("");
}

/* A number that is used again is another session's. */
static void a_session_that_comes_again_is_fresh(void **state)
{
    const uint32_t ids[] = {1};
    (void)state;
    sessions_replace(&set, ids, 1, false);
    follow(SESSION_ENDED, 1);
    follow(SESSION_APPEARED, 1);
    assert_set("1");
}

static void there_is_room_for_so_many(void **state)
{
    (void)state;
    for (uint32_t id = SESSIONS_MAX * 2; id > 0; id--)
        assert_int_equal(follow(SESSION_APPEARED, id), id > SESSIONS_MAX);
    assert_int_equal(set.count, SESSIONS_MAX);
    assert_int_equal(set.items[0].id, SESSIONS_MAX + 1);
    assert_true(follow(SESSION_ENDED, SESSIONS_MAX + 7));
    assert_true(follow(SESSION_APPEARED, 1));
    assert_int_equal(set.items[0].id, 1);
}

/* ---- The queue --------------------------------------------------------------------------------- */

static void put(session_event_kind kind, uint32_t session)
{
    const session_event event = {kind, session};
    session_queue_put(&queue, &event);
}

static void events_come_out_as_they_went_in(void **state)
{
    session_event event;
    (void)state;
    assert_false(session_queue_take(&queue, &event));
    for (uint32_t round = 0; round < 3 * SESSION_QUEUE; round++) { /* the ring goes round */
        put(SESSION_APPEARED, round);
        put(SESSION_GOES_ON, round);
        put(SESSION_ENDED, round);
        assert_true(session_queue_take(&queue, &event));
        assert_int_equal(event.kind, SESSION_APPEARED);
        assert_int_equal(event.session, round);
        assert_true(session_queue_take(&queue, &event));
        assert_int_equal(event.kind, SESSION_ENDED);
        assert_false(session_queue_take(&queue, &event));
    }
}

static void a_full_queue_says_that_events_are_missed(void **state)
{
    session_event event;
    (void)state;
    for (uint32_t i = 0; i <= SESSION_QUEUE + 5; i++)
        put(SESSION_APPEARED, i + 1);
    assert_true(session_queue_take(&queue, &event));
    assert_int_equal(event.kind, SESSIONS_MISSED);
    assert_false(session_queue_take(&queue, &event));
    put(SESSION_APPEARED, 1);
    assert_true(session_queue_take(&queue, &event));
    assert_int_equal(event.kind, SESSION_APPEARED);
}

/* ---- Expansion --------------------------------------------------------------------------------- */

static const declared_region items[] = {
    {.name = "A", .object_name = "Global\\A", .size = 1},
    {.name = "Own",
     .object_name = "Global\\ShmBroker.Session.N.Own",
     .size = 2,
     .section_sddl = "D:P",
     .per_session = true},
    {.name = "Z", .object_name = "Local\\Z", .size = 3},
};
static const declared_regions declared = {items, COUNT_OF(items)};

static void each_session_gets_an_instance_in_the_place_of_the_declaration(void **state)
{
    static const char *const names[] = {"A", "Own\\2", "Own\\7", "Z"};
    static const char *const objects[] = {"Global\\A", "Global\\ShmBroker.Session.2.Own",
                                          "Global\\ShmBroker.Session.7.Own", "Local\\Z"};
    static const uint32_t sessions[] = {0, 2, 7, 0};
    const uint32_t ids[] = {2};
    platform_failure failure;
    expansion e;
    (void)state;
    sessions_replace(&set, ids, 1, false);
    follow(SESSION_APPEARED, 7);
    assert_true(sessions_expand(&declared, &set, &e, &failure));
    assert_int_equal(e.regions.count, COUNT_OF(names));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const declared_region *region = &e.regions.items[i];
        assert_string_equal(region->name, names[i]);
        assert_string_equal(region->object_name, objects[i]);
        assert_int_equal(region->session, sessions[i]);
        assert_int_equal(region->fresh, sessions[i] == 7);
        assert_false(region->per_session);
    }
    assert_int_equal(e.regions.items[2].size, 2);
    assert_string_equal(e.regions.items[2].section_sddl, "D:P");
    expansion_free(&e);
}

static void without_sessions_there_are_only_the_others(void **state)
{
    const declared_regions plain = {items, 1};
    platform_failure failure;
    expansion e;
    (void)state;
    assert_true(sessions_matter(&declared));
    assert_false(sessions_matter(&plain));
    assert_true(sessions_expand(&declared, &set, &e, &failure));
    assert_int_equal(e.regions.count, 2);
    assert_string_equal(e.regions.items[1].name, "Z");
    expansion_free(&e);
}

static void more_instances_than_a_broker_can_have_are_refused(void **state)
{
    static declared_region many[1000];
    const declared_regions all = {many, COUNT_OF(many)};
    platform_failure failure;
    expansion e;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = items[1];
    for (uint32_t id = 1; id <= 1001; id++)
        follow(SESSION_APPEARED, id);
    assert_false(sessions_expand(&all, &set, &e, &failure));
    assert_non_null(strstr(failure.text, "declare fewer with `namespace: session`"));
    assert_int_equal(e.regions.count, 0);
    follow(SESSION_ENDED, 1);
    assert_true(sessions_expand(&all, &set, &e, &failure));
    assert_int_equal(e.regions.count, SESSIONS_MAX_INSTANCES);
    expansion_free(&e);
}

/* ---- Any run of events ------------------------------------------------------------------------- */

/* What existed is what the expansion before declared: as apply leaves it. */
static existing_regions existing_of(const expansion *e, existing_region *room)
{
    for (size_t i = 0; i < e->regions.count; i++) {
        const declared_region *from = &e->regions.items[i];
        room[i] = (existing_region){.name = from->name,
                                    .object_name = from->object_name,
                                    .access = plan_access_of(from),
                                    .details = plan_details_of(from),
                                    .size = from->size,
                                    .large_pages = from->large_pages,
                                    .numa_node = from->numa_node};
    }
    return (existing_regions){room, e->regions.count, NULL};
}

/* The plan from one expansion to the next touches one session's instances at most, and no other region. */
static void assert_plan(const expansion *before, const expansion *after, uint32_t changed)
{
    static existing_region room[64];
    existing_regions existing = existing_of(before, room);
    plan p;
    assert_true(plan_make(&after->regions, &existing, &p));
    for (size_t i = 0; i < p.count; i++) {
        const plan_action *action = &p.actions[i];
        const char *name = action->kind == PLAN_RETIRE ? room[action->existing].name
                                                       : after->regions.items[action->declared].name;
        size_t length;
        uint32_t session = shmb_session_of(name, &length);
        plan_kind wanted = model[session] ? PLAN_CREATE : PLAN_RETIRE;
        assert_int_equal(action->kind, session != 0 && session == changed ? wanted : PLAN_KEEP);
    }
    plan_free(&p);
}

static void after_any_run_of_events_there_is_what_the_events_say(void **state)
{
    expansion before, after;
    platform_failure failure;
    uint64_t seed = RANDOM_SEED;
    (void)state;
    assert_true(sessions_expand(&declared, &set, &before, &failure));
    for (unsigned round = 0; round < RANDOM_ROUNDS; round++) {
        uint32_t session = testing_random(&seed) % 12;
        session_event event = session_event_of(testing_random(&seed) % 14, session);
        bool there = model[session];
        if (session != 0 && event.kind != SESSION_GOES_ON)
            model[session] = event.kind == SESSION_APPEARED;
        assert_int_equal(sessions_follow(&set, &event), there != model[session]);
        assert_true(sessions_expand(&declared, &set, &after, &failure));
        size_t wanted = 2;
        for (size_t i = 0; i < COUNT_OF(model); i++)
            wanted += model[i];
        assert_int_equal(after.regions.count, wanted);
        assert_plan(&before, &after, there != model[session] ? session : 0);
        expansion_free(&before);
        before = after;
    }
    expansion_free(&before);
}

#define TEST(name) cmocka_unit_test_setup(name, nothing_yet)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(log_on_and_log_off_are_told_from_what_only_passes),
        TEST(sessions_come_and_go),
        TEST(what_is_told_twice_or_of_unknown_sessions_changes_nothing),
        TEST(session_0_has_none),
        TEST(fast_user_switching_keeps_both),
        TEST(a_list_replaces_what_was_known),
        TEST(a_session_that_comes_again_is_fresh),
        TEST(there_is_room_for_so_many),
        TEST(events_come_out_as_they_went_in),
        TEST(a_full_queue_says_that_events_are_missed),
        TEST(each_session_gets_an_instance_in_the_place_of_the_declaration),
        TEST(without_sessions_there_are_only_the_others),
        TEST(more_instances_than_a_broker_can_have_are_refused),
        TEST(after_any_run_of_events_there_is_what_the_events_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
