/*
 * The installer from end to end: the packages that installer/package.sh made, through msiexec, on a machine
 * that has nothing of the product yet. The cases run in order, each from where the one before it left the
 * machine.
 *
 * The environment variable SHMBROKER_PACKAGES names the folder with them: one of the project's version, one of
 * the higher version UPGRADE, and FAILING_UPGRADE, whose service does not start (installer_faults.sh).
 */
#include "checks.h"

#include "account.h"
#include "installer_listing.h"
#include "process.h"
#include "shmb.h"

#include <tlhelp32.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UPGRADE         "99.0.0"
#define FAILING_UPGRADE "98.0.0"
#define INSTALLED       "C:\\Program Files\\ShmBroker"
#define CONFIG          "C:\\ProgramData\\ShmBroker\\shmbroker.yaml"
#define DATA            "C:\\ProgramData\\ShmBroker\\data"
#define FRAGMENTS       "C:\\ProgramData\\ShmBroker\\conf.d"
#define FRAGMENT        "version: 1\nregions:\n  Fragment: { size: 4 KiB, access: { read: [Users] } }\n"
#define SERVICE_KEY     L"SYSTEM\\CurrentControlSet\\Services\\ShmBroker"
#define EDITED                                                                                               \
    "version: 1\nregions:\n  InstallerTest: { size: 4 KiB, access: { read: [Users], write: "                 \
    "[Administrators] } }\n"

/* What msiexec returns. */
enum { MSI_OK = 0, MSI_FAILED = 1603 };

static listing *fresh; /* before anything was installed */

/* ---- Doing it --------------------------------------------------------------------------------- */

/* msiexec with the package of `version`; `how` is /i or /x, `properties` "" or NAME=value…. Returns its exit
   code. */
static int msiexec(const char *how, const char *version, const char *properties)
{
    const char *packages = getenv("SHMBROKER_PACKAGES");
    wchar_t system[MAX_PATH];
    if (!packages)
        support_fail("SHMBROKER_PACKAGES names no folder");
    GetSystemDirectoryW(system, MAX_PATH);
    process *p = process_run(support_text("%s\\msiexec.exe", support_utf8(system)),
                             "%s \"%s\\shmbroker-%s-x64.msi\" /qn %s", how, packages, version, properties);
    return process_wait(p);
}

static process *shmbroker(const char *arguments)
{
    return process_run(INSTALLED "\\shmbroker.exe", "%s", arguments);
}

static void write_text(const char *path, const char *text)
{
    support_write_file(path, text, strlen(text));
}

/* ---- Looking at it ---------------------------------------------------------------------------- */

/* The service's state, 0 when there is no service. */
static DWORD service_state(void)
{
    SERVICE_STATUS status = {0};
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = manager ? OpenServiceW(manager, L"ShmBroker", SERVICE_QUERY_STATUS) : NULL;
    if (service && !QueryServiceStatus(service, &status))
        support_fail("cannot ask the service: %s", support_error(GetLastError()));
    if (service)
        CloseServiceHandle(service);
    if (manager)
        CloseServiceHandle(manager);
    return status.dwCurrentState;
}

static shmb_region *attach(uint32_t access)
{
    char why[512] = "";
    shmb_attach_options options = {.struct_size = sizeof options, .message = why, .message_size = sizeof why};
    options.timeout_ms = SUPPORT_WAIT_MS;
    options.access = access;
    shmb_region *region;
    shmb_status status = shmb_attach("InstallerTest", &options, &region);
    if (status != SHMB_OK)
        support_fail("a client cannot attach: %s", why);
    assert_int_equal(shmb_size(region), 4096);
    return region;
}

static void assert_client_attaches(void)
{
    shmb_detach(attach(SHMB_ACCESS_READ));
}

static unsigned long generation_of_region(void)
{
    const char *status = process_output(shmbroker("status InstallerTest --json"));
    const char *region = strstr(status, "\"regions\""),
               *at = region ? strstr(region, "\"generation\":") : NULL;
    if (!at)
        support_fail("status has no generation: %s", status);
    return at ? strtoul(at + strlen("\"generation\":"), NULL, 10) : 0;
}

/* Writes into the region, which nobody has open afterwards. Returns its generation. */
static unsigned long put_into_region(const char *bytes)
{
    shmb_region *region = attach(SHMB_ACCESS_WRITE);
    memcpy(shmb_data(region), bytes, strlen(bytes) + 1);
    shmb_detach(region);
    return generation_of_region();
}

/* It is the same object, with its bytes. */
static void assert_region_has(const char *bytes, unsigned long generation)
{
    shmb_region *region = attach(SHMB_ACCESS_READ);
    assert_string_equal(shmb_data(region), bytes);
    shmb_detach(region);
    assert_int_equal(generation_of_region(), generation);
}

static unsigned count_keepers(void)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    HANDLE processes = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    unsigned count = 0;
    assert_true(processes != INVALID_HANDLE_VALUE);
    for (BOOL more = Process32FirstW(processes, &entry); more; more = Process32NextW(processes, &entry))
        count += _wcsicmp(entry.szExeFile, L"shmbroker-keeper.exe") == 0;
    CloseHandle(processes);
    return count;
}

static void assert_nothing_installed(void)
{
    assert_int_equal(service_state(), 0);
    assert_int_equal(count_keepers(), 0);
    assert_false(support_file_exists(INSTALLED));
    assert_string_equal(listing_of_key(L"SOFTWARE\\ShmBroker"), "");
    assert_string_equal(
        listing_of_key(L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\ShmBroker"), "");
}

/* ---- The cases -------------------------------------------------------------------------------- */

static void installing_leaves_a_running_service(void **state)
{
    (void)state;
    fresh = listing_take();
    assert_int_equal(msiexec("/i", SHMBROKER_VERSION, ""), MSI_OK);
    assert_int_equal(service_state(), SERVICE_RUNNING);
    assert_contains(process_output(shmbroker("status")), "running");
    static const char *const files[] = {INSTALLED "\\shmb.dll",
                                        INSTALLED "\\x86\\shmb.dll",
                                        INSTALLED "\\shmbroker-events.dll",
                                        INSTALLED "\\shmbroker-keeper.exe",
                                        INSTALLED "\\NOTICES.txt",
                                        INSTALLED "\\docs\\LAYOUT.md",
                                        INSTALLED "\\docs\\GUIDE.md",
                                        INSTALLED "\\docs\\REFERENCE.md",
                                        INSTALLED "\\docs\\shmbroker.schema.json",
                                        INSTALLED "\\examples\\client\\writer.c",
                                        INSTALLED "\\sdk\\x64\\include\\shmb.h",
                                        INSTALLED "\\sdk\\x64\\lib\\shmb.lib",
                                        INSTALLED "\\sdk\\x86\\lib\\libshmb.a",
                                        CONFIG,
                                        FRAGMENTS,
                                        DATA "\\logs\\shmbroker.log"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (!support_file_exists(files[i]))
            support_fail("%s is not there", files[i]);
    listing *now = listing_take();
    const char *added = listing_added(fresh, now, "");
    assert_contains(added, "PATH " INSTALLED);
    assert_contains(added, "Shared Memory Broker\\Documentation.lnk");
    const char *apps = listing_of_key(L"SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall");
    assert_contains(apps, "DisplayName 1 Shared Memory Broker\n");
    assert_contains(apps, "DisplayVersion 1 " SHMBROKER_VERSION "\n");
    assert_contains(listing_of_key(L"SOFTWARE\\Classes\\Installer\\Products"), "shmbroker.ico\n");
    listing_free(now);
}

/* One by the installer, one by hand from the folder that it made: the same service. */
static void installing_by_hand_configures_the_same_service(void **state)
{
    static const wchar_t *const keys[] = {
        SERVICE_KEY, L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\ShmBroker"};
    (void)state;
    const char *by_installer[2];
    for (int i = 0; i < 2; i++)
        by_installer[i] = listing_of_key(keys[i]);
    assert_contains(by_installer[0], "ImagePath 1 \"" INSTALLED "\\shmbroker.exe\" service\n");
    assert_contains(by_installer[0], "ObjectName 1 NT SERVICE\\ShmBroker\n");
    assert_int_equal(process_wait(shmbroker("uninstall")), 0);
    assert_int_equal(process_wait(shmbroker("install")), 0);
    for (int i = 0; i < 2; i++)
        assert_string_equal(listing_of_key(keys[i]), by_installer[i]);
    assert_int_equal(process_wait(shmbroker("start")), 0);
}

/* The configuration that the installer writes includes what products drop into conf.d. */
static void a_fragment_is_served_by_the_configuration_that_was_installed(void **state)
{
    (void)state;
    write_text(FRAGMENTS "\\product.yaml", FRAGMENT);
    assert_int_equal(process_wait(shmbroker("stop")), 0);
    assert_int_equal(process_wait(shmbroker("start")), 0);
    assert_contains(process_output(shmbroker("status")), "ready         4 KiB  Fragment");
}

static void a_client_attaches_when_the_configuration_was_edited(void **state)
{
    (void)state;
    write_text(CONFIG, EDITED);
    assert_int_equal(process_wait(shmbroker("stop")), 0);
    assert_int_equal(process_wait(shmbroker("start")), 0);
    assert_client_attaches();
}

/* An upgrade that failed: the earlier version is there as it was before, and serves. */
static void assert_upgrade_brought_everything_back(const listing *before, const char *service)
{
    listing *after = listing_take();
    assert_string_equal(listing_added(before, after, ""), "");
    assert_string_equal(listing_added(after, before, ""), "");
    listing_free(after);
    assert_string_equal(listing_of_key(SERVICE_KEY), service);
    assert_int_equal(service_state(), SERVICE_RUNNING);
    assert_contains(process_output(shmbroker("status")), "version " SHMBROKER_VERSION);
    assert_client_attaches();
}

static void a_start_that_fails_in_an_upgrade_brings_the_earlier_version_back(void **state)
{
    (void)state;
    const char *service = listing_of_key(SERVICE_KEY);
    const unsigned long generation = put_into_region("before a start that fails");
    listing *before = listing_take();
    assert_int_not_equal(msiexec("/i", FAILING_UPGRADE, ""), MSI_OK);
    assert_upgrade_brought_everything_back(before, service);
    assert_region_has("before a start that fails", generation);
    listing_free(before);
}

/* A folder stands where the new version has a file. */
static void a_copy_that_fails_in_an_upgrade_brings_the_earlier_version_back(void **state)
{
    (void)state;
    assert_true(DeleteFileW(L"" INSTALLED "\\NOTICES.txt"));
    assert_true(CreateDirectoryW(L"" INSTALLED "\\NOTICES.txt", NULL));
    const char *service = listing_of_key(SERVICE_KEY);
    const unsigned long generation = put_into_region("before a copy that fails");
    listing *before = listing_take();
    assert_int_not_equal(msiexec("/i", UPGRADE, ""), MSI_OK);
    assert_upgrade_brought_everything_back(before, service);
    assert_region_has("before a copy that fails", generation);
    listing_free(before);
    assert_true(RemoveDirectoryW(L"" INSTALLED "\\NOTICES.txt"));
    assert_int_equal(msiexec("/i", SHMBROKER_VERSION, ""), MSI_OK);
    assert_true(support_file_exists(INSTALLED "\\NOTICES.txt"));
}

static void an_upgrade_keeps_configuration_and_data(void **state)
{
    (void)state;
    write_text(DATA "\\kept.shm", "kept");
    const unsigned long generation = put_into_region("before the upgrade");
    assert_int_equal(msiexec("/i", UPGRADE, ""), MSI_OK);
    assert_region_has("before the upgrade", generation);
    assert_int_equal(count_keepers(), 1);
    assert_string_equal(support_read_file(CONFIG, NULL), EDITED);
    assert_string_equal(support_read_file(DATA "\\kept.shm", NULL), "kept");
    assert_int_equal(service_state(), SERVICE_RUNNING);
    assert_client_attaches();
}

static void an_older_version_is_refused(void **state)
{
    (void)state;
    assert_int_equal(msiexec("/i", SHMBROKER_VERSION, ""), MSI_FAILED);
    assert_int_equal(service_state(), SERVICE_RUNNING);
    assert_client_attaches();
}

/* It is asked before anything is touched: the service that runs goes on, with what it has read. */
static void assert_upgrade_changes_nothing(void)
{
    const char *service = listing_of_key(SERVICE_KEY);
    const char *running = process_output(shmbroker("status"));
    listing *before = listing_take();
    assert_int_not_equal(msiexec("/i", UPGRADE, ""), MSI_OK);
    listing *after = listing_take();
    assert_string_equal(listing_added(before, after, ""), "");
    assert_string_equal(listing_added(after, before, ""), "");
    listing_free(before);
    listing_free(after);
    assert_string_equal(listing_of_key(SERVICE_KEY), service);
    assert_string_equal(process_output(shmbroker("status")), running);
    assert_client_attaches();
}

static void an_upgrade_that_does_not_take_the_configuration_changes_nothing(void **state)
{
    (void)state;
    write_text(CONFIG, "version: 1\nregions: [wrong]\n");
    assert_upgrade_changes_nothing();
    write_text(CONFIG, EDITED);
}

/* The running version took it before it could be changed; the next start would not. */
static void nor_does_one_whose_configuration_everybody_can_change(void **state)
{
    (void)state;
    account_set_rights(CONFIG, "D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;WD)");
    assert_upgrade_changes_nothing();
    account_set_rights(CONFIG, "D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x1200a9;;;BU)");
}

static void installing_the_same_version_again_repairs(void **state)
{
    (void)state;
    assert_true(DeleteFileW(L"" INSTALLED "\\shmb.dll"));
    const unsigned long generation = put_into_region("before the repair");
    assert_int_equal(msiexec("/i", UPGRADE, ""), MSI_OK);
    assert_region_has("before the repair", generation);
    assert_true(support_file_exists(INSTALLED "\\shmb.dll"));
    assert_string_equal(support_read_file(CONFIG, NULL), EDITED);
    assert_client_attaches();
}

static void uninstalling_leaves_configuration_and_data_alone(void **state)
{
    (void)state;
    assert_int_equal(msiexec("/x", UPGRADE, ""), MSI_OK);
    assert_nothing_installed();
    assert_string_equal(support_read_file(CONFIG, NULL), EDITED);
    assert_string_equal(support_read_file(DATA "\\kept.shm", NULL), "kept");
    assert_string_equal(support_read_file(FRAGMENTS "\\product.yaml", NULL), FRAGMENT);
    listing *now = listing_take();
    assert_string_equal(listing_added(fresh, now, "C:\\ProgramData\\ShmBroker"), "");
    listing_free(now);
}

/* What `stop --keep` left is nobody's any more without the service. */
static void uninstalling_a_stopped_service_ends_the_keeper_that_was_left(void **state)
{
    (void)state;
    assert_int_equal(msiexec("/i", SHMBROKER_VERSION, ""), MSI_OK);
    assert_client_attaches();
    assert_int_equal(process_wait(shmbroker("stop --keep")), 0);
    assert_int_equal(count_keepers(), 1);
    assert_int_equal(msiexec("/x", SHMBROKER_VERSION, ""), MSI_OK);
    assert_nothing_installed();
}

static void properties_choose_folder_configuration_and_start(void **state)
{
    (void)state;
    char *folder = support_guarded_folder(), *config = support_text("%s\\other.yaml", folder);
    write_text(config, EDITED);
    const char *properties = support_text(
        "INSTALLDIR=\"C:\\Program Files\\Other Place\" CONFIG=\"%s\" STARTSERVICE=0 ADDLOCAL=Broker", config);
    assert_int_equal(msiexec("/i", SHMBROKER_VERSION, properties), MSI_OK);
    assert_int_equal(service_state(), SERVICE_STOPPED);
    const char *image = support_text(
        "ImagePath 1 \"C:\\Program Files\\Other Place\\shmbroker.exe\" service --config \"%s\"\n", config);
    assert_contains(listing_of_key(SERVICE_KEY), image);
    assert_false(support_file_exists("C:\\Program Files\\Other Place\\sdk"));
    assert_int_equal(msiexec("/i", UPGRADE, ""), MSI_OK);
    assert_int_equal(service_state(), SERVICE_RUNNING);
    assert_contains(listing_of_key(SERVICE_KEY), image);
    assert_int_equal(msiexec("/x", UPGRADE, ""), MSI_OK);
    assert_false(support_file_exists("C:\\Program Files\\Other Place"));
}

static void an_upgrade_keeps_the_choice_of_features(void **state)
{
    (void)state;
    if (support_under_wine())
        SKIP("Wine's msiexec does not carry over the choice of features");
    assert_int_equal(msiexec("/i", SHMBROKER_VERSION, "ADDLOCAL=Broker"), MSI_OK);
    assert_int_equal(msiexec("/i", UPGRADE, ""), MSI_OK);
    assert_true(support_file_exists(INSTALLED "\\shmb.dll"));
    assert_false(support_file_exists(INSTALLED "\\sdk"));
    assert_int_equal(msiexec("/x", UPGRADE, ""), MSI_OK);
}

static void an_upgrade_to_another_folder_is_refused(void **state)
{
    (void)state;
    assert_int_equal(msiexec("/i", SHMBROKER_VERSION, ""), MSI_OK);
    assert_int_equal(msiexec("/i", UPGRADE, "INSTALLDIR=\"C:\\Program Files\\Other Place\""), MSI_FAILED);
    assert_false(support_file_exists("C:\\Program Files\\Other Place"));
    assert_int_equal(service_state(), SERVICE_RUNNING);
    assert_int_equal(msiexec("/i", UPGRADE, "INSTALLDIR=\"" INSTALLED "\""), MSI_OK);
    assert_int_equal(msiexec("/x", UPGRADE, ""), MSI_OK);
    assert_nothing_installed();
}

static void a_service_that_does_not_start_is_rolled_back(void **state)
{
    (void)state;
    write_text(CONFIG, "version: 1\nregions: [wrong]\n");
    assert_int_not_equal(msiexec("/i", SHMBROKER_VERSION, ""), MSI_OK);
    assert_nothing_installed();
    write_text(CONFIG, EDITED);
}

static void removedata_leaves_other_instances_alone(void **state)
{
    static const char other[] = "C:\\ProgramData\\ShmBroker\\instances\\other\\shmbroker.yaml";
    (void)state;
    assert_int_equal(msiexec("/i", SHMBROKER_VERSION, ""), MSI_OK);
    assert_int_equal(process_wait(shmbroker("install --instance other")), 0);
    assert_int_equal(process_wait(shmbroker("uninstall --instance other")), 0);
    assert_int_equal(msiexec("/x", SHMBROKER_VERSION, "REMOVEDATA=1"), MSI_OK);
    assert_true(support_file_exists(other));
    assert_false(support_file_exists(CONFIG));
    assert_false(support_file_exists(DATA));
    assert_false(support_file_exists(FRAGMENTS));
    support_remove_on_cleanup("C:\\ProgramData\\ShmBroker\\instances");
}

static void uninstalling_with_removedata_leaves_nothing(void **state)
{
    (void)state;
    write_text(CONFIG, EDITED);
    assert_int_equal(msiexec("/i", SHMBROKER_VERSION, ""), MSI_OK);
    assert_client_attaches();
    assert_int_equal(msiexec("/x", SHMBROKER_VERSION, "REMOVEDATA=1"), MSI_OK);
    assert_nothing_installed();
    listing *now = listing_take();
    assert_string_equal(listing_added(fresh, now, ""), "");
    listing_free(now);
}

static int forget_listing(void **state)
{
    (void)state;
    listing_free(fresh);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(installing_leaves_a_running_service),
        SYSTEM_TEST(installing_by_hand_configures_the_same_service),
        SYSTEM_TEST(a_fragment_is_served_by_the_configuration_that_was_installed),
        SYSTEM_TEST(a_client_attaches_when_the_configuration_was_edited),
        SYSTEM_TEST(an_upgrade_that_does_not_take_the_configuration_changes_nothing),
        SYSTEM_TEST(nor_does_one_whose_configuration_everybody_can_change),
        SYSTEM_TEST(a_start_that_fails_in_an_upgrade_brings_the_earlier_version_back),
        SYSTEM_TEST(a_copy_that_fails_in_an_upgrade_brings_the_earlier_version_back),
        SYSTEM_TEST(an_upgrade_keeps_configuration_and_data),
        SYSTEM_TEST(an_older_version_is_refused),
        SYSTEM_TEST(installing_the_same_version_again_repairs),
        SYSTEM_TEST(uninstalling_leaves_configuration_and_data_alone),
        SYSTEM_TEST(uninstalling_a_stopped_service_ends_the_keeper_that_was_left),
        SYSTEM_TEST(properties_choose_folder_configuration_and_start),
        SYSTEM_TEST(an_upgrade_keeps_the_choice_of_features),
        SYSTEM_TEST(an_upgrade_to_another_folder_is_refused),
        SYSTEM_TEST(a_service_that_does_not_start_is_rolled_back),
        SYSTEM_TEST(removedata_leaves_other_instances_alone),
        SYSTEM_TEST(uninstalling_with_removedata_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, forget_listing);
}
