/* What outlives the broker, the keeper, or both; and what is let go. No program is attached unless a case says so. */
#include "checks.h"

#include "account.h"
#include "region.h"
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define POLL_MS 20u

/* ---- Keepers --------------------------------------------------------------------------------------------------- */

static bool lives(HANDLE keeper)
{
    return WaitForSingleObject(keeper, 0) != WAIT_OBJECT_0;
}

static const char *log_of(const test_broker *b)
{
    return support_read_file(support_text("%s\\data\\logs\\shmbroker.log", b->home), NULL);
}

static DWORD wait_for_another_keeper(const test_broker *b, DWORD than)
{
    for (DWORD waited = 0; waited < SUPPORT_WAIT_MS; waited += POLL_MS) {
        if (broker_keeper_id(b) != than)
            return broker_keeper_id(b);
        Sleep(POLL_MS); /* a log tells nobody that it has grown */
    }
    support_fail("no other keeper was started; the log:\n%s", log_of(b));
}

static HANDLE open_keeper(const test_broker *b)
{
    HANDLE keeper = OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE, FALSE, broker_keeper_id(b));
    assert_non_null(keeper);
    return keeper;
}

static void end_process(HANDLE handle)
{
    assert_true(TerminateProcess(handle, 99));
    assert_int_equal(WaitForSingleObject(handle, SUPPORT_WAIT_MS), WAIT_OBJECT_0);
    CloseHandle(handle);
}

static void kill_keeper(const test_broker *b)
{
    end_process(open_keeper(b));
}

static void assert_ended(HANDLE handle)
{
    assert_int_equal(WaitForSingleObject(handle, SUPPORT_WAIT_MS), WAIT_OBJECT_0);
    CloseHandle(handle);
}

/* ---- Bytes, by programs that come and go ----------------------------------------------------------------------- */

static void put(const test_broker *b, const char *name, const char *bytes)
{
    process *p = process_run("shmbroker-peer.exe", "attach %s %s write 0 put 0 %s", b->instance, name, bytes);
    if (process_wait(p) != 0)
        support_fail("cannot write %s: %s", name, process_output(p));
}

static void assert_has(const test_broker *b, const char *name, const char *bytes)
{
    process *p = process_run("shmbroker-peer.exe", "attach %s %s read 0 get 0", b->instance, name);
    const char *got = strstr(process_output(p), "got ");
    assert_non_null(got);
    assert_string_equal(support_text("%.*s", (int)strcspn(got + 4, "\n"), got + 4), bytes);
}

/* The number behind `key` in what status says in JSON of the region. */
static unsigned long status_number(const test_broker *b, const char *name, const char *key)
{
    process *p = broker_status(b, support_text("%s --json", name));
    const char *region = strstr(process_output(p), "\"regions\"");
    const char *at = region ? strstr(region, support_text("\"%s\"", key)) : NULL;
    if (!at)
        support_fail("status has no %s: %s%s", key, process_output(p), process_errors(p));
    const char *number = at ? strchr(at, ':') : NULL;
    return number ? strtoul(number + 1, NULL, 10) : 0;
}

static test_broker *start_with(const char *name)
{
    return broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
}

static void configure(const test_broker *b, const char *config)
{
    support_write_file(b->config, config, strlen(config));
}

/* ---- A broker in a console ------------------------------------------------------------------------------------- */

static void data_outlives_a_killed_broker_with_its_generation(void **state)
{
    (void)state;
    const char *name = support_unique("Kept");
    test_broker *b = start_with(name);
    put(b, name, "precious");
    unsigned long generation = status_number(b, name, "generation");
    DWORD first = broker_keeper_id(b);
    broker_kill(b);
    broker_start(b);
    assert_has(b, name, "precious");
    assert_int_equal(status_number(b, name, "generation"), generation);
    assert_contains(log_of(b), "1 of them taken over with their data");
    assert_int_not_equal(broker_keeper_id(b), first); /* each broker has its own */
    broker_stop(b);
}

static void the_keeper_of_the_broker_before_ends_when_all_is_taken_over(void **state)
{
    (void)state;
    test_broker *b = start_with(support_unique("Moved"));
    HANDLE first = open_keeper(b);
    broker_kill(b);
    assert_true(lives(first));
    broker_start(b);
    assert_ended(first);
    HANDLE second = open_keeper(b);
    broker_stop(b);
    assert_ended(second);
}

static void a_broker_killed_again_and_again_loses_nothing(void **state)
{
    (void)state;
    const char *name = support_unique("Often");
    test_broker *b = start_with(name);
    put(b, name, "precious");
    for (unsigned i = 0; i < 5; i++) {
        broker_kill(b);
        broker_start(b);
    }
    assert_has(b, name, "precious");
    assert_int_equal(status_number(b, name, "generation"), 1);
    broker_stop(b);
}

static void a_killed_keeper_is_restored_at_once_and_keeps(void **state)
{
    (void)state;
    const char *name = support_unique("Restored");
    test_broker *b = start_with(name);
    put(b, name, "precious");
    for (unsigned i = 0; i < 2; i++) {
        DWORD id = broker_keeper_id(b);
        kill_keeper(b);
        wait_for_another_keeper(b, id);
        assert_has(b, name, "precious");
    }
    assert_contains(log_of(b), "keeper-lost");
    broker_kill(b);
    broker_start(b);
    assert_has(b, name, "precious");
    broker_stop(b);
}

static void without_keeper_and_broker_the_region_is_made_anew(void **state)
{
    (void)state;
    const char *name = support_unique("Both");
    test_broker *b = start_with(name);
    put(b, name, "gone");
    HANDLE keeper = open_keeper(b);
    broker_kill(b);
    end_process(keeper);
    assert_null(region_open_bare(name, FILE_MAP_READ));
    broker_start(b);
    assert_has(b, name, "");
    broker_stop(b);
}

static void a_broker_that_stops_in_order_lets_go_of_everything(void **state)
{
    (void)state;
    const char *name = support_unique("Released");
    test_broker *b = start_with(name);
    put(b, name, "gone");
    HANDLE keeper = open_keeper(b);
    broker_stop(b);
    assert_ended(keeper);
    assert_null(region_open_bare(name, FILE_MAP_READ));
    broker_start(b);
    assert_has(b, name, "");
    broker_stop(b);
}

static void a_region_declared_otherwise_after_a_crash_is_made_anew_and_the_others_stay(void **state)
{
    (void)state;
    const char *same = support_unique("Same"), *other = support_unique("Other"),
               *gone = support_unique("Gone");
    test_broker *b = broker_run_with(
        BROKER_HEAD "  %s: { size: 4 KiB }\n  %s: { size: 4 KiB }\n  %s: { size: 1 }\n", same, other, gone);
    put(b, same, "precious");
    put(b, other, "old");
    broker_kill(b);
    configure(b, support_text(BROKER_HEAD "  %s: { size: 4 KiB }\n  %s: { size: 64 KiB }\n", same, other));
    broker_start(b);
    assert_contains(broker_ready_line(b), "2 regions");
    assert_has(b, same, "precious");
    assert_has(b, other, "");
    assert_null(region_open_bare(gone, FILE_MAP_READ));
    broker_stop(b);
}

static void a_start_that_fails_leaves_what_is_kept(void **state)
{
    (void)state;
    const char *name = support_unique("Patient");
    test_broker *b = start_with(name);
    put(b, name, "precious");
    broker_kill(b);
    configure(b, "version: 1\nregions: 7\n");
    process *failed =
        process_run("shmbroker.exe", "run --config \"%s\" --instance %s", b->config, b->instance);
    assert_int_equal(process_wait(failed), 2);
    configure(b, support_text(BROKER_HEAD "  %s: { size: 4 KiB }\n", name));
    broker_start(b);
    assert_has(b, name, "precious");
    broker_stop(b);
}

static void a_broker_without_the_keepers_program_serves_and_says_so(void **state)
{
    (void)state;
    const char *name = support_unique("Alone"), *folder = support_folder();
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    const char *copy = support_text("%s\\shmbroker.exe", folder);
    assert_true(CopyFileW(support_wide(support_program("shmbroker.exe")), support_wide(copy), TRUE));
    b->process = process_start(copy, "run --config \"%s\" --instance %s", b->config, b->instance);
    process_wait_line(b->process, "ready");
    put(b, name, "bytes");
    assert_has(b, name, "bytes");
    assert_contains(log_of(b), "keeper-failed");
    assert_contains(log_of(b), "shmbroker-keeper.exe");
    broker_stop(b);
}

static void a_program_may_attach_while_the_broker_is_gone(void **state)
{
    (void)state;
    const char *name = support_unique("Meanwhile");
    test_broker *b = start_with(name);
    put(b, name, "precious");
    broker_kill(b);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_WRITE);
    options.flags = SHMB_ATTACH_WITHOUT_BROKER;
    shmb_region *region = NULL;
    assert_int_equal(shmb_attach(name, &options, &region), SHMB_OK);
    assert_string_equal(shmb_data(region), "precious");
    memcpy(shmb_data(region), "changed", 8);
    shmb_detach(region);
    broker_start(b);
    assert_has(b, name, "changed");
    broker_stop(b);
    assert_int_equal(region_try(name, &options), SHMB_NO_BROKER);
}

/* ---- Who may touch it ------------------------------------------------------------------------------------------ */

static void an_ordinary_account_reaches_neither_the_keeper_nor_its_record(void **state)
{
    (void)state;
    if (support_under_wine())
        SKIP("Wine lets everybody open any process, and gives objects of Administrators to a group of "
             "everybody");
    test_broker *b = start_with(support_unique("Guarded"));
    DWORD id = broker_keeper_id(b);
    const wchar_t *name = support_wide(support_text("Global\\ShmBroker.Keeper.%s", b->instance));
    account_become(account_ordinary());
    HANDLE keeper = OpenProcess(PROCESS_DUP_HANDLE, FALSE, id);
    HANDLE section = OpenFileMappingW(FILE_MAP_READ, FALSE, name);
    account_return();
    assert_null(keeper);
    assert_null(section);
    broker_stop(b);
}

static void the_record_is_the_brokers_and_nobody_elses(void **state)
{
    (void)state;
    test_broker *b = start_with(support_unique("Owned"));
    HANDLE section = OpenFileMappingW(READ_CONTROL, FALSE,
                                      support_wide(support_text("Global\\ShmBroker.Keeper.%s", b->instance)));
    assert_non_null(section);
    void *security = account_security_of(section);
    account_assert_entry(security, account_owner_sid(), 0xF001F);
    account_assert_entry(security, "S-1-5-18", 0xF001F);
    assert_true(account_count_entries(security) <= 4);
    CloseHandle(section);
    broker_stop(b);
}

/* The record as platform.h's fulfilment has it: a magic number, then per place the process's creation and its id. */
typedef struct record {
    uint64_t magic;
    struct {
        uint64_t created;
        LONG pid;
        uint32_t zero;
    } places[2];
} record;

/* Maps the record, for the account that owns it. */
static record *map_record(const test_broker *b, HANDLE *section)
{
    *section = OpenFileMappingW(FILE_MAP_WRITE, FALSE,
                                support_wide(support_text("Global\\ShmBroker.Keeper.%s", b->instance)));
    record *view = *section ? MapViewOfFile(*section, FILE_MAP_WRITE, 0, 0, 0) : NULL;
    if (!view)
        SKIP("this account does not own what its brokers make");
    return view;
}

static void a_process_that_is_no_keeper_is_not_taken_for_one(void **state)
{
    (void)state;
    const char *name = support_unique("Forged");
    HANDLE section;
    FILETIME created, exited, kernel, user;
    test_broker *b = start_with(name);
    record *view = map_record(b, &section);
    HANDLE keeper = open_keeper(b);
    process *bystander = process_start("shmbroker-peer.exe", "attach %s %s read 0 hold", b->instance, name);
    process_wait_line(bystander, "holding");
    HANDLE opened = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, process_id(bystander));
    assert_true(GetProcessTimes(opened, &created, &exited, &kernel, &user));
    CloseHandle(opened);
    broker_kill(b);
    view->places[1].created = (uint64_t)created.dwHighDateTime << 32 | created.dwLowDateTime;
    view->places[1].pid = (LONG)process_id(bystander);
    view->places[0].created++; /* and the real one is made another process with the same number */
    broker_start(b);
    assert_int_equal(view->places[1].pid, 0);
    broker_stop(b);
    assert_true(process_is_running(bystander));
    end_process(keeper);
    UnmapViewOfFile(view);
    CloseHandle(section);
}

/* ---- The service ----------------------------------------------------------------------------------------------- */

/* Runs a command of shmbroker.exe for the instance; it must end with `code`. */
static process *command(const test_broker *b, const char *what, int code)
{
    process *p = process_run("shmbroker.exe", "%s --instance %s", what, b->instance);
    if (process_wait(p) != code)
        support_fail("`shmbroker %s` ended with exit code %d instead of %d:\n%s%s", what, process_wait(p),
                     code, process_output(p), process_errors(p));
    return p;
}

static void let_go(void *instance)
{
    process_run("shmbroker.exe", "uninstall --instance %s", (const char *)instance);
}

/* A running service whose region has "precious" in it. */
static test_broker *serve(const char *name)
{
    if (!account_is_administrator())
        SKIP("installing a service needs an administrator");
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    service_remove_on_cleanup(support_text("ShmBroker$%s", b->instance));
    support_on_cleanup(let_go, (void *)(uintptr_t)b->instance);
    command(b, support_text("install --config \"%s\"", b->config), 0);
    command(b, "start", 0);
    put(b, name, "precious");
    return b;
}

static void kill_service(const test_broker *b)
{
    SERVICE_STATUS_PROCESS status;
    DWORD needed;
    SC_HANDLE service = service_open(support_text("ShmBroker$%s", b->instance));
    assert_non_null(service);
    assert_true(
        QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof status, &needed));
    CloseServiceHandle(service);
    HANDLE broker = OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE, FALSE, status.dwProcessId);
    assert_non_null(broker);
    end_process(broker);
}

static void a_service_stopped_with_keep_goes_on_with_its_data(void **state)
{
    (void)state;
    const char *name = support_unique("Upgraded");
    test_broker *b = serve(name);
    assert_contains(process_output(command(b, "stop --keep", 0)), "stay for the next");
    command(b, "status", 4);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try(name, &options), SHMB_NO_BROKER);
    options.flags = SHMB_ATTACH_WITHOUT_BROKER;
    assert_int_equal(region_try(name, &options), SHMB_OK);
    command(b, "start", 0);
    assert_has(b, name, "precious");
    assert_int_equal(status_number(b, name, "generation"), 1);
    command(b, "stop", 0);
}

static void a_service_stopped_without_keep_lets_go(void **state)
{
    (void)state;
    const char *name = support_unique("Stopped");
    test_broker *b = serve(name);
    HANDLE keeper = open_keeper(b);
    command(b, "stop", 0);
    assert_ended(keeper);
    command(b, "start", 0);
    assert_has(b, name, "");
    command(b, "stop", 0);
}

static void stopping_once_more_lets_go_of_what_was_kept(void **state)
{
    (void)state;
    const char *name = support_unique("Discarded");
    test_broker *b = serve(name);
    HANDLE keeper = open_keeper(b);
    command(b, "stop --keep", 0);
    assert_true(lives(keeper));
    assert_contains(process_output(command(b, "stop --keep", 0)), "was not running; its regions");
    assert_true(lives(keeper));
    assert_contains(process_output(command(b, "stop", 0)), "is let go");
    assert_ended(keeper);
    assert_null(region_open_bare(name, FILE_MAP_READ));
    assert_contains(process_errors(command(b, "stop --keep", 1)), "nothing of it is kept");
}

static void starting_what_is_kept_starts_nothing_else(void **state)
{
    (void)state;
    const char *name = support_unique("Left");
    test_broker *b = serve(name);
    command(b, "stop --keep", 0);
    command(b, "start --kept", 0);
    assert_has(b, name, "precious");
    command(b, "stop", 0);
    assert_contains(process_output(command(b, "start --kept", 0)), "is not started");
    command(b, "status", 4);
}

/* Of a service whose program stands alone, without the keeper's. */
static void a_service_that_could_not_keep_its_regions_is_not_stopped_with_keep(void **state)
{
    (void)state;
    const char *name = support_unique("Unkept"), *folder = support_guarded_folder();
    const char *copy = support_text("%s\\shmbroker.exe", folder);
    test_broker *b = serve(name);
    command(b, "stop", 0);
    assert_true(CopyFileW(support_wide(support_program("shmbroker.exe")), support_wide(copy), TRUE));
    assert_int_equal(
        process_wait(process_run(copy, "install --config \"%s\" --instance %s", b->config, b->instance)), 0);
    command(b, "start", 0);
    put(b, name, "bytes");
    const char *refusal = process_errors(command(b, "stop --keep", 1));
    assert_contains(refusal, "is not stopped");
    assert_contains(refusal, "shmbroker.log");
    assert_has(b, name, "bytes");
    command(b, "stop", 0);
}

static void stopping_a_service_leaves_a_brokers_keeper_in_a_console_alone(void **state)
{
    (void)state;
    const char *name = support_unique("Beside");
    test_broker *b = serve(name);
    command(b, "stop", 0);
    broker_start(b); /* in a console, under the same instance */
    HANDLE keeper = open_keeper(b);
    command(b, "stop", 0);
    assert_true(lives(keeper));
    CloseHandle(keeper);
    broker_stop(b);
}

static void a_killed_service_that_is_started_again_has_its_data(void **state)
{
    (void)state;
    const char *name = support_unique("Crashed");
    test_broker *b = serve(name);
    kill_service(b);
    process *status = broker_status(b, "");
    assert_int_not_equal(process_wait(status), 0);
    command(b, "start", 0);
    assert_has(b, name, "precious");
    command(b, "stop", 0);
}

static void uninstall_ends_the_keeper_that_was_left(void **state)
{
    (void)state;
    const char *name = support_unique("Orphaned");
    test_broker *b = serve(name);
    HANDLE keeper = open_keeper(b);
    command(b, "stop --keep", 0);
    command(b, "uninstall", 0);
    assert_ended(keeper);
    assert_null(region_open_bare(name, FILE_MAP_READ));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(data_outlives_a_killed_broker_with_its_generation),
        SYSTEM_TEST(the_keeper_of_the_broker_before_ends_when_all_is_taken_over),
        SYSTEM_TEST(a_broker_killed_again_and_again_loses_nothing),
        SYSTEM_TEST(a_killed_keeper_is_restored_at_once_and_keeps),
        SYSTEM_TEST(without_keeper_and_broker_the_region_is_made_anew),
        SYSTEM_TEST(a_broker_that_stops_in_order_lets_go_of_everything),
        SYSTEM_TEST(a_region_declared_otherwise_after_a_crash_is_made_anew_and_the_others_stay),
        SYSTEM_TEST(a_start_that_fails_leaves_what_is_kept),
        SYSTEM_TEST(a_broker_without_the_keepers_program_serves_and_says_so),
        SYSTEM_TEST(a_program_may_attach_while_the_broker_is_gone),
        SYSTEM_TEST(an_ordinary_account_reaches_neither_the_keeper_nor_its_record),
        SYSTEM_TEST(the_record_is_the_brokers_and_nobody_elses),
        SYSTEM_TEST(a_process_that_is_no_keeper_is_not_taken_for_one),
        SYSTEM_TEST(a_service_stopped_with_keep_goes_on_with_its_data),
        SYSTEM_TEST(a_service_stopped_without_keep_lets_go),
        SYSTEM_TEST(stopping_once_more_lets_go_of_what_was_kept),
        SYSTEM_TEST(starting_what_is_kept_starts_nothing_else),
        SYSTEM_TEST(a_service_that_could_not_keep_its_regions_is_not_stopped_with_keep),
        SYSTEM_TEST(stopping_a_service_leaves_a_brokers_keeper_in_a_console_alone),
        SYSTEM_TEST(a_killed_service_that_is_started_again_has_its_data),
        SYSTEM_TEST(uninstall_ends_the_keeper_that_was_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
