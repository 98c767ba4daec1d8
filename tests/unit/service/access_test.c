/* access.c: each list compiles to exactly this descriptor. */
#include "testing.h"

#include "access.h"

static const access_identity identity = {"S-1-5-21-1-1-1-500", "S-1-5-80-1-2-3-4-5"};

#define HEAD       "O:S-1-5-21-1-1-1-500G:S-1-5-21-1-1-1-500D:P"
#define BROKER     "(A;;0xf001f;;;S-1-5-80-1-2-3-4-5)"
#define FILE_OWNER "(A;;0x1f01ff;;;S-1-5-80-1-2-3-4-5)"

static const config_principal users = {.text = "Users", .sid = "S-1-5-32-545"};
static const config_principal admins = {.text = "Administrators", .sid = "S-1-5-32-544"};
static const config_principal sensor = {.text = "NT SERVICE\\Sensor", .sid = "S-1-5-80-7-7-7-7-7"};
static const config_principal broker = {.text = "NT SERVICE\\ShmBroker", .sid = "S-1-5-80-1-2-3-4-5"};

static void assert_compiles(const config_access *access, access_object object, const char *expected)
{
    char *sddl = access_compile(access, object, &identity);
    assert_non_null(sddl);
    assert_string_equal(sddl, expected);
    free(sddl);
}

static config_access lists(const config_principal *read, size_t reads, const config_principal *write,
                           size_t writes)
{
    return (config_access){.read = {read, reads}, .write = {write, writes}};
}

static void each_right_has_its_exact_mask(void **state)
{
    (void)state;
    assert_int_equal(access_mask(ACCESS_SECTION, ACCESS_READ), 0x20005);
    assert_int_equal(access_mask(ACCESS_SECTION, ACCESS_WRITE), 0x20007);
    assert_int_equal(access_mask(ACCESS_SECTION, ACCESS_BROKER), 0xF001F);
    assert_int_equal(access_mask(ACCESS_FILE, ACCESS_READ), 0x120089);
    assert_int_equal(access_mask(ACCESS_FILE, ACCESS_WRITE), 0x12019F);
    assert_int_equal(access_mask(ACCESS_FILE, ACCESS_BROKER), 0x1F01FF);
}

static void no_mask_is_generic_and_no_client_may_take_over(void **state)
{
    (void)state;
    for (int object = ACCESS_SECTION; object <= ACCESS_FILE; object++) {
        for (int right = ACCESS_READ; right <= ACCESS_BROKER; right++) {
            uint32_t mask = access_mask((access_object)object, (access_right)right);
            assert_int_equal(mask & 0xF0000000u, 0); /* GENERIC_… */
            assert_int_equal(mask & 0x03000000u, 0); /* MAXIMUM_ALLOWED, ACCESS_SYSTEM_SECURITY */
            if (right != ACCESS_BROKER)
                assert_int_equal(mask & 0xD0000u, 0); /* DELETE, WRITE_DAC, WRITE_OWNER */
        }
    }
}

static void rights_on_a_section_become_rights_on_its_file(void **state)
{
    (void)state;
    static const struct {
        uint32_t section, file;
    } rows[] = {
        {0x20005, 0x120089}, {0x20007, 0x12019F}, {0x4, 0x120089},
        {0x2, 0x120116},     {0x6, 0x12019F},     {0x1, 0},
        {0x20000, 0x20000},  {0xF001F, 0x1F019F}, {0x8, 0},
        {0x10, 0},           {0x40000, 0x40000},  {0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(access_file_mask(rows[i].section), rows[i].file);
        assert_int_equal(access_file_mask(rows[i].section | 0xF0000000u), rows[i].file);
    }
}

static void a_list_compiles_to_broker_then_writers_then_readers(void **state)
{
    (void)state;
    const config_principal read[] = {users}, write[] = {sensor, admins};
    config_access access = lists(read, 1, write, 2);
    assert_compiles(&access, ACCESS_SECTION,
                    HEAD BROKER "(A;;0x20007;;;S-1-5-80-7-7-7-7-7)(A;;0x20007;;;S-1-5-32-544)"
                                "(A;;0x20005;;;S-1-5-32-545)");
    assert_compiles(&access, ACCESS_FILE,
                    HEAD FILE_OWNER "(A;;0x12019f;;;S-1-5-80-7-7-7-7-7)(A;;0x12019f;;;S-1-5-32-544)"
                                    "(A;;0x120089;;;S-1-5-32-545)");
}

static void a_writer_is_not_repeated_as_reader(void **state)
{
    (void)state;
    const config_principal read[] = {admins, users}, write[] = {admins};
    config_access access = lists(read, 2, write, 1);
    assert_compiles(&access, ACCESS_SECTION,
                    HEAD BROKER "(A;;0x20007;;;S-1-5-32-544)(A;;0x20005;;;S-1-5-32-545)");
}

static void names_of_one_sid_are_one_entry(void **state)
{
    (void)state;
    const config_principal builtin_users = {.text = "BUILTIN\\Users", .sid = "S-1-5-32-545"};
    const config_principal read[] = {users, builtin_users, users}, write[] = {sensor, sensor};
    config_access access = lists(read, 3, write, 2);
    assert_compiles(&access, ACCESS_SECTION,
                    HEAD BROKER "(A;;0x20007;;;S-1-5-80-7-7-7-7-7)(A;;0x20005;;;S-1-5-32-545)");
}

static void the_broker_keeps_its_full_access_when_it_is_declared_too(void **state)
{
    (void)state;
    const config_principal read[] = {broker, users}, write[] = {broker};
    config_access both = lists(read, 2, write, 1), readers = lists(read, 2, NULL, 0);
    assert_compiles(&both, ACCESS_SECTION, HEAD BROKER "(A;;0x20005;;;S-1-5-32-545)");
    assert_compiles(&readers, ACCESS_SECTION, HEAD BROKER "(A;;0x20005;;;S-1-5-32-545)");
}

static void a_sid_that_begins_like_another_is_another(void **state)
{
    (void)state;
    const config_principal longer = {.text = "x", .sid = "S-1-5-32-5451"};
    const config_principal read[] = {users, longer}, write[] = {longer};
    config_access access = lists(read, 2, write, 1);
    assert_compiles(&access, ACCESS_SECTION,
                    HEAD BROKER "(A;;0x20007;;;S-1-5-32-5451)(A;;0x20005;;;S-1-5-32-545)");
}

static void empty_lists_let_in_the_broker_alone(void **state)
{
    (void)state;
    config_access access = lists(NULL, 0, NULL, 0);
    assert_compiles(&access, ACCESS_SECTION, HEAD BROKER);
    assert_compiles(&access, ACCESS_FILE, HEAD FILE_OWNER);
}

static void the_longest_lists_are_compiled_whole(void **state)
{
    (void)state;
    static char sids[2 * CONFIG_MAX_PRINCIPALS][CONFIG_SID_TEXT];
    static config_principal all[2 * CONFIG_MAX_PRINCIPALS];
    for (unsigned i = 0; i < COUNT_OF(all); i++) {
        snprintf(sids[i], sizeof sids[i], "S-1-5-21-4294967295-4294967295-4294967295-%u", i);
        all[i].sid = sids[i];
    }
    config_access access =
        lists(all, CONFIG_MAX_PRINCIPALS, all + CONFIG_MAX_PRINCIPALS, CONFIG_MAX_PRINCIPALS);
    char *sddl = access_compile(&access, ACCESS_SECTION, &identity);
    size_t entries = 0;
    for (const char *at = sddl; (at = strchr(at, '(')) != NULL; at++)
        entries++;
    assert_int_equal(entries, 1 + 2 * CONFIG_MAX_PRINCIPALS);
    assert_non_null(strstr(sddl, "(A;;0x20005;;;S-1-5-21-4294967295-4294967295-4294967295-63)"));
    free(sddl);
}

static void everyone_reads_the_catalog_and_the_broker_alone_writes(void **state)
{
    (void)state;
    char *sddl = access_compile_catalog(&identity);
    assert_string_equal(sddl, HEAD BROKER "(A;;0x20005;;;S-1-1-0)");
    free(sddl);
}

static void everyone_sees_the_claim_and_the_broker_alone_takes_it(void **state)
{
    (void)state;
    char *sddl = access_compile_claim(&identity);
    assert_string_equal(sddl, HEAD "(A;;0x1f0001;;;S-1-5-80-1-2-3-4-5)(A;;0x20000;;;S-1-1-0)");
    free(sddl);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_right_has_its_exact_mask),
        cmocka_unit_test(no_mask_is_generic_and_no_client_may_take_over),
        cmocka_unit_test(rights_on_a_section_become_rights_on_its_file),
        cmocka_unit_test(a_list_compiles_to_broker_then_writers_then_readers),
        cmocka_unit_test(a_writer_is_not_repeated_as_reader),
        cmocka_unit_test(names_of_one_sid_are_one_entry),
        cmocka_unit_test(the_broker_keeps_its_full_access_when_it_is_declared_too),
        cmocka_unit_test(a_sid_that_begins_like_another_is_another),
        cmocka_unit_test(empty_lists_let_in_the_broker_alone),
        cmocka_unit_test(the_longest_lists_are_compiled_whole),
        cmocka_unit_test(everyone_reads_the_catalog_and_the_broker_alone_writes),
        cmocka_unit_test(everyone_sees_the_claim_and_the_broker_alone_takes_it),
    };
    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
