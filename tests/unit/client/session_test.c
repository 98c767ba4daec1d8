/* session.c: names of instances, and which entry the programs of a session see. */
#include "reader_testing.h"

#include "session.h"

#include <string.h>

static char key[SHMB_KEY_BYTES];

static void the_key_of_an_instance_is_read_again(void **state)
{
    static const uint32_t sessions[] = {1, 3, 10, 65536, 0x7FFFFFFF, UINT32_MAX};
    size_t length;
    (void)state;
    for (size_t i = 0; i < sizeof sessions / sizeof sessions[0]; i++) {
        assert_true(shmb_session_key("Telemetry", sessions[i], key));
        assert_int_equal(shmb_session_of(key, &length), sessions[i]);
        assert_int_equal(length, 9);
    }
    assert_true(shmb_session_key("Telemetry", 3, key));
    assert_string_equal(key, "Telemetry\\3");
    assert_true(shmb_session_key("Telemetry", 0, key));
    assert_string_equal(key, "Telemetry");
}

static void the_longest_name_has_a_key_in_every_session(void **state)
{
    char name[SHMB_NAME_MAX_BYTES + 2];
    size_t length;
    (void)state;
    memset(name, 'n', sizeof name);
    name[SHMB_NAME_MAX_BYTES + 1] = '\0';
    assert_false(shmb_session_key(name, UINT32_MAX, key));
    assert_string_equal(key, "");
    name[SHMB_NAME_MAX_BYTES] = '\0';
    assert_true(shmb_session_key(name, UINT32_MAX, key));
    assert_int_equal(shmb_session_of(key, &length), UINT32_MAX);
    assert_int_equal(length, SHMB_NAME_MAX_BYTES);
}

static void other_names_are_of_no_session(void **state)
{
    static const char *const names[] = {"Telemetry", "Telemetry3", "A\\",   "A\\0",          "A\\03",
                                        "A\\3x",     "A\\x3",      "A\\-3", "A\\4294967296", "A\\99999999999",
                                        "",          "A\\3\\",     "A\\ 3"};
    size_t length;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(shmb_session_of(names[i], &length), 0);
        assert_int_equal(length, strlen(names[i]));
    }
}

/* A catalog with these entries, the last of them in `state`; the rest is ready. */
static catalog_view catalog_of(catalog_builder *builder, const char *const *names, uint32_t last_state)
{
    uint64_t last = 0;
    builder_start(builder, 16384, 16);
    for (uint64_t i = 0; names[i] != NULL; i++)
        last = builder_add(builder, names[i], i + 1);
    shmb_catalog_entry *entry = builder_entry(builder, last);
    entry->slots[entry->version % 2].state = last_state;
    return builder_finish(builder);
}

static void each_session_finds_its_own_instance(void **state)
{
    static const char *const names[] = {"S\\1", "S\\2", "G", NULL};
    catalog_builder builder;
    (void)state;
    catalog_view view = catalog_of(&builder, names, SHMB_REGION_READY);
    assert_int_equal(shmb_session_find(&view, "S", 1, &region), CATALOG_OK);
    assert_string_equal(region.name, "S\\1");
    assert_int_equal(shmb_session_find(&view, "S", 2, &region), CATALOG_OK);
    assert_string_equal(region.name, "S\\2");
    assert_int_equal(shmb_session_find(&view, "S", 3, &region), CATALOG_NOT_FOUND);
    assert_int_equal(shmb_session_find(&view, "S", 0, &region), CATALOG_NOT_FOUND);
    for (uint32_t session = 0; session < 4; session++) {
        assert_int_equal(shmb_session_find(&view, "G", session, &region), CATALOG_OK);
        assert_string_equal(region.name, "G");
    }
    builder_free(&builder);
}

static void what_is_retired_stands_in_nobodys_way(void **state)
{
    static const char *const was_global[] = {"S\\1", "S", NULL}, *const was_session[] = {"S", "S\\1", NULL},
                             *const global[] = {"S", NULL}, *const instance[] = {"S\\1", NULL};
    static const struct {
        const char *const *names;
        const char *found;
    } cases[] = {{was_global, "S\\1"}, {was_session, "S"}, {global, "S"}, {instance, "S\\1"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        catalog_builder builder;
        catalog_view view = catalog_of(&builder, cases[i].names, SHMB_REGION_RETIRED);
        assert_int_equal(shmb_session_find(&view, "S", 1, &region), CATALOG_OK);
        assert_string_equal(region.name, cases[i].found);
        builder_free(&builder);
    }
}

static void a_damaged_catalog_is_told(void **state)
{
    static const char *const names[] = {"S\\1", "S\\2", NULL};
    catalog_builder builder;
    (void)state;
    catalog_view view = catalog_of(&builder, names, 77);
    assert_int_equal(shmb_session_find(&view, "S", 1, &region), CATALOG_OK);
    assert_int_equal(shmb_session_find(&view, "S", 2, &region), CATALOG_CORRUPT);
    builder_free(&builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_of_an_instance_is_read_again),
        cmocka_unit_test(the_longest_name_has_a_key_in_every_session),
        cmocka_unit_test(other_names_are_of_no_session),
        cmocka_unit_test(each_session_finds_its_own_instance),
        cmocka_unit_test(what_is_retired_stands_in_nobodys_way),
        cmocka_unit_test(a_damaged_catalog_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
