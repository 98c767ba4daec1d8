/* sddl_difference.c: rights as they were given, and as they are. */
#include "testing.h"

#include "sddl_difference.h"

#define GIVEN "O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)"

static void assert_same(const char *wanted, const char *found)
{
    char difference[SDDL_DIFFERENCE];
    if (!sddl_is_same(wanted, found, difference))
        fail_msg("%s: %s", found, difference);
}

static void assert_differs(const char *wanted, const char *found, const char *how)
{
    char difference[SDDL_DIFFERENCE];
    assert_false(sddl_is_same(wanted, found, difference));
    assert_string_equal(difference, how);
}

static void what_was_given_is_the_same(void **state)
{
    (void)state;
    assert_same(GIVEN, GIVEN);
    assert_same("D:P(A;;FA;;;SY)", "O:S-1-5-80-1-2G:S-1-5-80-1-2D:PAI(A;;FA;;;SY)S:(ML;;NW;;;HI)");
    assert_same("D:P", "O:BAG:BAD:P");
}

static void neither_order_nor_repetition_counts(void **state)
{
    (void)state;
    assert_same("D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;BA)", "D:P(A;;FA;;;BA)(A;;FA;;;SY)");
    assert_same("D:P(A;;FA;;;SY)(A;;FA;;;BA)", "D:P(A;;FA;;;BA)(A;;FA;;;SY)(A;;FA;;;SY)");
}

static void every_difference_is_told(void **state)
{
    (void)state;
    assert_differs(GIVEN, "O:S-1-5-21-1D:P(A;OICI;FA;;;SY)", "it belongs to S-1-5-21-1 instead of BA");
    assert_differs(GIVEN, "D:P(A;OICI;FA;;;SY)", "it belongs to  instead of BA");
    assert_differs("D:P(A;;FA;;;SY)", "D:AI(A;;FA;;;SY)", "it takes rights from the folder above");
    assert_differs("D:P(A;;FA;;;SY)", "O:BA", "it has no access rules (no DACL)");
    assert_differs("D:P(A;;FA;;;SY)", "D:NO_ACCESS_CONTROL", "it has no access rules (no DACL)");
    assert_differs("D:P(A;;FA;;;SY)", "D:P(A;;FA;;;SY)(A;;FA;;;WD)", "it has the entry (A;;FA;;;WD)");
    assert_differs("D:P(A;;FA;;;SY)(A;;FA;;;BA)", "D:P(A;;FA;;;SY)", "it lacks the entry (A;;FA;;;BA)");
}

static void an_entry_counts_as_a_whole(void **state)
{
    (void)state;
    assert_differs("D:P(A;OICI;FA;;;SY)", "D:P(A;CI;FA;;;SY)", "it has the entry (A;CI;FA;;;SY)");
    assert_differs("D:P(A;;FR;;;BU)", "D:P(A;;FA;;;BU)", "it has the entry (A;;FA;;;BU)");
    assert_differs("D:P(A;;FA;;;SY)", "D:P(A;ID;FA;;;SY)", "it has the entry (A;ID;FA;;;SY)");
    assert_differs("D:P(A;;FA;;;SY)", "D:P(D;;FA;;;SY)", "it has the entry (D;;FA;;;SY)");
    assert_differs("D:P(A;;FA;;;SY)", "D:P(XA;;FA;;;WD;(Title==\"D:P\"))(A;;FA;;;SY)",
                   "it has the entry (XA;;FA;;;WD;(Title==\"D:P\"))");
}

/* Nothing that a system prints; but it is read to its end and no further. */
static void broken_texts_are_not_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {"",      "D",    "D:",         "(", "D:P(", "D:P(A;;FA;;;SY",
                                        "D:P)(", "O:D:", "O:BAD:P((A)"};
    char difference[SDDL_DIFFERENCE];
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_false(sddl_is_same(GIVEN, texts[i], difference));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_given_is_the_same),
        cmocka_unit_test(neither_order_nor_repetition_counts),
        cmocka_unit_test(every_difference_is_told),
        cmocka_unit_test(an_entry_counts_as_a_whole),
        cmocka_unit_test(broken_texts_are_not_the_same),
    };
    return cmocka_run_group_tests_name("sddl_difference", tests, NULL, NULL);
}
