/* Attaching: what programs see of regions, through the library and through bare Win32 calls, and what they are told
   when there is nothing to see. */
#include "checks.h"

#include "account.h"
#include "region.h"
#include "shmb_layout.h"

#include <stdlib.h>
#include <string.h>

/* ---- Seeing the same bytes ------------------------------------------------------------------------------------- */

static void two_processes_see_each_others_writes(void **state)
{
    (void)state;
    const char *name = support_unique("Telemetry");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 64 KiB }\n", name);
    shmb_region *here = region_attach(b, name, SHMB_ACCESS_WRITE);
    process *there = process_start("shmbroker-peer.exe", "attach %s %s write 0 put 100 there hold get 0",
                                   b->instance, name);
    process_wait_line(there, "holding");
    assert_string_equal((char *)shmb_data(here) + 100, "there");
    memcpy(shmb_data(here), "here", sizeof "here");
    process_close_input(there);
    assert_int_equal(process_wait(there), 0);
    assert_contains(process_output(there), "got here\n");
    shmb_detach(here);
    broker_stop(b);
}

static void bare_win32_calls_see_the_same_bytes_from_offset_0(void **state)
{
    (void)state;
    const char *name = support_unique("Bare");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 64 KiB }\n", name);
    shmb_region *here = region_attach(b, name, SHMB_ACCESS_WRITE);
    memcpy(shmb_data(here), "library", sizeof "library");
    process *there =
        process_start("shmbroker-peer.exe", "open Global\\%s write 65536 get 0 put 65530 bare", name);
    assert_int_equal(process_wait(there), 0);
    assert_contains(process_output(there), "got library\n");
    assert_string_equal((char *)shmb_data(here) + 65530, "bare");
    shmb_detach(here);
}

static void a_region_with_a_name_beyond_ascii_is_found(void **state)
{
    (void)state;
    const char *name = support_unique("\xC3\x9C"
                                      "berdruck $x$ \xE6\xB8\xA9\xE5\xBA\xA6");
    test_broker *b = broker_run_with(BROKER_HEAD "  '%s': { size: 10 }\n", name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    memcpy(shmb_data(region), "bytes", 6);
    HANDLE section = region_open_bare(name, FILE_MAP_READ);
    assert_non_null(section);
    const char *view = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 10);
    assert_string_equal(view, "bytes");
    UnmapViewOfFile(view);
    CloseHandle(section);
    shmb_detach(region);
}

static void a_region_of_unaligned_size_has_exactly_the_declared_bytes(void **state)
{
    (void)state;
    const char *name = support_unique("Odd"), *single = support_unique("Single");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 100001 }\n  %s: { size: 1 }\n", name, single);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    assert_int_equal(shmb_size(region), 100001);
    assert_int_equal(shmb_region_size(region), 100001);
    ((char *)shmb_data(region))[100000] = 'x';
    shmb_attach_options last = region_options(b, SHMB_ACCESS_READ);
    last.offset = 100000;
    shmb_region *tail;
    assert_int_equal(shmb_attach(name, &last, &tail), SHMB_OK);
    assert_int_equal(shmb_size(tail), 1);
    assert_int_equal(*(char *)shmb_data(tail), 'x');
    shmb_detach(tail);
    shmb_detach(region);
    region = region_attach(b, single, SHMB_ACCESS_READ);
    assert_int_equal(shmb_size(region), 1);
    shmb_detach(region);
}

static void views_at_odd_offsets_show_the_right_bytes(void **state)
{
    (void)state;
    const uint64_t size = 300000;
    const uint64_t starts[] = {0, 1, 65535, 65536, 65537, 131071, 200000, 299999};
    const char *name = support_unique("Parts");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: %u }\n", name, (unsigned)size);
    shmb_region *whole = region_attach(b, name, SHMB_ACCESS_WRITE);
    uint8_t *bytes = shmb_data(whole);
    for (uint64_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 31 % 251);
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        shmb_region *part;
        shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
        options.offset = starts[i];
        options.length = size - starts[i] < 70000 ? size - starts[i] : 70000;
        assert_int_equal(shmb_attach(name, &options, &part), SHMB_OK);
        assert_int_equal(shmb_size(part), options.length);
        assert_int_equal(shmb_region_size(part), size);
        assert_memory_equal(shmb_data(part), bytes + starts[i], options.length);
        shmb_detach(part);
    }
    shmb_detach(whole);
}

static void several_views_in_one_process_share_the_bytes_and_end_one_by_one(void **state)
{
    (void)state;
    const char *name = support_unique("Views");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 8 KiB }\n", name);
    shmb_region *writer = region_attach(b, name, SHMB_ACCESS_WRITE);
    shmb_region *first = region_attach(b, name, SHMB_ACCESS_READ);
    shmb_region *second = region_attach(b, name, SHMB_ACCESS_READ);
    memcpy(shmb_data(writer), "one", 4);
    assert_string_equal(shmb_data(first), "one");
    shmb_detach(first);
    memcpy(shmb_data(writer), "two", 4);
    assert_string_equal(shmb_data(second), "two");
    shmb_detach(writer);
    assert_string_equal(shmb_data(second), "two");
    shmb_detach(second);
}

/* ---- Threads --------------------------------------------------------------------------------------------------- */

#define THREADS 8u
#define ROUNDS  200u

typedef struct thread_work {
    const test_broker *broker;
    const char *name;
    unsigned number;
    unsigned failures;
} thread_work;

static DWORD WINAPI attach_and_detach(void *argument)
{
    thread_work *work = argument;
    for (unsigned i = 0; i < ROUNDS; i++) {
        shmb_region *region;
        shmb_attach_options options = {.struct_size = sizeof options,
                                       .access = SHMB_ACCESS_WRITE,
                                       .offset = work->number,
                                       .length = 1,
                                       .instance = work->broker->instance};
        if (shmb_attach(work->name, &options, &region) != SHMB_OK) {
            work->failures++;
            continue;
        }
        uint8_t *own = shmb_data(region);
        work->failures += *own != (uint8_t)i;
        *own = (uint8_t)(i + 1);
        shmb_detach(region);
    }
    return 0;
}

static void threads_attach_and_detach_at_the_same_time(void **state)
{
    (void)state;
    HANDLE threads[THREADS];
    thread_work work[THREADS];
    const char *name = support_unique("Threads");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 100 }\n", name);
    for (unsigned i = 0; i < THREADS; i++) {
        work[i] = (thread_work){b, name, i, 0};
        threads[i] = CreateThread(NULL, 0, attach_and_detach, &work[i], 0, NULL);
        assert_non_null(threads[i]);
    }
    DWORD ended = WaitForMultipleObjects(THREADS, threads, TRUE, SUPPORT_WAIT_MS);
    for (unsigned i = 0; i < THREADS; i++)
        CloseHandle(threads[i]);
    assert_int_equal(ended, WAIT_OBJECT_0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(work[i].failures, 0);
}

static void attaching_and_detaching_leaks_no_handles(void **state)
{
    (void)state;
    const char *name = support_unique("Handles");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 100 }\n", name);
    shmb_detach(region_attach(b, name, SHMB_ACCESS_READ));
    unsigned before = process_count_handles(GetCurrentProcessId());
    for (unsigned i = 0; i < 50; i++) {
        shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
        assert_int_equal(region_try(name, &options), SHMB_OK);
        assert_int_equal(region_try("not there", &options), SHMB_NOT_DECLARED);
        options.offset = 100;
        assert_int_equal(region_try(name, &options), SHMB_BAD_RANGE);
    }
    /* A leak would be of one in each round; the system may keep some of its own. */
    assert_true(process_count_handles(GetCurrentProcessId()) < before + 25);
}

/* ---- What the options mean ------------------------------------------------------------------------------------- */

static void no_options_mean_reading_the_whole_region_of_the_instance_in_the_environment(void **state)
{
    (void)state;
    shmb_region *region;
    MEMORY_BASIC_INFORMATION memory;
    const char *name = support_unique("Plain");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 5000 }\n", name);
    SetEnvironmentVariableA("SHMBROKER_INSTANCE", b->instance);
    shmb_status status = shmb_attach(name, NULL, &region);
    SetEnvironmentVariableA("SHMBROKER_INSTANCE", NULL);
    assert_int_equal(status, SHMB_OK);
    assert_int_equal(shmb_size(region), 5000);
    assert_int_not_equal(VirtualQuery(shmb_data(region), &memory, sizeof memory), 0);
    assert_int_equal(memory.Protect, PAGE_READONLY);
    shmb_detach(region);
}

static void a_region_local_to_the_session_is_found_too(void **state)
{
    (void)state;
    const char *name = support_unique("Near");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { namespace: local, size: 100 }\n", name);
    shmb_detach(region_attach(b, name, SHMB_ACCESS_WRITE));
    assert_null(region_open_bare(name, FILE_MAP_READ));
    checks_last_error(ERROR_FILE_NOT_FOUND);
}

static void bad_arguments_are_told_apart_from_bad_luck(void **state)
{
    (void)state;
    shmb_region *region;
    test_broker *b = broker_prepare(BROKER_HEAD "  X: { size: 1 }\n");
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(shmb_attach(NULL, &options, &region), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_attach("", &options, &region), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_attach("Global\\X", &options, &region), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_attach("X", &options, NULL), SHMB_INVALID_ARGUMENT);
    options.struct_size = 4;
    assert_int_equal(shmb_attach("X", &options, &region), SHMB_INVALID_ARGUMENT);
    options.struct_size = sizeof options;
    options.access = 8;
    assert_int_equal(shmb_attach("X", &options, &region), SHMB_INVALID_ARGUMENT);
    options.access = 0;
    options.instance = "no spaces";
    assert_int_equal(shmb_attach("X", &options, &region), SHMB_INVALID_ARGUMENT);
    assert_null(region);
}

/* ---- Waiting --------------------------------------------------------------------------------------------------- */

static void waiting_outlasts_the_start_of_the_broker(void **state)
{
    (void)state;
    const char *name = support_unique("Late");
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 100 }\n", name);
    process *early = process_start("shmbroker-peer.exe", "attach %s %s write %u put 0 early hold",
                                   b->instance, name, SUPPORT_WAIT_MS);
    broker_start(b);
    process_wait_line(early, "holding");
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    assert_string_equal(shmb_data(region), "early");
    shmb_detach(region);
}

static void waiting_outlasts_a_restart_that_declares_the_region(void **state)
{
    (void)state;
    const char *name = support_unique("Coming"), *other = support_unique("Here");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 100 }\n", other);
    process *waiting =
        process_start("shmbroker-peer.exe", "attach %s %s read %u", b->instance, name, SUPPORT_WAIT_MS);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try(name, &options), SHMB_NOT_DECLARED);
    assert_true(process_is_running(waiting));
    broker_stop(b);
    const char *config = support_text(BROKER_HEAD "  %s: { size: 100 }\n  %s: { size: 200 }\n", other, name);
    support_write_file(b->config, config, strlen(config));
    broker_start(b);
    process_wait_line(waiting, "attached 200");
}

static void waiting_ends_in_time(void **state)
{
    (void)state;
    test_broker *b = broker_prepare(BROKER_HEAD "  X: { size: 1 }\n");
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    options.timeout_ms = 300;
    ULONGLONG start = GetTickCount64();
    assert_int_equal(region_try("X", &options), SHMB_TIMED_OUT);
    ULONGLONG took = GetTickCount64() - start;
    assert_true(took >= 290 && took < 5000);
    assert_contains(options.message, "300 ms");
    assert_contains(options.message, b->instance);
}

/* ---- Each failure its own status ------------------------------------------------------------------------------- */

static void without_a_broker_the_status_says_so(void **state)
{
    (void)state;
    test_broker *b = broker_prepare(BROKER_HEAD "  X: { size: 1 }\n");
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try("X", &options), SHMB_NO_BROKER);
    assert_contains(options.message, b->instance);
}

static void after_the_broker_has_stopped_the_status_says_no_broker(void **state)
{
    (void)state;
    const char *name = support_unique("Gone");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 1 }\n", name);
    shmb_detach(region_attach(b, name, SHMB_ACCESS_READ));
    broker_stop(b);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try(name, &options), SHMB_NO_BROKER);
}

static void an_undeclared_region_and_one_in_other_case_are_not_declared(void **state)
{
    (void)state;
    const char *name = support_unique("Case");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 1 }\n", name);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try("Undeclared", &options), SHMB_NOT_DECLARED);
    assert_contains(options.message, "Undeclared");
    assert_int_equal(region_try(support_text("c%s", name + 1), &options), SHMB_NOT_DECLARED);
    assert_int_equal(region_try(name, &options), SHMB_OK);
}

static void a_range_outside_the_region_is_a_bad_range(void **state)
{
    (void)state;
    const uint64_t bad[][2] = {{100, 0}, {0, 101}, {99, 2}, {UINT64_MAX, 1}, {1, UINT64_MAX}, {200, 0}};
    const char *name = support_unique("Range");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 100 }\n", name);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
        options.offset = bad[i][0];
        options.length = bad[i][1];
        assert_int_equal(region_try(name, &options), SHMB_BAD_RANGE);
        assert_contains(options.message, "100");
    }
}

/* ---- Catalogs that are not a broker's -------------------------------------------------------------------------- */

static void *map_whole(HANDLE section)
{
    void *view = section ? MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0) : NULL;
    if (!view)
        support_fail("cannot make a catalog: %s", support_error(GetLastError()));
    return view;
}

/* A catalog of the test's own for the instance of `b`, its header as a broker makes it. The caller changes it. */
static shmb_catalog_header *fake_catalog(const test_broker *b, const char *owner_sid, HANDLE *section)
{
    const DWORD size = 65536;
    wchar_t *name = support_wide(support_text("Global\\ShmBroker.Catalog.%s", b->instance));
    const char *sddl = support_text("O:%sG:%sD:P(A;;0xF001F;;;%s)(A;;0x20005;;;WD)", owner_sid, owner_sid,
                                    account_user_sid());
    SECURITY_ATTRIBUTES security = {sizeof security, account_descriptor(sddl), FALSE};
    *section = CreateFileMappingW(INVALID_HANDLE_VALUE, &security, PAGE_READWRITE, 0, size, name);
    shmb_catalog_header *header = map_whole(*section);
    header->layout_version = SHMB_CATALOG_VERSION;
    header->header_bytes = SHMB_CATALOG_HEADER_BYTES;
    header->reserved_bytes = size;
    header->committed_bytes = size;
    header->index_offset = SHMB_CATALOG_HEADER_BYTES;
    header->heartbeat_period = 500;
    header->broker_state = SHMB_BROKER_RUNNING;
    header->epoch = 1;
    QueryUnbiasedInterruptTime((ULONGLONG *)&header->heartbeat);
    ((shmb_catalog_index *)(void *)((char *)header + SHMB_CATALOG_HEADER_BYTES))->bucket_count = 256;
    header->magic = SHMB_CATALOG_MAGIC;
    return header;
}

static void a_catalog_of_another_layout_is_incompatible(void **state)
{
    (void)state;
    HANDLE section;
    test_broker *b = broker_prepare(BROKER_HEAD "  X: { size: 1 }\n");
    shmb_catalog_header *header = fake_catalog(b, account_user_sid(), &section);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try("X", &options), SHMB_NOT_DECLARED); /* so far it is a sound one */
    header->layout_version = SHMB_CATALOG_VERSION + 1;
    assert_int_equal(region_try("X", &options), SHMB_INCOMPATIBLE);
    UnmapViewOfFile(header);
    CloseHandle(section);
}

static void a_damaged_catalog_is_corrupt(void **state)
{
    (void)state;
    HANDLE section;
    test_broker *b = broker_prepare(BROKER_HEAD "  X: { size: 1 }\n");
    shmb_catalog_header *header = fake_catalog(b, account_user_sid(), &section);
    header->index_offset = 1ull << 40;
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try("X", &options), SHMB_CORRUPT);
    UnmapViewOfFile(header);
    CloseHandle(section);
}

static void a_catalog_whose_heart_does_not_beat_is_no_broker(void **state)
{
    (void)state;
    HANDLE section;
    test_broker *b = broker_prepare(BROKER_HEAD "  X: { size: 1 }\n");
    shmb_catalog_header *header = fake_catalog(b, account_user_sid(), &section);
    header->heartbeat -= 60ull * 10000000u;
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try("X", &options), SHMB_NO_BROKER);
    UnmapViewOfFile(header);
    CloseHandle(section);
}

static void a_catalog_that_belongs_to_another_account_is_untrusted(void **state)
{
    (void)state;
    HANDLE section;
    test_broker *b = broker_prepare(BROKER_HEAD "  X: { size: 1 }\n");
    if (!account_may_give_away())
        SKIP("this account lacks SeRestorePrivilege, without which nobody can make an object that is "
             "another's");
    shmb_catalog_header *header = fake_catalog(b, "S-1-5-32-545", &section);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try("X", &options), SHMB_UNTRUSTED);
    assert_contains(options.message, "S-1-5-32-545");
    UnmapViewOfFile(header);
    CloseHandle(section);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(two_processes_see_each_others_writes),
        SYSTEM_TEST(bare_win32_calls_see_the_same_bytes_from_offset_0),
        SYSTEM_TEST(a_region_with_a_name_beyond_ascii_is_found),
        SYSTEM_TEST(a_region_of_unaligned_size_has_exactly_the_declared_bytes),
        SYSTEM_TEST(views_at_odd_offsets_show_the_right_bytes),
        SYSTEM_TEST(several_views_in_one_process_share_the_bytes_and_end_one_by_one),
        SYSTEM_TEST(threads_attach_and_detach_at_the_same_time),
        SYSTEM_TEST(attaching_and_detaching_leaks_no_handles),
        SYSTEM_TEST(no_options_mean_reading_the_whole_region_of_the_instance_in_the_environment),
        SYSTEM_TEST(a_region_local_to_the_session_is_found_too),
        SYSTEM_TEST(bad_arguments_are_told_apart_from_bad_luck),
        SYSTEM_TEST(waiting_outlasts_the_start_of_the_broker),
        SYSTEM_TEST(waiting_outlasts_a_restart_that_declares_the_region),
        SYSTEM_TEST(waiting_ends_in_time),
        SYSTEM_TEST(without_a_broker_the_status_says_so),
        SYSTEM_TEST(after_the_broker_has_stopped_the_status_says_no_broker),
        SYSTEM_TEST(an_undeclared_region_and_one_in_other_case_are_not_declared),
        SYSTEM_TEST(a_range_outside_the_region_is_a_bad_range),
        SYSTEM_TEST(a_catalog_of_another_layout_is_incompatible),
        SYSTEM_TEST(a_damaged_catalog_is_corrupt),
        SYSTEM_TEST(a_catalog_that_belongs_to_another_account_is_untrusted),
        SYSTEM_TEST(a_catalog_whose_heart_does_not_beat_is_no_broker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
