/* shmb_state, shmb_stream and shmb_notify on regions with real sections, mutexes and events: what the functions take and
   refuse, and that who waits is woken. Processes and accounts are the system tests' matter. */
#include "attach_testing_win32.h"

#include "atomics.h"
#include "parts.h"

#include <string.h>

#define LARGEST 100u

static shmb_region *attach_kind(const char *name, uint32_t kind, uint32_t access)
{
    shmb_attach_options options = plain_options(access);
    options.kind = kind;
    return attach_with(name, &options, SHMB_OK);
}

static void create_state(void)
{
    fake_broker_create_kind(&broker, "pose", &(shmb_geometry){SHMB_KIND_STATE, 0, LARGEST}, 0);
}

static void create_stream(void)
{
    fake_broker_create_kind(&broker, "ticks", &(shmb_geometry){SHMB_KIND_STREAM, 4, LARGEST}, 0);
}

static void create_raw(uint32_t flags)
{
    fake_broker_create_kind(&broker, "table", &(shmb_geometry){SHMB_KIND_RAW, 0, 4096}, flags);
}

/* ---- State --------------------------------------------------------------------------------------- */

static void a_state_is_read_as_it_was_written(void **state)
{
    (void)state;
    create_state();
    shmb_region *writer = attach_kind("pose", SHMB_KIND_STATE, SHMB_ACCESS_WRITE);
    shmb_region *reader = attach_kind("pose", SHMB_KIND_STATE, SHMB_ACCESS_READ);
    char buffer[LARGEST];
    uint64_t size = 7, version = 7;
    assert_int_equal(shmb_state_read(reader, buffer, sizeof buffer, &size, &version), SHMB_TIMED_OUT);
    assert_int_equal(size, 0);
    assert_int_equal(version, 0);
    assert_int_equal(shmb_state_wait(reader, 0, 20), SHMB_TIMED_OUT);
    assert_int_equal(shmb_state_write(writer, "hello", 5), SHMB_OK);
    assert_int_equal(shmb_state_wait(reader, 0, SHMB_INFINITE), SHMB_OK);
    assert_int_equal(shmb_state_read(reader, buffer, sizeof buffer, &size, &version), SHMB_OK);
    assert_int_equal(size, 5);
    assert_int_equal(version, 1);
    assert_memory_equal(buffer, "hello", 5);
    assert_int_equal(shmb_state_read(reader, buffer, 4, &size, NULL), SHMB_TOO_SMALL);
    assert_int_equal(size, 5);
    assert_int_equal(shmb_state_read(reader, NULL, 0, &size, NULL), SHMB_TOO_SMALL);
    assert_int_equal(shmb_state_write(writer, NULL, 0), SHMB_OK);
    assert_int_equal(shmb_state_read(reader, NULL, 0, &size, &version), SHMB_OK);
    assert_int_equal(version, 2);
    shmb_detach(reader);
    shmb_detach(writer);
}

static void what_a_state_does_not_take_is_refused(void **state)
{
    (void)state;
    create_state();
    create_raw(SHMB_FLAG_NOTIFY);
    shmb_region *writer = attach_kind("pose", SHMB_KIND_STATE, SHMB_ACCESS_WRITE);
    shmb_region *reader = attach_kind("pose", 0, SHMB_ACCESS_READ);
    shmb_region *raw = attach_kind("table", SHMB_KIND_RAW, SHMB_ACCESS_WRITE);
    char bytes[LARGEST + 1] = {0};
    uint64_t cursor;
    assert_int_equal(shmb_state_write(writer, bytes, LARGEST + 1), SHMB_TOO_LARGE);
    assert_int_equal(shmb_state_write(writer, NULL, 1), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_state_write(NULL, bytes, 1), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_state_write(reader, bytes, 1), SHMB_ACCESS_DENIED);
    assert_int_equal(shmb_state_write(raw, bytes, 1), SHMB_WRONG_KIND);
    assert_int_equal(shmb_state_read(raw, bytes, 1, NULL, NULL), SHMB_WRONG_KIND);
    assert_int_equal(shmb_state_read(NULL, bytes, 1, NULL, NULL), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_state_read(reader, NULL, 1, NULL, NULL), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_state_wait(raw, 0, 0), SHMB_WRONG_KIND);
    assert_int_equal(shmb_state_wait(NULL, 0, 0), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_stream_write(writer, bytes, 1), SHMB_WRONG_KIND);
    assert_int_equal(shmb_stream_join(writer, SHMB_NEWEST, &cursor), SHMB_WRONG_KIND);
    assert_int_equal(shmb_notify(writer), SHMB_WRONG_KIND);
    assert_int_equal(shmb_wait(writer, 0, 0), SHMB_WRONG_KIND);
    assert_int_equal(shmb_state_read(reader, bytes, LARGEST, NULL, NULL), SHMB_TIMED_OUT);
    shmb_detach(raw);
    shmb_detach(reader);
    shmb_detach(writer);
}

static void corruption_is_told_in_words(void **state)
{
    (void)state;
    create_state();
    shmb_region *writer = attach_kind("pose", SHMB_KIND_STATE, SHMB_ACCESS_WRITE);
    char text[192] = "x", bytes[LARGEST];
    shmb_corruption(writer, text, sizeof text);
    assert_string_equal(text, "");
    assert_int_equal(shmb_state_write(writer, "x", 1), SHMB_OK);
    uint8_t *region = shmb_data(writer);
    memset(region + SHMB_STATE_WORDS_OFFSET + 8, 0xFF, 16);
    assert_int_equal(shmb_state_read(writer, bytes, LARGEST, NULL, NULL), SHMB_CORRUPT);
    shmb_corruption(writer, text, sizeof text);
    assert_string_equal(text,
                        "the length of the latest value, at offset 140, is 4294967295; at most 100 can be");
    shmb_corruption(writer, text, 11);
    assert_string_equal(text, "the length");
    shmb_corruption(NULL, text, sizeof text);
    assert_string_equal(text, "");
    assert_int_equal(shmb_state_write(writer, "y", 1), SHMB_OK);
    assert_int_equal(shmb_state_read(writer, bytes, LARGEST, NULL, NULL), SHMB_OK);
    shmb_detach(writer);
}

/* ---- Who waits ----------------------------------------------------------------------------------- */

typedef struct waiter {
    shmb_region *region;
    HANDLE thread;
    shmb_status status;
    uint64_t cursor;
} waiter;

static DWORD WINAPI wait_for_state(void *context)
{
    waiter *who = context;
    who->status = shmb_state_wait(who->region, 0, 10000);
    return 0;
}

static DWORD WINAPI wait_for_message(void *context)
{
    waiter *who = context;
    char buffer[LARGEST];
    who->status = shmb_stream_read(who->region, &who->cursor, buffer, sizeof buffer, NULL, NULL, 10000);
    return 0;
}

static DWORD WINAPI wait_for_notification(void *context)
{
    waiter *who = context;
    who->status = shmb_wait(who->region, 0, 10000);
    return 0;
}

static void start(waiter *who, DWORD(WINAPI *wait)(void *))
{
    who->thread = CreateThread(NULL, 0, wait, who, 0, NULL);
    assert_non_null(who->thread);
}

static void finish(waiter *who)
{
    const DWORD ended = WAIT_OBJECT_0;
    assert_int_equal(WaitForSingleObject(who->thread, 20000), ended);
    assert_int_equal(who->status, SHMB_OK);
    CloseHandle(who->thread);
}

/* In the part `waiters`. */
static void await_flag(const char *name)
{
    char object[128], part[SHMB_PART_NAME_BYTES];
    fake_broker_object(&broker, name, object, sizeof object);
    assert_true(shmb_part_name(object, SHMB_PART_WAITERS, part));
    HANDLE section = OpenFileMappingA(FILE_MAP_READ, FALSE, part);
    const uint32_t *flag = MapViewOfFile(section, FILE_MAP_READ, 0, 0, SHMB_PART_BYTES);
    assert_non_null(flag);
    for (int i = 0; shmb_load_acquire_u32(flag) == 0; i++) {
        assert_in_range(i, 0, 10000);
        Sleep(1);
    }
    UnmapViewOfFile(flag);
    CloseHandle(section);
}

static void who_waits_for_a_value_is_woken(void **state)
{
    (void)state;
    create_state();
    shmb_region *writer = attach_kind("pose", SHMB_KIND_STATE, SHMB_ACCESS_WRITE);
    waiter who[3];
    for (size_t i = 0; i < 3; i++) {
        who[i] = (waiter){.region = attach_kind("pose", SHMB_KIND_STATE, SHMB_ACCESS_READ)};
        start(&who[i], wait_for_state);
    }
    await_flag("pose");
    assert_int_equal(shmb_state_write(writer, "x", 1), SHMB_OK);
    for (size_t i = 0; i < 3; i++) {
        finish(&who[i]);
        shmb_detach(who[i].region);
    }
    shmb_detach(writer);
}

static void who_waits_for_a_message_is_woken(void **state)
{
    (void)state;
    create_stream();
    shmb_region *producer = attach_kind("ticks", SHMB_KIND_STREAM, SHMB_ACCESS_WRITE);
    waiter who = {.region = attach_kind("ticks", SHMB_KIND_STREAM, SHMB_ACCESS_READ)};
    start(&who, wait_for_message);
    await_flag("ticks");
    assert_int_equal(shmb_stream_write(producer, "x", 1), SHMB_OK);
    finish(&who);
    shmb_detach(who.region);
    shmb_detach(producer);
}

static void who_waits_for_a_notification_is_woken(void **state)
{
    (void)state;
    create_raw(SHMB_FLAG_NOTIFY);
    shmb_region *writer = attach_kind("table", SHMB_KIND_RAW, SHMB_ACCESS_WRITE);
    waiter who = {.region = attach_kind("table", SHMB_KIND_RAW, SHMB_ACCESS_READ)};
    assert_int_equal(shmb_notified(who.region), 0);
    assert_int_equal(shmb_wait(who.region, 0, 20), SHMB_TIMED_OUT);
    assert_int_equal(shmb_notify(who.region), SHMB_ACCESS_DENIED);
    start(&who, wait_for_notification);
    await_flag("table");
    assert_int_equal(shmb_notify(writer), SHMB_OK);
    finish(&who);
    assert_int_equal(shmb_notified(who.region), 1);
    assert_int_equal(shmb_wait(who.region, 0, SHMB_NO_WAIT), SHMB_OK);
    shmb_detach(who.region);
    shmb_detach(writer);
}

static void a_region_without_a_signal_has_none(void **state)
{
    (void)state;
    create_raw(0);
    shmb_region *region = attach_kind("table", SHMB_KIND_RAW, SHMB_ACCESS_WRITE);
    assert_int_equal(shmb_notify(region), SHMB_WRONG_KIND);
    assert_int_equal(shmb_wait(region, 0, 0), SHMB_WRONG_KIND);
    assert_int_equal(shmb_notified(region), 0);
    assert_int_equal(shmb_notified(NULL), 0);
    assert_int_equal(shmb_notify(NULL), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_wait(NULL, 0, 0), SHMB_INVALID_ARGUMENT);
    shmb_detach(region);
}

/* ---- Stream -------------------------------------------------------------------------------------- */

static void a_stream_is_read_as_it_was_written(void **state)
{
    (void)state;
    create_stream();
    shmb_region *producer = attach_kind("ticks", SHMB_KIND_STREAM, SHMB_ACCESS_WRITE);
    shmb_region *reader = attach_kind("ticks", SHMB_KIND_STREAM, SHMB_ACCESS_READ);
    char buffer[LARGEST];
    uint64_t oldest, newest, size, missed;
    void *place;
    for (const char *c = "abcdefghij"; *c != '\0'; c++)
        assert_int_equal(shmb_stream_write(producer, c, 1), SHMB_OK);
    assert_int_equal(shmb_stream_join(reader, SHMB_OLDEST, &oldest), SHMB_OK);
    assert_int_equal(shmb_stream_join(reader, SHMB_NEWEST, &newest), SHMB_OK);
    assert_int_equal(shmb_stream_read(reader, &oldest, buffer, LARGEST, &size, &missed, 0), SHMB_OK);
    assert_int_equal(buffer[0], 'h');
    assert_int_equal(shmb_stream_read(reader, &newest, buffer, LARGEST, &size, &missed, 20), SHMB_TIMED_OUT);
    assert_int_equal(shmb_stream_claim(producer, 50, &place), SHMB_OK);
    assert_int_equal((uintptr_t)place % 16, 0);
    memcpy(place, "claimed", 7);
    assert_int_equal(shmb_stream_commit(producer, 7), SHMB_OK);
    assert_int_equal(shmb_stream_read(reader, &newest, buffer, 6, &size, &missed, 0), SHMB_TOO_SMALL);
    assert_int_equal(size, 7);
    assert_int_equal(shmb_stream_read(reader, &newest, buffer, LARGEST, NULL, NULL, 0), SHMB_OK);
    assert_memory_equal(buffer, "claimed", 7);
    newest = 0;
    assert_int_equal(shmb_stream_read(reader, &newest, buffer, LARGEST, &size, &missed, 0), SHMB_OK);
    assert_int_equal(missed, 8);
    assert_int_equal(buffer[0], 'i');
    shmb_detach(reader);
    shmb_detach(producer);
}

static DWORD WINAPI write_one(void *context)
{
    waiter *who = context;
    who->status = shmb_stream_write(who->region, "y", 1);
    return 0;
}

/* The thread that wrote first; when it ends, the next. */
static void a_producer_is_one_thread_until_it_ends(void **state)
{
    (void)state;
    create_stream();
    waiter who = {.region = attach_kind("ticks", SHMB_KIND_STREAM, SHMB_ACCESS_WRITE)};
    shmb_region *other = attach_kind("ticks", SHMB_KIND_STREAM, SHMB_ACCESS_WRITE);
    for (int i = 0; i < 3; i++) {
        start(&who, write_one);
        finish(&who);
    }
    assert_int_equal(shmb_stream_write(other, "x", 1), SHMB_OK);
    assert_int_equal(shmb_stream_write(who.region, "y", 1), SHMB_BUSY);
    assert_int_equal(shmb_stream_resign(who.region), SHMB_NOT_OWNER);
    assert_int_equal(shmb_stream_resign(other), SHMB_OK);
    assert_int_equal(shmb_stream_write(who.region, "y", 1), SHMB_OK);
    assert_int_equal(shmb_stream_write(other, "x", 1), SHMB_BUSY);
    shmb_detach(who.region);
    assert_int_equal(shmb_stream_write(other, "x", 1), SHMB_OK);
    uint64_t cursor;
    assert_int_equal(shmb_stream_join(other, SHMB_NEWEST, &cursor), SHMB_OK);
    assert_int_equal(cursor, 12);
    shmb_detach(other);
}

static void what_a_stream_does_not_take_is_refused(void **state)
{
    (void)state;
    create_stream();
    create_state();
    shmb_region *producer = attach_kind("ticks", SHMB_KIND_STREAM, SHMB_ACCESS_WRITE);
    shmb_region *reader = attach_kind("ticks", SHMB_KIND_STREAM, SHMB_ACCESS_READ);
    char buffer[LARGEST + 1] = {0};
    uint64_t cursor = 1, size, missed;
    void *place = buffer;
    assert_int_equal(shmb_stream_write(producer, buffer, LARGEST + 1), SHMB_TOO_LARGE);
    assert_int_equal(shmb_stream_write(producer, NULL, 1), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_stream_write(reader, buffer, 1), SHMB_ACCESS_DENIED);
    assert_int_equal(shmb_stream_write(NULL, buffer, 1), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_stream_claim(producer, LARGEST + 1, &place), SHMB_TOO_LARGE);
    assert_null(place);
    assert_int_equal(shmb_stream_claim(producer, 1, NULL), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_stream_commit(producer, 0), SHMB_NOT_OWNER);
    assert_int_equal(shmb_stream_join(reader, 2, &cursor), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_stream_join(reader, SHMB_NEWEST, NULL), SHMB_INVALID_ARGUMENT);
    cursor = 1;
    assert_int_equal(shmb_stream_read(reader, &cursor, buffer, LARGEST, &size, &missed, 0),
                     SHMB_INVALID_ARGUMENT);
    cursor = 100; /* of another stream */
    assert_int_equal(shmb_stream_read(reader, &cursor, buffer, LARGEST, &size, &missed, 20), SHMB_CORRUPT);
    shmb_corruption(reader, buffer, sizeof buffer);
    assert_string_equal(buffer, "the position of the next message, at offset 128, is 0; at least 98 can be");
    assert_int_equal(shmb_stream_read(reader, NULL, buffer, LARGEST, &size, &missed, 0),
                     SHMB_INVALID_ARGUMENT);
    shmb_detach(reader);
    shmb_detach(producer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_state_is_read_as_it_was_written),
        TEST(what_a_state_does_not_take_is_refused),
        TEST(corruption_is_told_in_words),
        TEST(who_waits_for_a_value_is_woken),
        TEST(who_waits_for_a_message_is_woken),
        TEST(who_waits_for_a_notification_is_woken),
        TEST(a_region_without_a_signal_has_none),
        TEST(a_stream_is_read_as_it_was_written),
        TEST(a_producer_is_one_thread_until_it_ends),
        TEST(what_a_stream_does_not_take_is_refused),
    };
    return cmocka_run_group_tests_name("states, streams and signals of attached regions", tests, NULL, NULL);
}
