/* access_judge.c: each rule of the kernel's access check, one at a time. */
#include "testing.h"

#include "access_judge.h"

#define OWNER   "S-1-5-80-1"
#define ANNA    "S-1-5-21-1-1-1-1001"
#define USERS   "S-1-5-32-545"
#define ADMINS  "S-1-5-32-544"
#define PACKAGE "S-1-15-2-7-7"

#define READ    0x20005u
#define WRITE   0x20007u
#define ALLOW   false
#define DENY    true
#define NOWHERE ACCESS_NOWHERE

/* A descriptor of up to eight entries, ended by one without a SID. */
static access_descriptor descriptor_of(access_entry *entries)
{
    access_descriptor d = {.owner = OWNER, .entries = entries};
    while (entries[d.count].sid)
        d.count++;
    return d;
}

#define DESCRIPTOR(...) descriptor_of((access_entry[]){__VA_ARGS__, {.sid = NULL}})
#define ENTRY(kind, rights, account)                                                                         \
    {                                                                                                        \
        .denies = (kind), .mask = (rights), .sid = (account)                                                 \
    }

static const access_group in_users[] = {{USERS, true, false}};
static const access_token anna = {
    .user = ANNA, .groups = in_users, .group_count = 1, .integrity = ACCESS_LEVEL_MEDIUM};

static access_verdict asks(const access_descriptor *d, const access_token *who, uint32_t wanted)
{
    return access_judge(d, ACCESS_SECTION, who, wanted);
}

static void assert_granted(const access_descriptor *d, const access_token *who, uint32_t wanted,
                           access_reason reason, size_t entry)
{
    access_verdict v = asks(d, who, wanted);
    assert_true(v.granted);
    assert_int_equal(v.missing, 0);
    assert_int_equal(v.reason, reason);
    assert_true(v.entry == entry);
}

static void assert_denied(const access_descriptor *d, const access_token *who, uint32_t wanted,
                          access_reason reason, uint32_t missing, size_t entry)
{
    access_verdict v = asks(d, who, wanted);
    assert_false(v.granted);
    assert_int_equal(v.reason, reason);
    assert_int_equal(v.missing, missing);
    assert_true(v.entry == entry);
}

static void the_entry_that_gives_the_last_right_decides(void **state)
{
    (void)state;
    access_descriptor d = DESCRIPTOR(ENTRY(ALLOW, 0x20000, USERS), ENTRY(ALLOW, 0x1F, ADMINS),
                                     ENTRY(ALLOW, 0x5, ANNA), ENTRY(ALLOW, 0x2, USERS));
    assert_granted(&d, &anna, READ, ACCESS_BY_ENTRIES, 2);
    assert_granted(&d, &anna, WRITE, ACCESS_BY_ENTRIES, 3);
    assert_int_equal(asks(&d, &anna, READ).reached, 3);
}

static void what_no_entry_gives_is_denied(void **state)
{
    (void)state;
    access_descriptor d = DESCRIPTOR(ENTRY(ALLOW, READ, USERS), ENTRY(ALLOW, WRITE, ADMINS));
    access_descriptor empty = {.owner = OWNER};
    assert_denied(&d, &anna, WRITE, ACCESS_NO_ENTRY, 0x2, NOWHERE);
    assert_denied(&empty, &anna, READ, ACCESS_NO_ENTRY, READ, NOWHERE);
}

static void a_denial_counts_only_for_what_is_still_missing(void **state)
{
    (void)state;
    access_descriptor later = DESCRIPTOR(ENTRY(ALLOW, READ, ANNA), ENTRY(DENY, 0xF001F, USERS));
    access_descriptor first = DESCRIPTOR(ENTRY(DENY, 0x4, USERS), ENTRY(ALLOW, READ, ANNA));
    access_descriptor other = DESCRIPTOR(ENTRY(DENY, 0x2, USERS), ENTRY(ALLOW, READ, ANNA));
    access_descriptor strangers = DESCRIPTOR(ENTRY(DENY, READ, ADMINS), ENTRY(ALLOW, READ, ANNA));
    access_descriptor half =
        DESCRIPTOR(ENTRY(ALLOW, 0x1, ANNA), ENTRY(DENY, 0x1, USERS), ENTRY(ALLOW, READ, ANNA));
    assert_granted(&later, &anna, READ, ACCESS_BY_ENTRIES, 0);
    assert_denied(&later, &anna, WRITE, ACCESS_DENIED_BY_ENTRY, 0x2, 1);
    assert_denied(&first, &anna, READ, ACCESS_DENIED_BY_ENTRY, READ, 0);
    assert_granted(&other, &anna, READ, ACCESS_BY_ENTRIES, 1);
    assert_granted(&strangers, &anna, READ, ACCESS_BY_ENTRIES, 1);
    assert_granted(&half, &anna, READ, ACCESS_BY_ENTRIES, 2);
}

static void a_group_for_denials_only_lets_nobody_in_and_keeps_out(void **state)
{
    (void)state;
    const access_group groups[] = {{ADMINS, false, true}};
    const access_token filtered = {
        .user = ANNA, .groups = groups, .group_count = 1, .integrity = ACCESS_LEVEL_MEDIUM};
    access_descriptor allows = DESCRIPTOR(ENTRY(ALLOW, WRITE, ADMINS));
    access_descriptor denies = DESCRIPTOR(ENTRY(DENY, 0x2, ADMINS), ENTRY(ALLOW, WRITE, ANNA));
    assert_denied(&allows, &filtered, READ, ACCESS_GROUP_IS_DENY_ONLY, READ, 0);
    assert_denied(&denies, &filtered, WRITE, ACCESS_DENIED_BY_ENTRY, WRITE, 0);
    assert_granted(&denies, &filtered, READ, ACCESS_BY_ENTRIES, 1);
    access_token nobody = filtered;
    nobody.user_deny_only = true;
    assert_denied(&denies, &nobody, READ, ACCESS_GROUP_IS_DENY_ONLY, READ, 1);
}

static void a_disabled_group_counts_for_nothing(void **state)
{
    (void)state;
    const access_group groups[] = {{ADMINS, false, false}};
    const access_token sleepy = {
        .user = ANNA, .groups = groups, .group_count = 1, .integrity = ACCESS_LEVEL_MEDIUM};
    access_descriptor allows = DESCRIPTOR(ENTRY(ALLOW, WRITE, ADMINS));
    access_descriptor denies = DESCRIPTOR(ENTRY(DENY, WRITE, ADMINS), ENTRY(ALLOW, WRITE, ANNA));
    assert_denied(&allows, &sleepy, READ, ACCESS_GROUP_IS_DISABLED, READ, 0);
    assert_granted(&denies, &sleepy, WRITE, ACCESS_BY_ENTRIES, 1);
}

static void entries_for_heirs_are_passed_over(void **state)
{
    (void)state;
    access_descriptor d = DESCRIPTOR({.inherit_only = true, .mask = READ, .sid = ANNA},
                                     {.inherit_only = true, .denies = true, .mask = 0x4, .sid = ANNA},
                                     ENTRY(ALLOW, 0x4, USERS));
    assert_granted(&d, &anna, 0x4, ACCESS_BY_ENTRIES, 2);
    assert_denied(&d, &anna, READ, ACCESS_NO_ENTRY, 0x20001, NOWHERE);
}

static void generic_rights_are_mapped_on_both_sides(void **state)
{
    (void)state;
    access_descriptor d = DESCRIPTOR(ENTRY(ALLOW, ACCESS_GENERIC_READ, ANNA));
    assert_granted(&d, &anna, ACCESS_GENERIC_READ, ACCESS_BY_ENTRIES, 0);
    assert_denied(&d, &anna, ACCESS_GENERIC_WRITE, ACCESS_NO_ENTRY, 0x2, NOWHERE);
    assert_granted(&d, &anna, 0, ACCESS_NOTHING_ASKED, NOWHERE);
}

static void an_owner_sees_and_changes_the_descriptor(void **state)
{
    (void)state;
    access_token owner = anna;
    owner.user = OWNER;
    access_descriptor d = DESCRIPTOR(ENTRY(DENY, 0x60000, OWNER));
    assert_granted(&d, &owner, 0x60000, ACCESS_BY_OWNERSHIP, NOWHERE);
    assert_denied(&d, &owner, 0x60001, ACCESS_NO_ENTRY, 0x1, NOWHERE);
    assert_denied(&d, &anna, 0x20000, ACCESS_NO_ENTRY, 0x20000, NOWHERE);
    access_descriptor ruled = DESCRIPTOR(ENTRY(ALLOW, 0x20000, "S-1-3-4"));
    assert_granted(&ruled, &owner, 0x20000, ACCESS_BY_ENTRIES, 0);
    assert_denied(&ruled, &owner, 0x40000, ACCESS_NO_ENTRY, 0x40000, NOWHERE);
    assert_denied(&ruled, &anna, 0x20000, ACCESS_NO_ENTRY, 0x20000, NOWHERE);
}

static void privileges_give_what_they_give(void **state)
{
    (void)state;
    access_token mighty = anna;
    access_descriptor d = DESCRIPTOR(ENTRY(ALLOW, READ, ANNA));
    assert_denied(&d, &anna, 0x80000, ACCESS_NO_ENTRY, 0x80000, NOWHERE);
    assert_denied(&d, &anna, 0x1000000, ACCESS_NO_PRIVILEGE, 0x1000000, NOWHERE);
    mighty.may_take_ownership = mighty.may_see_audit = true;
    assert_granted(&d, &mighty, 0x1080000, ACCESS_BY_PRIVILEGE, NOWHERE);
    assert_granted(&d, &mighty, 0x80000 | READ, ACCESS_BY_ENTRIES, 0);
    assert_denied(&d, &mighty, 0x40000, ACCESS_NO_ENTRY, 0x40000, NOWHERE);
}

static void a_label_keeps_lower_programs_from_writing(void **state)
{
    (void)state;
    static const struct {
        bool present;
        uint32_t label, policy, program;
        bool reads, writes;
    } rows[] = {
        {false, 0, 0, ACCESS_LEVEL_LOW, true, false},
        {false, 0, 0, ACCESS_LEVEL_MEDIUM, true, true},
        {true, ACCESS_LEVEL_LOW, ACCESS_NO_WRITE_UP, ACCESS_LEVEL_LOW, true, true},
        {true, ACCESS_LEVEL_LOW, ACCESS_NO_WRITE_UP, ACCESS_LEVEL_UNTRUSTED, true, false},
        {true, ACCESS_LEVEL_HIGH, ACCESS_NO_WRITE_UP, ACCESS_LEVEL_MEDIUM, true, false},
        {true, ACCESS_LEVEL_HIGH, ACCESS_NO_WRITE_UP, 0x2FFF, true, false},
        {true, ACCESS_LEVEL_HIGH, ACCESS_NO_WRITE_UP, ACCESS_LEVEL_SYSTEM, true, true},
        {true, ACCESS_LEVEL_HIGH, ACCESS_NO_READ_UP | ACCESS_NO_WRITE_UP, ACCESS_LEVEL_MEDIUM, false, false},
        {true, ACCESS_LEVEL_HIGH, 0, ACCESS_LEVEL_LOW, true, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        access_token who = anna;
        access_descriptor d = DESCRIPTOR(ENTRY(ALLOW, 0xF001F, ANNA));
        d.label = (access_label){rows[i].present, rows[i].label, rows[i].policy};
        who.integrity = rows[i].program;
        assert_int_equal(asks(&d, &who, 0x20004).granted, rows[i].reads);
        assert_int_equal(asks(&d, &who, 0x20006).granted, rows[i].writes);
        if (!rows[i].writes)
            assert_int_equal(asks(&d, &who, 0x20006).reason, ACCESS_LABEL_TOO_HIGH);
        who.may_write_up = true;
        assert_true(asks(&d, &who, 0x20006).granted);
    }
}

static void a_label_comes_before_ownership_denials_and_a_missing_dacl(void **state)
{
    (void)state;
    access_token low = anna;
    low.integrity = ACCESS_LEVEL_LOW;
    low.user = OWNER;
    access_descriptor open = {.owner = OWNER, .null_dacl = true};
    assert_denied(&open, &low, 0x40002, ACCESS_LABEL_TOO_HIGH, 0x40002, NOWHERE);
    assert_granted(&open, &low, READ, ACCESS_BY_NULL_DACL, NOWHERE);
    low.may_take_ownership = true;
    assert_denied(&open, &low, 0x80000, ACCESS_LABEL_TOO_HIGH, 0x80000, NOWHERE);
    low.may_relabel = true;
    assert_true(asks(&open, &low, 0x80000).granted);
}

static void restricting_sids_must_be_let_in_too(void **state)
{
    (void)state;
    const char *const restricting[] = {"S-1-5-12"};
    access_token held = anna;
    held.restricting = restricting;
    held.restricting_count = 1;
    access_descriptor alone = DESCRIPTOR(ENTRY(ALLOW, WRITE, ANNA));
    access_descriptor both = DESCRIPTOR(ENTRY(ALLOW, WRITE, ANNA), ENTRY(ALLOW, READ, "S-1-5-12"));
    access_descriptor only = DESCRIPTOR(ENTRY(ALLOW, WRITE, "S-1-5-12"));
    access_descriptor denied = DESCRIPTOR(ENTRY(ALLOW, 0x20000, "S-1-5-12"), ENTRY(DENY, 0x4, "S-1-5-12"),
                                          ENTRY(ALLOW, READ, ANNA), ENTRY(ALLOW, READ, "S-1-5-12"));
    assert_denied(&alone, &held, READ, ACCESS_NOT_RESTRICTED_IN, READ, NOWHERE);
    assert_granted(&both, &held, READ, ACCESS_BY_ENTRIES, 0);
    assert_denied(&both, &held, WRITE, ACCESS_NOT_RESTRICTED_IN, 0x2, NOWHERE);
    assert_denied(&only, &held, READ, ACCESS_NO_ENTRY, READ, NOWHERE);
    assert_denied(&denied, &held, READ, ACCESS_NOT_RESTRICTED_IN, 0x5, 1);
    held.write_restricted = true;
    assert_granted(&alone, &held, READ, ACCESS_BY_ENTRIES, 0);
    assert_denied(&alone, &held, WRITE, ACCESS_NOT_RESTRICTED_IN, 0x2, NOWHERE);
}

static void ownership_of_a_restricted_token_needs_both(void **state)
{
    (void)state;
    const char *const restricting[] = {"S-1-5-12", OWNER};
    access_token owner = anna;
    owner.user = OWNER;
    owner.restricting = restricting;
    owner.restricting_count = 1;
    access_descriptor d = {.owner = OWNER};
    assert_denied(&d, &owner, 0x40000, ACCESS_NOT_RESTRICTED_IN, 0x40000, NOWHERE);
    owner.restricting_count = 2;
    assert_granted(&d, &owner, 0x40000, ACCESS_BY_OWNERSHIP, NOWHERE);
}

static void a_package_must_be_let_in_too(void **state)
{
    (void)state;
    const char *const capabilities[] = {"S-1-15-3-9"};
    static const char *const lets_in[] = {PACKAGE, "S-1-15-2-1", "S-1-15-2-2", "S-1-15-3-9"};
    access_token boxed = anna;
    boxed.package = PACKAGE;
    boxed.capabilities = capabilities;
    boxed.capability_count = 1;
    boxed.integrity = ACCESS_LEVEL_LOW;
    access_descriptor alone = DESCRIPTOR(ENTRY(ALLOW, WRITE, ANNA));
    assert_denied(&alone, &boxed, READ, ACCESS_NO_PACKAGE_ENTRY, READ, NOWHERE);
    for (size_t i = 0; i < COUNT_OF(lets_in); i++) {
        access_descriptor both = DESCRIPTOR(ENTRY(ALLOW, WRITE, ANNA), ENTRY(ALLOW, READ, lets_in[i]));
        access_descriptor only = DESCRIPTOR(ENTRY(ALLOW, WRITE, lets_in[i]));
        assert_granted(&both, &boxed, READ, ACCESS_BY_ENTRIES, 0);
        assert_denied(&only, &boxed, READ, ACCESS_NO_ENTRY, READ, NOWHERE);
        assert_denied(&both, &boxed, WRITE, ACCESS_LABEL_TOO_HIGH, 0x2, NOWHERE);
        both.label = (access_label){true, ACCESS_LEVEL_LOW, ACCESS_NO_WRITE_UP};
        assert_denied(&both, &boxed, WRITE, ACCESS_NO_PACKAGE_ENTRY, 0x2, NOWHERE);
        boxed.less_privileged = true;
        assert_int_equal(asks(&both, &boxed, READ).granted, strcmp(lets_in[i], "S-1-15-2-1") != 0);
        boxed.less_privileged = false;
    }
    access_descriptor denied =
        DESCRIPTOR(ENTRY(DENY, READ, PACKAGE), ENTRY(ALLOW, READ, ANNA), ENTRY(ALLOW, READ, PACKAGE));
    assert_denied(&denied, &boxed, READ, ACCESS_NO_PACKAGE_ENTRY, READ, 0);
    assert_granted(&denied, &anna, READ, ACCESS_BY_ENTRIES, 1);
}

static void a_token_knows_its_sids(void **state)
{
    (void)state;
    const access_group groups[] = {{USERS, true, false}, {ADMINS, false, true}, {"S-1-5-4", false, false}};
    const access_token who = {.user = ANNA, .groups = groups, .group_count = 3};
    assert_int_equal(access_token_has(&who, ANNA), ACCESS_HAS);
    assert_int_equal(access_token_has(&who, USERS), ACCESS_HAS);
    assert_int_equal(access_token_has(&who, ADMINS), ACCESS_DENY_ONLY);
    assert_int_equal(access_token_has(&who, "S-1-5-4"), ACCESS_DISABLED);
    assert_int_equal(access_token_has(&who, "S-1-5-32-54"), ACCESS_HAS_NOT);
}

/* Rules that hold of any descriptor and token, tried with many. */
static void more_rights_in_a_token_or_a_list_never_take_access_away(void **state)
{
    (void)state;
    static const char *const sids[] = {ANNA, USERS, ADMINS, "S-1-5-12", PACKAGE, "S-1-15-2-1"};
    uint64_t seed = 42;
    unsigned granted = 0;
    for (unsigned round = 0; round < 20000; round++) {
        access_entry entries[6] = {{.sid = NULL}};
        access_group groups[] = {{USERS, testing_random(&seed) % 2 == 0, false}};
        access_token who = {.user = ANNA, .groups = groups, .group_count = 1};
        who.integrity = testing_random(&seed) % 4 * 0x1000u;
        for (size_t i = 0; i < 5; i++)
            entries[i] = (access_entry){.denies = testing_random(&seed) % 4 == 0,
                                        .mask = testing_random(&seed) & 0xF001F,
                                        .sid = sids[testing_random(&seed) % COUNT_OF(sids)]};
        entries[5] = (access_entry){.mask = 0xF001F, .sid = ANNA}; /* counts later */
        access_descriptor d = {.owner = OWNER, .entries = entries, .count = 5};
        access_verdict before = asks(&d, &who, READ);
        granted += before.granted;
        assert_int_equal(before.granted, before.missing == 0);
        assert_true(before.entry == NOWHERE || before.entry < 5);
        d.count = 6;
        assert_true(!before.granted || asks(&d, &who, READ).granted);
        assert_int_equal(asks(&d, &who, READ).reason == ACCESS_NO_ENTRY, 0);
        who.integrity = ACCESS_LEVEL_SYSTEM;
        assert_true(!before.granted || asks(&d, &who, READ).granted);
    }
    assert_true(granted > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_entry_that_gives_the_last_right_decides),
        cmocka_unit_test(what_no_entry_gives_is_denied),
        cmocka_unit_test(a_denial_counts_only_for_what_is_still_missing),
        cmocka_unit_test(a_group_for_denials_only_lets_nobody_in_and_keeps_out),
        cmocka_unit_test(a_disabled_group_counts_for_nothing),
        cmocka_unit_test(entries_for_heirs_are_passed_over),
        cmocka_unit_test(generic_rights_are_mapped_on_both_sides),
        cmocka_unit_test(an_owner_sees_and_changes_the_descriptor),
        cmocka_unit_test(privileges_give_what_they_give),
        cmocka_unit_test(a_label_keeps_lower_programs_from_writing),
        cmocka_unit_test(a_label_comes_before_ownership_denials_and_a_missing_dacl),
        cmocka_unit_test(restricting_sids_must_be_let_in_too),
        cmocka_unit_test(ownership_of_a_restricted_token_needs_both),
        cmocka_unit_test(a_package_must_be_let_in_too),
        cmocka_unit_test(a_token_knows_its_sids),
        cmocka_unit_test(more_rights_in_a_token_or_a_list_never_take_access_away),
    };
    return cmocka_run_group_tests_name("access_judge", tests, NULL, NULL);
}
