/*
 * replacing.c: regions that become other objects, on the machine in memory, when the machine fails them.
 *
 * Whatever fails, and whoever has the old ones open, each region is afterwards served as it was before, with its bytes and the
 * reason why it is not as declared; or as declared; or, while programs have the old one, awaited. None is gone.
 */
#include "broker_testing.h"

#define MOST_CALLS 400u
#define MARK       0x5A
#define REGIONS    COUNT_OF(names)

#define BEFORE                                                                                               \
    "version: 1\n"                                                                                           \
    "defaults: { access: { read: [Users] } }\n"                                                              \
    "regions:\n"                                                                                             \
    "  Larger: { size: 4 KiB }\n"                                                                            \
    "  Kind: { size: 4 KiB, lock: true, notify: true }\n"                                                    \
    "  Revoked: { size: 4 KiB, revoke: true }\n"                                                             \
    "  Filed: { size: 4 KiB, backing: { file: a.shm }, persist: { mode: file } }\n"                          \
    "  Saved: { size: 4 KiB, revoke: true, persist: { mode: snapshot } }\n"                                  \
    "  Grows: { size: 4 KiB, max_size: 64 KiB }\n"

#define AFTER                                                                                                \
    "version: 1\n"                                                                                           \
    "defaults: { access: { read: [Users] } }\n"                                                              \
    "regions:\n"                                                                                             \
    "  Larger: { size: 8 KiB }\n"                                                                            \
    "  Kind: { kind: queue, messages: 4, message_size: 8 }\n"                                                \
    "  Revoked: { size: 4 KiB, revoke: true, access: { write: [Users] } }\n"                                 \
    "  Filed: { size: 8 KiB, backing: { file: b.shm }, persist: { mode: file } }\n"                          \
    "  Saved: { size: 4 KiB, revoke: true, persist: { mode: snapshot }, access: { write: [Users] } }\n"      \
    "  Grows: { size: 4 KiB, max_size: 128 KiB }\n"

static const char *const names[] = {"Larger", "Kind", "Revoked", "Filed", "Saved", "Grows"};
static test_host host;
static catalog_region region; /* large */
static bool lied;
static unsigned serials[REGIONS]; /* of the first ones */
static unsigned stayed, replaced; /* regions, over all */

static void look(const char *call)
{
    (void)call;
    lied = lied || fake_catalog_lies();
}

static shmb_region_state state_of(const char *name)
{
    catalog_view view = fake_view();
    assert_int_equal(catalog_find(&view, name, strlen(name), &region), CATALOG_OK);
    return (shmb_region_state)region.state;
}

static void ask_for_reload(const char *config)
{
    fake.config = config;
    assert_true(control_request_make(&fake.asked, CONTROL_RELOAD, 0, NULL));
}

static fake_section *section_of(const char *name)
{
    char object[100];
    snprintf(object, sizeof object, "Global\\%s", name);
    return fake_find_section(object);
}

static void mark_all(void)
{
    for (size_t i = 0; i < REGIONS; i++) {
        fake_section *section = section_of(names[i]);
        assert_non_null(section);
        section->bytes[section->size - 1] = MARK;
        section->bytes[100] = MARK;
        serials[i] = section->serial;
    }
}

static void assert_has_its_bytes(const fake_section *section)
{
    assert_int_equal(section->bytes[4095], MARK);
    assert_int_equal(section->bytes[100], MARK);
    assert_int_equal(region.kind, SHMB_KIND_RAW);
    assert_int_equal(region.size, 4096);
}

/* Served as before, and said to be; whoever had the first one open has the one that is served, or is told otherwise. */
static void assert_as_before(size_t i, const fake_section *section)
{
    assert_has_its_bytes(section);
    assert_int_equal(region.generation == 1, section->serial == serials[i]);
    assert_non_null(strstr(region.reason, "it goes on as it was before, with its data"));
    assert_true(strstr(region.reason, "the test says no") ||
                strstr(region.reason, "its last bytes could not"));
    assert_non_null(strstr(region.reason, "`shmbroker reload` tries again"));
    if (strcmp(names[i], "Kind") == 0)
        assert_int_equal(region.flags, SHMB_FLAG_LOCK | SHMB_FLAG_NOTIFY);
}

/* A raw region that is new is empty; one that is saved begins with what was saved. */
static void assert_as_declared(size_t i, const fake_section *section)
{
    assert_int_not_equal(section->serial, serials[i]);
    assert_int_equal(section->bytes[100] == MARK, strcmp(names[i], "Saved") == 0);
    assert_true(region.generation > 1);
}

static void check_region(size_t i, bool may_wait)
{
    const shmb_region_state state = state_of(names[i]);
    const fake_section *section = section_of(names[i]);
    if (state == SHMB_REGION_PENDING && may_wait) {
        assert_int_equal(section->serial, serials[i]);
        return;
    }
    if (state != SHMB_REGION_READY)
        print_error("%s is in state %d after %s failed: %s\n", names[i], (int)state,
                    fake.failed_call ? fake.failed_call : "nothing", region.reason);
    assert_int_equal(state, SHMB_REGION_READY);
    assert_non_null(section);
    assert_true(section->held);
    if (*region.reason) {
        assert_as_before(i, section);
        stayed++;
    } else if (section->serial == serials[i]) { /* the reload did not begin */
        assert_has_its_bytes(section);
        assert_int_equal(region.generation, 1);
    } else {
        assert_as_declared(i, section);
        replaced++;
    }
}

static void check_all(bool may_wait)
{
    for (size_t i = 0; i < REGIONS; i++)
        check_region(i, may_wait);
}

static void assert_all_as_declared(void)
{
    check_all(false);
    for (size_t i = 0; i < REGIONS; i++) {
        state_of(names[i]);
        assert_string_equal(region.reason, "");
        if (section_of(names[i])->serial == serials[i])
            print_error("%s is still the first one after %s failed\n", names[i],
                        fake.failed_call ? fake.failed_call : "nothing");
        assert_int_not_equal(section_of(names[i])->serial, serials[i]);
    }
    assert_int_equal(fake.open_spares, 0);
}

static void begin(void (*on_wait)(unsigned wait), unsigned waits)
{
    fake_reset();
    fake.config = BEFORE;
    lied = false;
    host = (test_host){.on_wait = on_wait, .stop_after = waits};
}

static void end(void)
{
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_int_equal(fake_open_things(), 0);
    assert_null(fake.violation);
    assert_false(lied);
}

/* ---- Each call in turn */

static unsigned fault, faults; /* so many calls fail from this one on, counted from where the reload begins */

static void arm(void)
{
    fake.on_call = look;
    fake.failed_call = NULL;
    fake.fail_at = fake.calls + fault;
    fake.fail_calls = faults;
}

static void disarm(void)
{
    fake.fail_at = 0;
    fake.on_call = NULL;
}

static void with_nobody_attached(unsigned wait)
{
    if (wait == 0) {
        mark_all();
        arm();
        ask_for_reload(AFTER);
    } else if (wait == 1) {
        disarm();
        check_all(false);
        ask_for_reload(AFTER);
    } else if (wait == 2) {
        assert_all_as_declared();
    }
}

static void with_programs_attached(unsigned wait)
{
    if (wait == 0) {
        mark_all();
        fake.clients_hold_sections = true;
        arm();
        ask_for_reload(AFTER);
    } else if (wait == 1) {
        disarm();
        check_all(true);
        ask_for_reload(AFTER);
    } else if (wait == 2) {
        fake.clients_hold_sections = false;
        fake_let_sections_go();
    } else if (wait == 4) {
        assert_all_as_declared();
    }
}

static void while_it_is_awaited(unsigned wait)
{
    if (wait == 0) {
        mark_all();
        fake.clients_hold_sections = true;
        ask_for_reload(AFTER);
    } else if (wait == 1) {
        check_all(true);
        assert_int_equal(state_of("Larger"), SHMB_REGION_PENDING);
        fake.clients_hold_sections = false;
        fake_let_sections_go();
        arm();
    } else if (wait == 2) {
        disarm();
        check_all(false);
        ask_for_reload(AFTER);
    } else if (wait == 4) {
        assert_all_as_declared();
    }
}

static unsigned fail_each(void (*on_wait)(unsigned wait), unsigned many, unsigned waits)
{
    stayed = replaced = 0;
    for (fault = 1; fault < MOST_CALLS; fault++) {
        faults = many;
        begin(on_wait, waits);
        end();
        if (!fake.failed_call)
            return fault - 1;
    }
    fail_msg("no end of calls");
    return 0;
}

static void whichever_call_fails_a_region_is_as_before_or_as_declared(void **state)
{
    (void)state;
    assert_true(fail_each(with_nobody_attached, 1, 3) > 40);
    assert_true(stayed > 20);
    assert_true(replaced > 100);
}

static void whichever_call_fails_programs_keep_what_they_have_or_are_waited_for(void **state)
{
    (void)state;
    assert_true(fail_each(with_programs_attached, 1, 5) > 30);
    assert_true(stayed > 10);
}

static void whichever_call_fails_when_programs_have_let_go_a_region_is_as_before_or_as_declared(void **state)
{
    (void)state;
    assert_true(fail_each(while_it_is_awaited, 1, 5) > 10);
    assert_true(stayed > 5);
}

/* ---- One that fails whenever it is tried */

static void reload_and_back(unsigned wait)
{
    if (wait == 0) {
        mark_all();
        fake.fail_always = "section-rehearse";
        ask_for_reload(AFTER);
    } else if (wait == 1) {
        check_all(false);
        for (size_t i = 0; i < REGIONS; i++)
            assert_int_equal(section_of(names[i])->serial, serials[i]);
        ask_for_reload(AFTER);
    } else if (wait == 2) {
        check_all(false);
        ask_for_reload(BEFORE);
    } else if (wait == 3) {
        assert_int_equal(state_of("Larger"), SHMB_REGION_READY);
        assert_int_equal(region.generation, 1);
        assert_string_equal(region.reason, "");
        fake.fail_always = NULL;
        ask_for_reload(AFTER);
    } else if (wait == 4) {
        assert_all_as_declared();
    }
}

static void what_cannot_be_replaced_is_not_touched_until_it_can_or_is_declared_so(void **state)
{
    (void)state;
    begin(reload_and_back, 5);
    end();
    assert_true(fake_has(&fake.answered, "done 1 6 unchanged, 6 failed: not every region is as declared"));
    assert_true(fake_has(&fake.answered, "Larger: it goes on as it was before, with its data"));
    assert_true(fake_has(&fake.events, "region Larger is not replaced: it goes on as it was before"));
    assert_true(fake_has(&fake.answered, "done 0 6 updated\n"));
}

/* ---- When there is no way back either */

static void reload_without_a_way_back(unsigned wait)
{
    if (wait == 0) {
        mark_all();
        fake.taken = "Global\\Larger"; /* somebody has the name as soon as it is free */
        ask_for_reload(AFTER);
    } else if (wait == 1) {
        assert_int_equal(state_of("Larger"), SHMB_REGION_BROKEN);
        assert_non_null(strstr(region.reason,
                               "Global\\Larger is taken by a section of MACHINE\\other; and the one "
                               "that it was to replace cannot be had again: Global\\Larger is taken"));
        assert_int_equal(state_of("Kind"), SHMB_REGION_READY);
        fake.taken = NULL;
        ask_for_reload(AFTER);
    } else if (wait == 2) {
        assert_all_as_declared();
    }
}

static void that_there_is_no_way_back_is_told(void **state)
{
    (void)state;
    begin(reload_without_a_way_back, 3);
    end();
    assert_true(fake_has(&fake.answered, "cannot be had again"));
}

/* ---- While it is awaited, what is declared changes */

static void declare_it_no_more(unsigned wait)
{
    if (wait == 0) {
        mark_all();
        fake.clients_hold_sections = true;
        ask_for_reload(AFTER);
    } else if (wait == 1) {
        assert_int_equal(fake.open_spares > 0, 1);
        ask_for_reload("version: 1\nregions: {}\n");
    } else if (wait == 2) {
        assert_int_equal(fake.open_spares, 0);
        assert_int_equal(state_of("Larger"), SHMB_REGION_RETIRED);
    }
}

static void what_is_declared_no_more_is_not_kept_to_be_had_again(void **state)
{
    (void)state;
    begin(declare_it_no_more, 3);
    end();
}

static int last(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

#define REPLACING_TEST(function) cmocka_unit_test_teardown(function, last)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REPLACING_TEST(whichever_call_fails_a_region_is_as_before_or_as_declared),
        REPLACING_TEST(whichever_call_fails_programs_keep_what_they_have_or_are_waited_for),
        REPLACING_TEST(whichever_call_fails_when_programs_have_let_go_a_region_is_as_before_or_as_declared),
        REPLACING_TEST(what_cannot_be_replaced_is_not_touched_until_it_can_or_is_declared_so),
        REPLACING_TEST(that_there_is_no_way_back_is_told),
        REPLACING_TEST(what_is_declared_no_more_is_not_kept_to_be_had_again),
    };
    return cmocka_run_group_tests_name("replacing", tests, NULL, NULL);
}
