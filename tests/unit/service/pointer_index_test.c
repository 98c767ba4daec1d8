/* pointer_index.c: held against a plain table over a long row of random steps. */
#include "testing.h"

#include "pointer_index.h"

#define KEYS  200u
#define STEPS 200000u

static void it_has_what_was_put_and_not_removed(void **state)
{
    static char objects[KEYS * 16];
    size_t wanted[KEYS], count = 0;
    uint64_t chance = 7;
    pointer_index index = {0};
    (void)state;
    memset(wanted, 0xFF, sizeof wanted); /* POINTER_INDEX_NONE each */
    for (unsigned step = 0; step < STEPS; step++) {
        const unsigned key = testing_random(&chance) % KEYS;
        const void *address = objects + (size_t)key * 16;
        if (testing_random(&chance) % 2) {
            assert_true(pointer_index_reserve(&index, index.count + 1));
            count += wanted[key] == POINTER_INDEX_NONE;
            wanted[key] = step;
            pointer_index_put(&index, address, step);
        } else {
            count -= wanted[key] != POINTER_INDEX_NONE;
            wanted[key] = POINTER_INDEX_NONE;
            pointer_index_remove(&index, address);
        }
        const unsigned other = testing_random(&chance) % KEYS;
        assert_int_equal(pointer_index_get(&index, objects + (size_t)other * 16), wanted[other]);
        assert_int_equal(index.count, count);
    }
    for (unsigned key = 0; key < KEYS; key++)
        assert_int_equal(pointer_index_get(&index, objects + (size_t)key * 16), wanted[key]);
    pointer_index_free(&index);
    assert_int_equal(pointer_index_get(&index, objects), POINTER_INDEX_NONE);
}

static void an_empty_one_has_nothing(void **state)
{
    pointer_index index = {0};
    (void)state;
    assert_int_equal(pointer_index_get(&index, &index), POINTER_INDEX_NONE);
    pointer_index_remove(&index, &index);
    pointer_index_free(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_what_was_put_and_not_removed),
        cmocka_unit_test(an_empty_one_has_nothing),
    };
    return cmocka_run_group_tests_name("pointer_index", tests, NULL, NULL);
}
