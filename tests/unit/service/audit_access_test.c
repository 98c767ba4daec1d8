/* audit_access.c: each finding about a region's descriptor, and what is near it and none. */
#include "audit_testing.h"

static void an_ordinary_region_has_no_finding(void **state)
{
    (void)state;
    config_region region = testing_region();
    testing_audit(&region);
    assert_int_equal(testing_found.count, 0);
}

/* ---- Who gets in */

static void writers_of_whom_nobody_keeps_a_list_are_found(void **state)
{
    (void)state;
    const struct {
        const char *sid;
        audit_severity severity;
    } groups[] = {{EVERYONE, AUDIT_HIGH},
                  {"S-1-5-7", AUDIT_HIGH},
                  {"S-1-5-32-546", AUDIT_HIGH},
                  {"S-1-5-2", AUDIT_HIGH},
                  {USERS, AUDIT_MEDIUM},
                  {"S-1-5-11", AUDIT_MEDIUM},
                  {"S-1-5-4", AUDIT_MEDIUM},
                  {"S-1-5-6", AUDIT_MEDIUM},
                  {"S-1-5-21-1-2-3-513", AUDIT_MEDIUM},
                  {"S-1-5-21-1-2-3-515", AUDIT_MEDIUM}};
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        const config_principal writer = PRINCIPAL(groups[i].sid);
        config_region region = testing_region();
        region.access.write = (config_principal_list){&writer, 1};
        const audit_finding *finding = testing_only(&region, "everyone-may-write", groups[i].severity);
        assert_string_equal(finding->place.file, "conf.d/a.yaml");
        assert_int_equal(finding->place.where.line, 7);
        assert_string_equal(finding->place.region, "Telemetry");
        assert_non_null(strstr(finding->what, groups[i].sid));
    }
}

static void other_writers_and_broad_readers_are_not(void **state)
{
    (void)state;
    const char *const sids[] = {SENSOR, ADMINS, SYSTEM, ANNA, "S-1-5-21-1-2-3-1513", "S-1-5-32-513"};
    for (size_t i = 0; i < COUNT_OF(sids); i++) {
        const config_principal reader = PRINCIPAL(EVERYONE), writer = PRINCIPAL(sids[i]);
        config_region region = testing_region();
        region.access.read = (config_principal_list){&reader, 1};
        region.access.write = (config_principal_list){&writer, 1};
        testing_silent(&region, "everyone-may-write");
    }
}

static void the_role_that_lets_everybody_write_is_named(void **state)
{
    (void)state;
    config_principal writer = PRINCIPAL(EVERYONE);
    config_region region = testing_region();
    writer.role = "operators";
    region.access.write = (config_principal_list){&writer, 1};
    assert_non_null(
        strstr(testing_only(&region, "everyone-may-write", AUDIT_HIGH)->what, "by the role operators"));
}

static void everyone_who_writes_by_sddl_is_found_unless_denied_before(void **state)
{
    (void)state;
    config_region region = testing_region();
    region.sddl = "D:P(A;;0x20007;;;S-1-1-0)";
    const audit_finding *finding = testing_only(&region, "everyone-may-write", AUDIT_HIGH);
    assert_string_equal(finding->place.file, "a.yaml");
    assert_int_equal(finding->place.where.line, 4);
    region.sddl = "D:P(D;;0xf001f;;;S-1-1-0)(A;;0x20007;;;S-1-1-0)";
    testing_silent(&region, "everyone-may-write");
    region.sddl = "D:P(A;;0x20005;;;S-1-1-0)";
    testing_silent(&region, "everyone-may-write");
}

static void managers_of_whom_nobody_keeps_a_list_are_found(void **state)
{
    (void)state;
    const config_principal users = PRINCIPAL(USERS), admins = PRINCIPAL(ADMINS);
    config_region region = testing_region();
    region.access.manage = (config_principal_list){&users, 1};
    testing_only(&region, "everyone-may-manage", AUDIT_HIGH);
    region.access.manage = (config_principal_list){&admins, 1};
    testing_silent(&region, "everyone-may-manage");
}

static void accounts_that_are_gone_are_found(void **state)
{
    (void)state;
    const config_principal anna = PRINCIPAL(ANNA);
    config_region region = testing_region();
    region.access.read = (config_principal_list){&anna, 1};
    testing_silent(&region, "account-gone");
    fake.gone = ANNA;
    testing_only(&region, "account-gone", AUDIT_LOW);
    fake.gone = SENSOR;
    testing_silent(&region, "account-gone");
    testing_only(&region, "service-absent", AUDIT_INFO);
    fake.gone = USERS; /* nobody asks for what is well known */
    region = testing_region();
    testing_audit(&region);
    assert_int_equal(testing_found.count, 0);
}

/* ---- Entries without effect */

static void a_denial_of_what_nobody_is_given_is_found(void **state)
{
    (void)state;
    const config_principal anna = PRINCIPAL(ANNA);
    config_region region = testing_region();
    region.access.deny = (config_principal_list){&anna, 1};
    testing_silent(&region, "denial-without-effect");
    region.access.read = region.access.write = (config_principal_list){NULL, 0};
    testing_only(&region, "denial-without-effect", AUDIT_LOW);
}

static void a_denial_behind_what_it_is_to_limit_is_found(void **state)
{
    (void)state;
    config_region region = testing_region();
    region.sddl = "D:P(A;;0x20005;;;S-1-5-32-545)(D;;0x20005;;;S-1-5-21-9-9-9-1001)";
    testing_only(&region, "denial-without-effect", AUDIT_LOW);
    region.sddl = "D:P(D;;0x20005;;;S-1-5-21-9-9-9-1001)(A;;0x20005;;;S-1-5-32-545)";
    testing_silent(&region, "denial-without-effect");
    region.sddl = "D:P(D;;0x2;;;S-1-5-21-9-9-9-1001)(A;;0x20005;;;S-1-5-32-545)";
    testing_only(&region, "denial-without-effect", AUDIT_LOW);
    region.sddl = "D:P(D;;0x5;;;S-1-1-0)(D;;0x5;;;S-1-5-21-9-9-9-1001)(A;;0x20005;;;S-1-5-32-545)";
    testing_only(&region, "denial-without-effect", AUDIT_LOW);
}

static void denying_the_broker_is_found(void **state)
{
    (void)state;
    const config_principal broker = PRINCIPAL(FAKE_BROKER);
    config_region region = testing_region();
    region.access.deny = (config_principal_list){&broker, 1};
    assert_int_equal(testing_only(&region, "denial-without-effect", AUDIT_LOW)->place.where.line, 7);
}

static void denying_everyone_is_found(void **state)
{
    (void)state;
    const config_principal everyone = PRINCIPAL(EVERYONE), users = PRINCIPAL(USERS);
    config_region region = testing_region();
    region.access.deny = (config_principal_list){&everyone, 1};
    testing_only(&region, "everyone-denied", AUDIT_MEDIUM);
    region.access.deny = (config_principal_list){&users, 1};
    testing_silent(&region, "everyone-denied");
}

static void a_region_for_nobody_is_found(void **state)
{
    (void)state;
    config_region region = testing_region();
    region.access.read = (config_principal_list){NULL, 0};
    testing_silent(&region, "nobody-allowed");
    region.access.write = (config_principal_list){NULL, 0};
    testing_only(&region, "nobody-allowed", AUDIT_MEDIUM);
    region.sddl = "D:P";
    testing_only(&region, "nobody-allowed", AUDIT_MEDIUM);
    region.sddl = "D:P(A;;0x20005;;;S-1-5-32-545)";
    testing_silent(&region, "nobody-allowed");
}

static void a_descriptor_without_a_dacl_is_found(void **state)
{
    (void)state;
    config_region region = testing_region();
    region.sddl = "D:NO_ACCESS_CONTROL";
    testing_only(&region, "null-dacl", AUDIT_HIGH);
    region.sddl = "D:P";
    testing_silent(&region, "null-dacl");
}

/* ---- Labels */

static config_region labelled(const config_principal *writer, config_integrity integrity)
{
    config_region region = testing_region();
    region.access.write = (config_principal_list){writer, 1};
    region.access.integrity = integrity;
    return region;
}

static void a_label_lower_than_any_writer_needs_is_found(void **state)
{
    (void)state;
    const char *const sids[] = {ADMINS, SYSTEM, SENSOR, "S-1-5-19", "S-1-5-20"};
    const config_principal anna = PRINCIPAL(ANNA);
    for (size_t i = 0; i < COUNT_OF(sids); i++) {
        const config_principal writer = PRINCIPAL(sids[i]);
        config_region region = labelled(&writer, CONFIG_INTEGRITY_LOW);
        testing_only(&region, "label-lower-than-needed", AUDIT_MEDIUM);
        region.access.integrity = CONFIG_INTEGRITY_MEDIUM;
        testing_silent(&region, "label-lower-than-needed");
    }
    config_region region = labelled(&anna, CONFIG_INTEGRITY_LOW);
    testing_silent(&region, "label-lower-than-needed");
}

static void a_low_label_is_found_where_somebody_writes(void **state)
{
    (void)state;
    const config_principal anna = PRINCIPAL(ANNA);
    config_region region = labelled(&anna, CONFIG_INTEGRITY_LOW);
    testing_only(&region, "label-low", AUDIT_LOW);
    region.access.integrity = CONFIG_INTEGRITY_UNSET;
    testing_silent(&region, "label-low");
    region.access.integrity = CONFIG_INTEGRITY_LOW;
    region.access.write = (config_principal_list){NULL, 0};
    testing_silent(&region, "label-low");
}

static void a_label_above_its_writers_is_found(void **state)
{
    (void)state;
    const config_principal anna = PRINCIPAL(ANNA), admins = PRINCIPAL(ADMINS);
    config_region region = labelled(&anna, CONFIG_INTEGRITY_HIGH);
    testing_only(&region, "label-above-writers", AUDIT_LOW);
    region.access.integrity = CONFIG_INTEGRITY_MEDIUM;
    testing_silent(&region, "label-above-writers");
    region = labelled(&admins, CONFIG_INTEGRITY_HIGH);
    testing_silent(&region, "label-above-writers");
}

static void packages_that_the_label_keeps_from_writing_are_found(void **state)
{
    (void)state;
    const config_principal package = PRINCIPAL(PACKAGE);
    config_region region = testing_region();
    region.access.packages = (config_principal_list){&package, 1};
    testing_only(&region, "packages-below-label", AUDIT_LOW);
    region.access.integrity = CONFIG_INTEGRITY_LOW;
    testing_audit(&region);
    assert_int_equal(testing_found.count, 0);
    region.access.integrity = CONFIG_INTEGRITY_UNSET;
    region.access.write = (config_principal_list){NULL, 0};
    testing_silent(&region, "packages-below-label");
}

static void every_package_that_may_write_is_found(void **state)
{
    (void)state;
    const config_principal all = PRINCIPAL(PACKAGES);
    config_region region = testing_region();
    region.access.packages = (config_principal_list){&all, 1};
    region.access.integrity = CONFIG_INTEGRITY_LOW;
    testing_only(&region, "every-package-may-write", AUDIT_MEDIUM);
    region.access.write = (config_principal_list){NULL, 0};
    testing_silent(&region, "every-package-may-write");
}

static void a_lock_that_anybody_may_keep_is_found(void **state)
{
    (void)state;
    const config_principal all = PRINCIPAL(USERS), one = PRINCIPAL(ANNA);
    config_region region = testing_region();
    region.lock = true;
    region.access.lock = (config_principal_list){&one, 1};
    testing_silent(&region, "everyone-may-lock");
    region.access.lock = (config_principal_list){&all, 1};
    const audit_finding *finding = testing_only(&region, "everyone-may-lock", AUDIT_LOW);
    assert_non_null(finding);
    if (!finding)
        abort();
    assert_non_null(strstr(finding->what, USERS));
}

static void a_queue_that_nobody_can_use_is_found(void **state)
{
    (void)state;
    const config_principal reader = PRINCIPAL(ANNA), writer = PRINCIPAL(SENSOR);
    config_region region = testing_region();
    region.kind = CONFIG_KIND_QUEUE;
    region.access.read = (config_principal_list){&reader, 1};
    region.access.write = (config_principal_list){NULL, 0};
    testing_only(&region, "queue-without-writers", AUDIT_LOW);
    region.access.write = (config_principal_list){&writer, 1};
    testing_silent(&region, "queue-without-writers");
    region.kind = CONFIG_KIND_STATE;
    region.access.write = (config_principal_list){NULL, 0};
    testing_silent(&region, "queue-without-writers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        AUDIT_TEST(an_ordinary_region_has_no_finding),
        AUDIT_TEST(writers_of_whom_nobody_keeps_a_list_are_found),
        AUDIT_TEST(other_writers_and_broad_readers_are_not),
        AUDIT_TEST(the_role_that_lets_everybody_write_is_named),
        AUDIT_TEST(everyone_who_writes_by_sddl_is_found_unless_denied_before),
        AUDIT_TEST(managers_of_whom_nobody_keeps_a_list_are_found),
        AUDIT_TEST(accounts_that_are_gone_are_found),
        AUDIT_TEST(a_denial_of_what_nobody_is_given_is_found),
        AUDIT_TEST(a_denial_behind_what_it_is_to_limit_is_found),
        AUDIT_TEST(denying_the_broker_is_found),
        AUDIT_TEST(denying_everyone_is_found),
        AUDIT_TEST(a_region_for_nobody_is_found),
        AUDIT_TEST(a_descriptor_without_a_dacl_is_found),
        AUDIT_TEST(a_label_lower_than_any_writer_needs_is_found),
        AUDIT_TEST(a_low_label_is_found_where_somebody_writes),
        AUDIT_TEST(a_label_above_its_writers_is_found),
        AUDIT_TEST(packages_that_the_label_keeps_from_writing_are_found),
        AUDIT_TEST(every_package_that_may_write_is_found),
        AUDIT_TEST(a_lock_that_anybody_may_keep_is_found),
        AUDIT_TEST(a_queue_that_nobody_can_use_is_found),
    };
    return cmocka_run_group_tests_name("audit_access", tests, NULL, NULL);
}
