/*
 * What holds for a region: its own keys, the defaults, and what the table says where neither speaks.
 */
#include "config_testing.h"

#include "grammar.h"
#include "units.h"

#include <stdlib.h>
#include <string.h>

static void a_region_replaces_the_default_access_as_a_whole(void **state)
{
    loaded result;
    (void)state;
    load(&result, "version: 1\n"
                  "regions:\n"
                  "  A: { size: 1, access: { read: [Guests] } }\n"
                  "  B: { size: 1, access: { write: [] } }\n"
                  "  C: { size: 1 }\n"
                  "  D: { size: 1, namespace: global }\n"
                  "defaults: { namespace: local, access: { read: [Users], write: [SYSTEM] } }\n");
    assert_accepted(&result);
    const config_region *region = result.model->regions;
    assert_list(&region[0].access.read, "S-1-5-32-546");
    assert_list(&region[0].access.write, "");
    assert_list(&region[1].access.read, "");
    assert_list(&region[1].access.write, "");
    assert_list(&region[2].access.read, "S-1-5-32-545");
    assert_list(&region[2].access.write, "S-1-5-18");
    assert_int_equal(region[2].name_space, CONFIG_NAMESPACE_LOCAL);
    assert_int_equal(region[3].name_space, CONFIG_NAMESPACE_GLOBAL);
    unload(&result);
}

static void the_namespace_is_global_unless_said_otherwise(void **state)
{
    loaded result;
    (void)state;
    load(&result, "version: 1\n" USERS "regions: { A: { size: 1 } }\n");
    assert_accepted(&result);
    assert_int_equal(result.model->regions[0].name_space, CONFIG_NAMESPACE_GLOBAL);
    unload(&result);
}

static void a_region_may_be_one_for_each_session(void **state)
{
    loaded result;
    (void)state;
    load(&result, "version: 1\n"
                  "defaults: { namespace: session, persist: { mode: snapshot }, access: { read: [Users] } }\n"
                  "regions:\n"
                  "  A: { size: 1 }\n"
                  "  B: { size: 1, namespace: global }\n"
                  "  C: { size: 1, namespace: { private: { boundary: [Users] } } }\n");
    assert_accepted(&result);
    const config_region *regions = result.model->regions;
    assert_int_equal(regions[0].name_space, CONFIG_NAMESPACE_SESSION);
    assert_int_equal(regions[0].persist.mode, CONFIG_PERSIST_NONE); /* the default is not for it */
    assert_int_equal(regions[1].name_space, CONFIG_NAMESPACE_GLOBAL);
    assert_int_equal(regions[1].persist.mode, CONFIG_PERSIST_SNAPSHOT);
    assert_int_equal(regions[2].name_space, CONFIG_NAMESPACE_PRIVATE);
    assert_int_equal(regions[2].persist.mode, CONFIG_PERSIST_SNAPSHOT);
    unload(&result);
}

static const char whole_grammar[] = "version: 1\n"
                                    "commit_budget: 1 GiB\n"
                                    "roles:\n"
                                    "  operators: [Administrators, 'PLC\\Operators']\n"
                                    "  Guests 2: []\n"
                                    "  readers: [Users, INTERACTIVE]\n"
                                    "defaults:\n"
                                    "  namespace: { private: { boundary: [Administrators, operators] } }\n"
                                    "  access: { read: [Users], manage: [operators], deny: [Guests] }\n"
                                    "  integrity: medium\n"
                                    "  appcontainer: all\n"
                                    "  initial: { text: \"a\\tb\" }\n"
                                    "  large_pages: prefer\n"
                                    "  numa_node: 63\n"
                                    "  prefetch: true\n"
                                    "  revoke: true\n"
                                    "regions:\n"
                                    "  Plain: { size: 4096 }\n"
                                    "  Own:\n"
                                    "    size: 3\n"
                                    "    namespace: local\n"
                                    "    access: { read: [Readers, Users, .\\anna], write: [operators] }\n"
                                    "    integrity: high\n"
                                    "    appcontainer: [S-1-15-2-1-2-3, s-1-15-2-007]\n"
                                    "    initial: { hex: '00 fF\n\n      a0' }\n"
                                    "    large_pages: require\n"
                                    "    numa_node: 0\n"
                                    "    prefetch: false\n"
                                    "    revoke: false\n"
                                    "  Kept: { size: 3, backing: { file: k }, initial: { fill: 0xA5 } }\n"
                                    "  Copied: { size: 3, initial: { file: in/a.bin }, appcontainer: [] }\n"
                                    "  Zero: { size: 1, initial: zero, sddl: 'D:P(A)' }\n";

static void defaults_hold_for_every_key_that_is_not_given(void **state)
{
    loaded result;
    (void)state;
    load(&result, whole_grammar);
    assert_accepted(&result);
    const config_region *plain = &result.model->regions[0];
    assert_true(result.model->commit_budget == (uint64_t)1 << 30);
    assert_int_equal(plain->name_space, CONFIG_NAMESPACE_PRIVATE);
    assert_list(&plain->boundary, "S-1-5-32-544 S-1-5-21-1-2-3-1000");
    assert_list(&plain->access.read, "S-1-5-32-545");
    assert_list(&plain->access.write, "");
    assert_list(&plain->access.manage, "S-1-5-32-544 S-1-5-21-1-2-3-1000");
    assert_list(&plain->access.deny, "S-1-5-32-546");
    assert_list(&plain->access.packages, "S-1-15-2-1");
    assert_string_equal(plain->access.packages.items[0].text, "all");
    assert_int_equal(plain->access.packages.items[0].where.line, 11);
    assert_int_equal(plain->access.integrity, CONFIG_INTEGRITY_MEDIUM);
    assert_int_equal(plain->initial.kind, CONFIG_INITIAL_BYTES);
    assert_int_equal(plain->initial.length, 3);
    assert_memory_equal(plain->initial.bytes, "a\tb", 3);
    assert_string_equal(plain->initial.file, "test.yaml");
    assert_int_equal(plain->large_pages, CONFIG_LARGE_PAGES_PREFER);
    assert_int_equal(plain->numa_node, 63);
    assert_true(plain->prefetch);
    assert_true(plain->revoke);
    assert_string_equal(plain->file, "test.yaml");
    unload(&result);
}

static void a_regions_own_keys_win_over_the_defaults(void **state)
{
    loaded result;
    (void)state;
    load(&result, whole_grammar);
    assert_accepted(&result);
    const config_region *own = &result.model->regions[1];
    assert_int_equal(own->name_space, CONFIG_NAMESPACE_LOCAL);
    assert_int_equal(own->boundary.count, 0);
    assert_list(&own->access.read, "S-1-5-32-545 S-1-5-4 S-1-5-21-1-2-3-1001");
    assert_list(&own->access.write, "S-1-5-32-544 S-1-5-21-1-2-3-1000");
    assert_list(&own->access.manage, "");
    assert_list(&own->access.deny, "");
    assert_list(&own->access.packages, "S-1-15-2-1-2-3 S-1-15-2-7");
    assert_string_equal(own->access.packages.items[1].text, "s-1-15-2-007");
    assert_int_equal(own->access.integrity, CONFIG_INTEGRITY_HIGH);
    assert_int_equal(own->initial.kind, CONFIG_INITIAL_BYTES);
    assert_int_equal(own->initial.length, 3);
    assert_memory_equal(own->initial.bytes, "\x00\xFF\xA0", 3);
    assert_int_equal(own->large_pages, CONFIG_LARGE_PAGES_REQUIRE);
    assert_int_equal(own->numa_node, 0);
    assert_false(own->prefetch);
    assert_false(own->revoke);

    const config_region *kept = &result.model->regions[2];
    assert_int_equal(kept->initial.kind, CONFIG_INITIAL_FILL);
    assert_int_equal(kept->initial.fill, 0xA5);
    /* No file lies in large pages: the default passes over it. */
    assert_int_equal(kept->large_pages, CONFIG_LARGE_PAGES_NO);

    const config_region *copied = &result.model->regions[3];
    assert_int_equal(copied->initial.kind, CONFIG_INITIAL_FILE);
    assert_string_equal(copied->initial.path, "in\\a.bin");
    assert_string_equal(copied->initial.file, "test.yaml");
    assert_int_equal(copied->access.packages.count, 0);

    const config_region *zero = &result.model->regions[4];
    assert_int_equal(zero->initial.kind, CONFIG_INITIAL_ZERO);
    assert_string_equal(zero->sddl, "D:P(A)");
    assert_int_equal(zero->sddl_where.line, 34);
    assert_int_equal(zero->sddl_where.column, 41);
    assert_int_equal(zero->access.integrity, CONFIG_INTEGRITY_UNSET);
    assert_int_equal(zero->access.packages.count, 0);
    assert_int_equal(zero->access.deny.count, 0);
    unload(&result);
}

static void without_defaults_nothing_special_holds(void **state)
{
    loaded result;
    (void)state;
    load(&result, "version: 1\n" USERS "regions: { A: { size: 1 } }\n");
    assert_accepted(&result);
    const config_region *region = result.model->regions;
    assert_int_equal(region->initial.kind, CONFIG_INITIAL_ZERO);
    assert_null(region->initial.file);
    assert_int_equal(region->large_pages, CONFIG_LARGE_PAGES_NO);
    assert_int_equal(region->numa_node, CONFIG_NUMA_ANY);
    assert_int_equal(region->access.integrity, CONFIG_INTEGRITY_UNSET);
    assert_false(region->prefetch);
    assert_false(region->revoke);
    assert_int_equal(region->boundary.count + region->access.manage.count + region->access.deny.count +
                         region->access.packages.count,
                     0);
    assert_true(result.model->commit_budget == 0);
    assert_int_equal(result.model->role_count, 0);
    assert_int_equal(result.model->file_count, 1);
    assert_string_equal(result.model->files[0], "test.yaml");
    unload(&result);
}

static void a_roles_members_know_the_list_and_the_role(void **state)
{
    loaded result;
    (void)state;
    load(&result, whole_grammar);
    assert_accepted(&result);
    assert_int_equal(result.model->role_count, 3);
    const config_role *role = &result.model->roles[0];
    assert_string_equal(role->name, "operators");
    assert_string_equal(role->file, "test.yaml");
    assert_int_equal(role->where.line, 4);
    assert_int_equal(role->where.column, 3);
    assert_int_equal(result.model->roles[1].members.count, 0);

    const config_principal *member = &result.model->regions[0].access.manage.items[1];
    assert_string_equal(member->text, "PLC\\Operators");
    assert_string_equal(member->role, "operators");
    assert_ptr_equal(member->member, &role->members.items[1]);
    assert_string_equal(member->file, "test.yaml");
    assert_int_equal(member->where.line, 9);
    assert_int_equal(member->where.column, 37);
    assert_int_equal(member->member->where.line, 4);
    assert_int_equal(member->member->where.column, 31);
    assert_null(member->member->role);

    /* Users stands there twice, by its role first. */
    const config_principal_list *read = &result.model->regions[1].access.read;
    assert_string_equal(read->items[0].role, "readers");
    assert_null(read->items[2].role);
    assert_null(read->items[2].member);
    assert_int_equal(read->items[2].where.column, 38);
    unload(&result);
}

static void assert_persist(const config_region *region, config_persist_mode mode, uint32_t interval,
                           uint32_t keep)
{
    assert_int_equal(region->persist.mode, mode);
    assert_int_equal(region->persist.interval, interval);
    assert_int_equal(region->persist.keep, keep);
}

static void persistence_is_read_with_what_the_table_says_of_it(void **state)
{
    loaded result;
    uint64_t flush, every;
    const char *flush_text = config_keys[CONFIG_KEY_PERSIST_FLUSH].fallback;
    const char *every_text = config_keys[CONFIG_KEY_PERSIST_EVERY].fallback;
    uint32_t keep = (uint32_t)strtoul(config_keys[CONFIG_KEY_PERSIST_KEEP].fallback, NULL, 10);
    (void)state;
    config_duration_parse(flush_text, strlen(flush_text), &flush);
    config_duration_parse(every_text, strlen(every_text), &every);
    load(&result,
         "version: 1\n" USERS "regions:\n"
         "  A: { size: 1, persist: { mode: snapshot } }\n"
         "  B: { size: 1, persist: { mode: snapshot, every: 1 min, keep: 7 }, on_dirty: restore }\n"
         "  C: { size: 1, backing: { file: c }, persist: { mode: file } }\n"
         "  D: { size: 1, backing: { file: d }, persist: { mode: file, flush: 250 }, on_dirty: hold }\n"
         "  E: { size: 1, on_dirty: zero }\n");
    assert_accepted(&result);
    const config_region *regions = result.model->regions;
    assert_persist(&regions[0], CONFIG_PERSIST_SNAPSHOT, (uint32_t)every, keep);
    assert_persist(&regions[1], CONFIG_PERSIST_SNAPSHOT, 60000, 7);
    assert_persist(&regions[2], CONFIG_PERSIST_FILE, (uint32_t)flush, 0);
    assert_persist(&regions[3], CONFIG_PERSIST_FILE, 250, 0);
    assert_persist(&regions[4], CONFIG_PERSIST_NONE, 0, 0);
    assert_int_equal(regions[0].on_dirty, CONFIG_DIRTY_KEEP);
    assert_int_equal(regions[1].on_dirty, CONFIG_DIRTY_RESTORE);
    assert_int_equal(regions[3].on_dirty, CONFIG_DIRTY_HOLD);
    assert_int_equal(regions[4].on_dirty, CONFIG_DIRTY_ZERO);
    unload(&result);
}

static void a_default_persistence_is_for_the_regions_that_it_fits(void **state)
{
    loaded result;
    (void)state;
    load(&result, "version: 1\n"
                  "defaults: { access: { read: [] }, persist: { mode: snapshot, every: 2 s, keep: 2 }, "
                  "on_dirty: restore }\n"
                  "regions:\n"
                  "  A: { size: 1 }\n"
                  "  B: { size: 1, backing: { file: b } }\n"
                  "  C: { size: 1, persist: { mode: snapshot, keep: 9 }, on_dirty: zero }\n");
    assert_accepted(&result);
    const config_region *regions = result.model->regions;
    assert_persist(&regions[0], CONFIG_PERSIST_SNAPSHOT, 2000, 2);
    assert_int_equal(regions[0].on_dirty, CONFIG_DIRTY_RESTORE);
    assert_persist(&regions[1], CONFIG_PERSIST_NONE, 0, 0);
    assert_int_equal(regions[1].on_dirty, CONFIG_DIRTY_KEEP);
    assert_persist(&regions[2], CONFIG_PERSIST_SNAPSHOT, 5000, 9); /* replaced as a whole */
    assert_int_equal(regions[2].on_dirty, CONFIG_DIRTY_ZERO);
    unload(&result);
}

static void a_region_is_measured_by_its_kind(void **state)
{
    static const char text[] =
        "version: 1\n"
        "defaults: { access: { read: [Users], write: [Administrators] }, initial: { fill: 7 },\n"
        "            persist: { mode: snapshot } }\n"
        "regions:\n"
        "  Settings: { size: 64 KiB, lock: true, notify: true }\n"
        "  Recipe: { size: 64 KiB, lock: [Users], persist: { mode: snapshot } }\n"
        "  Pose: { kind: state, size: 1 KiB }\n"
        "  Jobs: { kind: queue, messages: 1000, message_size: 64 KiB }\n"
        "  Ticks: { kind: stream, messages: 4, message_size: 1 }\n"
        "  Plain: { size: 1 }\n";
    loaded result;
    (void)state;
    load(&result, text);
    assert_accepted(&result);
    const config_region *region = result.model->regions;
    assert_true(region[0].lock && region[0].notify && region[0].access.lock.count == 0);
    assert_int_equal(region[0].item_size, 0);
    assert_true(region[1].lock && !region[1].notify);
    assert_list(&region[1].access.lock, "S-1-5-32-545");
    assert_int_equal(region[2].kind, CONFIG_KIND_STATE);
    assert_int_equal(region[2].item_size, 1024);
    assert_int_equal(region[2].messages, 0);
    assert_true(region[2].size > 4096);
    assert_int_equal(region[2].persist.mode, CONFIG_PERSIST_SNAPSHOT);
    assert_int_equal(region[3].kind, CONFIG_KIND_QUEUE);
    assert_int_equal(region[3].messages, 1024);
    assert_int_equal(region[3].item_size, 65536);
    assert_true(region[3].size > (uint64_t)1024 * 65536);
    assert_int_equal(region[3].initial.kind, CONFIG_INITIAL_ZERO);
    assert_int_equal(region[3].persist.mode, CONFIG_PERSIST_SNAPSHOT);
    assert_int_equal(region[4].kind, CONFIG_KIND_STREAM);
    assert_int_equal(region[4].messages, 4);
    assert_int_equal(region[5].kind, CONFIG_KIND_RAW);
    assert_false(region[5].lock || region[5].notify);
    assert_int_equal(region[5].size, 1);
    assert_int_equal(region[5].initial.kind, CONFIG_INITIAL_FILL);
    unload(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_region_replaces_the_default_access_as_a_whole),
        cmocka_unit_test(the_namespace_is_global_unless_said_otherwise),
        cmocka_unit_test(a_region_may_be_one_for_each_session),
        cmocka_unit_test(defaults_hold_for_every_key_that_is_not_given),
        cmocka_unit_test(a_regions_own_keys_win_over_the_defaults),
        cmocka_unit_test(without_defaults_nothing_special_holds),
        cmocka_unit_test(a_roles_members_know_the_list_and_the_role),
        cmocka_unit_test(persistence_is_read_with_what_the_table_says_of_it),
        cmocka_unit_test(a_default_persistence_is_for_the_regions_that_it_fits),
        cmocka_unit_test(a_region_is_measured_by_its_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
