/* Who may do what: the kernel refuses, not the library; and every object has exactly the rights that were declared. */
#include "checks.h"

#include "account.h"
#include "region.h"

#include <string.h>

/* What the library asks for and what these tests ask for besides. */
#define READ_RIGHTS  0x20005u
#define WRITE_RIGHTS 0x20007u

static const char administrators[] = "S-1-5-32-544", users[] = "S-1-5-32-545", everyone[] = "S-1-1-0";

static HANDLE open_object(const char *name)
{
    HANDLE section = OpenFileMappingW(READ_CONTROL, FALSE, support_wide(name));
    if (!section)
        support_fail("cannot open %s: %s", name, support_error(GetLastError()));
    return section;
}

/* ---- The DACLs ------------------------------------------------------------------------------------------------- */

static void a_regions_descriptor_is_exactly_what_was_declared(void **state)
{
    (void)state;
    const char *name = support_unique("Exact");
    test_broker *b =
        broker_run_with("version: 1\n"
                        "regions:\n"
                        "  %s:\n"
                        "    size: 4 KiB\n"
                        "    access: { read: [Users, 'NT SERVICE\\Sensor'], write: [Administrators] }\n",
                        name);
    HANDLE section = open_object(support_text("Global\\%s", name));
    PSECURITY_DESCRIPTOR descriptor = account_security_of(section);
    assert_int_equal(account_count_entries(descriptor), 4);
    account_assert_entry(descriptor, administrators, WRITE_RIGHTS);
    account_assert_entry(descriptor, users, READ_RIGHTS);
    account_assert_entry(descriptor, account_service_sid("Sensor"), READ_RIGHTS);
    account_assert_entry(descriptor, account_service_sid(support_text("ShmBroker$%s", b->instance)),
                         SECTION_ALL_ACCESS);
    assert_string_equal(account_owner_of(descriptor), account_owner_sid());
    CloseHandle(section);
}

static void the_catalog_is_read_by_everyone_and_written_by_the_broker_alone(void **state)
{
    (void)state;
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 1 }\n", support_unique("Some"));
    const char *name = support_text("Global\\ShmBroker.Catalog.%s", b->instance);
    HANDLE section = open_object(name);
    PSECURITY_DESCRIPTOR descriptor = account_security_of(section);
    assert_int_equal(account_count_entries(descriptor), 4);
    account_assert_entry(descriptor, everyone, READ_RIGHTS);
    account_assert_entry(descriptor, "S-1-15-2-1", READ_RIGHTS); /* ALL APPLICATION PACKAGES */
    account_assert_entry(descriptor, administrators,
                         SECTION_ALL_ACCESS); /* of this elevated console's broker */
    account_assert_entry(descriptor, account_service_sid(support_text("ShmBroker$%s", b->instance)),
                         SECTION_ALL_ACCESS);
    CloseHandle(section);

    account_become(account_ordinary());
    section = OpenFileMappingW(FILE_MAP_READ, FALSE, support_wide(name));
    assert_non_null(section);
    assert_null(MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 4096));
    checks_last_error(ERROR_ACCESS_DENIED);
    CloseHandle(section);
    assert_null(OpenFileMappingW(FILE_MAP_WRITE, FALSE, support_wide(name)));
    checks_last_error(ERROR_ACCESS_DENIED);
    account_return();
}

static void a_descriptor_of_the_regions_own_is_applied_and_protected(void **state)
{
    (void)state;
    const char *name = support_unique("Own");
    test_broker *b = broker_run_with(
        "version: 1\nregions:\n  %s: { size: 10, sddl: 'D:(A;;0x20007;;;WD)(A;;0x20005;;;BU)' }\n", name);
    HANDLE section = open_object(support_text("Global\\%s", name));
    PSECURITY_DESCRIPTOR descriptor = account_security_of(section);
    assert_int_equal(account_count_entries(descriptor), 3);
    account_assert_entry(descriptor, account_service_sid(support_text("ShmBroker$%s", b->instance)),
                         SECTION_ALL_ACCESS);
    account_assert_entry(descriptor, everyone, WRITE_RIGHTS);
    account_assert_entry(descriptor, users, READ_RIGHTS);
    assert_string_equal(account_owner_of(descriptor), account_owner_sid());
    CloseHandle(section);
    process *anybody = process_start_as(account_ordinary(), "shmbroker-peer.exe",
                                        "attach %s %s write 0 put 0 x", b->instance, name);
    assert_int_equal(process_wait(anybody), 0);
}

/* ---- Refusals -------------------------------------------------------------------------------------------------- */

static void a_readers_handle_cannot_be_mapped_for_writing(void **state)
{
    (void)state;
    const char *name = support_unique("ReadOnly");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    shmb_region *reader = region_attach(b, name, SHMB_ACCESS_READ);
    assert_null(MapViewOfFile(shmb_handle(reader), FILE_MAP_WRITE, 0, 0, 0));
    checks_last_error(ERROR_ACCESS_DENIED);
    DWORD old;
    assert_false(VirtualProtect(shmb_data(reader), 4096, PAGE_READWRITE, &old));
    shmb_detach(reader);
}

static void an_account_that_may_read_is_refused_writing_and_told_so(void **state)
{
    (void)state;
    const char *name = support_unique("UsersRead");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    HANDLE ordinary = account_ordinary();
    process *reader =
        process_start_as(ordinary, "shmbroker-peer.exe", "attach %s %s read 0", b->instance, name);
    assert_int_equal(process_wait(reader), 0);
    process *writer =
        process_start_as(ordinary, "shmbroker-peer.exe", "attach %s %s write 0", b->instance, name);
    assert_int_equal(process_wait(writer), 1);
    assert_contains(process_output(writer), support_text("refused %d:", SHMB_ACCESS_DENIED));
    assert_contains(process_output(writer), "may not write");
    process *bare = process_start_as(ordinary, "shmbroker-peer.exe", "open Global\\%s write 10", name);
    assert_int_equal(process_wait(bare), 1);
    const DWORD denied = ERROR_ACCESS_DENIED;
    assert_contains(process_output(bare), support_text("refused %lu", denied));
}

static void an_account_without_rights_is_denied(void **state)
{
    (void)state;
    const char *name = support_unique("Closed");
    test_broker *b =
        broker_run_with("version: 1\nregions:\n"
                        "  %s: { size: 4 KiB, access: { read: [Administrators], write: [SYSTEM] } }\n",
                        name);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try(name, &options), SHMB_OK);
    options.access = SHMB_ACCESS_WRITE;
    assert_int_equal(region_try(name, &options), SHMB_ACCESS_DENIED);
    process *other =
        process_start_as(account_ordinary(), "shmbroker-peer.exe", "attach %s %s read 0", b->instance, name);
    assert_int_equal(process_wait(other), 1);
    assert_contains(process_output(other), support_text("refused %d:", SHMB_ACCESS_DENIED));
    assert_contains(process_output(other), name);
}

static void a_thread_that_impersonates_has_the_rights_of_that_account(void **state)
{
    (void)state;
    const char *name = support_unique("Impersonated");
    test_broker *b = broker_run_with("version: 1\nregions:\n"
                                     "  %s: { size: 4 KiB, access: { write: [Administrators] } }\n",
                                     name);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try(name, &options), SHMB_OK);
    account_become(account_ordinary());
    shmb_status status = region_try(name, &options);
    account_return();
    assert_int_equal(status, SHMB_ACCESS_DENIED);
}

/* ---- What a new section holds ---------------------------------------------------------------------------------- */

static void a_new_region_is_all_zeros(void **state)
{
    (void)state;
    const char *name = support_unique("Zeros");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 300001 }\n", name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    const uint8_t *bytes = shmb_data(region);
    for (size_t i = 0; i < 300001; i++)
        assert_int_equal(bytes[i], 0);
    shmb_detach(region);
}

static void only_the_broker_of_session_0_or_with_the_privilege_makes_global_names(void **state)
{
    (void)state;
    if (support_under_wine())
        SKIP("Wine lets everybody create global names; Windows wants SeCreateGlobalPrivilege");
    const char *name = support_unique("NoPrivilege");
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 1 }\n", name);
    HANDLE token = account_without_privileges();
    process *broker =
        process_start_as(token, "shmbroker.exe", "run --config \"%s\" --instance %s", b->config, b->instance);
    assert_int_equal(process_wait(broker), 1);
    assert_contains(process_errors(broker), "SeCreateGlobalPrivilege");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(a_regions_descriptor_is_exactly_what_was_declared),
        SYSTEM_TEST(the_catalog_is_read_by_everyone_and_written_by_the_broker_alone),
        SYSTEM_TEST(a_descriptor_of_the_regions_own_is_applied_and_protected),
        SYSTEM_TEST(a_readers_handle_cannot_be_mapped_for_writing),
        SYSTEM_TEST(an_account_that_may_read_is_refused_writing_and_told_so),
        SYSTEM_TEST(an_account_without_rights_is_denied),
        SYSTEM_TEST(a_thread_that_impersonates_has_the_rights_of_that_account),
        SYSTEM_TEST(a_new_region_is_all_zeros),
        SYSTEM_TEST(only_the_broker_of_session_0_or_with_the_privilege_makes_global_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
