/* Configurations that others than administrators can change: refused by brokers, told by check. */
#include "checks.h"

#include "account.h"
#include "broker.h"
#include "service.h"

#include <stdio.h>
#include <string.h>

#define EVERYBODY_WRITES "D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;WD)"
#define ADMINS_WRITE     "D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x1200a9;;;BU)"

static char *folder_of(const char *path)
{
    char *folder = support_text("%s", path);
    *strrchr(folder, '\\') = 0;
    return folder;
}

static test_broker *prepare(void)
{
    return broker_prepare(BROKER_HEAD "  %s: { size: 4 KiB, namespace: local }\n", support_unique("Region"));
}

static process *run(const test_broker *b)
{
    return process_run("shmbroker.exe", "run --config \"%s\" --instance %s", b->config, b->instance);
}

static void assert_refused(const test_broker *b, const char *path, const char *why)
{
    process *p = run(b);
    assert_int_equal(process_wait(p), 2);
    assert_contains(process_errors(p), path);
    assert_contains(process_errors(p), why);
    assert_contains(process_errors(p), "S-1-1-0");
    assert_contains(process_errors(p), support_text("icacls \"%s\"", path));
}

static void a_file_that_everybody_may_write_is_refused_until_the_entry_is_gone(void **state)
{
    (void)state;
    test_broker *b = prepare();
    account_set_rights(b->config, EVERYBODY_WRITES);
    assert_refused(b, b->config, "write");
    account_set_rights(b->config, ADMINS_WRITE);
    broker_start(b);
    broker_stop(b);
}

static void a_file_in_a_folder_that_everybody_may_write_is_refused(void **state)
{
    (void)state;
    test_broker *b = prepare();
    account_set_rights(folder_of(b->config), EVERYBODY_WRITES);
    assert_refused(b, folder_of(b->config), "add files");
}

static void a_file_below_a_folder_that_everybody_may_empty_is_refused(void **state)
{
    (void)state;
    test_broker *b = prepare();
    const char *inner = support_text("%s\\inner", folder_of(b->config));
    assert_true(CreateDirectoryW(support_wide(inner), NULL));
    const char *text = support_read_file(b->config, NULL);
    b->config = support_text("%s\\a.yaml", inner);
    support_write_file(b->config, text, strlen(text));
    account_set_rights(folder_of(inner), EVERYBODY_WRITES);
    assert_refused(b, folder_of(inner), "delete what is in it");
}

static void check_warns_and_shows_it(void **state)
{
    (void)state;
    test_broker *b = prepare();
    account_set_rights(b->config, EVERYBODY_WRITES);
    process *p = process_run("shmbroker.exe", "check \"%s\"", b->config);
    assert_int_equal(process_wait(p), 0);
    assert_contains(process_output(p), "  object ");
    assert_contains(process_errors(p),
                    support_text("warning: the file %s has an entry that lets", b->config));
}

static void check_as_the_service_refuses_it(void **state)
{
    (void)state;
    test_broker *b = prepare();
    process *p = process_run("shmbroker.exe", "check --as-service --quiet \"%s\"", b->config);
    bool owned = process_wait(p) != 0; /* by the account that runs the tests, which is no administrator */
    account_set_rights(b->config, EVERYBODY_WRITES);
    p = process_run("shmbroker.exe", "check --as-service --quiet \"%s\"", b->config);
    assert_int_equal(process_wait(p), 2);
    assert_contains(process_errors(p), "error: will not use a configuration that others");
    assert_contains(process_errors(p),
                    support_text("warning: the file %s has an entry that lets", b->config));
    assert_false(owned && support_under_wine());
}

static void a_service_refuses_it_and_start_tells(void **state)
{
    (void)state;
    if (!account_is_administrator())
        SKIP("installing a service needs an administrator");
    test_broker *b = prepare();
    service_remove_on_cleanup(support_text("ShmBroker$%s", b->instance));
    account_set_rights(b->config, EVERYBODY_WRITES);
    process *install =
        process_run("shmbroker.exe", "install --config \"%s\" --instance %s", b->config, b->instance);
    assert_int_equal(process_wait(install), 0);
    assert_contains(process_errors(install), "the service will not start with such a configuration");
    assert_contains(process_output(install), "it will not start until that file is corrected");
    process *start = process_run("shmbroker.exe", "start --instance %s", b->instance);
    assert_int_equal(process_wait(start), 2);
    assert_contains(process_errors(start), "others than administrators can change");
    account_set_rights(b->config, ADMINS_WRITE);
    assert_int_equal(process_wait(process_run("shmbroker.exe", "start --instance %s", b->instance)), 0);
}

static void a_configuration_behind_a_link_is_refused(void **state)
{
    (void)state;
    test_broker *b = prepare();
    const char *link = support_text("%s\\link", support_guarded_folder());
    BOOL made = CreateSymbolicLinkW(support_wide(link), support_wide(folder_of(b->config)),
                                    SYMBOLIC_LINK_FLAG_DIRECTORY);
    if (!made || GetFileAttributesW(support_wide(link)) == INVALID_FILE_ATTRIBUTES)
        SKIP("this system has no symbolic links");
    b->config = support_text("%s\\shmbroker.yaml", link);
    process *p = run(b);
    assert_int_equal(process_wait(p), 2);
    assert_contains(process_errors(p), "name the real path");
}

static void nobody_changes_it_while_it_is_read(void **state)
{
    (void)state;
    test_broker *b = prepare();
    HANDLE writer = CreateFileW(support_wide(b->config), GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                NULL, OPEN_EXISTING, 0, NULL);
    assert_true(writer != INVALID_HANDLE_VALUE);
    process *p = run(b);
    assert_int_equal(process_wait(p), 2);
    assert_contains(process_errors(p), "end the program that is writing it");
    CloseHandle(writer);
}

/* More than anybody keeps in a folder of configurations; none of them matches. */
static void a_folder_with_too_many_files_is_not_listed_to_its_end(void **state)
{
    (void)state;
    test_broker *b = broker_prepare("version: 1\ninclude: [many/*.yaml]\nregions: {}\n");
    const char *folder = support_text("%s\\many", folder_of(b->config));
    assert_true(CreateDirectoryW(support_wide(folder), NULL));
    for (int i = 0; i <= 4096; i++) {
        char path[MAX_PATH];
        snprintf(path, sizeof path, "%s\\%d", folder, i);
        HANDLE file = CreateFileA(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
        assert_true(file != INVALID_HANDLE_VALUE);
        CloseHandle(file);
    }
    process *p = process_run("shmbroker.exe", "check \"%s\"", b->config);
    assert_int_equal(process_wait(p), 2);
    assert_contains(process_errors(p), "many has more than 4096 entries");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(a_file_that_everybody_may_write_is_refused_until_the_entry_is_gone),
        SYSTEM_TEST(a_file_in_a_folder_that_everybody_may_write_is_refused),
        SYSTEM_TEST(a_file_below_a_folder_that_everybody_may_empty_is_refused),
        SYSTEM_TEST(check_warns_and_shows_it),
        SYSTEM_TEST(check_as_the_service_refuses_it),
        SYSTEM_TEST(a_service_refuses_it_and_start_tells),
        SYSTEM_TEST(a_configuration_behind_a_link_is_refused),
        SYSTEM_TEST(nobody_changes_it_while_it_is_read),
        SYSTEM_TEST(a_folder_with_too_many_files_is_not_listed_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
