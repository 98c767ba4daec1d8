/* access.c: each list compiles to exactly this descriptor. */
#include "testing.h"

#include "access.h"

static const access_identity identity = {"S-1-5-21-1-1-1-500", "S-1-5-80-1-2-3-4-5"};

#define HEAD       "O:S-1-5-21-1-1-1-500G:S-1-5-21-1-1-1-500D:P"
#define BROKER     "(A;;0xf001f;;;S-1-5-80-1-2-3-4-5)"
#define FILE_OWNER "(A;;0x1f01ff;;;S-1-5-80-1-2-3-4-5)"

static const config_principal users = {.text = "Users", .sid = "S-1-5-32-545"};
static const config_principal admins = {.text = "Administrators", .sid = "S-1-5-32-544"};
static const config_principal guests = {.text = "Guests", .sid = "S-1-5-32-546"};
static const config_principal sensor = {.text = "NT SERVICE\\Sensor", .sid = "S-1-5-80-7-7-7-7-7"};
static const config_principal broker = {.text = "NT SERVICE\\ShmBroker", .sid = "S-1-5-80-1-2-3-4-5"};

static void assert_compiles(const config_access *access, access_object object, const char *expected)
{
    char *sddl = access_compile_sddl(access, object, &identity);
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
    assert_int_equal(access_mask(ACCESS_EVENT, ACCESS_READ), 0x120000);
    assert_int_equal(access_mask(ACCESS_EVENT, ACCESS_WRITE), 0x120002);
    assert_int_equal(access_mask(ACCESS_EVENT, ACCESS_BROKER), 0x1F0003);
    assert_int_equal(access_mask(ACCESS_MUTEX, ACCESS_READ), 0x20000);
    assert_int_equal(access_mask(ACCESS_MUTEX, ACCESS_WRITE), 0x120001);
    assert_int_equal(access_mask(ACCESS_MUTEX, ACCESS_BROKER), 0x1F0001);
    assert_int_equal(access_mask(ACCESS_LOCK, ACCESS_READ), 0x20000);
    assert_int_equal(access_mask(ACCESS_LOCK, ACCESS_WRITE), 0x20007);
    assert_int_equal(access_mask(ACCESS_WAKE, ACCESS_READ), 0x20000);
    assert_int_equal(access_mask(ACCESS_WAKE, ACCESS_WRITE), 0x120002);
    assert_int_equal(access_mask(ACCESS_WAITERS, ACCESS_READ), 0x20007);
    assert_int_equal(access_mask(ACCESS_WAITERS, ACCESS_WRITE), 0x20007);
    assert_int_equal(access_mask(ACCESS_SECTION, ACCESS_MANAGE), 0x60001);
    assert_int_equal(access_mask(ACCESS_FILE, ACCESS_MANAGE), 0x160080);
    assert_int_equal(access_mask(ACCESS_EVENT, ACCESS_MANAGE), 0x60001);
    assert_int_equal(access_mask(ACCESS_MUTEX, ACCESS_MANAGE), 0x60001);
}

static void no_mask_is_generic_and_no_client_may_take_over(void **state)
{
    (void)state;
    for (int object = 0; object < ACCESS_OBJECT_COUNT; object++) {
        for (int right = 0; right < ACCESS_RIGHT_COUNT; right++) {
            uint32_t mask = access_mask((access_object)object, (access_right)right);
            assert_int_equal(mask & 0xF0000000u, 0); /* GENERIC_… */
            assert_int_equal(mask & 0x03000000u, 0); /* MAXIMUM_ALLOWED, ACCESS_SYSTEM_SECURITY */
            assert_true(mask & 0x20000u);            /* READ_CONTROL */
            assert_int_equal(mask & ~access_mask((access_object)object, ACCESS_BROKER), 0);
            if (right != ACCESS_BROKER)
                assert_int_equal(mask & 0x90000u, 0); /* DELETE, WRITE_OWNER */
            if (right == ACCESS_READ || right == ACCESS_WRITE)
                assert_int_equal(mask & 0x40000u, 0); /* WRITE_DAC */
        }
    }
}

static void a_writer_may_do_what_a_reader_may_and_a_manager_touches_no_byte(void **state)
{
    (void)state;
    for (int object = 0; object < ACCESS_OBJECT_COUNT; object++)
        assert_int_equal(access_mask((access_object)object, ACCESS_READ) &
                             ~access_mask((access_object)object, ACCESS_WRITE),
                         0);
    assert_int_equal(access_mask(ACCESS_SECTION, ACCESS_MANAGE) & 0x6u, 0); /* MAP_READ, MAP_WRITE */
    assert_int_equal(access_mask(ACCESS_FILE, ACCESS_MANAGE) & 0x7u, 0);    /* READ, WRITE, APPEND_DATA */
}

static void generic_rights_become_exact_ones(void **state)
{
    (void)state;
    assert_int_equal(access_map_generic(ACCESS_SECTION, 0x80000000u), 0x20005);
    assert_int_equal(access_map_generic(ACCESS_SECTION, 0x40000000u), 0x20002);
    assert_int_equal(access_map_generic(ACCESS_SECTION, 0x20000000u), 0x20008);
    assert_int_equal(access_map_generic(ACCESS_SECTION, 0x10000000u), 0xF001F);
    assert_int_equal(access_map_generic(ACCESS_FILE, 0xC0000000u), 0x12019F);
    assert_int_equal(access_map_generic(ACCESS_EVENT, 0x10000000u), 0x1F0003);
    assert_int_equal(access_map_generic(ACCESS_MUTEX, 0x30000000u), 0x1F0001);
    for (int object = 0; object < ACCESS_OBJECT_COUNT; object++) {
        const access_generic *generic = access_generic_of((access_object)object);
        assert_int_equal((generic->read | generic->write | generic->execute) & ~generic->all, 0);
        assert_int_equal(access_map_generic((access_object)object, 0x12345u), 0x12345u);
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
    both.deny = (config_principal_list){write, 1};
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
    char *sddl = access_compile_sddl(&access, ACCESS_SECTION, &identity);
    size_t entries = 0;
    for (const char *at = sddl; (at = strchr(at, '(')) != NULL; at++)
        entries++;
    assert_int_equal(entries, 1 + 2 * CONFIG_MAX_PRINCIPALS);
    assert_non_null(strstr(sddl, "(A;;0x20005;;;S-1-5-21-4294967295-4294967295-4294967295-63)"));
    free(sddl);
}

static void all_lists_become_entries_in_the_order_of_the_kernel(void **state)
{
    (void)state;
    static const config_principal packages[] = {{.text = "all", .sid = "S-1-15-2-1"}};
    const config_principal read[] = {users}, write[] = {sensor}, manage[] = {admins}, deny[] = {guests};
    config_access access = {.read = {read, 1}, .write = {write, 1}, .manage = {manage, 1}, .deny = {deny, 1}};
    access.packages = (config_principal_list){packages, 1};
    access.integrity = CONFIG_INTEGRITY_LOW;
    assert_compiles(&access, ACCESS_SECTION,
                    HEAD BROKER "(D;;0xf001f;;;S-1-5-32-546)(A;;0x20007;;;S-1-5-80-7-7-7-7-7)"
                                "(A;;0x20005;;;S-1-5-32-545)(A;;0x60001;;;S-1-5-32-544)"
                                "(A;;0x20007;;;S-1-15-2-1)S:(ML;;NW;;;LW)");
    assert_compiles(&access, ACCESS_EVENT,
                    HEAD "(A;;0x1f0003;;;S-1-5-80-1-2-3-4-5)(D;;0x1f0003;;;S-1-5-32-546)"
                         "(A;;0x120002;;;S-1-5-80-7-7-7-7-7)(A;;0x120000;;;S-1-5-32-545)"
                         "(A;;0x60001;;;S-1-5-32-544)(A;;0x120002;;;S-1-15-2-1)S:(ML;;NW;;;LW)");
}

static void rights_of_several_lists_are_one_entry_that_knows_them_all(void **state)
{
    (void)state;
    const config_principal read[] = {users, admins}, write[] = {admins}, manage[] = {admins},
                           deny[] = {admins};
    config_access access = {.read = {read, 2}, .write = {write, 1}, .manage = {manage, 1}, .deny = {deny, 1}};
    access_descriptor d;
    assert_true(access_compile(&access, ACCESS_SECTION, &identity, &d));
    assert_int_equal(d.count, 4);
    for (int list = 0; list < ACCESS_LIST_COUNT; list++)
        assert_null(d.entries[0].origins[list]);
    assert_true(d.entries[1].denies);
    assert_ptr_equal(d.entries[1].origins[ACCESS_LIST_DENY], &deny[0]);
    assert_null(d.entries[1].origins[ACCESS_LIST_WRITE]);
    assert_int_equal(d.entries[2].mask, 0x60007);
    assert_ptr_equal(d.entries[2].origins[ACCESS_LIST_READ], &read[1]);
    assert_ptr_equal(d.entries[2].origins[ACCESS_LIST_WRITE], &write[0]);
    assert_ptr_equal(d.entries[2].origins[ACCESS_LIST_MANAGE], &manage[0]);
    assert_null(d.entries[2].origins[ACCESS_LIST_DENY]);
    assert_ptr_equal(d.entries[3].origins[ACCESS_LIST_READ], &read[0]);
    access_descriptor_free(&d);
}

static void a_package_may_write_only_where_a_user_may(void **state)
{
    (void)state;
    static const config_principal packages[] = {{.text = "p", .sid = "S-1-15-2-9"}};
    const config_principal read[] = {users};
    config_access access = {.read = {read, 1}, .packages = {packages, 1}};
    assert_compiles(&access, ACCESS_SECTION,
                    HEAD BROKER "(A;;0x20005;;;S-1-5-32-545)(A;;0x20005;;;S-1-15-2-9)");
}

static void each_integrity_has_its_label(void **state)
{
    (void)state;
    static const char *const labels[] = {"", "S:(ML;;NW;;;LW)", "S:(ML;;NW;;;ME)", "S:(ML;;NW;;;HI)"};
    for (int i = CONFIG_INTEGRITY_UNSET; i <= CONFIG_INTEGRITY_HIGH; i++) {
        char expected[160];
        config_access access = {.integrity = (config_integrity)i};
        snprintf(expected, sizeof expected, HEAD BROKER "%s", labels[i]);
        assert_compiles(&access, ACCESS_SECTION, expected);
    }
    access_descriptor odd = {.owner = "S-1-5-18",
                             .label = {true, 0x2100, ACCESS_NO_READ_UP | ACCESS_NO_WRITE_UP}};
    char *sddl = access_sddl(&odd);
    assert_string_equal(sddl, "O:S-1-5-18G:S-1-5-18D:PS:(ML;;NWNR;;;S-1-16-8448)");
    free(sddl);
}

static void levels_have_names(void **state)
{
    (void)state;
    assert_string_equal(access_level_name(0), "untrusted");
    assert_string_equal(access_level_name(0x1000), "low");
    assert_string_equal(access_level_name(0x1FFF), "low");
    assert_string_equal(access_level_name(0x2000), "medium");
    assert_string_equal(access_level_name(0x2100), "medium plus");
    assert_string_equal(access_level_name(0x3000), "high");
    assert_string_equal(access_level_name(0x4000), "system");
    assert_string_equal(access_level_name(0xFFFFFFFF), "protected");
}

static void everyone_reads_the_catalog_and_the_broker_alone_writes(void **state)
{
    (void)state;
    char *service = access_compile_catalog(&identity, identity.broker_sid),
         *console = access_compile_catalog(&identity, "S-1-5-32-544");
    assert_string_equal(service, HEAD BROKER "(A;;0x20005;;;S-1-1-0)(A;;0x20005;;;S-1-15-2-1)");
    assert_string_equal(console, HEAD BROKER
                        "(A;;0xf001f;;;S-1-5-32-544)(A;;0x20005;;;S-1-1-0)(A;;0x20005;;;S-1-15-2-1)");
    free(console);
    free(service);
}

static void everyone_sees_the_claim_and_the_broker_alone_takes_it(void **state)
{
    (void)state;
    char *sddl = access_compile_claim(&identity);
    assert_string_equal(sddl, HEAD "(A;;0x1f0001;;;S-1-5-80-1-2-3-4-5)(A;;0x20000;;;S-1-1-0)");
    free(sddl);
}

static void keepers_are_the_brokers_and_administrators_may_end_them(void **state)
{
    (void)state;
    static const access_identity elevated = {"S-1-5-32-544", "S-1-5-80-1-2-3-4-5"};
    char *process = access_compile_keeper_process(&identity), *own = access_compile_keeper_process(&elevated);
    char *record = access_compile_keeper_record(&identity);
    assert_string_equal(process,
                        "O:S-1-5-21-1-1-1-500G:S-1-5-21-1-1-1-500D:P(A;;0x1fffff;;;S-1-5-80-1-2-3-4-5)"
                        "(A;;0x1fffff;;;S-1-5-21-1-1-1-500)(A;;0x1fffff;;;S-1-5-18)"
                        "(A;;0x121001;;;S-1-5-32-544)");
    assert_string_equal(own, "O:S-1-5-32-544G:S-1-5-32-544D:P(A;;0x1fffff;;;S-1-5-80-1-2-3-4-5)"
                             "(A;;0x1fffff;;;S-1-5-32-544)(A;;0x1fffff;;;S-1-5-18)");
    assert_string_equal(record, "O:S-1-5-21-1-1-1-500G:S-1-5-21-1-1-1-500D:P(A;;0xf001f;;;S-1-5-80-1-2-3-4-5)"
                                "(A;;0xf001f;;;S-1-5-21-1-1-1-500)(A;;0xf001f;;;S-1-5-18)"
                                "(A;;0x20005;;;S-1-5-32-544)");
    free(record);
    free(own);
    free(process);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_right_has_its_exact_mask),
        cmocka_unit_test(no_mask_is_generic_and_no_client_may_take_over),
        cmocka_unit_test(a_writer_may_do_what_a_reader_may_and_a_manager_touches_no_byte),
        cmocka_unit_test(generic_rights_become_exact_ones),
        cmocka_unit_test(rights_on_a_section_become_rights_on_its_file),
        cmocka_unit_test(a_list_compiles_to_broker_then_writers_then_readers),
        cmocka_unit_test(a_writer_is_not_repeated_as_reader),
        cmocka_unit_test(names_of_one_sid_are_one_entry),
        cmocka_unit_test(the_broker_keeps_its_full_access_when_it_is_declared_too),
        cmocka_unit_test(a_sid_that_begins_like_another_is_another),
        cmocka_unit_test(empty_lists_let_in_the_broker_alone),
        cmocka_unit_test(the_longest_lists_are_compiled_whole),
        cmocka_unit_test(all_lists_become_entries_in_the_order_of_the_kernel),
        cmocka_unit_test(rights_of_several_lists_are_one_entry_that_knows_them_all),
        cmocka_unit_test(a_package_may_write_only_where_a_user_may),
        cmocka_unit_test(each_integrity_has_its_label),
        cmocka_unit_test(levels_have_names),
        cmocka_unit_test(everyone_reads_the_catalog_and_the_broker_alone_writes),
        cmocka_unit_test(everyone_sees_the_claim_and_the_broker_alone_takes_it),
        cmocka_unit_test(keepers_are_the_brokers_and_administrators_may_end_them),
    };
    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
