/* descriptor.c: descriptors that regions declare themselves, completed, and in words. */
#include "testing.h"

#include "descriptor.h"
#include "fake_platform.h"

static const access_identity identity = {FAKE_OWNER, FAKE_BROKER};

#define HEAD "O:" FAKE_OWNER "G:" FAKE_OWNER "D:P"

static int new_machine(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

static void assert_completed(const char *sddl, const char *section, const char *file)
{
    char *section_sddl, *file_sddl;
    platform_failure failure = {0};
    assert_true(descriptor_complete(sddl, &identity, &section_sddl, &file_sddl, &failure));
    assert_string_equal(section_sddl, section);
    assert_string_equal(file_sddl, file);
    free(section_sddl);
    free(file_sddl);
}

static void assert_refused(const char *sddl, const char *why)
{
    char *section_sddl, *file_sddl;
    platform_failure failure = {0};
    assert_false(descriptor_complete(sddl, &identity, &section_sddl, &file_sddl, &failure));
    assert_null(section_sddl);
    assert_null(file_sddl);
    assert_non_null(strstr(failure.text, why));
}

static void the_broker_comes_first_and_the_file_gets_the_same_rights(void **state)
{
    (void)state;
    assert_completed("D:(D;;0x2;;;BG)(A;;0x20007;;;WD)",
                     HEAD "(A;;0xf001f;;;" FAKE_BROKER ")(D;;0x2;;;BG)(A;;0x20007;;;WD)",
                     HEAD "(A;;0x1f01ff;;;" FAKE_BROKER ")(D;;0x120116;;;BG)(A;;0x12019f;;;WD)");
}

static void generic_rights_are_a_sections(void **state)
{
    (void)state;
    assert_completed("D:(A;;0x80000000;;;BU)(A;;0x10000000;;;BA)",
                     HEAD "(A;;0xf001f;;;" FAKE_BROKER ")(A;;0x20005;;;BU)(A;;0xf001f;;;BA)",
                     HEAD "(A;;0x1f01ff;;;" FAKE_BROKER ")(A;;0x120089;;;BU)(A;;0x1f019f;;;BA)");
}

static void a_label_is_kept_on_both(void **state)
{
    (void)state;
    assert_completed("D:P(A;;0x20005;;;WD)S:(ML;;NW;;;LW)",
                     HEAD "(A;;0xf001f;;;" FAKE_BROKER ")(A;;0x20005;;;WD)S:(ML;;NW;;;LW)",
                     HEAD "(A;;0x1f01ff;;;" FAKE_BROKER ")(A;;0x120089;;;WD)S:(ML;;NW;;;LW)");
}

static void what_lets_everybody_in_or_names_an_owner_is_refused(void **state)
{
    (void)state;
    assert_refused("O:BA", "it has no DACL, which would let everyone do everything");
    assert_refused("D:NO_ACCESS_CONTROL", "it has no DACL");
    assert_refused("O:BAD:P(A;;0x20005;;;WD)", "it names an owner (O:)");
    assert_refused("D:P(?)", "entry 1 is not understood");
}

static void a_platform_that_fails_is_passed_on_and_leaves_nothing(void **state)
{
    (void)state;
    for (unsigned at = 1; at <= 2; at++) {
        fake_reset();
        fake.fail_at = at;
        assert_refused("D:P(A;;0x20005;;;WD)", "cannot do sddl-read");
    }
}

static void assert_words(const char *sddl, const char *expected)
{
    char *words = descriptor_words(sddl);
    assert_non_null(words);
    assert_string_equal(words, expected);
    free(words);
}

static void entries_and_labels_are_told_in_words(void **state)
{
    (void)state;
    assert_words("D:P(A;;0x20007;;;WD)(D;;0xf001f;;;BG)(A;IO;0x1;;;BU)",
                 "allow read, write, see rights = 0x20007 to MACHINE\\WD\n"
                 "deny everything = 0xf001f to MACHINE\\BG\n"
                 "allow 0x1 to MACHINE\\BU, but only on what is made below it: of no effect");
    assert_words("D:P(A;;0x4;;;WD)S:(ML;;NW;;;LW)",
                 "allow read = 0x4 to MACHINE\\WD\nlabel low: programs of lower integrity may not write");
    assert_words("D:P", "");
    assert_null(descriptor_words("D:P(?)"));
    assert_null(descriptor_words("D:NO_ACCESS_CONTROL"));
}

static void rights_have_the_words_of_their_object(void **state)
{
    (void)state;
    char words[160];
    descriptor_rights(ACCESS_EVENT, access_mask(ACCESS_EVENT, ACCESS_WRITE), words, sizeof words);
    assert_string_equal(words, "wait, set, see rights = 0x120002");
    descriptor_rights(ACCESS_MUTEX, access_mask(ACCESS_MUTEX, ACCESS_WRITE), words, sizeof words);
    assert_string_equal(words, "take, see rights = 0x120001");
    descriptor_rights(ACCESS_FILE, access_mask(ACCESS_FILE, ACCESS_READ), words, sizeof words);
    assert_string_equal(words, "read, see rights = 0x120089");
    descriptor_rights(ACCESS_SECTION, 0, words, sizeof words);
    assert_string_equal(words, "0x0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_broker_comes_first_and_the_file_gets_the_same_rights, new_machine),
        cmocka_unit_test_setup(generic_rights_are_a_sections, new_machine),
        cmocka_unit_test_setup(a_label_is_kept_on_both, new_machine),
        cmocka_unit_test_setup(what_lets_everybody_in_or_names_an_owner_is_refused, new_machine),
        cmocka_unit_test_setup(a_platform_that_fails_is_passed_on_and_leaves_nothing, new_machine),
        cmocka_unit_test_setup(entries_and_labels_are_told_in_words, new_machine),
        cmocka_unit_test_setup(rights_have_the_words_of_their_object, new_machine),
    };
    return cmocka_run_group_tests_name("descriptor", tests, NULL, NULL);
}
