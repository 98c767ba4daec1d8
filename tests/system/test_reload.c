/* A running broker that is given another configuration: by the command, by the service manager, and by nobody who may not. */
#include "checks.h"

#include "account.h"
#include "region.h"
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define POLL_MS       20u
#define PIPE_PLACES   16  /* of the broker's control pipe */
#define RELOADS       60u /* SHMBROKER_RELOADS says otherwise */
#define HANDLES_SPARE 8u  /* that the system's own libraries may open on the way */
#define BYTES_SPARE   (1u << 20)

/* ---- Asking --------------------------------------------------------------------------------------------------- */

static void write_config(const test_broker *b, const char *regions)
{
    const char *text = support_text(
        "version: 1\ndefaults: { access: { read: [Users], write: [Administrators] } }\nregions:\n%s",
        regions);
    support_write_file(b->config, text, strlen(text));
}

static process *command(const test_broker *b, const char *what, int code)
{
    process *p = process_run("shmbroker.exe", "%s --instance %s", what, b->instance);
    if (process_wait(p) != code)
        support_fail("`shmbroker %s` ended with exit code %d instead of %d:\n%s%s", what, process_wait(p),
                     code, process_output(p), process_errors(p));
    return p;
}

static shmb_status try_to(const test_broker *b, const char *name, uint32_t access)
{
    shmb_attach_options options = region_options(b, access);
    return region_try(name, &options);
}

static shmb_status try_as_ordinary(const test_broker *b, const char *name, uint32_t access)
{
    account_become(account_ordinary());
    shmb_status status = try_to(b, name, access);
    account_return();
    return status;
}

static void wait_until_attachable(const test_broker *b, const char *name)
{
    for (DWORD waited = 0; waited < SUPPORT_WAIT_MS; waited += POLL_MS) {
        if (try_to(b, name, SHMB_ACCESS_READ) == SHMB_OK)
            return;
        Sleep(POLL_MS); /* the catalog tells nobody that it has changed */
    }
    support_fail("region %s never came", name);
}

/* ---- What a reload does --------------------------------------------------------------------------------------- */

static void a_reload_adds_keeps_and_removes(void **state)
{
    (void)state;
    const char *stays = support_unique("Stays"), *goes = support_unique("Goes"),
               *comes = support_unique("Comes");
    test_broker *b =
        broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n  %s: { size: 4 KiB }\n", stays, goes);
    shmb_region *region = region_attach(b, stays, SHMB_ACCESS_WRITE);
    memcpy(shmb_data(region), "kept", 5);

    write_config(b, support_text("  %s: { size: 4 KiB }\n  %s: { size: 8 KiB }\n", stays, comes));
    process *planned = command(b, "plan", 0);
    assert_contains(process_output(planned), support_text("- retire   %s", goes));
    assert_contains(process_output(planned), support_text("+ create   %s", comes));
    assert_lacks(process_output(planned), stays);
    assert_int_equal(try_to(b, goes, SHMB_ACCESS_READ), SHMB_OK); /* a plan changes nothing */

    process *done = command(b, "reload --yes", 0);
    assert_contains(process_output(done), "done: 1 created");
    assert_int_equal(try_to(b, comes, SHMB_ACCESS_READ), SHMB_OK);
    assert_int_not_equal(try_to(b, goes, SHMB_ACCESS_READ), SHMB_OK);
    assert_string_equal(shmb_data(region), "kept");
    assert_int_equal(try_to(b, stays, SHMB_ACCESS_READ), SHMB_OK);
    assert_contains(process_output(command(b, "status", 0)), "reloaded  ");
    assert_contains(process_output(command(b, "reload --yes", 0)), "nothing to do; 2 stay as they are");
    shmb_detach(region);
    broker_stop(b);
}

static void access_changes_for_the_next_who_attaches(void **state)
{
    (void)state;
    const char *opens = support_unique("Opens"), *closes = support_unique("Closes");
    test_broker *b =
        broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB, access: { write: [Administrators] } }\n"
                                    "  %s: { size: 4 KiB, access: { write: [Users] } }\n",
                        opens, closes);
    assert_int_equal(try_as_ordinary(b, opens, SHMB_ACCESS_READ), SHMB_ACCESS_DENIED);
    assert_int_equal(try_as_ordinary(b, closes, SHMB_ACCESS_WRITE), SHMB_OK);
    shmb_region *held = region_attach(b, closes, SHMB_ACCESS_WRITE);
    write_config(b, support_text("  %s: { size: 4 KiB, access: { write: [Users] } }\n"
                                 "  %s: { size: 4 KiB, access: { write: [Administrators] } }\n",
                                 opens, closes));
    process *done = command(b, "reload --yes", 0);
    assert_contains(process_output(done), "handles already open keep their rights");
    assert_int_equal(try_as_ordinary(b, opens, SHMB_ACCESS_WRITE), SHMB_OK);
    assert_int_equal(try_as_ordinary(b, closes, SHMB_ACCESS_READ), SHMB_ACCESS_DENIED);
    memcpy(shmb_data(held), "still", 6); /* who had it open has it */
    shmb_detach(held);
    broker_stop(b);
}

static void a_backing_files_rights_change_too(void **state)
{
    (void)state;
    const char *name = support_unique("File");
    test_broker *b = broker_run_with(
        BROKER_HEAD "  %s: { size: 4 KiB, backing: { file: f.shm }, access: { read: [Users] } }\n", name);
    const char *path = support_text("%s\\data\\f.shm", b->home);
    write_config(
        b, support_text(
               "  %s: { size: 4 KiB, backing: { file: f.shm }, access: { read: [Users, Guests] } }\n", name));
    assert_contains(process_output(command(b, "reload --yes", 0)), "1 secured");
    if (support_under_wine())
        SKIP("Wine keeps of a file's security only what Unix permissions can say");
    account_assert_entry(account_security_of_file(path), "S-1-5-32-546", 0x120089);
    broker_stop(b);
}

/* Programs keep the old bytes, and the new region comes when they have let go. */
static void replaced(const char *keys)
{
    const char *name = support_unique("Replaced");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    memcpy(shmb_data(region), "old", 4);
    write_config(b, support_text("  %s: { %s }\n", name, keys));
    process *done = command(b, "reload --yes", 0);
    assert_contains(process_output(done), "1 awaited");
    assert_contains(process_output(command(b, "status", 0)), "programs still have the earlier");
    assert_string_equal(shmb_data(region), "old");
    shmb_detach(region);
    wait_until_attachable(b, name);
    region = region_attach(b, name, SHMB_ACCESS_READ);
    assert_string_equal(shmb_data(region), ""); /* another object */
    shmb_detach(region);
    broker_stop(b);
}

static void another_size_makes_another_object_when_the_old_one_is_let_go(void **state)
{
    (void)state;
    replaced("size: 1 MiB");
}

static void revoke_makes_another_object_for_other_rights(void **state)
{
    (void)state;
    replaced("size: 4 KiB, revoke: true, access: { read: [Administrators] }");
}

/* What is declared now cannot be made: the folder of its file is not there, then a file that it is to begin with. */
static void what_cannot_take_its_place_leaves_the_old_one_in_it(const char *keys, const char *why,
                                                                bool attached)
{
    const char *name = support_unique("Stays");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB, lock: true }\n", name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    memcpy(shmb_data(region), "old", 4);
    if (!attached)
        shmb_detach(region);
    write_config(b, support_text("  %s: { %s }\n", name, keys));
    for (unsigned times = 0; times < 2; times++) { /* the next one tries again */
        process *tried = command(b, "reload --yes", 1);
        assert_contains(process_errors(tried), "it goes on as it was before, with its data");
        assert_contains(process_errors(tried), why);
    }
    if (attached)
        assert_true(shmb_current(region));
    shmb_region *other = region_attach(b, name, SHMB_ACCESS_WRITE);
    assert_string_equal(shmb_data(other), "old");
    assert_int_equal(shmb_region_size(other), 4096);
    shmb_detach(other);
    process *status = command(b, "status", 0);
    assert_contains(process_output(status), "but it goes on as it was before");
    write_config(b, support_text("  %s: { size: 8 KiB }\n", name));
    if (attached)
        shmb_detach(region);
    command(b, "reload --yes", 0);
    region = region_attach(b, name, SHMB_ACCESS_WRITE);
    assert_int_equal(shmb_region_size(region), 8192);
    assert_string_equal(shmb_data(region), "");
    shmb_detach(region);
    assert_lacks(process_output(command(b, "status", 0)), "but it goes on");
    broker_stop(b);
}

static void a_region_whose_replacement_cannot_be_made_goes_on(void **state)
{
    (void)state;
    const char *no_folder = "size: 4 KiB, backing: { file: 'absent\\f.shm' }";
    const char *no_contents = "size: 8 KiB, initial: { file: absent.bin }";
    what_cannot_take_its_place_leaves_the_old_one_in_it(no_folder, "absent", true);
    what_cannot_take_its_place_leaves_the_old_one_in_it(no_contents, "absent.bin", false);
}

static void a_bad_configuration_changes_nothing(void **state)
{
    (void)state;
    const char *name = support_unique("Before");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    write_config(b, "  A: { size: nothing }\n");
    process *refused = command(b, "reload --yes", 2);
    assert_contains(process_errors(refused), "regions.A.size");
    assert_int_equal(try_to(b, name, SHMB_ACCESS_READ), SHMB_OK);
    broker_stop(b);
}

static void without_yes_and_without_a_person_nothing_is_done(void **state)
{
    (void)state;
    const char *name = support_unique("Asked");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    write_config(b, "  Other: { size: 4 KiB }\n");
    process *refused = command(b, "reload", 2);
    assert_contains(process_output(refused), "+ create   Other");
    assert_contains(process_errors(refused), "--yes");
    assert_int_equal(try_to(b, name, SHMB_ACCESS_READ), SHMB_OK);
    broker_stop(b);
}

static void without_a_broker_there_is_a_plan_and_no_reload(void **state)
{
    (void)state;
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 4 KiB }\n", support_unique("Planned"));
    process *planned =
        process_run("shmbroker.exe", "plan \"%s\" --instance %s --json", b->config, b->instance);
    assert_int_equal(process_wait(planned), 0);
    assert_contains(process_output(planned), "\"broker_runs\":\tfalse");
    assert_contains(process_output(planned), "\"action\":\t\"create\"");
    process *reload = process_run("shmbroker.exe", "reload --yes --instance %s", b->instance);
    assert_int_not_equal(process_wait(reload), 0);
}

/* ---- The pipe ------------------------------------------------------------------------------------------------- */

static const wchar_t *pipe_of(const test_broker *b)
{
    return support_wide(support_text("\\\\.\\pipe\\ShmBroker.Control.%s", b->instance));
}

static HANDLE connect_to(const test_broker *b)
{
    return CreateFileW(pipe_of(b), GENERIC_READ | FILE_WRITE_DATA, 0, NULL, OPEN_EXISTING, 0, NULL);
}

static void silent_and_hostile_callers_delay_nobody(void **state)
{
    (void)state;
    const char *name = support_unique("Prompt");
    HANDLE silent[PIPE_PLACES];
    static char garbage[70000];
    DWORD written;
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    for (size_t i = 0; i < PIPE_PLACES; i++)
        silent[i] = connect_to(b); /* some of them are sent away for others: nobody minds */
    HANDLE hostile = connect_to(b);
    if (hostile != INVALID_HANDLE_VALUE)
        WriteFile(hostile, garbage, sizeof garbage, &written, NULL);
    for (size_t size = 1; size < 900; size += 97) {
        HANDLE caller = connect_to(b);
        if (caller == INVALID_HANDLE_VALUE)
            continue;
        WriteFile(caller, garbage, (DWORD)size, &written, NULL);
        CloseHandle(caller);
    }
    write_config(b, support_text("  %s: { size: 4 KiB }\n  %s2: { size: 4 KiB }\n", name, name));
    ULONGLONG begun = GetTickCount64();
    command(b, "reload --yes", 0);
    assert_true(GetTickCount64() - begun < SUPPORT_WAIT_MS / 2);
    assert_int_equal(try_to(b, support_text("%s2", name), SHMB_ACCESS_READ), SHMB_OK);
    for (size_t i = 0; i < PIPE_PLACES; i++)
        if (silent[i] != INVALID_HANDLE_VALUE)
            CloseHandle(silent[i]);
    if (hostile != INVALID_HANDLE_VALUE)
        CloseHandle(hostile);
    broker_stop(b);
}

static void an_ordinary_account_gets_no_reload(void **state)
{
    (void)state;
    if (support_under_wine())
        SKIP("under Wine what an ordinary account makes has the owner of what the broker makes, so that both "
             "are "
             "the broker's account");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n", support_unique("Refused"));
    process *p =
        process_start_as(account_ordinary(), "shmbroker.exe", "reload --yes --instance %s", b->instance);
    assert_int_equal(process_wait(p), 3);
    assert_contains(process_errors(p), "elevated");
    broker_stop(b);
}

static void the_pipe_is_nobody_elses(void **state)
{
    (void)state;
    if (support_under_wine())
        SKIP("Wine enforces neither the first instance of a pipe nor its DACL");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n", support_unique("Owned"));
    account_become(account_ordinary());
    HANDLE second =
        CreateNamedPipeW(pipe_of(b), PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE, PIPE_PLACES, 0, 0, 0, NULL);
    account_return();
    assert_ptr_equal(second, INVALID_HANDLE_VALUE);
    broker_stop(b);
}

/* ---- The service ---------------------------------------------------------------------------------------------- */

static void the_service_manager_reloads_by_paramchange(void **state)
{
    (void)state;
    if (!account_is_administrator())
        SKIP("installing a service needs an administrator");
    const char *name = support_unique("Served"), *comes = support_unique("Comes");
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    const char *service_name = support_text("ShmBroker$%s", b->instance);
    service_remove_on_cleanup(service_name);
    command(b, support_text("install --config \"%s\"", b->config), 0);
    command(b, "start", 0);
    write_config(b, support_text("  %s: { size: 4 KiB }\n  %s: { size: 4 KiB }\n", name, comes));
    SERVICE_STATUS status;
    SC_HANDLE service = service_open(service_name);
    assert_non_null(service);
    assert_true(ControlService(service, SERVICE_CONTROL_PARAMCHANGE, &status));
    CloseServiceHandle(service);
    wait_until_attachable(b, comes);
    write_config(b, support_text("  %s: { size: 4 KiB }\n", name));
    assert_contains(process_output(command(b, "reload --yes", 0)), "1 retired");
    command(b, "stop", 0);
}

/* ---- Many reloads --------------------------------------------------------------------------------------------- */

typedef struct figures {
    unsigned handles, threads;
    SIZE_T bytes;
} figures;

static figures figures_of(DWORD id)
{
    return (figures){process_count_handles(id), process_count_threads(id), process_count_bytes(id)};
}

static void assert_no_larger(const char *who, figures then, figures now, unsigned reloads)
{
    print_message("%u reloads, the %s: handles %u after 8, %u at the end; threads %u and %u; KiB %llu and "
                  "%llu\n",
                  reloads, who, then.handles, now.handles, then.threads, now.threads,
                  (unsigned long long)(then.bytes >> 10), (unsigned long long)(now.bytes >> 10));
    assert_true(now.handles <= then.handles + HANDLES_SPARE);
    assert_true(now.threads <= then.threads);
    assert_true(now.bytes <= then.bytes + BYTES_SPARE);
}

/* A region that turns from one size, access and description to another, and a second one that comes and goes. */
static void turn(const test_broker *b, const char *name, unsigned number)
{
    static const char *const turns[] = {"size: 4 KiB, access: { read: [Administrators] }",
                                        "size: 8 KiB, description: x", "size: 4 KiB",
                                        "size: 4 KiB, integrity: medium"};
    write_config(
        b, support_text("  %s: { %s }\n  %s%u: { size: 1 }\n", name, turns[number % 4], name, number % 2));
    command(b, "reload --yes", 0);
}

static void many_reloads_leak_nothing(void **state)
{
    (void)state;
    const char *wish = getenv("SHMBROKER_RELOADS"), *name = support_unique("Turns");
    const unsigned reloads = wish ? (unsigned)strtoul(wish, NULL, 10) : RELOADS;
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    const DWORD broker = process_id(b->process), keeper = broker_keeper_id(b);
    figures broker_then = {0}, keeper_then = {0};
    assert_int_not_equal(keeper, 0);
    for (unsigned i = 0; i < reloads; i++) {
        turn(b, name, i);
        if (i == 7) { /* everything has been done twice */
            broker_then = figures_of(broker);
            keeper_then = figures_of(keeper);
        }
    }
    assert_true(keeper_then.handles > 0);
    assert_no_larger("broker", broker_then, figures_of(broker), reloads);
    assert_no_larger("keeper", keeper_then, figures_of(keeper), reloads);
    broker_stop(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(a_reload_adds_keeps_and_removes),
        SYSTEM_TEST(access_changes_for_the_next_who_attaches),
        SYSTEM_TEST(a_backing_files_rights_change_too),
        SYSTEM_TEST(another_size_makes_another_object_when_the_old_one_is_let_go),
        SYSTEM_TEST(revoke_makes_another_object_for_other_rights),
        SYSTEM_TEST(a_region_whose_replacement_cannot_be_made_goes_on),
        SYSTEM_TEST(a_bad_configuration_changes_nothing),
        SYSTEM_TEST(without_yes_and_without_a_person_nothing_is_done),
        SYSTEM_TEST(without_a_broker_there_is_a_plan_and_no_reload),
        SYSTEM_TEST(silent_and_hostile_callers_delay_nobody),
        SYSTEM_TEST(an_ordinary_account_gets_no_reload),
        SYSTEM_TEST(the_pipe_is_nobody_elses),
        SYSTEM_TEST(the_service_manager_reloads_by_paramchange),
        SYSTEM_TEST(many_reloads_leak_nothing),
    };
    return cmocka_run_group_tests_name("reload", tests, NULL, NULL);
}
