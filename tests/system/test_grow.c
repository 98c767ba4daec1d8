/* Regions that change while programs use them: they grow in place, are replaced, and are drained. */
#include "checks.h"

#include "account.h"
#include "region.h"

#include <cjson/cJSON.h>
#include <string.h>

#define POLL_MS 20u
#define MIB     ((uint64_t)1 << 20)
#define HEAD                                                                                                 \
    "version: 1\ndefaults: { access: { read: [Users], write: [Administrators], manage: [Administrators] } "  \
    "}\nregions:\n"

static char why[1200];

static process *command(const test_broker *b, const char *what, int code)
{
    process *p = process_run("shmbroker.exe", "%s --instance %s", what, b->instance);
    if (process_wait(p) != code)
        support_fail("`shmbroker %s` ended with exit code %d instead of %d:\n%s%s", what, process_wait(p),
                     code, process_output(p), process_errors(p));
    return p;
}

static shmb_status grow(shmb_region *region, uint64_t size)
{
    return shmb_grow(region, size, SUPPORT_WAIT_MS, why, sizeof why);
}

static void assert_grows(shmb_region *region, uint64_t size)
{
    shmb_status status = grow(region, size);
    if (status != SHMB_OK)
        support_fail("status %d: %s", (int)status, why);
}

static void write_config(const test_broker *b, const char *regions)
{
    const char *text = support_text(HEAD "%s", regions);
    support_write_file(b->config, text, strlen(text));
}

/* Until `status` says `wanted` of the region. */
static const char *wait_for_status(const test_broker *b, const char *name, const char *wanted)
{
    const char *output = "";
    for (DWORD waited = 0; waited < SUPPORT_WAIT_MS; waited += POLL_MS) {
        output = process_output(command(b, support_text("status %s", name), 0));
        if (strstr(output, wanted))
            return output;
        Sleep(POLL_MS); /* the catalog tells nobody that it has changed */
    }
    support_fail("status never said \"%s\":\n%s", wanted, output);
}

/* ---- Growing -------------------------------------------------------------------------------------------------- */

static void everybody_sees_the_new_size_without_attaching_again(void **state)
{
    (void)state;
    const char *name = support_unique("Grows");
    test_broker *b = broker_run_with(HEAD "  %s: { size: 64 KiB, max_size: 64 MiB }\n", name);
    process *peer = process_start(
        "shmbroker-peer.exe", "attach %s %s read 0 await-size 1048576 get 1048000 hold", b->instance, name);
    assert_contains(process_wait_line(peer, "attached"), "attached 65536");
    shmb_region *writer = region_attach(b, name, SHMB_ACCESS_WRITE);
    shmb_region *reader = region_attach(b, name, SHMB_ACCESS_READ);
    assert_int_equal(shmb_region_max_size(writer), 64 * MIB);
    char *data = shmb_data(writer);
    memcpy(data, "kept", 5);

    assert_grows(writer, 2 * MIB);
    assert_int_equal(shmb_size(writer), 2 * MIB);
    assert_int_equal(shmb_region_size(reader), 2 * MIB);
    assert_ptr_equal(shmb_data(writer), data);
    assert_int_equal(data[2 * MIB - 1], 0);
    memcpy(data + 1048000, "far away", 9);
    assert_string_equal((const char *)shmb_data(reader) + 1048000, "far away");
    assert_string_equal(shmb_data(reader), "kept");
    assert_contains(process_wait_line(peer, "size"), "size 2097152");
    process_wait_line(peer, "holding");
    assert_grows(reader, MIB); /* it is larger already */
    assert_int_equal(shmb_region_size(reader), 2 * MIB);
    process_close_input(peer);
    assert_int_equal(process_wait(peer), 0);
    shmb_detach(reader);
    shmb_detach(writer);
    broker_stop(b);
}

static void what_cannot_be_had_changes_nothing(void **state)
{
    (void)state;
    const char *grows = support_unique("Grows"), *fixed = support_unique("Fixed");
    test_broker *b =
        broker_run_with("version: 1\ncommit_budget: 1 MiB\n"
                        "defaults: { access: { read: [Users], write: [Administrators] } }\n"
                        "regions:\n  %s: { size: 64 KiB, max_size: 8 MiB }\n  %s: { size: 4 KiB }\n",
                        grows, fixed);
    shmb_region *region = region_attach(b, grows, SHMB_ACCESS_READ),
                *other = region_attach(b, fixed, SHMB_ACCESS_READ);
    assert_int_equal(grow(region, 8 * MIB + 1), SHMB_CANNOT_GROW);
    assert_contains(why, "its max_size is 8388608");
    assert_int_equal(grow(region, 2 * MIB), SHMB_OVER_BUDGET);
    assert_contains(why, "commit_budget is 1 MiB");
    assert_int_equal(grow(other, 8192), SHMB_CANNOT_GROW);
    assert_contains(why, "without max_size");
    assert_int_equal(grow(region, 0), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_size(region), 65536);
    process *refused = command(b, support_text("grow %s 2MiB", grows), 1);
    assert_contains(process_errors(refused), "commit_budget is 1 MiB");
    process *done = command(b, support_text("grow %s 128KiB", grows), 0);
    assert_contains(process_output(done), "has 128 KiB (131072 bytes)");
    assert_int_equal(shmb_size(region), 131072);
    assert_contains(process_output(command(b, support_text("status %s", grows), 0)), "grows to 8 MiB");
    shmb_detach(other);
    shmb_detach(region);
    broker_stop(b);
}

static void who_may_neither_write_nor_manage_gets_nothing_done(void **state)
{
    (void)state;
    if (support_under_wine())
        SKIP("Wine tells the broker of a pipe's caller that he is the broker itself");
    const char *name = support_unique("Grows");
    test_broker *b = broker_run_with(HEAD "  %s: { size: 64 KiB, max_size: 1 MiB }\n", name);
    process *p = process_start_as(account_ordinary(), "shmbroker.exe", "grow %s 128KiB --instance %s", name,
                                  b->instance);
    assert_int_equal(process_wait(p), 3);
    assert_contains(process_errors(p), "may not write it");
    p = process_start_as(account_ordinary(), "shmbroker.exe", "retire %s --instance %s", name, b->instance);
    assert_int_equal(process_wait(p), 3);
    assert_contains(process_errors(p), "may not retire");
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    assert_int_equal(shmb_size(region), 65536);
    shmb_detach(region);
    broker_stop(b);
}

static void what_has_grown_stays_so_for_the_next_broker(void **state)
{
    (void)state;
    const char *name = support_unique("Grows");
    test_broker *b = broker_run_with(HEAD "  %s: { size: 5000, max_size: 1 MiB }\n", name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    assert_grows(region, 300000);
    memcpy((char *)shmb_data(region) + 299990, "survives", 9);
    broker_kill(b);
    assert_int_equal(shmb_current(region), 1); /* it is as good as before */
    assert_int_equal(grow(region, 400000), SHMB_NO_BROKER);
    shmb_detach(region); /* its keeper alone has it now */
    assert_contains(process_output(command(b, support_text("plan \"%s\"", b->config), 0)), "+ adopt");
    broker_start(b);
    region = region_attach(b, name, SHMB_ACCESS_WRITE);
    assert_int_equal(shmb_size(region), 300000);
    assert_string_equal((const char *)shmb_data(region) + 299990, "survives");
    assert_grows(region, MIB); /* all that is reserved */
    broker_kill(b);
    broker_start(b);
    assert_int_equal(shmb_current(region), 1);
    assert_int_equal(shmb_size(region), MIB);
    shmb_detach(region);
    broker_kill(b); /* the keeper that the adopting broker started has it, too */
    broker_start(b);
    region = region_attach(b, name, SHMB_ACCESS_READ);
    assert_int_equal(shmb_size(region), MIB);
    assert_string_equal((const char *)shmb_data(region) + 299990, "survives");
    shmb_detach(region);
    broker_stop(b);
}

static void a_snapshot_has_the_size_that_the_region_had(void **state)
{
    (void)state;
    const char *name = support_unique("Grows");
    test_broker *b =
        broker_run_with(HEAD "  %s: { size: 5000, max_size: 1 MiB, persist: { mode: snapshot } }\n", name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    assert_grows(region, 300000);
    memcpy((char *)shmb_data(region) + 299990, "restored", 9);
    shmb_detach(region);
    broker_stop(b);
    broker_start(b);
    region = region_attach(b, name, SHMB_ACCESS_READ);
    assert_int_equal(shmb_size(region), 300000);
    assert_string_equal((const char *)shmb_data(region) + 299990, "restored");
    shmb_detach(region);
    broker_stop(b);
}

/* ---- Replacing ------------------------------------------------------------------------------------------------ */

static DWORD WINAPI wait_for_replacement(void *region)
{
    return (DWORD)shmb_wait_replaced(region, SUPPORT_WAIT_MS);
}

static void who_is_attached_is_told_and_the_next_object_comes(void **state)
{
    (void)state;
    const char *name = support_unique("Replaced");
    test_broker *b = broker_run_with(HEAD "  %s: { size: 4 KiB }\n", name);
    process *peer = process_start("shmbroker-peer.exe", "attach %s %s read 0 hold", b->instance, name);
    process_wait_line(peer, "holding");
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    memcpy(shmb_data(region), "old", 4);
    assert_int_equal(shmb_current(region), 1);
    assert_int_equal(shmb_wait_replaced(region, 60), SHMB_TIMED_OUT);
    HANDLE waiter = CreateThread(NULL, 0, wait_for_replacement, region, 0, NULL);
    assert_non_null(waiter);

    write_config(b, support_text("  %s: { size: 8 KiB }\n", name));
    command(b, "reload --yes", 0);
    DWORD status = SHMB_TIMED_OUT;
    assert_int_equal(WaitForSingleObject(waiter, SUPPORT_WAIT_MS), WAIT_OBJECT_0);
    assert_true(GetExitCodeThread(waiter, &status));
    CloseHandle(waiter);
    assert_int_equal(status, SHMB_OK);
    assert_int_equal(shmb_current(region), 0);
    assert_int_equal(shmb_size(region), 4096);
    assert_string_equal(shmb_data(region), "old"); /* as good as before */
    const char *said = wait_for_status(b, name, "held by");
    assert_contains(said, support_text("held by %lu shmbroker-peer.exe", process_id(peer)));
    cJSON *root = cJSON_Parse(process_output(command(b, support_text("status %s --json", name), 0)));
    const cJSON *item = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "regions"), 0);
    assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(item, "holders")) >= 2);
    const cJSON *reload = cJSON_GetObjectItem(root, "last_reload");
    assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(reload, "replaced")), 1);
    assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(reload, "code")), 0);
    cJSON_Delete(root);

    shmb_detach(region);
    process_close_input(peer);
    process_wait(peer);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    options.timeout_ms = SUPPORT_WAIT_MS;
    assert_int_equal(shmb_attach(name, &options, &region), SHMB_OK);
    assert_int_equal(shmb_size(region), 8192);
    assert_int_equal(shmb_current(region), 1);
    shmb_detach(region);
    broker_stop(b);
}

/* ---- Retiring ------------------------------------------------------------------------------------------------- */

static void a_region_is_drained_and_comes_back_with_its_bytes_when_declared_again(void **state)
{
    (void)state;
    const char *name = support_unique("Drained");
    test_broker *b = broker_run_with(HEAD "  %s: { size: 4 KiB, drain: 1 min }\n", name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    memcpy(shmb_data(region), "kept", 5);
    write_config(b, support_text("  %s: { size: 4 KiB }\n", support_unique("Other")));
    assert_contains(process_output(command(b, "reload --yes", 0)), "1 retiring");
    assert_int_equal(shmb_current(region), 0);
    const char *said = wait_for_status(b, name, "held by");
    assert_contains(said, "retiring");
    assert_contains(said, "goes when programs have let go of it, in ");
    assert_contains(said, support_text("held by %lu ", GetCurrentProcessId()));
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try(name, &options), SHMB_NOT_DECLARED);
    write_config(b, support_text("  %s: { size: 4 KiB, drain: 1 min }\n", name));
    command(b, "reload --yes", 0);
    assert_int_equal(shmb_current(region), 1);
    shmb_detach(region);
    region = region_attach(b, name, SHMB_ACCESS_READ);
    assert_string_equal(shmb_data(region), "kept");

    assert_contains(process_output(command(b, support_text("retire %s", name), 0)), "in 60 s at the latest");
    shmb_detach(region);
    wait_for_status(b, name, "retired");
    broker_stop(b);
}

static void after_its_time_it_goes_and_the_log_says_who_has_it(void **state)
{
    (void)state;
    const char *name = support_unique("Late");
    test_broker *b = broker_run_with(HEAD "  %s: { size: 4 KiB, drain: 200 ms }\n", name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    command(b, support_text("retire %s", name), 0);
    assert_contains(wait_for_status(b, name, "its time to drain was up"),
                    support_text("%lu ", GetCurrentProcessId()));
    shmb_detach(region);
    command(b, "reload --yes", 0);
    region = region_attach(b, name, SHMB_ACCESS_READ);
    shmb_detach(region);
    broker_stop(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(everybody_sees_the_new_size_without_attaching_again),
        SYSTEM_TEST(what_cannot_be_had_changes_nothing),
        SYSTEM_TEST(who_may_neither_write_nor_manage_gets_nothing_done),
        SYSTEM_TEST(what_has_grown_stays_so_for_the_next_broker),
        SYSTEM_TEST(a_snapshot_has_the_size_that_the_region_had),
        SYSTEM_TEST(who_is_attached_is_told_and_the_next_object_comes),
        SYSTEM_TEST(a_region_is_drained_and_comes_back_with_its_bytes_when_declared_again),
        SYSTEM_TEST(after_its_time_it_goes_and_the_log_says_who_has_it),
    };
    return cmocka_run_group_tests_name("grow", tests, NULL, NULL);
}
