/* Regions in private namespaces: who can open them, and what is said where there are none. */
#include "checks.h"

#include "account.h"
#include "region.h"

#include <string.h>

/* A configuration whose only region is in the private namespace of `boundary`. */
static test_broker *run_private(const char *name, const char *boundary)
{
    return broker_run_with("version: 1\nregions:\n  %s:\n    size: 4 KiB\n"
                           "    namespace: { private: { boundary: [%s] } }\n"
                           "    access: { read: [Users], write: [Administrators] }\n",
                           name, boundary);
}

/* Leaves the test where the system has no private namespaces, once it has seen that this is said. */
static void skip_without_namespaces(const test_broker *b, const char *name)
{
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    if (region_try(name, &options) != SHMB_REGION_FAILED)
        return;
    assert_contains(options.message, "this system has no private namespaces");
    assert_contains(options.message, "`namespace: global`");
    SKIP("this system has no private namespaces");
}

static void a_broker_outside_of_the_boundary_says_so(void **state)
{
    (void)state;
    const char *name = support_unique("Outside");
    test_broker *b = run_private(name, "Administrators, 'NT SERVICE\\NobodyAtAll'");
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try(name, &options), SHMB_REGION_FAILED);
    assert_contains(options.message, "the broker is not in the boundary itself");
    assert_contains(options.message, "S-1-5-80-");
    assert_contains(options.message, "namespace.private.boundary");
    process *status = broker_status(b, "");
    process_wait(status);
    assert_contains(process_output(status), "the broker is not in the boundary itself");
    broker_stop(b);
}

static void check_shows_the_boundary(void **state)
{
    (void)state;
    test_broker *b = broker_prepare("version: 1\nregions:\n  Hidden:\n    size: 4 KiB\n"
                                    "    namespace: { private: { boundary: [Users, Administrators] } }\n"
                                    "    access: { read: [Users] }\n");
    process *check = process_run("shmbroker.exe", "check \"%s\"", b->config);
    assert_int_equal(process_wait(check), 0);
    assert_contains(process_output(check), "  object   ShmBroker.Private.");
    assert_contains(process_output(check), "(S-1-5-32-544) and of ");
}

/* Under Wine this shows the refusal, elsewhere the region. */
static void members_of_the_boundary_attach_through_the_catalog(void **state)
{
    (void)state;
    const char *name = support_unique("Members");
    test_broker *b = run_private(name, "Administrators");
    skip_without_namespaces(b, name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE),
                *again = region_attach(b, name, SHMB_ACCESS_READ);
    assert_int_equal(shmb_region_flags(region), SHMB_FLAG_PRIVATE);
    memcpy(shmb_data(region), "private", 8);
    assert_string_equal(shmb_data(again), "private");
    assert_null(region_open_bare(name, FILE_MAP_READ)); /* nor is it in the global directory */
    shmb_detach(again);
    shmb_detach(region);
    broker_stop(b);
}

static void an_account_outside_of_the_boundary_is_refused_and_told_why(void **state)
{
    (void)state;
    const char *name = support_unique("Strangers");
    test_broker *b = run_private(name, "Administrators");
    skip_without_namespaces(b, name);
    process *stranger =
        process_start_as(account_ordinary(), "shmbroker-peer.exe", "attach %s %s read 0", b->instance, name);
    process_wait(stranger);
    assert_contains(process_output(stranger), support_text("refused %d", SHMB_ACCESS_DENIED));
    assert_contains(process_output(stranger), "only members of all of S-1-5-32-544 may");
    broker_stop(b);
}

/* The namespace went with the first broker; the second makes it again, and clients find the new object. */
static void the_next_broker_makes_the_namespace_again(void **state)
{
    (void)state;
    const char *name = support_unique("Again");
    test_broker *b = run_private(name, "Administrators");
    skip_without_namespaces(b, name);
    shmb_region *held = region_attach(b, name, SHMB_ACCESS_WRITE);
    broker_kill(b);
    broker_start(b);
    shmb_region *one = region_attach(b, name, SHMB_ACCESS_WRITE),
                *other = region_attach(b, name, SHMB_ACCESS_READ);
    memcpy(shmb_data(one), "new", 4);
    assert_string_equal(shmb_data(other), "new");
    shmb_detach(other);
    shmb_detach(one);
    shmb_detach(held);
    broker_stop(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(a_broker_outside_of_the_boundary_says_so),
        SYSTEM_TEST(check_shows_the_boundary),
        SYSTEM_TEST(members_of_the_boundary_attach_through_the_catalog),
        SYSTEM_TEST(an_account_outside_of_the_boundary_is_refused_and_told_why),
        SYSTEM_TEST(the_next_broker_makes_the_namespace_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
