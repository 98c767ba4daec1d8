/* The objects beside regions, and what regions of a kind begin with, on the machine in memory. */
#include "broker_testing.h"

#include "region_kind.h"
#include "region_parts.h"

#define HEAD "version: 1\ndefaults: { access: { read: [Users], write: [Administrators] } }\nregions:\n"

static test_host host;
static catalog_region region; /* large */
static const char *next_config;
static void (*looked)(void);

static catalog_region *find(const char *name)
{
    catalog_view view = fake_view();
    assert_int_equal(catalog_find(&view, name, strlen(name), &region), CATALOG_OK);
    return &region;
}

static void look_and_reload(unsigned wait)
{
    if (wait == 0) {
        fake.config = next_config;
        assert_true(control_request_make(&fake.asked, CONTROL_RELOAD, 0, NULL));
    } else if (wait == 1) {
        looked();
    }
}

static void look_at_once(unsigned wait)
{
    if (wait == 0)
        looked();
}

/* Runs a broker on `config`; `look` is called while it runs, after a reload to `after` unless that is NULL. */
static void run_with(const char *config, const char *after, void (*look)(void))
{
    fake.config = config;
    next_config = after;
    looked = look;
    host = (test_host){.on_wait = after ? look_and_reload : look_at_once, .stop_after = after ? 2 : 1};
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_int_equal(fake_open_things(), 0);
    assert_null(fake.violation);
}

/* ---- The table of rights ----------------------------------------------------------------------- */

static void a_part_is_ruled_by_the_row_that_its_use_asks_for(void **state)
{
    (void)state;
    for (unsigned part = 0; part < SHMB_PART_COUNT; part++) {
        access_object object = region_part_access((shmb_part)part);
        uint32_t reads = access_mask(object, ACCESS_READ), writes = access_mask(object, ACCESS_WRITE);
        switch (shmb_part_object_of((shmb_part)part)) {
        case SHMB_PART_MUTEX: /* a reader never takes a gate */
            assert_int_equal(reads & 0x100001u, 0);
            assert_int_equal(writes & 0x100001u, 0x100001u);
            break;
        case SHMB_PART_EVENT: /* nor what is meant for another */
            assert_int_equal(reads & 0x100002u, 0);
            assert_int_equal(writes & 0x100002u, 0x100002u);
            break;
        case SHMB_PART_BELL: /* he waits for a bell, and does not ring it */
            assert_int_equal(reads & 0x100002u, 0x100000u);
            assert_int_equal(writes & 0x100002u, 0x100002u);
            break;
        case SHMB_PART_SECTION:
            assert_int_equal((reads & 0x2u) != 0, part == SHMB_PART_WAITERS);
            assert_int_equal(writes & 0x6u, 0x6u);
            break;
        }
    }
}

static void a_descriptor_s_entries_become_those_of_a_part(void **state)
{
    (void)state;
    assert_int_equal(access_part_mask(ACCESS_LOCK, 0x20007, false), 0x20007);
    assert_int_equal(access_part_mask(ACCESS_LOCK, 0x20005, false), 0x20000);
    assert_int_equal(access_part_mask(ACCESS_WAITERS, 0x4, false), 0x20007);
    assert_int_equal(access_part_mask(ACCESS_EVENT, 0x4, false), 0x120000);
    assert_int_equal(access_part_mask(ACCESS_MUTEX, 0x40000, false), 0x40000);
    /* Who is denied writing alone may wait; who is denied reading may do nothing. */
    assert_int_equal(access_part_mask(ACCESS_EVENT, 0x2, true), 0x2);
    assert_int_equal(access_part_mask(ACCESS_WAITERS, 0x2, true), 0);
    assert_int_equal(access_part_mask(ACCESS_EVENT, 0x4, true), 0x1F0003);
}

/* ---- Made with the region ---------------------------------------------------------------------- */

static void see_kinds(void)
{
    const shmb_geometry queue = {SHMB_KIND_QUEUE, 16, 100};
    char why[SHMB_GEOMETRY_WHY];
    assert_int_equal(find("Plain")->kind, SHMB_KIND_RAW);
    assert_int_equal(find("Locked")->flags & (SHMB_FLAG_LOCK | SHMB_FLAG_NOTIFY), SHMB_FLAG_LOCK);
    assert_int_equal(find("Jobs")->kind, SHMB_KIND_QUEUE);
    assert_int_equal(region.messages, 16);
    assert_int_equal(region.item_size, 100);
    assert_int_equal(region.size, shmb_geometry_bytes(&queue));
    assert_true(shmb_geometry_matches(fake_section_bytes("Global\\Jobs"), &queue, why));
    assert_int_equal(fake.open_sections, 3 + 3 + 4);
    assert_int_equal(fake_kept_sections(), 3 + 3 + 4);
    assert_true(fake_section_is_open("Global\\ShmBroker.Region.Locked.lock"));
    assert_non_null(
        strstr(fake_section_sddl("Global\\ShmBroker.Region.Locked.lock"), "(A;;0x20007;;;S-1-5-32-545)"));
    assert_non_null(strstr(fake_section_sddl("Global\\Locked"), "(A;;0x20005;;;S-1-5-32-545)"));
    assert_non_null(
        strstr(fake_section_sddl("Global\\ShmBroker.Region.Jobs.room-gate"), "(A;;0x20000;;;S-1-5-32-545)"));
}

static void a_region_comes_with_its_parts_and_goes_with_them(void **state)
{
    (void)state;
    fake_reset();
    run_with(HEAD "  Plain: { size: 4 KiB }\n  Locked: { size: 4 KiB, lock: [Users] }\n"
                  "  Jobs: { kind: queue, messages: 9, message_size: 100 }\n",
             NULL, see_kinds);
    assert_null(fake_find_section("Global\\ShmBroker.Region.Locked.lock"));
}

static void see_one_broken(void)
{
    assert_int_equal(find("Locked")->state, SHMB_REGION_BROKEN);
    assert_non_null(strstr(region.reason, "lock-wake is taken"));
    assert_int_equal(find("Plain")->state, SHMB_REGION_READY);
    assert_int_equal(fake.open_sections, 1);
}

static void a_part_that_cannot_be_had_breaks_its_region_and_leaves_nothing(void **state)
{
    (void)state;
    fake_reset();
    fake.taken = "Global\\ShmBroker.Region.Locked.lock-wake";
    run_with(HEAD "  Locked: { size: 4 KiB, lock: true }\n  Plain: { size: 4 KiB }\n", NULL, see_one_broken);
}

/* ---- Reloads ----------------------------------------------------------------------------------- */

static void see_a_state(void)
{
    assert_int_equal(find("A")->kind, SHMB_KIND_STATE);
    assert_int_equal(region.state, SHMB_REGION_READY);
    assert_int_equal(region.generation, 2);
    assert_null(fake_find_section("Global\\ShmBroker.Region.A.room-gate"));
    assert_true(fake_section_is_open("Global\\ShmBroker.Region.A.waiters"));
    assert_true(fake_has(&fake.answered, "1 replaced"));
}

static void another_kind_is_another_region(void **state)
{
    (void)state;
    fake_reset();
    run_with(HEAD "  A: { kind: queue, messages: 4, message_size: 8 }\n",
             HEAD "  A: { kind: state, size: 8 }\n", see_a_state);
}

static void see_a_lock(void)
{
    assert_int_equal(find("A")->generation, 2);
    assert_true(fake_section_is_open("Global\\ShmBroker.Region.A.lock"));
}

static void a_lock_beside_it_makes_another_region(void **state)
{
    (void)state;
    fake_reset();
    run_with(HEAD "  A: { size: 4 KiB }\n", HEAD "  A: { size: 4 KiB, lock: true }\n", see_a_lock);
}

static void see_others_lock(void)
{
    assert_int_equal(find("A")->generation, 1);
    assert_non_null(strstr(fake_section_sddl("Global\\ShmBroker.Region.A.lock"), "0x20007;;;S-1-5-32-545"));
    assert_true(fake_has(&fake.answered, "1 secured"));
}

static void who_may_lock_changes_where_it_is(void **state)
{
    (void)state;
    fake_reset();
    run_with(HEAD "  A: { size: 4 KiB, lock: true }\n", HEAD "  A: { size: 4 KiB, lock: [Users] }\n",
             see_others_lock);
}

/* ---- Found again ------------------------------------------------------------------------------- */

static void leave_behind(void)
{
    memcpy(fake_section_bytes("Global\\ShmBroker.Region.A.lock"), "mine", 5);
}

static void see_it_again(void)
{
    assert_int_equal(find("A")->generation, 1);
    assert_string_equal((const char *)fake_section_bytes("Global\\ShmBroker.Region.A.lock"), "mine");
    assert_int_equal(fake.open_sections, 1 + 6);
}

static void parts_that_programs_held_are_taken_over_with_their_region(void **state)
{
    (void)state;
    fake_reset();
    fake.clients_hold_catalog = fake.clients_hold_sections = true;
    run_with(HEAD "  A: { kind: state, size: 8 }\n", NULL, leave_behind);
    run_with(HEAD "  A: { kind: state, size: 8 }\n", NULL, see_it_again);
}

static void see_nothing(void) {}

static void see_it_awaited(void)
{
    assert_int_equal(find("A")->state, SHMB_REGION_PENDING);
    assert_non_null(strstr(region.reason, "a queue of 2 messages of up to 8 bytes"));
    assert_int_equal(fake.open_sections, 0);
}

/* One of the same bytes and rights, which, without the catalog, only its first bytes tell apart. */
static void a_region_of_another_kind_is_not_taken_over(void **state)
{
    const shmb_geometry queue = {SHMB_KIND_QUEUE, 2, 8};
    char config[200];
    (void)state;
    fake_reset();
    fake.clients_hold_sections = true;
    snprintf(config, sizeof config, HEAD "  A: { size: %llu }\n",
             (unsigned long long)shmb_geometry_bytes(&queue));
    run_with(config, NULL, see_nothing);
    run_with(HEAD "  A: { kind: queue, messages: 2, message_size: 8 }\n", NULL, see_it_awaited);
}

#define STATE HEAD "  A: { kind: state, size: 64 }\n" /* of 4096 + 4 * 64 bytes */
#define RAW   HEAD "  A: { size: 4352 }\n"

static void write_and_scribble(void)
{
    uint8_t *bytes = fake_section_bytes("Global\\A");
    memset(bytes, 0xFF, SHMB_KIND_HEADER_BYTES);
    bytes[4096] = 42;
}

static void see_the_state_with_its_value(void)
{
    const shmb_geometry geometry = {SHMB_KIND_STATE, 0, 64};
    char why[SHMB_GEOMETRY_WHY];
    assert_int_equal(find("A")->state, SHMB_REGION_READY);
    assert_int_equal(region.kind, SHMB_KIND_STATE);
    assert_int_equal(region.generation, 1);
    assert_true(shmb_geometry_matches(fake_section_bytes("Global\\A"), &geometry, why));
    assert_int_equal(fake_section_bytes("Global\\A")[4096], 42);
}

static void a_writer_cannot_change_what_a_region_is_taken_for(void **state)
{
    (void)state;
    fake_reset();
    fake.clients_hold_catalog = fake.clients_hold_sections = true;
    run_with(STATE, NULL, write_and_scribble);
    run_with(STATE, NULL, see_the_state_with_its_value);
}

static void forge_a_state(void)
{
    const shmb_geometry geometry = {SHMB_KIND_STATE, 0, 64};
    shmb_geometry_format(fake_section_bytes("Global\\A"), &geometry);
}

static void see_it_raw(void)
{
    assert_int_equal(find("A")->state, SHMB_REGION_READY);
    assert_int_equal(region.kind, SHMB_KIND_RAW);
    assert_int_equal(region.generation, 1);
}

static void see_another_awaited(void)
{
    assert_int_equal(find("A")->state, SHMB_REGION_PENDING);
    assert_non_null(strstr(region.reason, "it was made as something else"));
    assert_int_equal(fake.open_sections, 0);
}

static void a_raw_region_that_looks_like_a_state_is_none(void **state)
{
    (void)state;
    fake_reset();
    fake.clients_hold_catalog = fake.clients_hold_sections = true;
    run_with(RAW, NULL, forge_a_state);
    run_with(STATE, NULL, see_another_awaited);
    run_with(RAW, NULL, see_it_raw);
}

/* What is declared meanwhile does not change what the object was made as. */
static void a_raw_region_is_not_laid_over_a_state_of_its_size(void **state)
{
    (void)state;
    fake_reset();
    fake.clients_hold_catalog = fake.clients_hold_sections = true;
    run_with(STATE, NULL, write_and_scribble);
    run_with(RAW, NULL, see_another_awaited);
    run_with(RAW, NULL, see_another_awaited);
    run_with(STATE, NULL, see_the_state_with_its_value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_is_ruled_by_the_row_that_its_use_asks_for),
        cmocka_unit_test(a_descriptor_s_entries_become_those_of_a_part),
        cmocka_unit_test(a_region_comes_with_its_parts_and_goes_with_them),
        cmocka_unit_test(a_part_that_cannot_be_had_breaks_its_region_and_leaves_nothing),
        cmocka_unit_test(another_kind_is_another_region),
        cmocka_unit_test(a_lock_beside_it_makes_another_region),
        cmocka_unit_test(who_may_lock_changes_where_it_is),
        cmocka_unit_test(parts_that_programs_held_are_taken_over_with_their_region),
        cmocka_unit_test(a_region_of_another_kind_is_not_taken_over),
        cmocka_unit_test(a_writer_cannot_change_what_a_region_is_taken_for),
        cmocka_unit_test(a_raw_region_that_looks_like_a_state_is_none),
        cmocka_unit_test(a_raw_region_is_not_laid_over_a_state_of_its_size),
    };
    return cmocka_run_group_tests_name("service.region_parts", tests, NULL, NULL);
}
