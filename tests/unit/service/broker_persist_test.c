/*
 * persist.c and lives.c in the engine: what a region written by programs has after a stop, a crash, a power cut and a
 * disk that fails, on a machine in memory.
 */
#include "broker_testing.h"

#include "fake_files.h"
#include "snapshot.h"

#define SNAPSHOTS                                                                                            \
    "version: 1\n"                                                                                           \
    "defaults: { access: { read: [Users] } }\n"                                                              \
    "regions:\n"                                                                                             \
    "  S: { size: 64 KiB, persist: { mode: snapshot, every: 1 s, keep: 2 } }\n"

#define BACKING "X:\\ShmBroker\\data\\f.shm"
#define BOOK    "X:\\ShmBroker\\data\\lives.txt"

static catalog_region region; /* large */
static test_host host;
static uint8_t seen; /* the first byte of S, when the regions exist */
static uint32_t flags, restored;
static size_t operations[64]; /* of the disk, at each wait */
static uint8_t written[64];   /* what S has from each wait on */
static bool writes;

static uint8_t *bytes_of(const char *name)
{
    uint8_t *bytes = fake_section_bytes(name);
    assert_non_null(bytes);
    return bytes;
}

static void look(void)
{
    catalog_view view = fake_view();
    assert_int_equal(catalog_find(&view, "S", 1, &region), CATALOG_OK);
    flags = region.flags;
    restored = region.restored;
    seen = region.state == SHMB_REGION_READY ? bytes_of("Global\\S")[0] : 0xEE;
}

/* A program writes another number at each wait. */
static void on_wait(unsigned wait)
{
    assert_in_range(wait, 0, 63);
    operations[wait] = fake_disk_operations();
    written[wait] = (uint8_t)(10 + wait);
    if (writes)
        memset(bytes_of("Global\\S"), written[wait], 65536);
}

static int run(const char *config, unsigned waits)
{
    fake.config = config;
    host = (test_host){.stop_after = waits, .on_ready = look, .on_wait = on_wait};
    return run_broker(&host, NULL, "");
}

static int new_machine(void **state)
{
    (void)state;
    fake_reset();
    writes = true;
    return 0;
}

static int closed_machine(void **state)
{
    (void)state;
    assert_int_equal(fake_open_things(), 0);
    assert_null(fake.violation);
    fake_reset();
    return 0;
}

static void after_a_stop_the_last_bytes_are_back(void **state)
{
    (void)state;
    assert_int_equal(run(SNAPSHOTS, 3), EXIT_OK);
    assert_int_equal(seen, 0);
    assert_int_equal(flags & (SHMB_FLAG_LAST_CLEAN | SHMB_FLAG_LAST_DIRTY | SHMB_FLAG_RESTORED), 0);
    assert_true(fake_has(&fake.events,
                         "12 info of 1 regions that are persisted, the last bytes of 1 are on the disk"));
    assert_int_equal(run(SNAPSHOTS, 0), EXIT_OK);
    assert_int_equal(seen, 13); /* written at the fourth wait, which ended the first run */
    assert_int_equal(flags & (SHMB_FLAG_LAST_CLEAN | SHMB_FLAG_LAST_DIRTY | SHMB_FLAG_RESTORED),
                     SHMB_FLAG_LAST_CLEAN | SHMB_FLAG_RESTORED);
    assert_true(restored > 0);
    assert_true(fake_has(&fake.events, "11 info region S has the bytes of its snapshot"));
}

/* The waits are half a second long, and so a snapshot is taken at every other. */
static void after_a_crash_at_most_one_interval_is_lost(void **state)
{
    (void)state;
    for (unsigned at = 3; at < 12; at++) {
        fake_reset();
        assert_int_equal(run(SNAPSHOTS, 12), EXIT_OK);
        fake_disk_cut(operations[at], FAKE_CUT_WRITTEN, 0);
        writes = false;
        assert_int_equal(run(SNAPSHOTS, 0), EXIT_OK);
        writes = true;
        assert_in_range(seen, written[at] - 3, written[at]);
        assert_int_equal(flags & (SHMB_FLAG_LAST_CLEAN | SHMB_FLAG_LAST_DIRTY), SHMB_FLAG_LAST_DIRTY);
    }
}

static void after_a_power_cut_at_any_operation_a_whole_state_is_back(void **state)
{
    (void)state;
    assert_int_equal(run(SNAPSHOTS, 6), EXIT_OK);
    size_t all = fake_disk_operations();
    for (size_t count = 0; count < all; count++) {
        unsigned least = 0;
        for (unsigned wait = 1; wait < 6; wait++)
            if (operations[wait] <= count && wait >= 3)
                least = written[wait - 3];
        fake_disk_cut(count, FAKE_CUT_TORN, (uint32_t)count);
        writes = false;
        assert_int_equal(run(SNAPSHOTS, 0), EXIT_OK);
        writes = true;
        assert_true(seen >= least && seen < 10 + 64);
        fake_disk_restore();
    }
}

#define FILED                                                                                                \
    "version: 1\n"                                                                                           \
    "defaults: { access: { read: [Users] } }\n"                                                              \
    "regions:\n"                                                                                             \
    "  S: { size: 1028 KiB, backing: { file: f.shm }, persist: { mode: file, flush: 1 s } }\n" /* two windows */

#define FILED_BYTES 1052672u

static size_t flushes[64];  /* operations of the disk, when as many flushes had been done */
static uint8_t flushed[64]; /* what S had before each */
static unsigned flush_count;

/* A program writes another number to all of S at each wait; the flushes of it are remembered, each when it is over. */
static void on_wait_filed(unsigned wait)
{
    if (fake.flushed_files > flush_count) { /* one at most between two waits: they are a second apart */
        flushes[flush_count] = fake_disk_operations();
        flushed[flush_count++] = written[wait - 1];
    }
    on_wait(wait);
    memset(bytes_of("Global\\S"), written[wait], FILED_BYTES);
}

/* Every byte is one that S had then or later; one in each line of the cache is looked at. */
static void assert_no_less_than(uint8_t least, size_t count)
{
    const uint8_t *bytes = bytes_of("Global\\S");
    for (size_t at = 0; at < FILED_BYTES; at += 64)
        if (bytes[at] < least || (bytes[at] > 0 && bytes[at] < 10) || bytes[at] > 10 + 64)
            fail_msg("cut after %u operations, byte %u is %u, and %u was flushed", (unsigned)count,
                     (unsigned)at, bytes[at], least);
}

static uint8_t least_now;
static size_t cut_now;

static void look_at_file(void)
{
    assert_no_less_than(least_now, cut_now);
}

static void after_a_power_cut_at_any_operation_a_file_has_what_was_flushed(void **state)
{
    static const fake_cut kinds[] = {FAKE_CUT_LOST, FAKE_CUT_WRITTEN, FAKE_CUT_MIXED, FAKE_CUT_MIXED};
    (void)state;
    fake.files_on_disk = true;
    fake.config = FILED;
    flush_count = 0;
    writes = false;
    host = (test_host){.stop_after = 10, .on_wait = on_wait_filed};
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_in_range(flush_count, 3, 20);
    const size_t all = fake_disk_operations();
    for (cut_now = 0; cut_now <= all; cut_now++) {
        for (size_t kind = 0; kind < 4; kind++) {
            least_now = 0;
            for (unsigned i = 0; i < flush_count && flushes[i] <= cut_now; i++)
                least_now = flushed[i];
            fake_disk_cut(cut_now, kinds[kind], (uint32_t)(cut_now * 4 + kind));
            host = (test_host){.on_ready = look_at_file};
            assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
            assert_int_equal(host.ready, 1);
            fake_disk_restore();
        }
    }
}

static void what_programs_kept_alive_is_not_written_into(void **state)
{
    (void)state;
    fake.clients_hold_sections = true;
    assert_int_equal(run(SNAPSHOTS, 3), EXIT_OK);
    memset(bytes_of("Global\\S"), 77, 65536); /* after the broker's end */
    assert_int_equal(run(SNAPSHOTS, 0), EXIT_OK);
    assert_int_equal(seen, 77);
    assert_int_equal(flags & (SHMB_FLAG_CONTINUED | SHMB_FLAG_RESTORED | SHMB_FLAG_LAST_CLEAN),
                     SHMB_FLAG_CONTINUED);
}

static void crash(unsigned wait)
{
    fake_disk_cut(operations[wait], FAKE_CUT_WRITTEN, 0);
    fake.events.length = 0;
    writes = false;
}

#define WITH(extra)                                                                                          \
    "version: 1\ndefaults: { access: { read: [Users] } }\nregions:\n"                                        \
    "  S: { size: 64 KiB, persist: { mode: snapshot, every: 1 s }, " extra " }\n"

static void on_dirty_zero_begins_anew_after_a_crash_and_not_after_a_stop(void **state)
{
    (void)state;
    assert_int_equal(run(WITH("on_dirty: zero"), 6), EXIT_OK);
    assert_int_equal(run(WITH("on_dirty: zero"), 6), EXIT_OK);
    assert_true(seen != 0);
    crash(5);
    assert_int_equal(run(WITH("on_dirty: zero"), 0), EXIT_OK);
    assert_int_equal(seen, 0);
    assert_int_equal(flags & SHMB_FLAG_LAST_DIRTY, SHMB_FLAG_LAST_DIRTY);
}

static void on_dirty_hold_serves_nothing_until_a_person_decides(void **state)
{
    (void)state;
    assert_int_equal(run(WITH("on_dirty: hold"), 6), EXIT_OK);
    crash(5);
    for (unsigned again = 0; again < 2; again++) { /* a restart alone is no decision */
        assert_int_equal(run(WITH("on_dirty: hold"), 0), EXIT_OK);
        assert_int_equal(seen, 0xEE);
        assert_int_equal(region.state, SHMB_REGION_BROKEN);
        assert_non_null(strstr(region.reason, "on_dirty is hold"));
        assert_int_equal(host.summary.failed, 1);
    }
    assert_int_equal(run(WITH("on_dirty: restore"), 0), EXIT_OK);
    assert_true(seen >= 10);
    assert_int_equal(run(WITH("on_dirty: hold"), 0), EXIT_OK);
    assert_true(seen >= 10); /* and that life ended in order */
}

static void ask(control_command command, const char *name)
{
    assert_true(control_request_make(&fake.asked, command, 0, name));
}

static void release(unsigned wait)
{
    look();
    assert_true(wait < 5 ? seen == 0xEE : seen >= 10);
    switch (wait) {
    case 0:
        ask(CONTROL_RELEASE, "Other");
        break;
    case 1: /* nothing comes of it, and it is forgotten */
        fake.config = "version: 1\nregions: 7\n";
        ask(CONTROL_RELEASE, "S");
        break;
    case 2:
        fake.config = WITH("on_dirty: hold");
        ask(CONTROL_RELOAD, NULL);
        break;
    case 4:
    case 5: /* it is not held any more */
        ask(CONTROL_RELEASE, "S");
        break;
    default:
        break;
    }
}

static void a_held_region_is_served_with_what_it_has_when_a_person_says_so(void **state)
{
    (void)state;
    assert_int_equal(run(WITH("on_dirty: hold"), 6), EXIT_OK);
    crash(5);
    fake.config = WITH("on_dirty: hold");
    host = (test_host){.stop_after = 7, .on_ready = look, .on_wait = release};
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_true(fake_has(&fake.answered, "done 5 nothing is changed: region"));
    assert_true(fake_has(&fake.answered, "done 2 nothing is changed: "));
    assert_true(fake_has(&fake.answered, "done 1 1 failed: not every region is as declared"));
    assert_true(fake_has(&fake.answered, "done 0 1 created"));
    assert_int_equal(run(WITH("on_dirty: hold"), 0), EXIT_OK);
    assert_true(seen >= 10); /* that life ended in order */
}

static void retire_and_declare_again(unsigned wait)
{
    if (wait == 0)
        fake.config = "version: 1\nregions: {}\n";
    if (wait == 1)
        fake.config = WITH("on_dirty: hold");
    if (wait < 2)
        ask(CONTROL_RELOAD, NULL);
    if (wait == 2)
        look();
}

/* Not by how the one before the broker's start did. */
static void a_region_declared_again_is_judged_by_how_it_was_retired(void **state)
{
    (void)state;
    assert_int_equal(run(WITH("on_dirty: hold"), 6), EXIT_OK);
    crash(5);
    fake.config = WITH("on_dirty: keep");
    host = (test_host){.stop_after = 3, .on_wait = retire_and_declare_again};
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_true(seen >= 10);
    assert_int_equal(flags & (SHMB_FLAG_LAST_CLEAN | SHMB_FLAG_LAST_DIRTY), SHMB_FLAG_LAST_CLEAN);
}

static void a_damaged_book_is_told_and_taken_for_a_crash(void **state)
{
    size_t length;
    (void)state;
    assert_int_equal(run(WITH("on_dirty: hold"), 6), EXIT_OK);
    fake_disk_file(BOOK, &length)[3] ^= 1;
    writes = false;
    assert_int_equal(run(WITH("on_dirty: hold"), 0), EXIT_OK);
    assert_int_equal(seen, 0xEE);
    assert_true(fake_has(&fake.events, "112 warning " BOOK));
}

static void a_damaged_snapshot_is_told_and_the_one_before_it_used(void **state)
{
    (void)state;
    assert_int_equal(run(SNAPSHOTS, 6), EXIT_OK);
    char *listing = fake_disk_listing(), *last = NULL;
    for (char *line = strtok(listing, "\n"); line; line = strtok(NULL, "\n"))
        if (strstr(line, ".snapshot"))
            last = line;
    assert_non_null(last);
    size_t length;
    fake_disk_file(last, &length)[2000] ^= 1;
    writes = false;
    assert_int_equal(run(SNAPSHOTS, 0), EXIT_OK);
    assert_in_range(seen, 10, 15);
    assert_true(fake_has(&fake.events, "110 warning the snapshot X:\\ShmBroker\\data\\snapshots\\"));
    assert_true(fake_has(&fake.events, "the sum of its bytes is wrong"));
    free(listing);
}

static unsigned failures_told(void)
{
    unsigned count = 0;
    for (const char *at = fake.events.bytes; at && (at = strstr(at, "111 warning region S")) != NULL; at++)
        count++;
    return count;
}

static void fill_disk(unsigned wait)
{
    on_wait(wait);
    fake.fail_always = wait < 10 ? "files-write" : NULL;
}

static void a_disk_that_fails_is_told_once_and_tried_again(void **state)
{
    (void)state;
    fake.config = SNAPSHOTS;
    host = (test_host){.stop_after = 20, .on_ready = look, .on_wait = fill_disk};
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_int_equal(failures_told(), 1);
    assert_true(fake_has(&fake.events, "13 info region S is on the disk again"));
    writes = false;
    assert_int_equal(run(SNAPSHOTS, 0), EXIT_OK);
    assert_int_equal(seen, 30);
}

static void fill_disk_for_ever(unsigned wait)
{
    on_wait(wait);
    fake.fail_always = "files-write";
}

static void a_stop_that_cannot_write_is_no_end_in_order(void **state)
{
    (void)state;
    assert_int_equal(run(SNAPSHOTS, 3), EXIT_OK);
    host = (test_host){.stop_after = 3, .on_wait = fill_disk_for_ever};
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    fake.fail_always = NULL;
    writes = false;
    assert_int_equal(run(SNAPSHOTS, 0), EXIT_OK);
    assert_int_equal(seen, 13);
    assert_int_equal(flags & (SHMB_FLAG_LAST_CLEAN | SHMB_FLAG_LAST_DIRTY), SHMB_FLAG_LAST_DIRTY);
}

static void a_stop_takes_no_longer_than_it_may(void **state)
{
    (void)state;
    fake.config = "version: 1\ndefaults: { access: { read: [Users] } }\nregions:\n"
                  "  S: { size: 64 MiB, persist: { mode: snapshot } }\n"
                  "  T: { size: 64 KiB, persist: { mode: snapshot } }\n";
    host = (test_host){.stop_after = 0, .grace_ms = 1};
    fake.clock_step = 1000; /* a look at the clock takes a tenth of a millisecond */
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_true(fake_has(&fake.events,
                         "111 warning of 2 regions that are persisted, the last bytes of 0 are on the disk"));
    char *listing = fake_disk_listing();
    assert_null(strstr(listing, "draft"));
    free(listing);
}

/* ---- Let go while the broker runs on */

#define SELDOM_HEAD                                                                                          \
    "version: 1\ndefaults: { access: { read: [Users], manage: [Users] } }\nregions:\n  T: { size: 4 KiB }\n"
#define SELDOM SELDOM_HEAD "  S: { size: 64 KiB, persist: { mode: snapshot, every: 1 h } }\n"

static bool by_hand; /* a manager retires it; otherwise it is declared no more */

static void let_go_and_declare_again(unsigned wait)
{
    if (wait == 0) {
        memset(bytes_of("Global\\S"), 55, 65536);
        if (by_hand)
            assert_true(control_request_make(&fake.asked, CONTROL_RETIRE, 0, "S"));
        host.reloads = !by_hand;
        fake.config = SELDOM_HEAD;
    } else if (wait == 1) {
        assert_null(fake_section_bytes("Global\\S"));
        fake.config = SELDOM;
        host.reloads = true;
    } else if (wait == 2) {
        look();
    }
}

static void what_is_let_go_has_its_last_bytes_on_the_disk(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        by_hand = i == 1;
        fake_reset();
        fake.config = SELDOM;
        host = (test_host){.stop_after = 3, .on_wait = let_go_and_declare_again};
        assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
        assert_int_equal(seen, 55);
        assert_int_equal(flags & (SHMB_FLAG_LAST_DIRTY | SHMB_FLAG_RESTORED), SHMB_FLAG_RESTORED);
    }
}

static void declare_no_more(unsigned wait)
{
    if (wait == 0) {
        fake.config = SELDOM_HEAD;
        host.reloads = false;
        assert_true(control_request_make(&fake.asked, CONTROL_RELOAD, 0, NULL));
    } else if (wait == 1) {
        catalog_view view = fake_view();
        static catalog_reload reload; /* large */
        assert_int_equal(catalog_read_reload(&view, &reload), CATALOG_OK);
        assert_non_null(strstr(reload.text, "1 snapshots of regions that are not declared")); /* for status */
        assert_true(
            fake_has(&fake.answered, "1 snapshots of regions that are not declared with any are left"));
        host.reloads = true; /* nothing new */
    }
}

static void snapshots_that_are_left_over_are_told_by_the_reload_and_by_the_start(void **state)
{
    static const char told[] = "14 info 1 snapshots of regions that are not declared with any are left in "
                               "X:\\ShmBroker\\data\\snapshots (S)";
    (void)state;
    fake.config = SELDOM;
    host = (test_host){.stop_after = 3, .on_wait = declare_no_more};
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_true(fake_has(&fake.events, told));
    assert_null(strstr(strstr(fake.events.bytes, told) + 1, told));
    free(text_take(&fake.events));
    host = (test_host){.stop_after = 1};
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_true(fake_has(&fake.events, told));
}

static void replace_it(unsigned wait)
{
    if (wait == 0) {
        memset(bytes_of("Global\\S"), 55, 65536);
        host.reloads = true;
        fake.config = "version: 1\nregions:\n  S: { size: 64 KiB, access: { write: [Users] }, revoke: true, "
                      "persist: { mode: snapshot, every: 1 h } }\n";
    } else if (wait == 1) {
        look();
        assert_int_equal(region.generation, 2);
    }
}

static void what_is_replaced_goes_on_with_its_last_bytes(void **state)
{
    (void)state;
    fake.config = SELDOM;
    host = (test_host){.stop_after = 2, .on_wait = replace_it};
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_int_equal(seen, 55);
}

#define LARGE                                                                                                \
    "  L: { size: 64 MiB, persist: { mode: snapshot, every: 1 s } }\n" /* in many steps, and so not in one beat */

static size_t count_of(const char *what)
{
    char *listing = fake_disk_listing();
    size_t count = 0;
    for (const char *at = listing; (at = strstr(at, what)) != NULL; at++)
        count++;
    free(listing);
    return count;
}

static void let_go_while_another_is_written(unsigned wait)
{
    if (wait == 0)
        fake.clock += 10000000; /* a second: it is due */
    if (wait == 1) {
        assert_int_equal(count_of("-L-draft"), 1);
        fake.config = SELDOM_HEAD LARGE;
        host.reloads = true;
    }
    if (wait >= 2) {
        assert_null(fake_section_bytes("Global\\S"));
        assert_int_equal(count_of("-S-0"), 1);
    }
    if (wait == 3) /* not an interval later, but now */
        assert_int_equal(count_of("-L-draft") + count_of("-L-0"), 1);
}

static void what_is_under_way_for_another_is_begun_again_at_once(void **state)
{
    (void)state;
    fake.config = SELDOM_HEAD "  S: { size: 64 KiB, persist: { mode: snapshot, every: 1 h } }\n" LARGE;
    fake.clock_step = 20000; /* a look at the clock takes two milliseconds */
    host = (test_host){.stop_after = 3, .on_wait = let_go_while_another_is_written};
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
}

static void let_go_of_much(unsigned wait)
{
    if (wait == 0) {
        fake.clock_step = 10000000; /* a look at the clock takes a second */
        fake.config = SELDOM_HEAD;
        host.reloads = true;
    } else {
        fake.clock_step = 0;
    }
}

static void letting_go_takes_no_longer_than_it_may(void **state)
{
    (void)state;
    fake.config = SELDOM_HEAD "  S: { size: 64 MiB, persist: { mode: snapshot, every: 1 h } }\n";
    host = (test_host){.stop_after = 1, .on_wait = let_go_of_much};
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_true(fake_has(&fake.events, "111 warning region S: its time was up before its last bytes"));
    assert_int_equal(count_of("draft"), 0);
}

static void files_are_flushed_at_their_interval_and_at_the_stop(void **state)
{
    (void)state;
    writes = false;
    fake.config = "version: 1\ndefaults: { access: { read: [Users] } }\nregions:\n"
                  "  S: { size: 3 MiB, backing: { file: f.shm }, persist: { mode: file, flush: 1 s } }\n";
    host = (test_host){.stop_after = 8};
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_in_range(fake.flushed_files, 4, 5);
    assert_int_equal(fake.flushed_bytes, fake.flushed_files * (3u << 20));
}

static void a_file_of_a_crash_makes_way_for_a_new_one(void **state)
{
    static const char config[] = "version: 1\ndefaults: { access: { read: [Users] } }\nregions:\n"
                                 "  S: { size: 1 KiB, backing: { file: f.shm }, on_dirty: zero }\n";
    size_t length;
    (void)state;
    writes = false;
    assert_int_equal(run(config, 1), EXIT_OK);
    fake_disk_put(BACKING, "old", 3);
    assert_int_equal(run(config, 1), EXIT_OK);
    assert_non_null(fake_disk_file(BACKING, &length)); /* it ended in order */
    fake_disk_put(BOOK, "torn", 4);
    assert_int_equal(run(config, 1), EXIT_OK);
    assert_null(fake_disk_file(BACKING, &length));
    assert_non_null(fake_disk_file(BACKING ".dirty", &length));
}

static void each_call_may_fail_and_no_snapshot_that_was_there_is_lost(void **state)
{
    (void)state;
    for (unsigned n = 1; n < 400; n++) {
        fake_reset();
        writes = true;
        assert_int_equal(run(SNAPSHOTS, 3), EXIT_OK);
        fake.failed_call = NULL;
        fake.fail_at = fake.calls + n;
        fake.config = SNAPSHOTS;
        host = (test_host){.stop_after = 6};
        run_broker(&host, NULL, "");
        bool failed = fake.failed_call != NULL;
        fake.fail_at = 0;
        assert_int_equal(fake_open_things(), 0);
        writes = false;
        assert_int_equal(run(SNAPSHOTS, 0), EXIT_OK);
        if (seen != 13)
            fail_msg("after %s failed, S has %u", fake.failed_call, seen);
        if (!failed)
            return;
    }
    fail_msg("%s", "there is no end to what may fail");
}

/* Served all the same, it would begin empty, and what programs write would be gone after the stop. */
static void without_the_data_folder_what_is_to_be_saved_is_not_served(void **state)
{
    (void)state;
    assert_int_equal(run(SNAPSHOTS, 3), EXIT_OK);
    fake.fail_always = "folders-create";
    fake.config = SNAPSHOTS;
    host = (test_host){.stop_after = 1};
    assert_int_equal(run_broker(&host, NULL, ""), EXIT_OK);
    assert_int_equal(host.summary.failed, 1);
    assert_true(fake_has(&fake.events, "region S is not served: what was saved of it"));
    fake.fail_always = NULL;
    writes = false;
    assert_int_equal(run(SNAPSHOTS, 0), EXIT_OK);
    assert_int_equal(seen, 13);
}

#define PERSIST_TEST(function) cmocka_unit_test_setup_teardown(function, new_machine, closed_machine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PERSIST_TEST(after_a_stop_the_last_bytes_are_back),
        PERSIST_TEST(after_a_crash_at_most_one_interval_is_lost),
        PERSIST_TEST(after_a_power_cut_at_any_operation_a_whole_state_is_back),
        PERSIST_TEST(after_a_power_cut_at_any_operation_a_file_has_what_was_flushed),
        PERSIST_TEST(what_programs_kept_alive_is_not_written_into),
        PERSIST_TEST(on_dirty_zero_begins_anew_after_a_crash_and_not_after_a_stop),
        PERSIST_TEST(on_dirty_hold_serves_nothing_until_a_person_decides),
        PERSIST_TEST(a_held_region_is_served_with_what_it_has_when_a_person_says_so),
        PERSIST_TEST(a_region_declared_again_is_judged_by_how_it_was_retired),
        PERSIST_TEST(a_damaged_book_is_told_and_taken_for_a_crash),
        PERSIST_TEST(a_damaged_snapshot_is_told_and_the_one_before_it_used),
        PERSIST_TEST(a_disk_that_fails_is_told_once_and_tried_again),
        PERSIST_TEST(a_stop_that_cannot_write_is_no_end_in_order),
        PERSIST_TEST(a_stop_takes_no_longer_than_it_may),
        PERSIST_TEST(what_is_let_go_has_its_last_bytes_on_the_disk),
        PERSIST_TEST(snapshots_that_are_left_over_are_told_by_the_reload_and_by_the_start),
        PERSIST_TEST(what_is_replaced_goes_on_with_its_last_bytes),
        PERSIST_TEST(what_is_under_way_for_another_is_begun_again_at_once),
        PERSIST_TEST(letting_go_takes_no_longer_than_it_may),
        PERSIST_TEST(files_are_flushed_at_their_interval_and_at_the_stop),
        PERSIST_TEST(a_file_of_a_crash_makes_way_for_a_new_one),
        PERSIST_TEST(without_the_data_folder_what_is_to_be_saved_is_not_served),
        PERSIST_TEST(each_call_may_fail_and_no_snapshot_that_was_there_is_lost),
    };
    return cmocka_run_group_tests_name("broker_persist", tests, NULL, NULL);
}
