/*
 * growth.c: regions that grow where they are, on the machine in memory. Whoever sees a size may touch so many bytes, and
 * what cannot be had changes nothing.
 */
#include "broker_testing.h"

#include "growth_size.h"

#define MAP_WRITE 0x2u

#define GROWING                                                                                              \
    "version: 1\n"                                                                                           \
    "commit_budget: 64 KiB\n"                                                                                \
    "defaults: { access: { read: [Users] } }\n"                                                              \
    "regions:\n"                                                                                             \
    "  Fixed: { size: 4 KiB }\n"                                                                             \
    "  Grows: { size: 5000, max_size: 96 KiB }\n"

static test_host host;
static catalog_region region; /* large */

static const catalog_region *grows(void)
{
    catalog_view view = fake_view();
    assert_int_equal(catalog_find(&view, "Grows", 5, &region), CATALOG_OK);
    return &region;
}

static void ask_to_grow(const char *name, uint64_t size)
{
    assert_true(control_request_make(&fake.asked, CONTROL_GROW, size, name));
}

static void begin(const char *config, void (*on_wait)(unsigned wait), unsigned waits)
{
    fake_reset();
    fake.config = config;
    host = (test_host){.on_wait = on_wait, .stop_after = waits};
}

static void end(void)
{
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_int_equal(fake_open_things(), 0);
    assert_null(fake.violation);
}

/* ---- Growing */

static void grow_by_a_writer(unsigned wait)
{
    if (wait == 0) {
        assert_int_equal(grows()->size, 5000);
        assert_int_equal(grows()->max_size, 96 << 10);
        fake.asked_by_stranger = true;
        fake.stranger_may = MAP_WRITE;
        ask_to_grow("Grows", 20000);
    } else if (wait == 1) {
        assert_int_equal(grows()->size, 20000);
        assert_int_equal(region.generation, 1);
        assert_int_equal(region.state, SHMB_REGION_READY);
        assert_true(fake_find_section("Global\\Grows")->size >= 20000);
        ask_to_grow("Grows", 100); /* it has that already */
    } else if (wait == 2) {
        assert_int_equal(grows()->size, 20000);
    }
}

static void who_may_write_has_it_grow_in_place(void **state)
{
    (void)state;
    begin(GROWING, grow_by_a_writer, 3);
    end();
    assert_string_equal(fake.answered.bytes, "done 0 \ndone 0 \n");
    assert_true(fake_has(&fake.events, "31 info region Grows has grown from 5000 to 20000 bytes"));
}

static const struct refusal {
    const char *name;
    uint64_t size;
    bool stranger;
    const char *answer;
} refusals[] = {
    {"Grows", 20000, true, "done 3 region Grows cannot grow: this account may not write it"},
    {"Fixed", 20000, false, "done 2 region Fixed cannot grow: it is declared without max_size"},
    {"Grows", (96 << 10) + 1, false,
     "done 2 region Grows cannot grow: 98305 bytes are asked for, and its max_size is 98304"},
    {"Grows", 61 << 10, false,
     "done 1 region Grows cannot grow: with 61 KiB of it the regions in memory would take 68 KiB"},
    {"Nobody", 20000, false, "done 5 region Nobody cannot grow: the broker does not serve it"},
    {"Grows", 40 << 10, false, "done 1 the paging file is too small"},
};

static void ask_in_vain(unsigned wait)
{
    assert_int_equal(grows()->size, 5000);
    if (wait >= COUNT_OF(refusals))
        return;
    fake.asked_by_stranger = refusals[wait].stranger;
    fake.commit_available = 16 << 10;
    ask_to_grow(refusals[wait].name, refusals[wait].size);
}

static void what_cannot_be_had_changes_nothing_and_is_told(void **state)
{
    (void)state;
    begin(GROWING, ask_in_vain, COUNT_OF(refusals) + 1);
    end();
    const char *line = fake.answered.bytes;
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        if (strncmp(line, refusals[i].answer, strlen(refusals[i].answer)) != 0)
            fail_msg("%s is not: %s", refusals[i].answer, line);
        line = strchr(line, '\n') + 1;
    }
}

static void grow_with_a_fault(unsigned wait)
{
    if (wait == 0) {
        fake.fail_always = "section-grow";
        ask_to_grow("Grows", 20000);
    } else if (wait == 1) {
        assert_int_equal(grows()->size, 5000);
        fake.fail_always = NULL;
        ask_to_grow("Grows", 20000);
    } else if (wait == 2) {
        assert_int_equal(grows()->size, 20000);
    }
}

static void a_call_that_fails_leaves_the_size(void **state)
{
    (void)state;
    begin(GROWING, grow_with_a_fault, 3);
    end();
}

/* ---- Over lives */

static void grow_once(unsigned wait)
{
    if (wait == 0)
        ask_to_grow("Grows", 20000);
    else
        assert_int_equal(grows()->size, 20000);
}

static void the_next_broker_goes_on_with_what_has_grown(void **state)
{
    (void)state;
    begin(GROWING, grow_once, 1);
    fake.clients_hold_catalog = fake.clients_hold_sections = true;
    end();
    host = (test_host){.on_wait = grow_once, .stop_after = 1};
    host.waits = 1;
    host.stop_after = 2;
    end();
    assert_int_equal(grows()->generation, 1);
    fake.clients_hold_catalog = fake.clients_hold_sections = false;
}

static void the_size_of_what_is_taken_over_is_what_was_published_if_that_is_memory(void **state)
{
    static const struct {
        uint64_t committed, published, declared, size;
    } rows[] = {
        {8192, 5000, 5000, 5000},    /* never grown */
        {20480, 20000, 5000, 20000}, /* grown */
        {40960, 20000, 5000, 20000}, /* the broker died between memory and word; or a writer committed more */
        {8192, 20000, 5000, 5000},   /* the word is of an earlier object */
        {12288, 0, 5000, 12288},     /* nobody knows: whole pages */
        {8192, 0, 5000, 5000},       /* nobody knows, and it is as declared */
        {8192, 5000, 20000, 20000},  /* declared larger since: still to be committed */
        {1 << 20, 1 << 20, 5000, 98304}, /* never beyond what is reserved */
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(growth_adopted(rows[i].committed, rows[i].published, rows[i].declared, 96 << 10),
                         rows[i].size);
}

#define PERSISTED                                                                                            \
    "version: 1\n"                                                                                           \
    "defaults: { access: { read: [Users] } }\n"                                                              \
    "regions:\n"                                                                                             \
    "  Grows: { size: 5000, max_size: 96 KiB, persist: { mode: snapshot } }\n"

static void grow_and_write(unsigned wait)
{
    if (wait == 0)
        ask_to_grow("Grows", 20000);
    else if (wait == 1)
        fake_section_bytes("Global\\Grows")[19999] = 'x';
}

static void look_at_what_came_back(unsigned wait)
{
    (void)wait;
    assert_int_equal(grows()->size, 20000);
    assert_true(region.flags & SHMB_FLAG_RESTORED);
    assert_int_equal(fake_section_bytes("Global\\Grows")[19999], 'x');
}

static void a_snapshot_brings_back_the_size_that_the_region_had_grown_to(void **state)
{
    (void)state;
    begin(PERSISTED, grow_and_write, 2);
    end();
    host = (test_host){.on_wait = look_at_what_came_back, .stop_after = 1};
    end();
}

/* ---- Other configurations */

static void reload_to(const char *config)
{
    fake.config = config;
    assert_true(control_request_make(&fake.asked, CONTROL_RELOAD, 0, NULL));
}

static void change_the_declaration(unsigned wait)
{
    static const char head[] = "version: 1\ndefaults: { access: { read: [Users] } }\nregions:\n";
    static char config[200];
    static const struct {
        const char *words;
        uint64_t size, generation;
    } steps[] = {
        {"size: 6000, max_size: 96 KiB", 20000, 1},      /* it is larger already */
        {"size: 24 KiB, max_size: 96 KiB", 24 << 10, 1}, /* it grows */
        {"size: 24 KiB, max_size: 64 KiB", 24 << 10, 2}, /* another reservation is another object */
        {"size: 24 KiB", 24 << 10, 3},
    };
    if (wait == 0) {
        ask_to_grow("Grows", 20000);
        return;
    }
    if (wait > 1 && wait - 2 < COUNT_OF(steps)) {
        assert_int_equal(grows()->size, steps[wait - 2].size);
        assert_int_equal(region.generation, steps[wait - 2].generation);
        assert_int_equal(region.state, SHMB_REGION_READY);
    }
    if (wait - 1 < COUNT_OF(steps)) {
        snprintf(config, sizeof config, "%s  Grows: { %s }\n", head, steps[wait - 1].words);
        reload_to(config);
    }
}

static void a_reload_keeps_what_has_grown_and_grows_what_is_declared_larger(void **state)
{
    (void)state;
    begin(GROWING, change_the_declaration, 6);
    end();
}

static int last(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

#define GROWTH_TEST(function) cmocka_unit_test_teardown(function, last)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GROWTH_TEST(who_may_write_has_it_grow_in_place),
        GROWTH_TEST(what_cannot_be_had_changes_nothing_and_is_told),
        GROWTH_TEST(a_call_that_fails_leaves_the_size),
        GROWTH_TEST(the_next_broker_goes_on_with_what_has_grown),
        GROWTH_TEST(the_size_of_what_is_taken_over_is_what_was_published_if_that_is_memory),
        GROWTH_TEST(a_snapshot_brings_back_the_size_that_the_region_had_grown_to),
        GROWTH_TEST(a_reload_keeps_what_has_grown_and_grows_what_is_declared_larger),
    };
    return cmocka_run_group_tests_name("growth", tests, NULL, NULL);
}
