/*
 * atomics.h: what each operation does to a word, of 32 and of 64 bits. Built twice: with the compiler's operations, and
 * hooked, so that what the model checker performs is the same.
 */
#include "atomics.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#define HIGH 0x123456789ABCDEF0ull

static uint32_t small;
static uint64_t large;

static void loads_and_stores_are_of_the_whole_word(void **state)
{
    (void)state;
    shmb_store_relaxed_u32(&small, 7);
    assert_int_equal(shmb_load_relaxed_u32(&small), 7);
    shmb_store_release_u32(&small, UINT32_MAX);
    assert_int_equal(shmb_load_acquire_u32(&small), UINT32_MAX);
    shmb_store_relaxed_u64(&large, HIGH);
    assert_true(shmb_load_relaxed_u64(&large) == HIGH);
    shmb_store_release_u64(&large, UINT64_MAX);
    assert_true(shmb_load_acquire_u64(&large) == UINT64_MAX);
}

static void cas_changes_what_is_expected_and_nothing_else(void **state)
{
    (void)state;
    uint32_t seen = 4;
    small = 5;
    assert_false(shmb_cas_u32(&small, &seen, 9));
    assert_int_equal(seen, 5);
    assert_int_equal(small, 5);
    assert_true(shmb_cas_u32(&small, &seen, 9));
    assert_int_equal(seen, 5);
    assert_int_equal(small, 9);
    uint64_t found = HIGH + (1ull << 32);
    large = HIGH;
    assert_false(shmb_cas_u64(&large, &found, 1));
    assert_true(found == HIGH && large == HIGH);
    assert_true(shmb_cas_u64(&large, &found, 1));
    assert_true(found == HIGH && large == 1);
}

static void an_exchange_and_a_fetch_return_what_was_there(void **state)
{
    (void)state;
    small = 6;
    assert_int_equal(shmb_exchange_u32(&small, 12), 6);
    assert_int_equal(shmb_fetch_add_u32(&small, UINT32_MAX), 12);
    assert_int_equal(shmb_fetch_or_u32(&small, 4), 11);
    assert_int_equal(shmb_fetch_and_u32(&small, 6), 15);
    assert_int_equal(small, 6);
    large = HIGH;
    assert_true(shmb_exchange_u64(&large, HIGH + 1) == HIGH);
    assert_true(shmb_fetch_add_u64(&large, 1ull << 60) == HIGH + 1);
    assert_true(shmb_fetch_or_u64(&large, 1ull << 63) == HIGH + 1 + (1ull << 60));
    assert_true(shmb_fetch_and_u64(&large, 1ull << 63) == HIGH + 1 + (1ull << 60) + (1ull << 63));
    assert_true(large == 1ull << 63);
}

static void copies_bring_every_byte_and_no_other(void **state)
{
    (void)state;
    uint32_t words[24];
    uint8_t from[96], to[96];
    for (size_t i = 0; i < sizeof from; i++)
        from[i] = (uint8_t)(i + 1);
    for (size_t bytes = 0; bytes <= 64; bytes++) {
        memset(to, 0, sizeof to);
        shmb_copy_racing(to + 3, from + 5, bytes);
        assert_memory_equal(to + 3, from + 5, bytes);
        assert_int_equal(to[2] + to[3 + bytes], 0);
    }
    for (size_t bytes = 0; bytes <= 64; bytes += 4) {
        memset(words, 0, sizeof words);
        shmb_copy_words_relaxed(words + 1, from + 4, bytes);
        assert_memory_equal(words + 1, from + 4, bytes);
        assert_int_equal(words[0] + words[1 + bytes / 4], 0);
    }
}

static void fences_and_pauses_go_by(void **state)
{
    (void)state;
    shmb_fence_acquire();
    shmb_fence_release();
    shmb_fence_full();
    shmb_pause();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_and_stores_are_of_the_whole_word),
        cmocka_unit_test(cas_changes_what_is_expected_and_nothing_else),
        cmocka_unit_test(an_exchange_and_a_fetch_return_what_was_there),
        cmocka_unit_test(copies_bring_every_byte_and_no_other),
        cmocka_unit_test(fences_and_pauses_go_by),
    };
    return cmocka_run_group_tests_name("atomic operations", tests, NULL, NULL);
}
