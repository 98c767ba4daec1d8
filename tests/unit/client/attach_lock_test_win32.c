/* shmb_lock and its like on attached regions, whose parts the test makes as a broker would; tests/system/test_lock.c has a real
   one. */
#include "attach_testing_win32.h"
#include "parts.h"

#include <stdio.h>

#include <sddl.h>

#define ALL_SECTION  "D:P(A;;0x20007;;;WD)"
#define ALL_WAIT     "D:P(A;;0x120003;;;WD)"
#define LOOK_SECTION "D:P(A;;0x20004;;;WD)"
#define LOOK_WAIT    "D:P(A;;0x20000;;;WD)"

static HANDLE parts[3];

static HANDLE make_part(const char *object, shmb_part part, const char *sddl)
{
    char name[SHMB_PART_NAME_BYTES];
    SECURITY_ATTRIBUTES security = {sizeof security, NULL, FALSE};
    assert_true(shmb_part_name(object, part, name));
    if (shmb_part_object_of(part) == SHMB_PART_SECTION)
        return fake_section(name, sddl, SHMB_PART_BYTES, 0);
    BOOL made = ConvertStringSecurityDescriptorToSecurityDescriptorA(sddl, SDDL_REVISION_1,
                                                                     &security.lpSecurityDescriptor, NULL);
    assert_true(made);
    HANDLE object_made = shmb_part_object_of(part) == SHMB_PART_MUTEX
                             ? CreateMutexA(&security, FALSE, name)
                             : CreateEventA(&security, FALSE, FALSE, name);
    LocalFree(security.lpSecurityDescriptor);
    return object_made;
}

/* A raw region with a lock, which may be used or not. */
static void create_locked(const char *name, bool usable)
{
    catalog_place place;
    uint64_t generation;
    platform_failure failure;
    char object[128];
    fake_broker_create(&broker, name, 4096, NULL);
    fake_broker_object(&broker, name, object, sizeof object);
    parts[0] = make_part(object, SHMB_PART_LOCK, usable ? ALL_SECTION : LOOK_SECTION);
    parts[1] = make_part(object, SHMB_PART_LOCK_GATE, usable ? ALL_WAIT : LOOK_WAIT);
    parts[2] = make_part(object, SHMB_PART_LOCK_WAKE, usable ? ALL_WAIT : LOOK_WAIT);
    assert_true(catalog_place_of(&broker.writer, name, &place, &generation, &failure));
    catalog_publication publication = {.state = SHMB_REGION_READY,
                                       .size = 4096,
                                       .generation = generation,
                                       .now = 2,
                                       .flags = SHMB_FLAG_LOCK,
                                       .object_name = object,
                                       .description = "with a lock"};
    assert_true(catalog_publish(&broker.writer, place, &publication, &failure));
}

static void remove_locked(void)
{
    for (size_t i = 0; i < 3; i++)
        CloseHandle(parts[i]);
}

static void a_region_without_a_lock_says_so(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Plain", 4096, NULL);
    shmb_region *region = attach("Plain", SHMB_ACCESS_WRITE, SHMB_OK);
    assert_int_equal(shmb_lock(region, SHMB_NO_WAIT), SHMB_WRONG_KIND);
    assert_int_equal(shmb_unlock(region), SHMB_WRONG_KIND);
    assert_int_equal(shmb_lock_consistent(region), SHMB_WRONG_KIND);
    shmb_region *given;
    assert_int_equal(shmb_attach_handle(shmb_handle(region), 4096, NULL, &given), SHMB_OK);
    assert_int_equal(shmb_lock(given, SHMB_NO_WAIT), SHMB_WRONG_KIND);
    shmb_detach(given);
    shmb_detach(region);
    assert_int_equal(shmb_lock(NULL, SHMB_NO_WAIT), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_unlock(NULL), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_lock_consistent(NULL), SHMB_INVALID_ARGUMENT);
}

static void who_may_not_use_the_lock_is_told(void **state)
{
    (void)state;
    create_locked("Closed", false);
    shmb_region *region = attach("Closed", SHMB_ACCESS_READ, SHMB_OK);
    assert_int_equal(shmb_lock(region, SHMB_NO_WAIT), SHMB_ACCESS_DENIED);
    assert_int_equal(shmb_unlock(region), SHMB_ACCESS_DENIED);
    shmb_detach(region);
    remove_locked();
}

static void one_attachment_at_a_time_holds_it(void **state)
{
    (void)state;
    create_locked("Locked", true);
    shmb_region *one = attach("Locked", SHMB_ACCESS_WRITE, SHMB_OK);
    shmb_region *other = attach("Locked", SHMB_ACCESS_READ, SHMB_OK);
    assert_int_equal(shmb_lock(one, SHMB_INFINITE), SHMB_OK);
    assert_int_equal(shmb_lock(one, SHMB_INFINITE), SHMB_DEADLOCK);
    assert_int_equal(shmb_lock(other, SHMB_NO_WAIT), SHMB_TIMED_OUT);
    assert_int_equal(shmb_lock(other, 20), SHMB_TIMED_OUT);
    assert_int_equal(shmb_unlock(other), SHMB_NOT_OWNER);
    assert_int_equal(shmb_lock_consistent(other), SHMB_NOT_OWNER);
    assert_int_equal(shmb_unlock(one), SHMB_OK);
    assert_int_equal(shmb_unlock(one), SHMB_NOT_OWNER);
    assert_int_equal(shmb_lock(other, SHMB_NO_WAIT), SHMB_OK);
    assert_int_equal(shmb_unlock(other), SHMB_OK);
    shmb_detach(one);
    shmb_detach(other);
    remove_locked();
}

static void who_detaches_with_the_lock_is_a_dead_holder(void **state)
{
    (void)state;
    create_locked("Locked", true);
    shmb_region *one = attach("Locked", SHMB_ACCESS_WRITE, SHMB_OK);
    shmb_region *other = attach("Locked", SHMB_ACCESS_WRITE, SHMB_OK);
    assert_int_equal(shmb_lock(one, SHMB_INFINITE), SHMB_OK);
    shmb_detach(one);
    assert_int_equal(shmb_lock(other, SHMB_INFINITE), SHMB_OWNER_DIED);
    assert_int_equal(shmb_unlock(other), SHMB_OK);
    assert_int_equal(shmb_lock(other, SHMB_INFINITE), SHMB_OWNER_DIED);
    assert_int_equal(shmb_lock_consistent(other), SHMB_OK);
    assert_int_equal(shmb_unlock(other), SHMB_OK);
    assert_int_equal(shmb_lock(other, SHMB_INFINITE), SHMB_OK);
    assert_int_equal(shmb_unlock(other), SHMB_OK);
    shmb_detach(other);
    remove_locked();
}

typedef struct holder {
    shmb_region *region;
    HANDLE holds, may_end;
    shmb_status status;
} holder;

static DWORD WINAPI hold(void *context)
{
    holder *me = context;
    me->status = shmb_lock(me->region, SHMB_NO_WAIT);
    SetEvent(me->holds);
    WaitForSingleObject(me->may_end, INFINITE);
    return 0;
}

static void who_detaches_while_another_thread_holds_it_ends_that_holding(void **state)
{
    (void)state;
    create_locked("Locked", true);
    shmb_region *other = attach("Locked", SHMB_ACCESS_WRITE, SHMB_OK);
    holder one = {.region = attach("Locked", SHMB_ACCESS_WRITE, SHMB_OK)};
    one.holds = CreateEventW(NULL, TRUE, FALSE, NULL);
    one.may_end = CreateEventW(NULL, TRUE, FALSE, NULL);
    HANDLE thread = CreateThread(NULL, 0, hold, &one, 0, NULL);
    assert_non_null(thread);
    WaitForSingleObject(one.holds, INFINITE);
    assert_int_equal(one.status, SHMB_OK);
    assert_int_equal(shmb_lock(other, SHMB_NO_WAIT), SHMB_TIMED_OUT);
    shmb_detach(one.region);
    assert_int_equal(shmb_lock(other, SHMB_INFINITE), SHMB_OWNER_DIED);
    SetEvent(one.may_end);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    CloseHandle(one.holds);
    CloseHandle(one.may_end);
    shmb_detach(other);
    remove_locked();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_region_without_a_lock_says_so),
        TEST(who_may_not_use_the_lock_is_told),
        TEST(one_attachment_at_a_time_holds_it),
        TEST(who_detaches_with_the_lock_is_a_dead_holder),
        TEST(who_detaches_while_another_thread_holds_it_ends_that_holding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
