/* report_plan.c: a plan for people and for programs. */
#include "catalog_testing.h"

#include "report_plan.h"
#include "streams.h"

static const declared_region declared[] = {
    {.name = "New", .object_name = "Global\\New", .section_sddl = "D:P", .size = 65536},
    {.name = "Larger", .object_name = "Global\\Larger", .section_sddl = "D:P", .size = 8192},
    {.name = "Access", .object_name = "Global\\Access", .section_sddl = "D:P(new)", .size = 4096},
    {.name = "Same", .object_name = "Global\\Same", .section_sddl = "D:P", .size = 4096},
    {.name = "Same", .object_name = "Global\\Same", .section_sddl = "D:P", .size = 4096},
};

static existing_region existing[4];

static char *printed(bool json, const catalog_view *view)
{
    const declared_regions d = {declared, COUNT_OF(declared)};
    plan p;
    existing[0] = (existing_region){.name = "Gone\\7", .size = 4096};
    for (size_t i = 1; i < 4; i++)
        existing[i] = (existing_region){.name = declared[i].name,
                                        .object_name = declared[i].object_name,
                                        .access = plan_access_of(&declared[i]),
                                        .details = plan_details_of(&declared[i]),
                                        .size = 4096};
    existing[2].access++;
    const existing_regions e = {existing, 4, NULL};
    assert_true(plan_make(&d, &e, &p));
    const report_plan what = {"a.yaml", true, &p, &d, &e, view};
    FILE *stream = tmpfile();
    assert_non_null(stream);
    assert_true(json ? report_plan_json(stream, &what) : report_plan_text(stream, &what));
    plan_free(&p);
    long length = ftell(stream);
    char *text = calloc((size_t)length + 1, 1);
    if (!text)
        abort();
    rewind(stream);
    assert_int_equal(fread(text, 1, (size_t)length, stream), length);
    fclose(stream);
    return text;
}

static void people_see_a_line_for_each_action_and_how_many(void **state)
{
    (void)state;
    char *text = printed(false, NULL);
    assert_non_null(strstr(text, "- retire   Gone (session 7)              4 KiB  is declared no more"));
    assert_non_null(strstr(
        text,
        "\xC2\xB1 replace  Larger                        8 KiB  its size changes, it has 4 KiB; programs"));
    assert_non_null(strstr(
        text,
        "~ secure   Access                        4 KiB  who may use it changes; handles already open keep"));
    assert_non_null(strstr(text, "+ create   New                          64 KiB\n"));
    assert_non_null(
        strstr(text, "! refuse   Same                          4 KiB  another region has the same name"));
    assert_non_null(strstr(
        text, "1 to retire, 1 to replace, 1 to secure, 1 to create, 1 to refuse; 1 stay as they are\n"));
    free(text);
}

static void programs_get_the_same_as_json(void **state)
{
    (void)state;
    char *text = printed(true, NULL);
    assert_non_null(strstr(text, "\"schema_version\":\t1"));
    assert_non_null(strstr(text, "\"action\":\t\"replace\""));
    assert_non_null(strstr(text, "\"size_now\":\t4096"));
    assert_non_null(strstr(text, "\"region\":\t\"Gone\""));
    assert_non_null(strstr(text, "\"session\":\t7"));
    assert_non_null(strstr(text, "\"changes\":\t[\"access\"]"));
    assert_non_null(strstr(text, "\"reason\":\t\"another region has the same name"));
    assert_null(strstr(text, "\"keep\""));
    free(text);
}

static void what_is_declared_and_not_served_is_told_with_the_reason(void **state)
{
    (void)state;
    catalog published;
    catalog_place place;
    uint64_t generation;
    platform_failure failure;
    test_memory memory = test_memory_make(1u << 20);
    assert_true(test_start(&published, &memory, false, 1));
    assert_true(catalog_place_of(&published, "New", &place, &generation, &failure));
    assert_true(catalog_publish(&published, place,
                                &(catalog_publication){.state = SHMB_REGION_PENDING,
                                                       .object_name = "Global\\New",
                                                       .reason = "programs have the earlier one open"},
                                &failure));
    const catalog_view view = test_view(&memory);
    char *text = printed(false, &view);
    assert_non_null(strstr(text, "64 KiB  is pending now, because programs have the earlier one open\n"));
    free(text);
    text = printed(true, &view);
    assert_non_null(strstr(text, "\"state_now\":\t\"pending\""));
    assert_non_null(strstr(text, "\"reason_now\":\t\"programs have"));
    free(text);
    free(memory.base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_see_a_line_for_each_action_and_how_many),
        cmocka_unit_test(programs_get_the_same_as_json),
        cmocka_unit_test(what_is_declared_and_not_served_is_told_with_the_reason),
    };
    return cmocka_run_group_tests_name("report_plan", tests, NULL, NULL);
}
