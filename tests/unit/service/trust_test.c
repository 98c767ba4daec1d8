/* trust.c: who may change a file, by owner and entries. */
#include "testing.h"

#include "trust.h"

#define SYSTEM  "S-1-5-18"
#define ADMINS  "S-1-5-32-544"
#define USERS   "S-1-5-32-545"
#define WORLD   "S-1-1-0"
#define ANNA    "S-1-5-21-1-2-3-1001"
#define BROKER  "S-1-5-80-1-2-3-4-5"
#define ALL     0x1F01FFu
#define READ    0x1200A9u
#define WRITE   0x2u
#define APPEND  0x4u
#define CHILD   0x40u
#define DELETES 0x10000u

static trust_report report;

static int no_report(void **state)
{
    (void)state;
    trust_report_free(&report);
    return 0;
}

static trust_entry allow(const char *sid, uint32_t mask)
{
    trust_entry entry = {.mask = mask, .allows = true};
    snprintf(entry.sid, sizeof entry.sid, "%s", sid);
    return entry;
}

static trust_entry deny(const char *sid, uint32_t mask)
{
    trust_entry entry = allow(sid, mask);
    entry.allows = false;
    return entry;
}

/* What is wrong with a thing of these entries, which the broker and administrators may change; the count. */
static size_t judge(trust_place place, const char *owner, const trust_entry *entries, size_t count)
{
    const char *const sids[] = {BROKER};
    const trust_keepers keepers = {sids, 1};
    trust_subject subject = {.path = "C:\\Plant\\a.yaml", .place = place, .entries = entries, .count = count};
    snprintf(subject.owner, sizeof subject.owner, "%s", owner);
    trust_report_free(&report);
    trust_judge(&subject, &keepers, &report);
    assert_false(report.failed);
    return report.count;
}

static size_t judge_entry(trust_place place, trust_entry entry)
{
    return judge(place, SYSTEM, &entry, 1);
}

static void administrators_and_keepers_may_do_everything(void **state)
{
    (void)state;
    const char *const sids[] = {SYSTEM,
                                ADMINS,
                                BROKER,
                                "S-1-5-21-1-2-3-500",
                                "S-1-5-21-1-2-3-512",
                                "S-1-5-21-1-2-3-519",
                                "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"};
    for (size_t i = 0; i < COUNT_OF(sids); i++) {
        const trust_entry entry = allow(sids[i], ALL);
        assert_int_equal(judge(TRUST_FILE, sids[i], &entry, 1), 0);
    }
}

static void nobody_else_is_an_administrator(void **state)
{
    (void)state;
    const char *const sids[] = {
        ANNA,       USERS, WORLD, "S-1-5-80-1-2-3-4-6", "S-1-5-32-500", "S-1-5-21-1-2-3-1512", "S-1-5-19",
        "S-1-5-11", "?",   ""};
    for (size_t i = 0; i < COUNT_OF(sids); i++) {
        assert_false(trust_is_administrative(sids[i]));
        assert_int_equal(judge_entry(TRUST_FILE, allow(sids[i], WRITE)), 1);
        assert_string_equal(report.items[0].sid, sids[i]);
    }
}

static void readers_are_no_breach(void **state)
{
    (void)state;
    for (int place = TRUST_FILE; place <= TRUST_ABOVE; place++)
        assert_int_equal(judge_entry((trust_place)place, allow(WORLD, READ)), 0);
}

/* Which rights matter depends on what the thing is. */
static void a_right_counts_where_it_lets_the_text_be_changed(void **state)
{
    (void)state;
    const struct {
        uint32_t right;
        bool file, folder, above;
    } rights[] = {
        {WRITE, true, true, false},     {APPEND, true, true, false},    {CHILD, false, true, true},
        {DELETES, true, true, true},    {0x40000, true, true, true},    {0x80000, true, true, true},
        {0x1, false, false, false},     {0x8, false, false, false},     {0x10, false, false, false},
        {0x20, false, false, false},    {0x80, false, false, false},    {0x100, false, false, false},
        {0x20000, false, false, false}, {0x100000, false, false, false}};
    for (size_t i = 0; i < COUNT_OF(rights); i++) {
        assert_int_equal(judge_entry(TRUST_FILE, allow(ANNA, rights[i].right)), rights[i].file);
        assert_int_equal(judge_entry(TRUST_FOLDER, allow(ANNA, rights[i].right)), rights[i].folder);
        assert_int_equal(judge_entry(TRUST_ABOVE, allow(ANNA, rights[i].right)), rights[i].above);
    }
}

static void an_owner_counts_whatever_the_entries_say(void **state)
{
    (void)state;
    const trust_entry entries[] = {allow(SYSTEM, ALL), deny(ANNA, ALL)};
    assert_int_equal(judge(TRUST_FILE, ANNA, entries, 2), 1);
    assert_int_equal(report.items[0].kind, TRUST_BY_OWNER);
    assert_int_equal(judge(TRUST_FILE, ADMINS, entries, 2), 0);
}

static void an_earlier_denial_takes_a_right_away(void **state)
{
    (void)state;
    const trust_entry first[] = {deny(ANNA, WRITE), allow(ANNA, WRITE)};
    const trust_entry partly[] = {deny(ANNA, WRITE), allow(ANNA, WRITE | APPEND)};
    const trust_entry everyone[] = {deny(WORLD, WRITE), allow(ANNA, WRITE)};
    assert_int_equal(judge(TRUST_FILE, SYSTEM, first, 2), 0);
    assert_int_equal(judge(TRUST_FILE, SYSTEM, everyone, 2), 0);
    assert_int_equal(judge(TRUST_FILE, SYSTEM, partly, 2), 1);
    assert_int_equal(report.items[0].rights, APPEND);
}

static void a_later_denial_or_one_of_others_does_not(void **state)
{
    (void)state;
    const trust_entry late[] = {allow(ANNA, WRITE), deny(ANNA, WRITE)};
    const trust_entry others[] = {deny(USERS, WRITE), allow(ANNA, WRITE)};
    assert_int_equal(judge(TRUST_FILE, SYSTEM, late, 2), 1);
    assert_int_equal(judge(TRUST_FILE, SYSTEM, others, 2), 1);
}

static void entries_of_one_account_are_one_breach_with_all_their_rights(void **state)
{
    (void)state;
    const trust_entry entries[] = {allow(ANNA, WRITE), allow(USERS, DELETES), allow(ANNA, APPEND)};
    assert_int_equal(judge(TRUST_FILE, SYSTEM, entries, 3), 2);
    assert_string_equal(report.items[0].sid, ANNA);
    assert_int_equal(report.items[0].rights, WRITE | APPEND);
    assert_string_equal(report.items[1].sid, USERS);
}

static void entries_for_whoever_creates_or_owns_name_nobody_new(void **state)
{
    (void)state;
    const trust_entry entries[] = {allow("S-1-3-0", ALL), allow("S-1-3-4", ALL)};
    assert_int_equal(judge(TRUST_FOLDER, SYSTEM, entries, 2), 0);
}

static void no_dacl_is_everybody_and_an_empty_one_nobody(void **state)
{
    (void)state;
    const trust_keepers nobody = {NULL, 0};
    const trust_subject subject = {.path = "X:\\a", .owner = SYSTEM, .no_dacl = true};
    assert_int_equal(judge(TRUST_FILE, SYSTEM, NULL, 0), 0);
    trust_judge(&subject, &nobody, &report);
    assert_int_equal(report.count, 1);
    assert_int_equal(report.items[0].kind, TRUST_BY_NOTHING);
}

static void what_is_found_again_is_told_once(void **state)
{
    (void)state;
    const trust_keepers nobody = {NULL, 0};
    const trust_entry entry = allow(ANNA, WRITE);
    trust_subject subject = {.path = "C:\\a", .owner = SYSTEM, .entries = &entry, .count = 1};
    trust_report_free(&report);
    trust_judge(&subject, &nobody, &report);
    trust_judge(&subject, &nobody, &report);
    assert_int_equal(report.count, 1);
    subject.path = "C:\\b";
    trust_judge(&subject, &nobody, &report);
    assert_int_equal(report.count, 2);
}

static void a_report_keeps_so_many_and_counts_the_rest(void **state)
{
    (void)state;
    static trust_entry entries[TRUST_MAX_BREACHES + 3];
    for (size_t i = 0; i < COUNT_OF(entries); i++) {
        entries[i] = allow("", WRITE);
        snprintf(entries[i].sid, sizeof entries[i].sid, "S-1-5-21-1-2-3-%u", 2000 + (unsigned)i);
    }
    assert_int_equal(judge(TRUST_FILE, SYSTEM, entries, COUNT_OF(entries)), TRUST_MAX_BREACHES);
    assert_int_equal(report.dropped, 3);
}

static void words(const char *described, const char *remedied)
{
    char *what = trust_describe(&report.items[0]), *remedy = trust_remedy(&report.items[0]);
    assert_string_equal(what, described);
    assert_string_equal(remedy, remedied);
    free(what);
    free(remedy);
}

static void a_breach_is_told_with_account_right_and_remedy(void **state)
{
    (void)state;
    trust_entry entry = allow(ANNA, WRITE | DELETES | READ);
    judge_entry(TRUST_FILE, entry);
    words("the file C:\\Plant\\a.yaml has an entry that lets " ANNA " write, delete or rename it (0x10002)",
          "`icacls \"C:\\Plant\\a.yaml\" /remove:g *" ANNA "`");
    entry.inherited = true;
    judge_entry(TRUST_FOLDER, entry);
    words("the folder C:\\Plant\\a.yaml has an inherited entry that lets " ANNA
          " add files, delete or rename it (0x10002)",
          "`icacls \"C:\\Plant\\a.yaml\" /inheritance:d`, then `icacls \"C:\\Plant\\a.yaml\" /remove:g *" ANNA
          "`");
    judge(TRUST_ABOVE, ANNA, NULL, 0);
    words("the folder C:\\Plant\\a.yaml belongs to " ANNA ", who may give himself any right on it",
          "`icacls \"C:\\Plant\\a.yaml\" /setowner *" ADMINS "`");
}

#define TRUST_TEST(function) cmocka_unit_test_teardown(function, no_report)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRUST_TEST(administrators_and_keepers_may_do_everything),
        TRUST_TEST(nobody_else_is_an_administrator),
        TRUST_TEST(readers_are_no_breach),
        TRUST_TEST(a_right_counts_where_it_lets_the_text_be_changed),
        TRUST_TEST(an_owner_counts_whatever_the_entries_say),
        TRUST_TEST(an_earlier_denial_takes_a_right_away),
        TRUST_TEST(a_later_denial_or_one_of_others_does_not),
        TRUST_TEST(entries_of_one_account_are_one_breach_with_all_their_rights),
        TRUST_TEST(entries_for_whoever_creates_or_owns_name_nobody_new),
        TRUST_TEST(no_dacl_is_everybody_and_an_empty_one_nobody),
        TRUST_TEST(what_is_found_again_is_told_once),
        TRUST_TEST(a_report_keeps_so_many_and_counts_the_rest),
        TRUST_TEST(a_breach_is_told_with_account_right_and_remedy),
    };
    return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
