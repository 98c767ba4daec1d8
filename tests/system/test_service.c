/* The broker under the real service manager, as an instance of its own beside whatever is installed. */
#include "checks.h"

#include "account.h"
#include "region.h"
#include "service.h"

#include <sddl.h>
#include <string.h>

/* ---- A service of the test's own ------------------------------------------------------------------------------- */

static const char *service_name(const test_broker *b)
{
    return support_text("ShmBroker$%s", b->instance);
}

static SC_HANDLE open_service(const test_broker *b)
{
    return service_open(service_name(b));
}

/* Runs a command of shmbroker.exe for the instance; it must end with `code`. */
static process *command(const test_broker *b, const char *what, int code)
{
    process *p = process_run("shmbroker.exe", "%s --instance %s", what, b->instance);
    if (process_wait(p) != code)
        support_fail("`shmbroker %s` ended with exit code %d instead of %d:\n%s%s", what, process_wait(p),
                     code, process_output(p), process_errors(p));
    return p;
}

/* An instance with a configuration of one region, not installed yet. */
static test_broker *prepare_service(const char *region)
{
    if (!account_is_administrator())
        SKIP("installing a service needs an administrator");
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 64 KiB }\n", region);
    service_remove_on_cleanup(service_name(b));
    return b;
}

static process *install(const test_broker *b)
{
    return command(b, support_text("install --config \"%s\"", b->config), 0);
}

static QUERY_SERVICE_CONFIGW *config_of(const test_broker *b)
{
    static union {
        QUERY_SERVICE_CONFIGW config;
        BYTE bytes[8192];
    } buffer;
    DWORD needed;
    SC_HANDLE service = open_service(b);
    assert_non_null(service);
    assert_true(QueryServiceConfigW(service, &buffer.config, sizeof buffer, &needed));
    CloseServiceHandle(service);
    return &buffer.config;
}

static SERVICE_STATUS_PROCESS status_of(const test_broker *b)
{
    DWORD needed;
    SERVICE_STATUS_PROCESS status;
    SC_HANDLE service = open_service(b);
    assert_non_null(service);
    assert_true(
        QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof status, &needed));
    CloseServiceHandle(service);
    return status;
}

/* ---- install and uninstall ------------------------------------------------------------------------------------- */

static void install_registers_an_automatic_service_under_its_own_account(void **state)
{
    (void)state;
    test_broker *b = prepare_service(support_unique("Installed"));
    process *p = install(b);
    assert_contains(process_output(p), service_name(b));
    assert_contains(process_output(p), "installed");
    const QUERY_SERVICE_CONFIGW *config = config_of(b);
    assert_int_equal(config->dwServiceType, SERVICE_WIN32_OWN_PROCESS);
    assert_int_equal(config->dwStartType, SERVICE_AUTO_START);
    assert_int_equal(config->dwErrorControl, SERVICE_ERROR_NORMAL);
    assert_string_equal(support_utf8(config->lpServiceStartName),
                        support_text("NT SERVICE\\%s", service_name(b)));
    assert_string_equal(support_utf8(config->lpBinaryPathName),
                        support_text("\"%s\" service --config \"%s\" --instance %s",
                                     support_program("shmbroker.exe"), b->config, b->instance));
    assert_contains(support_utf8(config->lpDisplayName), "Shared Memory Broker");
}

static void install_describes_the_service(void **state)
{
    (void)state;
    union {
        SERVICE_DESCRIPTIONW description;
        BYTE bytes[4096];
    } buffer;
    DWORD needed;
    test_broker *b = prepare_service(support_unique("Described"));
    install(b);
    SC_HANDLE service = open_service(b);
    assert_true(
        QueryServiceConfig2W(service, SERVICE_CONFIG_DESCRIPTION, buffer.bytes, sizeof buffer, &needed));
    assert_contains(support_utf8(buffer.description.lpDescription), "shared memory regions");
    CloseServiceHandle(service);
}

static void install_gives_a_service_sid_and_only_the_privileges_it_needs(void **state)
{
    (void)state;
    union {
        SERVICE_SID_INFO sid;
        SERVICE_REQUIRED_PRIVILEGES_INFOW privileges;
        SERVICE_FAILURE_ACTIONSW actions;
        BYTE bytes[4096];
    } buffer;
    DWORD needed;
    if (support_under_wine())
        SKIP("Wine's service manager takes neither service SIDs nor required privileges");
    test_broker *b = prepare_service(support_unique("Privileges"));
    install(b);
    SC_HANDLE service = open_service(b);
    assert_true(
        QueryServiceConfig2W(service, SERVICE_CONFIG_SERVICE_SID_INFO, buffer.bytes, sizeof buffer, &needed));
    assert_int_equal(buffer.sid.dwServiceSidType, SERVICE_SID_TYPE_UNRESTRICTED);
    assert_true(QueryServiceConfig2W(service, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, buffer.bytes,
                                     sizeof buffer, &needed));
    const wchar_t *privilege = buffer.privileges.pmszRequiredPrivileges;
    assert_string_equal(support_utf8(privilege), "SeChangeNotifyPrivilege");
    privilege += wcslen(privilege) + 1;
    assert_string_equal(support_utf8(privilege), "SeCreateGlobalPrivilege");
    assert_int_equal(privilege[wcslen(privilege) + 1], 0);
    assert_true(
        QueryServiceConfig2W(service, SERVICE_CONFIG_FAILURE_ACTIONS, buffer.bytes, sizeof buffer, &needed));
    assert_int_equal(buffer.actions.cActions, 3);
    assert_int_equal(buffer.actions.lpsaActions[0].Type, SC_ACTION_RESTART);
    CloseServiceHandle(service);
}

static void write_config(const test_broker *b, const char *memory)
{
    const char *text =
        support_text("version: 1\nregions:\n  %s: { size: 4 KiB, access: { read: [Users] }%s }\n",
                     support_unique("Data"), memory);
    support_write_file(b->config, text, strlen(text));
}

/* The service's account gets the right that large pages need when they are asked for, or a warning says what to do. */
static void install_asks_for_the_right_to_lock_memory_only_for_large_pages(void **state)
{
    (void)state;
    test_broker *b = prepare_service(support_unique("Locking"));
    write_config(b, "");
    process *plain = command(b, support_text("install --config \"%s\"", b->config), 0);
    assert_lacks(process_errors(plain), "SeLockMemoryPrivilege");
    write_config(b, ", large_pages: prefer");
    process *locking = command(b, support_text("install --config \"%s\"", b->config), 0);
    if (support_under_wine())
        SKIP("Wine's service manager takes no required privileges, and its security policy no rights");
    assert_lacks(process_errors(locking), "SeLockMemoryPrivilege");
    command(b, support_text("install --config \"%s\"", b->config), 0);
    SC_HANDLE service = open_service(b);
    BYTE bytes[4096];
    DWORD needed;
    assert_true(
        QueryServiceConfig2W(service, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, bytes, sizeof bytes, &needed));
    const wchar_t *privilege =
        ((const SERVICE_REQUIRED_PRIVILEGES_INFOW *)(void *)bytes)->pmszRequiredPrivileges;
    for (int i = 0; i < 2; i++)
        privilege += wcslen(privilege) + 1;
    assert_string_equal(support_utf8(privilege), "SeLockMemoryPrivilege");
    CloseServiceHandle(service);
    command(b, "start", 0); /* it would not, had the account not got what is required */
    command(b, "stop", 0);
}

static void install_twice_updates(void **state)
{
    (void)state;
    test_broker *b = prepare_service(support_unique("Twice"));
    install(b);
    const char *other = support_text("%s\\other file.yaml", support_guarded_folder());
    support_write_file(other, "version: 1\nregions: {}\n", 23);
    process *again = command(b, support_text("install --config \"%s\"", other), 0);
    assert_contains(process_output(again), "updated");
    const QUERY_SERVICE_CONFIGW *config = config_of(b);
    assert_contains(support_utf8(config->lpBinaryPathName), support_text("--config \"%s\"", other));
    assert_lacks(support_utf8(config->lpBinaryPathName), b->config);
    assert_int_equal(config->dwStartType, SERVICE_AUTO_START);
}

static void uninstall_with_remove_data_leaves_nothing_of_the_instance(void **state)
{
    (void)state;
    test_broker *b = prepare_service(support_unique("Emptied"));
    install(b);
    command(b, "start", 0);
    char *folder = support_text("%s\\data", b->home);
    for (int depth = 0; depth < 5; depth++) {
        support_write_file(support_text("%s\\a.shm", folder), "x", 1);
        folder = support_text("%s\\inner", folder);
        assert_true(CreateDirectoryW(support_wide(folder), NULL));
    }
    process *p = command(b, "uninstall --remove-data", 0);
    assert_contains(process_output(p), "removed");
    assert_false(support_file_exists(b->home));
    command(b, "uninstall --remove-data", 0); /* what is not there is fine */
}

static void data_of_a_broker_in_a_console_is_not_removed(void **state)
{
    (void)state;
    test_broker *b = prepare_service(support_unique("Kept"));
    broker_start(b);
    process *p = command(b, "uninstall --remove-data", 1);
    assert_contains(process_errors(p), "another broker of this instance is running");
    assert_true(support_file_exists(support_text("%s\\data\\logs\\shmbroker.log", b->home)));
    broker_stop(b);
    command(b, "uninstall --remove-data", 0);
    assert_false(support_file_exists(b->home));
}

static void what_is_in_use_is_told_and_stays(void **state)
{
    (void)state;
    test_broker *b = prepare_service(support_unique("Used"));
    install(b);
    const char *path = support_text("%s\\data\\used.shm", b->home);
    support_write_file(path, "x", 1);
    HANDLE user =
        CreateFileW(support_wide(path), GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    assert_true(user != INVALID_HANDLE_VALUE);
    process *p = command(b, "uninstall --remove-data", 1);
    assert_contains(process_errors(p), path);
    CloseHandle(user);
    command(b, "uninstall --remove-data", 0);
}

static void uninstall_of_what_is_absent_succeeds(void **state)
{
    (void)state;
    test_broker *b = prepare_service(support_unique("Absent"));
    process *p = command(b, "uninstall", 0);
    assert_contains(process_output(p), "not installed");
}

static void uninstall_stops_a_running_service_and_removes_it(void **state)
{
    (void)state;
    const char *name = support_unique("Removed");
    test_broker *b = prepare_service(name);
    install(b);
    command(b, "start", 0);
    shmb_detach(region_attach(b, name, SHMB_ACCESS_READ));
    command(b, "uninstall", 0);
    assert_true(service_wait_gone(service_name(b)));
    assert_null(region_open_bare(name, FILE_MAP_READ));
    assert_true(support_file_exists(b->config)); /* configuration and data stay */
    assert_true(support_file_exists(support_text("%s\\data\\logs\\shmbroker.log", b->home)));
}

static void an_ordinary_account_may_not_install(void **state)
{
    (void)state;
    test_broker *b = prepare_service(support_unique("Ordinary"));
    process *p = process_start_as(account_ordinary(), "shmbroker.exe", "install --instance %s", b->instance);
    if (support_under_wine()) {
        process_wait(p);
        SKIP("Wine's service manager lets everybody install services");
    }
    assert_int_equal(process_wait(p), 3);
    assert_contains(process_errors(p), "elevated");
    assert_null(open_service(b));
}

/* ---- start, status, stop --------------------------------------------------------------------------------------- */

static void the_service_starts_serves_and_stops(void **state)
{
    (void)state;
    const char *name = support_unique("Served");
    test_broker *b = prepare_service(name);
    install(b);
    process *start = command(b, "start", 0);
    assert_contains(process_output(start), "is running");
    SERVICE_STATUS_PROCESS status = status_of(b);
    assert_int_equal(status.dwCurrentState, SERVICE_RUNNING);
    assert_int_equal(status.dwControlsAccepted & SERVICE_ACCEPT_STOP, SERVICE_ACCEPT_STOP);

    shmb_region *region =
        region_attach(b, name, SHMB_ACCESS_WRITE); /* at once: it was RUNNING only when ready */
    memcpy(shmb_data(region), "service", 8);
    process *client = process_start("shmbroker-peer.exe", "attach %s %s read 0 get 0", b->instance, name);
    assert_int_equal(process_wait(client), 0);
    assert_contains(process_output(client), "got service");

    process *shown = command(b, "status", 0);
    assert_contains(process_output(shown), "service   running");
    assert_contains(process_output(shown), support_text("process %lu", status.dwProcessId));

    process *stop = command(b, "stop", 0);
    assert_contains(process_output(stop), "has stopped");
    status = status_of(b);
    assert_int_equal(status.dwCurrentState, SERVICE_STOPPED);
    assert_int_equal(status.dwWin32ExitCode, 0);
    assert_string_equal(shmb_data(region), "service"); /* what is attached stays */
    shmb_detach(region);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try(name, &options), SHMB_NO_BROKER);
    command(b, "status", 4);
}

static void starting_twice_and_stopping_twice_is_fine(void **state)
{
    (void)state;
    test_broker *b = prepare_service(support_unique("Again"));
    install(b);
    command(b, "start", 0);
    assert_contains(process_output(command(b, "start", 0)), "running already");
    command(b, "stop", 0);
    assert_contains(process_output(command(b, "stop", 0)), "was not running");
    command(b, "start", 0);
    command(b, "stop", 0);
}

static void a_service_that_is_not_installed_cannot_be_started_or_stopped(void **state)
{
    (void)state;
    test_broker *b = prepare_service(support_unique("Missing"));
    assert_contains(process_errors(command(b, "start", 1)), "shmbroker install");
    assert_contains(process_errors(command(b, "stop", 1)), "shmbroker install");
}

static void a_bad_configuration_keeps_the_service_from_starting_and_is_in_the_log(void **state)
{
    (void)state;
    test_broker *b = prepare_service(support_unique("Bad"));
    const char bad[] = "version: 1\nregions:\n  A: { size: nothing }\n";
    support_write_file(b->config, bad, sizeof bad - 1);
    process *p = install(b);
    assert_contains(process_errors(p), "regions.A.size"); /* said early */

    process *start = command(b, "start", 2);
    assert_contains(process_errors(start), "regions.A.size");
    SERVICE_STATUS_PROCESS status = status_of(b);
    assert_int_equal(status.dwCurrentState, SERVICE_STOPPED);
    const DWORD specific = ERROR_SERVICE_SPECIFIC_ERROR;
    assert_int_equal(status.dwWin32ExitCode, specific);
    assert_int_equal(status.dwServiceSpecificExitCode, 2);
    const char *log = support_read_file(support_text("%s\\data\\logs\\shmbroker.log", b->home), NULL);
    assert_contains(log, support_text("%s:3:14: error: regions.A.size", b->config));
}

static void a_region_that_fails_does_not_keep_the_service_from_starting(void **state)
{
    (void)state;
    const char *good = support_unique("Good"), *taken = support_unique("Taken");
    test_broker *b = prepare_service(good);
    const char *config = support_text(BROKER_HEAD "  %s: { size: 1 }\n  %s: { size: 1 }\n", good, taken);
    support_write_file(b->config, config, strlen(config));
    HANDLE squatter = CreateEventW(NULL, TRUE, FALSE, support_wide(support_text("Global\\%s", taken)));
    install(b);
    command(b, "start", 0);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try(good, &options), SHMB_OK);
    assert_int_equal(region_try(taken, &options), SHMB_REGION_FAILED);
    command(b, "stop", 0);
    CloseHandle(squatter);
}

static void the_service_uses_the_configuration_of_its_own_folder(void **state)
{
    (void)state;
    const char *name = support_unique("OwnFile");
    test_broker *b = prepare_service(name);
    process *p = command(b, "install", 0); /* makes the folder */
    const char *path = support_text("%s\\shmbroker.yaml", b->home);
    assert_contains(process_output(p), path);
    const char *config = support_read_file(b->config, NULL);
    support_write_file(path, config, strlen(config));
    command(b, "start", 0);
    shmb_detach(region_attach(b, name, SHMB_ACCESS_READ));
    command(b, "stop", 0);
}

/* The DACL of a file or folder in SDDL. */
static const char *rights_of(const char *path)
{
    wchar_t *sddl;
    const BOOL told = ConvertSecurityDescriptorToStringSecurityDescriptorW(
        account_security_of_file(path), SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &sddl, NULL);
    assert_true(told);
    const char *text = support_utf8(sddl);
    LocalFree(sddl);
    return text;
}

static void install_gives_its_folders_their_rights_again(void **state)
{
    (void)state;
    test_broker *b = prepare_service(support_unique("Rights"));
    command(b, "install", 0);
    const char *folders[] = {b->home, support_text("%s\\data", b->home),
                             support_text("%s\\data\\logs", b->home)};
    const char *rights[3];
    for (size_t i = 0; i < 3; i++) {
        rights[i] = rights_of(folders[i]);
        assert_null(strstr(rights[i], ";WD)"));
        account_set_rights(folders[i], "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;WD)");
        assert_non_null(strstr(rights_of(folders[i]), ";WD)"));
    }
    command(b, "install", 0);
    for (size_t i = 0; i < 3; i++) {
        assert_null(strstr(rights_of(folders[i]), "FA;;;WD)"));
        if (!support_under_wine()) /* which shows of them what Unix permissions can say */
            assert_string_equal(rights_of(folders[i]), rights[i]);
    }
}

static void the_services_objects_belong_to_session_0(void **state)
{
    (void)state;
    DWORD session = 1;
    if (support_under_wine())
        SKIP("Wine runs services in the session of the programs");
    test_broker *b = prepare_service(support_unique("Session"));
    install(b);
    command(b, "start", 0);
    assert_true(ProcessIdToSessionId(status_of(b).dwProcessId, &session));
    assert_int_equal(session, 0);
    command(b, "stop", 0);
}

static void the_service_is_restarted_after_a_crash(void **state)
{
    (void)state;
    if (support_under_wine())
        SKIP("Wine's service manager restarts nothing");
    const char *name = support_unique("Restarted");
    test_broker *b = prepare_service(name);
    install(b);
    command(b, "start", 0);
    DWORD first = status_of(b).dwProcessId;
    HANDLE broker = OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE, FALSE, first);
    assert_non_null(broker);
    assert_true(TerminateProcess(broker, 99));
    WaitForSingleObject(broker, SUPPORT_WAIT_MS);
    CloseHandle(broker);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    options.timeout_ms = SUPPORT_WAIT_MS;
    assert_int_equal(region_try(name, &options), SHMB_OK);
    assert_int_not_equal(status_of(b).dwProcessId, first);
    command(b, "stop", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(install_registers_an_automatic_service_under_its_own_account),
        SYSTEM_TEST(install_describes_the_service),
        SYSTEM_TEST(install_gives_a_service_sid_and_only_the_privileges_it_needs),
        SYSTEM_TEST(install_asks_for_the_right_to_lock_memory_only_for_large_pages),
        SYSTEM_TEST(install_twice_updates),
        SYSTEM_TEST(uninstall_with_remove_data_leaves_nothing_of_the_instance),
        SYSTEM_TEST(data_of_a_broker_in_a_console_is_not_removed),
        SYSTEM_TEST(what_is_in_use_is_told_and_stays),
        SYSTEM_TEST(uninstall_of_what_is_absent_succeeds),
        SYSTEM_TEST(uninstall_stops_a_running_service_and_removes_it),
        SYSTEM_TEST(an_ordinary_account_may_not_install),
        SYSTEM_TEST(the_service_starts_serves_and_stops),
        SYSTEM_TEST(starting_twice_and_stopping_twice_is_fine),
        SYSTEM_TEST(a_service_that_is_not_installed_cannot_be_started_or_stopped),
        SYSTEM_TEST(a_bad_configuration_keeps_the_service_from_starting_and_is_in_the_log),
        SYSTEM_TEST(a_region_that_fails_does_not_keep_the_service_from_starting),
        SYSTEM_TEST(the_service_uses_the_configuration_of_its_own_folder),
        SYSTEM_TEST(install_gives_its_folders_their_rights_again),
        SYSTEM_TEST(the_services_objects_belong_to_session_0),
        SYSTEM_TEST(the_service_is_restarted_after_a_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
