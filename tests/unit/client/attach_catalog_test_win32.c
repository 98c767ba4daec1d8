/* shmb_attach and the catalog: which one it opens, which ones it refuses, and one that grows. */
#include "attach_testing_win32.h"

#include <process.h>
#include <stdio.h>

#define ATTACHES 1000

static void a_catalog_of_another_layout_is_incompatible(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    fake_broker_header(&broker)->layout_version = SHMB_CATALOG_VERSION + 1;
    attach("Data", SHMB_ACCESS_READ, SHMB_INCOMPATIBLE);
    fake_broker_header(&broker)->layout_version = SHMB_CATALOG_VERSION;
    shmb_detach(attach("Data", SHMB_ACCESS_READ, SHMB_OK));
}

static void a_damaged_catalog_is_corrupt(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    shmb_catalog_header *header = fake_broker_header(&broker);
    header->magic ^= 1;
    attach("Data", SHMB_ACCESS_READ, SHMB_CORRUPT);
    header->magic ^= 1;
    uint64_t index = header->index_offset;
    header->index_offset = index + 1;
    attach("Data", SHMB_ACCESS_READ, SHMB_CORRUPT);
    header->index_offset = index;
    shmb_detach(attach("Data", SHMB_ACCESS_READ, SHMB_OK));
}

/* The claimed bytes are reserved, not committed: reading there would be an access violation. */
static void a_catalog_that_claims_memory_it_lacks_crashes_nobody(void **state)
{
    (void)state;
    shmb_catalog_header *header = fake_broker_header(&broker);
    header->committed_bytes = header->reserved_bytes;
    header->index_offset = header->reserved_bytes - 8192;
    attach("Data", SHMB_ACCESS_READ, SHMB_CORRUPT);
    header->committed_bytes = UINT64_C(1) << 40;
    header->reserved_bytes = UINT64_C(1) << 40;
    attach("Data", SHMB_ACCESS_READ, SHMB_CORRUPT);
}

static void a_catalog_of_a_stranger_is_not_trusted(void **state)
{
    char name[80];
    (void)state;
    snprintf(name, sizeof name, "Global\\ShmBroker.Catalog.%s-x", instance);
    HANDLE squatter = fake_section(name, "O:S-1-5-21-1-2-3-1001D:P(A;;0x20005;;;WD)", 65536, 0);
    if (squatter == NULL) /* Windows lets nobody give objects away without SeRestorePrivilege */
        skip();
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    char other[48];
    snprintf(other, sizeof other, "%s-x", instance);
    options.instance = other;
    attach_with("Data", &options, SHMB_UNTRUSTED);
    assert_message_has("S-1-5-21-1-2-3-1001");
    CloseHandle(squatter);
}

static void a_name_taken_by_another_kind_of_object_is_explained(void **state)
{
    char name[96], other[48];
    (void)state;
    snprintf(other, sizeof other, "%s-e", instance);
    snprintf(name, sizeof name, "Global\\ShmBroker.Catalog.%s", other);
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, name);
    assert_non_null(event);
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    options.instance = other;
    attach_with("Data", &options, SHMB_SYSTEM_ERROR);
    assert_message_has("another program has an object of that name");
    CloseHandle(event);
}

static void the_environment_names_the_instance(void **state)
{
    (void)state;
    shmb_region *region = NULL;
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    fake_broker_create(&broker, "Data", 4096, NULL);
    SetEnvironmentVariableA("SHMBROKER_INSTANCE", instance);
    assert_int_equal(shmb_attach("Data", NULL, &region), SHMB_OK);
    shmb_detach(region);
    options.instance = "";
    attach_with("Data", &options, SHMB_NO_BROKER);

    options.instance = NULL;
    SetEnvironmentVariableA("SHMBROKER_INSTANCE", "no\\such");
    attach_with("Data", &options, SHMB_INVALID_ARGUMENT);
    SetEnvironmentVariableA("SHMBROKER_INSTANCE",
                            "an-instance-whose-name-is-far-longer-than-forty-characters");
    attach_with("Data", &options, SHMB_INVALID_ARGUMENT);
    SetEnvironmentVariableA("SHMBROKER_INSTANCE", NULL);
}

static void more_instances_than_are_kept_open_all_work(void **state)
{
    static fake_broker brokers[20];
    char name[41];
    (void)state;
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "%s-%d", instance, i);
        fake_broker_start(&brokers[i], name, SHMB_BROKER_RUNNING);
        fake_broker_create(&brokers[i], "Data", 4096 + (uint64_t)i, NULL);
    }
    for (int i = 0; i < 60; i++) {
        shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
        options.instance = brokers[i % 20].instance;
        shmb_region *region = attach_with("Data", &options, SHMB_OK);
        assert_int_equal(shmb_size(region), 4096 + i % 20);
        shmb_detach(region);
    }
    for (int i = 0; i < 20; i++)
        fake_broker_kill(&brokers[i]);
}

/* More regions than the first commitment holds, after the catalog has been mapped. */
static void a_catalog_that_has_grown_is_mapped_again(void **state)
{
    char name[32];
    (void)state;
    attach("Region 0", SHMB_ACCESS_READ, SHMB_NOT_DECLARED);
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "Region %d", i);
        fake_broker_publish(&broker, name, SHMB_REGION_BROKEN, 1, name);
    }
    for (int i = 0; i < 3000; i += 500) {
        snprintf(name, sizeof name, "Region %d", i);
        attach(name, SHMB_ACCESS_READ, SHMB_REGION_FAILED);
        assert_message_has(name);
    }
}

static volatile LONG failures, finished;

static unsigned __stdcall attach_often(void *argument)
{
    (void)argument;
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    options.message = NULL; /* each thread would need one of its own */
    options.message_size = 0;
    for (int i = 0; i < ATTACHES; i++) {
        shmb_region *region = NULL;
        if (shmb_attach("Data", &options, &region) != SHMB_OK ||
            *(volatile uint32_t *)shmb_data(region) != 42)
            InterlockedIncrement(&failures);
        shmb_detach(region);
    }
    InterlockedIncrement(&finished);
    return 0;
}

static void threads_attach_while_the_catalog_grows(void **state)
{
    HANDLE threads[4];
    char name[32];
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    shmb_region *writer = attach("Data", SHMB_ACCESS_WRITE, SHMB_OK);
    *(volatile uint32_t *)shmb_data(writer) = 42;
    failures = finished = 0;
    for (int i = 0; i < 4; i++) {
        threads[i] = (HANDLE)_beginthreadex(NULL, 0, attach_often, NULL, 0, NULL);
        assert_non_null(threads[i]);
    }
    for (int i = 0; finished < 4 && i < 20000; i++) {
        snprintf(name, sizeof name, "Region %d", i);
        fake_broker_publish(&broker, name, SHMB_REGION_BROKEN, 1, "a reason to take some space");
        fake_broker_republish(&broker, "Data", 4096);
        fake_broker_beat(&broker, 0);
        if (i % 8 == 0)
            Sleep(1);
    }
    assert_int_equal(WaitForMultipleObjects(4, threads, TRUE, 60000), WAIT_OBJECT_0);
    for (int i = 0; i < 4; i++)
        CloseHandle(threads[i]);
    assert_int_equal(failures, 0);
    shmb_detach(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_catalog_of_another_layout_is_incompatible),
        TEST(a_damaged_catalog_is_corrupt),
        TEST(a_catalog_that_claims_memory_it_lacks_crashes_nobody),
        TEST(a_catalog_of_a_stranger_is_not_trusted),
        TEST(a_name_taken_by_another_kind_of_object_is_explained),
        TEST(the_environment_names_the_instance),
        TEST(more_instances_than_are_kept_open_all_work),
        TEST(a_catalog_that_has_grown_is_mapped_again),
        TEST(threads_attach_while_the_catalog_grows),
    };
    return cmocka_run_group_tests_name("client.attach_catalog", tests, NULL, NULL);
}
