/* Regions' memory: first contents, large pages, NUMA nodes, present pages, and what the machine has to give. */
#include "checks.h"

#include "account.h"
#include "region.h"

#include <stdio.h>
#include <string.h>

#define LARGE_PAGE ((SIZE_T)2 << 20)

static const char *data_file(const test_broker *b, const char *name)
{
    return support_text("%s\\data\\%s", b->home, name);
}

/* The folder of the broker's configuration with a file in it. */
static const char *beside_config(const test_broker *b, const char *name, const void *bytes, size_t length)
{
    const char *path =
        support_text("%.*s%s", (int)(strrchr(b->config, '\\') + 1 - b->config), b->config, name);
    support_write_file(path, bytes, length);
    return path;
}

static void assert_bytes(const shmb_region *region, uint64_t from, uint64_t to, char expected)
{
    const char *bytes = shmb_data(region);
    for (uint64_t i = from; i < to; i++)
        if (bytes[i] != expected)
            fail_msg("byte %llu of the region is 0x%02X", (unsigned long long)i, (unsigned char)bytes[i]);
}

/* ---- First contents -------------------------------------------------------------------------------------------- */

static void a_new_region_has_its_initial_contents(void **state)
{
    (void)state;
    const char *zero = support_unique("Zero"), *fill = support_unique("Fill"), *text = support_unique("Text"),
               *hex = support_unique("Hex");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 70001, initial: zero }\n"
                                                 "  %s: { size: 70001, initial: { fill: 0xA5 } }\n"
                                                 "  %s: { size: 70001, initial: { text: 'hello' } }\n"
                                                 "  %s: { size: 4, initial: { hex: '01 FF 00 7f' } }\n",
                                     zero, fill, text, hex);
    shmb_region *region = region_attach(b, zero, SHMB_ACCESS_READ);
    assert_bytes(region, 0, 70001, 0);
    shmb_detach(region);
    region = region_attach(b, fill, SHMB_ACCESS_READ);
    assert_bytes(region, 0, 70001, (char)0xA5);
    shmb_detach(region);
    region = region_attach(b, text, SHMB_ACCESS_READ);
    assert_memory_equal(shmb_data(region), "hello", 5);
    assert_bytes(region, 5, 70001, 0);
    shmb_detach(region);
    region = region_attach(b, hex, SHMB_ACCESS_READ);
    assert_memory_equal(shmb_data(region), "\x01\xFF\x00\x7F", 4);
    shmb_detach(region);
    broker_stop(b);
}

/* Larger than what is mapped or written at a time, and not a multiple of it. */
static void a_large_region_is_filled_to_its_last_byte(void **state)
{
    (void)state;
    const uint64_t size = (130u << 20) + 12345;
    const char *name = support_unique("LargeFill");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: %llu, initial: { fill: 0x5A } }\n", name,
                                     (unsigned long long)size);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    assert_bytes(region, 0, 4096, 0x5A);
    assert_bytes(region, (64u << 20) - 4096, (64u << 20) + 4096, 0x5A);
    assert_bytes(region, size - 20000, size, 0x5A);
    shmb_detach(region);
    broker_stop(b);
}

static void initial_contents_come_from_a_file_beside_the_configuration(void **state)
{
    (void)state;
    const char *name = support_unique("FromFile");
    test_broker *b =
        broker_prepare(BROKER_HEAD "  %s: { size: 10000, initial: { file: table.bin } }\n", name);
    beside_config(b, "table.bin", "0123456789", 10);
    broker_start(b);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    assert_memory_equal(shmb_data(region), "0123456789", 10);
    assert_bytes(region, 10, 10000, 0);
    shmb_detach(region);
    broker_stop(b);
}

static void a_file_that_just_fits_fills_the_region(void **state)
{
    (void)state;
    const char *name = support_unique("JustFits");
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 10, initial: { file: ten.bin } }\n", name);
    beside_config(b, "ten.bin", "0123456789", 10);
    broker_start(b);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    assert_memory_equal(shmb_data(region), "0123456789", 10);
    shmb_detach(region);
    broker_stop(b);
}

/* The region `name` of the running broker is refused for a reason that has `one` and `other` in it. */
static void assert_refused(const test_broker *b, const char *name, const char *one, const char *other)
{
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try(name, &options), SHMB_REGION_FAILED);
    assert_contains(options.message, one);
    assert_contains(options.message, other);
    assert_null(region_open_bare(name, FILE_MAP_READ));
}

static void a_file_longer_than_the_region_breaks_it_with_both_sizes(void **state)
{
    (void)state;
    const char *name = support_unique("TooLong"), *backed = support_unique("TooLongBacked");
    test_broker *b = broker_prepare(
        BROKER_HEAD "  %s: { size: 9, initial: { file: ten.bin } }\n"
                    "  %s: { size: 9, initial: { file: ten.bin }, backing: { file: b.shm } }\n",
        name, backed);
    beside_config(b, "ten.bin", "0123456789", 10);
    broker_start(b);
    assert_refused(b, name, "have 10 bytes and the region 9", "ten.bin");
    assert_refused(b, backed, "have 10 bytes and the region 9", "ten.bin");
    broker_stop(b);
    assert_false(support_file_exists(data_file(b, "b.shm")));
    assert_false(support_file_exists(data_file(b, "b.shm.new")));
}

static void a_file_that_cannot_be_read_breaks_the_region(void **state)
{
    (void)state;
    const char *absent = support_unique("Absent"), *busy = support_unique("Busy"),
               *folder = support_unique("Folder");
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 9, initial: { file: absent.bin } }\n"
                                                "  %s: { size: 9, initial: { file: busy.bin } }\n"
                                                "  %s: { size: 9, initial: { file: folder } }\n",
                                    absent, busy, folder);
    const char *path = beside_config(b, "busy.bin", "x", 1);
    CreateDirectoryW(support_wide(support_text("%.*sfolder", (int)(strlen(path) - 8), path)), NULL);
    HANDLE kept =
        CreateFileW(support_wide(path), GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    assert_true(kept != INVALID_HANDLE_VALUE);
    broker_start(b);
    assert_refused(b, absent, "absent.bin", "correct initial.file");
    assert_refused(b, busy, "busy.bin", "cannot open");
    assert_refused(b, folder, "folder", "initial contents");
    CloseHandle(kept);
    broker_stop(b);
}

static void a_file_that_others_than_the_regions_writers_can_change_breaks_it(void **state)
{
    (void)state;
    const char *closed = support_unique("Closed"), *open = support_unique("Open"),
               *backed = support_unique("ClosedBacked");
    test_broker *b = broker_prepare(
        BROKER_HEAD "  %s: { size: 9, initial: { file: t.bin } }\n"
                    "  %s: { size: 9, initial: { file: t.bin }, backing: { file: c.shm } }\n"
                    "  %s: { size: 9, initial: { file: t.bin }, access: { write: [Everyone] } }\n",
        closed, backed, open);
    account_set_rights(beside_config(b, "t.bin", "012345678", 9), "D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;WD)");
    broker_start(b);
    assert_refused(b, closed, "t.bin has an entry that lets", "icacls");
    assert_refused(b, backed, "t.bin has an entry that lets", "icacls");
    shmb_detach(region_attach(b, open, SHMB_ACCESS_READ));
    broker_stop(b);
    assert_false(support_file_exists(data_file(b, "c.shm")));
}

static void a_new_backing_file_has_the_contents_and_keeps_what_is_written(void **state)
{
    (void)state;
    size_t length;
    const char *name = support_unique("BackedText");
    test_broker *b = broker_run_with(
        BROKER_HEAD "  %s: { size: 70001, initial: { text: 'first' }, backing: { file: t.shm } }\n", name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    assert_memory_equal(shmb_data(region), "first\0", 6);
    assert_int_equal(shmb_region_flags(region), SHMB_FLAG_FILE_BACKED);
    memcpy(shmb_data(region), "later", 5);
    shmb_detach(region);
    broker_stop(b);
    const char *bytes = support_read_file(data_file(b, "t.shm"), &length);
    assert_int_equal(length, 70001);
    assert_memory_equal(bytes, "later\0", 6);
    broker_start(b);
    region = region_attach(b, name, SHMB_ACCESS_READ);
    assert_memory_equal(shmb_data(region), "later", 5);
    shmb_detach(region);
    broker_stop(b);
}

static void a_region_that_is_taken_over_keeps_its_data(void **state)
{
    (void)state;
    const char *name = support_unique("TakenOver");
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 4 KiB, initial: { file: once.bin } }\n", name);
    const char *path = beside_config(b, "once.bin", "first", 5);
    broker_start(b);
    shmb_region *held = region_attach(b, name, SHMB_ACCESS_WRITE);
    assert_memory_equal(shmb_data(held), "first", 5);
    memcpy(shmb_data(held), "later", 5);
    broker_kill(b);
    assert_true(DeleteFileW(support_wide(path))); /* it is not needed again */
    broker_start(b);
    shmb_region *again = region_attach(b, name, SHMB_ACCESS_READ);
    assert_memory_equal(shmb_data(again), "later", 5);
    shmb_detach(again);
    shmb_detach(held);
    broker_stop(b);
}

/* ---- Large pages ----------------------------------------------------------------------------------------------- */

/* Where they are to be had: Windows gives them to accounts with "Lock pages in memory", Wine to everybody. */
static bool has_large_pages(shmb_region *region)
{
    return (shmb_region_flags(region) & SHMB_FLAG_LARGE_PAGES) != 0;
}

static void skip_without_large_pages(shmb_region *region)
{
    if (has_large_pages(region))
        return;
    assert_contains(shmb_region_note(region), "it has no large pages: ");
    SKIP("this account gets no large pages: %s", shmb_region_note(region));
}

static void a_region_in_large_pages_is_granted_and_said_to_be(void **state)
{
    (void)state;
    const char *name = support_unique("Large");
    test_broker *b = broker_run_with(
        BROKER_HEAD "  %s: { size: 3 MiB, large_pages: prefer, initial: { text: 'large' } }\n", name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    skip_without_large_pages(region);
    assert_int_equal(shmb_region_size(region), 3u << 20);
    assert_int_equal(shmb_size(region), 3u << 20);
    assert_memory_equal(shmb_data(region), "large\0", 6);
    ((char *)shmb_data(region))[(3u << 20) - 1] = 'z';
    assert_string_equal(shmb_region_note(region), "");
    process *status = broker_status(b, "");
    process_wait(status);
    assert_contains(process_output(status), "made in large pages\n");
    status = broker_status(b, "--json");
    process_wait(status);
    assert_contains(process_output(status), "\"large_pages\":\ttrue");
    shmb_detach(region);
    broker_stop(b);
}

/* Its section has whole large pages, and a bare program may map them all. */
static void the_section_is_rounded_up_to_whole_large_pages(void **state)
{
    (void)state;
    const char *name = support_unique("Rounded");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 3 MiB, large_pages: prefer }\n", name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    skip_without_large_pages(region);
    HANDLE section = region_open_bare(name, FILE_MAP_READ);
    assert_non_null(section);
    const char *view = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 2 * LARGE_PAGE);
    assert_non_null(view);
    assert_int_equal(view[2 * LARGE_PAGE - 1], 0);
    UnmapViewOfFile(view);
    assert_null(MapViewOfFile(section, FILE_MAP_READ, 0, 0, 2 * LARGE_PAGE + 1));
    CloseHandle(section);
    shmb_detach(region);
    broker_stop(b);
}

static void any_part_of_it_can_be_attached(void **state)
{
    (void)state;
    const char *name = support_unique("Parts");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 5 MiB, large_pages: prefer }\n", name);
    shmb_region *whole = region_attach(b, name, SHMB_ACCESS_WRITE), *part;
    skip_without_large_pages(whole);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    options.offset = LARGE_PAGE + 65536 + 7;
    options.length = LARGE_PAGE;
    memcpy((char *)shmb_data(whole) + options.offset, "here", 5);
    assert_int_equal(shmb_attach(name, &options, &part), SHMB_OK);
    assert_int_equal(shmb_size(part), LARGE_PAGE);
    assert_string_equal(shmb_data(part), "here");
    shmb_detach(part);
    shmb_detach(whole);
    broker_stop(b);
}

static void large_pages_that_clients_kept_are_taken_over(void **state)
{
    (void)state;
    const char *name = support_unique("LargeKept");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 3 MiB, large_pages: prefer }\n", name);
    shmb_region *held = region_attach(b, name, SHMB_ACCESS_WRITE);
    skip_without_large_pages(held);
    memcpy(shmb_data(held), "kept", 5);
    broker_kill(b);
    broker_start(b);
    shmb_region *again = region_attach(b, name, SHMB_ACCESS_READ);
    assert_string_equal(shmb_data(again), "kept");
    assert_true(has_large_pages(again));
    assert_string_equal(shmb_region_note(again), "");
    shmb_detach(again);
    shmb_detach(held);
    broker_stop(b);
}

static void write_config(const test_broker *b, const char *text)
{
    support_write_file(b->config, text, strlen(text));
}

/* Made in ordinary pages, and kept alive by a client while the configuration changes. */
static void ordinary_pages_are_taken_over_where_large_ones_are_only_preferred(void **state)
{
    (void)state;
    const char *name = support_unique("Ordinary");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 3 MiB }\n", name);
    shmb_region *held = region_attach(b, name, SHMB_ACCESS_WRITE);
    memcpy(shmb_data(held), "kept", 5);
    broker_kill(b);
    write_config(b, support_text(BROKER_HEAD "  %s: { size: 3 MiB, large_pages: prefer }\n", name));
    broker_start(b);
    shmb_region *again = region_attach(b, name, SHMB_ACCESS_READ);
    assert_string_equal(shmb_data(again), "kept");
    assert_false(has_large_pages(again));
    assert_contains(shmb_region_note(again), "taken over from an earlier broker");
    shmb_detach(again);
    broker_kill(b);
    write_config(b, support_text(BROKER_HEAD "  %s: { size: 3 MiB, large_pages: require }\n", name));
    broker_start(b);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    assert_int_equal(region_try(name, &options), SHMB_REGION_FAILED);
    assert_contains(options.message, "large pages");
    shmb_detach(held);
    broker_stop(b);
}

/* An elevated account has no "Lock pages in memory" unless somebody gave it. */
static void required_large_pages_are_refused_with_advice_without_the_privilege(void **state)
{
    (void)state;
    const char *name = support_unique("Required");
    if (support_under_wine())
        SKIP("Wine gives large pages to everybody");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 3 MiB, large_pages: require }\n", name);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    if (region_try(name, &options) == SHMB_OK)
        SKIP("this account may lock pages in memory");
    assert_refused(b, name, "in large pages", "\"Lock pages in memory\"");
    broker_stop(b);
}

/* ---- NUMA nodes and present pages ------------------------------------------------------------------------------ */

static void a_node_that_is_not_there_is_left_out_with_a_note(void **state)
{
    (void)state;
    ULONG highest = 0;
    const char *there = support_unique("Node"), *absent = support_unique("NoNode");
    GetNumaHighestNodeNumber(&highest);
    if (highest >= 63)
        SKIP("this machine has all the nodes that can be asked for");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB, numa_node: 0 }\n"
                                                 "  %s: { size: 4 KiB, numa_node: 63 }\n",
                                     there, absent);
    shmb_region *region = region_attach(b, there, SHMB_ACCESS_READ);
    assert_int_equal(shmb_region_flags(region), SHMB_FLAG_NUMA);
    assert_string_equal(shmb_region_note(region), "");
    shmb_detach(region);
    region = region_attach(b, absent, SHMB_ACCESS_READ);
    assert_int_equal(shmb_region_flags(region), 0);
    assert_contains(shmb_region_note(region), "this machine has no NUMA node 63");
    shmb_detach(region);
    process *status = broker_status(b, "");
    process_wait(status);
    assert_contains(process_output(status), "made on its NUMA node\n");
    assert_contains(process_output(status), "but this machine has no NUMA node 63");
    broker_stop(b);
    assert_contains(process_errors(b->process), "is served: this machine has no NUMA node 63");
}

static void prefetched_regions_are_said_to_be(void **state)
{
    (void)state;
    const char *memory = support_unique("Present"), *backed = support_unique("PresentFile");
    test_broker *b =
        broker_run_with(BROKER_HEAD "  %s: { size: 1 MiB, prefetch: true, initial: { text: 'x' } }\n"
                                    "  %s: { size: 1 MiB, prefetch: true, backing: { file: p.shm } }\n",
                        memory, backed);
    shmb_region *region = region_attach(b, memory, SHMB_ACCESS_READ);
    assert_int_equal(shmb_region_flags(region), SHMB_FLAG_PREFETCHED);
    assert_memory_equal(shmb_data(region), "x\0", 2);
    shmb_detach(region);
    region = region_attach(b, backed, SHMB_ACCESS_READ);
    if (shmb_region_flags(region) & SHMB_FLAG_PREFETCHED)
        assert_string_equal(shmb_region_note(region), "");
    else
        assert_contains(shmb_region_note(region), "its pages have not been made present");
    shmb_detach(region);
    process *status = broker_status(b, "--json");
    process_wait(status);
    assert_contains(process_output(status), "\"prefetched\":\ttrue");
    broker_stop(b);
}

/* ---- What the machine has -------------------------------------------------------------------------------------- */

static void more_memory_than_the_machine_has_is_refused_before_anything_is_made(void **state)
{
    (void)state;
    const char *huge = support_unique("Huge"), *small = support_unique("Small");
    test_broker *b =
        broker_prepare(BROKER_HEAD "  %s: { size: 100 TiB }\n  %s: { size: 4 KiB }\n", huge, small);
    process *run = process_run("shmbroker.exe", "run --config \"%s\" --instance %s", b->config, b->instance);
    assert_int_equal(process_wait(run), 1);
    assert_contains(process_errors(run), "the regions need 100.0 TiB more memory (109951162781696 bytes)");
    assert_contains(process_errors(run),
                    support_text("the largest are %s (100 TiB), %s (4 KiB); ", huge, small));
    assert_null(region_open_bare(small, FILE_MAP_READ));
    process *status = broker_status(b, "");
    assert_int_equal(process_wait(status), 4);

    process *check = process_run("shmbroker.exe", "check \"%s\"", b->config);
    assert_int_equal(process_wait(check), 0);
    assert_contains(process_errors(check), "already: the regions need 100.0 TiB");
    assert_contains(process_output(check), huge);
    check = process_run("shmbroker.exe", "check --json \"%s\"", b->config);
    assert_int_equal(process_wait(check), 0);
    assert_contains(process_output(check), "\"warning\":\t\"the regions need 100.0 TiB");
}

static void a_running_broker_is_not_counted_by_check(void **state)
{
    (void)state;
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 1 MiB, large_pages: prefer, prefetch: true, "
                                                 "numa_node: 0, initial: { text: 'abc' } }\n",
                                     support_unique("Shown"));
    process *check = process_run("shmbroker.exe", "check \"%s\"", b->config);
    assert_int_equal(process_wait(check), 0);
    assert_string_equal(process_errors(check), "");
    assert_contains(process_output(check), "  initial  3 bytes from the configuration, then zeros\n");
    assert_contains(
        process_output(check),
        "  memory   large pages preferred, NUMA node 0 preferred, pages present from the start\n");
    broker_stop(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(a_new_region_has_its_initial_contents),
        SYSTEM_TEST(a_large_region_is_filled_to_its_last_byte),
        SYSTEM_TEST(initial_contents_come_from_a_file_beside_the_configuration),
        SYSTEM_TEST(a_file_that_just_fits_fills_the_region),
        SYSTEM_TEST(a_file_longer_than_the_region_breaks_it_with_both_sizes),
        SYSTEM_TEST(a_file_that_cannot_be_read_breaks_the_region),
        SYSTEM_TEST(a_file_that_others_than_the_regions_writers_can_change_breaks_it),
        SYSTEM_TEST(a_new_backing_file_has_the_contents_and_keeps_what_is_written),
        SYSTEM_TEST(a_region_that_is_taken_over_keeps_its_data),
        SYSTEM_TEST(a_region_in_large_pages_is_granted_and_said_to_be),
        SYSTEM_TEST(the_section_is_rounded_up_to_whole_large_pages),
        SYSTEM_TEST(any_part_of_it_can_be_attached),
        SYSTEM_TEST(large_pages_that_clients_kept_are_taken_over),
        SYSTEM_TEST(ordinary_pages_are_taken_over_where_large_ones_are_only_preferred),
        SYSTEM_TEST(required_large_pages_are_refused_with_advice_without_the_privilege),
        SYSTEM_TEST(a_node_that_is_not_there_is_left_out_with_a_note),
        SYSTEM_TEST(prefetched_regions_are_said_to_be),
        SYSTEM_TEST(more_memory_than_the_machine_has_is_refused_before_anything_is_made),
        SYSTEM_TEST(a_running_broker_is_not_counted_by_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
