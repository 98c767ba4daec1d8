/*
 * Lives, gates and locks by kernel objects, among the threads of this process and with programs that are killed. Started as `test-client.lives hold PREFIX`, it is such a program.
 */
#include "kill.h"
#include "lock_room_win32.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <windows.h>

#include <sddl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define WAIT_MS 30000u

static int begin(void **state)
{
    static unsigned number;
    wchar_t prefix[64];
    swprintf(prefix, 64, L"Local\\shmb-lives-%lu-%u", GetCurrentProcessId(), ++number);
    *state = lock_room_enter(prefix);
    return *state == NULL;
}

static int end(void **state)
{
    lock_room_leave(*state);
    return 0;
}

/* ---- A program that holds the lock ----------------------------------------------------------------- */

static int hold(const char *prefix)
{
    wchar_t wide[64];
    swprintf(wide, 64, L"%hs", prefix);
    lock_room *all = lock_room_enter(wide);
    if (all == NULL || sync_lock_take(&all->lock, WAIT_MS) != SHMB_OK)
        return 1;
    SetEvent(lock_room_object(all, L"ready"));
    Sleep(WAIT_MS);
    return 1;
}

/* Starts it, and returns when it holds the lock. */
static HANDLE start_holder(const lock_room *all)
{
    HANDLE ready = lock_room_object(all, L"ready");
    HANDLE process = lock_room_start(all, L"hold", 0);
    DWORD ended = WaitForSingleObject(ready, WAIT_MS);
    assert_true(ended == WAIT_OBJECT_0);
    CloseHandle(ready);
    return process;
}

static void kill_holder(HANDLE process)
{
    assert_true(kill_process(process, GetProcessId(process), 9));
    CloseHandle(process);
}

/* ---- Threads ---------------------------------------------------------------------------------------- */

typedef struct visitor {
    lock_room *room;
    const char *
        acts; /* `t` take, `r` release, `w` wait till allowed, `s` says so far, `o` wait for the watched life, `e` for the end */
    HANDLE allowed;
    HANDLE arrived;
    HANDLE may_end;
    sync_life life;
    shmb_status taken;
    sync_life watched;
    sync_result over;
} visitor;

static sync_result wait_for_end(lock_room *all, sync_life life)
{
    sync_result result = sync_gate_enter(&all->place, sync_deadline_in(WAIT_MS));
    if (result != SYNC_OK)
        return result;
    result = sync_place_wait(&all->place, all->lives, life, sync_deadline_in(WAIT_MS));
    sync_life_bury(all->lives, life);
    sync_gate_leave(&all->place);
    return result;
}

static DWORD WINAPI visit(void *context)
{
    visitor *me = context;
    me->life = sync_life_mine(me->room->lives);
    for (const char *act = me->acts; *act != '\0'; act++) {
        if (*act == 't')
            me->taken = sync_lock_take(&me->room->lock, WAIT_MS);
        else if (*act == 'r')
            (void)sync_lock_release(&me->room->lock);
        else if (*act == 's')
            SetEvent(me->arrived);
        else if (*act == 'e')
            WaitForSingleObject(me->may_end, WAIT_MS);
        else if (*act == 'o')
            me->over = wait_for_end(me->room, me->watched);
        else
            WaitForSingleObject(me->allowed, WAIT_MS);
    }
    return 0;
}

static HANDLE start(visitor *who, lock_room *all, const char *acts)
{
    *who = (visitor){.room = all, .acts = acts};
    who->allowed = CreateEventW(NULL, TRUE, FALSE, NULL);
    who->arrived = CreateEventW(NULL, TRUE, FALSE, NULL);
    who->may_end = CreateEventW(NULL, TRUE, FALSE, NULL);
    HANDLE thread = CreateThread(NULL, 0, visit, who, 0, NULL);
    assert_non_null(thread);
    return thread;
}

static void await(HANDLE thread, visitor *who)
{
    SetEvent(who->may_end);
    DWORD ended = WaitForSingleObject(thread, WAIT_MS);
    assert_true(ended == WAIT_OBJECT_0);
    CloseHandle(thread);
    CloseHandle(who->may_end);
    CloseHandle(who->allowed);
    CloseHandle(who->arrived);
}

static void await_arrival(const visitor *who)
{
    DWORD ended = WaitForSingleObject(who->arrived, WAIT_MS);
    assert_true(ended == WAIT_OBJECT_0);
}

static void name_of(sync_life life, wchar_t name[64])
{
    swprintf(name, 64, L"Global\\ShmBroker.Life.%08lX%08lX", (unsigned long)(life >> 32),
             (unsigned long)(life & 0xFFFFFFFFu));
}

/* Whether anybody still has its mutex open. (Wine does not count a process's handles.) */
static bool is_there(sync_life life)
{
    wchar_t name[64];
    name_of(life, name);
    HANDLE mutex = OpenMutexW(SYNCHRONIZE, FALSE, name);
    if (mutex != NULL)
        CloseHandle(mutex);
    return mutex != NULL;
}

/* ---- Lives ------------------------------------------------------------------------------------------ */

static void a_thread_has_one_life_in_each_attachment(void **state)
{
    lock_room *all = *state;
    lock_room *others[20]; /* more than a thread notes */
    sync_life lives[20];
    sync_life mine = sync_life_mine(all->lives);
    assert_true(mine != SYNC_NOBODY && (mine & SYNC_LIFE_BITS) == 0);
    for (size_t i = 0; i < 20; i++) {
        others[i] = lock_room_enter(all->prefix);
        assert_non_null(others[i]);
        lives[i] = sync_life_mine(others[i]->lives);
    }
    for (size_t i = 0; i < 20; i++) {
        assert_true(sync_life_mine(others[i]->lives) == lives[i]);
        assert_true(lives[i] != mine && lives[i] != lives[(i + 1) % 20]);
        assert_true(sync_lives_made(others[i]->lives, lives[i]));
        assert_false(sync_lives_made(all->lives, lives[i]));
    }
    assert_true(sync_life_mine(all->lives) == mine);
    for (size_t i = 0; i < 20; i++)
        lock_room_leave(others[i]);
    assert_true(sync_life_mine(all->lives) == mine);
}

static void a_life_is_over_with_its_thread(void **state)
{
    lock_room *all = *state;
    visitor who;
    HANDLE thread = start(&who, all, "sw");
    await_arrival(&who);
    for (size_t i = 0; i < 3; i++)
        assert_false(sync_life_is_over(all->lives, who.life));
    SetEvent(who.allowed);
    await(thread, &who);
    assert_true(sync_life_is_over(all->lives, who.life));
    assert_true(sync_life_is_over(all->lives, who.life));
}

static void a_life_that_never_was_is_over_and_an_own_one_never(void **state)
{
    lock_room *all = *state;
    lock_room *other = lock_room_enter(all->prefix);
    assert_non_null(other);
    sync_life own[2] = {sync_life_mine(all->lives), sync_life_mine(other->lives)};
    for (size_t i = 0; i < 2; i++) {
        assert_false(sync_life_is_over(all->lives, own[i]));
        assert_int_equal(sync_gate_enter(&all->place, SYNC_AT_ONCE), SYNC_OK);
        assert_int_equal(sync_place_wait(&all->place, all->lives, own[i], sync_deadline_in(5)),
                         SYNC_TIMED_OUT);
        sync_gate_leave(&all->place);
    }
    assert_true(sync_life_is_over(all->lives, 0x1234567890ABCDE0u));
    assert_true(sync_life_is_over(all->lives, UINT64_MAX));
    lock_room_leave(other);
    assert_true(sync_life_is_over(all->lives, own[1]));
}

/* By another thread, which lives on: what it was told it leaves for others to learn. */
static void all_who_watch_a_life_are_told_of_its_end(void **state)
{
    lock_room *all = *state;
    visitor who, watcher;
    HANDLE thread = start(&who, all, "sw");
    await_arrival(&who);
    assert_false(sync_life_is_over(all->lives, who.life));
    HANDLE watching = start(&watcher, all, "wose");
    watcher.watched = who.life;
    SetEvent(who.allowed);
    await(thread, &who);
    SetEvent(watcher.allowed);
    await_arrival(&watcher);
    assert_int_equal(watcher.over, SYNC_OVER);
    assert_int_equal(sync_gate_enter(&all->place, SYNC_AT_ONCE), SYNC_OK);
    sync_result told = sync_place_wait(&all->place, all->lives, who.life, sync_deadline_in(5000));
    sync_gate_leave(&all->place);
    assert_int_equal(told, SYNC_OVER);
    await(watching, &watcher);
}

static void a_life_may_be_watched_and_no_more_by_those_who_may_enter_the_gate(void **state)
{
    lock_room *all = *state;
    wchar_t name[64], *text = NULL;
    DWORD bytes = 0;
    sync_life life = sync_life_mine(all->lives);
    assert_true(is_there(life));
    name_of(life, name);
    HANDLE mutex = OpenMutexW(READ_CONTROL, FALSE, name); /* its owner may */
    if (mutex == NULL)
        return;
    GetKernelObjectSecurity(mutex, DACL_SECURITY_INFORMATION, NULL, 0, &bytes);
    PSECURITY_DESCRIPTOR descriptor = malloc(bytes);
    BOOL told = GetKernelObjectSecurity(mutex, DACL_SECURITY_INFORMATION, descriptor, bytes, &bytes) &&
                ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, SDDL_REVISION_1,
                                                                     DACL_SECURITY_INFORMATION, &text, NULL);
    assert_true(told);
    assert_non_null(wcsstr(text, L"(A;;0x100000;;;WD)"));
    LocalFree(text);
    free(descriptor);
    CloseHandle(mutex);
}

static void a_gate_that_is_open_to_everybody_is_refused(void **state)
{
    (void)state;
    HANDLE gate = CreateMutexW(NULL, FALSE, NULL);
    SECURITY_DESCRIPTOR open;
    InitializeSecurityDescriptor(&open, SECURITY_DESCRIPTOR_REVISION);
    assert_true(SetSecurityDescriptorDacl(&open, TRUE, NULL, FALSE));
    BOOL opened = SetKernelObjectSecurity(gate, DACL_SECURITY_INFORMATION, &open);
    assert_true(opened);
    assert_null(sync_lives_new(gate));
    CloseHandle(gate);
}

static void threads_that_came_and_went_leave_nothing_open(void **state)
{
    visitor who;
    for (size_t i = 0; i < 20; i++) {
        await(start(&who, *state, "tr"), &who);
        assert_int_equal(who.taken, SHMB_OK);
        assert_false(is_there(who.life));
    }
}

/* More often than there are slots of either kind. Each attachment is the first and the last. */
static void attachments_that_came_and_went_leave_nothing_open_and_no_slot(void **state)
{
    lock_room *all = *state;
    wchar_t prefix[64];
    wcscpy(prefix, all->prefix);
    HANDLE gate = lock_room_object(all, L"gate");
    lock_room_leave(all);
    for (size_t i = 0; i < 4200; i++) {
        sync_lives *lives = sync_lives_new(gate);
        assert_non_null(lives);
        sync_life life = i % 100 == 0 ? sync_life_mine(lives) : SYNC_NOBODY;
        assert_true(life != SYNC_NOBODY || i % 100 != 0);
        sync_lives_free(lives);
        assert_false(life != SYNC_NOBODY && is_there(life));
    }
    CloseHandle(gate);
    *state = lock_room_enter(prefix);
}

static void an_attachment_keeps_few_lives_of_others_open(void **state)
{
    lock_room *all = *state;
    visitor who[40];
    HANDLE threads[40];
    uint32_t open = 0;
    for (size_t i = 0; i < 40; i++) {
        threads[i] = start(&who[i], all, "sw");
        await_arrival(&who[i]);
    }
    for (size_t round = 0; round < 2; round++)
        for (size_t i = 0; i < 40; i++)
            assert_false(sync_life_is_over(all->lives, who[i].life));
    for (size_t i = 0; i < 40; i++) {
        SetEvent(who[i].allowed);
        await(threads[i], &who[i]);
        open += is_there(who[i].life);
    }
    assert_in_range(open, 1, 16);
}

/* ---- The lock --------------------------------------------------------------------------------------- */

static void a_waiter_gets_the_lock_when_it_is_given_back(void **state)
{
    lock_room *all = *state;
    visitor who;
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OK);
    HANDLE thread = start(&who, all, "tr");
    while ((*(volatile uint32_t *)&all->words->mark & SHMB_LOCK_WAITED_FOR) == 0)
        Sleep(0);
    assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
    await(thread, &who);
    assert_int_equal(who.taken, SHMB_OK);
    assert_true(all->words->word == SHMB_LOCK_FREE);
}

static void a_time_limit_is_kept(void **state)
{
    lock_room *all = *state;
    HANDLE process = start_holder(all);
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_TIMED_OUT);
    sync_deadline before = sync_now();
    assert_int_equal(sync_lock_take(&all->lock, 30), SHMB_TIMED_OUT);
    assert_true(sync_now() - before >= 29000000u);
    kill_holder(process);
}

static void who_waits_for_a_thread_that_ends_is_told(void **state)
{
    lock_room *all = *state;
    visitor who;
    HANDLE thread = start(&who, all, "tsw");
    await_arrival(&who);
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_TIMED_OUT);
    SetEvent(who.allowed);
    assert_int_equal(sync_lock_take(&all->lock, WAIT_MS), SHMB_OWNER_DIED);
    assert_int_equal(sync_lock_consistent(&all->lock), SHMB_OK);
    assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
    await(thread, &who);
}

static void who_finds_the_lock_with_a_killed_program_is_told(void **state)
{
    lock_room *all = *state;
    kill_holder(start_holder(all));
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OWNER_DIED);
    assert_int_equal(sync_lock_consistent(&all->lock), SHMB_OK);
    assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
    kill_holder(start_holder(all));
    assert_int_equal(sync_lock_take(&all->lock, WAIT_MS), SHMB_OWNER_DIED);
}

static void who_waits_for_a_program_that_is_killed_is_told(void **state)
{
    lock_room *all = *state;
    visitor who;
    HANDLE process = start_holder(all);
    HANDLE thread = start(&who, all, "tr");
    while ((*(volatile uint32_t *)&all->words->mark & SHMB_LOCK_WAITED_FOR) == 0)
        Sleep(0);
    kill_holder(process);
    await(thread, &who);
    assert_int_equal(who.taken, SHMB_OWNER_DIED);
}

/* The front is suspended while it waits; what it is handed then passes by it. */
static void a_suspended_thread_holds_up_who_queues_behind_it_for_a_while_only(void **state)
{
    lock_room *all = *state;
    volatile uint32_t *mark = &all->words->mark;
    visitor front, next;
    assert_int_equal(sync_lock_take(&all->lock, SHMB_NO_WAIT), SHMB_OK);
    HANDLE suspended = start(&front, all, "tr");
    while ((*mark & SHMB_LOCK_WAITED_FOR) == 0)
        Sleep(0);
    SuspendThread(suspended);
    *mark |= SHMB_LOCK_WAITED_FOR | SHMB_LOCK_HAND_OVER; /* as if it had been passed over */
    HANDLE behind = start(&next, all, "tr");
    assert_int_equal(sync_lock_release(&all->lock), SHMB_OK);
    sync_deadline before = sync_now();
    await(behind, &next);
    assert_int_equal(next.taken, SHMB_OK);
    assert_true(sync_now() - before < WAIT_MS * UINT64_C(500000));
    ResumeThread(suspended);
    await(suspended, &front);
    assert_int_equal(front.taken, SHMB_OK);
}

/* It got the lock in its sleep, and with it the gate and the dead one's life, which it gives back with the lock. */
static void after_an_heir_the_lock_is_as_it_was(void **state)
{
    lock_room *all = *state;
    visitor heir, next;
    HANDLE process = start_holder(all);
    sync_life dead = sync_lock_holder(&all->lock);
    HANDLE inheriting = start(&heir, all, "tswr");
    while ((*(volatile uint32_t *)&all->words->mark & SHMB_LOCK_WAITED_FOR) == 0)
        Sleep(0);
    kill_holder(process);
    await_arrival(&heir);
    assert_int_equal(heir.taken, SHMB_OWNER_DIED);
    assert_int_equal(sync_gate_enter(&all->place, SYNC_AT_ONCE), SYNC_TIMED_OUT);
    HANDLE waiting = start(&next, all, "tr");
    SetEvent(heir.allowed);
    await(waiting, &next);
    assert_int_equal(next.taken, SHMB_OWNER_DIED); /* nobody has said that the data is whole */
    await(inheriting, &heir);
    assert_int_equal(sync_gate_enter(&all->place, SYNC_AT_ONCE), SYNC_OK);
    sync_gate_leave(&all->place);
    assert_true(sync_life_is_over(all->lives, dead));
}

#define CROWD  3
#define ROUNDS 2000

static volatile uint64_t counted;

static DWORD WINAPI count_up(void *context)
{
    lock_room *all = context;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        if (sync_lock_take(&all->lock, WAIT_MS) != SHMB_OK)
            return 1;
        counted++;
        if (sync_lock_release(&all->lock) != SHMB_OK)
            return 1;
    }
    return 0;
}

static void one_at_a_time_is_inside(void **state)
{
    HANDLE threads[CROWD];
    DWORD code;
    counted = 0;
    for (size_t i = 0; i < CROWD; i++)
        threads[i] = CreateThread(NULL, 0, count_up, *state, 0, NULL);
    for (size_t i = 0; i < CROWD; i++) {
        WaitForSingleObject(threads[i], INFINITE);
        assert_true(GetExitCodeThread(threads[i], &code));
        assert_int_equal(code, 0);
        CloseHandle(threads[i]);
    }
    assert_true(counted == (uint64_t)CROWD * ROUNDS);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "hold") == 0)
        return hold(argv[2]);
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_thread_has_one_life_in_each_attachment),
        TEST(a_life_is_over_with_its_thread),
        TEST(a_life_that_never_was_is_over_and_an_own_one_never),
        TEST(all_who_watch_a_life_are_told_of_its_end),
        TEST(a_life_may_be_watched_and_no_more_by_those_who_may_enter_the_gate),
        TEST(a_gate_that_is_open_to_everybody_is_refused),
        TEST(threads_that_came_and_went_leave_nothing_open),
        TEST(attachments_that_came_and_went_leave_nothing_open_and_no_slot),
        TEST(an_attachment_keeps_few_lives_of_others_open),
        TEST(a_waiter_gets_the_lock_when_it_is_given_back),
        TEST(a_time_limit_is_kept),
        TEST(who_waits_for_a_thread_that_ends_is_told),
        TEST(who_finds_the_lock_with_a_killed_program_is_told),
        TEST(who_waits_for_a_program_that_is_killed_is_told),
        TEST(a_suspended_thread_holds_up_who_queues_behind_it_for_a_while_only),
        TEST(after_an_heir_the_lock_is_as_it_was),
        TEST(one_at_a_time_is_inside),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
