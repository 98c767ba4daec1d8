/* text_index.c: held against a plain table over a long row of random steps. */
#include "testing.h"

#include "text_index.h"

#define KEYS  300u
#define STEPS 20000u

static char keys[KEYS][8];

static void make_keys(void)
{
    for (unsigned i = 0; i < KEYS; i++)
        snprintf(keys[i], sizeof keys[i], "%c%u", i % 2 ? 'k' : 'K', i / 2);
}

static void compare(text_index *index, const size_t wanted[KEYS], unsigned (*number)(unsigned key))
{
    for (unsigned key = 0; key < KEYS; key++)
        assert_int_equal(text_index_get(index, keys[key]), wanted[number(key)]);
}

static void fill(text_index *index, size_t wanted[KEYS], unsigned (*number)(unsigned key), size_t different)
{
    uint64_t chance = 11;
    size_t count = 0;
    make_keys();
    for (unsigned i = 0; i < KEYS; i++)
        wanted[i] = TEXT_INDEX_NONE;
    for (unsigned step = 0; step < STEPS; step++) {
        const unsigned key = testing_random(&chance) % KEYS;
        size_t *at = text_index_at(index, keys[key]);
        assert_non_null(at);
        if (!at)
            return;
        assert_int_equal(*at, wanted[number(key)]);
        count += *at == TEXT_INDEX_NONE;
        *at = wanted[number(key)] = step;
        assert_int_equal(index->count, count);
        if (step % 500 == 0)
            compare(index, wanted, number);
    }
    assert_int_equal(count, different);
    compare(index, wanted, number);
    assert_int_equal(text_index_get(index, "other"), TEXT_INDEX_NONE);
}

static unsigned itself(unsigned key)
{
    return key;
}

static unsigned either_case(unsigned key)
{
    return key / 2;
}

static void it_has_what_was_put(void **state)
{
    (void)state;
    size_t wanted[KEYS];
    text_index index = {0};
    fill(&index, wanted, itself, KEYS);
    text_index_free(&index);
    assert_int_equal(text_index_get(&index, keys[0]), TEXT_INDEX_NONE);
}

static void one_that_folds_takes_either_case_for_the_same(void **state)
{
    (void)state;
    size_t wanted[KEYS];
    text_index index = {.folds = true};
    fill(&index, wanted, either_case, KEYS / 2);
    text_index_free(&index);
    assert_true(index.folds);
    assert_true(text_index_folded_equal("X:\\Data\\a", "x:\\dATA\\A"));
    assert_false(text_index_folded_equal("X:\\a", "X:\\a1"));
    assert_false(text_index_folded_equal("[", "{")); /* letters alone */
}

static void room_can_be_made_at_once(void **state)
{
    (void)state;
    text_index index = {0};
    assert_int_equal(text_index_get(&index, "a"), TEXT_INDEX_NONE);
    assert_true(text_index_reserve(&index, 100));
    const text_index_slot *slots = index.slots;
    make_keys();
    for (unsigned i = 0; i < 100; i++)
        *text_index_at(&index, keys[i]) = i;
    assert_ptr_equal(index.slots, slots);
    text_index_free(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_what_was_put),
        cmocka_unit_test(one_that_folds_takes_either_case_for_the_same),
        cmocka_unit_test(room_can_be_made_at_once),
    };
    return cmocka_run_group_tests_name("text_index", tests, NULL, NULL);
}
