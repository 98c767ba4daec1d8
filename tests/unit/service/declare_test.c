/* declare.c: from the model to regions as the kernel is to have them. */
#include "testing.h"

#include "declare.h"
#include "fake_platform.h"

#define HEAD   "O:" FAKE_OWNER "G:" FAKE_OWNER "D:P"
#define BROKER "(A;;0xf001f;;;" FAKE_BROKER ")"

static const access_identity identity = {FAKE_OWNER, FAKE_BROKER};
static const config_principal users[] = {{.text = "Users", .sid = "S-1-5-32-545"}};

static config_region plain_region(const char *name)
{
    return (config_region){
        .name = name, .description = "", .size = 4096, .access = {.read = {users, COUNT_OF(users)}}};
}

static declaration declare(const config_region *regions, size_t count)
{
    config_model model = {.regions = regions, .region_count = count};
    declaration d;
    platform_failure failure = {0};
    assert_true(declare_regions(&model, "", "X:\\data", &identity, &d, &failure));
    assert_int_equal(d.regions.count, count);
    return d;
}

static int new_machine(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

static void an_empty_model_declares_nothing(void **state)
{
    (void)state;
    declaration d = declare(NULL, 0);
    assert_int_equal(d.global_count, 0);
    assert_int_equal(d.file_count, 0);
    declaration_free(&d);
}

static void a_region_gets_the_name_of_its_name_space(void **state)
{
    (void)state;
    config_region regions[] = {plain_region("A"), plain_region("$rFactor2SMMP_Telemetry$")};
    regions[1].name_space = CONFIG_NAMESPACE_LOCAL;
    declaration d = declare(regions, 2);
    assert_string_equal(d.regions.items[0].object_name, "Global\\A");
    assert_string_equal(d.regions.items[1].object_name, "Local\\$rFactor2SMMP_Telemetry$");
    assert_int_equal(d.global_count, 1);
    assert_int_equal(d.file_count, 0);
    declaration_free(&d);
}

static void a_region_for_each_session_waits_for_its_sessions(void **state)
{
    (void)state;
    config_region region = plain_region("Own");
    region.name_space = CONFIG_NAMESPACE_SESSION;
    declaration d = declare(&region, 1);
    assert_true(d.regions.items[0].per_session);
    assert_string_equal(d.regions.items[0].object_name, "Global\\ShmBroker.Session.N.Own");
    assert_int_equal(d.global_count, 1); /* so that the catalog is global, too */
    declaration_free(&d);
}

static const char *initial_path(const char *config, const char *path)
{
    static char copy[200];
    config_region region = plain_region("A");
    region.initial = (config_initial){.kind = CONFIG_INITIAL_FILE, .path = path, .file = config};
    declaration d = declare(&region, 1);
    assert_int_equal(d.regions.items[0].initial.kind, CONFIG_INITIAL_FILE);
    snprintf(copy, sizeof copy, "%s", d.regions.items[0].initial.path);
    declaration_free(&d);
    return copy;
}

static void initial_contents_stand_beside_the_file_that_names_them(void **state)
{
    (void)state;
    assert_string_equal(initial_path("X:\\conf\\conf.d\\a.yaml", "t/x.bin"), "X:\\conf\\conf.d\\t/x.bin");
    assert_string_equal(initial_path("conf/a.yaml", "x.bin"), "conf/x.bin");
    assert_string_equal(initial_path("a.yaml", "x.bin"), "x.bin");
    assert_string_equal(initial_path("X:\\conf\\a.yaml", "d:\\x.bin"), "d:\\x.bin");
    assert_string_equal(initial_path("X:\\conf\\a.yaml", "\\\\host\\share\\x.bin"), "\\\\host\\share\\x.bin");
}

static void what_is_asked_of_the_memory_is_carried_over(void **state)
{
    (void)state;
    config_region region = plain_region("A");
    region.large_pages = CONFIG_LARGE_PAGES_REQUIRE;
    region.numa_node = 3;
    region.prefetch = true;
    region.initial = (config_initial){.kind = CONFIG_INITIAL_FILL, .fill = 9};
    declaration d = declare(&region, 1);
    const declared_region *declared = &d.regions.items[0];
    assert_int_equal(declared->large_pages, CONFIG_LARGE_PAGES_REQUIRE);
    assert_int_equal(declared->numa_node, 3);
    assert_true(declared->prefetch);
    assert_int_equal(declared->initial.fill, 9);
    assert_null(declared->boundary);
    declaration_free(&d);
}

/* The same set, however it is written, is the same namespace; another set is another. */
static void a_private_region_is_in_the_namespace_of_its_boundary(void **state)
{
    (void)state;
    const config_principal forth[] = {{.sid = "S-1-5-32-545"}, {.sid = "S-1-1-0"}};
    const config_principal back[] = {{.sid = "S-1-1-0"}, {.sid = "S-1-5-32-545"}, {.sid = "S-1-1-0"}};
    config_region regions[] = {plain_region("A"), plain_region("A"), plain_region("A")};
    for (size_t i = 0; i < 3; i++)
        regions[i].name_space = CONFIG_NAMESPACE_PRIVATE;
    regions[0].boundary = (config_principal_list){forth, 2};
    regions[1].boundary = (config_principal_list){back, 3};
    regions[2].boundary = (config_principal_list){forth, 1};
    declaration d = declare(regions, 3);
    const declared_region *items = d.regions.items;
    assert_string_equal(items[0].boundary, "S-1-1-0 S-1-5-32-545");
    assert_string_equal(items[1].boundary, items[0].boundary);
    assert_string_equal(items[0].object_name, items[1].object_name);
    assert_string_not_equal(items[0].object_name, items[2].object_name);
    assert_int_equal(strncmp(items[0].object_name, "ShmBroker.Private.", 18), 0);
    assert_int_equal(strlen(items[0].object_name), 18 + 16 + 2);
    assert_string_equal(items[0].object_name + 18 + 16, "\\A");
    assert_int_equal(d.global_count, 0);
    declaration_free(&d);
}

static void what_was_declared_is_carried_over(void **state)
{
    (void)state;
    config_region region = plain_region("A");
    region.description = "wheel data";
    region.size = 1ull << 47;
    declaration d = declare(&region, 1);
    assert_string_equal(d.regions.items[0].name, "A");
    assert_string_equal(d.regions.items[0].description, "wheel data");
    assert_true(d.regions.items[0].size == 1ull << 47);
    assert_string_equal(d.regions.items[0].section_sddl, HEAD BROKER "(A;;0x20005;;;S-1-5-32-545)");
    assert_null(d.regions.items[0].backing_path);
    assert_null(d.regions.items[0].file_sddl);
    declaration_free(&d);
}

static void a_backing_file_stands_in_the_data_folder_with_the_same_rights(void **state)
{
    (void)state;
    config_region region = plain_region("A");
    region.backing_file = "line2/recipes.shm";
    declaration d = declare(&region, 1);
    assert_string_equal(d.regions.items[0].backing_path, "X:\\data\\line2\\recipes.shm");
    assert_string_equal(d.regions.items[0].file_sddl,
                        HEAD "(A;;0x1f01ff;;;" FAKE_BROKER ")(A;;0x120089;;;S-1-5-32-545)");
    assert_int_equal(d.file_count, 1);
    declaration_free(&d);
}

static void an_absolute_backing_file_stays_where_it_is(void **state)
{
    (void)state;
    config_region region = plain_region("A");
    region.backing_file = "d:/shm/recipes.shm";
    declaration d = declare(&region, 1);
    assert_string_equal(d.regions.items[0].backing_path, "d:\\shm\\recipes.shm");
    declaration_free(&d);
}

static void assert_place_refused(const char *backing, const char *why)
{
    static const char *const files[] = {"a.yaml", "conf.d\\b.yaml"};
    config_region region = plain_region("A");
    region.backing_file = backing;
    region.file = files[1];
    region.where = (config_position){3, 5};
    const config_model model = {.regions = &region, .region_count = 1, .files = files, .file_count = 2};
    declaration d;
    platform_failure failure = {0};
    assert_false(declare_regions(&model, "", "X:\\data", &identity, &d, &failure));
    assert_int_equal(failure.code, DECLARE_REFUSED);
    assert_non_null(strstr(failure.text, "conf.d\\b.yaml:3:5: the region A: "));
    assert_non_null(strstr(failure.text, why));
    declaration_free(&d);
}

static void a_backing_file_that_is_the_brokers_own_is_refused_with_its_place(void **state)
{
    (void)state;
    assert_place_refused("X:/data/Logs/shmbroker.log", "belongs to the broker's log");
    assert_place_refused("X:\\data\\snapshots\\a.shm", "belongs to the broker's snapshots");
    assert_place_refused("X:\\here\\a.yaml", "a file of the configuration");
    assert_place_refused("x:\\here\\conf.d\\B.yaml", "a file of the configuration");
}

/* Two names with one hash, and the same words in front. */
#define TWIN_A "readings-of-the-plant-in-the-east-gAa4tnzYByJ"
#define TWIN_B "readings-of-the-plant-in-the-east-2zWBlQsDtNB"

static void regions_whose_snapshots_would_have_the_same_names_are_refused(void **state)
{
    (void)state;
    config_region regions[] = {plain_region(TWIN_A), plain_region("Other"), plain_region(TWIN_B)};
    const config_model model = {.regions = regions, .region_count = 3};
    declaration d = declare(regions, 3); /* without snapshots they are as any others */
    platform_failure failure = {0};
    declaration_free(&d);
    for (unsigned i = 0; i < 3; i++) {
        regions[i].persist.mode = CONFIG_PERSIST_SNAPSHOT;
        regions[i].file = "b.yaml";
        regions[i].where = (config_position){3 + i, 5};
    }
    assert_false(declare_regions(&model, "", "X:\\data", &identity, &d, &failure));
    assert_int_equal(failure.code, DECLARE_REFUSED);
    assert_string_equal(failure.text,
                        "b.yaml:5:5: the region " TWIN_B ": its snapshots would have the same file names as "
                        "those of region " TWIN_A "; give one of them another name");
    assert_null(d.regions.items);
    regions[0].persist.mode = CONFIG_PERSIST_NONE;
    d = declare(regions, 3);
    declaration_free(&d);
}

static void a_descriptor_of_its_own_is_completed(void **state)
{
    (void)state;
    config_region region = plain_region("A");
    region.access = (config_access){.read = {NULL, 0}};
    region.sddl = "D:P(A;;0x20007;;;WD)";
    region.backing_file = "a";
    declaration d = declare(&region, 1);
    assert_string_equal(d.regions.items[0].section_sddl, HEAD BROKER "(A;;0x20007;;;WD)");
    assert_string_equal(d.regions.items[0].file_sddl,
                        HEAD "(A;;0x1f01ff;;;" FAKE_BROKER ")(A;;0x12019f;;;WD)");
    declaration_free(&d);
}

static void a_descriptor_that_cannot_be_completed_fails_all_and_leaves_nothing(void **state)
{
    (void)state;
    config_region own = plain_region("B");
    own.sddl = "D:P(A;;0x20007;;;WD)";
    const config_region regions[] = {plain_region("A"), own, plain_region("C")};
    const config_model model = {.regions = regions, .region_count = 3};
    declaration d;
    platform_failure failure = {0};
    fake.fail_at = 1;
    assert_false(declare_regions(&model, "", "X:\\data", &identity, &d, &failure));
    assert_string_equal(failure.text, "cannot do sddl-read: the test says no");
    assert_int_equal(d.regions.count, 0);
    assert_null(d.regions.items);
    assert_null(d.arena);
    declaration_free(&d);
}

static void a_hundred_thousand_regions_are_declared(void **state)
{
    (void)state;
    static config_region regions[CONFIG_MAX_REGIONS];
    for (size_t i = 0; i < CONFIG_MAX_REGIONS; i++) {
        regions[i] = plain_region("A");
        regions[i].backing_file = i % 2 ? "a" : NULL;
    }
    declaration d = declare(regions, CONFIG_MAX_REGIONS);
    assert_int_equal(d.global_count, CONFIG_MAX_REGIONS);
    assert_int_equal(d.file_count, CONFIG_MAX_REGIONS / 2);
    assert_string_equal(d.regions.items[CONFIG_MAX_REGIONS - 1].backing_path, "X:\\data\\a");
    for (size_t i = 2; i < CONFIG_MAX_REGIONS; i++)
        assert_ptr_equal(d.regions.items[i].section_sddl, d.regions.items[i - 1].section_sddl);
    declaration_free(&d);
}

static void regions_share_a_descriptor_only_when_all_their_lists_are_the_same(void **state)
{
    (void)state;
    config_region regions[8];
    for (size_t i = 0; i < COUNT_OF(regions); i++)
        regions[i] = plain_region("A");
    const config_principal_list other = {users, COUNT_OF(users)};
    regions[2].access.deny = other;
    regions[3].access.manage = other;
    regions[4].access.packages = other;
    regions[5].access.integrity = CONFIG_INTEGRITY_LOW;
    regions[6].access.read.count = 0;
    regions[7].sddl = "D:P(A;;0x20005;;;S-1-5-32-545)";
    declaration d = declare(regions, COUNT_OF(regions));
    const declared_region *items = d.regions.items;
    assert_ptr_equal(items[0].section_sddl, items[1].section_sddl);
    for (size_t i = 1; i + 1 < COUNT_OF(regions); i++)
        assert_string_not_equal(items[i].section_sddl, items[i + 1].section_sddl);
    assert_string_equal(items[5].section_sddl, HEAD BROKER "(A;;0x20005;;;S-1-5-32-545)S:(ML;;NW;;;LW)");
    assert_string_equal(items[7].section_sddl, items[0].section_sddl);
    declaration_free(&d);
}

/* Written out again for each region, in a file or by a program that writes files. */
static void lists_that_say_the_same_are_compiled_once(void **state)
{
    (void)state;
    static const config_principal again[] = {{.text = "S-1-5-32-545", .sid = "S-1-5-32-545"}};
    static const config_principal everyone[] = {{.text = "Everyone", .sid = "S-1-1-0"}};
    config_region regions[200];
    for (size_t i = 0; i < COUNT_OF(regions); i++) {
        regions[i] = plain_region("A");
        regions[i].backing_file = i % 5 == 0 ? "a" : NULL;
        if (i % 2)
            regions[i].access.read.items = again;
        if (i % 3 == 2)
            regions[i].access.write = (config_principal_list){everyone, 1};
    }
    declaration d = declare(regions, COUNT_OF(regions));
    const declared_region *items = d.regions.items;
    for (size_t i = 3; i < COUNT_OF(regions); i++)
        assert_ptr_equal(items[i].section_sddl, items[i - 3].section_sddl);
    assert_string_not_equal(items[1].section_sddl, items[2].section_sddl);
    assert_ptr_equal(items[0].file_sddl, items[15].file_sddl);
    declaration_free(&d);
}

static void a_descriptor_written_for_many_is_read_once(void **state)
{
    (void)state;
    config_region regions[20];
    for (size_t i = 0; i < COUNT_OF(regions); i++) {
        regions[i] = plain_region("A");
        regions[i].sddl = i % 2 ? "D:P(A;;0x20007;;;WD)" : "D:P(A;;0x20005;;;WD)";
    }
    fake.fail_at = 3;
    declaration d = declare(regions, COUNT_OF(regions));
    assert_string_equal(d.regions.items[19].section_sddl, HEAD BROKER "(A;;0x20007;;;WD)");
    assert_null(d.regions.items[19].file_sddl);
    declaration_free(&d);
}

/* The parts of regions in a row share the list of their descriptors, so that nobody need look at each. */
static void regions_of_one_kind_share_the_descriptors_of_their_parts(void **state)
{
    (void)state;
    config_region regions[] = {plain_region("A"), plain_region("B"), plain_region("C")};
    regions[0].lock = regions[1].lock = regions[2].notify = true;
    declaration d = declare(regions, COUNT_OF(regions));
    const declared_region *items = d.regions.items;
    assert_ptr_equal(items[0].part_sddl, items[1].part_sddl);
    assert_non_null(items[0].part_sddl[ACCESS_LOCK]);
    assert_ptr_not_equal(items[1].part_sddl, items[2].part_sddl);
    assert_null(items[2].part_sddl[ACCESS_LOCK]);
    declaration_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_model_declares_nothing, new_machine),
        cmocka_unit_test_setup(a_region_gets_the_name_of_its_name_space, new_machine),
        cmocka_unit_test_setup(a_region_for_each_session_waits_for_its_sessions, new_machine),
        cmocka_unit_test_setup(a_private_region_is_in_the_namespace_of_its_boundary, new_machine),
        cmocka_unit_test_setup(what_is_asked_of_the_memory_is_carried_over, new_machine),
        cmocka_unit_test_setup(initial_contents_stand_beside_the_file_that_names_them, new_machine),
        cmocka_unit_test_setup(what_was_declared_is_carried_over, new_machine),
        cmocka_unit_test_setup(a_backing_file_stands_in_the_data_folder_with_the_same_rights, new_machine),
        cmocka_unit_test_setup(an_absolute_backing_file_stays_where_it_is, new_machine),
        cmocka_unit_test_setup(a_backing_file_that_is_the_brokers_own_is_refused_with_its_place, new_machine),
        cmocka_unit_test_setup(regions_whose_snapshots_would_have_the_same_names_are_refused, new_machine),
        cmocka_unit_test_setup(a_descriptor_of_its_own_is_completed, new_machine),
        cmocka_unit_test_setup(a_descriptor_that_cannot_be_completed_fails_all_and_leaves_nothing,
                               new_machine),
        cmocka_unit_test_setup(regions_share_a_descriptor_only_when_all_their_lists_are_the_same,
                               new_machine),
        cmocka_unit_test_setup(lists_that_say_the_same_are_compiled_once, new_machine),
        cmocka_unit_test_setup(a_descriptor_written_for_many_is_read_once, new_machine),
        cmocka_unit_test_setup(regions_of_one_kind_share_the_descriptors_of_their_parts, new_machine),
        cmocka_unit_test_setup(a_hundred_thousand_regions_are_declared, new_machine),
    };
    return cmocka_run_group_tests_name("declare", tests, NULL, NULL);
}
