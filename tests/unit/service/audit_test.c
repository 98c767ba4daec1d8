/* audit.c: findings about files, folders, names and the whole configuration. */
#include "audit_testing.h"

static config_model model_of(const config_region *regions, size_t count)
{
    return (config_model){.file = "a.yaml", .regions = regions, .region_count = count};
}

/* A report in which `sid` may change `path`. */
static trust_report breached(const char *path, const char *sid)
{
    const trust_keepers nobody = {NULL, 0};
    trust_entry entry = {.mask = 0x2, .allows = true};
    const trust_subject subject = {.path = path, .owner = SYSTEM, .entries = &entry, .count = 1};
    trust_report report = {0};
    snprintf(entry.sid, sizeof entry.sid, "%s", sid);
    trust_judge(&subject, &nobody, &report);
    return report;
}

static void what_others_can_change_is_found(void **state)
{
    (void)state;
    const config_region region = testing_region();
    const config_model model = model_of(&region, 1);
    const char *const ids[] = {"config-writable", "data-writable", "program-writable"};
    trust_report found = breached("C:\\x", ANNA);
    const audit_facts facts[] = {{.config = &found}, {.data = &found}, {.program = &found}};
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        testing_audit_with(&model, facts[i]);
        assert_int_equal(testing_found.count, 1);
        assert_int_equal(testing_found.items[0].severity, AUDIT_HIGH);
        assert_string_equal(testing_found.items[0].id, ids[i]);
        assert_string_equal(testing_found.items[0].place.file, "C:\\x");
        assert_non_null(strstr(testing_found.items[0].advice, "icacls"));
    }
    trust_report_free(&found);
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        testing_audit_with(&model, facts[i]);
        assert_int_equal(testing_found.count, 0);
    }
}

static void what_the_person_who_asks_can_change_is_a_small_finding(void **state)
{
    (void)state;
    const config_model model = model_of(NULL, 0);
    trust_report found = breached("C:\\x", ANNA);
    testing_audit_with(&model, (audit_facts){.config = &found, .user_sid = ANNA});
    assert_int_equal(testing_the("config-writable")->severity, AUDIT_LOW);
    trust_report_free(&found);
    const trust_keepers nobody = {NULL, 0};
    found = breached("C:\\x", ANNA);
    trust_judge(&(trust_subject){.path = "C:\\y", .owner = ANNA}, &nobody,
                &found); /* in two ways, one finding */
    assert_int_equal(found.count, 2);
    testing_audit_with(&model, (audit_facts){.config = &found, .user_sid = ANNA});
    assert_int_equal(testing_found.count, 1);
    trust_report_free(&found);
}

static void breaches_beyond_the_kept_ones_count(void **state)
{
    (void)state;
    const config_model model = model_of(NULL, 0);
    trust_report found = {.dropped = 3};
    testing_audit_with(&model, (audit_facts){.config = &found});
    assert_int_equal(testing_found.counts[AUDIT_HIGH], 3);
    assert_int_equal(testing_found.dropped, 3);
}

/* ---- Backing files */

static struct {
    const char *sid; /* that may do `rights` to the file */
    uint32_t rights;
} on_file;

static void look(void *context, const config_region *region, audit_file file, trust_place place,
                 const trust_keepers *keepers, trust_report *report)
{
    (void)context;
    assert_int_equal(file, region->backing_file ? AUDIT_BACKING : AUDIT_INITIAL);
    trust_entry entry = {.mask = on_file.rights, .allows = true};
    const trust_subject subject = {
        .path = "C:\\data\\t.shm", .place = place, .owner = SYSTEM, .entries = &entry, .count = 1};
    snprintf(entry.sid, sizeof entry.sid, "%s", on_file.sid);
    trust_judge(&subject, keepers, report);
}

static void audit_backed(const char *sid, uint32_t rights)
{
    config_region region = testing_region();
    const config_model model = model_of(&region, 1);
    region.backing_file = "t.shm";
    on_file.sid = sid;
    on_file.rights = rights;
    testing_audit_with(&model, (audit_facts){.look_at_file = look});
}

static void audit_initial(const char *sid)
{
    config_region region = testing_region();
    region.initial = (config_initial){.kind = CONFIG_INITIAL_FILE, .path = "t.bin"};
    const config_model model = model_of(&region, 1);
    on_file.sid = sid;
    on_file.rights = 0x2;
    testing_audit_with(&model, (audit_facts){.look_at_file = look});
}

static void initial_contents_that_others_than_writers_may_change_are_found(void **state)
{
    (void)state;
    audit_initial(USERS);
    assert_int_equal(testing_found.count, 1);
    assert_int_equal(testing_the("initial-writable")->severity, AUDIT_HIGH);
    assert_string_equal(testing_found.items[0].place.region, "Telemetry");
    const char *const writers[] = {SENSOR, FAKE_BROKER, ADMINS};
    for (size_t i = 0; i < COUNT_OF(writers); i++) {
        audit_initial(writers[i]);
        assert_int_equal(testing_found.count, 0);
    }
}

static void a_file_that_others_may_write_is_found(void **state)
{
    (void)state;
    audit_backed(USERS, 0x3); /* a reader of the region */
    assert_int_equal(testing_found.count, 1);
    assert_int_equal(testing_the("backing-wider-to-write")->severity, AUDIT_HIGH);
    assert_string_equal(testing_found.items[0].place.region, "Telemetry");
    audit_backed(SENSOR, 0x3); /* its writer */
    assert_int_equal(testing_found.count, 0);
    audit_backed(FAKE_BROKER, 0x3);
    assert_int_equal(testing_found.count, 0);
}

static void a_file_that_others_may_read_is_found(void **state)
{
    (void)state;
    audit_backed(ANNA, 0x1);
    assert_int_equal(testing_found.count, 1);
    assert_int_equal(testing_the("backing-wider-to-read")->severity, AUDIT_MEDIUM);
    audit_backed(USERS, 0x1);
    assert_int_equal(testing_found.count, 0);
}

/* ---- Names */

static void a_local_name_is_found(void **state)
{
    (void)state;
    config_region region = testing_region();
    region.name_space = CONFIG_NAMESPACE_LOCAL;
    assert_int_equal(testing_only(&region, "name-can-be-squatted", AUDIT_LOW)->place.where.line, 3);
    region.name_space = CONFIG_NAMESPACE_GLOBAL;
    testing_silent(&region, "name-can-be-squatted");
}

static void a_boundary_that_everybody_belongs_to_is_found(void **state)
{
    (void)state;
    const config_principal both[] = {PRINCIPAL(USERS), PRINCIPAL(ADMINS)};
    config_region region = testing_region();
    region.name_space = CONFIG_NAMESPACE_PRIVATE;
    region.boundary = (config_principal_list){both, 1};
    testing_only(&region, "name-can-be-squatted", AUDIT_LOW);
    region.boundary.count = 2; /* whoever enters belongs to both */
    testing_silent(&region, "name-can-be-squatted");
}

/* Names part the sessions, not rights. */
static void an_instance_that_people_of_other_sessions_may_use_is_found(void **state)
{
    (void)state;
    const config_principal users[] = {PRINCIPAL(USERS)}, admins[] = {PRINCIPAL(ADMINS)};
    config_region region = testing_region();
    region.access.write = (config_principal_list){admins, 1};
    region.access.read = (config_principal_list){users, 1};
    testing_silent(&region, "session-open-to-others");
    region.name_space = CONFIG_NAMESPACE_SESSION;
    assert_int_equal(testing_only(&region, "session-open-to-others", AUDIT_LOW)->place.where.line, 3);
    region.access.read = (config_principal_list){admins, 1};
    testing_silent(&region, "session-open-to-others");
}

/* ---- The whole */

static void sddl_is_worth_knowing(void **state)
{
    (void)state;
    config_region region = testing_region();
    testing_silent(&region, "sddl-used");
    region.sddl = "D:P(A;;0x20005;;;S-1-5-32-545)";
    testing_only(&region, "sddl-used", AUDIT_INFO);
    assert_int_equal(testing_found.count, 1);
}

static void declare_size(config_region *region, uint64_t size)
{
    region->size = size;
}

static void declare_file(config_region *region, const char *file)
{
    region->backing_file = file;
}

static void much_memory_without_a_budget_is_worth_knowing(void **state)
{
    (void)state;
    config_region regions[] = {testing_region(), testing_region()};
    config_model model = model_of(regions, 2);
    regions[0].size = AUDIT_LARGE_COMMIT - 4096;
    regions[1].size = 1; /* a page */
    testing_audit_with(&model, (audit_facts){0});
    assert_int_equal(testing_the("commit-without-budget")->severity, AUDIT_INFO);
    model.commit_budget = 1;
    testing_audit_with(&model, (audit_facts){0});
    assert_int_equal(testing_found.count, 0);
    model.commit_budget = 0;
    declare_size(&regions[0], AUDIT_LARGE_COMMIT - 8192);
    testing_audit_with(&model, (audit_facts){0});
    assert_int_equal(testing_found.count, 0);
    declare_size(&regions[0], AUDIT_LARGE_COMMIT);
    declare_file(&regions[0], "on-disk.shm");
    testing_audit_with(&model, (audit_facts){0});
    assert_int_equal(testing_found.count, 0);
}

static void findings_beyond_the_kept_ones_are_counted(void **state)
{
    (void)state;
    const size_t count = AUDIT_MAX_FINDINGS + 5;
    config_region *regions = calloc(count, sizeof *regions);
    const config_model model = model_of(regions, count);
    assert_non_null(regions);
    for (size_t i = 0; regions && i < count; i++) {
        regions[i] = testing_region();
        regions[i].name_space = CONFIG_NAMESPACE_LOCAL;
    }
    testing_audit_with(&model, (audit_facts){0});
    assert_int_equal(testing_found.count, AUDIT_MAX_FINDINGS);
    assert_int_equal(testing_found.dropped, 5);
    assert_int_equal(testing_found.counts[AUDIT_LOW], count);
    free(regions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        AUDIT_TEST(what_others_can_change_is_found),
        AUDIT_TEST(what_the_person_who_asks_can_change_is_a_small_finding),
        AUDIT_TEST(breaches_beyond_the_kept_ones_count),
        AUDIT_TEST(initial_contents_that_others_than_writers_may_change_are_found),
        AUDIT_TEST(a_file_that_others_may_write_is_found),
        AUDIT_TEST(a_file_that_others_may_read_is_found),
        AUDIT_TEST(a_local_name_is_found),
        AUDIT_TEST(a_boundary_that_everybody_belongs_to_is_found),
        AUDIT_TEST(an_instance_that_people_of_other_sessions_may_use_is_found),
        AUDIT_TEST(sddl_is_worth_knowing),
        AUDIT_TEST(much_memory_without_a_budget_is_worth_knowing),
        AUDIT_TEST(findings_beyond_the_kept_ones_are_counted),
    };
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
