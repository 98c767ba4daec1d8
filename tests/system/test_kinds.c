/* Regions of each kind as the broker makes them: what they begin with, what stands beside them and for whom, and that it
   comes, stays and goes together with the region. */
#include "checks.h"

#include "account.h"
#include "geometry.h"
#include "parts.h"
#include "region.h"
#include "service.h"

#include <string.h>

#define SECTION_READ  0x20005u
#define SECTION_WRITE 0x20007u
#define EVENT_WAIT    0x120000u
#define EVENT_SET     0x120002u
#define MUTEX_TAKE    0x120001u
#define SEE_RIGHTS    0x20000u
/* The system's own macros of these have a suffix that tidy text has not. */
#define MAP_READ       0x4u
#define MAP_WRITE      0x2u
#define MAP_BOTH       0x6u
#define MAY_WAIT       0x100000u
#define MAY_SET        0x2u /* of an event */
#define MAY_RELEASE    0x1u /* of a mutex */
#define USERS          "S-1-5-32-545"
#define ADMINISTRATORS "S-1-5-32-544"

/* ---- Objects beside a region ----------------------------------------------------------------------------------- */

static const char *part_of(const char *region, shmb_part part)
{
    char name[SHMB_PART_NAME_BYTES];
    assert_true(shmb_part_name(support_text("Global\\%s", region), part, name));
    return support_text("%s", name);
}

/* Opens it as what it is; NULL with the last error. */
static HANDLE open_part(const char *region, shmb_part part, DWORD access)
{
    const wchar_t *name = support_wide(part_of(region, part));
    switch (shmb_part_object_of(part)) {
    case SHMB_PART_SECTION:
        return OpenFileMappingW(access, FALSE, name);
    case SHMB_PART_MUTEX:
        return OpenMutexW(access, FALSE, name);
    default:
        return OpenEventW(access, FALSE, name);
    }
}

static bool is_there(const char *region, shmb_part part)
{
    HANDLE object = open_part(region, part, SEE_RIGHTS);
    if (object)
        CloseHandle(object);
    return object != NULL;
}

static void assert_parts(const char *region, shmb_part_set wanted)
{
    for (unsigned part = 0; part < SHMB_PART_COUNT; part++)
        if (is_there(region, (shmb_part)part) != ((wanted >> part & 1) != 0))
            support_fail("%s %s there", part_of(region, (shmb_part)part),
                         wanted >> part & 1 ? "is not" : "is");
}

/* Which rights an ordinary account gets when it asks for exactly these. */
static bool may(const char *region, shmb_part part, DWORD access)
{
    account_become(account_ordinary());
    HANDLE object = open_part(region, part, access);
    account_return();
    if (object)
        CloseHandle(object);
    return object != NULL;
}

/* The DACL has these two entries, beside the broker's own. */
static void assert_rights(const char *region, shmb_part part, DWORD of_users, DWORD of_administrators)
{
    HANDLE object = open_part(region, part, SEE_RIGHTS);
    assert_non_null(object);
    void *descriptor = account_security_of(object);
    CloseHandle(object);
    assert_int_equal(account_count_entries(descriptor), 3);
    account_assert_entry(descriptor, USERS, of_users);
    account_assert_entry(descriptor, ADMINISTRATORS, of_administrators);
}

static shmb_status try_to(const test_broker *b, const char *name, uint32_t access, uint32_t kind)
{
    shmb_attach_options options = region_options(b, access);
    options.kind = kind;
    return region_try(name, &options);
}

/* ---- What the broker makes ------------------------------------------------------------------------------------- */

static void a_region_has_the_parts_of_its_kind_and_begins_as_it(void **state)
{
    (void)state;
    const char *plain = support_unique("Plain"), *both = support_unique("Both"),
               *value = support_unique("Value"), *queue = support_unique("Queue"),
               *stream = support_unique("Stream");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n"
                                                 "  %s: { size: 4 KiB, lock: true, notify: true }\n"
                                                 "  %s: { kind: state, size: 100 }\n"
                                                 "  %s: { kind: queue, messages: 9, message_size: 100 }\n"
                                                 "  %s: { kind: stream, messages: 4, message_size: 8 }\n",
                                     plain, both, value, queue, stream);
    assert_parts(plain, 0);
    assert_parts(both, shmb_parts_of(SHMB_KIND_RAW, SHMB_FLAG_LOCK | SHMB_FLAG_NOTIFY));
    assert_parts(value, shmb_parts_of(SHMB_KIND_STATE, 0));
    assert_parts(queue, shmb_parts_of(SHMB_KIND_QUEUE, 0));
    assert_parts(stream, shmb_parts_of(SHMB_KIND_STREAM, 0));

    const shmb_geometry geometry = {SHMB_KIND_QUEUE, 16, 100};
    char why[SHMB_GEOMETRY_WHY];
    shmb_region *region = region_attach(b, queue, SHMB_ACCESS_WRITE);
    assert_int_equal(shmb_region_kind(region), SHMB_KIND_QUEUE);
    assert_int_equal(shmb_region_messages(region), 16);
    assert_int_equal(shmb_region_item_size(region), 100);
    assert_int_equal(shmb_region_size(region), shmb_geometry_bytes(&geometry));
    assert_true(shmb_geometry_matches(shmb_data(region), &geometry, why));
    shmb_detach(region);
    region = region_attach(b, both, SHMB_ACCESS_READ);
    assert_int_equal(shmb_region_flags(region) & (SHMB_FLAG_LOCK | SHMB_FLAG_NOTIFY),
                     SHMB_FLAG_LOCK | SHMB_FLAG_NOTIFY);
    shmb_detach(region);

    assert_int_equal(try_to(b, value, SHMB_ACCESS_READ, SHMB_KIND_STATE), SHMB_OK);
    assert_int_equal(try_to(b, value, SHMB_ACCESS_READ, SHMB_KIND_QUEUE), SHMB_WRONG_KIND);
    assert_int_equal(try_to(b, plain, SHMB_ACCESS_READ, SHMB_KIND_STREAM), SHMB_WRONG_KIND);
    shmb_attach_options window = region_options(b, SHMB_ACCESS_READ);
    window.length = 64;
    assert_int_equal(region_try(stream, &window), SHMB_INVALID_ARGUMENT);
    broker_stop(b);
    assert_parts(both, 0);
    assert_parts(queue, 0);
}

static void readers_and_writers_have_on_each_part_what_the_layout_promises(void **state)
{
    (void)state;
    const char *value = support_unique("Value"), *both = support_unique("Both"),
               *queue = support_unique("Queue");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { kind: state, size: 100 }\n"
                                                 "  %s: { size: 4 KiB, lock: true, notify: true }\n"
                                                 "  %s: { kind: queue, messages: 4, message_size: 8 }\n",
                                     value, both, queue);
    assert_rights(value, SHMB_PART_LOCK, SEE_RIGHTS, SECTION_WRITE);
    assert_rights(value, SHMB_PART_LOCK_GATE, SEE_RIGHTS, MUTEX_TAKE);
    assert_rights(value, SHMB_PART_LOCK_WAKE, SEE_RIGHTS, EVENT_SET);
    assert_rights(value, SHMB_PART_WAITERS, SECTION_WRITE, SECTION_WRITE);
    assert_rights(value, SHMB_PART_WAKE_EVEN, EVENT_WAIT, EVENT_SET);
    assert_rights(value, SHMB_PART_WAKE_ODD, EVENT_WAIT, EVENT_SET);
    assert_rights(both, SHMB_PART_SIGNAL, SECTION_READ, SECTION_WRITE);
    assert_rights(queue, SHMB_PART_ROOM_GATE, SEE_RIGHTS, MUTEX_TAKE);
    assert_rights(queue, SHMB_PART_READY_WAKE, SEE_RIGHTS, EVENT_SET);

    /* A reader, who can write neither the value nor an event, says that it waits, and waits. */
    assert_int_equal(try_to(b, value, SHMB_ACCESS_WRITE, 0), SHMB_OK);
    account_become(account_ordinary());
    shmb_status reads = try_to(b, value, SHMB_ACCESS_READ, 0),
                writes = try_to(b, value, SHMB_ACCESS_WRITE, 0);
    account_return();
    assert_int_equal(reads, SHMB_OK);
    assert_int_equal(writes, SHMB_ACCESS_DENIED);
    assert_true(may(value, SHMB_PART_WAITERS, MAP_BOTH));
    assert_true(may(value, SHMB_PART_WAKE_EVEN, MAY_WAIT));
    assert_false(may(value, SHMB_PART_WAKE_EVEN, MAY_WAIT | MAY_SET));
    assert_false(may(value, SHMB_PART_WAKE_ODD, MAY_SET));
    assert_false(may(value, SHMB_PART_LOCK, MAP_READ));
    assert_false(may(value, SHMB_PART_LOCK_GATE, MAY_WAIT | MAY_RELEASE));
    assert_false(may(value, SHMB_PART_LOCK_WAKE, MAY_WAIT | MAY_SET));
    if (!support_under_wine()) { /* which lets whoever wants wait for what he may see */
        assert_false(may(value, SHMB_PART_LOCK_GATE, MAY_WAIT));
        assert_false(may(value, SHMB_PART_LOCK_WAKE, MAY_WAIT));
    }
    assert_true(may(both, SHMB_PART_SIGNAL, MAP_READ));
    assert_false(may(both, SHMB_PART_SIGNAL, MAP_WRITE));
    broker_stop(b);
}

static void who_is_listed_may_lock_and_not_write(void **state)
{
    (void)state;
    const char *name = support_unique("Listed");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB, lock: [Users] }\n", name);
    assert_rights(name, SHMB_PART_LOCK, SECTION_WRITE, SECTION_WRITE);
    assert_true(may(name, SHMB_PART_LOCK, MAP_BOTH));
    assert_true(may(name, SHMB_PART_LOCK_GATE, MAY_WAIT | MAY_RELEASE));
    account_become(account_ordinary());
    shmb_status reads = try_to(b, name, SHMB_ACCESS_READ, 0), writes = try_to(b, name, SHMB_ACCESS_WRITE, 0);
    account_return();
    assert_int_equal(reads, SHMB_OK);
    assert_int_equal(writes, SHMB_ACCESS_DENIED);
    broker_stop(b);
}

static void a_descriptor_of_its_own_rules_the_parts_too(void **state)
{
    (void)state;
    const char *name = support_unique("Own");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { kind: state, size: 64, sddl: "
                                                 "'D:P(A;;0x20005;;;BU)(A;;0x20007;;;BA)' }\n",
                                     name);
    assert_rights(name, SHMB_PART_LOCK, SEE_RIGHTS, SECTION_WRITE);
    assert_rights(name, SHMB_PART_WAITERS, SECTION_WRITE, SECTION_WRITE);
    assert_rights(name, SHMB_PART_WAKE_EVEN, EVENT_WAIT, EVENT_SET);
    broker_stop(b);
}

/* ---- Together with the region ---------------------------------------------------------------------------------- */

static void what_is_beside_a_region_outlives_a_killed_broker(void **state)
{
    (void)state;
    const char *name = support_unique("Survives");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB, lock: true, notify: true }\n", name);
    const shmb_part_set all = shmb_parts_of(SHMB_KIND_RAW, SHMB_FLAG_LOCK | SHMB_FLAG_NOTIFY);
    HANDLE section = open_part(name, SHMB_PART_LOCK, MAP_BOTH);
    assert_non_null(section);
    char *word = MapViewOfFile(section, MAP_BOTH, 0, 0, 0);
    assert_non_null(word);
    memcpy(word, "held", 5);
    UnmapViewOfFile(word);
    CloseHandle(section);
    broker_kill(b);
    assert_parts(name, all); /* the keeper has them */
    broker_start(b);
    assert_parts(name, all);
    section = open_part(name, SHMB_PART_LOCK, MAP_READ);
    word = MapViewOfFile(section, MAP_READ, 0, 0, 0);
    assert_non_null(word);
    assert_string_equal(word, "held");
    UnmapViewOfFile(word);
    CloseHandle(section);
    broker_stop(b);
    assert_parts(name, 0);
}

static void configure(const test_broker *b, const char *regions)
{
    const char *text = support_text(
        "version: 1\ndefaults: { access: { read: [Users], write: [Administrators] } }\nregions:\n%s",
        regions);
    support_write_file(b->config, text, strlen(text));
}

static const char *reload(const test_broker *b)
{
    process *p = process_run("shmbroker.exe", "reload --yes --instance %s", b->instance);
    if (process_wait(p) != 0)
        support_fail("reload: %s%s", process_output(p), process_errors(p));
    return process_output(p);
}

static void a_reload_replaces_secures_and_retires_parts_with_their_region(void **state)
{
    (void)state;
    const char *kind = support_unique("Kind"), *rights = support_unique("Rights"),
               *goes = support_unique("Goes");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n"
                                                 "  %s: { size: 4 KiB, lock: true }\n"
                                                 "  %s: { kind: stream, messages: 2, message_size: 8 }\n",
                                     kind, rights, goes);
    assert_false(may(rights, SHMB_PART_LOCK, MAP_READ));
    configure(b, support_text("  %s: { kind: queue, messages: 2, message_size: 8 }\n"
                              "  %s: { size: 4 KiB, lock: [Users] }\n",
                              kind, rights));
    reload(b);
    assert_parts(kind, shmb_parts_of(SHMB_KIND_QUEUE, 0));
    assert_int_equal(try_to(b, kind, SHMB_ACCESS_WRITE, SHMB_KIND_QUEUE), SHMB_OK);
    assert_true(may(rights, SHMB_PART_LOCK, MAP_BOTH));
    assert_true(may(rights, SHMB_PART_LOCK_WAKE, MAY_WAIT | MAY_SET));
    assert_parts(goes, 0);
    broker_stop(b);
}

static void a_cpp_program_uses_each_kind_by_its_types(void **state)
{
    (void)state;
    const char *value = support_unique("Value"), *queue = support_unique("Queue"),
               *stream = support_unique("Stream");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { kind: state, size: 16 }\n"
                                                 "  %s: { kind: queue, messages: 8, message_size: 16 }\n"
                                                 "  %s: { kind: stream, messages: 8, message_size: 16 }\n",
                                     value, queue, stream);
    process *p = process_run("shmbroker-typed.exe", "%s %s %s %s", b->instance, value, queue, stream);
    if (process_wait(p) != 0)
        support_fail("%s%s", process_output(p), process_errors(p));
    assert_contains(process_output(p), "typed well");
    broker_stop(b);
}

/* A writer who scribbles over all of the region that is not its own. */
static void scribble_over_the_header(const test_broker *b, const char *name)
{
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    memset(shmb_data(region), 0xA5, SHMB_KIND_HEADER_BYTES);
    shmb_detach(region);
}

static void a_region_is_taken_over_as_what_it_is_whatever_its_writers_wrote(void **state)
{
    (void)state;
    const char *value = support_unique("Value"), *queue = support_unique("Queue"),
               *stream = support_unique("Stream");
    char got[8];
    uint64_t size, version, cursor, missed;
    uint32_t job_size;
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { kind: state, size: 100 }\n"
                                                 "  %s: { kind: queue, messages: 4, message_size: 8 }\n"
                                                 "  %s: { kind: stream, messages: 4, message_size: 8 }\n",
                                     value, queue, stream);
    shmb_region *region = region_attach(b, value, SHMB_ACCESS_WRITE);
    assert_int_equal(shmb_state_write(region, "value", 6), SHMB_OK);
    shmb_detach(region);
    region = region_attach(b, queue, SHMB_ACCESS_WRITE);
    assert_int_equal(shmb_queue_send(region, "job", 4, SHMB_NO_WAIT), SHMB_OK);
    shmb_detach(region);
    region = region_attach(b, stream, SHMB_ACCESS_WRITE);
    assert_int_equal(shmb_stream_write(region, "tick", 5), SHMB_OK);
    shmb_detach(region);
    scribble_over_the_header(b, value);
    scribble_over_the_header(b, queue);
    scribble_over_the_header(b, stream);

    broker_kill(b);
    broker_start(b);
    assert_int_equal(try_to(b, value, SHMB_ACCESS_READ, SHMB_KIND_STATE), SHMB_OK);
    region = region_attach(b, value, SHMB_ACCESS_READ);
    assert_int_equal(shmb_state_read(region, got, sizeof got, &size, &version), SHMB_OK);
    assert_string_equal(got, "value");
    shmb_detach(region);
    region = region_attach(b, queue, SHMB_ACCESS_WRITE);
    assert_int_equal(shmb_queue_receive(region, got, sizeof got, &job_size, SHMB_NO_WAIT), SHMB_OK);
    assert_string_equal(got, "job");
    shmb_detach(region);
    region = region_attach(b, stream, SHMB_ACCESS_READ);
    assert_int_equal(shmb_stream_join(region, SHMB_OLDEST, &cursor), SHMB_OK);
    assert_int_equal(shmb_stream_read(region, &cursor, got, sizeof got, &size, &missed, SHMB_NO_WAIT),
                     SHMB_OK);
    assert_string_equal(got, "tick");
    shmb_detach(region);
    broker_stop(b);
}

static void a_raw_region_is_not_laid_over_a_state_of_its_size(void **state)
{
    (void)state;
    const char *name = support_unique("Value");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { kind: state, size: 100 }\n", name);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    const unsigned long long bytes = shmb_region_size(region);
    assert_int_equal(shmb_state_write(region, "value", 6), SHMB_OK);
    broker_kill(b);
    configure(b, support_text("  %s: { size: %llu }\n", name, bytes));
    broker_start(b);
    assert_contains(process_output(broker_status(b, name)), "it was made as something else");
    shmb_detach(region);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_READ);
    options.kind = SHMB_KIND_RAW;
    options.timeout_ms = SUPPORT_WAIT_MS;
    assert_int_equal(region_try(name, &options), SHMB_OK); /* made anew as soon as nobody had the other */
    region = region_attach(b, name, SHMB_ACCESS_READ);
    for (unsigned long long i = 0; i < bytes; i++)
        assert_int_equal(((const char *)shmb_data(region))[i], 0);
    shmb_detach(region);
    broker_stop(b);
}

static void a_file_with_another_kind_in_it_is_refused_and_kept(void **state)
{
    (void)state;
    const char *name = support_unique("Filed");
    const char *queue = support_text(
        "  %s: { kind: queue, messages: 4, message_size: 8, backing: { file: filed.shm } }\n", name);
    test_broker *b = broker_run_with(BROKER_HEAD "%s", queue);
    shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
    memcpy((char *)shmb_data(region) + shmb_size(region) - 8, "message", 8);
    shmb_detach(region);
    broker_stop(b);
    configure(
        b, support_text(
               "  %s: { kind: stream, messages: 4, message_size: 8, backing: { file: filed.shm } }\n", name));
    broker_start(b);
    assert_int_equal(try_to(b, name, SHMB_ACCESS_READ, 0), SHMB_REGION_FAILED);
    assert_contains(process_output(broker_status(b, name)), "a queue of 4 messages of up to 8 bytes");
    assert_parts(name, 0);
    broker_stop(b);
    configure(b, queue);
    broker_start(b);
    region = region_attach(b, name, SHMB_ACCESS_READ);
    assert_string_equal((const char *)shmb_data(region) + shmb_size(region) - 8, "message");
    shmb_detach(region);
    broker_stop(b);
}

static void a_part_whose_name_is_taken_breaks_its_region_alone(void **state)
{
    (void)state;
    const char *name = support_unique("Taken"), *other = support_unique("Other");
    HANDLE squat = CreateSemaphoreW(NULL, 0, 1, support_wide(part_of(name, SHMB_PART_READY_GATE)));
    assert_non_null(squat);
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { kind: queue, messages: 2, message_size: 8 }\n"
                                                 "  %s: { kind: queue, messages: 2, message_size: 8 }\n",
                                     name, other);
    assert_int_equal(try_to(b, name, SHMB_ACCESS_READ, 0), SHMB_REGION_FAILED);
    assert_int_equal(try_to(b, other, SHMB_ACCESS_WRITE, 0), SHMB_OK);
    assert_parts(name, 0);
    assert_contains(process_output(broker_status(b, name)), "ready-gate");
    CloseHandle(squat);
    broker_stop(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(a_region_has_the_parts_of_its_kind_and_begins_as_it),
        SYSTEM_TEST(readers_and_writers_have_on_each_part_what_the_layout_promises),
        SYSTEM_TEST(who_is_listed_may_lock_and_not_write),
        SYSTEM_TEST(a_descriptor_of_its_own_rules_the_parts_too),
        SYSTEM_TEST(what_is_beside_a_region_outlives_a_killed_broker),
        SYSTEM_TEST(a_reload_replaces_secures_and_retires_parts_with_their_region),
        SYSTEM_TEST(a_cpp_program_uses_each_kind_by_its_types),
        SYSTEM_TEST(a_region_is_taken_over_as_what_it_is_whatever_its_writers_wrote),
        SYSTEM_TEST(a_raw_region_is_not_laid_over_a_state_of_its_size),
        SYSTEM_TEST(a_file_with_another_kind_in_it_is_refused_and_kept),
        SYSTEM_TEST(a_part_whose_name_is_taken_breaks_its_region_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
