/* Spinning: bounded, learning, and none with one processor. */
#include "sync/spin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* A turn that finds what it looks for after so many looks, or never. How many looks it made. */
static uint32_t turn_of(sync_spin *spin, uint32_t needed)
{
    spin_turn turn = spin_begin(spin);
    uint32_t looks = 1;
    while (looks <= needed && spin_again(&turn))
        looks++;
    spin_end(spin, &turn, looks > needed);
    return looks;
}

static void one_processor_looks_once(void **state)
{
    (void)state;
    sync_spin spin;
    spin_init(&spin, 1);
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(turn_of(&spin, UINT32_MAX), 1);
}

static void a_turn_is_bounded(void **state)
{
    (void)state;
    sync_spin spin;
    spin_init(&spin, 2);
    for (uint32_t i = 0; i < 1000; i++)
        assert_in_range(turn_of(&spin, UINT32_MAX), 2, SPIN_MOST + 1);
}

static void failures_make_turns_short_but_for_a_few(void **state)
{
    (void)state;
    sync_spin spin;
    spin_init(&spin, 2);
    for (uint32_t i = 0; i < 200; i++)
        (void)turn_of(&spin, UINT32_MAX);
    uint32_t longer = 0;
    for (uint32_t i = 0; i < 96; i++)
        longer += turn_of(&spin, UINT32_MAX) > SPIN_LEAST + 1;
    assert_int_equal(longer, 3);
}

static void success_makes_turns_long_enough(void **state)
{
    (void)state;
    sync_spin spin;
    spin_init(&spin, 2);
    for (uint32_t i = 0; i < 200; i++)
        (void)turn_of(&spin, UINT32_MAX);
    /* From now on 300 looks are needed: the rare long turns notice it. */
    for (uint32_t i = 0; i < 2000; i++)
        (void)turn_of(&spin, 300);
    for (uint32_t i = 0; i < 31; i++)
        assert_int_equal(turn_of(&spin, 300), 301);
}

static void what_is_there_at_once_teaches_nothing(void **state)
{
    (void)state;
    sync_spin spin;
    spin_init(&spin, 2);
    uint32_t limit = spin.limit;
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(turn_of(&spin, 0), 1);
    assert_int_equal(spin.limit, limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_processor_looks_once),
        cmocka_unit_test(a_turn_is_bounded),
        cmocka_unit_test(failures_make_turns_short_but_for_a_few),
        cmocka_unit_test(success_makes_turns_long_enough),
        cmocka_unit_test(what_is_there_at_once_teaches_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
