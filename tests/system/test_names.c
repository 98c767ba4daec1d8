/* Names that somebody else has: that region is refused with the holder named, the others are served. */
#include "checks.h"

#include "account.h"
#include "region.h"

#include <string.h>

/* What holds the name while the test runs; closed by support_cleanup. */
static void undo_handle(void *handle)
{
    CloseHandle(handle);
}

static void keep(HANDLE object)
{
    assert_non_null(object);
    support_on_cleanup(undo_handle, object);
}

static wchar_t *object_name(const char *region)
{
    return support_wide(support_text("Global\\%s", region));
}

/* How this process is told as the one that has a name. */
static const char *held_by_this_test(void)
{
    return support_text("held by process %lu (test-system.names.exe)", GetCurrentProcessId());
}

/* Starts a broker with the squatted region and another, and checks that the one is failed for a reason that names
   `kind` and `owner`, and the other served. */
static void assert_refused(const char *squatted, const char *kind, const char *owner)
{
    const char *served = support_unique("Served");
    test_broker *b =
        broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n  %s: { size: 4 KiB }\n", squatted, served);
    assert_contains(broker_ready_line(b), "1 region of");
    assert_contains(broker_ready_line(b), "1 failed");

    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try(squatted, &options), SHMB_REGION_FAILED);
    assert_contains(options.message, kind);
    assert_contains(options.message, owner);
    if (strcmp(owner, "may not be seen") != 0)
        assert_contains(options.message, held_by_this_test());
    assert_int_equal(region_try(served, &options), SHMB_OK);

    process *status = broker_status(b, "");
    assert_int_equal(process_wait(status), 0);
    assert_contains(process_output(status), "failed");
    assert_contains(process_output(status), kind);
    broker_stop(b);
    assert_contains(process_errors(b->process), squatted);
}

/* With an owner that the creator chose: Wine gives none where no descriptor says one. */
static SECURITY_ATTRIBUTES open_to_everyone(void)
{
    const char *sddl = support_text("O:%sG:%sD:P(A;;GA;;;WD)", account_user_sid(), account_user_sid());
    return (SECURITY_ATTRIBUTES){sizeof(SECURITY_ATTRIBUTES), account_descriptor(sddl), FALSE};
}

static void a_name_taken_by_a_section_is_refused(void **state)
{
    (void)state;
    const char *name = support_unique("TakenBySection");
    SECURITY_ATTRIBUTES security = open_to_everyone();
    HANDLE section =
        CreateFileMappingW(INVALID_HANDLE_VALUE, &security, PAGE_READWRITE, 0, 4096, object_name(name));
    keep(section);
    char *view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    memcpy(view, "mine", 5);
    assert_refused(name, "file mapping", account_user_sid());
    assert_string_equal(view, "mine");
    UnmapViewOfFile(view);
}

static void a_name_taken_by_a_larger_section_is_refused(void **state)
{
    (void)state;
    const char *name = support_unique("TakenByLarger");
    SECURITY_ATTRIBUTES security = open_to_everyone();
    keep(CreateFileMappingW(INVALID_HANDLE_VALUE, &security, PAGE_READWRITE, 0, 1 << 20, object_name(name)));
    assert_refused(name, "file mapping", account_user_sid());
}

static void a_name_taken_by_an_event_is_refused(void **state)
{
    (void)state;
    const char *name = support_unique("TakenByEvent");
    SECURITY_ATTRIBUTES security = open_to_everyone();
    keep(CreateEventW(&security, TRUE, FALSE, object_name(name)));
    assert_refused(name, "event", account_user_sid());
}

static void a_name_taken_by_a_mutex_is_refused(void **state)
{
    (void)state;
    const char *name = support_unique("TakenByMutex");
    SECURITY_ATTRIBUTES security = open_to_everyone();
    keep(CreateMutexW(&security, FALSE, object_name(name)));
    assert_refused(name, "mutex", account_user_sid());
}

static void a_name_taken_by_a_semaphore_is_refused(void **state)
{
    (void)state;
    const char *name = support_unique("TakenBySemaphore");
    SECURITY_ATTRIBUTES security = open_to_everyone();
    keep(CreateSemaphoreW(&security, 0, 1, object_name(name)));
    assert_refused(name, "semaphore", account_user_sid());
}

static void a_name_taken_by_a_section_that_lets_nobody_in_is_refused(void **state)
{
    (void)state;
    const char *name = support_unique("TakenTightly");
    /* Owned by SYSTEM where this process may give away: else its own rights as owner would show the owner. */
    bool give = account_may_give_away();
    const char *owner = give ? "S-1-5-18" : account_user_sid();
    const char *sddl = support_text("O:%sG:%sD:P(D;;GA;;;WD)", owner, owner);
    SECURITY_ATTRIBUTES tight = {sizeof tight, account_descriptor(sddl), FALSE};
    keep(CreateFileMappingW(INVALID_HANDLE_VALUE, &tight, PAGE_READWRITE, 0, 4096, object_name(name)));
    assert_refused(name, "file mapping", give ? "may not be seen" : owner);
}

static void a_section_that_only_looks_like_the_brokers_is_refused(void **state)
{
    (void)state;
    const char *name = support_unique("Forged");
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    const char *broker_sid = account_service_sid(support_text("ShmBroker$%s", b->instance));
    /* The rights are right, but one more account may write. */
    const char *sddl = support_text("O:%sG:%sD:P(A;;0xF001F;;;%s)(A;;0x20007;;;BA)(A;;0x20007;;;BU)",
                                    account_owner_sid(), account_owner_sid(), broker_sid);
    SECURITY_ATTRIBUTES security = {sizeof security, account_descriptor(sddl), FALSE};
    keep(CreateFileMappingW(INVALID_HANDLE_VALUE, &security, PAGE_READWRITE, 0, 4096, object_name(name)));
    broker_start(b);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    /* Only the broker's own account can make such a one, so that it is awaited like an earlier broker's; never shared. */
    assert_int_equal(region_try(name, &options), SHMB_TIMED_OUT);
}

static void a_catalogs_name_taken_by_another_program_keeps_the_broker_from_starting(void **state)
{
    (void)state;
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 1 }\n", support_unique("X"));
    SECURITY_ATTRIBUTES security = open_to_everyone();
    keep(CreateFileMappingW(INVALID_HANDLE_VALUE, &security, PAGE_READWRITE, 0, 4096,
                            object_name(support_text("ShmBroker.Catalog.%s", b->instance))));
    process *broker =
        process_run("shmbroker.exe", "run --config \"%s\" --instance %s", b->config, b->instance);
    assert_int_equal(process_wait(broker), 1);
    assert_contains(process_errors(broker), support_text("ShmBroker.Catalog.%s", b->instance));
    assert_contains(process_errors(broker), account_user_sid());
    assert_contains(process_errors(broker), held_by_this_test());
    assert_lacks(process_output(broker), "ready");
}

static void a_second_broker_of_the_same_instance_is_refused(void **state)
{
    (void)state;
    const char *name = support_unique("First");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 1 }\n", name);
    process *second =
        process_run("shmbroker.exe", "run --config \"%s\" --instance %s", b->config, b->instance);
    assert_int_equal(process_wait(second), 1);
    assert_contains(process_errors(second), "another broker of this instance is running");
    assert_contains(process_errors(second),
                    support_text("held by process %lu (shmbroker.exe)", process_id(b->process)));
    shmb_detach(region_attach(b, name, SHMB_ACCESS_READ));
    broker_stop(b);
}

static void brokers_of_two_instances_serve_side_by_side(void **state)
{
    (void)state;
    const char *left = support_unique("Left"), *right = support_unique("Right");
    test_broker *first = broker_run_with(BROKER_HEAD "  %s: { size: 1 }\n", left);
    test_broker *second = broker_run_with(BROKER_HEAD "  %s: { size: 1 }\n", right);
    shmb_attach_options options = region_options(first, SHMB_ACCESS_READ);
    assert_int_equal(region_try(left, &options), SHMB_OK);
    assert_int_equal(region_try(right, &options), SHMB_NOT_DECLARED);
    options.instance = second->instance;
    assert_int_equal(region_try(right, &options), SHMB_OK);
    broker_stop(first);
    assert_int_equal(region_try(right, &options), SHMB_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(a_name_taken_by_a_section_is_refused),
        SYSTEM_TEST(a_name_taken_by_a_larger_section_is_refused),
        SYSTEM_TEST(a_name_taken_by_an_event_is_refused),
        SYSTEM_TEST(a_name_taken_by_a_mutex_is_refused),
        SYSTEM_TEST(a_name_taken_by_a_semaphore_is_refused),
        SYSTEM_TEST(a_name_taken_by_a_section_that_lets_nobody_in_is_refused),
        SYSTEM_TEST(a_section_that_only_looks_like_the_brokers_is_refused),
        SYSTEM_TEST(a_catalogs_name_taken_by_another_program_keeps_the_broker_from_starting),
        SYSTEM_TEST(a_second_broker_of_the_same_instance_is_refused),
        SYSTEM_TEST(brokers_of_two_instances_serve_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
