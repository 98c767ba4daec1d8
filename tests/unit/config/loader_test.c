/*
 * Good documents and the models they become.
 */
#include "config_testing.h"

#include <stdio.h>
#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_document_becomes_its_model),
        cmocka_unit_test(an_empty_mapping_declares_no_regions),
        cmocka_unit_test(names_of_existing_programs_are_accepted),
        cmocka_unit_test(any_scalar_describes),
        cmocka_unit_test(sizes_may_be_quoted),
        cmocka_unit_test(backing_files_take_one_form),
        cmocka_unit_test(each_account_is_asked_for_once),
        cmocka_unit_test(a_failed_load_leaves_earlier_diagnostics_alone),
        cmocka_unit_test(who_is_in_a_denied_group_may_be_listed),
        cmocka_unit_test(a_budget_may_be_used_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
