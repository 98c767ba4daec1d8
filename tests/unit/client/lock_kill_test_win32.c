/*
 * Programs that use a lock are killed at random instants, over and over: none takes the lock with it, and none leaves the
 * data half written to somebody who is not told so.
 *
 * Some programs take the lock, change two numbers one after the other, and give it back, over and over. This one kills them in turn, takes the lock itself each time, and looks. SHMBROKER_KILL_ROUNDS says how many (40): README.md has
 * the result of 10,000. The lock's objects are this test's own.
 */
#include "kill.h"
#include "lock_room_win32.h"

#include "atomics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAMS 6u
#define BOUND_MS                                                                                             \
    10000u /* in which a killed holder's lock must be somebody's. On a busy machine it may take a while */
#define ROUNDS 40u

/* Behind the lock's words, protected by the lock. */
typedef struct ledger {
    shmb_lock_words words;
    volatile uint64_t before; /* changed first */
    volatile uint64_t after;  /* changed last: while nobody is inside, both are the same */
    volatile uint64_t inside; /* who is */
    volatile uint64_t died;   /* holders that were found dead */
    volatile uint64_t torn;   /* of them, within the change */
    volatile uint64_t wrong;  /* what must never be */
    volatile uint64_t progress[PROGRAMS + 1];
} ledger;

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Mostly for an instant, at times so long that others park. */
static void stay(uint32_t turns)
{
    if (turns % 8 == 7)
        Sleep(1);
    for (uint32_t i = 0; i < turns; i++)
        shmb_pause();
}

static bool change(lock_room *room, uint64_t who, uint32_t turns)
{
    ledger *book = (ledger *)(void *)room->words;
    shmb_status status = sync_lock_take(&room->lock, BOUND_MS);
    if (status != SHMB_OK && status != SHMB_OWNER_DIED)
        return false;
    if (status == SHMB_OWNER_DIED) {
        book->died++;
        book->torn += book->before != book->after;
        book->after = book->before;
        book->wrong += sync_lock_consistent(&room->lock) != SHMB_OK;
    }
    book->wrong += book->before != book->after;
    book->inside = who;
    book->before++;
    stay(turns);
    book->after++;
    book->progress[who]++;
    book->wrong += book->inside != who;
    book->wrong += sync_lock_release(&room->lock) != SHMB_OK;
    return true;
}

static int work(const char *prefix, unsigned who)
{
    wchar_t wide[64];
    swprintf(wide, 64, L"%hs", prefix);
    lock_room *room = lock_room_enter(wide);
    uint32_t seed = GetCurrentProcessId();
    for (;;) {
        if (!change(room, who, next_random(&seed) % 64))
            return 1;
        stay(next_random(&seed) % 64);
    }
}

/* False when it has not come so far in time. */
static bool await_progress(const ledger *book, unsigned who, uint64_t beyond)
{
    sync_deadline deadline = sync_deadline_in(BOUND_MS);
    while (book->progress[who] <= beyond) {
        if (sync_deadline_passed(deadline))
            return false;
        Sleep(1);
    }
    return true;
}

static void end_process(HANDLE process)
{
    assert_true(kill_process(process, GetProcessId(process), 9));
    CloseHandle(process);
}

/* Kills one program, and looks whether the others go on. How long this one had to wait for the lock. */
static sync_deadline kill_one(lock_room *room, HANDLE processes[PROGRAMS], unsigned victim, uint32_t *seed)
{
    const ledger *book = (const ledger *)(void *)room->words;
    unsigned other = (victim + 1) % PROGRAMS;
    assert_true(await_progress(book, victim, book->progress[victim]));
    sync_deadline instant = sync_now() + next_random(seed) % 1000000;
    while (sync_now() < instant)
        shmb_pause();
    end_process(processes[victim]);
    sync_deadline killed = sync_now();
    assert_true(change(room, PROGRAMS, 0));
    sync_deadline waited = sync_now() - killed;
    assert_true(await_progress(book, other, book->progress[other]));
    processes[victim] = lock_room_start(room, L"work", victim);
    return waited;
}

static void a_killed_program_takes_no_lock_with_it(void **state)
{
    (void)state;
    wchar_t prefix[64];
    HANDLE processes[PROGRAMS];
    sync_deadline longest = 0, all = 0;
    const char *wanted = getenv("SHMBROKER_KILL_ROUNDS");
    uint32_t rounds = wanted != NULL ? (uint32_t)strtoul(wanted, NULL, 10) : ROUNDS;
    uint32_t seed = GetCurrentProcessId();
    swprintf(prefix, 64, L"Local\\shmb-kills-%lu", GetCurrentProcessId());
    lock_room *room = lock_room_enter(prefix);
    const ledger *book = (const ledger *)(void *)room->words;
    for (unsigned i = 0; i < PROGRAMS; i++)
        processes[i] = lock_room_start(room, L"work", i);
    for (uint32_t i = 0; i < rounds; i++) {
        sync_deadline waited = kill_one(room, processes, i % PROGRAMS, &seed);
        longest = waited > longest ? waited : longest;
        all += waited;
        assert_true(book->wrong == 0);
    }
    for (unsigned i = 0; i < PROGRAMS; i++)
        end_process(processes[i]);
    assert_true(change(room, PROGRAMS, 0));
    printf("%u programs killed, %llu with the lock, %llu of them within a change; then waited %.3f ms on "
           "average, "
           "%.3f ms at most; %llu changes, %llu things wrong\n",
           rounds + PROGRAMS, (unsigned long long)book->died, (unsigned long long)book->torn,
           rounds != 0 ? (double)all / rounds / 1e6 : 0.0, (double)longest / 1e6,
           (unsigned long long)book->after, (unsigned long long)book->wrong);
    assert_true(book->wrong == 0 && book->before == book->after);
    lock_room_leave(room);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "work") == 0)
        return work(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_killed_program_takes_no_lock_with_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
