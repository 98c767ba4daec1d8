/* `shmbroker audit` on real files, folders and accounts. */
#include "checks.h"

#include "account.h"
#include "broker.h"

#include <cjson/cJSON.h>
#include <string.h>

#define ACCOUNT_THAT_IS_GONE "S-1-5-21-1111-2222-3333-4444"

static void let_everybody_change(const char *path)
{
    account_set_rights(path, "D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;WD)");
}

static process *audit(const test_broker *b, const char *options)
{
    process *p =
        process_run("shmbroker.exe", "audit \"%s\" --instance %s %s", b->config, b->instance, options);
    process_wait(p);
    return p;
}

#define ANY_CODE (-1)

/* The report as JSON; the caller deletes it. */
static cJSON *audit_json(const test_broker *b, int code)
{
    process *p = audit(b, "--json");
    cJSON *root = cJSON_ParseWithOpts(process_output(p), NULL, false);
    if (!root || (code != ANY_CODE && process_wait(p) != code))
        support_fail("audit ended with %d instead of %d:\n%s%s", process_wait(p), code, process_output(p),
                     process_errors(p));
    return root;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return value ? value : "";
}

/* The finding of that name about that file or region, or NULL. */
static const cJSON *finding(const cJSON *root, const char *id, const char *about)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(root, "findings"))
    {
        if (strcmp(text_of(one, "id"), id) == 0 &&
            (strcmp(text_of(one, "file"), about) == 0 || strcmp(text_of(one, "region"), about) == 0))
            return one;
    }
    return NULL;
}

static int number_of(const cJSON *object, const char *name)
{
    return (int)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void each_region_is_judged_at_its_place(void **state)
{
    (void)state;
    test_broker *b = broker_prepare(
        "version: 1\n"
        "regions:\n"
        "  Open: { size: 1, access: { write: [Everyone] } }\n"
        "  Gone: { size: 1, access: { read: [" ACCOUNT_THAT_IS_GONE "], write: [Administrators] } }\n"
        "  Near: { size: 1, namespace: local, access: { read: [Users] } }\n"
        "  Own: { size: 1, sddl: 'D:P(A;;0x20005;;;BU)' }\n"
        "  Without: { size: 1, sddl: 'S:(ML;;NW;;;LW)' }\n"
        "  Sound: { size: 1, access: { read: [Users], write: [Administrators] } }\n");
    cJSON *root = audit_json(b, 8);
    assert_int_equal(number_of(root, "schema_version"), 1);
    const cJSON *open = finding(root, "everyone-may-write", "Open");
    assert_string_equal(text_of(open, "severity"), "high");
    assert_int_equal(number_of(open, "line"), 3);
    assert_contains(text_of(open, "what"), "(S-1-1-0)");
    assert_string_equal(text_of(finding(root, "account-gone", "Gone"), "severity"), "low");
    assert_int_equal(number_of(finding(root, "name-can-be-squatted", "Near"), "line"), 5);
    assert_string_equal(text_of(finding(root, "sddl-used", "Own"), "severity"), "info");
    assert_string_equal(text_of(finding(root, "null-dacl", "Without"), "severity"), "high");
    const cJSON *findings = cJSON_GetObjectItemCaseSensitive(root, "findings");
    for (const cJSON *one = findings->child; one; one = one->next)
        assert_string_not_equal(text_of(one, "region"), "Sound");
    cJSON_Delete(root);
}

static void files_and_folders_that_everybody_can_change_are_found(void **state)
{
    (void)state;
    const char *file = support_text("%s\\x.shm", support_guarded_folder());
    test_broker *b = broker_prepare(BROKER_HEAD "  X: { size: 4, backing: { file: '%s' } }\n", file);
    char *folder = support_text("%s", b->config);
    *strrchr(folder, '\\') = 0;
    support_write_file(file, "data", 4);
    cJSON *before = audit_json(b, ANY_CODE); /* who runs the tests may own the folders */
    assert_null(finding(before, "backing-wider-to-write", "X"));
    assert_string_not_equal(text_of(finding(before, "config-writable", b->config), "severity"), "high");
    assert_string_not_equal(text_of(finding(before, "config-writable", folder), "severity"), "high");
    cJSON_Delete(before);
    let_everybody_change(b->config);
    let_everybody_change(folder);
    let_everybody_change(file);
    cJSON *root = audit_json(b, 8);
    assert_string_equal(text_of(finding(root, "config-writable", b->config), "severity"), "high");
    assert_string_equal(text_of(finding(root, "config-writable", folder), "severity"), "high");
    assert_contains(text_of(finding(root, "config-writable", folder), "advice"), "icacls");
    assert_string_equal(text_of(finding(root, "backing-wider-to-write", "X"), "severity"), "high");
    cJSON_Delete(root);
}

static void people_read_findings_and_their_number(void **state)
{
    (void)state;
    test_broker *b =
        broker_prepare("version: 1\nregions:\n  Open: { size: 1, access: { write: [Everyone] } }\n");
    process *p = audit(b, "");
    assert_int_equal(process_wait(p), 8);
    assert_contains(process_output(p), support_text("high    %s:3:", b->config));
    assert_contains(process_output(p), "region Open: ");
    assert_contains(process_output(p), "[everyone-may-write]\n        why: ");
    assert_contains(process_output(p), " high, 0 medium, ");
}

/* The examples show what to write, so none has what the audit calls high; and what it calls medium their text says itself.
   Where the tests run, anybody may be able to change the files: that is not theirs. */
static void assert_example_is_sound(const char *name)
{
    test_broker b = {.config = support_text("%s/%s", CONFIG_EXAMPLES, name), .instance = "examples"};
    cJSON *root = audit_json(&b, ANY_CODE);
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(root, "findings"))
    {
        if (!*text_of(one, "region"))
            continue;
        assert_string_not_equal(text_of(one, "severity"), "high");
        if (strcmp(text_of(one, "severity"), "medium") == 0)
            assert_contains(support_read_file(text_of(one, "file"), NULL), "`shmbroker audit`");
    }
    cJSON_Delete(root);
}

static void the_examples_are_sound(void **state)
{
    (void)state;
    WIN32_FIND_DATAW found;
    unsigned count = 0;
    HANDLE search = FindFirstFileW(support_wide(CONFIG_EXAMPLES "/*.yaml"), &found);
    assert_true(search != INVALID_HANDLE_VALUE);
    do {
        assert_example_is_sound(support_utf8(found.cFileName));
        count++;
    } while (FindNextFileW(search, &found));
    FindClose(search);
    assert_true(count >= 10);
}

static void a_bad_file_is_told_as_check_tells_it(void **state)
{
    (void)state;
    test_broker *b = broker_prepare("version: 1\nregions:\n  X: { size: 0, access: { read: [Users] } }\n");
    process *p = audit(b, "--json");
    assert_int_equal(process_wait(p), 2);
    assert_contains(process_output(p), "\"ok\":\tfalse");
    assert_contains(process_errors(p), "regions.X.size");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(each_region_is_judged_at_its_place),
        SYSTEM_TEST(files_and_folders_that_everybody_can_change_are_found),
        SYSTEM_TEST(people_read_findings_and_their_number),
        SYSTEM_TEST(the_examples_are_sound),
        SYSTEM_TEST(a_bad_file_is_told_as_check_tells_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
