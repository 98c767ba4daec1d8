/*
 * A program is suspended before each of its accesses to a queue in turn, while others send and receive, several times round.
 * What it has not claimed or taken just then holds nobody up; nobody's call waits for it beyond its time; and when it goes on it
 * is unharmed: all that was sent is received, once, in order.
 */
#include "hook/stop_at.h"
#include "queue_played.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TIMES (4 * MESSAGES) /* that the others send and receive meanwhile */
#define MOST  (3 * TIMES)
#define OWN   1000u /* the victim's message */

static struct {
    uint32_t sent;          /* by the other: 1, 2, … */
    uint32_t numbers[MOST]; /* received by the third */
    uint32_t received;
    bool held;    /* the victim had claimed or taken a place when it was suspended */
    bool went_on; /* everything the others tried while it was came off */
} seen;

static shmb_status send_next(sync_deadline deadline)
{
    shmb_status status = played_send(OTHER, seen.sent + 1, deadline);
    seen.sent += status == SHMB_OK;
    return status;
}

static shmb_status receive_next(sync_deadline deadline)
{
    assert_true(seen.received < MOST);
    shmb_status status = played_receive(THIRD, &seen.numbers[seen.received], deadline);
    seen.received += status == SHMB_OK;
    return status;
}

static bool is_somebodys(void)
{
    for (uint32_t i = 0; i < MESSAGES; i++) {
        uint32_t state = queue_word_state(played_slot(i)->word);
        if (state == QUEUE_CLAIMED || state == QUEUE_TAKEN)
            return true;
    }
    return false;
}

static void go_on(void *unused)
{
    (void)unused;
    seen.held = is_somebodys();
    seen.went_on = true;
    for (uint32_t i = 0; i < TIMES; i++) {
        shmb_status received = receive_next(SYNC_AT_ONCE), sent = send_next(SYNC_AT_ONCE);
        assert_true(sent == SHMB_OK || sent == SHMB_TIMED_OUT);
        assert_true(received == SHMB_OK || received == SHMB_TIMED_OUT);
        seen.went_on = seen.went_on && sent == SHMB_OK && received == SHMB_OK;
    }
}

/* Each number from 1 to the last once, in order; the victim's once somewhere, or `missing`, which the victim has. */
static void check_numbers(uint32_t missing)
{
    uint32_t next = 1, owns = 0;
    for (uint32_t i = 0; i < seen.received; i++) {
        if (seen.numbers[i] == OWN) {
            owns++;
            continue;
        }
        next += next == missing;
        assert_int_equal(seen.numbers[i], next++);
    }
    next += next == missing;
    assert_int_equal(next, seen.sent + 1);
    assert_int_equal(owns, missing == 0);
}

static const uint64_t firsts[] = {0, 64, QUEUE_POSITIONS - 2 * (uint64_t)MESSAGES};

static bool pause_before(uint64_t step, void (*work)(void *context), bool sends, uint64_t first,
                         uint32_t there)
{
    uint32_t own = sends ? OWN : 0;
    memset(&seen, 0, sizeof seen);
    played_begin(first);
    while (seen.sent < there)
        assert_int_equal(send_next(SYNC_NEVER), SHMB_OK);
    bool paused = pause_at(step, work, &own, go_on, NULL);
    assert_int_equal(played.last_status, SHMB_OK);
    assert_true(!paused || seen.held || seen.went_on);
    while (receive_next(SYNC_AT_ONCE) == SHMB_OK)
        ;
    check_numbers(sends ? 0 : own);
    played_must_work(OTHER);
    return paused;
}

/* How often the others were held up. */
static uint32_t pause_everywhere(void (*work)(void *context), bool sends, uint32_t there)
{
    uint32_t held = 0;
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        uint64_t step = 0;
        for (; pause_before(step, work, sends, firsts[i], there); step++)
            held += seen.went_on ? 0 : 1;
        assert_true(step > 5);
    }
    return held;
}

static void a_suspended_sender_holds_up_by_what_he_has_claimed_alone_and_is_unharmed(void **state)
{
    (void)state;
    assert_true(pause_everywhere(played_sends_one, true, 2) > 0);
    assert_true(pause_everywhere(played_sends_in_place, true, 2) > 0);
}

static void a_suspended_receiver_in_place_holds_up_by_what_he_has_taken_alone_and_is_unharmed(void **state)
{
    (void)state;
    assert_true(pause_everywhere(played_receives_in_place, false, MESSAGES) > 0);
}

static void a_suspended_receiver_of_a_short_message_holds_up_nobody(void **state)
{
    (void)state;
    assert_int_equal(pause_everywhere(played_receives_one, false, MESSAGES), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_suspended_sender_holds_up_by_what_he_has_claimed_alone_and_is_unharmed),
        cmocka_unit_test(a_suspended_receiver_in_place_holds_up_by_what_he_has_taken_alone_and_is_unharmed),
        cmocka_unit_test(a_suspended_receiver_of_a_short_message_holds_up_nobody),
    };
    return cmocka_run_group_tests_name("client.queue_paused", tests, NULL, NULL);
}
