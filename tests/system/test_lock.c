/* The lock beside a region, between programs: what each is told when another holds it, gives it back, or is killed with it. */
#include "checks.h"

#include "account.h"
#include "region.h"

#include <stdlib.h>
#include <string.h>

#define LOCKED BROKER_HEAD "  %s: { size: 4 KiB, lock: true }\n"

/* A program that uses the region's lock; LOCKER's arguments are the broker, the region and the steps. */
#define LOCKER(b, name, steps)                                                                               \
    process_start("shmbroker-locker.exe", "%s %s write %s", (b)->instance, name, steps)

static const char *wait_for(process *p, const char *line)
{
    process_wait_line(p, line);
    return line;
}

/* What the broker, the region and this program's attachment are in most of the tests. */
typedef struct scene {
    const char *name;
    test_broker *broker;
    shmb_region *region;
} scene;

static scene set_up(void)
{
    scene here = {.name = support_unique("Locked")};
    here.broker = broker_run_with(LOCKED, here.name);
    here.region = region_attach(here.broker, here.name, SHMB_ACCESS_WRITE);
    return here;
}

/* ---- Taking turns ---------------------------------------------------------------------------------------------- */

static void programs_take_turns(void **state)
{
    (void)state;
    scene here = set_up();
    process *programs[3];
    for (size_t i = 0; i < 3; i++)
        programs[i] = LOCKER(here.broker, here.name, "count 20000");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(process_wait(programs[i]), 0);
    assert_true(*(volatile uint64_t *)shmb_data(here.region) == 60000);
    assert_int_equal(shmb_lock(here.region, SHMB_NO_WAIT), SHMB_OK);
    assert_int_equal(shmb_unlock(here.region), SHMB_OK);
    shmb_detach(here.region);
}

static void a_waiter_gets_the_lock_when_the_holder_gives_it_back(void **state)
{
    (void)state;
    scene here = set_up();
    process *holder = LOCKER(here.broker, here.name, "lock 0 hold unlock hold");
    wait_for(holder, "holding");
    assert_int_equal(shmb_lock(here.region, SHMB_NO_WAIT), SHMB_TIMED_OUT);
    ULONGLONG before = GetTickCount64();
    assert_int_equal(shmb_lock(here.region, 200), SHMB_TIMED_OUT);
    assert_true(GetTickCount64() - before >= 180);
    assert_int_equal(shmb_unlock(here.region), SHMB_NOT_OWNER);
    assert_int_equal(shmb_lock_consistent(here.region), SHMB_NOT_OWNER);
    process_close_input(holder);
    assert_int_equal(shmb_lock(here.region, SUPPORT_WAIT_MS), SHMB_OK);
    assert_int_equal(shmb_lock(here.region, SHMB_INFINITE), SHMB_DEADLOCK);
    assert_int_equal(shmb_unlock(here.region), SHMB_OK);
    assert_int_equal(shmb_unlock(here.region), SHMB_NOT_OWNER);
    shmb_detach(here.region);
}

static void no_program_that_shares_a_lock_starves(void **state)
{
    (void)state;
    scene here = set_up();
    process *programs[4];
    unsigned long long least = UINT64_MAX, most = 0;
    for (size_t i = 0; i < 4; i++)
        programs[i] = LOCKER(here.broker, here.name, "hold share 1500");
    for (size_t i = 0; i < 4; i++)
        wait_for(programs[i], "holding");
    for (size_t i = 0; i < 4; i++)
        process_close_input(programs[i]);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(process_wait(programs[i]), 0);
        const char *line = strstr(process_output(programs[i]), "share ");
        unsigned long long times = line != NULL ? strtoull(line + 6, NULL, 10) : 0;
        least = times < least ? times : least;
        most = times > most ? times : most;
    }
    print_message("four programs had the lock %llu to %llu times\n", least, most);
    assert_true(least >= 20);
    shmb_detach(here.region);
}

/* ---- Who may --------------------------------------------------------------------------------------------------- */

static void only_a_region_with_a_lock_has_one_and_only_who_may_write_may_lock(void **state)
{
    (void)state;
    const char *plain = support_unique("Plain"), *locked = support_unique("Locked"),
               *opened = support_unique("Opened");
    test_broker *b = broker_run_with(LOCKED "  %s: { size: 1 }\n  %s: { size: 1, lock: [Users] }\n", locked,
                                     plain, opened);
    shmb_region *region = region_attach(b, plain, SHMB_ACCESS_WRITE);
    assert_int_equal(shmb_lock(region, SHMB_NO_WAIT), SHMB_WRONG_KIND);
    assert_int_equal(shmb_unlock(region), SHMB_WRONG_KIND);
    shmb_detach(region);
    assert_int_equal(shmb_lock(NULL, SHMB_NO_WAIT), SHMB_INVALID_ARGUMENT);

    account_become(account_ordinary());
    region = region_attach(b, locked, SHMB_ACCESS_READ);
    assert_int_equal(shmb_lock(region, SHMB_NO_WAIT), SHMB_ACCESS_DENIED);
    shmb_detach(region);
    region = region_attach(b, opened, SHMB_ACCESS_READ);
    assert_int_equal(shmb_lock(region, SHMB_NO_WAIT), SHMB_OK);
    assert_int_equal(shmb_unlock(region), SHMB_OK);
    shmb_detach(region);
    account_return();
}

/* ---- Death ----------------------------------------------------------------------------------------------------- */

/* Of this program's own waiting. */
typedef struct waiting {
    shmb_region *region;
    HANDLE mutex; /* instead of the region's lock */
    shmb_status status;
    LARGE_INTEGER when;
} waiting;

static DWORD WINAPI wait_in_a_thread(void *context)
{
    waiting *me = context;
    if (me->mutex != NULL) {
        WaitForSingleObject(me->mutex, SUPPORT_WAIT_MS);
        QueryPerformanceCounter(&me->when);
        ReleaseMutex(me->mutex);
    } else {
        me->status = shmb_lock(me->region, SUPPORT_WAIT_MS);
        QueryPerformanceCounter(&me->when);
        (void)shmb_lock_consistent(me->region);
        (void)shmb_unlock(me->region);
    }
    return 0;
}

/* Kills the holder while a thread waits. Microseconds till that had it. */
static unsigned long long kill_under(waiting *me, process *holder)
{
    LARGE_INTEGER killed, frequency;
    HANDLE thread = CreateThread(NULL, 0, wait_in_a_thread, me, 0, NULL);
    assert_non_null(thread);
    Sleep(100); /* until it sleeps; if it does not yet, it is told all the same */
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&killed);
    process_kill(holder);
    DWORD ended = WaitForSingleObject(thread, SUPPORT_WAIT_MS);
    assert_true(ended == WAIT_OBJECT_0);
    CloseHandle(thread);
    return (unsigned long long)(me->when.QuadPart - killed.QuadPart) * 1000000 /
           (unsigned long long)frequency.QuadPart;
}

static void who_waits_for_a_program_that_is_killed_is_told_at_once(void **state)
{
    (void)state;
    scene here = set_up();
    unsigned long long best = UINT64_MAX;
    for (size_t i = 0; i < 5; i++) {
        process *holder = LOCKER(here.broker, here.name, "lock 0 hold");
        wait_for(holder, "holding");
        waiting me = {.region = here.region};
        unsigned long long took = kill_under(&me, holder);
        assert_int_equal(me.status, SHMB_OWNER_DIED);
        best = took < best ? took : best;
    }
    print_message("killed, and the next one had the lock after %llu us (the best of 5)\n", best);
    assert_true(best < 500000); /* nobody looks now and then: that would show as such a time */
    shmb_detach(here.region);
}

static void what_a_dead_holder_left_is_told_until_it_is_repaired(void **state)
{
    (void)state;
    scene here = set_up();
    process *holder = LOCKER(here.broker, here.name, "lock 0 hold");
    wait_for(holder, "holding");
    process_kill(holder);
    process *next =
        process_run("shmbroker-locker.exe", "%s %s write lock 0 unlock", here.broker->instance, here.name);
    assert_contains(process_output(next), "lock 13\nunlock 0\n");
    next = process_run("shmbroker-locker.exe", "%s %s write lock 1000 repair unlock", here.broker->instance,
                       here.name);
    assert_contains(process_output(next), "lock 13\nrepair 0\nunlock 0\n");
    assert_int_equal(shmb_lock(here.region, SHMB_NO_WAIT), SHMB_OK);
    assert_int_equal(shmb_unlock(here.region), SHMB_OK);
    shmb_detach(here.region);
}

static void a_thread_that_ends_with_the_lock_is_a_dead_holder(void **state)
{
    (void)state;
    scene here = set_up();
    process *holder = LOCKER(here.broker, here.name, "thread hold");
    wait_for(holder, "holding");
    assert_contains(process_output(holder), "thread 0");
    assert_int_equal(shmb_lock(here.region, SUPPORT_WAIT_MS), SHMB_OWNER_DIED);
    assert_true(process_is_running(holder));
    shmb_detach(here.region);
}

static void a_program_that_detaches_with_the_lock_is_a_dead_holder(void **state)
{
    (void)state;
    scene here = set_up();
    shmb_region *other = region_attach(here.broker, here.name, SHMB_ACCESS_WRITE);
    assert_int_equal(shmb_lock(other, SHMB_NO_WAIT), SHMB_OK);
    assert_int_equal(shmb_lock(here.region, SHMB_NO_WAIT), SHMB_TIMED_OUT);
    shmb_detach(other);
    assert_int_equal(shmb_lock(here.region, SHMB_NO_WAIT), SHMB_OWNER_DIED);
    shmb_detach(here.region);
}

static void it_is_told_across_accounts_that_may_not_open_each_others_processes(void **state)
{
    (void)state;
    const char *name = support_unique("Across");
    test_broker *b =
        broker_run_with("version: 1\nregions:\n  %s: { size: 4 KiB, lock: true, access: { write: "
                        "[Users] } }\n",
                        name);
    process *holder = LOCKER(b, name, "lock 0 hide hold");
    wait_for(holder, "holding");
    assert_contains(process_output(holder), "lock 0\nhide\n");
    account_become(account_ordinary());
    HANDLE opened = OpenProcess(SYNCHRONIZE, FALSE, process_id(holder));
    account_return();
    if (opened != NULL)
        CloseHandle(opened);
    process *waiter =
        process_start_as(account_ordinary(), "shmbroker-locker.exe",
                         "%s %s write lock 0 lock 100 hold lock 30000 unlock", b->instance, name);
    wait_for(waiter, "holding");
    assert_contains(process_output(waiter), "lock 6\nlock 6\n");
    process_close_input(waiter);
    process_kill(holder);
    assert_int_equal(process_wait(waiter), 0);
    assert_contains(process_output(waiter), "lock 13\nunlock 0\n");
    if (opened != NULL)
        SKIP("told, but this system lets everybody open a process, whatever its descriptor says");
}

static void it_is_told_when_the_broker_is_dead(void **state)
{
    (void)state;
    scene here = set_up();
    process *holder = LOCKER(here.broker, here.name, "lock 0 hold");
    wait_for(holder, "holding");
    broker_kill(here.broker);
    assert_int_equal(shmb_lock(here.region, 100), SHMB_TIMED_OUT);
    process_kill(holder);
    assert_int_equal(shmb_lock(here.region, SUPPORT_WAIT_MS), SHMB_OWNER_DIED);
    assert_int_equal(shmb_lock_consistent(here.region), SHMB_OK);
    assert_int_equal(shmb_unlock(here.region), SHMB_OK);
    assert_int_equal(shmb_lock(here.region, SHMB_NO_WAIT), SHMB_OK);
    shmb_detach(here.region);
}

static void the_example_loses_no_money_when_it_is_killed(void **state)
{
    (void)state;
    scene here = set_up();
    SetEnvironmentVariableA("SHMBROKER_INSTANCE", here.broker->instance);
    for (size_t i = 0; i < 3; i++) {
        process *victim = process_start("example-locked.exe", "%s 100000000", here.name);
        process *other = process_start("example-locked.exe", "%s 20000", here.name);
        Sleep((DWORD)(50 + 20 * i));
        process_kill(victim);
        if (process_wait(other) != 0)
            support_fail("%s", process_errors(other));
        assert_contains(process_output(other), " transfers so far\n");
    }
    SetEnvironmentVariableA("SHMBROKER_INSTANCE", NULL);
    shmb_detach(here.region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(programs_take_turns),
        SYSTEM_TEST(a_waiter_gets_the_lock_when_the_holder_gives_it_back),
        SYSTEM_TEST(no_program_that_shares_a_lock_starves),
        SYSTEM_TEST(only_a_region_with_a_lock_has_one_and_only_who_may_write_may_lock),
        SYSTEM_TEST(who_waits_for_a_program_that_is_killed_is_told_at_once),
        SYSTEM_TEST(what_a_dead_holder_left_is_told_until_it_is_repaired),
        SYSTEM_TEST(a_thread_that_ends_with_the_lock_is_a_dead_holder),
        SYSTEM_TEST(a_program_that_detaches_with_the_lock_is_a_dead_holder),
        SYSTEM_TEST(it_is_told_across_accounts_that_may_not_open_each_others_processes),
        SYSTEM_TEST(it_is_told_when_the_broker_is_dead),
        SYSTEM_TEST(the_example_loses_no_money_when_it_is_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
