/*
 * People who really log on, go away, come back, switch and log off: what the service does for each, told by Windows alone.
 * It makes accounts and allows Remote Desktop for a while, so it runs only where SHMBROKER_LOG_ON says that it may.
 */
#include "checks.h"

#include "account.h"
#include "guest.h"
#include "region.h"
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_MS 20u

static bool may_log_on(void)
{
    if (support_under_wine())
        checks_say_skip("Wine has one session, in which nobody logs on");
    else if (getenv("SHMBROKER_LOG_ON") == NULL)
        checks_say_skip(
            "it makes accounts and allows Remote Desktop for a while: set SHMBROKER_LOG_ON=1 where it may");
    else if (!account_is_administrator())
        checks_say_skip("making accounts needs an administrator");
    else
        return true;
    return false;
}

/* The service with a region that each session has for itself, which Users write. */
static test_broker *serve(const char *region)
{
    test_broker *b =
        broker_prepare("version: 1\nregions:\n  %s: { size: 4 KiB, namespace: session, access: { write: "
                       "[Users, Administrators] } }\n",
                       region);
    service_remove_on_cleanup(support_text("ShmBroker$%s", b->instance));
    broker_command(b, support_text("install --config \"%s\"", b->config));
    broker_command(b, "start");
    return b;
}

static shmb_status try_instance(const test_broker *b, const char *name, uint32_t session, uint32_t timeout_ms,
                                shmb_region **region)
{
    shmb_attach_options options = region_options(b, SHMB_ACCESS_WRITE);
    options.session = session;
    options.timeout_ms = timeout_ms;
    return shmb_attach(name, &options, region);
}

static shmb_region *instance_of(const test_broker *b, const char *name, uint32_t session)
{
    shmb_region *region = NULL;
    shmb_status status = try_instance(b, name, session, SUPPORT_WAIT_MS, &region);
    if (status != SHMB_OK)
        fail_msg("session %u: %s", (unsigned)session, shmb_status_text(status));
    return region;
}

/* The service hears of an end when Windows tells it, which may be after everybody sees it. */
static void await_retired(const test_broker *b, const char *name, uint32_t session)
{
    shmb_status status = SHMB_OK;
    for (DWORD waited = 0; waited < SUPPORT_WAIT_MS; waited += POLL_MS) {
        shmb_region *region = NULL;
        status = try_instance(b, name, session, SHMB_NO_WAIT, &region);
        shmb_detach(region);
        if (status == SHMB_NOT_DECLARED)
            return;
        Sleep(POLL_MS);
    }
    fail_msg("session %u is over, and its instance is still served: %s", (unsigned)session,
             shmb_status_text(status));
}

/* A program of the guest's own session, which attaches without saying which, writes `text` at 100. */
static void await_note(const test_broker *b, guest *g, const char *name, shmb_region *region,
                       const char *text)
{
    const volatile char *note = (const volatile char *)shmb_data(region) + 100;
    guest_run(g, "shmbroker-peer.exe",
              support_text("attach %s %s write %u put 100 %s", b->instance, name, SUPPORT_WAIT_MS, text));
    for (DWORD waited = 0; note[strlen(text) - 1] == 0 && waited < SUPPORT_WAIT_MS; waited += POLL_MS)
        Sleep(POLL_MS);
    assert_string_equal((const char *)shmb_data(region) + 100, text);
}

static void assert_lists(const test_broker *b, const char *name, uint32_t session)
{
    process *status = broker_status(b, name);
    process_wait(status);
    assert_contains(process_output(status), support_text("%s (session %u)", name, (unsigned)session));
}

static void each_who_logs_on_has_a_region_until_he_logs_off(void **state)
{
    (void)state;
    if (!may_log_on())
        skip();
    const char *name = support_unique("Own");
    test_broker *b = serve(name);
    guest *anna = guest_make("anna"), *ben = guest_make("ben");

    const uint32_t annas = guest_log_on(anna);
    shmb_region *hers = instance_of(b, name, annas);
    await_note(b, anna, name, hers, "anna");
    guest_disconnect(anna);
    assert_lists(b, name, annas);

    const uint32_t bens = guest_log_on(ben);
    shmb_region *his = instance_of(b, name, bens);
    assert_string_equal((const char *)shmb_data(his) + 100, "");
    await_note(b, ben, name, his, "ben");

    guest_switch(ben, anna);
    assert_lists(b, name, annas);
    assert_lists(b, name, bens);
    assert_string_equal((const char *)shmb_data(hers) + 100, "anna");
    shmb_detach(hers);

    guest_log_off(anna);
    await_retired(b, name, annas);
    assert_lists(b, name, bens);
    assert_string_equal((const char *)shmb_data(his) + 100, "ben");
    assert_true(shmb_current(his));
    shmb_detach(his);

    guest_log_off(ben);
    await_retired(b, name, bens);
    broker_command(b, "stop");
}

int main(void)
{
    const struct CMUnitTest tests[] = {SYSTEM_TEST(each_who_logs_on_has_a_region_until_he_logs_off)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
