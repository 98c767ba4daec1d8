/* Regions that a file backs: their data outlives the broker, and the file is as well guarded as the region. */
#include "checks.h"

#include "account.h"
#include "region.h"

#include <aclapi.h>
#include <string.h>

#define FILE_READ  0x120089u
#define FILE_WRITE 0x12019Fu

/* Where an instance keeps a file that its configuration names with a relative path. */
static const char *data_file(const test_broker *b, const char *name)
{
    return support_text("%s\\data\\%s", b->home, name);
}

/* A file of the test's own, of `length` bytes 'x'. */
static const char *file_of(const char *name, size_t length)
{
    static char bytes[100000];
    assert_true(length <= sizeof bytes);
    memset(bytes, 'x', sizeof bytes);
    const char *path = support_text("%s\\%s", support_folder(), name);
    support_write_file(path, bytes, length);
    return path;
}

/* Runs a broker with one region backed by `path`, which it must refuse with a reason that has `why` in it. */
static void assert_file_refused(const char *path, const char *why)
{
    const char *name = support_unique("Refused");
    test_broker *b =
        broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB, backing: { file: '%s' } }\n", name, path);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try(name, &options), SHMB_REGION_FAILED);
    assert_contains(options.message, why);
    assert_null(region_open_bare(name, FILE_MAP_READ));
    broker_stop(b);
}

static void data_is_back_after_a_restart_of_the_broker(void **state)
{
    (void)state;
    const char *name = support_unique("Recipes");
    test_broker *b =
        broker_run_with(BROKER_HEAD "  %s: { size: 100000, backing: { file: recipes.shm } }\n", name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    memcpy((char *)shmb_data(region) + 99990, "bread", 6);
    shmb_detach(region);
    broker_stop(b);
    broker_start(b);
    region = region_attach(b, name, SHMB_ACCESS_READ);
    assert_string_equal((char *)shmb_data(region) + 99990, "bread");
    shmb_detach(region);
}

static void data_is_back_after_the_broker_was_killed(void **state)
{
    (void)state;
    const char *name = support_unique("Survivor");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB, backing: { file: s.shm } }\n", name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    memcpy(shmb_data(region), "kept", 5);
    shmb_detach(region);
    broker_kill(b);
    broker_start(b);
    region = region_attach(b, name, SHMB_ACCESS_READ);
    assert_string_equal(shmb_data(region), "kept");
    shmb_detach(region);
}

static void a_new_file_is_zeroed_whole_and_leaves_no_draft(void **state)
{
    (void)state;
    size_t length;
    const char *name = support_unique("Fresh");
    test_broker *b =
        broker_run_with(BROKER_HEAD "  %s: { size: 70001, backing: { file: fresh.shm } }\n", name);
    broker_stop(b);
    const char *bytes = support_read_file(data_file(b, "fresh.shm"), &length);
    assert_int_equal(length, 70001);
    for (size_t i = 0; i < length; i++)
        assert_int_equal(bytes[i], 0);
    assert_false(support_file_exists(data_file(b, "fresh.shm.new")));
}

static void a_file_that_is_there_keeps_its_bytes_and_its_length(void **state)
{
    (void)state;
    size_t length;
    const char *name = support_unique("Kept"), *path = file_of("kept.shm", 10000);
    test_broker *b =
        broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB, backing: { file: '%s' } }\n", name, path);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    assert_int_equal(shmb_size(region), 4096);
    assert_int_equal(*(char *)shmb_data(region), 'x');
    shmb_detach(region);
    broker_stop(b);
    support_read_file(path, &length);
    assert_int_equal(length, 10000);
}

static void what_clients_write_reaches_the_file(void **state)
{
    (void)state;
    const char *name = support_unique("Written");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB, backing: { file: w.shm } }\n", name);
    process *writer =
        process_start("shmbroker-peer.exe", "attach %s %s write 0 put 4000 bytes", b->instance, name);
    assert_int_equal(process_wait(writer), 0);
    broker_stop(b);
    assert_string_equal(support_read_file(data_file(b, "w.shm"), NULL) + 4000, "bytes");
}

/* ---- Refusals -------------------------------------------------------------------------------------------------- */

static void a_file_that_is_too_short_is_refused_and_not_touched(void **state)
{
    (void)state;
    size_t length;
    const char *path = file_of("short.shm", 4095);
    assert_file_refused(path, "4095 bytes");
    const char *bytes = support_read_file(path, &length);
    assert_int_equal(length, 4095);
    for (size_t i = 0; i < length; i++)
        assert_int_equal(bytes[i], 'x');
}

static void an_empty_file_is_refused(void **state)
{
    (void)state;
    assert_file_refused(file_of("empty.shm", 0), "0 bytes");
}

static void a_folder_in_place_of_the_file_is_refused(void **state)
{
    (void)state;
    assert_file_refused(support_folder(), "cannot open the backing file");
}

static void a_folder_that_is_not_there_is_refused(void **state)
{
    (void)state;
    assert_file_refused(support_text("%s\\nowhere\\x.shm", support_folder()), "nowhere");
}

static void a_file_with_a_second_name_is_refused(void **state)
{
    (void)state;
    const char *path = file_of("linked.shm", 4096);
    if (!CreateHardLinkW(support_wide(support_text("%s.other", path)), support_wide(path), NULL))
        SKIP("this file system makes no hard links: %s", support_error(GetLastError()));
    assert_file_refused(path, "hard links");
}

/* Wine 8 reports success and makes nothing. */
static void make_link_or_skip(const char *link, const char *target, DWORD kind)
{
    if (!CreateSymbolicLinkW(support_wide(link), support_wide(target), kind))
        SKIP("this account makes no symbolic links: %s", support_error(GetLastError()));
    DWORD attributes = GetFileAttributesW(support_wide(link));
    if (attributes == INVALID_FILE_ATTRIBUTES || !(attributes & FILE_ATTRIBUTE_REPARSE_POINT))
        SKIP("this system has no symbolic links");
}

static void a_symbolic_link_is_refused(void **state)
{
    (void)state;
    const char *target = file_of("target.shm", 4096), *link = support_text("%s\\link.shm", support_folder());
    make_link_or_skip(link, target, 0);
    assert_file_refused(link, "reparse point");
    assert_int_equal(*support_read_file(target, NULL), 'x');
}

static void a_path_through_a_linked_folder_is_refused(void **state)
{
    (void)state;
    const char *folder = support_folder(), *link = support_text("%s\\linked", support_folder());
    make_link_or_skip(link, folder, SYMBOLIC_LINK_FLAG_DIRECTORY);
    assert_file_refused(support_text("%s\\x.shm", link), "reparse point");
    assert_false(support_file_exists(support_text("%s\\x.shm", folder)));
}

static void a_remote_path_is_an_error_of_the_configuration(void **state)
{
    (void)state;
    test_broker *b =
        broker_prepare(BROKER_HEAD "  X: { size: 1, backing: { file: '\\\\server\\share\\x.shm' } }\n");
    process *check = process_run("shmbroker.exe", "check \"%s\"", b->config);
    assert_int_equal(process_wait(check), 2);
    assert_contains(process_errors(check), ":4:");
    assert_contains(process_errors(check), "regions.X.backing.file");
}

static void a_file_that_another_program_keeps_for_itself_is_refused(void **state)
{
    (void)state;
    const char *path = file_of("busy.shm", 4096);
    HANDLE busy = CreateFileW(support_wide(path), GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    assert_true(busy != INVALID_HANDLE_VALUE);
    assert_file_refused(path, "cannot open the backing file");
    CloseHandle(busy);
}

/* The short name that some volumes give a file beside its long one; they are not two files. */
static void one_file_under_two_names_is_not_two_regions_files(void **state)
{
    (void)state;
    wchar_t folder[MAX_PATH];
    const char *path = file_of("a rather long name.shm", 4096);
    DWORD length = GetShortPathNameW(support_wide(path), folder, MAX_PATH);
    if (length == 0 || length >= MAX_PATH || !wcschr(folder, L'~') || wcsstr(folder, L"long"))
        SKIP("this volume gives no short names");
    test_broker *b =
        broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB, backing: { file: '%s' } }\n"
                                    "  %s: { size: 4 KiB, backing: { file: '%s' } }\n",
                        support_unique("Long"), path, support_unique("Short"), support_utf8(folder));
    assert_contains(broker_ready_line(b), "1 region of");
    broker_stop(b);
    assert_contains(process_errors(b->process), "is that of another region, by another name");
}

/* A configuration whose region is backed by the configuration itself, called `path`. */
static test_broker *backed_by_itself(const char *name, const char *(*call)(const char *path))
{
    test_broker *b = broker_prepare(BROKER_HEAD "  X: { size: 1 }\n");
    char *text =
        support_text(BROKER_HEAD "  %s: { size: 1, backing: { file: '%s' } }\n", name, call(b->config));
    support_write_file(b->config, text, strlen(text));
    return b;
}

static const char *long_name(const char *path)
{
    return path;
}

static const char *short_name(const char *path)
{
    wchar_t name[MAX_PATH];
    DWORD length = GetShortPathNameW(support_wide(path), name, MAX_PATH);
    if (length == 0 || length >= MAX_PATH || !wcschr(name, L'~') || wcsstr(name, L"shmbroker.yaml"))
        SKIP("this volume gives no short names");
    return support_utf8(name);
}

static void the_configuration_is_no_regions_file(void **state)
{
    (void)state;
    test_broker *b = backed_by_itself("X", long_name);
    process *p = process_run("shmbroker.exe", "run --config \"%s\" --instance %s", b->config, b->instance);
    assert_int_equal(process_wait(p), 2);
    assert_contains(process_errors(p), "it is a file of the configuration");
}

/* Only the open file tells. */
static void the_configuration_is_no_regions_file_by_its_short_name_either(void **state)
{
    (void)state;
    const char *name = support_unique("Itself");
    test_broker *b = backed_by_itself(name, short_name);
    broker_start(b);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try(name, &options), SHMB_REGION_FAILED);
    assert_contains(options.message, "it is a file of the configuration");
    broker_stop(b);
}

static void a_file_is_free_again_when_its_broker_has_ended(void **state)
{
    (void)state;
    const char *path = file_of("again.shm", 4096);
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB, backing: { file: '%s' } }\n",
                                     support_unique("A"), path);
    broker_stop(b);
    broker_start(b);
    assert_contains(broker_ready_line(b), "1 region of");
    broker_stop(b);
}

static void a_file_that_belongs_to_an_ordinary_account_is_refused(void **state)
{
    (void)state;
    if (support_under_wine())
        SKIP("Wine gives every file to the account that runs it");
    if (!account_may_give_away())
        SKIP("giving a file away needs SeRestorePrivilege");
    const char *path = file_of("foreign.shm", 4096);
    PSID owner;
    BOOL defaulted;
    assert_true(
        GetSecurityDescriptorOwner(account_descriptor("O:S-1-5-21-1111-2222-3333-4444"), &owner, &defaulted));
    wchar_t *wide = support_wide(path);
    const bool given = SetNamedSecurityInfoW(wide, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, owner, NULL,
                                             NULL, NULL) == ERROR_SUCCESS;
    assert_true(given);
    assert_file_refused(path, "S-1-5-21-1111-2222-3333-4444");
}

/* ---- Rights ---------------------------------------------------------------------------------------------------- */

static void the_files_rights_are_those_of_the_region(void **state)
{
    (void)state;
    const char *name = support_unique("Guarded");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB, backing: { file: g.shm } }\n", name);
    if (support_under_wine())
        SKIP("Wine keeps of a file's security only what Unix permissions can say");
    PSECURITY_DESCRIPTOR descriptor = account_security_of_file(data_file(b, "g.shm"));
    account_assert_entry(descriptor, "S-1-5-32-545", FILE_READ);
    account_assert_entry(descriptor, "S-1-5-32-544", FILE_WRITE);
    account_assert_entry(descriptor, account_service_sid(support_text("ShmBroker$%s", b->instance)),
                         FILE_ALL_ACCESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(data_is_back_after_a_restart_of_the_broker),
        SYSTEM_TEST(data_is_back_after_the_broker_was_killed),
        SYSTEM_TEST(a_new_file_is_zeroed_whole_and_leaves_no_draft),
        SYSTEM_TEST(a_file_that_is_there_keeps_its_bytes_and_its_length),
        SYSTEM_TEST(what_clients_write_reaches_the_file),
        SYSTEM_TEST(a_file_that_is_too_short_is_refused_and_not_touched),
        SYSTEM_TEST(an_empty_file_is_refused),
        SYSTEM_TEST(a_folder_in_place_of_the_file_is_refused),
        SYSTEM_TEST(a_folder_that_is_not_there_is_refused),
        SYSTEM_TEST(a_file_with_a_second_name_is_refused),
        SYSTEM_TEST(a_symbolic_link_is_refused),
        SYSTEM_TEST(a_path_through_a_linked_folder_is_refused),
        SYSTEM_TEST(a_remote_path_is_an_error_of_the_configuration),
        SYSTEM_TEST(a_file_that_another_program_keeps_for_itself_is_refused),
        SYSTEM_TEST(one_file_under_two_names_is_not_two_regions_files),
        SYSTEM_TEST(the_configuration_is_no_regions_file),
        SYSTEM_TEST(the_configuration_is_no_regions_file_by_its_short_name_either),
        SYSTEM_TEST(a_file_is_free_again_when_its_broker_has_ended),
        SYSTEM_TEST(a_file_that_belongs_to_an_ordinary_account_is_refused),
        SYSTEM_TEST(the_files_rights_are_those_of_the_region),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
