/*
 * Good documents and the models they become: defaults, access lists, encodings, the examples.
 */
#include "config_testing.h"

#include "grammar.h"
#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define USERS           "defaults: { access: { read: [Users] } }\n"

/* Fails unless the list holds these SIDs, separated by spaces. */
static void assert_list(const config_principal_list *list, const char *sids)
{
    char found[1024] = "";
    size_t used = 0;
    for (size_t i = 0; i < list->count; i++) {
        used +=
            (size_t)snprintf(found + used, sizeof found - used, "%s%s", i > 0 ? " " : "", list->items[i].sid);
    }
    assert_string_equal(found, sids);
}

static void the_reference_document_becomes_its_model(void **state)
{
    static const char text[] =
        "version: 1\n"
        "defaults: { namespace: global, access: { read: [Users], write: [Administrators] } }\n"
        "regions:\n"
        "  Telemetry:\n"
        "    description: wheel and engine data, 60 Hz\n"
        "    size: 64 KiB\n"
        "    access:\n"
        "      read: [Users]\n"
        "      write: ['NT SERVICE\\Sensor', Administrators]\n"
        "  HWiNFO_SENS_SM2: { size: 256 KiB }\n"
        "  Recipes:\n"
        "    size: 1 MiB\n"
        "    backing: { file: 'recipes.shm' }      # relative to the data folder\n"
        "  Scratch: { namespace: local, size: 4 KiB, sddl: 'D:P(A;;0x20007;;;WD)' }\n";
    loaded result;
    (void)state;
    load(&result, text);
    assert_accepted(&result);
    const config_region *region = result.model->regions;
    assert_string_equal(result.model->file, "test.yaml");
    assert_int_equal(result.model->region_count, 4);

    assert_string_equal(region[0].name, "Telemetry");
    assert_string_equal(region[0].description, "wheel and engine data, 60 Hz");
    assert_int_equal(region[0].name_space, CONFIG_NAMESPACE_GLOBAL);
    assert_int_equal(region[0].size, 65536);
    assert_null(region[0].backing_file);
    assert_null(region[0].sddl);
    assert_list(&region[0].access.read, "S-1-5-32-545");
    assert_list(&region[0].access.write, "S-1-5-80-1-2-3-4-6 S-1-5-32-544");
    assert_string_equal(region[0].access.write.items[0].text, "NT SERVICE\\Sensor");
    assert_int_equal(region[0].access.write.items[1].where.line, 9);
    assert_int_equal(region[0].access.write.items[1].where.column, 36);
    assert_int_equal(region[0].where.line, 4);
    assert_int_equal(region[0].where.column, 3);

    assert_string_equal(region[1].name, "HWiNFO_SENS_SM2");
    assert_string_equal(region[1].description, "");
    assert_int_equal(region[1].size, 262144);
    assert_list(&region[1].access.read, "S-1-5-32-545");
    assert_list(&region[1].access.write, "S-1-5-32-544");

    assert_string_equal(region[2].backing_file, "recipes.shm");
    assert_int_equal(region[3].name_space, CONFIG_NAMESPACE_LOCAL);
    assert_string_equal(region[3].sddl, "D:P(A;;0x20007;;;WD)");
    assert_list(&region[3].access.read, "");
    assert_list(&region[3].access.write, "");
    assert_int_equal(result.machine.services, 1);
    assert_int_equal(result.machine.accounts, 0);
    assert_int_equal(result.machine.descriptors, 1);
    unload(&result);
}

static void an_empty_mapping_declares_no_regions(void **state)
{
    loaded result;
    (void)state;
    load(&result, "version: 1\nregions: {}\n");
    assert_accepted(&result);
    assert_int_equal(result.model->region_count, 0);
    unload(&result);
    load(&result, "regions: {}\ndefaults: {}\nversion: 1");
    assert_accepted(&result);
    unload(&result);
}

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

static void names_of_existing_programs_are_accepted(void **state)
{
    static const char *const names[] = {"$rFactor2SMMP_Telemetry$",
                                        "$pcars2$",
                                        "123",
                                        "true",
                                        "Link/Hud: a",
                                        "M\xC3\xBCller \xF0\x9F\x98\x80",
                                        "ShmBroker",
                                        "ShmBrokers.a",
                                        " padded ",
                                        "*",
                                        "[a]",
                                        "null",
                                        "~",
                                        "Con"};
    char text[2048] = "version: 1\n" USERS "regions:\n";
    loaded result;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text), "  \"%s\": { size: 1 }\n", names[i]);
    }
    load(&result, text);
    assert_accepted(&result);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_string_equal(result.model->regions[i].name, names[i]);
    }
    unload(&result);
}

static void any_scalar_describes(void **state)
{
    loaded result;
    (void)state;
    load(&result, "version: 1\n" USERS "regions:\n"
                  "  A: { size: 1, description: 42 }\n"
                  "  B: { size: 1, description: true }\n"
                  "  C: { size: 1, description: \"\" }\n"
                  "  D:\n    size: 1\n    description: |\n      two\n      lines\n"
                  "  E: { size: 1, description: 'null' }\n");
    assert_accepted(&result);
    assert_string_equal(result.model->regions[0].description, "42");
    assert_string_equal(result.model->regions[1].description, "true");
    assert_string_equal(result.model->regions[2].description, "");
    assert_string_equal(result.model->regions[3].description, "two\nlines\n");
    assert_string_equal(result.model->regions[4].description, "null");
    unload(&result);
}

static void sizes_may_be_quoted(void **state)
{
    loaded result;
    (void)state;
    load(&result, "version: 1\n" USERS
                  "regions: { A: { size: '64 KiB' }, B: { size: \"4096\" }, C: { size: 128 TiB } }\n");
    assert_accepted(&result);
    assert_int_equal(result.model->regions[0].size, 65536);
    assert_int_equal(result.model->regions[1].size, 4096);
    assert_true(result.model->regions[2].size == CONFIG_MAX_REGION_SIZE);
    unload(&result);
}

static void backing_files_take_one_form(void **state)
{
    loaded result;
    (void)state;
    load(&result, "version: 1\n" USERS "regions:\n"
                  "  A: { size: 1, backing: { file: dir/a.shm } }\n"
                  "  B: { size: 1, backing: { file: 'd:/shm\\b.shm' } }\n"
                  "  C: { size: 1, backing: { file: 'shm\\b.shm' } }\n");
    assert_accepted(&result);
    assert_string_equal(result.model->regions[0].backing_file, "dir\\a.shm");
    assert_string_equal(result.model->regions[1].backing_file, "D:\\shm\\b.shm");
    assert_string_equal(result.model->regions[2].backing_file, "shm\\b.shm");
    unload(&result);
}

static void each_account_is_asked_for_once(void **state)
{
    char text[8192] = "version: 1\nregions:\n";
    loaded result;
    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 "  R%d: { size: 1, access: { read: ['PLC\\Operators'], write: [.\\anna] } }\n", i);
    }
    load(&result, text);
    assert_accepted(&result);
    assert_int_equal(result.machine.accounts, 2);
    assert_list(&result.model->regions[99].access.read, "S-1-5-21-1-2-3-1000");
    unload(&result);
}

static const char odd_text[] =
    "version: 1\n" USERS "regions:\n  \"G\xC3\xA9 \xF0\x9F\x98\x80\": { size: 7 }\n";

/* Loads `odd_text` in another coat, and looks for its region. */
static void check_odd_text(const char *text, size_t length)
{
    loaded result;
    load_bytes(&result, text, length);
    assert_accepted(&result);
    assert_int_equal(result.model->region_count, 1);
    assert_string_equal(result.model->regions[0].name, "G\xC3\xA9 \xF0\x9F\x98\x80");
    assert_int_equal(result.model->regions[0].where.line, 4);
    assert_int_equal(result.model->regions[0].where.column, 3);
    unload(&result);
}

static void utf8_may_have_a_byte_order_mark(void **state)
{
    char text[256];
    (void)state;
    snprintf(text, sizeof text, "\xEF\xBB\xBF%s", odd_text);
    check_odd_text(odd_text, strlen(odd_text));
    check_odd_text(text, strlen(text));
}

/* Puts one UTF-16 unit at the end of `text`. */
static void add_unit(char *text, size_t *length, unsigned unit, bool big)
{
    text[(*length)++] = (char)(big ? unit >> 8 : unit & 0xFFu);
    text[(*length)++] = (char)(big ? unit & 0xFFu : unit >> 8);
}

static void utf16_is_read_in_both_orders(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        char text[512];
        size_t length = 0;
        add_unit(text, &length, 0xFEFFu, big);
        for (const char *c = odd_text; *c != '\0'; c++) {
            if (strncmp(c, "\xC3\xA9", 2) == 0) {
                add_unit(text, &length, 0xE9u, big);
                c += 1;
            } else if (strncmp(c, "\xF0\x9F\x98\x80", 4) == 0) {
                add_unit(text, &length, 0xD83Du, big);
                add_unit(text, &length, 0xDE00u, big);
                c += 3;
            } else {
                add_unit(text, &length, (unsigned char)*c, big);
            }
        }
        check_odd_text(text, length);
    }
}

static void lines_may_end_with_carriage_returns(void **state)
{
    char text[256];
    size_t length = 0;
    (void)state;
    for (const char *c = odd_text; *c != '\0'; c++) {
        if (*c == '\n') {
            text[length++] = '\r';
        }
        text[length++] = *c;
    }
    check_odd_text(text, length);
}

static void document_markers_and_comments_are_harmless(void **state)
{
    loaded result;
    (void)state;
    load(&result, "%YAML 1.2\n---\n# first\nversion: 1 # one\nregions: {}\n...\n# last\n");
    assert_accepted(&result);
    unload(&result);
}

static void a_failed_load_leaves_earlier_diagnostics_alone(void **state)
{
    fake_machine machine;
    config_resolver resolver = fake_resolver(&machine);
    config_diagnostics diagnostics;
    const char *good = "version: 1\nregions: {}\n";
    (void)state;
    config_diagnostics_init(&diagnostics, "test.yaml");
    assert_null(config_load_text("test.yaml", "x", 1, NULL, &resolver, &diagnostics));
    assert_int_equal(diagnostics.count, 1);
    config_model *model = config_load_text("test.yaml", good, strlen(good), NULL, &resolver, &diagnostics);
    assert_non_null(model);
    assert_int_equal(diagnostics.count, 1);
    config_model_free(model);
    config_model_free(NULL);
    config_diagnostics_free(&diagnostics);
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

static void who_is_in_a_denied_group_may_be_listed(void **state)
{
    loaded result;
    (void)state;
    load(&result, "version: 1\nroles: { team: [Users, .\\anna], others: [Guests] }\nregions:\n"
                  "  A: { size: 1, access: { read: [team, others], deny: [.\\anna] } }\n"
                  "  B: { size: 1, access: { read: [.\\anna], deny: [team, others] } }\n");
    assert_accepted(&result);
    assert_list(&result.model->regions[0].access.deny, "S-1-5-21-1-2-3-1001");
    unload(&result);
}

static void a_budget_may_be_used_up(void **state)
{
    loaded result;
    (void)state;
    load(&result,
         "version: 1\ncommit_budget: 12 KiB\n" USERS
         "regions: { A: { size: 4097 }, B: { size: 1 }, C: { size: 1 TiB, backing: { file: c } } }\n");
    assert_accepted(&result);
    assert_true(result.model->commit_budget == 12288);
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

/* A document in which `key`, in the innermost section that it may stand in, has its example as its value. */
static void write_example(const config_key *key, char *text, size_t size)
{
    bool is_security = strcmp(key->name, "access") == 0 || strcmp(key->name, "sddl") == 0;
    const char *open = (key->sections & CONFIG_IN_ACCESS) != 0      ? "access: { "
                       : (key->sections & CONFIG_IN_BACKING) != 0   ? "backing: { "
                       : (key->sections & CONFIG_IN_NAMESPACE) != 0 ? "namespace: { "
                       : (key->sections & CONFIG_IN_PRIVATE) != 0   ? "namespace: { private: { "
                       : (key->sections & CONFIG_IN_INITIAL) != 0   ? "initial: { "
                       : strcmp(key->name, "mode") == 0             ? "persist: { "
                       : strcmp(key->name, "flush") == 0 ? "backing: { file: a }, persist: { mode: file, "
                       : (key->sections & CONFIG_IN_PERSIST) != 0 ? "persist: { mode: snapshot, "
                                                                  : "";
    const char *close = strstr(open, "private") != NULL ? " } }" : open[0] != '\0' ? " }" : "";
    if ((key->sections & CONFIG_IN_FILE) != 0) {
        snprintf(text, size, "%s%s%s: %s\n", strcmp(key->name, "version") == 0 ? "" : "version: 1\n",
                 strcmp(key->name, "regions") == 0 ? USERS : "regions: {}\n", key->name, key->example);
        return;
    }
    bool says_access = is_security || (key->sections & CONFIG_IN_ACCESS) != 0;
    snprintf(text, size, "version: 1\nregions: { R: { %s%s%s%s: %s%s } }\n",
             strcmp(key->name, "size") == 0           ? ""
             : strcmp(key->name, "messages") == 0     ? "kind: queue, message_size: 1, "
             : strcmp(key->name, "message_size") == 0 ? "kind: stream, messages: 2, "
                                                      : "size: 1 MiB, ",
             says_access ? "" : "access: { read: [] }, ", open, key->name, key->example, close);
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
    assert_int_equal(region[3].persist.mode, CONFIG_PERSIST_NONE);
    assert_int_equal(region[4].kind, CONFIG_KIND_STREAM);
    assert_int_equal(region[4].messages, 4);
    assert_int_equal(region[5].kind, CONFIG_KIND_RAW);
    assert_false(region[5].lock || region[5].notify);
    assert_int_equal(region[5].size, 1);
    assert_int_equal(region[5].initial.kind, CONFIG_INITIAL_FILL);
    unload(&result);
}

static void every_key_accepts_its_example(void **state)
{
    (void)state;
    for (unsigned id = 0; id < CONFIG_KEY_COUNT; id++) {
        char text[1024];
        loaded result;
        bool alone = id == CONFIG_KEY_MANAGE || id == CONFIG_KEY_DENY; /* not without read or write */
        write_example(&config_keys[id], text, sizeof text);
        load(&result, text);
        if (result.diagnostics.count != (alone ? 1 : 0)) {
            config_diagnostics_print(&result.diagnostics, stderr, false);
            fail_msg("the example of %s is not accepted: %s", config_keys[id].name, text);
        }
        unload(&result);
    }
}

/* Loads an example from its files, of which the first is the main one. Returns how many regions it declares. */
static size_t check_example(const char *const *paths, size_t count)
{
    memory_file files[4];
    char *texts[4];
    loaded result;
    assert_in_range(count, 1, 4);
    for (size_t i = 0; i < count; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", CONFIG_EXAMPLES, paths[i]);
        files[i].path = paths[i];
        texts[i] = read_whole_file(path, &files[i].length);
        files[i].text = texts[i];
    }
    memory_folder folder = {.files = files, .count = count};
    load_files(&result, &folder);
    assert_accepted(&result);
    assert_int_equal(result.model->file_count, count);
    /* Whoever installs an example has none of our accounts. */
    assert_int_equal(result.machine.accounts, 0);
    size_t regions = result.model->region_count;
    unload(&result);
    for (size_t i = 0; i < count; i++) {
        free(texts[i]);
    }
    return regions;
}

static void all_examples_are_accepted(void **state)
{
    static const char *const alone[] = {"minimal.yaml",   "sensors.yaml", "files.yaml", "plc.yaml",
                                        "roles.yaml",     "memory.yaml",  "apps.yaml",  "private.yaml",
                                        "surviving.yaml", "sessions.yaml"};
    static const char *const products[] = {"products.yaml", "conf.d/historian.yaml", "conf.d/vision.yaml"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(alone); i++) {
        assert_in_range(check_example(&alone[i], 1), 1, 100);
    }
    assert_int_equal(check_example(products, COUNT_OF(products)), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_document_becomes_its_model),
        cmocka_unit_test(an_empty_mapping_declares_no_regions),
        cmocka_unit_test(a_region_replaces_the_default_access_as_a_whole),
        cmocka_unit_test(the_namespace_is_global_unless_said_otherwise),
        cmocka_unit_test(a_region_may_be_one_for_each_session),
        cmocka_unit_test(names_of_existing_programs_are_accepted),
        cmocka_unit_test(any_scalar_describes),
        cmocka_unit_test(sizes_may_be_quoted),
        cmocka_unit_test(backing_files_take_one_form),
        cmocka_unit_test(each_account_is_asked_for_once),
        cmocka_unit_test(utf8_may_have_a_byte_order_mark),
        cmocka_unit_test(utf16_is_read_in_both_orders),
        cmocka_unit_test(lines_may_end_with_carriage_returns),
        cmocka_unit_test(document_markers_and_comments_are_harmless),
        cmocka_unit_test(a_failed_load_leaves_earlier_diagnostics_alone),
        cmocka_unit_test(defaults_hold_for_every_key_that_is_not_given),
        cmocka_unit_test(a_regions_own_keys_win_over_the_defaults),
        cmocka_unit_test(without_defaults_nothing_special_holds),
        cmocka_unit_test(a_roles_members_know_the_list_and_the_role),
        cmocka_unit_test(who_is_in_a_denied_group_may_be_listed),
        cmocka_unit_test(a_budget_may_be_used_up),
        cmocka_unit_test(persistence_is_read_with_what_the_table_says_of_it),
        cmocka_unit_test(a_default_persistence_is_for_the_regions_that_it_fits),
        cmocka_unit_test(a_region_is_measured_by_its_kind),
        cmocka_unit_test(every_key_accepts_its_example),
        cmocka_unit_test(all_examples_are_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
