/* shmb_attach and its kin, against a broker in this process (fake_broker_win32.h). */
#include "fake_broker_win32.h"
#include "shmb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <process.h>
#include <stdio.h>
#include <string.h>

#define READ_ONLY_SDDL "D:P(A;;0x20005;;;WD)"
#define ATTACHES       1000

static fake_broker broker;
static char instance[41];
static char message[1024];

/* Each test has an instance of its own. */
static int start(void **state)
{
    static uint32_t count;
    (void)state;
    snprintf(instance, sizeof instance, "attach-%lu-%u", GetCurrentProcessId(), ++count);
    fake_broker_start(&broker, instance, SHMB_BROKER_RUNNING);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    if (broker.section != NULL)
        fake_broker_kill(&broker);
    return 0;
}

static shmb_attach_options plain_options(uint32_t access)
{
    shmb_attach_options options = {.struct_size = sizeof options,
                                   .access = access,
                                   .instance = instance,
                                   .message = message,
                                   .message_size = sizeof message};
    return options;
}

/* Attaches with `options`; prints the message when the status is another than expected. */
static shmb_region *attach_with(const char *name, const shmb_attach_options *options, shmb_status expected)
{
    shmb_region *region = (shmb_region *)(uintptr_t)1;
    shmb_status status = shmb_attach(name, options, &region);
    if (status != expected)
        print_error("\"%s\": status %d (%s), expected %d\n", name, (int)status, message, (int)expected);
    assert_int_equal(status, expected);
    if (status == SHMB_OK) {
        assert_non_null(region);
        assert_string_equal(message, "");
    } else {
        assert_null(region);
        assert_true(message[0] != '\0');
    }
    return region;
}

static shmb_region *attach(const char *name, uint32_t access, shmb_status expected)
{
    shmb_attach_options options = plain_options(access);
    return attach_with(name, &options, expected);
}

static void assert_message_has(const char *part)
{
    if (strstr(message, part) == NULL)
        fail_msg("\"%s\" is not in the message: %s", part, message);
}

static DWORD protection_of(const shmb_region *region)
{
    MEMORY_BASIC_INFORMATION memory;
    assert_int_equal(VirtualQuery(shmb_data(region), &memory, sizeof memory), sizeof memory);
    return memory.Protect;
}

static DWORD handle_count(void)
{
    DWORD count;
    assert_true(GetProcessHandleCount(GetCurrentProcess(), &count));
    return count;
}

static void what_a_writer_writes_is_what_a_reader_reads(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 100000, NULL);
    shmb_region *writer = attach("Data", SHMB_ACCESS_WRITE, SHMB_OK);
    shmb_region *reader = attach("Data", SHMB_ACCESS_READ, SHMB_OK);
    assert_int_equal(shmb_size(reader), 100000);
    assert_int_equal(shmb_region_size(reader), 100000);
    memset(shmb_data(writer), 0x5A, 100000);
    assert_int_equal(((uint8_t *)shmb_data(reader))[0], 0x5A);
    assert_int_equal(((uint8_t *)shmb_data(reader))[99999], 0x5A);
    assert_int_equal(protection_of(reader), PAGE_READONLY);
    assert_int_equal(protection_of(writer), PAGE_READWRITE);
    shmb_detach(reader);
    shmb_detach(writer);
}

static void a_reader_s_handle_cannot_be_mapped_for_writing(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    const DWORD denied = ERROR_ACCESS_DENIED;
    shmb_region *reader = attach("Data", SHMB_ACCESS_READ, SHMB_OK);
    assert_null(MapViewOfFile(shmb_handle(reader), FILE_MAP_WRITE, 0, 0, 0));
    assert_int_equal(GetLastError(), denied);
    shmb_detach(reader);
}

static void a_view_begins_at_any_byte(void **state)
{
    static const uint64_t offsets[] = {0, 1, 4095, 4096, 65535, 65536, 65537, 200000, 299999};
    (void)state;
    fake_broker_create(&broker, "Data", 300000, NULL);
    shmb_region *whole = attach("Data", SHMB_ACCESS_WRITE, SHMB_OK);
    uint8_t *bytes = shmb_data(whole);
    for (uint32_t i = 0; i < 300000; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
        options.offset = offsets[i];
        shmb_region *view = attach_with("Data", &options, SHMB_OK);
        assert_int_equal(shmb_size(view), 300000 - offsets[i]);
        assert_int_equal(shmb_region_size(view), 300000);
        assert_memory_equal(shmb_data(view), bytes + offsets[i], (size_t)(300000 - offsets[i]));
        shmb_detach(view);
    }
    shmb_detach(whole);
}

static void a_view_has_the_length_asked_for(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 300000, NULL);
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    options.offset = 70000;
    options.length = 10;
    shmb_region *view = attach_with("Data", &options, SHMB_OK);
    assert_int_equal(shmb_size(view), 10);
    shmb_detach(view);
}

static void a_range_outside_the_region_is_refused(void **state)
{
    static const struct {
        uint64_t offset, length;
    } ranges[] = {{4096, 0}, {4097, 0},       {UINT64_MAX, 0}, {0, 4097},
                  {4095, 2}, {1, UINT64_MAX}, {UINT64_MAX, 2}};
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
        options.offset = ranges[i].offset;
        options.length = ranges[i].length;
        attach_with("Data", &options, SHMB_BAD_RANGE);
        assert_message_has("which has 4096 bytes");
    }
}

static void several_views_live_side_by_side(void **state)
{
    (void)state;
    shmb_region *views[8];
    fake_broker_create(&broker, "Data", 4096, NULL);
    for (int i = 0; i < 8; i++)
        views[i] = attach("Data", SHMB_ACCESS_WRITE, SHMB_OK);
    *(volatile uint32_t *)shmb_data(views[0]) = 42;
    for (int i = 7; i > 0; i--) {
        assert_int_equal(*(volatile uint32_t *)shmb_data(views[i]), 42);
        shmb_detach(views[i]);
    }
    assert_int_equal(*(volatile uint32_t *)shmb_data(views[0]), 42);
    shmb_detach(views[0]);
}

static void nothing_is_leaked(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    shmb_detach(attach("Data", SHMB_ACCESS_READ, SHMB_OK));
    attach("Other", SHMB_ACCESS_READ, SHMB_NOT_DECLARED);
    DWORD before = handle_count();
    for (int i = 0; i < 100; i++) {
        shmb_detach(attach("Data", SHMB_ACCESS_WRITE, SHMB_OK));
        attach("Other", SHMB_ACCESS_READ, SHMB_NOT_DECLARED);
        shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
        options.offset = 5000;
        attach_with("Data", &options, SHMB_BAD_RANGE);
    }
    assert_int_equal(handle_count(), before);
}

static void a_reader_who_asks_to_write_is_denied(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, READ_ONLY_SDDL);
    shmb_detach(attach("Data", SHMB_ACCESS_READ, SHMB_OK));
    attach("Data", SHMB_ACCESS_WRITE, SHMB_ACCESS_DENIED);
    assert_message_has("may not write");
    assert_message_has("error 5: Access");
}

static void an_unknown_region_is_not_declared(void **state)
{
    (void)state;
    attach("Data", SHMB_ACCESS_READ, SHMB_NOT_DECLARED);
    assert_message_has("declares no such region");
    fake_broker_publish(&broker, "Data", SHMB_REGION_RETIRED, 0, NULL);
    attach("Data", SHMB_ACCESS_READ, SHMB_NOT_DECLARED);
    assert_message_has("no longer declares");
}

static void a_broken_region_tells_the_broker_s_reason(void **state)
{
    (void)state;
    fake_broker_publish(&broker, "Data", SHMB_REGION_BROKEN, 4096,
                        "the name is taken by an event of S-1-5-18");
    attach("Data", SHMB_ACCESS_READ, SHMB_REGION_FAILED);
    assert_message_has("the name is taken by an event of S-1-5-18");
}

static void a_pending_region_is_not_ready_in_time(void **state)
{
    (void)state;
    fake_broker_publish(&broker, "Data", SHMB_REGION_PENDING, 4096, NULL);
    attach("Data", SHMB_ACCESS_READ, SHMB_TIMED_OUT);
    assert_message_has("has not created the region yet");
}

static void a_starting_broker_is_not_ready_in_time(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    catalog_set_state(&broker.writer, SHMB_BROKER_STARTING);
    attach("Data", SHMB_ACCESS_READ, SHMB_TIMED_OUT);
    assert_message_has("starting");
    fake_broker_header(&broker)->magic = 0;
    attach("Data", SHMB_ACCESS_READ, SHMB_TIMED_OUT);
    assert_message_has("starting");
}

static void a_stopped_broker_is_no_broker_until_it_is_back(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    shmb_detach(attach("Data", SHMB_ACCESS_READ, SHMB_OK));
    catalog_set_state(&broker.writer, SHMB_BROKER_STOPPING);
    attach("Data", SHMB_ACCESS_READ, SHMB_NO_BROKER);
    assert_message_has("is stopping");
    catalog_set_state(&broker.writer, SHMB_BROKER_STOPPED);
    attach("Data", SHMB_ACCESS_READ, SHMB_NO_BROKER);
    assert_message_has("has stopped");
    fake_broker_kill(&broker);
    attach("Data", SHMB_ACCESS_READ, SHMB_NO_BROKER);
    assert_message_has("no broker of the instance attach-");

    fake_broker_start(&broker, instance, SHMB_BROKER_RUNNING);
    fake_broker_create(&broker, "Data", 8192, NULL);
    shmb_region *region = attach("Data", SHMB_ACCESS_READ, SHMB_OK);
    assert_int_equal(shmb_size(region), 8192);
    shmb_detach(region);
}

static void a_killed_broker_s_data_stays_and_its_successor_is_found(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    shmb_region *old = attach("Data", SHMB_ACCESS_WRITE, SHMB_OK);
    *(volatile uint32_t *)shmb_data(old) = 42;
    fake_broker_kill(&broker);
    assert_int_equal(*(volatile uint32_t *)shmb_data(old), 42);

    fake_broker_start(&broker, instance, SHMB_BROKER_RUNNING);
    assert_true(fake_broker_header(&broker)->epoch >= 2); /* we kept the catalog alive: it was taken over */
    attach("Data", SHMB_ACCESS_READ, SHMB_NOT_DECLARED);
    fake_broker_create(&broker, "Data", 4096, NULL);
    shmb_region *fresh = attach("Data", SHMB_ACCESS_READ, SHMB_OK);
    assert_int_equal(*(volatile uint32_t *)shmb_data(fresh), 42);
    shmb_detach(fresh);
    shmb_detach(old);
}

static void a_broker_whose_heart_has_stopped_is_no_broker(void **state)
{
    static const double beats[] = {6, 3600, -6, -1e6};
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    for (size_t i = 0; i < sizeof beats / sizeof beats[0]; i++) {
        fake_broker_beat(&broker, beats[i]);
        attach("Data", SHMB_ACCESS_READ, SHMB_NO_BROKER);
        assert_message_has("no sign of life");
    }
    fake_broker_beat(&broker, 4);
    shmb_detach(attach("Data", SHMB_ACCESS_READ, SHMB_OK));
    fake_broker_header(&broker)->heartbeat_period = 1000; /* patience of ten periods */
    fake_broker_beat(&broker, 8);
    shmb_detach(attach("Data", SHMB_ACCESS_READ, SHMB_OK));
}

static void a_published_region_without_a_section_is_explained(void **state)
{
    (void)state;
    fake_broker_publish(&broker, "Data", SHMB_REGION_READY, 4096, NULL);
    attach("Data", SHMB_ACCESS_READ, SHMB_SYSTEM_ERROR);
    assert_message_has("although the broker has published it");
    fake_broker_header(&broker)->broker_pid = 0xFFFFFFFC;
    attach("Data", SHMB_ACCESS_READ, SHMB_NO_BROKER);
    assert_message_has("process is gone");
}

static void a_section_smaller_than_published_is_refused(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    fake_broker_publish(&broker, "Data", SHMB_REGION_READY, 1 << 20, NULL);
    attach("Data", SHMB_ACCESS_READ, SHMB_SYSTEM_ERROR);
    assert_message_has("smaller");
}

static void a_catalog_of_another_layout_is_incompatible(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    fake_broker_header(&broker)->layout_version = 2;
    attach("Data", SHMB_ACCESS_READ, SHMB_INCOMPATIBLE);
    fake_broker_header(&broker)->layout_version = 1;
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

static unsigned __stdcall publish_later(void *argument)
{
    (void)argument;
    Sleep(150);
    fake_broker_create(&broker, "Data", 4096, NULL);
    return 0;
}

static void a_waiting_client_gets_the_region_when_it_appears(void **state)
{
    (void)state;
    HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, publish_later, NULL, 0, NULL);
    assert_non_null(thread);
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    options.timeout_ms = 20000;
    ULONGLONG begin = GetTickCount64();
    shmb_detach(attach_with("Data", &options, SHMB_OK));
    assert_in_range(GetTickCount64() - begin, 100, 10000);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

static unsigned __stdcall start_later(void *argument)
{
    (void)argument;
    Sleep(150);
    fake_broker_start(&broker, instance, SHMB_BROKER_STARTING);
    Sleep(100);
    fake_broker_create(&broker, "Data", 4096, NULL);
    catalog_set_state(&broker.writer, SHMB_BROKER_RUNNING);
    return 0;
}

static void a_waiting_client_gets_the_region_when_the_broker_starts(void **state)
{
    (void)state;
    fake_broker_kill(&broker);
    HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, start_later, NULL, 0, NULL);
    assert_non_null(thread);
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    options.timeout_ms = SHMB_INFINITE;
    shmb_detach(attach_with("Data", &options, SHMB_OK));
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

static void waiting_ends_and_says_what_was_waited_for(void **state)
{
    (void)state;
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    options.timeout_ms = 200;
    ULONGLONG begin = GetTickCount64();
    attach_with("Data", &options, SHMB_TIMED_OUT);
    assert_in_range(GetTickCount64() - begin, 190, 5000);
    assert_message_has("declares no such region");
    assert_message_has("(waited 200 ms)");
    catalog_set_state(&broker.writer, SHMB_BROKER_STOPPED);
    fake_broker_kill(&broker);
    attach_with("Data", &options, SHMB_TIMED_OUT);
    assert_message_has("no broker of the instance");
}

static void what_waiting_cannot_help_is_reported_at_once(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, READ_ONLY_SDDL);
    shmb_attach_options options = plain_options(SHMB_ACCESS_WRITE);
    options.timeout_ms = SHMB_INFINITE;
    attach_with("Data", &options, SHMB_ACCESS_DENIED);
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

static void a_handle_is_enough_for_a_view(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 100000, NULL);
    shmb_region *named = attach("Data", SHMB_ACCESS_WRITE, SHMB_OK);
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    options.offset = 70001;
    shmb_region *region = NULL;
    assert_int_equal(shmb_attach_handle(shmb_handle(named), 100000, &options, &region), SHMB_OK);
    ((uint8_t *)shmb_data(named))[70001] = 9;
    shmb_detach(named); /* the region has a handle and a view of its own */
    assert_int_equal(*(uint8_t *)shmb_data(region), 9);
    assert_int_equal(shmb_size(region), 29999);
    assert_int_equal(protection_of(region), PAGE_READONLY);
    shmb_detach(region);
}

static void a_handle_gives_no_more_than_it_has(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, READ_ONLY_SDDL);
    shmb_region *reader = attach("Data", SHMB_ACCESS_READ, SHMB_OK), *writer = NULL;
    shmb_attach_options options = plain_options(SHMB_ACCESS_WRITE);
    assert_int_equal(shmb_attach_handle(shmb_handle(reader), 4096, &options, &writer), SHMB_ACCESS_DENIED);
    assert_null(writer);
    assert_message_has("cannot be duplicated for writing");
    shmb_detach(reader);
}

static void what_is_no_section_s_handle_is_refused(void **state)
{
    (void)state;
    shmb_region *region = NULL;
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    assert_int_equal(shmb_attach_handle(NULL, 4096, &options, &region), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_attach_handle(INVALID_HANDLE_VALUE, 4096, &options, &region),
                     SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_attach_handle((HANDLE)(uintptr_t)0xABCDE0, 4096, &options, &region),
                     SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_attach_handle(event, 0, &options, &region), SHMB_INVALID_ARGUMENT);
    assert_true(shmb_attach_handle(event, 4096, &options, &region) != SHMB_OK);
    assert_null(region);
    assert_true(message[0] != '\0');
    CloseHandle(event);
}

/* ---- Threads
 * --------------------------------------------------------------------------------------------------- */

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
        fake_broker_publish(&broker, "Data", SHMB_REGION_READY, 4096, NULL);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_writer_writes_is_what_a_reader_reads),
        TEST(a_reader_s_handle_cannot_be_mapped_for_writing),
        TEST(a_view_begins_at_any_byte),
        TEST(a_view_has_the_length_asked_for),
        TEST(a_range_outside_the_region_is_refused),
        TEST(several_views_live_side_by_side),
        TEST(nothing_is_leaked),
        TEST(a_reader_who_asks_to_write_is_denied),
        TEST(an_unknown_region_is_not_declared),
        TEST(a_broken_region_tells_the_broker_s_reason),
        TEST(a_pending_region_is_not_ready_in_time),
        TEST(a_starting_broker_is_not_ready_in_time),
        TEST(a_stopped_broker_is_no_broker_until_it_is_back),
        TEST(a_killed_broker_s_data_stays_and_its_successor_is_found),
        TEST(a_broker_whose_heart_has_stopped_is_no_broker),
        TEST(a_published_region_without_a_section_is_explained),
        TEST(a_section_smaller_than_published_is_refused),
        TEST(a_catalog_of_another_layout_is_incompatible),
        TEST(a_damaged_catalog_is_corrupt),
        TEST(a_catalog_that_claims_memory_it_lacks_crashes_nobody),
        TEST(a_catalog_of_a_stranger_is_not_trusted),
        TEST(a_name_taken_by_another_kind_of_object_is_explained),
        TEST(a_catalog_that_has_grown_is_mapped_again),
        TEST(a_waiting_client_gets_the_region_when_it_appears),
        TEST(a_waiting_client_gets_the_region_when_the_broker_starts),
        TEST(waiting_ends_and_says_what_was_waited_for),
        TEST(what_waiting_cannot_help_is_reported_at_once),
        TEST(the_environment_names_the_instance),
        TEST(more_instances_than_are_kept_open_all_work),
        TEST(a_handle_is_enough_for_a_view),
        TEST(a_handle_gives_no_more_than_it_has),
        TEST(what_is_no_section_s_handle_is_refused),
        TEST(threads_attach_while_the_catalog_grows),
    };
    return cmocka_run_group_tests_name("client.attach", tests, NULL, NULL);
}
