/* Texts that many have at once. AddressSanitizer sees what is released too early, and what is not. */
#include "testing.h"

#include "shared_text.h"

static void the_same_text_is_had_once(void **state)
{
    (void)state;
    char changed[] = "D:P(A;;0x20005;;;BU)";
    const char *first = shared_text_make(NULL, changed), *second = shared_text_make(first, changed);
    assert_ptr_equal(first, second);
    changed[0] = 'S'; /* it is a copy */
    shared_text_release(first);
    assert_string_equal(second, "D:P(A;;0x20005;;;BU)");
    shared_text_release(second);
}

static void another_text_is_another(void **state)
{
    (void)state;
    const char *first = shared_text_make(NULL, "one"), *second = shared_text_make(first, "other");
    assert_ptr_not_equal(first, second);
    shared_text_release(first);
    assert_string_equal(second, "other");
    shared_text_release(second);
    shared_text_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_text_is_had_once),
        cmocka_unit_test(another_text_is_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
