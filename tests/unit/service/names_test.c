/* names.c: which instance names there are, and what is made of them. */
#include "testing.h"

#include "names.h"

#define LONGEST  "abcdefghijklmnopqrstuvwxyz0123456789_-AB"
#define TOO_LONG LONGEST "c"

static void letters_digits_underscores_and_hyphens_make_an_instance(void **state)
{
    (void)state;
    static const char *const good[] = {"", "a", "Z", "0", "_", "-", "plant2", "A-b_9", LONGEST};
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(names_instance_is_valid(good[i]));
}

static void anything_else_does_not(void **state)
{
    (void)state;
    static const char *const bad[] = {" ",   "a b", "a.b", "a\\b", "a/b", "a$b", "\xC3\xA4",
                                      "a\n", "%s",  "..",  "a:b",  "a*",  "\xFF"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(names_instance_is_valid(bad[i]));
    assert_false(names_instance_is_valid(TOO_LONG));
}

static void assert_names(const char *instance, const char *service, const char *catalog, const char *claim)
{
    char name[NAMES_TEXT];
    names_service(instance, name);
    assert_string_equal(name, service);
    names_catalog(instance, name);
    assert_string_equal(name, catalog);
    names_claim(instance, name);
    assert_string_equal(name, claim);
}

static void the_default_instance_has_the_plain_names(void **state)
{
    (void)state;
    assert_names("", "ShmBroker", "ShmBroker.Catalog", "ShmBroker.Broker");
}

static void another_instance_adds_its_own(void **state)
{
    (void)state;
    assert_names("plant2", "ShmBroker$plant2", "ShmBroker.Catalog.plant2", "ShmBroker.Broker.plant2");
    assert_names(LONGEST, "ShmBroker$" LONGEST, "ShmBroker.Catalog." LONGEST, "ShmBroker.Broker." LONGEST);
}

static void a_name_too_long_never_leaves_its_buffer(void **state)
{
    (void)state;
    assert_names(LONGEST LONGEST LONGEST, "ShmBroker$" LONGEST, "ShmBroker.Catalog." LONGEST,
                 "ShmBroker.Broker." LONGEST);
}

static void a_private_namespace_is_named_after_instance_and_boundary(void **state)
{
    (void)state;
    char name[NAMES_TEXT];
    names_private("", 0x123456789ABCDEFull, name);
    assert_string_equal(name, "ShmBroker.Private.0123456789abcdef");
    names_private("plant2", 0, name);
    assert_string_equal(name, "ShmBroker.Private.plant2.0000000000000000");
    names_private("0123456789012345678901234567890123456789", UINT64_MAX, name);
    assert_string_equal(name, "ShmBroker.Private.0123456789012345678901234567890123456789.ffffffffffffffff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_digits_underscores_and_hyphens_make_an_instance),
        cmocka_unit_test(anything_else_does_not),
        cmocka_unit_test(the_default_instance_has_the_plain_names),
        cmocka_unit_test(another_instance_adds_its_own),
        cmocka_unit_test(a_name_too_long_never_leaves_its_buffer),
        cmocka_unit_test(a_private_namespace_is_named_after_instance_and_boundary),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
