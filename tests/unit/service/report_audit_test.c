/* report_audit.c: findings as people and programs read them. */
#include "testing.h"

#include "json_testing.h"
#include "report.h"
#include "streams.h"

static const char what[] = "Everyone may write", advice[] = "name the writers";

/* A report as audit_run makes it, of texts that nobody frees. */
static audit_report two_findings(audit_finding *items)
{
    items[0] = (audit_finding){AUDIT_INFO,
                               "sddl-used",
                               {"a.yaml", {4, 11}, "Telemetry"},
                               (char *)(uintptr_t)what,
                               "it matters",
                               (char *)(uintptr_t)advice};
    items[1] = items[0];
    items[1].severity = AUDIT_HIGH;
    items[1].id = "config-writable";
    items[1].place = (audit_place){.file = "C:\\x"};
    return (audit_report){
        .items = items, .count = 2, .dropped = 7, .counts = {[AUDIT_INFO] = 8, [AUDIT_HIGH] = 1}};
}

static char *printed(bool (*print)(FILE *, const char *, const audit_report *), const audit_report *report)
{
    FILE *stream = streams_open();
    assert_true(print(stream, "a.yaml", report));
    return streams_close(stream);
}

static void the_worst_come_first_each_with_place_reason_and_advice(void **state)
{
    (void)state;
    audit_finding items[2];
    const audit_report report = two_findings(items);
    char *text = printed(report_audit_text, &report);
    assert_string_equal(text, "high    C:\\x: Everyone may write [config-writable]\n"
                              "        why: it matters\n"
                              "        do:  name the writers\n"
                              "info    a.yaml:4:11: region Telemetry: Everyone may write [sddl-used]\n"
                              "        why: it matters\n"
                              "        do:  name the writers\n"
                              "        and 7 more\n"
                              "a.yaml: 9 findings: 1 high, 0 medium, 0 low, 8 info\n");
    free(text);
}

static void nothing_found_is_one_line(void **state)
{
    (void)state;
    const audit_report report = {0};
    char *text = printed(report_audit_text, &report);
    assert_string_equal(text, "a.yaml: 0 findings: 0 high, 0 medium, 0 low, 0 info\n");
    free(text);
}

static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void json_has_the_same(void **state)
{
    (void)state;
    audit_finding items[2];
    const audit_report report = two_findings(items);
    char *text = printed(report_audit_json, &report);
    cJSON *root = cJSON_Parse(text);
    const cJSON *findings = cJSON_GetObjectItemCaseSensitive(root, "findings");
    assert_int_equal(number_of(root, "schema_version"), REPORT_SCHEMA_VERSION);
    assert_int_equal(number_of(root, "findings_not_shown"), 7);
    assert_int_equal(number_of(cJSON_GetObjectItemCaseSensitive(root, "counts"), "info"), 8);
    assert_int_equal(cJSON_GetArraySize(findings), 2);
    const cJSON *first = cJSON_GetArrayItem(findings, 0), *second = cJSON_GetArrayItem(findings, 1);
    assert_string_equal(text_of(first, "severity"), "high");
    assert_string_equal(text_of(first, "id"), "config-writable");
    assert_null(cJSON_GetObjectItemCaseSensitive(first, "line"));
    assert_null(cJSON_GetObjectItemCaseSensitive(first, "region"));
    assert_int_equal(number_of(second, "line"), 4);
    assert_int_equal(number_of(second, "column"), 11);
    assert_string_equal(text_of(second, "region"), "Telemetry");
    assert_string_equal(text_of(second, "what"), what);
    assert_string_equal(text_of(second, "why"), "it matters");
    assert_string_equal(text_of(second, "advice"), advice);
    cJSON_Delete(root);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worst_come_first_each_with_place_reason_and_advice),
        cmocka_unit_test(nothing_found_is_one_line),
        cmocka_unit_test(json_has_the_same),
    };
    return cmocka_run_group_tests_name("report_audit", tests, NULL, NULL);
}
