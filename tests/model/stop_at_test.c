/*
 * stop_at.h: the program ends before exactly the access that was asked for, and what it did before stays.
 */
#include "atomics.h"
#include "hook/stop_at.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

static uint32_t words[4];
static uint32_t looks, highest;

static void write_all(void *context)
{
    (void)context;
    for (uint32_t i = 0; i < 4; i++)
        shmb_store_release_u32(&words[i], i + 1);
}

static void it_ends_before_each_access_in_turn(void **state)
{
    (void)state;
    uint64_t n = 0;
    bool killed;
    do {
        memset(words, 0, sizeof words);
        killed = stop_at(n, write_all, NULL);
        for (uint32_t i = 0; i < 4; i++)
            assert_int_equal(words[i], i < n ? i + 1 : 0);
        assert_int_equal(killed, n < 4);
        n++;
    } while (killed);
    assert_int_equal(n, 5);
}

static void beyond_it_nothing_is_killed(void **state)
{
    (void)state;
    assert_true(stop_at(1, write_all, NULL));
    write_all(NULL);
    stop_point();
    assert_int_equal(words[3], 4);
}

/* What is there while the others run: hooked code, which is not stopped itself. */
static void look_meanwhile(void *context)
{
    uint32_t *found = context;
    for (uint32_t i = 0; i < 4; i++)
        *found += shmb_load_acquire_u32(&words[i]) != 0;
}

static void it_stands_still_before_each_access_in_turn_and_goes_on(void **state)
{
    (void)state;
    for (uint64_t n = 0; n <= 4; n++) {
        uint32_t found = 0;
        memset(words, 0, sizeof words);
        assert_int_equal(pause_at(n, write_all, NULL, look_meanwhile, &found), n < 4);
        assert_int_equal(found, n < 4 ? n : 0);
        assert_int_equal(words[3], 4);
    }
}

/* Itself hooked code: it is neither killed nor looked at. */
static void look(void *context)
{
    (void)context;
    looks++;
    for (uint32_t i = 0; i < 4; i++)
        highest = shmb_load_acquire_u32(&words[i]) > highest ? words[i] : highest;
    assert_int_equal(highest, looks);
}

static void a_watcher_looks_after_each_change(void **state)
{
    (void)state;
    memset(words, 0, sizeof words);
    looks = highest = 0;
    stop_watch(look, NULL);
    assert_true(stop_at(3, write_all, NULL));
    stop_watch(NULL, NULL);
    assert_int_equal(looks, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_ends_before_each_access_in_turn),
        cmocka_unit_test(beyond_it_nothing_is_killed),
        cmocka_unit_test(it_stands_still_before_each_access_in_turn_and_goes_on),
        cmocka_unit_test(a_watcher_looks_after_each_change),
    };
    return cmocka_run_group_tests_name("a program killed at its n-th access", tests, NULL, NULL);
}
