/* rights.c: the table of rights, in words. */
#include "testing.h"

#include "rights.h"

static void assert_words(access_object object, uint32_t mask, const char *expected)
{
    char words[RIGHTS_TEXT];
    assert_string_equal(rights_words(object, mask, words), expected);
}

static void rights_have_windows_names(void **state)
{
    (void)state;
    assert_words(ACCESS_SECTION, 0x20005, "SECTION_QUERY, SECTION_MAP_READ, READ_CONTROL");
    assert_words(ACCESS_SECTION, 0xF001F, "SECTION_ALL_ACCESS");
    assert_words(ACCESS_FILE, 0x12019F, "FILE_GENERIC_READ, FILE_GENERIC_WRITE");
    assert_words(ACCESS_EVENT, 0x100002, "EVENT_MODIFY_STATE, SYNCHRONIZE");
    assert_words(ACCESS_MUTEX, 0, "");
}

static void a_right_without_a_name_is_a_number(void **state)
{
    (void)state;
    assert_words(ACCESS_SECTION, 0x1000020, "0x1000020");
    assert_words(ACCESS_MUTEX, 0x20008, "READ_CONTROL, 0x8");
}

static void every_right_on_every_object_has_its_names(void **state)
{
    (void)state;
    for (unsigned object = 0; object < ACCESS_OBJECT_COUNT; object++)
        for (unsigned right = 0; right < ACCESS_RIGHT_COUNT; right++) {
            char words[RIGHTS_TEXT];
            rights_words((access_object)object, access_mask((access_object)object, (access_right)right),
                         words);
            assert_true(*words != 0);
            assert_null(strstr(words, "0x"));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rights_have_windows_names),
        cmocka_unit_test(a_right_without_a_name_is_a_number),
        cmocka_unit_test(every_right_on_every_object_has_its_names),
    };
    return cmocka_run_group_tests_name("rights", tests, NULL, NULL);
}
